/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "planner.h"

/*
 * What an expert reads from <disk> and from the controllers behind it. Values that a definition leaves out
 * are those libvirt fills in (libvirt 9.0: conf/domain_postparse.c, qemu/qemu_domain.c), so that the answer
 * stays the same after libvirt has stored the definition.
 */

/* Is it device='disk' or 'lun': no CD-ROM, no floppy? */
bool vp_disk_is_hard(const vp_node *disk);
/* The hard disks in the order of the definition; NULL at the end. */
vp_node *vp_disk_first(const struct vp_domain *domain);
vp_node *vp_disk_next(const vp_node *disk);

const char *vp_disk_name(const vp_node *disk); /* its target, e.g. "vda"; "?" when it has none */
/* "file", "block", "network", "volume", "nvme", "vhostuser", "dir" */
const char *vp_disk_source(const vp_node *disk);
const char *vp_disk_format(const vp_node *disk); /* "raw", "qcow2", … */
const char *vp_disk_bus(const vp_node *disk);    /* "virtio", "scsi", "sata", "ide", "usb", … */
/* Is the bus "virtio" once the plan so far is carried out? */
bool vp_disk_planned_virtio(const struct vp_planning *planning, vp_node *disk);

/* The number in a disk's name, 0 for "vda", 27 for "sdab"; -1 for a name libvirt does not understand. */
int vp_disk_number(const vp_node *disk);

/*
 * Where libvirt puts a disk on a SCSI bus: as its address says, else by its name
 * (virDomainDiskDefAssignAddress()).
 */
struct vp_scsi_slot {
    unsigned controller, bus, target, unit;
};
/* The place its name leads to; false for a name libvirt does not understand. */
bool vp_disk_named_slot(const vp_node *disk, struct vp_scsi_slot *ret_slot);
/* Of a disk on a SCSI bus. */
bool vp_disk_scsi_slot(const vp_node *disk, struct vp_scsi_slot *ret_slot);

/* What keeps QEMU or libvirt from doing something to a disk; bits. */
enum vp_disk_trait {
    VP_DISK_VHOST_USER = 1 << 0, /* another process does the I/O */
    VP_DISK_NVME = 1 << 1,       /* QEMU drives the device without the host's kernel */
    VP_DISK_FOLDER = 1 << 2,     /* a folder shown as a FAT disk */
    VP_DISK_NETWORK = 1 << 3,    /* no file or block device of the host */
    VP_DISK_SCSI_LUN = 1 << 4,   /* SCSI commands go to the device unseen */
    VP_DISK_READONLY = 1 << 5,
};
/* Has the disk one of the traits? Then a note "NAME: …" is added. */
bool vp_disk_refuses(struct vp_planning *planning, const struct vp_setting *setting, const vp_node *disk,
                     unsigned traits);
unsigned vp_disk_traits(const vp_node *disk);

/* The virtio-scsi controllers that serve a hard disk, in the order of the definition; NULL at the end. */
vp_node *vp_virtio_scsi_first(const struct vp_domain *domain);
vp_node *vp_virtio_scsi_next(const struct vp_domain *domain, const vp_node *controller);
bool vp_controller_is_virtio_scsi(const struct vp_domain *domain, const vp_node *controller);
unsigned vp_controller_index(const vp_node *controller);

/*
 * Will a virtio device sit on PCI or CCW (and not on virtio-mmio, which has neither queues nor notifiers
 * worth it)?
 */
bool vp_virtio_on_pci_or_ccw(const struct vp_domain *domain, const vp_node *device);
