/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "entry.h"
#include "census.h"

/* What came of placing a guest's threads. */
struct vp_threadplace {
    unsigned n, failed; /* threads, and how many of them are not where they belong */
    char *first;        /* owned; why the first of those is not; NULL where all are */
};
void vp_threadplace_done(struct vp_threadplace *result);

/**
 * The CPUs for a thread of a guest that was given a place; owned.
 * vCPUs and iothreads (counted in the order of their ids) have theirs, the timer chip goes with vCPU 0, all
 * others with the emulator. A thread of a floating guest gets what it may use when no dedicated guest is
 * about: what is left of it now is up to the guest's cgroup (squeeze.h). What was hot-plugged beyond the
 * placement goes with the last one.
 * @order: of an iothread among the guest's, from 0
 */
hwloc_bitmap_t vp_threadplace_cpus(const struct vp_placement *placement, const struct vp_thread *thread,
                                   unsigned order) VP_MUST_USE;

/**
 * Look whether all threads of a guest are where its placement wants them; nothing is changed.
 * @besides: CPUs that a thread of a floating guest may be on, too: where no other is left for it. NULL: none
 * Returns 0, with those that are elsewhere in the result; -ESRCH when QEMU is gone
 */
int vp_threads_check(const struct vp_root *root, const struct vp_entry *entry, hwloc_const_bitmap_t besides,
                     struct vp_threadplace *ret_result, struct vp_error **err);

/**
 * Put all threads of a guest where its placement wants them: the cpusets of libvirt's cgroups for them, and
 * the affinity of each; vhost workers get the nice value of the want "net/vhost-nice", too. Before
 * converging, which cuts floating guests down to what is free now.
 * @entry: running; nothing is done for one without a placement
 * Returns 0 also when single threads could not be placed: see the result. -ESRCH when QEMU is gone
 */
int vp_threads_place(const struct vp_root *root, const struct vp_entry *entry,
                     struct vp_threadplace *ret_result, struct vp_error **err);
