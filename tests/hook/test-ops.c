/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../src/hook/hook.h"

#include "test.h"

#include <string.h>

/* What the hook may say for each operation; the reasons are in hook.h and libvirt's sources. */
static const struct {
    const char *name;
    int refused; /* exit status when the handler refuses */
    bool filters;
    enum vp_phase phase;
} ops[] = {
    {"prepare", 1, false, VP_PHASE_COLD},   {"start", 1, false, VP_PHASE_COLD},
    {"started", 0, false, VP_PHASE_COLD},   {"stopped", 0, false, VP_PHASE_COLD},
    {"release", 0, false, VP_PHASE_COLD},   {"migrate", 0, true, VP_PHASE_MIGRATE},
    {"restore", 0, true, VP_PHASE_RESTORE}, {"reconnect", 0, false, VP_PHASE_COLD},
    {"attach", 0, false, VP_PHASE_COLD},
};

START_TEST(every_row)
{
    const struct vp_hook_op *op = vp_hook_op_find(ops[_i].name);
    ck_assert_msg(op != NULL, "%s", ops[_i].name);
    ck_assert_str_eq(op->name, ops[_i].name);
    ck_assert_msg(op->filters_xml == ops[_i].filters, "%s", op->name);
    ck_assert_msg(op->phase == ops[_i].phase, "%s", op->name);
    ck_assert_msg(op->on_fail < VP_FAIL_N_, "%s", op->name);
    ck_assert_msg(vp_hook_exit_status(op, VP_HOOK_DONE) == 0, "%s", op->name);
    ck_assert_msg(vp_hook_exit_status(op, VP_HOOK_FAILED) == 0, "%s", op->name);
    ck_assert_msg(vp_hook_exit_status(op, VP_HOOK_REFUSED) == ops[_i].refused, "%s exits with %d", op->name,
                  vp_hook_exit_status(op, VP_HOOK_REFUSED));
    /* What filters has to do so with the guest's view left alone. */
    ck_assert_msg(!op->filters_xml || (op->acts && op->phase != VP_PHASE_COLD), "%s", op->name);
    ck_assert_msg(op->acts == (vp_hook_handler_find(op) != NULL), "%s", op->name);
}
END_TEST

START_TEST(no_other_rows)
{
    size_t n = 0;
    for (const struct vp_hook_op *op = vp_hook_ops; op->name != NULL; op++)
        n++;
    ck_assert_uint_eq(n, VP_ARRAY_SIZE(ops));
}
END_TEST

START_TEST(unknown)
{
    static const char *const names[] = {"",  "Prepare", "prepar", "prepare ", "preparation",
                                        "-", "--help",  "begin"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(names); i++)
        ck_assert_msg(vp_hook_op_find(names[i]) == NULL, "'%s'", names[i]);
}
END_TEST

VP_TEST_MAIN("ops", VP_TEST_ROWS(every_row, ops), VP_TEST(no_other_rows), VP_TEST(unknown))
