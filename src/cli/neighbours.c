/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "neighbours.h"

#include <assert.h>
#include <string.h>

#include "running.h"

struct vp_neighbours {
    struct vp_cli *cli;
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

struct vp_neighbours *vp_neighbours_new(struct vp_cli *cli, struct vp_conn *conn)
{
    struct vp_neighbours *neighbours = vp_alloc(1, sizeof(*neighbours));

    neighbours->cli = cli;
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

/* The host with what runs and the neighbours that do not. Pins to several CPUs leave room for others. */
static int fill(const struct keeping_off *it, const struct vp_topology *topology,
                const struct vp_entries *running, bool memory, struct vp_occupied **ret_occupied)
{
    const struct vp_neighbours *neighbours = it->neighbours;
    const struct vp_conf *conf = NULL;
    vp_autooccupied occupied = NULL;
    int r = vp_cli_conf(neighbours->cli, &conf, NULL);

    if (r == 0)
        r = vp_ledger_occupied(running, topology, conf, it->but, &occupied, NULL);
    if (r < 0)
        return r;
    assert(occupied != NULL);
    for (size_t i = 0; i < neighbours->n; i++) {
        const struct vp_entry *entry = neighbours->items[i];
        if ((it->but != NULL && strcmp(entry->uuid, it->but) == 0) || is_running(running, entry->uuid))
            continue;
        if (entry->pinned != NULL)
            (void)hwloc_bitmap_or(occupied->pinned, occupied->pinned, entry->pinned);
        for (size_t k = 0; memory && k < entry->n_memory; k++)
            add_memory(occupied, &entry->memory[k]);
    }
    (void)hwloc_bitmap_andnot(occupied->pinned, occupied->pinned, occupied->housekeeping);
    *ret_occupied = vp_take(&occupied);
    return 0;
}

/* Off CPUs and memory of the neighbours; else off their CPUs; else where there is room. */
static int place(struct vp_placer *placer, const struct vp_demand *demand,
                 struct vp_placement **ret_placement, struct vp_error **err)
{
    struct keeping_off *it = (struct keeping_off *)(void *)placer;
    VP_CLEANUP(vp_entries_done) struct vp_entries running = {0};
    const struct vp_topology *topology = NULL;
    int r = it->below->topology(it->below, &topology, err);

    if (r < 0)
        return r;
    load(it->neighbours, it->but);
    if (vp_cli_is_live(it->neighbours->cli))
        (void)vp_running_read(it->neighbours->cli, topology, &running, NULL);
    for (int memory = 1; it->neighbours->n > 0 && memory >= 0; memory--) {
        vp_autooccupied occupied = NULL;
        if (fill(it, topology, &running, memory == 1, &occupied) == 0 &&
            vp_placement_plan(occupied, demand, ret_placement, NULL) == 0)
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
