/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "../model/fake.h"

/*
 * Cgroups as a kernel has them, in plain files below /sys/fs/cgroup: a new group has its files, one that goes
 * takes them along, a value replaces the one before.
 */

/* The mounts of a host, without guests. unified: cgroup v2 */
void cgroupfs_mount(const struct fake *fake, bool unified);
/* A group in each hierarchy, "/machine", and those above it. */
void cgroupfs_make(const struct fake *fake, const char *group);
/* What a group, "" for the uppermost, lets those in it have on cgroup v2, and nothing else. */
void cgroupfs_enable(const struct fake *fake, const char *group, const char *names);
/* Remove a group and those in it from each hierarchy, as libvirt does. */
void cgroupfs_remove(const struct fake *fake, const char *group);

/* What the kernel does of itself; paths from the root folder of this process. */
bool cgroupfs_is(const char *path);
void cgroupfs_made(const char *path);
/* Before rmdir(2): 0 or an errno. */
int cgroupfs_leaving(const char *path);
/* Instead of write(2). */
void cgroupfs_written(int fd, const char *path, const char *data, size_t n);
