/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

/* A machine of two nodes with two CPUs each, of which 1 and 3 are isolated. */
#define CPU(n, package, core, siblings)                                                                      \
    "/sys/devices/system/cpu/cpu" n "/topology/physical_package_id", package "\n",                           \
        "/sys/devices/system/cpu/cpu" n "/topology/core_id", core "\n",                                      \
        "/sys/devices/system/cpu/cpu" n "/topology/core_cpus", siblings "\n",                                \
        "/sys/devices/system/cpu/cpu" n "/topology/thread_siblings", siblings "\n"
#define NODE                                                                                                 \
    "/sys/devices/system/node/node0/cpumap", "f\n", "/sys/devices/system/node/node0/meminfo",                \
        "Node 0 MemTotal: 16777216 kB\n", "/sys/devices/system/node/online", "0\n"
#define MACHINE                                                                                              \
    "/sys/devices/system/cpu/online", "0-3\n", "/sys/devices/system/cpu/possible", "0-3\n",                  \
        CPU("0", "0", "0", "1"), CPU("1", "0", "1", "2"), CPU("2", "0", "2", "4"), CPU("3", "0", "3", "8"),  \
        NODE
#define THROTTLE(value) "/proc/sys/kernel/sched_rt_runtime_us", value "\n"

static const char *const free_host[] = {MACHINE, THROTTLE("-1"), NULL};
static const char *const isolated_host[] = {MACHINE, THROTTLE("-1"), "/sys/devices/system/cpu/isolated",
                                            "1-3\n", NULL};
static const char *const throttled_host[] = {MACHINE, THROTTLE("950000"), NULL};
static const char *const group_host[] = {MACHINE, THROTTLE("-1"), "/sys/fs/cgroup/cpu/cpu.rt_runtime_us",
                                         "0\n", NULL};
#define ON(files_) .host = "dump", .files = (files_)

#define GUEST "<memory unit='GiB'>1</memory><vcpu placement='static'>3</vcpu>"
#define DEDICATED "cpu.placement=dedicated; "
#define PINS                                                                                                 \
    "cputune/vcpupin[0]/@cpuset = 1\ncputune/vcpupin[1]/@cpuset = 2\ncputune/vcpupin[2]/@cpuset = 3\n"       \
    "cputune/emulatorpin/@cpuset = 0\n"
#define SCHED(number, vcpu, how) "cputune/vcpusched[#" number "] = <vcpusched vcpus='" vcpu "' " how "/>\n"
#define NOT_ISOLATED "warning cpu.vcpu-scheduler: CPUs 1-3 are not isolated: *\n"

static const struct vp_trial rows[] = {
    {GUEST, DEDICATED "cpu.vcpu-scheduler=fifo",
     PINS SCHED("1", "1", "scheduler='fifo' priority='1'") SCHED("2", "2", "scheduler='fifo' priority='1'"),
     ON(isolated_host)},
    {GUEST, DEDICATED "cpu.vcpu-scheduler=rr; cpu.vcpu-priority=4; cpu.vcpu-scheduler-first=yes",
     PINS SCHED("1", "0", "scheduler='rr' priority='4'") SCHED("2", "1", "scheduler='rr' priority='4'")
         SCHED("3", "2", "scheduler='rr' priority='4'") NOT_ISOLATED,
     ON(free_host)},
    /* What would be dangerous, or keep the guest from starting. */
    {GUEST, DEDICATED "cpu.vcpu-scheduler=fifo",
     PINS "skipped cpu.vcpu-scheduler: the kernel stops real-time threads *sched_rt_runtime_us = -1 first\n",
     ON(throttled_host)},
    {GUEST, DEDICATED "cpu.vcpu-scheduler=fifo",
     PINS "skipped cpu.vcpu-scheduler: the kernel gives real time to control groups, *\n", ON(group_host)},
    {GUEST, "cpu.placement=node; cpu.vcpu-scheduler=fifo",
     "cputune/vcpupin[0]/@cpuset = 1-3\ncputune/vcpupin[1]/@cpuset = 1-3\ncputune/vcpupin[2]/@cpuset = 1-3\n"
     "cputune/emulatorpin/@cpuset = 0\nskipped cpu.vcpu-scheduler: only vCPUs with host CPUs of their own *\n",
     ON(free_host)},
    {GUEST, "cpu.vcpu-scheduler=fifo", "skipped cpu.vcpu-scheduler: the guest is not placed, *\n",
     ON(free_host)},
    {"<domain type='qemu'><name>g</name><memory unit='GiB'>1</memory><vcpu>2</vcpu>"
     "<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>",
     DEDICATED "cpu.vcpu-scheduler=fifo",
     "cputune/vcpupin[0]/@cpuset = 1\ncputune/vcpupin[1]/@cpuset = 2\ncputune/emulatorpin/@cpuset = 0\n"
     "skipped cpu.vcpu-scheduler: an emulated vCPU never waits, *\n",
     ON(free_host)},
    {GUEST "<cputune><vcpusched vcpus='2' scheduler='batch'/></cputune>", DEDICATED "cpu.vcpu-scheduler=fifo",
     PINS "skipped cpu.vcpu-scheduler: the definition schedules its vCPUs by itself\n", ON(free_host)},
    {"<memory unit='GiB'>1</memory><vcpu>1</vcpu>", DEDICATED "cpu.vcpu-scheduler=fifo",
     "cputune/vcpupin[0]/@cpuset = 1\ncputune/emulatorpin/@cpuset = 0\n"
     "skipped cpu.vcpu-scheduler: vCPU 0 is left to the guest's housekeeping, *\n",
     ON(free_host)},
    {GUEST, "cpu.vcpu-priority=4; cpu.vcpu-scheduler-first=yes",
     "skipped cpu.vcpu-priority: cpu.vcpu-scheduler is not set\n"
     "skipped cpu.vcpu-scheduler-first: cpu.vcpu-scheduler is not set\n",
     ON(free_host)},
};

START_TEST(schedules_vcpus)
{
    vp_trial_check(&rows[_i], _i);
}
END_TEST

VP_TEST_MAIN("knobs/vcpusched", VP_TEST_ROWS(schedules_vcpus, rows))
