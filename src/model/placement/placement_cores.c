/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "search.h"

/* Which caches and cores of a node a dedicated guest gets. */

static void add_pick(const struct vp_search *search, struct vp_pick pick, bool *taken, struct vp_picks *picks)
{
    if (picks->items == NULL)
        picks->items = vp_alloc(search->topology->n_cores, sizeof(picks->items[0]));
    picks->items[picks->n++] = pick;
    taken[pick.core] = true;
}

void vp_picks_done(struct vp_picks *picks)
{
    free(picks->items);
}

/* Full cores while they are needed in full, then the smallest that holds the rest. Returns what is
 * left over. */
static unsigned pick_in_cache(const struct vp_search *search, const struct vp_cache *cache, unsigned n,
                              bool *taken, struct vp_picks *picks)
{
    const unsigned end = cache->first + cache->n;
    for (unsigned size = search->topology->threads; size > 0; size--)
        for (unsigned core = cache->first; core < end && n >= size; core++)
            if (!taken[core] && search->core_units[core] == size) {
                add_pick(search, (struct vp_pick){core, 0, size}, taken, picks);
                n -= size;
            }
    unsigned best = end;
    for (unsigned core = cache->first; n > 0 && core < end; core++)
        if (!taken[core] && search->core_units[core] >= n &&
            (best == end || search->core_units[core] < search->core_units[best]))
            best = core;
    if (best == end)
        return n;
    add_pick(search, (struct vp_pick){best, 0, n}, taken, picks);
    return 0;
}

/* No guest and no housekeeping there. */
static bool is_whole(const struct vp_search *search, const struct vp_cache *cache)
{
    const struct vp_topology *topology = search->topology;
    for (unsigned i = cache->first; i < cache->first + cache->n; i++)
        if (search->core_free[i] < topology->cores[i].n_allowed || topology->cores[i].n_allowed == 0)
            return false;
    return true;
}

/* The smallest cache that holds all of it, else the largest. Equal ones: broken before whole, then the
 * first. */
static unsigned choose_cache(const struct vp_search *search, const struct vp_node *node, unsigned n,
                             const bool *used)
{
    unsigned best = UINT_MAX;
    for (unsigned i = 0; i < node->n; i++) {
        const unsigned cache = node->first + i;
        const unsigned units = search->cache_units[cache];
        if (used[i] || units == 0)
            continue;
        if (best == UINT_MAX) {
            best = cache;
            continue;
        }
        const unsigned have = search->cache_units[best];
        const bool fits = units >= n;
        const bool fitted = have >= n;
        const bool better = fits != fitted ? fits : fits ? units < have : units > have;
        if (better)
            best = cache;
    }
    return best;
}

bool vp_pick_vcpus(const struct vp_search *search, unsigned node, unsigned n, bool *taken,
                   struct vp_picks *ret_picks)
{
    const struct vp_node *it = &search->topology->nodes[node];
    if (search->node_units[node] < n)
        return false;
    vp_autofree bool *used = vp_alloc(it->n, sizeof(used[0]));
    while (n > 0) {
        const unsigned cache = choose_cache(search, it, n, used);
        if (cache == UINT_MAX)
            return false;
        used[cache - it->first] = true;
        ret_picks->n_caches++;
        ret_picks->opened += is_whole(search, &search->topology->caches[cache]);
        n = pick_in_cache(search, &search->topology->caches[cache], n, taken, ret_picks);
    }
    return true;
}

/* Siblings of vCPUs that would stay idle. Returns the helpers that are left. */
static unsigned pick_spare(const struct vp_search *search, unsigned n, const struct vp_picks *vcpus,
                           bool *taken, struct vp_picks *picks)
{
    for (unsigned i = 0; search->demand->threads == VP_THREADS_SIBLINGS && n > 0 && i < vcpus->n; i++) {
        const struct vp_pick *pick = &vcpus->items[i];
        const unsigned spare = search->core_free[pick->core] - pick->n;
        const unsigned part = spare < n ? spare : n;
        if (part > 0)
            add_pick(search, (struct vp_pick){pick->core, pick->n, part}, taken, picks);
        n -= part;
    }
    return n;
}

/* Helpers share cores with each other; with vCPUs only where a thread would be idle otherwise and the guest
 * does not want that. Near the vCPUs' caches first, and where a cache is broken already. */
bool vp_pick_helpers(const struct vp_search *search, unsigned node, unsigned n, const struct vp_picks *vcpus,
                     bool *taken, struct vp_picks *ret_picks)
{
    n = pick_spare(search, n, vcpus, taken, ret_picks);
    const struct vp_node *it = &search->topology->nodes[node];
    for (int round = 0; round < 3; round++)
        for (unsigned i = 0; n > 0 && i < it->n; i++) {
            const struct vp_cache *cache = &search->topology->caches[it->first + i];
            bool near = false;
            for (unsigned core = cache->first; round == 0 && core < cache->first + cache->n; core++)
                near = near || taken[core];
            if (!(round == 0 ? near : round == 2 || !is_whole(search, cache)))
                continue;
            for (unsigned core = cache->first; n > 0 && core < cache->first + cache->n; core++) {
                if (taken[core] || search->core_units[core] == 0)
                    continue;
                const unsigned part = search->core_free[core] < n ? search->core_free[core] : n;
                add_pick(search, (struct vp_pick){core, 0, part}, taken, ret_picks);
                n -= part;
            }
        }
    return n == 0;
}

void vp_pick_cpus(const struct vp_search *search, const struct vp_pick *pick, hwloc_bitmap_t set)
{
    const struct vp_core *core = &search->topology->cores[pick->core];
    unsigned at = 0;
    for (unsigned i = core->first; i < core->first + core->n; i++) {
        if (!hwloc_bitmap_isset(search->usable, search->topology->cpus[i].os))
            continue;
        if (at >= pick->from && at < pick->from + pick->n)
            (void)hwloc_bitmap_set(set, search->topology->cpus[i].os);
        at++;
    }
}
