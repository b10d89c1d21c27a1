/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "root.h"

/**
 * The physical network devices that the packets of another one go through: the ports of the bridge it is
 * in, what a macvtap, VLAN or bond lies on.
 * @name: of a tap, macvtap or any other, "vnet3"
 * @ret_names: NULL-terminated, sorted, each once, owned: vp_names_free(); none where nothing is known
 *             (Open vSwitch, a device that is gone)
 * Source: master, brif, lower_NAME and device in /sys/class/net/NAME
 * (Documentation/ABI/testing/sysfs-class-net).
 */
void vp_netdev_below(const struct vp_root *root, const char *name, char ***ret_names);

/*
 * The PCI device that a device in sysfs hangs on, "0000:81:00.0"; owned, NULL for none.
 * @path: "/sys/class/net/eth0", "/sys/block/nvme0n1"
 */
char *vp_pci_below(const struct vp_root *root, const char *path) VP_MUST_USE;
