/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "placement.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "search.h"

const char *const vp_policy_names[VP_POLICY_N_] = {"dedicated", "node", "shared"};
const char *const vp_threads_names[VP_THREADS_N_] = {"siblings", "isolate", "any"};

static bool is_dedicated(const struct vp_demand *demand)
{
    return demand->policy == VP_POLICY_DEDICATED;
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
    return 0;
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

hwloc_bitmap_t vp_placement_pool(const struct vp_occupied *occupied)
{
    hwloc_bitmap_t set = floor_of(occupied);
    (void)hwloc_bitmap_andnot(set, set, occupied->dedicated);
    return set;
}

/* A CPU for each set that guests float on must stay, or their threads have nowhere to go. */
static void leave_for_others(const struct vp_occupied *occupied, hwloc_bitmap_t set)
{
    vp_autobitmap kept = vp_bitmap_new();
    vp_autobitmap left = vp_bitmap_new();
    for (size_t i = 0; i < occupied->n_scopes; i++) {
        if (occupied->scopes[i].guests == 0)
            continue;
        (void)hwloc_bitmap_andnot(left, occupied->scopes[i].cpus, occupied->dedicated);
        if (!hwloc_bitmap_iszero(left) && !hwloc_bitmap_intersects(left, kept))
            (void)hwloc_bitmap_set(kept, (unsigned)hwloc_bitmap_last(left));
    }
    (void)hwloc_bitmap_andnot(set, set, kept);
}

hwloc_bitmap_t vp_placement_usable(const struct vp_occupied *occupied, const struct vp_demand *demand)
{
    if (!is_dedicated(demand))
        return vp_placement_pool(occupied);
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
    for (unsigned i = 0; i < topology->n_nodes; i++)
        if (topology->nodes[i].n > 0)
            search->node_memory[i] =
                vp_occupied_free_kib(search->occupied, topology->nodes[i].home, search->size,
                                     demand->grow_pools, demand->overhead_kib) /
                search->unit_kib;
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

/* The CPUs of filter number `at`: isolated ones before all, and of each the fastest kind first, all
 * kinds last. NULL: no more. */
static hwloc_bitmap_t filter(const struct vp_occupied *occupied, const struct vp_demand *demand, unsigned at)
{
    const struct vp_topology *topology = occupied->topology;
    const unsigned kinds = is_dedicated(demand) && topology->n_kinds > 1 ? topology->n_kinds + 1 : 1;
    const unsigned rounds = is_dedicated(demand) && !hwloc_bitmap_iszero(topology->isolated) ? 2 : 1;
    const unsigned kind = at % kinds;
    if (at >= kinds * rounds)
        return NULL;
    hwloc_bitmap_t set = vp_placement_usable(occupied, demand);
    if (rounds == 2 && at < kinds)
        (void)hwloc_bitmap_and(set, set, topology->isolated);
    for (unsigned i = 0; kind + 1 < kinds && i < topology->n_cpus; i++)
        if (topology->cpus[i].kind != topology->n_kinds - 1 - kind)
            (void)hwloc_bitmap_clr(set, topology->cpus[i].os);
    return set;
}

/* Try the filters with one page size. A search on fewer nodes takes the place of *best; the last that
 * failed that of *failed. */
static void try_size(const struct vp_occupied *occupied, const struct vp_demand *demand, uint64_t page_kib,
                     int size, struct vp_search **best, struct vp_search **failed)
{
    for (unsigned at = 0; *best == NULL || (*best)->n_chosen > 1; at++) {
        hwloc_bitmap_t usable = filter(occupied, demand, at);
        if (usable == NULL)
            return;
        struct vp_search *search = vp_search_new(occupied, demand, page_kib, size, usable);
        struct vp_search **slot = failed;
        if (demand->policy == VP_POLICY_SHARED ? vp_search_share(search) : vp_search_nodes(search)) {
            if (*best != NULL && (*best)->n_chosen <= search->n_chosen) {
                vp_search_free(search);
                continue;
            }
            slot = best;
        }
        vp_search_free(*slot);
        *slot = search;
    }
}

/* Index of a page size, -1 for ordinary memory, -2 when it cannot be used. */
static int size_index(const struct vp_topology *topology, const struct vp_demand *demand, uint64_t page_kib)
{
    if (page_kib == 0)
        return -1;
    for (unsigned i = 0; i < topology->n_sizes; i++)
        if (topology->sizes[i] == page_kib)
            return demand->memory_kib % page_kib == 0 ? (int)i : -2;
    return -2;
}

static int search_place(const struct vp_occupied *occupied, const struct vp_demand *demand,
                        struct vp_placement **ret_placement, struct vp_error **err)
{
    static const uint64_t ordinary[] = {0};
    const uint64_t *pages = demand->pages != NULL ? demand->pages : ordinary;
    const size_t n = demand->pages != NULL ? demand->n_pages : VP_ARRAY_SIZE(ordinary);
    vp_autosearch best = NULL;
    vp_autosearch failed = NULL;

    for (size_t i = 0; i < n; i++) {
        const int size = size_index(occupied->topology, demand, pages[i]);
        if (size >= -1)
            try_size(occupied, demand, pages[i], size, &best, &failed);
    }
    if (best != NULL)
        return demand->policy == VP_POLICY_SHARED ? vp_placement_share(best, ret_placement, err)
                                                  : vp_search_build(best, ret_placement, err);
    if (failed != NULL)
        return vp_search_fail(failed, err);
    vp_autofree char *page = n > 0 ? vp_page_text(pages[0]) : vp_strdup("no");
    return vp_fail(err, ENOSPC,
                   "'%s' asks for %s pages: the host has none of a size that its memory is a multiple of",
                   demand->name, page);
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
    if (same->n_cells > 1)
        (void)search_place(occupied, demand, &found, NULL);
    *ret_placement = found != NULL && found->n_cells < same->n_cells ? vp_take(&found) : vp_take(&same);
    return 0;
}
