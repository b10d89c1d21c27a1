/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wish.h"

/* What became of one target. */
enum vp_outcome {
    VP_OUTCOME_SET,      /* written */
    VP_OUTCOME_RESTORED, /* the value from before is back */
    VP_OUTCOME_KEPT,     /* no longer wished for, but somebody else changed it since: theirs stays */
    /* still wished for, but somebody else changed it since: theirs stays until they undo it */
    VP_OUTCOME_FOREIGN,
    VP_OUTCOME_ABSENT, /* this host does not have it */
    VP_OUTCOME_FAILED, /* the write failed; the value is as it was */
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
};
void vp_happenings_done(struct vp_happenings *happenings);

/**
 * Bring the host into the state that is wished for, under the host lock (/run/virt-profile/host.lock).
 * For each target in wishes or journal (/run/virt-profile/host.json): one that is new is noted with the value
 * it has
 * now, on disk, before it is written; one that is wished for otherwise is written; one that is no longer
 * wished for gets
 * its first value back, if what is there is still ours. A journal of another boot is void. A broken journal
 * is moved
 * aside and said.
 * @ret_happenings: only what is not as it was: nothing for a wish that holds. Owned.
 * Returns 0 also when single writes failed: see the happenings. Negative errno: the journal cannot be locked,
 * read or
 * written, and nothing was changed on the host.
 */
int vp_reconcile(const struct vp_root *root, const struct vp_wishes *wishes,
                 struct vp_happenings *ret_happenings, struct vp_error **err);
