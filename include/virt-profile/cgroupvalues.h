/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guestlimits.h"

/* A file of a cgroup, and what is to be in it. */
struct vp_cgroupvalue {
    const char *controller; /* "cpu" */
    const char *file;       /* "cpu.max" */
    char *value;            /* owned */
    bool several;           /* one of several lines that are written one by one */
};

/* Those of one controller side by side, in the order to write them. */
struct vp_cgroupvalues {
    struct vp_cgroupvalue *items; /* owned */
    size_t n, cap;
};

/**
 * What limits mean to the kernel, as systemd 252 would set them. AllowedCPUs and AllowedMemoryNodes are left
 * out: where they belong depends on the version. MemoryLow, MemoryHigh and MemorySwapMax are left out on
 * cgroup v1, which has nothing that does the same.
 * @root: where the device of an IO limit is looked up
 * @unified: cgroup v2
 * Returns 0, -EINVAL for a value that is none, or the errno of a device that is not there
 * Source: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1; weights: systemd 252 src/basic/cgroup-util.h
 */
int vp_cgroupvalues_read(const struct vp_root *root, const struct vp_limits *limits, bool unified,
                         struct vp_cgroupvalues *ret_values, struct vp_error **err);
void vp_cgroupvalues_done(struct vp_cgroupvalues *values);
