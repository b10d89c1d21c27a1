/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * On this machine's own kernel: needs root, and cgroup v1 with cpusets for what libvirt does there without
 * systemd.
 */
#include "cgroup.h"

#include "affinity.h"
#include "guestgroup.h"
#include "ledger.h"
#include "model/fake.h"
#include "reconcile.h"
#include "scope.h"
#include "squeeze.h"
#include "strbuf.h"
#include "threadplace.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77

static const char *const comms[] = {"CPU 0/TCG", "CPU 1/TCG", "IO iothread1", "worker"};

/* A process with the threads of a QEMU, and with what libvirt would have done to it. */
struct live {
    struct vp_root *root;
    struct vp_cpusets cpusets;
    hwloc_bitmap_t allowed;
    unsigned first, last; /* of the CPUs that this process may use */
    char *partition;      /* below each hierarchy */
    struct vp_domain *domain;
    struct vp_placement placement;
    struct vp_entry entry;
    pid_t pid;
};

static void *sleeper(void *arg)
{
    ck_assert_int_eq(pthread_setname_np(pthread_self(), arg), 0);
    for (;;)
        (void)pause();
    return NULL;
}

static void run_threads(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < VP_ARRAY_SIZE(comms); i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, sleeper, (void *)(uintptr_t)comms[i]) != 0)
            _exit(1);
    }
    for (;;)
        (void)pause();
}

static hwloc_bitmap_t one(unsigned cpu)
{
    hwloc_bitmap_t set = vp_bitmap_new();
    (void)hwloc_bitmap_set(set, cpu);
    return set;
}

static char *list(hwloc_bitmap_t set)
{
    char *text = vp_bitmap_text(set);
    hwloc_bitmap_free(set);
    return text;
}

static char *numbered(unsigned cpu)
{
    return vp_asprintf("%u", cpu);
}

/* The folder of the guest's partition in a hierarchy; made with what is above. */
static void partition(const struct live *live, const char *hierarchy, bool make)
{
    vp_autofree char *path = vp_asprintf("/sys/fs/cgroup/%s%s", hierarchy, live->partition);
    ck_assert_msg(make ? vp_root_mkdir(live->root, path, 0755, NULL) == 0 : rmdir(path) == 0, "'%s': %s",
                  path, strerror(errno));
}

static void copy_file(const struct live *live, const char *name)
{
    vp_autofree char *from = vp_asprintf("%s/%s", live->cpusets.separate, name);
    vp_autofree char *to = vp_asprintf("%s%s/%s", live->cpusets.separate, live->partition, name);
    vp_autofree char *value = NULL;
    ck_assert_int_eq(vp_means_file.read(live->root, from, &value, NULL), 0);
    ck_assert_int_eq(vp_host_write(live->root, to, value, NULL), 0);
}

static void live_close(struct live *live)
{
    if (live->pid > 0) {
        ck_assert_int_eq(kill(live->pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(live->pid, NULL, 0), live->pid);
    }
    if (live->partition != NULL) {
        ck_assert_int_eq(
            vp_cgroup_remove(live->root, live->entry.id, live->entry.name, live->domain, false, NULL), 0);
        partition(live, "cpuset", false);
        partition(live, "cpu", false);
        partition(live, "memory", false);
    }
    for (unsigned i = 0; i < live->placement.n_vcpus; i++)
        hwloc_bitmap_free(live->placement.vcpus[i]);
    hwloc_bitmap_free(live->placement.emulator);
    if (live->placement.iothreads != NULL)
        hwloc_bitmap_free(live->placement.iothreads[0]);
    free(live->placement.vcpus);
    free(live->placement.iothreads);
    hwloc_bitmap_free(live->allowed);
    vp_cpusets_done(&live->cpusets);
    vp_domain_free(live->domain);
    vp_root_free(live->root);
    free(live->partition);
}
#define LIVE VP_CLEANUP(live_close) struct live

/* A dedicated guest: vCPU 0 on the first CPU, vCPU 1 on the last, the rest on the first. */
static void live_open(struct live *live)
{
    *live = (struct live){.entry = {.name = (char *)"live", .id = 1, .state = VP_ENTRY_RUNNING}};
    ck_assert_int_eq(vp_root_open("/", &live->root, NULL), 0);
    ck_assert_int_eq(vp_affinity_get(live->root, 0, &live->allowed, NULL), 0);
    live->first = (unsigned)hwloc_bitmap_first(live->allowed);
    live->last = (unsigned)hwloc_bitmap_last(live->allowed);
    ck_assert_int_eq(vp_cpusets_read(live->root, &live->cpusets, NULL), 0);
    live->placement = (struct vp_placement){
        .policy = VP_POLICY_DEDICATED, .n_vcpus = 2, .n_iothreads = 1, .emulator = one(live->first)};
    live->placement.vcpus = vp_alloc(2, sizeof(hwloc_bitmap_t));
    live->placement.vcpus[0] = one(live->first);
    live->placement.vcpus[1] = one(live->last);
    live->placement.iothreads = vp_alloc(1, sizeof(hwloc_bitmap_t));
    live->placement.iothreads[0] = one(live->last);
    live->entry.placement = &live->placement;
}

static void start_threads(struct live *live)
{
    VP_CLEANUP(vp_census_done) struct vp_census census = {0};
    live->pid = fork();
    ck_assert_int_ge(live->pid, 0);
    if (live->pid == 0)
        run_threads();
    ck_assert_int_eq(vp_process_read(live->root, live->pid, &live->entry.qemu, NULL), 0);
    for (int tries = 0; tries < 500; tries++) {
        size_t named = 0;
        vp_census_done(&census);
        ck_assert_int_eq(vp_census_read(live->root, &live->entry.qemu, &census, NULL), 0);
        for (size_t i = 0; i < census.n; i++)
            for (size_t k = 0; k < VP_ARRAY_SIZE(comms); k++)
                named += strcmp(census.items[i].comm, comms[k]) == 0;
        if (named == VP_ARRAY_SIZE(comms))
            return;
        (void)usleep(10000);
    }
    ck_abort_msg("the threads did not get their names");
}

/* "KIND INDEX CPUS" of each thread, as the kernel has it. Owned. */
static char *where(const struct live *live)
{
    struct vp_strbuf buf = {0};
    VP_CLEANUP(vp_census_done) struct vp_census census = {0};
    ck_assert_int_eq(vp_census_read(live->root, &live->entry.qemu, &census, NULL), 0);
    for (size_t i = 0; i < census.n; i++) {
        vp_autobitmap set = NULL;
        ck_assert_int_eq(vp_affinity_get(live->root, census.items[i].tid, &set, NULL), 0);
        vp_autofree char *cpus = vp_bitmap_text(set);
        vp_autofree char *item =
            vp_asprintf("%s %u: %s", vp_thread_kind_names[census.items[i].kind], census.items[i].index, cpus);
        vp_strbuf_join(&buf, ", ", item);
    }
    return vp_strbuf_take(&buf);
}

START_TEST(placed_by_affinity)
{
    LIVE live;
    VP_CLEANUP(vp_threadplace_done) struct vp_threadplace result = {0};
    live_open(&live);
    start_threads(&live);
    ck_assert_int_eq(vp_threads_place(live.root, &live.entry, &result, NULL), 0);
    ck_assert_msg(result.n == 5 && result.failed == 0, "%u, %u: %s", result.n, result.failed, result.first);
    vp_autofree char *have = where(&live);
    vp_autofree char *want =
        vp_asprintf("emulator 0: %u, emulator 0: %u, vcpu 0: %u, vcpu 1: %u, iothread 1: %u", live.first,
                    live.first, live.first, live.last, live.last);
    ck_assert_str_eq(have, want);
}
END_TEST

/* Threads of a process that has ended, and of one that has its number now. */
START_TEST(gone)
{
    LIVE live;
    struct vp_threadplace result = {.n = 7};
    live_open(&live);
    start_threads(&live);
    live.entry.qemu.start--;
    ck_assert_int_eq(vp_threads_place(live.root, &live.entry, &result, NULL), -ESRCH);
    live.entry.qemu.start++;
    ck_assert_int_eq(kill(live.pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(live.pid, NULL, 0), live.pid);
    live.pid = 0;
    ck_assert_int_eq(vp_threads_place(live.root, &live.entry, &result, NULL), -ESRCH);
    ck_assert_uint_eq(result.n, 7);
}
END_TEST

static bool has_v1(const struct live *live)
{
    return live->cpusets.separate != NULL && strcmp(live->cpusets.separate, "/sys/fs/cgroup/cpuset") == 0 &&
           access(live->cpusets.separate, W_OK) == 0;
}

static void make_partition(struct live *live)
{
    vp_autofree char *name = vp_asprintf("vp-test-%ld", (long)getpid());
    vp_autofree char *inner = vp_asprintf("<vcpu>2</vcpu><iothreads>1</iothreads>"
                                          "<resource><partition>/%s</partition></resource>",
                                          name);
    vp_autofree char *text = fake_guest(inner);
    live->domain = fake_domain(text, "live");
    live->partition = vp_asprintf("/%s.partition", name);
    partition(live, "cpuset", true);
    partition(live, "cpu", true);
    partition(live, "memory", true);
    copy_file(live, "cpuset.cpus");
    copy_file(live, "cpuset.mems");
}

static char *value_of(const struct live *live, const char *hierarchy, const char *file)
{
    vp_autofree char *path =
        vp_asprintf("/sys/fs/cgroup/%s%s/qemu-1-live.libvirt-qemu/%s", hierarchy, live->partition, file);
    char *value = NULL;
    return vp_means_file.read(live->root, path, &value, NULL) == 0 ? value : vp_strdup("absent");
}

static void check(const struct live *live, const char *hierarchy, const char *file, char *want)
{
    vp_autofree char *have = value_of(live, hierarchy, file);
    ck_assert_msg(strcmp(have, want) == 0, "%s: '%s', not '%s'", file, have, want);
    free(want);
}

static struct vp_limit limit_items[] = {
    {(char *)VP_LIMIT_CPUS, NULL},         {(char *)VP_LIMIT_NODES, (char *)"0"},
    {(char *)"CPUWeight", (char *)"222"},  {(char *)"CPUQuota", (char *)"150%"},
    {(char *)"MemoryMax", (char *)"800M"},
};
static const struct vp_limits limits = {limit_items, VP_ARRAY_SIZE(limit_items), 0};

static void create(struct live *live)
{
    vp_autoerror err = NULL;
    make_partition(live);
    limit_items[0].value = list(hwloc_bitmap_dup(live->allowed));
    const int r = vp_cgroup_create(live->root, &live->entry, &limits, live->domain, false, &err);
    free(vp_take(&limit_items[0].value));
    ck_assert_msg(r == 0, "%s", err ? err->message : "");
}

START_TEST(created_ahead)
{
    LIVE live;
    live_open(&live);
    if (!has_v1(&live))
        return;
    create(&live);
    check(&live, "cpuset", "cpuset.cpus", list(hwloc_bitmap_dup(live.allowed)));
    check(&live, "cpuset", "emulator/cpuset.cpus", numbered(live.first));
    check(&live, "cpuset", "emulator/cpuset.mems", numbered(0));
    check(&live, "cpuset", "vcpu0/cpuset.cpus", numbered(live.first));
    check(&live, "cpuset", "vcpu1/cpuset.cpus", numbered(live.last));
    check(&live, "cpuset", "iothread1/cpuset.cpus", numbered(live.last));
    check(&live, "cpuset", "vcpu2/cpuset.cpus", vp_strdup("absent"));
    check(&live, "cpu", "cpu.shares", numbered(2273));
    check(&live, "cpu", "cpu.cfs_quota_us", numbered(150000));
    check(&live, "memory", "memory.limit_in_bytes", numbered(838860800));
    ck_assert_int_eq(vp_cgroup_remove(live.root, 1, "live", live.domain, false, NULL), 0);
    check(&live, "cpuset", "cpuset.cpus", vp_strdup("absent"));
    check(&live, "memory", "memory.limit_in_bytes", vp_strdup("absent"));
    ck_assert_int_eq(vp_cgroup_remove(live.root, 1, "live", live.domain, false, NULL), 0);
}
END_TEST

/* Below systemd: nothing but cpusets, where its scope will be. */
START_TEST(created_for_a_scope)
{
    LIVE live;
    vp_autoerror err = NULL;
    vp_autofree char *name = vp_asprintf("vp-test-%ld", (long)getpid());
    vp_autofree char *scope = vp_machine_scope(1, name);
    live_open(&live);
    live.entry.name = name;
    if (!has_v1(&live))
        return;
    vp_autodomain domain = fake_domain("<domain><vcpu>2</vcpu></domain>", "no partition");
    vp_autofree char *slice = vp_asprintf("%s/machine.slice", live.cpusets.separate);
    const bool had_slice = access(slice, F_OK) == 0;
    limit_items[0].value = list(hwloc_bitmap_dup(live.allowed));
    const int r = vp_cgroup_create(live.root, &live.entry, &limits, domain, true, &err);
    free(vp_take(&limit_items[0].value));
    ck_assert_msg(r == 0, "%s", err ? err->message : "");
    vp_autofree char *path = vp_asprintf("%s/%s/libvirt/vcpu1/cpuset.cpus", slice, scope);
    vp_autofree char *value = NULL;
    ck_assert_int_eq(vp_means_file.read(live.root, path, &value, NULL), 0);
    vp_autofree char *want = numbered(live.last);
    ck_assert_str_eq(value, want);
    ck_assert_int_eq(vp_cgroup_remove(live.root, 1, name, domain, true, NULL), 0);
    ck_assert_int_lt(access(path, F_OK), 0);
    vp_autofree char *elsewhere = vp_asprintf("/sys/fs/cgroup/memory/machine.slice/%s", scope);
    ck_assert_int_lt(access(elsewhere, F_OK), 0);
    ck_assert(had_slice || rmdir(slice) == 0 || errno == EBUSY);
}
END_TEST

/* A value that the kernel refuses, and a partition that is not there. */
START_TEST(failure_leaves_nothing)
{
    LIVE live;
    vp_autoerror err = NULL;
    live_open(&live);
    if (!has_v1(&live))
        return;
    make_partition(&live);
    limit_items[0].value = (char *)"8191";
    ck_assert_int_lt(vp_cgroup_create(live.root, &live.entry, &limits, live.domain, false, &err), 0);
    limit_items[0].value = NULL;
    ck_assert_msg(strstr(err->message, "qemu-1-live.libvirt-qemu") != NULL, "%s", err->message);
    check(&live, "cpuset", "cpuset.cpus", vp_strdup("absent"));
    vp_autodomain other = fake_domain(
        "<domain><resource><partition>/vp-test-not-there</partition></resource></domain>", "no partition");
    vp_autoerror second = NULL;
    limit_items[0].value = (char *)"0";
    ck_assert_int_eq(vp_cgroup_create(live.root, &live.entry, &limits, other, false, &second), -ENOENT);
    limit_items[0].value = NULL;
}
END_TEST

/* Put the threads into their groups, as libvirt does. */
static void move_in(const struct live *live)
{
    VP_CLEANUP(vp_census_done) struct vp_census census = {0};
    ck_assert_int_eq(vp_census_read(live->root, &live->entry.qemu, &census, NULL), 0);
    for (size_t i = 0; i < census.n; i++) {
        const struct vp_thread *thread = &census.items[i];
        vp_autofree char *number = vp_asprintf("%u", thread->index);
        vp_autofree char *path =
            vp_asprintf("%s%s/qemu-1-live.libvirt-qemu/%s%s/tasks", live->cpusets.separate, live->partition,
                        vp_thread_kind_names[thread->kind], thread->kind == VP_THREAD_EMULATOR ? "" : number);
        vp_autofree char *tid = vp_asprintf("%ld", (long)thread->tid);
        vp_autoerror err = NULL;
        ck_assert_msg(vp_host_write(live->root, path, tid, &err) == 0, "%s", err ? err->message : "");
    }
}

START_TEST(placed_by_cgroup)
{
    LIVE live;
    VP_CLEANUP(vp_threadplace_done) struct vp_threadplace result = {0};
    vp_autoerror err = NULL;
    live_open(&live);
    if (!has_v1(&live))
        return;
    create(&live);
    start_threads(&live);
    move_in(&live);
    /* the other way round than it was created */
    (void)hwloc_bitmap_only(live.placement.vcpus[0], live.last);
    (void)hwloc_bitmap_only(live.placement.vcpus[1], live.first);
    ck_assert_int_eq(vp_threads_place(live.root, &live.entry, &result, NULL), 0);
    ck_assert_msg(result.n == 5 && result.failed == 0, "%u, %u: %s", result.n, result.failed, result.first);
    check(&live, "cpuset", "vcpu0/cpuset.cpus", numbered(live.last));
    check(&live, "cpuset", "vcpu1/cpuset.cpus", numbered(live.first));
    vp_autofree char *have = where(&live);
    vp_autofree char *want =
        vp_asprintf("emulator 0: %u, emulator 0: %u, vcpu 0: %u, vcpu 1: %u, iothread 1: %u", live.first,
                    live.first, live.last, live.first, live.last);
    ck_assert_str_eq(have, want);
    /* its processes keep a cgroup that a release would remove */
    ck_assert_int_lt(vp_cgroup_remove(live.root, 1, "live", live.domain, false, &err), 0);
    check(&live, "cpuset", "vcpu0/cpuset.cpus", numbered(live.last));
}
END_TEST

/* A dedicated guest that is nowhere to be seen owns the last CPU: the threads leave it, and come back. */
static void squeeze(struct live *live, const struct vp_topology *topology, bool owned, char **ret_where)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    struct vp_placement place = {.policy = VP_POLICY_DEDICATED};
    struct vp_entry db = {.name = (char *)"db", .placement = &place};
    struct vp_entry *items[] = {&live->entry, &db};
    const struct vp_entries entries = {.items = items, .n = owned ? 2 : 1};
    vp_autobitmap nobody = vp_bitmap_new();
    vp_autooccupied occupied = vp_occupied_new(topology, nobody);
    if (owned)
        (void)hwloc_bitmap_set(occupied->dedicated, live->last);
    live->entry.placement = NULL;
    ck_assert_int_eq(vp_wish_pool(live->root, topology, occupied, &entries, &wishes, NULL), 0);
    for (size_t i = 0; i < wishes.n; i++) {
        vp_autofree char *before = NULL;
        vp_autoerror err = NULL;
        const struct vp_wish *it = &wishes.items[i];
        ck_assert_int_eq(it->means->read(live->root, it->target, &before, NULL), 0);
        ck_assert_msg(it->means->write(live->root, it->target, it->value, &err) == 0, "%s",
                      err ? err->message : "");
    }
    *ret_where = where(live);
}

START_TEST(squeezed)
{
    LIVE live;
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *host = NULL;
    vp_autotopology topology = NULL;
    vp_autofree char *have = NULL;
    live_open(&live);
    if (live.first == live.last)
        return;
    ck_assert_int_eq(vp_host_open("live", live.root, &host, NULL), 0);
    ck_assert_int_eq(vp_topology_read(host, &topology, NULL), 0);
    if (_i == 1 && !has_v1(&live))
        return;
    if (_i == 1)
        create(&live);
    start_threads(&live);
    if (_i == 1)
        move_in(&live);
    squeeze(&live, topology, true, &have);
    vp_autobitmap rest = hwloc_bitmap_dup(topology->allowed);
    (void)hwloc_bitmap_clr(rest, live.last);
    vp_autofree char *cpus = vp_bitmap_text(rest);
    vp_autofree char *want =
        vp_asprintf("emulator 0: %s, emulator 0: %s, vcpu 0: %s, vcpu 1: %s, iothread 1: %s", cpus, cpus,
                    cpus, cpus, cpus);
    ck_assert_str_eq(have, want);
}
END_TEST

int main(void)
{
    static const int ways[] = {0, 1};
    const struct vp_test tests[] = {
        VP_TEST(placed_by_affinity),     VP_TEST(gone),
        VP_TEST(created_ahead),          VP_TEST(created_for_a_scope),
        VP_TEST(failure_leaves_nothing), VP_TEST(placed_by_cgroup),
        VP_TEST_ROWS(squeezed, ways),
    };
    if (geteuid() != 0) {
        puts("skipped: it needs root");
        return SKIPPED;
    }
    return vp_test_run("live", tests, VP_ARRAY_SIZE(tests));
}
