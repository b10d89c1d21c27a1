/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"

#include "diskbelow.h"
#include "disks.h"
#include "strbuf.h"
#include "text.h"

#include <inttypes.h>
#include <string.h>

#define BYTES_MAX (900ull << 40)
#define IOPS_MAX 1000000000

/* libvirt writes its definition's own values into the same files when it makes the guest's cgroup. */
static bool is_tuned_by_libvirt(struct vp_planning *planning, const struct vp_setting *setting,
                                const char *child)
{
    const vp_node *own = vp_node_walk(planning->domain->root, "blkiotune");
    if (vp_node_child(own, child) == NULL)
        return false;
    vp_plan_skip(planning, setting, "the definition's own <blkiotune> has a <%s>, which libvirt sets", child);
    return true;
}

/* Does anything on the host look at weights? */
static bool is_weighed(const struct vp_planning *planning, const struct vp_belows *belows)
{
    const struct vp_root *root = vp_host_root(planning->host);
    vp_autofree char *costs = NULL;
    size_t len = 0;
    for (size_t i = 0; i < belows->n; i++) {
        vp_autofree char *target = vp_asprintf("host/block/%s/scheduler", belows->items[i].device);
        const struct vp_action *action = vp_plan_find(planning->plan, target);
        vp_autofree char *now = vp_queue_value(root, belows->items[i].device, "scheduler");
        if (vp_same(action != NULL ? action->value : now, "bfq"))
            return true;
    }
    return vp_root_read(root, "/sys/fs/cgroup/io.cost.qos", 65536, &costs, &len, NULL) == 0 &&
           strstr(costs, "enable=1") != NULL;
}

static int plan_weight(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    if (vp_disk_first(planning->domain) == NULL || is_tuned_by_libvirt(planning, setting, "weight"))
        return 0;
    vp_autofree char *value = vp_asprintf("%" PRIu64, vp_plan_count(planning, setting));
    VP_CLEANUP(vp_belows_done) struct vp_belows belows;
    vp_below_read(planning, setting, VP_BELOW_QUEUES, &belows);
    if (belows.n == 0)
        return 0;
    vp_plan_host(planning, setting, "scope/IOWeight", value,
                 "the guest's share of a disk that others use at the same time; 100 is that of anybody else");
    if (!is_weighed(planning, &belows))
        vp_plan_warn(
            planning, setting,
            "a weight works with scheduler bfq (disk.scheduler) or the host's io.cost, and neither is "
            "in use");
    return 0;
}

static int plan_limit(struct vp_planning *planning, const struct vp_setting *setting, const char *property,
                      uint64_t limit, const char *unit)
{
    if (is_tuned_by_libvirt(planning, setting, "device"))
        return 0;
    struct vp_strbuf lines = {0};
    struct vp_strbuf disks = {0};
    VP_CLEANUP(vp_belows_done) struct vp_belows belows;
    vp_below_read(planning, setting, VP_BELOW_TOPS, &belows);
    for (size_t i = 0; i < belows.n; i++) {
        vp_autofree char *line = vp_asprintf("/dev/%s %" PRIu64, belows.items[i].device, limit);
        /* "cciss!c0d0" is "cciss/c0d0" in /dev. */
        for (char *at = line; (at = strchr(at, '!')) != NULL; *at = '/')
            ;
        vp_strbuf_join(&lines, "\n", line);
        vp_strbuf_join(&disks, ", ", belows.items[i].disks);
    }
    if (belows.n > 0)
        vp_plan_host(planning, setting, property, lines.text,
                     "the host does no more than that for the guest as a whole: %s, at most %" PRIu64
                     " %s on "
                     "each device",
                     disks.text, limit, unit);
    vp_strbuf_done(&lines);
    vp_strbuf_done(&disks);
    return 0;
}

#define LIMIT(func, property, amount, unit)                                                                  \
    static int func(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)   \
    {                                                                                                        \
        (void)err;                                                                                           \
        return plan_limit(planning, setting, "scope/" property, amount, unit);                               \
    }

LIMIT(plan_read_bytes, "IOReadBandwidthMax", setting->value.bytes, "bytes/s")
LIMIT(plan_write_bytes, "IOWriteBandwidthMax", setting->value.bytes, "bytes/s")
LIMIT(plan_read_iops, "IOReadIOPSMax", vp_plan_count(planning, setting), "requests/s")
LIMIT(plan_write_iops, "IOWriteIOPSMax", vp_plan_count(planning, setting), "requests/s")

#define WHAT(what)                                                                                           \
    "Most " what " per second that the host's kernel does for the guest as a whole on each device that its " \
    "images are on, those for tables of images and by all its disks together counted. disk.total-* and its " \
    "like limit each disk of its own in QEMU. Left out where the definition's own <blkiotune> names devices."

const struct vp_knob vp_knobs_hostio[] = {
    {
        .name = "disk.cgroup-weight",
        .type = VP_TYPE_COUNT,
        .effect = VP_EFFECT_HOST,
        .min = 1,
        .max = 10000,
        .doc =
            "The guest's share of the host's disks while others use them, 100 where nothing is said. Counts "
            "with scheduler bfq or the kernel's io.cost, and is warned about without. Left out where the "
            "definition's own <blkiotune> has a weight.",
        .plan = plan_weight,
    },
    {
        .name = "disk.cgroup-read-bytes",
        .type = VP_TYPE_SIZE,
        .effect = VP_EFFECT_HOST,
        .min = 4096,
        .max = BYTES_MAX,
        .unit = "bytes/s",
        .doc = WHAT("bytes read"),
        .plan = plan_read_bytes,
    },
    {
        .name = "disk.cgroup-write-bytes",
        .type = VP_TYPE_SIZE,
        .effect = VP_EFFECT_HOST,
        .min = 4096,
        .max = BYTES_MAX,
        .unit = "bytes/s",
        .doc = WHAT("bytes written"),
        .plan = plan_write_bytes,
    },
    {
        .name = "disk.cgroup-read-iops",
        .type = VP_TYPE_COUNT,
        .effect = VP_EFFECT_HOST,
        .min = 1,
        .max = IOPS_MAX,
        .unit = "requests/s",
        .doc = WHAT("reads"),
        .plan = plan_read_iops,
    },
    {
        .name = "disk.cgroup-write-iops",
        .type = VP_TYPE_COUNT,
        .effect = VP_EFFECT_HOST,
        .min = 1,
        .max = IOPS_MAX,
        .unit = "requests/s",
        .doc = WHAT("writes"),
        .plan = plan_write_iops,
    },
    {.name = NULL},
};
