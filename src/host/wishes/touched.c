/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "touched.h"

#include "hostsetting.h"

/* Besides settings that guests vote on. */
static const char *const others[] = {
    "/proc/irq/*/smp_affinity_list",
    "/proc/irq/default_smp_affinity",
    "/sys/block/*/queue/iosched/*",
    "/sys/block/*/queue/nr_requests",
    "/sys/block/*/queue/read_ahead_kb",
    "/sys/block/*/queue/scheduler",
    "/sys/class/net/*/queues/rx-*/rps_cpus",
    "/sys/class/net/*/queues/tx-*/xps_cpus",
    "/sys/class/net/*/tx_queue_len",
    "/sys/devices/system/node/node*/hugepages/hugepages-*/nr_hugepages",
    "/sys/kernel/mm/hugepages/hugepages-*/nr_hugepages",
};

char **vp_touched_patterns(void)
{
    char **patterns = NULL;
    size_t n = 0;
    size_t cap = 0;
    for (const struct vp_hostsetting *setting = vp_hostsettings; setting->name != NULL; setting++) {
        vp_grow(&patterns, n, &cap, sizeof(*patterns));
        patterns[n++] = vp_strdup(setting->path);
    }
    for (size_t i = 0; i < VP_ARRAY_SIZE(others); i++) {
        vp_grow(&patterns, n, &cap, sizeof(*patterns));
        patterns[n++] = vp_strdup(others[i]);
    }
    vp_grow(&patterns, n, &cap, sizeof(*patterns)); /* with NULL in it */
    return patterns;
}
