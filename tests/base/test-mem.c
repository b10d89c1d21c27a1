/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mem.h"

#include "test.h"

#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

START_TEST(alloc_is_zeroed)
{
    vp_autofree unsigned char *p = vp_alloc(1000, 7);

    for (size_t i = 0; i < 7000; i++)
        ck_assert_msg(p[i] == 0, "byte %zu is %d", i, p[i]);
}
END_TEST

START_TEST(alloc_of_nothing_is_something)
{
    vp_autofree char *none = vp_alloc(0, 8), *empty = vp_alloc(8, 0);

    ck_assert_ptr_nonnull(none);
    ck_assert_ptr_nonnull(empty);
}
END_TEST

/* Hidden from the compiler, which knows that no object is that large. */
static volatile size_t huge = SIZE_MAX / 4;

/* n × size does not fit: SIGABRT. */
START_TEST(alloc_overflow)
{
    free(vp_alloc(huge, 8));
}
END_TEST

/* SIGABRT. */
START_TEST(grow_overflow)
{
    char *items = NULL;
    size_t cap = 0;

    vp_grow(&items, 0, &cap, huge);
}
END_TEST

START_TEST(oom_says_so)
{
    char text[128];
    ssize_t got;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    if (fork() == 0) {
        static const struct rlimit no_core = {0, 0};

        setrlimit(RLIMIT_CORE, &no_core);
        dup2(ends[1], STDERR_FILENO);
        vp_oom();
    }
    got = read(ends[0], text, sizeof(text) - 1);
    ck_assert_int_gt(got, 0);
    text[got] = '\0';
    ck_assert_str_eq(text, "virt-profile: out of memory\n");
}
END_TEST

START_TEST(strings)
{
    vp_autofree char *copy = vp_strdup("abc");
    vp_autofree char *part = vp_strndup("abcdef", 4);
    vp_autofree char *text = vp_asprintf("%s-%d", "x", 12);

    ck_assert_str_eq(copy, "abc");
    ck_assert_str_eq(part, "abcd");
    ck_assert_str_eq(text, "x-12");
    ck_assert_ptr_null(vp_strdup(NULL));
}
END_TEST

START_TEST(take_leaves_null)
{
    char *from = vp_strdup("abc");
    vp_autofree char *to = vp_take(&from);

    ck_assert_str_eq(to, "abc");
    ck_assert_ptr_null(from);
}
END_TEST

START_TEST(grow_keeps_and_zeroes)
{
    struct item {
        uint64_t used, rest[3];
    };
    vp_autofree struct item *items = NULL;
    size_t cap = 0;

    for (uint64_t n = 0; n < 1000; n++) {
        vp_grow(&items, n, &cap, sizeof(*items));
        ck_assert_uint_gt(cap, n);
        ck_assert_msg(items[n].used == 0 && items[n].rest[2] == 0, "item %d is not zeroed", (int)n);
        items[n].used = items[n].rest[2] = n + 1;
    }
    for (uint64_t n = 0; n < 1000; n++)
        ck_assert_uint_eq(items[n].used, n + 1);
    ck_assert_uint_le(cap, 2048);
}
END_TEST

START_TEST(grow_with_room_does_nothing)
{
    vp_autofree int *items = NULL;
    const int *before;
    size_t cap = 0, full;

    vp_grow(&items, 0, &cap, sizeof(*items));
    before = items;
    full = cap;
    vp_grow(&items, cap - 1, &cap, sizeof(*items));
    ck_assert_ptr_eq(items, before);
    ck_assert_uint_eq(cap, full);
}
END_TEST

VP_TEST_MAIN("mem", VP_TEST(alloc_is_zeroed), VP_TEST(alloc_of_nothing_is_something),
             VP_TEST_SIGNAL(alloc_overflow, SIGABRT), VP_TEST_SIGNAL(grow_overflow, SIGABRT),
             VP_TEST(oom_says_so), VP_TEST(strings), VP_TEST(take_leaves_null),
             VP_TEST(grow_keeps_and_zeroes), VP_TEST(grow_with_room_does_nothing))
