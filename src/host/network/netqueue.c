/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netqueue.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cpumask.h"
#include "irqwants.h"
#include "journal.h"
#include "netdev.h"
#include "size.h"
#include "strbuf.h"
#include "text.h"

static const char net_prefix[] = "net/";

/* A network card below taps of guests whose queues follow them. */
struct card {
    char *name;
    hwloc_bitmap_t cpus; /* that send by it for these guests */
    struct vp_strbuf owners;
};

struct work {
    const struct vp_root *root;
    const struct vp_occupied *occupied;
    struct vp_wishes *wishes;
    struct card *cards;
    size_t n, cap;
};

static void work_done(struct work *work)
{
    for (size_t i = 0; i < work->n; i++) {
        free(work->cards[i].name);
        hwloc_bitmap_free(work->cards[i].cpus);
        vp_strbuf_done(&work->cards[i].owners);
    }
    free(work->cards);
}

static int read_ifindex(const struct vp_root *root, const char *name, uint64_t *ret_index)
{
    vp_autofree char *path = vp_asprintf("/sys/class/net/%s/ifindex", name);
    return vp_root_read_u64(root, path, ret_index, NULL);
}

/* The file that a target names, where the device still is the one it was made for. */
static int parse_target(const struct vp_root *root, const char *target, char **ret_path,
                        struct vp_error **err)
{
    const char *name = vp_starts(target, net_prefix) ? target + strlen(net_prefix) : "";
    const char *at = strchr(name, '@');
    const char *slash = at != NULL ? strchr(at, '/') : NULL;
    uint64_t index = 0;
    uint64_t now = 0;
    if (slash == NULL)
        return vp_fail(err, EINVAL, "cannot use '%s': it names no file of a network device", target);
    vp_autofree char *device = vp_strndup(name, (size_t)(at - name));
    vp_autofree char *digits = vp_strndup(at + 1, (size_t)(slash - at) - 1);
    if (vp_u64_parse(digits, 0, UINT64_MAX, &index) < 0 || device[0] == '.' || strchr(device, '/') != NULL)
        return vp_fail(err, EINVAL, "cannot use '%s': it names no file of a network device", target);
    if (read_ifindex(root, device, &now) < 0 || now != index)
        return vp_fail(err, ENOENT, "network device '%s' is not there any more, or another one has its name",
                       device);
    *ret_path = vp_asprintf("/sys/class/net/%s%s", device, slash);
    return 0;
}

static int read_net(const struct vp_root *root, const char *target, char **ret_value, struct vp_error **err)
{
    vp_autofree char *path = NULL;
    const int r = parse_target(root, target, &path, err);
    return r < 0 ? r : vp_means_file.read(root, path, ret_value, err);
}

static int write_net(const struct vp_root *root, const char *target, const char *value, struct vp_error **err)
{
    vp_autofree char *path = NULL;
    const int r = parse_target(root, target, &path, err);
    return r < 0 ? r : vp_host_write(root, path, value, err);
}

static bool same_net(const char *a, const char *b)
{
    return vp_means_cpumask.same(a, b);
}

const struct vp_means vp_means_net = {.name = "net", .read = read_net, .write = write_net, .same = same_net};

static void wish_file(const struct work *work, const char *device, const char *file, const char *value,
                      const char *owner, const char *reason)
{
    uint64_t index = 0;
    if (read_ifindex(work->root, device, &index) < 0)
        return;
    vp_autofree char *target = vp_asprintf("%s%s@%" PRIu64 "/%s", net_prefix, device, index, file);
    vp_wishes_add(work->wishes, &vp_means_net, target, value, owner, reason);
}

/* How many queues of a kind ("rx-", "tx-") a device has. */
static unsigned count_queues(const struct vp_root *root, const char *device, const char *kind)
{
    vp_autofree char *path = vp_asprintf("/sys/class/net/%s/queues", device);
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    unsigned n = 0;
    if (vp_root_list(root, path, &names, NULL) < 0)
        return 0;
    for (size_t i = 0; names[i] != NULL; i++)
        n += vp_starts(names[i], kind);
    return n;
}

/* The n-th of a set, counted around. */
static unsigned nth_cpu(hwloc_const_bitmap_t set, unsigned n)
{
    int cpu = hwloc_bitmap_first(set);
    for (n %= (unsigned)hwloc_bitmap_weight(set); n > 0; n--)
        cpu = hwloc_bitmap_next(set, cpu);
    return (unsigned)cpu;
}

/*
 * Where a tap's queues begin among the CPUs, so that not all guests meet on the first: by its name for
 * good.
 */
static unsigned begin_of(const char *mac)
{
    unsigned sum = 2166136261u; /* FNV-1a */
    for (; *mac != '\0'; mac++)
        sum = (sum ^ (unsigned char)*mac) * 16777619u;
    return sum;
}

static void wish_rps(const struct work *work, const struct vp_entry *entry, const char *tap, const char *mac,
                     hwloc_const_bitmap_t cpus)
{
    const unsigned n = count_queues(work->root, tap, "rx-");
    for (unsigned i = 0; i < n; i++) {
        vp_autobitmap one = vp_bitmap_new();
        hwloc_bitmap_set(one, nth_cpu(cpus, begin_of(mac) % VP_TOPOLOGY_CPUS_MAX + i));
        vp_autofree char *mask = vp_cpumask_text(one);
        vp_autofree char *file = vp_asprintf("queues/rx-%u/rps_cpus", i);
        vp_autofree char *reason =
            vp_asprintf("what the guest sends on queue %u is handled by one CPU of its workers", i);
        wish_file(work, tap, file, mask, entry->name, reason);
    }
}

static struct card *card_of(struct work *work, const char *name)
{
    for (size_t i = 0; i < work->n; i++)
        if (strcmp(work->cards[i].name, name) == 0)
            return &work->cards[i];
    vp_grow(&work->cards, work->n, &work->cap, sizeof(*work->cards));
    work->cards[work->n] = (struct card){.name = vp_strdup(name), .cpus = vp_bitmap_new()};
    return &work->cards[work->n++];
}

static void follow(struct work *work, const struct vp_entry *entry, const char *tap, const char *mac,
                   hwloc_const_bitmap_t cpus)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    wish_rps(work, entry, tap, mac, cpus);
    vp_netdev_below(work->root, tap, &names);
    for (size_t i = 0; names[i] != NULL; i++) {
        struct card *card = card_of(work, names[i]);
        hwloc_bitmap_or(card->cpus, card->cpus, cpus);
        vp_owners_add(&card->owners, entry->name);
    }
}

static void wish_entry(struct work *work, const struct vp_entry *entry)
{
    const struct vp_want *length = vp_want_find(entry, "net/tx-queue-length");
    const struct vp_want *queues = entry->placement != NULL ? vp_want_find(entry, "net/queue-cpus") : NULL;
    vp_autobitmap cpus = vp_bitmap_new();
    if (queues != NULL)
        hwloc_bitmap_copy(cpus, entry->placement->emulator);
    if (queues != NULL && entry->placement->policy != VP_POLICY_DEDICATED)
        hwloc_bitmap_andnot(cpus, cpus, work->occupied->dedicated);
    for (size_t i = 0; i < entry->n_wants && (length != NULL || queues != NULL); i++) {
        const struct vp_want *fact = &entry->wants[i];
        if (!vp_starts(fact->name, VP_FACT_TAP))
            continue;
        const char *tap = fact->name + strlen(VP_FACT_TAP);
        if (length != NULL)
            wish_file(work, tap, "tx_queue_len", length->value, entry->name,
                      "a burst waits on the tap device while the guest is not scheduled");
        if (!hwloc_bitmap_iszero(cpus))
            follow(work, entry, tap, fact->value, cpus);
    }
}

/* The CPUs that had a queue before us, without those that get one from us. */
static int read_others(const struct work *work, const struct vp_journal *journal, const char *target,
                       hwloc_const_bitmap_t ours, hwloc_bitmap_t *ret_others)
{
    const struct vp_journal_item *item = vp_journal_find(journal, vp_means_net.name, target);
    vp_autofree char *now = NULL;
    hwloc_bitmap_t others = NULL;
    int r = item == NULL ? vp_means_net.read(work->root, target, &now, NULL) : 0;
    if (r == 0)
        r = vp_cpumask_parse(item != NULL ? item->before : now, target, &others, NULL);
    if (r < 0)
        return r;
    hwloc_bitmap_andnot(others, others, ours);
    *ret_others = others;
    return 0;
}

/* Queue j is for the j-th of the CPUs, counted around whichever there are fewer of. */
static void wish_xps(const struct work *work, const struct vp_journal *journal, const struct card *card)
{
    const unsigned n = count_queues(work->root, card->name, "tx-");
    const unsigned n_cpus = (unsigned)hwloc_bitmap_weight(card->cpus);
    uint64_t index = 0;
    /* A card with one queue has nothing to choose, and the kernel shows no mask for it. */
    if (n < 2 || read_ifindex(work->root, card->name, &index) < 0)
        return;
    for (unsigned i = 0; i < n; i++) {
        vp_autofree char *target =
            vp_asprintf("%s%s@%" PRIu64 "/queues/tx-%u/xps_cpus", net_prefix, card->name, index, i);
        vp_autobitmap cpus = NULL;
        if (read_others(work, journal, target, card->cpus, &cpus) < 0)
            continue;
        if (n_cpus < n)
            hwloc_bitmap_set(cpus, nth_cpu(card->cpus, i));
        for (unsigned k = i; n_cpus >= n && k < n_cpus; k += n)
            hwloc_bitmap_set(cpus, nth_cpu(card->cpus, k));
        vp_autofree char *mask = vp_cpumask_text(cpus);
        vp_wishes_add(work->wishes, &vp_means_net, target, mask, card->owners.text,
                      "workers of guests send by queues of their own");
    }
}

int vp_wish_netqueue(const struct vp_root *root, const struct vp_topology *topology,
                     const struct vp_occupied *occupied, const struct vp_entries *entries,
                     struct vp_wishes *wishes, struct vp_error **err)
{
    VP_CLEANUP(work_done) struct work work = {.root = root, .occupied = occupied, .wishes = wishes};
    VP_CLEANUP(vp_journal_done) struct vp_journal journal = {0};
    vp_autofree char *said = NULL;
    (void)topology;
    for (size_t i = 0; i < entries->n; i++)
        wish_entry(&work, entries->items[i]);
    const int r = work.n > 0 ? vp_journal_read(root, &journal, &said, err) : 0;
    for (size_t i = 0; r == 0 && i < work.n; i++)
        wish_xps(&work, &journal, &work.cards[i]);
    return r;
}
