/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "file.h"
#include "text.h"
#include "topology.h"

#define MODULE "/sys/module/"
#define CPUS "/sys/devices/system/cpu/"

/* Microseconds to wake up from which an idle state is felt by a guest that waits for a disk or a packet. */
#define LATENCY_FELT 100

static bool says_yes(const char *text)
{
    return vp_same(text, "Y") || vp_same(text, "1");
}

/* The node may be there without anything behind it. */
static void look_kvm(struct vp_doctor *doctor, struct vp_finding *finding)
{
    VP_CLEANUP(vp_close_fd) int fd = vp_root_openat(doctor->root, "/dev/kvm", O_RDWR);
    vp_looked_at(finding, "/dev/kvm");
    vp_denied(finding, "/dev/kvm", fd);
    if (fd >= 0) {
        vp_found(finding, VP_DIAGNOSIS_OK, "/dev/kvm works");
        return;
    }
    vp_found(finding, VP_DIAGNOSIS_PROBLEM, "%s, so guests are emulated",
             fd == -ENOENT ? "there is no /dev/kvm" : "there is nothing behind /dev/kvm");
    vp_remedy(finding, "switch on VT-x or AMD-V in the firmware and load kvm_intel or kvm_amd");
}

/* The parameter of the KVM module that is loaded; NULL: neither is, or it has none. */
static char *kvm_parameter(struct vp_doctor *doctor, struct vp_finding *finding, const char *intel,
                           const char *amd, const char **ret_module)
{
    vp_autofree char *on_intel = vp_asprintf(MODULE "kvm_intel/parameters/%s", intel);
    vp_autofree char *on_amd = vp_asprintf(MODULE "kvm_amd/parameters/%s", amd);
    char *text = vp_doctor_read(doctor, finding, on_intel);
    *ret_module = "kvm_intel";
    if (text == NULL) {
        text = vp_doctor_read(doctor, finding, on_amd);
        *ret_module = "kvm_amd";
    }
    return text;
}

static void look_paging(struct vp_doctor *doctor, struct vp_finding *finding)
{
    const char *module = NULL;
    vp_autofree char *text = kvm_parameter(doctor, finding, "ept", "npt", &module);
    const char *name = vp_same(module, "kvm_intel") ? "ept" : "npt";
    if (text == NULL) {
        vp_found(finding, VP_DIAGNOSIS_NOTE, "neither kvm_intel nor kvm_amd is loaded");
    } else if (says_yes(text)) {
        vp_found(finding, VP_DIAGNOSIS_OK, "%s is on", name);
    } else {
        vp_found(finding, VP_DIAGNOSIS_PROBLEM,
                 "%s is off, so each change of a guest's page tables is emulated", name);
        vp_remedy(finding, "set 'options %s %s=1' in /etc/modprobe.d and load the module anew", module, name);
    }
}

static void look_nested(struct vp_doctor *doctor, struct vp_finding *finding)
{
    const char *module = NULL;
    vp_autofree char *text = kvm_parameter(doctor, finding, "nested", "nested", &module);
    if (text == NULL)
        vp_found(finding, VP_DIAGNOSIS_NOTE, "neither kvm_intel nor kvm_amd is loaded");
    else
        vp_found(finding, VP_DIAGNOSIS_OK, "guests %s run guests of their own",
                 says_yes(text) ? "may" : "may not");
}

static void look_iommu(struct vp_doctor *doctor, struct vp_finding *finding)
{
    VP_CLEANUP(vp_names_free_ptr) char **groups = vp_doctor_list(doctor, finding, "/sys/kernel/iommu_groups");
    size_t n = 0;
    while (groups != NULL && groups[n] != NULL)
        n++;
    if (n > 0) {
        vp_found(finding, VP_DIAGNOSIS_OK, "%zu group%s of devices", n, n == 1 ? "" : "s");
        return;
    }
    vp_found(finding, VP_DIAGNOSIS_NOTE,
             "it is off or not there: no device can be passed through to a guest");
    vp_remedy(finding,
              "where devices are to be passed through, switch on VT-d or AMD-Vi in the firmware and add "
              "intel_iommu=on (Intel) to the kernel's command line");
}

/* Reads the topology for a check. NULL: it said why not. */
static struct vp_topology *topology_of(struct vp_doctor *doctor, struct vp_finding *finding)
{
    vp_autoerror error = NULL;
    struct vp_topology *topology = NULL;
    vp_looked_at(finding, "/sys/devices/system");
    if (vp_topology_read(doctor->host, &topology, &error) == 0)
        return topology;
    vp_found(finding, VP_DIAGNOSIS_UNKNOWN, "%s", error->message);
    return NULL;
}

static void look_cpus(struct vp_doctor *doctor, struct vp_finding *finding)
{
    vp_autotopology topology = NULL;
    vp_autobitmap keeping = NULL;
    vp_autobitmap open = vp_bitmap_new();
    vp_autoerror error = NULL;
    vp_looked_at(finding, vp_conf_path);
    if (doctor->conf == NULL) {
        vp_found(finding, VP_DIAGNOSIS_PROBLEM, "%s",
                 doctor->conf_error != NULL ? doctor->conf_error->message : "the configuration is wrong");
        vp_remedy(finding, "mend %s; 'virt-profile validate' checks it", vp_conf_path);
        return;
    }
    topology = topology_of(doctor, finding);
    if (topology == NULL)
        return;
    if (vp_topology_housekeeping(topology, doctor->conf->housekeeping, &keeping, &error) < 0) {
        vp_found(finding, VP_DIAGNOSIS_PROBLEM, "%s", error->message);
        vp_remedy(finding, "change [host] housekeeping in %s", vp_conf_path);
        return;
    }
    (void)hwloc_bitmap_andnot(open, topology->allowed, keeping);
    vp_autofree char *host = vp_bitmap_text(keeping);
    const int n = hwloc_bitmap_weight(open), all = hwloc_bitmap_weight(topology->allowed);
    if (n > 0) {
        vp_found(finding, VP_DIAGNOSIS_OK, "%d of %d CPUs are for guests, the host keeps %s", n, all, host);
        return;
    }
    vp_found(finding, VP_DIAGNOSIS_WARNING, "the host keeps all CPUs (%s), so no guest can own one", host);
    vp_remedy(finding, "name fewer CPUs in [host] housekeeping in %s, or take a larger machine",
              vp_conf_path);
}

/* A list of CPUs in a file; empty where the kernel has no such file. */
static hwloc_bitmap_t read_list(const struct vp_doctor *doctor, struct vp_finding *finding, const char *path)
{
    vp_autofree char *text = vp_doctor_read(doctor, finding, path);
    hwloc_bitmap_t set = NULL;
    /* Where there is none, nohz_full says "(null)". */
    if (text == NULL || text[0] == '(' || vp_bitmap_parse(text, path, &set, NULL) < 0)
        return vp_bitmap_new();
    return set;
}

static void look_isolated(struct vp_doctor *doctor, struct vp_finding *finding)
{
    vp_autobitmap isolated = read_list(doctor, finding, CPUS "isolated");
    vp_autobitmap online = read_list(doctor, finding, CPUS "online");
    if (hwloc_bitmap_iszero(isolated)) {
        vp_found(finding, VP_DIAGNOSIS_OK, "no CPU is isolated by the kernel's command line");
        return;
    }
    vp_autofree char *text = vp_bitmap_text(isolated);
    (void)hwloc_bitmap_andnot(online, online, isolated);
    vp_autofree char *rest = vp_bitmap_text(online);
    if (hwloc_bitmap_weight(online) > 1) {
        vp_found(finding, VP_DIAGNOSIS_NOTE,
                 "isolcpus keeps the scheduler off %s: dedicated guests may own them, all others share %s",
                 text, rest);
        return;
    }
    vp_found(finding, VP_DIAGNOSIS_WARNING,
             "isolcpus keeps the scheduler off %s, which leaves %s for the host and all guests that float",
             text, rest);
    vp_remedy(finding,
              "isolate fewer CPUs: guests are kept off the CPUs of dedicated ones without isolcpus, too");
}

static void look_tickless(struct vp_doctor *doctor, struct vp_finding *finding)
{
    vp_autobitmap tickless = read_list(doctor, finding, CPUS "nohz_full");
    vp_autobitmap isolated = read_list(doctor, finding, CPUS "isolated");
    if (hwloc_bitmap_iszero(tickless)) {
        vp_found(finding, VP_DIAGNOSIS_OK, "every CPU has its timer tick");
        return;
    }
    vp_autofree char *text = vp_bitmap_text(tickless);
    if (hwloc_bitmap_isincluded(tickless, isolated)) {
        vp_found(finding, VP_DIAGNOSIS_NOTE, "%s run without a tick while they have one thread each", text);
        return;
    }
    vp_found(finding, VP_DIAGNOSIS_NOTE,
             "%s run without a tick while they have one thread each, which guests that float make costly",
             text);
    vp_remedy(finding,
              "take nohz_full from the kernel's command line, unless dedicated guests alone run there");
}

/* The slowest state that is not switched off. */
static uint64_t slowest_state(const struct vp_doctor *doctor, struct vp_finding *finding, char **ret_name)
{
    VP_CLEANUP(vp_names_free_ptr) char **states = vp_doctor_list(doctor, finding, CPUS "cpu0/cpuidle");
    uint64_t most = 0;
    for (size_t i = 0; states != NULL && states[i] != NULL; i++) {
        vp_autofree char *latency = vp_asprintf(CPUS "cpu0/cpuidle/%s/latency", states[i]);
        vp_autofree char *disabled = vp_asprintf(CPUS "cpu0/cpuidle/%s/disable", states[i]);
        vp_autofree char *name = vp_asprintf(CPUS "cpu0/cpuidle/%s/name", states[i]);
        uint64_t us = 0, off = 0;
        size_t len = 0;
        if (vp_root_read_u64(doctor->root, latency, &us, NULL) < 0 || us <= most ||
            (vp_root_read_u64(doctor->root, disabled, &off, NULL) == 0 && off != 0))
            continue;
        most = us;
        free(*ret_name);
        *ret_name = NULL;
        if (vp_root_read(doctor->root, name, 64, ret_name, &len, NULL) == 0)
            (*ret_name)[strcspn(*ret_name, "\n")] = '\0';
    }
    return most;
}

static void look_idle(struct vp_doctor *doctor, struct vp_finding *finding)
{
    vp_autofree char *driver = vp_doctor_read(doctor, finding, CPUS "cpuidle/current_driver");
    vp_autofree char *name = NULL;
    const uint64_t us = slowest_state(doctor, finding, &name);
    if (driver == NULL || vp_same(driver, "none") || us == 0)
        vp_found(finding, VP_DIAGNOSIS_OK, "idle CPUs do not sleep deeply");
    else if (us < LATENCY_FELT)
        vp_found(finding, VP_DIAGNOSIS_OK, "the deepest, %s, is left within %" PRIu64 " us", name, us);
    else
        vp_found(finding, VP_DIAGNOSIS_NOTE,
                 "the deepest, %s, takes %" PRIu64
                 " us to leave; cpu.max-latency limits it on the CPUs of dedicated guests while they run",
                 name, us);
}

const struct vp_check vp_checks_processor[] = {
    {"kvm", "guests run on the CPU itself", look_kvm},
    {"nested-paging", "the CPU translates a guest's addresses", look_paging},
    {"nested-guests", "whether guests may run guests", look_nested},
    {"iommu", "needed to pass devices through", look_iommu},
    {"cpus", "CPUs that guests may own, and those of the host", look_cpus},
    {"isolated-cpus", "the scheduler moves no thread onto these", look_isolated},
    {"tickless-cpus", "nohz_full", look_tickless},
    {"idle-states", "how long a sleeping CPU takes to wake up", look_idle},
    {.name = NULL},
};
