/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"

#include "disks.h"
#include "nics.h"
#include "pciname.h"
#include "placing.h"
#include "strbuf.h"
#include "text.h"

static const char *const device_choices[] = {"vcpus", "housekeeping", "no", NULL};
static const char *const other_choices[] = {"off-dedicated", "no", NULL};
static const char *const serving_choices[] = {"near", "no", NULL};

enum { DEVICES_VCPUS, DEVICES_HOUSEKEEPING, DEVICES_NO };
enum { OTHERS_OFF, OTHERS_NO };
enum { SERVING_NEAR, SERVING_NO };

static bool is_placed(const struct vp_planning *planning, enum vp_policy policy)
{
    const struct vp_setting *placement = vp_plan_setting(planning, "cpu.placement");
    return placement != NULL && placement->value.choice == (int)policy;
}

/* "0000:81:00.1, 0000:82:00.0", the PCI devices that the definition passes through; "" for none. Owned. */
static char *passed_through(const struct vp_domain *domain)
{
    struct vp_strbuf buf = {0};
    for (const vp_node *n = vp_node_first(vp_domain_devices(domain)); n != NULL; n = vp_node_next(n)) {
        vp_autofree char *address = vp_pci_passed_through(n);
        if (address != NULL)
            vp_strbuf_join(&buf, ", ", address);
    }
    return vp_strbuf_take(&buf);
}

static int plan_devices(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const bool vcpus = setting->value.choice == DEVICES_VCPUS;
    if (setting->value.choice == DEVICES_NO)
        return 0;
    if (vp_plan_setting(planning, "cpu.placement") == NULL) {
        vp_plan_skip(
            planning, setting,
            "without cpu.placement nobody knows which CPUs are the guest's; cpu.placement = dedicated gives "
            "it some");
        return 0;
    }
    vp_autofree char *addresses = passed_through(planning->domain);
    const char *where = vcpus ? "the CPU of the vCPU that handles them" : "housekeeping CPUs";
    if (*addresses != '\0')
        vp_plan_host(planning, setting, "irq/devices", device_choices[setting->value.choice],
                     "interrupts of %s go to %s", addresses, where);
    else
        vp_plan_host(planning, setting, "irq/devices", device_choices[setting->value.choice],
                     "interrupts of PCI devices that are passed through later go to %s; there is none now",
                     where);
    return 0;
}

static int plan_others(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    if (setting->value.choice == OTHERS_NO)
        return 0;
    if (!is_placed(planning, VP_POLICY_DEDICATED))
        vp_plan_skip(
            planning, setting,
            "the guest has no CPUs of its own to keep quiet; cpu.placement = dedicated gives it some");
    else
        vp_plan_host(planning, setting, "irq/others", other_choices[OTHERS_OFF],
                     "interrupts of others do not stop the guest's vCPUs");
    return 0;
}

static int plan_serving(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    if (setting->value.choice == SERVING_NO)
        return 0;
    if (!is_placed(planning, VP_POLICY_DEDICATED) && !is_placed(planning, VP_POLICY_NODE))
        vp_plan_skip(
            planning, setting,
            "the guest's threads have no place to be near to; cpu.placement = dedicated or node gives them "
            "one");
    else if (vp_nic_first(planning->domain) == NULL && vp_disk_first(planning->domain) == NULL)
        vp_plan_skip(planning, setting,
                     "the guest has no disk and no interface that a device of the host serves");
    else
        vp_plan_host(
            planning, setting, "irq/serving", serving_choices[SERVING_NEAR],
            "interrupts of the host's NICs and disks come to the node where the guest's vhost workers and I/O "
            "threads wait for them");
    return 0;
}

const struct vp_knob vp_knobs_irq[] = {
    {.name = "irq.devices",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_HOST,
     .choices = device_choices,
     .doc =
         "Where interrupts of PCI devices go that are passed through to the guest: to the CPUs of its vCPUs (the first "
         "vector to vCPU 0, those behind it to the vCPUs in order, as drivers lay out queues), or to housekeeping CPUs. "
         "A running irqbalance is told to leave them alone. Needs cpu.placement.",
     .plan = plan_devices},
    {.name = "irq.others",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_HOST,
     .choices = other_choices,
     .doc =
         "Keep all other interrupts off the CPUs that the guest owns, those that are asked for later too. A running "
         "irqbalance is told to do it, beside what it already keeps off, and does so within its cycle of 10 seconds; "
         "else each is moved. Interrupts that the kernel manages itself (queues of NVMe and many other devices) cannot "
         "be moved. For cpu.placement = dedicated.",
     .plan = plan_others},
    {.name = "irq.serving",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_HOST,
     .choices = serving_choices,
     .doc =
         "Bring interrupts of the host's network cards below the guest's tap devices and of the controllers below its "
         "disks to the NUMA nodes of its vhost workers and I/O threads, never to CPUs that a guest owns. For "
         "cpu.placement = dedicated or node. Interrupts that the kernel manages itself stay.",
     .plan = plan_serving},
    {.name = NULL},
};
