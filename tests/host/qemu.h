/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "affinity.h"
#include "census.h"
#include "model/fake.h"
#include "strbuf.h"

/* Processes, threads and cgroups of guests on a made-up host. */

/* A process with this start time. */
void qemu_process(const struct fake *fake, pid_t pid, unsigned start);
/* A thread of it; as a process of its own where pid is tid. */
void qemu_thread(const struct fake *fake, pid_t pid, pid_t tid, const char *comm);
/* Children of kthreadd, "200 201 ", and the number of the newest process. */
void qemu_kernel(const struct fake *fake, const char *children, pid_t newest);

/* Cgroup mounts: v2 at /sys/fs/cgroup, or v1 with a hierarchy for cpusets, as of a host without systemd. */
void qemu_mounts(const struct fake *fake, bool unified);
/*
 * A process' main thread is in this group below the mount, as libvirt puts it: "/machine/qemu-1-a.libvirt-qemu/emulator".
 * The groups beside it, separated by spaces, and its own, get a cpuset.cpus with that content.
 */
void qemu_group(const struct fake *fake, bool unified, pid_t pid, const char *group, const char *beside,
                const char *cpus);
/* First line of a file; NULL where there is none. Owned. */
char *qemu_read(const struct fake *fake, const char *path);

/* A scheduler that remembers: to be used with vp_affinity_use(). */
extern const struct vp_affinity qemu_scheduler;
/* "TID=CPUS TID=CPUS" in the order in which they were first set, and forget. Owned. */
char *qemu_scheduled(void);
/* "TID:NICE TID:NICE" of those that got a nice value, and forget. Owned. */
char *qemu_niced(void);
/* Threads that fail: this one is gone; that one keeps CPU 0. 0: none */
extern pid_t qemu_gone, qemu_stubborn;
