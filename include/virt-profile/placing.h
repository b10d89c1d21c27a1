/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "planner.h"

/* Where the guest of a plan goes: asked once for each plan, by the first knob that wants to know. */

/* Choices of cpu.placement and cpu.threads are enum vp_policy and enum vp_threads. */
enum vp_helpers { VP_HELPERS_HOUSEKEEPING, VP_HELPERS_OWN }; /* cpu.emulator, cpu.iothreads */
enum vp_cells { VP_CELLS_AUTO, VP_CELLS_NO };                /* memory.cells */
enum vp_numa { VP_NUMA_STRICT, VP_NUMA_PREFERRED, VP_NUMA_INTERLEAVE, VP_NUMA_RESTRICTIVE }; /* memory.numa */

/**
 * The guest's place, from the planner's placer: by the profile's cpu.* and memory.* settings and what the
 * definition says. To be asked after disk.iothreads and cpu.topology have been planned.
 * @setting: gets a note with the reason where there is no place
 * @ret_placement: borrowed from planning->plan; NULL where cpu.placement is not set, where the planner has no
 *                 placer, and where the guest fits nowhere (planning->plan->unplaced then says why)
 * Returns 0, or an error of the placer other than -ENOSPC
 */
int vp_planning_placement(struct vp_planning *planning, const struct vp_setting *setting,
                          const struct vp_placement **ret_placement, struct vp_error **err);

/* The same with the topology that the placement's indexes are for: both borrowed, or both NULL. */
int vp_planning_placed(struct vp_planning *planning, const struct vp_setting *setting,
                       const struct vp_placement **ret_placement, const struct vp_topology **ret_topology,
                       struct vp_error **err);

/* The first cell of a placement that a vCPU is in. */
const struct vp_guest_cell *vp_placing_cell(const struct vp_placement *placement, unsigned vcpu);
/*
 * The host CPUs that a vCPU's thread is pinned to: also those that dedicated guests have now, if it floats.
 */
hwloc_const_bitmap_t vp_placing_pin(const struct vp_placement *placement, unsigned vcpu);
/* OS numbers of the nodes that the guest's memory is on. Owned. */
hwloc_bitmap_t vp_placing_nodes(const struct vp_placement *placement,
                                const struct vp_topology *topology) VP_MUST_USE;

/**
 * Why memory.cells makes no NUMA cells for this guest where several nodes hold it; NULL when it does.
 * Also where the definition has cells of its own.
 */
const char *vp_placing_no_cells(const struct vp_planning *planning);

/**
 * The place that a stored definition's pins and cells say, where they are of the kind that is asked for.
 * @demand: all but `earlier`
 * Returns NULL where they are not. Owned.
 */
struct vp_placement *vp_placing_earlier(const struct vp_topology *topology, const struct vp_domain *stored,
                                        const struct vp_demand *demand);
