/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"

#include "nics.h"

#include <inttypes.h>

#define LENGTH_MAX 1000000

#define ZERO_COPY "/sys/module/vhost_net/parameters/experimental_zcopytx"

static const char *const priorities[] = {"normal", "high", "highest", NULL};
static const char *const nices[] = {"0", "-10", "-20"};

static const char *const queue_choices[] = {"follow", "no", NULL};

enum { QUEUES_FOLLOW, QUEUES_NO };

/* Has the guest an interface behind a tap or macvtap device? Those without get a note. */
static bool has_tap(struct vp_planning *planning, const struct vp_setting *setting)
{
    bool has = false;
    for (vp_node *nic = vp_nic_first(planning->domain); nic != NULL; nic = vp_node_same(nic))
        has = !vp_nic_refuses(planning, setting, nic, VP_NIC_TAP) || has;
    return has;
}

static int plan_length(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    vp_autofree char *value = vp_asprintf("%" PRIu64, vp_plan_count(planning, setting));
    if (has_tap(planning, setting))
        vp_plan_host(planning, setting, "net/tx-queue-length", value,
                     "a burst waits on the tap device while the guest is not scheduled, and is not dropped");
    return 0;
}

static int plan_queues(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const struct vp_setting *placement = vp_plan_setting(planning, "cpu.placement");
    if (setting->value.choice == QUEUES_NO)
        return 0;
    if (placement == NULL || placement->value.choice == (int)VP_POLICY_SHARED)
        vp_plan_skip(
            planning, setting,
            "the guest's vhost workers have no CPUs that queues could follow; cpu.placement = dedicated or "
            "node gives them some");
    else if (has_tap(planning, setting))
        vp_plan_host(
            planning, setting, "net/queue-cpus", queue_choices[QUEUES_FOLLOW],
            "packets stay on the CPUs of the guest's vhost workers from the tap device to the network card");
    return 0;
}

static int plan_priority(struct vp_planning *planning, const struct vp_setting *setting,
                         struct vp_error **err)
{
    (void)err;
    if (vp_plan_setting(planning, "cpu.placement") == NULL)
        vp_plan_skip(planning, setting, "without cpu.placement the guest's threads are left to libvirt");
    else if (has_tap(planning, setting))
        vp_plan_host(planning, setting, "net/vhost-nice", nices[setting->value.choice],
                     "nice value of the guest's vhost workers, which share their CPUs with others");
    return 0;
}

/* The parameter can be read only (drivers/vhost/net.c of Linux), so that there is nothing to vote on. */
static int plan_zero_copy(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    (void)err;
    const struct vp_root *root = vp_host_root(planning->host);
    uint64_t has = 0;
    if (!has_tap(planning, setting))
        return 0;
    if (root == NULL || vp_root_read_u64(root, ZERO_COPY, &has, NULL) < 0) {
        vp_plan_skip(planning, setting, "this host has no '%s', or vhost_net is not loaded yet", ZERO_COPY);
        return 0;
    }
    if ((has != 0) != setting->value.yes)
        vp_plan_skip(
            planning, setting,
            "vhost_net was loaded with %s, which it keeps; 'options vhost_net experimental_zcopytx=%d' in "
            "/etc/modprobe.d counts when it is loaded anew, while no guest uses it",
            has != 0 ? "zero-copy on" : "zero-copy off", setting->value.yes ? 1 : 0);
    return 0;
}

const struct vp_knob vp_knobs_hostnet[] = {
    {.name = "network.tx-queue-length",
     .type = VP_TYPE_COUNT,
     .effect = VP_EFFECT_HOST,
     .min = 1,
     .max = LENGTH_MAX,
     .unit = "packets",
     .doc =
         "How many packets for the guest wait on its tap and macvtap devices, which the kernel makes with 500 or "
         "1000. They go with the guest.",
     .plan = plan_length},
    {.name = "network.queue-cpus",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_HOST,
     .choices = queue_choices,
     .doc =
         "Let packets that the guest sends stay on the CPUs of its vhost workers: what its tap devices receive is "
         "handled there (RPS), and leaves by transmit queues of the host's network card that are theirs (XPS), "
         "other guests on that card having others, as far as there are enough. For cpu.placement = dedicated or "
         "node, and cards with several queues.",
     .plan = plan_queues},
    {.name = "network.vhost-priority",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_HOST,
     .choices = priorities,
     .doc =
         "How the guest's vhost workers stand against what else runs on their CPUs, other guests' workers and "
         "emulator threads: as all others, with nice value -10, or with -20. They go with the guest. Needs "
         "cpu.placement.",
     .plan = plan_priority},
    {.name = "network.zero-copy",
     .type = VP_TYPE_BOOL,
     .effect = VP_EFFECT_HOST,
     .doc =
         "Whether the host sends large packets of the guest from the guest's own memory. The kernel's vhost_net is "
         "told when it is loaded, for all guests, so a host that does otherwise is reported and stays as it is.",
     .plan = plan_zero_copy},
    {.name = NULL},
};
