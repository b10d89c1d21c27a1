/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "domain.h"
#include "topology.h"

/**
 * The NUMA nodes that a guest's devices are on: passed-through PCI devices, the physical NIC below macvtap or
 * a
 * bridge, the disks below its images.
 * @host: only a live host or a dump says; others give none
 * @ret_nodes: OS numbers; owned; empty where nothing is known
 * @ret_why: owned; "0000:81:00.1 is on node 1, disk vda is on node 0"; NULL where nothing is known
 * Source: /sys/bus/pci/devices/ADDRESS/numa_node, /sys/class/net/NAME/device/numa_node, /sys/dev/block; -1
 * counts as
 * not known.
 */
int vp_locality_read(struct vp_host *host, const struct vp_domain *domain, hwloc_bitmap_t *ret_nodes,
                     char **ret_why, struct vp_error **err);
