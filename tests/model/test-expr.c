/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "expr.h"

#include "test.h"

#include <errno.h>
#include <inttypes.h>

static const struct vp_expr_vars vars = {.vcpus = 12, .disks = 3, .nics = 2};

static const struct {
    const char *text;
    uint64_t value;
} good[] = {
    {"0", 0},
    {"4", 4},
    {"4294967295", 4294967295},
    {"17592186044415", UINT64_C(17592186044415)},
    {"18446744073709551615", UINT64_MAX},
    {"vcpus", 12},
    {"disks", 3},
    {"nics", 2},
    {" vcpus ", 12},
    {"\tvcpus", 12},
    {"min(vcpus, 8)", 8},
    {"min(8,vcpus)", 8},
    {"max(vcpus, 8)", 12},
    {"max(8,vcpus)", 12},
    {"min(vcpus, vcpus)", 12},
    {"max(2, 2)", 2},
    {" min ( vcpus , 8 ) ", 8},
    {"min(max(disks, nics), 8)", 3},
    {"max(1, min(vcpus, max(disks, min(nics, 99))))", 3},
    {"min(1,min(1,min(1,min(1,min(1,min(1,min(1,min(1,7))))))))", 1},
    {"max(0,min(0,vcpus))", 0},
};

START_TEST(evaluates)
{
    uint64_t value = 77;
    ck_assert_msg(vp_expr_check(good[_i].text) == 0, "'%s'", good[_i].text);
    ck_assert_msg(vp_expr_eval(good[_i].text, &vars, &value) == 0, "'%s'", good[_i].text);
    ck_assert_msg(value == good[_i].value, "'%s': %" PRIu64, good[_i].text, value);
}
END_TEST

static const char *const bad[] = {
    "",
    " ",
    "four",
    "Vcpus",
    "vcpu",
    "vcpus2",
    "-1",
    "+1",
    "1.5",
    "0x10",
    "1 2",
    "vcpus vcpus",
    "vcpus * 2",
    "vcpus/2",
    "(vcpus)",
    "()",
    "min",
    "min(",
    "min()",
    "min(1)",
    "min(1,)",
    "min(,1)",
    "min(1,2",
    "min(1,2))",
    "min(1,2,3)",
    "min 1,2",
    "avg(1,2)",
    "min(1,2) 3",
    "min(1;2)",
    "1,2",
    ",",
    ")",
    "18446744073709551616",
    "99999999999999999999",
    "min(18446744073709551616,1)",
    "vcpus\n",
    "%s",
    "\xff",
    "min(1,min(1,min(1,min(1,min(1,min(1,min(1,min(1,min(1,7)))))))))",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((",
};

START_TEST(refuses)
{
    uint64_t value = 77;
    ck_assert_msg(vp_expr_check(bad[_i]) == -EINVAL, "'%s'", bad[_i]);
    ck_assert_msg(vp_expr_eval(bad[_i], &vars, &value) == -EINVAL, "'%s'", bad[_i]);
    ck_assert_msg(value == 77, "'%s': the output was touched", bad[_i]);
}
END_TEST

VP_TEST_MAIN("expr", VP_TEST_ROWS(evaluates, good), VP_TEST_ROWS(refuses, bad))
