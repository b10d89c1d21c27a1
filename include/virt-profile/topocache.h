/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "topology.h"

/**
 * The topology of the live host, from /run/virt-profile where it was read since boot and no CPU or node went
 * on- or
 * offline since; else it is read, and kept there when that can be written. Sizes of the huge page pools,
 * which change
 * all the time, are always read anew.
 * Errors as vp_topology_read(). A cache that is broken is read over, never an error.
 */
int vp_topocache_read(const struct vp_root *root, struct vp_host *host, struct vp_topology **ret_topology,
                      struct vp_error **err);
