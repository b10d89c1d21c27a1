/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fleet.h"

static json_object *sets_json(hwloc_bitmap_t *sets, unsigned n)
{
    json_object *array = vp_json_array();
    for (unsigned i = 0; i < n; i++) {
        vp_autofree char *text = vp_bitmap_text(sets[i]);
        vp_json_append_text(array, text);
    }
    return array;
}

static void add_set(json_object *object, const char *key, hwloc_const_bitmap_t set)
{
    vp_autofree char *text = vp_bitmap_text(set);
    vp_json_add_text(object, key, text);
}

static json_object *cells_json(const struct vp_fleet *fleet, const struct vp_placement *placement)
{
    json_object *array = vp_json_array();
    for (unsigned i = 0; i < placement->n_cells; i++) {
        const struct vp_guest_cell *cell = &placement->cells[i];
        json_object *object = vp_json_object();
        vp_json_add_count(object, "node", fleet->topology->nodes[cell->node].os);
        vp_json_add_count(object, "memory_node", fleet->topology->nodes[cell->memory_node].os);
        vp_json_add_count(object, "vcpus", cell->n);
        vp_json_add_count(object, "memory_kib", cell->memory_kib);
        vp_json_append(array, object);
    }
    return array;
}

static json_object *placement_json(const struct vp_fleet *fleet, const struct vp_placement *placement)
{
    json_object *object = vp_json_object();
    json_object *reasons = vp_json_array();
    vp_autofree char *nodes = vp_fleet_nodes(fleet, placement);
    vp_autofree char *caches = vp_fleet_caches(fleet, placement);

    for (size_t i = 0; i < placement->n_reasons; i++)
        vp_json_append_text(reasons, placement->reasons[i]);
    vp_json_add(object, "vcpus", sets_json(placement->vcpus, placement->n_vcpus));
    add_set(object, "emulator", placement->emulator);
    vp_json_add(object, "iothreads", sets_json(placement->iothreads, placement->n_iothreads));
    add_set(object, "owned", placement->owned);
    vp_json_add_text(object, "nodes", nodes);
    vp_json_add_text(object, "caches", caches);
    vp_json_add(object, "cells", cells_json(fleet, placement));
    vp_json_add_count(object, "page_kib", placement->page_kib);
    vp_json_add(object, "reasons", reasons);
    return object;
}

static json_object *guest_json(const struct vp_fleet *fleet, const struct vp_fleet_guest *guest)
{
    json_object *object = vp_json_object();
    vp_json_add_text(object, "name", guest->name);
    vp_json_add_text(object, "policy", vp_policy_names[guest->demand.policy]);
    vp_json_add_count(object, "vcpus", guest->demand.vcpus);
    vp_json_add_count(object, "memory_kib", guest->demand.memory_kib);
    vp_json_add(object, "placement",
                guest->placement != NULL ? placement_json(fleet, guest->placement) : NULL);
    vp_json_add_text(object, "error", guest->error != NULL ? guest->error->message : NULL);
    return object;
}

static json_object *host_json(const struct vp_fleet *fleet)
{
    const struct vp_topology *topology = fleet->topology;
    json_object *object = vp_json_object();
    vp_autobitmap nodes = vp_bitmap_new();

    for (unsigned i = 0; i < topology->n_nodes; i++)
        (void)hwloc_bitmap_set(nodes, topology->nodes[i].os);
    vp_json_add_text(object, "source", fleet->source);
    add_set(object, "cpus", topology->allowed);
    add_set(object, "nodes", nodes);
    add_set(object, "housekeeping", fleet->occupied->housekeeping);
    add_set(object, "isolated", topology->isolated);
    return object;
}

static void add_part(json_object *object, const char *key, size_t n, size_t all)
{
    json_object *part = vp_json_object();
    vp_json_add_count(part, "n", n);
    vp_json_add_count(part, "of", all);
    vp_json_add(object, key, part);
}

static json_object *sum_json(const struct vp_fleet *fleet)
{
    const struct vp_fleet_sum sum = vp_fleet_sum(fleet);
    json_object *object = vp_json_object();
    json_object *largest = NULL;

    add_part(object, "guests_placed", fleet->placed, fleet->n);
    add_part(object, "dedicated_cpus", sum.dedicated, sum.available);
    add_part(object, "free_cores", sum.cores, sum.cores_all);
    add_part(object, "free_caches", sum.caches, sum.caches_all);
    add_part(object, "free_nodes", sum.nodes, sum.nodes_all);
    if (sum.largest > 0) {
        largest = vp_json_object();
        vp_json_add_count(largest, "vcpus", sum.largest);
        vp_json_add_count(largest, "memory_kib", sum.largest_kib);
        vp_json_add_count(largest, "node", fleet->topology->nodes[sum.largest_node].os);
    }
    vp_json_add(object, "largest_dedicated", largest);
    return object;
}

void vp_fleet_json(const struct vp_fleet *fleet, json_object *object)
{
    json_object *guests = vp_json_array();
    for (size_t i = 0; i < fleet->n; i++)
        vp_json_append(guests, guest_json(fleet, &fleet->guests[i]));
    vp_json_add(object, "host", host_json(fleet));
    vp_json_add(object, "guests", guests);
    vp_json_add(object, "summary", sum_json(fleet));
}
