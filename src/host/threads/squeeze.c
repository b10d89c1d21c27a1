/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "squeeze.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "affinity.h"
#include "guestgroup.h"
#include "pins.h"
#include "size.h"
#include "strbuf.h"
#include "text.h"
#include "threadplace.h"

#define STATUS_MAX (64u * 1024 * 1024)

/* What is the same for all guests. */
struct squeeze {
    const struct vp_root *root;
    const struct vp_occupied *occupied;
    struct vp_wishes *wishes;
    hwloc_bitmap_t pool;
    struct vp_cpusets cpusets;
    char *owners; /* the dedicated guests; NULL: there is none */
    char *reason;
};

/* One guest that is kept off. */
struct target {
    const struct squeeze *squeeze;
    const struct vp_entry *entry;
    struct vp_guestgroup group; /* path NULL: libvirt made none */
    struct vp_domain *domain;   /* with its pins; NULL: it has none, or they cannot be read */
    unsigned n_iothreads;       /* seen so far */
};

static void squeeze_done(struct squeeze *squeeze)
{
    hwloc_bitmap_free(squeeze->pool);
    vp_cpusets_done(&squeeze->cpusets);
    free(squeeze->owners);
    free(squeeze->reason);
}

static void target_done(struct target *target)
{
    vp_guestgroup_done(&target->group);
    vp_domain_free(target->domain);
}

static bool is_dedicated(const struct vp_entry *entry)
{
    return entry->placement != NULL && entry->placement->policy == VP_POLICY_DEDICATED;
}

static bool has_pins(const struct vp_entry *entry)
{
    return entry->placement == NULL &&
           ((entry->pinned != NULL && !hwloc_bitmap_iszero(entry->pinned)) || entry->n_pins > 0);
}

/* Where whoever has no other place goes; on a host that is full, to the housekeeping CPUs. */
static hwloc_bitmap_t find_pool(const struct vp_topology *topology, const struct vp_occupied *occupied)
{
    hwloc_bitmap_t pool = vp_placement_pool(occupied);
    if (hwloc_bitmap_iszero(pool))
        (void)hwloc_bitmap_andnot(pool, topology->allowed, occupied->dedicated);
    return pool;
}

static char *name_owners(const struct vp_entries *entries)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < entries->n; i++)
        if (is_dedicated(entries->items[i]))
            vp_strbuf_join(&buf, ", ", entries->items[i]->name);
    return buf.len > 0 ? vp_strbuf_take(&buf) : NULL;
}

static void wish(const struct target *target, const struct vp_means *means, const char *what,
                 hwloc_const_bitmap_t cpus)
{
    const struct squeeze *squeeze = target->squeeze;
    const char *owners = squeeze->owners != NULL ? squeeze->owners : target->entry->name;
    vp_autofree char *value = vp_bitmap_text(cpus);
    struct vp_wish *made = vp_wishes_add(squeeze->wishes, means, what, value, owners, squeeze->reason);
    made->essential = squeeze->owners != NULL;
}

/* Take dedicated CPUs out of what a thread may use. false: none is left, or it is not in the way. */
static bool cut_down(const struct squeeze *squeeze, hwloc_bitmap_t cpus)
{
    const bool in_the_way = hwloc_bitmap_intersects(cpus, squeeze->occupied->dedicated);
    (void)hwloc_bitmap_andnot(cpus, cpus, squeeze->occupied->dedicated);
    return in_the_way && !hwloc_bitmap_iszero(cpus);
}

/* Whatever any of a guest's pins may use, and the pool: for one whose definition cannot be read. */
static hwloc_bitmap_t any_of(const struct target *target)
{
    const struct vp_entry *entry = target->entry;
    hwloc_bitmap_t cpus = vp_bitmap_copy(target->squeeze->pool);
    if (entry->pinned != NULL)
        (void)hwloc_bitmap_or(cpus, cpus, entry->pinned);
    for (size_t i = 0; i < entry->n_pins; i++)
        (void)hwloc_bitmap_or(cpus, cpus, entry->pins[i].cpus);
    (void)hwloc_bitmap_andnot(cpus, cpus, target->squeeze->occupied->dedicated);
    return cpus;
}

/* The CPUs for a thread; owned. NULL: it stays where it is. */
static hwloc_bitmap_t cpus_of(struct target *target, const struct vp_thread *thread)
{
    const struct squeeze *squeeze = target->squeeze;
    vp_autobitmap cpus = NULL;
    if (target->entry->placement != NULL) {
        const unsigned order = thread->kind == VP_THREAD_IOTHREAD ? target->n_iothreads++ : 0;
        cpus = vp_threadplace_cpus(target->entry->placement, thread, order);
        (void)hwloc_bitmap_andnot(cpus, cpus, squeeze->occupied->dedicated);
        return hwloc_bitmap_iszero(cpus) ? vp_bitmap_copy(squeeze->pool) : vp_take(&cpus);
    }
    if (target->domain == NULL)
        return any_of(target);
    cpus = vp_pins_of(target->domain->root, thread->kind, thread->index);
    if (cpus == NULL)
        return vp_bitmap_copy(squeeze->pool);
    return cut_down(squeeze, cpus) ? vp_take(&cpus) : NULL;
}

/* What is in one of libvirt's groups of threads, by its name. */
static bool is_group(const char *name, struct vp_thread *ret_thread)
{
    static const struct {
        const char *name;
        enum vp_thread_kind kind;
    } kinds[] = {{"vcpu", VP_THREAD_VCPU}, {"iothread", VP_THREAD_IOTHREAD}};
    uint64_t number = 0;
    *ret_thread = (struct vp_thread){.kind = VP_THREAD_EMULATOR};
    if (strcmp(name, "emulator") == 0)
        return true;
    for (size_t i = 0; i < VP_ARRAY_SIZE(kinds); i++) {
        if (!vp_starts(name, kinds[i].name) ||
            vp_u64_parse(name + strlen(kinds[i].name), 0, UINT_MAX, &number) < 0)
            continue;
        *ret_thread = (struct vp_thread){.kind = kinds[i].kind, .index = (unsigned)number};
        return true;
    }
    return false;
}

static int by_order(const void *a, const void *b)
{
    const struct vp_thread *x = a;
    const struct vp_thread *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static char *group_path(const struct target *target, const struct vp_thread *thread)
{
    const char *threads = target->group.threads;
    if (thread->kind == VP_THREAD_EMULATOR)
        return vp_asprintf("%s/emulator/cpuset.cpus", threads);
    return vp_asprintf("%s/%s%u/cpuset.cpus", threads, thread->kind == VP_THREAD_VCPU ? "vcpu" : "iothread",
                       thread->index);
}

static void by_groups(struct target *target)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    VP_CLEANUP(vp_census_done) struct vp_census census = {0};
    if (vp_root_list(target->squeeze->root, target->group.threads, &names, NULL) < 0)
        return;
    for (size_t i = 0; names[i] != NULL; i++) {
        struct vp_thread thread;
        if (!is_group(names[i], &thread))
            continue;
        vp_grow(&census.items, census.n, &census.cap, sizeof(census.items[0]));
        census.items[census.n++] = thread;
    }
    if (census.n > 0)
        qsort(census.items, census.n, sizeof(census.items[0]), by_order);
    for (size_t i = 0; i < census.n; i++) {
        vp_autofree char *path = group_path(target, &census.items[i]);
        vp_autobitmap cpus = cpus_of(target, &census.items[i]);
        if (cpus != NULL)
            wish(target, &vp_means_cpulist, path, cpus);
    }
}

/* A kernel thread is a process of its own. NULL: it is gone. */
static char *affinity_target(const struct target *target, const struct vp_thread *thread)
{
    struct vp_process process = target->entry->qemu;
    if (thread->kernel && vp_process_read(target->squeeze->root, thread->tid, &process, NULL) < 0)
        return NULL;
    return vp_affinity_target(&process, thread->tid);
}

static void by_affinity(struct target *target)
{
    VP_CLEANUP(vp_census_done) struct vp_census census = {0};
    if (vp_census_read(target->squeeze->root, &target->entry->qemu, &census, NULL) < 0)
        return;
    for (size_t i = 0; i < census.n; i++) {
        vp_autobitmap cpus = cpus_of(target, &census.items[i]);
        vp_autofree char *what = affinity_target(target, &census.items[i]);
        if (cpus != NULL && what != NULL)
            wish(target, &vp_means_affinity, what, cpus);
    }
}

/* All that the threads of a guest may use together, in one file. */
static void by_scope(struct target *target)
{
    const struct vp_placement *placement = target->entry->placement;
    vp_autobitmap cpus = vp_bitmap_new();
    vp_autofree char *path = vp_asprintf("%s/cpuset.cpus", target->group.path);
    for (unsigned i = 0; placement != NULL && i < placement->n_cells; i++)
        (void)hwloc_bitmap_or(cpus, cpus, placement->scopes[i]);
    if (placement != NULL && placement->policy != VP_POLICY_SHARED) {
        (void)hwloc_bitmap_or(cpus, cpus, placement->emulator);
        for (unsigned i = 0; i < placement->n_iothreads; i++)
            (void)hwloc_bitmap_or(cpus, cpus, placement->iothreads[i]);
    }
    (void)hwloc_bitmap_andnot(cpus, cpus, target->squeeze->occupied->dedicated);
    wish(target, &vp_means_cpulist, path, hwloc_bitmap_iszero(cpus) ? target->squeeze->pool : cpus);
}

static void read_definition(struct target *target)
{
    vp_autofree char *path = vp_asprintf("/run/libvirt/qemu/%s.xml", target->entry->name);
    vp_autofree char *text = NULL;
    size_t len = 0;
    if (vp_root_read(target->squeeze->root, path, STATUS_MAX, &text, &len, NULL) == 0)
        (void)vp_domain_parse_status(text, len, path, &target->domain, NULL); /* any_of() does without */
}

static void squeeze_one(const struct squeeze *squeeze, const struct vp_entry *entry)
{
    VP_CLEANUP(target_done) struct target target = {.squeeze = squeeze, .entry = entry};
    const bool pins = has_pins(entry);
    if (entry->state != VP_ENTRY_RUNNING || is_dedicated(entry) ||
        (entry->placement == NULL && squeeze->owners == NULL))
        return;
    (void)vp_guestgroup_read(squeeze->root, &squeeze->cpusets, entry->qemu.pid, &target.group, NULL);
    if (pins)
        read_definition(&target);
    if (target.group.path == NULL)
        by_affinity(&target);
    else if (target.group.unified && !pins)
        by_scope(&target);
    else
        by_groups(&target);
}

int vp_wish_pool(const struct vp_root *root, const struct vp_topology *topology,
                 const struct vp_occupied *occupied, const struct vp_entries *entries,
                 struct vp_wishes *wishes, struct vp_error **err)
{
    VP_CLEANUP(squeeze_done) struct squeeze squeeze = {.root = root, .occupied = occupied, .wishes = wishes};
    (void)err;
    squeeze.pool = find_pool(topology, occupied);
    squeeze.owners = name_owners(entries);
    if (hwloc_bitmap_iszero(squeeze.pool))
        return 0;
    vp_autofree char *owned = vp_bitmap_text(occupied->dedicated);
    squeeze.reason = squeeze.owners != NULL ? vp_asprintf("CPUs %s belong to dedicated guests", owned)
                                            : vp_strdup("no dedicated guest is about");
    (void)vp_cpusets_read(root, &squeeze.cpusets, NULL); /* without, affinity is left */
    for (size_t i = 0; i < entries->n; i++)
        squeeze_one(&squeeze, entries->items[i]);
    return 0;
}
