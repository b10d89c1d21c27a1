/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "search.h"

#include <string.h>

/* Which nodes a guest gets, and how many of its vCPUs each. */

/* Sets of nodes that are looked at before the best so far is taken: all there are on up to 16 nodes. */
#define STEPS_MAX 20000
/* Up to so many nodes each is tried as the middle of the set. */
#define SEEDS_ALL 32

uint64_t vp_search_device_distance(const struct vp_search *search, unsigned node)
{
    const struct vp_topology *topology = search->topology;
    uint64_t sum = 0;
    for (unsigned i = 0; search->demand->near != NULL && i < topology->n_nodes; i++)
        if (hwloc_bitmap_isset(search->demand->near, topology->nodes[i].os))
            sum += vp_topology_distance(topology, node, i);
    return sum;
}

/* Is memory for all parts to be had with the CPUs on one node? With several parts, those that are bound
 * must be bound to that node. */
static bool memory_fits(const struct vp_search *search, unsigned node)
{
    vp_autofree bool *done = vp_alloc(search->n_parts, sizeof(done[0]));
    for (size_t i = 0; i < search->n_parts; i++) {
        const unsigned home = vp_home_within(search->topology, search->parts[i].within, node);
        struct vp_amount amount = {{search->demand->overhead_kib}};
        if (home == UINT_MAX || (search->parts[i].within != NULL && search->n_parts > 1 && home != node))
            return false;
        for (size_t k = i; k < search->n_parts && !done[i]; k++)
            if (vp_home_within(search->topology, search->parts[k].within, node) == home) {
                amount.kib[search->parts[k].size + 1] += search->parts[k].memory_kib;
                done[k] = k > i;
            }
        if (!done[i] && !vp_occupied_fits(search->occupied, home, &amount, search->demand->grow_pools))
            return false;
    }
    return true;
}

/* False when it does not fit that node. */
static bool rank_node(const struct vp_search *search, unsigned node, bool *taken, struct vp_rank *ret_rank)
{
    const struct vp_demand *demand = search->demand;
    if (search->node_units[node] < demand->vcpus || (!search->loose && !memory_fits(search, node)))
        return false;
    if (demand->policy != VP_POLICY_DEDICATED) {
        vp_autobitmap scope = vp_float_scope(search, node, demand->vcpus, ret_rank);
        return !hwloc_bitmap_iszero(scope);
    }
    VP_CLEANUP(vp_picks_done) struct vp_picks picks = {0};
    VP_CLEANUP(vp_picks_done) struct vp_picks helpers = {0};
    const bool fits = vp_pick_vcpus(search, node, demand->vcpus, taken, &picks) &&
                      vp_pick_helpers(search, node, search->n_helpers, &picks, taken, &helpers);
    for (unsigned i = 0; i < picks.n; i++)
        taken[picks.items[i].core] = false;
    for (unsigned i = 0; i < helpers.n; i++)
        taken[helpers.items[i].core] = false;
    *ret_rank = (struct vp_rank){{vp_topology_distance(search->topology, node, search->home[node]),
                                  vp_search_device_distance(search, node), picks.n_caches, picks.opened,
                                  search->node_units[node]}};
    return fits;
}

static bool is_less(const struct vp_rank *a, const struct vp_rank *b)
{
    for (size_t i = 0; i < VP_ARRAY_SIZE(a->keys); i++)
        if (a->keys[i] != b->keys[i])
            return a->keys[i] < b->keys[i];
    return false;
}

static bool choose_one(struct vp_search *search)
{
    vp_autofree bool *taken = vp_alloc(search->topology->n_cores, sizeof(taken[0]));
    struct vp_rank best = {{0}};
    for (unsigned node = 0; node < search->topology->n_nodes; node++) {
        struct vp_rank rank = {{0}};
        if (!rank_node(search, node, taken, &rank) || (search->n_chosen > 0 && !is_less(&rank, &best)))
            continue;
        best = rank;
        search->n_chosen = 1;
        search->helper_node = node;
        search->chosen[0] = node;
        search->share[0] = search->demand->vcpus;
        for (size_t i = 0; i < search->n_parts; i++)
            search->seats[i] = node;
    }
    return search->n_chosen > 0;
}

/* vCPUs that the memory of a node is enough for. */
static uint64_t room_of(const struct vp_search *search, unsigned node)
{
    return search->loose ? search->demand->vcpus
                         : search->node_memory[node] * search->demand->vcpus / search->units;
}

/* vCPUs that a node takes together with their part of the memory, whole pages. */
static void find_capacities(struct vp_search *search)
{
    for (unsigned node = 0; node < search->topology->n_nodes; node++) {
        const uint64_t room = room_of(search, node);
        const uint64_t least = room < search->node_units[node] ? room : search->node_units[node];
        search->capacity[node] = (unsigned)least / search->step * search->step;
    }
}

/* What helpers take from a node's vCPUs. UINT_MAX when they do not fit. */
static unsigned helper_loss(const struct vp_search *search, unsigned cost, unsigned node)
{
    const unsigned units = search->node_units[node];
    const unsigned left = units < cost ? 0 : (units - cost) / search->step * search->step;
    if (units < cost)
        return UINT_MAX;
    return search->capacity[node] > left ? search->capacity[node] - left : 0;
}

/* A search over sets of nodes of one size. */
struct walk {
    const struct vp_search *search;
    unsigned helper_cost;
    uint64_t *room;  /* per node with memory, while a set is looked at: vCPUs that its memory is enough for */
    unsigned *order; /* nodes that have room, largest first */
    unsigned n, size;
    uint64_t need;
    unsigned *path, *best;
    uint64_t best_cost;
    unsigned steps;
};

static int compare_capacity(const void *left, const void *right, void *cookie)
{
    const struct vp_search *search = cookie;
    const unsigned a = *(const unsigned *)left;
    const unsigned b = *(const unsigned *)right;
    if (search->capacity[a] != search->capacity[b])
        return search->capacity[a] > search->capacity[b] ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* Distances between nodes first; devices decide among equal ones. */
static uint64_t cost_of_adding(const struct walk *walk, unsigned depth, unsigned node)
{
    uint64_t cost = vp_search_device_distance(walk->search, node);
    for (unsigned i = 0; i < depth; i++)
        cost += (uint64_t)vp_topology_distance(walk->search->topology, walk->path[i], node) << 32;
    return cost;
}

/* `order` is by falling capacity: the next ones are the most that can still come. */
static bool can_reach(const struct walk *walk, unsigned from, unsigned count, uint64_t have)
{
    for (unsigned i = from; i < walk->n && count > 0 && have < walk->need; i++, count--)
        have += walk->search->capacity[walk->order[i]];
    return have >= walk->need;
}

/* The node of a set that loses least to helpers. UINT_MAX: they fit none. */
static unsigned helper_node(const struct walk *walk, const unsigned *nodes, unsigned n)
{
    unsigned best = UINT_MAX;
    unsigned best_loss = UINT_MAX;
    for (unsigned i = 0; i < n; i++) {
        const unsigned loss = helper_loss(walk->search, walk->helper_cost, nodes[i]);
        if (loss >= best_loss)
            continue;
        best = nodes[i];
        best_loss = loss;
    }
    return best;
}

/* Does a set hold the guest? Nodes that get their memory from the same place divide it. */
static bool holds(const struct walk *walk, const unsigned *nodes, unsigned n)
{
    const struct vp_search *search = walk->search;
    const unsigned helper = helper_node(walk, nodes, n);
    uint64_t have = 0;
    if (helper == UINT_MAX)
        return false;
    for (unsigned i = 0; i < n; i++)
        walk->room[search->home[nodes[i]]] = room_of(search, nodes[i]);
    for (unsigned i = 0; i < n; i++) {
        uint64_t *room = &walk->room[search->home[nodes[i]]];
        const unsigned loss = nodes[i] == helper ? helper_loss(search, walk->helper_cost, helper) : 0;
        const unsigned part = search->capacity[nodes[i]] - loss;
        const uint64_t least =
            *room / search->step * search->step < part ? *room / search->step * search->step : part;
        *room -= least;
        have += least;
    }
    return have >= search->demand->vcpus;
}

static void keep_best(struct walk *walk, uint64_t cost)
{
    if (cost >= walk->best_cost || !holds(walk, walk->path, walk->size))
        return;
    walk->best_cost = cost;
    memcpy(walk->best, walk->path, walk->size * sizeof(walk->path[0]));
}

static void descend(struct walk *walk, unsigned depth, unsigned from, uint64_t have, uint64_t cost)
{
    if (cost >= walk->best_cost)
        return;
    if (depth == walk->size) {
        keep_best(walk, cost);
        return;
    }
    for (unsigned i = from; i + (walk->size - depth) <= walk->n; i++) {
        if (!can_reach(walk, i, walk->size - depth, have) || walk->steps++ > STEPS_MAX)
            return;
        const unsigned node = walk->order[i];
        walk->path[depth] = node;
        descend(walk, depth + 1, i + 1, have + walk->search->capacity[node],
                cost + cost_of_adding(walk, depth, node));
    }
}

static bool in_path(const struct walk *walk, unsigned depth, unsigned node)
{
    for (unsigned i = 0; i < depth; i++)
        if (walk->path[i] == node)
            return true;
    return false;
}

/* Most room that `count` nodes besides the path and `node` can add. */
static uint64_t most_besides(const struct walk *walk, unsigned depth, unsigned node, unsigned count)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < walk->n && count > 0; i++)
        if (walk->order[i] != node && !in_path(walk, depth, walk->order[i])) {
            sum += walk->search->capacity[walk->order[i]];
            count--;
        }
    return sum;
}

/* From each node on, always the nearest that leaves a way to the end: a good set to start with. */
static void grow_from(struct walk *walk, unsigned seed)
{
    uint64_t cost = cost_of_adding(walk, 0, seed);
    uint64_t have = walk->search->capacity[seed];

    walk->path[0] = seed;
    if (have + most_besides(walk, 1, seed, walk->size - 1) < walk->need)
        return;
    for (unsigned depth = 1; depth < walk->size; depth++) {
        unsigned best = UINT_MAX;
        uint64_t best_cost = UINT64_MAX;
        for (unsigned i = 0; i < walk->n; i++) {
            const unsigned node = walk->order[i];
            const uint64_t more = in_path(walk, depth, node) ? UINT64_MAX : cost_of_adding(walk, depth, node);
            if (more < best_cost && have + walk->search->capacity[node] +
                                            most_besides(walk, depth, node, walk->size - depth - 1) >=
                                        walk->need) {
                best = node;
                best_cost = more;
            }
        }
        if (best == UINT_MAX)
            return;
        walk->path[depth] = best;
        have += walk->search->capacity[best];
        cost += best_cost;
    }
    keep_best(walk, cost);
}

static int compare_index(const void *left, const void *right)
{
    const unsigned a = *(const unsigned *)left;
    const unsigned b = *(const unsigned *)right;
    return (a > b) - (a < b);
}

/* Pieces of vCPUs to each chosen node in turn, as long as they fit. Returns what is left over. */
static unsigned deal(struct vp_search *search, uint64_t *room, unsigned piece, unsigned n)
{
    for (unsigned at = 0, full = 0; n > 0 && full < search->n_chosen; at = (at + 1) % search->n_chosen) {
        const unsigned part = n < piece ? n : piece;
        uint64_t *left = &room[search->home[search->chosen[at]]];
        if (search->share[at] + part > search->capacity[search->chosen[at]] || *left < part) {
            full++;
            continue;
        }
        full = 0;
        search->share[at] += part;
        *left -= part;
        n -= part;
    }
    return n;
}

/* Equal parts as far as there is room, the rest where there is more; no core is broken on two nodes without
 * need. */
static void split(struct vp_search *search, uint64_t *room)
{
    const unsigned core = search->topology->threads / search->step * search->step;
    unsigned rest = search->demand->vcpus;
    for (unsigned i = 0; i < search->n_chosen; i++)
        room[search->home[search->chosen[i]]] = room_of(search, search->chosen[i]);
    if (search->demand->threads == VP_THREADS_SIBLINGS)
        rest = deal(search, room, core, rest);
    (void)deal(search, room, search->step, rest);
    /* A node that is there for the helpers only has no cell. */
    unsigned n = 0;
    for (unsigned i = 0; i < search->n_chosen; i++)
        if (search->share[i] > 0) {
            search->chosen[n] = search->chosen[i];
            search->share[n++] = search->share[i];
        }
    search->n_chosen = n;
}

unsigned vp_search_helper_cost(const struct vp_search *search)
{
    unsigned least = search->topology->threads;
    if (search->demand->threads != VP_THREADS_ISOLATE || search->n_helpers == 0)
        return search->n_helpers;
    for (unsigned core = 0; core < search->topology->n_cores; core++)
        if (search->core_units[core] > 0 && search->core_free[core] < least)
            least = search->core_free[core];
    return (search->n_helpers + least - 1) / least;
}

/* The smallest number of nodes first. */
static bool find_set(struct walk *walk)
{
    const unsigned seeds = walk->n > SEEDS_ALL ? 1 : walk->n;
    for (walk->size = 2; walk->size <= walk->n && walk->best_cost == UINT64_MAX; walk->size++) {
        if (!can_reach(walk, 0, walk->size, 0))
            continue;
        for (unsigned i = 0; i < seeds; i++)
            grow_from(walk, walk->order[i]);
        descend(walk, 0, 0, 0, 0);
    }
    walk->size--;
    return walk->best_cost != UINT64_MAX;
}

static bool choose_several(struct vp_search *search)
{
    const unsigned n_nodes = search->topology->n_nodes;
    vp_autofree unsigned *order = vp_alloc(n_nodes, sizeof(order[0]));
    vp_autofree unsigned *path = vp_alloc(n_nodes, sizeof(path[0]));
    vp_autofree uint64_t *room = vp_alloc(n_nodes, sizeof(room[0]));
    struct walk walk = {.search = search,
                        .helper_cost = vp_search_helper_cost(search),
                        .room = room,
                        .order = order,
                        .path = path,
                        .best = search->chosen,
                        .best_cost = UINT64_MAX};

    find_capacities(search);
    for (unsigned i = 0; i < n_nodes; i++)
        if (search->capacity[i] > 0)
            order[walk.n++] = i;
    const unsigned cheapest = helper_node(&walk, order, walk.n);
    if (cheapest == UINT_MAX)
        return false;
    walk.need = search->demand->vcpus + helper_loss(search, walk.helper_cost, cheapest);
    qsort_r(order, walk.n, sizeof(order[0]), compare_capacity, search);
    if (!find_set(&walk))
        return false;
    search->n_chosen = walk.size;
    qsort(search->chosen, walk.size, sizeof(search->chosen[0]), compare_index);
    search->helper_node = helper_node(&walk, search->chosen, walk.size);
    search->capacity[search->helper_node] -= helper_loss(search, walk.helper_cost, search->helper_node);
    split(search, room);
    search->cost = walk.best_cost >> 32;
    return true;
}

bool vp_search_loose(struct vp_search *search)
{
    VP_CLEANUP(vp_pieces_done) struct vp_pieces pieces = {0};
    const struct vp_amount overhead = {{search->demand->overhead_kib}};
    search->loose = true;
    return search->home[0] != UINT_MAX && (choose_one(search) || choose_several(search)) &&
           vp_occupied_fits(search->occupied, search->home[search->chosen[0]], &overhead, false) &&
           vp_search_pieces(search, &pieces);
}

bool vp_search_nodes(struct vp_search *search)
{
    if (choose_one(search))
        return true;
    if (search->demand->split == VP_SPLIT_NEVER)
        return false;
    return search->demand->n_cells > 0 ? vp_search_cells(search) : choose_several(search);
}
