/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "error.h"

/* One item of cpu.features. */
struct vp_cpu_feature {
    const char *policy; /* force, require, optional, disable or forbid */
    char name[64];
};

/**
 * Read the next item of a list like "+x2apic, disable:pcid".
 * @at: moved behind the item
 * Returns 1 with an item, 0 at the end, -EINVAL.
 */
int vp_cpu_feature_next(const char **at, struct vp_cpu_feature *ret_feature, struct vp_error **err);

/* struct vp_knob.check of cpu.features: every item is well-formed and no feature is named twice. */
int vp_cpu_features_check(const char *text, struct vp_error **err);
