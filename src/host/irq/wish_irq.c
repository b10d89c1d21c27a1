/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wish_irq.h"

#include <errno.h>
#include <string.h>

#include "cpumask.h"
#include "irq.h"
#include "irqbalance.h"
#include "irqwants.h"
#include "journal.h"
#include "netdev.h"
#include "strbuf.h"
#include "text.h"

static const char default_path[] = "/proc/irq/default_smp_affinity";

/* An interrupt that a wish of ours is about. */
struct steer {
    struct vp_irq irq;
    hwloc_bitmap_t cpus;
    struct vp_strbuf owner;
    char *reason;
    bool device; /* of a guest: what it serves others for does not count */
};

struct work {
    const struct vp_root *root;
    const struct vp_topology *topology;
    const struct vp_occupied *occupied;
    const struct vp_entries *entries;
    struct vp_wishes *wishes;
    struct vp_journal journal;
    hwloc_bitmap_t off;        /* CPUs that interrupts of others are kept off */
    struct vp_strbuf owners;   /* of `off` */
    struct vp_strbuf steerers; /* of all of: */
    struct steer *steers;
    size_t n, cap;
};

static void work_done(struct work *work)
{
    for (size_t i = 0; i < work->n; i++) {
        free(work->steers[i].irq.action);
        free(work->steers[i].irq.target);
        hwloc_bitmap_free(work->steers[i].irq.cpus);
        hwloc_bitmap_free(work->steers[i].cpus);
        vp_strbuf_done(&work->steers[i].owner);
        free(work->steers[i].reason);
    }
    free(work->steers);
    vp_journal_done(&work->journal);
    hwloc_bitmap_free(work->off);
    vp_strbuf_done(&work->owners);
    vp_strbuf_done(&work->steerers);
}

static const char *wanted(const struct vp_entry *entry, const char *name)
{
    /* One that is coming has no interrupts yet, and disturbs no vCPU of its own. */
    const bool counts = entry->placement != NULL && entry->state == VP_ENTRY_RUNNING;
    const struct vp_want *want = counts ? vp_want_find(entry, name) : NULL;
    return want != NULL ? want->value : NULL;
}

/* Did the guest get the interrupt's CPUs in this round already? Then CPUs of several guests add up. */
static struct steer *steer_of(struct work *work, struct vp_irq *irq)
{
    for (size_t i = 0; i < work->n; i++)
        if (work->steers[i].irq.number == irq->number)
            return &work->steers[i];
    vp_grow(&work->steers, work->n, &work->cap, sizeof(*work->steers));
    struct steer *steer = &work->steers[work->n++];
    *steer = (struct steer){.irq = *irq, .cpus = vp_bitmap_new()};
    *irq = (struct vp_irq){0};
    return steer;
}

/* CPUs of a floating guest shrink when others own them. Owned; empty where there are none left. */
static hwloc_bitmap_t cpus_of_vcpu(const struct work *work, const struct vp_placement *placement,
                                   unsigned vcpu)
{
    hwloc_bitmap_t cpus = vp_bitmap_new();
    hwloc_bitmap_copy(cpus, placement->vcpus[vcpu]);
    if (placement->policy == VP_POLICY_DEDICATED)
        return cpus;
    hwloc_bitmap_andnot(cpus, cpus, work->occupied->dedicated);
    if (hwloc_bitmap_iszero(cpus)) {
        vp_autobitmap pool = vp_placement_pool(work->occupied);
        hwloc_bitmap_copy(cpus, pool);
    }
    return cpus;
}

/*
 * The first vector of most devices is for their administration (NVMe, virtio, iavf, mlx5), those behind it
 * are for the queues, which drivers lay on vCPUs in order.
 */
static unsigned vcpu_of_vector(unsigned vector, unsigned n_vcpus)
{
    return vector == 0 ? 0 : (vector - 1) % n_vcpus;
}

static void steer_device_irq(struct work *work, const struct vp_entry *entry, bool to_vcpus,
                             struct vp_irq *irq)
{
    unsigned vector = 0;
    if (irq->fixed || !vp_irq_is_vfio(irq, &vector))
        return;
    const unsigned vcpu = vcpu_of_vector(vector, entry->placement->n_vcpus);
    vp_autobitmap cpus = to_vcpus ? cpus_of_vcpu(work, entry->placement, vcpu) : vp_bitmap_new();
    if (!to_vcpus)
        hwloc_bitmap_copy(cpus, work->occupied->housekeeping);
    if (hwloc_bitmap_iszero(cpus))
        return;
    struct steer *steer = steer_of(work, irq);
    hwloc_bitmap_copy(steer->cpus, cpus);
    steer->device = true;
    vp_owners_add(&steer->owner, entry->name);
    vp_owners_add(&work->steerers, entry->name);
    free(steer->reason);
    steer->reason =
        to_vcpus ? vp_asprintf("%s belongs to the guest and goes to its vCPU %u", steer->irq.action, vcpu)
                 : vp_asprintf("%s belongs to the guest and stays off its vCPUs", steer->irq.action);
}

static int steer_devices(struct work *work, const struct vp_entry *entry, struct vp_error **err)
{
    const char *how = wanted(entry, "irq/devices");
    for (size_t i = 0; how != NULL && i < entry->n_wants; i++) {
        VP_CLEANUP(vp_irqs_done) struct vp_irqs irqs = {0};
        if (!vp_starts(entry->wants[i].name, VP_FACT_PCI))
            continue;
        const int r = vp_irqs_of_pci(work->root, entry->wants[i].name + strlen(VP_FACT_PCI), &irqs, err);
        if (r < 0)
            return r;
        for (size_t k = 0; k < irqs.n; k++)
            steer_device_irq(work, entry, strcmp(how, "vcpus") == 0, &irqs.items[k]);
    }
    return 0;
}

/* The CPUs of the nodes of a set, without those that guests own. Owned. */
static hwloc_bitmap_t near_cpus(const struct work *work, hwloc_const_bitmap_t set)
{
    hwloc_bitmap_t cpus = vp_bitmap_new();
    for (unsigned i = 0; i < work->topology->n_nodes; i++)
        if (hwloc_bitmap_intersects(work->topology->nodes[i].cpus, set))
            hwloc_bitmap_or(cpus, cpus, work->topology->nodes[i].cpus);
    hwloc_bitmap_andnot(cpus, cpus, work->occupied->dedicated);
    return cpus;
}

/* Interrupts of a PCI device of the host go near threads of a guest that it serves. */
static int steer_serving(struct work *work, const struct vp_entry *entry, const char *address,
                         hwloc_const_bitmap_t threads, const char *what, struct vp_error **err)
{
    VP_CLEANUP(vp_irqs_done) struct vp_irqs irqs = {0};
    vp_autobitmap cpus = near_cpus(work, threads);
    unsigned vector = 0;
    if (hwloc_bitmap_iszero(cpus))
        return 0;
    const int r = vp_irqs_of_pci(work->root, address, &irqs, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < irqs.n; i++) {
        if (irqs.items[i].fixed || vp_irq_is_vfio(&irqs.items[i], &vector))
            continue;
        struct steer *steer = steer_of(work, &irqs.items[i]);
        if (steer->device)
            continue;
        hwloc_bitmap_or(steer->cpus, steer->cpus, cpus);
        vp_owners_add(&steer->owner, entry->name);
        vp_owners_add(&work->steerers, entry->name);
        if (steer->reason == NULL)
            steer->reason =
                vp_asprintf("%s serves guests and stays on the node of their %s", steer->irq.action, what);
    }
    return 0;
}

static int steer_tap(struct work *work, const struct vp_entry *entry, const char *tap, struct vp_error **err)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    vp_netdev_below(work->root, tap, &names);
    for (size_t i = 0; names[i] != NULL; i++) {
        vp_autofree char *path = vp_asprintf("/sys/class/net/%s", names[i]);
        vp_autofree char *address = vp_pci_below(work->root, path);
        const int r = address != NULL ? steer_serving(work, entry, address, entry->placement->emulator,
                                                      "vhost workers", err)
                                      : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

static int steer_disk(struct work *work, const struct vp_entry *entry, const char *address,
                      struct vp_error **err)
{
    const struct vp_placement *placement = entry->placement;
    vp_autobitmap threads = vp_bitmap_new();
    for (unsigned i = 0; i < placement->n_iothreads; i++)
        hwloc_bitmap_or(threads, threads, placement->iothreads[i]);
    if (hwloc_bitmap_iszero(threads))
        hwloc_bitmap_copy(threads, placement->emulator);
    return steer_serving(work, entry, address, threads, "I/O threads", err);
}

static int steer_servers(struct work *work, const struct vp_entry *entry, struct vp_error **err)
{
    /* A shared guest's threads are everywhere. */
    if (wanted(entry, "irq/serving") == NULL || entry->placement->policy == VP_POLICY_SHARED)
        return 0;
    for (size_t i = 0; i < entry->n_wants; i++) {
        const char *name = entry->wants[i].name;
        int r = 0;
        if (vp_starts(name, VP_FACT_TAP))
            r = steer_tap(work, entry, name + strlen(VP_FACT_TAP), err);
        else if (vp_starts(name, VP_FACT_DISK))
            r = steer_disk(work, entry, name + strlen(VP_FACT_DISK), err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* What was there before us; NULL where it is not ours. */
static const char *before(const struct work *work, const struct vp_means *means, const char *target)
{
    const struct vp_journal_item *item = vp_journal_find(&work->journal, means->name, target);
    return item != NULL ? item->before : NULL;
}

/*
 * A set without the CPUs of guests that want quiet: what is left of it, of its nodes, or housekeeping
 * CPUs. False where nothing is to be done: it has none of them, or there is no other.
 */
static bool move_off(const struct work *work, hwloc_bitmap_t set)
{
    vp_autobitmap near = vp_bitmap_new();
    if (!hwloc_bitmap_intersects(set, work->off))
        return false;
    for (unsigned i = 0; i < work->topology->n_nodes; i++)
        if (hwloc_bitmap_intersects(work->topology->nodes[i].cpus, set))
            hwloc_bitmap_or(near, near, work->topology->nodes[i].cpus);
    hwloc_const_bitmap_t choices[] = {set, near, work->occupied->housekeeping};
    for (size_t i = 0; i < VP_ARRAY_SIZE(choices); i++) {
        vp_autobitmap left = vp_bitmap_new();
        hwloc_bitmap_andnot(left, choices[i], work->off);
        vp_autobitmap usable = vp_bitmap_new();
        hwloc_bitmap_and(usable, left, work->topology->allowed);
        if (!hwloc_bitmap_iszero(usable)) {
            hwloc_bitmap_copy(set, left);
            return true;
        }
    }
    return false;
}

static void wish_irq_off(struct work *work, const struct vp_irq *irq)
{
    const char *first = before(work, &vp_means_irq, irq->target);
    vp_autobitmap cpus = NULL;
    if (irq->fixed)
        return;
    if (first == NULL || vp_bitmap_parse(first, "the journal", &cpus, NULL) < 0) {
        cpus = vp_bitmap_new();
        hwloc_bitmap_copy(cpus, irq->cpus);
    }
    if (!move_off(work, cpus))
        return;
    vp_autofree char *list = vp_bitmap_text(cpus);
    vp_autofree char *reason = vp_asprintf("%s stays off CPUs that guests own", irq->action);
    vp_wishes_add(work->wishes, &vp_means_irq, irq->target, list, work->owners.text, reason);
}

/* Where interrupts go that are asked for later. */
static void wish_default_off(struct work *work)
{
    const char *first = before(work, &vp_means_cpumask, default_path);
    vp_autofree char *now = NULL;
    vp_autobitmap cpus = NULL;
    if (first == NULL && vp_means_cpumask.read(work->root, default_path, &now, NULL) < 0)
        return;
    if (vp_cpumask_parse(first != NULL ? first : now, default_path, &cpus, NULL) < 0 || !move_off(work, cpus))
        return;
    vp_autofree char *mask = vp_cpumask_text(cpus);
    vp_wishes_add(work->wishes, &vp_means_cpumask, default_path, mask, work->owners.text,
                  "new interrupts stay off CPUs that guests own");
}

/* @left_alone: numbers of those that irqbalance does not move; NULL: there is no irqbalance */
static int wish_others_off(struct work *work, hwloc_const_bitmap_t left_alone, struct vp_error **err)
{
    VP_CLEANUP(vp_irqs_done) struct vp_irqs irqs = {0};
    if (hwloc_bitmap_iszero(work->off))
        return 0;
    wish_default_off(work);
    if (left_alone != NULL && hwloc_bitmap_iszero(left_alone))
        return 0;
    const int r = vp_irqs_read(work->root, &irqs, err);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    for (size_t i = 0; i < irqs.n; i++)
        if (left_alone == NULL || hwloc_bitmap_isset(left_alone, irqs.items[i].number))
            wish_irq_off(work, &irqs.items[i]);
    return 0;
}

static void wish_steered(struct work *work)
{
    for (size_t i = 0; i < work->n; i++) {
        const struct steer *steer = &work->steers[i];
        vp_autofree char *list = vp_bitmap_text(steer->cpus);
        vp_wishes_add(work->wishes, &vp_means_irq, steer->irq.target, list, steer->owner.text, steer->reason);
    }
}

/* What irqbalance had before us. Asked only where the journal does not say; NULL where neither does. */
struct base {
    hwloc_bitmap_t cpus, irqs;
};

static void base_done(struct base *base)
{
    hwloc_bitmap_free(base->cpus);
    hwloc_bitmap_free(base->irqs);
}

static int read_base(const struct work *work, const struct vp_process *process, struct base *base)
{
    vp_autofree char *cpus_target = vp_irqbalance_target(process, "cpus");
    vp_autofree char *irqs_target = vp_irqbalance_target(process, "irqs");
    const char *cpus = before(work, &vp_means_irqbalance, cpus_target);
    const char *irqs = before(work, &vp_means_irqbalance, irqs_target);
    VP_CLEANUP(vp_irqbalance_done) struct vp_irqbalance now = {0};
    if (cpus != NULL && vp_bitmap_parse(cpus, "the journal", &base->cpus, NULL) < 0)
        base->cpus = NULL;
    if (irqs != NULL && vp_irqbalance_irqs_parse(irqs, &base->irqs, NULL) < 0)
        base->irqs = NULL;
    if (base->cpus != NULL && base->irqs != NULL)
        return 0;
    const int r = vp_irqbalance_ask(work->root, &now, NULL);
    if (r == 0 && base->cpus == NULL)
        base->cpus = vp_take(&now.cpus);
    if (r == 0 && base->irqs == NULL)
        base->irqs = vp_take(&now.irqs);
    return r;
}

static void wish_told(struct work *work, const struct vp_process *process, const char *what,
                      const char *value, const char *owner, const char *reason)
{
    vp_autofree char *target = vp_irqbalance_target(process, what);
    vp_wishes_add(work->wishes, &vp_means_irqbalance, target, value, owner, reason);
}

/* Its administrator's first, then ours, as many as it can be told. */
static void wish_left_alone(struct work *work, const struct vp_process *process, hwloc_const_bitmap_t ours,
                            hwloc_const_bitmap_t base)
{
    vp_autobitmap all = vp_bitmap_new();
    vp_autofree char *numbers = NULL;
    const unsigned n = (unsigned)hwloc_bitmap_weight(ours);
    unsigned told = 0;
    if (base != NULL)
        hwloc_bitmap_copy(all, base);
    for (int i = hwloc_bitmap_first(ours); i >= 0; i = hwloc_bitmap_next(ours, i)) {
        hwloc_bitmap_set(all, (unsigned)i);
        vp_autofree char *more = vp_irqbalance_irqs_text(all);
        if (strlen(more) > VP_IRQBALANCE_IRQS_MAX)
            break;
        free(numbers);
        numbers = vp_take(&more);
        told++;
    }
    if (numbers == NULL)
        return;
    vp_autofree char *reason =
        vp_asprintf("irqbalance leaves interrupts alone that were given a place for guests%s",
                    told < n ? ", as many as it can be told" : "");
    wish_told(work, process, "irqs", numbers, work->steerers.text, reason);
}

/*
 * Tell irqbalance what to keep its hands off, beside what its administrator said.
 * Returns the numbers of those that it leaves alone and that are not ours; NULL: there is no irqbalance.
 * Owned.
 */
static hwloc_bitmap_t wish_balance(struct work *work)
{
    struct vp_process process = {0};
    VP_CLEANUP(base_done) struct base base = {0};
    vp_autobitmap ours = vp_bitmap_new();
    if (vp_irqbalance_find(work->root, &process, NULL) < 0)
        return NULL;
    for (size_t i = 0; i < work->n; i++)
        hwloc_bitmap_set(ours, work->steers[i].irq.number);
    const int r = read_base(work, &process, &base);
    if (r == -ENOENT) /* it listens no more */
        return NULL;
    /*
     * One that is busy would soon be told without what it had before: the next time will do. Other
     * failures are there still when the wish is carried out, and are reported then.
     */
    const bool busy = r == -EAGAIN;
    work->wishes->again = work->wishes->again || busy;
    hwloc_bitmap_t left_alone = vp_bitmap_new();
    if (base.irqs != NULL)
        hwloc_bitmap_andnot(left_alone, base.irqs, ours);
    if (!hwloc_bitmap_iszero(work->off) && (base.cpus != NULL || !busy)) {
        vp_autobitmap cpus = vp_bitmap_new();
        if (base.cpus != NULL)
            hwloc_bitmap_copy(cpus, base.cpus);
        hwloc_bitmap_or(cpus, cpus, work->off);
        vp_autofree char *list = vp_bitmap_text(cpus);
        wish_told(work, &process, "cpus", list, work->owners.text,
                  "irqbalance keeps interrupts off CPUs that guests own");
    }
    if (work->n > 0 && (base.irqs != NULL || !busy))
        wish_left_alone(work, &process, ours, base.irqs);
    return left_alone;
}

static int gather(struct work *work, struct vp_error **err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < work->entries->n; i++) {
        const struct vp_entry *entry = work->entries->items[i];
        if (wanted(entry, "irq/others") != NULL) {
            hwloc_bitmap_or(work->off, work->off, entry->placement->owned);
            if (!hwloc_bitmap_iszero(entry->placement->owned))
                vp_owners_add(&work->owners, entry->name);
        }
        r = steer_devices(work, entry, err);
    }
    for (size_t i = 0; r == 0 && i < work->entries->n; i++)
        r = steer_servers(work, work->entries->items[i], err);
    return r;
}

int vp_wish_irq(const struct vp_root *root, const struct vp_topology *topology,
                const struct vp_occupied *occupied, const struct vp_entries *entries,
                struct vp_wishes *wishes, struct vp_error **err)
{
    VP_CLEANUP(work_done)
    struct work work = {
        .root = root,
        .topology = topology,
        .occupied = occupied,
        .entries = entries,
        .wishes = wishes,
        .off = vp_bitmap_new(),
    };
    vp_autofree char *said = NULL;
    int r = gather(&work, err);
    if (r < 0 || (work.n == 0 && hwloc_bitmap_iszero(work.off)))
        return r;
    r = vp_journal_read(root, &work.journal, &said, err);
    if (r < 0)
        return r;
    vp_autobitmap left_alone = wish_balance(&work);
    r = wish_others_off(&work, left_alone, err);
    if (r == 0)
        wish_steered(&work);
    return r;
}
