/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "../model/fake.h"
#include "conf.h"
#include "hugepages.h"
#include "text.h"

#define POOL "/sys/devices/system/node/node1/hugepages/hugepages-2048kB"
#define TARGET POOL "@5a1f0c3e"
#define MEMINFO "/sys/devices/system/node/node1/meminfo"

static void host(struct fake *fake, const char *pages, const char *surplus, const char *free_kib)
{
    vp_autofree char *meminfo =
        vp_asprintf("Node 1 MemTotal:       1048576 kB\nNode 1 MemFree:        %s kB\n"
                    "Node 1 Active(file):      1024 kB\nNode 1 Inactive(file):    1024 kB\n",
                    free_kib);
    fake_open(fake);
    fake_file(fake, POOL "/nr_hugepages", pages);
    if (surplus != NULL)
        fake_file(fake, POOL "/surplus_hugepages", surplus);
    fake_file(fake, "/sys/devices/system/node/node1/compact", "");
    fake_file(fake, MEMINFO, meminfo);
}

static const struct {
    const char *why, *pages, *surplus, *free_kib, *value;
    int code;
    const char *message, *after; /* after: of nr_hugepages */
} rows[] = {
    {"grow", "4\n", "0\n", "102400", "10", 0, NULL, "10"},
    {"the kernel does not say surplus", "4\n", NULL, "102400", "10", 0, NULL, "10"},
    {"shrink", "10\n", "0\n", "0", "4", 0, NULL, "4"},
    {"nothing to do", "4\n", "0\n", "0", "4", 0, NULL, "4"},
    /*
     * A quarter of the sixteenth that is kept of 1 GiB are 16 MiB: of 20 MiB and 2 MiB of files 6 MiB are
     * left.
     */
    {"just fits", "4\n", "0\n", "20480", "7", 0, NULL, "7"},
    {"does not fit", "4\n", "0\n", "20480", "8", ENOSPC,
     "node 1 cannot give 4 more huge pages of 2M: 6 MiB of its memory can be used for 3 of them, without",
     "4"},
    {"there is no memory", "4\n", "0\n", "0", "5", ENOSPC, ": 0 MiB of its memory can be used for 0 of them",
     "4"},
    {"more than there can be", "4\n", "0\n", "0", "18446744073709551615", ENOSPC, "node 1 cannot give", "4"},
    /* Two pages never stay: that is how few the kernel gives here. */
    {"comes up short", "4\n", "2\n", "102400", "8", ENOSPC,
     "node 1 gave 4 of 6 more huge pages of 2M, which were given back", "2"},
    {"no number", "4\n", "0\n", "0", "many", EINVAL, "'many'", "4"},
    {"a negative one", "4\n", "0\n", "0", "-1", EINVAL, "'-1'", "4"},
};

START_TEST(write_pool)
{
    FAKE fake;
    host(&fake, rows[_i].pages, rows[_i].surplus, rows[_i].free_kib);
    vp_autoerror err = NULL;
    vp_autofree char *after = NULL;
    const int r = vp_means_pool.write(fake.root, TARGET, rows[_i].value, &err);
    ck_assert_msg(r == -rows[_i].code, "%s: %d, %s", rows[_i].why, r,
                  err != NULL ? err->message : "no message");
    ck_assert_msg(rows[_i].message == NULL || strstr(err->message, rows[_i].message) != NULL, "%s: %s",
                  rows[_i].why, err != NULL ? err->message : "no message");
    ck_assert_int_eq(vp_means_file.read(fake.root, POOL "/nr_hugepages", &after, NULL), 0);
    ck_assert_msg(vp_same(after, rows[_i].after), "%s: '%s' after", rows[_i].why, after);
}
END_TEST

START_TEST(configured_reserve)
{
    FAKE fake;
    vp_autoerror err = NULL;
    host(&fake, "4\n", "0\n", "20480");
    fake_file(&fake, vp_conf_path, "[host]\nmemory-reserve = 0\n");
    ck_assert_int_eq(vp_means_pool.write(fake.root, TARGET, "15", NULL), 0); /* all 22 MiB */
    fake_file(&fake, vp_conf_path, "[host]\nmemory-reserve = lots\n");
    ck_assert_int_eq(vp_means_pool.write(fake.root, TARGET, "16", &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err->message, "lots"));
}
END_TEST

static const char *const targets[] = {
    "",
    "/",
    "/sys/devices/system/node/node1/hugepages/hugepages-2048kB",
    "/sys/devices/system/node/node1/hugepages/hugepages-2048kB@x/y",
    "/sys/devices/system/node/node/hugepages/hugepages-2048kB@x",
    "/sys/devices/system/node/nodeX/hugepages/hugepages-2048kB@x",
    "/sys/devices/system/node/node1/hugepages/hugepages-kB@x",
    "/sys/devices/system/node/node1/hugepages/hugepages-0kB@x",
    "/sys/devices/system/node/node1/hugepages/@x",
    "/sys/devices/system/node/node1",
    "/sys/kernel/mm/hugepages/hugepages-2048kB@x",
};

START_TEST(odd_targets)
{
    FAKE fake;
    host(&fake, "4\n", "0\n", "0");
    char *value = (char *)&fake;
    const int r = vp_means_pool.read(fake.root, targets[_i], &value, NULL);
    if (_i == 3) { /* what is behind the '@' does not matter */
        ck_assert_int_eq(r, 0);
        free(value);
        return;
    }
    ck_assert_msg(r == -EINVAL, "row %d: %d", _i, r);
    ck_assert_ptr_eq(value, &fake);
    ck_assert_int_eq(vp_means_pool.write(fake.root, targets[_i], "5", NULL), -EINVAL);
}
END_TEST

START_TEST(read_pool)
{
    FAKE fake;
    host(&fake, "10\n", "3\n", "0");
    vp_autofree char *value = NULL;
    ck_assert_int_eq(vp_means_pool.read(fake.root, TARGET, &value, NULL), 0);
    ck_assert_str_eq(value, "7");
    char *none = (char *)&fake;
    ck_assert_int_eq(vp_means_pool.read(fake.root, "/sys/devices/system/node/node2/hugepages/hugepages-4kB@x",
                                        &none, NULL),
                     -ENOENT);
    ck_assert_ptr_eq(none, &fake);
}
END_TEST

VP_TEST_MAIN("hugepages", VP_TEST_ROWS(write_pool, rows), VP_TEST(configured_reserve),
             VP_TEST_ROWS(odd_targets, targets), VP_TEST(read_pool))
