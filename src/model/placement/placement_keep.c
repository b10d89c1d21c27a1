/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "search.h"

#include <errno.h>

/* The place that a guest had before. */

static bool is_page_wanted(const struct vp_topology *topology, const struct vp_demand *demand,
                           const struct vp_guest_cell *cell)
{
    if (cell->size >= 0 &&
        ((unsigned)cell->size >= topology->n_sizes || topology->sizes[cell->size] != cell->page_kib))
        return false;
    if (demand->pages == NULL)
        return cell->page_kib == 0;
    for (size_t i = 0; i < demand->n_pages; i++)
        if (demand->pages[i] == cell->page_kib)
            return true;
    return false;
}

/* Are these the cells that the definition has? */
static bool same_cells(const struct vp_topology *topology, const struct vp_demand *demand,
                       const struct vp_placement *earlier)
{
    bool same = earlier->n_cells == demand->n_cells;
    for (size_t i = 0; same && i < demand->n_cells; i++) {
        const struct vp_demand_cell *ours = &demand->cells[i];
        const struct vp_guest_cell *cell = &earlier->cells[i];
        same = hwloc_bitmap_isequal(ours->vcpus, cell->vcpus) && ours->memory_kib == cell->memory_kib &&
               (ours->own_page ? cell->page_kib == ours->page_kib : is_page_wanted(topology, demand, cell));
    }
    return same;
}

/* As the planner itself would split it, pages of one size. */
static bool same_split(const struct vp_topology *topology, const struct vp_demand *demand,
                       const struct vp_placement *earlier)
{
    uint64_t memory = 0;
    bool same = earlier->n_cells == 1 ||
                (demand->split != VP_SPLIT_NEVER && earlier->spread == (demand->split == VP_SPLIT_SPREAD));
    for (unsigned i = 0; i < earlier->n_cells; i++) {
        memory += earlier->cells[i].memory_kib;
        same = same && earlier->cells[i].page_kib == earlier->cells[0].page_kib;
    }
    return same && memory == demand->memory_kib && earlier->n_cells > 0 &&
           is_page_wanted(topology, demand, &earlier->cells[0]);
}

static bool same_shape(const struct vp_topology *topology, const struct vp_demand *demand,
                       const struct vp_placement *earlier)
{
    return earlier->policy == demand->policy && earlier->threads == demand->threads &&
           earlier->n_vcpus == demand->vcpus && earlier->n_iothreads == demand->iothreads &&
           earlier->own_emulator == demand->own_emulator && earlier->own_iothreads == demand->own_iothreads &&
           (demand->n_cells > 0 ? same_cells(topology, demand, earlier)
                                : same_split(topology, demand, earlier));
}

static hwloc_const_bitmap_t within_of(const struct vp_demand *demand, unsigned cell)
{
    return demand->n_cells > 0 && demand->cells[cell].within != NULL ? demand->cells[cell].within
                                                                     : demand->within;
}

static bool memory_is_free(const struct vp_occupied *occupied, const struct vp_demand *demand,
                           const struct vp_placement *earlier)
{
    const struct vp_topology *topology = occupied->topology;
    for (unsigned i = 0; i < earlier->n_cells; i++) {
        const struct vp_guest_cell *cell = &earlier->cells[i];
        struct vp_amount amount = {{demand->overhead_kib}};
        if (cell->memory_node >= topology->n_nodes || cell->node >= topology->n_nodes ||
            vp_home_within(topology, within_of(demand, i), cell->node) != cell->memory_node)
            return false;
        for (unsigned k = 0; k < earlier->n_cells; k++)
            if (earlier->cells[k].memory_node == cell->memory_node)
                amount.kib[earlier->cells[k].size + 1] += earlier->cells[k].memory_kib;
        if (!vp_occupied_fits(occupied, cell->memory_node, &amount, demand->grow_pools))
            return false;
    }
    return true;
}

/* Its CPUs are those of whole cores, each vCPU on one of its cell's node. */
static bool is_sound(const struct vp_occupied *occupied, const struct vp_placement *earlier)
{
    const struct vp_topology *topology = occupied->topology;
    for (unsigned i = 0; i < earlier->n_cells; i++) {
        const struct vp_guest_cell *cell = &earlier->cells[i];
        for (int k = hwloc_bitmap_first(cell->vcpus); k >= 0; k = hwloc_bitmap_next(cell->vcpus, k))
            if ((unsigned)k >= earlier->n_vcpus || hwloc_bitmap_weight(earlier->vcpus[k]) != 1 ||
                !hwloc_bitmap_isincluded(earlier->vcpus[k], topology->nodes[cell->node].cpus) ||
                !hwloc_bitmap_isincluded(earlier->vcpus[k], earlier->owned))
                return false;
    }
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
        if (earlier->cells[i].n > 0 &&
            (!hwloc_bitmap_isincluded(earlier->scopes[i],
                                      occupied->topology->nodes[earlier->cells[i].node].cpus) ||
             hwloc_bitmap_weight(earlier->scopes[i]) < (int)earlier->cells[i].n ||
             !hwloc_bitmap_isincluded(earlier->scopes[i], usable)))
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
    if (earlier->policy == VP_POLICY_SHARED || !same_shape(occupied->topology, demand, earlier) ||
        !memory_is_free(occupied, demand, earlier) || !cpus_are_free(occupied, demand, earlier))
        return -EBUSY;
    vp_autoplacement placement = vp_placement_new(demand, earlier->n_cells);
    placement->confirmed = true;
    placement->spread = earlier->spread;
    for (unsigned i = 0; i < earlier->n_cells; i++) {
        hwloc_bitmap_t vcpus = placement->cells[i].vcpus;
        copy_set(vcpus, earlier->cells[i].vcpus);
        placement->cells[i] = earlier->cells[i];
        placement->cells[i].vcpus = vcpus;
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
