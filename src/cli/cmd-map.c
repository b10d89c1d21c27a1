/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "map.h"

#include <inttypes.h>

#include "escape.h"
#include "placed.h"
#include "size.h"
#include "strbuf.h"

const char *const vp_use_names[VP_USE_N_] = {
    [VP_USE_FREE] = "free",         [VP_USE_ISOLATED] = "isolated", [VP_USE_HOUSEKEEPING] = "housekeeping",
    [VP_USE_FLOATING] = "floating", [VP_USE_GUEST] = "guest",       [VP_USE_FORBIDDEN] = "not allowed",
    [VP_USE_PINNED] = "pinned",
};

hwloc_bitmap_t vp_map_sockets(const struct vp_map *map, unsigned node)
{
    hwloc_bitmap_t set = vp_bitmap_new();
    for (unsigned i = 0; i < map->fleet->topology->n_cpus; i++)
        if (map->fleet->topology->cpus[i].node == node)
            (void)hwloc_bitmap_set(set, map->fleet->topology->cpus[i].package);
    return set;
}

char *vp_map_sockets_title(const struct vp_map *map, unsigned node)
{
    vp_autobitmap set = vp_map_sockets(map, node);
    vp_autofree char *text = vp_bitmap_text(set);
    return hwloc_bitmap_iszero(set)
               ? vp_strdup("memory only")
               : vp_asprintf("socket%s %s", hwloc_bitmap_weight(set) > 1 ? "s" : "", text);
}

/* For eyes, in tenths of GiB. */
static char *rough_size(uint64_t kib)
{
    const uint64_t tenths = kib * 10 / (1024 * 1024);
    if (tenths < 10)
        return vp_asprintf("%" PRIu64 "M", kib / 1024);
    return tenths % 10 == 0 ? vp_asprintf("%" PRIu64 "G", tenths / 10)
                            : vp_asprintf("%" PRIu64 ".%" PRIu64 "G", tenths / 10, tenths % 10);
}

char *vp_map_node_title(const struct vp_map *map, unsigned node)
{
    const struct vp_node *it = &map->fleet->topology->nodes[node];
    if (it->memory_kib == 0)
        return vp_asprintf("node %u: no memory", it->os);
    uint64_t left = vp_occupied_free_kib(map->fleet->occupied, node, -1, false, 0);
    for (unsigned i = 0; i < map->fleet->topology->n_sizes; i++)
        left += vp_occupied_free_kib(map->fleet->occupied, node, (int)i, false, 0);
    vp_autofree char *all = rough_size(it->memory_kib);
    vp_autofree char *free_text = rough_size(left);
    return vp_asprintf("node %u: %s, %s free", it->os, all, free_text);
}

static void add_count(struct vp_strbuf *out, unsigned n, const char *what)
{
    vp_strbuf_addf(out, "%s%u %s%s", out->len > 0 ? ", " : "", n, what, n == 1 ? "" : "s");
}

char *vp_map_counts(const struct vp_map *map)
{
    const struct vp_topology *topology = map->fleet->topology;
    struct vp_strbuf out = {0};
    add_count(&out, topology->n_cpus, "CPU");
    add_count(&out, topology->n_cores, "core");
    add_count(&out, topology->n_caches, "last-level cache");
    add_count(&out, topology->n_nodes, "node");
    add_count(&out, topology->n_packages, "socket");
    return vp_strbuf_take(&out);
}

char *vp_map_guest(const struct vp_map *map, const struct vp_fleet_guest *guest)
{
    if (guest->error != NULL)
        return vp_escape(guest->error->message);
    vp_autofree char *name = vp_escape(guest->name);
    vp_autofree char *memory = vp_size_format(guest->demand.memory_kib * 1024);
    if (guest->known) {
        vp_autofree char *pinned = guest->pinned != NULL ? vp_bitmap_text(guest->pinned) : vp_strdup("");
        const bool some = guest->demand.memory_kib > 0;
        return vp_asprintf("%s: not placed%s%s%s%s", name, some ? ", " : "", some ? memory : "",
                           pinned[0] != '\0' ? ", CPUs " : "", pinned);
    }
    vp_autofree char *nodes = vp_placed_nodes(map->fleet->topology, guest->placement);
    vp_autofree char *cpus = vp_placed_sets(guest->placement->vcpus, guest->placement->n_vcpus);
    return vp_asprintf("%s: %s, %u vCPU%s, %s, node %s, CPUs %s", name, vp_policy_names[guest->demand.policy],
                       guest->demand.vcpus, guest->demand.vcpus == 1 ? "" : "s", memory, nodes, cpus);
}

static void mark_all(struct vp_map *map)
{
    const struct vp_topology *topology = map->fleet->topology;
    for (unsigned i = 0; i < topology->n_cpus; i++) {
        const struct vp_cpu *cpu = &topology->cpus[i];
        map->uses[i] = !cpu->allowed                                                     ? VP_USE_FORBIDDEN
                       : hwloc_bitmap_isset(map->fleet->occupied->housekeeping, cpu->os) ? VP_USE_HOUSEKEEPING
                       : cpu->isolated                                                   ? VP_USE_ISOLATED
                                                                                         : VP_USE_FREE;
    }
}

/* What others are pinned to, where nobody owns it. */
static void mark_pinned(struct vp_map *map, hwloc_const_bitmap_t set)
{
    for (int os = hwloc_bitmap_first(set); os >= 0; os = hwloc_bitmap_next(set, os)) {
        const int cpu = vp_topology_cpu(map->fleet->topology, (unsigned)os);
        if (cpu >= 0 && (map->uses[cpu] == VP_USE_FREE || map->uses[cpu] == VP_USE_ISOLATED ||
                         map->uses[cpu] == VP_USE_FLOATING))
            map->uses[cpu] = VP_USE_PINNED;
    }
}

static void mark_guest(struct vp_map *map, size_t guest)
{
    const struct vp_topology *topology = map->fleet->topology;
    const struct vp_placement *placement = map->fleet->guests[guest].placement;
    const bool dedicated = placement->policy == VP_POLICY_DEDICATED;
    vp_autobitmap set = vp_bitmap_new();

    for (unsigned i = 0; !dedicated && i < placement->n_vcpus; i++)
        (void)hwloc_bitmap_or(set, set, placement->vcpus[i]);
    (void)hwloc_bitmap_or(set, set, placement->owned);
    for (int os = hwloc_bitmap_first(set); os >= 0; os = hwloc_bitmap_next(set, os)) {
        const int cpu = vp_topology_cpu(topology, (unsigned)os);
        if (cpu < 0 || (!dedicated && map->uses[cpu] == VP_USE_HOUSEKEEPING))
            continue;
        map->uses[cpu] = dedicated ? VP_USE_GUEST : VP_USE_FLOATING;
        map->owners[cpu] = guest;
    }
}

static json_object *cpus_json(const struct vp_map *map)
{
    const struct vp_topology *topology = map->fleet->topology;
    json_object *array = vp_json_array();
    for (unsigned i = 0; i < topology->n_cpus; i++) {
        const struct vp_cpu *cpu = &topology->cpus[i];
        json_object *object = vp_json_object();
        vp_json_add_count(object, "cpu", cpu->os);
        vp_json_add_count(object, "core", cpu->core);
        vp_json_add_count(object, "cache", cpu->cache);
        vp_json_add_count(object, "node", topology->nodes[cpu->node].os);
        vp_json_add_count(object, "socket", cpu->package);
        vp_json_add_text(object, "use", vp_use_names[map->uses[i]]);
        vp_json_add_text(object, "guest",
                         map->uses[i] == VP_USE_GUEST ? map->fleet->guests[map->owners[i]].name : NULL);
        vp_json_append(array, object);
    }
    return array;
}

static void print_json(const struct vp_map *map)
{
    vp_autojson object = vp_json_object();
    vp_fleet_json(map->fleet, object);
    vp_json_add(object, "cpus", cpus_json(map));
    vp_json_print(object);
}

static void map_done(struct vp_map *map)
{
    free(map->uses);
    free(map->owners);
}

int vp_cmd_map(struct vp_cli *cli, struct vp_error **err)
{
    VP_CLEANUP(vp_fleet_done) struct vp_fleet fleet = {0};
    VP_CLEANUP(map_done) struct vp_map map = {.cli = cli, .fleet = &fleet};

    if (cli->json && cli->svg)
        return (int)vp_cli_usage(cli, "--json and --svg exclude each other");
    const int r = vp_fleet_run(cli, cli->n_args > 0 ? VP_FLEET_LIST : VP_FLEET_RUNNING, &fleet, err);
    if (r < 0)
        return r;
    map.uses = vp_alloc(fleet.topology->n_cpus, sizeof(map.uses[0]));
    map.owners = vp_alloc(fleet.topology->n_cpus, sizeof(map.owners[0]));
    mark_all(&map);
    for (size_t i = 0; i < fleet.n; i++)
        if (fleet.guests[i].placement != NULL)
            mark_guest(&map, i);
    for (size_t i = 0; i < fleet.n; i++)
        if (fleet.guests[i].pinned != NULL)
            mark_pinned(&map, fleet.guests[i].pinned);
    if (cli->json)
        print_json(&map);
    else if (cli->svg)
        vp_map_svg(&map);
    else
        vp_map_text(&map);
    return fleet.placed == fleet.n ? VP_EXIT_OK : VP_EXIT_FAILED;
}
