/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "search.h"

#include <assert.h>
#include <errno.h>

struct vp_placement *vp_placement_new(const struct vp_demand *demand, unsigned n_cells)
{
    struct vp_placement *placement = vp_alloc(1, sizeof(*placement));
    placement->policy = demand->policy;
    placement->threads = demand->threads;
    placement->own_emulator = demand->own_emulator;
    placement->own_iothreads = demand->own_iothreads;
    placement->n_vcpus = demand->vcpus;
    placement->n_iothreads = demand->iothreads;
    placement->n_cells = n_cells;
    placement->overhead_kib = demand->overhead_kib;
    placement->vcpus = vp_alloc(demand->vcpus, sizeof(hwloc_bitmap_t));
    placement->iothreads = vp_alloc(demand->iothreads, sizeof(hwloc_bitmap_t));
    placement->cells = vp_alloc(n_cells, sizeof(placement->cells[0]));
    for (unsigned i = 0; i < n_cells; i++)
        placement->cells[i] = (struct vp_guest_cell){.vcpus = vp_bitmap_new(), .size = -1};
    for (unsigned i = 0; i < demand->vcpus; i++)
        placement->vcpus[i] = vp_bitmap_new();
    for (unsigned i = 0; i < demand->iothreads; i++)
        placement->iothreads[i] = vp_bitmap_new();
    placement->emulator = vp_bitmap_new();
    placement->owned = vp_bitmap_new();
    if (demand->policy != VP_POLICY_DEDICATED) {
        placement->scopes = vp_alloc(n_cells, sizeof(hwloc_bitmap_t));
        for (unsigned i = 0; i < n_cells; i++)
            placement->scopes[i] = vp_bitmap_new();
    }
    return placement;
}

void vp_placement_free(struct vp_placement *placement)
{
    if (placement == NULL)
        return;
    for (unsigned i = 0; i < placement->n_vcpus; i++)
        hwloc_bitmap_free(placement->vcpus[i]);
    for (unsigned i = 0; i < placement->n_iothreads; i++)
        hwloc_bitmap_free(placement->iothreads[i]);
    for (unsigned i = 0; i < placement->n_cells; i++)
        hwloc_bitmap_free(placement->cells[i].vcpus);
    for (unsigned i = 0; placement->scopes != NULL && i < placement->n_cells; i++)
        hwloc_bitmap_free(placement->scopes[i]);
    for (size_t i = 0; i < placement->n_reasons; i++)
        free(placement->reasons[i]);
    hwloc_bitmap_free(placement->emulator);
    hwloc_bitmap_free(placement->owned);
    free(placement->vcpus);
    free(placement->iothreads);
    free(placement->scopes);
    free(placement->cells);
    free(placement->reasons);
    free(placement);
}

/* Memory in proportion to vCPUs, whole units. What is left over goes to the cells that lost most by
 * rounding, as far as their node has it. */
static void share_memory(const struct vp_search *search, struct vp_placement *placement)
{
    const uint64_t vcpus = search->demand->vcpus;
    vp_autofree uint64_t *lost = vp_alloc(placement->n_cells, sizeof(lost[0]));
    vp_autofree uint64_t *given = vp_alloc(search->topology->n_nodes, sizeof(given[0]));
    uint64_t rest = search->units;

    for (unsigned i = 0; i < placement->n_cells; i++) {
        const uint64_t product = search->units * placement->cells[i].n;
        placement->cells[i].memory_kib = product / vcpus * search->unit_kib;
        given[placement->cells[i].memory_node] += product / vcpus;
        lost[i] = product % vcpus;
        rest -= product / vcpus;
    }
    for (; rest > 0; rest--) {
        unsigned best = UINT_MAX;
        for (unsigned i = 0; i < placement->n_cells; i++)
            if (given[placement->cells[i].memory_node] < search->node_memory[placement->cells[i].node] &&
                (best == UINT_MAX || lost[i] > lost[best]))
                best = i;
        assert(best != UINT_MAX);
        lost[best] = 0;
        given[placement->cells[best].memory_node]++;
        placement->cells[best].memory_kib += search->unit_kib;
    }
}

static void own_cores(const struct vp_search *search, const struct vp_picks *picks, hwloc_bitmap_t owned)
{
    for (unsigned i = 0; i < picks->n; i++) {
        if (search->demand->threads == VP_THREADS_ANY)
            vp_pick_cpus(search, &picks->items[i], owned);
        else
            vp_topology_add_core(search->topology, picks->items[i].core, owned);
    }
}

/* The CPUs of the picks one after another, each to the next set. */
static void deal(const struct vp_search *search, const struct vp_picks *picks, hwloc_bitmap_t *sets)
{
    unsigned next = 0;
    for (unsigned i = 0; i < picks->n; i++) {
        vp_autobitmap cpus = vp_bitmap_new();
        vp_pick_cpus(search, &picks->items[i], cpus);
        for (int os = hwloc_bitmap_first(cpus); os >= 0; os = hwloc_bitmap_next(cpus, os))
            (void)hwloc_bitmap_set(sets[next++], (unsigned)os);
    }
}

static bool give_helpers(const struct vp_search *search, const struct vp_picks *vcpus, bool *taken,
                         struct vp_placement *placement)
{
    const struct vp_demand *demand = search->demand;
    VP_CLEANUP(vp_picks_done) struct vp_picks picks = {0};
    vp_autofree hwloc_bitmap_t *sets = vp_alloc(search->n_helpers + 1, sizeof(hwloc_bitmap_t));
    unsigned n = 0;

    if (search->n_helpers == 0)
        return true;
    if (!vp_pick_helpers(search, search->helper_node, search->n_helpers, vcpus, taken, &picks))
        return false;
    if (demand->own_emulator)
        sets[n++] = placement->emulator;
    for (unsigned i = 0; demand->own_iothreads && i < demand->iothreads; i++)
        sets[n++] = placement->iothreads[i];
    deal(search, &picks, sets);
    own_cores(search, &picks, placement->owned);
    return true;
}

/* Sets of the vCPUs on a node, in the order of cells; `sets` has room for all. Returns how many. */
static unsigned gather(const struct vp_placement *placement, unsigned node, hwloc_bitmap_t *sets)
{
    unsigned n = 0;
    for (unsigned i = 0; i < placement->n_cells; i++) {
        hwloc_const_bitmap_t vcpus = placement->cells[i].vcpus;
        for (int k = hwloc_bitmap_first(vcpus); placement->cells[i].node == node && k >= 0;
             k = hwloc_bitmap_next(vcpus, k))
            sets[n++] = placement->vcpus[k];
    }
    return n;
}

static bool place_dedicated(const struct vp_search *search, struct vp_placement *placement)
{
    vp_autofree bool *taken = vp_alloc(search->topology->n_cores, sizeof(taken[0]));
    vp_autofree hwloc_bitmap_t *sets = vp_alloc(placement->n_vcpus, sizeof(hwloc_bitmap_t));
    VP_CLEANUP(vp_picks_done) struct vp_picks beside = {0};
    for (unsigned i = 0; i < search->n_chosen; i++) {
        const unsigned node = search->chosen[i];
        const unsigned n = gather(placement, node, sets);
        VP_CLEANUP(vp_picks_done) struct vp_picks picks = {0};
        if (!vp_pick_vcpus(search, node, n, taken, &picks))
            return false;
        deal(search, &picks, sets);
        own_cores(search, &picks, placement->owned);
        vp_placement_say(placement,
                         "node %u: %u core%s in %u last-level cache%s, %u of these whole and free before",
                         search->topology->nodes[node].os, picks.n, picks.n == 1 ? "" : "s", picks.n_caches,
                         picks.n_caches == 1 ? "" : "s", picks.opened);
        if (node == search->helper_node) {
            beside = picks;
            picks = (struct vp_picks){0};
        }
    }
    return give_helpers(search, &beside, taken, placement);
}

/* A cell of memory alone has no threads; it gets what the others have, so that no set is empty. */
static void fill_empty_scopes(struct vp_placement *placement)
{
    vp_autobitmap all = vp_bitmap_new();
    for (unsigned i = 0; i < placement->n_cells; i++)
        (void)hwloc_bitmap_or(all, all, placement->scopes[i]);
    for (unsigned i = 0; i < placement->n_cells; i++)
        if (placement->cells[i].n == 0)
            (void)hwloc_bitmap_or(placement->scopes[i], placement->scopes[i], all);
}

static void place_floating(const struct vp_search *search, struct vp_placement *placement)
{
    vp_autofree hwloc_bitmap_t *sets = vp_alloc(placement->n_vcpus, sizeof(hwloc_bitmap_t));
    for (unsigned i = 0; i < search->n_chosen; i++) {
        const unsigned node = search->chosen[i];
        const unsigned n = gather(placement, node, sets);
        struct vp_rank rank = {{0}};
        vp_autobitmap scope = vp_float_scope(search, node, n, &rank);
        for (unsigned k = 0; k < n; k++)
            (void)hwloc_bitmap_andnot(sets[k], scope, search->occupied->dedicated);
        for (unsigned k = 0; k < placement->n_cells; k++)
            if (placement->cells[k].node == node)
                (void)hwloc_bitmap_or(placement->scopes[k], placement->scopes[k], scope);
        vp_placement_say(placement, "node %u: floats on %s%s", search->topology->nodes[node].os,
                         rank.keys[3] == 0 ? "one last-level cache" : "the whole node",
                         rank.keys[0] != 0 ? ", with more vCPUs than CPUs" : "");
    }
    fill_empty_scopes(placement);
}

static void union_of_nodes(const struct vp_placement *placement, const struct vp_topology *topology,
                           hwloc_bitmap_t set)
{
    for (unsigned i = 0; i < placement->n_cells; i++)
        if (placement->cells[i].n > 0)
            (void)hwloc_bitmap_or(set, set, topology->nodes[placement->cells[i].node].cpus);
}

int vp_placement_housekeep(struct vp_placement *placement, const struct vp_occupied *occupied,
                           const struct vp_demand *demand, struct vp_error **err)
{
    vp_autobitmap set = vp_bitmap_new();
    if (demand->own_emulator && (demand->own_iothreads || demand->iothreads == 0))
        return 0;
    if (placement->policy == VP_POLICY_SHARED) {
        (void)hwloc_bitmap_or(set, set, placement->vcpus[0]);
    } else {
        union_of_nodes(placement, occupied->topology, set);
        (void)hwloc_bitmap_and(set, set, occupied->housekeeping);
        if (hwloc_bitmap_iszero(set))
            (void)hwloc_bitmap_or(set, set, occupied->housekeeping);
    }
    if (hwloc_bitmap_iszero(set) && placement->policy == VP_POLICY_NODE)
        (void)hwloc_bitmap_or(set, set, placement->vcpus[0]);
    if (hwloc_bitmap_iszero(set))
        return vp_fail(err, ENOSPC,
                       "'%s': the host has no housekeeping CPU for the emulator threads; name some, or "
                       "give the guest own ones",
                       demand->name);
    vp_autofree char *text = vp_bitmap_text(set);
    if (!demand->own_emulator) {
        (void)hwloc_bitmap_or(placement->emulator, placement->emulator, set);
        vp_placement_say(placement, "emulator threads on CPUs %s", text);
    }
    for (unsigned i = 0; !demand->own_iothreads && i < demand->iothreads; i++)
        (void)hwloc_bitmap_or(placement->iothreads[i], placement->iothreads[i], set);
    return 0;
}

/* The cells that the definition has. */
static void fill_given(const struct vp_search *search, struct vp_placement *placement)
{
    for (unsigned i = 0; i < placement->n_cells; i++) {
        const struct vp_part *part = &search->parts[i];
        struct vp_guest_cell *cell = &placement->cells[i];
        (void)hwloc_bitmap_or(cell->vcpus, cell->vcpus, part->vcpus);
        cell->n = part->n;
        cell->node = search->seats[i];
        cell->memory_node = vp_home_within(search->topology, part->within, cell->node);
        cell->memory_kib = part->memory_kib;
        cell->page_kib = part->page_kib;
        cell->size = part->size;
    }
}

/* Ranges of vCPUs on the chosen nodes, without memory. */
static void fill_ranges(const struct vp_search *search, struct vp_placement *placement)
{
    unsigned first = 0;
    for (unsigned i = 0; i < search->n_chosen; i++) {
        struct vp_guest_cell *cell = &placement->cells[i];
        cell->n = search->share[i];
        (void)hwloc_bitmap_set_range(cell->vcpus, first, (int)(first + cell->n - 1));
        cell->node = search->chosen[i];
        cell->memory_node = search->home[cell->node];
        first += cell->n;
    }
    for (unsigned i = 0; i < placement->n_cells; i++) {
        placement->cells[i].page_kib = search->page_kib;
        placement->cells[i].size = search->size;
    }
    placement->spread = placement->n_cells > 1 && search->demand->split == VP_SPLIT_SPREAD;
}

/* The cell whose CPUs have memory on this node; as many as nodes were chosen for none. */
static unsigned cell_near(const struct vp_search *search, unsigned node)
{
    unsigned at = 0;
    while (at < search->n_chosen && search->home[search->chosen[at]] != node)
        at++;
    return at;
}

/* CPUs on the chosen nodes, memory in pieces, in cells of their own where the CPUs are not. */
static struct vp_placement *build_loose(const struct vp_search *search)
{
    VP_CLEANUP(vp_pieces_done) struct vp_pieces pieces = {0};
    unsigned n = search->n_chosen;
    (void)vp_search_pieces(search, &pieces); /* it was found before */
    for (size_t i = 0; i < pieces.n; i++)
        n += cell_near(search, pieces.items[i].node) == search->n_chosen;
    struct vp_placement *placement = vp_placement_new(search->demand, n);
    fill_ranges(search, placement);
    for (size_t i = pieces.n; i-- > 0;) {
        const unsigned node = pieces.items[i].node;
        const unsigned at = cell_near(search, node);
        struct vp_guest_cell *cell = &placement->cells[at < search->n_chosen ? at : --n];
        if (at == search->n_chosen)
            cell->node = cell->memory_node = node;
        cell->memory_kib += pieces.items[i].kib;
    }
    vp_placement_say(placement,
                     "no set of nodes has CPUs and memory in proportion; memory comes from others too");
    return placement;
}

static struct vp_placement *build_cells(const struct vp_search *search)
{
    const bool given = search->demand->n_cells > 0;
    if (search->loose)
        return build_loose(search);
    struct vp_placement *placement =
        vp_placement_new(search->demand, given ? (unsigned)search->n_parts : search->n_chosen);
    if (given) {
        fill_given(search, placement);
    } else {
        fill_ranges(search, placement);
        share_memory(search, placement);
    }
    return placement;
}

int vp_search_build(const struct vp_search *search, struct vp_placement **ret_placement,
                    struct vp_error **err)
{
    vp_autoplacement placement = build_cells(search);
    vp_search_explain(search, placement);
    if (search->demand->policy != VP_POLICY_DEDICATED)
        place_floating(search, placement);
    else if (!place_dedicated(search, placement))
        return vp_search_fail(search, err);
    const int r = vp_placement_housekeep(placement, search->occupied, search->demand, err);
    if (r < 0)
        return r;
    *ret_placement = vp_take(&placement);
    return 0;
}
