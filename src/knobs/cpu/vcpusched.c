/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"

#include <inttypes.h>
#include <string.h>

#include "placing.h"

/* A value of the kernel's is a number and a newline. */
#define VALUE_MAX 64

#define THROTTLE "/proc/sys/kernel/sched_rt_runtime_us"

static const char *const schedulers[] = {"fifo", "rr", NULL};

/*
 * With real-time group scheduling, which control groups v1 show by this file, a group has no real-time at all
 * until it is given some, and libvirt gives none: QEMU's threads could not be scheduled so (Documentation/
 * scheduler/sched-rt-group.rst).
 */
static bool has_groups(const struct vp_root *root)
{
    static const char *const files[] = {"/sys/fs/cgroup/cpu/cpu.rt_runtime_us",
                                        "/sys/fs/cgroup/cpu,cpuacct/cpu.rt_runtime_us"};
    for (size_t i = 0; root != NULL && i < VP_ARRAY_SIZE(files); i++) {
        vp_autofree char *text = NULL;
        size_t len = 0;
        if (vp_root_read(root, files[i], VALUE_MAX, &text, &len, NULL) == 0)
            return true;
    }
    return false;
}

/* Are real-time threads that never sleep stopped for a part of each second? Not known is no. */
static bool is_throttled(const struct vp_root *root)
{
    vp_autofree char *text = NULL;
    size_t len = 0;
    return root != NULL && vp_root_read(root, THROTTLE, VALUE_MAX, &text, &len, NULL) == 0 &&
           strncmp(text, "-1", strlen("-1")) != 0;
}

static bool shares_cpu(const struct vp_placement *placement)
{
    bool shares = false;
    for (unsigned i = 0; i < placement->n_vcpus; i++) {
        shares = shares || hwloc_bitmap_intersects(placement->vcpus[i], placement->emulator);
        for (unsigned k = 0; k < placement->n_iothreads; k++)
            shares = shares || hwloc_bitmap_intersects(placement->vcpus[i], placement->iothreads[k]);
    }
    return shares;
}

/* Why no vCPU of the guest may be scheduled in real time; NULL when it may. */
static const char *refused(const struct vp_planning *planning, const struct vp_placement *placement)
{
    const struct vp_root *root = vp_host_root(planning->host);
    if (vp_node_walk(planning->domain->root, "cputune/vcpusched") != NULL)
        return "the definition schedules its vCPUs by itself";
    if (!vp_domain_is_kvm(planning->domain))
        return "an emulated vCPU never waits, and would keep everything else off its CPU";
    if (placement->policy != VP_POLICY_DEDICATED)
        return "only vCPUs with host CPUs of their own cannot keep others from running";
    if (shares_cpu(placement))
        return "QEMU's own threads would share a CPU with a vCPU, and never run";
    if (has_groups(root))
        return "the kernel gives real time to control groups, and libvirt's have none";
    if (is_throttled(root))
        return "the kernel stops real-time threads for a part of each second; set kernel.sched_rt_runtime_us = "
               "-1 first";
    return NULL;
}

static char *priority_of(const struct vp_planning *planning)
{
    const struct vp_setting *setting = vp_plan_setting(planning, "cpu.vcpu-priority");
    return vp_asprintf("%" PRIu64, setting != NULL ? vp_plan_count(planning, setting) : 1);
}

static bool takes_first(const struct vp_planning *planning)
{
    const struct vp_setting *setting = vp_plan_setting(planning, "cpu.vcpu-scheduler-first");
    return setting != NULL && setting->value.yes;
}

static void warn_of_kernel(struct vp_planning *planning, const struct vp_setting *setting,
                           const struct vp_placement *placement, const struct vp_topology *topology)
{
    vp_autobitmap open = vp_bitmap_new();
    for (unsigned i = 0; i < placement->n_vcpus; i++)
        (void)hwloc_bitmap_or(open, open, placement->vcpus[i]);
    (void)hwloc_bitmap_andnot(open, open, topology->isolated);
    vp_autofree char *cpus = vp_bitmap_text(open);
    if (!hwloc_bitmap_iszero(open))
        vp_plan_warn(planning, setting,
                     "CPUs %s are not isolated: threads of the kernel there wait for as long as a vCPU runs",
                     cpus);
}

static int plan_scheduler(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    const struct vp_placement *placement = NULL;
    const struct vp_topology *topology = NULL;
    const int r = vp_planning_placed(planning, setting, &placement, &topology, err);
    if (r < 0 || placement == NULL)
        return r;
    const unsigned first = takes_first(planning) ? 0 : 1;
    const char *reason = refused(planning, placement);
    if (reason == NULL && first >= placement->n_vcpus)
        reason = "vCPU 0 is left to the guest's housekeeping, and it has no other";
    if (reason != NULL) {
        vp_plan_skip(planning, setting, "%s", reason);
        return 0;
    }
    vp_autofree char *priority = priority_of(planning);
    for (unsigned i = first; i < placement->n_vcpus; i++) {
        /* One for each, as libvirt prints it (virDomainSchedulerFormat()). */
        vp_autofree char *element = vp_asprintf("<vcpusched vcpus='%u' scheduler='%s' priority='%s'/>", i,
                                                schedulers[setting->value.choice], priority);
        vp_autofree char *path = vp_asprintf("cputune/vcpusched[#%u]", i - first + 1);
        vp_plan_element(planning, setting, planning->domain->root, path, element,
                        "nothing but a thread of higher priority takes its CPU from vCPU %u", i);
    }
    warn_of_kernel(planning, setting, placement, topology);
    return 0;
}

/* Both only say more of cpu.vcpu-scheduler. */
static int plan_detail(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    if (vp_plan_setting(planning, "cpu.vcpu-scheduler") == NULL)
        vp_plan_skip(planning, setting, "cpu.vcpu-scheduler is not set");
    return 0;
}

/* libvirt cannot change it on a running guest, and its ABI check does not compare it. */
const struct vp_knob vp_knobs_vcpusched[] = {
    {
        .name = "cpu.vcpu-scheduler",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_LAUNCH,
        .choices = schedulers,
        .doc =
            "Schedule the vCPUs of a dedicated KVM guest in real time. For hosts that isolate CPUs for it: left "
            "out while the kernel throttles real-time threads (sched_rt_runtime_us is not -1), with "
            "real-time group scheduling, where QEMU's own threads are on a vCPU's CPU, and for a definition that "
            "schedules vCPUs itself.",
        .plan = plan_scheduler,
        .verify = vp_verify_definition,
    },
    {
        .name = "cpu.vcpu-priority",
        .type = VP_TYPE_COUNT,
        .effect = VP_EFFECT_LAUNCH,
        .min = 1,
        .max = 99,
        .doc =
            "Real-time priority of the vCPUs with cpu.vcpu-scheduler; 1 when not set, below the real-time threads of the "
            "kernel.",
        .plan = plan_detail,
        .verify = vp_verify_definition,
    },
    {
        .name = "cpu.vcpu-scheduler-first",
        .type = VP_TYPE_BOOL,
        .effect = VP_EFFECT_LAUNCH,
        .doc =
            "Is vCPU 0 scheduled in real time too? Most guests do their housekeeping there, so it is not when "
            "not set.",
        .plan = plan_detail,
        .verify = vp_verify_definition,
    },
    {.name = NULL},
};
