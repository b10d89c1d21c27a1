/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "host/irqhost.h"
#include "irq.h"
#include "strbuf.h"

/* What the next writes to the host give instead; linked in place of vp_host_write(). */
static struct {
    int code;
    unsigned writes;
    const struct fake *unplug; /* and the interrupt goes meanwhile */
} trap;

int __real_vp_host_write(const struct vp_root *root, const char *path, const char *value,
                         struct vp_error **err);
int __wrap_vp_host_write(const struct vp_root *root, const char *path, const char *value,
                         struct vp_error **err);

int __wrap_vp_host_write(const struct vp_root *root, const char *path, const char *value,
                         struct vp_error **err)
{
    trap.writes++;
    if (trap.unplug != NULL)
        irqhost_drop(trap.unplug, 35, "0000:01:00.0");
    if (trap.code != 0)
        return vp_fail(err, trap.code, "cannot write '%s' to '%s': %m", value, path);
    return __real_vp_host_write(root, path, value, err);
}

static void make(const struct fake *fake)
{
    fake_file(fake, "/proc/irq/default_smp_affinity", "f\n");
    irqhost_irq(fake, 9, "acpi", NULL, "0-3");
    irqhost_irq(fake, 10, "", NULL, "0-3");
    irqhost_irq(fake, 35, "nvme0q1", "0000:01:00.0", "2");
    irqhost_irq(fake, 36, "nvme0q2", "0000:01:00.0", "3");
    irqhost_irq(fake, 120, "vfio-msix[0](0000:81:00.1)", "0000:81:00.1", "0-127,200");
    irqhost_irq(fake, 121, "vfio-msix[1](0000:81:00.1)", "0000:81:00.1", "0-3");
    irqhost_irq(fake, 122, "", "0000:81:00.1", "0-3");
    fake_file(fake, "/sys/bus/pci/devices/0000:02:00.0/irq", "9\n");
}

static char *text_of(const struct vp_irqs *irqs)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < irqs->n; i++) {
        vp_autofree char *cpus = vp_bitmap_text(irqs->items[i].cpus);
        vp_strbuf_addf(&buf, "%u %s %s%s; ", irqs->items[i].number, irqs->items[i].action, cpus,
                       irqs->items[i].fixed ? " fixed" : "");
    }
    return vp_strbuf_take(&buf);
}

static void check_irqs(const struct fake *fake, const char *address, const char *expect)
{
    VP_CLEANUP(vp_irqs_done) struct vp_irqs irqs = {0};
    const int r = address != NULL ? vp_irqs_of_pci(fake->root, address, &irqs, NULL)
                                  : vp_irqs_read(fake->root, &irqs, NULL);
    ck_assert_int_eq(r, 0);
    vp_autofree char *text = text_of(&irqs);
    ck_assert_str_eq(text, expect);
}

START_TEST(census)
{
    FAKE fake;
    fake_open(&fake);
    make(&fake);
    check_irqs(&fake, NULL,
               "9 acpi 0-3; 35 nvme0q1 2; 36 nvme0q2 3; 120 vfio-msix[0](0000:81:00.1) 0-127,200; "
               "121 vfio-msix[1](0000:81:00.1) 0-3; ");
    check_irqs(&fake, "0000:01:00.0", "35 nvme0q1 2; 36 nvme0q2 3; ");
    check_irqs(&fake, "0000:81:00.1",
               "120 vfio-msix[0](0000:81:00.1) 0-127,200; 121 vfio-msix[1](0000:81:00.1) 0-3; ");
    /* Not message-signalled. */
    check_irqs(&fake, "0000:02:00.0", "9 acpi 0-3; ");
    check_irqs(&fake, "0000:99:00.0", "");
}
END_TEST

/* A kernel without /sys/kernel/irq names actions by folders. */
START_TEST(old_kernel)
{
    FAKE fake;
    fake_open(&fake);
    make(&fake);
    irqhost_remove(&fake, "/sys/kernel/irq");
    fake_file(&fake, "/proc/irq/35/nvme0q1/in", "");
    check_irqs(&fake, NULL, "35 nvme0q1 2; ");
}
END_TEST

START_TEST(find)
{
    FAKE fake;
    VP_CLEANUP(vp_irqs_done) struct vp_irqs irqs = {0};
    ck_assert_ptr_null(vp_irqs_find(&irqs, 1));
    fake_open(&fake);
    make(&fake);
    ck_assert_int_eq(vp_irqs_read(fake.root, &irqs, NULL), 0);
    ck_assert_str_eq(vp_irqs_find(&irqs, 35)->action, "nvme0q1");
    ck_assert_ptr_null(vp_irqs_find(&irqs, 10));
    ck_assert_ptr_null(vp_irqs_find(&irqs, 1000));
}
END_TEST

static const struct {
    const char *action;
    bool is;
    unsigned vector;
} actions[] = {
    {"vfio-msix[0](0000:81:00.1)", true, 0},
    {"vfio-msix[64](0000:81:00.1)", true, 64},
    {"vfio-msi[3](0000:01:00.0)", true, 3},
    {"vfio-intx(0000:01:00.0)", true, 0},
    {"vfio-msi", false, 7},
    {"vfio-msi[](0000:01:00.0)", false, 7},
    {"vfio-msi[x](0000:01:00.0)", false, 7},
    {"vfio-msi[99999999999]", false, 7},
    {"nvme0q1", false, 7},
    {"eth0-TxRx-3", false, 7},
    {"i915[3]", false, 7},
};

START_TEST(vfio)
{
    vp_autofree char *action = vp_strdup(actions[_i].action);
    const struct vp_irq irq = {.action = action};
    unsigned vector = 7;
    ck_assert_msg(vp_irq_is_vfio(&irq, &vector) == actions[_i].is, "%s", action);
    ck_assert_msg(vector == actions[_i].vector, "%s: %u", action, vector);
}
END_TEST

static char *target_of(const struct fake *fake, unsigned number)
{
    VP_CLEANUP(vp_irqs_done) struct vp_irqs irqs = {0};
    ck_assert_int_eq(vp_irqs_read(fake->root, &irqs, NULL), 0);
    ck_assert_ptr_nonnull(vp_irqs_find(&irqs, number));
    return vp_strdup(vp_irqs_find(&irqs, number)->target);
}

START_TEST(means)
{
    FAKE fake;
    vp_autofree char *value = NULL;
    vp_autoerror err = NULL;
    fake_open(&fake);
    make(&fake);
    vp_autofree char *target = target_of(&fake, 120);
    ck_assert_int_eq(strncmp(target, "irq/120@", 8), 0);
    ck_assert_int_eq(vp_means_irq.read(fake.root, target, &value, NULL), 0);
    ck_assert_str_eq(value, "0-127,200");
    ck_assert(vp_means_irq.same(value, "200,0-100,101-127"));
    ck_assert_int_eq(vp_means_irq.write(fake.root, target, "64-127", &err), 0);
    vp_autofree char *now = irqhost_cpus(&fake, 120);
    ck_assert_str_eq(now, "64-127");
}
END_TEST

static const char *const bad_targets[] = {"",        "irq/",     "irq/120", "irq/@1",
                                          "irq/x@1", "irq/120@", "120@1",   "irq/-1@1"};

START_TEST(no_target)
{
    FAKE fake;
    vp_autoerror err = NULL;
    char *value = (char *)&fake;
    fake_open(&fake);
    make(&fake);
    ck_assert_int_eq(vp_means_irq.read(fake.root, bad_targets[_i], &value, &err), -EINVAL);
    ck_assert_ptr_eq(value, (char *)&fake);
    ck_assert_int_eq(vp_means_irq.write(fake.root, bad_targets[_i], "0", NULL), -EINVAL);
}
END_TEST

/* The kernel refuses once; nobody tries again, until another driver has the number. */
START_TEST(managed)
{
    static const int codes[] = {EIO, EPERM};
    FAKE fake;
    vp_autoerror err = NULL;
    fake_open(&fake);
    make(&fake);
    fake_file(&fake, "/run/virt-profile/irq-fixed", "4 timer\n350 nvme9q1\n");
    vp_autofree char *target = target_of(&fake, 35);
    trap.code = codes[_i];
    ck_assert_int_eq(vp_means_irq.write(fake.root, target, "0", &err), -codes[_i]);
    ck_assert_str_eq(err->message,
                     "interrupt 35 (nvme0q1) stays where it is: the kernel manages where it goes, and "
                     "takes no orders");
    trap.code = 0;
    check_irqs(&fake, "0000:01:00.0", "35 nvme0q1 2 fixed; 36 nvme0q2 3; ");
    vp_autofree char *note = NULL;
    ck_assert_int_eq(vp_root_read(fake.root, "/run/virt-profile/irq-fixed", 1000, &note, &(size_t){0}, NULL),
                     0);
    ck_assert_str_eq(note, "4 timer\n350 nvme9q1\n35 nvme0q1\n");
    /* Another device has the number now. */
    irqhost_drop(&fake, 35, "0000:01:00.0");
    irqhost_irq(&fake, 35, "eth0-rx-0", "0000:01:00.0", "2");
    check_irqs(&fake, "0000:01:00.0", "35 eth0-rx-0 2; 36 nvme0q2 3; ");
    vp_autofree char *other = target_of(&fake, 35);
    trap.code = codes[_i];
    ck_assert_int_eq(vp_means_irq.write(fake.root, other, "0", NULL), -codes[_i]);
    trap.code = 0;
    check_irqs(&fake, "0000:01:00.0", "35 eth0-rx-0 2 fixed; 36 nvme0q2 3; ");
}
END_TEST

/* Other failures say nothing about the next time. */
START_TEST(not_managed)
{
    static const int codes[] = {ENOSPC, EBUSY, EINVAL, EACCES, EROFS};
    FAKE fake;
    vp_autoerror err = NULL;
    fake_open(&fake);
    make(&fake);
    vp_autofree char *target = target_of(&fake, 35);
    trap.code = codes[_i];
    ck_assert_int_eq(vp_means_irq.write(fake.root, target, "0", &err), -codes[_i]);
    ck_assert_ptr_nonnull(strstr(err->message, "'0' to '/proc/irq/35/smp_affinity_list'"));
    trap.code = 0;
    check_irqs(&fake, "0000:01:00.0", "35 nvme0q1 2; 36 nvme0q2 3; ");
}
END_TEST

/*
 * The device is unplugged between looking and writing: the kernel says EIO or ENOENT, which is not
 * "managed".
 */
START_TEST(unplugged)
{
    static const int codes[] = {EIO, ENOENT};
    FAKE fake;
    vp_autoerror err = NULL;
    vp_autofree char *value = NULL;
    fake_open(&fake);
    make(&fake);
    vp_autofree char *target = target_of(&fake, 35);
    trap.code = codes[_i];
    trap.unplug = &fake;
    ck_assert_int_eq(vp_means_irq.write(fake.root, target, "0", &err), -ENOENT);
    trap.unplug = NULL;
    trap.code = 0;
    ck_assert_int_eq(vp_root_openat(fake.root, "/run/virt-profile/irq-fixed", 0), -ENOENT);
    ck_assert_int_eq(vp_means_irq.read(fake.root, target, &value, NULL), -ENOENT);
    /* The number comes back, for another interrupt: none of ours. */
    fake_file(&fake, "/sys/kernel/irq/keep", "");
    irqhost_irq(&fake, 77, "another", NULL, "0");
    irqhost_irq(&fake, 35, "nvme0q1", "0000:01:00.0", "2");
    vp_autofree char *again = target_of(&fake, 35);
    if (strcmp(again, target) !=
        0) { /* a file system may give an inode again at once, the kernel's does not */
        trap.writes = 0;
        ck_assert_int_eq(vp_means_irq.write(fake.root, target, "0", NULL), -ENOENT);
        ck_assert_uint_eq(trap.writes, 0);
    }
}
END_TEST

VP_TEST_MAIN("irq", VP_TEST(census), VP_TEST(old_kernel), VP_TEST(find), VP_TEST_ROWS(vfio, actions),
             VP_TEST(means), VP_TEST_ROWS(no_target, bad_targets), VP_TEST_ROWS(managed, ((int[2]){0})),
             VP_TEST_ROWS(not_managed, ((int[5]){0})), VP_TEST_ROWS(unplugged, ((int[2]){0})))
