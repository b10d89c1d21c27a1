/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fleet.h"

/* What a CPU is for. */
enum vp_use {
    VP_USE_FREE,
    VP_USE_ISOLATED, /* and free */
    VP_USE_HOUSEKEEPING,
    VP_USE_FLOATING, /* of guests that are not dedicated */
    VP_USE_PINNED,   /* a guest without a place is pinned to it */
    VP_USE_GUEST,    /* one guest owns it */
    VP_USE_FORBIDDEN,
    VP_USE_N_
};
extern const char *const vp_use_names[VP_USE_N_];

/* A host with guests on it, to be drawn. */
struct vp_map {
    const struct vp_cli *cli;
    const struct vp_fleet *fleet;
    enum vp_use *uses; /* of each CPU, by index */
    size_t *owners;    /* index of the guest where it is VP_USE_GUEST */
};

/* To standard output, as wide as the terminal. */
void vp_map_text(const struct vp_map *map);
/* An SVG document to standard output. */
void vp_map_svg(const struct vp_map *map);

/* The sockets that a node has CPUs in. Owned. */
hwloc_bitmap_t vp_map_sockets(const struct vp_map *map, unsigned node) VP_MUST_USE;
/* "socket 0", "sockets 0-1", "memory only"; owned. */
char *vp_map_sockets_title(const struct vp_map *map, unsigned node) VP_MUST_USE;
/* "node 0: 64G, 48G free"; owned. */
char *vp_map_node_title(const struct vp_map *map, unsigned node) VP_MUST_USE;
/* "32 CPUs, 16 cores, 4 last-level caches, 2 nodes, 2 sockets"; owned. */
char *vp_map_counts(const struct vp_map *map) VP_MUST_USE;
/* "db1: dedicated, 4 vCPUs, 16G on node 0, CPUs 2-5", or why it does not fit, or where it is
 * pinned to; escaped, owned. */
char *vp_map_guest(const struct vp_map *map, const struct vp_fleet_guest *guest) VP_MUST_USE;
