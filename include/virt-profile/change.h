/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine.h"
#include "virtguest.h"

/* What became of one domain's stored definition, and what its guest will notice of that when. */
struct vp_change {
    const struct vp_guest *guest; /* borrowed */
    bool changed;                 /* a new definition was stored */
    bool undone;                  /* settings were taken out rather than brought in */
    char *profile;                /* owned; NULL: none */
    enum vp_guest_state state;
    size_t cold;               /* settings that a running guest gets at its next cold start only */
    size_t restart;            /* settings that it also gets when it is restored or migrated */
    struct vp_pending pending; /* owned; each of them */
};
void vp_change_done(struct vp_change *change);

/*
 * The profile that a definition asks for; owned; NULL when it has none or is to have none.
 * @name: for messages
 */
char *vp_change_profile(const char *text, const char *name) VP_MUST_USE;

/**
 * The first half of vp_change_run(), for who does not look at the running guest.
 * @text: the stored definition, secrets included, as it was read a moment ago; NULL: it is read first
 * @ret_changed: a new definition was stored
 * Errors as there
 */
int vp_change_store(const struct vp_engine *engine, const struct vp_guest *guest,
                    const struct vp_request *request, const char *text, char **ret_stored, bool *ret_changed,
                    struct vp_error **err);

/**
 * Edit the stored definition of a domain: read it with its secrets, rewrite or revert it, look once more
 * whether somebody else changed it meanwhile (then start over), store it. Nothing is stored where nothing
 * changes.
 * @request: NULL: take virt-profile out
 * Errors: those of the engine; -ENOENT where `request` names no profile and the domain has none; -EAGAIN when
 * the definition keeps changing; those of libvirt.h. Nothing was stored then.
 */
int vp_change_run(const struct vp_engine *engine, const struct vp_guest *guest,
                  const struct vp_request *request, struct vp_change *ret_change, struct vp_error **err);
