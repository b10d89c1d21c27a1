/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "planner.h"

/* What the files of the placement area share: the table is in placement.c. */

/* Planner of cpu.hint-dedicated. */
int vp_placement_plan_hint(struct vp_planning *planning, const struct vp_setting *setting,
                           struct vp_error **err);
