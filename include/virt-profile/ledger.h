/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "domain.h"
#include "entry.h"
#include "placer.h"

/*
 * /run/virt-profile: who is on this host. One file for each guest, guests/UUID.json, written whole and
 * renamed; one lock for all of them, ledger.lock. Whoever changes it holds the lock and reads anew behind
 * it. Broken files go to broken/. All of it is for root only.
 */
struct vp_ledger;

struct vp_entries {
    struct vp_entry **items; /* owned, sorted by name */
    size_t n, cap;
};
void vp_entries_done(struct vp_entries *entries);

/* One line for a log about something that was mended: a broken file moved aside, a dead guest taken out. */
typedef void vp_ledger_say(void *cookie, const char *sentence);

/* Is no guest in it? Quick, and without the lock. */
bool vp_ledger_is_empty(const struct vp_root *root);

/**
 * @root: borrowed
 * @topology: borrowed; NULL: placements are not read, and entries that have one cannot be stored
 * @write: make the folders; without, a missing ledger is an empty one and nothing is changed on disk
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

/*
 * Wait for the lock, and give it back. Only with `write`. Lock order: host lock (reconcile.h), then this.
 */
int vp_ledger_lock(struct vp_ledger *ledger, struct vp_error **err);
void vp_ledger_unlock(struct vp_ledger *ledger);

/**
 * All entries. A file that cannot be used is moved aside (with the lock held) or left out, and said.
 * Nothing of a dead guest is left out: see vp_ledger_reap().
 * Returns 0, or -EACCES, … where the folder cannot be read
 */
int vp_ledger_read(struct vp_ledger *ledger, struct vp_entries *ret_entries, struct vp_error **err);
/* The same for one who only looks, without the lock, and needs no more of the ledger. */
int vp_ledger_entries(const struct vp_root *root, const struct vp_topology *topology, vp_ledger_say *say,
                      void *cookie, struct vp_entries *ret_entries, struct vp_error **err);
/* One entry, as its file says. -ENOENT where there is none, -EBADMSG where the file cannot be used. */
int vp_ledger_find(struct vp_ledger *ledger, const char *uuid, struct vp_entry **ret_entry,
                   struct vp_error **err);
/* Store an entry, over the one of the same UUID: temporary file, fsync, rename. Lock held. */
int vp_ledger_store(struct vp_ledger *ledger, const struct vp_entry *entry, struct vp_error **err);
/* Take an entry out; one that is not there is no error. Lock held. */
int vp_ledger_remove(struct vp_ledger *ledger, const char *uuid, struct vp_error **err);

/**
 * Bring entries up to date with what runs: a coming guest whose QEMU is there becomes running; guests that
 * are gone go (QEMU has ended; from another boot; coming, without a QEMU, and the daemon that made it has
 * ended or it is older than VP_LEDGER_COMING_MAX). Guests that run without an entry (status files of
 * libvirt's) get one, from their own definition. On disk too with the lock held; without, only in
 * `entries`.
 */
int vp_ledger_reap(struct vp_ledger *ledger, struct vp_entries *entries, struct vp_error **err);
/*
 * Seconds from `prepare` until QEMU is started: storage may be slow, but a start that was lost must not
 * own CPUs.
 */
#define VP_LEDGER_COMING_MAX 900
/* Seconds from `prepare` until a guest whose QEMU is there counts as running, if nobody says so before. */
#define VP_LEDGER_SETUP_MAX 60

/**
 * An entry for a guest without placement, from its definition: the CPUs and nodes that it is bound to
 * there. Pins to one CPU go into `pinned`, pins to several and <vcpu cpuset> into `pins`;
 * vp_ledger_occupied() judges them. Memory devices that are plugged in count. <hugepages/> without a size
 * counts as pages of 2 MiB.
 * @domain: as libvirt gives it to the hook, or from vp_domain_parse_status()
 */
struct vp_entry *vp_entry_from_domain(const struct vp_domain *domain) VP_MUST_USE;

struct vp_plan;

/* Its wants are those of a plan for it from now on: actions of kind VP_ACTION_HOST. Facts (irqwants.h) go. */
void vp_entry_take_wants(struct vp_entry *entry, const struct vp_plan *plan);

/**
 * What of the host is taken, by its configuration and by all entries but one. An odd entry is no error:
 * what overlaps counts once. CPUs that a definition pins threads to are taken (`pinned`) where the guest
 * fills them: one CPU; threads of one core; as many CPUs as threads, but not all of the host. A wider set,
 * like <vcpu cpuset> of a node, is one to float on: dedicated guests may get CPUs of it, all but one, and
 * it counts as load. Memory of a guest that is bound nowhere is spread over the nodes by their size.
 * @but: UUID of the entry to leave out; NULL: none
 * @ret_occupied: owned; borrows the topology
 */
int vp_ledger_occupied(const struct vp_entries *entries, const struct vp_topology *topology,
                       const struct vp_conf *conf, const char *but, struct vp_occupied **ret_occupied,
                       struct vp_error **err);

/**
 * A placer for this host as it is now. The topology comes from the cache (topocache.h). All is borrowed.
 * @reserve: an entry to store with its place, under the lock that the place was chosen under; borrowed,
 *           its placement is filled in and its own pins go. NULL: look only, nothing is kept or changed on
 *           disk.
 * @but: UUID of the guest that is placed, so that it is not in its own way; NULL: none
 */
struct vp_placer *vp_ledger_placer(const struct vp_root *root, struct vp_host *host,
                                   const struct vp_conf *conf, const char *but, struct vp_entry *reserve,
                                   vp_ledger_say *say, void *cookie) VP_MUST_USE;
