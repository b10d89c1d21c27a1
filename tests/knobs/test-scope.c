/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guestlimits.h"
#include "harness.h"
#include "knobs.h"
#include "text.h"

static const char *const v1[] = {"/sys/fs/cgroup/cpuset/cpuset.cpus", "0\n", NULL};
static const char *const v2[] = {"/sys/fs/cgroup/cgroup.controllers", "cpu memory\n", NULL};

#define LOCKED "<memoryBacking><locked/></memoryBacking><memtune><hard_limit>9999999</hard_limit></memtune>"

static const struct vp_trial rows[] = {
    {"", "cpu.cgroup-weight=200", "host/scope/CPUWeight = 200"},
    {"", "cpu.cgroup-weight=min(vcpus, 3)", "host/scope/CPUWeight = 3"},
    {"<cputune><shares>512</shares></cputune>", "cpu.cgroup-weight=200",
     "skipped cpu.cgroup-weight: the definition has cputune/shares = 512, which libvirt sets instead"},
    {"", "cpu.cgroup-weight=200; cpu.shares=300",
     "cputune/shares = 300\nskipped cpu.cgroup-weight: the definition has cputune/shares = 300, which libvirt sets "
     "instead"},
    {"", "cpu.cgroup-quota=250", "host/scope/CPUQuota = 250%"},
    {"<cputune><global_quota>50000</global_quota></cputune>", "cpu.cgroup-quota=250",
     "skipped cpu.cgroup-quota: the definition has cputune/global_quota = 50000, which libvirt sets instead"},
    {"<cputune><quota>50000</quota></cputune>", "cpu.cgroup-quota=250", "host/scope/CPUQuota = 250%"},
    {"", "memory.cgroup-max=5G", "host/scope/MemoryMax = 5368709120"},
    {"", "memory.cgroup-max=unlimited", "host/scope/MemoryMax = infinity"},
    {"", "memory.cgroup-max=4G",
     "skipped memory.cgroup-max: the guest would not survive 4G: its own memory is 4G, and QEMU needs some"},
    {"<memoryBacking><hugepages/></memoryBacking>", "memory.cgroup-max=1G",
     "host/scope/MemoryMax = 1073741824"},
    {"<memtune><hard_limit>8388608</hard_limit></memtune>", "memory.cgroup-max=9G",
     "skipped memory.cgroup-max: the definition has memtune/hard_limit = 8388608, which libvirt sets instead"},
    {"", "memory.cgroup-high=3G", "host/scope/MemoryHigh = 3221225472"},
    {"", "memory.cgroup-high=3G", "host/scope/MemoryHigh = 3221225472", .host = "dump", .files = v2},
    {"", "memory.cgroup-high=3G",
     "skipped memory.cgroup-high: this host has cgroup v1, which has no such limit", .host = "dump",
     .files = v1},
    {LOCKED, "memory.cgroup-high=3G",
     "skipped memory.cgroup-high: the guest's memory is locked, so none of it can be taken back"},
    {LOCKED, "memory.cgroup-high=unlimited", "host/scope/MemoryHigh = infinity"},
    {"<devices><hostdev mode='subsystem' type='pci' managed='yes'><source>"
     "<address domain='0' bus='1' slot='0' function='0'/></source></hostdev></devices>",
     "memory.cgroup-high=3G",
     "skipped memory.cgroup-high: the guest's memory is pinned for a device passed through, so none of it can be "
     "taken back"},
    {"<memtune><soft_limit>8388608</soft_limit></memtune>", "memory.cgroup-high=3G",
     "skipped memory.cgroup-high: the definition has memtune/soft_limit = 8388608, which libvirt sets instead"},
    {"", "memory.cgroup-low=3G", "host/scope/MemoryLow = 3221225472"},
    {"", "memory.cgroup-low=3G",
     "skipped memory.cgroup-low: this host has cgroup v1, which protects no memory", .host = "dump",
     .files = v1},
    {"", "cpu.cgroup-weight=200; memory.cgroup-max=8G",
     "host/scope/CPUWeight = 200\nhost/scope/MemoryMax = 8589934592", .phase = VP_PHASE_MIGRATE},
};

START_TEST(planned)
{
    vp_trial_check(&rows[_i], _i);
}
END_TEST

static const struct {
    const char *knob, *value;
} refused[] = {
    {"cpu.cgroup-weight", "0"}, {"cpu.cgroup-weight", "10001"}, {"cpu.cgroup-quota", "0"},
    {"cpu.cgroup-quota", "5%"}, {"memory.cgroup-max", "1M"},    {"memory.cgroup-low", "half"},
};

START_TEST(refuse)
{
    vp_autofree char *message = vp_trial_refusal(refused[_i].knob, refused[_i].value);
    ck_assert_msg(message != NULL, "%s = '%s' is accepted", refused[_i].knob, refused[_i].value);
}
END_TEST

/* Whatever a knob wants of the cgroup, the host layer has to take. */
START_TEST(limits_are_known)
{
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        vp_autofree char *plan = vp_trial_plan(&rows[i], (int)i);
        for (const char *at = plan; (at = strstr(at, VP_LIMIT_WANT)) != NULL;) {
            at += strlen(VP_LIMIT_WANT);
            vp_autofree char *property = vp_strndup(at, strcspn(at, " "));
            ck_assert_msg(vp_limit_is_known(property), "'%s'", property);
        }
    }
}
END_TEST

VP_TEST_MAIN("knobs/scope", VP_TEST_ROWS(planned, rows), VP_TEST_ROWS(refuse, refused),
             VP_TEST(limits_are_known))
