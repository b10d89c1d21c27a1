/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "search.h"

/* Where a guest floats inside a node. */

/* vCPUs of others that float on these CPUs, in thousandths; what dedicated guests pushed away counts too. */
static uint64_t load_of(const struct vp_search *search, unsigned first_core, unsigned n_cores)
{
    const struct vp_topology *topology = search->topology;
    uint64_t load = 0;
    for (unsigned core = first_core; core < first_core + n_cores; core++)
        for (unsigned i = topology->cores[core].first;
             i < topology->cores[core].first + topology->cores[core].n; i++)
            load += search->occupied->load[i];
    return load;
}

static unsigned choose_cache(const struct vp_search *search, const struct vp_node *node, unsigned n)
{
    unsigned best = UINT_MAX;
    uint64_t best_left = UINT64_MAX;
    for (unsigned i = node->first; i < node->first + node->n; i++) {
        const struct vp_cache *cache = &search->topology->caches[i];
        const uint64_t load = load_of(search, cache->first, cache->n);
        const uint64_t room = (uint64_t)search->cache_units[i] * 1000;
        if (room < load + (uint64_t)n * 1000 || room - load >= best_left)
            continue;
        best = i;
        best_left = room - load;
    }
    return best;
}

hwloc_bitmap_t vp_float_scope(const struct vp_search *search, unsigned node, unsigned n,
                              struct vp_rank *ret_rank)
{
    const struct vp_topology *topology = search->topology;
    const struct vp_node *it = &topology->nodes[node];
    const unsigned first = topology->caches[it->first].first;
    const struct vp_cache *last = &topology->caches[it->first + it->n - 1];
    const uint64_t load = load_of(search, first, last->first + last->n - first) + (uint64_t)n * 1000;
    const uint64_t room = (uint64_t)search->node_units[node] * 1000;
    const unsigned cache = choose_cache(search, it, n);
    hwloc_bitmap_t scope = vp_bitmap_new();

    if (cache == UINT_MAX) {
        (void)hwloc_bitmap_or(scope, scope, it->cpus);
    } else {
        for (unsigned i = 0; i < topology->caches[cache].n; i++)
            vp_topology_add_core(topology, topology->caches[cache].first + i, scope);
    }
    (void)hwloc_bitmap_and(scope, scope, search->base);
    *ret_rank = (struct vp_rank){{load > room, vp_topology_distance(topology, node, search->home[node]),
                                  vp_search_device_distance(search, node), cache == UINT_MAX,
                                  room > 0 ? load * 1000 / room : UINT64_MAX}};
    return scope;
}
