/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/stat.h>

#include "root.h"

/* What sysfs says about devices, whatever class they are of. */

/* The number of a device, as in /sys/dev/block. */
struct vp_devno {
    unsigned major, minor;
};

/**
 * Where a path leads once every symbolic link is followed.
 * @path: absolute, as it would be on the live host
 * @ret_real: owned; absolute, as it would be on the live host. NULL: not wanted
 * @ret_st: NULL: not wanted. Below a folder that stands for a host, device numbers in it are those of the
 *          machine this runs on.
 * Returns 0, -ENOENT, -EACCES, … without a message
 */
int vp_sysdev_resolve(const struct vp_root *root, const char *path, char **ret_real, struct stat *ret_st);

/* Does it exist? */
bool vp_sysdev_has(const struct vp_root *root, const char *path);

/**
 * Read a file `dev` of sysfs, "8:1".
 * Returns 0, -ENOENT, …, -EBADMSG, without a message
 */
int vp_sysdev_number(const struct vp_root *root, const char *path, struct vp_devno *ret_number);

/**
 * The NUMA node a device is on: its own or that of the nearest device it hangs on that knows.
 * @path: a device in sysfs, by any of its names, e.g. "/sys/class/net/eth0"
 * Returns the OS number; -1 where the device is not there, or no device above it says
 * Source: numa_node (Documentation/ABI/testing/sysfs-bus-pci), which is -1 where the firmware does not tell.
 */
int vp_sysdev_node(const struct vp_root *root, const char *path);
