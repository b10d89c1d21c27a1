/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "threadplace.h"

#include <errno.h>
#include <string.h>

#include "affinity.h"
#include "guestgroup.h"
#include "irqwants.h"
#include "size.h"
#include "wish.h"

struct run {
    const struct vp_root *root;
    const struct vp_placement *placement;
    hwloc_const_bitmap_t besides; /* borrowed; see vp_threads_check() */
    struct vp_guestgroup group;   /* path NULL: libvirt made none */
    const struct vp_want *nice;   /* of vhost workers; NULL: as they are */
    struct vp_threadplace result;
};

static void run_done(struct run *run)
{
    vp_guestgroup_done(&run->group);
    vp_threadplace_done(&run->result);
}

void vp_threadplace_done(struct vp_threadplace *result)
{
    free(result->first);
    *result = (struct vp_threadplace){0};
}

/* Of a floating guest: all that the cell of a vCPU may use. */
static hwloc_const_bitmap_t scope_of(const struct vp_placement *placement, unsigned vcpu)
{
    for (unsigned i = 0; i < placement->n_cells; i++) {
        if (hwloc_bitmap_isset(placement->cells[i].vcpus, vcpu) && !hwloc_bitmap_iszero(placement->scopes[i]))
            return placement->scopes[i];
    }
    return placement->scopes[0];
}

static hwloc_bitmap_t vcpu_cpus(const struct vp_placement *placement, unsigned vcpu)
{
    if (placement->scopes != NULL)
        return vp_bitmap_copy(scope_of(placement, vcpu));
    return vp_bitmap_copy(placement->vcpus[vcpu < placement->n_vcpus ? vcpu : placement->n_vcpus - 1]);
}

hwloc_bitmap_t vp_threadplace_cpus(const struct vp_placement *placement, const struct vp_thread *thread,
                                   unsigned order)
{
    const unsigned n = placement->n_iothreads;
    switch (thread->kind) {
    case VP_THREAD_VCPU:
        return vcpu_cpus(placement, thread->index);
    case VP_THREAD_PIT:
        return vcpu_cpus(placement, 0);
    case VP_THREAD_IOTHREAD:
    case VP_THREAD_EMULATOR:
    case VP_THREAD_VHOST:
    case VP_THREAD_N_:
    default:
        break;
    }
    /* Those of a shared guest float as its vCPUs do. */
    if (placement->policy == VP_POLICY_SHARED)
        return vcpu_cpus(placement, 0);
    if (thread->kind == VP_THREAD_IOTHREAD && n > 0)
        return vp_bitmap_copy(placement->iothreads[order < n ? order : n - 1]);
    return vp_bitmap_copy(placement->emulator);
}

/* The name of libvirt's group for a thread; owned; NULL where it has none of its own. */
static char *group_name(const struct vp_thread *thread)
{
    switch (thread->kind) {
    case VP_THREAD_VCPU:
        return vp_asprintf("vcpu%u", thread->index);
    case VP_THREAD_IOTHREAD:
        return vp_asprintf("iothread%u", thread->index);
    case VP_THREAD_EMULATOR:
        return vp_strdup("emulator");
    case VP_THREAD_VHOST:
    case VP_THREAD_PIT:
    case VP_THREAD_N_:
    default:
        return NULL;
    }
}

/*
 * Let a group use these CPUs. On cgroup v1 that is for who squeezes the guests that float: a group there may
 * not have CPUs that its parent lacks.
 */
static int set_group(const struct run *run, const struct vp_thread *thread, hwloc_const_bitmap_t cpus,
                     struct vp_error **err)
{
    vp_autofree char *name = group_name(thread);
    vp_autofree char *now = NULL;
    if (run->group.path == NULL || name == NULL || (!run->group.unified && run->placement->scopes != NULL))
        return 0;
    vp_autofree char *path = vp_asprintf("%s/%s/cpuset.cpus", run->group.threads, name);
    vp_autofree char *value = vp_bitmap_text(cpus);
    int r = vp_means_cpulist.read(run->root, path, &now, NULL);
    if (r == -ENOENT || (r == 0 && vp_means_cpulist.same(now, value)))
        return 0;
    return vp_host_write(run->root, path, value, err);
}

static void fail(struct run *run, const struct vp_thread *thread, const char *why)
{
    run->result.failed++;
    if (run->result.first == NULL)
        run->result.first = vp_asprintf("thread %ld (%s): %s", (long)thread->tid, thread->comm, why);
}

/* What is in a want of ours is a number, unless somebody edited the ledger. */
static int set_nice(const struct run *run, const struct vp_thread *thread, struct vp_error **err)
{
    int64_t nice = 0;
    if (thread->kind != VP_THREAD_VHOST || run->nice == NULL ||
        vp_i64_parse(run->nice->value, -20, 19, &nice) < 0)
        return 0;
    return vp_affinity_nice(run->root, thread->tid, (int)nice, err);
}

static void place_one(struct run *run, const struct vp_thread *thread, unsigned order, bool first_of_group)
{
    vp_autobitmap cpus = vp_threadplace_cpus(run->placement, thread, order);
    vp_autoerror group_error = NULL;
    vp_autoerror err = NULL;
    int group = 0;
    if (hwloc_bitmap_iszero(cpus))
        return;
    run->result.n++;
    if (first_of_group)
        group = set_group(run, thread, cpus, &group_error);
    int r = vp_affinity_set(run->root, thread->tid, cpus, &err);
    if (r == 0)
        r = set_nice(run, thread, &err);
    if (r == -ESRCH)
        run->result.n--; /* it ended meanwhile */
    else if (group < 0)
        fail(run, thread, group_error->message);
    else if (r < 0)
        fail(run, thread, err->message);
}

/* A thread that is about to end, or that we may not see, is as good as one that is right. */
static void check_one(struct run *run, const struct vp_thread *thread, unsigned order, bool first_of_group)
{
    (void)first_of_group;
    vp_autobitmap wanted = vp_threadplace_cpus(run->placement, thread, order);
    vp_autobitmap have = NULL;
    if (hwloc_bitmap_iszero(wanted) || vp_affinity_get(run->root, thread->tid, &have, NULL) < 0)
        return;
    run->result.n++;
    if (run->besides != NULL && run->placement->scopes != NULL)
        (void)hwloc_bitmap_or(wanted, wanted, run->besides);
    const bool right = run->placement->scopes != NULL ? hwloc_bitmap_isincluded(have, wanted)
                                                      : hwloc_bitmap_isequal(have, wanted);
    if (right)
        return;
    vp_autofree char *is = vp_bitmap_text(have);
    vp_autofree char *should = vp_bitmap_text(wanted);
    vp_autofree char *why = vp_asprintf("it may use CPUs %s, should be %s", is, should);
    fail(run, thread, why);
}

static void each(struct run *run, const struct vp_census *census,
                 void (*one)(struct run *run, const struct vp_thread *thread, unsigned order,
                             bool first_of_group))
{
    unsigned order = 0;
    for (size_t i = 0; i < census->n; i++) {
        const struct vp_thread *thread = &census->items[i];
        const bool first = i == 0 || thread->kind != census->items[i - 1].kind;
        order = first ? 0 : order + (thread->index != census->items[i - 1].index);
        one(run, thread, order, first || thread->kind != VP_THREAD_EMULATOR);
    }
}

int vp_threads_place(const struct vp_root *root, const struct vp_entry *entry,
                     struct vp_threadplace *ret_result, struct vp_error **err)
{
    VP_CLEANUP(run_done)
    struct run run = {
        .root = root, .placement = entry->placement, .nice = vp_want_find(entry, "net/vhost-nice")};
    VP_CLEANUP(vp_census_done) struct vp_census census = {0};
    VP_CLEANUP(vp_cpusets_done) struct vp_cpusets cpusets = {0};
    if (entry->placement != NULL) {
        const int r = vp_census_read(root, &entry->qemu, &census, err);
        if (r < 0)
            return r;
        if (vp_cpusets_read(root, &cpusets, NULL) == 0)
            (void)vp_guestgroup_read(root, &cpusets, entry->qemu.pid, &run.group,
                                     NULL); /* affinity is left */
        each(&run, &census, place_one);
    }
    *ret_result = run.result;
    run.result = (struct vp_threadplace){0};
    return 0;
}

int vp_threads_check(const struct vp_root *root, const struct vp_entry *entry, hwloc_const_bitmap_t besides,
                     struct vp_threadplace *ret_result, struct vp_error **err)
{
    VP_CLEANUP(run_done)
    struct run run = {.root = root, .placement = entry->placement, .besides = besides};
    VP_CLEANUP(vp_census_done) struct vp_census census = {0};
    if (entry->placement != NULL) {
        const int r = vp_census_read(root, &entry->qemu, &census, err);
        if (r < 0)
            return r;
        each(&run, &census, check_one);
    }
    *ret_result = run.result;
    run.result = (struct vp_threadplace){0};
    return 0;
}
