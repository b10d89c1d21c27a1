/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "fake.h"
#include "resctrl.h"

#define INFO "/sys/fs/resctrl/info/"
#define SCHEMATA "/sys/fs/resctrl/schemata"

static void add_cache(const struct fake *fake, unsigned cpu, unsigned index, const char *level,
                      const char *id, const char *cpus)
{
    const struct {
        const char *name, *text;
    } files[] = {{"level", level}, {"id", id}, {"size", "24576K\n"}, {"shared_cpu_list", cpus}};
    for (size_t i = 0; i < VP_ARRAY_SIZE(files); i++) {
        vp_autofree char *path =
            vp_asprintf("/sys/devices/system/cpu/cpu%u/cache/index%u/%s", cpu, index, files[i].name);
        if (files[i].text != NULL)
            fake_file(fake, path, files[i].text);
    }
}

static void add_part(const struct fake *fake, const char *name, const char *mask)
{
    vp_autofree char *mask_path = vp_asprintf(INFO "%s/cbm_mask", name);
    vp_autofree char *least_path = vp_asprintf(INFO "%s/min_cbm_bits", name);
    fake_file(fake, mask_path, mask);
    fake_file(fake, least_path, "2\n");
}

START_TEST(absent)
{
    FAKE fake;
    fake_open(&fake);
    VP_CLEANUP(vp_resctrl_done) struct vp_resctrl resctrl = {.n_parts = 7};
    ck_assert_int_eq(vp_resctrl_read(fake.root, &resctrl, NULL), 0);
    ck_assert_ptr_null(resctrl.schemata);
    ck_assert_uint_eq(resctrl.n_parts, 0);
    ck_assert_uint_eq(resctrl.bandwidth_step, 0);
}
END_TEST

START_TEST(whole)
{
    FAKE fake;
    fake_open(&fake);
    add_part(&fake, "L3", "fffff\n");
    fake_file(&fake, INFO "MB/bandwidth_gran", "10\n");
    fake_file(&fake, INFO "MB/min_bandwidth", "20\n");
    fake_file(&fake, SCHEMATA, "    MB:0=100;1= 90\n    L3:0=000ff;1=f0f0f\n");
    VP_CLEANUP(vp_resctrl_done) struct vp_resctrl resctrl = {0};
    ck_assert_int_eq(vp_resctrl_read(fake.root, &resctrl, NULL), 0);
    ck_assert_uint_eq(resctrl.n_parts, 1);
    ck_assert_str_eq(resctrl.parts[0].type, "both");
    ck_assert_uint_eq(resctrl.parts[0].ways, 20);
    ck_assert_uint_eq(resctrl.parts[0].least, 2);
    ck_assert_uint_eq(resctrl.bandwidth_step, 10);
    ck_assert_uint_eq(resctrl.bandwidth_least, 20);
    ck_assert_uint_eq(vp_resctrl_room(&resctrl, &resctrl.parts[0], 0), 12);
    ck_assert_uint_eq(vp_resctrl_room(&resctrl, &resctrl.parts[0], 1), 4);
    ck_assert_uint_eq(vp_resctrl_room(&resctrl, &resctrl.parts[0], 2), 0);
}
END_TEST

START_TEST(code_and_data)
{
    FAKE fake;
    fake_open(&fake);
    add_part(&fake, "L3CODE", "fff\n");
    add_part(&fake, "L3DATA", "fff\n");
    fake_file(&fake, SCHEMATA, "L3DATA:0=0ff\nL3CODE:0=fff\n");
    VP_CLEANUP(vp_resctrl_done) struct vp_resctrl resctrl = {0};
    ck_assert_int_eq(vp_resctrl_read(fake.root, &resctrl, NULL), 0);
    ck_assert_uint_eq(resctrl.n_parts, 2);
    ck_assert_str_eq(resctrl.parts[0].type, "code");
    ck_assert_uint_eq(vp_resctrl_room(&resctrl, &resctrl.parts[0], 0), 0);
    ck_assert_uint_eq(vp_resctrl_room(&resctrl, &resctrl.parts[1], 0), 4);
}
END_TEST

static const struct {
    const char *schemata;
    bool percent;
} units[] = {
    {"L3:0=ff\nMB:0=100;1=100\n", true},
    {"    MB:0=  10\n", true},
    {"MB:0=100;1=2048\n", false}, /* AMD */
    {"MB:0=x\n", false},
    {"L3:0=ff\n", true},
    {"", true},
};

START_TEST(percent)
{
    struct vp_resctrl resctrl = {.schemata = vp_strdup(units[_i].schemata)};
    ck_assert_msg(vp_resctrl_is_percent(&resctrl) == units[_i].percent, "row %d", _i);
    vp_resctrl_done(&resctrl);
}
END_TEST

/* Masks and lines that are no such thing give nothing away. */
static const char *const broken[] = {"L3:0=zz\n", "L3:0=\n", "L3:0\n",    "L3\n",     "L3:1=f\n",
                                     "L3X:0=f\n", "\n\n",    "L3:00=f\n", "L3:0=-1\n"};

START_TEST(nonsense)
{
    struct vp_resctrl resctrl = {.schemata = vp_strdup(broken[_i]), .parts = {{"both", 8, 1}}, .n_parts = 1};
    ck_assert_msg(vp_resctrl_room(&resctrl, &resctrl.parts[0], 0) == 0, "row %d", _i);
    vp_resctrl_done(&resctrl);
}
END_TEST

START_TEST(caches)
{
    FAKE fake;
    fake_open(&fake);
    for (unsigned cpu = 0; cpu < 4; cpu++) {
        add_cache(&fake, cpu, 0, "1\n", "9\n", "0-3\n");
        add_cache(&fake, cpu, 1, "3\n", cpu < 2 ? "4\n" : "7\n", cpu < 2 ? "0-1\n" : "2-3\n");
    }
    add_cache(&fake, 4, 0, "3\n", NULL, "4\n");
    add_cache(&fake, 5, 0, "2\n", "0\n", "5\n");
    static const struct {
        const char *cpus;
        int n; /* or the error */
        unsigned first, last;
    } rows[] = {{"0-3", 2, 4, 7},     {"1", 1, 4, 4},       {"2-3", 1, 7, 7},      {"", 0, 0, 0},
                {"4", -ENOENT, 0, 0}, {"5", -ENOENT, 0, 0}, {"0,6", -ENOENT, 0, 0}};
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        struct vp_llc found[VP_LLCS_MAX] = {0};
        vp_autobitmap cpus = NULL;
        vp_autoerror err = NULL;
        ck_assert_int_eq(vp_bitmap_parse(rows[i].cpus, "", &cpus, NULL), 0);
        const int n = vp_resctrl_caches(fake.root, cpus, found, &err);
        ck_assert_msg(n == rows[i].n, "row %zu: %d", i, n);
        ck_assert((n < 0) == (err != NULL));
        if (n > 0) {
            ck_assert_uint_eq(found[0].id, rows[i].first);
            ck_assert_uint_eq(found[n - 1].id, rows[i].last);
            ck_assert_uint_eq(found[0].bytes, 24u << 20);
        }
    }
}
END_TEST

VP_TEST_MAIN("resctrl", VP_TEST(absent), VP_TEST(whole), VP_TEST(code_and_data), VP_TEST_ROWS(percent, units),
             VP_TEST_ROWS(nonsense, broken), VP_TEST(caches))
