/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

/* Two nodes: CPUs 0-7 and 8-15, threads side by side; 0-1 and 8-9 are housekeeping. */
#define TWO .host = "synthetic:pack:2 [numa(memory=16GiB)] l3:1 core:4 pu:2"
/* Four nodes of four cores without threads; 0, 4, 8 and 12 are housekeeping. */
#define FOUR .host = "synthetic:pack:4 [numa(memory=16GiB)] l3:1 core:4 pu:1"
#define ONE .host = "synthetic:pack:1 [numa(memory=32GiB)] l3:1 core:12 pu:1"

#define KIND "cpu.placement=dedicated; "
#define PIN(vcpu, cpus) "cputune/vcpupin[" vcpu "]/@cpuset = " cpus "\n"
#define ANY_PINS "cputune/vcpupin[0]/@cpuset = *\ncputune/vcpupin[1]/@cpuset = *\n"
#define PINS_8                                                                                               \
    PIN("0", "2")                                                                                            \
    PIN("1", "3") PIN("2", "4") PIN("3", "5") PIN("4", "10") PIN("5", "11") PIN("6", "12") PIN("7", "13")
#define EMULATOR "cputune/emulatorpin/@cpuset = *\n"
#define CELL(id, vcpus, kib)                                                                                 \
    "cpu/numa/cell[" id "] = <cell id='" id "' cpus='" vcpus "' memory='" kib "' unit='KiB'><distances>*\n"
#define DEFAULT_CPU                                                                                          \
    "cpu/@mode = custom\ncpu/@match = exact\ncpu/@check = none\n"                                            \
    "cpu/model = <model fallback='forbid'>qemu64</model>\n"
#define MEMORY(mode, nodes) "numatune/memory/@mode = " mode "\nnumatune/memory/@nodeset = " nodes "\n"
#define MEMNODE(cell, mode, nodes)                                                                           \
    "numatune/memnode[" cell "]/@mode = " mode "\nnumatune/memnode[" cell "]/@nodeset = " nodes "\n"

#define GUEST(memory, vcpus) "<memory unit='GiB'>" memory "</memory><vcpu placement='static'>" vcpus "</vcpu>"
#define OWN_CELLS                                                                                            \
    GUEST("4", "4")                                                                                          \
    "<cpu><numa><cell id='0' cpus='0-1' memory='2097152'/><cell id='1' cpus='2-3' memory='2097152'/></numa></cpu>"
#define OLD(machine) "<os><type arch='x86_64' machine='" machine "'>hvm</type></os>"
#define MEMNODES                                                                                             \
    "<numatune><memnode cellid='0' mode='strict' nodeset='1'/>"                                              \
    "<memnode cellid='1' mode='strict' nodeset='1'/></numatune>"

static const struct vp_trial nodes[] = {
    {GUEST("4", "2"), KIND "memory.numa=strict; memory.cells=auto", ANY_PINS EMULATOR MEMORY("strict", "0"),
     TWO},
    {GUEST("4", "2"), KIND "memory.numa=preferred", ANY_PINS EMULATOR MEMORY("preferred", "0"), TWO},
    {GUEST("4", "2"), KIND "memory.numa=restrictive", ANY_PINS EMULATOR MEMORY("restrictive", "0"), TWO},
    {GUEST("4", "2"), KIND "memory.numa=restrictive",
     ANY_PINS EMULATOR "skipped memory.numa: the installed libvirt does not know the mode; *\n", TWO,
     .libvirt = "<value>strict</value>"},
    {GUEST("4", "2") "<numatune><memory mode='strict' placement='auto'/></numatune>",
     KIND "memory.numa=strict",
     ANY_PINS EMULATOR "numatune/memory/@placement -\nnumatune/memory/@mode = strict (already)\n"
                       "numatune/memory/@nodeset = 0\n",
     TWO},
    /* Nodes that the definition binds it to decide where it goes, unless the profile binds it. */
    {GUEST("4", "2") "<numatune><memory mode='strict' nodeset='1'/></numatune>", "cpu.placement=dedicated",
     PIN("0", "10") PIN("1", "11") EMULATOR, TWO},
    {GUEST("4", "2") "<numatune><memory mode='strict' nodeset='1'/></numatune>", KIND "memory.numa=strict",
     ANY_PINS EMULATOR "numatune/memory/@mode = strict (already)\nnumatune/memory/@nodeset = 0\n", TWO},
    /* More than a node holds: CPUs, memory. */
    {GUEST("8", "8"), KIND "memory.numa=strict; memory.cells=auto",
     PINS_8 EMULATOR DEFAULT_CPU CELL("0", "0-3", "4194304") CELL("1", "4-7", "4194304")
         MEMORY("strict", "0-1") MEMNODE("0", "strict", "0") MEMNODE("1", "strict", "1"),
     TWO},
    {GUEST("20", "2"), KIND "memory.numa=strict; memory.cells=auto",
     PIN("0", "2") PIN("1", "10") EMULATOR DEFAULT_CPU CELL("0", "0", "10485760") CELL("1", "1", "10485760")
         MEMORY("strict", "0-1") MEMNODE("0", "strict", "0") MEMNODE("1", "strict", "1"),
     TWO},
    {GUEST("8", "8"), KIND "memory.numa=preferred; memory.cells=auto",
     PINS_8 EMULATOR DEFAULT_CPU CELL("0", "0-3", "4194304") CELL("1", "4-7", "4194304")
         MEMORY("preferred", "0") MEMNODE("0", "preferred", "0") MEMNODE("1", "preferred", "1"),
     TWO},
    {GUEST("8", "8"), KIND "memory.numa=restrictive; memory.cells=auto",
     PINS_8 EMULATOR DEFAULT_CPU CELL("0", "0-3", "4194304") CELL("1", "4-7", "4194304")
         MEMORY("restrictive", "0-1") MEMNODE("0", "restrictive", "0") MEMNODE("1", "restrictive", "1"),
     TWO},
    /* Spread without its knowledge. */
    {GUEST("8", "8"), KIND "memory.numa=strict; memory.cells=no", PINS_8 EMULATOR MEMORY("strict", "0-1"),
     TWO},
    {GUEST("8", "8"), KIND "memory.numa=strict", PINS_8 EMULATOR MEMORY("strict", "0-1"), TWO},
    {GUEST("8", "8"), KIND "memory.numa=interleave; memory.cells=auto",
     PINS_8 EMULATOR MEMORY(
         "interleave", "0-1") "skipped memory.cells: memory that is interleaved is near to no NUMA cell\n",
     TWO},
    {"<memory unit='KiB'>8388609</memory><vcpu placement='static'>8</vcpu>", KIND "memory.cells=auto",
     PINS_8 EMULATOR "skipped memory.cells: NUMA cells are made of whole MiB, *\n", TWO},
    {"<memory unit='GiB'>8</memory><vcpu placement='static'>8</vcpu>"
     "<os><type arch='ppc64le' machine='pseries-7.2'>hvm</type></os>",
     KIND "memory.cells=auto",
     PINS_8 EMULATOR "skipped memory.cells: NUMA cells are made for x86 and aarch64 *\n", TWO},
    {GUEST("8", "8"), "cpu.placement=shared; memory.cells=auto; memory.numa=strict",
     "skipped memory.numa: a shared guest floats on all nodes, *\n", TWO},
    {GUEST("4", "2"), "memory.cells=auto; memory.numa=strict",
     "skipped memory.cells: the guest is not placed, *\nskipped memory.numa: the guest is not placed, *\n",
     TWO},
    /* Cells are in <cpu>, which libvirt completes. */
    {GUEST("8", "8") "<cpu mode='host-model'/>", KIND "memory.cells=auto",
     PINS_8 EMULATOR CELL("0", "0-3", "4194304") CELL("1", "4-7", "4194304"), TWO},
    {GUEST("8", "8") "<cpu><model>Nehalem</model></cpu>", KIND "memory.cells=auto",
     PINS_8 EMULATOR CELL("0", "0-3", "4194304") CELL("1", "4-7", "4194304"), TWO},
    {GUEST("8", "8"), KIND "memory.cells=auto; cpu.model=host-model",
     "cpu/@mode = host-model\ncpu/@match - (already)\ncpu/@check = partial\ncpu/@migratable - (already)\ncpu/model - (already)\n"
     "cpu/vendor - (already)\n" PINS_8 EMULATOR CELL("0", "0-3", "4194304") CELL("1", "4-7", "4194304"),
     TWO},
    {GUEST("8", "8") "<os><type arch='aarch64' machine='virt-7.2'>hvm</type></os>", KIND "memory.cells=auto",
     PINS_8 EMULATOR CELL("0", "0-3", "4194304") CELL("1", "4-7", "4194304"), TWO},
    {GUEST("8", "8") "<os><type arch='i686' machine='pc'>hvm</type></os>", KIND "memory.cells=auto",
     PINS_8 EMULATOR "skipped memory.cells: NUMA cells are part of the guest's CPU, which names no model\n",
     TWO},
    /* A socket for each cell, where they are equal. */
    {GUEST("8", "8"), KIND "memory.cells=auto; cpu.topology=cores",
     DEFAULT_CPU
     "cpu/topology/@sockets = 2\ncpu/topology/@dies = 1\ncpu/topology/@cores = 4\ncpu/topology/@threads = 1\n" PINS_8
         EMULATOR CELL("0", "0-3", "4194304") CELL("1", "4-7", "4194304"),
     TWO},
    {GUEST("7", "7"), KIND "memory.cells=auto; cpu.topology=cores",
     DEFAULT_CPU
     "cpu/topology/@sockets = 1\ncpu/topology/@dies = 1\ncpu/topology/@cores = 7\ncpu/topology/@threads = 1\n"
     "cputune/vcpupin[0]/@cpuset = *\ncputune/vcpupin[1]/@cpuset = *\ncputune/vcpupin[2]/@cpuset = *\n"
     "cputune/vcpupin[3]/@cpuset = *\ncputune/vcpupin[4]/@cpuset = *\ncputune/vcpupin[5]/@cpuset = *\n"
     "cputune/vcpupin[6]/@cpuset = *\n" EMULATOR CELL("0", "0-3", "4194304") CELL("1", "4-6", "3145728"),
     TWO},
    {GUEST("24", "8"), "cpu.placement=node; memory.numa=strict; memory.cells=auto",
     PIN("0", "2-7") PIN("1", "2-7") PIN("2", "2-7") PIN("3", "2-7") PIN("4", "10-15") PIN("5", "10-15")
         PIN("6", "10-15") PIN("7", "10-15") EMULATOR DEFAULT_CPU CELL("0", "0-3", "12582912")
             CELL("1", "4-7", "12582912") MEMORY("strict", "0-1") MEMNODE("0", "strict", "0")
                 MEMNODE("1", "strict", "1"),
     TWO},
};

static const struct vp_trial own[] = {
    /* All on one node: cells need no node of their own. */
    {OWN_CELLS, KIND "memory.numa=strict; memory.cells=auto",
     PIN("0", "2") PIN("1", "3") PIN("2", "4") PIN("3", "5") EMULATOR MEMORY("strict", "0"), TWO},
    /* Those that have one follow. */
    {OWN_CELLS MEMNODES, KIND "memory.numa=strict",
     PIN("0", "2") PIN("1", "3") PIN("2", "4") PIN("3", "5") EMULATOR MEMORY(
         "strict", "0") "numatune/memnode[0]/@mode = strict (already)\nnumatune/memnode[0]/@nodeset = 0\n"
                        "numatune/memnode[1]/@mode = strict (already)\nnumatune/memnode[1]/@nodeset = 0\n",
     TWO},
    {OWN_CELLS MEMNODES, KIND "memory.numa=interleave",
     PIN("0", "2") PIN("1", "3") PIN("2", "4") PIN("3", "5") EMULATOR MEMORY("interleave", "0")
         MEMNODE("0", "interleave", "0") MEMNODE("1", "interleave", "0"),
     TWO},
    /* Bound by the definition. */
    {OWN_CELLS MEMNODES, "cpu.placement=dedicated",
     PIN("0", "10") PIN("1", "11") PIN("2", "12") PIN("3", "13") EMULATOR, TWO},
    /* Whole cells on nodes. */
    {OWN_CELLS, KIND "memory.numa=strict",
     PIN("0", "1") PIN("1", "2") PIN("2", "5") PIN("3", "6") EMULATOR MEMORY("strict", "0-1")
         MEMNODE("0", "strict", "0") MEMNODE("1", "strict", "1"),
     FOUR},
    {OWN_CELLS, KIND "memory.numa=strict; memory.cells=auto",
     PIN("0", "1") PIN("1", "2") PIN("2", "3") PIN("3", "4") EMULATOR
     "skipped memory.numa: the host has one NUMA node, *\n",
     ONE},
    /* vCPUs that no cell names are in the first, and cells stay together. */
    {GUEST("4", "3") "<cpu><numa><cell cpus='0' memory='2' unit='GiB'/><cell cpus='1' memory='2' unit='GiB'/>"
                     "</numa></cpu>",
     "cpu.placement=dedicated", PIN("0", "2") PIN("1", "4") PIN("2", "3") EMULATOR, TWO},
    /* Old machines: what is there can change at any time, what is not only at a cold start. */
    {OWN_CELLS OLD("pc-i440fx-4.2"), KIND "memory.numa=strict",
     PIN("0", "1") PIN("1", "2") PIN("2", "5") PIN("3", "6") EMULATOR MEMORY(
         "strict",
         "0-1") "skipped memory.numa: numatune/memnode[0]/@mode: *\nskipped memory.numa: numatune/memnode[0]/@nodeset: *\n"
                "skipped memory.numa: numatune/memnode[1]/@mode: *\nskipped memory.numa: numatune/memnode[1]/@nodeset: *\n",
     FOUR, .phase = VP_PHASE_RESTORE},
    {OWN_CELLS OLD("pc-i440fx-4.2") MEMNODES, KIND "memory.numa=strict",
     PIN("0", "1") PIN("1", "2") PIN("2", "5") PIN("3", "6") EMULATOR MEMORY(
         "strict",
         "0-1") "numatune/memnode[0]/@mode = strict (already)\nnumatune/memnode[0]/@nodeset = 0\n"
                "numatune/memnode[1]/@mode = strict (already)\nnumatune/memnode[1]/@nodeset = 1 (already)\n",
     FOUR, .phase = VP_PHASE_RESTORE},
    {OWN_CELLS OLD("pc-q35-7.2"), KIND "memory.numa=strict",
     PIN("0", "1") PIN("1", "2") PIN("2", "5") PIN("3", "6") EMULATOR MEMORY("strict", "0-1")
         MEMNODE("0", "strict", "0") MEMNODE("1", "strict", "1"),
     FOUR, .phase = VP_PHASE_RESTORE},
};

START_TEST(binds_memory)
{
    vp_trial_check(&nodes[_i], _i);
}
END_TEST

START_TEST(respects_cells)
{
    vp_trial_check(&own[_i], _i);
}
END_TEST

VP_TEST_MAIN("knobs/numa", VP_TEST_ROWS(binds_memory, nodes), VP_TEST_ROWS(respects_cells, own))
