/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ledger.h"
#include "wish.h"

/**
 * Where interrupts should go while these guests run.
 *
 * Of the entries' wants: "irq/devices" (interrupts of its passed-through devices go to the CPUs of its
 * vCPUs, "vcpus", or to housekeeping CPUs, "housekeeping"), "irq/others" (all others stay off the CPUs it
 * owns), "irq/serving" (interrupts of the devices that its taps and disks lie on go to the NUMA nodes of
 * its emulator and I/O threads, without dedicated CPUs), with the facts of irqwants.h.
 *
 * Others are moved from where they were before us: the journal (journal.h) says. An irqbalance that runs
 * does that itself within its cycle of ten seconds: it is told which CPUs to keep off and which interrupts
 * are ours, and only what it leaves alone by its own settings is written here. Interrupts that the kernel
 * manages (irq.h, `fixed`) are left alone. Cheap without such wants. To be called again when a guest's
 * driver has asked for interrupts.
 */
int vp_wish_irq(const struct vp_root *root, const struct vp_topology *topology,
                const struct vp_occupied *occupied, const struct vp_entries *entries,
                struct vp_wishes *wishes, struct vp_error **err);
