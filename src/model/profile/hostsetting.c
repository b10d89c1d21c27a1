/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hostsetting.h"

#include <string.h>

#include "size.h"
#include "text.h"

#define KSM "/sys/kernel/mm/ksm/"
#define THP "/sys/kernel/mm/transparent_hugepage/"
#define POLICY "/sys/devices/system/cpu/cpufreq/policy*/"

/*
 * 1 merges, 2 stops and gives every page back to its owner, 0 stops (Documentation/admin-guide/mm/ksm.rst).
 */
static const char *const ksm_run[] = {"1", "2", "0", NULL};
static const char *const off_first[] = {"0", "1", NULL};
static const char *const on_first[] = {"1", "0", NULL};
/* Documentation/admin-guide/mm/transhuge.rst. */
static const char *const thp_enabled[] = {"always", "madvise", "never", NULL};
static const char *const thp_defrag[] = {"never", "defer", "defer+madvise", "madvise", "always", NULL};
/* Documentation/admin-guide/pm/cpufreq.rst, "Generic Scaling Governors". */
static const char *const governors[] = {"performance",  "schedutil", "ondemand",
                                        "conservative", "powersave", NULL};
/* Documentation/admin-guide/pm/intel_pstate.rst and amd-pstate.rst. */
static const char *const preferences[] = {
    "performance", "balance_performance", "default", "balance_power", "power", NULL};

const struct vp_hostsetting vp_hostsettings[] = {
    /* Before ksm.run, which it stops on its way. */
    {"ksm.merge-across-nodes", VP_SETTING_OF_HOST, KSM "merge_across_nodes", VP_ARBITRATE_ORDER, off_first,
     VP_WINS_KSM_NODES},
    {"ksm.pages-to-scan", VP_SETTING_OF_HOST, KSM "pages_to_scan", VP_ARBITRATE_MAX, NULL, VP_WINS_KSM_PAGES},
    {"ksm.sleep", VP_SETTING_OF_HOST, KSM "sleep_millisecs", VP_ARBITRATE_MIN, NULL, VP_WINS_KSM_SLEEP},
    {"ksm.run", VP_SETTING_OF_HOST, KSM "run", VP_ARBITRATE_ORDER, ksm_run, VP_WINS_KSM_RUN},
    {"thp.enabled", VP_SETTING_OF_HOST, THP "enabled", VP_ARBITRATE_ORDER, thp_enabled, VP_WINS_THP},
    {"thp.defrag", VP_SETTING_OF_HOST, THP "defrag", VP_ARBITRATE_ORDER, thp_defrag, VP_WINS_THP_DEFRAG},
    {"thp.khugepaged-defrag", VP_SETTING_OF_HOST, THP "khugepaged/defrag", VP_ARBITRATE_ORDER, off_first,
     VP_WINS_KHUGEPAGED},
    {"kernel.numa-balancing", VP_SETTING_OF_HOST, "/proc/sys/kernel/numa_balancing", VP_ARBITRATE_ORDER,
     off_first, VP_WINS_NUMA_BALANCING},
    {"kernel.swappiness", VP_SETTING_OF_HOST, "/proc/sys/vm/swappiness", VP_ARBITRATE_MIN, NULL,
     VP_WINS_SWAPPINESS},
    {"kernel.halt-poll", VP_SETTING_OF_HOST, "/sys/module/kvm/parameters/halt_poll_ns", VP_ARBITRATE_MIN,
     NULL, VP_WINS_HALT_POLL},
    {"kernel.arp-filter", VP_SETTING_OF_HOST, "/proc/sys/net/ipv4/conf/all/arp_filter", VP_ARBITRATE_ORDER,
     on_first, VP_WINS_ARP_FILTER},
    /* Before cpu.governor: intel_pstate takes no other preference under its performance governor. */
    {"cpu.energy-preference", VP_SETTING_OF_FREQUENCY, POLICY "energy_performance_preference",
     VP_ARBITRATE_ORDER, preferences, VP_WINS_FREQUENCY},
    {"cpu.governor", VP_SETTING_OF_FREQUENCY, POLICY "scaling_governor", VP_ARBITRATE_ORDER, governors,
     VP_WINS_FREQUENCY},
    {"cpu.max-latency", VP_SETTING_OF_CPU, "/sys/devices/system/cpu/cpu*/power/pm_qos_resume_latency_us",
     VP_ARBITRATE_MIN, NULL, VP_WINS_OWNER},
    {.name = NULL},
};

const struct vp_hostsetting *vp_hostsetting_find(const char *name)
{
    for (const struct vp_hostsetting *setting = vp_hostsettings; setting->name != NULL; setting++)
        if (strcmp(setting->name, name) == 0)
            return setting;
    return NULL;
}

/* Smaller is stronger; UINT64_MAX: not known. */
static uint64_t rank(const struct vp_hostsetting *setting, const char *value)
{
    uint64_t n = 0;
    if (value == NULL)
        return UINT64_MAX;
    if (setting->rule == VP_ARBITRATE_ORDER) {
        for (size_t i = 0; setting->order[i] != NULL; i++)
            if (strcmp(setting->order[i], value) == 0)
                return i;
        return UINT64_MAX;
    }
    /*
     * Not even the smallest latency: pm_qos_resume_latency_us, Documentation/ABI/testing/sysfs-devices-power.
     */
    if (vp_same(value, "n/a") && setting->of == VP_SETTING_OF_CPU)
        return 0;
    if (vp_u64_parse(value, 0, UINT64_MAX - 1, &n) < 0)
        return UINT64_MAX;
    return setting->rule == VP_ARBITRATE_MIN ? n : UINT64_MAX - 1 - n;
}

const char *vp_hostsetting_winner(const struct vp_hostsetting *setting, const char *a, const char *b)
{
    const uint64_t x = rank(setting, a);
    const uint64_t y = rank(setting, b);
    if (x == UINT64_MAX && y == UINT64_MAX)
        return NULL;
    return y < x ? b : a;
}
