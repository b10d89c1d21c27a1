/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ledger.h"
#include "reconcile.h"

/* What working on this host needs. All borrowed. */
struct vp_here {
    const struct vp_root *root;
    struct vp_host *host; /* the live host of this root */
    const struct vp_conf *conf;
    vp_ledger_say *say; /* may be NULL */
    void *cookie;
};

/**
 * Bring the host into the state that the guests in the ledger want, and take back what none of them wants any
 * more.
 * Holds the host lock, so that two of these come one after the other and the last has seen all guests. Cheap
 * where there
 * is neither a guest nor anything to take back.
 * @ret_happenings: what was written and what failed; owned
 * Returns 0 also when single settings failed, or a negative errno where nothing could be looked at
 */
int vp_converge(const struct vp_here *here, struct vp_happenings *ret_happenings, struct vp_error **err);

/* The same for a caller that holds the host lock, vp_host_lock(). */
int vp_converge_locked(const struct vp_here *here, struct vp_happenings *ret_happenings,
                       struct vp_error **err);

/**
 * What vp_converge() would bring about now. Nothing is locked or changed.
 * Errors: where the ledger or the topology cannot be read
 */
int vp_converge_wishes(const struct vp_here *here, struct vp_wishes *ret_wishes, struct vp_error **err);
