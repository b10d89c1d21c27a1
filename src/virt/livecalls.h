/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <hwloc.h>

#include "api.h"
#include "live.h"

/* The calls behind vp_live_apply(). For src/virt only. */

/* One run: what the guest has, and what it is to have. All borrowed. */
struct vp_live_work {
    const struct vp_guest *guest;
    const struct vp_domain *have, *want;
    const struct vp_root *root; /* the host's files */
    hwloc_const_bitmap_t cpus;  /* of the host, online */
    struct vp_live *result;
};

/**
 * The live definition of a guest that runs.
 * @ret_tagged: a copy with the tag that the guest is to follow; NULL: it has no profile
 * @ret_stored: what its next start begins with; NULL: it is transient
 * Errors: those of vp_live_apply()
 */
int vp_live_read(const struct vp_guest *guest, struct vp_domain **ret_have, struct vp_domain **ret_tagged,
                 struct vp_domain **ret_stored, struct vp_error **err);

/**
 * Note what became of one call.
 * @rc: what libvirt returned
 * @what: taken
 * Returns 0 also where libvirt says no, which is in the result then; -EBUSY, -ESRCH when no other call makes
 * sense now
 */
int vp_live_note(struct vp_live_work *work, int rc, char *what, struct vp_error **err);

/* Bring over what differs, one group of settings each. Errors as vp_live_note(). */
int vp_live_scheduler(struct vp_live_work *work, struct vp_error **err);
int vp_live_memory(struct vp_live_work *work, struct vp_error **err);
int vp_live_disks(struct vp_live_work *work, struct vp_error **err);
int vp_live_nics(struct vp_live_work *work, struct vp_error **err);
int vp_live_pins(struct vp_live_work *work, struct vp_error **err);
int vp_live_polling(struct vp_live_work *work, struct vp_error **err);

/*
 * Fill in how the I/O threads of a guest poll, as QEMU has it: libvirt before 9.4 has no place for it in a
 * definition, and later ones have it only where somebody said it.
 */
void vp_live_read_polling(const struct vp_guest *guest, struct vp_domain *domain);
