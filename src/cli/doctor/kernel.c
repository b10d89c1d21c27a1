/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor.h"

#include <string.h>

#include "strbuf.h"
#include "text.h"

#define CGROUPS "/sys/fs/cgroup"

static void look_clocksource(struct vp_doctor *doctor, struct vp_finding *finding)
{
    static const char *const good[] = {"tsc", "arch_sys_counter", "timebase", "riscv_clocksource"};
    static const char *const borrowed[] = {"kvm-clock", "hyperv_clocksource_tsc_page", "xen"};
    vp_autofree char *now =
        vp_doctor_read(doctor, finding, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    for (size_t i = 0; i < VP_ARRAY_SIZE(good); i++)
        if (vp_same(now, good[i])) {
            vp_found(finding, VP_DIAGNOSIS_OK, "%s", now);
            return;
        }
    for (size_t i = 0; i < VP_ARRAY_SIZE(borrowed); i++)
        if (vp_same(now, borrowed[i])) {
            vp_found(finding, VP_DIAGNOSIS_NOTE, "%s: this host is a guest itself", now);
            return;
        }
    if (now == NULL) {
        vp_found(finding, VP_DIAGNOSIS_NOTE, "the kernel does not say which it uses");
        return;
    }
    vp_found(finding, VP_DIAGNOSIS_WARNING,
             "%s: guests read the time through the host, thousands of cycles each", now);
    vp_remedy(
        finding,
        "look for 'clocksource' and 'TSC' in dmesg for why tsc was given up; often the firmware is old");
}

static void look_throttling(struct vp_doctor *doctor, struct vp_finding *finding)
{
    vp_autofree char *runtime = vp_doctor_read(doctor, finding, "/proc/sys/kernel/sched_rt_runtime_us");
    vp_autofree char *period = vp_doctor_read(doctor, finding, "/proc/sys/kernel/sched_rt_period_us");
    if (runtime == NULL)
        vp_found(finding, VP_DIAGNOSIS_NOTE,
                 "the kernel does not say whether it throttles real-time threads");
    else if (vp_same(runtime, "-1"))
        vp_found(finding, VP_DIAGNOSIS_NOTE,
                 "off: a vCPU in real time has its CPU for good, so it must be a dedicated one");
    else
        vp_found(
            finding, VP_DIAGNOSIS_OK,
            "on (%s of %s us): cpu.vcpu-scheduler is left out, as a guest in real time would be stopped in "
            "each period",
            runtime, period != NULL ? period : "1000000");
}

/* What limits of guests need. */
static const char *const needed[] = {"cpuset", "cpu", "io", "memory"};

static bool has_word(const char *list, const char *word)
{
    const size_t n = strlen(word);
    for (const char *at = list; *at != '\0'; at += strspn(at, " ")) {
        const size_t len = strcspn(at, " ");
        if (len == n && strncmp(at, word, n) == 0)
            return true;
        at += len;
    }
    return false;
}

static void look_unified(struct vp_finding *finding, const char *controllers)
{
    struct vp_strbuf missing = {0};
    for (size_t i = 0; i < VP_ARRAY_SIZE(needed); i++)
        if (!has_word(controllers, needed[i]))
            vp_strbuf_join(&missing, ", ", needed[i]);
    vp_autofree char *text = vp_strbuf_take(&missing);
    if (text[0] == '\0') {
        vp_found(finding, VP_DIAGNOSIS_OK, "version 2 with %s", controllers);
        return;
    }
    vp_found(finding, VP_DIAGNOSIS_PROBLEM, "version 2 without %s, so some limits of guests do not hold",
             text);
    vp_remedy(
        finding,
        "take cgroup_disable off the kernel's command line; in a container, have the host delegate them");
}

static void look_cgroups(struct vp_doctor *doctor, struct vp_finding *finding)
{
    vp_autofree char *controllers = vp_doctor_read(doctor, finding, CGROUPS "/cgroup.controllers");
    struct vp_strbuf missing = {0};
    size_t n = 0;
    if (controllers != NULL) {
        look_unified(finding, controllers);
        return;
    }
    for (size_t i = 0; i < VP_ARRAY_SIZE(needed); i++) {
        const char *name = vp_same(needed[i], "io") ? "blkio" : needed[i];
        vp_autofree char *path = vp_asprintf(CGROUPS "/%s", name);
        if (vp_doctor_has(doctor, finding, path))
            n++;
        else
            vp_strbuf_join(&missing, ", ", name);
    }
    vp_autofree char *text = vp_strbuf_take(&missing);
    if (n == 0) {
        vp_found(finding, VP_DIAGNOSIS_PROBLEM, "none is mounted, so no limit of a guest holds");
        vp_remedy(finding, "mount cgroup2 at %s", CGROUPS);
    } else if (n < VP_ARRAY_SIZE(needed)) {
        vp_found(finding, VP_DIAGNOSIS_PROBLEM, "version 1 without %s, so some limits of guests do not hold",
                 text);
        vp_remedy(finding, "mount them below %s, or go to version 2", CGROUPS);
    } else {
        vp_found(finding, VP_DIAGNOSIS_OK, "version 1 with cpuset, cpu, blkio and memory");
    }
}

static void look_vhost(struct vp_doctor *doctor, struct vp_finding *finding)
{
    if (vp_doctor_has(doctor, finding, "/sys/module/vhost_net")) {
        vp_found(finding, VP_DIAGNOSIS_OK, "it is loaded");
    } else if (vp_doctor_has(doctor, finding, "/dev/vhost-net")) {
        vp_found(finding, VP_DIAGNOSIS_OK, "it is loaded when the first guest asks for it");
    } else {
        vp_found(finding, VP_DIAGNOSIS_WARNING, "there is no vhost_net: QEMU itself copies every packet");
        vp_remedy(finding, "modprobe vhost_net, and name it in /etc/modules-load.d for the next boot");
    }
}

const struct vp_check vp_checks_kernel[] = {
    {"vhost-net", "packets of guests are handled by the kernel", look_vhost},
    {"clocksource", "what the host, and by it guests, tell the time by", look_clocksource},
    {"real-time", "throttling of real-time threads", look_throttling},
    {"cgroups", "limits of guests", look_cgroups},
    {.name = NULL},
};
