/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "json.h"
#include "placement.h"

/*
 * Where a guest is, in words and as JSON. Everything is in the numbers of the operating system, caches
 * aside.
 */

/* "2-5 10", a word for each stretch of sets on rising CPUs; "0-7×4" for four that float. Owned. */
char *vp_placed_sets(hwloc_bitmap_t *sets, unsigned n) VP_MUST_USE;
/* Lists of nodes, those of CPUs and memory, and of last-level caches of vCPUs. Owned. */
char *vp_placed_nodes(const struct vp_topology *topology, const struct vp_placement *placement) VP_MUST_USE;
char *vp_placed_caches(const struct vp_topology *topology, const struct vp_placement *placement) VP_MUST_USE;
/* Of all cells. */
uint64_t vp_placed_kib(const struct vp_placement *placement);
/* "8G on node 0, 8G on node 1", "8G on any node" for a shared guest; owned. */
char *vp_placed_memory(const struct vp_topology *topology, const struct vp_placement *placement) VP_MUST_USE;
/* "1G", "ordinary", "1G, 2M" where cells differ; owned. */
char *vp_placed_pages(const struct vp_placement *placement) VP_MUST_USE;

/* All of it. */
json_object *vp_placed_json(const struct vp_topology *topology,
                            const struct vp_placement *placement) VP_MUST_USE;
/* Add a member that is a list like "0-3,8"; NULL adds null. */
void vp_placed_add_set(json_object *object, const char *key, hwloc_const_bitmap_t set);
