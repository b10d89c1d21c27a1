/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>

#include "knobs.h"
#include "place.h"
#include "timer.h"
#include "text.h"

static const char *const offsets[] = {"utc", "localtime", "auto", NULL};
static const char *const rtc_policies[] = {"catchup", "delay", NULL};
static const char *const pit_policies[] = {"delay", "catchup", "discard", NULL};

enum { OFFSET_UTC, OFFSET_LOCALTIME, OFFSET_AUTO };

static int plan_offset(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    vp_node *root = planning->domain->root;
    const char *own = vp_node_walk_attr(root, "clock", "offset");
    const char *adjustment = vp_node_walk_attr(root, "clock", "adjustment");
    const bool windows = vp_domain_is_windows(planning->domain);
    int offset = setting->value.choice;

    /* libvirt stores utc or localtime with an adjustment in seconds as variable (conf/domain_conf.c, 9.0). */
    if ((own != NULL && strcmp(own, "utc") != 0 && strcmp(own, "localtime") != 0) ||
        (adjustment != NULL && strcmp(adjustment, "reset") != 0)) {
        vp_plan_skip(
            planning, setting,
            "the clock is set to another time than the host's on purpose (a time zone, a fixed start or an "
            "adjustment); give <clock> offset='utc' to let the profile choose");
        return 0;
    }
    if (offset == OFFSET_AUTO)
        offset = windows ? OFFSET_LOCALTIME : OFFSET_UTC;
    vp_plan_attr(planning, setting, root, "clock/@offset", offsets[offset],
                 offset == OFFSET_LOCALTIME ? "Windows takes the real-time clock for local time"
                                            : "the guest takes the real-time clock for UTC");
    return 0;
}

/* Is it not an x86 guest, or not one with KVM where `kvm` asks for that? Then a note says so. */
static bool foreign(struct vp_planning *planning, const struct vp_setting *setting, bool kvm)
{
    if (!vp_domain_is_x86(planning->domain)) {
        vp_plan_skip(planning, setting, "the guest is not an x86 machine and has no such timer");
        return true;
    }
    if (kvm && !vp_domain_is_kvm(planning->domain)) {
        vp_plan_skip(planning, setting, "the guest is emulated, and KVM provides this timer");
        return true;
    }
    return false;
}

static int plan_kvmclock(struct vp_planning *planning, const struct vp_setting *setting,
                         struct vp_error **err)
{
    (void)err;
    if (foreign(planning, setting, true))
        return 0;
    if (vp_domain_is_windows(planning->domain)) {
        vp_plan_skip(planning, setting,
                     "Windows does not read kvm-clock; clock.hypervclock is its counterpart");
        return 0;
    }
    vp_plan_timer(planning, setting, "kvmclock", "present", setting->value.yes ? "yes" : "no",
                  setting->value.yes ? "the guest reads time from memory that KVM keeps, without an exit"
                                     : "the guest keeps time without kvm-clock, as the profile asks");
    return 0;
}

static int plan_hypervclock(struct vp_planning *planning, const struct vp_setting *setting,
                            struct vp_error **err)
{
    (void)err;
    if (foreign(planning, setting, true))
        return 0;
    if (!vp_domain_is_windows(planning->domain)) {
        vp_plan_skip(planning, setting,
                     "only Windows reads the Hyper-V clock, and nothing says that this guest is Windows");
        return 0;
    }
    if (!setting->value.yes &&
        vp_same(vp_node_walk_attr(planning->domain->root, "features/hyperv/stimer", "state"), "on")) {
        vp_plan_skip(planning, setting,
                     "the definition's synthetic timers count by it; take <stimer> out first");
        return 0;
    }
    vp_plan_timer(planning, setting, "hypervclock", "present", setting->value.yes ? "yes" : "no",
                  setting->value.yes ? "Windows reads time from a page that KVM keeps, without an exit"
                                     : "Windows keeps time without the Hyper-V clock, as the profile asks");
    return 0;
}

static int plan_hpet(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const char *machine = vp_node_walk_attr(planning->domain->root, "os/type", "machine");
    if (foreign(planning, setting, false))
        return 0;
    if (vp_same(machine, "isapc") || vp_same(machine, "microvm")) {
        vp_plan_skip(planning, setting, "machine '%s' has no HPET", machine);
        return 0;
    }
    vp_plan_timer(planning, setting, "hpet", "present", setting->value.yes ? "yes" : "no",
                  setting->value.yes ? "the guest gets an HPET, as the profile asks"
                                     : "every tick of an HPET is an exit to QEMU");
    return 0;
}

/* How to catch up goes with that policy only (conf/schemas/domaincommon.rng). */
static void drop_catchup(struct vp_planning *planning, const struct vp_setting *setting, const char *timer,
                         const char *policy)
{
    vp_autofree char *path = vp_asprintf("clock/timer[%s]/catchup", timer);
    struct vp_place place;
    if (strcmp(policy, "catchup") != 0 && vp_place_resolve(planning->domain->root, path, &place) == 0 &&
        *place.rest == '\0')
        vp_plan_element(planning, setting, planning->domain->root, path, NULL,
                        "how to catch up means nothing with policy %s", policy);
}

static int plan_rtc(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const char *policy = rtc_policies[setting->value.choice];
    if (foreign(planning, setting, false))
        return 0;
    vp_plan_timer(planning, setting, "rtc", "tickpolicy", policy,
                  vp_same(policy, "catchup")
                      ? "ticks missed while the guest did not run are made up for, so its clock is not late"
                      : "missed ticks are delivered late, at their normal rate");
    drop_catchup(planning, setting, "rtc", policy);
    return 0;
}

static int plan_pit(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const char *policy = pit_policies[setting->value.choice];
    if (foreign(planning, setting, true))
        return 0;
    vp_plan_timer(planning, setting, "pit", "tickpolicy", policy,
                  vp_same(policy, "delay")
                      ? "missed ticks are delivered late, so a busy guest gets no storm of them"
                  : vp_same(policy, "catchup") ? "missed ticks are delivered faster until made up for"
                                               : "missed ticks are dropped");
    drop_catchup(planning, setting, "pit", policy);
    return 0;
}

static int plan_tsc_frequency(struct vp_planning *planning, const struct vp_setting *setting,
                              struct vp_error **err)
{
    (void)err;
    if (foreign(planning, setting, true))
        return 0;
    vp_autofree char *hz = vp_asprintf("%" PRIu64, vp_plan_count(planning, setting));
    vp_plan_timer(planning, setting, "tsc", "frequency", hz,
                  "the guest sees the same TSC on every host of the pool");
    return 0;
}

const struct vp_knob vp_knobs_clock[] = {
    {.name = "clock.offset",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = offsets,
     .doc =
         "What the guest's real-time clock shows: UTC or the host's local time. auto is local time for Windows and UTC "
         "for others. A clock with a time zone, a fixed start or an adjustment of its own is left alone.",
     .plan = plan_offset,
     .verify = vp_verify_definition},
    {.name = "clock.kvmclock",
     .type = VP_TYPE_BOOL,
     .effect = VP_EFFECT_GUEST,
     .doc = "Does the guest get KVM's paravirtual clock? KVM guests on x86 other than Windows.",
     .plan = plan_kvmclock,
     .verify = vp_verify_definition},
    {.name = "clock.hypervclock",
     .type = VP_TYPE_BOOL,
     .effect = VP_EFFECT_GUEST,
     .doc =
         "Does a Windows guest get Hyper-V's reference clock (hv-time)? KVM guests on x86. Synthetic timers "
         "(hyperv.enlightenments) need it.",
     .plan = plan_hypervclock,
     .verify = vp_verify_definition},
    {.name = "clock.hpet",
     .type = VP_TYPE_BOOL,
     .effect = VP_EFFECT_GUEST,
     .doc =
         "Does an x86 guest have an HPET? QEMU emulates it at a cost; guests with kvm-clock or the Hyper-V clock need "
         "none.",
     .plan = plan_hpet,
     .verify = vp_verify_definition},
    {.name = "clock.rtc",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = rtc_policies,
     .doc =
         "What becomes of real-time clock ticks that an x86 guest missed: catchup delivers them faster until made up "
         "for, delay at the normal rate.",
     .plan = plan_rtc,
     .verify = vp_verify_definition},
    {.name = "clock.pit",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = pit_policies,
     .doc =
         "What becomes of ticks of the old interval timer that a KVM guest on x86 missed: delay, catchup or discard.",
     .plan = plan_pit,
     .verify = vp_verify_definition},
    {.name = "clock.tsc-frequency",
     .type = VP_TYPE_COUNT,
     .effect = VP_EFFECT_GUEST,
     .min = 1000000,
     .max = 100000000000,
     .unit = "Hz",
     .doc =
         "Frequency of the time stamp counter that a KVM guest on x86 sees. A host whose counter runs at another rate "
         "and cannot scale it refuses to start the guest.",
     .plan = plan_tsc_frequency,
     .verify = vp_verify_definition},
    {.name = NULL},
};
