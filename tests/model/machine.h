/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fake.h"
#include "placement.h"

/* A synthetic machine, and what is taken of it. */
struct machine {
    struct fake fake;
    struct vp_topology *topology;
    struct vp_occupied *occupied;
};

/* @housekeeping: NULL for the default */
void machine_open(struct machine *machine, const char *where, const char *housekeeping);
void machine_close(struct machine *machine);
#define MACHINE VP_CLEANUP(machine_close) struct machine

/* Fails unless all that a placement promises holds on the machine as it is before the guest is added. */
void machine_check(const struct machine *machine, const struct vp_demand *demand,
                   const struct vp_placement *placement);
/* "0 1 2 | emulator 0 | iothreads 3 | node 0: 2 vCPUs, 4G | owned 1-3", sets of vCPUs one after another. Owned. */
char *machine_text(const struct machine *machine, const struct vp_placement *placement);

/* Plan and check; the guest must fit. */
struct vp_placement *machine_plan(const struct machine *machine, const struct vp_demand *demand);
/* Is this its text? */
void machine_is(const struct machine *machine, const struct vp_placement *placement, const char *want);

/**
 * Could a guest with no threads but vCPUs get one node, and one last-level cache of it? Counted apart from
 * the planner, and of these CPUs only.
 */
void machine_room(const struct machine *machine, const struct vp_demand *demand, hwloc_const_bitmap_t from,
                  bool *ret_node, bool *ret_cache);
/* Last-level caches that its vCPUs are in. */
unsigned machine_caches(const struct machine *machine, const struct vp_placement *placement);
/* Nodes that its vCPUs are on. */
unsigned machine_nodes(const struct machine *machine, const struct vp_placement *placement);
