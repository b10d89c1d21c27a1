/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guestlimits.h"
#include "root.h"

/*
 * The systemd scope of a guest, before libvirt has made it. systemd reads drop-ins of a unit when it first
 * hears of it, so what lies in /run/systemd/system/UNIT.d holds from the first process on, without a reload
 * (systemd 252).
 */

/**
 * The name under which libvirt registers a guest with systemd-machined; owned.
 * @id: libvirt's number of this run, in the definition that the hook gets
 * Source: libvirt 9.0 virDomainDriverGenerateMachineName(): "qemu-ID-NAME", of which only letters, digits,
 * '.' and '-' stay, no two of '.' and '-' together and none at the end, cut at 64 characters.
 */
char *vp_machine_name(unsigned id, const char *domain) VP_MUST_USE;

/* The unit of that machine, with systemd's escapes: "machine-qemu\x2d7\x2dweb.scope". Owned. */
char *vp_machine_scope(unsigned id, const char *domain) VP_MUST_USE;

/**
 * Will libvirt put guests into scopes? That is where systemd runs the host and systemd-machined is installed
 * (libvirt 9.0 virSystemdHasMachined()).
 */
bool vp_machine_has_scopes(const struct vp_root *root);

/**
 * Write the drop-in of a scope to be; without limits there is none.
 * Returns 0, or a negative errno; then no half a drop-in is there
 */
int vp_scope_write(const struct vp_root *root, unsigned id, const char *domain,
                   const struct vp_limits *limits, struct vp_error **err);
/* Take it away again; one that is not there is no error. */
int vp_scope_remove(const struct vp_root *root, unsigned id, const char *domain, struct vp_error **err);

struct vp_entries;

/**
 * Take away the drop-ins of guests that are not in the ledger any more, so that a later guest with the same
 * number and name does not find them.
 * @entries: all that there are. The ledger's lock is held since they were read: an entry is stored before
 * its drop-in is written, so a drop-in without one is left over.
 */
int vp_scope_sweep(const struct vp_root *root, const struct vp_entries *entries, struct vp_error **err);
