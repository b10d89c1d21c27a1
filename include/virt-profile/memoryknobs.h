/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "planner.h"

/* What the files of the memory area share: the table is in memory.c. */

/* Planners of the rows of vp_knobs_memory. */
typedef int vp_memory_plan(struct vp_planning *planning, const struct vp_setting *setting,
                           struct vp_error **err);
vp_memory_plan vp_memory_plan_hugepages, vp_memory_plan_source, vp_memory_plan_access,
    vp_memory_plan_allocation;
vp_memory_plan vp_memory_plan_ksm;
vp_memory_plan vp_memory_plan_locked, vp_memory_plan_hard_limit, vp_memory_plan_soft_limit;
vp_memory_plan vp_memory_plan_swap_hard_limit, vp_memory_plan_min_guarantee;
vp_memory_plan vp_memory_plan_balloon, vp_memory_plan_autodeflate, vp_memory_plan_free_page_reporting;

/* Choices of the rows, in the order of the planners' enums. */
extern const char *const vp_memory_hugepages[], *const vp_memory_sources[], *const vp_memory_accesses[];
extern const char *const vp_memory_allocations[], *const vp_memory_unlimited[];

/**
 * The sizes of pages that memory.hugepages lets the guest have, the preferred first, whatever the host has.
 * @ret_pages: in KiB; 0, always the last, for ordinary memory
 * Returns how many, at most `most`; none where memory.hugepages is not set or decides nothing
 */
size_t vp_memory_allowed_pages(const struct vp_planning *planning, uint64_t *ret_pages, size_t most);
