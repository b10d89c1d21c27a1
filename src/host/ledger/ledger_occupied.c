/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledger.h"

#include "text.h"

/* Threads of one core: whoever pins there wants the core. */
static bool is_one_core(const struct vp_topology *topology, hwloc_const_bitmap_t cpus)
{
    const int first = vp_topology_cpu(topology, (unsigned)hwloc_bitmap_first(cpus));
    for (int os = hwloc_bitmap_first(cpus); os >= 0; os = hwloc_bitmap_next(cpus, os)) {
        const int cpu = vp_topology_cpu(topology, (unsigned)os);
        if (first < 0 || cpu < 0 || topology->cpus[cpu].core != topology->cpus[first].core)
            return false;
    }
    return true;
}

static bool is_filled(const struct vp_topology *topology, hwloc_const_bitmap_t cpus, unsigned threads)
{
    if (is_one_core(topology, cpus))
        return true;
    return hwloc_bitmap_weight(cpus) <= (int)threads && !hwloc_bitmap_isequal(cpus, topology->allowed);
}

/* The CPUs of a pin that this machine has. Owned. */
static hwloc_bitmap_t present(const struct vp_topology *topology, const struct vp_entry_pin *pin)
{
    hwloc_bitmap_t cpus = vp_bitmap_new();
    (void)hwloc_bitmap_and(cpus, pin->cpus, topology->allowed);
    return cpus;
}

static void add_pinned(struct vp_occupied *occupied, const struct vp_entry *entry)
{
    const struct vp_topology *topology = occupied->topology;
    if (entry->pinned != NULL)
        (void)hwloc_bitmap_or(occupied->pinned, occupied->pinned, entry->pinned);
    for (size_t i = 0; i < entry->n_pins; i++) {
        vp_autobitmap cpus = present(topology, &entry->pins[i]);
        if (!hwloc_bitmap_iszero(cpus) && is_filled(topology, cpus, entry->pins[i].threads))
            (void)hwloc_bitmap_or(occupied->pinned, occupied->pinned, cpus);
    }
    (void)hwloc_bitmap_and(occupied->pinned, occupied->pinned, topology->allowed);
}

/* Threads that float on a set are a guest's that was placed there, with no memory. */
static void add_load(struct vp_occupied *occupied, hwloc_bitmap_t cpus, unsigned threads)
{
    struct vp_guest_cell cell = {.n = threads, .size = -1};
    const struct vp_placement floating = {
        .policy = VP_POLICY_NODE,
        .n_cells = 1,
        .cells = &cell,
        .scopes = &cpus,
        .owned = vp_bitmap_new(),
    };
    vp_occupied_add_loose(occupied, &floating);
    hwloc_bitmap_free(floating.owned);
}

/*
 * A CPU that stays for those who float on a set and may go nowhere else: none where they share
 * housekeeping CPUs or one that is kept already.
 */
static void keep_one(struct vp_occupied *occupied, hwloc_const_bitmap_t cpus, hwloc_bitmap_t kept)
{
    if (hwloc_bitmap_intersects(cpus, occupied->housekeeping) || hwloc_bitmap_intersects(cpus, kept))
        return;
    vp_autobitmap left = vp_bitmap_new();
    (void)hwloc_bitmap_andnot(left, cpus, occupied->dedicated);
    (void)hwloc_bitmap_andnot(left, left, occupied->pinned);
    if (!hwloc_bitmap_iszero(left))
        (void)hwloc_bitmap_set(kept, (unsigned)hwloc_bitmap_last(left));
}

static void add_floating(struct vp_occupied *occupied, const struct vp_entry *entry, hwloc_bitmap_t kept)
{
    for (size_t i = 0; i < entry->n_pins; i++) {
        const struct vp_entry_pin *pin = &entry->pins[i];
        vp_autobitmap cpus = present(occupied->topology, pin);
        if (hwloc_bitmap_iszero(cpus) || is_filled(occupied->topology, cpus, pin->threads))
            continue;
        add_load(occupied, cpus, pin->threads);
        keep_one(occupied, cpus, kept);
    }
}

static int size_index(const struct vp_topology *topology, uint64_t page_kib)
{
    for (unsigned i = 0; i < topology->n_sizes; i++)
        if (topology->sizes[i] == page_kib)
            return (int)i;
    return -1;
}

/* Pages of a size that the machine does not have can only be ordinary memory. */
static void take(struct vp_occupied *occupied, unsigned node, uint64_t page_kib, uint64_t kib)
{
    const int size = page_kib > 0 ? size_index(occupied->topology, page_kib) : -1;
    if (size < 0)
        occupied->ordinary_kib[node] += kib;
    else
        occupied->pages[node * VP_TOPOLOGY_SIZES_MAX + (unsigned)size] += (kib + page_kib - 1) / page_kib;
}

/* What a node has of the kind that is asked for, by which memory is spread. */
static uint64_t weight_of(const struct vp_topology *topology, unsigned node, int size)
{
    const struct vp_node *it = &topology->nodes[node];
    return size >= 0 ? it->pages[size] : it->memory_kib;
}

static void spread(struct vp_occupied *occupied, uint64_t page_kib, uint64_t kib)
{
    const struct vp_topology *topology = occupied->topology;
    const uint64_t unit = page_kib > 0 ? page_kib : 1;
    int size = page_kib > 0 ? size_index(topology, page_kib) : -1;
    uint64_t weights = 0;
    uint64_t units = (kib + unit - 1) / unit;
    for (unsigned i = 0; i < topology->n_nodes; i++)
        weights += weight_of(topology, i, size);
    if (weights == 0) {
        size = -1; /* a pool that is not there yet: where the memory is */
        for (unsigned i = 0; i < topology->n_nodes; i++)
            weights += weight_of(topology, i, size);
    }
    for (unsigned i = 0; i < topology->n_nodes && weights > 0; i++) {
        const uint64_t weight = weight_of(topology, i, size);
        const uint64_t share = (uint64_t)((long double)units * (long double)weight / (long double)weights);
        const uint64_t part = share < units ? share : units;
        take(occupied, i, page_kib, part * unit);
        units -= part;
        weights -= weight;
    }
}

static void add_memory(struct vp_occupied *occupied, const struct vp_entry *entry)
{
    const struct vp_topology *topology = occupied->topology;
    for (size_t i = 0; i < entry->n_memory; i++) {
        const struct vp_entry_memory *memory = &entry->memory[i];
        unsigned node = 0;
        while (node < topology->n_nodes && (int)topology->nodes[node].os != memory->node)
            node++;
        if (node < topology->n_nodes)
            take(occupied, node, memory->page_kib, memory->kib);
        else
            spread(occupied, memory->page_kib, memory->kib);
    }
}

int vp_ledger_occupied(const struct vp_entries *entries, const struct vp_topology *topology,
                       const struct vp_conf *conf, const char *but, struct vp_occupied **ret_occupied,
                       struct vp_error **err)
{
    vp_autooccupied occupied = NULL;
    const int r = vp_occupied_from_conf(topology, conf, &occupied, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < entries->n; i++) {
        const struct vp_entry *entry = entries->items[i];
        if (vp_same(entry->uuid, but))
            continue;
        if (entry->placement != NULL)
            vp_occupied_add_loose(occupied, entry->placement);
        add_pinned(occupied, entry);
        add_memory(occupied, entry);
    }
    /* Once it is known what is not to be had anyway. */
    vp_autobitmap kept = vp_bitmap_new();
    for (size_t i = 0; i < entries->n; i++)
        if (!vp_same(entries->items[i]->uuid, but))
            add_floating(occupied, entries->items[i], kept);
    (void)hwloc_bitmap_or(occupied->pinned, occupied->pinned, kept);
    *ret_occupied = vp_take(&occupied);
    return 0;
}
