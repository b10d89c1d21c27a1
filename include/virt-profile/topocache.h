/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "topology.h"

/**
 * The topology of a host, from /run/virt-profile/topology where it was read since boot and no CPU or node
 * went on- or offline since, and this process may use the same of them; else it is read, and kept there
 * when that can be written. Memory of the nodes and the huge page pools, which change all the time, are
 * always read anew.
 * @root: where the cache is. Only the host that it is the root of is cached: not an hwloc XML file, a
 *        description or a dump elsewhere.
 * Returns as vp_topology_read(). A cache that is broken is read over, never an error.
 */
int vp_topocache_read(const struct vp_root *root, struct vp_host *host, struct vp_topology **ret_topology,
                      struct vp_error **err);
