/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"
#include "text.h"
#include "wish.h"

START_TEST(add_and_find)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    ck_assert_ptr_null(vp_wishes_find(&wishes, &vp_means_file, "/a"));
    for (int i = 0; i < 1000; i++) {
        vp_autofree char *target = vp_asprintf("/%d", i);
        vp_autofree char *value = vp_asprintf("v%d", i);
        ck_assert(vp_same(vp_wishes_add(&wishes, &vp_means_file, target, value, "db", "why")->value, value));
    }
    ck_assert_uint_eq(wishes.n, 1000);
    for (int i = 0; i < 1000; i++) {
        vp_autofree char *target = vp_asprintf("/%d", i);
        vp_autofree char *value = vp_asprintf("v%d", i);
        const struct vp_wish *wish = vp_wishes_find(&wishes, &vp_means_file, target);
        ck_assert_ptr_eq(wish, &wishes.items[i]);
        ck_assert_str_eq(wish->target, target);
        ck_assert_str_eq(wish->value, value);
        ck_assert_str_eq(wish->owner, "db");
        ck_assert_str_eq(wish->reason, "why");
        ck_assert(!wish->essential);
    }
}
END_TEST

START_TEST(second_replaces)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    vp_wishes_add(&wishes, &vp_means_file, "/a", "1", "x", "first")->essential = true;
    vp_wishes_add(&wishes, &vp_means_cpulist, "/a", "2", "y", "other means");
    vp_wishes_add(&wishes, &vp_means_file, "/a", "3", "z", "second");
    ck_assert_uint_eq(wishes.n, 2);
    ck_assert_str_eq(wishes.items[0].value, "3");
    ck_assert_str_eq(wishes.items[0].owner, "z");
    ck_assert_str_eq(wishes.items[0].reason, "second");
    ck_assert(!wishes.items[0].essential);
    ck_assert_str_eq(vp_wishes_find(&wishes, &vp_means_cpulist, "/a")->value, "2");
    ck_assert_ptr_null(vp_wishes_find(&wishes, &vp_means_file, "/b"));
}
END_TEST

/* The journal names means: no two may have one name. */
START_TEST(means_have_names)
{
    for (size_t i = 0; vp_means_all[i] != NULL; i++)
        for (size_t k = 0; vp_means_all[k] != NULL; k++)
            ck_assert_msg(i == k || !vp_same(vp_means_all[i]->name, vp_means_all[k]->name), "%s twice",
                          vp_means_all[i]->name);
}
END_TEST

VP_TEST_MAIN("wish", VP_TEST(add_and_find), VP_TEST(second_replaces), VP_TEST(means_have_names))
