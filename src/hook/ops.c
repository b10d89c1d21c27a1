/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "hook.h"

const struct vp_hook_op vp_hook_ops[] = {
    {"prepare", false, VP_FAIL_ABORTS_START, VP_PHASE_COLD, VP_UNTAGGED_BOUND, true, false},
    {"start", false, VP_FAIL_ABORTS_START, VP_PHASE_COLD, VP_UNTAGGED_NEVER, false, false},
    {"started", false, VP_FAIL_KILLS_GUEST, VP_PHASE_COLD, VP_UNTAGGED_GUESTS, true, true},
    {"stopped", false, VP_FAIL_IGNORED, VP_PHASE_COLD, VP_UNTAGGED_NEVER, false, false},
    {"release", false, VP_FAIL_IGNORED, VP_PHASE_COLD, VP_UNTAGGED_GUESTS, true, false},
    {"migrate", true, VP_FAIL_ABORTS_IMPORT, VP_PHASE_MIGRATE, VP_UNTAGGED_NEVER, true, false},
    {"restore", true, VP_FAIL_ABORTS_IMPORT, VP_PHASE_RESTORE, VP_UNTAGGED_NEVER, true, false},
    {"reconnect", false, VP_FAIL_KILLS_GUEST, VP_PHASE_COLD, VP_UNTAGGED_GUESTS, true, true},
    {"attach", false, VP_FAIL_IGNORED, VP_PHASE_COLD, VP_UNTAGGED_NEVER, false, false},
    {.name = NULL},
};

const struct vp_hook_op *vp_hook_op_find(const char *name)
{
    for (const struct vp_hook_op *op = vp_hook_ops; op->name != NULL; op++)
        if (strcmp(op->name, name) == 0)
            return op;
    return NULL;
}

/* Whatever ties a guest to CPUs or nodes is said in one of these. */
static bool is_bound(const struct vp_hook_call *call)
{
    static const char *const signs[] = {"cpuset=", "nodeset="};
    for (size_t i = 0; i < VP_ARRAY_SIZE(signs); i++)
        if (memmem(call->text, call->len, signs[i], strlen(signs[i])) != NULL)
            return true;
    return false;
}

bool vp_hook_op_wanted(const struct vp_hook_op *op, const struct vp_hook_call *call)
{
    if (!op->acts || call->tagged)
        return op->acts;
    switch (op->untagged) {
    case VP_UNTAGGED_BOUND:
        return is_bound(call);
    case VP_UNTAGGED_GUESTS:
        return !vp_ledger_is_empty(call->root);
    case VP_UNTAGGED_NEVER:
        break;
    }
    return false;
}

int vp_hook_exit_status(const struct vp_hook_op *op, enum vp_hook_outcome outcome)
{
    return op->on_fail == VP_FAIL_ABORTS_START && outcome == VP_HOOK_REFUSED ? 1 : 0;
}
