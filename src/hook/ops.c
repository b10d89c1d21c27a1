/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "hook.h"

const struct vp_hook_op vp_hook_ops[] = {
    {"prepare", false, VP_FAIL_ABORTS_START, VP_PHASE_COLD, vp_hook_prepare},
    {"start", false, VP_FAIL_ABORTS_START, VP_PHASE_COLD, NULL},
    {"started", false, VP_FAIL_KILLS_GUEST, VP_PHASE_COLD, NULL},
    {"stopped", false, VP_FAIL_IGNORED, VP_PHASE_COLD, NULL},
    {"release", false, VP_FAIL_IGNORED, VP_PHASE_COLD, NULL},
    {"migrate", true, VP_FAIL_ABORTS_IMPORT, VP_PHASE_MIGRATE, vp_hook_filter},
    {"restore", true, VP_FAIL_ABORTS_IMPORT, VP_PHASE_RESTORE, vp_hook_filter},
    {"reconnect", false, VP_FAIL_KILLS_GUEST, VP_PHASE_COLD, NULL},
    {"attach", false, VP_FAIL_IGNORED, VP_PHASE_COLD, NULL},
    {NULL, false, VP_FAIL_IGNORED, VP_PHASE_COLD, NULL},
};

const struct vp_hook_op *vp_hook_op_find(const char *name)
{
    for (const struct vp_hook_op *op = vp_hook_ops; op->name != NULL; op++)
        if (strcmp(op->name, name) == 0)
            return op;
    return NULL;
}

int vp_hook_exit_status(const struct vp_hook_op *op, enum vp_hook_outcome outcome)
{
    return op->on_fail == VP_FAIL_ABORTS_START && outcome == VP_HOOK_REFUSED ? 1 : 0;
}
