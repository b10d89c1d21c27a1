/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "guestdevices.h"
#include "knobs.h"
#include "text.h"

static const char *const only_no[] = {"no", NULL};
static const char *const ioapics[] = {"kvm", "qemu", NULL};
enum { IOAPIC_KVM, IOAPIC_QEMU };

/* libvirt sets a PC's options on no other machine (virQEMUCapsSupportsVmport, qemuBuildPMCommandLine). */
static bool is_pc(const struct vp_domain *domain)
{
    const char *machine = vp_node_walk_attr(domain->root, "os/type", "machine");
    if (!vp_domain_is_x86(domain))
        return false;
    return machine == NULL || vp_starts(machine, "pc") || vp_starts(machine, "q35") ||
           vp_starts(machine, "rhel");
}

static int plan_pmu(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const struct vp_domain *domain = planning->domain;
    const char *arch = vp_node_walk_attr(domain->root, "os/type", "arch");
    const bool known = vp_domain_is_x86(domain) || vp_same(arch, "aarch64");
    if (!known || !vp_domain_is_kvm(domain))
        vp_plan_skip(planning, setting,
                     "the guest is emulated, or its architecture has no performance counters to switch");
    else
        vp_plan_attr(
            planning, setting, domain->root, "features/pmu/@state", setting->value.yes ? "on" : "off",
            setting->value.yes ? "profilers in the guest may use hardware counters"
                               : "saving performance counters costs time at every switch to the guest");
    return 0;
}

static int plan_ioapic(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const struct vp_domain *domain = planning->domain;
    const vp_node *iommu = vp_node_child(vp_domain_devices(domain), "iommu");
    const bool kvm = setting->value.choice == IOAPIC_KVM;
    if (!vp_domain_is_x86(domain) || !vp_domain_is_kvm(domain))
        vp_plan_skip(planning, setting,
                     "only a KVM guest on x86 can have its I/O APIC in one place or the other");
    else if (kvm && vp_same(vp_node_walk_attr(iommu, "driver", "intremap"), "on"))
        vp_plan_skip(planning, setting,
                     "the guest's IOMMU remaps interrupts, for which QEMU must have the I/O APIC");
    else
        vp_plan_attr(planning, setting, domain->root, "features/ioapic/@driver",
                     ioapics[setting->value.choice],
                     kvm ? "interrupts of emulated devices need no exit to QEMU"
                         : "QEMU has the I/O APIC, as interrupt remapping needs it");
    return 0;
}

static int plan_vmport(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    if (!is_pc(planning->domain))
        vp_plan_skip(planning, setting, "only PC machines have a VMware port");
    else
        vp_plan_attr(planning, setting, planning->domain->root, "features/vmport/@state",
                     setting->value.yes ? "on" : "off",
                     setting->value.yes ? "the guest sees a VMware port"
                                        : "a guest does not take QEMU for VMware");
    return 0;
}

static int plan_sleep(struct vp_planning *planning, const struct vp_setting *setting, const char *path)
{
    const struct vp_domain *domain = planning->domain;
    if (!is_pc(domain))
        vp_plan_skip(planning, setting, "libvirt sets ACPI sleep states on PC machines only");
    else if (setting->value.yes && vp_node_walk_attr(domain->root, "os", "firmware") != NULL)
        vp_plan_skip(
            planning, setting,
            "libvirt chooses the firmware, and many builds cannot sleep; name a <loader> to allow it");
    else
        vp_plan_attr(planning, setting, domain->root, path, setting->value.yes ? "yes" : "no",
                     setting->value.yes
                         ? "the guest may go to this sleep state"
                         : "a guest that put itself to sleep serves nobody and wakes up badly");
    return 0;
}

static int plan_suspend_to_mem(struct vp_planning *planning, const struct vp_setting *setting,
                               struct vp_error **err)
{
    (void)err;
    return plan_sleep(planning, setting, "pm/suspend-to-mem/@enabled");
}

static int plan_suspend_to_disk(struct vp_planning *planning, const struct vp_setting *setting,
                                struct vp_error **err)
{
    (void)err;
    return plan_sleep(planning, setting, "pm/suspend-to-disk/@enabled");
}

const struct vp_knob vp_knobs_guest[] = {
    {.name = "guest.rng",
     .type = VP_TYPE_BOOL,
     .effect = VP_EFFECT_GUEST,
     .doc = "yes gives a guest that has virtio drivers and no random number device one that reads the host's "
            "/dev/urandom; no takes such devices out.",
     .plan = vp_guest_plan_rng,
     .verify = vp_verify_definition},
    {.name = "guest.console",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = vp_guest_consoles,
     .doc =
         "virtio adds a virtio console to a guest that has virtio drivers and none yet. Its serial port stays the first "
         "console, so a login there has to be set up in the guest.",
     .plan = vp_guest_plan_console,
     .verify = vp_verify_definition},
    {.name = "guest.video",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = vp_guest_videos,
     .doc =
         "Display adapter. virtio needs a guest with virtio drivers, qxl and vga an x86 machine (and qxl a QEMU built "
         "with SPICE); none takes all adapters out. Graphics (VNC, SPICE) are never touched.",
     .plan = vp_guest_plan_video,
     .verify = vp_verify_definition},
    {.name = "guest.tablet",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = vp_guest_tablets,
     .doc =
         "Where the pointing device of a guest with graphics is: virtio (for guests with virtio drivers), usb, or no "
         "for none beside the mouse.",
     .plan = vp_guest_plan_tablet,
     .verify = vp_verify_definition},
    {.name = "guest.sound",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = only_no,
     .doc = "no takes sound cards out.",
     .plan = vp_guest_plan_no_sound,
     .verify = vp_verify_definition},
    {.name = "guest.usb",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = only_no,
     .doc =
         "no takes USB controllers and input devices on USB out of an x86 guest, where nothing else needs USB: no disk, "
         "no host device, no redirection, no smartcard, no hub.",
     .plan = vp_guest_plan_no_usb,
     .verify = vp_verify_definition},
    {.name = "guest.scsi",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = vp_guest_scsis,
     .doc =
         "Model of SCSI controllers in a guest that has virtio drivers. A Windows guest must have a virtio-scsi "
         "controller already, as it does not boot from one whose driver it never loaded.",
     .plan = vp_guest_plan_scsi,
     .verify = vp_verify_definition},
    {.name = "guest.watchdog",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = vp_guest_watchdogs,
     .doc =
         "What libvirt does when the guest's watchdog runs out; a guest without one gets one (i6300esb on x86, diag288 on "
         "s390x). no takes watchdogs out. It counts only once the guest opens it.",
     .plan = vp_guest_plan_watchdog,
     .verify = vp_verify_definition},
    {.name = "guest.pmu",
     .type = VP_TYPE_BOOL,
     .effect = VP_EFFECT_GUEST,
     .doc = "Does a KVM guest on x86 or aarch64 see hardware performance counters?",
     .plan = plan_pmu,
     .verify = vp_verify_definition},
    {.name = "guest.ioapic",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = ioapics,
     .doc =
         "Who emulates the I/O APIC of a KVM guest on x86: kvm in the kernel, or qemu, which interrupt remapping by a "
         "guest IOMMU needs.",
     .plan = plan_ioapic,
     .verify = vp_verify_definition},
    {.name = "guest.vmport",
     .type = VP_TYPE_BOOL,
     .effect = VP_EFFECT_GUEST,
     .doc = "Does a PC see the port by which VMware talks to its guests?",
     .plan = plan_vmport,
     .verify = vp_verify_definition},
    {.name = "guest.suspend-to-mem",
     .type = VP_TYPE_BOOL,
     .effect = VP_EFFECT_GUEST,
     .doc = "May a PC go to ACPI S3?",
     .plan = plan_suspend_to_mem,
     .verify = vp_verify_definition},
    {.name = "guest.suspend-to-disk",
     .type = VP_TYPE_BOOL,
     .effect = VP_EFFECT_GUEST,
     .doc = "May a PC go to ACPI S4?",
     .plan = plan_suspend_to_disk,
     .verify = vp_verify_definition},
    {.name = NULL},
};
