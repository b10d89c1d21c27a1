/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "hook.h"

/* The guest of one call, planned for the host it is on. All owned. */
struct vp_hook_guest {
    struct vp_domain *domain; /* as libvirt gave it */
    struct vp_result result;  /* its plan is NULL for a guest without a profile */
    struct vp_placer *placer;
    struct vp_entry *entry; /* for the ledger */
    struct vp_pending pending;
};
void vp_hook_guest_done(struct vp_hook_guest *guest);

/* What the host layer works with, and where its remarks go: the log. */
struct vp_here vp_hook_here(const struct vp_hook_call *call);
void vp_hook_say(void *cookie, const char *sentence); /* a vp_ledger_say */

/* Take the definition apart. */
int vp_hook_guest_read(const struct vp_hook_call *call, struct vp_hook_guest *guest, struct vp_error **err);

/**
 * Plan it, choose its place and store its entry with it. Without a profile: store what its definition takes.
 * @guest: read
 */
int vp_hook_guest_place(const struct vp_hook_call *call, enum vp_phase phase, struct vp_hook_guest *guest,
                        struct vp_error **err);

/* Of the host that it was placed on; borrowed; NULL where it is not known. */
const struct vp_topology *vp_hook_guest_topology(const struct vp_hook_guest *guest);

/* Store the entry as it is now. */
int vp_hook_guest_store(const struct vp_hook_call *call, const struct vp_hook_guest *guest,
                        struct vp_error **err);

/*
 * Give back all that it had, its entry too, and converge. Logs what goes wrong; returns its negative errno.
 */
int vp_hook_guest_end(const struct vp_hook_call *call, const struct vp_domain *domain);

/* What is left after converging. */
struct vp_hook_left {
    char *failed; /* owned; the first essential thing that failed; NULL: none */
    bool again;   /* something was busy */
};
void vp_hook_left_done(struct vp_hook_left *left);

/**
 * Converge the host and log what happened; with the host lock that the call has, or its own.
 * @ret_left: may be NULL
 */
int vp_hook_converge(const struct vp_hook_call *call, struct vp_hook_left *ret_left, struct vp_error **err);

/**
 * Converge again now and then for some minutes, in a process of its own that outlives the hook: where
 * something was busy, until it is not; and while a guest lives to which devices are passed through, whose
 * interrupts are to be placed: its driver asks for them when it is loaded, and no operation of the hook tells
 * when. Does nothing where neither is so.
 * @entry: the guest's; NULL: it is gone
 * @again: of vp_hook_left
 */
void vp_hook_watch(const struct vp_hook_call *call, const struct vp_entry *entry, bool again);
