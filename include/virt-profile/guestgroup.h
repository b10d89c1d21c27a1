/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "process.h"

/* Where cgroups are mounted that can say which CPUs a process may use. */
struct vp_cpusets {
    char *unified;  /* owned; mount point of cgroup v2, NULL: none */
    char *separate; /* owned; mount point of the cpuset hierarchy of cgroup v1, NULL: none */
};

/**
 * Read the mounts.
 * Source: /proc/self/mountinfo, proc(5). Returns 0, or a negative errno where it cannot be read
 */
int vp_cpusets_read(const struct vp_root *root, struct vp_cpusets *ret_cpusets, struct vp_error **err);
void vp_cpusets_done(struct vp_cpusets *cpusets);

/* Does the host have cgroup v2 alone? Its own limits are in the form of cgroup v1 otherwise. */
bool vp_cgroups_are_unified(const struct vp_root *root);

/* The cgroup of a guest in the hierarchy that has its cpusets. */
struct vp_guestgroup {
    bool unified; /* cgroup v2: what a group allows is cut down to what its parent allows */
    char *path;   /* owned; all of the guest: "/sys/fs/cgroup/machine.slice/machine-qemu….scope" */
    char *
        threads; /* owned; where libvirt has "emulator", "vcpu0", "iothread1", …; the same as path, or below it */
};

/**
 * Find the cgroup that libvirt made for a QEMU.
 * Returns 0, or -ENOENT where libvirt made none, or none with cpusets (cgroup_controllers of qemu.conf, or a
 * host without)
 * Source: /proc/PID/cgroup, cgroups(7); libvirt 9.0 puts QEMU's main thread into "emulator"
 * (virCgroupNewThread()).
 */
int vp_guestgroup_read(const struct vp_root *root, const struct vp_cpusets *cpusets, pid_t qemu,
                       struct vp_guestgroup *ret_group, struct vp_error **err);
void vp_guestgroup_done(struct vp_guestgroup *group);
