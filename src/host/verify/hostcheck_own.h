/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "hostcheck.h"

/* The parts of vp_hostcheck(), each of which adds what it looked at. For src/host only. */

int vp_hostcheck_threads(const struct vp_root *root, const struct vp_entry *entry,
                         const struct vp_domain *live, struct vp_checks *checks, struct vp_error **err);
/* What cannot be read is left out: the kernel need not show it. */
void vp_hostcheck_memory(const struct vp_root *root, const struct vp_entry *entry,
                         const struct vp_domain *live, struct vp_checks *checks);
int vp_hostcheck_limits(const struct vp_root *root, const struct vp_entry *entry, struct vp_checks *checks,
                        struct vp_error **err);
