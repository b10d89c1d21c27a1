/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#define WINDOWS VP_TRIAL_OS("http://microsoft.com/win/11")
#define EMULATED(inner) "<domain type='qemu'>" VP_TRIAL_GUEST inner "</domain>"
#define MACHINE(arch, machine) "<os><type arch='" arch "' machine='" machine "'>hvm</type></os>"
#define UTC(inner) "<clock offset='utc'>" inner "</clock>"

static const struct vp_trial rows[] = {
    {.set = "clock.offset=utc", .domain = "", .expect = "clock/@offset = utc\n"},
    {.set = "clock.offset=utc", .domain = UTC(""), .expect = "clock/@offset = utc (already)\n"},
    {.set = "clock.offset=localtime", .domain = UTC(""), .expect = "clock/@offset = localtime\n"},
    {.set = "clock.offset=auto", .domain = WINDOWS UTC(""), .expect = "clock/@offset = localtime\n"},
    {.set = "clock.offset=auto", .domain = "<clock offset='localtime'/>", .expect = "clock/@offset = utc\n"},
    {.set = "clock.offset=auto",
     .domain = "<features><hyperv><relaxed state='on'/></hyperv></features>" UTC(""),
     .expect = "clock/@offset = localtime\n"},
    {.set = "clock.offset=utc",
     .domain = "<clock offset='localtime' adjustment='reset'/>",
     .expect = "clock/@offset = utc\n"},
    /* libvirt stores the second of these as the first. */
    {.set = "clock.offset=utc",
     .domain = "<clock offset='variable' adjustment='3600' basis='utc'/>",
     .expect = "skipped clock.offset: the clock is set to another time*\n"},
    {.set = "clock.offset=localtime",
     .domain = "<clock offset='utc' adjustment='3600'/>",
     .expect = "skipped clock.offset: the clock is set to another time*\n"},
    {.set = "clock.offset=utc",
     .domain = "<clock offset='timezone' timezone='Europe/Paris'/>",
     .expect = "skipped clock.offset: the clock is set to another time*\n"},
    {.set = "clock.offset=utc", .domain = UTC(""), .phase = VP_PHASE_RESTORE, .expect = ""},

    {.set = "clock.kvmclock=yes", .domain = UTC(""), .expect = "clock/timer[kvmclock]/@present = yes\n"},
    {.set = "clock.kvmclock=no",
     .domain = UTC("<timer name='kvmclock' present='no'/>"),
     .expect = "clock/timer[kvmclock]/@present = no (already)\n"},
    {.set = "clock.kvmclock=yes",
     .domain = WINDOWS UTC(""),
     .expect = "skipped clock.kvmclock: Windows does not*\n"},
    {.set = "clock.kvmclock=yes",
     .domain = EMULATED(UTC("")),
     .expect = "skipped clock.kvmclock: the guest is emulated*\n"},
    {.set = "clock.kvmclock=yes",
     .domain = MACHINE("aarch64", "virt") UTC(""),
     .expect = "skipped clock.kvmclock: the guest is not an x86 machine*\n"},
    /* A timer needs a clock, and a clock an offset: libvirt's, or the one the plan has. */
    {.set = "clock.hpet=no",
     .domain = "",
     .expect = "clock/@offset = utc\nclock/timer[hpet]/@present = no\n"},
    {.set = "clock.hpet=no; clock.offset=localtime",
     .domain = "",
     .expect = "clock/@offset = localtime\nclock/timer[hpet]/@present = no\n"},
    {.set = "clock.hpet=yes",
     .domain = UTC("<timer name='hpet' present='no'/>"),
     .expect = "clock/timer[hpet]/@present = yes\n"},
    {.set = "clock.hpet=no", .domain = EMULATED(UTC("")), .expect = "clock/timer[hpet]/@present = no\n"},
    {.set = "clock.hpet=no",
     .domain = MACHINE("x86_64", "isapc") UTC(""),
     .expect = "skipped clock.hpet: machine 'isapc' has no HPET\n"},
    {.set = "clock.hpet=no",
     .domain = MACHINE("s390x", "s390-ccw-virtio") UTC(""),
     .expect = "skipped clock.hpet: the guest is not an x86 machine*\n"},

    {.set = "clock.hypervclock=yes",
     .domain = WINDOWS UTC(""),
     .expect = "clock/timer[hypervclock]/@present = yes\n"},
    {.set = "clock.hypervclock=no",
     .domain = WINDOWS UTC("<timer name='hypervclock' present='yes'/>"),
     .expect = "clock/timer[hypervclock]/@present = no\n"},
    {.set = "clock.hypervclock=yes",
     .domain = UTC(""),
     .expect = "skipped clock.hypervclock: only Windows reads*\n"},
    {.set = "clock.hypervclock=no",
     .domain = "<features><hyperv><stimer state='on'/></hyperv></features>" UTC(
         "<timer name='hypervclock' present='yes'/>"),
     .expect = "skipped clock.hypervclock: the definition's synthetic timers*\n"},

    {.set = "clock.rtc=catchup; clock.pit=delay",
     .domain = UTC(""),
     .expect = "clock/timer[rtc]/@tickpolicy = catchup\nclock/timer[pit]/@tickpolicy = delay\n"},
    {.set = "clock.rtc=catchup",
     .domain = UTC("<timer name='rtc' track='guest'/>"),
     .expect = "clock/timer[rtc]/@tickpolicy = catchup\n"},
    {.set = "clock.rtc=delay; clock.pit=discard",
     .domain = UTC("<timer name='rtc' tickpolicy='catchup'><catchup threshold='123'/></timer>"
                   "<timer name='pit' tickpolicy='catchup'><catchup slew='120'/></timer>"),
     .expect = "clock/timer[rtc]/@tickpolicy = delay\nclock/timer[rtc]/catchup -\n"
               "clock/timer[pit]/@tickpolicy = discard\nclock/timer[pit]/catchup -\n"},
    {.set = "clock.rtc=catchup",
     .domain = UTC("<timer name='rtc' tickpolicy='catchup'><catchup threshold='123'/></timer>"),
     .expect = "clock/timer[rtc]/@tickpolicy = catchup (already)\n"},
    {.set = "clock.pit=delay",
     .domain = EMULATED(UTC("")),
     .expect = "skipped clock.pit: the guest is emulated*\n"},

    {.set = "clock.tsc-frequency=2400000000",
     .domain = UTC(""),
     .expect = "clock/timer[tsc]/@frequency = 2400000000\n"},
    {.set = "clock.tsc-frequency=2400000000",
     .domain = MACHINE("ppc64", "pseries") UTC(""),
     .expect = "skipped clock.tsc-frequency: the guest is not an x86 machine*\n"},
};

START_TEST(plans)
{
    vp_trial_check(&rows[_i], _i);
}
END_TEST

static const struct {
    const char *knob, *value;
    bool ok;
} value_rows[] = {
    {"clock.rtc", "merge", false},
    {"clock.pit", "merge", false},
    {"clock.offset", "variable", false},
    {"clock.tsc-frequency", "999999", false},
    {"clock.tsc-frequency", "1000000", true},
    {"clock.hpet", "maybe", false},
};

START_TEST(values)
{
    vp_autofree char *refusal = vp_trial_refusal(value_rows[_i].knob, value_rows[_i].value);
    ck_assert_msg((refusal == NULL) == value_rows[_i].ok, "row %d %s = %s: %s", _i, value_rows[_i].knob,
                  value_rows[_i].value, refusal != NULL ? refusal : "accepted");
}
END_TEST

VP_TEST_MAIN("clock", VP_TEST_ROWS(plans, rows), VP_TEST_ROWS(values, value_rows))
