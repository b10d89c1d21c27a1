/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../src/cli/doctor/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../model/fake.h"

#define CPU "/sys/devices/system/cpu/"
#define MM "/sys/kernel/mm/"
#define HOOK VP_HOOKSDIR "/qemu"
#define OURS "\177ELF urn:virt-profile:domain:1"
#define STAT "(x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 4 0 100 0 0\n"
#define TUNED "/usr/lib/tuned/"
#define EPT "/sys/module/kvm_intel/parameters/ept"
#define NPT "/sys/module/kvm_amd/parameters/npt"
#define APPARMOR                                                                                             \
    {                                                                                                        \
        "/sys/module/apparmor/parameters/enabled", "Y\n"                                                     \
    }
#define LIBVIRTD                                                                                             \
    {"/proc/50/comm", "libvirtd\n"},                                                                         \
    {                                                                                                        \
        "/proc/50/stat", "50 " STAT                                                                          \
    }
#define BOOTED(when)                                                                                         \
    {                                                                                                        \
        "/proc/stat", "cpu 1 2\nbtime " when "\nprocesses 3\n"                                               \
    }

/* A path that begins with '!' is executable, with '@' a link to the text, with '+' newer than all others. */
static const struct {
    const char *check;
    struct {
        const char *path, *text;
    } files[8];
    enum vp_diagnosis verdict;
    const char *found, *remedy; /* parts of them; NULL: no remedy */
} rows[] = {
    {"kvm", {{"/dev/kvm", ""}}, VP_DIAGNOSIS_OK, "works", NULL},
    {"kvm", {{NULL}}, VP_DIAGNOSIS_PROBLEM, "no /dev/kvm", "VT-x"},
    {"nested-paging", {{EPT, "Y\n"}}, VP_DIAGNOSIS_OK, "ept is on", NULL},
    {"nested-paging", {{EPT, "N\n"}}, VP_DIAGNOSIS_PROBLEM, "ept is off", "options kvm_intel ept=1"},
    {"nested-paging", {{NPT, "1\n"}}, VP_DIAGNOSIS_OK, "npt is on", NULL},
    {"nested-paging", {{NPT, "0\n"}}, VP_DIAGNOSIS_PROBLEM, "npt is off", "options kvm_amd npt=1"},
    {"nested-paging", {{NULL}}, VP_DIAGNOSIS_NOTE, "neither", NULL},
    {"nested-guests", {{"/sys/module/kvm_amd/parameters/nested", "1"}}, VP_DIAGNOSIS_OK, "may run", NULL},
    {"nested-guests", {{"/sys/module/kvm_intel/parameters/nested", "N"}}, VP_DIAGNOSIS_OK, "may not", NULL},
    {"iommu", {{"/sys/kernel/iommu_groups/0/type", ""}}, VP_DIAGNOSIS_OK, "1 group", NULL},
    {"iommu", {{NULL}}, VP_DIAGNOSIS_NOTE, "off", "intel_iommu=on"},
    {"isolated-cpus", {{CPU "isolated", "\n"}, {CPU "online", "0-7"}}, VP_DIAGNOSIS_OK, "no CPU", NULL},
    {"isolated-cpus", {{CPU "isolated", "2-7"}, {CPU "online", "0-7"}}, VP_DIAGNOSIS_NOTE, "share 0-1", NULL},
    {"isolated-cpus",
     {{CPU "isolated", "1-7"}, {CPU "online", "0-7"}},
     VP_DIAGNOSIS_WARNING,
     "leaves 0",
     "fewer"},
    {"tickless-cpus", {{CPU "nohz_full", "(null)"}}, VP_DIAGNOSIS_OK, "its timer tick", NULL},
    {"tickless-cpus", {{CPU "nohz_full", "2-7"}, {CPU "isolated", "2-7"}}, VP_DIAGNOSIS_NOTE, "2-7", NULL},
    {"tickless-cpus", {{CPU "nohz_full", "2-7"}}, VP_DIAGNOSIS_NOTE, "costly", "take nohz_full"},
    {"idle-states", {{CPU "cpuidle/current_driver", "none"}}, VP_DIAGNOSIS_OK, "do not sleep", NULL},
    {"idle-states",
     {{CPU "cpuidle/current_driver", "intel_idle"},
      {CPU "cpu0/cpuidle/state1/latency", "2"},
      {CPU "cpu0/cpuidle/state1/name", "C1"},
      {CPU "cpu0/cpuidle/state2/latency", "133"},
      {CPU "cpu0/cpuidle/state2/name", "C6\n"}},
     VP_DIAGNOSIS_NOTE,
     "the deepest, C6, takes 133 us",
     NULL},
    {"idle-states",
     {{CPU "cpuidle/current_driver", "intel_idle"},
      {CPU "cpu0/cpuidle/state1/latency", "2"},
      {CPU "cpu0/cpuidle/state1/name", "C1"},
      {CPU "cpu0/cpuidle/state2/latency", "133"},
      {CPU "cpu0/cpuidle/state2/disable", "1"}},
     VP_DIAGNOSIS_OK,
     "C1",
     NULL},
    {"hugepages", {{NULL}}, VP_DIAGNOSIS_WARNING, "no huge pages", "CONFIG_HUGETLBFS"},
    {"hugepages",
     {{MM "hugepages/hugepages-2048kB/nr_hugepages", "512\n"},
      {MM "hugepages/hugepages-2048kB/free_hugepages", "500\n"},
      {MM "hugepages/hugepages-1048576kB/nr_hugepages", "0\n"},
      {"/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages", "512"},
      {"/sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages", "500"}},
     VP_DIAGNOSIS_OK,
     "1G: none reserved; 2M: 512 with 500 free, node 1: 512 with 500 free",
     NULL},
    {"ksm", {{MM "ksm/run", "1\n"}, {MM "ksm/pages_shared", "77\n"}}, VP_DIAGNOSIS_OK, "runs, 77", NULL},
    {"ksm", {{MM "ksm/run", "0\n"}}, VP_DIAGNOSIS_OK, "stopped", NULL},
    {"ksm-services", {{NULL}}, VP_DIAGNOSIS_OK, "neither", NULL},
    {"ksm-services",
     {{"/proc/9/comm", "ksmtuned\n"}},
     VP_DIAGNOSIS_WARNING,
     "ksmtuned runs",
     "disable --now ksmtuned"},
    {"ksm-services",
     {{"/etc/systemd/system/multi-user.target.wants/ksm.service", ""}},
     VP_DIAGNOSIS_NOTE,
     "at boot",
     "disable ksm"},
    {"transparent-hugepages",
     {{MM "transparent_hugepage/enabled", "always [madvise] never\n"}},
     VP_DIAGNOSIS_OK,
     "madvise",
     NULL},
    {"transparent-hugepages",
     {{MM "transparent_hugepage/enabled", "always madvise [never]\n"}},
     VP_DIAGNOSIS_WARNING,
     "never",
     "madvise"},
    {"numa-balancing",
     {{"/proc/sys/kernel/numa_balancing", "1\n"},
      {"/sys/devices/system/node/node0/cpumap", "1"},
      {"/sys/devices/system/node/node1/cpumap", "2"}},
     VP_DIAGNOSIS_NOTE,
     "2 nodes",
     "kernel.numa-balancing"},
    {"numa-balancing", {{"/proc/sys/kernel/numa_balancing", "1\n"}}, VP_DIAGNOSIS_OK, "one node", NULL},
    {"numa-balancing", {{"/proc/7/comm", "numad\n"}}, VP_DIAGNOSIS_WARNING, "process 7", "numad"},
    {"overcommit",
     {{"/proc/meminfo", "MemTotal: 16777216 kB\nSwapTotal:  8388608 kB\n"}},
     VP_DIAGNOSIS_OK,
     "16 GiB of memory and 8192 MiB of swap",
     NULL},
    {"overcommit", {{"/proc/sys/vm/overcommit_memory", "2\n"}}, VP_DIAGNOSIS_WARNING, "asked for", "= 0"},
    {"vhost-net", {{"/sys/module/vhost_net/refcnt", "0"}}, VP_DIAGNOSIS_OK, "loaded", NULL},
    {"vhost-net", {{NULL}}, VP_DIAGNOSIS_WARNING, "no vhost_net", "modprobe"},
    {"clocksource",
     {{"/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"}},
     VP_DIAGNOSIS_OK,
     "tsc",
     NULL},
    {"clocksource",
     {{"/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n"}},
     VP_DIAGNOSIS_WARNING,
     "hpet",
     "dmesg"},
    {"clocksource",
     {{"/sys/devices/system/clocksource/clocksource0/current_clocksource", "kvm-clock\n"}},
     VP_DIAGNOSIS_NOTE,
     "guest itself",
     NULL},
    {"real-time", {{"/proc/sys/kernel/sched_rt_runtime_us", "950000\n"}}, VP_DIAGNOSIS_OK, "950000", NULL},
    {"real-time", {{"/proc/sys/kernel/sched_rt_runtime_us", "-1\n"}}, VP_DIAGNOSIS_NOTE, "off", NULL},
    {"cgroups",
     {{"/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n"}},
     VP_DIAGNOSIS_OK,
     "2",
     NULL},
    {"cgroups",
     {{"/sys/fs/cgroup/cgroup.controllers", "cpu io pids\n"}},
     VP_DIAGNOSIS_PROBLEM,
     "without cpuset, memory,",
     "cgroup_disable"},
    {"cgroups",
     {{"/sys/fs/cgroup/cpu/tasks", ""}, {"/sys/fs/cgroup/memory/tasks", ""}},
     VP_DIAGNOSIS_PROBLEM,
     "version 1 without cpuset, blkio",
     "mount"},
    {"cgroups", {{NULL}}, VP_DIAGNOSIS_PROBLEM, "none is mounted", "cgroup2"},
    {"irqbalance", {{NULL}}, VP_DIAGNOSIS_NOTE, "none runs", NULL},
    {"irqbalance",
     {{"/proc/31/comm", "irqbalance\n"}},
     VP_DIAGNOSIS_WARNING,
     "no control socket",
     "RuntimeDirectory"},
    {"time", {{"/proc/8/comm", "chronyd\n"}}, VP_DIAGNOSIS_OK, "chronyd keeps it (process 8)", NULL},
    {"time",
     {{"/sys/class/ptp/ptp0/clock_name", "KVM virtual PTP\n"}},
     VP_DIAGNOSIS_WARNING,
     "ptp_kvm",
     "chrony"},
    {"tuned", {{NULL}}, VP_DIAGNOSIS_OK, "no profile", NULL},
    {"tuned",
     {{"/etc/tuned/active_profile", "cpu-partitioning\n"},
      {TUNED "cpu-partitioning/tuned.conf",
       "[main]\ninclude=network-latency\n[scheduler]\nisolated_cores=${isolated_cores}\n"
       "ps_blacklist=.*pmd.*;.*qemu-kvm.*;^rcu$\n"}},
     VP_DIAGNOSIS_WARNING,
     "(" TUNED "cpu-partitioning/tuned.conf)",
     "ps_blacklist"},
    {"tuned",
     {{"/etc/tuned/active_profile", "mine\n"},
      {"/etc/tuned/mine/tuned.conf",
       "[main]\ninclude=cpu-partitioning\n[scheduler]\nps_blacklist=.*qemu-system.*\n"},
      {TUNED "cpu-partitioning/tuned.conf", "[scheduler]\nisolated_cores=2-7\nps_blacklist=.*qemu-kvm.*\n"}},
     VP_DIAGNOSIS_OK,
     "mine leaves QEMU's threads",
     NULL},
    {"tuned",
     {{"/etc/tuned/active_profile", "mine\n"},
      {"/etc/tuned/mine/tuned.conf", "[main]\ninclude=realtime\n"},
      {TUNED "realtime/tuned.conf", "[sched]\ntype=scheduler\nisolated_cores=2-7\n"}},
     VP_DIAGNOSIS_WARNING,
     "mine moves",
     "ps_blacklist"},
    {"tuned",
     {{"/etc/tuned/active_profile", "cpu-partitioning\n"},
      {"/usr/libexec/qemu-kvm", ""},
      {TUNED "cpu-partitioning/tuned.conf", "[scheduler]\nisolated_cores=2-7\nps_blacklist=.*qemu-kvm.*\n"}},
     VP_DIAGNOSIS_OK,
     "leaves",
     NULL},
    {"tuned",
     {{"/etc/tuned/active_profile", "loop\n"}, {"/etc/tuned/loop/tuned.conf", "[main]\ninclude=loop\n"}},
     VP_DIAGNOSIS_OK,
     "loop",
     NULL},
    {"libvirt", {{NULL}}, VP_DIAGNOSIS_PROBLEM, "not installed", "install"},
    {"libvirt",
     {{"/usr/lib64/libvirt.so.0.11003.2", ""}},
     VP_DIAGNOSIS_PROBLEM,
     "11.3.2 is installed",
     "enable --now"},
    {"libvirt",
     {{"/usr/lib/x86_64-linux-gnu/libvirt.so.0.9000.0", ""}, LIBVIRTD},
     VP_DIAGNOSIS_OK,
     "9.0.0, libvirtd runs (process 50)",
     NULL},
    {"libvirt",
     {{"/usr/lib64/libvirt.so.0.9000.0", ""}, {"/run/libvirt/virtqemud-sock", ""}},
     VP_DIAGNOSIS_OK,
     "virtqemud starts when",
     NULL},
    {"qemu", {{NULL}}, VP_DIAGNOSIS_PROBLEM, "not installed", "install"},
    {"qemu",
     {{"/usr/bin/qemu-system-x86_64", ""},
      {"/var/cache/libvirt/qemu/capabilities/aa.xml",
       "<qemuCaps><emulator>/usr/bin/qemu-system-x86_64</emulator><version>7002022</version></qemuCaps>"},
      {"/var/cache/libvirt/qemu/capabilities/bb.xml", "<broken"}},
     VP_DIAGNOSIS_OK,
     "qemu-system-x86_64 7.2.22",
     NULL},
    {"apparmor", {{NULL}}, VP_DIAGNOSIS_OK, "off", NULL},
    {"apparmor",
     {APPARMOR, {"/etc/apparmor.d/abstractions/libvirt-qemu", "x"}},
     VP_DIAGNOSIS_NOTE,
     "hu",
     "cpumap r"},
    {"selinux",
     {{"/sys/fs/selinux/enforce", "1"}, {"/sys/fs/selinux/booleans/virt_hooks_unconfined", "0 0"}},
     VP_DIAGNOSIS_WARNING,
     "confined",
     "setsebool"},
    {"selinux", {{"/sys/fs/selinux/enforce", "1"}}, VP_DIAGNOSIS_OK, "enforcing", NULL},
    {"selinux", {{"/sys/fs/selinux/enforce", "0"}}, VP_DIAGNOSIS_OK, "permissive", NULL},
    {"hook", {{NULL}}, VP_DIAGNOSIS_PROBLEM, "not installed", HOOK " and reload"},
    {"hook", {{"!" HOOK, "#!/bin/sh\n"}}, VP_DIAGNOSIS_PROBLEM, "there is qemu", "qemu.d/50-virt-profile"},
    {"hook", {{"!" HOOK, OURS}}, VP_DIAGNOSIS_OK, "'qemu'", NULL},
    {"hook", {{HOOK, OURS}}, VP_DIAGNOSIS_PROBLEM, "not executable", "chmod 0755 " HOOK},
    {"hook",
     {{"!" HOOK, "#!/bin/sh\n"}, {"!" HOOK ".d/50-virt-profile", OURS}, {HOOK ".d/README", "text"}},
     VP_DIAGNOSIS_NOTE,
     "'qemu.d/50-virt-profile'; libvirt runs qemu as well",
     NULL},
    {"hook",
     {{"!" HOOK, OURS}, {"!" HOOK ".d/50-virt-profile", OURS}},
     VP_DIAGNOSIS_WARNING,
     "2 times",
     "remove"},
    {"hook",
     {APPARMOR, {"!/usr/libexec/virt-profile/hook", OURS}, {"@" HOOK, "/usr/libexec/virt-profile/hook"}},
     VP_DIAGNOSIS_PROBLEM,
     "AppArmor lets libvirt run nothing",
     "copy"},
    {"hook",
     {{"!/usr/libexec/virt-profile/hook", OURS}, {"@" HOOK, "/usr/libexec/virt-profile/hook"}},
     VP_DIAGNOSIS_OK,
     "'qemu'",
     NULL},
    {"hook",
     {APPARMOR, {"!/usr/sbin/virt-profile-hook", OURS}, {"@" HOOK, "/usr/sbin/virt-profile-hook"}},
     VP_DIAGNOSIS_OK,
     "'qemu'",
     NULL},
    {"hook-loaded", {{NULL}}, VP_DIAGNOSIS_NOTE, "no hook", NULL},
    {"hook-loaded", {{"!" HOOK, OURS}}, VP_DIAGNOSIS_OK, "when it starts", NULL},
    {"hook-loaded",
     {{"!" HOOK, OURS}, LIBVIRTD, BOOTED("4000000000")},
     VP_DIAGNOSIS_OK,
     "was started after",
     NULL},
    {"hook-loaded",
     {{"!" HOOK, OURS}, LIBVIRTD, BOOTED("1000")},
     VP_DIAGNOSIS_WARNING,
     "older",
     "reload libvirtd"},
    {"hook-loaded",
     {{"!" HOOK, OURS}, LIBVIRTD, BOOTED("1000"), {"+/run/virt-profile/ledger.lock", ""}},
     VP_DIAGNOSIS_OK,
     "has run",
     NULL},
    {"profiles", {{NULL}}, VP_DIAGNOSIS_PROBLEM, "none", "/profiles"},
    {"profiles", {{"/profiles/a.profile", "[disk]\ncache = none\n"}}, VP_DIAGNOSIS_OK, "1, all", NULL},
    {"profiles",
     {{"/profiles/a.profile", "[disk]\ncache = quark\n"}, {"/profiles/b.profile", "[disk]\ncache = none\n"}},
     VP_DIAGNOSIS_PROBLEM,
     "1 of 2 cannot be used: /profiles/a.profile:2",
     "validate"},
    {"state", {{NULL}}, VP_DIAGNOSIS_OK, "no file", NULL},
    {"state", {{"/run/virt-profile/broken/a.json", ""}}, VP_DIAGNOSIS_WARNING, "1 file of", "broken"},
};

static const char *const dirs[] = {"/profiles", NULL};

static const struct vp_check *find(const char *name)
{
    for (size_t i = 0; vp_check_areas[i] != NULL; i++)
        for (const struct vp_check *check = vp_check_areas[i]; check->name != NULL; check++)
            if (strcmp(check->name, name) == 0)
                return check;
    return NULL;
}

static void put(const struct fake *fake, const char *path, const char *text)
{
    const struct timespec later[2] = {{.tv_sec = 4000000000}, {.tv_sec = 4000000000}};
    const char *plain = path + (path[0] != '/');
    vp_autofree char *full = vp_asprintf("%s%s", fake->folder, plain);
    fake_file(fake, plain, text);
    if (path[0] == '!')
        ck_assert_int_eq(chmod(full, 0755), 0);
    if (path[0] == '+')
        ck_assert_int_eq(utimensat(AT_FDCWD, full, later, 0), 0);
    if (path[0] == '@') {
        ck_assert_int_eq(unlink(full), 0);
        ck_assert_int_eq(symlink(text, full), 0);
    }
}

START_TEST(looks)
{
    FAKE fake;
    VP_CLEANUP(vp_doctor_done) struct vp_doctor doctor = {0};
    VP_CLEANUP(vp_finding_done) struct vp_finding finding = {0};
    const struct vp_conf conf = {.reserve_kib = UINT64_MAX};
    const struct vp_check *check = find(rows[_i].check);
    fake_open(&fake);
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *host = NULL;
    ck_assert_int_eq(vp_host_open("live", fake.root, &host, NULL), 0);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows[_i].files) && rows[_i].files[i].path != NULL; i++)
        put(&fake, rows[_i].files[i].path, rows[_i].files[i].text);
    doctor.root = fake.root;
    doctor.host = host;
    doctor.conf = &conf;
    doctor.dirs = dirs;
    ck_assert_msg(check != NULL, "there is no check '%s'", rows[_i].check);
    vp_check_run(check, &doctor, &finding);
    ck_assert_ptr_nonnull(finding.found);
    ck_assert_msg(finding.verdict == rows[_i].verdict && strstr(finding.found, rows[_i].found) != NULL,
                  "%s %d: %s, '%s', wanted %s, '%s'", rows[_i].check, _i, vp_diagnosis_names[finding.verdict],
                  finding.found, vp_diagnosis_names[rows[_i].verdict], rows[_i].found);
    if (rows[_i].remedy == NULL)
        ck_assert_msg(finding.remedy == NULL, "%s %d: remedy '%s'", rows[_i].check, _i, finding.remedy);
    else
        ck_assert_msg(finding.remedy != NULL && strstr(finding.remedy, rows[_i].remedy) != NULL,
                      "%s %d: remedy '%s'", rows[_i].check, _i, finding.remedy);
}
END_TEST

/* Each check has a name of its own, says something of a host without anything, and is in the table above. */
START_TEST(covers)
{
    FAKE fake;
    fake_open(&fake);
    for (size_t i = 0; vp_check_areas[i] != NULL; i++)
        for (const struct vp_check *check = vp_check_areas[i]; check->name != NULL; check++) {
            VP_CLEANUP(vp_doctor_done)
            struct vp_doctor doctor = {.root = fake.root, .host = fake.host, .dirs = dirs};
            VP_CLEANUP(vp_finding_done) struct vp_finding finding = {0};
            bool tried = strcmp(check->name, "cpus") == 0;
            ck_assert_ptr_eq(find(check->name), check);
            vp_check_run(check, &doctor, &finding);
            ck_assert_msg(finding.found != NULL && finding.where != NULL, "%s says nothing", check->name);
            for (size_t k = 0; k < VP_ARRAY_SIZE(rows); k++)
                tried = tried || strcmp(rows[k].check, check->name) == 0;
            ck_assert_msg(tried, "%s is not tried", check->name);
        }
}
END_TEST

/* What may not be read is neither good nor bad. */
START_TEST(denied)
{
    VP_CLEANUP(vp_finding_done) struct vp_finding finding = {0};
    vp_denied(&finding, "/a", -ENOENT);
    ck_assert_ptr_null(finding.denied);
    vp_denied(&finding, "/a", -EACCES);
    vp_denied(&finding, "/b", -EPERM);
    ck_assert_str_eq(finding.denied, "/a");
}
END_TEST

VP_TEST_MAIN("doctor", VP_TEST_ROWS(looks, rows), VP_TEST(covers), VP_TEST(denied))
