/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/machine.h"
#include "wish.h"

/* Interrupts and network devices of a made-up host. */

/*
 * An interrupt that a driver has asked for ("" for nobody), of a PCI device ("0000:81:00.1") or NULL,
 * which may go to these CPUs.
 */
void irqhost_irq(const struct fake *fake, unsigned number, const char *action, const char *device,
                 const char *cpus);
/* It is gone, with all its files. */
void irqhost_drop(const struct fake *fake, unsigned number, const char *device);
/* Where it goes now; owned. */
char *irqhost_cpus(const struct fake *fake, unsigned number);
/* A network device on a PCI device, or on none (NULL). */
void irqhost_net(const struct fake *fake, const char *name, const char *device);
/* Put one into a bridge. */
void irqhost_port(const struct fake *fake, const char *bridge, const char *name);
/* A folder and all in it goes. */
void irqhost_remove(const struct fake *fake, const char *path);

/* "means target = value (owner)", one a line, the inode of an interrupt left out. Owned. */
char *irqhost_wishes(const struct vp_wishes *wishes);
