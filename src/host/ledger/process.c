/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "process.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "size.h"

/*
 * Fields of /proc/PID/stat are counted from 1 in proc(5); the first behind the command's name is the
 * state.
 */
enum { FIELD_STATE = 3, FIELD_FLAGS = 9, FIELD_START = 22 };

/* Among the flags: PF_FORKNOEXEC of Linux, a process that still runs its parent's program. */
#define FLAG_NO_EXEC 0x40u

#define STAT_MAX 4096
#define PID_LIMIT (1 << 22) /* PID_MAX_LIMIT of Linux on 64 bits */

/* Clock ticks since boot, suspend included: as the kernel counts the start of a process (proc(5)). */
uint64_t vp_process_now(void)
{
    const uint64_t hertz = (uint64_t)sysconf(_SC_CLK_TCK);
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_BOOTTIME, &now); /* Linux has it since 2.6.39 */
    return (uint64_t)now.tv_sec * hertz + (uint64_t)now.tv_nsec * hertz / 1000000000;
}

/* The start time in the text behind the command's name, and whether it is a program of its own. */
static int parse_start(const char *at, uint64_t *ret_start, bool *ret_own)
{
    uint64_t flags = 0;
    for (int field = FIELD_STATE; field < FIELD_START; field++) {
        at += strspn(at, " ");
        if (field == FIELD_STATE && (*at == 'Z' || *at == 'X'))
            return -ESRCH;
        vp_autofree char *word = vp_strndup(at, strcspn(at, " "));
        if (field == FIELD_FLAGS)
            (void)vp_u64_parse(word, 0, UINT32_MAX, &flags); /* else a program of its own */
        at += strlen(word);
    }
    at += strspn(at, " ");
    *ret_own = (flags & FLAG_NO_EXEC) == 0;
    vp_autofree char *number = vp_strndup(at, strcspn(at, " \n"));
    return vp_u64_parse(number, 0, UINT64_MAX, ret_start);
}

static int read_process(const struct vp_root *root, pid_t pid, struct vp_process *ret_process, bool *ret_own,
                        struct vp_error **err)
{
    vp_autofree char *path = vp_asprintf("/proc/%ld/stat", (long)pid);
    vp_autofree char *text = NULL;
    vp_autoerror own = NULL;
    size_t len = 0;
    uint64_t start = 0;
    int r = pid > 0 ? vp_root_read(root, path, STAT_MAX, &text, &len, &own) : -ESRCH;
    if (r == -ENOENT || r == -ESRCH)
        return vp_fail(err, ESRCH, "no process has the number %ld", (long)pid);
    if (r < 0)
        return vp_fail(err, -r, "%s", own->message);
    /* The command's name may hold anything, ')' too. */
    const char *behind = strrchr(text, ')');
    r = behind != NULL ? parse_start(behind + 1, &start, ret_own) : -EINVAL;
    if (r == -ESRCH)
        return vp_fail(err, ESRCH, "process %ld has ended", (long)pid);
    if (r < 0)
        return vp_fail(err, EBADMSG, "cannot use '%s': it has no start time in field %d", path, FIELD_START);
    *ret_process = (struct vp_process){.pid = pid, .start = start};
    return 0;
}

int vp_process_read(const struct vp_root *root, pid_t pid, struct vp_process *ret_process,
                    struct vp_error **err)
{
    bool own = true;
    return read_process(root, pid, ret_process, &own, err);
}

bool vp_process_alive(const struct vp_root *root, const struct vp_process *process)
{
    struct vp_process now = {0};
    return process->pid > 0 && vp_process_read(root, process->pid, &now, NULL) == 0 &&
           now.start == process->start;
}

int vp_process_qemu(const struct vp_root *root, const char *domain, struct vp_process *ret_process,
                    struct vp_error **err)
{
    vp_autofree char *path = vp_asprintf("/run/libvirt/qemu/%s.pid", domain);
    vp_autoerror own = NULL;
    uint64_t pid = 0;
    /* libvirt allows no '/' in a name. */
    int r = strchr(domain, '/') == NULL ? vp_root_read_u64(root, path, &pid, &own) : -ENOENT;
    if (r == -ENOENT || r == -ENOTDIR)
        return vp_fail(err, ENOENT, "domain '%s' has no QEMU: libvirt wrote no '%s'", domain, path);
    if (r < 0)
        return vp_fail(err, -r, "%s", own->message);
    if (pid == 0 || pid > PID_LIMIT)
        return vp_fail(err, ESRCH, "domain '%s' has no QEMU: '%s' does not hold the number of a process",
                       domain, path);
    struct vp_process process = {0};
    bool ready = true;
    r = read_process(root, (pid_t)pid, &process, &ready, err);
    if (r < 0)
        return vp_prefix(err, "domain '%s' has no QEMU", domain);
    if (!ready)
        return vp_fail(err, ESRCH, "domain '%s' has no QEMU yet: libvirt has still to run it in process %ld",
                       domain, (long)pid);
    *ret_process = process;
    return 0;
}
