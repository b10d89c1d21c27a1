/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"

#include "iothreadids.h"
#include "place.h"
#include "placing.h"
#include "placementknobs.h"
#include "text.h"

static const char *const policies[] = {"dedicated", "node", "shared", NULL};
static const char *const threads[] = {"siblings", "isolate", "any", NULL};
static const char *const helpers[] = {"housekeeping", "own", NULL};

/*
 * QEMU emulates these with a thread for each vCPU (TARGET_SUPPORTS_MTTCG in its configs/targets); with one
 * for all there is nothing to pin, and libvirt refuses to start a guest with pins ("cpu affinity is not
 * supported", qemuProcessSetupVcpus()).
 */
static bool has_vcpu_threads(const struct vp_domain *domain)
{
    static const char *const archs[] = {"aarch64", "armv7l", "ppc64", "ppc64le", "riscv64", "s390x"};
    const char *arch = vp_node_walk_attr(domain->root, "os/type", "arch");
    bool known = vp_domain_is_kvm(domain) || vp_domain_is_x86(domain);
    for (size_t i = 0; i < VP_ARRAY_SIZE(archs); i++)
        known = known || vp_same(arch, archs[i]);
    return known;
}

/* All that is told by numad: CPUs, and memory where memory.numa does not say. */
static void drop_numad(struct vp_planning *planning, const struct vp_setting *setting)
{
    vp_node *root = planning->domain->root;
    if (vp_same(vp_node_walk_attr(root, "vcpu", "placement"), "auto")) {
        vp_plan_as(planning, VP_EFFECT_LAUNCH);
        vp_plan_attr(planning, setting, root, "vcpu/@placement", "static",
                     "the place is not for numad to choose");
    }
    /* With it libvirt would ask numad for CPUs too (virDomainDefParseXML()). */
    if (vp_same(vp_node_walk_attr(root, "numatune/memory", "placement"), "auto") &&
        vp_plan_setting(planning, "memory.numa") == NULL) {
        vp_plan_as(planning, VP_EFFECT_LAUNCH);
        vp_plan_element(planning, setting, root, "numatune/memory", NULL,
                        "the place is not for numad to choose");
    }
}

static void remove_pins(struct vp_planning *planning, const struct vp_setting *setting, const char *name)
{
    vp_node *cputune = vp_node_child(planning->domain->root, "cputune");
    for (vp_node *n = vp_node_child(cputune, name); n != NULL; n = vp_node_same(n)) {
        vp_autofree char *path = vp_place_format(n, NULL);
        vp_plan_element(planning, setting, planning->domain->root, path, NULL,
                        "the guest floats on all CPUs that no guest owns, and these come and go");
    }
}

/* A pin in the definition would be too narrow tomorrow, or name a CPU that another guest owns by then. */
static void plan_floating(struct vp_planning *planning, const struct vp_setting *setting)
{
    vp_node *root = planning->domain->root;
    remove_pins(planning, setting, "vcpupin");
    remove_pins(planning, setting, "emulatorpin");
    remove_pins(planning, setting, "iothreadpin");
    if (vp_node_walk_attr(root, "vcpu", "cpuset") != NULL)
        vp_plan_attr(planning, setting, root, "vcpu/@cpuset", NULL,
                     "the guest floats on all CPUs that no guest owns, and these come and go");
}

static void plan_vcpus(struct vp_planning *planning, const struct vp_setting *setting,
                       const struct vp_placement *placement, const struct vp_topology *topology)
{
    for (unsigned i = 0; i < placement->n_vcpus; i++) {
        const unsigned node = topology->nodes[vp_placing_cell(placement, i)->node].os;
        vp_autofree char *path = vp_asprintf("cputune/vcpupin[%u]/@cpuset", i);
        vp_autofree char *cpus = vp_bitmap_text(vp_placing_pin(placement, i));
        if (placement->policy == VP_POLICY_DEDICATED)
            vp_plan_attr(planning, setting, planning->domain->root, path, cpus,
                         "a host CPU of its own, on node %u", node);
        else
            vp_plan_attr(planning, setting, planning->domain->root, path, cpus,
                         "floats on these CPUs of node %u", node);
    }
}

/* Where a helper thread goes, as text; for one that floats with the vCPUs as for these. */
static char *helper_pin(const struct vp_placement *placement, hwloc_const_bitmap_t set)
{
    const bool floats = placement->scopes != NULL && hwloc_bitmap_isequal(set, placement->vcpus[0]);
    return vp_bitmap_text(floats ? placement->scopes[0] : set);
}

static const char *helper_reason(bool own)
{
    return own ? "a host CPU of its own, so that it never waits for a vCPU nor a vCPU for it"
               : "off the CPUs of the vCPUs, which it would interrupt";
}

static void plan_emulator(struct vp_planning *planning, const struct vp_setting *setting,
                          const struct vp_placement *placement)
{
    vp_autofree char *cpus = helper_pin(placement, placement->emulator);
    vp_plan_attr(planning, setting, planning->domain->root, "cputune/emulatorpin/@cpuset", cpus, "%s",
                 helper_reason(placement->own_emulator));
}

static void plan_iothreads(struct vp_planning *planning, const struct vp_setting *setting,
                           const struct vp_placement *placement)
{
    const struct vp_iothreads ids = vp_iothreads_planned(planning);
    for (unsigned i = 0; i < placement->n_iothreads && i < ids.n; i++) {
        if (ids.ids[i] == 0)
            continue;
        vp_autofree char *path = vp_asprintf("cputune/iothreadpin[%u]/@cpuset", ids.ids[i]);
        vp_autofree char *cpus = helper_pin(placement, placement->iothreads[i]);
        vp_plan_attr(planning, setting, planning->domain->root, path, cpus, "%s",
                     helper_reason(placement->own_iothreads));
    }
}

static int plan_placement(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    const struct vp_placement *placement = NULL;
    const struct vp_topology *topology = NULL;
    const int r = vp_planning_placed(planning, setting, &placement, &topology, err);
    if (r < 0 || placement == NULL)
        return r;
    drop_numad(planning, setting);
    if (placement->policy == VP_POLICY_SHARED) {
        plan_floating(planning, setting);
        return 0;
    }
    if (!has_vcpu_threads(planning->domain)) {
        vp_plan_skip(planning, setting,
                     "QEMU emulates all vCPUs of this architecture in one thread, so none can be pinned");
        return 0;
    }
    plan_vcpus(planning, setting, placement, topology);
    plan_emulator(planning, setting, placement);
    plan_iothreads(planning, setting, placement);
    return 0;
}

static int plan_threads(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    const struct vp_placement *placement = NULL;
    const int r = vp_planning_placement(planning, setting, &placement, err);
    if (r == 0 && placement != NULL && placement->policy != VP_POLICY_DEDICATED)
        vp_plan_skip(planning, setting,
                     "the guest's vCPUs float, only dedicated ones have threads of a core");
    return r;
}

/* The place of a helper thread, if the guest has one and the choice means something there. */
static int ask_for_helper(struct vp_planning *planning, const struct vp_setting *setting,
                          const struct vp_placement **ret_placement, struct vp_error **err)
{
    const struct vp_placement *placement = NULL;
    const int r = vp_planning_placement(planning, setting, &placement, err);
    if (r < 0)
        return r;
    *ret_placement = NULL;
    if (placement == NULL)
        return 0;
    if (placement->policy == VP_POLICY_SHARED)
        vp_plan_skip(planning, setting, "all threads of a shared guest float");
    else if (placement->policy != VP_POLICY_DEDICATED && setting->value.choice == VP_HELPERS_OWN)
        vp_plan_skip(planning, setting, "only a guest with dedicated vCPUs has CPUs of its own");
    else if (has_vcpu_threads(planning->domain))
        *ret_placement = placement;
    return 0;
}

static int plan_emulator_knob(struct vp_planning *planning, const struct vp_setting *setting,
                              struct vp_error **err)
{
    const struct vp_placement *placement = NULL;
    const int r = ask_for_helper(planning, setting, &placement, err);
    if (r == 0 && placement != NULL)
        plan_emulator(planning, setting, placement);
    return r;
}

static int plan_iothreads_knob(struct vp_planning *planning, const struct vp_setting *setting,
                               struct vp_error **err)
{
    const struct vp_placement *placement = NULL;
    const int r = ask_for_helper(planning, setting, &placement, err);
    if (r == 0 && placement != NULL)
        plan_iothreads(planning, setting, placement);
    return r;
}

/*
 * Pins can change at any time and the guest does not see them. The first row asks for the place, so it stands
 * first; what only looks at the pins stands last.
 */
const struct vp_knob vp_knobs_placement[] = {
    {
        .name = "cpu.placement",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_LIVE,
        .choices = policies,
        .doc =
            "Where the guest's threads run. dedicated gives each vCPU it can have, hot-plugged ones too, a "
            "host CPU that no other guest gets; node lets them float inside one NUMA node or last-level "
            "cache, on several where one does not hold it; shared lets all of its threads float on the CPUs "
            "that no guest owns. Pins of the definition's own, and numad's choice, give way. Left out where "
            "the guest fits nowhere.",
        .plan = plan_placement,
        .verify = vp_verify_definition,
    },
    {
        .name = "cpu.threads",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_LIVE,
        .choices = threads,
        .doc =
            "What dedicated vCPUs do with the threads of a host core: siblings takes whole cores, threads of "
            "a guest core on threads of a host core; isolate takes one thread of each and leaves its "
            "siblings idle; any takes what is free, so that two guests may share a core. siblings when not "
            "set.",
        .plan = plan_threads,
        .verify = vp_verify_definition,
    },
    {
        .name = "cpu.emulator",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_LIVE,
        .choices = helpers,
        .doc =
            "Where QEMU's own threads of a dedicated guest run: on the housekeeping CPUs of its node, or on "
            "a CPU that it alone has. housekeeping when not set.",
        .plan = plan_emulator_knob,
        .verify = vp_verify_definition,
    },
    {
        .name = "cpu.iothreads",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_LIVE,
        .choices = helpers,
        .doc = "Where the I/O threads of a dedicated guest run: on the housekeeping CPUs of its node, or "
               "each on a CPU that it alone has. housekeeping when not set.",
        .plan = plan_iothreads_knob,
        .verify = vp_verify_definition,
    },
    {
        .name = "cpu.hint-dedicated",
        .type = VP_TYPE_BOOL,
        .effect = VP_EFFECT_GUEST,
        .doc = "Tell an x86 guest of KVM that its vCPUs have host CPUs to themselves, so that it spins and "
               "idles accordingly. Set only where each vCPU is pinned to one host CPU that no other vCPU of "
               "the guest has.",
        .plan = vp_placement_plan_hint,
        .verify = vp_verify_definition,
    },
    {.name = NULL},
};
