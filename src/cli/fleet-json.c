/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fleet.h"
#include "placed.h"

static json_object *guest_json(const struct vp_fleet *fleet, const struct vp_fleet_guest *guest)
{
    json_object *object = vp_json_object();
    vp_json_add_text(object, "name", guest->name);
    vp_json_add_text(object, "policy", guest->known ? NULL : vp_policy_names[guest->demand.policy]);
    if (guest->known)
        vp_json_add(object, "vcpus", NULL);
    else
        vp_json_add_count(object, "vcpus", guest->demand.vcpus);
    vp_json_add_count(object, "memory_kib", guest->demand.memory_kib);
    vp_json_add(object, "placement",
                guest->placement != NULL ? vp_placed_json(fleet->topology, guest->placement) : NULL);
    vp_placed_add_set(object, "pinned", guest->pinned);
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
    vp_placed_add_set(object, "cpus", topology->allowed);
    vp_placed_add_set(object, "nodes", nodes);
    vp_placed_add_set(object, "housekeeping", fleet->occupied->housekeeping);
    vp_placed_add_set(object, "isolated", topology->isolated);
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
