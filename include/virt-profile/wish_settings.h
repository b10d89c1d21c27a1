/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ledger.h"
#include "wish.h"

/**
 * What the guests' votes on settings of the host (hostsetting.h) come to. Of a dedicated guest's own CPUs,
 * the settings for each.
 * @root: where the clocks of CPUs are looked up
 * @topology: not used
 * Never fails for a vote that nobody knows: it does not count.
 */
int vp_wish_settings(const struct vp_root *root, const struct vp_topology *topology,
                     const struct vp_entries *entries, struct vp_wishes *wishes, struct vp_error **err);
