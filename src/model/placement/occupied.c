/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "occupied.h"

#include <assert.h>

#include "placement.h"

struct vp_occupied *vp_occupied_new(const struct vp_topology *topology, hwloc_const_bitmap_t housekeeping)
{
    struct vp_occupied *occupied = vp_alloc(1, sizeof(*occupied));
    occupied->topology = topology;
    occupied->housekeeping = vp_bitmap_copy(housekeeping);
    occupied->dedicated = vp_bitmap_new();
    occupied->pinned = vp_bitmap_new();
    occupied->ordinary_kib = vp_alloc(topology->n_nodes, sizeof(occupied->ordinary_kib[0]));
    occupied->reserve_kib = vp_alloc(topology->n_nodes, sizeof(occupied->reserve_kib[0]));
    occupied->pages = vp_alloc((size_t)topology->n_nodes * VP_TOPOLOGY_SIZES_MAX, sizeof(occupied->pages[0]));
    occupied->load = vp_alloc(topology->n_cpus, sizeof(occupied->load[0]));
    return occupied;
}

void vp_occupied_free(struct vp_occupied *occupied)
{
    if (occupied == NULL)
        return;
    for (size_t i = 0; i < occupied->n_scopes; i++)
        hwloc_bitmap_free(occupied->scopes[i].cpus);
    hwloc_bitmap_free(occupied->housekeeping);
    hwloc_bitmap_free(occupied->dedicated);
    hwloc_bitmap_free(occupied->pinned);
    free(occupied->ordinary_kib);
    free(occupied->reserve_kib);
    free(occupied->pages);
    free(occupied->load);
    free(occupied->scopes);
    free(occupied);
}

static void change(uint64_t *value, uint64_t by, bool add)
{
    assert(add || *value >= by);
    *value = add ? *value + by : *value - by;
}

static struct vp_scope *find_scope(struct vp_occupied *occupied, hwloc_const_bitmap_t cpus)
{
    for (size_t i = 0; i < occupied->n_scopes; i++)
        if (hwloc_bitmap_isequal(occupied->scopes[i].cpus, cpus))
            return &occupied->scopes[i];
    vp_grow(&occupied->scopes, occupied->n_scopes, &occupied->cap_scopes, sizeof(occupied->scopes[0]));
    occupied->scopes[occupied->n_scopes] = (struct vp_scope){.cpus = vp_bitmap_copy(cpus)};
    return &occupied->scopes[occupied->n_scopes++];
}

/* Scopes are few: as many as there are nodes and caches. An empty one stays, for the next guest. */
static void change_scope(struct vp_occupied *occupied, hwloc_const_bitmap_t cpus, unsigned vcpus, bool add)
{
    struct vp_scope *scope = find_scope(occupied, cpus);
    const int weight = hwloc_bitmap_weight(cpus);
    const uint64_t each = weight > 0 ? (uint64_t)vcpus * 1000 / (unsigned)weight : 0;
    assert(add || (scope->guests > 0 && scope->vcpus >= vcpus));
    scope->guests = add ? scope->guests + 1 : scope->guests - 1;
    scope->vcpus = add ? scope->vcpus + vcpus : scope->vcpus - vcpus;
    for (int os = hwloc_bitmap_first(cpus); os >= 0; os = hwloc_bitmap_next(cpus, os)) {
        const int cpu = vp_topology_cpu(occupied->topology, (unsigned)os);
        if (cpu >= 0)
            change(&occupied->load[cpu], each, add);
    }
}

/* A cell of memory alone floats nowhere; a shared guest does as one. */
static void change_scopes(struct vp_occupied *occupied, const struct vp_placement *placement, bool add)
{
    const bool shared = placement->policy == VP_POLICY_SHARED;
    for (unsigned i = 0; placement->scopes != NULL && i < (shared ? 1 : placement->n_cells); i++)
        if (placement->cells[i].n > 0)
            change_scope(occupied, placement->scopes[i], placement->cells[i].n, add);
}

static void change_memory(struct vp_occupied *occupied, const struct vp_placement *placement, bool add)
{
    for (unsigned i = 0; i < placement->n_cells; i++) {
        const struct vp_guest_cell *cell = &placement->cells[i];
        if (cell->size < 0)
            change(&occupied->ordinary_kib[cell->memory_node], cell->memory_kib, add);
        else
            change(&occupied->pages[cell->memory_node * VP_TOPOLOGY_SIZES_MAX + (unsigned)cell->size],
                   cell->memory_kib / cell->page_kib, add);
    }
    if (placement->n_cells > 0)
        change(&occupied->ordinary_kib[placement->cells[0].memory_node], placement->overhead_kib, add);
}

void vp_occupied_add(struct vp_occupied *occupied, const struct vp_placement *placement)
{
    assert(!hwloc_bitmap_intersects(occupied->dedicated, placement->owned));
    (void)hwloc_bitmap_or(occupied->dedicated, occupied->dedicated, placement->owned);
    change_memory(occupied, placement, true);
    change_scopes(occupied, placement, true);
}

void vp_occupied_remove(struct vp_occupied *occupied, const struct vp_placement *placement)
{
    assert(hwloc_bitmap_isincluded(placement->owned, occupied->dedicated));
    (void)hwloc_bitmap_andnot(occupied->dedicated, occupied->dedicated, placement->owned);
    change_memory(occupied, placement, false);
    change_scopes(occupied, placement, false);
}

static void add_memory_loose(struct vp_occupied *occupied, const struct vp_placement *placement)
{
    const struct vp_topology *topology = occupied->topology;
    for (unsigned i = 0; i < placement->n_cells; i++) {
        const struct vp_guest_cell *cell = &placement->cells[i];
        if (cell->memory_node >= topology->n_nodes)
            continue;
        if (i == 0)
            occupied->ordinary_kib[cell->memory_node] += placement->overhead_kib;
        if (cell->size < 0)
            occupied->ordinary_kib[cell->memory_node] += cell->memory_kib;
        else if ((unsigned)cell->size < topology->n_sizes)
            occupied->pages[cell->memory_node * VP_TOPOLOGY_SIZES_MAX + (unsigned)cell->size] +=
                cell->memory_kib / topology->sizes[cell->size];
    }
}

void vp_occupied_add_loose(struct vp_occupied *occupied, const struct vp_placement *placement)
{
    const unsigned n = placement->policy == VP_POLICY_SHARED ? 1 : placement->n_cells;
    vp_autobitmap set = vp_bitmap_new();
    (void)hwloc_bitmap_and(set, placement->owned, occupied->topology->allowed);
    (void)hwloc_bitmap_or(occupied->dedicated, occupied->dedicated, set);
    add_memory_loose(occupied, placement);
    for (unsigned i = 0; placement->scopes != NULL && i < n; i++) {
        (void)hwloc_bitmap_and(set, placement->scopes[i], occupied->topology->allowed);
        if (!hwloc_bitmap_iszero(set) && placement->cells[i].n > 0)
            change_scope(occupied, set, placement->cells[i].n, true);
    }
}

bool vp_occupied_is_empty(const struct vp_occupied *occupied)
{
    const struct vp_topology *topology = occupied->topology;
    bool empty = hwloc_bitmap_iszero(occupied->dedicated);
    for (unsigned i = 0; i < topology->n_nodes; i++) {
        empty = empty && occupied->ordinary_kib[i] == 0;
        for (unsigned k = 0; k < topology->n_sizes; k++)
            empty = empty && occupied->pages[i * VP_TOPOLOGY_SIZES_MAX + k] == 0;
    }
    for (unsigned i = 0; i < topology->n_cpus; i++)
        empty = empty && occupied->load[i] == 0;
    for (size_t i = 0; i < occupied->n_scopes; i++)
        empty = empty && occupied->scopes[i].guests == 0 && occupied->scopes[i].vcpus == 0;
    return empty;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* Ordinary memory of a node that is in use, what pools would have to grow by included. */
static uint64_t used_kib(const struct vp_occupied *occupied, unsigned node, const struct vp_amount *more)
{
    const struct vp_topology *topology = occupied->topology;
    const uint64_t *taken = &occupied->pages[node * VP_TOPOLOGY_SIZES_MAX];
    uint64_t used = occupied->ordinary_kib[node] + occupied->reserve_kib[node] + more->kib[0];
    for (unsigned k = 0; k < topology->n_sizes; k++)
        used += minus(taken[k] * topology->sizes[k] + more->kib[k + 1],
                      topology->nodes[node].pages[k] * topology->sizes[k]);
    return used;
}

bool vp_occupied_fits(const struct vp_occupied *occupied, unsigned node, const struct vp_amount *amount,
                      bool grow)
{
    const struct vp_topology *topology = occupied->topology;
    const struct vp_node *it = &topology->nodes[node];
    const uint64_t *taken = &occupied->pages[node * VP_TOPOLOGY_SIZES_MAX];
    bool asks = amount->kib[0] > 0;
    for (unsigned k = 0; k < topology->n_sizes; k++) {
        if (!grow && amount->kib[k + 1] > minus(it->pages[k], taken[k]) * topology->sizes[k])
            return false;
        asks = asks || amount->kib[k + 1] > 0;
    }
    return !asks || used_kib(occupied, node, amount) <= it->ordinary_kib;
}

uint64_t vp_occupied_free_kib(const struct vp_occupied *occupied, unsigned node, int size, bool grow,
                              const struct vp_amount *besides)
{
    static const struct vp_amount nothing;
    const struct vp_topology *topology = occupied->topology;
    const struct vp_node *it = &topology->nodes[node];
    if (besides == NULL)
        besides = &nothing;
    const uint64_t used = used_kib(occupied, node, besides);
    const uint64_t ordinary = minus(it->ordinary_kib, used);
    if (size < 0)
        return ordinary;
    if (used > it->ordinary_kib)
        return 0;
    const uint64_t page = topology->sizes[size];
    const uint64_t taken = occupied->pages[node * VP_TOPOLOGY_SIZES_MAX + (unsigned)size];
    const uint64_t pool = minus(it->pages[size] * page, taken * page + besides->kib[size + 1]);
    return (pool / page + (grow ? ordinary / page : 0)) * page;
}
