/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disks.h"

#include "size.h"
#include "text.h"

#include <string.h>

/* Units of a narrow SCSI bus, libvirt's default for QEMU. */
#define SCSI_UNITS 7
#define SCSI_NUMBER_MAX 65535

bool vp_disk_is_hard(const vp_node *disk)
{
    const char *device = vp_node_attr(disk, "device");
    return device == NULL || strcmp(device, "disk") == 0 || strcmp(device, "lun") == 0;
}

static vp_node *hard_disk(vp_node *node)
{
    while (node != NULL && !vp_disk_is_hard(node))
        node = vp_node_same(node);
    return node;
}

vp_node *vp_disk_first(const struct vp_domain *domain)
{
    return hard_disk(vp_node_child(vp_domain_devices(domain), "disk"));
}

vp_node *vp_disk_next(const vp_node *disk)
{
    return hard_disk(vp_node_same(disk));
}

const char *vp_disk_name(const vp_node *disk)
{
    const char *name = vp_node_walk_attr(disk, "target", "dev");
    return name != NULL ? name : "?";
}

const char *vp_disk_source(const vp_node *disk)
{
    const char *type = vp_node_attr(disk, "type");
    return type != NULL ? type : "file";
}

const char *vp_disk_format(const vp_node *disk)
{
    const char *type = vp_node_walk_attr(disk, "driver", "type");
    return type == NULL || strcmp(type, "aio") == 0 ? "raw" : type;
}

const char *vp_disk_bus(const vp_node *disk)
{
    static const struct {
        const char *prefix, *bus;
    } by_name[] = {{"sd", "scsi"}, {"vd", "virtio"}, {"xvd", "xen"}, {"ubd", "uml"}};
    const char *bus = vp_node_walk_attr(disk, "target", "bus");
    if (bus != NULL)
        return bus;
    for (size_t i = 0; i < VP_ARRAY_SIZE(by_name); i++)
        if (vp_starts(vp_disk_name(disk), by_name[i].prefix))
            return by_name[i].bus;
    return "ide";
}

bool vp_disk_planned_virtio(const struct vp_planning *planning, vp_node *disk)
{
    vp_autofree char *bus = vp_planned(planning, disk, "target/@bus");
    return strcmp(bus != NULL ? bus : vp_disk_bus(disk), "virtio") == 0;
}

int vp_disk_number(const vp_node *disk)
{
    static const char *const prefixes[] = {"fd", "hd", "vd", "sd", "xvd", "ubd"};
    const char *name = vp_disk_name(disk);
    const char *letters = NULL;
    for (size_t i = 0; i < VP_ARRAY_SIZE(prefixes) && letters == NULL; i++)
        if (vp_starts(name, prefixes[i]))
            letters = name + strlen(prefixes[i]);
    const size_t n = letters != NULL ? strspn(letters, "abcdefghijklmnopqrstuvwxyz") : 0;
    if (n == 0 || n > 3 || letters[n] != '\0')
        return -1;
    int index = 0;
    for (size_t i = 0; i < n; i++)
        index = (i == 0 ? 0 : (index + 1) * 26) + (letters[i] - 'a');
    return index;
}

bool vp_disk_named_slot(const vp_node *disk, struct vp_scsi_slot *ret_slot)
{
    const int index = vp_disk_number(disk);
    if (index < 0)
        return false;
    *ret_slot = (struct vp_scsi_slot){.controller = (unsigned)index / SCSI_UNITS,
                                      .unit = (unsigned)index % SCSI_UNITS};
    return true;
}

static unsigned number(const vp_node *node, const char *attr)
{
    const char *text = vp_node_attr(node, attr);
    uint64_t value = 0;
    if (text == NULL || vp_u64_parse(text, 0, SCSI_NUMBER_MAX, &value) < 0)
        return 0;
    return (unsigned)value;
}

bool vp_disk_scsi_slot(const vp_node *disk, struct vp_scsi_slot *ret_slot)
{
    const vp_node *address = vp_node_child(disk, "address");
    if (!vp_same(vp_node_attr(address, "type"), "drive"))
        return vp_disk_named_slot(disk, ret_slot);
    *ret_slot = (struct vp_scsi_slot){
        .controller = number(address, "controller"),
        .bus = number(address, "bus"),
        .target = number(address, "target"),
        .unit = number(address, "unit"),
    };
    return true;
}

unsigned vp_disk_traits(const vp_node *disk)
{
    static const struct {
        const char *source;
        unsigned trait;
    } sources[] = {{"vhostuser", VP_DISK_VHOST_USER},
                   {"nvme", VP_DISK_NVME},
                   {"dir", VP_DISK_FOLDER},
                   {"network", VP_DISK_NETWORK}};
    unsigned traits = 0;
    for (size_t i = 0; i < VP_ARRAY_SIZE(sources); i++)
        if (strcmp(vp_disk_source(disk), sources[i].source) == 0)
            traits |= sources[i].trait;
    if (vp_same(vp_node_attr(disk, "device"), "lun") && strcmp(vp_disk_bus(disk), "scsi") == 0)
        traits |= VP_DISK_SCSI_LUN;
    if (vp_node_child(disk, "readonly") != NULL)
        traits |= VP_DISK_READONLY;
    return traits;
}

bool vp_disk_refuses(struct vp_planning *planning, const struct vp_setting *setting, const vp_node *disk,
                     unsigned traits)
{
    static const struct {
        unsigned trait;
        const char *why;
    } texts[] = {
        {VP_DISK_VHOST_USER, "its I/O is done by a vhost-user process, where it has to be set"},
        {VP_DISK_NVME, "QEMU drives this NVMe device itself, past the host's kernel"},
        {VP_DISK_FOLDER, "it is a folder shown as a FAT disk, not an image"},
        {VP_DISK_NETWORK, "it is a network disk, read through a library and not through a file of the host"},
        {VP_DISK_SCSI_LUN, "it is a passed-through SCSI lun, whose commands QEMU hands on as they are"},
        {VP_DISK_READONLY, "it is read-only"},
    };
    const unsigned found = vp_disk_traits(disk) & traits;
    for (size_t i = 0; i < VP_ARRAY_SIZE(texts); i++)
        if ((found & texts[i].trait) != 0) {
            vp_plan_skip(planning, setting, "%s: %s", vp_disk_name(disk), texts[i].why);
            return true;
        }
    return false;
}

static const char *arch(const struct vp_domain *domain)
{
    const char *text = vp_node_walk_attr(domain->root, "os/type", "arch");
    return text != NULL ? text : "";
}

static bool is_scsi(const vp_node *node)
{
    return vp_node_is(node, "controller") && vp_same(vp_node_attr(node, "type"), "scsi");
}

bool vp_controller_is_virtio_scsi(const struct vp_domain *domain, const vp_node *controller)
{
    if (!is_scsi(controller))
        return false;
    /* Without a model it is virtio-scsi on s390x; elsewhere it depends on how QEMU was built. */
    const char *model = vp_node_attr(controller, "model");
    return model != NULL ? vp_starts(model, "virtio") : vp_starts(arch(domain), "s390");
}

unsigned vp_controller_index(const vp_node *controller)
{
    if (vp_node_attr(controller, "index") != NULL)
        return number(controller, "index");
    unsigned before = 0;
    for (const vp_node *n = vp_node_prev(controller); n != NULL; n = vp_node_prev(n))
        before += is_scsi(n);
    return before;
}

static bool serves_disk(const struct vp_domain *domain, const vp_node *controller)
{
    for (const vp_node *disk = vp_disk_first(domain); disk != NULL; disk = vp_disk_next(disk)) {
        struct vp_scsi_slot slot;
        if (strcmp(vp_disk_bus(disk), "scsi") == 0 && vp_disk_scsi_slot(disk, &slot) &&
            slot.controller == vp_controller_index(controller))
            return true;
    }
    return false;
}

static vp_node *serving(const struct vp_domain *domain, vp_node *node)
{
    for (; node != NULL; node = vp_node_same(node))
        if (vp_controller_is_virtio_scsi(domain, node) && serves_disk(domain, node))
            return node;
    return NULL;
}

vp_node *vp_virtio_scsi_first(const struct vp_domain *domain)
{
    return serving(domain, vp_node_child(vp_domain_devices(domain), "controller"));
}

vp_node *vp_virtio_scsi_next(const struct vp_domain *domain, const vp_node *controller)
{
    return serving(domain, vp_node_same(controller));
}

static bool has_mmio(const struct vp_domain *domain)
{
    for (const vp_node *n = vp_node_first(vp_domain_devices(domain)); n != NULL; n = vp_node_next(n))
        if (vp_same(vp_node_walk_attr(n, "address", "type"), "virtio-mmio"))
            return true;
    return false;
}

bool vp_virtio_on_pci_or_ccw(const struct vp_domain *domain, const vp_node *device)
{
    const char *machine = vp_node_walk_attr(domain->root, "os/type", "machine");
    const char *address = vp_node_walk_attr(device, "address", "type");
    /* A drive address belongs to the emulated bus that the disk is being moved from. */
    if (address != NULL && strcmp(address, "pci") != 0 && strcmp(address, "ccw") != 0 &&
        strcmp(address, "drive") != 0)
        return false;
    if (vp_domain_is_x86(domain))
        return !vp_same(machine, "isapc") && !vp_same(machine, "microvm");
    if (vp_starts(arch(domain), "s390"))
        return machine == NULL || vp_starts(machine, "s390-ccw");
    if (vp_starts(arch(domain), "ppc64"))
        return machine == NULL || vp_starts(machine, "pseries");
    /* Once one device of a "virt" machine is on virtio-mmio, libvirt puts all others there as well. */
    if (vp_starts(arch(domain), "aarch64") || vp_starts(arch(domain), "arm") ||
        vp_starts(arch(domain), "riscv") || vp_starts(arch(domain), "loongarch"))
        return (machine == NULL || strcmp(machine, "virt") == 0 || vp_starts(machine, "virt-")) &&
               !has_mmio(domain);
    return false;
}
