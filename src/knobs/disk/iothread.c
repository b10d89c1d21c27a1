/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"

#include "disks.h"
#include "iothreadids.h"
#include "size.h"
#include "strbuf.h"
#include "text.h"

#include <inttypes.h>
#include <string.h>

/* Most I/O threads that are planned. */
#define THREADS_MAX 64
/*
 * With auto: enough for every disk of a busy guest; with queues mapped to threads the lower end of what pays
 * off.
 */
#define AUTO_MAX 8
#define AUTO_MAPPED 4

static const char *const counts[] = {"auto", NULL};

static unsigned read_number(const char *text)
{
    uint64_t value = 0;
    if (text == NULL || vp_u64_parse(text, 1, UINT32_MAX, &value) < 0)
        return 0;
    return (unsigned)value;
}

/* Threads with the number of devices that each serves. */
struct threads {
    struct vp_iothreads of;
    unsigned load[VP_IOTHREADS_MAX];
};

/* A device that an I/O thread can serve. */
struct served {
    vp_node *node;
    const char *name; /* of a disk; NULL for a controller */
    unsigned index;   /* of a controller */
    unsigned thread;  /* that the definition gives it; 0: none */
    bool mapped;      /* its queues are, or will be, spread over all threads */
};

struct devices {
    struct served *items; /* owned */
    size_t n, cap;
};

static void devices_done(struct devices *devices)
{
    free(devices->items);
}

static bool can_be_served(struct vp_planning *planning, const struct vp_setting *setting, const vp_node *node,
                          const char *name)
{
    const char *why = NULL;
    if (!vp_virtio_on_pci_or_ccw(planning->domain, node))
        why = "it is on neither PCI nor CCW, where QEMU has no I/O threads for it";
    else if (vp_same(vp_node_walk_attr(node, "driver", "ioeventfd"), "off"))
        why = "an I/O thread needs its ioeventfd, which the definition turns off";
    if (why != NULL && setting != NULL)
        vp_plan_skip(planning, setting, "%s: %s", name, why);
    return why == NULL;
}

/* iothread-mapping is a later libvirt's: queues of one disk on several threads. */
static bool mapping_works(const struct vp_planning *planning)
{
    const struct vp_setting *mapping = vp_plan_setting(planning, "disk.iothread-mapping");
    return mapping != NULL && mapping->value.yes && vp_host_libvirt_knows_element(planning->host, "queue");
}

static bool has_queues(const struct vp_planning *planning, vp_node *disk)
{
    vp_autofree char *queues = vp_planned(planning, disk, "driver/@queues");
    return read_number(queues) > 1;
}

static void add_device(struct devices *devices, struct served served)
{
    vp_grow(&devices->items, devices->n, &devices->cap, sizeof(*devices->items));
    devices->items[devices->n++] = served;
}

static int by_name(const void *a, const void *b)
{
    const struct served *x = a;
    const struct served *y = b;
    if (x->name == NULL || y->name == NULL)
        return x->name == y->name ? (x->index > y->index) - (x->index < y->index) : x->name == NULL ? 1 : -1;
    const size_t n = strlen(x->name);
    const size_t m = strlen(y->name);
    return n != m ? (n > m) - (n < m) : strcmp(x->name, y->name);
}

/*
 * In an order of their own, for libvirt sorts disks and controllers when it stores a definition.
 * @setting: to note what cannot be served; NULL for no notes
 */
static struct devices find_devices(struct vp_planning *planning, const struct vp_setting *setting)
{
    struct devices devices = {0};
    const struct vp_domain *domain = planning->domain;
    const bool mapping = mapping_works(planning);
    for (vp_node *disk = vp_disk_first(domain); disk != NULL; disk = vp_disk_next(disk)) {
        const char *name = vp_disk_name(disk);
        if (!vp_disk_planned_virtio(planning, disk) || (vp_disk_traits(disk) & VP_DISK_VHOST_USER) != 0 ||
            !can_be_served(planning, setting, disk, name))
            continue;
        const unsigned own = read_number(vp_node_walk_attr(disk, "driver", "iothread"));
        const bool mapped = vp_node_walk(disk, "driver/iothreads") != NULL;
        add_device(&devices,
                   (struct served){.node = disk,
                                   .name = name,
                                   .thread = own,
                                   .mapped = mapped || (own == 0 && mapping && has_queues(planning, disk))});
    }
    for (vp_node *c = vp_virtio_scsi_first(domain); c != NULL; c = vp_virtio_scsi_next(domain, c)) {
        const unsigned index = vp_controller_index(c);
        vp_autofree char *name = vp_asprintf("SCSI controller %u", index);
        if (can_be_served(planning, setting, c, name))
            add_device(&devices,
                       (struct served){.node = c,
                                       .index = index,
                                       .thread = read_number(vp_node_walk_attr(c, "driver", "iothread"))});
    }
    if (devices.n > 1)
        qsort(devices.items, devices.n, sizeof(*devices.items), by_name);
    return devices;
}

static bool any_mapped(const struct devices *devices)
{
    for (size_t i = 0; i < devices->n; i++)
        if (devices->items[i].mapped)
            return true;
    return false;
}

static unsigned least(uint64_t a, uint64_t b)
{
    return (unsigned)(a < b ? a : b);
}

/* How many threads there should be, by the profile and what they would have to do. */
static unsigned wanted_threads(struct vp_planning *planning, const struct vp_setting *setting,
                               const struct devices *devices)
{
    const unsigned vcpus = vp_domain_max_vcpus(planning->domain);
    const bool mapped = any_mapped(devices);
    if (setting->value.choice == 0)
        return least(mapped ? AUTO_MAPPED : least(devices->n, AUTO_MAX), vcpus);
    const uint64_t count = vp_plan_count(planning, setting);
    if (mapped || count <= devices->n)
        return least(count, THREADS_MAX);
    vp_plan_skip(planning, setting,
                 "only %zu of %" PRIu64
                 " I/O threads planned: each would serve one device and there are no more; a "
                 "disk of its own for each load (data, logs, temporary files) would use them",
                 devices->n, count);
    return least(devices->n, THREADS_MAX);
}

/*
 * Never fewer threads than the definition has: others may be pinned, or be waited for by hot-plugged disks.
 */
static void plan_number(struct vp_planning *planning, const struct vp_setting *setting,
                        struct vp_iothreads *threads, unsigned wanted)
{
    if (wanted <= threads->n)
        return;
    if (threads->listed) {
        if (setting->value.choice != 0)
            vp_plan_skip(planning, setting,
                         "the definition lists its %u I/O threads by id, no more are added; list them there",
                         threads->n);
        return;
    }
    vp_autofree char *count = vp_asprintf("%u", wanted);
    vp_plan_text(planning, setting, planning->domain->root, "iothreads", count,
                 "requests are taken from the guest and completed beside the main loop of QEMU");
    vp_iothreads_fill(threads, wanted);
}

static unsigned take_least_loaded(struct threads *threads)
{
    unsigned best = 0;
    for (unsigned i = 1; i < threads->of.n; i++)
        if (threads->load[i] < threads->load[best])
            best = i;
    threads->load[best]++;
    return threads->of.ids[best];
}

static void count_load(struct threads *threads, const struct devices *devices)
{
    for (size_t i = 0; i < devices->n; i++)
        for (unsigned t = 0; t < threads->of.n; t++)
            threads->load[t] += devices->items[i].thread == threads->of.ids[t];
}

static int plan_iothreads(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    (void)err;
    VP_CLEANUP(devices_done) struct devices devices = find_devices(planning, setting);
    if (devices.n == 0) {
        vp_plan_skip(planning, setting,
                     "the guest has no virtio disk that an I/O thread could serve; see disk.bus");
        return 0;
    }
    struct threads threads = {.of = vp_iothreads_read(planning->domain)};
    plan_number(planning, setting, &threads.of, wanted_threads(planning, setting, &devices));
    count_load(&threads, &devices);
    for (size_t i = 0; i < devices.n && threads.of.n > 0; i++) {
        if (devices.items[i].thread != 0 || devices.items[i].mapped)
            continue;
        vp_autofree char *id = vp_asprintf("%u", take_least_loaded(&threads));
        vp_plan_attr(planning, setting, devices.items[i].node, "driver/@iothread", id,
                     "served by I/O thread %s of %u, the one with the fewest devices", id, threads.of.n);
    }
    return 0;
}

/*
 * <iothread> as it is where the definition does not list it yet: with all that the profile says of polling.
 */
static char *polling_thread(const struct vp_planning *planning, unsigned id)
{
    static const char *const attrs[] = {"max", "grow", "shrink"};
    struct vp_strbuf buf = {0};
    vp_strbuf_addf(&buf, "<iothread id='%u'><poll", id);
    for (size_t i = 0; i < VP_ARRAY_SIZE(attrs); i++) {
        vp_autofree char *knob = vp_asprintf("disk.iothread-poll-%s", attrs[i]);
        const struct vp_setting *setting = vp_plan_setting(planning, knob);
        if (setting != NULL)
            vp_strbuf_addf(&buf, " %s='%" PRIu64 "'", attrs[i], vp_plan_count(planning, setting));
    }
    vp_strbuf_add(&buf, "/></iothread>");
    return vp_strbuf_take(&buf);
}

static void plan_poll_of(struct vp_planning *planning, const struct vp_setting *setting, unsigned id,
                         const char *attr, const char *reason)
{
    vp_node *root = planning->domain->root;
    vp_node *node = vp_node_child(vp_node_child(root, "iothreadids"), "iothread");
    while (node != NULL && read_number(vp_node_attr(node, "id")) != id)
        node = vp_node_same(node);
    if (node != NULL) {
        vp_autofree char *path = vp_asprintf("poll/@%s", attr);
        vp_autofree char *value = vp_asprintf("%" PRIu64, vp_plan_count(planning, setting));
        vp_plan_attr(planning, setting, node, path, value, "%s", reason);
        return;
    }
    vp_autofree char *path = vp_asprintf("iothreadids/iothread[%u]", id);
    vp_autofree char *thread = polling_thread(planning, id);
    vp_plan_element(planning, setting, root, path, thread, "%s", reason);
}

static int plan_poll(struct vp_planning *planning, const struct vp_setting *setting, const char *attr,
                     const char *reason)
{
    /* A guest that runs can be told by any. */
    if (planning->phase != VP_PHASE_LIVE && !vp_host_libvirt_knows_element(planning->host, "poll")) {
        vp_plan_skip(planning, setting,
                     "the installed libvirt cannot keep it in a definition; 9.4 or newer does");
        return 0;
    }
    const struct vp_iothreads threads = vp_iothreads_planned(planning);
    if (threads.n == 0)
        vp_plan_skip(planning, setting, "the guest has no I/O thread; set disk.iothreads");
    for (unsigned i = 0; i < threads.n; i++)
        plan_poll_of(planning, setting, threads.ids[i], attr, reason);
    return 0;
}

static int plan_poll_max(struct vp_planning *planning, const struct vp_setting *setting,
                         struct vp_error **err)
{
    (void)err;
    return plan_poll(planning, setting, "max",
                     "the I/O thread looks for requests that long before it sleeps");
}

static int plan_poll_grow(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    (void)err;
    return plan_poll(planning, setting, "grow", "factor by which polling gets longer when it was too short");
}

static int plan_poll_shrink(struct vp_planning *planning, const struct vp_setting *setting,
                            struct vp_error **err)
{
    (void)err;
    return plan_poll(planning, setting, "shrink",
                     "divisor by which polling gets shorter when it was in vain");
}

static int plan_mapping(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    if (!setting->value.yes)
        return 0;
    if (!mapping_works(planning)) {
        vp_plan_skip(
            planning, setting,
            "the installed libvirt gives each disk one I/O thread; 10.0 or newer with QEMU 9.0 maps queues");
        return 0;
    }
    const struct vp_iothreads threads = vp_iothreads_planned(planning);
    if (threads.n < 2) {
        vp_plan_skip(planning, setting, "there are no two I/O threads to map queues to; set disk.iothreads");
        return 0;
    }
    struct vp_strbuf list = {0};
    vp_strbuf_add(&list, "<iothreads>");
    for (unsigned i = 0; i < threads.n; i++)
        vp_strbuf_addf(&list, "<iothread id='%u'/>", threads.ids[i]);
    vp_strbuf_add(&list, "</iothreads>");
    VP_CLEANUP(devices_done) struct devices devices = find_devices(planning, NULL);
    for (size_t i = 0; i < devices.n; i++) {
        const struct served *disk = &devices.items[i];
        if (disk->name == NULL || disk->thread != 0 || vp_node_walk(disk->node, "driver/iothreads") != NULL)
            continue;
        if (disk->mapped)
            vp_plan_element(planning, setting, disk->node, "driver/iothreads", list.text,
                            "its queues are spread over %u I/O threads", threads.n);
        else
            vp_plan_skip(planning, setting, "%s: it has one queue; set disk.queues = vcpus", disk->name);
    }
    vp_strbuf_done(&list);
    return 0;
}

#define POLL_ROW(key, planner, what, max_value, unit_text)                                                   \
    {                                                                                                        \
        .name = key, .type = VP_TYPE_COUNT, .effect = VP_EFFECT_LIVE, .max = (max_value), .unit = unit_text, \
        .doc = what " of every I/O thread of the guest. Needs I/O threads, and libvirt 9.4 to be in a "      \
                    "definition; an older one can only tell it to a guest that runs.",                       \
        .plan = planner, .verify = vp_verify_definition,                                                     \
    }

/* The guest does not see which thread of QEMU serves it, and libvirt's ABI check compares none of this. */
const struct vp_knob vp_knobs_iothread[] = {
    {
        .name = "disk.iothreads",
        .type = VP_TYPE_COUNT,
        .effect = VP_EFFECT_LAUNCH,
        .choices = counts,
        .min = 1,
        .max = THREADS_MAX,
        .doc = "I/O threads of the guest, shared out over its virtio-blk disks and the virtio-scsi "
               "controllers of its disks. auto makes one for each of these, at most 8 and not more than "
               "vCPUs; never more than there are devices unless disk.iothread-mapping is in effect. Threads "
               "that the definition has or lists by id, and what it assigns, stay; vhost-user disks, "
               "virtio-mmio and ioeventfd='off' can have none.",
        .plan = plan_iothreads,
        .verify = vp_verify_definition,
    },
    {
        .name = "disk.iothread-mapping",
        .type = VP_TYPE_BOOL,
        .effect = VP_EFFECT_LAUNCH,
        .doc = "Spread the queues of each virtio-blk disk over all I/O threads instead of giving it one. "
               "Needs libvirt 10.0, QEMU 9.0 (an older QEMU refuses the definition), disk.iothreads and "
               "more than one of disk.queues; disks that the definition assigns to a thread keep it.",
        .plan = plan_mapping,
        .verify = vp_verify_definition,
    },
    POLL_ROW("disk.iothread-poll-max", plan_poll_max,
             "Longest time of busy polling for requests, 0 for none,", 1000000000, "ns"),
    POLL_ROW("disk.iothread-poll-grow", plan_poll_grow,
             "Factor by which the time of polling grows while it is too short, 0 for QEMU's own,", 1000,
             NULL),
    POLL_ROW(
        "disk.iothread-poll-shrink", plan_poll_shrink,
        "Divisor by which the time of polling shrinks after polling in vain, 0 for back to nothing at once,",
        1000, NULL),
    {.name = NULL},
};
