/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "entry_json.h"

#include <limits.h>

enum { CELL_NODE, CELL_MEMORY_NODE, CELL_KIB, CELL_PAGE, CELL_VCPUS, CELL_N };

/*
 * Sets one after another; null is the same as the one before, as a floating guest has many that are the
 * same.
 */
static json_object *format_sets(hwloc_bitmap_t *sets, unsigned n)
{
    json_object *array = vp_entry_json_made(json_object_new_array_ext((int)n));
    for (unsigned i = 0; i < n; i++) {
        if (i > 0 && hwloc_bitmap_isequal(sets[i], sets[i - 1]))
            vp_entry_json_add(array, NULL, NULL);
        else
            vp_entry_json_add_set(array, NULL, sets[i]);
    }
    return array;
}

static json_object *format_cells(const struct vp_placement *placement, const struct vp_topology *topology)
{
    json_object *array = vp_entry_json_made(json_object_new_array_ext((int)placement->n_cells));
    for (unsigned i = 0; i < placement->n_cells; i++) {
        const struct vp_guest_cell *cell = &placement->cells[i];
        json_object *object = vp_entry_json_made(json_object_new_array_ext(CELL_N));
        vp_entry_json_add_number(object, NULL, topology->nodes[cell->node].os);
        vp_entry_json_add_number(object, NULL, topology->nodes[cell->memory_node].os);
        vp_entry_json_add_number(object, NULL, cell->memory_kib);
        vp_entry_json_add_number(object, NULL, cell->page_kib);
        vp_entry_json_add_set(object, NULL, cell->vcpus);
        vp_entry_json_add(array, NULL, object);
    }
    return array;
}

static void add_flag(json_object *object, const char *key, bool value)
{
    if (value)
        vp_entry_json_add(object, key, vp_entry_json_made(json_object_new_boolean(true)));
}

json_object *vp_entry_placement_format(const struct vp_placement *placement,
                                       const struct vp_topology *topology)
{
    json_object *object = vp_entry_json_made(json_object_new_object());
    json_object *reasons = vp_entry_json_made(json_object_new_array());
    for (size_t i = 0; i < placement->n_reasons; i++)
        vp_entry_json_add_text(reasons, NULL, placement->reasons[i]);
    vp_entry_json_add_text(object, "policy", vp_policy_names[placement->policy]);
    vp_entry_json_add_text(object, "threads", vp_threads_names[placement->threads]);
    add_flag(object, "own_emulator", placement->own_emulator);
    add_flag(object, "own_iothreads", placement->own_iothreads);
    add_flag(object, "confirmed", placement->confirmed);
    add_flag(object, "spread", placement->spread);
    vp_entry_json_add(object, "vcpus", format_sets(placement->vcpus, placement->n_vcpus));
    vp_entry_json_add(object, "iothreads", format_sets(placement->iothreads, placement->n_iothreads));
    vp_entry_json_add_set(object, "emulator", placement->emulator);
    vp_entry_json_add_set(object, "owned", placement->owned);
    if (placement->scopes != NULL)
        vp_entry_json_add(object, "scopes", format_sets(placement->scopes, placement->n_cells));
    vp_entry_json_add(object, "cells", format_cells(placement, topology));
    vp_entry_json_add_number(object, "overhead_kib", placement->overhead_kib);
    vp_entry_json_add(object, "reasons", reasons);
    return object;
}

/* What is being read. */
struct reading {
    const struct vp_topology *topology;
    struct vp_placement *placement;
    bool lost; /* this machine does not have all of it */
};

/* Of a set only what can be used. */
static bool parse_set(struct reading *reading, json_object *value, hwloc_bitmap_t *ret_set)
{
    vp_autobitmap set = NULL;
    if (!vp_entry_json_set(value, &set))
        return false;
    (void)hwloc_bitmap_and(set, set, reading->topology->allowed);
    reading->lost = reading->lost || hwloc_bitmap_iszero(set);
    *ret_set = vp_take(&set);
    return true;
}

static bool parse_sets(struct reading *reading, json_object *array, unsigned *ret_n,
                       hwloc_bitmap_t **ret_sets)
{
    const size_t n = array != NULL ? json_object_array_length(array) : SIZE_MAX;
    if (n > VP_TOPOLOGY_CPUS_MAX)
        return false;
    *ret_sets = vp_alloc(n, sizeof((*ret_sets)[0]));
    for (*ret_n = 0; *ret_n < n; (*ret_n)++) {
        json_object *value = json_object_array_get_idx(array, *ret_n);
        hwloc_bitmap_t *set = &(*ret_sets)[*ret_n];
        if (value != NULL ? !parse_set(reading, value, set) : *ret_n == 0)
            return false;
        if (value == NULL && (*set = hwloc_bitmap_dup((*ret_sets)[*ret_n - 1])) == NULL)
            vp_oom();
    }
    return true;
}

/* Index of a node by Linux' number; 0 and lost where it is gone. */
static unsigned find_node(struct reading *reading, uint64_t os)
{
    for (unsigned i = 0; i < reading->topology->n_nodes; i++)
        if (reading->topology->nodes[i].os == os)
            return i;
    reading->lost = true;
    return 0;
}

static int find_size(struct reading *reading, uint64_t page_kib)
{
    if (page_kib == 0)
        return -1;
    for (unsigned i = 0; i < reading->topology->n_sizes; i++)
        if (reading->topology->sizes[i] == page_kib)
            return (int)i;
    reading->lost = true;
    return -1;
}

static bool parse_cell(struct reading *reading, json_object *array, struct vp_guest_cell *cell)
{
    uint64_t numbers[CELL_VCPUS];
    vp_autobitmap vcpus = NULL;
    if (array == NULL)
        return false;
    for (unsigned i = 0; i < CELL_VCPUS; i++)
        if (!vp_entry_json_number(json_object_array_get_idx(array, i), VP_ENTRY_KIB_MAX, &numbers[i]))
            return false;
    if (!vp_entry_json_set(json_object_array_get_idx(array, CELL_VCPUS), &vcpus) ||
        hwloc_bitmap_last(vcpus) >= (int)reading->placement->n_vcpus)
        return false;
    *cell = (struct vp_guest_cell){
        .node = find_node(reading, numbers[CELL_NODE]),
        .memory_node = find_node(reading, numbers[CELL_MEMORY_NODE]),
        .n = (unsigned)hwloc_bitmap_weight(vcpus),
        .memory_kib = numbers[CELL_KIB],
        .page_kib = numbers[CELL_PAGE],
        .size = find_size(reading, numbers[CELL_PAGE]),
    };
    cell->vcpus = vp_take(&vcpus);
    return true;
}

static bool parse_cells(struct reading *reading, json_object *array)
{
    struct vp_placement *placement = reading->placement;
    const size_t n = array != NULL ? json_object_array_length(array) : 0;
    if (n == 0 || n > VP_TOPOLOGY_CPUS_MAX)
        return false;
    placement->cells = vp_alloc(n, sizeof(placement->cells[0]));
    for (placement->n_cells = 0; placement->n_cells < n; placement->n_cells++)
        if (!parse_cell(reading, vp_entry_json_at(array, placement->n_cells, json_type_array),
                        &placement->cells[placement->n_cells]))
            return false;
    return true;
}

/* One set for each cell, unless the guest has CPUs of its own. */
static bool parse_scopes(struct reading *reading, json_object *array)
{
    struct vp_placement *placement = reading->placement;
    unsigned n = 0;
    if (placement->policy == VP_POLICY_DEDICATED)
        return true;
    hwloc_bitmap_t *sets = NULL;
    const bool good = parse_sets(reading, array, &n, &sets) && n == placement->n_cells;
    if (good) {
        placement->scopes = sets;
        return true;
    }
    for (unsigned i = 0; i < n; i++)
        hwloc_bitmap_free(sets[i]);
    free(sets);
    return false;
}

static bool parse_choices(json_object *object, struct vp_placement *placement)
{
    unsigned policy = 0;
    unsigned threads = 0;
    if (!vp_entry_json_choice(vp_entry_json_get(object, "policy", json_type_string), vp_policy_names,
                              VP_POLICY_N_, &policy) ||
        !vp_entry_json_choice(vp_entry_json_get(object, "threads", json_type_string), vp_threads_names,
                              VP_THREADS_N_, &threads))
        return false;
    placement->policy = (enum vp_policy)policy;
    placement->threads = (enum vp_threads)threads;
    placement->own_emulator = vp_entry_json_get(object, "own_emulator", json_type_boolean) != NULL;
    placement->own_iothreads = vp_entry_json_get(object, "own_iothreads", json_type_boolean) != NULL;
    placement->confirmed = vp_entry_json_get(object, "confirmed", json_type_boolean) != NULL;
    placement->spread = vp_entry_json_get(object, "spread", json_type_boolean) != NULL;
    return true;
}

static void parse_reasons(json_object *array, struct vp_placement *placement)
{
    const size_t n = array != NULL ? json_object_array_length(array) : 0;
    for (size_t i = 0; i < n; i++) {
        const char *text = vp_entry_json_text(vp_entry_json_at(array, i, json_type_string));
        if (text == NULL)
            continue;
        vp_grow(&placement->reasons, placement->n_reasons, &placement->cap_reasons,
                sizeof(placement->reasons[0]));
        placement->reasons[placement->n_reasons++] = vp_strdup(text);
    }
}

static bool parse_owned(struct reading *reading, json_object *value)
{
    vp_autobitmap all = NULL;
    if (!vp_entry_json_set(value, &all))
        return false;
    reading->lost = reading->lost || !hwloc_bitmap_isincluded(all, reading->topology->allowed);
    reading->placement->owned = vp_take(&all);
    (void)hwloc_bitmap_and(reading->placement->owned, reading->placement->owned, reading->topology->allowed);
    return true;
}

static bool parse_all(struct reading *reading, json_object *object)
{
    struct vp_placement *placement = reading->placement;
    json_object *overhead = vp_entry_json_get(object, "overhead_kib", json_type_int);
    return parse_choices(object, placement) &&
           parse_sets(reading, vp_entry_json_get(object, "vcpus", json_type_array), &placement->n_vcpus,
                      &placement->vcpus) &&
           placement->n_vcpus > 0 &&
           parse_sets(reading, vp_entry_json_get(object, "iothreads", json_type_array),
                      &placement->n_iothreads, &placement->iothreads) &&
           parse_set(reading, vp_entry_json_get(object, "emulator", json_type_string),
                     &placement->emulator) &&
           parse_owned(reading, vp_entry_json_get(object, "owned", json_type_string)) &&
           parse_cells(reading, vp_entry_json_get(object, "cells", json_type_array)) &&
           parse_scopes(reading, vp_entry_json_get(object, "scopes", json_type_array)) &&
           vp_entry_json_number(overhead, VP_ENTRY_KIB_MAX, &placement->overhead_kib);
}

/* Memory where the machine still has the node, else anywhere: the guest has it, wherever it was moved. */
static void keep_memory(json_object *cells, const struct vp_topology *topology, struct vp_entry *entry)
{
    for (size_t i = 0; i < json_object_array_length(cells); i++) {
        json_object *cell = json_object_array_get_idx(cells, i);
        struct reading reading = {.topology = topology};
        uint64_t node = 0;
        uint64_t kib = 0;
        uint64_t page_kib = 0;
        (void)vp_entry_json_number(json_object_array_get_idx(cell, CELL_MEMORY_NODE), INT_MAX, &node);
        (void)vp_entry_json_number(json_object_array_get_idx(cell, CELL_KIB), VP_ENTRY_KIB_MAX, &kib);
        (void)vp_entry_json_number(json_object_array_get_idx(cell, CELL_PAGE), VP_ENTRY_KIB_MAX, &page_kib);
        (void)find_node(&reading, node);
        vp_entry_add_memory(entry, reading.lost ? -1 : (int)node, page_kib, kib);
    }
}

bool vp_entry_placement_parse(json_object *object, const struct vp_topology *topology, struct vp_entry *entry)
{
    if (topology == NULL) {
        entry->partial = true;
        return true;
    }
    vp_autoplacement placement = vp_alloc(1, sizeof(*placement));
    struct reading reading = {.topology = topology, .placement = placement};
    if (!parse_all(&reading, object))
        return false;
    parse_reasons(vp_entry_json_get(object, "reasons", json_type_array), placement);
    if (!reading.lost) {
        vp_entry_set_placement(entry, vp_take(&placement));
        return true;
    }
    if (!hwloc_bitmap_iszero(placement->owned)) {
        hwloc_bitmap_free(entry->pinned);
        entry->pinned = vp_take(&placement->owned);
    }
    keep_memory(vp_entry_json_get(object, "cells", json_type_array), topology, entry);
    vp_entry_add_memory(entry, -1, 0, placement->overhead_kib);
    return true;
}
