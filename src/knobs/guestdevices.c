/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guestdevices.h"

#include "disks.h"

#include <string.h>

#define QEMU_NS "http://libvirt.org/schemas/domain/qemu/1.0"

/* Most SCSI controllers that are made for disks which name none. */
#define SCSI_CONTROLLERS_MAX 8

static bool same(const char *a, const char *b)
{
    return a != NULL && strcmp(a, b) == 0;
}
static bool starts(const char *text, const char *prefix)
{
    return text != NULL && strncmp(text, prefix, strlen(prefix)) == 0;
}

static vp_node *devices(const struct vp_planning *planning)
{
    return vp_domain_devices(planning->domain);
}

static vp_node *first(const struct vp_planning *planning, const char *name)
{
    return vp_node_child(devices(planning), name);
}

static bool is_s390(const struct vp_planning *planning)
{
    return starts(vp_node_walk_attr(planning->domain->root, "os/type", "arch"), "s390");
}

static void drop(struct vp_planning *planning, const struct vp_setting *setting, vp_node *node,
                 const char *reason)
{
    vp_plan_element(planning, setting, node, "", NULL, "%s", reason);
}

/* Why a virtio device cannot be given to the guest; NULL when it can. */
static const char *no_virtio(const struct vp_planning *planning)
{
    if (!vp_domain_has_virtio_drivers(planning->domain))
        return "the guest is not known to have virtio drivers; a virtio disk or card in it, or libosinfo metadata that "
               "names a system that has them, would tell";
    if (!vp_virtio_on_pci_or_ccw(planning->domain, NULL))
        return "this machine has no PCI or channel subsystem for a virtio device";
    return NULL;
}

int vp_guest_plan_rng(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const char *refused = no_virtio(planning);
    if (!setting->value.yes) {
        for (vp_node *rng = first(planning, "rng"); rng != NULL; rng = vp_node_same(rng))
            drop(planning, setting, rng, "the profile wants no random number device");
    } else if (first(planning, "rng") == NULL && refused != NULL) {
        vp_plan_skip(planning, setting, "%s", refused);
    } else if (first(planning, "rng") == NULL && devices(planning) != NULL) {
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
    return serial != NULL && !same(type, "pci-serial") && !same(type, "usb-serial") &&
           !same(type, "isa-debug");
}

int vp_guest_plan_console(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    (void)err;
    const char *refused = no_virtio(planning);
    const vp_node *serial = first(planning, "serial");
    for (vp_node *n = first(planning, "console"); n != NULL; n = vp_node_same(n))
        if (same(vp_node_walk_attr(n, "target", "type"), "virtio"))
            return 0;
    if (refused == NULL && is_s390(planning))
        refused = "the machine has an SCLP console of its own";
    if (refused == NULL && serial_shows(serial) && !same(vp_node_attr(serial, "type"), "pty"))
        refused = "the guest's console is a serial port that someone chose to send elsewhere";
    if (refused != NULL)
        vp_plan_skip(planning, setting, "%s", refused);
    if (refused != NULL || devices(planning) == NULL)
        return 0;
    if (first(planning, "console") == NULL && serial_shows(serial))
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
    if (same(vp_node_walk_attr(video, "model", "type"), "ramfb"))
        return "it shows the boot of a passed-through GPU, which takes over from it";
    if (choice != VIDEO_VIRTIO && vp_node_walk(video, "model/acceleration") != NULL)
        return "it has 3D acceleration set up, which virtio alone has";
    if (choice != VIDEO_VIRTIO && vp_node_child(video, "driver") != NULL)
        return "it has driver options that virtio alone takes";
    if (choice == VIDEO_VGA && first(planning, "video") != video)
        return "a VGA card can only be the first";
    if (choice == VIDEO_VGA && vp_node_walk_attr(video, "model", "heads") != NULL &&
        !same(vp_node_walk_attr(video, "model", "heads"), "1"))
        return "it has several heads, and a VGA card has one";
    return NULL;
}

static void plan_video_model(struct vp_planning *planning, const struct vp_setting *setting, vp_node *video)
{
    const int choice = setting->value.choice;
    const char *model = vp_guest_videos[choice];
    const bool already = same(vp_node_walk_attr(video, "model", "type"), model);
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
    vp_node *video = first(planning, "video");
    if (video == NULL && first(planning, "graphics") == NULL)
        return; /* libvirt adds an adapter beside graphics only */
    if (video == NULL)
        vp_plan_element(planning, setting, devices(planning), "video[+]",
                        "<video><model type='none'/></video>",
                        "a guest that nobody watches needs no display adapter");
    else
        vp_plan_element(planning, setting, video, "", "<video><model type='none'/></video>",
                        "a guest that nobody watches needs no display adapter");
    for (vp_node *more = video != NULL ? vp_node_same(video) : NULL; more != NULL; more = vp_node_same(more))
        drop(planning, setting, more, "a guest that nobody watches needs no display adapter");
    if (first(planning, "graphics") != NULL)
        vp_plan_warn(planning, setting,
                     "the guest's graphics stay, and have nothing to show without a display adapter");
}

int vp_guest_plan_video(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const int choice = setting->value.choice;
    const char *refused = NULL;
    vp_node *video = first(planning, "video");
    if (choice == VIDEO_VIRTIO)
        refused = no_virtio(planning);
    else if (choice == VIDEO_NONE ? !vp_virtio_on_pci_or_ccw(planning->domain, NULL)
                                  : !vp_domain_is_x86(planning->domain))
        refused = "this machine has display adapters of its own";
    if (refused == NULL && choice != VIDEO_NONE &&
        (same(vp_node_walk_attr(video, "model", "type"), "none") ||
         (video == NULL && first(planning, "graphics") == NULL)))
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

/* What hangs on USB in the guest and cannot go: for people, NULL when nothing does. */
static const char *needs_usb(const struct vp_planning *planning, const vp_node *device)
{
    const char *type = vp_node_attr(device, "type");
    const bool goes = vp_node_is(device, "input") && !same(type, "passthrough") && !same(type, "evdev");
    if (vp_node_is(device, "smartcard") || (vp_node_is(device, "controller") && same(type, "ccid")))
        return "a smartcard";
    if ((vp_node_is(device, "hostdev") || vp_node_is(device, "interface")) &&
        (same(type, "usb") || vp_node_walk(device, "source/vendor") != NULL ||
         same(vp_node_walk_attr(device, "source/address", "type"), "usb")))
        return "a USB device of the host";
    if (vp_node_is(device, "redirdev"))
        return "a redirected USB device";
    if (vp_node_is(device, "hub"))
        return "a USB hub";
    if (vp_node_is(device, "disk") && strcmp(vp_disk_bus(device), "usb") == 0)
        return "a USB disk";
    if (vp_node_is(device, "sound") && same(vp_node_attr(device, "model"), "usb"))
        return vp_plan_setting(planning, "guest.sound") != NULL ? NULL : "a USB sound card";
    if (starts(vp_node_walk_attr(device, "model", "type"), "usb") ||
        same(vp_node_walk_attr(device, "target", "type"), "usb-serial") ||
        (!goes && !vp_node_is(device, "controller") &&
         same(vp_node_walk_attr(device, "address", "type"), "usb")))
        return "a USB device";
    return NULL;
}

const char *const vp_guest_tablets[] = {"virtio", "usb", "no", NULL};
enum { TABLET_VIRTIO, TABLET_USB, TABLET_NO };

/* libvirt puts a tablet that names no bus on USB, on s390x on virtio (virDomainInputDefParseXML). */
static const char *tablet_bus(const struct vp_planning *planning, const vp_node *input)
{
    const char *bus = vp_node_attr(input, "bus");
    return bus != NULL ? bus : is_s390(planning) ? "virtio" : "usb";
}

static bool usb_is_off(const struct vp_planning *planning)
{
    for (vp_node *n = first(planning, "controller"); n != NULL; n = vp_node_same(n))
        if (same(vp_node_attr(n, "type"), "usb") && same(vp_node_attr(n, "model"), "none"))
            return true;
    return false;
}

/* A UHCI controller, which libvirt gives a PC, has two ports; a hub comes only before the first is taken. */
static bool usb_is_full(const struct vp_planning *planning)
{
    unsigned n = 0;
    for (vp_node *d = vp_node_first(devices(planning)); d != NULL; d = vp_node_next(d))
        n +=
            needs_usb(planning, d) != NULL || (vp_node_is(d, "input") && same(vp_node_attr(d, "bus"), "usb"));
    return n >= 2;
}

int vp_guest_plan_tablet(struct vp_planning *planning, const struct vp_setting *setting,
                         struct vp_error **err)
{
    (void)err;
    const int choice = setting->value.choice;
    const char *wanted = vp_guest_tablets[choice];
    const char *refused = choice == TABLET_VIRTIO ? no_virtio(planning) : NULL;
    bool found = false;
    vp_autofree char *made = vp_asprintf("<input type='tablet' bus='%s'/>", wanted);
    if (choice == TABLET_USB && (!vp_domain_is_x86(planning->domain) || usb_is_off(planning)))
        refused = "the machine has no USB";
    if (refused != NULL) {
        vp_plan_skip(planning, setting, "%s", refused);
        return 0;
    }
    for (vp_node *n = first(planning, "input"); n != NULL; n = vp_node_same(n)) {
        if (!same(vp_node_attr(n, "type"), "tablet"))
            continue;
        found = true;
        if (choice == TABLET_NO)
            drop(planning, setting, n, "nobody points at anything in this guest");
        else if (!same(tablet_bus(planning, n), wanted))
            vp_plan_element(planning, setting, n, "", made, "%s",
                            choice == TABLET_VIRTIO
                                ? "an emulated USB tablet is polled all the time, a virtio one is not"
                                : "the profile asks for a tablet on USB");
    }
    if (found || choice == TABLET_NO || first(planning, "graphics") == NULL)
        return 0;
    if (choice == TABLET_USB && usb_is_full(planning))
        vp_plan_skip(planning, setting, "other devices may have all ports of the guest's USB controller");
    else
        vp_plan_element(planning, setting, devices(planning), "input[+]", made,
                        "with a tablet the pointer of the guest is where the viewer's is");
    return 0;
}

int vp_guest_plan_no_sound(struct vp_planning *planning, const struct vp_setting *setting,
                           struct vp_error **err)
{
    (void)err;
    for (vp_node *n = first(planning, "sound"); n != NULL; n = vp_node_same(n))
        drop(planning, setting, n,
             "nobody listens to this guest, and a sound card has timers that wake QEMU");
    return 0;
}

/* Does the command line that the definition adds speak of USB? */
static bool command_line_needs_usb(const struct vp_domain *domain)
{
    for (const vp_node *n = vp_node_first(domain->root); n != NULL; n = vp_node_next(n)) {
        if (!vp_node_is_ns(n, QEMU_NS, "commandline"))
            continue;
        for (const vp_node *arg = vp_node_first(n); arg != NULL; arg = vp_node_next(arg)) {
            const char *value = vp_node_attr(arg, "value");
            if (value != NULL && strstr(value, "usb") != NULL)
                return true;
        }
    }
    return false;
}

static const char *usb_kept(const struct vp_planning *planning)
{
    vp_autofree char *os = vp_node_text(vp_node_walk(planning->domain->root, "os/type"));
    const struct vp_setting *tablet = vp_plan_setting(planning, "guest.tablet");
    if (!vp_domain_is_x86(planning->domain) || !same(os, "hvm"))
        return "only x86 machines have a keyboard and a mouse without it";
    if (tablet != NULL && tablet->value.choice == TABLET_USB)
        return "guest.tablet = usb asks for a tablet on it";
    if (command_line_needs_usb(planning->domain))
        return "the QEMU arguments in the definition name USB devices";
    for (const vp_node *n = vp_node_first(devices(planning)); n != NULL; n = vp_node_next(n)) {
        const char *what = needs_usb(planning, n);
        if (what != NULL)
            return what;
    }
    return NULL;
}

/* Is an input device on USB once the plan so far is carried out? */
static bool stays_on_usb(const struct vp_planning *planning, const vp_node *input)
{
    const char *type = vp_node_attr(input, "type");
    const char *bus = vp_node_attr(input, "bus");
    const bool tablet = same(type, "tablet");
    const struct vp_setting *setting = vp_plan_setting(planning, "guest.tablet");
    if (tablet && setting != NULL && (setting->value.choice == TABLET_NO || no_virtio(planning) == NULL))
        return false; /* that knob has taken it out, or to virtio */
    return bus != NULL ? strcmp(bus, "usb") == 0 : tablet;
}

int vp_guest_plan_no_usb(struct vp_planning *planning, const struct vp_setting *setting,
                         struct vp_error **err)
{
    (void)err;
    const char *kept = usb_kept(planning);
    if (kept != NULL)
        vp_plan_skip(planning, setting, "USB stays: %s", kept);
    if (kept != NULL || devices(planning) == NULL || usb_is_off(planning))
        return 0;
    for (vp_node *n = first(planning, "input"); n != NULL; n = vp_node_same(n))
        if (stays_on_usb(planning, n))
            drop(planning, setting, n, "input devices on USB go with it; PS/2 ones stay");

    unsigned master = 0;
    for (vp_node *n = first(planning, "controller"); n != NULL; n = vp_node_same(n))
        master += same(vp_node_attr(n, "type"), "usb") && same(vp_node_attr(n, "index"), "0");
    for (vp_node *n = first(planning, "controller"); n != NULL; n = vp_node_same(n))
        if (same(vp_node_attr(n, "type"), "usb") && !(master == 1 && same(vp_node_attr(n, "index"), "0")))
            drop(planning, setting, n, "one controller says that there is no USB");
    vp_plan_element(planning, setting, devices(planning), "controller[usb,0]",
                    "<controller type='usb' index='0' model='none'/>",
                    "an emulated USB controller wakes QEMU for every frame, and nothing is on it");
    return 0;
}

const char *const vp_guest_watchdogs[] = {"no",    "none", "reset",      "shutdown", "poweroff",
                                          "pause", "dump", "inject-nmi", NULL};
enum { WATCHDOG_NO };

/* Newer libvirt shows the watchdog that is part of the q35 chipset; it cannot go. */
static bool is_built_in(const vp_node *watchdog)
{
    return same(vp_node_attr(watchdog, "model"), "itco");
}

int vp_guest_plan_watchdog(struct vp_planning *planning, const struct vp_setting *setting,
                           struct vp_error **err)
{
    (void)err;
    const int choice = setting->value.choice;
    const char *action = vp_guest_watchdogs[choice];
    bool found = false;
    for (vp_node *n = first(planning, "watchdog"); n != NULL; n = vp_node_same(n)) {
        found = found || !is_built_in(n);
        if (choice != WATCHDOG_NO)
            vp_plan_attr(planning, setting, n, "@action", action,
                         "what becomes of a guest that no longer feeds it");
        else if (!is_built_in(n))
            drop(planning, setting, n, "the profile wants no watchdog");
    }
    if (found || choice == WATCHDOG_NO || devices(planning) == NULL)
        return 0;
    const bool pci = vp_domain_is_x86(planning->domain) && vp_virtio_on_pci_or_ccw(planning->domain, NULL);
    if (!pci && !is_s390(planning)) {
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
    const char *refused = no_virtio(planning);
    if (refused != NULL || !vp_domain_is_windows(planning->domain))
        return refused;
    for (vp_node *n = first(planning, "controller"); n != NULL; n = vp_node_same(n))
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
        if (same(vp_node_attr(controller, "model"), models[i]))
            return true;
    return same(vp_node_walk_attr(controller, "address", "type"), "spapr-vio");
}

/* How many controllers libvirt makes sure of for the disks on SCSI that the plan leaves there. */
static unsigned scsi_controllers(const struct vp_planning *planning)
{
    unsigned n = 0;
    for (vp_node *disk = first(planning, "disk"); disk != NULL; disk = vp_node_same(disk)) {
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
    for (vp_node *n = first(planning, "controller"); n != NULL; n = vp_node_same(n))
        if (same(vp_node_attr(n, "type"), "scsi") && vp_controller_index(n) == index)
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
    for (vp_node *n = first(planning, "controller"); n != NULL; n = vp_node_same(n)) {
        if (!same(vp_node_attr(n, "type"), "scsi") || starts(vp_node_attr(n, "model"), "virtio"))
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
