/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guestlimits.h"

#include "model/machine.h"
#include "pins.h"
#include "strbuf.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *inner, *pins;
} definitions[] = {
    {"<vcpu>4</vcpu>", " | "},
    {"<vcpu cpuset='0-7,^3,^4'>4</vcpu>", "0-2,5-7 |  all"},
    {"<vcpu placement='auto'>4</vcpu>", " |  automatic"},
    {"<vcpu cpuset='0-x'>4</vcpu>", " |  all automatic"},
    {"<cputune><vcpupin vcpu='1' cpuset='3'/><vcpupin vcpu='7' cpuset='4-5'/>"
     "<emulatorpin cpuset='9'/><iothreadpin iothread='2' cpuset='11'/></cputune>",
     "3-5,9,11 |  emulator vcpus 1,7 iothreads 2"},
    {"<cputune><vcpupin vcpu='1'/><vcpusched vcpus='0-3' scheduler='fifo'/></cputune>", " | "},
    {"<numatune><memory mode='strict' nodeset='0,2'/></numatune>", " | 0,2"},
    {"<numatune><memory mode='strict' placement='auto'/></numatune>", " |  automatic"},
    {"<numatune><memory mode='preferred' nodeset='1'/></numatune>", " | 1 preferred"},
    {"<numatune><memnode cellid='0' mode='strict' nodeset='1'/>"
     "<memnode cellid='1' mode='preferred' nodeset='3'/></numatune>",
     " | 1,3 preferred"},
    {"<devices><memory model='dimm'><source><nodemask>2-3</nodemask></source></memory>"
     "<memory model='dimm'><source/></memory></devices>",
     " | 2-3"},
};

START_TEST(pins_of_a_definition)
{
    vp_autofree char *text = fake_guest(definitions[_i].inner);
    vp_autodomain domain = fake_domain(text, definitions[_i].inner);
    VP_CLEANUP(vp_pins_done) struct vp_pins pins = {0};
    vp_pins_read(domain->root, &pins);
    vp_autofree char *cpus = vp_bitmap_text(pins.cpus);
    vp_autofree char *nodes = vp_bitmap_text(pins.nodes);
    vp_autofree char *vcpus = vp_bitmap_text(pins.vcpus);
    vp_autofree char *iothreads = vp_bitmap_text(pins.iothreads);
    vp_autofree char *have = vp_asprintf(
        "%s | %s%s%s%s%s%s%s%s%s", cpus, nodes, pins.all ? " all" : "", pins.automatic ? " automatic" : "",
        pins.preferred ? " preferred" : "", pins.emulator ? " emulator" : "", *vcpus ? " vcpus " : "", vcpus,
        *iothreads ? " iothreads " : "", iothreads);
    ck_assert_msg(strcmp(have, definitions[_i].pins) == 0, "%s: '%s'", definitions[_i].inner, have);
}
END_TEST

/* Two nodes of four cores; housekeeping is CPU 0 and 4. */
static const struct {
    struct vp_demand demand;
    const char *inner, *limits;
} rows[] = {
    {{.policy = VP_POLICY_DEDICATED, .vcpus = 2}, "", "AllowedCPUs=0-2 AllowedMemoryNodes=0"},
    {{.policy = VP_POLICY_DEDICATED, .vcpus = 2, .iothreads = 1, .own_iothreads = true},
     "",
     "AllowedCPUs=0-3 AllowedMemoryNodes=0"},
    {{.policy = VP_POLICY_DEDICATED, .vcpus = 2, .own_emulator = true},
     "",
     "AllowedCPUs=1-3 AllowedMemoryNodes=0"},
    {{.policy = VP_POLICY_DEDICATED, .vcpus = 6}, "", "AllowedCPUs=0-7 AllowedMemoryNodes=0-1"},
    {{.policy = VP_POLICY_NODE, .vcpus = 2}, "", "AllowedCPUs=0-3 AllowedMemoryNodes=0"},
    {{.policy = VP_POLICY_SHARED, .vcpus = 2}, "", "AllowedCPUs=1-3,5-7"},
    /* whatever the definition names has to be possible */
    {{.policy = VP_POLICY_DEDICATED, .vcpus = 2},
     "<cputune><vcpupin vcpu='0' cpuset='6'/><emulatorpin cpuset='7'/></cputune>",
     "AllowedCPUs=0-2,6-7 AllowedMemoryNodes=0"},
    {{.policy = VP_POLICY_DEDICATED, .vcpus = 2},
     "<vcpu cpuset='3-5'>2</vcpu><numatune><memory mode='strict' nodeset='1'/></numatune>",
     "AllowedCPUs=0-5 AllowedMemoryNodes=0-1"},
    {{.policy = VP_POLICY_DEDICATED, .vcpus = 2},
     "<numatune><memory mode='preferred' nodeset='0'/></numatune>",
     "AllowedCPUs=0-2"},
    {{.policy = VP_POLICY_DEDICATED, .vcpus = 2}, "<vcpu placement='auto'>2</vcpu>", ""},
};

static char *limits_text(const struct vp_limits *limits)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < limits->n; i++) {
        vp_autofree char *item = vp_asprintf("%s=%s", limits->items[i].property, limits->items[i].value);
        vp_strbuf_join(&buf, " ", item);
    }
    return vp_strbuf_take(&buf);
}

START_TEST(limits_of_a_place)
{
    MACHINE machine;
    struct vp_demand demand = rows[_i].demand;
    struct vp_entry entry = {.name = (char *)"guest"};
    vp_autoplacement placement = NULL;
    VP_CLEANUP(vp_limits_done) struct vp_limits limits = {0};
    vp_autoerror err = NULL;
    machine_open(&machine, "synthetic:numa:2 core:4 pu:1", NULL);
    demand.name = "guest";
    demand.memory_kib = 1024;
    ck_assert_msg(vp_placement_plan(machine.occupied, &demand, &placement, &err) == 0, "row %d: %s", _i,
                  err ? err->message : "");
    entry.placement = placement;
    vp_autofree char *text = fake_guest(rows[_i].inner);
    vp_autodomain domain = fake_domain(text, rows[_i].inner);
    ck_assert_int_eq(vp_limits_read(&entry, machine.topology, domain, &limits, &err), 0);
    vp_autofree char *have = limits_text(&limits);
    ck_assert_msg(strcmp(have, rows[_i].limits) == 0, "row %d: '%s', not '%s'", _i, have, rows[_i].limits);
}
END_TEST

static const struct {
    const char *name, *value;
    int rc;
    const char *limits;
} wants[] = {
    {"scope/MemoryMax", "800M", 0, "MemoryMax=800M"},
    {"scope/IOReadIOPSMax", "/dev/sda 5\n/dev/sdb 6", 0, "IOReadIOPSMax=/dev/sda 5\n/dev/sdb 6"},
    {"ksm.run", "0", 0, ""},
    {"scopes/CPUWeight", "5", 0, ""},
    {"scope/ExecStart", "/bin/sh", -EINVAL, NULL},
    {"scope/", "x", -EINVAL, NULL},
    {"scope/CPUWeight", "", -EINVAL, NULL},
    {"scope/CPUWeight", NULL, -EINVAL, NULL},
    {"scope/CPUWeight", "5\r", -EINVAL, NULL},
    {"scope/CPUWeight", "5\\", -EINVAL, NULL},
};

START_TEST(limits_of_wants)
{
    struct vp_want want = {.name = (char *)wants[_i].name, .value = (char *)wants[_i].value};
    const struct vp_entry entry = {.name = (char *)"guest", .wants = &want, .n_wants = 1};
    vp_autodomain domain = fake_domain("<domain/>", "empty");
    struct vp_limits limits = {.n = 4711};
    vp_autoerror err = NULL;
    const int r = vp_limits_read(&entry, NULL, domain, &limits, &err);
    ck_assert_msg(r == wants[_i].rc, "'%s': %d", wants[_i].name, r);
    if (r < 0) {
        ck_assert_uint_eq(limits.n, 4711);
        ck_assert_msg(strstr(err->message, "'guest'") != NULL, "%s", err->message);
        return;
    }
    vp_autofree char *have = limits_text(&limits);
    ck_assert_str_eq(have, wants[_i].limits);
    ck_assert((vp_limits_find(&limits, "MemoryMax") != NULL) == (_i == 0));
    vp_limits_done(&limits);
}
END_TEST

VP_TEST_MAIN("guestlimits", VP_TEST_ROWS(pins_of_a_definition, definitions),
             VP_TEST_ROWS(limits_of_a_place, rows), VP_TEST_ROWS(limits_of_wants, wants))
