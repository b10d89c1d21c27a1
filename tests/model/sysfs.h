/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fake.h"

/* Devices as a kernel shows them, below the folder of a fake host. */

/* A symbolic link, its folders made. A target that starts with '/' is below the folder. */
void sysfs_link(const struct fake *fake, const char *path, const char *target);

/*
 * A block device and its names in /sys/block (not a partition), /sys/class/block and /sys/dev/block.
 * folder: "/sys/devices/…/block/sda", a partition's in that of its disk
 * number: "8:0"
 */
void sysfs_disk(const struct fake *fake, const char *folder, const char *number);
void sysfs_partition(const struct fake *fake, const char *folder, const char *number);
/* Let a device of dm, md or bcache lie on another. */
void sysfs_slave(const struct fake *fake, const char *upper, const char *lower);

/* A host with all of the above: see the table in sysfs.c. */
void sysfs_storage(const struct fake *fake);
