/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "topology.h"
#include "wish.h"

/* An interrupt of this host that a driver has asked for. */
struct vp_irq {
    unsigned number;
    char *action; /* owned; whose it is: "nvme0q1", "vfio-msix[1](0000:01:00.1)"; several joined by commas */
    char *target; /* owned; of vp_means_irq */
    hwloc_bitmap_t cpus; /* owned; where it may go */
    bool fixed;          /* the kernel has refused to have it moved: managed interrupts, timers */
};

struct vp_irqs {
    struct vp_irq *items; /* owned, by number */
    size_t n, cap;
};
void vp_irqs_done(struct vp_irqs *irqs);

/**
 * All interrupts. What comes or goes meanwhile may be in it or not.
 * Returns 0, or what listing /proc/irq gave
 * Source: /proc/irq/N/smp_affinity_list (Documentation/core-api/irq/irq-affinity.rst),
 * /sys/kernel/irq/N/actions (Documentation/ABI/testing/sysfs-kernel-irq); where a kernel has no such file,
 * the names of the folders in /proc/irq/N, which are those of the actions.
 */
int vp_irqs_read(const struct vp_root *root, struct vp_irqs *ret_irqs, struct vp_error **err);

/**
 * Those of one PCI device.
 * @address: "0000:81:00.1"
 * Returns 0 also for a device that is not there, with none
 * Source: /sys/bus/pci/devices/ADDRESS/msi_irqs and, for one without, its `irq`
 * (Documentation/ABI/testing/sysfs-bus-pci)
 */
int vp_irqs_of_pci(const struct vp_root *root, const char *address, struct vp_irqs *ret_irqs,
                   struct vp_error **err);

/* The interrupt with this number; NULL when it is not in there. Borrowed. */
const struct vp_irq *vp_irqs_find(const struct vp_irqs *irqs, unsigned number);

/**
 * Is it one that VFIO has asked for, for the guest that has the device?
 * @ret_vector: its number among those of the device; 0 for one that is not message-signalled
 * Source: "vfio-msix[N](ADDRESS)", "vfio-msi[N](…)", "vfio-intx(…)", Linux drivers/vfio/pci/vfio_pci_intrs.c.
 */
bool vp_irq_is_vfio(const struct vp_irq *irq, unsigned *ret_vector);

/*
 * The CPUs an interrupt may go to, as a list. The target is "irq/NUMBER@INODE", the inode being that of
 * /sys/kernel/irq/NUMBER, so that an interrupt that is set up anew under an old number is another one. A
 * refused write (-EIO, -EPERM) is noted in /run/virt-profile/irq-fixed by number and action: `fixed`, from
 * then on.
 */
extern const struct vp_means vp_means_irq;
