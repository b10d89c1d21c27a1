/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "neighbours.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "ledger.h"

struct vp_neighbours {
    const struct vp_root *root;
    const struct vp_conf *conf;
    struct vp_conn *conn;
    bool loaded;
    struct vp_entry **items; /* owned; what each would take */
    size_t n, cap;
};

struct keeping_off {
    struct vp_placer placer;
    struct vp_neighbours *neighbours;
    struct vp_placer *below;
    char *but;
};

struct vp_neighbours *vp_neighbours_new(const struct vp_root *root, const struct vp_conf *conf,
                                        struct vp_conn *conn)
{
    struct vp_neighbours *neighbours = vp_alloc(1, sizeof(*neighbours));

    neighbours->root = root;
    neighbours->conf = conf;
    neighbours->conn = conn;
    return neighbours;
}

void vp_neighbours_free(struct vp_neighbours *neighbours)
{
    if (neighbours == NULL)
        return;
    for (size_t i = 0; i < neighbours->n; i++)
        vp_entry_free(neighbours->items[i]);
    free(neighbours->items);
    free(neighbours);
}

void vp_neighbours_update(struct vp_neighbours *neighbours, const char *uuid, const char *xml)
{
    vp_autodomain domain = NULL;
    size_t i = 0;

    while (i < neighbours->n && strcmp(neighbours->items[i]->uuid, uuid) != 0)
        i++;
    if (i < neighbours->n) {
        vp_entry_free(neighbours->items[i]);
        neighbours->items[i] = neighbours->items[--neighbours->n];
    }
    if (vp_domain_parse(xml, strlen(xml), uuid, &domain, NULL) < 0)
        return;
    vp_grow(&neighbours->items, neighbours->n, &neighbours->cap, sizeof(neighbours->items[0]));
    neighbours->items[neighbours->n++] = vp_entry_from_domain(domain);
}

char **vp_neighbours_wanting(const struct vp_neighbours *neighbours, hwloc_const_bitmap_t cpus)
{
    char **uuids = vp_alloc(neighbours->n + 1, sizeof(*uuids));
    size_t n = 0;

    for (size_t i = 0; i < neighbours->n; i++) {
        const struct vp_entry *entry = neighbours->items[i];
        if (entry->pinned != NULL && hwloc_bitmap_intersects(entry->pinned, cpus))
            uuids[n++] = vp_strdup(entry->uuid);
    }
    return uuids;
}

/* What libvirt does not tell is not kept off: it is a preference only. */
static void load(struct vp_neighbours *neighbours, const char *but)
{
    VP_CLEANUP(vp_guests_free_ptr) struct vp_guest **guests = NULL;

    if (neighbours->loaded || neighbours->conn == NULL)
        return;
    neighbours->loaded = true;
    if (vp_guest_list(neighbours->conn, &guests, NULL) < 0)
        return;
    for (size_t i = 0; guests[i] != NULL; i++) {
        vp_autofree char *xml = NULL;
        if (but != NULL && strcmp(vp_guest_uuid(guests[i]), but) == 0)
            continue;
        if (vp_guest_peek(guests[i], &xml, NULL) == 0)
            vp_neighbours_update(neighbours, vp_guest_uuid(guests[i]), xml);
    }
}

static int node_by_os(const struct vp_topology *topology, int os)
{
    for (unsigned i = 0; i < topology->n_nodes; i++)
        if (os >= 0 && topology->nodes[i].os == (unsigned)os)
            return (int)i;
    return -1;
}

static void add_memory(struct vp_occupied *occupied, const struct vp_entry_memory *memory)
{
    const struct vp_topology *topology = occupied->topology;
    const int node = node_by_os(topology, memory->node);

    if (node < 0)
        return;
    if (memory->page_kib == 0) {
        occupied->ordinary_kib[node] += memory->kib;
        return;
    }
    for (unsigned size = 0; size < topology->n_sizes; size++)
        if (topology->sizes[size] == memory->page_kib)
            occupied->pages[(size_t)node * VP_TOPOLOGY_SIZES_MAX + size] += memory->kib / memory->page_kib;
}

static bool is_running(const struct vp_entries *running, const char *uuid)
{
    for (size_t i = 0; i < running->n; i++)
        if (strcmp(running->items[i]->uuid, uuid) == 0)
            return true;
    return false;
}

/* What the others would take, while one guest is placed. */
struct view {
    const struct keeping_off *it;
    const struct vp_topology *topology;
    struct vp_entries running;
    unsigned *claims; /* of each CPU by index: how many want it for themselves */
    unsigned most;    /* of these */
};

static void view_done(struct view *view)
{
    vp_entries_done(&view->running);
    free(view->claims);
}

static bool counts(const struct view *view, const struct vp_entry *entry)
{
    const char *but = view->it->but;
    return (but == NULL || strcmp(entry->uuid, but) != 0) && !is_running(&view->running, entry->uuid);
}

/* Pins to several CPUs leave room for others and do not count. */
static void count_claims(struct view *view)
{
    const struct vp_neighbours *neighbours = view->it->neighbours;

    view->claims = vp_alloc(view->topology->n_cpus, sizeof(view->claims[0]));
    for (size_t i = 0; i < neighbours->n; i++) {
        const struct vp_entry *entry = neighbours->items[i];
        if (entry->pinned == NULL || !counts(view, entry))
            continue;
        for (int os = hwloc_bitmap_first(entry->pinned); os >= 0; os = hwloc_bitmap_next(entry->pinned, os)) {
            const int cpu = vp_topology_cpu(view->topology, (unsigned)os);
            if (cpu >= 0 && ++view->claims[cpu] > view->most)
                view->most = view->claims[cpu];
        }
    }
}

/*
 * Place the guest on CPUs that at most `shared` neighbours want.
 * @memory: leave theirs alone too
 */
static int attempt(const struct view *view, const struct vp_demand *demand, unsigned shared, bool memory,
                   struct vp_placement **ret_placement)
{
    const struct vp_neighbours *neighbours = view->it->neighbours;
    vp_autooccupied occupied = NULL;
    const int r =
        vp_ledger_occupied(&view->running, view->topology, neighbours->conf, view->it->but, &occupied, NULL);

    if (r < 0)
        return r;
    assert(occupied != NULL);
    for (unsigned i = 0; i < view->topology->n_cpus; i++) {
        const unsigned os = view->topology->cpus[i].os;
        if (view->claims[i] > shared && !hwloc_bitmap_isset(occupied->housekeeping, os))
            (void)hwloc_bitmap_set(occupied->pinned, os);
    }
    for (size_t i = 0; memory && i < neighbours->n; i++)
        for (size_t k = 0; counts(view, neighbours->items[i]) && k < neighbours->items[i]->n_memory; k++)
            add_memory(occupied, &neighbours->items[i]->memory[k]);
    return vp_placement_plan(occupied, demand, ret_placement, NULL);
}

/*
 * Off CPUs and memory of the neighbours; else on the CPUs that the fewest of them want. -ENOSPC where that is
 * no better than without.
 */
static int place_off(const struct view *view, const struct vp_demand *demand,
                     struct vp_placement **ret_placement)
{
    vp_autoplacement best = NULL;
    unsigned low = 0, high = view->most;

    if (attempt(view, demand, 0, true, ret_placement) == 0)
        return 0;
    while (low < high) {
        const unsigned middle = low + (high - low) / 2;
        struct vp_placement *found = NULL;
        if (attempt(view, demand, middle, false, &found) == 0) {
            vp_placement_free(best);
            best = found;
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    if (best == NULL)
        return -ENOSPC;
    *ret_placement = vp_take(&best);
    return 0;
}

/* A ledger that cannot be read is an empty one: neighbours are a preference only. */
static void read_running(const struct vp_neighbours *neighbours, struct view *view)
{
    if (neighbours->root != NULL)
        (void)vp_ledger_entries(neighbours->root, view->topology, NULL, NULL, &view->running, NULL);
}

static int place(struct vp_placer *placer, const struct vp_demand *demand,
                 struct vp_placement **ret_placement, struct vp_error **err)
{
    const struct keeping_off *it = (struct keeping_off *)(void *)placer;
    VP_CLEANUP(view_done) struct view view = {.it = it};
    int r = it->below->topology(it->below, &view.topology, err);

    if (r < 0)
        return r;
    load(it->neighbours, it->but);
    if (it->neighbours->n > 0) {
        read_running(it->neighbours, &view);
        count_claims(&view);
        if (place_off(&view, demand, ret_placement) == 0)
            return 0;
    }
    return it->below->place(it->below, demand, ret_placement, err);
}

static int below_topology(struct vp_placer *placer, const struct vp_topology **ret_topology,
                          struct vp_error **err)
{
    const struct keeping_off *it = (struct keeping_off *)(void *)placer;
    return it->below->topology(it->below, ret_topology, err);
}

static void free_keeping_off(struct vp_placer *placer)
{
    struct keeping_off *it = (struct keeping_off *)(void *)placer;
    vp_placer_free(it->below);
    free(it->but);
    free(it);
}

struct vp_placer *vp_neighbours_placer(struct vp_neighbours *neighbours, struct vp_placer *below,
                                       const char *but)
{
    struct keeping_off *it = vp_alloc(1, sizeof(*it));
    it->placer = (struct vp_placer){.topology = below_topology, .place = place, .free = free_keeping_off};
    it->neighbours = neighbours;
    it->below = below;
    it->but = vp_strdup(but);
    return &it->placer;
}
