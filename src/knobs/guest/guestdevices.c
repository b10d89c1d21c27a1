/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guestdevices.h"

#include "disks.h"
#include "size.h"
#include "text.h"

#include <string.h>

/* Most SCSI controllers that are made for disks which name none. */
#define SCSI_CONTROLLERS_MAX 8

static vp_node *devices(const struct vp_planning *planning)
{
    return vp_domain_devices(planning->domain);
}

vp_node *vp_guest_first(const struct vp_planning *planning, const char *name)
{
    return vp_node_child(devices(planning), name);
}

bool vp_guest_is_s390(const struct vp_domain *domain)
{
    return vp_starts(vp_node_walk_attr(domain->root, "os/type", "arch"), "s390");
}

void vp_guest_drop(struct vp_planning *planning, const struct vp_setting *setting, vp_node *node,
                   const char *reason)
{
    vp_plan_element(planning, setting, node, "", NULL, "%s", reason);
}

const char *vp_guest_no_virtio(const struct vp_planning *planning)
{
    if (!vp_domain_has_virtio_drivers(planning->domain))
        return "the guest is not known to have virtio drivers; a virtio disk or card in it, or libosinfo metadata that "
               "names a system that has them, would tell";
    if (!vp_virtio_on_pci_or_ccw(planning->domain, NULL))
        return "this machine has no PCI or channel subsystem for a virtio device";
    return NULL;
}

#define PCI_SLOTS 32

/* A part of a PCI address: hexadecimal as libvirt writes it, or decimal. */
static bool address_part(const vp_node *address, const char *attr, uint64_t max, uint64_t *ret_value)
{
    static const char digits[] = "0123456789abcdef";
    const char *text = vp_node_attr(address, attr);
    uint64_t value = 0;
    if (!vp_starts(text, "0x"))
        return text != NULL && vp_u64_parse(text, 0, max, ret_value) == 0;
    for (const char *c = text + 2; *c != '\0' && value <= max; c++) {
        const char *digit = strchr(digits, *c >= 'A' && *c <= 'F' ? *c - 'A' + 'a' : *c);
        if (digit == NULL)
            return false;
        value = value * 16 + (uint64_t)(digit - digits);
    }
    *ret_value = value;
    return value <= max;
}

/* The slots of a conventional PCI bus that are spoken for, as bits. */
static uint32_t used_slots(const struct vp_planning *planning, uint64_t bus)
{
    /* The root bus has the host bridge, the PIIX3 and a place that libvirt keeps for a video card. */
    uint32_t used = bus == 0 ? 0x7 : 0x1;
    for (const vp_node *n = vp_node_first(devices(planning)); n != NULL; n = vp_node_next(n)) {
        const vp_node *address = vp_node_child(n, "address");
        uint64_t on = 0;
        uint64_t slot = 0;
        if (vp_same(vp_node_attr(address, "type"), "pci") && address_part(address, "bus", UINT8_MAX, &on) &&
            on == bus && address_part(address, "slot", PCI_SLOTS - 1, &slot))
            used |= UINT32_C(1) << slot;
    }
    return used;
}

const char *vp_guest_no_slot(const struct vp_planning *planning)
{
    if (!vp_domain_is_x86(planning->domain) || vp_domain_is_q35(planning->domain) ||
        used_slots(planning, 0) != UINT32_MAX)
        return NULL; /* elsewhere libvirt finds room for another bridge or port */
    for (const vp_node *n = vp_guest_first(planning, "controller"); n != NULL; n = vp_node_same(n)) {
        uint64_t index = 0;
        if (vp_same(vp_node_attr(n, "model"), "pci-bridge") && address_part(n, "index", UINT8_MAX, &index) &&
            used_slots(planning, index) != UINT32_MAX)
            return NULL;
    }
    return "every slot of the guest's PCI buses is taken; give it a pci-bridge controller first";
}

int vp_guest_plan_rng(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const char *refused = vp_guest_no_virtio(planning);
    if (refused == NULL)
        refused = vp_guest_no_slot(planning);
    if (!setting->value.yes) {
        for (vp_node *rng = vp_guest_first(planning, "rng"); rng != NULL; rng = vp_node_same(rng))
            vp_guest_drop(planning, setting, rng, "the profile wants no random number device");
    } else if (vp_guest_first(planning, "rng") == NULL && refused != NULL) {
        vp_plan_skip(planning, setting, "%s", refused);
    } else if (vp_guest_first(planning, "rng") == NULL && devices(planning) != NULL) {
        vp_plan_element(planning, setting, devices(planning), "rng[+]",
                        "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>",
                        "a guest has few sources of randomness of its own and waits for it at boot");
    }
    return 0;
}

const char *const vp_guest_consoles[] = {"virtio", NULL};

/* Does libvirt put a console for the first serial port in front (virDomainDefAddConsoleCompat)? */
static bool serial_shows(const vp_node *serial)
{
    const char *type = vp_node_walk_attr(serial, "target", "type");
    return serial != NULL && !vp_same(type, "pci-serial") && !vp_same(type, "usb-serial") &&
           !vp_same(type, "isa-debug");
}

int vp_guest_plan_console(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    (void)err;
    const char *refused = vp_guest_no_virtio(planning);
    const vp_node *serial = vp_guest_first(planning, "serial");
    for (vp_node *n = vp_guest_first(planning, "console"); n != NULL; n = vp_node_same(n))
        if (vp_same(vp_node_walk_attr(n, "target", "type"), "virtio"))
            return 0;
    if (refused == NULL && vp_guest_is_s390(planning->domain))
        refused = "the machine has an SCLP console of its own";
    if (refused == NULL)
        refused = vp_guest_no_slot(planning);
    if (refused == NULL && serial_shows(serial) && !vp_same(vp_node_attr(serial, "type"), "pty"))
        refused = "the guest's console is a serial port that someone chose to send elsewhere";
    if (refused != NULL)
        vp_plan_skip(planning, setting, "%s", refused);
    if (refused != NULL || devices(planning) == NULL)
        return 0;
    if (vp_guest_first(planning, "console") == NULL && serial_shows(serial))
        vp_plan_element(planning, setting, devices(planning), "console[+]",
                        "<console type='pty'><target type='serial'/></console>",
                        "libvirt lists the serial port as the first console");
    vp_plan_element(planning, setting, devices(planning), "console[+]",
                    "<console type='pty'><target type='virtio'/></console>",
                    "a virtio console takes one exit for a line, a serial port one for a character");
    return 0;
}

const char *const vp_guest_videos[] = {"virtio", "qxl", "vga", "none", NULL};
enum { VIDEO_VIRTIO, VIDEO_QXL, VIDEO_VGA, VIDEO_NONE };

/* KiB as libvirt 9.0 fills them in (virDomainVideoDefaultRAM, QEMU_QXL_VGAMEM_DEFAULT); NULL: none. */
static const struct {
    const char *attr, *value[3];
} video_memory[] = {
    {"ram", {[VIDEO_QXL] = "65536"}},
    {"vram", {[VIDEO_QXL] = "65536", [VIDEO_VGA] = "16384"}},
    {"vgamem", {[VIDEO_QXL] = "16384"}},
    {"vram64", {NULL}},
};

/* Why a video device keeps its model; NULL where it may change. */
static const char *video_kept(const struct vp_planning *planning, const vp_node *video, int choice)
{
    if (vp_same(vp_node_walk_attr(video, "model", "type"), "ramfb"))
        return "it shows the boot of a passed-through GPU, which takes over from it";
    if (choice != VIDEO_VIRTIO && vp_node_walk(video, "model/acceleration") != NULL)
        return "it has 3D acceleration set up, which virtio alone has";
    if (choice != VIDEO_VIRTIO && vp_node_child(video, "driver") != NULL)
        return "it has driver options that virtio alone takes";
    if (choice == VIDEO_VGA && vp_guest_first(planning, "video") != video)
        return "a VGA card can only be the first";
    if (choice == VIDEO_VGA && vp_node_walk_attr(video, "model", "heads") != NULL &&
        !vp_same(vp_node_walk_attr(video, "model", "heads"), "1"))
        return "it has several heads, and a VGA card has one";
    return NULL;
}

static void plan_video_model(struct vp_planning *planning, const struct vp_setting *setting, vp_node *video)
{
    const int choice = setting->value.choice;
    const char *model = vp_guest_videos[choice];
    const bool already = vp_same(vp_node_walk_attr(video, "model", "type"), model);
    const char *kept = already ? NULL : video_kept(planning, video, choice);
    if (kept != NULL) {
        vp_plan_skip(planning, setting, "video device: %s", kept);
        return;
    }
    vp_plan_attr(planning, setting, video, "model/@type", model, "display adapter the profile asks for");
    for (size_t i = 0; i < VP_ARRAY_SIZE(video_memory) && !already; i++) {
        vp_autofree char *path = vp_asprintf("model/@%s", video_memory[i].attr);
        vp_plan_attr(planning, setting, video, path, video_memory[i].value[choice], "memory of a %s adapter",
                     model);
    }
}

static void plan_no_video(struct vp_planning *planning, const struct vp_setting *setting)
{
    vp_node *video = vp_guest_first(planning, "video");
    if (video == NULL && vp_guest_first(planning, "graphics") == NULL)
        return; /* libvirt adds an adapter beside graphics only */
    if (video == NULL)
        vp_plan_element(planning, setting, devices(planning), "video[+]",
                        "<video><model type='none'/></video>",
                        "a guest that nobody watches needs no display adapter");
    else
        vp_plan_element(planning, setting, video, "", "<video><model type='none'/></video>",
                        "a guest that nobody watches needs no display adapter");
    for (vp_node *more = video != NULL ? vp_node_same(video) : NULL; more != NULL; more = vp_node_same(more))
        vp_guest_drop(planning, setting, more, "a guest that nobody watches needs no display adapter");
    if (vp_guest_first(planning, "graphics") != NULL)
        vp_plan_warn(planning, setting,
                     "the guest's graphics stay, and have nothing to show without a display adapter");
}

int vp_guest_plan_video(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const int choice = setting->value.choice;
    const char *refused = NULL;
    vp_node *video = vp_guest_first(planning, "video");
    if (choice == VIDEO_VIRTIO)
        refused = vp_guest_no_virtio(planning);
    else if (choice == VIDEO_NONE ? !vp_virtio_on_pci_or_ccw(planning->domain, NULL)
                                  : !vp_domain_is_x86(planning->domain))
        refused = "this machine has display adapters of its own";
    if (refused == NULL && choice != VIDEO_NONE &&
        (vp_same(vp_node_walk_attr(video, "model", "type"), "none") ||
         (video == NULL && vp_guest_first(planning, "graphics") == NULL)))
        refused = "the guest has no display";
    if (refused != NULL) {
        vp_plan_skip(planning, setting, "%s", refused);
        return 0;
    }
    if (choice == VIDEO_NONE) {
        plan_no_video(planning, setting);
        return 0;
    }
    vp_autofree char *made = vp_asprintf("<video><model type='%s'/></video>", vp_guest_videos[choice]);
    if (video == NULL)
        vp_plan_element(planning, setting, devices(planning), "video[+]", made,
                        "display adapter the profile asks for");
    for (; video != NULL; video = vp_node_same(video))
        plan_video_model(planning, setting, video);
    return 0;
}

const char *const vp_guest_watchdogs[] = {"no",    "none", "reset",      "shutdown", "poweroff",
                                          "pause", "dump", "inject-nmi", NULL};
enum { WATCHDOG_NO };

/* Newer libvirt shows the watchdog that is part of the q35 chipset; it cannot go. */
static bool is_built_in(const vp_node *watchdog)
{
    return vp_same(vp_node_attr(watchdog, "model"), "itco");
}

int vp_guest_plan_watchdog(struct vp_planning *planning, const struct vp_setting *setting,
                           struct vp_error **err)
{
    (void)err;
    const int choice = setting->value.choice;
    const char *action = vp_guest_watchdogs[choice];
    bool found = false;
    for (vp_node *n = vp_guest_first(planning, "watchdog"); n != NULL; n = vp_node_same(n)) {
        found = found || !is_built_in(n);
        if (choice != WATCHDOG_NO)
            vp_plan_attr(planning, setting, n, "@action", action,
                         "what becomes of a guest that no longer feeds it");
        else if (!is_built_in(n))
            vp_guest_drop(planning, setting, n, "the profile wants no watchdog");
    }
    if (found || choice == WATCHDOG_NO || devices(planning) == NULL)
        return 0;
    const bool pci = vp_domain_is_x86(planning->domain) && vp_virtio_on_pci_or_ccw(planning->domain, NULL);
    const char *full = vp_guest_no_slot(planning);
    if (full != NULL) {
        vp_plan_skip(planning, setting, "%s", full);
        return 0;
    }
    if (!pci && !vp_guest_is_s390(planning->domain)) {
        vp_plan_skip(planning, setting, "this machine has no watchdog that could be added");
        return 0;
    }
    vp_autofree char *made =
        vp_asprintf("<watchdog model='%s' action='%s'/>", pci ? "i6300esb" : "diag288", action);
    vp_plan_element(planning, setting, devices(planning), "watchdog[+]", made,
                    "a guest that hangs is noticed by itself");
    return 0;
}

const char *const vp_guest_scsis[] = {"virtio-scsi", NULL};

/* Why the guest's SCSI controllers stay as they are; NULL where they may change. */
static const char *scsi_kept(const struct vp_planning *planning)
{
    const char *refused = vp_guest_no_virtio(planning);
    if (refused != NULL || !vp_domain_is_windows(planning->domain))
        return refused;
    for (vp_node *n = vp_guest_first(planning, "controller"); n != NULL; n = vp_node_same(n))
        if (vp_controller_is_virtio_scsi(planning->domain, n))
            return NULL;
    return "a Windows guest does not boot from a virtio-scsi disk before its driver is installed; give it a second, "
           "empty one first";
}

/* Controllers on another bus than PCI, or that only exist on a board. */
static bool is_special(const vp_node *controller)
{
    static const char *const models[] = {"ibmvscsi", "ncr53c90", "auto", "buslogic"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(models); i++)
        if (vp_same(vp_node_attr(controller, "model"), models[i]))
            return true;
    return vp_same(vp_node_walk_attr(controller, "address", "type"), "spapr-vio");
}

/* How many controllers libvirt makes sure of for the disks on SCSI that the plan leaves there. */
static unsigned scsi_controllers(const struct vp_planning *planning)
{
    unsigned n = 0;
    for (vp_node *disk = vp_guest_first(planning, "disk"); disk != NULL; disk = vp_node_same(disk)) {
        vp_autofree char *bus = vp_planned(planning, disk, "target/@bus");
        struct vp_scsi_slot slot;
        if (strcmp(bus != NULL ? bus : vp_disk_bus(disk), "scsi") == 0 && vp_disk_scsi_slot(disk, &slot) &&
            slot.controller < SCSI_CONTROLLERS_MAX && slot.controller >= n)
            n = slot.controller + 1;
    }
    return n;
}

static bool has_controller(const struct vp_planning *planning, unsigned index)
{
    for (vp_node *n = vp_guest_first(planning, "controller"); n != NULL; n = vp_node_same(n))
        if (vp_same(vp_node_attr(n, "type"), "scsi") && vp_controller_index(n) == index)
            return true;
    return false;
}

int vp_guest_plan_scsi(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const char *kept = scsi_kept(planning);
    const char *why = "one paravirtual controller serves many disks with few exits";
    if (kept != NULL) {
        vp_plan_skip(planning, setting, "%s", kept);
        return 0;
    }
    for (vp_node *n = vp_guest_first(planning, "controller"); n != NULL; n = vp_node_same(n)) {
        if (!vp_same(vp_node_attr(n, "type"), "scsi") || vp_starts(vp_node_attr(n, "model"), "virtio"))
            continue;
        if (is_special(n) || vp_node_attr(n, "index") == NULL)
            vp_plan_skip(planning, setting, "SCSI controller %u: %s", vp_controller_index(n),
                         is_special(n)
                             ? "it is part of its board or on a bus of its own"
                             : "it has no index yet; libvirt gives it one when it stores the definition");
        else
            vp_plan_attr(planning, setting, n, "@model", "virtio-scsi", "%s", why);
    }
    for (unsigned i = 0; i < scsi_controllers(planning); i++) {
        vp_autofree char *place = vp_asprintf("controller[scsi,%u]", i);
        vp_autofree char *target = vp_asprintf("devices/%s", place);
        vp_autofree char *made = vp_asprintf("<controller type='scsi' index='%u' model='virtio-scsi'/>", i);
        if (!has_controller(planning, i) && vp_plan_find(planning->plan, target) == NULL)
            vp_plan_element(planning, setting, devices(planning), place, made, "%s", why);
    }
    return 0;
}
