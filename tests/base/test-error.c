/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"

#include "test.h"

#include <errno.h>

START_TEST(fail_makes_code_and_message)
{
    vp_autoerror err = NULL;

    ck_assert_int_eq(vp_fail(&err, ENOENT, "cannot open '%s' (%d)", "x", 7), -ENOENT);
    ck_assert_int_eq(err->code, ENOENT);
    ck_assert_str_eq(err->message, "cannot open 'x' (7)");
}
END_TEST

START_TEST(percent_m_is_the_text_of_the_code)
{
    vp_autoerror err = NULL;

    errno = EIO;
    vp_fail(&err, ENOENT, "cannot open 'x': %m");
    ck_assert_str_eq(err->message, "cannot open 'x': No such file or directory");
}
END_TEST

START_TEST(fail_without_a_place_gives_the_code)
{
    ck_assert_int_eq(vp_fail(NULL, ERANGE, "%s", "unused"), -ERANGE);
}
END_TEST

/* An error made twice would lose the first: SIGABRT. */
START_TEST(fail_twice)
{
    struct vp_error *err = NULL;

    vp_fail(&err, ENOENT, "first");
    vp_fail(&err, EIO, "second");
}
END_TEST

/* A code that is negative already would come out positive: SIGABRT. */
START_TEST(fail_with_negative_code)
{
    struct vp_error *err = NULL;

    vp_fail(&err, -ENOENT, "wrong sign");
}
END_TEST

START_TEST(prefix_goes_in_front)
{
    vp_autoerror err = NULL;

    vp_fail(&err, EBADMSG, "no '<vcpu>' in it");
    ck_assert_int_eq(vp_prefix(&err, "guest '%s'", "vm1"), -EBADMSG);
    ck_assert_int_eq(vp_prefix(&err, "%s", "cannot rewrite"), -EBADMSG);
    ck_assert_str_eq(err->message, "cannot rewrite: guest 'vm1': no '<vcpu>' in it");
    ck_assert_int_eq(err->code, EBADMSG);
}
END_TEST

START_TEST(prefix_without_a_place_gives_the_code)
{
    vp_fail(NULL, EFBIG, "unused");
    ck_assert_int_eq(vp_prefix(NULL, "guest '%s'", "vm1"), -EFBIG);
}
END_TEST

/* SIGABRT. */
START_TEST(prefix_of_nothing)
{
    struct vp_error *err = NULL;

    vp_prefix(&err, "nothing went wrong");
}
END_TEST

START_TEST(free_of_nothing)
{
    vp_error_free(NULL);
}
END_TEST

VP_TEST_MAIN("error", VP_TEST(fail_makes_code_and_message), VP_TEST(percent_m_is_the_text_of_the_code),
             VP_TEST(fail_without_a_place_gives_the_code), VP_TEST_SIGNAL(fail_twice, SIGABRT),
             VP_TEST_SIGNAL(fail_with_negative_code, SIGABRT), VP_TEST(prefix_goes_in_front),
             VP_TEST(prefix_without_a_place_gives_the_code), VP_TEST_SIGNAL(prefix_of_nothing, SIGABRT),
             VP_TEST(free_of_nothing))
