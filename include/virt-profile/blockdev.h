/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "root.h"

/* A whole disk of the host, below whatever partitions, LVM, RAID or encryption lies on it. */
struct vp_blockdev {
    char name[64]; /* "nvme0n1": in /sys/block */
    unsigned major, minor;
};

/**
 * The disks really below a file or block device: file → file system → partition → dm or md → disk.
 * @path: an image or a block device, as in a definition
 * @ret_disks, @ret_n: owned array, sorted by name, each once; empty for what lies on no disk (tmpfs, NFS,
 * overlay)
 * Returns 0, -ENOENT, …
 * Source: st_dev and st_rdev of stat(2), /sys/dev/block/MAJOR:MINOR, its `slaves` and the folder of a
 * partition;
 * btrfs and others with made-up device numbers by /proc/self/mountinfo.
 */
int vp_blockdev_below(const struct vp_root *root, const char *path, struct vp_blockdev **ret_disks,
                      size_t *ret_n, struct vp_error **err);
