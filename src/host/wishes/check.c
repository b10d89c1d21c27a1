/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"

const char *const vp_hold_names[VP_HOLD_N_] = {
    [VP_HOLD_OK] = "ok",
    [VP_HOLD_DIFFERS] = "differs",
    [VP_HOLD_PENDING] = "pending",
    [VP_HOLD_ABSENT] = "absent",
};

void vp_checks_done(struct vp_checks *checks)
{
    for (size_t i = 0; i < checks->n; i++) {
        struct vp_check *check = &checks->items[i];
        free(check->knob);
        free(check->what);
        free(check->wanted);
        free(check->effective);
        free(check->where);
    }
    free(checks->items);
    *checks = (struct vp_checks){0};
}

struct vp_check *vp_checks_add(struct vp_checks *checks, enum vp_hold hold, const char *knob,
                               const char *what, const char *wanted, const char *effective, const char *where)
{
    vp_grow(&checks->items, checks->n, &checks->cap, sizeof(checks->items[0]));
    struct vp_check *check = &checks->items[checks->n++];
    *check = (struct vp_check){
        .hold = hold,
        .knob = vp_strdup(knob),
        .what = vp_strdup(what),
        .wanted = vp_strdup(wanted),
        .effective = vp_strdup(effective),
        .where = vp_strdup(where),
    };
    return check;
}

size_t vp_checks_count(const struct vp_checks *checks, enum vp_hold hold)
{
    size_t n = 0;
    for (size_t i = 0; i < checks->n; i++)
        n += checks->items[i].hold == hold;
    return n;
}
