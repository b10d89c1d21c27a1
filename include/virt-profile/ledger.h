/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "domain.h"
#include "entry.h"
#include "placer.h"

/*
 * /run/virt-profile: who is on this host. One file for each guest, guests/UUID.json, written whole and
 * renamed; one
 * lock for all of them. Whoever changes it holds the lock and reads anew behind it.
 */
struct vp_ledger;

struct vp_entries {
    struct vp_entry **items; /* owned, sorted by name */
    size_t n, cap;
};
void vp_entries_done(struct vp_entries *entries);

/*
 * One line for a log about something that was mended: a broken file moved aside, an entry of a dead guest
 * taken out.
 */
typedef void vp_ledger_say(void *cookie, const char *sentence);

/**
 * @root: borrowed
 * @topology: borrowed; may be NULL where no placement is read (`status` of names alone)
 * @write: make the folders; without, a missing ledger is an empty one
 * @say: may be NULL
 */
int vp_ledger_open(const struct vp_root *root, const struct vp_topology *topology, bool write,
                   vp_ledger_say *say, void *cookie, struct vp_ledger **ret_ledger, struct vp_error **err);
void vp_ledger_free(struct vp_ledger *ledger); /* NULL is fine; unlocks */
static inline void vp_ledger_free_ptr(struct vp_ledger **ledger)
{
    vp_ledger_free(*ledger);
}
#define vp_autoledger VP_CLEANUP(vp_ledger_free_ptr) struct vp_ledger *

/* Wait for the lock, and give it back. Lock order: host lock (reconcile.h), then this. */
int vp_ledger_lock(struct vp_ledger *ledger, struct vp_error **err);
void vp_ledger_unlock(struct vp_ledger *ledger);

/**
 * All entries. A file that cannot be read is moved aside (with the lock held and `write`) or left out, and
 * said.
 * Nothing of a dead guest is left out: see vp_ledger_reap().
 */
int vp_ledger_read(struct vp_ledger *ledger, struct vp_entries *ret_entries, struct vp_error **err);
/* Store an entry, over the one of the same UUID: temporary file, fsync, rename. Lock held. */
int vp_ledger_store(struct vp_ledger *ledger, const struct vp_entry *entry, struct vp_error **err);
/* Take an entry out; one that is not there is no error. Lock held. */
int vp_ledger_remove(struct vp_ledger *ledger, const char *uuid, struct vp_error **err);

/**
 * Bring entries up to date with what runs (lock held): a coming guest whose QEMU is there becomes running;
 * guests
 * that are gone go (QEMU dead; coming, and the daemon that made it is dead without leaving a QEMU; from
 * another
 * boot). Guests that run without an entry (status files in /run/libvirt/qemu) get one, from their own
 * definition.
 */
int vp_ledger_reap(struct vp_ledger *ledger, struct vp_entries *entries, struct vp_error **err);

/**
 * An entry for a guest without placement, from its definition: pins, bound memory.
 * @domain: as libvirt gives it to the hook, or the <domain> of a status file
 */
struct vp_entry *vp_entry_from_domain(const struct vp_domain *domain) VP_MUST_USE;

/**
 * What of the host is taken, by its configuration and by all entries but one.
 * @but: UUID of the entry to leave out; NULL: none
 * @ret_occupied: owned; borrows the topology. Never fails for an odd entry: what overlaps counts once.
 */
int vp_ledger_occupied(const struct vp_entries *entries, const struct vp_topology *topology,
                       const struct vp_conf *conf, const char *but, struct vp_occupied **ret_occupied,
                       struct vp_error **err);

/**
 * A placer for this host as it is now.
 * @reserve: an entry to store with its place, under the lock that the place was chosen under; borrowed, its
 *           placement and policy are filled in. NULL: look only, nothing is kept.
 * @but: UUID of the guest that is placed, so that it is not in its own way; NULL: none
 * All but `reserve` is borrowed. The topology comes from the cache (topocache.h).
 */
struct vp_placer *vp_ledger_placer(const struct vp_root *root, struct vp_host *host,
                                   const struct vp_conf *conf, const char *but, struct vp_entry *reserve,
                                   vp_ledger_say *say, void *cookie) VP_MUST_USE;
