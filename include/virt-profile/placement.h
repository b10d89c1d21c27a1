/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "occupied.h"

/* Where a guest's threads may run. */
enum vp_policy {
    VP_POLICY_DEDICATED, /* each vCPU on a CPU of its own */
    VP_POLICY_NODE,      /* floating inside one NUMA node or last-level cache */
    VP_POLICY_SHARED,    /* floating on all CPUs that are not dedicated */
    VP_POLICY_N_
};
extern const char *const vp_policy_names[VP_POLICY_N_];

/* What a dedicated guest does with the threads of a core. */
enum vp_threads {
    VP_THREADS_SIBLINGS, /* vCPUs side by side on whole cores */
    VP_THREADS_ISOLATE,  /* one vCPU on a core, its other threads stay idle */
    VP_THREADS_ANY,      /* any CPU, also of a core that another guest has a part of */
    VP_THREADS_N_
};
extern const char *const vp_threads_names[VP_THREADS_N_];

/*
 * What may become of a guest that no node holds. Spreading is for a definition that may get no cells: the
 * guest is on several nodes without knowing of them, with memory on others than its CPUs if there is no
 * other way.
 */
enum vp_split {
    VP_SPLIT_CELLS,  /* it gets NUMA cells, or those that it has go to nodes, each whole */
    VP_SPLIT_SPREAD, /* one that has no cells is spread */
    VP_SPLIT_NEVER,  /* it is refused */
};

/* A NUMA cell that the guest's definition has. All of it is borrowed. */
struct vp_demand_cell {
    hwloc_const_bitmap_t vcpus; /* their numbers; none for a cell that is memory alone */
    uint64_t memory_kib;
    bool own_page;               /* its pages are not for the planner to choose: */
    uint64_t page_kib;           /* size, 0 for ordinary memory */
    hwloc_const_bitmap_t within; /* OS numbers of nodes that its memory is bound to; NULL: the demand's */
};

/* What a guest asks for. All of it is borrowed. */
struct vp_demand {
    const char *name; /* for messages */
    enum vp_policy policy;
    enum vp_threads threads;
    unsigned vcpus;         /* the most the guest can have, hot-plugged ones too */
    unsigned guest_threads; /* of a core that the guest sees; 0 is 1 */
    unsigned iothreads;
    bool own_emulator,
        own_iothreads;     /* a CPU for it, for each; else on housekeeping CPUs. Dedicated guests only. */
    uint64_t memory_kib;   /* with cells their sum */
    uint64_t overhead_kib; /* of ordinary memory for QEMU itself */
    const uint64_t *pages; /* sizes in KiB, the preferred one first, 0 for ordinary memory; NULL: ordinary */
    size_t n_pages;
    bool grow_pools; /* huge pages may be reserved from free memory */
    enum vp_split split;
    const struct vp_demand_cell *cells; /* each vCPU is in one of them; NULL: the definition has none */
    size_t n_cells;
    /*
     * OS numbers of nodes that its memory is bound to already, in a definition that is not to change: CPUs
     * come from these nodes if they have room at all, else from the nearest. NULL: anywhere.
     */
    hwloc_const_bitmap_t within;
    hwloc_const_bitmap_t near;          /* OS numbers of the nodes of its devices; NULL: none */
    const struct vp_placement *earlier; /* where it was before; taken again when still free; NULL: nowhere */
};

/*
 * A part of a guest: vCPUs and memory that go together, a NUMA cell of the guest where it has or gets some.
 * A shared guest's memory is bound nowhere: its cells say where it is counted, and each has all vCPUs. A cell
 * without vCPUs is memory alone.
 */
struct vp_guest_cell {
    unsigned node,
        memory_node;      /* indexes; differ where the CPUs' node has no memory, or none that is allowed */
    hwloc_bitmap_t vcpus; /* their numbers */
    unsigned n;           /* how many these are */
    uint64_t memory_kib;
    uint64_t page_kib; /* 0: ordinary memory */
    int size;          /* index of page_kib, -1 for ordinary memory */
};

/* Where a guest goes. Sets are in OS numbering and owned. */
struct vp_placement {
    enum vp_policy policy;
    enum vp_threads threads;
    bool own_emulator, own_iothreads, confirmed;
    bool spread; /* cells that the guest does not see: bind its memory to the nodes of all, or to none */
    unsigned n_vcpus, n_iothreads, n_cells;
    hwloc_bitmap_t *vcpus, *iothreads; /* one set each */
    hwloc_bitmap_t emulator;
    hwloc_bitmap_t owned; /* dedicated CPUs, idle siblings and those of own threads too */
    hwloc_bitmap_t
        *scopes; /* floating: what each cell may use once dedicated guests leave; NULL for dedicated */
    struct vp_guest_cell *cells; /* at least one; where the demand has cells, one for each in their order */
    uint64_t overhead_kib;       /* on the memory node of the first cell */
    char **reasons;              /* sentences, in the order of decision */
    size_t n_reasons, cap_reasons;
};

/**
 * Choose a place. Looks at nothing but its arguments, changes none of them, and gives the same place for
 * the same input.
 * Order of choice: fits CPUs and memory; fewest nodes, smallest distance; close to devices; fewest last-
 * level caches, whole
 * free caches left to the next; whole cores, guest siblings on host siblings; lowest number.
 * Where the host has them, isolated CPUs and the fastest kind of core come first, but never for more nodes.
 * Cells that the definition has go on one node together, else each whole on as few and near nodes as there
 * are; of many cells the best found after a bounded number of attempts.
 * Returns 0, -EINVAL (what is asked for makes no sense), -ENOSPC (what is short, by how much, and on which
 * node)
 */
int vp_placement_plan(const struct vp_occupied *occupied, const struct vp_demand *demand,
                      struct vp_placement **ret_placement, struct vp_error **err);
struct vp_placement *vp_placement_copy(const struct vp_placement *placement) VP_MUST_USE; /* owned */
/* Add a reason. */
void vp_placement_say(struct vp_placement *placement, const char *fmt, ...) VP_PRINTF(2, 3);
void vp_placement_free(struct vp_placement *placement); /* NULL is fine */
static inline void vp_placement_free_ptr(struct vp_placement **placement)
{
    vp_placement_free(*placement);
}
#define vp_autoplacement VP_CLEANUP(vp_placement_free_ptr) struct vp_placement *

/*
 * The CPUs that no guest owns, without isolated ones: where shared guests float. Housekeeping CPUs only where
 * no other
 * is left. Owned.
 */
hwloc_bitmap_t vp_placement_pool(const struct vp_occupied *occupied) VP_MUST_USE;
