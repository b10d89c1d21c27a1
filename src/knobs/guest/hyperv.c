/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "knobs.h"
#include "timer.h"
#include "text.h"

/* libvirt takes no less than 4095 and prints the count as a signed number (conf/domain_conf.c, 9.0). */
#define SPINLOCKS_MIN 4095
#define SPINLOCKS_MAX INT32_MAX
/* What Nova, oVirt, KubeVirt and Proxmox VE set. */
#define SPINLOCKS_DEFAULT "8191"
#define VENDOR_ID_MAX 12

static const char *const sets[] = {"auto", "no", NULL};

enum { SET_AUTO, SET_NO };

/*
 * Enlightenments in an order in which each follows what it needs (QEMU docs/system/i386/hyperv.rst and
 * target/i386/kvm/kvm.c, kvm_hyperv_properties).
 */
static const struct {
    const char *name;  /* below <hyperv> */
    const char *needs; /* another that must be on; NULL: none */
    bool clock;        /* the Hyper-V clock must be on, too */
    bool complete;     /* belongs to the set of hyperv.enlightenments */
    bool quiet;        /* left out without a word where the clock is, as the one it needs says so */
    const char *reason;
} features[] = {
    {"relaxed", NULL, false, true, false, "Windows does not take a late timer tick for a broken machine"},
    {"vapic", NULL, false, true, false, "interrupt controller registers are read without an exit"},
    {"spinlocks", NULL, false, true, false,
     "Windows yields to the host when it waits for a lock whose holder does not run"},
    {"vpindex", NULL, false, true, false,
     "the guest knows its vCPUs by Hyper-V's numbers, which others build on"},
    {"runtime", NULL, false, true, false,
     "the guest knows how long its vCPUs ran, so it does not count stolen time as its own"},
    {"synic", "vpindex", false, true, false,
     "Hyper-V's interrupt controller, which synthetic timers signal through"},
    {"stimer", "synic", true, true, false,
     "Windows sleeps until a synthetic timer is due and does not poll the RTC"},
    {"stimer/direct", "stimer", true, true, true, "a synthetic timer interrupts the vCPU without a message"},
    {"frequencies", NULL, false, true, false,
     "the guest reads TSC and APIC frequency from registers and need not measure"},
    {"tlbflush", "vpindex", false, true, false,
     "one call flushes the TLB of many vCPUs, also of those that do not run"},
    {"ipi", "vpindex", false, true, false, "one call interrupts many vCPUs"},
    {"reset", NULL, false, false, false, "the guest may reset itself through a Hyper-V register"},
    {"evmcs", "vapic", false, false, false,
     "Hyper-V in the guest shares its VM state with KVM in memory, without exits"},
    {"avic", NULL, false, false, false, "the guest's interrupt controller may be the hardware's own"},
    {"reenlightenment", NULL, false, false, false,
     "the guest is told when a migration changed the TSC frequency"},
};

/* Is it no guest for enlightenments? Then a note says why. */
static bool foreign(struct vp_planning *planning, const struct vp_setting *setting)
{
    const struct vp_domain *domain = planning->domain;
    const char *why = NULL;
    const char *mode = vp_node_walk_attr(domain->root, "features/hyperv", "mode");
    if (!vp_domain_is_windows(domain))
        why = "nothing says that this guest is Windows; libosinfo metadata or a <hyperv> section would";
    else if (!vp_domain_is_x86(domain))
        why = "the guest is not an x86 machine";
    else if (!vp_domain_is_kvm(domain))
        why = "the guest is emulated, and KVM provides the Hyper-V interfaces";
    else if (vp_same(mode, "passthrough"))
        why = "<hyperv mode='passthrough'> gives the guest all that the host has; take it out to choose";
    if (why != NULL)
        vp_plan_skip(planning, setting, "%s", why);
    return why != NULL;
}

static size_t find_feature(const char *name)
{
    size_t i = 0;
    while (i < VP_ARRAY_SIZE(features) && strcmp(features[i].name, name) != 0)
        i++;
    return i;
}

/* May the Hyper-V clock be on? Not where the profile takes it away, and did not have to leave it. */
static bool clock_allowed(const struct vp_planning *planning)
{
    const struct vp_setting *clock = vp_plan_setting(planning, "clock.hypervclock");
    vp_autofree char *present =
        vp_planned(planning, planning->domain->root, "clock/timer[hypervclock]/@present");
    return clock == NULL || clock->value.yes || vp_same(present, "yes");
}

static bool knows(const struct vp_planning *planning, const char *name)
{
    static const char *const newer[] = {"avic"}; /* libvirt 8.10 */
    for (size_t i = 0; i < VP_ARRAY_SIZE(newer); i++)
        if (strcmp(newer[i], name) == 0)
            return vp_host_libvirt_knows_element(planning->host, name);
    return true;
}

/* Switch one on, with all it needs. What it needs is on afterwards, whatever the definition says. */
static bool plan_on(struct vp_planning *planning, const struct vp_setting *setting, const char *name)
{
    vp_node *root = planning->domain->root;
    const size_t i = find_feature(name);
    if (!knows(planning, name)) {
        vp_plan_skip(planning, setting, "the installed libvirt does not know <%s>", name);
        return false;
    }
    if (features[i].clock && !clock_allowed(planning)) {
        vp_plan_skip(planning, setting, "%s needs the Hyper-V clock, which clock.hypervclock = no takes away",
                     name);
        return false;
    }
    if (features[i].needs != NULL && !plan_on(planning, setting, features[i].needs))
        return false;
    if (features[i].clock && vp_plan_setting(planning, "clock.hypervclock") == NULL)
        vp_plan_timer(planning, setting, "hypervclock", "present", "yes",
                      "synthetic timers count by the Hyper-V clock");
    vp_autofree char *path = vp_asprintf("features/hyperv/%s/@state", name);
    vp_plan_attr(planning, setting, root, path, "on", "%s", features[i].reason);
    return true;
}

/* Off is to be absent; libvirt keeps state='off' only where someone wrote it. */
static void plan_off(struct vp_planning *planning, const struct vp_setting *setting, const char *name)
{
    vp_autofree char *path = vp_asprintf("features/hyperv/%s", name);
    vp_plan_element(planning, setting, planning->domain->root, path, NULL, "the profile asks for none");
}

static void plan_retries(struct vp_planning *planning, const struct vp_setting *setting, const char *retries)
{
    vp_plan_attr(planning, setting, planning->domain->root, "features/hyperv/spinlocks/@retries", retries,
                 "tries before the host is told that a vCPU waits");
}

static int plan_set(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    if (setting->value.choice == SET_NO || foreign(planning, setting))
        return 0;
    for (size_t i = 0; i < VP_ARRAY_SIZE(features); i++)
        if (features[i].complete && !(features[i].quiet && !clock_allowed(planning)))
            (void)plan_on(planning, setting, features[i].name);
    const vp_node *own = vp_node_walk(planning->domain->root, "features/hyperv/spinlocks");
    const char *retries = vp_same(vp_node_attr(own, "state"), "on") ? vp_node_attr(own, "retries") : NULL;
    plan_retries(planning, setting,
                 retries != NULL ? retries : SPINLOCKS_DEFAULT); /* hyperv.spinlocks may say more */
    return 0;
}

static int plan_spinlocks(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    (void)err;
    if (foreign(planning, setting))
        return 0;
    vp_autofree char *retries = vp_asprintf("%" PRIu64, vp_plan_count(planning, setting));
    (void)plan_on(planning, setting, "spinlocks");
    plan_retries(planning, setting, retries);
    return 0;
}

/* A knob that is one enlightenment of the same name. */
static int plan_one(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const char *name = strchr(setting->knob->name, '.') + 1;
    if (foreign(planning, setting))
        return 0;
    if (setting->value.yes)
        (void)plan_on(planning, setting, name);
    else
        plan_off(planning, setting, name);
    return 0;
}

static int plan_evmcs(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    if (!setting->value.yes || vp_host_cpu_vendor(planning->host) == VP_CPU_INTEL)
        return plan_one(planning, setting, err);
    if (!foreign(planning, setting))
        vp_plan_skip(planning, setting, "the host's CPU is not known to be Intel's, and no other has a VMCS");
    return 0;
}

static int check_vendor_id(const char *text, struct vp_error **err)
{
    const size_t n = strlen(text);
    if (n == 0 || n > VENDOR_ID_MAX)
        return vp_fail(err, EINVAL, "'%s' must have 1 to %d characters", text, VENDOR_ID_MAX);
    for (size_t i = 0; i < n; i++)
        if (text[i] < ' ' || text[i] > '~' || text[i] == ',')
            return vp_fail(err, EINVAL, "'%s' may hold printable ASCII characters without a comma only",
                           text);
    return 0;
}

static int plan_vendor_id(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    (void)err;
    vp_node *root = planning->domain->root;
    if (foreign(planning, setting))
        return 0;
    vp_plan_attr(planning, setting, root, "features/hyperv/vendor_id/@state", "on",
                 "the guest sees a vendor of its own");
    vp_plan_attr(planning, setting, root, "features/hyperv/vendor_id/@value", setting->value.text,
                 "the name that the profile gives the hypervisor");
    return 0;
}

const struct vp_knob vp_knobs_hyperv[] = {
    {.name = "hyperv.enlightenments",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = sets,
     .doc =
         "auto gives a Windows guest the enlightenments that cost nothing on any x86 host with KVM: relaxed, vapic, "
         "spinlocks, vpindex, runtime, synic, stimer with direct mode, frequencies, tlbflush and ipi, and the Hyper-V "
         "clock that stimer needs. no leaves the definition alone. Others have knobs of their own.",
     .plan = plan_set,
     .verify = vp_verify_definition},
    {.name = "hyperv.spinlocks",
     .type = VP_TYPE_COUNT,
     .effect = VP_EFFECT_GUEST,
     .min = SPINLOCKS_MIN,
     .max = SPINLOCKS_MAX,
     .unit = "tries",
     .doc =
         "How often a vCPU of a Windows guest tries to take a lock before it tells the host that it waits: 4095 where "
         "vCPUs outnumber host CPUs, more where each has its own.",
     .plan = plan_spinlocks,
     .verify = vp_verify_definition},
    {.name = "hyperv.reset",
     .type = VP_TYPE_BOOL,
     .effect = VP_EFFECT_GUEST,
     .doc = "May a Windows guest reset itself through a Hyper-V register? Present versions do not use it.",
     .plan = plan_one,
     .verify = vp_verify_definition},
    {.name = "hyperv.evmcs",
     .type = VP_TYPE_BOOL,
     .effect = VP_EFFECT_GUEST,
     .doc =
         "Enlightened VMCS, which makes Hyper-V, WSL 2 and virtualization-based security inside a Windows guest faster. "
         "On Intel hosts only, and their kvm_intel must allow nested guests (its default). Switches vapic on.",
     .plan = plan_evmcs,
     .verify = vp_verify_definition},
    {.name = "hyperv.avic",
     .type = VP_TYPE_BOOL,
     .effect = VP_EFFECT_GUEST,
     .doc =
         "Tells a Windows guest not to use a mode of its interrupt controller that keeps hardware support (Intel APICv, "
         "AMD AVIC) from working. For hosts that have it; needs libvirt 8.10.",
     .plan = plan_one,
     .verify = vp_verify_definition},
    {.name = "hyperv.reenlightenment",
     .type = VP_TYPE_BOOL,
     .effect = VP_EFFECT_GUEST,
     .doc =
         "Tells Hyper-V inside a Windows guest when a migration changed the TSC frequency. For hosts with TSC scaling (AMD, "
         "Intel server CPUs since Skylake) or guests that never migrate.",
     .plan = plan_one,
     .verify = vp_verify_definition},
    {.name = "hyperv.vendor-id",
     .type = VP_TYPE_TEXT,
     .effect = VP_EFFECT_GUEST,
     .doc =
         "Name of the hypervisor that a Windows guest sees, up to 12 characters. For drivers that refuse the usual one.",
     .check = check_vendor_id,
     .plan = plan_vendor_id,
     .verify = vp_verify_definition},
    {.name = NULL},
};
