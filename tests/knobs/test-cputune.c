/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

static const struct vp_trial rows[] = {
    {.set = "cpu.shares=2048", .domain = "", .expect = "cputune/shares = 2048\n"},
    {.set = "cpu.shares=500",
     .domain = "<cputune><shares>500</shares></cputune>",
     .expect = "cputune/shares = 500 (already)\n"},
    {.set = "cpu.shares=100", .domain = "", .phase = VP_PHASE_RESTORE, .expect = "cputune/shares = 100\n"},
    {.set = "cpu.quota=50000", .domain = "", .expect = "cputune/period = 100000\ncputune/quota = 50000\n"},
    /* The definition's own period stays. */
    {.set = "cpu.quota=50000",
     .domain = "<cputune><period>20000</period></cputune>",
     .expect = "cputune/quota = 50000\n"},
    {.set = "cpu.quota=50000; cpu.period=10000",
     .domain = "<cputune><period>20000</period></cputune>",
     .expect = "cputune/period = 10000\ncputune/quota = 50000\n"},
    {.set = "cpu.quota=unlimited",
     .domain = "<cputune><period>20000</period><quota>10000</quota></cputune>",
     .expect = "cputune/quota = -1\n"},
    /* All that libvirt takes. */
    {.set = "cpu.quota=17592186044415; cpu.global-quota=max(17592186044414, vcpus)",
     .domain = "",
     .expect = "cputune/period = 100000\ncputune/quota = 17592186044415\n"
               "cputune/global_period = 100000\ncputune/global_quota = 17592186044414\n"},
    {.set = "cpu.period=10000",
     .domain = "",
     .expect = "cputune/period = 10000\n"
               "warning cpu.period: a period limits nothing without a quota, see cpu.quota\n"},
    {.set = "cpu.period=10000",
     .domain = "<cputune><quota>5000</quota></cputune>",
     .expect = "cputune/period = 10000\n"},
    {.set = "cpu.global-quota=400000; cpu.global-period=100000",
     .domain = "",
     .expect = "cputune/global_period = 100000\ncputune/global_quota = 400000\n"},
    {.set = "cpu.emulator-quota=20000; cpu.iothread-quota=30000",
     .domain = "<cputune><emulator_period>50000</emulator_period></cputune>",
     .expect = "cputune/emulator_quota = 20000\n"
               "cputune/iothread_period = 100000\n"
               "cputune/iothread_quota = 30000\n"},
    {.set = "cpu.emulator-period=1000; cpu.iothread-period=1000000; cpu.iothread-quota=unlimited",
     .domain = "",
     .expect = "cputune/emulator_period = 1000\n"
               "cputune/iothread_period = 1000000\n"
               "cputune/iothread_quota = -1\n"
               "warning cpu.emulator-period: a period limits nothing*see cpu.emulator-quota\n"},
};

START_TEST(plans)
{
    vp_trial_check(&rows[_i], _i);
}
END_TEST

/* What libvirt or the kernel would refuse never gets into a definition. */
static const struct {
    const char *knob, *value;
    bool ok;
} value_rows[] = {
    {"cpu.shares", "2", true},
    {"cpu.shares", "10000", true},
    {"cpu.shares", "1", false},
    {"cpu.shares", "10001", false},
    {"cpu.shares", "unlimited", false},
    {"cpu.period", "1000", true},
    {"cpu.period", "1000000", true},
    {"cpu.period", "999", false},
    {"cpu.global-period", "1000001", false},
    {"cpu.emulator-period", "unlimited", false},
    {"cpu.quota", "1000", true},
    {"cpu.quota", "17592186044415", true},
    {"cpu.quota", "unlimited", true},
    {"cpu.quota", "999", false},
    {"cpu.iothread-quota", "17592186044416", false},
    {"cpu.global-quota", "-1", false},
};

START_TEST(values)
{
    vp_autofree char *message = vp_trial_refusal(value_rows[_i].knob, value_rows[_i].value);
    ck_assert_msg((message == NULL) == value_rows[_i].ok, "row %d %s = '%s': %s", _i, value_rows[_i].knob,
                  value_rows[_i].value, message != NULL ? message : "accepted");
}
END_TEST

VP_TEST_MAIN("knobs/cputune", VP_TEST_ROWS(plans, rows), VP_TEST_ROWS(values, value_rows))
