/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "census.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "size.h"
#include "text.h"

const char *const vp_thread_kind_names[VP_THREAD_N_] = {"emulator", "vcpu", "iothread", "vhost", "kvm-pit"};

/* Of a thread's name with a newline, and of the list of kthreadd's children. */
#define COMM_MAX 64
#define CHILDREN_MAX (1u << 20)

/* The number behind a prefix, and what is behind the number; NULL where there is none. */
static const char *number_behind(const char *text, const char *prefix, unsigned *ret_number)
{
    if (!vp_starts(text, prefix))
        return NULL;
    const char *digits = text + strlen(prefix);
    const size_t len = strspn(digits, "0123456789");
    vp_autofree char *number = vp_strndup(digits, len);
    uint64_t value = 0;
    if (vp_u64_parse(number, 0, UINT_MAX, &value) < 0)
        return NULL;
    *ret_number = (unsigned)value;
    return digits + len;
}

/* By its name, among the threads of QEMU. */
static void classify(struct vp_thread *thread)
{
    unsigned number = 0;
    const char *rest = NULL;
    thread->kind = VP_THREAD_EMULATOR;
    if ((rest = number_behind(thread->comm, "CPU ", &number)) != NULL && (*rest == '/' || *rest == '\0')) {
        thread->kind = VP_THREAD_VCPU;
        thread->index = number;
    } else if ((rest = number_behind(thread->comm, "IO iothread", &number)) != NULL && *rest == '\0') {
        thread->kind = VP_THREAD_IOTHREAD;
        thread->index = number;
    } else if ((rest = number_behind(thread->comm, "vhost-", &number)) != NULL && *rest == '\0') {
        thread->kind = VP_THREAD_VHOST;
    }
}

/* Does a kernel thread's name say that it works for this process? */
static bool works_for(struct vp_thread *thread, pid_t pid)
{
    unsigned number = 0;
    const char *rest = number_behind(thread->comm, "vhost-", &number);
    thread->kind = VP_THREAD_VHOST;
    if (rest == NULL) {
        rest = number_behind(thread->comm, "kvm-pit/", &number);
        thread->kind = VP_THREAD_PIT;
    }
    return rest != NULL && *rest == '\0' && number == (unsigned)pid;
}

static int read_comm(const struct vp_root *root, const char *path, char *comm, size_t size)
{
    vp_autofree char *text = NULL;
    size_t len = 0;
    const int r = vp_root_read(root, path, COMM_MAX, &text, &len, NULL);
    if (r < 0)
        return r;
    len = strcspn(text, "\n");
    if (len >= size)
        len = size - 1;
    memcpy(comm, text, len);
    comm[len] = '\0';
    return 0;
}

static bool parse_pid(const char *text, pid_t *ret_pid)
{
    uint64_t value = 0;
    if (vp_u64_parse(text, 1, INT_MAX, &value) < 0)
        return false;
    *ret_pid = (pid_t)value;
    return true;
}

static void add(struct vp_census *census, const struct vp_thread *thread)
{
    vp_grow(&census->items, census->n, &census->cap, sizeof(census->items[0]));
    census->items[census->n++] = *thread;
}

static int read_own(const struct vp_root *root, pid_t pid, struct vp_census *census, struct vp_error **err)
{
    vp_autofree char *folder = vp_asprintf("/proc/%ld/task", (long)pid);
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    const int r = vp_root_list(root, folder, &names, err);
    if (r < 0)
        return r;
    for (size_t i = 0; names[i] != NULL; i++) {
        struct vp_thread thread = {0};
        vp_autofree char *path = vp_asprintf("%s/%s/comm", folder, names[i]);
        if (!parse_pid(names[i], &thread.tid) || read_comm(root, path, thread.comm, sizeof(thread.comm)) < 0)
            continue;
        classify(&thread);
        add(census, &thread);
    }
    return 0;
}

/* The number that the newest process got; 0 where the kernel does not say. */
static pid_t newest_pid(const struct vp_root *root)
{
    vp_autofree char *text = NULL;
    size_t len = 0;
    pid_t pid = 0;
    if (vp_root_read(root, "/proc/loadavg", COMM_MAX * 4, &text, &len, NULL) < 0)
        return 0;
    text[strcspn(text, "\n")] = '\0';
    const char *last = strrchr(text, ' ');
    return last != NULL && parse_pid(last + 1, &pid) ? pid : 0;
}

static void consider(const struct vp_root *root, const char *name, pid_t qemu, bool all,
                     struct vp_census *census)
{
    struct vp_thread thread = {.kernel = true};
    if (!parse_pid(name, &thread.tid) || thread.tid == qemu || (!all && thread.tid < qemu))
        return;
    vp_autofree char *path = vp_asprintf("/proc/%s/comm", name);
    if (read_comm(root, path, thread.comm, sizeof(thread.comm)) == 0 && works_for(&thread, qemu))
        add(census, &thread);
}

/*
 * Kernel threads are the children of kthreadd, which is process 2. Nobody else is asked: a process can call
 * itself what it likes.
 */
static void read_kernel(const struct vp_root *root, pid_t pid, struct vp_census *census)
{
    vp_autofree char *text = NULL;
    size_t len = 0;
    const bool all = newest_pid(root) < pid;
    if (vp_root_read(root, "/proc/2/task/2/children", CHILDREN_MAX, &text, &len, NULL) < 0)
        return;
    char *rest = text;
    for (const char *name; (name = strsep(&rest, " \n")) != NULL;)
        consider(root, name, pid, all, census);
}

static int by_order(const void *a, const void *b)
{
    const struct vp_thread *x = a;
    const struct vp_thread *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return x->tid < y->tid ? -1 : x->tid > y->tid;
}

int vp_census_read(const struct vp_root *root, const struct vp_process *qemu, struct vp_census *ret_census,
                   struct vp_error **err)
{
    VP_CLEANUP(vp_census_done) struct vp_census census = {0};
    if (read_own(root, qemu->pid, &census, NULL) == 0)
        read_kernel(root, qemu->pid, &census);
    /* Asked last: a process with its number would have been read as it. */
    if (census.n == 0 || !vp_process_alive(root, qemu))
        return vp_fail(err, ESRCH, "cannot read the threads of process %ld: it is gone", (long)qemu->pid);
    qsort(census.items, census.n, sizeof(census.items[0]), by_order);
    *ret_census = census;
    census = (struct vp_census){0};
    return 0;
}

void vp_census_done(struct vp_census *census)
{
    free(census->items);
    *census = (struct vp_census){0};
}
