/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"

#include "disks.h"

#include <string.h>

enum { BUS_VIRTIO, BUS_SCSI };
static const char *const buses[] = {"virtio", "scsi", NULL};

static bool is(const char *text, const char *other) { return text != NULL && strcmp(text, other) == 0; }

static bool has_disk_driver(const struct vp_domain *domain)
{
    for (const vp_node *disk = vp_disk_first(domain); disk != NULL; disk = vp_disk_next(disk))
        if (is(vp_disk_bus(disk), "virtio"))
            return true;
    return vp_virtio_scsi_first(domain) != NULL;
}

/* Why no disk of the guest may change its bus; NULL when one may. */
static const char *guest_obstacle(const struct vp_domain *domain)
{
    if (!vp_domain_is_x86(domain) || !vp_virtio_on_pci_or_ccw(domain, NULL))
        return "disks are only moved in x86 guests with a PCI bus";
    if (!vp_domain_has_virtio_drivers(domain))
        return "nothing says that the guest has virtio drivers; name its system in the libosinfo metadata or give it a "
               "virtio device";
    if (vp_domain_is_windows(domain) && !has_disk_driver(domain))
        return "Windows loads a storage driver at boot only where it has seen the device; attach a virtio disk once";
    return NULL;
}

/* Why this disk must keep its bus; NULL when it may change. */
static const char *disk_obstacle(const vp_node *disk, int bus)
{
    if (is(vp_node_attr(disk, "device"), "lun"))
        return "a lun is passed through as it is";
    if (bus == BUS_VIRTIO && vp_node_child(disk, "wwn") != NULL)
        return "it has a WWN, which virtio disks have not; take <wwn> out";
    if (bus == BUS_VIRTIO && vp_node_walk_attr(disk, "target", "rotation_rate") != NULL)
        return "it has a rotation rate, which virtio disks have not; take rotation_rate out";
    if (vp_node_walk_attr(disk, "geometry", "trans") != NULL)
        return "its geometry has a BIOS translation, which only IDE disks have";
    return NULL;
}

static bool taken(struct vp_planning *planning, const struct vp_scsi_slot *slot, const vp_node *but)
{
    for (vp_node *n = vp_node_child(vp_domain_devices(planning->domain), "disk"); n != NULL; n = vp_node_same(n)) {
        struct vp_scsi_slot other;
        vp_autofree char *bus = vp_planned(planning, n, "target/@bus");
        if (n == but || !is(bus != NULL ? bus : vp_disk_bus(n), buses[BUS_SCSI]))
            continue;
        const bool moved = !is(vp_disk_bus(n), buses[BUS_SCSI]);
        if ((moved ? vp_disk_named_slot(n, &other) : vp_disk_scsi_slot(n, &other)) &&
            other.controller == slot->controller && other.target == slot->target && other.unit == slot->unit)
            return true;
    }
    return false;
}

static bool has_scsi_hostdev(const struct vp_domain *domain)
{
    for (const vp_node *n = vp_node_child(vp_domain_devices(domain), "hostdev"); n != NULL; n = vp_node_same(n))
        if (is(vp_node_attr(n, "type"), "scsi"))
            return true;
    return false;
}

/* The controller libvirt will put the disk on is virtio-scsi, or is made so. */
static bool provide_controller(struct vp_planning *planning, const struct vp_setting *setting, unsigned index)
{
    vp_node *devices = vp_domain_devices(planning->domain);
    bool any = false;
    for (const vp_node *c = vp_node_child(devices, "controller"); c != NULL; c = vp_node_same(c)) {
        if (!is(vp_node_attr(c, "type"), "scsi"))
            continue;
        if (vp_controller_index(c) == index)
            return vp_controller_is_virtio_scsi(planning->domain, c);
        any = true;
    }
    if (any || index != 0)
        return false;
    vp_plan_element(planning, setting, devices, "controller[scsi,0]",
                    "<controller type='scsi' index='0' model='virtio-scsi'/>", "disks on SCSI need a controller");
    return true;
}

static bool plan_scsi(struct vp_planning *planning, const struct vp_setting *setting, const vp_node *disk)
{
    struct vp_scsi_slot slot;
    const char *name = vp_disk_name(disk);
    if (!vp_disk_named_slot(disk, &slot) || taken(planning, &slot, disk) || has_scsi_hostdev(planning->domain)) {
        vp_plan_skip(planning, setting, "%s: its name leads to a place on the SCSI bus that is not free; rename it",
                     name);
        return false;
    }
    if (!provide_controller(planning, setting, slot.controller)) {
        vp_plan_skip(planning, setting, "%s: SCSI controller %u is not virtio-scsi; make it one", name,
                     slot.controller);
        return false;
    }
    return true;
}

static int plan_bus(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const int bus = setting->value.choice;
    const char *obstacle = guest_obstacle(planning->domain);
    for (vp_node *disk = vp_disk_first(planning->domain); disk != NULL; disk = vp_disk_next(disk)) {
        const char *own = vp_disk_bus(disk);
        /* On a SCSI bus the controller decides how fast a disk is; USB, SD and the others were chosen on purpose. */
        if (!is(own, "ide") && !is(own, "sata"))
            continue;
        if (obstacle != NULL) {
            vp_plan_skip(planning, setting, "%s", obstacle);
            return 0;
        }
        const char *why = disk_obstacle(disk, bus);
        if (why != NULL)
            vp_plan_skip(planning, setting, "%s: %s", vp_disk_name(disk), why);
        else if (bus == BUS_VIRTIO || plan_scsi(planning, setting, disk)) {
            vp_plan_attr(planning, setting, disk, "target/@bus", buses[bus],
                         "the guest has virtio drivers, and every access to emulated %s stops a vCPU", own);
            vp_plan_readdress(planning, setting, disk, "its place on the %s bus means nothing on %s", own, buses[bus]);
        }
    }
    return 0;
}

const struct vp_knob vp_knobs_diskbus[] = {
    {
        .name = "disk.bus",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_GUEST,
        .choices = buses,
        .doc = "Move hard disks from emulated IDE and SATA to virtio-blk (virtio) or virtio-scsi (scsi), keeping their "
               "target names. Only x86 guests that are known to have virtio drivers, Windows only when it has had a "
               "virtio disk before; in the guest the disk gets another name, so its boot configuration must not rely "
               "on it.",
        .plan = plan_bus,
        .verify = vp_verify_definition,
    },
    {.name = NULL},
};
