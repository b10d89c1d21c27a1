/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "hostsetting.h"
#include "knobs.h"
#include "planner.h"
#include "text.h"

/* How the values of a knob are written by the kernel, where they are not the choices themselves. */
static const char *const ksm_run[] = {"run", "unmerge", "stop", NULL};
static const char *const ksm_run_kernel[] = {"1", "2", "0"};
static const char *const thp_enabled[] = {"always", "madvise", "never", NULL};
static const char *const thp_defrag[] = {"always", "defer", "defer+madvise", "madvise", "never", NULL};
static const char *const governors[] = {"performance",  "schedutil", "ondemand",
                                        "conservative", "powersave", NULL};
static const char *const preferences[] = {
    "performance", "balance_performance", "default", "balance_power", "power", NULL};
static const char *const no_sleep[] = {"none", NULL};

/* What a value is of, for `plan` and the log, which say the value. */
static const struct {
    const char *knob, *reason;
} reasons[] = {
    {"ksm.run", "whether same pages of guests are merged: 1 merges, 0 stops, 2 also gives them back"},
    {"ksm.merge-across-nodes", "whether pages of different nodes are merged"},
    {"ksm.pages-to-scan", "pages that are looked at in a row for others that are the same"},
    {"ksm.sleep", "ms between two rows of pages"},
    {"thp.enabled", "which memory may become transparent huge pages"},
    {"thp.defrag", "effort of a page fault to make a huge page"},
    {"thp.khugepaged-defrag", "whether memory is moved together for huge pages in the background"},
    {"kernel.numa-balancing", "whether the kernel moves tasks and pages between nodes by itself"},
    {"kernel.swappiness", "inclination to swap out memory rather than drop files that are cached"},
    {"kernel.halt-poll", "ns at most that an idle vCPU is polled for before its thread sleeps"},
    {"kernel.arp-filter", "whether each of the host's interfaces answers for its own addresses only"},
    {"cpu.governor", "what chooses the clock of the guest's own CPUs"},
    {"cpu.energy-preference", "speed or power, on the guest's own CPUs"},
    {"cpu.max-latency", "us at most for an own CPU of the guest to wake up; n/a: it does not sleep"},
};

static const char *reason_for(const char *knob)
{
    for (size_t i = 0; i < VP_ARRAY_SIZE(reasons); i++)
        if (strcmp(reasons[i].knob, knob) == 0)
            return reasons[i].reason;
    return "for as long as the guest runs";
}

/* The value as the kernel has it; owned. */
static char *kernel_value(const struct vp_planning *planning, const struct vp_setting *setting)
{
    const struct vp_knob *knob = setting->knob;
    const int choice = setting->value.choice;
    if (knob->type == VP_TYPE_BOOL)
        return vp_strdup(setting->value.yes ? "1" : "0");
    if (knob->choices == ksm_run)
        return vp_strdup(ksm_run_kernel[choice]);
    if (knob->choices == no_sleep && choice == 0)
        return vp_strdup("n/a");
    if (knob->type == VP_TYPE_CHOICE)
        return vp_strdup(knob->choices[choice]);
    return vp_asprintf("%" PRIu64, vp_plan_count(planning, setting));
}

/* Does this kernel lack the file? Of several, that of number 0 stands for all. */
static bool lacks(struct vp_host *host, const char *path, char **ret_path)
{
    const struct vp_root *root = vp_host_root(host);
    const char *star = strchr(path, '*');
    vp_autofree char *one =
        star != NULL ? vp_asprintf("%.*s0%s", (int)(star - path), path, star + 1) : vp_strdup(path);
    const int fd = root != NULL ? vp_root_openat(root, one, O_PATH) : 0;
    if (root == NULL || fd >= 0) {
        if (root != NULL)
            (void)close(fd);
        return false;
    }
    *ret_path = vp_take(&one);
    return true;
}

static int plan_setting(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const char *name = setting->knob->name;
    const struct vp_hostsetting *row = vp_hostsetting_find(name);
    vp_autofree char *path = NULL;
    if (lacks(planning->host, row->path, &path)) {
        vp_plan_skip(planning, setting, "this host has no '%s'", path);
        return 0;
    }
    vp_autofree char *value = kernel_value(planning, setting);
    vp_plan_host(planning, setting, name, value, "%s", reason_for(name));
    return 0;
}

/* Only KVM polls. */
static int plan_halt_poll(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    if (vp_domain_is_kvm(planning->domain))
        return plan_setting(planning, setting, err);
    vp_plan_skip(planning, setting, "the guest does not run on KVM");
    return 0;
}

/* For CPUs that the guest owns. */
static int plan_own_cpus(struct vp_planning *planning, const struct vp_setting *setting,
                         struct vp_error **err)
{
    const struct vp_placement *placement = planning->plan->placement; /* cpu.placement is planned before */
    if (placement != NULL && placement->policy == VP_POLICY_DEDICATED)
        return plan_setting(planning, setting, err);
    vp_plan_skip(planning, setting,
                 "the guest has no CPUs of its own; cpu.placement = dedicated gives it some");
    return 0;
}

static int plan_grow(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    if (setting->value.yes)
        vp_plan_host(planning, setting, setting->knob->name, "yes",
                     "huge pages that the pools are short of are taken from free memory");
    return 0;
}

static int plan_guard(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    if (setting->value.yes)
        vp_plan_host(planning, setting, setting->knob->name, "yes",
                     "guests and host together must fit into memory and swap");
    return 0;
}

#define ROW(knob, kind, what, planner, ...)                                                                  \
    {                                                                                                        \
        .name = (knob), .type = (kind), .effect = VP_EFFECT_HOST, .doc = what, .plan = (planner),            \
        __VA_ARGS__                                                                                          \
    }

const struct vp_knob vp_knobs_hostcpu[] = {
    ROW("cpu.energy-preference", VP_TYPE_CHOICE,
        "What the hardware prefers when it chooses the clock of the guest's own CPUs while it runs, where the "
        "host's driver can say so (intel_pstate, amd_pstate). " VP_WINS_FREQUENCY,
        plan_own_cpus, .choices = preferences),
    ROW("cpu.governor", VP_TYPE_CHOICE,
        "What chooses the clock of the guest's own CPUs while it runs. A governor that the host does not have "
        "is reported. " VP_WINS_FREQUENCY,
        plan_own_cpus, .choices = governors),
    ROW("cpu.max-latency", VP_TYPE_COUNT,
        "Time that the guest's own CPUs may take to wake up while it runs: idle states that take longer are "
        "left out. none lets them not sleep at all, which takes power as if they were busy. " VP_WINS_OWNER,
        plan_own_cpus, .choices = no_sleep, .min = 1, .max = 1000000, .unit = "us"),
    {.name = NULL},
};

const struct vp_knob vp_knobs_hostmemory[] = {
    ROW("memory.hugepages-grow", VP_TYPE_BOOL,
        "Take huge pages that the pools are short of from the free memory of the guest's nodes when it starts, "
        "and give them back when it has ended. Memory kept for the host is not touched; where there are too "
        "few free stretches of memory the guest does not start.",
        plan_grow, .choices = NULL),
    ROW("memory.overcommit-guard", VP_TYPE_BOOL,
        "See at its start whether the memory of all guests that run, its own and what is kept for the host fit "
        "into the memory and swap there is. What does not is refused with enforce=refuse, else the log says so.",
        plan_guard, .choices = NULL),
    {.name = NULL},
};

const struct vp_knob vp_knobs_hostsettings[] = {
    ROW("ksm.run", VP_TYPE_CHOICE,
        "Does the host merge same pages of guests that allow it (memory.ksm) while the guest runs? stop merges "
        "no more, unmerge gives merged pages back to their guests as well. " VP_WINS_KSM_RUN,
        plan_setting, .choices = ksm_run),
    ROW("ksm.pages-to-scan", VP_TYPE_COUNT,
        "Pages that are looked at in a row, before the host sleeps for ksm.sleep. " VP_WINS_KSM_PAGES,
        plan_setting, .min = 1, .max = 10000000, .unit = "pages"),
    ROW("ksm.sleep", VP_TYPE_COUNT, "Time between two rows of pages. " VP_WINS_KSM_SLEEP, plan_setting,
        .max = 600000, .unit = "ms"),
    ROW("ksm.merge-across-nodes", VP_TYPE_BOOL,
        "May a page of one NUMA node stand in for one of another? To change it the host gives all merged pages "
        "back first. " VP_WINS_KSM_NODES,
        plan_setting, .choices = NULL),
    ROW("thp.enabled", VP_TYPE_CHOICE,
        "Which memory of the host may become transparent huge pages while the guest runs. QEMU asks for them, "
        "so madvise is enough for guests. " VP_WINS_THP,
        plan_setting, .choices = thp_enabled),
    ROW("thp.defrag", VP_TYPE_CHOICE,
        "What a page fault does where there is no free huge page: move memory together at once, leave it to "
        "the background, or take a small page. " VP_WINS_THP_DEFRAG,
        plan_setting, .choices = thp_defrag),
    ROW("thp.khugepaged-defrag", VP_TYPE_BOOL,
        "May the background thread that makes huge pages of small ones move memory together for them? " VP_WINS_KHUGEPAGED,
        plan_setting, .choices = NULL),
    ROW("kernel.numa-balancing", VP_TYPE_BOOL,
        "Does the kernel look for the node where a task uses its memory, and move one to the other? A guest "
        "that is bound to its nodes only pays for it. " VP_WINS_NUMA_BALANCING,
        plan_setting, .choices = NULL),
    ROW("kernel.swappiness", VP_TYPE_COUNT,
        "How much the host swaps out memory of processes to keep files cached; more than 100 with Linux 5.8 and "
        "later. " VP_WINS_SWAPPINESS,
        plan_setting, .max = 200),
    ROW("kernel.halt-poll", VP_TYPE_COUNT,
        "Time that KVM polls at most for an idle vCPU to have something to do, before its thread sleeps. Up to "
        "Linux 6.1 a guest keeps what it started with. " VP_WINS_HALT_POLL,
        plan_halt_poll, .max = 10000000, .unit = "ns"),
    ROW("kernel.arp-filter", VP_TYPE_BOOL,
        "Does an interface of the host answer ARP requests only where it would also send the packets back by? "
        "For hosts with several interfaces in one network. " VP_WINS_ARP_FILTER,
        plan_setting, .choices = NULL),
    {.name = NULL},
};
