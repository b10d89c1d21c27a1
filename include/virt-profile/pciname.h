/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xml.h"

/**
 * The name of a PCI device in sysfs, "0000:81:00.1".
 * @address: an <address> with domain, bus, slot and function; absent ones are 0. NULL is fine.
 * Returns it, owned, or NULL for what is no PCI address. Numbers are hexadecimal after "0x", octal after a 0,
 * else decimal, as libvirt reads them (libvirt 9.0 conf/device_conf.c: virPCIDeviceAddressParseXML()).
 */
char *vp_pci_name(const vp_node *address) VP_MUST_USE;

/* The PCI device a <hostdev>, or an <interface> or <disk> that is one, hands over. Owned; NULL: none. */
char *vp_pci_passed_through(const vp_node *device) VP_MUST_USE;
