/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "file.h"
#include "journal.h"
#include "occupied.h"
#include "openmetrics.h"
#include "root.h"
#include "running.h"
#include "text.h"
#include "wish.h"

#define PREFIX "virt_profile_"
#define BROKEN_JOURNAL "/run/virt-profile/host.json.broken"

/* What is counted. All but `cli` owned. */
struct facts {
    const struct vp_cli *cli;
    struct vp_topology *topology;
    struct vp_entries entries;
    struct vp_occupied *occupied;
    struct vp_journal journal;
    size_t broken; /* files that were set aside */
};

static void facts_done(struct facts *facts)
{
    vp_journal_done(&facts->journal);
    vp_occupied_free(facts->occupied);
    vp_entries_done(&facts->entries);
    vp_topology_free(facts->topology);
}

/* The guests that have a state, of one profile; "" is none. */
static size_t count_guests(const struct facts *facts, const char *profile, const char *state)
{
    size_t n = 0;

    for (size_t i = 0; i < facts->entries.n; i++) {
        const struct vp_entry *entry = facts->entries.items[i];
        const char *own = entry->profile != NULL ? entry->profile : "";
        n += strcmp(own, profile) == 0 && strcmp(vp_running_state(facts->cli, entry), state) == 0;
    }
    return n;
}

static void add_guests(const struct facts *facts, struct vp_strbuf *out)
{
    static const char name[] = PREFIX "guests";
    static const char *const states[] = {"coming", "running", "gone"};

    vp_openmetrics_family(out, name, NULL, "Guests in the ledger of this host, by profile and state.");
    for (size_t i = 0; i < facts->entries.n; i++) {
        const struct vp_entry *entry = facts->entries.items[i];
        const char *profile = entry->profile != NULL ? entry->profile : "";
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen = seen ||
                   vp_same(facts->entries.items[k]->profile != NULL ? facts->entries.items[k]->profile : "",
                           profile);
        for (size_t k = 0; !seen && k < VP_ARRAY_SIZE(states); k++) {
            const struct vp_label labels[] = {{"profile", profile}, {"state", states[k]}};
            vp_openmetrics_sample(out, name, labels, VP_ARRAY_SIZE(labels),
                                  count_guests(facts, profile, states[k]));
        }
    }
}

static uint64_t pending_of(const struct vp_entry *entry)
{
    return vp_running_pending(entry);
}

static uint64_t memory_of(const struct vp_entry *entry)
{
    return vp_running_kib(entry) * 1024;
}

static uint64_t since_of(const struct vp_entry *entry)
{
    return entry->since;
}

static uint64_t owned_of(const struct vp_entry *entry)
{
    return entry->placement != NULL ? (uint64_t)hwloc_bitmap_weight(entry->placement->owned) : 0;
}

static uint64_t wants_of(const struct vp_entry *entry)
{
    uint64_t n = 0;

    for (size_t i = 0; i < entry->n_wants; i++)
        n += vp_running_is_want(&entry->wants[i]);
    return n;
}

/* Families with a sample for each guest. */
static void add_each_guest(const struct facts *facts, struct vp_strbuf *out)
{
    static const struct {
        const char *name, *unit, *help;
        uint64_t (*value)(const struct vp_entry *entry);
    } families[] = {
        {PREFIX "guest_pending_settings", NULL,
         "Settings of its profile that wait for the guest's next cold start.", pending_of},
        {PREFIX "guest_host_wishes", NULL, "Settings of the host that the guest wants while it runs.",
         wants_of},
        {PREFIX "guest_owned_cpus", NULL, "CPUs that no other guest may use.", owned_of},
        {PREFIX "guest_memory_bytes", "bytes", "Memory of the guest.", memory_of},
        {PREFIX "guest_since_seconds", "seconds", "When the guest was started, in seconds since the epoch.",
         since_of},
    };

    for (size_t i = 0; i < VP_ARRAY_SIZE(families); i++) {
        vp_openmetrics_family(out, families[i].name, families[i].unit, families[i].help);
        for (size_t k = 0; k < facts->entries.n; k++) {
            const struct vp_entry *entry = facts->entries.items[k];
            const struct vp_label labels[] = {
                {"domain", entry->name}, {"uuid", entry->uuid}, {"profile", entry->profile}};
            vp_openmetrics_sample(out, families[i].name, labels, VP_ARRAY_SIZE(labels),
                                  families[i].value(entry));
        }
    }
}

enum use { USE_HOUSEKEEPING, USE_DEDICATED, USE_PINNED, USE_SHARED, USE_FREE, USE_N };

static enum use use_of(const struct facts *facts, unsigned index)
{
    const struct vp_occupied *occupied = facts->occupied;
    const unsigned os = facts->topology->cpus[index].os;

    if (hwloc_bitmap_isset(occupied->dedicated, os))
        return USE_DEDICATED;
    if (hwloc_bitmap_isset(occupied->housekeeping, os))
        return USE_HOUSEKEEPING;
    if (hwloc_bitmap_isset(occupied->pinned, os))
        return USE_PINNED;
    return occupied->load[index] > 0 ? USE_SHARED : USE_FREE;
}

static void add_cpus(const struct facts *facts, struct vp_strbuf *out)
{
    static const char name[] = PREFIX "cpus";
    static const char *const uses[USE_N] = {"housekeeping", "dedicated", "pinned", "shared", "free"};
    const struct vp_topology *topology = facts->topology;

    vp_openmetrics_family(
        out, name, NULL,
        "CPUs of a node: kept for the host, owned by a guest, pinned by a guest without a profile, "
        "shared by guests that float, or free.");
    for (unsigned node = 0; node < topology->n_nodes; node++) {
        uint64_t counts[USE_N] = {0};
        vp_autofree char *number = vp_asprintf("%u", topology->nodes[node].os);
        for (unsigned i = 0; i < topology->n_cpus; i++)
            if (topology->cpus[i].node == node && topology->cpus[i].allowed)
                counts[use_of(facts, i)]++;
        for (int use = 0; use < USE_N; use++) {
            const struct vp_label labels[] = {{"node", number}, {"use", uses[use]}};
            vp_openmetrics_sample(out, name, labels, VP_ARRAY_SIZE(labels), counts[use]);
        }
    }
}

static void add_memory(const struct facts *facts, struct vp_strbuf *out)
{
    static const char all[] = PREFIX "node_memory_bytes", taken[] = PREFIX "node_guest_memory_bytes";
    const struct vp_topology *topology = facts->topology;

    vp_openmetrics_family(out, all, "bytes", "Memory of a node, pools of huge pages included.");
    for (unsigned i = 0; i < topology->n_nodes; i++) {
        vp_autofree char *number = vp_asprintf("%u", topology->nodes[i].os);
        vp_openmetrics_sample(out, all, &(struct vp_label){"node", number}, 1,
                              topology->nodes[i].memory_kib * 1024);
    }
    vp_openmetrics_family(out, taken, "bytes", "Ordinary memory of a node that guests may take.");
    for (unsigned i = 0; i < topology->n_nodes; i++) {
        vp_autofree char *number = vp_asprintf("%u", topology->nodes[i].os);
        vp_openmetrics_sample(out, taken, &(struct vp_label){"node", number}, 1,
                              facts->occupied->ordinary_kib[i] * 1024);
    }
}

/* Of the pool, by the kernel; 0 where it does not say. */
static uint64_t free_pages(const struct facts *facts, unsigned node, unsigned size)
{
    vp_autofree char *path =
        vp_asprintf("/sys/devices/system/node/node%u/hugepages/hugepages-%" PRIu64 "kB/free_hugepages",
                    facts->topology->nodes[node].os, facts->topology->sizes[size]);
    uint64_t n = 0;

    return vp_root_read_u64(facts->cli->root, path, &n, NULL) == 0 ? n : 0;
}

static void add_pages(const struct facts *facts, struct vp_strbuf *out)
{
    static const char *const names[] = {PREFIX "hugepages", PREFIX "hugepages_free",
                                        PREFIX "hugepages_guests"};
    static const char *const helps[] = {"Huge pages in the pool of a node.",
                                        "Huge pages in the pool of a node that nobody uses.",
                                        "Huge pages of a node that guests in the ledger were promised."};
    const struct vp_topology *topology = facts->topology;

    for (size_t family = 0; family < VP_ARRAY_SIZE(names); family++) {
        vp_openmetrics_family(out, names[family], NULL, helps[family]);
        for (unsigned i = 0; i < topology->n_nodes * topology->n_sizes; i++) {
            const unsigned node = i / topology->n_sizes, size = i % topology->n_sizes;
            vp_autofree char *number = vp_asprintf("%u", topology->nodes[node].os);
            vp_autofree char *bytes = vp_asprintf("%" PRIu64, topology->sizes[size] * 1024);
            const struct vp_label labels[] = {{"node", number}, {"page_bytes", bytes}};
            const uint64_t values[] = {topology->nodes[node].pages[size], free_pages(facts, node, size),
                                       facts->occupied->pages[node * VP_TOPOLOGY_SIZES_MAX + size]};
            vp_openmetrics_sample(out, names[family], labels, VP_ARRAY_SIZE(labels), values[family]);
        }
    }
}

/* How many items of the journal are of these means; NULL: of all. */
static void count_items(const struct facts *facts, const char *means, uint64_t *ret_all,
                        uint64_t *ret_unfinished, uint64_t *ret_foreign)
{
    *ret_all = *ret_unfinished = *ret_foreign = 0;
    for (size_t i = 0; i < facts->journal.n; i++) {
        const struct vp_journal_item *item = facts->journal.items[i];
        if (means != NULL && strcmp(item->means, means) != 0)
            continue;
        (*ret_all)++;
        *ret_unfinished += item->next != NULL;
        *ret_foreign += item->told != NULL;
    }
}

static void add_host(const struct facts *facts, struct vp_strbuf *out)
{
    static const char changed[] = PREFIX "host_settings_changed";
    static const char unfinished[] = PREFIX "host_settings_unfinished";
    static const char foreign[] = PREFIX "host_settings_foreign";
    static const char broken[] = PREFIX "state_broken_files";
    uint64_t n = 0, n_unfinished = 0, n_foreign = 0;

    vp_openmetrics_family(out, changed, NULL,
                          "Settings of the host that are changed for guests, by their kind.");
    for (size_t i = 0; vp_means_all[i] != NULL; i++) {
        count_items(facts, vp_means_all[i]->name, &n, &n_unfinished, &n_foreign);
        vp_openmetrics_sample(out, changed, &(struct vp_label){"means", vp_means_all[i]->name}, 1, n);
    }
    count_items(facts, NULL, &n, &n_unfinished, &n_foreign);
    vp_openmetrics_family(
        out, unfinished, NULL,
        "Settings of the host whose latest write failed or was cut off; the next start tries again.");
    vp_openmetrics_sample(out, unfinished, NULL, 0, n_unfinished);
    vp_openmetrics_family(out, foreign, NULL, "Settings of the host that somebody else has changed since.");
    vp_openmetrics_sample(out, foreign, NULL, 0, n_foreign);
    vp_openmetrics_family(
        out, broken, NULL,
        "Files that the hook keeps and could not use: of the ledger, and the journal of the host.");
    vp_openmetrics_sample(out, broken, NULL, 0, facts->broken);
}

static int read_facts(struct vp_cli *cli, struct facts *facts, struct vp_error **err)
{
    vp_autofree char *said = NULL;
    VP_CLEANUP(vp_names_free_ptr) char **broken = NULL;
    const struct vp_conf *conf = NULL;
    struct vp_engine engine;
    int r = vp_cli_engine(cli, &engine, err);

    if (r == 0)
        r = vp_cli_conf(cli, &conf, err);
    if (r == 0)
        r = vp_topology_read(engine.host, &facts->topology, err);
    if (r == 0)
        r = vp_running_read(cli, facts->topology, &facts->entries, err);
    if (r == 0)
        r = vp_ledger_occupied(&facts->entries, facts->topology, conf, NULL, &facts->occupied, err);
    if (r == 0)
        r = vp_journal_read(cli->root, &facts->journal, &said, err);
    if (r != 0)
        return r;
    VP_CLEANUP(vp_close_fd) int aside = vp_root_openat(cli->root, BROKEN_JOURNAL, O_PATH);
    facts->broken = (size_t)(said != NULL) + (size_t)(aside >= 0);
    (void)vp_root_list(cli->root, "/run/virt-profile/broken", &broken, NULL); /* none, then */
    for (size_t i = 0; broken != NULL && broken[i] != NULL; i++)
        facts->broken++;
    return 0;
}

/* Whole and at once, so that whoever collects never reads half of it. */
static int write_file(const char *path, const char *text, struct vp_error **err)
{
    const char *slash = strrchr(path, '/');
    vp_autofree char *folder = slash == NULL ? vp_strdup(".") : vp_strndup(path, (size_t)(slash - path) + 1);
    vp_autofree char *name = vp_asprintf("/%s", slash == NULL ? path : slash + 1);
    VP_CLEANUP(vp_root_free_ptr) struct vp_root *root = NULL;
    int r = vp_root_open(folder, &root, err);

    if (r == 0)
        r = vp_root_replace(root, name, text, strlen(text), 0644, err);
    return r < 0 ? vp_prefix(err, "cannot write the metrics to '%s'", path) : 0;
}

int vp_cmd_metrics(struct vp_cli *cli, struct vp_error **err)
{
    VP_CLEANUP(facts_done) struct facts facts = {.cli = cli};
    struct vp_strbuf out = {0};
    const int r = read_facts(cli, &facts, err);

    if (r != 0)
        return r;
    vp_openmetrics_family(&out, PREFIX "build_info", NULL, "The version of virt-profile.");
    vp_openmetrics_sample(&out, PREFIX "build_info", &(struct vp_label){"version", VP_VERSION}, 1, 1);
    add_guests(&facts, &out);
    add_each_guest(&facts, &out);
    add_cpus(&facts, &out);
    add_memory(&facts, &out);
    add_pages(&facts, &out);
    add_host(&facts, &out);
    vp_openmetrics_end(&out);
    vp_autofree char *text = vp_strbuf_take(&out);
    return cli->output != NULL ? write_file(cli->output, text, err) : vp_cli_output(text, strlen(text), err);
}
