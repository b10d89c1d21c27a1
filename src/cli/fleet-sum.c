/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fleet.h"

/* CPUs of a stretch of cores: those that guests own, those that the next guest could own. */
struct count {
    unsigned guests, open;
};

static struct count count_cores(const struct vp_fleet *fleet, unsigned first, unsigned n)
{
    const struct vp_topology *topology = fleet->topology;
    const struct vp_occupied *occupied = fleet->occupied;
    const struct vp_core *last = &topology->cores[first + n - 1];
    struct count count = {0};
    for (unsigned i = topology->cores[first].first; i < last->first + last->n; i++) {
        const struct vp_cpu *cpu = &topology->cpus[i];
        if (!cpu->allowed)
            continue;
        const bool guests = hwloc_bitmap_isset(occupied->dedicated, cpu->os);
        count.guests += (unsigned)guests;
        count.open += (unsigned)(!guests && !hwloc_bitmap_isset(occupied->housekeeping, cpu->os));
    }
    return count;
}

static bool has_memory_of_guests(const struct vp_fleet *fleet, unsigned node)
{
    bool has = fleet->occupied->ordinary_kib[node] > 0;
    for (unsigned i = 0; i < fleet->topology->n_sizes; i++)
        has = has || fleet->occupied->pages[node * VP_TOPOLOGY_SIZES_MAX + i] > 0;
    return has;
}

static void sum_nodes(const struct vp_fleet *fleet, struct vp_fleet_sum *sum)
{
    const struct vp_topology *topology = fleet->topology;
    for (unsigned i = 0; i < topology->n_nodes; i++) {
        const struct vp_node *node = &topology->nodes[i];
        unsigned guests = 0, open = 0;
        for (unsigned k = node->first; k < node->first + node->n; k++) {
            const struct count count = count_cores(fleet, topology->caches[k].first, topology->caches[k].n);
            sum->caches_all++;
            sum->caches += count.open > 0 && count.guests == 0;
            guests += count.guests;
            open += count.open;
        }
        sum->nodes_all += node->n > 0;
        sum->nodes += open > 0 && guests == 0 && !has_memory_of_guests(fleet, i);
    }
}

/* Does a dedicated guest of this size fit one node? */
static bool fits(const struct vp_fleet *fleet, unsigned vcpus, uint64_t kib, unsigned *ret_node)
{
    const struct vp_demand demand = {
        .name = "one more", .policy = VP_POLICY_DEDICATED, .vcpus = vcpus, .memory_kib = kib};
    vp_autoplacement placement = NULL;
    if (vp_placement_plan(fleet->occupied, &demand, &placement, NULL) < 0 || placement->n_cells != 1)
        return false;
    *ret_node = placement->cells[0].node;
    return true;
}

static void find_largest(const struct vp_fleet *fleet, struct vp_fleet_sum *sum)
{
    const struct vp_topology *topology = fleet->topology;
    unsigned most = topology->n_cpus;
    while (sum->largest < most) {
        const unsigned middle = sum->largest + (most - sum->largest + 1) / 2;
        if (fits(fleet, middle, 1024, &sum->largest_node))
            sum->largest = middle;
        else
            most = middle - 1;
    }
    for (unsigned i = 0; sum->largest > 0 && i < topology->n_nodes; i++) {
        const uint64_t kib =
            vp_occupied_free_kib(fleet->occupied, topology->nodes[i].home, -1, false, 0) / 1024 * 1024;
        unsigned node = 0;
        if (kib > sum->largest_kib && fits(fleet, sum->largest, kib, &node)) {
            sum->largest_kib = kib;
            sum->largest_node = node;
        }
    }
}

struct vp_fleet_sum vp_fleet_sum(const struct vp_fleet *fleet)
{
    const struct vp_topology *topology = fleet->topology;
    vp_autobitmap open = vp_bitmap_new();
    struct vp_fleet_sum sum = {0};

    (void)hwloc_bitmap_andnot(open, topology->allowed, fleet->occupied->housekeeping);
    sum.available = (size_t)hwloc_bitmap_weight(open);
    sum.dedicated = (size_t)hwloc_bitmap_weight(fleet->occupied->dedicated);
    (void)hwloc_bitmap_andnot(open, open, fleet->occupied->dedicated);
    for (unsigned i = 0; i < topology->n_cores; i++) {
        vp_autobitmap core = vp_bitmap_new();
        vp_topology_add_core(topology, i, core);
        sum.cores_all += !hwloc_bitmap_iszero(core);
        sum.cores += !hwloc_bitmap_iszero(core) && hwloc_bitmap_isincluded(core, open);
    }
    sum_nodes(fleet, &sum);
    find_largest(fleet, &sum);
    return sum;
}
