/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "process.h"
#include "topology.h"
#include "wish.h"

/* The scheduler's calls. A test puts others in their place. */
struct vp_affinity {
    /* Fill in the CPUs a thread may use. Returns 0 or a negative errno. */
    int (*get)(pid_t tid, hwloc_bitmap_t set);
    int (*set)(pid_t tid, hwloc_const_bitmap_t set);
    int (*nice)(pid_t tid, int nice); /* setpriority(2) of one thread */
};

/* Use these from now on, on any root; NULL: the kernel's, and those only on the live host. For tests. */
void vp_affinity_use(const struct vp_affinity *affinity);

/**
 * The CPUs that a thread may use.
 * @ret_set: owned
 * Returns 0, -ESRCH when it is gone, -EROFS for a root that is not the live host
 */
int vp_affinity_get(const struct vp_root *root, pid_t tid, hwloc_bitmap_t *ret_set, struct vp_error **err);

/**
 * Bind a thread to CPUs, and look what came of it: the kernel takes only those that its cgroup allows.
 * @wanted: not all of them need to be allowed now; the rest counts once they are (Linux 6.2)
 * Returns 0, -ESRCH when it is gone, -EINVAL when its cgroup allows none of them, -EBUSY when it was given
 * others than those that are wanted, -EROFS for a root that is not the live host
 */
int vp_affinity_set(const struct vp_root *root, pid_t tid, hwloc_const_bitmap_t wanted,
                    struct vp_error **err);

/**
 * Give a thread a nice value.
 * Returns 0, -ESRCH when it is gone, -EROFS for a root that is not the live host
 */
int vp_affinity_nice(const struct vp_root *root, pid_t tid, int nice, struct vp_error **err);

/*
 * The CPUs of one thread, "PID:START/TID" of a process and its thread, as a list: where no cgroup holds the
 * guest's threads. What another process with those numbers does is left alone.
 */
extern const struct vp_means vp_means_affinity;

/* The target of a thread for that; owned. */
char *vp_affinity_target(const struct vp_process *process, pid_t tid) VP_MUST_USE;
