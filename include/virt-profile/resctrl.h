/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "topology.h"

/*
 * What the kernel's resctrl gives out of the last-level (level 3) caches and the memory bandwidth behind
 * them:
 * /sys/fs/resctrl, Documentation/arch/x86/resctrl.rst.
 */

/* A last-level cache, as the kernel and libvirt number it. */
struct vp_llc {
    unsigned id;
    uint64_t bytes;
};
#define VP_LLCS_MAX 64

/* Parts of a cache are ways. Code and data of one have ways of their own where the host was told so (CDP). */
struct vp_resctrl_part {
    const char *type; /* as libvirt names it: "both", "code", "data" */
    unsigned ways;    /* of the whole cache */
    unsigned least;   /* ways that a share has at least */
};

struct vp_resctrl {
    char *schemata;                  /* owned; what everybody who has no share of his own may use */
    struct vp_resctrl_part parts[2]; /* "both", or "code" and "data" */
    unsigned n_parts;                /* 0: caches are not given out */
    unsigned bandwidth_step;         /* percent; 0: bandwidth is not given out */
    unsigned bandwidth_least;        /* percent */
};

/**
 * Read what the host gives out.
 * Returns 0 with nothing given out where it has no resctrl, or where that is not mounted
 */
int vp_resctrl_read(const struct vp_root *root, struct vp_resctrl *ret_resctrl, struct vp_error **err);
void vp_resctrl_done(struct vp_resctrl *resctrl);

/**
 * The last-level caches of CPUs, each once.
 * @ret_caches: room for VP_LLCS_MAX
 * Returns their number, -ENOENT where a CPU has none or the host does not say, or -E2BIG
 * Source: /sys/devices/system/cpu/cpuN/cache/indexN
 */
int vp_resctrl_caches(const struct vp_root *root, hwloc_const_bitmap_t cpus, struct vp_llc *ret_caches,
                      struct vp_error **err);

/* Neighbouring ways of a cache that are only for shares: libvirt takes each from there. */
unsigned vp_resctrl_room(const struct vp_resctrl *resctrl, const struct vp_resctrl_part *part,
                         unsigned cache);

/*
 * Does the host count bandwidth in percent? AMD's counts eighths of a GB/s, and then whoever has no share has
 * more than 100.
 */
bool vp_resctrl_is_percent(const struct vp_resctrl *resctrl);
