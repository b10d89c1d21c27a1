/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "../model/fake.h"
#include "overcommit.h"

#define GIB (UINT64_C(1024) * 1024)

/* A host with 64 GiB, of which 16 are in pools, and 8 GiB of swap. Two nodes keep 2 GiB each by default. */
static const char meminfo[] = "MemTotal:       67108864 kB\n"
                              "MemFree:        11111111 kB\n"
                              "SwapCached:            0 kB\n"
                              "SwapTotal:       8388608 kB\n"
                              "HugePages_Total:      16\n"
                              "Hugepagesize:    1048576 kB\n"
                              "Hugetlb:        16777216 kB\n";

static const struct {
    const char *why;
    uint64_t reserve;   /* of the configuration */
    uint64_t guests[3]; /* ordinary memory, GiB */
    uint64_t huge;      /* of the first */
    uint64_t need_kib;
    const char *but;
    bool nodes;
    const char *message; /* NULL: it fits */
} rows[] = {
    {"nothing runs", UINT64_MAX, {0}, 0, 52 * GIB, NULL, true, NULL},
    {"one more is too much",
     UINT64_MAX,
     {0},
     0,
     52 * GIB + 1,
     NULL,
     true,
     "guests that run have 0 MiB, this one can take 52 GiB and 4096 MiB are kept for the host, 56 GiB in all; there "
     "are 48 GiB of memory outside of huge pages and 8192 MiB of swap. Add 1 MiB of swap (to 8193 MiB)"},
    {"guests count", UINT64_MAX, {20, 12, 0}, 0, 20 * GIB, NULL, true, NULL},
    {"guests that are too many",
     UINT64_MAX,
     {20, 12, 8},
     0,
     20 * GIB,
     NULL,
     true,
     "guests that run have 40 GiB, this one can take 20 GiB and 4096 MiB are kept for the host, 64 GiB in all"},
    {"how much is missing",
     UINT64_MAX,
     {20, 12, 8},
     0,
     20 * GIB,
     NULL,
     true,
     "Add 8192 MiB of swap (to 16 GiB)"},
    {"but not itself", UINT64_MAX, {20, 12, 8}, 0, 20 * GIB, "uuid-1", true, NULL},
    {"huge pages are apart", UINT64_MAX, {20, 12, 0}, 16, 20 * GIB, NULL, true, NULL},
    {"the configuration says what is kept", 0, {0}, 0, 56 * GIB, NULL, true, NULL},
    {"of each node", 3 * GIB, {0}, 0, 51 * GIB, NULL, true, "and 6144 MiB are kept"},
    {"of all, without nodes", 3 * GIB, {0}, 0, 53 * GIB, NULL, false, NULL},
    {"the default of all", UINT64_MAX, {0}, 0, 53 * GIB, NULL, false, "and 4096 MiB are kept"},
    {"more than there can be",
     UINT64_MAX,
     {20, 0, 0},
     0,
     UINT64_MAX,
     NULL,
     true,
     "memory would be overcommitted"},
};

START_TEST(check)
{
    static const char *const uuids[] = {"uuid-0", "uuid-1", "uuid-2"};
    const struct vp_conf conf = {.reserve_kib = rows[_i].reserve};
    struct vp_entry entries[3] = {{0}};
    struct vp_entry *items[3];
    struct vp_entry_memory memory[3][2];
    struct vp_entries list = {.items = items, .n = 3};
    vp_autoerror err = NULL;
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, "/proc/meminfo", meminfo);
    fake_file(&fake, "/sys/devices/system/node/possible", "0-1\n");
    for (int i = 0; rows[_i].nodes && i < 2; i++) {
        vp_autofree char *path = vp_asprintf("/sys/devices/system/node/node%d/meminfo", i);
        fake_file(&fake, path, "Node 0 MemTotal:       33554432 kB\nNode 0 MemFree: 1 kB\n");
    }
    for (size_t i = 0; i < 3; i++) {
        memory[i][0] = (struct vp_entry_memory){.node = -1, .kib = rows[_i].guests[i] * GIB};
        memory[i][1] = (struct vp_entry_memory){.page_kib = 2048, .kib = i == 0 ? rows[_i].huge * GIB : 0};
        entries[i] = (struct vp_entry){.uuid = (char *)uuids[i], .memory = memory[i], .n_memory = 2};
        items[i] = &entries[i];
    }
    const int r = vp_overcommit_check(fake.root, &conf, &list, rows[_i].but, rows[_i].need_kib, &err);
    ck_assert_msg(r == (rows[_i].message != NULL ? -ENOMEM : 0), "%s: %d, %s", rows[_i].why, r,
                  err != NULL ? err->message : "no message");
    ck_assert_msg(r == 0 || strstr(err->message, rows[_i].message) != NULL, "%s: %s", rows[_i].why,
                  err->message);
}
END_TEST

START_TEST(placed)
{
    struct vp_guest_cell cells[] = {
        {.memory_kib = 5}, {.memory_kib = 7, .page_kib = 2048}, {.memory_kib = 11}};
    struct vp_placement placement = {.cells = cells, .n_cells = 3, .overhead_kib = 3};
    struct vp_entry_memory memory = {.kib = 1000};
    const struct vp_entry entry = {.placement = &placement, .memory = &memory, .n_memory = 1};
    ck_assert_uint_eq(vp_overcommit_kib(&entry), 19);
}
END_TEST

START_TEST(unreadable)
{
    const struct vp_conf conf = {.reserve_kib = 0};
    const struct vp_entries none = {0};
    vp_autoerror err = NULL;
    FAKE fake;
    fake_open(&fake);
    ck_assert_int_eq(vp_overcommit_check(fake.root, &conf, &none, NULL, 1, NULL), -ENOENT);
    fake_file(&fake, "/proc/meminfo", "MemTotal: kB\n");
    ck_assert_int_eq(vp_overcommit_check(fake.root, &conf, &none, NULL, 1, &err), -EBADMSG);
    ck_assert_ptr_nonnull(strstr(err->message, "/proc/meminfo"));
}
END_TEST

VP_TEST_MAIN("overcommit", VP_TEST_ROWS(check, rows), VP_TEST(placed), VP_TEST(unreadable))
