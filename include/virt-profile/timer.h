/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "planner.h"

/**
 * Plan one attribute of a timer of the guest's clock. A clock or timer that is missing is made as libvirt would print it.
 * @timer: its name, e.g. "hpet"
 * @reason: one clause
 * One attribute a timer and plan: of a timer that is not there yet, the last call makes the whole element.
 */
void vp_plan_timer(struct vp_planning *planning, const struct vp_setting *setting, const char *timer,
                   const char *attr, const char *value, const char *reason);
