/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../src/daemon/told.h"

#include "test.h"

START_TEST(says_news_only)
{
    VP_CLEANUP(vp_told_done) struct vp_told told = {0};
    ck_assert(vp_told_is_news(&told, "a", "broken"));
    ck_assert(!vp_told_is_news(&told, "a", "broken"));
    ck_assert(vp_told_is_news(&told, "b", "broken"));
    ck_assert(vp_told_is_news(&told, "a", "worse"));
    ck_assert(vp_told_is_news(&told, "a", "broken"));
    ck_assert(!vp_told_is_news(&told, "b", "broken"));
    ck_assert(vp_told_was(&told, "b", "broken"));
    ck_assert(!vp_told_was(&told, "b", "worse"));
    ck_assert(!vp_told_was(&told, "c", "worse"));
}
END_TEST

START_TEST(forgets)
{
    VP_CLEANUP(vp_told_done) struct vp_told told = {0};
    ck_assert(!vp_told_forget(&told, "a"));
    (void)vp_told_is_news(&told, "a", "broken");
    (void)vp_told_is_news(&told, "b", "broken");
    ck_assert(vp_told_forget(&told, "a"));
    ck_assert(!vp_told_forget(&told, "a"));
    ck_assert(!vp_told_is_news(&told, "b", "broken"));
    ck_assert(vp_told_is_news(&told, "a", "broken"));
    ck_assert_uint_eq(told.n, 2);
}
END_TEST

VP_TEST_MAIN("told", VP_TEST(says_news_only), VP_TEST(forgets))
