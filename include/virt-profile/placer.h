/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "conf.h"
#include "placement.h"

/*
 * Who gives guests their places: an empty host, or one with guests on it. A planner asks when the first knob
 * wants
 * to know, so that a definition without placement costs nothing.
 */
struct vp_placer {
    /* What the machine has. Borrowed from the placer. */
    int (*topology)(struct vp_placer *placer, const struct vp_topology **ret_topology, struct vp_error **err);
    /* A place for the guest, as vp_placement_plan(). Owned by the caller. */
    int (*place)(struct vp_placer *placer, const struct vp_demand *demand,
                 struct vp_placement **ret_placement, struct vp_error **err);
    void (*free)(struct vp_placer *placer);
};

/**
 * A placer for a host without guests.
 * @host: borrowed; its topology is read when first asked for
 * @conf: borrowed
 */
struct vp_placer *vp_placer_new(struct vp_host *host, const struct vp_conf *conf) VP_MUST_USE;
/**
 * A placer for definitions, which wait: a guest for which there is no room now gets the place that it would
 * have on
 * the host without guests, and a reason that says so. What fits not even there is refused as `now` does.
 * @now: taken
 * @conf: borrowed
 */
struct vp_placer *vp_placer_someday(struct vp_placer *now, const struct vp_conf *conf) VP_MUST_USE;
void vp_placer_free(struct vp_placer *placer); /* NULL is fine */
static inline void vp_placer_free_ptr(struct vp_placer **placer)
{
    vp_placer_free(*placer);
}
#define vp_autoplacer VP_CLEANUP(vp_placer_free_ptr) struct vp_placer *

/**
 * What a host keeps back, by its configuration: housekeeping CPUs and memory of each node.
 * @ret_occupied: owned; borrows topology. Errors as vp_topology_housekeeping(), with the file named.
 */
int vp_occupied_from_conf(const struct vp_topology *topology, const struct vp_conf *conf,
                          struct vp_occupied **ret_occupied, struct vp_error **err);
