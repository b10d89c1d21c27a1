/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "search.h"

/* Memory that is bound to no node: where it is counted. And the place of a shared guest, all of whose is. */

void vp_pieces_done(struct vp_pieces *pieces)
{
    free(pieces->items);
}

/* From all nodes that have CPUs for the guest, summed. */
static uint64_t distance_of(const struct vp_search *search, unsigned node)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < search->n_chosen; i++)
        sum += vp_topology_distance(search->topology, search->chosen[i], node);
    return sum;
}

/* The nearest node that has some of such memory left, of equal ones that with most. UINT_MAX: none. */
static unsigned next_node(const struct vp_search *search, const struct vp_part *part,
                          const struct vp_amount *amounts, uint64_t *ret_kib)
{
    const uint64_t unit = part->page_kib > 0 ? part->page_kib : search->unit_kib;
    unsigned best = UINT_MAX;
    uint64_t best_distance = 0;
    for (unsigned i = 0; i < search->topology->n_nodes; i++) {
        if (part->within != NULL && !hwloc_bitmap_isset(part->within, search->topology->nodes[i].os))
            continue;
        const uint64_t left =
            vp_occupied_free_kib(search->occupied, i, part->size, search->demand->grow_pools, &amounts[i]) /
            unit * unit;
        const uint64_t distance = distance_of(search, i);
        if (left == 0 || (best != UINT_MAX &&
                          (distance > best_distance || (distance == best_distance && left <= *ret_kib))))
            continue;
        best = i;
        best_distance = distance;
        *ret_kib = left;
    }
    return best;
}

bool vp_search_pieces(const struct vp_search *search, struct vp_pieces *ret_pieces)
{
    vp_autofree struct vp_amount *amounts = vp_alloc(search->topology->n_nodes, sizeof(amounts[0]));
    for (unsigned i = 0; i < search->topology->n_nodes; i++)
        amounts[i].kib[0] = search->demand->overhead_kib;
    for (size_t i = 0; i < search->n_parts; i++) {
        const struct vp_part *part = &search->parts[i];
        for (uint64_t rest = part->memory_kib, kib = 0; rest > 0; rest -= kib) {
            const unsigned node = next_node(search, part, amounts, &kib);
            if (node == UINT_MAX)
                return false;
            kib = kib < rest ? kib : rest;
            vp_grow(&ret_pieces->items, ret_pieces->n, &ret_pieces->cap, sizeof(ret_pieces->items[0]));
            ret_pieces->items[ret_pieces->n++] = (struct vp_piece){node, part, kib};
            amounts[node].kib[part->size + 1] += kib;
        }
    }
    return true;
}

bool vp_search_share(struct vp_search *search)
{
    VP_CLEANUP(vp_pieces_done) struct vp_pieces pieces = {0};
    return !hwloc_bitmap_iszero(search->usable) && vp_search_pieces(search, &pieces);
}

int vp_placement_share(const struct vp_search *search, struct vp_placement **ret_placement,
                       struct vp_error **err)
{
    VP_CLEANUP(vp_pieces_done) struct vp_pieces pieces = {0};
    (void)vp_search_pieces(search, &pieces); /* it was found before */
    vp_autoplacement placement = vp_placement_new(search->demand, (unsigned)pieces.n);

    for (size_t i = 0; i < pieces.n; i++) {
        struct vp_guest_cell *cell = &placement->cells[i];
        cell->node = cell->memory_node = pieces.items[i].node;
        (void)hwloc_bitmap_set_range(cell->vcpus, 0, (int)search->demand->vcpus - 1);
        cell->n = search->demand->vcpus;
        cell->memory_kib = pieces.items[i].kib;
        cell->page_kib = pieces.items[i].part->page_kib;
        cell->size = pieces.items[i].part->size;
        (void)hwloc_bitmap_or(placement->scopes[i], placement->scopes[i], search->base);
    }
    for (unsigned i = 0; i < search->demand->vcpus; i++)
        (void)hwloc_bitmap_or(placement->vcpus[i], placement->vcpus[i], search->usable);
    vp_placement_say(placement, "floats on all CPUs that no guest owns; its memory is not bound");
    const int r = vp_placement_housekeep(placement, search->occupied, search->demand, err);
    if (r == 0)
        *ret_placement = vp_take(&placement);
    return r;
}
