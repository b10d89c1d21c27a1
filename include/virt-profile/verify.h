/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine.h"
#include "hostcheck.h"
#include "virtguest.h"

/* What was found out about a guest that runs. */
struct vp_verify {
    char *profile;  /* owned; NULL: it has none, and nothing was looked at */
    bool transient; /* there is no stored definition */
    bool stale;     /* the stored definition is not what the profile makes of it now */
    struct vp_checks checks;
};
void vp_verify_done(struct vp_verify *verify);

/**
 * Does each setting of a guest's profile hold? Effective values are the truth rather than what a definition
 * says, where that can be had: limits of disks from QEMU, shares, quotas and memory limits from the control
 * groups (both through libvirt), and all of vp_hostcheck(). What is left is read from the live definition.
 * Settings of effect guest and launch that the guest was not started with are pending.
 * @engine: its placer says where a guest would go that is started now, for `stale`
 * @here: NULL: this is not the host that the guest runs on, and only libvirt is asked
 * @entry: of the guest in the ledger; NULL: not known
 * @age: as vp_live_apply()
 * Errors: -ESRCH: it does not run; those of libvirt, the engine and vp_hostcheck()
 */
int vp_verify_guest(const struct vp_engine *engine, const struct vp_guest *guest, const struct vp_here *here,
                    const struct vp_entry *entry, uint64_t age, struct vp_verify *ret_verify,
                    struct vp_error **err);
