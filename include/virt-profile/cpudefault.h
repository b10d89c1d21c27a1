/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "planner.h"

/*
 * libvirt completes a <cpu> that names no model, for a topology, caches or NUMA cells alone, by the machine's
 * default (qemuDomainDefSetDefaultCPU() of libvirt 9.0), but not for KVM on ARM.
 */

/* Will <cpu> say a mode or a model by itself, once the plan so far is carried out? */
bool vp_cpu_is_named(const struct vp_planning *planning);
/* Is it known how libvirt completes <cpu>? True also where there is nothing to complete. */
bool vp_cpu_default_is_known(const struct vp_planning *planning);
/* Plan what it would add, where that is known, so that it is undone with what is planned besides. */
void vp_cpu_plan_default(struct vp_planning *planning, const struct vp_setting *setting);
/*
 * vp_verify_definition(), for a knob that plans it: libvirt sets the check of a running guest's CPU by
 * itself.
 */
enum vp_verdict vp_cpu_verify_default(const struct vp_action *action, const struct vp_domain *domain,
                                      char **ret_found);
