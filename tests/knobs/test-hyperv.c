/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#include <string.h>

#define WINDOWS VP_TRIAL_OS("http://microsoft.com/win/10") "<clock offset='localtime'/>"
#define HYPERV(inner) "<features><hyperv>" inner "</hyperv></features><clock offset='utc'/>"
#define EMULATED(inner) "<domain type='qemu'>" VP_TRIAL_GUEST inner "</domain>"
#define AT "features/hyperv/"
#define CLOCK "clock/timer[hypervclock]/@present = yes\n"

static const char *const intel[] = {"/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n", NULL};
static const char *const amd[] = {"/proc/cpuinfo", "processor\t: 0\nvendor_id\t: AuthenticAMD\n", NULL};

static const struct vp_trial rows[] = {
    {.set = "hyperv.enlightenments=auto",
     .domain = WINDOWS,
     .expect = AT "relaxed/@state = on\n" AT "vapic/@state = on\n" AT "spinlocks/@state = on\n" AT
                  "vpindex/@state = on\n" AT "runtime/@state = on\n" AT "synic/@state = on\n" CLOCK AT
                  "stimer/@state = on\n" AT "stimer/direct/@state = on\n" AT "frequencies/@state = on\n" AT
                  "tlbflush/@state = on\n" AT "ipi/@state = on\n" AT "spinlocks/@retries = 8191\n"},
    /* What the definition switches off goes on again, so that nothing lacks what it needs. */
    {.set = "hyperv.enlightenments=auto",
     .domain = HYPERV("<vapic state='off'/><vpindex state='off'/><synic state='off'/>"
                      "<spinlocks state='on' retries='4096'/>"),
     .expect = AT "relaxed/@state = on\n" AT "vapic/@state = on\n" AT "spinlocks/@state = on (already)\n" AT
                  "vpindex/@state = on\n" AT "runtime/@state = on\n" AT "synic/@state = on\n" CLOCK AT
                  "stimer/@state = on\n" AT "stimer/direct/@state = on\n" AT "frequencies/@state = on\n" AT
                  "tlbflush/@state = on\n" AT "ipi/@state = on\n" AT "spinlocks/@retries = 4096 (already)\n"},
    {.set = "hyperv.enlightenments=no", .domain = WINDOWS, .expect = ""},
    {.set = "hyperv.enlightenments=auto",
     .domain = "",
     .expect = "skipped hyperv.enlightenments: nothing says that this guest is Windows*\n"},
    {.set = "hyperv.enlightenments=auto",
     .domain = VP_TRIAL_OS("http://debian.org/debian/12") HYPERV("<relaxed state='on'/>"),
     .expect = "skipped hyperv.enlightenments: nothing says that this guest is Windows*\n"},
    {.set = "hyperv.enlightenments=auto",
     .domain = EMULATED(WINDOWS),
     .expect = "skipped hyperv.enlightenments: the guest is emulated*\n"},
    {.set = "hyperv.enlightenments=auto",
     .domain = WINDOWS "<os><type arch='aarch64' machine='virt'>hvm</type></os>",
     .expect = "skipped hyperv.enlightenments: the guest is not an x86 machine\n"},
    {.set = "hyperv.enlightenments=auto",
     .domain = "<features><hyperv mode='passthrough'/></features>",
     .expect = "skipped hyperv.enlightenments: <hyperv mode='passthrough'>*\n"},
    {.set = "hyperv.enlightenments=auto", .domain = WINDOWS, .phase = VP_PHASE_MIGRATE, .expect = ""},

    /* Synthetic timers go with the clock that they count by. */
    {.set = "hyperv.enlightenments=auto; clock.hypervclock=no",
     .domain = WINDOWS,
     .expect =
         "clock/timer[hypervclock]/@present = no\n" AT "relaxed/@state = on\n" AT "vapic/@state = on\n" AT
         "spinlocks/@state = on\n" AT "vpindex/@state = on\n" AT "runtime/@state = on\n" AT
         "synic/@state = on\n" AT "frequencies/@state = on\n" AT "tlbflush/@state = on\n" AT
         "ipi/@state = on\n" AT "spinlocks/@retries = 8191\n"
         "skipped hyperv.enlightenments: stimer needs the Hyper-V clock, which clock.hypervclock = no *\n"},
    {.set = "hyperv.enlightenments=auto; clock.hypervclock=no",
     .domain = "<features><hyperv><stimer state='on'/></hyperv></features>"
               "<clock offset='utc'><timer name='hypervclock' present='yes'/></clock>",
     .expect = AT "relaxed/@state = on\n" AT "vapic/@state = on\n" AT "spinlocks/@state = on\n" AT
                  "vpindex/@state = on\n" AT "runtime/@state = on\n" AT "synic/@state = on\n" AT
                  "stimer/@state = on (already)\n" AT "stimer/direct/@state = on\n" AT
                  "frequencies/@state = on\n" AT "tlbflush/@state = on\n" AT "ipi/@state = on\n" AT
                  "spinlocks/@retries = 8191\n"
                  "skipped clock.hypervclock: the definition's synthetic timers count by it*\n"},

    {.set = "hyperv.spinlocks=4095",
     .domain = WINDOWS,
     .expect = AT "spinlocks/@state = on\n" AT "spinlocks/@retries = 4095\n"},
    {.set = "hyperv.spinlocks=4095",
     .domain = HYPERV("<spinlocks state='off'/>"),
     .expect = AT "spinlocks/@state = on\n" AT "spinlocks/@retries = 4095\n"},
    {.set = "hyperv.spinlocks=4095", .domain = "", .expect = "skipped hyperv.spinlocks: nothing says*\n"},

    {.set = "hyperv.evmcs=yes",
     .domain = HYPERV("<vapic state='off'/>"),
     .host = "dump",
     .files = intel,
     .expect = AT "vapic/@state = on\n" AT "evmcs/@state = on\n"},
    {.set = "hyperv.evmcs=yes",
     .domain = WINDOWS,
     .host = "dump",
     .files = amd,
     .expect = "skipped hyperv.evmcs: the host's CPU is not known to be Intel's*\n"},
    {.set = "hyperv.evmcs=yes",
     .domain = WINDOWS,
     .expect = "skipped hyperv.evmcs: the host's CPU is not known*\n"},
    {.set = "hyperv.evmcs=no", .domain = HYPERV("<evmcs state='on'/>"), .expect = AT "evmcs -\n"},
    {.set = "hyperv.evmcs=no", .domain = WINDOWS, .expect = AT "evmcs - (already)\n"},
    {.set = "hyperv.evmcs=yes",
     .domain = "",
     .host = "dump",
     .files = intel,
     .expect = "skipped hyperv.evmcs: nothing*\n"},

    {.set = "hyperv.avic=yes",
     .domain = WINDOWS,
     .libvirt = "<grammar><element name=\"avic\"/></grammar>",
     .expect = AT "avic/@state = on\n"},
    {.set = "hyperv.avic=yes",
     .domain = WINDOWS,
     .libvirt = "<grammar><element name=\"evmcs\"/></grammar>",
     .expect = "skipped hyperv.avic: the installed libvirt does not know <avic>\n"},
    {.set = "hyperv.reenlightenment=yes", .domain = WINDOWS, .expect = AT "reenlightenment/@state = on\n"},
    {.set = "hyperv.reset=yes", .domain = HYPERV("<reset state='off'/>"), .expect = AT "reset/@state = on\n"},
    {.set = "hyperv.reset=no", .domain = HYPERV("<reset state='on'/>"), .expect = AT "reset -\n"},
    {.set = "hyperv.vendor-id=KVM Hv",
     .domain = WINDOWS,
     .expect = AT "vendor_id/@state = on\n" AT "vendor_id/@value = KVM Hv\n"},
    {.set = "hyperv.vendor-id=KVM Hv", .domain = "", .expect = "skipped hyperv.vendor-id: nothing says*\n"},
};

START_TEST(plans)
{
    vp_trial_check(&rows[_i], _i);
}
END_TEST

/* Whatever profile and definition say, an enlightenment that the plan switches on has what it needs. */
static const struct {
    const char *name, *needs;
} needs[] = {
    {"features/hyperv/synic/@state = on", "features/hyperv/vpindex/@state = on"},
    {"features/hyperv/stimer/@state = on", "features/hyperv/synic/@state = on"},
    {"features/hyperv/stimer/@state = on", "clock/timer[hypervclock]/@present = yes"},
    {"features/hyperv/stimer/direct/@state = on", "features/hyperv/stimer/@state = on"},
    {"features/hyperv/tlbflush/@state = on", "features/hyperv/vpindex/@state = on"},
    {"features/hyperv/ipi/@state = on", "features/hyperv/vpindex/@state = on"},
    {"features/hyperv/evmcs/@state = on", "features/hyperv/vapic/@state = on"},
};

static const char *const profiles[] = {
    "hyperv.enlightenments=auto",
    "hyperv.enlightenments=auto; clock.hypervclock=yes",
    "hyperv.enlightenments=auto; clock.hypervclock=no",
    "hyperv.evmcs=yes; hyperv.avic=yes; hyperv.reset=no; hyperv.spinlocks=8191",
    "hyperv.enlightenments=auto; hyperv.evmcs=yes; hyperv.reenlightenment=yes",
};

static const char *const switched_off[] = {"relaxed", "vapic",    "vpindex", "synic",
                                           "stimer",  "tlbflush", "ipi",     "evmcs"};

START_TEST(dependencies)
{
    const char *off = switched_off[_i];
    for (size_t p = 0; p < VP_ARRAY_SIZE(profiles); p++) {
        vp_autofree char *domain = vp_asprintf(HYPERV("<%s state='off'/>"), off);
        const struct vp_trial trial = {.set = profiles[p], .domain = domain, .host = "dump", .files = intel};
        vp_autofree char *plan = vp_trial_plan(&trial, _i);
        ck_assert_ptr_nonnull(strstr(plan, "state"));
        for (size_t i = 0; i < VP_ARRAY_SIZE(needs); i++)
            ck_assert_msg(strstr(plan, needs[i].name) == NULL || strstr(plan, needs[i].needs) != NULL,
                          "row %d: '%s' without '%s' where %s is off and the profile is '%s':\n%s", _i,
                          needs[i].name, needs[i].needs, off, profiles[p], plan);
    }
}
END_TEST

static const struct {
    const char *knob, *value;
    bool ok;
} value_rows[] = {
    {"hyperv.spinlocks", "4094", false},        {"hyperv.spinlocks", "4095", true},
    {"hyperv.spinlocks", "2147483647", true},   {"hyperv.spinlocks", "2147483648", false},
    {"hyperv.vendor-id", "123456789012", true}, {"hyperv.vendor-id", "1234567890123", false},
    {"hyperv.vendor-id", "a,b", false},         {"hyperv.vendor-id", "caf\xc3\xa9", false},
    {"hyperv.enlightenments", "yes", false},
};

START_TEST(values)
{
    vp_autofree char *refusal = vp_trial_refusal(value_rows[_i].knob, value_rows[_i].value);
    ck_assert_msg((refusal == NULL) == value_rows[_i].ok, "row %d %s = %s: %s", _i, value_rows[_i].knob,
                  value_rows[_i].value, refusal != NULL ? refusal : "accepted");
}
END_TEST

VP_TEST_MAIN("hyperv", VP_TEST_ROWS(plans, rows), VP_TEST_ROWS(dependencies, switched_off),
             VP_TEST_ROWS(values, value_rows))
