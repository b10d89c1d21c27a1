/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "topology.h"

struct vp_placement;

/* Guests that float on the same CPUs. */
struct vp_scope {
    hwloc_bitmap_t cpus; /* owned; those of dedicated guests not yet taken out */
    size_t guests, vcpus;
};

/* What of a machine is taken. Numbers of nodes and CPUs are indexes into the topology, sets are in OS
 * numbering. */
struct vp_occupied {
    const struct vp_topology *topology; /* borrowed */
    hwloc_bitmap_t housekeeping;
    hwloc_bitmap_t dedicated; /* each CPU owned by one guest */
    hwloc_bitmap_t pinned;    /* pinned by someone else: not handed out. The caller sets it. */
    uint64_t *ordinary_kib;   /* taken of each node's memory, without huge pages */
    uint64_t *reserve_kib;    /* of each node's memory, kept for the host. The caller sets it. */
    uint64_t *pages;          /* taken: [node * VP_TOPOLOGY_SIZES_MAX + size] */
    uint64_t *load;           /* of floating guests on each CPU, in thousandths of a vCPU */
    struct vp_scope *scopes;
    size_t n_scopes, cap_scopes;
};

/**
 * @topology: borrowed until it is freed
 * @housekeeping: copied; see vp_topology_housekeeping()
 */
struct vp_occupied *vp_occupied_new(const struct vp_topology *topology,
                                    hwloc_const_bitmap_t housekeeping) VP_MUST_USE;
void vp_occupied_free(struct vp_occupied *occupied); /* NULL is fine */
static inline void vp_occupied_free_ptr(struct vp_occupied **occupied)
{
    vp_occupied_free(*occupied);
}
#define vp_autooccupied VP_CLEANUP(vp_occupied_free_ptr) struct vp_occupied *

/* A placed guest starts, and ends. What is removed must have been added (asserted). */
void vp_occupied_add(struct vp_occupied *occupied, const struct vp_placement *placement);
void vp_occupied_remove(struct vp_occupied *occupied, const struct vp_placement *placement);
/* As vp_occupied_add() for what a file says: CPUs owned already count once; CPUs, nodes and page sizes that
 * the machine has not do not count. Cannot be removed again. */
void vp_occupied_add_loose(struct vp_occupied *occupied, const struct vp_placement *placement);

/* Nothing of any guest left? What the caller sets does not count. */
bool vp_occupied_is_empty(const struct vp_occupied *occupied);

/* Memory of one node, KiB: ordinary at 0, huge pages of size number k at k + 1. */
struct vp_amount {
    uint64_t kib[VP_TOPOLOGY_SIZES_MAX + 1];
};

/**
 * Could a guest get all of this from the node?
 * @grow: pools of huge pages may be enlarged from ordinary memory
 */
bool vp_occupied_fits(const struct vp_occupied *occupied, unsigned node, const struct vp_amount *amount,
                      bool grow);

/**
 * Memory of a node that a guest could still get.
 * @size: index of a huge page size, or -1 for ordinary memory
 * @grow: pools of huge pages may be enlarged from ordinary memory
 * @besides: what it gets already; NULL: nothing
 * Returns KiB, whole pages
 */
uint64_t vp_occupied_free_kib(const struct vp_occupied *occupied, unsigned node, int size, bool grow,
                              const struct vp_amount *besides);
