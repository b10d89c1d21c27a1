/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mem.h"

/* What to do when guests on one host want different things. */
enum vp_arbitration {
    VP_ARBITRATE_ORDER, /* the first of `order` that anybody wants */
    VP_ARBITRATE_MIN,   /* the smallest number */
    VP_ARBITRATE_MAX,   /* the largest number */
    VP_ARBITRATE_N_
};

/* A setting of the host as a whole that guests vote on, for as long as they run. */
struct vp_hostsetting {
    const char *name; /* "ksm.run": what an action of kind VP_ACTION_HOST names */
    const char *path; /* the kernel's file */
    enum vp_arbitration rule;
    const char *const *order; /* NULL-terminated; VP_ARBITRATE_ORDER: the strongest first */
    const char *doc;          /* who wins, and why, in one sentence */
};

extern const struct vp_hostsetting vp_hostsettings[]; /* last row has no name */
const struct vp_hostsetting *vp_hostsetting_find(const char *name);
