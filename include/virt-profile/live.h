/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine.h"
#include "entry.h"
#include "virtguest.h"

/*
 * Settings of effect `live`, brought into a guest that runs: what only libvirt can do, and what it should
 * know
 * (`virsh vcpupin`) although the hook did it already.
 */

/* One thing that libvirt was asked for. */
struct vp_live_item {
    char *what; /* owned; "disk vda: limits", "vCPU 3: CPUs 4" */
    char *why;  /* owned; why it could not be set; NULL: it was */
};

/* What became of a guest's live settings. */
struct vp_live {
    char *profile; /* owned; NULL: the guest has none, and nothing was looked at */
    struct vp_live_item *items;
    size_t n, cap;
    size_t failed; /* how many of the items */
    /* libvirt wrote affinities and cpusets: vp_converge() has to cut floating guests down again */
    bool pinned;
    uint64_t again; /* seconds after which it has to be called again, as a setting changes then; 0: never */
};
void vp_live_done(struct vp_live *live);

/**
 * Bring the live settings of a running guest's profile into the guest, where its live definition says
 * otherwise, and take out those that the profile no longer makes. Nothing is called where it says so already.
 * The profile is the one in the stored definition; of a transient guest the one in the live one. A guest
 * whose
 * profile was taken away (clear) is left alone. What was there before is recorded in the live
 * definition's own
 * tag: libvirt tells of that as a change of metadata, and calling this again then does nothing.
 * Devices that were plugged in are in the live definition, and so are tuned as all others.
 * @engine: with a placer, which is asked for the topology only
 * @entry: of the guest in the ledger: its place is the one that it was given at the start; NULL: not known
 * @age: seconds since the guest was started, for what is allowed while it boots (disk.boot-time)
 * Returns 0 also where single settings failed: see the result. -EBUSY: libvirt is busy with the guest
 * (another
 * job, for 30 seconds already); to be called again, what was done until then stays. -ESRCH: it does not run.
 * -ENOENT, -EIO: libvirt says no. Errors of the engine. `ret_live` is untouched then.
 */
int vp_live_apply(const struct vp_engine *engine, const struct vp_guest *guest, const struct vp_entry *entry,
                  uint64_t age, struct vp_live *ret_live, struct vp_error **err);
