/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guestdevices.h"

#include "disks.h"
#include "text.h"

#include <string.h>

#define QEMU_NS "http://libvirt.org/schemas/domain/qemu/1.0"

static vp_node *devices(const struct vp_planning *planning)
{
    return vp_domain_devices(planning->domain);
}

/* What hangs on USB in the guest and cannot go: for people, NULL when nothing does. */
static const char *needs_usb(const struct vp_planning *planning, const vp_node *device)
{
    const char *type = vp_node_attr(device, "type");
    const bool goes = vp_node_is(device, "input") && !vp_same(type, "passthrough") && !vp_same(type, "evdev");
    if (vp_node_is(device, "smartcard") || (vp_node_is(device, "controller") && vp_same(type, "ccid")))
        return "a smartcard";
    if ((vp_node_is(device, "hostdev") || vp_node_is(device, "interface")) &&
        (vp_same(type, "usb") || vp_node_walk(device, "source/vendor") != NULL ||
         vp_same(vp_node_walk_attr(device, "source/address", "type"), "usb")))
        return "a USB device of the host";
    if (vp_node_is(device, "redirdev"))
        return "a redirected USB device";
    if (vp_node_is(device, "hub"))
        return "a USB hub";
    if (vp_node_is(device, "disk") && strcmp(vp_disk_bus(device), "usb") == 0)
        return "a USB disk";
    if (vp_node_is(device, "sound") && vp_same(vp_node_attr(device, "model"), "usb"))
        return vp_plan_setting(planning, "guest.sound") != NULL ? NULL : "a USB sound card";
    if (vp_starts(vp_node_walk_attr(device, "model", "type"), "usb") ||
        vp_same(vp_node_walk_attr(device, "target", "type"), "usb-serial") ||
        (!goes && !vp_node_is(device, "controller") &&
         vp_same(vp_node_walk_attr(device, "address", "type"), "usb")))
        return "a USB device";
    return NULL;
}

const char *const vp_guest_tablets[] = {"virtio", "usb", "no", NULL};
enum { TABLET_VIRTIO, TABLET_USB, TABLET_NO };

/* The bus of an input device; where it names none, that which libvirt takes (virDomainInputDefParseXML). */
static const char *input_bus(const struct vp_planning *planning, const vp_node *input)
{
    const char *bus = vp_node_attr(input, "bus");
    const char *type = vp_node_attr(input, "type");
    const bool classic = vp_same(type, "mouse") || vp_same(type, "keyboard");
    if (bus != NULL)
        return bus;
    if (vp_same(type, "evdev"))
        return "none";
    if (vp_guest_is_s390(planning->domain) || vp_same(type, "passthrough"))
        return "virtio";
    return classic && vp_domain_is_x86(planning->domain) ? "ps2" : "usb";
}

static bool has_input(const struct vp_planning *planning, const char *type, const char *bus)
{
    for (vp_node *n = vp_guest_first(planning, "input"); n != NULL; n = vp_node_same(n))
        if (vp_same(vp_node_attr(n, "type"), type) && strcmp(input_bus(planning, n), bus) == 0)
            return true;
    return false;
}

static bool usb_is_off(const struct vp_planning *planning)
{
    for (vp_node *n = vp_guest_first(planning, "controller"); n != NULL; n = vp_node_same(n))
        if (vp_same(vp_node_attr(n, "type"), "usb") && vp_same(vp_node_attr(n, "model"), "none"))
            return true;
    return false;
}

/* A UHCI controller, which libvirt gives a PC, has two ports; a hub comes only before the first is taken. */
static bool usb_is_full(const struct vp_planning *planning)
{
    unsigned n = 0;
    for (vp_node *d = vp_node_first(devices(planning)); d != NULL; d = vp_node_next(d))
        n += needs_usb(planning, d) != NULL ||
             (vp_node_is(d, "input") && strcmp(input_bus(planning, d), "usb") == 0);
    return n >= 2;
}

/*
 * libvirt adds keyboard and mouse behind what is there (qemuDomainDefAddDefaultDevices). With these put there
 * first, a tablet of ours stands behind them before and after libvirt has stored the definition.
 */
static void plan_common_inputs(struct vp_planning *planning, const struct vp_setting *setting)
{
    static const struct {
        const char *arch, *type, *bus;
    } common[] = {
        {"x86", "mouse", "ps2"},
        {"x86", "keyboard", "ps2"},
        {"ppc64", "keyboard", "usb"},
        {"ppc64", "mouse", "usb"},
    };
    const char *arch = vp_node_walk_attr(planning->domain->root, "os/type", "arch");
    if (vp_domain_is_x86(planning->domain))
        arch = "x86";
    for (size_t i = 0; i < VP_ARRAY_SIZE(common); i++) {
        vp_autofree char *made = vp_asprintf("<input type='%s' bus='%s'/>", common[i].type, common[i].bus);
        if (vp_starts(arch, common[i].arch) && !has_input(planning, common[i].type, common[i].bus))
            vp_plan_element(planning, setting, devices(planning), "input[+]", made,
                            "libvirt adds it by itself");
    }
}

int vp_guest_plan_tablet(struct vp_planning *planning, const struct vp_setting *setting,
                         struct vp_error **err)
{
    (void)err;
    const int choice = setting->value.choice;
    const char *wanted = vp_guest_tablets[choice];
    const char *refused = choice == TABLET_VIRTIO ? vp_guest_no_virtio(planning) : NULL;
    if (choice == TABLET_VIRTIO && refused == NULL && !has_input(planning, "tablet", "virtio"))
        refused = vp_guest_no_slot(planning);
    bool found = false;
    vp_autofree char *made = vp_asprintf("<input type='tablet' bus='%s'/>", wanted);
    if (choice == TABLET_USB && (!vp_domain_is_x86(planning->domain) || usb_is_off(planning)))
        refused = "the machine has no USB";
    if (refused != NULL) {
        vp_plan_skip(planning, setting, "%s", refused);
        return 0;
    }
    for (vp_node *n = vp_guest_first(planning, "input"); n != NULL; n = vp_node_same(n)) {
        if (!vp_same(vp_node_attr(n, "type"), "tablet"))
            continue;
        found = true;
        if (choice == TABLET_NO)
            vp_guest_drop(planning, setting, n, "nobody points at anything in this guest");
        else if (strcmp(input_bus(planning, n), wanted) != 0)
            vp_plan_element(planning, setting, n, "", made, "%s",
                            choice == TABLET_VIRTIO
                                ? "an emulated USB tablet is polled all the time, a virtio one is not"
                                : "the profile asks for a tablet on USB");
    }
    if (found || choice == TABLET_NO || vp_guest_first(planning, "graphics") == NULL)
        return 0;
    if (choice == TABLET_USB && usb_is_full(planning))
        vp_plan_skip(planning, setting, "other devices may have all ports of the guest's USB controller");
    else {
        plan_common_inputs(planning, setting);
        vp_plan_element(planning, setting, devices(planning), "input[+]", made,
                        "with a tablet the pointer of the guest is where the viewer's is");
    }
    return 0;
}

int vp_guest_plan_no_sound(struct vp_planning *planning, const struct vp_setting *setting,
                           struct vp_error **err)
{
    (void)err;
    for (vp_node *n = vp_guest_first(planning, "sound"); n != NULL; n = vp_node_same(n))
        vp_guest_drop(planning, setting, n,
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
    if (!vp_domain_is_x86(planning->domain) || !vp_same(os, "hvm"))
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
    const bool tablet = vp_same(vp_node_attr(input, "type"), "tablet");
    const struct vp_setting *setting = vp_plan_setting(planning, "guest.tablet");
    if (tablet && setting != NULL &&
        (setting->value.choice == TABLET_NO ||
         (vp_guest_no_virtio(planning) == NULL && vp_guest_no_slot(planning) == NULL)))
        return false; /* that knob has taken it out, or to virtio */
    return strcmp(input_bus(planning, input), "usb") == 0;
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
    for (vp_node *n = vp_guest_first(planning, "input"); n != NULL; n = vp_node_same(n))
        if (stays_on_usb(planning, n))
            vp_guest_drop(planning, setting, n, "input devices on USB go with it; PS/2 ones stay");

    unsigned master = 0;
    for (vp_node *n = vp_guest_first(planning, "controller"); n != NULL; n = vp_node_same(n))
        master += vp_same(vp_node_attr(n, "type"), "usb") && vp_same(vp_node_attr(n, "index"), "0");
    for (vp_node *n = vp_guest_first(planning, "controller"); n != NULL; n = vp_node_same(n))
        if (vp_same(vp_node_attr(n, "type"), "usb") &&
            !(master == 1 && vp_same(vp_node_attr(n, "index"), "0")))
            vp_guest_drop(planning, setting, n, "one controller says that there is no USB");
    vp_plan_element(planning, setting, devices(planning), "controller[usb,0]",
                    "<controller type='usb' index='0' model='none'/>",
                    "an emulated USB controller wakes QEMU for every frame, and nothing is on it");
    return 0;
}
