/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "placement.h"

/* vCPUs and memory that stay together: a cell that the definition has, or the whole guest. */
struct vp_part {
    hwloc_const_bitmap_t vcpus; /* NULL: all */
    unsigned n;
    uint64_t memory_kib, page_kib;
    int size;
    hwloc_const_bitmap_t within; /* NULL: anywhere */
};

/* One attempt to place a guest: which memory, which CPUs, and what that leaves on each node. */
struct vp_search {
    const struct vp_topology *topology;
    const struct vp_occupied *occupied;
    const struct vp_demand *demand;
    uint64_t page_kib; /* 0: ordinary memory */
    int size;          /* index, -1: ordinary memory */
    uint64_t units;    /* memory in pieces that cannot be split */
    uint64_t unit_kib;
    struct vp_part *parts; /* at least one */
    size_t n_parts;
    unsigned step;      /* vCPUs that stay together */
    unsigned n_helpers; /* threads of the emulator with a CPU of their own */
    bool loose;         /* memory need not be where CPUs are */

    hwloc_bitmap_t usable; /* CPUs to take from: free ones for dedicated guests, the pool for others */
    hwloc_bitmap_t base;   /* floating guests: the pool without dedicated guests */
    unsigned *core_free;   /* per core: usable CPUs */
    unsigned *core_units;  /* per core: vCPUs that it takes */
    unsigned *cache_units; /* per cache */
    unsigned *node_units;  /* per node */
    unsigned *home;        /* per node: where memory for its CPUs comes from, UINT_MAX: nowhere */
    uint64_t *node_memory; /* per node: units of memory that its CPUs could use */
    unsigned *capacity;    /* per node: vCPUs, with their part of memory */

    /* Result. */
    unsigned n_chosen, *chosen; /* nodes by index */
    unsigned *share;            /* vCPUs on each chosen node */
    unsigned *seats;            /* node of each part, where the parts are the definition's cells */
    unsigned helper_node;       /* with room for the helpers */
    uint64_t cost;              /* distances between the chosen nodes, summed */
};

/* Where CPUs of a node get memory from when it may come from the nodes `within`; UINT_MAX: nowhere. */
unsigned vp_home_within(const struct vp_topology *topology, hwloc_const_bitmap_t within, unsigned node);

/* How good a node is for a guest that fits it; less is better, the first that differs decides. */
struct vp_rank {
    uint64_t keys[5];
};

/* Cores that were picked on a node, in order. */
struct vp_pick {
    unsigned core, from, n; /* n CPUs of the usable ones, from that one on */
};
struct vp_picks {
    struct vp_pick *items;
    unsigned n;
    unsigned n_caches, opened; /* last-level caches touched; of them those that were free and whole */
};

void vp_search_free(struct vp_search *search);
static inline void vp_search_free_ptr(struct vp_search **search)
{
    vp_search_free(*search);
}
#define vp_autosearch VP_CLEANUP(vp_search_free_ptr) struct vp_search *

/**
 * @page_kib, @size: the memory to try; the demand's amount is whole pages of it
 * @usable: given away; CPUs to take from
 */
struct vp_search *vp_search_new(const struct vp_occupied *occupied, const struct vp_demand *demand,
                                uint64_t page_kib, int size, hwloc_bitmap_t usable) VP_MUST_USE;

/* Choose nodes and their shares, as few and as near as there are. False when the guest does not fit. */
bool vp_search_nodes(struct vp_search *search);
/* The same with memory wherever it is, for a guest that is not told of nodes. */
bool vp_search_loose(struct vp_search *search);
/* placement_cells.c: the same for a guest that has cells and that no node holds. */
bool vp_search_cells(struct vp_search *search);
/* What helpers of the emulator cost on one node at most, in vCPUs: threads beside vCPUs or each other, whole
 * cores for a guest that wants its cores for itself. */
unsigned vp_search_helper_cost(const struct vp_search *search);

/* placement_cores.c: dedicated CPUs. False when `n` vCPUs and `helpers` do not fit the node. `taken`
 * has a flag for each core. */
void vp_picks_done(struct vp_picks *picks);
bool vp_pick_vcpus(const struct vp_search *search, unsigned node, unsigned n, bool *taken,
                   struct vp_picks *ret_picks);
/* CPUs for helpers, on a node where `vcpus` were picked for the same guest. */
bool vp_pick_helpers(const struct vp_search *search, unsigned node, unsigned n, const struct vp_picks *vcpus,
                     bool *taken, struct vp_picks *ret_picks);
/* The CPUs of a pick that are used; added to `set`. */
void vp_pick_cpus(const struct vp_search *search, const struct vp_pick *pick, hwloc_bitmap_t set);

/* placement_float.c: CPUs that a floating guest gets on a node, one cache where it fits, and how good
 * that is. */
hwloc_bitmap_t vp_float_scope(const struct vp_search *search, unsigned node, unsigned n,
                              struct vp_rank *ret_rank) VP_MUST_USE;

/* Distance of a node to the guest's devices, summed. */
uint64_t vp_search_device_distance(const struct vp_search *search, unsigned node);

/* placement_build.c: a placement out of a search that found nodes. */
int vp_search_build(const struct vp_search *search, struct vp_placement **ret_placement,
                    struct vp_error **err);
/* Emulator and iothreads on housekeeping CPUs near the cells, where they have none of their own. */
int vp_placement_housekeep(struct vp_placement *placement, const struct vp_occupied *occupied,
                           const struct vp_demand *demand, struct vp_error **err);
struct vp_placement *vp_placement_new(const struct vp_demand *demand, unsigned n_cells) VP_MUST_USE;

/* placement_keep.c: the place that the guest had before; -EBUSY when it is not to be had. */
int vp_placement_confirm(const struct vp_occupied *occupied, const struct vp_demand *demand,
                         struct vp_placement **ret_placement);
/* placement_share.c: memory that is not bound, in pieces near the nodes chosen for CPUs. */
struct vp_piece {
    unsigned node;
    const struct vp_part *part; /* borrowed from the search */
    uint64_t kib;
};
struct vp_pieces {
    struct vp_piece *items;
    size_t n, cap;
};
void vp_pieces_done(struct vp_pieces *pieces);
/* False when all nodes together have too little. */
bool vp_search_pieces(const struct vp_search *search, struct vp_pieces *ret_pieces);
/* Is there a CPU and the memory for a shared guest? */
bool vp_search_share(struct vp_search *search);
int vp_placement_share(const struct vp_search *search, struct vp_placement **ret_placement,
                       struct vp_error **err);

/* CPUs that the guest may be given: free ones of its own, or the pool. */
hwloc_bitmap_t vp_placement_usable(const struct vp_occupied *occupied,
                                   const struct vp_demand *demand) VP_MUST_USE;

/* placement_why.c */
/* "2M", or "ordinary" for 0; owned. */
char *vp_page_text(uint64_t kib) VP_MUST_USE;
/* What decided about nodes, caches and cores. */
void vp_search_explain(const struct vp_search *search, struct vp_placement *placement);
/* What is short; the search is the last that was tried. */
int vp_search_fail(const struct vp_search *search, struct vp_error **err);
