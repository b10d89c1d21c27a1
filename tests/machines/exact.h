/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "placement.h"

/*
 * Can all of these guests run at once? Branch and bound over every way to place them, for small hosts of
 * equal nodes and cores. Where memory is cut, the part of a cell is rounded down: what is found may be a
 * little too good.
 */

#define EXACT_NODES 4
#define EXACT_GUESTS 64

struct exact_host {
    unsigned nodes, cores, threads; /* of a node, of a core; housekeeping left out */
    uint64_t memory_kib;            /* of a node */
};

enum exact { EXACT_NO, EXACT_YES, EXACT_UNKNOWN };

/* @demands: dedicated guests with ordinary memory and no threads of their own but vCPUs, and without cells */
enum exact exact_fits(const struct exact_host *host, const struct vp_demand *demands, unsigned n);
