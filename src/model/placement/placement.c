/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "placement.h"

#include <errno.h>
#include <inttypes.h>

#include "search.h"

const char *const vp_policy_names[VP_POLICY_N_] = {"dedicated", "node", "shared"};
const char *const vp_threads_names[VP_THREADS_N_] = {"siblings", "isolate", "any"};

static bool is_dedicated(const struct vp_demand *demand)
{
    return demand->policy == VP_POLICY_DEDICATED;
}

/* Every vCPU in one cell, all of the memory in them. */
static int check_cells(const struct vp_demand *demand, struct vp_error **err)
{
    vp_autobitmap seen = vp_bitmap_new();
    uint64_t memory = 0;
    bool twice = false;
    for (size_t i = 0; i < demand->n_cells; i++) {
        twice = twice || hwloc_bitmap_intersects(seen, demand->cells[i].vcpus);
        (void)hwloc_bitmap_or(seen, seen, demand->cells[i].vcpus);
        memory += demand->cells[i].memory_kib;
    }
    if (demand->n_cells == 0)
        return 0;
    if (twice || hwloc_bitmap_weight(seen) != (int)demand->vcpus ||
        hwloc_bitmap_last(seen) != (int)demand->vcpus - 1)
        return vp_fail(err, EINVAL, "'%s' has NUMA cells that do not hold each of its %u vCPUs once",
                       demand->name, demand->vcpus);
    if (memory != demand->memory_kib)
        return vp_fail(err, EINVAL, "'%s' has NUMA cells whose memory is not the sum of %" PRIu64 " KiB",
                       demand->name, demand->memory_kib);
    return 0;
}

static int check(const struct vp_demand *demand, struct vp_error **err)
{
    const unsigned threads = demand->guest_threads > 1 ? demand->guest_threads : 1;
    if (demand->vcpus == 0 || demand->vcpus > VP_TOPOLOGY_CPUS_MAX)
        return vp_fail(err, EINVAL, "'%s' has %u vCPUs; 1 to %d can be placed", demand->name, demand->vcpus,
                       VP_TOPOLOGY_CPUS_MAX);
    if (demand->iothreads > VP_TOPOLOGY_CPUS_MAX)
        return vp_fail(err, EINVAL, "'%s' has %u iothreads; at most %d can be placed", demand->name,
                       demand->iothreads, VP_TOPOLOGY_CPUS_MAX);
    if (demand->memory_kib == 0 || demand->memory_kib > UINT64_MAX / 1024 / VP_TOPOLOGY_CPUS_MAX)
        return vp_fail(err, EINVAL, "'%s' has no memory, or more than can be", demand->name);
    if (demand->vcpus % threads != 0)
        return vp_fail(err, EINVAL, "'%s' has %u vCPUs, which are not whole cores of %u threads",
                       demand->name, demand->vcpus, threads);
    if (!is_dedicated(demand) && (demand->own_emulator || demand->own_iothreads))
        return vp_fail(err, EINVAL,
                       "'%s' floats, so its emulator and iothreads cannot have CPUs of their own",
                       demand->name);
    return check_cells(demand, err);
}

/* What a floating guest could use with no dedicated guest about. A host that is all housekeeping
 * shares that. */
static hwloc_bitmap_t floor_of(const struct vp_occupied *occupied)
{
    hwloc_bitmap_t set = vp_bitmap_new();
    (void)hwloc_bitmap_andnot(set, occupied->topology->allowed, occupied->topology->isolated);
    if (hwloc_bitmap_isincluded(set, occupied->housekeeping))
        return set;
    (void)hwloc_bitmap_andnot(set, set, occupied->housekeeping);
    return set;
}

static hwloc_bitmap_t unowned(const struct vp_occupied *occupied)
{
    hwloc_bitmap_t set = floor_of(occupied);
    (void)hwloc_bitmap_andnot(set, set, occupied->dedicated);
    return set;
}

hwloc_bitmap_t vp_placement_pool(const struct vp_occupied *occupied)
{
    hwloc_bitmap_t set = unowned(occupied);
    if (hwloc_bitmap_iszero(set))
        (void)hwloc_bitmap_andnot(set, occupied->housekeeping, occupied->dedicated);
    return set;
}

/*
 * A CPU for each set that guests float on must stay, or their threads have nowhere to go but housekeeping
 * CPUs. A set
 * of one CPU, as on a host of two, is no place to float on: those guests go there.
 */
static void leave_for_others(const struct vp_occupied *occupied, hwloc_bitmap_t set)
{
    vp_autobitmap kept = vp_bitmap_new();
    vp_autobitmap left = vp_bitmap_new();
    for (size_t i = 0; i < occupied->n_scopes; i++) {
        const bool single = hwloc_bitmap_weight(occupied->scopes[i].cpus) == 1 &&
                            !hwloc_bitmap_iszero(occupied->housekeeping);
        if (occupied->scopes[i].guests == 0 || single)
            continue;
        (void)hwloc_bitmap_andnot(left, occupied->scopes[i].cpus, occupied->dedicated);
        if (!hwloc_bitmap_iszero(left) && !hwloc_bitmap_intersects(left, kept))
            (void)hwloc_bitmap_set(kept, (unsigned)hwloc_bitmap_last(left));
    }
    (void)hwloc_bitmap_andnot(set, set, kept);
}

hwloc_bitmap_t vp_placement_usable(const struct vp_occupied *occupied, const struct vp_demand *demand)
{
    if (demand->policy == VP_POLICY_SHARED)
        return vp_placement_pool(occupied);
    if (!is_dedicated(demand))
        return unowned(occupied);
    hwloc_bitmap_t set = vp_bitmap_new();
    (void)hwloc_bitmap_andnot(set, occupied->topology->allowed, occupied->housekeeping);
    (void)hwloc_bitmap_andnot(set, set, occupied->dedicated);
    (void)hwloc_bitmap_andnot(set, set, occupied->pinned);
    leave_for_others(occupied, set);
    return set;
}

static unsigned units_of_core(const struct vp_search *search, unsigned core)
{
    const unsigned free_cpus = search->core_free[core];
    if (!is_dedicated(search->demand) || search->demand->threads == VP_THREADS_ANY)
        return free_cpus;
    if (free_cpus < search->topology->cores[core].n_allowed)
        return 0;
    if (search->demand->threads == VP_THREADS_ISOLATE)
        return free_cpus > 0 ? 1 : 0;
    return free_cpus / search->step * search->step;
}

static void count_units(struct vp_search *search)
{
    const struct vp_topology *topology = search->topology;
    const struct vp_demand *demand = search->demand;
    for (unsigned i = 0; i < topology->n_cpus; i++)
        search->core_free[topology->cpus[i].core] +=
            (unsigned)hwloc_bitmap_isset(search->usable, topology->cpus[i].os);
    for (unsigned i = 0; i < topology->n_cores; i++) {
        search->core_units[i] = units_of_core(search, i);
        search->cache_units[topology->cores[i].cache] += search->core_units[i];
        search->node_units[topology->cores[i].node] += search->core_units[i];
    }
    const struct vp_amount overhead = {{demand->overhead_kib}};
    for (unsigned i = 0; i < topology->n_nodes; i++) {
        search->home[i] = vp_home_within(topology, demand->within, i);
        if (topology->nodes[i].n > 0 && search->home[i] != UINT_MAX)
            search->node_memory[i] = vp_occupied_free_kib(search->occupied, search->home[i], search->size,
                                                          demand->grow_pools, &overhead) /
                                     search->unit_kib;
    }
}

unsigned vp_home_within(const struct vp_topology *topology, hwloc_const_bitmap_t within, unsigned node)
{
    unsigned best = UINT_MAX;
    if (within == NULL)
        return topology->nodes[node].home;
    for (unsigned i = 0; i < topology->n_nodes; i++)
        if (topology->nodes[i].memory_kib > 0 && hwloc_bitmap_isset(within, topology->nodes[i].os) &&
            (best == UINT_MAX ||
             vp_topology_distance(topology, node, i) < vp_topology_distance(topology, node, best)))
            best = i;
    return best;
}

/* Index of a page size, -1 for ordinary memory, -2 when the host has none like that. */
static int size_index(const struct vp_topology *topology, uint64_t page_kib)
{
    if (page_kib == 0)
        return -1;
    for (unsigned i = 0; i < topology->n_sizes; i++)
        if (topology->sizes[i] == page_kib)
            return (int)i;
    return -2;
}

static void add_parts(struct vp_search *search)
{
    const struct vp_demand *demand = search->demand;
    search->n_parts = demand->n_cells > 0 ? demand->n_cells : 1;
    search->parts = vp_alloc(search->n_parts, sizeof(search->parts[0]));
    search->seats = vp_alloc(search->n_parts, sizeof(search->seats[0]));
    search->parts[0] = (struct vp_part){.n = demand->vcpus,
                                        .memory_kib = demand->memory_kib,
                                        .page_kib = search->page_kib,
                                        .size = search->size,
                                        .within = demand->within};
    for (size_t i = 0; i < demand->n_cells; i++) {
        const struct vp_demand_cell *cell = &demand->cells[i];
        search->parts[i] = (struct vp_part){
            .vcpus = cell->vcpus,
            .n = (unsigned)hwloc_bitmap_weight(cell->vcpus),
            .memory_kib = cell->memory_kib,
            .page_kib = cell->own_page ? cell->page_kib : search->page_kib,
            .size = cell->own_page ? size_index(search->topology, cell->page_kib) : search->size,
            .within = cell->within != NULL ? cell->within : demand->within};
    }
}

struct vp_search *vp_search_new(const struct vp_occupied *occupied, const struct vp_demand *demand,
                                uint64_t page_kib, int size, hwloc_bitmap_t usable)
{
    const struct vp_topology *topology = occupied->topology;
    struct vp_search *search = vp_alloc(1, sizeof(*search));
    search->topology = topology;
    search->occupied = occupied;
    search->demand = demand;
    search->page_kib = page_kib;
    search->size = size;
    search->unit_kib = page_kib > 0                     ? page_kib
                       : demand->memory_kib % 1024 == 0 ? 1024
                       : demand->memory_kib % 4 == 0    ? 4
                                                        : 1;
    search->units = demand->memory_kib / search->unit_kib;
    search->step = 1;
    if (is_dedicated(demand) && demand->threads == VP_THREADS_SIBLINGS && demand->guest_threads > 1 &&
        demand->guest_threads <= topology->threads)
        search->step = demand->guest_threads;
    search->n_helpers = (unsigned)demand->own_emulator + (demand->own_iothreads ? demand->iothreads : 0);
    search->usable = usable;
    search->base = floor_of(occupied);
    add_parts(search);
    search->home = vp_alloc(topology->n_nodes, sizeof(unsigned));
    search->core_free = vp_alloc(topology->n_cores, sizeof(unsigned));
    search->core_units = vp_alloc(topology->n_cores, sizeof(unsigned));
    search->cache_units = vp_alloc(topology->n_caches, sizeof(unsigned));
    search->node_units = vp_alloc(topology->n_nodes, sizeof(unsigned));
    search->node_memory = vp_alloc(topology->n_nodes, sizeof(uint64_t));
    search->capacity = vp_alloc(topology->n_nodes, sizeof(unsigned));
    search->chosen = vp_alloc(topology->n_nodes, sizeof(unsigned));
    search->share = vp_alloc(topology->n_nodes, sizeof(unsigned));
    count_units(search);
    return search;
}

void vp_search_free(struct vp_search *search)
{
    if (search == NULL)
        return;
    hwloc_bitmap_free(search->usable);
    hwloc_bitmap_free(search->base);
    free(search->parts);
    free(search->seats);
    free(search->home);
    free(search->core_free);
    free(search->core_units);
    free(search->cache_units);
    free(search->node_units);
    free(search->node_memory);
    free(search->capacity);
    free(search->chosen);
    free(search->share);
    free(search);
}

static void keep_nodes(const struct vp_topology *topology, hwloc_const_bitmap_t nodes, hwloc_bitmap_t set)
{
    for (unsigned i = 0; i < topology->n_nodes; i++)
        if (!hwloc_bitmap_isset(nodes, topology->nodes[i].os))
            (void)hwloc_bitmap_andnot(set, set, topology->nodes[i].cpus);
}

/* The CPUs of filter number `at`: isolated ones before all, and of each the fastest kind first, all
 * kinds last. NULL: no more. `near`: only from nodes that the memory is bound to. */
static hwloc_bitmap_t filter(const struct vp_occupied *occupied, const struct vp_demand *demand, bool near,
                             unsigned at)
{
    const struct vp_topology *topology = occupied->topology;
    const unsigned kinds = is_dedicated(demand) && topology->n_kinds > 1 ? topology->n_kinds + 1 : 1;
    const unsigned rounds = is_dedicated(demand) && !hwloc_bitmap_iszero(topology->isolated) ? 2 : 1;
    const unsigned kind = at % kinds;
    if (at >= kinds * rounds)
        return NULL;
    hwloc_bitmap_t set = vp_placement_usable(occupied, demand);
    if (near)
        keep_nodes(topology, demand->within, set);
    if (rounds == 2 && at < kinds)
        (void)hwloc_bitmap_and(set, set, topology->isolated);
    for (unsigned i = 0; kind + 1 < kinds && i < topology->n_cpus; i++)
        if (topology->cpus[i].kind != topology->n_kinds - 1 - kind)
            (void)hwloc_bitmap_clr(set, topology->cpus[i].os);
    return set;
}

/* What was tried, and what came of it. */
struct attempt {
    const struct vp_occupied *occupied;
    const struct vp_demand *demand;
    bool near, loose;
    struct vp_search *best, *failed; /* failed: the last one */
};

static void attempt_done(struct attempt *attempt)
{
    vp_search_free(attempt->best);
    vp_search_free(attempt->failed);
}

static bool find(struct vp_search *search, bool loose)
{
    if (search->demand->policy == VP_POLICY_SHARED)
        return vp_search_share(search);
    return loose ? vp_search_loose(search) : vp_search_nodes(search);
}

/* Try the filters with one page size. A search on fewer nodes takes the place of the best. */
static void try_size(struct attempt *attempt, uint64_t page_kib, int size)
{
    const struct vp_demand *demand = attempt->demand;
    for (unsigned at = 0; attempt->best == NULL || attempt->best->n_chosen > 1; at++) {
        hwloc_bitmap_t usable = filter(attempt->occupied, demand, attempt->near, at);
        if (usable == NULL)
            return;
        struct vp_search *search = vp_search_new(attempt->occupied, demand, page_kib, size, usable);
        struct vp_search **slot = &attempt->failed;
        if (find(search, attempt->loose)) {
            if (attempt->best != NULL && attempt->best->n_chosen <= search->n_chosen) {
                vp_search_free(search);
                continue;
            }
            slot = &attempt->best;
        }
        vp_search_free(*slot);
        *slot = search;
    }
}

static bool is_whole_pages(const struct vp_topology *topology, uint64_t page_kib, uint64_t memory_kib)
{
    return size_index(topology, page_kib) >= -1 && (page_kib == 0 || memory_kib % page_kib == 0);
}

/* Can the host give pages of this size, and of those that cells insist on, for all of the guest's memory? */
static bool can_have(const struct vp_topology *topology, const struct vp_demand *demand, uint64_t page_kib)
{
    bool can = demand->n_cells > 0 || is_whole_pages(topology, page_kib, demand->memory_kib);
    for (size_t i = 0; i < demand->n_cells; i++) {
        const struct vp_demand_cell *cell = &demand->cells[i];
        can = can && is_whole_pages(topology, cell->own_page ? cell->page_kib : page_kib, cell->memory_kib);
    }
    return can;
}

static void try_all(struct attempt *attempt)
{
    static const uint64_t ordinary[] = {0};
    const struct vp_demand *demand = attempt->demand;
    const uint64_t *pages = demand->pages != NULL ? demand->pages : ordinary;
    const size_t n = demand->pages != NULL ? demand->n_pages : VP_ARRAY_SIZE(ordinary);
    for (size_t i = 0; i < n; i++)
        if (can_have(attempt->occupied->topology, demand, pages[i]))
            try_size(attempt, pages[i], size_index(attempt->occupied->topology, pages[i]));
}

static int fail_pages(const struct vp_topology *topology, const struct vp_demand *demand,
                      struct vp_error **err)
{
    uint64_t page_kib = demand->n_pages > 0 ? demand->pages[0] : 0;
    for (size_t i = 0; i < demand->n_cells; i++)
        if (demand->cells[i].own_page &&
            !is_whole_pages(topology, demand->cells[i].page_kib, demand->cells[i].memory_kib))
            page_kib = demand->cells[i].page_kib;
    vp_autofree char *page = vp_page_text(page_kib);
    return vp_fail(err, ENOSPC,
                   "'%s' asks for %s pages: the host has none of a size that its memory is a multiple of",
                   demand->name, page);
}

static int search_place(const struct vp_occupied *occupied, const struct vp_demand *demand,
                        struct vp_placement **ret_placement, struct vp_error **err)
{
    const bool bound = demand->within != NULL && demand->n_cells == 0;
    const bool spreads = demand->split == VP_SPLIT_SPREAD && demand->n_cells == 0;
    VP_CLEANUP(attempt_done) struct attempt attempt = {.occupied = occupied, .demand = demand};
    for (unsigned loose = 0; loose <= (spreads ? 1 : 0); loose++)
        for (unsigned near = bound ? 2 : 1; near-- > 0 && attempt.best == NULL;) {
            attempt.loose = loose > 0;
            attempt.near = near > 0;
            try_all(&attempt);
        }
    if (attempt.best != NULL)
        return demand->policy == VP_POLICY_SHARED ? vp_placement_share(attempt.best, ret_placement, err)
                                                  : vp_search_build(attempt.best, ret_placement, err);
    if (attempt.failed != NULL)
        return vp_search_fail(attempt.failed, err);
    return fail_pages(occupied->topology, demand, err);
}

static unsigned count_nodes(const struct vp_placement *placement)
{
    vp_autobitmap nodes = vp_bitmap_new();
    for (unsigned i = 0; i < placement->n_cells; i++)
        (void)hwloc_bitmap_set(nodes, placement->cells[i].node);
    return (unsigned)hwloc_bitmap_weight(nodes);
}

int vp_placement_plan(const struct vp_occupied *occupied, const struct vp_demand *demand,
                      struct vp_placement **ret_placement, struct vp_error **err)
{
    const int r = check(demand, err);
    if (r < 0)
        return r;
    vp_autoplacement same = NULL;
    vp_autoplacement found = NULL;
    if (demand->earlier != NULL)
        (void)vp_placement_confirm(occupied, demand, &same);
    if (same == NULL)
        return search_place(occupied, demand, ret_placement, err);
    /* What was split for want of room may come together now. */
    if (count_nodes(same) > 1)
        (void)search_place(occupied, demand, &found, NULL);
    *ret_placement =
        found != NULL && count_nodes(found) < count_nodes(same) ? vp_take(&found) : vp_take(&same);
    return 0;
}
