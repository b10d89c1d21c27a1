/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "placing.h"

#include "iothreadids.h"
#include "place.h"

/* The place that a definition's pins say. What is free of it now, the placer decides. */

static hwloc_bitmap_t read_pin(const struct vp_domain *domain, const char *path)
{
    struct vp_place place;
    vp_autobitmap set = NULL;
    if (vp_place_resolve(domain->root, path, &place) < 0 || *place.rest != '\0')
        return NULL;
    const char *text = vp_node_attr(place.node, "cpuset");
    if (text == NULL || vp_bitmap_parse(text, "cpuset", &set, NULL) < 0 || hwloc_bitmap_iszero(set))
        return NULL;
    return vp_take(&set);
}

static struct vp_placement *new_placement(const struct vp_demand *demand)
{
    struct vp_placement *placement = vp_alloc(1, sizeof(*placement));
    placement->policy = demand->policy;
    placement->threads = demand->threads;
    placement->own_emulator = demand->own_emulator;
    placement->own_iothreads = demand->own_iothreads;
    placement->overhead_kib = demand->overhead_kib;
    placement->n_vcpus = demand->vcpus;
    placement->n_iothreads = demand->iothreads;
    placement->vcpus = vp_alloc(demand->vcpus, sizeof(hwloc_bitmap_t));
    placement->iothreads = vp_alloc(demand->iothreads + 1, sizeof(hwloc_bitmap_t));
    placement->owned = vp_bitmap_new();
    return placement;
}

/* Each on one CPU that no other has, where it is to have one of its own. */
static bool own(struct vp_placement *placement, hwloc_const_bitmap_t pin)
{
    if (pin == NULL || hwloc_bitmap_weight(pin) != 1 || hwloc_bitmap_intersects(placement->owned, pin))
        return false;
    (void)hwloc_bitmap_or(placement->owned, placement->owned, pin);
    return true;
}

static bool read_pins(struct vp_placement *placement, const struct vp_domain *stored)
{
    const bool dedicated = placement->policy == VP_POLICY_DEDICATED;
    const struct vp_iothreads ids = vp_iothreads_read(stored);
    for (unsigned i = 0; i < placement->n_vcpus; i++) {
        vp_autofree char *path = vp_asprintf("cputune/vcpupin[%u]", i);
        placement->vcpus[i] = read_pin(stored, path);
        if (placement->vcpus[i] == NULL || (dedicated && !own(placement, placement->vcpus[i])))
            return false;
    }
    placement->emulator = read_pin(stored, "cputune/emulatorpin");
    if (placement->own_emulator && !own(placement, placement->emulator))
        return false;
    for (unsigned i = 0; i < placement->n_iothreads; i++) {
        vp_autofree char *path = vp_asprintf("cputune/iothreadpin[%u]", i < ids.n ? ids.ids[i] : 0);
        placement->iothreads[i] = read_pin(stored, path);
        if (placement->own_iothreads && !own(placement, placement->iothreads[i]))
            return false;
    }
    return true;
}

static int node_of(const struct vp_topology *topology, hwloc_const_bitmap_t cpus)
{
    const int cpu = vp_topology_cpu(topology, (unsigned)hwloc_bitmap_first(cpus));
    if (cpu < 0 || !hwloc_bitmap_isincluded(cpus, topology->nodes[topology->cpus[cpu].node].cpus))
        return -1;
    return (int)topology->cpus[cpu].node;
}

/* Whole cores go with what is on them. */
static bool own_cores(const struct vp_topology *topology, struct vp_placement *placement)
{
    vp_autobitmap pins = hwloc_bitmap_dup(placement->owned);
    for (int os = hwloc_bitmap_first(pins); os >= 0; os = hwloc_bitmap_next(pins, os)) {
        const int cpu = vp_topology_cpu(topology, (unsigned)os);
        if (cpu < 0)
            return false;
        if (placement->threads != VP_THREADS_ANY)
            vp_topology_add_core(topology, topology->cpus[cpu].core, placement->owned);
    }
    return true;
}

static unsigned core_of(const struct vp_topology *topology, hwloc_const_bitmap_t cpu)
{
    return topology->cpus[vp_topology_cpu(topology, (unsigned)hwloc_bitmap_first(cpu))].core;
}

/* Are threads and cores used as the demand wants: none left out, none too many, guest siblings together? */
static bool is_packed(const struct vp_topology *topology, const struct vp_demand *demand,
                      const struct vp_placement *placement)
{
    vp_autofree unsigned *used = vp_alloc(topology->n_cores, sizeof(used[0]));
    const unsigned threads = demand->guest_threads > 1 ? demand->guest_threads : 1;
    const unsigned step = threads <= topology->threads ? threads : 1;
    unsigned room = 0;
    unsigned least = UINT_MAX;
    for (unsigned i = 0; i < demand->vcpus; i++) {
        const unsigned core = core_of(topology, placement->vcpus[i]);
        const unsigned cpus = topology->cores[core].n_allowed / step * step;
        if (demand->threads == VP_THREADS_SIBLINGS && i % step != 0 &&
            core != core_of(topology, placement->vcpus[i - 1]))
            return false;
        if (used[core]++ > 0)
            continue;
        room += cpus;
        least = cpus < least ? cpus : least;
    }
    for (unsigned i = 0; demand->threads == VP_THREADS_ISOLATE && i < topology->n_cores; i++)
        if (used[i] > 1)
            return false;
    return demand->threads != VP_THREADS_SIBLINGS || (room >= demand->vcpus && room - least < demand->vcpus);
}

/* Where memory for the CPUs of a node comes from, with nodes that it is bound to. */
static unsigned home_of(const struct vp_topology *topology, hwloc_const_bitmap_t within, unsigned node)
{
    unsigned best = topology->nodes[node].home;
    bool found = within == NULL;
    for (unsigned i = 0; within != NULL && i < topology->n_nodes; i++)
        if (topology->nodes[i].memory_kib > 0 && hwloc_bitmap_isset(within, topology->nodes[i].os) &&
            (!found ||
             vp_topology_distance(topology, node, i) < vp_topology_distance(topology, node, best))) {
            best = i;
            found = true;
        }
    return best;
}

/* Far from memory that is bound elsewhere a place is not worth keeping. */
static bool is_far(const struct vp_topology *topology, const struct vp_guest_cell *cell)
{
    return cell->memory_node != topology->nodes[cell->node].home;
}

static struct vp_guest_cell *add_cell(struct vp_placement *placement)
{
    struct vp_guest_cell *cell = &placement->cells[placement->n_cells++];
    *cell = (struct vp_guest_cell){.vcpus = vp_bitmap_new(), .size = -1};
    return cell;
}

/* The cells that the definition has; each has to be on one node. */
static bool fill_own_cells(const struct vp_topology *topology, const struct vp_demand *demand,
                           struct vp_placement *placement)
{
    for (size_t i = 0; i < demand->n_cells; i++) {
        const struct vp_demand_cell *ours = &demand->cells[i];
        struct vp_guest_cell *cell = add_cell(placement);
        const int first = hwloc_bitmap_first(ours->vcpus);
        const int node = first >= 0 ? node_of(topology, placement->vcpus[first]) : -1;
        if (node < 0) /* memory alone may be anywhere: to be placed anew */
            return false;
        for (int k = first; k >= 0; k = hwloc_bitmap_next(ours->vcpus, k))
            if (node_of(topology, placement->vcpus[k]) != node)
                return false;
        (void)hwloc_bitmap_or(cell->vcpus, cell->vcpus, ours->vcpus);
        cell->n = (unsigned)hwloc_bitmap_weight(cell->vcpus);
        cell->memory_kib = ours->memory_kib;
        cell->node = (unsigned)node;
        cell->memory_node =
            home_of(topology, ours->within != NULL ? ours->within : demand->within, cell->node);
    }
    return true;
}

/* One for each node, in the order of vCPUs. */
static bool fill_cells(const struct vp_topology *topology, const struct vp_demand *demand,
                       struct vp_placement *placement)
{
    struct vp_guest_cell *cell = NULL;
    for (unsigned i = 0; i < demand->vcpus; i++) {
        const int node = node_of(topology, placement->vcpus[i]);
        if (node < 0)
            return false;
        if (cell == NULL || cell->node != (unsigned)node) {
            if (placement->n_cells == topology->n_nodes)
                return false;
            cell = add_cell(placement);
            cell->node = (unsigned)node;
            cell->memory_node = home_of(topology, demand->within, cell->node);
        }
        (void)hwloc_bitmap_set(cell->vcpus, i);
        cell->n++;
    }
    placement->spread = placement->n_cells > 1 && demand->split == VP_SPLIT_SPREAD;
    return true;
}

/* In proportion to vCPUs, in whole units; what is left over to the cells that lost most by rounding. */
static void share_memory(const struct vp_demand *demand, uint64_t unit, struct vp_placement *placement)
{
    vp_autofree uint64_t *lost = vp_alloc(placement->n_cells, sizeof(lost[0]));
    uint64_t rest = demand->memory_kib / unit;
    for (unsigned i = 0; i < placement->n_cells; i++) {
        const uint64_t product = demand->memory_kib / unit * placement->cells[i].n;
        placement->cells[i].memory_kib = product / demand->vcpus * unit;
        lost[i] = product % demand->vcpus;
        rest -= product / demand->vcpus;
    }
    for (; rest > 0; rest--) {
        unsigned best = 0;
        for (unsigned i = 1; i < placement->n_cells; i++)
            if (lost[i] > lost[best])
                best = i;
        lost[best] = 0;
        placement->cells[best].memory_kib += unit;
    }
}

static int size_of(const struct vp_topology *topology, uint64_t page)
{
    int size = (int)topology->n_sizes - 1;
    while (size >= 0 && topology->sizes[size] != page)
        size--;
    return size;
}

/* Do the nodes' pools hold enough pages of the size, whoever has them now, or can they grow? */
static bool pools_hold(const struct vp_topology *topology, const struct vp_placement *placement, bool grow)
{
    vp_autofree uint64_t *need = vp_alloc(topology->n_nodes, sizeof(need[0]));
    for (unsigned i = 0; i < placement->n_cells; i++) {
        const struct vp_guest_cell *cell = &placement->cells[i];
        if (cell->page_kib == 0)
            continue;
        if (cell->size < 0 || cell->memory_kib % cell->page_kib != 0)
            return false;
        need[cell->memory_node] += cell->memory_kib / cell->page_kib;
        if (!grow && need[cell->memory_node] > topology->nodes[cell->memory_node].pages[cell->size])
            return false;
    }
    return true;
}

/*
 * The first size of page that the place can have, not the one that the guest had: a guest gets larger pages
 * once there are some.
 */
static bool choose_pages(const struct vp_topology *topology, const struct vp_demand *demand,
                         struct vp_placement *placement)
{
    for (size_t i = 0; i < demand->n_pages; i++) {
        const uint64_t page = demand->pages[i];
        const uint64_t unit = page > 0                         ? page
                              : demand->memory_kib % 1024 == 0 ? 1024
                              : demand->memory_kib % 4 == 0    ? 4
                                                               : 1;
        if (demand->n_cells == 0)
            share_memory(demand, unit, placement);
        for (unsigned k = 0; k < placement->n_cells; k++) {
            const bool own_page = demand->n_cells > 0 && demand->cells[k].own_page;
            placement->cells[k].page_kib = own_page ? demand->cells[k].page_kib : page;
            placement->cells[k].size = size_of(topology, placement->cells[k].page_kib);
        }
        if (demand->memory_kib % unit == 0 && pools_hold(topology, placement, demand->grow_pools))
            return true;
    }
    return false;
}

/* All vCPUs of a cell float on the same CPUs. */
static bool fill_scopes(struct vp_placement *placement)
{
    placement->scopes = vp_alloc(placement->n_cells, sizeof(hwloc_bitmap_t));
    for (unsigned i = 0; i < placement->n_cells; i++)
        placement->scopes[i] = vp_bitmap_new();
    for (unsigned i = 0; i < placement->n_cells; i++) {
        hwloc_const_bitmap_t vcpus = placement->cells[i].vcpus;
        for (int k = hwloc_bitmap_first(vcpus); k >= 0; k = hwloc_bitmap_next(vcpus, k)) {
            if (!hwloc_bitmap_iszero(placement->scopes[i]) &&
                !hwloc_bitmap_isequal(placement->scopes[i], placement->vcpus[k]))
                return false;
            (void)hwloc_bitmap_copy(placement->scopes[i], placement->vcpus[k]);
        }
    }
    return true;
}

struct vp_placement *vp_placing_earlier(const struct vp_topology *topology, const struct vp_domain *stored,
                                        const struct vp_demand *demand)
{
    if (demand->policy == VP_POLICY_SHARED || demand->n_pages == 0)
        return NULL;
    vp_autoplacement placement = new_placement(demand);
    const unsigned most = demand->n_cells > 0 ? (unsigned)demand->n_cells : topology->n_nodes;
    placement->cells = vp_alloc(most, sizeof(placement->cells[0]));
    bool sound = read_pins(placement, stored) && own_cores(topology, placement) &&
                 (demand->n_cells > 0 ? fill_own_cells(topology, demand, placement)
                                      : fill_cells(topology, demand, placement)) &&
                 choose_pages(topology, demand, placement) &&
                 (demand->policy == VP_POLICY_DEDICATED ? is_packed(topology, demand, placement)
                                                        : fill_scopes(placement));
    for (unsigned i = 0; sound && i < placement->n_cells; i++)
        sound = !is_far(topology, &placement->cells[i]);
    return sound ? vp_take(&placement) : NULL;
}
