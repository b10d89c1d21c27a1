/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

/* Four CPUs in two caches of 20 ways, 20 MiB each. */
#define CACHE(n, id, cpus, map)                                                                              \
    "/sys/devices/system/cpu/cpu" n "/cache/index3/level", "3\n",                                            \
        "/sys/devices/system/cpu/cpu" n "/cache/index3/type", "Unified\n",                                   \
        "/sys/devices/system/cpu/cpu" n "/cache/index3/shared_cpu_map", map "\n",                            \
        "/sys/devices/system/cpu/cpu" n "/cache/index3/id", id "\n",                                         \
        "/sys/devices/system/cpu/cpu" n "/cache/index3/size", "20480K\n",                                    \
        "/sys/devices/system/cpu/cpu" n "/cache/index3/shared_cpu_list", cpus "\n"
#define INDEX(n, i, level) "/sys/devices/system/cpu/cpu" n "/cache/index" i "/level", level "\n"
#define CPU(n, core, siblings, id, cpus, map)                                                                \
    "/sys/devices/system/cpu/cpu" n "/topology/physical_package_id", "0\n",                                  \
        "/sys/devices/system/cpu/cpu" n "/topology/core_id", core "\n",                                      \
        "/sys/devices/system/cpu/cpu" n "/topology/core_cpus", siblings "\n",                                \
        "/sys/devices/system/cpu/cpu" n "/topology/thread_siblings", siblings "\n", INDEX(n, "0", "1"),      \
        INDEX(n, "1", "1"), INDEX(n, "2", "2"), CACHE(n, id, cpus, map)
#define MACHINE                                                                                              \
    "/sys/devices/system/cpu/online", "0-3\n", "/sys/devices/system/cpu/possible", "0-3\n",                  \
        CPU("0", "0", "1", "0", "0-1", "3"), CPU("1", "1", "2", "0", "0-1", "3"),                            \
        CPU("2", "2", "4", "1", "2-3", "c"), CPU("3", "3", "8", "1", "2-3", "c"),                            \
        "/sys/devices/system/node/node0/cpumap", "f\n", "/sys/devices/system/node/node0/meminfo",            \
        "Node 0 MemTotal: 16777216 kB\n", "/sys/devices/system/node/online", "0\n"
#define INFO "/sys/fs/resctrl/info/"
#define SCHEMATA "/sys/fs/resctrl/schemata"
#define WAYS(part) INFO part "/cbm_mask", "fffff\n", INFO part "/min_cbm_bits", "2\n"
#define BANDWIDTH INFO "MB/bandwidth_gran", "10\n", INFO "MB/min_bandwidth", "10\n"

static const char *const plain[] = {MACHINE, NULL};
static const char *const roomy[] = {
    MACHINE, WAYS("L3"), BANDWIDTH, SCHEMATA, "    L3:0=000ff;1=0000f\n    MB:0=100;1=100\n", NULL};
static const char *const full[] = {MACHINE, WAYS("L3"), SCHEMATA, "    L3:0=fffff;1=fffff\n", NULL};
static const char *const split[] = {
    MACHINE, WAYS("L3CODE"), WAYS("L3DATA"), SCHEMATA, "L3CODE:0=ff;1=ff\nL3DATA:0=ff;1=ff\n", NULL};
static const char *const amd[] = {MACHINE, BANDWIDTH, SCHEMATA, "    MB:0=2048;1=2048\n", NULL};
#define ON(files_) .host = "dump", .files = (files_)

#define TWO "<memory unit='GiB'>1</memory><vcpu placement='static'>2</vcpu>"
#define ONE "<memory unit='GiB'>1</memory><vcpu placement='static'>1</vcpu>"
#define DEDICATED "cpu.placement=dedicated; "
#define PINS_TWO                                                                                             \
    "cputune/vcpupin[0]/@cpuset = 2\ncputune/vcpupin[1]/@cpuset = 3\ncputune/emulatorpin/@cpuset = 0\n"
#define PINS_ONE "cputune/vcpupin[0]/@cpuset = 1\ncputune/emulatorpin/@cpuset = 0\n"
#define TUNE(vcpus, caches)                                                                                  \
    "cputune/cachetune[" vcpus "] = <cachetune vcpus='" vcpus "'>" caches "</cachetune>\n"
#define PART(id, type, size) "<cache id='" id "' level='3' type='" type "' size='" size "'/>"
#define NODE(vcpus, nodes)                                                                                   \
    "cputune/memorytune[" vcpus "] = <memorytune vcpus='" vcpus "'>" nodes "</memorytune>\n"

static const struct vp_trial rows[] = {
    {TWO, DEDICATED "cpu.cache-size=3M", PINS_TWO TUNE("0-1", PART("1", "both", "3' unit='MiB")), ON(roomy)},
    /* Whole ways, and no fewer than the host's least. */
    {TWO, DEDICATED "cpu.cache-size=3073K", PINS_TWO TUNE("0-1", PART("1", "both", "4' unit='MiB")),
     ON(roomy)},
    {TWO, DEDICATED "cpu.cache-size=1K", PINS_TWO TUNE("0-1", PART("1", "both", "2' unit='MiB")), ON(roomy)},
    {TWO, DEDICATED "cpu.cache-size=16M", PINS_TWO TUNE("0-1", PART("1", "both", "16' unit='MiB")),
     ON(roomy)},
    {TWO, DEDICATED "cpu.cache-size=17M",
     PINS_TWO "skipped cpu.cache-size: 17M of level-3 cache 1 are not to be had: 16M of it are kept from *\n",
     ON(roomy)},
    {TWO, DEDICATED "cpu.cache-size=20M",
     PINS_TWO "skipped cpu.cache-size: level-3 cache 1 has 20M, and libvirt gives no guest all of one\n",
     ON(roomy)},
    {TWO, DEDICATED "cpu.cache-size=1T",
     PINS_TWO "skipped cpu.cache-size: level-3 cache 1 has 20M, and libvirt gives no guest all of one\n",
     ON(roomy)},
    {TWO, DEDICATED "cpu.cache-size=2M",
     PINS_TWO "skipped cpu.cache-size: 2M of level-3 cache 1 are not to be had: 0 of it are *schemata\n",
     ON(full)},
    {TWO, DEDICATED "cpu.cache-size=2M",
     PINS_TWO TUNE("0-1", PART("1", "code", "2' unit='MiB") PART("1", "data", "2' unit='MiB")), ON(split)},
    /* The caches of where it floats. */
    {ONE, "cpu.placement=node; cpu.cache-size=2M",
     "cputune/vcpupin[0]/@cpuset = *\ncputune/emulatorpin/@cpuset = 0\n"
     "cputune/cachetune[0] = <cachetune vcpus='0'><cache id=*\n",
     ON(roomy)},
    {TWO, DEDICATED "cpu.memory-bandwidth=45; cpu.cache-size=2M",
     PINS_TWO TUNE("0-1", PART("1", "both", "2' unit='MiB")) NODE("0-1", "<node id='1' bandwidth='50'/>"),
     ON(roomy)},
    {TWO, DEDICATED "cpu.memory-bandwidth=1", PINS_TWO NODE("0-1", "<node id='1' bandwidth='10'/>"),
     ON(roomy)},
    {TWO, DEDICATED "cpu.memory-bandwidth=100", PINS_TWO NODE("0-1", "<node id='1' bandwidth='100'/>"),
     ON(roomy)},
    /* What cannot be. */
    {TWO, DEDICATED "cpu.memory-bandwidth=50",
     PINS_TWO "skipped cpu.memory-bandwidth: this host's CPUs limit memory bandwidth in GB/s, *\n", ON(amd)},
    {TWO, DEDICATED "cpu.memory-bandwidth=50",
     PINS_TWO "skipped cpu.memory-bandwidth: this host's CPUs cannot limit memory bandwidth\n", ON(full)},
    {TWO, DEDICATED "cpu.cache-size=2M",
     PINS_TWO "skipped cpu.cache-size: this host's CPUs give out no shares of the level-3 cache\n", ON(amd)},
    {TWO, DEDICATED "cpu.cache-size=2M",
     PINS_TWO "skipped cpu.cache-size: this host has no /sys/fs/resctrl; *mount -t resctrl *\n", ON(plain)},
    {TWO, "cpu.cache-size=2M", "skipped cpu.cache-size: the guest has no place whose caches *\n", ON(roomy)},
    {TWO, "cpu.placement=shared; cpu.cache-size=2M",
     "*skipped cpu.cache-size: the guest has no place whose caches *\n", ON(roomy)},
    {"<domain type='qemu'><name>g</name><memory unit='GiB'>1</memory><vcpu>2</vcpu>"
     "<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>",
     DEDICATED "cpu.cache-size=2M",
     PINS_TWO "skipped cpu.cache-size: libvirt gives shares to KVM guests only\n", ON(roomy)},
    {TWO "<cputune><cachetune vcpus='0'><cache id='0' level='3' type='both' size='3' unit='MiB'/></cachetune>"
         "</cputune>",
     DEDICATED "cpu.memory-bandwidth=50",
     PINS_TWO "skipped cpu.memory-bandwidth: the definition has shares of caches or bandwidth of its own\n",
     ON(roomy)},
    {TWO, DEDICATED "cpu.cache-size=2M",
     "cputune/vcpupin[0]/@cpuset = 1\ncputune/vcpupin[1]/@cpuset = 2\ncputune/emulatorpin/@cpuset = 0\n"
     "skipped cpu.cache-size: this host is a description without resctrl\n",
     .host = "synthetic:pack:1 [numa(memory=16GiB)] l3:1 core:4 pu:1"},
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
    {"cpu.cache-size", "3M", true},        {"cpu.cache-size", "0", false},
    {"cpu.cache-size", "x", false},        {"cpu.memory-bandwidth", "1", true},
    {"cpu.memory-bandwidth", "100", true}, {"cpu.memory-bandwidth", "101", false},
    {"cpu.memory-bandwidth", "0", false},
};

START_TEST(values)
{
    vp_autofree char *message = vp_trial_refusal(value_rows[_i].knob, value_rows[_i].value);
    ck_assert_msg((message == NULL) == value_rows[_i].ok, "row %d: %s", _i,
                  message != NULL ? message : "accepted");
}
END_TEST

/* In the definition of a running guest libvirt adds the name of the group. */
START_TEST(verified)
{
    static const char live[] =
        "<domain type='kvm' id='3'><cputune><cachetune vcpus='0-1' id='vcpus_0-1'>"
        "<cache id='1' level='3' type='both' size='3' unit='MiB'/></cachetune></cputune></domain>";
    const struct vp_action action = {
        .kind = VP_ACTION_ELEMENT,
        .target = (char[]){"cputune/cachetune[0-1]"},
        .value = (char[]){"<cachetune vcpus='0-1'><cache id='1' level='3' type='both' size='3' unit='MiB'/>"
                          "</cachetune>"}};
    vp_autodomain domain = NULL;
    vp_autofree char *found = NULL;
    ck_assert_int_eq(vp_domain_parse(live, sizeof(live) - 1, "live", &domain, NULL), 0);
    ck_assert_int_eq(vp_verify_definition(&action, domain, &found), VP_VERDICT_OK);
}
END_TEST

VP_TEST_MAIN("knobs/cachetune", VP_TEST_ROWS(plans, rows), VP_TEST_ROWS(values, value_rows),
             VP_TEST(verified))
