/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "domain.h"

/* Marks (vp_node_set_mark()) of devices that are not simply part of the definition; a lower one gives way. */
enum vp_address_mark {
    VP_ADDRESS_PLAIN = 0,    /* the definition's own, always stays */
    VP_ADDRESS_OURS = 1,     /* made by virt-profile, with an address that libvirt once gave it */
    VP_ADDRESS_RESTORED = 2, /* back from the record, with the address it had */
};

/**
 * Let no two devices have one PCI or USB address: of two, ours loses its <address> to any other and a
 * restored
 * one to a plain one. libvirt gives new ones.
 */
void vp_address_settle(struct vp_domain *domain);
