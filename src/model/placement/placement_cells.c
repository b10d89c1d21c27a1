/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "search.h"

#include <string.h>

/* Which node each NUMA cell of the definition goes to, where one node does not hold them all. */

/* Nodes that are looked at, for one cell after another, before the best so far is taken: all there are for a
 * few cells. */
#define LOOKS_MAX 50000

/* What an assignment costs; the first that differs decides. */
struct price {
    uint64_t far;       /* memory that must be elsewhere than its CPUs: distances, summed */
    uint64_t nodes;     /* that have a cell */
    uint64_t distances; /* between these, summed */
    uint64_t devices;   /* of these to devices, summed */
};

struct assignment {
    const struct vp_search *search;
    unsigned helper_cost;
    unsigned *order; /* parts, those with most vCPUs first */
    unsigned *left;  /* per node: vCPUs */
    unsigned *count; /* per node: cells */
    struct vp_amount *amounts;
    struct option *options; /* per part and node */
    unsigned *seats;        /* per part */
    struct price price;

    unsigned *best;
    struct price best_price;
    bool found;
    unsigned looks;
};

/* A node for a part, and what the assignment costs then. */
struct option {
    unsigned node;
    struct price price;
};

static int compare_prices(const struct price *a, const struct price *b)
{
    const uint64_t left[] = {a->far, a->nodes, a->distances, a->devices};
    const uint64_t right[] = {b->far, b->nodes, b->distances, b->devices};
    for (size_t i = 0; i < VP_ARRAY_SIZE(left); i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

static int compare_options(const void *left, const void *right)
{
    const struct option *a = left;
    const struct option *b = right;
    const int r = compare_prices(&a->price, &b->price);
    return r != 0 ? r : a->node < b->node ? -1 : a->node > b->node;
}

static int compare_parts(const void *left, const void *right, void *cookie)
{
    const struct vp_search *search = cookie;
    const unsigned a = *(const unsigned *)left;
    const unsigned b = *(const unsigned *)right;
    if (search->parts[a].n != search->parts[b].n)
        return search->parts[a].n > search->parts[b].n ? -1 : 1;
    if (search->parts[a].memory_kib != search->parts[b].memory_kib)
        return search->parts[a].memory_kib > search->parts[b].memory_kib ? -1 : 1;
    return a < b ? -1 : a > b;
}

static void change_amount(const struct assignment *it, unsigned part, unsigned home, bool add)
{
    const struct vp_part *what = &it->search->parts[part];
    const uint64_t overhead = part == 0 ? it->search->demand->overhead_kib : 0;
    struct vp_amount *amount = &it->amounts[home];
    amount->kib[what->size + 1] += add ? what->memory_kib : -what->memory_kib;
    amount->kib[0] += add ? overhead : -overhead;
}

static bool part_fits(const struct assignment *it, unsigned part, unsigned node, unsigned home)
{
    const struct vp_search *search = it->search;
    if (home == UINT_MAX || it->left[node] < search->parts[part].n)
        return false;
    /* A cell of memory alone is where memory is. */
    if (search->parts[part].n == 0 && home != node)
        return false;
    change_amount(it, part, home, true);
    const bool fits =
        vp_occupied_fits(search->occupied, home, &it->amounts[home], search->demand->grow_pools);
    change_amount(it, part, home, false);
    return fits;
}

static struct price price_with(const struct assignment *it, unsigned part, unsigned node, unsigned home)
{
    const struct vp_topology *topology = it->search->topology;
    struct price price = it->price;
    if (it->search->parts[part].within != NULL && home != node)
        price.far += vp_topology_distance(topology, node, home);
    if (it->count[node] > 0)
        return price;
    price.nodes++;
    price.devices += vp_search_device_distance(it->search, node);
    for (unsigned i = 0; i < topology->n_nodes; i++)
        if (it->count[i] > 0)
            price.distances += vp_topology_distance(topology, i, node);
    return price;
}

/* Nodes that the part fits, the cheapest first. */
static unsigned list_options(struct assignment *it, unsigned part, struct option *options)
{
    const struct vp_topology *topology = it->search->topology;
    unsigned n = 0;
    for (unsigned node = 0; node < topology->n_nodes; node++) {
        const unsigned home = vp_home_within(topology, it->search->parts[part].within, node);
        if (part_fits(it, part, node, home))
            options[n++] = (struct option){node, price_with(it, part, node, home)};
    }
    it->looks += topology->n_nodes;
    qsort(options, n, sizeof(options[0]), compare_options);
    return n;
}

/* A node of the guest with room for its helpers. UINT_MAX: none. */
static unsigned seat_helpers(const struct assignment *it)
{
    for (unsigned node = 0; node < it->search->topology->n_nodes; node++)
        if (it->count[node] > 0 && it->left[node] >= it->helper_cost)
            return node;
    return UINT_MAX;
}

static void descend(struct assignment *it, unsigned depth)
{
    const struct vp_search *search = it->search;
    if (depth == search->n_parts) {
        if (seat_helpers(it) == UINT_MAX)
            return;
        it->found = true;
        it->best_price = it->price;
        memcpy(it->best, it->seats, search->n_parts * sizeof(it->seats[0]));
        return;
    }
    const unsigned part = it->order[depth];
    struct option *options = it->options + (size_t)depth * search->topology->n_nodes;
    const unsigned n = list_options(it, part, options);
    for (unsigned i = 0; i < n && it->looks < LOOKS_MAX; i++) {
        const unsigned node = options[i].node;
        const unsigned home = vp_home_within(search->topology, search->parts[part].within, node);
        const struct price before = it->price;
        if (it->found && compare_prices(&options[i].price, &it->best_price) >= 0)
            return;
        it->price = options[i].price;
        it->seats[part] = node;
        it->left[node] -= search->parts[part].n;
        it->count[node]++;
        change_amount(it, part, home, true);
        descend(it, depth + 1);
        change_amount(it, part, home, false);
        it->count[node]--;
        it->left[node] += search->parts[part].n;
        it->price = before;
    }
}

/* The nodes that have vCPUs, by number; helpers on the one where most is left. */
static void take_result(struct vp_search *search, struct assignment *it)
{
    memcpy(it->left, search->node_units, search->topology->n_nodes * sizeof(it->left[0]));
    for (size_t i = 0; i < search->n_parts; i++) {
        it->left[search->seats[i]] -= search->parts[i].n;
        it->count[search->seats[i]] += search->parts[i].n;
    }
    search->helper_node = UINT_MAX;
    for (unsigned node = 0; node < search->topology->n_nodes; node++) {
        if (it->count[node] == 0)
            continue;
        search->share[search->n_chosen] = it->count[node];
        search->chosen[search->n_chosen++] = node;
        if (it->left[node] >= it->helper_cost &&
            (search->helper_node == UINT_MAX || it->left[node] > it->left[search->helper_node]))
            search->helper_node = node;
    }
    search->cost = it->best_price.distances;
}

bool vp_search_cells(struct vp_search *search)
{
    const unsigned n_nodes = search->topology->n_nodes;
    vp_autofree unsigned *order = vp_alloc(search->n_parts, sizeof(order[0]));
    vp_autofree unsigned *seats = vp_alloc(search->n_parts, sizeof(seats[0]));
    vp_autofree unsigned *left = vp_alloc(n_nodes, sizeof(left[0]));
    vp_autofree unsigned *count = vp_alloc(n_nodes, sizeof(count[0]));
    vp_autofree struct vp_amount *amounts = vp_alloc(n_nodes, sizeof(amounts[0]));
    vp_autofree struct option *options = vp_alloc(search->n_parts * n_nodes, sizeof(options[0]));
    struct assignment it = {.search = search,
                            .helper_cost = vp_search_helper_cost(search),
                            .order = order,
                            .left = left,
                            .count = count,
                            .amounts = amounts,
                            .options = options,
                            .seats = seats,
                            .best = search->seats};

    memcpy(left, search->node_units, n_nodes * sizeof(left[0]));
    for (unsigned i = 0; i < search->n_parts; i++)
        order[i] = i;
    qsort_r(order, search->n_parts, sizeof(order[0]), compare_parts, search);
    descend(&it, 0);
    if (it.found)
        take_result(search, &it);
    return it.found;
}
