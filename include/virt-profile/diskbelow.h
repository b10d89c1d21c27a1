/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "planner.h"

/* A device of the host that hard disks of the guest lie on. */
struct vp_below {
    char *device; /* owned; its name in /sys/block */
    char *disks;  /* owned; "vda, vdb" */
};

struct vp_belows {
    struct vp_below *items;
    size_t n, cap;
};
void vp_belows_done(struct vp_belows *belows);

/* Which of the devices, of those that lie on each other, is meant. */
enum vp_below_what {
    VP_BELOW_DISKS,  /* whole disks */
    VP_BELOW_QUEUES, /* those whose queues order the requests: whole disks, or the paths to them */
    VP_BELOW_TOPS,   /* those that the guest's requests go to first, where they can be counted */
    VP_BELOW_CACHES, /* those that the host's page cache reads from; nothing for disks that go past it */
};

/**
 * Find them for all hard disks, each once, in the order of the definition. A disk without one is noted as
 * skipped, with why.
 * @ret_belows: always set; empty where the guest has no such disk or the host is only a description
 */
void vp_below_read(struct vp_planning *planning, const struct vp_setting *setting, enum vp_below_what what,
                   struct vp_belows *ret_belows);

/* The file or block device of the host that a disk's <source> names; NULL where it names none. Borrowed. */
const char *vp_disk_path(const vp_node *disk);

/* The type of the file system that a path is on, "ext4"; NULL where it is not known. Owned. */
char *vp_disk_filesystem(const struct vp_root *root, const char *path) VP_MUST_USE;

/* Is the host's root file system on it? @device: as of VP_BELOW_DISKS or VP_BELOW_QUEUES */
bool vp_below_holds_root(const struct vp_root *root, const char *device);

/* The value of a file in /sys/block/DEVICE/queue, of several choices the chosen one; NULL: none. Owned. */
char *vp_queue_value(const struct vp_root *root, const char *device, const char *name) VP_MUST_USE;
/* Is it a disk with heads that move? Of virtio and Xen disks nobody knows: no. */
bool vp_queue_rotates(const struct vp_root *root, const char *device);
