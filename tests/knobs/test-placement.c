/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

/* Two nodes: CPUs 0-7 and 8-15, threads side by side; 0-1 and 8-9 are housekeeping. */
#define TWO .host = "synthetic:pack:2 [numa(memory=16GiB)] l3:1 core:4 pu:2"
/* One node of eight cores without threads; 0 is housekeeping. */
#define ONE .host = "synthetic:pack:1 [numa(memory=16GiB)] l3:1 core:8 pu:1"
/* As small as hosts are: 0 is housekeeping. */
#define SMALL .host = "synthetic:pack:1 [numa(memory=4GiB)] core:2 pu:1"

#define PIN(vcpu, cpus) "cputune/vcpupin[" vcpu "]/@cpuset = " cpus "\n"
#define EMULATOR(cpus) "cputune/emulatorpin/@cpuset = " cpus "\n"
#define IOTHREAD(id, cpus) "cputune/iothreadpin[" id "]/@cpuset = " cpus "\n"
#define MEMORY(mode, nodes) "numatune/memory/@mode = " mode "\nnumatune/memory/@nodeset = " nodes "\n"
#define VCPUS(text) "<vcpu placement='static'>" text "</vcpu>"
#define MEMORY_GIB(text) "<memory unit='GiB'>" text "</memory>"
#define DISK                                                                                                 \
    "<devices><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/srv/a.raw'/>"   \
    "<target dev='vda' bus='virtio'/></disk></devices>"

static const struct vp_trial pins[] = {
    {"", "cpu.placement=dedicated", PIN("0", "2") PIN("1", "3") PIN("2", "4") PIN("3", "5") EMULATOR("0-1"),
     TWO},
    /* Hot-plugged vCPUs have their CPUs from the start. */
    {"<vcpu placement='static' current='2'>4</vcpu>", "cpu.placement=dedicated",
     PIN("0", "2") PIN("1", "3") PIN("2", "4") PIN("3", "5") EMULATOR("0-1"), TWO},
    {VCPUS("3"), "cpu.placement=dedicated; cpu.threads=siblings",
     PIN("0", "2") PIN("1", "3") PIN("2", "4") EMULATOR("0-1"), TWO},
    {VCPUS("3"), "cpu.placement=dedicated; cpu.threads=isolate",
     PIN("0", "2") PIN("1", "4") PIN("2", "6") EMULATOR("0-1"), TWO},
    {VCPUS("2"), "cpu.placement=dedicated; cpu.emulator=own; cpu.iothreads=own",
     PIN("0", "2") PIN("1", "3") EMULATOR("4"), TWO},
    {VCPUS("2") "<iothreads>2</iothreads>",
     "cpu.placement=dedicated; cpu.emulator=housekeeping; cpu.iothreads=own",
     PIN("0", "2") PIN("1", "3") EMULATOR("0-1") IOTHREAD("1", "4") IOTHREAD("2", "5"), TWO},
    /* Threads that disk.iothreads makes. */
    {VCPUS("2") DISK, "cpu.placement=dedicated; disk.iothreads=1",
     "iothreads = 1\ndevices/disk[vda]/driver/@iothread = 1\n" PIN("0", "2") PIN("1", "3") EMULATOR("0-1")
         IOTHREAD("1", "0-1"),
     TWO},
    {VCPUS("2") "<iothreadids><iothread id='7'/><iothread id='2'/></iothreadids>", "cpu.placement=dedicated",
     PIN("0", "2") PIN("1", "3") EMULATOR("0-1") IOTHREAD("7", "0-1") IOTHREAD("2", "0-1"), TWO},
    /* Own pins give way where they are none of the kind; a place that is free is kept. */
    {VCPUS("2") "<cputune><vcpupin vcpu='0' cpuset='0-3'/><vcpupin vcpu='1' cpuset='3'/></cputune>",
     "cpu.placement=dedicated", PIN("0", "2") "cputune/vcpupin[1]/@cpuset = 3 (already)\n" EMULATOR("0-1"),
     TWO},
    {VCPUS("2") "<cputune><vcpupin vcpu='0' cpuset='12'/><vcpupin vcpu='1' cpuset='13'/></cputune>",
     "cpu.placement=dedicated",
     "cputune/vcpupin[0]/@cpuset = 12 (already)\ncputune/vcpupin[1]/@cpuset = 13 (already)\n" EMULATOR("8-9"),
     TWO},
    /* Not what siblings are: a core for each. */
    {VCPUS("2") "<cputune><vcpupin vcpu='0' cpuset='12'/><vcpupin vcpu='1' cpuset='14'/></cputune>",
     "cpu.placement=dedicated; cpu.threads=siblings", PIN("0", "2") PIN("1", "3") EMULATOR("0-1"), TWO},
    {VCPUS("2") "<cputune><vcpupin vcpu='0' cpuset='12'/><vcpupin vcpu='1' cpuset='14'/></cputune>",
     "cpu.placement=dedicated; cpu.threads=isolate",
     "cputune/vcpupin[0]/@cpuset = 12 (already)\ncputune/vcpupin[1]/@cpuset = 14 (already)\n" EMULATOR("8-9"),
     TWO},
    /* On housekeeping CPUs, on CPUs that are not there, twice on one CPU. */
    {VCPUS("2") "<cputune><vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='1' cpuset='1'/></cputune>",
     "cpu.placement=dedicated", PIN("0", "2") PIN("1", "3") EMULATOR("0-1"), TWO},
    {VCPUS("2") "<cputune><vcpupin vcpu='0' cpuset='98'/><vcpupin vcpu='1' cpuset='99'/></cputune>",
     "cpu.placement=dedicated", PIN("0", "2") PIN("1", "3") EMULATOR("0-1"), TWO},
    {VCPUS("2") "<cputune><vcpupin vcpu='0' cpuset='4'/><vcpupin vcpu='1' cpuset='4'/></cputune>",
     "cpu.placement=dedicated", PIN("0", "2") PIN("1", "3") EMULATOR("0-1"), TWO},
    /* numad's choice gives way; a list for all threads is void beside the pins. */
    {"<vcpu placement='auto'>2</vcpu>", "cpu.placement=dedicated",
     "vcpu/@placement = static\n" PIN("0", "2") PIN("1", "3") EMULATOR("0-1"), TWO},
    {VCPUS("2") "<numatune><memory mode='strict' placement='auto'/></numatune>", "cpu.placement=node",
     "numatune/memory -\n" PIN("0", "2-7") PIN("1", "2-7") EMULATOR("0-1"), TWO},
    {VCPUS("6") "<iothreads>1</iothreads>", "cpu.placement=node",
     PIN("0", "2-7") PIN("1", "2-7") PIN("2", "2-7") PIN("3", "2-7") PIN("4", "2-7") PIN("5", "2-7")
         EMULATOR("0-1") IOTHREAD("1", "0-1"),
     TWO},
    {VCPUS("2"), "cpu.placement=node; cpu.emulator=own; cpu.threads=any",
     PIN("0", "2-7") PIN("1", "2-7")
         EMULATOR("0-1") "skipped cpu.threads: the guest's vCPUs float, *\n"
                         "skipped cpu.emulator: only a guest with dedicated vCPUs *\n",
     TWO},
    /* A shared guest has no pins, whoever made them. */
    {"", "cpu.placement=shared", "", TWO},
    {"<vcpu placement='static' cpuset='0-3'>2</vcpu><iothreads>1</iothreads>"
     "<cputune><vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='3'/><emulatorpin cpuset='1'/>"
     "<iothreadpin iothread='1' cpuset='1'/></cputune>",
     "cpu.placement=shared; cpu.emulator=housekeeping",
     "cputune/vcpupin[0] -\ncputune/vcpupin[1] -\ncputune/emulatorpin -\ncputune/iothreadpin[1] -\n"
     "vcpu/@cpuset -\nskipped cpu.emulator: all threads of a shared guest float\n",
     TWO},
    /* Without the knob an administrator's pins are his. */
    {VCPUS("1") "<cputune><vcpupin vcpu='0' cpuset='0'/></cputune>", "cpu.threads=any; cpu.emulator=own",
     "skipped cpu.threads: the guest is not placed, see cpu.placement\n"
     "skipped cpu.emulator: the guest is not placed, see cpu.placement\n",
     TWO},
    /* One guest of an odd kind: one thread for all vCPUs. */
    {"<domain type='qemu'><name>g</name><memory unit='GiB'>1</memory><vcpu>1</vcpu>"
     "<os><type arch='sparc' machine='SS-5'>hvm</type></os></domain>",
     "cpu.placement=dedicated", "skipped cpu.placement: QEMU emulates all vCPUs of this architecture *\n",
     TWO},
};

static const struct vp_trial misfits[] = {
    {"",
     "cpu.placement=dedicated; cpu.threads=siblings; cpu.emulator=housekeeping; memory.numa=strict; "
     "memory.cells=auto; cpu.hint-dedicated=yes",
     "skipped cpu.placement: *\nskipped cpu.threads: the guest fits nowhere, see cpu.placement\n"
     "skipped cpu.emulator: the guest fits nowhere, see cpu.placement\n"
     "skipped cpu.hint-dedicated: not every vCPU has *\n"
     "skipped memory.cells: the guest fits nowhere, see cpu.placement\n"
     "skipped memory.numa: the guest fits nowhere, see cpu.placement\n",
     SMALL},
    {MEMORY_GIB("2") VCPUS("1"), "cpu.placement=dedicated; memory.numa=strict",
     PIN("0", "1") EMULATOR("0") "skipped memory.numa: the host has one NUMA node, *\n", SMALL},
    {MEMORY_GIB("2"), "cpu.placement=shared; memory.numa=strict",
     "skipped memory.numa: a shared guest floats *\n", SMALL},
    {MEMORY_GIB("8") VCPUS("1"), "cpu.placement=dedicated", "skipped cpu.placement: *\n", SMALL},
    {"<memory unit='EiB'>8</memory>", "cpu.placement=dedicated",
     "skipped cpu.placement: the guest has more memory than any host\n", SMALL},
    {VCPUS("9000"), "cpu.placement=shared",
     "skipped cpu.placement: the guest has more vCPUs than any host has CPUs\n", SMALL},
    {"<memory>0</memory>", "cpu.placement=dedicated",
     "skipped cpu.placement: the definition says no amount *\n", SMALL},
    {"", "cpu.placement=dedicated; cpu.threads=any",
     "skipped cpu.placement: there is no host to place the guest on\n"
     "skipped cpu.threads: there is no host to place the guest on\n",
     TWO, .no_placer = true},
};

static const struct vp_trial hints[] = {
    {"", "cpu.placement=dedicated; cpu.hint-dedicated=yes",
     PIN("0", "1") PIN("1", "2") PIN("2", "3") PIN("3", "4")
         EMULATOR("0") "features/kvm/hint-dedicated/@state = on\n",
     ONE},
    {"", "cpu.placement=node; cpu.hint-dedicated=yes",
     PIN("0", "1-7") PIN("1", "1-7") PIN("2", "1-7") PIN("3", "1-7")
         EMULATOR("0") "skipped cpu.hint-dedicated: not every vCPU *\n",
     ONE},
};

/* As it was rewritten on the host it comes from; the planned definition is that without virt-profile. */
#define STORED(vcpus, pins_)                                                                                 \
    .stored = "<domain type='kvm'><name>guest</name><memory unit='KiB'>4194304</memory>"                     \
              "<vcpu placement='static'>" vcpus "</vcpu><iothreads>1</iothreads><cputune>" pins_             \
              "</cputune></domain>"

static const struct vp_trial places[] = {
    {VCPUS("2"), "cpu.placement=dedicated", PIN("0", "14") PIN("1", "15") EMULATOR("8-9"), TWO,
     STORED("2", "<vcpupin vcpu='0' cpuset='14'/><vcpupin vcpu='1' cpuset='15'/>")},
    {VCPUS("2"), "cpu.placement=dedicated; cpu.emulator=own", PIN("0", "14") PIN("1", "15") EMULATOR("12"),
     TWO,
     STORED("2", "<vcpupin vcpu='0' cpuset='14'/><vcpupin vcpu='1' cpuset='15'/><emulatorpin cpuset='12'/>")},
    {VCPUS("2"), "cpu.placement=node", PIN("0", "10-15") PIN("1", "10-15") EMULATOR("8-9"), TWO,
     STORED("2", "<vcpupin vcpu='0' cpuset='10-15'/><vcpupin vcpu='1' cpuset='10-15'/>")},
    /* Another number of vCPUs, a machine without the CPUs. */
    {VCPUS("3"), "cpu.placement=dedicated", PIN("0", "2") PIN("1", "3") PIN("2", "4") EMULATOR("0-1"), TWO,
     STORED("2", "<vcpupin vcpu='0' cpuset='14'/><vcpupin vcpu='1' cpuset='15'/>")},
    {VCPUS("2"), "cpu.placement=dedicated", PIN("0", "1") PIN("1", "2") EMULATOR("0"), ONE,
     STORED("2", "<vcpupin vcpu='0' cpuset='14'/><vcpupin vcpu='1' cpuset='15'/>")},
    /* Arriving: pins and nodes anew, for they are not the guest's to see. */
    {VCPUS("2"), "cpu.placement=dedicated; cpu.hint-dedicated=yes; memory.numa=strict",
     PIN("0", "2") PIN("1", "3") EMULATOR("0-1") MEMORY("strict", "0"), TWO, .phase = VP_PHASE_MIGRATE,
     STORED("2", "<vcpupin vcpu='0' cpuset='98'/><vcpupin vcpu='1' cpuset='99'/>")},
};

/* A machine of two nodes with two CPUs each, and a network card on the second node. */
#define CPU(n, package, core, siblings)                                                                      \
    "/sys/devices/system/cpu/cpu" n "/topology/physical_package_id", package "\n",                           \
        "/sys/devices/system/cpu/cpu" n "/topology/core_id", core "\n",                                      \
        "/sys/devices/system/cpu/cpu" n "/topology/core_cpus", siblings "\n",                                \
        "/sys/devices/system/cpu/cpu" n "/topology/thread_siblings", siblings "\n"
#define NODE(n, cpus)                                                                                        \
    "/sys/devices/system/node/node" n "/cpumap", cpus "\n", "/sys/devices/system/node/node" n "/meminfo",    \
        "Node " n " MemTotal: 16777216 kB\n"
static const char *const machine[] = {"/sys/devices/system/cpu/online",
                                      "0-3\n",
                                      "/sys/devices/system/cpu/possible",
                                      "0-3\n",
                                      CPU("0", "0", "0", "1"),
                                      CPU("1", "0", "1", "2"),
                                      CPU("2", "1", "0", "4"),
                                      CPU("3", "1", "1", "8"),
                                      NODE("0", "3"),
                                      NODE("1", "c"),
                                      "/sys/devices/system/node/online",
                                      "0-1\n",
                                      "/sys/devices/system/node/possible",
                                      "0-1\n",
                                      "/sys/bus/pci/devices/0000:81:00.0/numa_node",
                                      "1\n",
                                      NULL};
#define MACHINE .host = "dump", .files = machine
#define CARD                                                                                                 \
    "<devices><hostdev mode='subsystem' type='pci'><source>"                                                 \
    "<address domain='0x0000' bus='0x81' slot='0x00' function='0x0'/></source></hostdev></devices>"

static const struct vp_trial devices[] = {
    {VCPUS("1"), "cpu.placement=dedicated; memory.numa=strict",
     PIN("0", "1") EMULATOR("0") MEMORY("strict", "0"), MACHINE},
    {VCPUS("1") CARD, "cpu.placement=dedicated; memory.numa=strict",
     PIN("0", "3") EMULATOR("2") MEMORY("strict", "1"), MACHINE},
    {VCPUS("1") CARD, "cpu.placement=node", PIN("0", "3") EMULATOR("2"), MACHINE},
};

START_TEST(plans_pins)
{
    vp_trial_check(&pins[_i], _i);
}
END_TEST

START_TEST(says_what_does_not_fit)
{
    vp_trial_check(&misfits[_i], _i);
}
END_TEST

START_TEST(hints_at_dedicated_cpus)
{
    vp_trial_check(&hints[_i], _i);
}
END_TEST

START_TEST(keeps_a_place_or_finds_another)
{
    vp_trial_check(&places[_i], _i);
}
END_TEST

START_TEST(goes_near_devices)
{
    vp_trial_check(&devices[_i], _i);
}
END_TEST

VP_TEST_MAIN("knobs/placement", VP_TEST_ROWS(plans_pins, pins), VP_TEST_ROWS(says_what_does_not_fit, misfits),
             VP_TEST_ROWS(hints_at_dedicated_cpus, hints),
             VP_TEST_ROWS(keeps_a_place_or_finds_another, places), VP_TEST_ROWS(goes_near_devices, devices))
