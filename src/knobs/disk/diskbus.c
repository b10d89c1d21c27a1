/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"

#include "disks.h"
#include "guestdevices.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* Every disk that moves is sorted in among all others: no more than a guest of this world has. */
#define DISKS_MAX 256

enum { BUS_VIRTIO, BUS_SCSI };
static const char *const buses[] = {"virtio", "scsi", NULL};

static bool has_disk_driver(const struct vp_domain *domain)
{
    for (const vp_node *disk = vp_disk_first(domain); disk != NULL; disk = vp_disk_next(disk))
        if (vp_same(vp_disk_bus(disk), "virtio"))
            return true;
    return vp_virtio_scsi_first(domain) != NULL;
}

/* Why no disk of the guest may change its bus; NULL when one may. */
static const char *guest_obstacle(const struct vp_domain *domain)
{
    if (!vp_domain_is_x86(domain) || !vp_virtio_on_pci_or_ccw(domain, NULL))
        return "disks are only moved in x86 guests with a PCI bus";
    if (!vp_domain_has_virtio_drivers(domain))
        return "nothing says that the guest has virtio drivers; name its system in the libosinfo metadata "
               "or give it a virtio device";
    if (vp_domain_is_windows(domain) && !has_disk_driver(domain))
        return "Windows boots only from storage it has seen before; attach a virtio disk to it once";
    return NULL;
}

/* Why this disk must keep its bus; NULL when it may change. */
static const char *disk_obstacle(const vp_node *disk, int bus)
{
    if (vp_same(vp_node_attr(disk, "device"), "lun"))
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
    for (vp_node *n = vp_node_child(vp_domain_devices(planning->domain), "disk"); n != NULL;
         n = vp_node_same(n)) {
        struct vp_scsi_slot other;
        vp_autofree char *bus = vp_planned(planning, n, "target/@bus");
        if (n == but || !vp_same(bus != NULL ? bus : vp_disk_bus(n), buses[BUS_SCSI]))
            continue;
        const bool moved = !vp_same(vp_disk_bus(n), buses[BUS_SCSI]);
        if ((moved ? vp_disk_named_slot(n, &other) : vp_disk_scsi_slot(n, &other)) &&
            other.controller == slot->controller && other.target == slot->target && other.unit == slot->unit)
            return true;
    }
    return false;
}

static bool has_scsi_hostdev(const struct vp_domain *domain)
{
    for (const vp_node *n = vp_node_child(vp_domain_devices(domain), "hostdev"); n != NULL;
         n = vp_node_same(n))
        if (vp_same(vp_node_attr(n, "type"), "scsi"))
            return true;
    return false;
}

/* The controller libvirt will put the disk on is virtio-scsi, or is made so. */
static bool provide_controller(struct vp_planning *planning, const struct vp_setting *setting, unsigned index)
{
    vp_node *devices = vp_domain_devices(planning->domain);
    bool any = false;
    for (const vp_node *c = vp_node_child(devices, "controller"); c != NULL; c = vp_node_same(c)) {
        if (!vp_same(vp_node_attr(c, "type"), "scsi"))
            continue;
        if (vp_controller_index(c) == index)
            return vp_controller_is_virtio_scsi(planning->domain, c);
        any = true;
    }
    if (any || index != 0)
        return false;
    vp_plan_element(planning, setting, devices, "controller[scsi,0]",
                    "<controller type='scsi' index='0' model='virtio-scsi'/>",
                    "disks on SCSI need a controller");
    return true;
}

static bool plan_scsi(struct vp_planning *planning, const struct vp_setting *setting, const vp_node *disk)
{
    struct vp_scsi_slot slot;
    const char *name = vp_disk_name(disk);
    if (!vp_disk_named_slot(disk, &slot) || taken(planning, &slot, disk) ||
        has_scsi_hostdev(planning->domain)) {
        vp_plan_skip(planning, setting,
                     "%s: its name leads to a place on the SCSI bus that is not free; rename it", name);
        return false;
    }
    if (!provide_controller(planning, setting, slot.controller)) {
        vp_plan_skip(planning, setting, "%s: SCSI controller %u is not virtio-scsi; make it one", name,
                     slot.controller);
        return false;
    }
    return true;
}

/* The bus of a disk once the plan so far is carried out, and `moved` has changed over. */
static const char *bus_then(const struct vp_planning *planning, vp_node *disk, const vp_node *moved, int bus)
{
    vp_autofree char *planned = vp_planned(planning, disk, "target/@bus");
    return disk == moved || vp_same(planned, buses[bus]) ? buses[bus] : vp_disk_bus(disk);
}

struct sorted {
    vp_node *disk;
    const char *bus;
};

struct order {
    struct sorted *items; /* owned */
    size_t n, cap;
};

static void order_done(struct order *order)
{
    free(order->items);
}

/* Disks of one bus stand together, by name; others where they come (virDomainDiskInsert()). */
static void insert_sorted(struct order *order, vp_node *disk, const char *bus)
{
    size_t at = order->n;
    bool found = false;
    for (size_t i = order->n; i-- > 0;) {
        if (strcmp(order->items[i].bus, bus) != 0)
            continue;
        if (vp_disk_number(order->items[i].disk) > vp_disk_number(disk))
            at = i;
        else if (!found)
            at = i + 1;
        found = true;
    }
    vp_grow(&order->items, order->n, &order->cap, sizeof(*order->items));
    memmove(&order->items[at + 1], &order->items[at], (order->n - at) * sizeof(*order->items));
    order->items[at] = (struct sorted){.disk = disk, .bus = bus};
    order->n++;
}

/* All disks as libvirt has sorted them, or will. */
static struct order stored_order(const struct vp_domain *domain)
{
    struct order order = {0};
    for (vp_node *n = vp_node_child(vp_domain_devices(domain), "disk"); n != NULL; n = vp_node_same(n))
        insert_sorted(&order, n, vp_disk_bus(n));
    return order;
}

/*
 * libvirt sorts disks by their buses when it stores a definition, boots from the first of them, and keeps no
 * trace of the order there was. So a disk only moves where all stay in line.
 */
static bool keeps_order(const struct vp_planning *planning, const struct order *now, const vp_node *moved,
                        int bus)
{
    VP_CLEANUP(order_done) struct order then = {0};
    for (size_t i = 0; i < now->n; i++)
        insert_sorted(&then, now->items[i].disk, bus_then(planning, now->items[i].disk, moved, bus));
    for (size_t i = 0; i < now->n; i++)
        if (now->items[i].disk != then.items[i].disk)
            return false;
    return true;
}

/* An address that already says where the disk's name leads on a SCSI bus is what libvirt would write. */
static bool address_fits(const vp_node *disk, int bus)
{
    struct vp_scsi_slot slot;
    struct vp_scsi_slot own;
    return bus == BUS_SCSI && vp_node_child(disk, "address") != NULL && vp_disk_named_slot(disk, &slot) &&
           vp_disk_scsi_slot(disk, &own) && memcmp(&slot, &own, sizeof(slot)) == 0;
}

static void plan_move(struct vp_planning *planning, const struct vp_setting *setting, vp_node *disk)
{
    const int bus = setting->value.choice;
    const char *own = vp_disk_bus(disk);
    vp_plan_attr(planning, setting, disk, "target/@bus", buses[bus],
                 "the guest has virtio drivers, and every access to emulated %s stops a vCPU", own);
    if (!address_fits(disk, bus))
        vp_plan_readdress(planning, setting, disk, "its place on the %s bus means nothing on %s", own,
                          buses[bus]);
}

static void plan_bus_of(struct vp_planning *planning, const struct vp_setting *setting,
                        const struct order *now, vp_node *disk)
{
    const int bus = setting->value.choice;
    const char *why = disk_obstacle(disk, bus);
    if (why == NULL && bus == BUS_VIRTIO)
        why = vp_guest_no_slot(planning);
    if (why != NULL)
        vp_plan_skip(planning, setting, "%s: %s", vp_disk_name(disk), why);
    else if (!keeps_order(planning, now, disk, bus))
        vp_plan_skip(
            planning, setting,
            "%s: libvirt would sort it to another place among the disks, and the guest might boot from "
            "another; rename it",
            vp_disk_name(disk));
    else if (bus == BUS_VIRTIO || plan_scsi(planning, setting, disk))
        plan_move(planning, setting, disk);
}

static size_t count_disks(const struct vp_domain *domain)
{
    size_t n = 0;
    for (const vp_node *d = vp_node_child(vp_domain_devices(domain), "disk"); d != NULL; d = vp_node_same(d))
        n++;
    return n;
}

static int plan_bus(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const char *obstacle = guest_obstacle(planning->domain);
    if (count_disks(planning->domain) > DISKS_MAX) {
        vp_plan_skip(planning, setting, "disks are only moved in guests with at most %d of them", DISKS_MAX);
        return 0;
    }
    VP_CLEANUP(order_done) struct order now = stored_order(planning->domain);
    for (size_t i = 0; i < now.n; i++) {
        vp_node *disk = now.items[i].disk;
        /*
         * On a SCSI bus the controller decides how fast a disk is; USB, SD and the others were chosen on
         * purpose.
         */
        if (!vp_disk_is_hard(disk) ||
            (!vp_same(now.items[i].bus, "ide") && !vp_same(now.items[i].bus, "sata")))
            continue;
        if (obstacle != NULL) {
            vp_plan_skip(planning, setting, "%s", obstacle);
            return 0;
        }
        plan_bus_of(planning, setting, &now, disk);
    }
    return 0;
}

const struct vp_knob vp_knobs_diskbus[] = {
    {
        .name = "disk.bus",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_GUEST,
        .choices = buses,
        .doc = "Move hard disks from emulated IDE and SATA to virtio-blk (virtio) or virtio-scsi (scsi), "
               "keeping their target names. Only x86 guests that are known to have virtio drivers, Windows "
               "only when it has had a virtio disk before; in the guest the disk gets another name, so its "
               "boot configuration must not rely on it.",
        .plan = plan_bus,
        .verify = vp_verify_definition,
    },
    {.name = NULL},
};
