/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ledger.h"

/* The parts of the ledger among themselves. */
struct vp_ledger {
    const struct vp_root *root;
    const struct vp_topology *topology; /* may be NULL */
    bool write;
    int lock; /* -1: not held */
    vp_ledger_say *say;
    void *cookie;
    char *boot; /* owned; "" where the host does not say */
    bool looked;
    struct vp_entries strangers; /* found by vp_ledger_look() */
};

void vp_ledger_tell(const struct vp_ledger *ledger, const char *fmt, ...) VP_PRINTF(2, 3);

/* Takes the entry; to be sorted again when all are there. */
void vp_entries_add(struct vp_entries *entries, struct vp_entry *entry);
void vp_entries_sort(struct vp_entries *entries);
/* By name; NULL where there is none. Sorted ones only. Borrowed. */
struct vp_entry *vp_entries_find(const struct vp_entries *entries, const char *name);

/* Is there a file for this guest? */
bool vp_ledger_has(const struct vp_ledger *ledger, const char *uuid);

/*
 * Look for guests that run without an entry, which is slow where there are some: before the lock, so that
 * vp_ledger_reap() need not. Sorted entries.
 */
void vp_ledger_look(struct vp_ledger *ledger, const struct vp_entries *entries);
