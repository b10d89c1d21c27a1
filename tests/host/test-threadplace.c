/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "threadplace.h"

#include "qemu.h"
#include "guestgroup.h"
#include "model/machine.h"

#include <errno.h>
#include <string.h>

#define QEMU 100
#define V2 "/machine.slice/machine-qemu\\x2d1\\x2dg.scope/libvirt/emulator"
#define V1 "/machine/qemu-1-g.libvirt-qemu/emulator"
#define BESIDE "vcpu0 vcpu1 vcpu2 iothread1 iothread4"

static const struct {
    const char *mounts, *group, *cpuset; /* of process 100, and a file that is there */
    int rc;
    bool unified;
    const char *path, *threads;
} groups[] = {
    {"1 0 0:1 / /cg rw - cgroup2 cgroup2 rw\n", "0::/m.scope/libvirt/emulator\n",
     "/cg/m.scope/libvirt/emulator/cpuset.cpus", 0, true, "/cg/m.scope", "/cg/m.scope/libvirt"},
    {"1 0 0:1 / /cg rw - cgroup2 cgroup2 rw\n", "0::/machine/g.libvirt-qemu/emulator\n",
     "/cg/machine/g.libvirt-qemu/emulator/cpuset.cpus", 0, true, "/cg/machine/g.libvirt-qemu",
     "/cg/machine/g.libvirt-qemu"},
    {"1 0 0:1 / /cg/unified rw - cgroup2 cgroup2 rw\n2 0 0:2 / /cg/cs rw x:1 - cgroup cgroup rw,cpuset\n",
     "5:cpu:/a\n3:cpuset:/machine/g/emulator\n0::/\n", "/cg/cs/machine/g/emulator/cpuset.cpus", 0, false,
     "/cg/cs/machine/g", "/cg/cs/machine/g"},
    {"2 0 0:2 / /cg/cs rw - cgroup cgroup rw,cpu,cpuset\n",
     "3:cpu,cpuset:/machine.slice/m.scope/libvirt/emulator\n",
     "/cg/cs/machine.slice/m.scope/libvirt/emulator/cpuset.cpus", 0, false, "/cg/cs/machine.slice/m.scope",
     "/cg/cs/machine.slice/m.scope/libvirt"},
    /*
     * a controller with a similar name; only a part of a hierarchy; no cpuset; no group of libvirt's; no
     * mount
     */
    {"1 0 0:1 / /cg rw - cgroup2 cgroup2 rw\n2 0 0:2 / /c rw - cgroup cgroup rw,cpusets\n",
     "3:cpuset:/g/emulator\n", "/c/g/emulator/cpuset.cpus", -ENOENT},
    {"1 0 0:1 /x /cg rw - cgroup2 cgroup2 rw\n", "0::/g/emulator\n", "/cg/g/emulator/cpuset.cpus", -ENOENT},
    {"1 0 0:1 / /cg rw - cgroup2 cgroup2 rw\n", "0::/g/emulator\n", "/cg/g/emulator/cpu.weight", -ENOENT},
    {"1 0 0:1 / /cg rw - cgroup2 cgroup2 rw\n", "0::/system.slice/libvirtd.service\n",
     "/cg/system.slice/libvirtd.service/cpuset.cpus", -ENOENT},
    {"1 0 0:1 / /cg rw - cgroup2 cgroup2 rw\n", "0::/emulator\n", "/cg/emulator/cpuset.cpus", -ENOENT},
    {"1 0 0:1 / / rw - ext4 /dev/sda rw\n", "0::/g/emulator\n", "/g/emulator/cpuset.cpus", -ENOENT},
    {"garbage - cgroup2\n- \n\n", "0\n::\n", "/x", -ENOENT},
};

START_TEST(group_of_a_guest)
{
    FAKE fake;
    vp_autoerror err = NULL;
    VP_CLEANUP(vp_cpusets_done) struct vp_cpusets cpusets = {0};
    VP_CLEANUP(vp_guestgroup_done) struct vp_guestgroup group = {0};
    fake_open(&fake);
    fake_file(&fake, "/proc/self/mountinfo", groups[_i].mounts);
    fake_file(&fake, "/proc/100/cgroup", groups[_i].group);
    fake_file(&fake, groups[_i].cpuset, "0\n");
    ck_assert_int_eq(vp_cpusets_read(fake.root, &cpusets, NULL), 0);
    const int r = vp_guestgroup_read(fake.root, &cpusets, QEMU, &group, &err);
    ck_assert_msg(r == groups[_i].rc, "row %d: %d %s", _i, r, err ? err->message : "");
    if (r < 0) {
        ck_assert(group.path == NULL && err != NULL);
        return;
    }
    ck_assert_msg(group.unified == groups[_i].unified, "row %d", _i);
    ck_assert_str_eq(group.path, groups[_i].path);
    ck_assert_str_eq(group.threads, groups[_i].threads);
}
END_TEST

/* QEMU with vCPUs 0 to 2, of which the last was hot-plugged, two iothreads and helpers. */
static void run_qemu(const struct fake *fake)
{
    static const struct {
        pid_t tid;
        const char *comm;
    } threads[] = {
        {100, "qemu-system-x86"}, {101, "worker"},       {102, "CPU 0/KVM"},    {103, "CPU 1/KVM"},
        {104, "CPU 2/KVM"},       {105, "IO iothread4"}, {106, "IO iothread1"},
    };
    qemu_process(fake, QEMU, 55);
    for (size_t i = 0; i < VP_ARRAY_SIZE(threads); i++)
        qemu_thread(fake, QEMU, threads[i].tid, threads[i].comm);
    qemu_thread(fake, 200, 200, "vhost-100");
    qemu_thread(fake, 201, 201, "kvm-pit/100");
    qemu_kernel(fake, "3 200 201 ", 300);
}

/* Two nodes of four cores; housekeeping is CPU 0 and 4. */
static const struct {
    enum vp_policy policy;
    bool own, unified;
    const char *scheduled, *cpusets; /* of emulator, then BESIDE */
} rows[] = {
    {VP_POLICY_DEDICATED, false, true, "100=0 101=0 102=1 103=2 104=2 106=0 105=0 200=0 201=1",
     "0 1 2 2 0 0"},
    {VP_POLICY_DEDICATED, false, false, "100=0 101=0 102=1 103=2 104=2 106=0 105=0 200=0 201=1",
     "0 1 2 2 0 0"},
    {VP_POLICY_DEDICATED, true, true, "100=1 101=1 102=2 103=3 104=3 106=5 105=6 200=1 201=2", NULL},
    {VP_POLICY_NODE, false, true, "100=0 101=0 102=1-3 103=1-3 104=1-3 106=0 105=0 200=0 201=1-3",
     "0 1-3 1-3 1-3 0 0"},
    /* squeezing says what is in those of cgroup v1 */
    {VP_POLICY_NODE, false, false, "100=0 101=0 102=1-3 103=1-3 104=1-3 106=0 105=0 200=0 201=1-3",
     "0-7 0-7 0-7 0-7 0-7 0-7"},
    {VP_POLICY_SHARED, false, true,
     "100=1-3,5-7 101=1-3,5-7 102=1-3,5-7 103=1-3,5-7 104=1-3,5-7 106=1-3,5-7 105=1-3,5-7 200=1-3,5-7 201=1-3,5-7",
     "1-3,5-7 1-3,5-7 1-3,5-7 1-3,5-7 1-3,5-7 1-3,5-7"},
};

static void place(const struct machine *machine, int row, struct vp_placement **ret_placement)
{
    const struct vp_demand demand = {
        .name = "g",
        .policy = rows[row].policy,
        .vcpus = 2,
        .iothreads = 2,
        .own_emulator = rows[row].own,
        .own_iothreads = rows[row].own,
        .memory_kib = 1024,
    };
    vp_autoerror err = NULL;
    ck_assert_msg(vp_placement_plan(machine->occupied, &demand, ret_placement, &err) == 0, "row %d: %s", row,
                  err ? err->message : "");
}

static char *cpusets_of(const struct fake *fake, bool unified)
{
    vp_autofree char *folder = vp_asprintf("/sys/fs/cgroup%s%s", unified ? "" : "/cpuset", unified ? V2 : V1);
    vp_autofree char *names = vp_strdup("emulator " BESIDE);
    char *rest = names;
    struct vp_strbuf buf = {0};
    *strrchr(folder, '/') = '\0';
    for (const char *name; (name = strsep(&rest, " ")) != NULL;) {
        vp_autofree char *path = vp_asprintf("%s/%s/cpuset.cpus", folder, name);
        vp_autofree char *value = qemu_read(fake, path);
        vp_strbuf_join(&buf, " ", value);
    }
    return vp_strbuf_take(&buf);
}

START_TEST(placed)
{
    MACHINE machine;
    vp_autoplacement placement = NULL;
    struct vp_entry entry = {.name = (char *)"g", .qemu = {QEMU, 55}};
    VP_CLEANUP(vp_threadplace_done) struct vp_threadplace result = {0};
    machine_open(&machine, "synthetic:numa:2 core:4 pu:1", NULL);
    const struct fake *fake = &machine.fake;
    run_qemu(fake);
    qemu_mounts(fake, rows[_i].unified);
    qemu_group(fake, rows[_i].unified, QEMU, rows[_i].unified ? V2 : V1, BESIDE, "0-7");
    place(&machine, _i, &placement);
    entry.placement = placement;
    vp_affinity_use(&qemu_scheduler);
    ck_assert_int_eq(vp_threads_place(fake->root, &entry, &result, NULL), 0);
    ck_assert_msg(result.n == 9 && result.failed == 0 && result.first == NULL, "row %d: %u %u %s", _i,
                  result.n, result.failed, result.first);
    vp_autofree char *as_they_are = qemu_niced();
    ck_assert_str_eq(as_they_are, "");
    vp_autofree char *done = qemu_scheduled();
    ck_assert_msg(strcmp(done, rows[_i].scheduled) == 0 || rows[_i].own, "row %d: %s", _i, done);
    vp_autofree char *cpusets = cpusets_of(fake, rows[_i].unified);
    ck_assert_msg(rows[_i].cpusets == NULL || strcmp(cpusets, rows[_i].cpusets) == 0, "row %d: %s", _i,
                  cpusets);
    if (!rows[_i].own)
        return;
    /* which CPUs its own threads get is up to the planner: the threads are where it says */
    vp_autofree char *emulator = vp_bitmap_text(placement->emulator);
    vp_autofree char *first = vp_bitmap_text(placement->iothreads[0]);
    vp_autofree char *second = vp_bitmap_text(placement->iothreads[1]);
    vp_autofree char *vcpu0 = vp_bitmap_text(placement->vcpus[0]);
    vp_autofree char *vcpu1 = vp_bitmap_text(placement->vcpus[1]);
    vp_autofree char *want =
        vp_asprintf("100=%s 101=%s 102=%s 103=%s 104=%s 106=%s 105=%s 200=%s 201=%s", emulator, emulator,
                    vcpu0, vcpu1, vcpu1, first, second, emulator, vcpu0);
    ck_assert_str_eq(done, want);
}
END_TEST

/* What was placed is where it belongs, until somebody moves it. */
START_TEST(checked)
{
    MACHINE machine;
    vp_autoplacement placement = NULL;
    struct vp_entry entry = {.name = (char *)"g", .qemu = {QEMU, 55}};
    VP_CLEANUP(vp_threadplace_done) struct vp_threadplace placing = {0};
    VP_CLEANUP(vp_threadplace_done) struct vp_threadplace right = {0};
    VP_CLEANUP(vp_threadplace_done) struct vp_threadplace wrong = {0};
    VP_CLEANUP(vp_threadplace_done) struct vp_threadplace besides = {0};
    vp_autobitmap elsewhere = vp_bitmap_new();
    machine_open(&machine, "synthetic:numa:2 core:4 pu:1", NULL);
    const struct fake *fake = &machine.fake;
    run_qemu(fake);
    qemu_mounts(fake, rows[_i].unified);
    qemu_group(fake, rows[_i].unified, QEMU, rows[_i].unified ? V2 : V1, BESIDE, "0-7");
    place(&machine, _i, &placement);
    entry.placement = placement;
    vp_affinity_use(&qemu_scheduler);
    ck_assert_int_eq(vp_threads_place(fake->root, &entry, &placing, NULL), 0);
    ck_assert_int_eq(vp_threads_check(fake->root, &entry, NULL, &right, NULL), 0);
    ck_assert_msg(right.n == 9 && right.failed == 0 && right.first == NULL, "row %d: %u %u %s", _i, right.n,
                  right.failed, right.first);
    (void)hwloc_bitmap_set(elsewhere, 4);
    ck_assert_int_eq(vp_affinity_set(fake->root, 103, elsewhere, NULL), 0);
    ck_assert_int_eq(vp_threads_check(fake->root, &entry, NULL, &wrong, NULL), 0);
    ck_assert_msg(wrong.n == 9 && wrong.failed == 1, "row %d: %u %u", _i, wrong.n, wrong.failed);
    ck_assert_msg(strncmp(wrong.first, "thread 103 (CPU 1/KVM): it may use CPUs 4, should be ", 53) == 0,
                  "%s", wrong.first);
    /* Where nothing else is left, those that float may be on housekeeping CPUs. */
    ck_assert_int_eq(vp_threads_check(fake->root, &entry, elsewhere, &besides, NULL), 0);
    ck_assert_uint_eq(besides.failed, rows[_i].policy == VP_POLICY_DEDICATED ? 1 : 0);
}
END_TEST

/* Threads end, the kernel refuses, a cgroup cannot be written: the others get their places all the same. */
START_TEST(single_failures)
{
    MACHINE machine;
    vp_autoplacement placement = NULL;
    struct vp_entry entry = {.name = (char *)"g", .qemu = {QEMU, 55}};
    VP_CLEANUP(vp_threadplace_done) struct vp_threadplace result = {0};
    machine_open(&machine, "synthetic:numa:2 core:4 pu:1", NULL);
    const struct fake *fake = &machine.fake;
    run_qemu(fake);
    place(&machine, 0, &placement);
    entry.placement = placement;
    vp_affinity_use(&qemu_scheduler);
    qemu_gone = 101;
    qemu_stubborn = 103;
    ck_assert_int_eq(vp_threads_place(fake->root, &entry, &result, NULL), 0);
    ck_assert_uint_eq(result.n, 8);
    ck_assert_uint_eq(result.failed, 1);
    ck_assert_msg(strstr(result.first, "CPU 1/KVM") != NULL, "%s", result.first);
    vp_autofree char *done = qemu_scheduled();
    ck_assert_str_eq(done, "100=0 102=1 103=2 104=2 106=0 105=0 200=0 201=1");
}
END_TEST

static const struct {
    const char *value, *niced;
    unsigned failed;
} nices[] = {{"-10", "200:-10", 0}, {"0", "200:0", 0}, {"-21", "", 0}, {"x", "", 0}};

/* Only workers of vhost, wherever they run. */
START_TEST(prioritised)
{
    MACHINE machine;
    vp_autoplacement placement = NULL;
    struct vp_want want = {.name = (char *)"net/vhost-nice", .value = (char *)nices[_i].value};
    struct vp_entry entry = {.name = (char *)"g", .qemu = {QEMU, 55}, .wants = &want, .n_wants = 1};
    VP_CLEANUP(vp_threadplace_done) struct vp_threadplace result = {0};
    machine_open(&machine, "synthetic:numa:2 core:4 pu:1", NULL);
    run_qemu(&machine.fake);
    place(&machine, 0, &placement);
    entry.placement = placement;
    vp_affinity_use(&qemu_scheduler);
    ck_assert_int_eq(vp_threads_place(machine.fake.root, &entry, &result, NULL), 0);
    ck_assert_uint_eq(result.failed, nices[_i].failed);
    vp_autofree char *niced = qemu_niced();
    ck_assert_str_eq(niced, nices[_i].niced);
    free(qemu_scheduled());
}
END_TEST

START_TEST(nobody_to_place)
{
    MACHINE machine;
    vp_autoplacement placement = NULL;
    struct vp_entry entry = {.name = (char *)"g", .qemu = {QEMU, 55}};
    struct vp_threadplace result = {.n = 7};
    vp_autoerror err = NULL;
    machine_open(&machine, "synthetic:numa:2 core:4 pu:1", NULL);
    ck_assert_int_eq(vp_threads_place(machine.fake.root, &entry, &result, NULL), 0);
    ck_assert_uint_eq(result.n, 0);
    place(&machine, 0, &placement);
    entry.placement = placement;
    result.n = 7;
    ck_assert_int_eq(vp_threads_place(machine.fake.root, &entry, &result, &err), -ESRCH);
    ck_assert_uint_eq(result.n, 7);
}
END_TEST

VP_TEST_MAIN("threadplace", VP_TEST_ROWS(group_of_a_guest, groups), VP_TEST_ROWS(placed, rows),
             VP_TEST_ROWS(checked, rows), VP_TEST(single_failures), VP_TEST_ROWS(prioritised, nices),
             VP_TEST(nobody_to_place))
