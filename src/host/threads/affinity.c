/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "affinity.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "size.h"

static int live_get(pid_t tid, hwloc_bitmap_t set)
{
    cpu_set_t *cpus = CPU_ALLOC(VP_TOPOLOGY_CPUS_MAX);
    const size_t size = CPU_ALLOC_SIZE(VP_TOPOLOGY_CPUS_MAX);
    if (cpus == NULL)
        vp_oom();
    CPU_ZERO_S(size, cpus);
    const int code = sched_getaffinity(tid, size, cpus) < 0 ? errno : 0;
    hwloc_bitmap_zero(set);
    for (unsigned i = 0; code == 0 && i < VP_TOPOLOGY_CPUS_MAX; i++)
        if (CPU_ISSET_S(i, size, cpus))
            (void)hwloc_bitmap_set(set, i);
    CPU_FREE(cpus);
    return -code;
}

static int live_set(pid_t tid, hwloc_const_bitmap_t set)
{
    cpu_set_t *cpus = CPU_ALLOC(VP_TOPOLOGY_CPUS_MAX);
    const size_t size = CPU_ALLOC_SIZE(VP_TOPOLOGY_CPUS_MAX);
    if (cpus == NULL)
        vp_oom();
    CPU_ZERO_S(size, cpus);
    for (int i = hwloc_bitmap_first(set); i >= 0 && i < VP_TOPOLOGY_CPUS_MAX; i = hwloc_bitmap_next(set, i))
        CPU_SET_S((unsigned)i, size, cpus);
    const int code = sched_setaffinity(tid, size, cpus) < 0 ? errno : 0;
    CPU_FREE(cpus);
    return -code;
}

static int live_nice(pid_t tid, int nice)
{
    return setpriority(PRIO_PROCESS, (id_t)tid, nice) < 0 ? -errno : 0; /* a thread, on Linux */
}

static const struct vp_affinity live = {.get = live_get, .set = live_set, .nice = live_nice};
static const struct vp_affinity *instead;

void vp_affinity_use(const struct vp_affinity *affinity)
{
    instead = affinity;
}

static const struct vp_affinity *calls(const struct vp_root *root)
{
    return instead != NULL ? instead : root->live ? &live : NULL;
}

int vp_affinity_get(const struct vp_root *root, pid_t tid, hwloc_bitmap_t *ret_set, struct vp_error **err)
{
    const struct vp_affinity *affinity = calls(root);
    vp_autobitmap set = vp_bitmap_new();
    const int r = affinity != NULL ? affinity->get(tid, set) : -EROFS;
    if (r < 0)
        return vp_fail(err, -r, "cannot see on which CPUs thread %ld may run: %m", (long)tid);
    *ret_set = vp_take(&set);
    return 0;
}

int vp_affinity_nice(const struct vp_root *root, pid_t tid, int nice, struct vp_error **err)
{
    const struct vp_affinity *affinity = calls(root);
    const int r = affinity != NULL ? affinity->nice(tid, nice) : -EROFS;
    return r < 0 ? vp_fail(err, -r, "cannot give thread %ld nice value %d: %m", (long)tid, nice) : 0;
}

int vp_affinity_set(const struct vp_root *root, pid_t tid, hwloc_const_bitmap_t wanted, struct vp_error **err)
{
    const struct vp_affinity *affinity = calls(root);
    vp_autofree char *text = vp_bitmap_text(wanted);
    vp_autobitmap given = NULL;
    int r = affinity != NULL ? affinity->set(tid, wanted) : -EROFS;
    if (r < 0)
        return vp_fail(err, -r, "cannot put thread %ld on CPUs %s: %m", (long)tid, text);
    r = vp_affinity_get(root, tid, &given, err);
    if (r < 0 || hwloc_bitmap_isincluded(given, wanted))
        return r;
    vp_autofree char *got = vp_bitmap_text(given);
    return vp_fail(err, EBUSY,
                   "thread %ld may run on CPUs %s where %s were asked for: its cgroup has no other",
                   (long)tid, got, text);
}

char *vp_affinity_target(const struct vp_process *process, pid_t tid)
{
    return vp_asprintf("%ld:%llu/%ld", (long)process->pid, (unsigned long long)process->start, (long)tid);
}

static bool is_thread_of(const struct vp_root *root, pid_t pid, pid_t tid)
{
    vp_autofree char *path = vp_asprintf("/proc/%ld/task/%ld", (long)pid, (long)tid);
    const int fd = vp_root_openat(root, path, O_PATH);
    if (fd < 0)
        return false;
    (void)close(fd); /* nothing was written */
    return true;
}

/* Who a target is. -ENOENT once it is nobody. */
static int find(const struct vp_root *root, const char *target, pid_t *ret_tid, struct vp_error **err)
{
    vp_autofree char *copy = vp_strdup(target);
    char *start = copy + strcspn(copy, ":");
    char *thread = copy + strcspn(copy, "/");
    uint64_t pid = 0;
    uint64_t since = 0;
    uint64_t tid = 0;
    if (*start == ':' && *thread == '/' && start < thread) {
        *start = '\0';
        *thread = '\0';
        if (vp_u64_parse(copy, 1, INT_MAX, &pid) < 0 || vp_u64_parse(start + 1, 0, UINT64_MAX, &since) < 0 ||
            vp_u64_parse(thread + 1, 1, INT_MAX, &tid) < 0)
            pid = 0;
    }
    if (pid == 0)
        return vp_fail(err, EINVAL, "'%s' is not a thread: it should be PROCESS:START/THREAD", target);
    const struct vp_process process = {.pid = (pid_t)pid, .start = since};
    if (!vp_process_alive(root, &process) || !is_thread_of(root, process.pid, (pid_t)tid))
        return vp_fail(err, ENOENT, "thread %ld of process %ld is gone", (long)tid, (long)pid);
    *ret_tid = (pid_t)tid;
    return 0;
}

static int gone(int r)
{
    return r == -ESRCH ? -ENOENT : r;
}

static int read_affinity(const struct vp_root *root, const char *target, char **ret_value,
                         struct vp_error **err)
{
    pid_t tid = 0;
    vp_autobitmap set = NULL;
    int r = find(root, target, &tid, err);
    if (r == 0)
        r = vp_affinity_get(root, tid, &set, err);
    if (r == 0)
        *ret_value = vp_bitmap_text(set);
    return gone(r);
}

static int write_affinity(const struct vp_root *root, const char *target, const char *value,
                          struct vp_error **err)
{
    pid_t tid = 0;
    vp_autobitmap set = NULL;
    int r = vp_bitmap_parse(value, "the list of CPUs", &set, err);
    if (r == 0)
        r = find(root, target, &tid, err);
    return r < 0 ? r : gone(vp_affinity_set(root, tid, set, err));
}

static bool same_cpus(const char *a, const char *b)
{
    vp_autobitmap x = NULL;
    vp_autobitmap y = NULL;
    return vp_bitmap_parse(a, "list", &x, NULL) == 0 && vp_bitmap_parse(b, "list", &y, NULL) == 0 &&
           hwloc_bitmap_isequal(x, y);
}

const struct vp_means vp_means_affinity = {
    .name = "affinity",
    .read = read_affinity,
    .write = write_affinity,
    .same = same_cpus,
};
