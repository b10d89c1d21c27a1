/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/machine.h"

/* Guests by chance, the same ones on every run. */

#define MIX_CELLS 4

/* xorshift64 */
uint64_t mix_next(uint64_t *state);

/* A demand, and all that it borrows. */
struct mix {
    struct vp_demand demand;
    struct vp_demand_cell cells[MIX_CELLS];
    hwloc_bitmap_t vcpus[MIX_CELLS];
    hwloc_bitmap_t within, near;
};
/* @memory_kib: of a guest of one vCPU, about */
void mix_open(struct mix *mix, const struct vp_topology *topology, uint64_t memory_kib, uint64_t *state);
void mix_close(struct mix *mix);
#define MIX VP_CLEANUP(mix_close) struct mix
