/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "placed.h"

#include "size.h"
#include "strbuf.h"

/* Does the next set have the CPU behind the last one's? */
static bool follows(hwloc_const_bitmap_t before, hwloc_const_bitmap_t set)
{
    return hwloc_bitmap_weight(before) == 1 && hwloc_bitmap_weight(set) == 1 &&
           hwloc_bitmap_first(set) == hwloc_bitmap_first(before) + 1;
}

char *vp_placed_sets(hwloc_bitmap_t *sets, unsigned n)
{
    struct vp_strbuf out = {0};
    for (unsigned i = 0, last; i < n; i = last + 1) {
        vp_autofree char *first = vp_bitmap_text(sets[i]);
        vp_autofree char *word = NULL;
        for (last = i; last + 1 < n && follows(sets[last], sets[last + 1]);)
            last++;
        if (last > i) {
            word = vp_asprintf("%s-%d", first, hwloc_bitmap_first(sets[last]));
        } else {
            while (last + 1 < n && hwloc_bitmap_isequal(sets[i], sets[last + 1]))
                last++;
            word = last > i ? vp_asprintf("%s×%u", first, last - i + 1) : vp_strdup(first);
        }
        vp_strbuf_join(&out, " ", word);
    }
    return vp_strbuf_take(&out);
}

char *vp_placed_nodes(const struct vp_topology *topology, const struct vp_placement *placement)
{
    vp_autobitmap set = vp_bitmap_new();
    for (unsigned i = 0; i < placement->n_cells; i++) {
        (void)hwloc_bitmap_set(set, topology->nodes[placement->cells[i].node].os);
        (void)hwloc_bitmap_set(set, topology->nodes[placement->cells[i].memory_node].os);
    }
    return vp_bitmap_text(set);
}

char *vp_placed_caches(const struct vp_topology *topology, const struct vp_placement *placement)
{
    vp_autobitmap cpus = vp_bitmap_new();
    vp_autobitmap set = vp_bitmap_new();
    for (unsigned i = 0; i < placement->n_vcpus; i++)
        (void)hwloc_bitmap_or(cpus, cpus, placement->vcpus[i]);
    for (unsigned i = 0; i < topology->n_cpus; i++)
        if (hwloc_bitmap_isset(cpus, topology->cpus[i].os))
            (void)hwloc_bitmap_set(set, topology->cpus[i].cache);
    return vp_bitmap_text(set);
}

uint64_t vp_placed_kib(const struct vp_placement *placement)
{
    uint64_t kib = 0;
    for (unsigned i = 0; i < placement->n_cells; i++)
        kib += placement->cells[i].memory_kib;
    return kib;
}

char *vp_placed_memory(const struct vp_topology *topology, const struct vp_placement *placement)
{
    struct vp_strbuf out = {0};
    if (placement->policy == VP_POLICY_SHARED) {
        vp_autofree char *all = vp_size_format(vp_placed_kib(placement) * 1024);
        return vp_asprintf("%s on any node", all);
    }
    for (unsigned i = 0; i < placement->n_cells; i++) {
        const struct vp_guest_cell *cell = &placement->cells[i];
        vp_autofree char *size = vp_size_format(cell->memory_kib * 1024);
        vp_autofree char *part = vp_asprintf("%s on node %u", size, topology->nodes[cell->memory_node].os);
        vp_strbuf_join(&out, ", ", part);
    }
    return vp_strbuf_take(&out);
}

char *vp_placed_pages(const struct vp_placement *placement)
{
    struct vp_strbuf out = {0};
    for (unsigned i = 0; i < placement->n_cells; i++) {
        const uint64_t kib = placement->cells[i].page_kib;
        vp_autofree char *size = kib == 0 ? vp_strdup("ordinary") : vp_size_format(kib * 1024);
        bool seen = false;
        for (unsigned k = 0; k < i; k++)
            seen = seen || placement->cells[k].page_kib == kib;
        if (!seen)
            vp_strbuf_join(&out, ", ", size);
    }
    return vp_strbuf_take(&out);
}

static json_object *sets_json(hwloc_bitmap_t *sets, unsigned n)
{
    json_object *array = vp_json_array();
    for (unsigned i = 0; i < n; i++) {
        vp_autofree char *text = vp_bitmap_text(sets[i]);
        vp_json_append_text(array, text);
    }
    return array;
}

void vp_placed_add_set(json_object *object, const char *key, hwloc_const_bitmap_t set)
{
    vp_autofree char *text = set != NULL ? vp_bitmap_text(set) : NULL;
    vp_json_add_text(object, key, text);
}

static json_object *cells_json(const struct vp_topology *topology, const struct vp_placement *placement)
{
    json_object *array = vp_json_array();
    for (unsigned i = 0; i < placement->n_cells; i++) {
        const struct vp_guest_cell *cell = &placement->cells[i];
        json_object *object = vp_json_object();
        vp_json_add_count(object, "node", topology->nodes[cell->node].os);
        vp_json_add_count(object, "memory_node", topology->nodes[cell->memory_node].os);
        vp_json_add_count(object, "vcpus", cell->n);
        vp_json_add_count(object, "memory_kib", cell->memory_kib);
        vp_json_add_count(object, "page_kib", cell->page_kib);
        vp_json_append(array, object);
    }
    return array;
}

json_object *vp_placed_json(const struct vp_topology *topology, const struct vp_placement *placement)
{
    json_object *object = vp_json_object();
    json_object *reasons = vp_json_array();
    vp_autofree char *nodes = vp_placed_nodes(topology, placement);
    vp_autofree char *caches = vp_placed_caches(topology, placement);

    for (size_t i = 0; i < placement->n_reasons; i++)
        vp_json_append_text(reasons, placement->reasons[i]);
    vp_json_add_text(object, "policy", vp_policy_names[placement->policy]);
    vp_json_add_text(object, "threads",
                     placement->policy == VP_POLICY_DEDICATED ? vp_threads_names[placement->threads] : NULL);
    vp_json_add_bool(object, "confirmed", placement->confirmed);
    vp_json_add(object, "vcpus", sets_json(placement->vcpus, placement->n_vcpus));
    vp_placed_add_set(object, "emulator", placement->emulator);
    vp_json_add(object, "iothreads", sets_json(placement->iothreads, placement->n_iothreads));
    vp_placed_add_set(object, "owned", placement->owned);
    vp_json_add_text(object, "nodes", nodes);
    vp_json_add_text(object, "caches", caches);
    vp_json_add(object, "cells", cells_json(topology, placement));
    vp_json_add(object, "reasons", reasons);
    return object;
}
