/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"

#include "disks.h"
#include "strbuf.h"
#include "text.h"

#include <inttypes.h>
#include <string.h>

enum { CACHE_NONE, CACHE_WRITEBACK, CACHE_WRITETHROUGH, CACHE_DIRECTSYNC, CACHE_UNSAFE };
static const char *const caches[] = {"none", "writeback", "writethrough", "directsync", "unsafe", NULL};
enum { IO_NATIVE, IO_THREADS, IO_URING, IO_AUTO };
static const char *const ios[] = {"native", "threads", "io_uring", "auto", NULL};
static const char *const discards[] = {"unmap", "ignore", NULL};
static const char *const zeroes[] = {"off", "on", "unmap", NULL};

/* Does a cache mode bypass the host's page cache? */
static bool is_direct(const char *cache)
{
    return vp_same(cache, caches[CACHE_NONE]) || vp_same(cache, caches[CACHE_DIRECTSYNC]);
}

/*
 * Does libvirt switch the device's write cache off with it (qemuBuildDiskDeviceProps(): write-cache)? Then
 * the guest sends no flushes.
 */
static bool is_written_through(const char *cache)
{
    return vp_same(cache, caches[CACHE_WRITETHROUGH]) || vp_same(cache, caches[CACHE_DIRECTSYNC]);
}

static const char *cache_reason(int cache)
{
    switch (cache) {
    case CACHE_NONE:
        return "the guest caches its own data, a copy in the host's page cache only costs memory and CPU";
    case CACHE_WRITEBACK:
        return "the host's page cache serves reads and gathers writes until the guest flushes";
    case CACHE_WRITETHROUGH:
        return "the host's page cache serves reads, every write waits until it is on the storage";
    case CACHE_DIRECTSYNC:
        return "past the host's page cache, every write waits until it is on the storage";
    default:
        return "the guest's flushes are ignored, for guests that can be thrown away";
    }
}

static void plan_cache_of(struct vp_planning *planning, const struct vp_setting *setting, vp_node *disk)
{
    const int cache = setting->value.choice;
    const char *name = vp_disk_name(disk);
    /* libvirt runs a shared disk with cache none when its definition leaves the cache open. */
    if (vp_node_child(disk, "shareable") != NULL && !is_direct(caches[cache])) {
        vp_plan_skip(
            planning, setting,
            "%s: it is shareable, and a host's page cache would hide what another host writes; only none and "
            "directsync are safe",
            name);
        return;
    }
    if (is_written_through(caches[cache]) != is_written_through(vp_node_walk_attr(disk, "driver", "cache")))
        vp_plan_as(planning, VP_EFFECT_GUEST);
    vp_plan_attr(planning, setting, disk, "driver/@cache", caches[cache], "%s", cache_reason(cache));
    /* Not where the change waits for a cold start. */
    vp_autofree char *planned = vp_planned(planning, disk, "driver/@cache");
    if (!is_direct(planned) && vp_same(vp_node_walk_attr(disk, "driver", "io"), ios[IO_NATIVE]))
        vp_plan_attr(planning, setting, disk, "driver/@io", ios[IO_THREADS],
                     "libvirt refuses native I/O through the host's page cache");
}

static int plan_cache(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    struct vp_strbuf names = {0};
    for (vp_node *disk = vp_disk_first(planning->domain); disk != NULL; disk = vp_disk_next(disk)) {
        if (vp_disk_refuses(planning, setting, disk,
                            VP_DISK_VHOST_USER | VP_DISK_NVME | VP_DISK_FOLDER | VP_DISK_SCSI_LUN))
            continue;
        plan_cache_of(planning, setting, disk);
        if (vp_node_child(disk, "readonly") == NULL)
            vp_strbuf_join(&names, ", ", vp_disk_name(disk));
    }
    if (setting->value.choice == CACHE_UNSAFE && names.len > 0)
        vp_plan_warn(
            planning, setting,
            "%s: with cache unsafe a crash or power cut of the host loses committed data and can ruin the "
            "file system",
            names.text);
    vp_strbuf_done(&names);
    return 0;
}

static bool format_queues(const vp_node *disk)
{
    const char *format = vp_disk_format(disk);
    return vp_same(format, "raw") || vp_same(format, "qcow2") || vp_same(format, "qed");
}

static bool is_image(const vp_node *disk)
{
    const vp_node *backing = vp_node_child(disk, "backingStore");
    return !vp_same(vp_disk_format(disk), "raw") || vp_node_attr(backing, "type") != NULL;
}

static void plan_native(struct vp_planning *planning, const struct vp_setting *setting, vp_node *disk)
{
    vp_autofree char *cache = vp_planned(planning, disk, "driver/@cache");
    if (!is_direct(cache)) {
        vp_plan_skip(
            planning, setting,
            "%s: native I/O needs cache none or directsync and its cache is %s; set disk.cache = none",
            vp_disk_name(disk), cache != NULL ? cache : "left to QEMU, which takes writeback");
        return;
    }
    if (!format_queues(disk)) {
        vp_plan_skip(planning, setting,
                     "%s: QEMU does not queue requests to images of format %s; convert the image to raw",
                     vp_disk_name(disk), vp_disk_format(disk));
        return;
    }
    vp_plan_attr(planning, setting, disk, "driver/@io", ios[IO_NATIVE],
                 "image is %s and cache is %s, so the host may queue requests natively", vp_disk_format(disk),
                 cache);
}

static void plan_auto_io(struct vp_planning *planning, const struct vp_setting *setting, vp_node *disk)
{
    vp_autofree char *cache = vp_planned(planning, disk, "driver/@cache");
    if (vp_same(vp_disk_source(disk), "block") && is_direct(cache) && format_queues(disk))
        vp_plan_attr(planning, setting, disk, "driver/@io", ios[IO_NATIVE],
                     "on a block device with cache %s requests never block when they are queued", cache);
    else
        vp_plan_attr(planning, setting, disk, "driver/@io", ios[IO_THREADS], "%s",
                     vp_same(vp_disk_source(disk), "block")
                         ? "cache or format do not let the host queue natively"
                         : "on a file, submitting can block while the file system allocates");
}

static int plan_io(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const int io = setting->value.choice;
    if (io == IO_URING && !vp_host_libvirt_knows_value(planning->host, ios[IO_URING])) {
        vp_plan_skip(planning, setting, "the installed libvirt does not know io_uring; 6.3 or newer does");
        return 0;
    }
    struct vp_strbuf images = {0};
    for (vp_node *disk = vp_disk_first(planning->domain); disk != NULL; disk = vp_disk_next(disk)) {
        if (vp_disk_refuses(planning, setting, disk,
                            VP_DISK_VHOST_USER | VP_DISK_NVME | VP_DISK_FOLDER | VP_DISK_NETWORK |
                                VP_DISK_SCSI_LUN))
            continue;
        if (io == IO_AUTO)
            plan_auto_io(planning, setting, disk);
        else if (io == IO_NATIVE)
            plan_native(planning, setting, disk);
        else
            vp_plan_attr(planning, setting, disk, "driver/@io", ios[io], "%s",
                         io == IO_URING ? "requests and completions go through rings shared with the kernel"
                                        : "a pool of threads waits for the storage in the guest's place");
        if (io == IO_NATIVE && is_image(disk) && vp_node_child(disk, "readonly") == NULL)
            vp_strbuf_join(&images, ", ", vp_disk_name(disk));
    }
    if (images.len > 0)
        vp_plan_warn(
            planning, setting,
            "%s: the image allocates as it grows or has a backing file, which costs a database its native "
            "I/O; a raw image or a block device does better",
            images.text);
    vp_strbuf_done(&images);
    return 0;
}

#define NO_DISCARD (VP_DISK_VHOST_USER | VP_DISK_FOLDER | VP_DISK_SCSI_LUN | VP_DISK_READONLY)

static int plan_discard(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const char *value = discards[setting->value.choice];
    for (vp_node *disk = vp_disk_first(planning->domain); disk != NULL; disk = vp_disk_next(disk))
        if (!vp_disk_refuses(planning, setting, disk, NO_DISCARD))
            vp_plan_attr(planning, setting, disk, "driver/@discard", value, "%s",
                         vp_same(value, "unmap")
                             ? "what the guest trims is given back to the storage"
                             : "what the guest trims stays allocated, so that it need not be "
                               "allocated again");
    return 0;
}

static int plan_zeroes(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const char *value = zeroes[setting->value.choice];
    for (vp_node *disk = vp_disk_first(planning->domain); disk != NULL; disk = vp_disk_next(disk)) {
        if (vp_disk_refuses(planning, setting, disk, NO_DISCARD))
            continue;
        vp_autofree char *discard = vp_planned(planning, disk, "driver/@discard");
        if (vp_same(value, "unmap") && !vp_same(discard, "unmap")) {
            vp_plan_skip(planning, setting,
                         "%s: zeroes can only be unmapped where discard is unmap; set disk.discard = unmap",
                         vp_disk_name(disk));
            continue;
        }
        vp_plan_attr(planning, setting, disk, "driver/@detect_zeroes", value, "%s",
                     vp_same(value, "off") ? "no CPU time is spent on looking for zeroes"
                                           : "blocks of zeroes take no room on the storage");
    }
    return 0;
}

static unsigned queue_count(const struct vp_planning *planning, const struct vp_setting *setting)
{
    const uint64_t wanted = vp_plan_count(planning, setting);
    const unsigned vcpus = vp_domain_max_vcpus(planning->domain);
    return wanted < vcpus ? (unsigned)wanted : vcpus;
}

static bool can_have_queues(struct vp_planning *planning, const struct vp_setting *setting,
                            const vp_node *device, const char *name)
{
    if (vp_virtio_on_pci_or_ccw(planning->domain, device))
        return true;
    vp_plan_skip(planning, setting, "%s: it is on neither PCI nor CCW, where virtio has one queue", name);
    return false;
}

static int plan_queues(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const unsigned n = queue_count(planning, setting);
    vp_autofree char *value = vp_asprintf("%u", n);
    for (vp_node *disk = vp_disk_first(planning->domain); disk != NULL; disk = vp_disk_next(disk))
        if (vp_disk_planned_virtio(planning, disk) &&
            !vp_disk_refuses(planning, setting, disk, VP_DISK_VHOST_USER) &&
            can_have_queues(planning, setting, disk, vp_disk_name(disk)))
            vp_plan_attr(planning, setting, disk, "driver/@queues", value,
                         "%u of %u vCPUs submit without a lock", n, vp_domain_max_vcpus(planning->domain));
    for (vp_node *c = vp_virtio_scsi_first(planning->domain); c != NULL;
         c = vp_virtio_scsi_next(planning->domain, c)) {
        vp_autofree char *name = vp_asprintf("SCSI controller %u", vp_controller_index(c));
        if (can_have_queues(planning, setting, c, name))
            vp_plan_attr(planning, setting, c, "driver/@queues", value,
                         "%u of %u vCPUs submit without a lock", n, vp_domain_max_vcpus(planning->domain));
    }
    return 0;
}

/*
 * Between writeback, none and unsafe the guest sees no difference. To and from writethrough and directsync it
 * does: libvirt turns them into the device's write-cache property, and a guest that was told "write through"
 * sends no flushes, so that none or writeback under it would lose data. Such a change waits for a cold start
 * (plan_cache_of()). Of I/O mode, discard and zero detection the device tells the guest nothing (virtio-blk,
 * scsi-hd and ide-hd announce discard whatever the image can do), nor does libvirt's ABI check compare them.
 */
const struct vp_knob vp_knobs_disk[] = {
    {
        .name = "disk.cache",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_LAUNCH,
        .choices = caches,
        .doc = "How hard disks use the host's page cache. none and directsync go past it, directsync and "
               "writethrough wait for the storage on every write, unsafe ignores the guest's flushes and is "
               "warned about. Left out on vhost-user, NVMe and SCSI lun disks, and on shareable disks "
               "unless it is none or directsync; native I/O in the definition becomes threads where the new "
               "mode does not allow it. A change to or from directsync and writethrough waits for a cold "
               "start, as it tells the guest whether to flush.",
        .plan = plan_cache,
        .verify = vp_verify_definition,
    },
    {
        .name = "disk.io",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_LAUNCH,
        .choices = ios,
        .doc = "How QEMU does I/O on files and block devices. native needs cache none or directsync and an "
               "image that is raw, qcow2 or qed, and warns about images that are not raw; io_uring needs a "
               "libvirt and QEMU that know it; auto takes native on block devices past the page cache and "
               "threads elsewhere.",
        .plan = plan_io,
        .verify = vp_verify_definition,
    },
    {
        .name = "disk.discard",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_LAUNCH,
        .choices = discards,
        .doc = "Whether blocks that the guest trims are given back to the storage (unmap) or stay allocated "
               "(ignore). Left out on read-only, vhost-user and SCSI lun disks.",
        .plan = plan_discard,
        .verify = vp_verify_definition,
    },
    {
        .name = "disk.detect-zeroes",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_LAUNCH,
        .choices = zeroes,
        .doc = "Whether QEMU looks for writes of zeroes and writes them cheaply (on) or as holes (unmap, "
               "where discard is unmap). Costs CPU time for each write; left out on read-only, vhost-user "
               "and SCSI lun disks.",
        .plan = plan_zeroes,
        .verify = vp_verify_definition,
    },
    {
        .name = "disk.queues",
        .type = VP_TYPE_COUNT,
        .effect = VP_EFFECT_GUEST,
        .min = 1,
        .max = 256,
        .doc = "Request queues of each virtio-blk disk and of each virtio-scsi controller that serves a "
               "hard disk, never more than the guest's vCPUs. Only on PCI and CCW; a vhost-user disk keeps "
               "what its process offers.",
        .plan = plan_queues,
        .verify = vp_verify_definition,
    },
    {.name = NULL},
};
