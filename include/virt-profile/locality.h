/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "domain.h"
#include "topology.h"

/**
 * The NUMA nodes that a guest's devices are on: passed-through PCI devices and mediated ones, the physical
 * NICs below macvtap, a bridge or a virtual network and those that a network hands virtual functions out of,
 * the disks below its images (hard disks; of a chain of images the topmost).
 * @host: only a live host or a dump says; others give none
 * @ret_nodes: OS numbers; owned; empty where nothing is known
 * @ret_why: owned; "0000:81:00.1 is on node 1, vda (nvme0n1) is on node 0"; NULL where nothing is known
 * Returns 0: what cannot be found out (an image that is not there, an interface that is down) is not known.
 * Source: numa_node of the devices in /sys/bus/pci/devices, /sys/bus/mdev/devices, /sys/class/net and
 * /sys/block or of what they hang on; -1 counts as not known. lower_NAME and brif/NAME in /sys/class/net
 * (Documentation/ABI/testing/sysfs-class-net).
 */
int vp_locality_read(struct vp_host *host, const struct vp_domain *domain, hwloc_bitmap_t *ret_nodes,
                     char **ret_why, struct vp_error **err);
