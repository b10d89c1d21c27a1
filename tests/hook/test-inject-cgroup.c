/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inject.h"

#include "../host/qemu.h"
#include "cgroupfs.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/*
 * The limits of a guest in the life of a host, as libcgroup and the hook make them: each folder that is made,
 * each value that is written, each group that is removed fails in turn. A second guest floats beside it and
 * has to make room. See test-inject.c for the rest of the host.
 */
#define SKIPPED 77

static const struct world {
    const char *name;
    bool unified, systemd;
    const char *group;     /* of a guest: number, name */
    const char *threads;   /* below it: what the groups of its threads are in */
    int writes;            /* at least that many in `prepare` */
    const char *limits[8]; /* what is there once a guest is prepared; below the group or the drop-in's text */
} worlds[] = {
    {"cgroup v1",
     false,
     false,
     "/machine/qemu-%u-%s.libvirt-qemu",
     "",
     15,
     {"vcpu0/cpuset.cpus: 2: 1", "/cpu.shares: 5: 3072", "/cpu.cfs_quota_us: 6: 80000",
      "/memory.limit_in_bytes: 11: 1073741824", "/blkio.bfq.weight: 5: 1000"}},
    {"cgroup v1 and systemd",
     false,
     true,
     "/machine.slice/machine-qemu\\x2d%u\\x2d%s.scope",
     "/libvirt",
     5,
     {"vcpu0/cpuset.cpus: 2: 1", "50-virt-profile.conf"}},
    {"cgroup v2",
     true,
     false,
     "/machine/qemu-%u-%s.libvirt-qemu",
     "",
     15,
     {"/cpuset.cpus: 4: 0-1", "/cpu.weight: 4: 300", "/cpu.max: 13: 80000 100000",
      "/memory.max: 11: 1073741824", "/io.weight: 12: default 200"}},
    {"cgroup v2 and systemd",
     true,
     true,
     "/machine.slice/machine-qemu\\x2d%u\\x2d%s.scope",
     "/libvirt",
     5,
     {"50-virt-profile.conf"}},
};

#define PROFILE                                                                                              \
    "[profile]\nsummary = all\nenforce = %s\n[cpu]\nplacement = dedicated\ncgroup-weight = 300\n"            \
    "cgroup-quota = 80\n[memory]\ncgroup-max = 1G\n[disk]\ncgroup-weight = 200\ncgroup-read-iops = 300\n"    \
    "cgroup-write-iops = 400\n"
#define ABSENT "[profile]\nsummary = no cgroups\n[cpu]\ncgroup-weight = 300\n[kernel]\nswappiness = 10\n"
#define FLOATS "[profile]\nsummary = anywhere\n[cpu]\nplacement = shared\n"
#define GUEST(name, id, profile)                                                                             \
    "<domain type='kvm' id='" id "'><name>" name "</name>"                                                   \
    "<uuid>6f1c0a0e-0000-4000-8000-00000000000" id "</uuid><metadata>"                                       \
    "<vp:profile xmlns:vp='urn:virt-profile:domain:1' name='" profile "'/></metadata>"                       \
    "<memory unit='KiB'>8192</memory><vcpu>1</vcpu><iothreads>1</iothreads>"                                 \
    "<os><type arch='x86_64' machine='q35'>hvm</type></os><devices><disk type='file' device='disk'>"         \
    "<driver name='qemu' type='raw'/><source file='/disk.raw'/><target dev='vda' bus='virtio'/></disk>"      \
    "</devices></domain>"

/* One that runs, or may. */
static const struct run {
    struct inject_guest guest;
    unsigned id;
    pid_t pid;
} own = {{"g", GUEST("g", "7", "all")}, 7, 77}, beside = {{"o", GUEST("o", "3", "floats")}, 3, 33},
  next = {{"n", GUEST("n", "8", "floats")}, 8, 88};

#define CHANGES (INJECT_WRITE | INJECT_RENAME | INJECT_SYNC | INJECT_MAKE | INJECT_REMOVE)

static const char *const below[] = {"/sys/fs/cgroup/", "/run/systemd/system/machine-qemu", NULL};
static const struct world *world;

static char *group_of(const struct run *run)
{
    vp_autofree char *id = vp_asprintf("%u", run->id);
    struct vp_strbuf buf = {0};
    const char *at = world->group;
    for (const char *percent = strchr(at, '%'); percent != NULL; percent = strchr(at, '%')) {
        vp_strbuf_addn(&buf, at, (size_t)(percent - at));
        vp_strbuf_add(&buf, percent[1] == 'u' ? id : run->guest.name);
        at = percent + 2;
    }
    vp_strbuf_add(&buf, at);
    return vp_strbuf_take(&buf);
}

/* libvirt makes the groups of threads anew, and QEMU is there. */
static void run(const struct fake *fake, const struct run *run)
{
    static const char *const threads[] = {"emulator", "vcpu0", "iothread1"};
    static const char *const comms[] = {"qemu-system-x86", "CPU 0/KVM", "IO iothread1"};
    vp_autofree char *group = group_of(run);
    vp_autofree char *line =
        vp_asprintf("%s%s%s/emulator\n", world->unified ? "0::" : "3:cpuset:", group, world->threads);
    vp_autofree char *pid = vp_asprintf("/run/libvirt/qemu/%s.pid", run->guest.name);
    vp_autofree char *number = vp_asprintf("%ld", (long)run->pid);
    vp_autofree char *groups = vp_asprintf("/proc/%ld/cgroup", (long)run->pid);
    for (size_t i = 0; i < VP_ARRAY_SIZE(threads); i++) {
        vp_autofree char *one = vp_asprintf("%s%s/%s", group, world->threads, threads[i]);
        vp_autofree char *cpus =
            vp_asprintf("/sys/fs/cgroup%s%s/cpuset.cpus", world->unified ? "" : "/cpuset", one);
        cgroupfs_make(fake, one);
        fake_file(fake, cpus, "0-3\n");
        qemu_thread(fake, run->pid, run->pid + (pid_t)i, comms[i]);
    }
    qemu_process(fake, run->pid, 4000000000u);
    fake_file(fake, groups, line);
    fake_file(fake, pid, number);
}

static void forget(const struct fake *fake, const char *path)
{
    vp_autofree char *full = vp_asprintf("%s%s", fake->folder, path);
    (void)remove(full);
}

/* QEMU is gone. */
static void die(const struct fake *fake, const struct run *run)
{
    static const char *const names[] = {"stat", "cgroup", "comm", "task/%ld/comm"};
    vp_autofree char *pid = vp_asprintf("/run/libvirt/qemu/%s.pid", run->guest.name);
    forget(fake, pid);
    for (size_t i = 0; i < 3; i++) {
        vp_autofree char *file = vp_asprintf("/proc/%ld/%s", (long)run->pid, names[i]);
        vp_autofree char *comm =
            vp_asprintf("/proc/%ld/task/%ld/comm", (long)run->pid, (long)run->pid + (long)i);
        forget(fake, file);
        forget(fake, comm);
    }
}

static void call(const struct fake *fake, const struct run *run, const char *operation)
{
    vp_autofree char *told = NULL;
    const int r = inject_hook(fake, &run->guest, operation, 0, 0, &told);
    ck_assert_msg(r == 0, "%s: %s of '%s': %d: %s%s", world->name, operation, run->guest.name, r, told,
                  trap->said);
}

/* It ends; libvirt takes away what it knows of. */
static void end(const struct fake *fake, const struct run *run)
{
    vp_autofree char *group = group_of(run);
    die(fake, run);
    cgroupfs_remove(fake, group);
    call(fake, run, "release");
}

static void make_host(const struct fake *fake, const char *enforce)
{
    vp_autofree char *profile = vp_asprintf(PROFILE, enforce);
    fake_file(fake, VP_SYSCONFDIR "/profiles/all.profile", profile);
    fake_file(fake, VP_SYSCONFDIR "/profiles/floats.profile", FLOATS);
    fake_file(fake, "/run/libvirt/qemu/other", "");
    if (world->systemd) {
        fake_file(fake, "/run/systemd/system/other.conf", "");
        fake_file(fake, "/run/systemd/machines/other", "");
    }
    /* A disk whose node in /dev says its number: one that is made would take more rights. */
    fake_file(fake, "/disk.raw", "");
    fake_file(fake, "/sys/dev/block/8:0/uevent", "DEVTYPE=disk\nDEVNAME=block/8:0\n");
    cgroupfs_mount(fake, world->unified);
    /* libvirt or systemd made it for the first guest, and it stays. */
    cgroupfs_make(fake, world->systemd ? "/machine.slice" : "/machine");
}

/* libvirt lets groups have controllers by itself, and leaves it at that. */
static void settle(const struct fake *fake)
{
    if (!world->unified || world->systemd)
        return;
    cgroupfs_enable(fake, "/machine", "cpuset");
    cgroupfs_enable(fake, "", "cpuset");
}

/* libvirtd is this process: what it began is over once another one runs. */
static void libvirtd(const struct fake *fake, unsigned start)
{
    qemu_process(fake, getpid(), start);
}

/* A host on which a guest floats; that another one comes and goes leaves nothing. Owned. */
static char *open_host(struct fake *fake, const struct world *where, const char *enforce, unsigned kinds,
                       bool spreads)
{
    const struct inject how = {
        .kinds = kinds,
        .below = below,
        .live = true,
        .lasts = true,
        .spreads = spreads,
    };
    world = where;
    inject_open(fake, &how);
    make_host(fake, enforce);
    libvirtd(fake, 1000);
    call(fake, &beside, "prepare");
    run(fake, &beside);
    call(fake, &beside, "started");
    settle(fake);
    char *before = inject_snapshot(fake);
    call(fake, &own, "prepare");
    vp_autofree char *during = inject_snapshot(fake);
    for (size_t i = 0; world->limits[i] != NULL; i++)
        ck_assert_msg(strstr(during, world->limits[i]) != NULL, "%s: no '%s': %.900s%.2000s", world->name,
                      world->limits[i], trap->said, during);
    run(fake, &own);
    call(fake, &own, "started");
    end(fake, &own);
    settle(fake);
    inject_same(fake, before, world->name, 0, "nothing");
    return before;
}

static int code_of(int at)
{
    return inject_codes[at % (int)VP_ARRAY_SIZE(inject_codes)];
}

/* Who removes what is gone has nothing to tell. */
static bool failed(void)
{
    return *trap->hit != '\0' && !(trap->kind == INJECT_REMOVE && trap->code == ENOENT);
}

/* One write of `prepare` fails for a guest that starts all the same. false: there are not so many. */
static bool start_once(const struct fake *fake, const char *before, int at, int code)
{
    vp_autofree char *told = NULL;
    const int r = inject_hook(fake, &own.guest, "prepare", at, code, &told);
    vp_autofree char *hit = vp_strdup(trap->hit);
    ck_assert_msg(r == 0 && *told == '\0', "%s, write %d, '%s': %d: %s", world->name, at, hit, r, told);
    if (failed()) {
        inject_told(world->name, at, told);
        ck_assert_msg(strstr(trap->said, "starts without all that profile 'all' promises") != NULL,
                      "%s, write %d, '%s': %.1500s", world->name, at, hit, trap->said);
    }
    call(fake, &own, "release");
    settle(fake);
    inject_same(fake, before, world->name, at, hit);
    return *hit != '\0';
}

START_TEST(starts)
{
    FAKE fake;
    vp_autofree char *before = open_host(&fake, &worlds[_i], "start", CHANGES, false);
    int at = 0;
    for (bool more = true; more;) {
        at++;
        for (size_t i = 0; i < VP_ARRAY_SIZE(inject_codes); i++)
            more = start_once(&fake, before, at, inject_codes[i]);
    }
    ck_assert_int_gt(at, world->writes);
    inject_close();
}
END_TEST

/* From one on, no write works any more, nor does it to take back what was done. */
START_TEST(hopeless)
{
    FAKE fake;
    vp_autofree char *before = open_host(&fake, &worlds[_i], "start", CHANGES | INJECT_OPEN, true);
    int at = 1;
    while (start_once(&fake, before, at, code_of(at)))
        at++;
    ck_assert_int_gt(at, world->writes);
    inject_close();
}
END_TEST

START_TEST(refused)
{
    FAKE fake;
    vp_autofree char *before = open_host(&fake, &worlds[_i], "refuse", CHANGES | INJECT_OPEN, false);
    int at = 1;
    for (;; at++) {
        vp_autofree char *told = NULL;
        const int r = inject_hook(&fake, &own.guest, "prepare", at, code_of(at), &told);
        vp_autofree char *hit = vp_strdup(trap->hit);
        ck_assert_msg(r == failed(), "%s, write %d, '%s': %d: %s", world->name, at, hit, r, told);
        if (r == 1) {
            ck_assert_msg(vp_starts(told, "virt-profile: domain 'g' is refused"), "%s", told);
            *trap->said = '\0';
            inject_told(world->name, at, told);
            settle(&fake);
            inject_same(&fake, before, world->name, at, hit);
        }
        call(&fake, &own, "release");
        settle(&fake);
        inject_same(&fake, before, world->name, at, hit);
        if (*hit == '\0')
            break;
    }
    ck_assert_int_gt(at, world->writes);
    inject_close();
}
END_TEST

/* Its threads are not put where they belong, or those of another not elsewhere. */
START_TEST(started)
{
    FAKE fake;
    vp_autofree char *before = open_host(&fake, &worlds[_i], "start", CHANGES | INJECT_OPEN, false);
    int at = 1;
    for (;; at++) {
        call(&fake, &own, "prepare");
        run(&fake, &own);
        const int r = inject_hook(&fake, &own.guest, "started", at, code_of(at), NULL);
        vp_autofree char *hit = vp_strdup(trap->hit);
        ck_assert_msg(r == 0, "%s, write %d, '%s': %d", world->name, at, hit, r);
        if (failed())
            inject_told(world->name, at, "");
        end(&fake, &own);
        settle(&fake);
        inject_same(&fake, before, world->name, at, hit);
        if (*hit == '\0')
            break;
    }
    ck_assert_int_gt(at, 1);
    inject_close();
}
END_TEST

/* What cannot be taken back after a failed start is, by another guest's hook. false: there is not so much. */
static bool release_once(const struct fake *fake, const char *before, int at, int code)
{
    call(fake, &own, "prepare");
    const int r = inject_hook(fake, &own.guest, "release", at, code, NULL);
    vp_autofree char *hit = vp_strdup(trap->hit);
    ck_assert_msg(r == 0, "%s, write %d, '%s': %d", world->name, at, hit, r);
    if (failed())
        inject_told(world->name, at, "");
    libvirtd(fake, 2000);
    call(fake, &next, "prepare");
    call(fake, &next, "release");
    libvirtd(fake, 1000);
    settle(fake);
    inject_same(fake, before, world->name, at, hit);
    return *hit != '\0';
}

START_TEST(released)
{
    FAKE fake;
    vp_autofree char *before = open_host(&fake, &worlds[_i], "start", CHANGES | INJECT_OPEN, false);
    int at = 0;
    for (bool more = true; more;) {
        at++;
        for (size_t i = 0; i < VP_ARRAY_SIZE(inject_codes); i++)
            more = release_once(&fake, before, at, inject_codes[i]);
    }
    ck_assert_int_gt(at, 2);
    inject_close();
}
END_TEST

/* A host that has no cgroups, as in a container, gives back the rest. */
START_TEST(absent)
{
    FAKE fake;
    const struct inject how = {.live = true};
    world = &worlds[0];
    inject_open(&fake, &how);
    make_host(&fake, "start");
    fake_file(&fake, "/proc/mounts", "proc /proc proc rw 0 0\n");
    fake_file(&fake, "/proc/self/mountinfo", "22 1 8:0 / / rw,relatime - ext4 /dev/sda rw\n");
    fake_file(&fake, "/proc/sys/vm/swappiness", "60\n");
    fake_file(&fake, VP_SYSCONFDIR "/profiles/all.profile", ABSENT);
    vp_autofree char *before = inject_snapshot(&fake);
    call(&fake, &own, "prepare");
    ck_assert_msg(strstr(trap->said, "without all that profile 'all' promises: cannot look for cgroups") !=
                      NULL,
                  "%s", trap->said);
    vp_autofree char *during = inject_snapshot(&fake);
    ck_assert_ptr_nonnull(strstr(during, "swappiness: 3: 10"));
    call(&fake, &own, "release");
    ck_assert_ptr_null(strstr(trap->said, "cannot"));
    inject_same(&fake, before, "release", 0, "");
    inject_close();
}
END_TEST

int main(void)
{
    const struct vp_test tests[] = {
        VP_TEST_ROWS(starts, worlds),  VP_TEST_ROWS(hopeless, worlds), VP_TEST_ROWS(refused, worlds),
        VP_TEST_ROWS(started, worlds), VP_TEST_ROWS(released, worlds), VP_TEST(absent),
    };
    if (!inject_may_chroot()) {
        printf("SKIP: this process can have no root folder of its own\n");
        return SKIPPED;
    }
    return vp_test_run("inject-cgroup", tests, VP_ARRAY_SIZE(tests));
}
