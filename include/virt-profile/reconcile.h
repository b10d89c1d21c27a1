/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "log.h"
#include "wish.h"

/* What became of one target. */
enum vp_outcome {
    VP_OUTCOME_SET,      /* written */
    VP_OUTCOME_RESTORED, /* the value from before is back */
    VP_OUTCOME_KEPT,     /* no longer wished for, but somebody else changed it since: theirs stays */
    /* still wished for, but somebody else changed it since: theirs stays until they undo it. Said once. */
    VP_OUTCOME_FOREIGN,
    VP_OUTCOME_ABSENT, /* this host does not have it */
    VP_OUTCOME_FAILED, /* the write failed; the value is as it was, or is put back by the next run */
    VP_OUTCOME_N_
};

struct vp_happening {
    enum vp_outcome outcome;
    char *what; /* owned; "/sys/kernel/mm/ksm/run = 0" */
    char *why;  /* owned; the reason of the wish, or the message of the failure */
    bool essential;
};

struct vp_happenings {
    struct vp_happening *items;
    size_t n, cap;
    bool again; /* something was busy (-EAGAIN), and is to be tried again soon */
};
void vp_happenings_done(struct vp_happenings *happenings);

/* How loud a program is to tell it: a warning is what an administrator or the guest's owner has to know. */
enum vp_log_priority vp_happening_priority(const struct vp_happening *happening);

/**
 * The host lock, /run/virt-profile/host.lock. It is held from before the ledger is read until the host is as
 * wished, so that the one who comes last has seen all guests. Lock order: this, then the ledger's.
 * @ret_fd: closing it gives the lock back
 */
int vp_host_lock(const struct vp_root *root, int *ret_fd, struct vp_error **err);
/* The same for who does not wait: -EWOULDBLOCK where somebody else has it. */
int vp_host_try_lock(const struct vp_root *root, int *ret_fd, struct vp_error **err);

/* How long one waits for it. Milliseconds. */
#define VP_HOST_SETTLES 3000

/**
 * Wait until nobody changes the host, for who wants to see what came of a start: the hook goes on for some
 * milliseconds when libvirt has done with it. Nothing is made or kept.
 * @milliseconds: the longest; then it is looked at as it is
 */
void vp_host_wait(const struct vp_root *root, unsigned milliseconds);

/**
 * Bring the host into the state that is wished for; the caller holds the host lock.
 * For each target in wishes or journal (/run/virt-profile/host.json): one that is new is noted with the value
 * it has now, on disk, before it is written; one that is wished for otherwise is written; one that is no
 * longer wished for gets its first value back, if what is there is still ours. Each value is read again after
 * it was written. A failure leaves the others alone; what could not be put back is tried again by the next
 * run. A value somebody else put there since stays. A journal of another boot is void. A broken journal is
 * moved aside and said.
 * Values are put back first, the latest first; then wishes are written in their order.
 * @ret_happenings: only what is not as it was: nothing for a wish that holds. Owned.
 * Returns 0 also when single writes failed: see the happenings. Negative errno: the journal cannot be read or
 * written, and nothing was changed on the host.
 */
int vp_reconcile(const struct vp_root *root, const struct vp_wishes *wishes,
                 struct vp_happenings *ret_happenings, struct vp_error **err);

/* The same with other means than vp_means_all for what the journal names; NULL-terminated. */
int vp_reconcile_by(const struct vp_root *root, const struct vp_means *const *means,
                    const struct vp_wishes *wishes, struct vp_happenings *ret_happenings,
                    struct vp_error **err);
