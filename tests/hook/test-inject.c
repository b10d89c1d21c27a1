/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inject.h"

#include "../host/irqhost.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * The whole life of a guest on a made-up host, told by the hook's operations, in which each write fails in
 * turn: of the kernel's files, the ledger and the journal. Nobody's start fails who did not ask for it, what
 * failed is told, and in the end every file is as it was. test-inject-cgroup.c does so to cgroups.
 */
#define PROFILE                                                                                              \
    "[profile]\nsummary = all\nenforce = %s\n[cpu]\nplacement = dedicated\ncgroup-weight = 300\n"            \
    "[memory]\nhugepages = 2M\nhugepages-grow = yes\n[irq]\nothers = off-dedicated\n"                        \
    "[ksm]\nrun = run\npages-to-scan = 1250\n[kernel]\nswappiness = 10\n[thp]\ndefrag = never\n"
#define DOMAIN(name, number)                                                                                 \
    "<domain type='kvm' id='" number "'><name>" name                                                         \
    "</name><uuid>6f1c0a0e-0000-4000-8000-00000000000" number                                                \
    "</uuid><metadata><vp:profile xmlns:vp='urn:virt-profile:domain:1' name='all'/></metadata>"              \
    "<memory unit='KiB'>8192</memory><memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages>"   \
    "</memoryBacking><vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os></domain>"

static const struct inject_guest guest = {"g", DOMAIN("g", "7")};
static const struct inject how = {.kinds = INJECT_WRITE | INJECT_RENAME | INJECT_SYNC | INJECT_OPEN |
                                           INJECT_MAKE | INJECT_REMOVE};

static const char *const files[] = {
    "/proc/sys/vm/swappiness",
    "60\n",
    "/proc/irq/default_smp_affinity",
    "f\n",
    "/sys/kernel/mm/ksm/run",
    "0\n",
    "/sys/kernel/mm/ksm/pages_to_scan",
    "100\n",
    "/sys/kernel/mm/transparent_hugepage/defrag",
    "madvise\n",
    "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages",
    "1\n",
    "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages",
    "1\n",
    "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
    "1\n",
    "/run/systemd/system/other.conf",
    "",
    "/run/systemd/machines/other",
    "",
    "/run/libvirt/qemu/other",
    "",
    "/proc/77/stat",
    "77 (qemu) S 1 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 999999999999 1000 10\n",
    "/proc/77/task/77/comm",
    "qemu-system-x86\n",
    "/proc/77/task/77/stat",
    "77 (qemu) S 1 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 999999999999 1000 10\n",
};

/* Interrupts that may be moved. */
static void make_irqs(const struct fake *fake)
{
    vp_autofree char *note = vp_asprintf("%s/run/virt-profile/irq-fixed", fake->folder);
    (void)unlink(note);
    irqhost_irq(fake, 24, "eth0", NULL, "1-2");
    irqhost_irq(fake, 25, "eth1", NULL, "0-3");
}

static void make_host(const struct fake *fake, const char *enforce)
{
    vp_autofree char *profile = vp_asprintf(PROFILE, enforce);
    for (size_t i = 0; i < VP_ARRAY_SIZE(files); i += 2)
        fake_file(fake, files[i], files[i + 1]);
    make_irqs(fake);
    fake_file(fake, VP_SYSCONFDIR "/profiles/all.profile", profile);
}

static void start(const struct fake *fake, bool run)
{
    fake_file(fake, "/run/libvirt/qemu/g.pid", "77");
    if (run)
        ck_assert_int_eq(inject_hook(fake, &guest, "started", 0, 0, NULL), 0);
}

static void end(const struct fake *fake)
{
    vp_autofree char *pid = vp_asprintf("%s/run/libvirt/qemu/g.pid", fake->folder);
    (void)unlink(pid);
    ck_assert_int_eq(inject_hook(fake, &guest, "release", 0, 0, NULL), 0);
}

/* Open a host, and see that a life without failures changes it and leaves nothing. Owned. */
static char *open_host(struct fake *fake, const char *enforce)
{
    inject_open(fake, &how);
    make_host(fake, enforce);
    char *before = inject_snapshot(fake);
    vp_autofree char *told = NULL;
    const int r = inject_hook(fake, &guest, "prepare", 0, 0, &told);
    ck_assert_msg(r == 0, "%d: %.500s%.1500s", r, told, trap->said);
    start(fake, true);
    vp_autofree char *during = inject_snapshot(fake);
    static const char *const changed[] = {"swappiness: 3: 10", "ksm/run: 2: 1",
                                          "node0/hugepages/hugepages-2048kB/nr_hugepages: 2: 4",
                                          "24/smp_affinity_list: 2: 2", "50-virt-profile.conf"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(changed); i++)
        ck_assert_msg(strstr(during, changed[i]) != NULL, "no '%s': %.1500s", changed[i], trap->said);
    end(fake);
    inject_same(fake, before, "nothing", 0, "");
    return before;
}

START_TEST(prepare)
{
    FAKE fake;
    vp_autofree char *before = open_host(&fake, "start");
    int at = 1;
    for (;; at++) {
        vp_autofree char *told = NULL;
        const int r = inject_hook(&fake, &guest, "prepare", at, inject_codes[_i], &told);
        vp_autofree char *hit = vp_strdup(trap->hit);
        ck_assert_msg(r == 0, "write %d, '%s': %d: %s", at, hit, r, told);
        if (*hit != '\0')
            inject_told("prepare", at, told);
        end(&fake);
        inject_same(&fake, before, "prepare", at, hit);
        if (*hit == '\0')
            break;
    }
    ck_assert_int_gt(at, 20);
    inject_close();
}
END_TEST

/* Who must not start without all of it is refused, and then there is nothing to undo. */
START_TEST(strict)
{
    FAKE fake;
    vp_autofree char *before = open_host(&fake, "refuse");
    int at = 1;
    int refused = 0;
    for (;; at++) {
        vp_autofree char *told = NULL;
        const int code = inject_codes[at % (int)VP_ARRAY_SIZE(inject_codes)];
        const int r = inject_hook(&fake, &guest, "prepare", at, code, &told);
        vp_autofree char *hit = vp_strdup(trap->hit);
        ck_assert_msg(r == 0 || (r == 1 && vp_starts(told, "virt-profile: ")), "write %d, '%s': %d: %s", at,
                      hit, r, told);
        if (*hit != '\0')
            inject_told("prepare", at, told);
        if (r == 1)
            inject_same(&fake, before, "refused", at, hit);
        refused += r;
        end(&fake);
        inject_same(&fake, before, "prepare", at, hit);
        if (*hit == '\0')
            break;
    }
    ck_assert_int_gt(refused, 1);
    ck_assert_int_lt(refused, at - 1);
    inject_close();
}
END_TEST

static const char *const later[] = {"started", "release"};

/* What cannot be put back is, by the next hook. */
START_TEST(afterwards)
{
    FAKE fake;
    vp_autofree char *before = open_host(&fake, "start");
    const char *operation = later[_i];
    int at = 1;
    for (;; at++) {
        ck_assert_int_eq(inject_hook(&fake, &guest, "prepare", 0, 0, NULL), 0);
        start(&fake, _i > 0);
        const int code = inject_codes[at % (int)VP_ARRAY_SIZE(inject_codes)];
        const int r = inject_hook(&fake, &guest, operation, at, code, NULL);
        vp_autofree char *hit = vp_strdup(trap->hit);
        ck_assert_msg(r == 0, "%s, write %d, '%s': %d", operation, at, hit, r);
        if (*hit != '\0')
            inject_told(operation, at, "");
        ck_assert_int_eq(inject_hook(&fake, &guest, "prepare", 0, 0, NULL), 0);
        end(&fake);
        /* After that one the kernel's word holds, and the interrupt stays where it is. */
        if (code == EIO && strstr(hit, "/smp_affinity_list") != NULL)
            make_irqs(&fake);
        inject_same(&fake, before, operation, at, hit);
        if (*hit == '\0')
            break;
    }
    ck_assert_int_gt(at, 5);
    inject_close();
}
END_TEST

/* What a guest that died leaves and nobody can take away yet does not keep another one from starting. */
START_TEST(left_by_others)
{
    static const char *const dropins[] = {"/run/systemd/system/machine-qemu", NULL};
    static const struct inject_guest other = {"h", DOMAIN("h", "8")};
    FAKE fake;
    vp_autofree char *told = NULL;
    vp_autofree char *before = open_host(&fake, "refuse");
    ck_assert_int_eq(inject_hook(&fake, &guest, "prepare", 0, 0, NULL), 0);
    start(&fake, true);
    irqhost_remove(&fake, "/proc/77");
    irqhost_remove(&fake, "/run/libvirt/qemu/g.pid");
    trap->how = (struct inject){.kinds = INJECT_REMOVE, .below = dropins, .lasts = true};
    const int r = inject_hook(&fake, &other, "prepare", 1, EBUSY, &told);
    ck_assert_msg(r == 0, "%d: %.500s%.1500s", r, told, trap->said);
    ck_assert_str_ne(trap->hit, "");
    ck_assert_msg(strstr(trap->said, "left") != NULL, "%.1500s", trap->said);
    trap->how = how;
    ck_assert_int_eq(inject_hook(&fake, &other, "release", 0, 0, NULL), 0);
    inject_same(&fake, before, "prepare", 1, "a drop-in of another guest");
    inject_close();
}
END_TEST

VP_TEST_MAIN("inject", VP_TEST_ROWS(prepare, inject_codes), VP_TEST(strict), VP_TEST_ROWS(afterwards, later),
             VP_TEST(left_by_others))
