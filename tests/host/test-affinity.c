/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "affinity.h"

#include "qemu.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static hwloc_bitmap_t cpus(const char *list)
{
    hwloc_bitmap_t set = NULL;
    ck_assert_int_eq(vp_bitmap_parse(list, list, &set, NULL), 0);
    return set;
}

/* Nothing real is called for a host that is made up. */
START_TEST(made_up_host)
{
    FAKE fake;
    vp_autoerror err = NULL;
    vp_autobitmap one = cpus("1");
    hwloc_bitmap_t set = one;
    fake_open(&fake);
    ck_assert_int_eq(vp_affinity_get(fake.root, getpid(), &set, NULL), -EROFS);
    ck_assert_int_eq(vp_affinity_set(fake.root, getpid(), one, &err), -EROFS);
    ck_assert_ptr_eq(set, one);
}
END_TEST

START_TEST(set_and_checked)
{
    FAKE fake;
    vp_autoerror err = NULL;
    vp_autobitmap two = cpus("1-2");
    vp_autobitmap given = NULL;
    fake_open(&fake);
    vp_affinity_use(&qemu_scheduler);
    ck_assert_int_eq(vp_affinity_set(fake.root, 101, two, NULL), 0);
    ck_assert_int_eq(vp_affinity_get(fake.root, 101, &given, NULL), 0);
    ck_assert(hwloc_bitmap_isequal(given, two));
    qemu_gone = 102;
    ck_assert_int_eq(vp_affinity_set(fake.root, 102, two, NULL), -ESRCH);
    qemu_stubborn = 103;
    ck_assert_int_eq(vp_affinity_set(fake.root, 103, two, &err), -EBUSY);
    ck_assert_msg(strstr(err->message, "0-15") != NULL && strstr(err->message, "1-2") != NULL, "%s",
                  err->message);
}
END_TEST

static const struct {
    const char *target;
    int rc;
} targets[] = {
    {"100:55/101", 0},      {"100:54/101", -ENOENT}, {"100:55/102", -ENOENT},
    {"99:55/101", -ENOENT}, {"100:55/103", -ENOENT}, /* gone between the look and the call */
    {"100:55", -EINVAL},    {"100/101:55", -EINVAL}, {"", -EINVAL},
    {"0:55/101", -EINVAL},  {"100:55/", -EINVAL},    {"100:55/x", -EINVAL},
    {"100:/101", -EINVAL},  {"-1:55/101", -EINVAL},  {"99999999999:5/1", -EINVAL},
};

START_TEST(means)
{
    FAKE fake;
    vp_autoerror err = NULL;
    vp_autofree char *value = NULL;
    fake_open(&fake);
    qemu_process(&fake, 100, 55);
    qemu_thread(&fake, 100, 101, "CPU 0/KVM");
    qemu_thread(&fake, 100, 103, "CPU 1/KVM");
    vp_affinity_use(&qemu_scheduler);
    qemu_gone = 103;
    const int r = vp_means_affinity.write(fake.root, targets[_i].target, "2,3", &err);
    ck_assert_msg(r == targets[_i].rc, "'%s': %d", targets[_i].target, r);
    ck_assert_int_eq((err != NULL), (r < 0));
    ck_assert_int_eq(vp_means_affinity.read(fake.root, targets[_i].target, &value, NULL), r);
    ck_assert_msg(r < 0 ? value == NULL : strcmp(value, "2-3") == 0, "'%s': %s", targets[_i].target, value);
    vp_autofree char *done = qemu_scheduled();
    ck_assert_str_eq(done, r < 0 ? "" : "101=2-3");
}
END_TEST

START_TEST(means_refuse)
{
    FAKE fake;
    vp_autoerror err = NULL;
    vp_autofree char *target = vp_affinity_target(&(struct vp_process){100, UINT64_MAX}, 101);
    ck_assert_str_eq(target, "100:18446744073709551615/101");
    fake_open(&fake);
    ck_assert_int_eq(vp_means_affinity.write(fake.root, "100:55/101", "two", &err), -EINVAL);
    ck_assert(vp_means_affinity.same("0-3", "0,1-3"));
    ck_assert(!vp_means_affinity.same("0-3", "0-2"));
    ck_assert(!vp_means_affinity.same("", "0"));
}
END_TEST

VP_TEST_MAIN("affinity", VP_TEST(made_up_host), VP_TEST(set_and_checked), VP_TEST_ROWS(means, targets),
             VP_TEST(means_refuse))
