/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "planner.h"

/**
 * Plan one attribute of a timer of the guest's clock. A
 * clock that is missing gets the offset that libvirt gives it.
 * @timer: its name, e.g. "hpet"
 * @reason: one clause
 */
void vp_plan_timer(struct vp_planning *planning, const struct vp_setting *setting, const char *timer,
                   const char *attr, const char *value, const char *reason);
