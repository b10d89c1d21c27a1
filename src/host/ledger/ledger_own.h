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
    char *boot;            /* owned; "" where the host does not say */
    uint64_t now;          /* when it was opened, as the ticks of an entry */
    bool dirty;            /* something was logged since the lock was taken */
    bool looked;           /* strangers are known */
    bool peeked;           /* `before` is what was there at `seen` of the log */
    bool peeking, spoiled; /* spoiled: something has to be moved aside, with the lock */
    struct vp_entries before;
    uint64_t seen;
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

/*
 * Do what is slow before the lock: read the entries, see who lives, look for guests that have none. With
 * the lock vp_ledger_read() then reads only what was changed meanwhile.
 */
void vp_ledger_peek(struct vp_ledger *ledger);
/* Bring what was peeked at up to date; false where all has to be read again. */
bool vp_ledger_catch_up(struct vp_ledger *ledger);
/* Note who lives, so that vp_ledger_reap() need not ask again a moment later. */
void vp_ledger_check(const struct vp_ledger *ledger, struct vp_entries *entries);

#define VP_LEDGER_GUESTS "/run/virt-profile/guests"
#define VP_LEDGER_SUFFIX ".json"
/* Is this the name of an entry's file, and not of one that is being written? */
bool vp_ledger_is_entry(const char *name);

#define VP_LEDGER_LOCK "/run/virt-profile/ledger.lock"

/*
 * src/host/ledger/ledger_log.c: which entries were changed lately, in the file of the lock.
 */

/* To be called before a change, with the lock. */
int vp_ledger_log(struct vp_ledger *ledger, const char *uuid, struct vp_error **err);
/* The lock is about to be given back. */
void vp_ledger_log_end(struct vp_ledger *ledger);
/* Without the lock: how many changes are over. */
uint64_t vp_ledger_log_peek(const struct vp_ledger *ledger);
/**
 * With the lock: UUIDs of what was changed since so many changes were over.
 * @ret_uuids: NULL-terminated, owned, some may be there more than once
 * Returns false where that is not known
 */
bool vp_ledger_log_since(const struct vp_ledger *ledger, uint64_t seen, char ***ret_uuids);
