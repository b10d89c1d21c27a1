/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "placement.h"

static hwloc_bitmap_t copy_set(hwloc_const_bitmap_t from)
{
    hwloc_bitmap_t set = from != NULL ? hwloc_bitmap_dup(from) : NULL;
    if (from != NULL && set == NULL)
        vp_oom();
    return set;
}

static hwloc_bitmap_t *copy_sets(hwloc_bitmap_t *from, unsigned n)
{
    if (from == NULL)
        return NULL;
    hwloc_bitmap_t *sets = vp_alloc(n, sizeof(sets[0]));
    for (unsigned i = 0; i < n; i++)
        sets[i] = copy_set(from[i]);
    return sets;
}

struct vp_placement *vp_placement_copy(const struct vp_placement *placement)
{
    struct vp_placement *copy = vp_alloc(1, sizeof(*copy));
    *copy = *placement;
    copy->vcpus = copy_sets(placement->vcpus, placement->n_vcpus);
    copy->iothreads = copy_sets(placement->iothreads, placement->n_iothreads);
    copy->emulator = copy_set(placement->emulator);
    copy->owned = copy_set(placement->owned);
    copy->scopes = copy_sets(placement->scopes, placement->n_cells);
    copy->cells = vp_alloc(placement->n_cells, sizeof(copy->cells[0]));
    for (unsigned i = 0; i < placement->n_cells; i++) {
        copy->cells[i] = placement->cells[i];
        copy->cells[i].vcpus = copy_set(placement->cells[i].vcpus);
    }
    copy->cap_reasons = placement->n_reasons;
    copy->reasons = vp_alloc(placement->n_reasons, sizeof(copy->reasons[0]));
    for (size_t i = 0; i < placement->n_reasons; i++)
        copy->reasons[i] = vp_strdup(placement->reasons[i]);
    return copy;
}
