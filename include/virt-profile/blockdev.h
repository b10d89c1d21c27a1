/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "root.h"

/* A whole disk of the host, below whatever partitions, LVM, RAID or encryption lies on it. */
struct vp_blockdev {
    char name[64]; /* "nvme0n1": in /sys/block */
    unsigned major, minor;
};

/**
 * The disks really below a file or block device: file → file system → partition → dm, md, bcache
 * or loop → disk.
 * @path: an image or a block device, as in a definition
 * @ret_disks, @ret_n: owned array, sorted by name, each once; empty for what lies on no disk that is known
 *                     (tmpfs, NFS, overlay, ZFS, RAM disks)
 * Returns 0, or with a message that names the path -ENOENT, -EACCES, …
 * Source: st_dev and st_rdev of stat(2), /sys/dev/block/MAJOR:MINOR, its `slaves` and the folder of a
 * partition; made-up device numbers (btrfs, bcachefs), and all below a folder that stands for a host, by
 * /proc/self/mountinfo (proc(5)); the other devices of a btrfs by /sys/fs/btrfs.
 */
int vp_blockdev_below(const struct vp_root *root, const char *path, struct vp_blockdev **ret_disks,
                      size_t *ret_n, struct vp_error **err);

/**
 * The device that a file's or block device's requests go to first: what its file system is mounted from, or
 * itself; of a partition the disk. Its read-ahead is the one that counts, not that of what it lies on.
 * Returns 0, -ENODEV (on no block device, or on one of several: tmpfs, NFS, btrfs), -ENOENT, …
 */
int vp_blockdev_top(const struct vp_root *root, const char *path, struct vp_blockdev *ret_device,
                    struct vp_error **err);

/**
 * The names in /sys/block of the devices whose queue/ does the work of a disk: the disk itself, or the paths
 * (nvme0c0n1, …) of an NVMe disk with several, whose own queue only picks one of them.
 * @disk: a name in /sys/block
 * @ret_names: NULL-terminated, sorted, owned: vp_names_free()
 * Source: drivers/nvme/host/multipath.c (names, the hidden disks of the paths).
 */
void vp_blockdev_queues(const struct vp_root *root, const char *disk, char ***ret_names);

/* The NUMA node a disk is on, all its paths being on the same; -1 where that is not known or not so. */
int vp_blockdev_node(const struct vp_root *root, const char *disk);
