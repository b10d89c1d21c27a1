/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "domain.h"
#include "entry.h"
#include "strbuf.h"

/*
 * What is only known of a guest once it runs, kept with its wants: "fact/pci/ADDRESS" for each PCI device
 * that is passed through, "fact/tap/NAME" with the MAC address for each tap or macvtap device of its
 * interfaces, "fact/disk/ADDRESS" with the disk's name for each PCI device that its disks lie on.
 */
#define VP_FACT_PCI "fact/pci/"
#define VP_FACT_TAP "fact/tap/"
#define VP_FACT_DISK "fact/disk/"

/**
 * Write down the facts that the wants of an entry need, in place of those that were there. To be called
 * when the guest has started, and again when devices came or went.
 * @live: its definition with what libvirt chose at the start: target devices, addresses from pools
 */
void vp_irq_wants(const struct vp_root *root, const struct vp_domain *live, struct vp_entry *entry);

/* The want with this name; NULL where there is none. Borrowed. */
const struct vp_want *vp_want_find(const struct vp_entry *entry, const char *name);

/* Add a guest's name to the owners of a wish, "db, db2", unless it is among them. */
void vp_owners_add(struct vp_strbuf *owners, const char *name);
