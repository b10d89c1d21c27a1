/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "placementknobs.h"
#include "size.h"

/* Is every vCPU that the guest can have pinned to a host CPU of its own? */
static bool is_pinned_one_to_one(const struct vp_planning *planning)
{
    enum { CPUS = 65536 };
    vp_autofree bool *taken = vp_alloc(CPUS, sizeof(*taken));
    const unsigned n = vp_domain_max_vcpus(planning->domain);
    for (unsigned i = 0; i < n; i++) {
        vp_autofree char *path = vp_asprintf("cputune/vcpupin[%u]/@cpuset", i);
        vp_autofree char *cpus = vp_planned(planning, planning->domain->root, path);
        uint64_t cpu = 0;
        if (cpus == NULL || vp_u64_parse(cpus, 0, CPUS - 1, &cpu) < 0 || taken[cpu])
            return false;
        taken[cpu] = true;
    }
    return true;
}

/* With the hint the guest spins and skips preemption checks, at the cost of whoever shares a CPU with it. */
int vp_placement_plan_hint(struct vp_planning *planning, const struct vp_setting *setting,
                           struct vp_error **err)
{
    (void)err;
    vp_node *root = planning->domain->root;
    if (!setting->value.yes) {
        const bool there = vp_node_walk(root, "features/kvm/hint-dedicated") != NULL;
        vp_plan_attr(planning, setting, root, "features/kvm/hint-dedicated/@state", there ? "off" : NULL,
                     "guest is not told that its vCPUs have host CPUs to themselves");
        return 0;
    }
    if (!vp_domain_is_kvm(planning->domain) || !vp_domain_is_x86(planning->domain)) {
        vp_plan_skip(planning, setting, "only x86 guests of KVM can be given the hint");
        return 0;
    }
    if (!is_pinned_one_to_one(planning)) {
        vp_plan_skip(planning, setting, "not every vCPU has a vcpupin with a host CPU of its own");
        return 0;
    }
    vp_plan_attr(planning, setting, root, "features/kvm/hint-dedicated/@state", "on",
                 "every vCPU has a host CPU to itself");
    return 0;
}
