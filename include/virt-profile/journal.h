/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "root.h"

/*
 * What was changed on this host, and what was there before: /run/virt-profile/host.json. It is on disk before
 * the host is written.
 */
extern const char vp_journal_path[];

struct vp_journal_item {
    char *means; /* owned, as all of it; name of the means */
    char *target;
    char *before; /* what others had there; NULL for means that are shared */
    char *ours;   /* what is there by us: the value last written, `before` until then. Shared: our part. */
    char *next;   /* being written: a process that died may have done so, or not; NULL: nothing */
    char *seen;   /* shared: the whole when `next` was noted */
    char *told;   /* what somebody else put there, once that was said; NULL: nothing */
    char *owner, *reason; /* of the wish */
    bool gone;            /* not to be written any more */
};

struct lh_table;

struct vp_journal {
    struct vp_journal_item **items; /* owned; in the order they were added */
    size_t n, cap;
    struct lh_table *index;
    /* A file that is changed in passing (struct vp_means), and the value to put back; owned; NULL: none */
    char *passes, *passing, *passed;
    char *text; /* what the file holds; NULL: there is none */
    char *boot; /* of the host, now */
};
void vp_journal_done(struct vp_journal *journal);

/**
 * Read it. One that is not there or of another boot is empty, and so is a broken one.
 * @ret_said: owned; a sentence about a broken one, which vp_journal_set_aside() keeps for people; NULL where
 * there is
 *            nothing to say
 * Returns 0, or what reading gave
 */
int vp_journal_read(const struct vp_root *root, struct vp_journal *ret_journal, char **ret_said,
                    struct vp_error **err);

/* Rename a broken one. Host lock held. */
int vp_journal_set_aside(const struct vp_root *root, struct vp_error **err);

/* Write it where it differs from the file: whole, or the old one stays. An empty one is removed. */
int vp_journal_write(const struct vp_root *root, struct vp_journal *journal, struct vp_error **err);

/* NULL where there is none; borrowed. */
struct vp_journal_item *vp_journal_find(const struct vp_journal *journal, const char *means,
                                        const char *target);
/* A new one, with `means` and `target` only; there must be none yet. Borrowed. */
struct vp_journal_item *vp_journal_add(struct vp_journal *journal, const char *means, const char *target);

/* A number of an item that is shared; what is none counts as 0. */
uint64_t vp_journal_number(const char *text);
/**
 * Our part of a shared whole. A process that died while it changed the part from `ours` to `next` may have
 * got anywhere between; whatever was added since is somebody else's, and of what is not there any more
 * nothing is ours.
 * @whole: as it is now
 */
uint64_t vp_journal_part(const struct vp_journal_item *item, const char *whole);
