/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "cpudefault.h"
#include "cpufeature.h"
#include "knobs.h"
#include "planner.h"
#include "strbuf.h"
#include "text.h"

enum { MODEL_PASSTHROUGH, MODEL_HOST_MODEL, MODEL_MAXIMUM };
static const char *const models[] = {"host-passthrough", "host-model", "maximum", NULL};

enum { CACHE_PASSTHROUGH, CACHE_EMULATE, CACHE_DISABLE };
static const char *const caches[] = {"passthrough", "emulate", "disable", NULL};

enum { TOPOLOGY_SOCKETS, TOPOLOGY_CORES };
static const char *const topologies[] = {"sockets", "cores", NULL};

/* "x86_64" where the definition says none: only asked after vp_domain_is_x86(). */
static const char *arch_of(const struct vp_domain *domain)
{
    const char *arch = vp_node_walk_attr(domain->root, "os/type", "arch");
    return arch != NULL ? arch : "x86_64";
}

static bool is_arm_virt(const struct vp_domain *domain)
{
    const char *machine = vp_node_walk_attr(domain->root, "os/type", "machine");
    return vp_same(arch_of(domain), "aarch64") && machine != NULL && vp_starts(machine, "virt");
}

/* Why libvirt or QEMU would not start this guest with the model; NULL when they would. */
static const char *model_refused(const struct vp_planning *planning, int model)
{
    const struct vp_domain *domain = planning->domain;
    const bool x86 = vp_domain_is_x86(domain);
    const bool kvm = vp_domain_is_kvm(domain);
    const char *arch = arch_of(domain);

    if (model == MODEL_PASSTHROUGH) {
        if (!kvm)
            return "the guest is emulated, only a KVM guest can have the host's CPU; 'maximum' is the "
                   "emulator's best";
        return vp_same(arch, "armv7l") ? "a 32-bit ARM guest cannot have the CPU of a 64-bit host" : NULL;
    }
    if (model == MODEL_HOST_MODEL) {
        if (x86 || (kvm && (vp_same(arch, "s390x") || vp_starts(arch, "ppc64"))))
            return NULL;
        return "libvirt describes the host's CPU for x86 guests, and for KVM guests on s390x and POWER, only";
    }
    if (!x86 && !vp_same(arch, "s390x") && !is_arm_virt(domain))
        return "QEMU has no 'max' CPU for this architecture and machine";
    return vp_host_libvirt_knows_value(planning->host, "maximum")
               ? NULL
               : "the installed libvirt is older than 7.1 and does not know the mode";
}

/*
 * libvirt 9.0 knows the property from QEMU's 64-bit x86 program only (max-x86_64-cpu in qemu_capabilities.c)
 * and says
 * off with the 32-bit one, which a 32-bit guest gets that names none.
 */
static const char *migratable_default(const struct vp_domain *domain)
{
    vp_autofree char *emulator = vp_node_text(vp_node_child(vp_domain_devices(domain), "emulator"));
    const bool small = emulator == NULL || strstr(emulator, "i386") != NULL;
    return vp_same(arch_of(domain), "i686") && small ? "off" : "on";
}

/* An attribute that libvirt fills in for the mode. A definition that has the mode already keeps its own. */
static const char *kept_or(const struct vp_planning *planning, bool same_mode, const char *attr,
                           const char *value)
{
    const char *own = vp_node_walk_attr(planning->domain->root, "cpu", attr);
    return same_mode && own != NULL ? own : value;
}

/*
 * What libvirt prints for a mode is planned one by one, its defaults included, so that each is found again
 * and undone by itself: check and migratable as qemuDomainDefCPUPostParse() of libvirt 9.0
 * (qemu/qemu_domain.c) sets them, <model> and <vendor> only in custom mode (virCPUDefFormatBuf(),
 * conf/cpu_conf.c).
 */
static int plan_model(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const int model = setting->value.choice;
    const char *mode = models[model];
    vp_node *root = planning->domain->root;
    const char *own = vp_node_walk_attr(root, "cpu", "mode");
    const char *refused = model_refused(planning, model);
    if (refused != NULL) {
        vp_plan_skip(planning, setting, "CPU mode %s: %s", mode, refused);
        return 0;
    }
    const bool host = model != MODEL_HOST_MODEL;
    const bool had_host = vp_same(own, models[MODEL_PASSTHROUGH]) || vp_same(own, models[MODEL_MAXIMUM]);
    vp_plan_attr(planning, setting, root, "cpu/@mode", mode,
                 model == MODEL_HOST_MODEL
                     ? "guest gets the host's features and can still move to a like host"
                     : "guest gets every feature it can have");
    vp_plan_attr(planning, setting, root, "cpu/@match", NULL, "only a named CPU model is matched");
    vp_plan_attr(planning, setting, root, "cpu/@check",
                 kept_or(planning, vp_same(own, mode), "check", host ? "none" : "partial"),
                 "libvirt's check for mode %s", mode);
    if (!host)
        vp_plan_attr(planning, setting, root, "cpu/@migratable", NULL, "mode host-model does not know it");
    else if (vp_domain_is_x86(planning->domain))
        vp_plan_attr(planning, setting, root, "cpu/@migratable",
                     kept_or(planning, had_host, "migratable", migratable_default(planning->domain)),
                     "features that QEMU cannot migrate stay off unless named");
    vp_plan_element(planning, setting, root, "cpu/model", NULL, "mode %s names no model", mode);
    vp_plan_element(planning, setting, root, "cpu/vendor", NULL, "mode %s names no vendor", mode);
    return 0;
}

/* Caches of the host can only be shown by a CPU of the host (qemu_validate.c, qemuValidateDomainDefCpu()). */
static bool shows_host(const struct vp_planning *planning)
{
    vp_autofree char *mode = vp_planned(planning, planning->domain->root, "cpu/@mode");
    return vp_same(mode, "host-passthrough") || vp_same(mode, "maximum");
}

static int plan_cache(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    vp_node *root = planning->domain->root;
    const int cache = setting->value.choice;
    if (!vp_domain_is_x86(planning->domain)) {
        vp_plan_skip(planning, setting, "libvirt sets the CPU's caches for x86 guests only");
        return 0;
    }
    if (cache == CACHE_PASSTHROUGH && !shows_host(planning)) {
        vp_plan_skip(planning, setting, "the host's caches need CPU mode host-passthrough or maximum");
        return 0;
    }
    vp_cpu_plan_default(planning, setting);
    vp_plan_attr(planning, setting, root, "cpu/cache/@mode", caches[cache],
                 cache == CACHE_PASSTHROUGH ? "guest's scheduler sees the caches its vCPUs really share"
                 : cache == CACHE_EMULATE   ? "guest sees one level-3 cache per socket"
                                            : "guest sees no level-3 cache");
    vp_plan_attr(planning, setting, root, "cpu/cache/@level", cache == CACHE_EMULATE ? "3" : NULL,
                 "libvirt takes a level with mode emulate only, and only level 3");
    return 0;
}

/* A cache mode that the new CPU mode cannot have would make libvirt refuse the definition. */
static int plan_model_and_cache(struct vp_planning *planning, const struct vp_setting *setting,
                                struct vp_error **err)
{
    const int r = plan_model(planning, setting, err);
    const struct vp_setting *cache = vp_plan_setting(planning, "cpu.cache");
    vp_node *root = planning->domain->root;
    if (r < 0 || vp_plan_find(planning->plan, "cpu/@mode") == NULL || shows_host(planning))
        return r;
    if (vp_same(vp_node_walk_attr(root, "cpu/cache", "mode"), "passthrough") &&
        (cache == NULL || cache->value.choice == CACHE_PASSTHROUGH))
        vp_plan_element(planning, setting, root, "cpu/cache", NULL,
                        "the host's caches need CPU mode host-passthrough");
    return 0;
}

/*
 * libvirt 9.0 gives an x86 guest that names no CPU this one (qemuDomainDefSetDefaultCPU()); a guest that has
 * it must be planned like one without.
 */
static bool is_default_cpu(const vp_node *cpu)
{
    const char *mode = vp_node_attr(cpu, "mode");
    const char *match = vp_node_attr(cpu, "match");
    vp_autofree char *model = vp_node_text(vp_node_child(cpu, "model"));
    if (mode != NULL && strcmp(mode, "custom") != 0)
        return false;
    if (model == NULL || *model == '\0')
        return true;
    return (vp_same(model, "qemu64") || vp_same(model, "qemu32")) &&
           vp_same(vp_node_attr(cpu, "check"), "none") && (match == NULL || strcmp(match, "exact") == 0) &&
           vp_node_child(cpu, "feature") == NULL &&
           vp_same(vp_node_walk_attr(cpu, "model", "fallback"), "forbid") &&
           vp_node_child(cpu, "vendor") == NULL;
}

/*
 * Why features cannot be named for this guest's CPU; NULL when they can. Each architecture has names of its
 * own.
 */
static const char *features_refused(const struct vp_planning *planning)
{
    const vp_node *cpu = vp_node_child(planning->domain->root, "cpu");
    if (!vp_domain_is_x86(planning->domain))
        return "the features are those of x86 CPUs, which this guest does not have";
    if (vp_plan_find(planning->plan, "cpu/@mode") == NULL && (cpu == NULL || is_default_cpu(cpu)))
        return "the guest names no CPU of its own to add features to; set cpu.model too";
    return NULL;
}

static bool has_tsc_frequency(const struct vp_planning *planning)
{
    vp_autofree char *frequency = vp_planned(planning, planning->domain->root, "clock/timer[tsc]/@frequency");
    return frequency != NULL;
}

static void plan_feature(struct vp_planning *planning, const struct vp_setting *setting,
                         const struct vp_cpu_feature *feature)
{
    const bool on = vp_same(feature->policy, "require") || vp_same(feature->policy, "force");
    if (on && strcmp(feature->name, "invtsc") == 0) {
        if (!vp_domain_is_kvm(planning->domain)) {
            vp_plan_skip(planning, setting, "invtsc: QEMU's emulated CPUs have no invariant TSC");
            return;
        }
        if (!has_tsc_frequency(planning))
            vp_plan_warn(
                planning, setting,
                "invtsc: the guest cannot be migrated or saved unless its definition sets a frequency for "
                "the tsc timer");
    }
    vp_autofree char *path = vp_asprintf("cpu/feature[%s]/@policy", feature->name);
    vp_plan_attr(planning, setting, planning->domain->root, path, feature->policy,
                 vp_same(feature->policy, "require") ? "guest must not start without %s" : "policy for %s",
                 feature->name);
}

static int plan_features(struct vp_planning *planning, const struct vp_setting *setting,
                         struct vp_error **err)
{
    const char *refused = features_refused(planning);
    if (refused != NULL) {
        vp_plan_skip(planning, setting, "%s", refused);
        return 0;
    }
    const char *at = setting->value.text;
    struct vp_cpu_feature feature;
    int r;
    while ((r = vp_cpu_feature_next(&at, &feature, err)) > 0)
        plan_feature(planning, setting, &feature);
    return r;
}

/* Why the topology is none of our business; NULL when it is. */
static const char *topology_refused(const struct vp_domain *domain)
{
    if (vp_node_walk(domain->root, "cpu/topology") != NULL)
        return "the definition has a topology of its own";
    if (vp_node_walk(domain->root, "cpu/numa/cell") != NULL)
        return "the guest has NUMA cells, which the topology has to match";
    if (!vp_domain_is_x86(domain) && !is_arm_virt(domain) && !vp_starts(arch_of(domain), "ppc64"))
        return "only x86, POWER and ARM 'virt' guests have a topology to choose";
    return vp_domain_max_vcpus(domain) > 1 ? NULL : "a guest with one vCPU has no topology to choose";
}

static int plan_topology(struct vp_planning *planning, const struct vp_setting *setting,
                         struct vp_error **err)
{
    (void)err;
    vp_node *root = planning->domain->root;
    const unsigned n = vp_domain_max_vcpus(planning->domain);
    const bool sockets = setting->value.choice == TOPOLOGY_SOCKETS;
    const char *refused = topology_refused(planning->domain);
    if (refused != NULL) {
        vp_plan_skip(planning, setting, "%s", refused);
        return 0;
    }
    vp_autofree char *all = vp_asprintf("%u", n);
    vp_cpu_plan_default(planning, setting);
    /* dies as libvirt prints it (virCPUDefFormatBuf()). */
    const struct {
        const char *path, *value;
    } parts[] = {
        {"cpu/topology/@sockets", sockets ? all : "1"},
        {"cpu/topology/@dies", "1"},
        {"cpu/topology/@cores", sockets ? "1" : all},
        {"cpu/topology/@threads", "1"},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(parts); i++)
        vp_plan_attr(planning, setting, root, parts[i].path, parts[i].value,
                     sockets ? "%u vCPUs as sockets of one core" : "%u vCPUs as cores of one socket", n);
    if (sockets && n > 2 && vp_domain_is_windows(planning->domain))
        vp_plan_warn(planning, setting,
                     "desktop editions of Windows use two sockets at most, this guest gets %u", n);
    return 0;
}

/*
 * Is it what libvirt 9.0 makes of a policy when it starts a guest (virCPUUpdate() and
 * virCPUDefFilterFeatures())?
 */
static bool policy_holds(const char *wanted, const char *found)
{
    if (vp_same(wanted, "force"))
        return vp_same(found, "require");
    if (vp_same(wanted, "disable") || vp_same(wanted, "forbid"))
        return found == NULL || vp_same(found, "disable");
    return vp_same(wanted, "optional");
}

/*
 * In the definition of a running guest host-model has become the model that it stands for
 * (qemuProcessUpdateGuestCPU()
 * of libvirt 9.0): mode custom, with all that belongs to it. That the mode is another is said once, at
 * cpu/@mode.
 */
static enum vp_verdict verify_cpu(const struct vp_action *action, const struct vp_domain *domain,
                                  char **ret_found)
{
    const enum vp_verdict verdict = vp_verify_definition(action, domain, ret_found);
    const bool custom = vp_same(vp_node_walk_attr(domain->root, "cpu", "mode"), "custom");
    if (verdict == VP_VERDICT_OK || vp_node_attr(domain->root, "id") == NULL)
        return verdict;
    bool holds = custom;
    if (vp_starts(action->target, "cpu/feature["))
        holds = policy_holds(action->value, *ret_found);
    else if (strcmp(action->target, "cpu/@mode") == 0)
        holds = custom && vp_same(action->value, models[MODEL_HOST_MODEL]);
    return holds ? VP_VERDICT_OK : verdict;
}

const struct vp_knob vp_knobs_cpu[] = {
    {
        .name = "cpu.model",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_GUEST,
        .choices = models,
        .doc = "The CPU the guest sees: the host's own, libvirt's portable description of it, or all the "
               "accelerator can do. Topology, features, caches and NUMA cells of the definition stay. "
               "host-passthrough is for KVM guests only, host-model also for emulated x86 guests.",
        .plan = plan_model_and_cache,
        .verify = verify_cpu,
    },
    {
        .name = "cpu.cache",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_GUEST,
        .choices = caches,
        .doc = "Which CPU caches an x86 guest sees: the host's (with CPU mode host-passthrough or maximum "
               "only), an emulated level-3 cache, or none.",
        .plan = plan_cache,
        .verify = vp_cpu_verify_default,
    },
    {
        .name = "cpu.features",
        .type = VP_TYPE_TEXT,
        .effect = VP_EFFECT_GUEST,
        .unit = "a list like '+x2apic, -pcid' or 'require:x2apic, disable:pcid'",
        .check = vp_cpu_features_check,
        .doc = "Features of an x86 guest's CPU with their policy: force, require ('+'), optional, disable "
               "('-') or forbid. They need a CPU to be added to: one the definition names, or cpu.model. "
               "invtsc keeps a guest from being migrated or saved unless its tsc timer has a frequency, and "
               "is left out of emulated guests.",
        .plan = plan_features,
        .verify = verify_cpu,
    },
    {
        .name = "cpu.topology",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_GUEST,
        .choices = topologies,
        .doc = "Show the vCPUs as sockets of one core, or as cores of one socket. Done only where the "
               "definition has neither a topology nor NUMA cells. Later changes of the maximum number of "
               "vCPUs have to go through the definition, because libvirt wants the two to agree.",
        .plan = plan_topology,
        .verify = vp_cpu_verify_default,
    },
    {.name = NULL},
};
