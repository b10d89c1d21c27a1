/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "planner.h"

/* A demand for a place, with what it borrows. */
struct vp_placing_demand {
    struct vp_demand demand;
    char *name;
    uint64_t pages[16];
    struct vp_demand_cell *cells;
    size_t n_cells;
    hwloc_bitmap_t within;
};
void vp_placing_demand_done(struct vp_placing_demand *it);

/*
 * Fill in what a demand says of memory: how much, pages, the cells that the definition has, and the nodes
 * that it binds them to where memory.numa does not.
 */
void vp_placing_read_memory(const struct vp_planning *planning, struct vp_placing_demand *it);
