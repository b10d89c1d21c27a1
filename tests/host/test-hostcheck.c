/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../src/host/verify/hostcheck_own.h"

#include "qemu.h"
#include "model/machine.h"
#include "threadplace.h"

#include <errno.h>
#include <string.h>

#define QEMU 100

/* "VERDICT WHAT: WANTED, EFFECTIVE", one a line. Owned. */
static char *format(const struct vp_checks *checks)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < checks->n; i++) {
        const struct vp_check *check = &checks->items[i];
        vp_strbuf_addf(&buf, "%s%s %s = %s, %s", i > 0 ? "\n" : "", vp_hold_names[check->hold], check->what,
                       check->wanted != NULL ? check->wanted : "-",
                       check->effective != NULL ? check->effective : "-");
    }
    return vp_strbuf_take(&buf);
}

static void compare(const struct vp_checks *checks, const char *want, int row)
{
    vp_autofree char *text = format(checks);
    ck_assert_msg(strcmp(text, want) == 0, "row %d gives:\n%s\n-- expected:\n%s", row, text, want);
}

/* Memory of a guest that is bound to node 1, and what numa_maps says. */
#define STRICT_1 "<numatune><memory mode='strict' nodeset='1'/></numatune>"
#define PAGES(size) "<memoryBacking><hugepages><page size='" size "' unit='KiB'/></hugepages></memoryBacking>"
#define LIBRARY "7f00 default file=/lib/x.so mapped=900 N0=900 kernelpagesize_kB=4\n"

static const struct {
    const char *live, *maps, *want;
} memory[] = {
    {STRICT_1, LIBRARY "7f11 bind:1 anon=8192 N1=8192 kernelpagesize_kB=4\n", "ok memory: nodes = 1, 1"},
    /* A kernel that QEMU has mapped, and the memory of the guest itself in files. */
    {STRICT_1,
     "7f10 default file=/boot/vmlinux mapped=9000 N0=9000 kernelpagesize_kB=4\n"
     "7f11 bind:1 anon=8192 N1=8192 kernelpagesize_kB=4\n",
     "ok memory: nodes = 1, 1"},
    {STRICT_1, "7f11 bind:1 file=/memfd:memory-backend-memfd\\040(deleted) N0=8192 kernelpagesize_kB=4\n",
     "differs memory: nodes = 1, 0"},
    {STRICT_1, "7f11 bind:1 file=/dev/hugepages/libvirt/qemu/1-g/x huge N0=64 kernelpagesize_kB=2048\n",
     "differs memory: nodes = 1, 0"},
    {STRICT_1, "7f11 bind:1 file=/var/lib/libvirt/qemu/ram/1-g/x N0=8192 kernelpagesize_kB=4\n",
     "differs memory: nodes = 1, 0"},
    /* A twentieth may lie elsewhere. */
    {STRICT_1, "7f11 bind:1 anon=8192 N0=400 N1=7792 kernelpagesize_kB=4\n", "ok memory: nodes = 1, 1"},
    {STRICT_1, "7f11 bind:1 anon=8192 N0=800 N1=7392 kernelpagesize_kB=4\n",
     "differs memory: nodes = 1, 0-1"},
    {STRICT_1, "7f11 bind:1 anon=8192 N0=8192 kernelpagesize_kB=4\n", "differs memory: nodes = 1, 0"},
    {STRICT_1, "7f11 bind:1 anon=10 N1=10 kernelpagesize_kB=4\n", ""}, /* not touched yet */
    {STRICT_1, "garbage\nN=4 N1= Nx=3 N1=z\n", ""},
    {STRICT_1, NULL, ""}, /* a kernel without */
    {"<numatune><memory mode='preferred' nodeset='1'/></numatune>", "7f11 N0=8192 kernelpagesize_kB=4\n", ""},
    {"<numatune><memnode cellid='0' mode='strict' nodeset='0'/><memnode cellid='1' mode='strict' "
     "nodeset='1'/></numatune>",
     "7f11 N0=8192 kernelpagesize_kB=4\n7f12 N1=8192 kernelpagesize_kB=4\n", "ok memory: nodes = 0-1, 0-1"},
    {PAGES("2048"), "7f11 file=/dev/hugepages/x huge N1=128 kernelpagesize_kB=2048\n" LIBRARY,
     "ok memory: pages = 2M, 2M"},
    {PAGES("2048"), "7f11 anon=8192 N1=8192 kernelpagesize_kB=4\n", "differs memory: pages = 2M, 4K"},
    {STRICT_1 PAGES("1048576"),
     "7f11 huge N0=2 kernelpagesize_kB=2048\n7f12 huge N0=32 kernelpagesize_kB=2048\n",
     "differs memory: nodes = 1, 0\ndiffers memory: pages = 1G, 2M"},
    {"", "7f11 N0=8192 kernelpagesize_kB=4\n", ""},
};

START_TEST(of_memory)
{
    FAKE fake;
    VP_CLEANUP(vp_checks_done) struct vp_checks checks = {0};
    const struct vp_entry entry = {.name = (char *)"g", .qemu = {QEMU, 55}};
    fake_open(&fake);
    vp_autofree char *text = fake_guest(memory[_i].live);
    vp_autodomain live = fake_domain(text, "live");
    if (memory[_i].maps != NULL)
        fake_file(&fake, "/proc/100/numa_maps", memory[_i].maps);
    vp_hostcheck_memory(fake.root, &entry, live, &checks);
    compare(&checks, memory[_i].want, _i);
}
END_TEST

/* A limit that is wanted, and the file of the control group. */
#define V2 "0::/machine.slice/g.scope/libvirt/emulator\n"
#define V2_AT "/sys/fs/cgroup/machine.slice/g.scope/"
#define V1 "9:memory:/machine/g\n5:cpu,cpuacct:/machine/g/emulator\n4:blkio:/machine/g\n0::/x\n"

static const struct {
    const char *name, *value;
    const char *group, *file, *text;
    const char *want;
} limits[] = {
    {"scope/CPUWeight", "200", V2, V2_AT "cpu.weight", "200\n", "ok scope/CPUWeight = 200, 200"},
    {"scope/CPUWeight", "200", V2, V2_AT "cpu.weight", "20\n", "differs scope/CPUWeight = 200, 20"},
    {"scope/CPUWeight", "20", V2, V2_AT "cpu.weight", "200\n", "differs scope/CPUWeight = 20, 200"},
    {"scope/CPUQuota", "150%", V2, V2_AT "cpu.max", "150000 100000\n",
     "ok scope/CPUQuota = 150000 100000, 150000 100000"},
    {"scope/MemoryMax", "1G", V2, V2_AT "memory.max", "max\n", "differs scope/MemoryMax = 1073741824, max"},
    {"scope/MemoryMax", "1G", V2, V2_AT "memory.low", "0\n", "absent scope/MemoryMax = 1073741824, -"},
    {"scope/IOReadIOPSMax", "/dev/block/8:0 500", V2, V2_AT "io.max",
     "8:16 riops=500\n8:0 rbps=max riops=500 wiops=max\n",
     "ok scope/IOReadIOPSMax = 8:0 riops=500, 8:16 riops=500\n8:0 rbps=max riops=500 wiops=max\n"},
    {"scope/IOReadIOPSMax", "/dev/block/8:0 50", V2, V2_AT "io.max", "8:0 riops=500\n",
     "differs scope/IOReadIOPSMax = 8:0 riops=50, 8:0 riops=500\n"},
    {"scope/CPUWeight", "200", V1, "/sys/fs/cgroup/cpu,cpuacct/machine/g/cpu.shares", "2048\n",
     "ok scope/CPUWeight = 2048, 2048"},
    {"scope/MemoryMax", "1G", V1, "/sys/fs/cgroup/memory/machine/g/memory.limit_in_bytes", "4096\n",
     "differs scope/MemoryMax = 1073741824, 4096"},
    {"ksm.run", "0", V2, V2_AT "cpu.weight", "1\n", ""},
};

START_TEST(of_limits)
{
    FAKE fake;
    VP_CLEANUP(vp_checks_done) struct vp_checks checks = {0};
    vp_autoerror err = NULL;
    vp_autoentry entry = vp_entry_new("6f1c0a0e-0000-4000-8000-000000000001", "g");
    fake_open(&fake);
    entry->qemu = (struct vp_process){QEMU, 55};
    vp_entry_add_want(entry, limits[_i].name, limits[_i].value, "cpu.cgroup-weight", "because");
    fake_file(&fake, "/proc/100/cgroup", limits[_i].group);
    fake_file(&fake, limits[_i].file, limits[_i].text);
    if (strcmp(limits[_i].group, V2) == 0)
        fake_file(&fake, "/sys/fs/cgroup/cgroup.controllers", "cpu\n");
    const int r = vp_hostcheck_limits(fake.root, entry, &checks, &err);
    ck_assert_msg(r == 0, "row %d: %s", _i, err ? err->message : "");
    compare(&checks, limits[_i].want, _i);
}
END_TEST

/* A guest of two dedicated vCPUs on CPUs 1 and 2; threads that were moved since it was placed. */
static const struct {
    pid_t tid;
    unsigned cpu;
    const char *want;
} moved[] = {
    {0, 0,
     "ok emulator: CPUs = 0, 0\nok vCPU 0: CPUs = 1, 1\nok vCPU 1: CPUs = 2, 2\nok iothread 1: CPUs = 0, 0\n"
     "ok vhost: CPUs = 0, 0"},
    {101, 3,
     "differs emulator: CPUs = 0, 3\nok vCPU 0: CPUs = 1, 1\nok vCPU 1: CPUs = 2, 2\nok iothread 1: CPUs = 0, "
     "0\nok vhost: CPUs = 0, 0"},
    {103, 1,
     "ok emulator: CPUs = 0, 0\nok vCPU 0: CPUs = 1, 1\ndiffers vCPU 1: CPUs = 2, 1\nok iothread 1: CPUs = 0, "
     "0\nok vhost: CPUs = 0, 0"},
    {106, 2,
     "ok emulator: CPUs = 0, 0\nok vCPU 0: CPUs = 1, 1\nok vCPU 1: CPUs = 2, 2\ndiffers iothread 1: CPUs = 0, "
     "2\nok vhost: CPUs = 0, 0"},
    {200, 5,
     "ok emulator: CPUs = 0, 0\nok vCPU 0: CPUs = 1, 1\nok vCPU 1: CPUs = 2, 2\nok iothread 1: CPUs = 0, 0\n"
     "differs vhost: CPUs = 0, 5"},
};

static void run_qemu(const struct fake *fake)
{
    qemu_process(fake, QEMU, 55);
    qemu_thread(fake, QEMU, 100, "qemu-system-x86");
    qemu_thread(fake, QEMU, 101, "worker");
    qemu_thread(fake, QEMU, 102, "CPU 0/KVM");
    qemu_thread(fake, QEMU, 103, "CPU 1/KVM");
    qemu_thread(fake, QEMU, 106, "IO iothread1");
    qemu_thread(fake, 200, 200, "vhost-100");
    qemu_kernel(fake, "3 200 ", 300);
}

START_TEST(of_threads)
{
    MACHINE machine;
    vp_autoplacement placement = NULL;
    VP_CLEANUP(vp_checks_done) struct vp_checks checks = {0};
    VP_CLEANUP(vp_threadplace_done) struct vp_threadplace placed = {0};
    struct vp_entry entry = {.name = (char *)"g", .qemu = {QEMU, 55}};
    const struct vp_demand demand = {
        .name = "g", .policy = VP_POLICY_DEDICATED, .vcpus = 2, .iothreads = 1, .memory_kib = 1024};
    machine_open(&machine, "synthetic:numa:2 core:4 pu:1", NULL);
    run_qemu(&machine.fake);
    placement = machine_plan(&machine, &demand);
    entry.placement = placement;
    vp_affinity_use(&qemu_scheduler);
    ck_assert_int_eq(vp_threads_place(machine.fake.root, &entry, &placed, NULL), 0);
    vp_autobitmap other = vp_bitmap_new();
    (void)hwloc_bitmap_set(other, moved[_i].cpu);
    if (moved[_i].tid != 0)
        ck_assert_int_eq(vp_affinity_set(machine.fake.root, moved[_i].tid, other, NULL), 0);
    ck_assert_int_eq(vp_hostcheck_threads(machine.fake.root, &entry, NULL, &checks, NULL), 0);
    free(qemu_scheduled()); /* forgets it */
    compare(&checks, moved[_i].want, _i);
}
END_TEST

/* A thread that an iothread made is where that is, on a CPU that is not the emulator's. */
START_TEST(of_workers)
{
    MACHINE machine;
    VP_CLEANUP(vp_checks_done) struct vp_checks checks = {0};
    VP_CLEANUP(vp_threadplace_done) struct vp_threadplace placed = {0};
    struct vp_entry entry = {.name = (char *)"g", .qemu = {QEMU, 55}};
    const struct vp_demand demand = {.name = "g",
                                     .policy = VP_POLICY_DEDICATED,
                                     .vcpus = 1,
                                     .iothreads = 1,
                                     .own_iothreads = true,
                                     .memory_kib = 1024};
    machine_open(&machine, "synthetic:numa:2 core:4 pu:1", NULL);
    run_qemu(&machine.fake);
    vp_autoplacement placement = machine_plan(&machine, &demand);
    entry.placement = placement;
    vp_affinity_use(&qemu_scheduler);
    ck_assert_int_eq(vp_threads_place(machine.fake.root, &entry, &placed, NULL), 0);
    ck_assert(!hwloc_bitmap_intersects(placement->emulator, placement->iothreads[0]));
    ck_assert_int_eq(vp_affinity_set(machine.fake.root, 101, placement->iothreads[0], NULL), 0);
    ck_assert_int_eq(vp_hostcheck_threads(machine.fake.root, &entry, NULL, &checks, NULL), 0);
    free(qemu_scheduled()); /* forgets it */
    ck_assert_uint_eq(vp_checks_count(&checks, VP_HOLD_DIFFERS), 0);
    ck_assert_uint_gt(vp_checks_count(&checks, VP_HOLD_OK), 3);
}
END_TEST

/* Fields 40 and 41 of a thread's stat. */
static const struct {
    const char *fields, *want;
} scheduled[] = {
    {"7 1", "ok vCPU 1: scheduler and priority = fifo 7, fifo 7"},
    {"7 2", "differs vCPU 1: scheduler and priority = fifo 7, rr 7"},
    {"0 0", "differs vCPU 1: scheduler and priority = fifo 7, other 0"},
    {"7", ""},
};

START_TEST(of_scheduling)
{
    FAKE fake;
    VP_CLEANUP(vp_checks_done) struct vp_checks checks = {0};
    const struct vp_entry entry = {.name = (char *)"g", .qemu = {QEMU, 55}};
    struct vp_strbuf stat = {0};
    fake_open(&fake);
    run_qemu(&fake);
    vp_autofree char *text =
        fake_guest("<cputune><vcpusched vcpus='1' scheduler='fifo' priority='7'/></cputune>");
    vp_autodomain live = fake_domain(text, "live");
    vp_strbuf_add(&stat, "103 (CPU 1) KVM) S");
    for (int field = 4; field < 40; field++)
        vp_strbuf_add(&stat, " 1");
    vp_strbuf_addf(&stat, " %s 0\n", scheduled[_i].fields);
    if (strchr(scheduled[_i].fields, ' ') == NULL)
        stat.text[stat.len - 3] = '\0';
    fake_file(&fake, "/proc/100/task/103/stat", stat.text);
    ck_assert_int_eq(vp_hostcheck_threads(fake.root, &entry, live, &checks, NULL), 0);
    vp_strbuf_done(&stat);
    compare(&checks, scheduled[_i].want, _i);
}
END_TEST

START_TEST(nobody_there)
{
    FAKE fake;
    VP_CLEANUP(vp_checks_done) struct vp_checks checks = {0};
    const struct vp_entry entry = {.name = (char *)"g", .qemu = {QEMU, 55}};
    fake_open(&fake);
    ck_assert_int_eq(vp_hostcheck_threads(fake.root, &entry, NULL, &checks, NULL), -ESRCH);
    ck_assert_uint_eq(checks.n, 0);
}
END_TEST

VP_TEST_MAIN("hostcheck", VP_TEST_ROWS(of_memory, memory), VP_TEST_ROWS(of_limits, limits),
             VP_TEST_ROWS(of_threads, moved), VP_TEST(of_workers), VP_TEST_ROWS(of_scheduling, scheduled),
             VP_TEST(nobody_there))
