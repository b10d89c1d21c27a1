/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu.h"

#include "strbuf.h"

#include <errno.h>
#include <string.h>

void qemu_process(const struct fake *fake, pid_t pid, unsigned start)
{
    vp_autofree char *path = vp_asprintf("/proc/%ld/stat", (long)pid);
    vp_autofree char *text = vp_asprintf(
        "%ld (qemu-system-x86) S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 %u 1000 10\n", (long)pid, start);
    fake_file(fake, path, text);
}

void qemu_thread(const struct fake *fake, pid_t pid, pid_t tid, const char *comm)
{
    vp_autofree char *task = vp_asprintf("/proc/%ld/task/%ld/comm", (long)pid, (long)tid);
    vp_autofree char *process = vp_asprintf("/proc/%ld/comm", (long)pid);
    vp_autofree char *text = vp_asprintf("%s\n", comm);
    fake_file(fake, task, text);
    if (pid == tid)
        fake_file(fake, process, text);
}

void qemu_kernel(const struct fake *fake, const char *children, pid_t newest)
{
    vp_autofree char *load = vp_asprintf("0.00 0.01 0.05 2/321 %ld\n", (long)newest);
    fake_file(fake, "/proc/2/task/2/children", children);
    fake_file(fake, "/proc/loadavg", load);
}

void qemu_mounts(const struct fake *fake, bool unified)
{
    fake_file(fake, "/proc/self/mountinfo",
              unified
                  ? "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
                    "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
                  : "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
                    "31 22 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
                    "32 22 0:28 /x /sys/fs/cgroup/part rw - cgroup cgroup rw,cpuset\n"
                    "33 22 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
                    "34 22 0:30 / /sys/fs/cgroup/cpuset rw,relatime shared:9 - cgroup cgroup rw,cpuset\n");
}

static void cpuset(const struct fake *fake, const char *folder, const char *cpus)
{
    vp_autofree char *path = vp_asprintf("%s/cpuset.cpus", folder);
    vp_autofree char *text = vp_asprintf("%s\n", cpus);
    fake_file(fake, path, text);
}

void qemu_group(const struct fake *fake, bool unified, pid_t pid, const char *group, const char *beside,
                const char *cpus)
{
    vp_autofree char *path = vp_asprintf("/proc/%ld/cgroup", (long)pid);
    vp_autofree char *text = unified
                                 ? vp_asprintf("0::%s\n", group)
                                 : vp_asprintf("4:memory:/m\n3:cpuset:%s\n2:cpu,cpuacct:/c\n0::/\n", group);
    vp_autofree char *folder = vp_asprintf("/sys/fs/cgroup%s%s", unified ? "" : "/cpuset", group);
    vp_autofree char *names = vp_strdup(beside);
    char *rest = names;
    fake_file(fake, path, text);
    cpuset(fake, folder, cpus);
    for (const char *name; (name = strsep(&rest, " ")) != NULL;) {
        char *end = strrchr(folder, '/');
        vp_autofree char *other = vp_asprintf("%.*s/%s", (int)(end - folder), folder, name);
        cpuset(fake, other, cpus);
    }
}

char *qemu_read(const struct fake *fake, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    if (vp_root_read(fake->root, path, 65536, &text, &len, NULL) < 0)
        return NULL;
    text[strcspn(text, "\n")] = '\0';
    return text;
}

#define THREADS 64

static struct {
    pid_t tid;
    hwloc_bitmap_t set;
} scheduled[THREADS];

pid_t qemu_gone, qemu_stubborn;

static struct vp_strbuf niced;

static size_t find(pid_t tid)
{
    size_t i = 0;
    while (i < THREADS && scheduled[i].tid != 0 && scheduled[i].tid != tid)
        i++;
    ck_assert_uint_lt(i, THREADS);
    return i;
}

static int get(pid_t tid, hwloc_bitmap_t set)
{
    const size_t i = find(tid);
    if (tid == qemu_gone)
        return -ESRCH;
    if (scheduled[i].tid == 0 || tid == qemu_stubborn)
        return hwloc_bitmap_set_range(set, 0, 15);
    return hwloc_bitmap_copy(set, scheduled[i].set);
}

static int set(pid_t tid, hwloc_const_bitmap_t cpus)
{
    const size_t i = find(tid);
    if (tid == qemu_gone)
        return -ESRCH;
    hwloc_bitmap_free(scheduled[i].set);
    scheduled[i].tid = tid;
    scheduled[i].set = hwloc_bitmap_dup(cpus);
    return 0;
}

static int nice_of(pid_t tid, int nice)
{
    vp_autofree char *item = vp_asprintf("%ld:%d", (long)tid, nice);
    vp_strbuf_join(&niced, " ", item);
    return tid == qemu_gone ? -ESRCH : 0;
}

char *qemu_niced(void)
{
    return vp_strbuf_take(&niced);
}

const struct vp_affinity qemu_scheduler = {.get = get, .set = set, .nice = nice_of};

char *qemu_scheduled(void)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < THREADS && scheduled[i].tid != 0; i++) {
        vp_autofree char *text = vp_bitmap_text(scheduled[i].set);
        vp_autofree char *item = vp_asprintf("%ld=%s", (long)scheduled[i].tid, text);
        vp_strbuf_join(&buf, " ", item);
        hwloc_bitmap_free(scheduled[i].set);
        scheduled[i].set = NULL;
        scheduled[i].tid = 0;
    }
    return vp_strbuf_take(&buf);
}
