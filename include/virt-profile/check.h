/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "mem.h"

/* Does a setting of a guest that runs hold? */
enum vp_hold {
    VP_HOLD_OK,
    VP_HOLD_DIFFERS, /* it should be there now, and something else is */
    VP_HOLD_PENDING, /* it waits for a start of the guest */
    VP_HOLD_ABSENT,  /* this host does not have what it is about */
    VP_HOLD_N_
};
extern const char *const vp_hold_names[VP_HOLD_N_];

/* One thing that was looked at. */
struct vp_check {
    enum vp_hold hold;
    char *knob;   /* owned, as all of it; NULL: it follows from the place of the guest, not from one knob */
    char *what;   /* "devices/disk[vda]/iotune/total_iops_sec", "vCPU 3" */
    char *wanted; /* NULL: nothing */
    char *effective; /* NULL: nothing */
    char *where;     /* where the effective value was read */
};

struct vp_checks {
    struct vp_check *items;
    size_t n, cap;
};
void vp_checks_done(struct vp_checks *checks);
/* Add one; all texts are copied. Returns it, borrowed until the next one. */
struct vp_check *vp_checks_add(struct vp_checks *checks, enum vp_hold hold, const char *knob,
                               const char *what, const char *wanted, const char *effective,
                               const char *where);
/* How many of them are like that. */
size_t vp_checks_count(const struct vp_checks *checks, enum vp_hold hold);
