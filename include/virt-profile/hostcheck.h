/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "check.h"
#include "converge.h"
#include "domain.h"

/**
 * Does what this host promised a guest hold, as the kernel has it? Asks libvirt nothing and changes nothing.
 *
 * - where each thread of the guest may run, against its place: a thread of a floating guest may have less,
 *   never more
 * - how its vCPUs are scheduled, against the live definition
 * - which nodes its memory lies on and how large its pages are, where the definition binds them
 * - the limits of its control group that its profile wants ("scope/…")
 * - every setting of the host that it has a part in, interrupts and others' cpusets too: what vp_converge()
 *   would set now
 *
 * @entry: running
 * @live: its live definition; NULL: not known, and what follows from it is left out
 * @checks: what was looked at is added
 * Returns 0, -ESRCH when QEMU is gone, or a negative errno where the ledger or the host cannot be read
 */
int vp_hostcheck(const struct vp_here *here, const struct vp_entry *entry, const struct vp_domain *live,
                 struct vp_checks *checks, struct vp_error **err);
