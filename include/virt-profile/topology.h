/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <hwloc.h>

#include "host.h"

/* As many CPUs as Linux can have (NR_CPUS on x86). */
#define VP_TOPOLOGY_CPUS_MAX 8192

/* Sizes of huge pages of one machine. */
#define VP_TOPOLOGY_SIZES_MAX 16

/*
 * The machine as arrays. All but `os` are indexes into them. CPUs are sorted by node, cache, core and OS
 * index, cores, caches
 * and nodes likewise, so that whatever belongs together is one stretch `first`, `n`.
 */
struct vp_cpu {
    unsigned os; /* Linux' number */
    unsigned core, cache, node;
    unsigned package; /* 0, 1, … */
    unsigned kind;    /* a higher kind is faster where hwloc can rank them */
    bool allowed;     /* may be used: online and in this process' cpuset */
    bool isolated;    /* isolcpus: the scheduler moves nothing there */
};

struct vp_core {
    unsigned first, n; /* cpus */
    unsigned n_allowed;
    unsigned cache, node, kind;
};

/* A last-level cache, or the part of it in one node; all of a node where no cache is shared by cores. */
struct vp_cache {
    unsigned first, n; /* cores */
    unsigned node;
};

struct vp_node {
    unsigned os;
    unsigned first, n; /* caches; n is 0 for a node without CPUs */
    unsigned home;     /* where memory for its CPUs is: itself, or without memory the nearest that has some */
    hwloc_bitmap_t cpus;                   /* of its CPUs that are allowed */
    uint64_t memory_kib;                   /* all of it, huge pages included */
    uint64_t ordinary_kib;                 /* without the pools of huge pages */
    uint64_t pages[VP_TOPOLOGY_SIZES_MAX]; /* in the pool of each size, free or not */
};

struct vp_topology {
    struct vp_cpu *cpus;
    struct vp_core *cores;
    struct vp_cache *caches;
    struct vp_node *nodes; /* by OS index */
    unsigned n_cpus, n_cores, n_caches, n_nodes, n_packages, n_kinds;
    unsigned threads;                      /* allowed CPUs of the core that has most */
    unsigned *distances;                   /* n_nodes × n_nodes; 10 is local */
    uint64_t sizes[VP_TOPOLOGY_SIZES_MAX]; /* huge pages in KiB, rising */
    unsigned n_sizes;
    hwloc_bitmap_t allowed, isolated; /* OS numbering; isolated ones are allowed ones */
    int *by_os;                       /* index of a CPU, -1 where there is none online */
    unsigned n_by_os;
};

/**
 * Read the machine. Offline CPUs are not in it. Where it does not say distances, 10 is the same node, 12
 * the same package
 * and 20 any other.
 * Returns 0, -E2BIG (over VP_TOPOLOGY_CPUS_MAX), -ENODEV (no CPU is allowed), or what vp_host_topology()
 * gives
 * Source: hwloc; isolated CPUs: vp_host_isolated().
 */
int vp_topology_read(struct vp_host *host, struct vp_topology **ret_topology, struct vp_error **err);
void vp_topology_free(struct vp_topology *topology); /* NULL is fine */
static inline void vp_topology_free_ptr(struct vp_topology **topology)
{
    vp_topology_free(*topology);
}
#define vp_autotopology VP_CLEANUP(vp_topology_free_ptr) struct vp_topology *

static inline void vp_bitmap_free_ptr(hwloc_bitmap_t *set)
{
    hwloc_bitmap_free(*set);
}
#define vp_autobitmap VP_CLEANUP(vp_bitmap_free_ptr) hwloc_bitmap_t

hwloc_bitmap_t vp_bitmap_new(void) VP_MUST_USE; /* empty */
hwloc_bitmap_t vp_bitmap_copy(hwloc_const_bitmap_t set) VP_MUST_USE;
/* A list like "0-3,8"; owned. */
char *vp_bitmap_text(hwloc_const_bitmap_t set) VP_MUST_USE;

/**
 * Read a list like "0-3,8", white space around it allowed, an empty one too.
 * @what: its name for the message
 * Returns 0, -EINVAL, -ERANGE (a number from VP_TOPOLOGY_CPUS_MAX on)
 */
int vp_bitmap_parse(const char *text, const char *what, hwloc_bitmap_t *ret_set, struct vp_error **err);

/* Index of the CPU with this OS number, -1 where there is none online. */
int vp_topology_cpu(const struct vp_topology *topology, unsigned os);
/* Between nodes by index; 10 is local. */
unsigned vp_topology_distance(const struct vp_topology *topology, unsigned a, unsigned b);
/* Add the allowed CPUs of a core. */
void vp_topology_add_core(const struct vp_topology *topology, unsigned core, hwloc_bitmap_t set);

/**
 * The CPUs for the host itself, and for emulator threads: never owned by a guest.
 * @list: in OS numbering; NULL takes the first core of each node, isolated CPUs left out
 * @ret_set: owned; only allowed CPUs
 * Returns 0, or -EINVAL when the list names a CPU that is offline, isolated or not allowed
 */
int vp_topology_housekeeping(const struct vp_topology *topology, const char *list, hwloc_bitmap_t *ret_set,
                             struct vp_error **err);
