/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "search.h"

#include <errno.h>

/* Places that need no search over nodes: the one a guest had before, and that of a shared guest. */

static bool same_shape(const struct vp_demand *demand, const struct vp_placement *earlier)
{
    uint64_t memory = 0;
    for (unsigned i = 0; i < earlier->n_cells; i++)
        memory += earlier->cells[i].memory_kib;
    return earlier->policy == demand->policy && earlier->threads == demand->threads &&
           earlier->n_vcpus == demand->vcpus && earlier->n_iothreads == demand->iothreads &&
           earlier->own_emulator == demand->own_emulator && earlier->own_iothreads == demand->own_iothreads &&
           memory == demand->memory_kib && earlier->n_cells > 0;
}

static bool is_page_wanted(const struct vp_topology *topology, const struct vp_demand *demand,
                           const struct vp_placement *earlier)
{
    if (earlier->size >= 0 &&
        ((unsigned)earlier->size >= topology->n_sizes || topology->sizes[earlier->size] != earlier->page_kib))
        return false;
    if (demand->pages == NULL)
        return earlier->page_kib == 0;
    for (size_t i = 0; i < demand->n_pages; i++)
        if (demand->pages[i] == earlier->page_kib)
            return true;
    return false;
}

static bool memory_is_free(const struct vp_occupied *occupied, const struct vp_demand *demand,
                           const struct vp_placement *earlier)
{
    const struct vp_topology *topology = occupied->topology;
    for (unsigned i = 0; i < earlier->n_cells; i++) {
        const unsigned node = earlier->cells[i].memory_node;
        uint64_t sum = 0;
        if (node >= topology->n_nodes || earlier->cells[i].node >= topology->n_nodes ||
            topology->nodes[earlier->cells[i].node].home != node)
            return false;
        for (unsigned k = 0; k < earlier->n_cells; k++)
            if (earlier->cells[k].memory_node == node)
                sum += earlier->cells[k].memory_kib;
        if (vp_occupied_free_kib(occupied, node, earlier->size, demand->grow_pools, demand->overhead_kib) <
            sum)
            return false;
    }
    return true;
}

/* Its CPUs are those of whole cores, each vCPU on one of its cell's node. */
static bool is_sound(const struct vp_occupied *occupied, const struct vp_placement *earlier)
{
    const struct vp_topology *topology = occupied->topology;
    for (unsigned i = 0; i < earlier->n_cells; i++)
        for (unsigned k = earlier->cells[i].first; k < earlier->cells[i].first + earlier->cells[i].n; k++)
            if (k >= earlier->n_vcpus || hwloc_bitmap_weight(earlier->vcpus[k]) != 1 ||
                !hwloc_bitmap_isincluded(earlier->vcpus[k], topology->nodes[earlier->cells[i].node].cpus) ||
                !hwloc_bitmap_isincluded(earlier->vcpus[k], earlier->owned))
                return false;
    for (int os = hwloc_bitmap_first(earlier->owned); os >= 0; os = hwloc_bitmap_next(earlier->owned, os)) {
        vp_autobitmap core = vp_bitmap_new();
        const int cpu = vp_topology_cpu(topology, (unsigned)os);
        if (cpu < 0)
            return false;
        vp_topology_add_core(topology, topology->cpus[cpu].core, core);
        if (earlier->threads != VP_THREADS_ANY && !hwloc_bitmap_isincluded(core, earlier->owned))
            return false;
    }
    return true;
}

static bool cpus_are_free(const struct vp_occupied *occupied, const struct vp_demand *demand,
                          const struct vp_placement *earlier)
{
    vp_autobitmap usable = vp_placement_usable(occupied, demand);
    if (earlier->policy == VP_POLICY_DEDICATED)
        return hwloc_bitmap_isincluded(earlier->owned, usable) && is_sound(occupied, earlier);
    for (unsigned i = 0; i < earlier->n_cells; i++)
        if (!hwloc_bitmap_isincluded(earlier->scopes[i],
                                     occupied->topology->nodes[earlier->cells[i].node].cpus) ||
            hwloc_bitmap_weight(earlier->scopes[i]) < (int)earlier->cells[i].n ||
            !hwloc_bitmap_isincluded(earlier->scopes[i], usable))
            return false;
    return true;
}

static void copy_set(hwloc_bitmap_t to, hwloc_const_bitmap_t from)
{
    if (hwloc_bitmap_copy(to, from) < 0)
        vp_oom();
}

int vp_placement_confirm(const struct vp_occupied *occupied, const struct vp_demand *demand,
                         struct vp_placement **ret_placement)
{
    const struct vp_placement *earlier = demand->earlier;
    if (!same_shape(demand, earlier) || earlier->policy == VP_POLICY_SHARED ||
        !is_page_wanted(occupied->topology, demand, earlier) || !memory_is_free(occupied, demand, earlier) ||
        !cpus_are_free(occupied, demand, earlier))
        return -EBUSY;
    vp_autoplacement placement = vp_placement_new(demand, earlier->n_cells);
    placement->page_kib = earlier->page_kib;
    placement->size = earlier->size;
    placement->confirmed = true;
    for (unsigned i = 0; i < earlier->n_cells; i++) {
        placement->cells[i] = earlier->cells[i];
        if (earlier->scopes != NULL)
            copy_set(placement->scopes[i], earlier->scopes[i]);
    }
    for (unsigned i = 0; i < earlier->n_vcpus; i++)
        copy_set(placement->vcpus[i], earlier->vcpus[i]);
    if (demand->own_emulator)
        copy_set(placement->emulator, earlier->emulator);
    for (unsigned i = 0; demand->own_iothreads && i < earlier->n_iothreads; i++)
        copy_set(placement->iothreads[i], earlier->iothreads[i]);
    copy_set(placement->owned, earlier->owned);
    vp_placement_say(placement, "the place that it had before is free");
    const int r = vp_placement_housekeep(placement, occupied, demand, NULL);
    if (r == 0)
        *ret_placement = vp_take(&placement);
    return r;
}

/* Nodes whose memory counts, those with most of it free first. Returns how many are needed, 0 when all
 * are not enough. */
static unsigned nodes_for_memory(struct vp_search *search)
{
    const struct vp_topology *topology = search->topology;
    uint64_t rest = search->units;
    while (rest > 0) {
        unsigned best = UINT_MAX;
        for (unsigned i = 0; i < topology->n_nodes; i++)
            if (topology->nodes[i].home == i && search->capacity[i] == 0 && search->node_memory[i] > 0 &&
                (best == UINT_MAX || search->node_memory[i] > search->node_memory[best]))
                best = i;
        if (best == UINT_MAX)
            return 0;
        search->capacity[best] = 1; /* seen */
        search->chosen[search->n_chosen++] = best;
        rest -= search->node_memory[best] < rest ? search->node_memory[best] : rest;
    }
    return search->n_chosen;
}

static struct vp_placement *share(const struct vp_search *search)
{
    struct vp_placement *placement = vp_placement_new(search->demand, search->n_chosen);
    uint64_t rest = search->units;

    placement->page_kib = search->page_kib;
    placement->size = search->size;
    for (unsigned i = 0; i < search->n_chosen; i++) {
        const unsigned node = search->chosen[i];
        const uint64_t part = search->node_memory[node] < rest ? search->node_memory[node] : rest;
        placement->cells[i] = (struct vp_guest_cell){.node = node,
                                                     .memory_node = node,
                                                     .n = search->demand->vcpus,
                                                     .memory_kib = part * search->unit_kib};
        rest -= part;
    }
    copy_set(placement->scopes[0], search->base);
    for (unsigned i = 0; i < search->demand->vcpus; i++)
        copy_set(placement->vcpus[i], search->usable);
    vp_placement_say(placement, "floats on all CPUs that no guest owns; its memory is not bound");
    return placement;
}

int vp_placement_share(const struct vp_search *search, struct vp_placement **ret_placement,
                       struct vp_error **err)
{
    vp_autoplacement placement = share(search);
    const int r = vp_placement_housekeep(placement, search->occupied, search->demand, err);
    if (r == 0)
        *ret_placement = vp_take(&placement);
    return r;
}

bool vp_search_share(struct vp_search *search)
{
    return !hwloc_bitmap_iszero(search->usable) && nodes_for_memory(search) > 0;
}
