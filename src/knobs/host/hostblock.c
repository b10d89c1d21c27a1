/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"

#include "diskbelow.h"
#include "size.h"
#include "sysdev.h"
#include "text.h"

#include <inttypes.h>
#include <string.h>

enum { AUTO, NONE, MQ_DEADLINE, KYBER, BFQ };
static const char *const schedulers[] = {"auto", "none", "mq-deadline", "kyber", "bfq", NULL};
/* Where the kernel's build puts the module, below kernel/ (block/Makefile). */
static const char *const modules[] = {NULL, NULL, "block/mq-deadline", "block/kyber-iosched", "block/bfq"};

/* The kernel's bounds are BLKDEV_MIN_RQ and what the scheduler or the device takes. */
#define REQUESTS_MIN 4
#define REQUESTS_MAX 65536
/* Read-ahead is counted in pages, of which no kernel's are larger. */
#define PAGE_KIB 64
#define AHEAD_MAX (1ull << 30)

/* Is a word in the list of choices that the kernel has loaded, "[none] mq-deadline"? */
static bool lists(const char *choices, const char *name)
{
    const size_t len = strlen(name);
    const char *at = choices + strspn(choices, " []\n");
    while (*at != '\0') {
        const size_t word = strcspn(at, " []\n");
        if (word == len && strncmp(at, name, len) == 0)
            return true;
        at += word;
        at += strspn(at, " []\n");
    }
    return false;
}

/* The kernel loads a scheduler when it is asked for by name. */
static bool has_module(const struct vp_root *root, int scheduler)
{
    static const char *const ends[] = {"", ".xz", ".zst", ".gz"};
    vp_autofree char *release = NULL;
    size_t len = 0;
    if (modules[scheduler] == NULL ||
        vp_root_read(root, "/proc/sys/kernel/osrelease", 256, &release, &len, NULL) < 0)
        return false;
    release[strcspn(release, "\n")] = '\0';
    for (size_t i = 0; i < VP_ARRAY_SIZE(ends); i++) {
        vp_autofree char *path =
            vp_asprintf("/lib/modules/%s/kernel/%s.ko%s", release, modules[scheduler], ends[i]);
        if (vp_sysdev_has(root, path))
            return true;
    }
    return false;
}

static const char *scheduler_reason(int scheduler)
{
    switch (scheduler) {
    case NONE:
        return "a disk that finds everything at once needs no order, and each request is spared the sorting";
    case MQ_DEADLINE:
        return "requests are put in an order that heads can follow, and none waits for ever";
    case KYBER:
        return "writes are held back while reads wait too long";
    default:
        return "each guest gets its share of the disk";
    }
}

static void plan_scheduler_of(struct vp_planning *planning, const struct vp_setting *setting,
                              const struct vp_root *root, const struct vp_below *below)
{
    const bool rotates = vp_queue_rotates(root, below->device);
    int want = setting->value.choice;
    if (want == AUTO)
        want = rotates ? MQ_DEADLINE : NONE;
    vp_autofree char *path = vp_asprintf("/sys/block/%s/queue/scheduler", below->device);
    vp_autofree char *choices = NULL;
    size_t len = 0;
    if (vp_root_read(root, path, 4096, &choices, &len, NULL) < 0) {
        vp_plan_skip(planning, setting, "%s: the host's %s has no scheduler to choose", below->disks,
                     below->device);
        return;
    }
    choices[strcspn(choices, "\n")] = '\0';
    /* A queue that lists nothing but "none" takes no scheduler at all. */
    if (!lists(choices, schedulers[want]) &&
        (strcspn(choices, " ") == strlen(choices) || !has_module(root, want))) {
        vp_plan_skip(planning, setting, "%s: the kernel offers no %s for the host's %s, only %s",
                     below->disks, schedulers[want], below->device, choices);
        return;
    }
    vp_autofree char *name = vp_asprintf("block/%s/scheduler", below->device);
    vp_autofree char *now = vp_queue_value(root, below->device, "scheduler");
    vp_plan_host(planning, setting, name, schedulers[want], "the host's %s below %s: %s", below->device,
                 below->disks, scheduler_reason(want));
    if (want == NONE && rotates)
        vp_plan_warn(planning, setting,
                     "%s: the host's %s has heads that move, and nobody sorts its requests", below->disks,
                     below->device);
    if (!vp_same(now, schedulers[want]) && vp_below_holds_root(root, below->device))
        vp_plan_warn(planning, setting,
                     "%s: the host's %s also holds its root file system, whose requests are scheduled alike",
                     below->disks, below->device);
}

static int plan_scheduler(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    (void)err;
    VP_CLEANUP(vp_belows_done) struct vp_belows belows;
    vp_below_read(planning, setting, VP_BELOW_QUEUES, &belows);
    for (size_t i = 0; i < belows.n; i++)
        plan_scheduler_of(planning, setting, vp_host_root(planning->host), &belows.items[i]);
    return 0;
}

/* What the scheduler of a queue will be; NULL where it has none. Owned. */
static char *planned_scheduler(const struct vp_planning *planning, const char *device)
{
    vp_autofree char *target = vp_asprintf("host/block/%s/scheduler", device);
    const struct vp_action *action = vp_plan_find(planning->plan, target);
    return action != NULL ? vp_strdup(action->value)
                          : vp_queue_value(vp_host_root(planning->host), device, "scheduler");
}

static void plan_requests_of(struct vp_planning *planning, const struct vp_setting *setting,
                             const struct vp_below *below, uint64_t requests)
{
    const struct vp_root *root = vp_host_root(planning->host);
    vp_autofree char *now = vp_queue_value(root, below->device, "nr_requests");
    vp_autofree char *scheduler = vp_queue_value(root, below->device, "scheduler");
    vp_autofree char *planned = planned_scheduler(planning, below->device);
    uint64_t most = 0;
    if (now == NULL || vp_u64_parse(now, 0, UINT64_MAX, &most) < 0) {
        vp_plan_skip(planning, setting, "%s: the host's %s does not queue requests", below->disks,
                     below->device);
        return;
    }
    /* Without a scheduler the kernel starts with as many as the device takes, and refuses more. */
    if (vp_same(planned, schedulers[NONE]) && vp_same(scheduler, schedulers[NONE]) && requests > most) {
        vp_plan_skip(
            planning, setting,
            "%s: with scheduler none the host's %s queues what the device takes itself, at most %" PRIu64,
            below->disks, below->device, most);
        return;
    }
    vp_autofree char *name = vp_asprintf("block/%s/nr_requests", below->device);
    vp_autofree char *value = vp_asprintf("%" PRIu64, requests);
    vp_plan_host(planning, setting, name, value,
                 "the host's %s below %s keeps as many requests to sort and merge", below->device,
                 below->disks);
}

static int plan_requests(struct vp_planning *planning, const struct vp_setting *setting,
                         struct vp_error **err)
{
    (void)err;
    const uint64_t requests = vp_plan_count(planning, setting);
    VP_CLEANUP(vp_belows_done) struct vp_belows belows;
    vp_below_read(planning, setting, VP_BELOW_QUEUES, &belows);
    for (size_t i = 0; i < belows.n; i++)
        plan_requests_of(planning, setting, &belows.items[i], requests);
    return 0;
}

static int plan_ahead(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const uint64_t kib = setting->value.bytes / 1024;
    vp_autofree char *value = vp_asprintf("%" PRIu64, kib - kib % PAGE_KIB);
    VP_CLEANUP(vp_belows_done) struct vp_belows belows;
    vp_below_read(planning, setting, VP_BELOW_CACHES, &belows);
    for (size_t i = 0; i < belows.n; i++) {
        const struct vp_below *below = &belows.items[i];
        vp_autofree char *name = vp_asprintf("block/%s/read_ahead_kb", below->device);
        vp_plan_host(planning, setting, name, value,
                     "%s: as much as that is read from the host's %s before it is asked for", below->disks,
                     below->device);
    }
    return 0;
}

const struct vp_knob vp_knobs_hostblock[] = {
    {
        .name = "disk.scheduler",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_HOST,
        .choices = schedulers,
        .doc =
            "I/O scheduler of the host's disks below the guest's images, through partitions, LVM, RAID and "
            "encryption. auto takes mq-deadline for disks with moving heads and none for others. Where "
            "guests that share a disk differ, the one that shares it out more wins: bfq, mq-deadline, "
            "kyber, none. Left out on network and vhost-user disks and for what the kernel does not offer.",
        .plan = plan_scheduler,
    },
    {
        .name = "disk.nr-requests",
        .type = VP_TYPE_COUNT,
        .effect = VP_EFFECT_HOST,
        .min = REQUESTS_MIN,
        .max = REQUESTS_MAX,
        .unit = "requests",
        .doc = "How many requests the host's disks below the guest's images queue (nr_requests). Of guests "
               "that share a disk the largest number counts. Left out where scheduler none cannot have as "
               "many.",
        .plan = plan_requests,
    },
    {
        .name = "disk.read-ahead",
        .type = VP_TYPE_SIZE,
        .effect = VP_EFFECT_HOST,
        .min = 0,
        .max = AHEAD_MAX,
        .doc =
            "How much the host reads ahead on the devices that the guest's images are read from through its "
            "page cache (read_ahead_kb), in steps of 64 KiB. Of guests that share a device the largest "
            "amount counts. Left out on disks with cache none or directsync, which go past the page cache.",
        .plan = plan_ahead,
    },
    {.name = NULL},
};
