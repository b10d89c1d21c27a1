/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor.h"

#include <errno.h>

#include "balancesock.h"
#include "text.h"

static void look_irqbalance(struct vp_doctor *doctor, struct vp_finding *finding)
{
    struct vp_process process = {0};
    const pid_t pid = vp_doctor_process(doctor, "irqbalance");
    vp_names_free(vp_doctor_list(doctor, finding, "/run/irqbalance")); /* may it be read? */
    if (pid == 0) {
        vp_found(finding, VP_DIAGNOSIS_NOTE,
                 "none runs: the interrupts of the host stay where the kernel put them");
        return;
    }
    const int r = vp_balancesock_find(doctor->root, &process, NULL);
    if (r == 0 || r == -EAGAIN) {
        vp_found(finding, VP_DIAGNOSIS_OK, "process %d is told which CPUs and interrupts to leave alone",
                 (int)pid);
        return;
    }
    vp_found(finding, VP_DIAGNOSIS_WARNING,
             "process %d has no control socket, so it moves interrupts onto the CPUs of dedicated guests",
             (int)pid);
    vp_remedy(finding,
              "let it make /run/irqbalance (RuntimeDirectory=irqbalance), or take an irqbalance that was "
              "built with its user interface");
}

static void look_tuned(struct vp_doctor *doctor, struct vp_finding *finding)
{
    vp_autofree char *profile = NULL;
    vp_autofree char *file = NULL;
    const pid_t pid = vp_doctor_process(doctor, "tuned");
    vp_tuned_look(doctor, finding, &profile, &file);
    if (profile == NULL) {
        vp_found(finding, VP_DIAGNOSIS_OK, "no profile of it is active");
    } else if (file == NULL) {
        vp_found(finding, VP_DIAGNOSIS_OK, "its profile %s leaves QEMU's threads where they are%s", profile,
                 pid > 0 ? "" : "; it does not run");
    } else {
        vp_found(
            finding, VP_DIAGNOSIS_WARNING,
            "its profile %s moves the threads of running guests off their CPUs whenever it is applied (%s)",
            profile, file);
        vp_remedy(
            finding,
            "add '.*qemu-system.*' to ps_blacklist in [scheduler] of a profile of your own that includes it");
    }
}

static void look_time(struct vp_doctor *doctor, struct vp_finding *finding)
{
    /* As /proc has them: at most 15 bytes. */
    static const char *const services[] = {"chronyd", "ntpd",  "systemd-timesyn",
                                           "ntpsec",  "ptp4l", "phc2sys"};
    VP_CLEANUP(vp_names_free_ptr) char **clocks = vp_doctor_list(doctor, finding, "/sys/class/ptp");
    const char *hypervisor = "";
    for (size_t i = 0; clocks != NULL && clocks[i] != NULL; i++) {
        vp_autofree char *path = vp_asprintf("/sys/class/ptp/%s/clock_name", clocks[i]);
        vp_autofree char *name = vp_doctor_read(doctor, finding, path);
        if (vp_starts(name, "KVM"))
            hypervisor = "; ptp_kvm offers the clock of the machine below";
    }
    for (size_t i = 0; i < VP_ARRAY_SIZE(services); i++) {
        const pid_t pid = vp_doctor_process(doctor, services[i]);
        if (pid == 0)
            continue;
        vp_found(finding, VP_DIAGNOSIS_OK, "%s keeps it (process %d)%s", services[i], (int)pid, hypervisor);
        return;
    }
    vp_found(finding, VP_DIAGNOSIS_WARNING,
             "nothing keeps the host's clock, and guests with kvm-clock follow it%s", hypervisor);
    vp_remedy(finding, "install and start chrony; in guests, let it use ptp_kvm");
}

const struct vp_check vp_checks_services[] = {
    {"irqbalance", "who else moves interrupts", look_irqbalance},
    {"tuned", "who else moves threads", look_tuned},
    {"time", "the host's clock", look_time},
    {.name = NULL},
};
