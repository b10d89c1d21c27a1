/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "domain.h"
#include "entry.h"

/**
 * Set the limits that a guest has from before its QEMU exists until it is gone: its place, and what its
 * profile wants of its cgroup (guestlimits.h). By a drop-in for its scope where systemd makes one, else by
 * its cgroup itself.
 * @entry: stored in the ledger already; its id says what libvirt will call the guest
 * @topology: of its placement; may be NULL without
 * @domain: its definition, as libvirt is about to start it
 * Returns 0, also where there is nothing to limit, or a negative errno; then nothing of it is left
 */
int vp_ceiling_set(const struct vp_root *root, const struct vp_entry *entry,
                   const struct vp_topology *topology, const struct vp_domain *domain, struct vp_error **err);

/**
 * Take away what vp_ceiling_set() made and nobody else does; nothing there is no error.
 * @domain: its definition, for its <resource><partition>; NULL: libvirt's default
 */
int vp_ceiling_remove(const struct vp_root *root, const struct vp_entry *entry,
                      const struct vp_domain *domain, struct vp_error **err);
