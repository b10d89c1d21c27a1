/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "hostsetting.h"
#include "test.h"
#include "text.h"

static const struct {
    const char *setting, *a, *b, *winner;
} rows[] = {
    {"ksm.run", "0", "1", "1"},
    {"ksm.run", "2", "0", "2"},
    {"ksm.run", "1", "2", "1"},
    {"ksm.run", "1", NULL, "1"},
    {"ksm.run", "3", NULL, NULL},
    {"ksm.run", "yes", "0", "0"},
    {"ksm.run", "yes", "no", NULL},
    {"ksm.merge-across-nodes", "1", "0", "0"},
    {"ksm.pages-to-scan", "100", "1250", "1250"},
    {"ksm.pages-to-scan", "99", "100", "100"},
    {"ksm.pages-to-scan", "0", "many", "0"},
    {"ksm.sleep", "20", "100", "20"},
    {"ksm.sleep", "-1", "100", "100"},
    {"thp.enabled", "never", "madvise", "madvise"},
    {"thp.enabled", "always", "madvise", "always"},
    {"thp.defrag", "always", "defer+madvise", "defer+madvise"},
    {"thp.defrag", "defer", "defer+madvise", "defer"},
    {"thp.khugepaged-defrag", "1", "0", "0"},
    {"kernel.numa-balancing", "0", "1", "0"},
    {"kernel.arp-filter", "0", "1", "1"},
    {"kernel.swappiness", "10", "1", "1"},
    {"kernel.halt-poll", "0", "80000", "0"},
    {"kernel.halt-poll", "n/a", "80000", "80000"},
    {"cpu.governor", "powersave", "performance", "performance"},
    {"cpu.energy-preference", "power", "default", "default"},
    {"cpu.max-latency", "n/a", "1", "n/a"},
    {"cpu.max-latency", "50", "2", "2"},
};

START_TEST(winner)
{
    const struct vp_hostsetting *setting = vp_hostsetting_find(rows[_i].setting);
    ck_assert_ptr_nonnull(setting);
    const char *got = vp_hostsetting_winner(setting, rows[_i].a, rows[_i].b);
    ck_assert_msg(vp_same(got, rows[_i].winner) || got == rows[_i].winner, "row %d: '%s'", _i,
                  got != NULL ? got : "none");
    if (rows[_i].b == NULL)
        return;
    got = vp_hostsetting_winner(setting, rows[_i].b, rows[_i].a);
    ck_assert_msg(vp_same(got, rows[_i].winner) || got == rows[_i].winner, "row %d swapped: '%s'", _i,
                  got != NULL ? got : "none");
}
END_TEST

START_TEST(table)
{
    size_t n = 0;
    for (const struct vp_hostsetting *setting = vp_hostsettings; setting->name != NULL; setting++, n++) {
        ck_assert_msg(vp_hostsetting_find(setting->name) == setting, "%s twice", setting->name);
        ck_assert_msg(vp_starts(setting->path, "/sys/") || vp_starts(setting->path, "/proc/sys/"), "%s",
                      setting->path);
        const char *star = strchr(setting->path, '*');
        ck_assert_msg((star == NULL) == (setting->of == VP_SETTING_OF_HOST), "%s", setting->path);
        ck_assert_msg((setting->order != NULL) == (setting->rule == VP_ARBITRATE_ORDER), "%s", setting->name);
        ck_assert_msg(setting->doc[strlen(setting->doc) - 1] == '.', "%s", setting->doc);
    }
    ck_assert_uint_gt(n, 10);
    ck_assert_ptr_null(vp_hostsetting_find("ksm"));
}
END_TEST

VP_TEST_MAIN("hostsetting", VP_TEST_ROWS(winner, rows), VP_TEST(table))
