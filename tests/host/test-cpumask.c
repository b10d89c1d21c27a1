/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "cpumask.h"
#include "model/fake.h"

static const struct {
    const char *list, *mask;
} good[] = {
    {"", "0"},
    {"0", "1"},
    {"0-3", "f"},
    {"4", "10"},
    {"31", "80000000"},
    {"32", "1,00000000"},
    {"0-31", "ffffffff"},
    {"0-63", "ffffffff,ffffffff"},
    {"64", "1,00000000,00000000"},
    {"0,63-64,95", "80000001,80000000,00000001"},
    {"127,256", "1,00000000,00000000,00000000,00000000,80000000,00000000,00000000,00000000"},
};

START_TEST(both_ways)
{
    vp_autobitmap set = NULL;
    vp_autobitmap back = NULL;
    ck_assert_int_eq(vp_bitmap_parse(good[_i].list, "row", &set, NULL), 0);
    vp_autofree char *mask = vp_cpumask_text(set);
    ck_assert_str_eq(mask, good[_i].mask);
    vp_autofree char *padded = vp_asprintf("00000000,%s\n", good[_i].mask);
    /* A first word that is shorter is no word behind another. */
    const char *comma = strchr(good[_i].mask, ',');
    const bool whole = (comma != NULL ? (size_t)(comma - good[_i].mask) : strlen(good[_i].mask)) == 8;
    ck_assert_int_eq(vp_cpumask_parse(good[_i].mask, "row", &back, NULL), 0);
    ck_assert(hwloc_bitmap_isequal(set, back));
    vp_autobitmap wide = NULL;
    ck_assert_int_eq(vp_cpumask_parse(padded, "row", &wide, NULL), whole ? 0 : -EINVAL);
    ck_assert(!whole || hwloc_bitmap_isequal(set, wide));
}
END_TEST

static const struct {
    const char *mask;
    int code;
} bad[] = {
    {"", EINVAL},          {" \n", EINVAL},         {"g", EINVAL},           {"0x3", EINVAL},
    {"f,f", EINVAL},       {"f,fffffff", EINVAL},   {"f,fffffffff", EINVAL}, {"fffffffff", EINVAL},
    {",ffffffff", EINVAL}, {"f,,ffffffff", EINVAL}, {"ffffffff,", EINVAL},   {"-1", EINVAL},
    {"1 1", EINVAL},
};

START_TEST(refused)
{
    hwloc_bitmap_t set = (hwloc_bitmap_t)&bad;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_cpumask_parse(bad[_i].mask, "the mask", &set, &err) == -bad[_i].code, "row %d", _i);
    ck_assert_ptr_eq(set, (hwloc_bitmap_t)&bad);
    ck_assert_msg(strncmp(err->message, "cannot use the mask: ", 21) == 0, "%s", err->message);
}
END_TEST

/* 8192 CPUs and one more. */
START_TEST(limit)
{
    vp_autobitmap set = NULL;
    vp_autobitmap back = NULL;
    vp_autobitmap last = vp_bitmap_new();
    hwloc_bitmap_set(last, VP_TOPOLOGY_CPUS_MAX - 1);
    vp_autofree char *mask = vp_cpumask_text(last);
    ck_assert_uint_eq(strlen(mask), 256 * 8 + 255);
    ck_assert_int_eq(vp_cpumask_parse(mask, "it", &back, NULL), 0);
    ck_assert(hwloc_bitmap_isequal(last, back));
    vp_autofree char *more = vp_asprintf("1,%s", mask);
    ck_assert_int_eq(vp_cpumask_parse(more, "it", &set, NULL), -ERANGE);
    vp_autofree char *zeros = vp_asprintf("0,%s", mask);
    ck_assert_int_eq(vp_cpumask_parse(zeros, "it", &set, NULL), 0);
}
END_TEST

START_TEST(means)
{
    FAKE fake;
    vp_autofree char *value = NULL;
    fake_open(&fake);
    fake_file(&fake, "/proc/irq/default_smp_affinity", "00000000,0000000f\n");
    ck_assert_int_eq(vp_means_cpumask.read(fake.root, "/proc/irq/default_smp_affinity", &value, NULL), 0);
    ck_assert_str_eq(value, "00000000,0000000f");
    ck_assert(vp_means_cpumask.same(value, "f"));
    ck_assert(vp_means_cpumask.same("0000000F", "f"));
    ck_assert(!vp_means_cpumask.same(value, "e"));
    ck_assert(!vp_means_cpumask.same(value, "f,00000000"));
    ck_assert(vp_means_cpumask.same("odd", "odd"));
    ck_assert(!vp_means_cpumask.same("odd", "f"));
    ck_assert_int_eq(vp_means_cpumask.read(fake.root, "/proc/irq/none", &value, NULL), -ENOENT);
}
END_TEST

VP_TEST_MAIN("cpumask", VP_TEST_ROWS(both_ways, good), VP_TEST_ROWS(refused, bad), VP_TEST(limit),
             VP_TEST(means))
