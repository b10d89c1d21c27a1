/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mem.h"

#include <check.h>
#include <signal.h>

/* One test function; `rows` is how often it runs, with _i = 0, 1, … as the row of its table. */
struct vp_test {
    const TTest *func;
    size_t rows;
    int signal; /* that must end it, 0 for none */
};

/* The rows of VP_TEST_MAIN(). */
#define VP_TEST(func) ((struct vp_test){(func), 1, 0})
#define VP_TEST_ROWS(func, table) ((struct vp_test){(func), VP_ARRAY_SIZE(table), 0})
#define VP_TEST_SIGNAL(func, signal) ((struct vp_test){(func), 1, (signal)})

static inline int vp_test_run(const char *name, const struct vp_test *tests, size_t n)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 60);
    for (size_t i = 0; i < n; i++)
        tcase_add_loop_test_raise_signal(tcase, tests[i].func, tests[i].signal, 0, (int)tests[i].rows);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* main() of a test program: VP_TEST_MAIN("size", VP_TEST_ROWS(parse, parse_rows), VP_TEST(format)) */
#define VP_TEST_MAIN(name, ...)                                                                              \
    int main(void)                                                                                           \
    {                                                                                                        \
        const struct vp_test vp_tests_[] = {__VA_ARGS__};                                                    \
        return vp_test_run(name, vp_tests_, VP_ARRAY_SIZE(vp_tests_));                                       \
    }
