/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>

#include "knobs.h"
#include "planner.h"

/* Ranges that libvirt 9.0 accepts (util/vircgroup.h), in microseconds. */
#define PERIOD_MIN 1000u
#define PERIOD_MAX 1000000u
#define QUOTA_MIN 1000u
#define QUOTA_MAX UINT64_C(17592186044415)

/*
 * libvirt takes 2 to 262144, the range of cgroup v1, and writes the number unchanged to cpu.weight on cgroup
 * v2, where the kernel refuses more than 10000 (Documentation/admin-guide/cgroup-v2.rst). This range starts
 * on both.
 */
#define SHARES_MIN 2u
#define SHARES_MAX 10000u

/* The kernel's own period, which libvirt leaves alone when it is given a quota only. */
#define PERIOD_DEFAULT "100000"

static const char *const unlimited[] = {"unlimited", NULL};

/* The four groups of threads that can be limited. */
static const struct {
    const char *quota, *period; /* knobs */
    const char *quota_place, *period_place;
    const char *whom;
} groups[] = {
    {"cpu.quota", "cpu.period", "cputune/quota", "cputune/period", "each vCPU"},
    {"cpu.global-quota", "cpu.global-period", "cputune/global_quota", "cputune/global_period",
     "the whole guest"},
    {"cpu.emulator-quota", "cpu.emulator-period", "cputune/emulator_quota", "cputune/emulator_period",
     "the emulator threads"},
    {"cpu.iothread-quota", "cpu.iothread-period", "cputune/iothread_quota", "cputune/iothread_period",
     "each iothread"},
};

static size_t group_of(const char *knob)
{
    size_t i = 0;
    while (i + 1 < VP_ARRAY_SIZE(groups) && strcmp(groups[i].quota, knob) != 0 &&
           strcmp(groups[i].period, knob) != 0)
        i++;
    return i;
}

static int plan_shares(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    vp_autofree char *value = vp_asprintf("%" PRIu64, vp_plan_count(planning, setting));
    vp_plan_text(planning, setting, planning->domain->root, "cputune/shares", value,
                 "weight of the guest when CPUs are short");
    return 0;
}

static int plan_period(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    vp_node *root = planning->domain->root;
    const size_t group = group_of(setting->knob->name);
    vp_autofree char *value = vp_asprintf("%" PRIu64, vp_plan_count(planning, setting));
    vp_autofree char *quota = vp_planned(planning, root, groups[group].quota_place);
    vp_plan_text(planning, setting, root, groups[group].period_place, value,
                 "quota of %s is counted anew every %s microseconds", groups[group].whom, value);
    if (quota == NULL && vp_plan_setting(planning, groups[group].quota) == NULL)
        vp_plan_warn(planning, setting, "a period limits nothing without a quota, see %s",
                     groups[group].quota);
    return 0;
}

static int plan_quota(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    vp_node *root = planning->domain->root;
    const size_t group = group_of(setting->knob->name);
    if (setting->value.choice == 0) {
        vp_plan_text(planning, setting, root, groups[group].quota_place, "-1",
                     "%s may use all CPU time it can get", groups[group].whom);
        return 0;
    }
    vp_autofree char *value = vp_asprintf("%" PRIu64, vp_plan_count(planning, setting));
    vp_autofree char *period = vp_planned(planning, root, groups[group].period_place);
    if (period == NULL)
        vp_plan_text(planning, setting, root, groups[group].period_place, PERIOD_DEFAULT,
                     "a quota means nothing without its period");
    vp_plan_text(planning, setting, root, groups[group].quota_place, value,
                 "%s may run %s of every %s microseconds", groups[group].whom, value,
                 period != NULL ? period : PERIOD_DEFAULT);
    return 0;
}

#define PERIOD(knob, whom)                                                                                   \
    {                                                                                                        \
        .name = (knob), .type = VP_TYPE_COUNT, .effect = VP_EFFECT_LIVE, .min = PERIOD_MIN,                  \
        .max = PERIOD_MAX, .unit = "microseconds",                                                           \
        .doc = "How often the quota of " whom " starts anew. It limits nothing without that quota.",         \
        .plan = plan_period, .verify = vp_verify_definition,                                                 \
    }
#define QUOTA(knob, whom)                                                                                    \
    {                                                                                                        \
        .name = (knob), .type = VP_TYPE_COUNT, .effect = VP_EFFECT_LIVE, .choices = unlimited,               \
        .min = QUOTA_MIN, .max = QUOTA_MAX, .unit = "microseconds",                                          \
        .doc =                                                                                               \
            "CPU time that " whom " may use in each period; more than the period where several threads are " \
            "counted together. A definition without a period gets one of 100000.",                           \
        .plan = plan_quota, .verify = vp_verify_definition,                                                  \
    }

const struct vp_knob vp_knobs_cputune[] = {
    {
        .name = "cpu.shares",
        .type = VP_TYPE_COUNT,
        .effect = VP_EFFECT_LIVE,
        .min = SHARES_MIN,
        .max = SHARES_MAX,
        .doc = "The guest's weight against others when CPUs are short. A guest that says nothing has 1024 on "
               "a host with cgroup v1 and 100 with cgroup v2, and libvirt hands the number on as it is. The "
               "range is what both accept.",
        .plan = plan_shares,
        .verify = vp_verify_definition,
    },
    PERIOD("cpu.period", "each vCPU"),
    QUOTA("cpu.quota", "each vCPU"),
    PERIOD("cpu.global-period", "the whole guest"),
    QUOTA("cpu.global-quota", "the whole guest"),
    PERIOD("cpu.emulator-period", "the emulator threads"),
    QUOTA("cpu.emulator-quota", "the emulator threads"),
    PERIOD("cpu.iothread-period", "each iothread"),
    QUOTA("cpu.iothread-quota", "each iothread"),
    {.name = NULL},
};
