/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpudefault.h"

#include <string.h>

#include "text.h"

bool vp_cpu_is_named(const struct vp_planning *planning)
{
    vp_node *root = planning->domain->root;
    vp_autofree char *mode = vp_planned(planning, root, "cpu/@mode");
    vp_autofree char *model = vp_planned(planning, root, "cpu/model");
    return (mode != NULL && !vp_same(mode, "custom")) || model != NULL;
}

/* The one machine whose default is the same in every QEMU. */
static bool is_pc(const struct vp_domain *domain)
{
    const char *arch = vp_node_walk_attr(domain->root, "os/type", "arch");
    const char *machine = vp_node_walk_attr(domain->root, "os/type", "machine");
    return vp_domain_is_x86(domain) && !vp_same(arch, "i686") &&
           (machine == NULL || vp_starts(machine, "pc") || vp_same(machine, "q35"));
}

bool vp_cpu_default_is_known(const struct vp_planning *planning)
{
    const struct vp_domain *domain = planning->domain;
    return vp_cpu_is_named(planning) || is_pc(domain) ||
           (vp_same(vp_node_walk_attr(domain->root, "os/type", "arch"), "aarch64") &&
            vp_domain_is_kvm(domain));
}

void vp_cpu_plan_default(struct vp_planning *planning, const struct vp_setting *setting)
{
    static const char reason[] = "the CPU that a PC has when the definition says none";
    vp_node *root = planning->domain->root;
    if (vp_cpu_is_named(planning) || !is_pc(planning->domain))
        return;
    vp_plan_attr(planning, setting, root, "cpu/@mode", "custom", reason);
    vp_plan_attr(planning, setting, root, "cpu/@match", "exact", reason);
    vp_plan_attr(planning, setting, root, "cpu/@check", "none", reason);
    vp_plan_element(planning, setting, root, "cpu/model", "<model fallback='forbid'>qemu64</model>", reason);
}

enum vp_verdict vp_cpu_verify_default(const struct vp_action *action, const struct vp_domain *domain,
                                      char **ret_found)
{
    const enum vp_verdict verdict = vp_verify_definition(action, domain, ret_found);
    const bool live = vp_node_attr(domain->root, "id") != NULL;
    return live && strcmp(action->target, "cpu/@check") == 0 ? VP_VERDICT_OK : verdict;
}
