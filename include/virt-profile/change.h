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

/* How vp_change_store() goes about it, for a daemon that has other things to do. */
struct vp_change_how {
    const char
        *text;      /* the stored definition, secrets included, as it was read a moment ago; NULL: read it */
    bool hasty;     /* do not wait for others of us; -EAGAIN */
    bool unchecked; /* leave out libvirt's check against its schema */
};

/**
 * The first half of vp_change_run(), for who does not look at the running guest.
 * @how: NULL: the default
 * @ret_changed: a new definition was stored
 * Errors as there
 */
int vp_change_store(const struct vp_engine *engine, const struct vp_guest *guest,
                    const struct vp_request *request, const struct vp_change_how *how, char **ret_stored,
                    bool *ret_changed, struct vp_error **err);

/**
 * Edit the stored definition of a domain: read it with its secrets, rewrite or revert it, look once more
 * whether somebody else changed it meanwhile (then start over), store it. Nothing is stored where nothing
 * changes. All that do so on one host, as root, take turns by a lock, so that none undoes what another did;
 * libvirt has nothing against others who store a definition between the last look and ours.
 * @request: NULL: take virt-profile out
 * Errors: those of the engine; -ENOENT where `request` names no profile and the domain has none; -EAGAIN when
 * the definition keeps changing; those of libvirt.h. Nothing was stored then.
 */
int vp_change_run(const struct vp_engine *engine, const struct vp_guest *guest,
                  const struct vp_request *request, struct vp_change *ret_change, struct vp_error **err);
