/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "placed.h"
#include "running.h"
#include "size.h"
#include "table.h"
#include "topocache.h"

/* For eyes in local time, for programs in UTC as ISO 8601 has it. Owned. */
static char *format_time(const struct vp_cli *cli, uint64_t seconds)
{
    const bool pretty = vp_cli_pretty(cli);
    const time_t when = (time_t)seconds;
    char text[64];
    struct tm tm;

    if ((pretty ? localtime_r(&when, &tm) : gmtime_r(&when, &tm)) == NULL ||
        strftime(text, sizeof(text), pretty ? "%Y-%m-%d %H:%M" : "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return NULL;
    return vp_strdup(text);
}

static char *format_memory(const struct vp_entry *entry)
{
    const uint64_t kib = vp_running_kib(entry);
    return kib > 0 ? vp_size_format(kib * 1024) : NULL;
}

static const char *state_color(const char *state)
{
    return strcmp(state, "running") == 0 ? "green" : strcmp(state, "gone") == 0 ? "red" : "brown";
}

/* Guests without a profile take CPUs and memory too, and are there in a quiet colour. */
static void add_row(struct vp_table *table, const struct vp_cli *cli, const struct vp_entry *entry,
                    const struct vp_topology *topology)
{
    const char *quiet = entry->profile == NULL ? "darkgray" : NULL;
    const char *state = vp_running_state(cli, entry);
    vp_autofree char *cpus = vp_running_cpus(entry);
    vp_autofree char *emulator = entry->placement != NULL ? vp_bitmap_text(entry->placement->emulator) : NULL;
    vp_autofree char *nodes = vp_running_nodes(entry, topology);
    vp_autofree char *memory = format_memory(entry);
    vp_autofree char *pages = vp_running_pages(entry);
    vp_autofree char *since = format_time(cli, entry->since);
    const size_t pending = vp_running_pending(entry);

    vp_table_row(table);
    vp_table_cell(table, quiet != NULL ? quiet : "bold", entry->name);
    vp_table_cell(table, quiet, entry->profile);
    vp_table_cell(table, quiet != NULL ? quiet : state_color(state), state);
    vp_table_cell(table, quiet, entry->placement != NULL ? vp_policy_names[entry->placement->policy] : NULL);
    vp_table_cell(table, quiet, cpus);
    vp_table_cell(table, quiet, emulator);
    vp_table_cell(table, quiet, nodes);
    vp_table_cell(table, quiet, memory);
    vp_table_cell(table, quiet, pages);
    vp_table_cell(table, quiet, since);
    vp_table_cellf(table, pending > 0 ? "brown" : quiet, "%zu", pending);
}

static void print_all(const struct vp_cli *cli, const struct vp_entries *entries,
                      const struct vp_topology *topology)
{
    static const struct vp_column columns[] = {
        {"NAME", VP_COLUMN_WHOLE, false},   {"PROFILE", VP_COLUMN_WHOLE, false},
        {"STATE", VP_COLUMN_WHOLE, false},  {"POLICY", VP_COLUMN_WHOLE, false},
        {"CPUS", VP_COLUMN_WRAP, false},    {"EMULATOR", VP_COLUMN_WRAP, false},
        {"NODES", VP_COLUMN_WRAP, false},   {"MEMORY", VP_COLUMN_WHOLE, true},
        {"PAGES", VP_COLUMN_WRAP, false},   {"SINCE", VP_COLUMN_WRAP, false},
        {"PENDING", VP_COLUMN_WHOLE, true},
    };
    vp_autotable table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));

    if (entries->n == 0 && vp_cli_pretty(cli))
        puts("No guest runs here, as far as the hook was told.");
    for (size_t i = 0; i < entries->n; i++)
        add_row(table, cli, entries->items[i], topology);
    vp_table_print(table);
}

static void add_fact(struct vp_table *table, const char *color, const char *key, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    vp_table_row(table);
    vp_table_cell(table, NULL, "guest");
    vp_table_cell(table, NULL, key);
    vp_table_cell(table, color, value);
}

static void add_place(struct vp_table *table, const struct vp_placement *placement,
                      const struct vp_topology *topology)
{
    vp_autofree char *vcpus = vp_placed_sets(placement->vcpus, placement->n_vcpus);
    vp_autofree char *emulator = vp_bitmap_text(placement->emulator);
    vp_autofree char *iothreads = vp_placed_sets(placement->iothreads, placement->n_iothreads);
    vp_autofree char *owned = vp_bitmap_text(placement->owned);
    vp_autofree char *caches = vp_placed_caches(topology, placement);
    vp_autofree char *memory = vp_placed_memory(topology, placement);

    add_fact(table, NULL, "policy", vp_policy_names[placement->policy]);
    add_fact(table, NULL, "vcpus", vcpus);
    add_fact(table, NULL, "emulator", emulator);
    add_fact(table, NULL, "iothreads", iothreads);
    add_fact(table, NULL, "owned", owned);
    add_fact(table, NULL, "caches", caches);
    add_fact(table, NULL, "memory", memory);
}

static void print_facts(const struct vp_cli *cli, const struct vp_entry *entry,
                        const struct vp_topology *topology)
{
    static const struct vp_column columns[] = {
        {NULL, VP_COLUMN_WHOLE, false},
        {"GUEST", VP_COLUMN_WHOLE, false},
        {"WHAT", VP_COLUMN_WRAP, false},
    };
    const char *state = vp_running_state(cli, entry);
    vp_autotable table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));
    vp_autofree char *pid = entry->qemu.pid != 0 ? vp_asprintf("%d", (int)entry->qemu.pid) : NULL;
    vp_autofree char *since = format_time(cli, entry->since);
    vp_autofree char *nodes = vp_running_nodes(entry, topology);
    vp_autofree char *pages = vp_running_pages(entry);

    add_fact(table, "bold", "name", entry->name);
    add_fact(table, NULL, "uuid", entry->uuid);
    add_fact(table, NULL, "profile", entry->profile != NULL ? entry->profile : "-");
    add_fact(table, state_color(state), "state", state);
    add_fact(table, NULL, "pid", pid);
    add_fact(table, NULL, "since", since);
    if (entry->placement != NULL) {
        add_place(table, entry->placement, topology);
    } else {
        vp_autofree char *pinned = vp_running_cpus(entry);
        vp_autofree char *memory = format_memory(entry);
        add_fact(table, NULL, "pinned", pinned);
        add_fact(table, NULL, "memory", memory);
    }
    add_fact(table, NULL, "nodes", nodes);
    add_fact(table, NULL, "pages", pages);
    for (size_t i = 0; entry->placement != NULL && i < entry->placement->n_reasons; i++)
        add_fact(table, "darkgray", "because", entry->placement->reasons[i]);
    vp_table_print(table);
}

static void print_wants(const struct vp_cli *cli, const struct vp_entry *entry)
{
    static const struct vp_column columns[] = {
        {NULL, VP_COLUMN_WHOLE, false},   {"WANTS", VP_COLUMN_WHOLE, false}, {"VALUE", VP_COLUMN_WRAP, false},
        {"KNOB", VP_COLUMN_WHOLE, false}, {"REASON", VP_COLUMN_WRAP, false},
    };
    vp_autotable table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));
    bool some = false;

    for (size_t i = 0; i < entry->n_wants; i++) {
        const struct vp_want *want = &entry->wants[i];
        if (!vp_running_is_want(want))
            continue;
        some = true;
        vp_table_row(table);
        vp_table_cell(table, NULL, "want");
        vp_table_cell(table, NULL, want->name);
        vp_table_cell(table, "bold", want->value);
        vp_table_cell(table, NULL, want->knob);
        vp_table_cell(table, "darkgray", want->reason);
    }
    if (some && vp_cli_pretty(cli))
        puts("");
    vp_table_print(table);
}

static void print_pending(const struct vp_cli *cli, const struct vp_entry *entry)
{
    static const struct vp_column columns[] = {
        {NULL, VP_COLUMN_WHOLE, false},
        {"PENDING UNTIL THE NEXT COLD START", VP_COLUMN_WRAP, false},
    };
    vp_autotable table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));
    const size_t n = vp_running_pending(entry);

    for (size_t i = 0; i < n; i++) {
        vp_table_row(table);
        vp_table_cell(table, NULL, "pending");
        vp_table_cell(table, "brown", entry->pending[i]);
    }
    if (n > 0 && vp_cli_pretty(cli))
        puts("");
    vp_table_print(table);
}

/* By name or UUID. */
static const struct vp_entry *find(const struct vp_entries *entries, const char *who)
{
    for (size_t i = 0; i < entries->n; i++)
        if (strcmp(entries->items[i]->name, who) == 0 || strcmp(entries->items[i]->uuid, who) == 0)
            return entries->items[i];
    return NULL;
}

static int print_one(const struct vp_cli *cli, const struct vp_entries *entries,
                     const struct vp_topology *topology, const char *who, struct vp_error **err)
{
    const struct vp_entry *entry = find(entries, who);

    if (entry == NULL)
        return vp_fail(err, ENOENT, "domain '%s' does not run here, as far as the hook was told", who);
    if (cli->json) {
        vp_autojson object = vp_running_json(cli, entry, topology);
        vp_json_print(object);
        return 0;
    }
    print_facts(cli, entry, topology);
    print_wants(cli, entry);
    print_pending(cli, entry);
    return 0;
}

/* A host without a ledger has no guests, whatever it is like. */
static int read_all(struct vp_cli *cli, struct vp_topology **ret_topology, struct vp_entries *ret_entries,
                    struct vp_error **err)
{
    struct vp_engine engine;
    int r = vp_running_there(cli, err);

    if (r <= 0)
        return r;
    r = vp_cli_engine(cli, &engine, err);
    if (r == 0)
        r = vp_topocache_read(cli->root, engine.host, ret_topology, err);
    return r < 0 ? r : vp_running_read(cli, *ret_topology, ret_entries, err);
}

int vp_cmd_status(struct vp_cli *cli, struct vp_error **err)
{
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    vp_autotopology topology = NULL;
    vp_autojson array = vp_json_array();
    int r = read_all(cli, &topology, &entries, err);

    if (r < 0)
        return r;
    if (cli->n_args > 0)
        return print_one(cli, &entries, topology, cli->args[0], err);
    for (size_t i = 0; i < entries.n; i++)
        vp_json_append(array, vp_running_json(cli, entries.items[i], topology));
    if (cli->json)
        vp_json_print(array);
    else
        print_all(cli, &entries, topology);
    return 0;
}
