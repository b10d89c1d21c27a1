/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hostcheck_own.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>

#include "affinity.h"
#include "size.h"
#include "text.h"
#include "threadplace.h"

#define STAT_MAX 4096

static const struct {
    const char *name, *knob;
} kinds[VP_THREAD_N_] = {
    [VP_THREAD_EMULATOR] = {"emulator", "cpu.emulator"},  [VP_THREAD_VCPU] = {"vCPU", "cpu.placement"},
    [VP_THREAD_IOTHREAD] = {"iothread", "cpu.iothreads"}, [VP_THREAD_VHOST] = {"vhost", "cpu.emulator"},
    [VP_THREAD_PIT] = {"timer", "cpu.placement"},
};

/* "vCPU 3", "emulator"; those that are numbered have a row each, of the others all threads one. Owned. */
static char *row_name(const struct vp_thread *thread)
{
    const bool numbered = thread->kind == VP_THREAD_VCPU || thread->kind == VP_THREAD_IOTHREAD;
    return numbered ? vp_asprintf("%s %u", kinds[thread->kind].name, thread->index)
                    : vp_strdup(kinds[thread->kind].name);
}

/* What the threads of a row have: the first that has something else, or what all of them have. */
struct row {
    char *name;
    hwloc_bitmap_t wanted, effective;
    pid_t tid; /* of the one that `effective` is of */
    bool differs;
};

static void row_done(struct row *row)
{
    free(row->name);
    hwloc_bitmap_free(row->wanted);
    hwloc_bitmap_free(row->effective);
    *row = (struct row){0};
}

static void flush(const struct vp_entry *entry, enum vp_thread_kind kind, struct row *row,
                  struct vp_checks *checks)
{
    if (row->effective != NULL) {
        vp_autofree char *wanted = vp_bitmap_text(row->wanted);
        vp_autofree char *effective = vp_bitmap_text(row->effective);
        vp_autofree char *where =
            vp_asprintf("affinity of thread %ld of process %ld", (long)row->tid, (long)entry->qemu.pid);
        vp_autofree char *what = vp_asprintf("%s: CPUs", row->name);
        (void)vp_checks_add(checks, row->differs ? VP_HOLD_DIFFERS : VP_HOLD_OK, kinds[kind].knob, what,
                            wanted, effective, where);
    }
    row_done(row);
}

/*
 * Where a thread may be: its place. What an iothread makes for requests that it cannot do itself inherits
 * from it, and counts to the emulator's threads.
 */
static hwloc_bitmap_t allowed_to(const struct vp_placement *placement, const struct vp_thread *thread,
                                 hwloc_const_bitmap_t wanted)
{
    hwloc_bitmap_t allowed = vp_bitmap_copy(wanted);
    for (unsigned i = 0; thread->kind == VP_THREAD_EMULATOR && i < placement->n_iothreads; i++)
        (void)hwloc_bitmap_or(allowed, allowed, placement->iothreads[i]);
    return allowed;
}

static void look_at(const struct vp_root *root, const struct vp_entry *entry, const struct vp_thread *thread,
                    unsigned order, struct row *row)
{
    vp_autobitmap wanted = vp_threadplace_cpus(entry->placement, thread, order);
    vp_autobitmap effective = NULL;
    if (hwloc_bitmap_iszero(wanted) || vp_affinity_get(root, thread->tid, &effective, NULL) < 0)
        return; /* it ended meanwhile */
    vp_autobitmap allowed = allowed_to(entry->placement, thread, wanted);
    const bool differs = !hwloc_bitmap_isincluded(effective, allowed);
    if (row->effective != NULL && (row->differs || !differs))
        return;
    hwloc_bitmap_free(row->wanted);
    hwloc_bitmap_free(row->effective);
    row->wanted = vp_take(&wanted);
    row->effective = vp_take(&effective);
    row->tid = thread->tid;
    row->differs = differs;
}

static void check_cpus(const struct vp_root *root, const struct vp_entry *entry,
                       const struct vp_census *census, struct vp_checks *checks)
{
    VP_CLEANUP(row_done) struct row row = {0};
    enum vp_thread_kind kind = VP_THREAD_EMULATOR;
    unsigned order = 0;
    for (size_t i = 0; i < census->n; i++) {
        const struct vp_thread *thread = &census->items[i];
        const bool first = i == 0 || thread->kind != census->items[i - 1].kind;
        order = first ? 0 : order + (thread->index != census->items[i - 1].index);
        vp_autofree char *name = row_name(thread);
        if (!vp_same(name, row.name)) {
            flush(entry, kind, &row, checks);
            row.name = vp_take(&name);
            kind = thread->kind;
        }
        look_at(root, entry, thread, order, &row);
    }
    flush(entry, kind, &row, checks);
}

/* Policy and real-time priority of a thread: fields 41 and 40 of /proc/PID/task/TID/stat, proc(5). */
static char *read_scheduling(const struct vp_root *root, pid_t pid, pid_t tid)
{
    vp_autofree char *path = vp_asprintf("/proc/%ld/task/%ld/stat", (long)pid, (long)tid);
    vp_autofree char *text = NULL;
    size_t len = 0;
    uint64_t numbers[2] = {0};
    if (vp_root_read(root, path, STAT_MAX, &text, &len, NULL) < 0)
        return NULL;
    char *rest = strrchr(text, ')');
    for (int field = 2; rest != NULL && field < 41; field++) {
        rest = strchr(rest + 1, ' ');
        if (rest == NULL || field < 39)
            continue;
        vp_autofree char *word = vp_strndup(rest + 1, strcspn(rest + 1, " \n"));
        if (vp_u64_parse(word, 0, UINT32_MAX, &numbers[field - 39]) < 0)
            return NULL;
    }
    if (rest == NULL)
        return NULL;
    const char *name = numbers[1] == SCHED_FIFO ? "fifo" : numbers[1] == SCHED_RR ? "rr" : "other";
    return vp_asprintf("%s %" PRIu64, name, numbers[0]);
}

/* As libvirt prints them, one element for each vCPU or list of vCPUs. */
static void check_scheduling(const struct vp_root *root, const struct vp_entry *entry,
                             const struct vp_domain *live, const struct vp_census *census,
                             struct vp_checks *checks)
{
    const vp_node *cputune = vp_node_child(live->root, "cputune");
    for (const vp_node *n = vp_node_child(cputune, "vcpusched"); n != NULL; n = vp_node_same(n)) {
        const char *vcpus = vp_node_attr(n, "vcpus");
        const char *scheduler = vp_node_attr(n, "scheduler");
        const char *priority = vp_node_attr(n, "priority");
        vp_autobitmap set = NULL;
        if (vcpus == NULL || scheduler == NULL || priority == NULL ||
            vp_bitmap_parse(vcpus, "vcpus", &set, NULL) < 0)
            continue;
        vp_autofree char *wanted = vp_asprintf("%s %s", scheduler, priority);
        for (size_t i = 0; i < census->n; i++) {
            const struct vp_thread *thread = &census->items[i];
            if (thread->kind != VP_THREAD_VCPU || !hwloc_bitmap_isset(set, thread->index))
                continue;
            vp_autofree char *effective = read_scheduling(root, entry->qemu.pid, thread->tid);
            vp_autofree char *what = vp_asprintf("vCPU %u: scheduler and priority", thread->index);
            vp_autofree char *where =
                vp_asprintf("/proc/%ld/task/%ld/stat", (long)entry->qemu.pid, (long)thread->tid);
            if (effective != NULL)
                (void)vp_checks_add(checks, vp_same(effective, wanted) ? VP_HOLD_OK : VP_HOLD_DIFFERS,
                                    "cpu.vcpu-scheduler", what, wanted, effective, where);
        }
    }
}

int vp_hostcheck_threads(const struct vp_root *root, const struct vp_entry *entry,
                         const struct vp_domain *live, struct vp_checks *checks, struct vp_error **err)
{
    VP_CLEANUP(vp_census_done) struct vp_census census = {0};
    const int r = vp_census_read(root, &entry->qemu, &census, err);
    if (r < 0)
        return r;
    if (entry->placement != NULL)
        check_cpus(root, entry, &census, checks);
    if (live != NULL)
        check_scheduling(root, entry, live, &census, checks);
    return 0;
}
