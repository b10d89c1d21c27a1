/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inject.h"

#include "../../src/hook/hook.h"

#include "../host/qemu.h"
#include "cgroupfs.h"
#include "log.h"
#include "strbuf.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct trap *trap;
const int inject_codes[5] = {EIO, EACCES, ENOENT, ENOSPC, EBUSY};

static int proc = -1; /* this machine's /proc, also where another folder is the root */
static bool busy;     /* with what the kernel does of itself */

/* Of a name in an open folder, or of an open file: its path on the host. false: it is not of the host. */
static bool host_path(int fd, const char *name, char *path, size_t size)
{
    char link[64];
    char folder[512] = "";
    const size_t above = trap->how.live ? 0 : strlen(trap->folder);
    (void)snprintf(link, sizeof(link), "self/fd/%d", fd);
    if (name[0] != '/' && readlinkat(proc, link, folder, sizeof(folder) - 1) < 0)
        return false;
    (void)snprintf(path, size, "%s%s%s", folder, folder[0] != '\0' && name[0] != '\0' ? "/" : "", name);
    if (strncmp(path, trap->folder, above) != 0)
        return false;
    memmove(path, path + above, strlen(path + above) + 1);
    return true;
}

static bool counts(unsigned kind, const char *path)
{
    if ((trap->how.kinds & kind) == 0)
        return false;
    for (size_t i = 0; trap->how.below != NULL && trap->how.below[i] != NULL; i++)
        if (vp_starts(path, trap->how.below[i]))
            return true;
    return trap->how.below == NULL;
}

/* Does this one fail? */
static bool springs(unsigned kind, int fd, const char *name, const char *data, size_t n)
{
    char path[sizeof(trap->hit)];
    if (trap == NULL || trap->at == 0 || busy || !host_path(fd, name, path, sizeof(path)) ||
        !counts(kind, path))
        return false;
    const int seen = ++trap->seen;
    const bool again = trap->how.lasts && trap->kind == kind && vp_same(path, trap->hit);
    if (seen < trap->at || (seen > trap->at && !trap->how.spreads && !again))
        return false;
    if (seen == trap->at) {
        trap->kind = kind;
        (void)snprintf(trap->hit, sizeof(trap->hit), "%s", path);
        (void)snprintf(trap->value, sizeof(trap->value), "%.*s", (int)n, data);
        trap->value[strcspn(trap->value, "\n")] = '\0';
    }
    errno = trap->code;
    return true;
}

/* Is it something of which a kernel does more than a file system does? */
static bool is_of_kernel(int fd, const char *name, char *path, size_t size)
{
    return trap != NULL && trap->how.live && !busy && proc >= 0 && host_path(fd, name, path, size) &&
           cgroupfs_is(path);
}

ssize_t inject_write(int fd, const void *data, size_t n) __asm__("write");
ssize_t inject_write(int fd, const void *data, size_t n)
{
    char path[sizeof(trap->hit)];
    if (springs(INJECT_WRITE, fd, "", data, n))
        return -1;
    if (!is_of_kernel(fd, "", path, sizeof(path)))
        return syscall(SYS_write, fd, data, n);
    busy = true;
    cgroupfs_written(fd, path, data, n);
    busy = false;
    return (ssize_t)n;
}

ssize_t inject_pwrite(int fd, const void *data, size_t n, off_t at) __asm__("pwrite64");
ssize_t inject_pwrite(int fd, const void *data, size_t n, off_t at)
{
    return springs(INJECT_WRITE, fd, "", data, n) ? -1 : syscall(SYS_pwrite64, fd, data, n, at);
}

int inject_renameat(int from, const char *old, int to, const char *name) __asm__("renameat");
int inject_renameat(int from, const char *old, int to, const char *name)
{
    return springs(INJECT_RENAME, to, name, "", 0) ? -1 : (int)syscall(SYS_renameat2, from, old, to, name, 0);
}

int inject_fsync(int fd) __asm__("fsync");
int inject_fsync(int fd)
{
    return springs(INJECT_SYNC, fd, "", "", 0) ? -1 : (int)syscall(SYS_fsync, fd);
}

static int open_in(int folder, const char *path, int flags, mode_t mode)
{
    if ((flags & O_ACCMODE) != O_RDONLY && springs(INJECT_OPEN, folder, path, "", 0))
        return -1;
    return (int)syscall(SYS_openat, folder, path, flags, (flags & O_CREAT) != 0 ? mode : 0);
}

/* What libcgroup calls. On Linux the last parameter is where it would be without `...`, too. */
int inject_open_small(const char *path, int flags, mode_t mode) __asm__("open");
int inject_open_small(const char *path, int flags, mode_t mode)
{
    return open_in(AT_FDCWD, path, flags, mode);
}

/* And the library, which knows large files. */
int inject_open_large(const char *path, int flags, mode_t mode) __asm__("open64");
int inject_open_large(const char *path, int flags, mode_t mode)
{
    return open_in(AT_FDCWD, path, flags, mode);
}

int inject_openat(int folder, const char *path, int flags, mode_t mode) __asm__("openat64");
int inject_openat(int folder, const char *path, int flags, mode_t mode)
{
    return open_in(folder, path, flags, mode);
}

int inject_mkdirat(int folder, const char *name, mode_t mode) __asm__("mkdirat");
int inject_mkdirat(int folder, const char *name, mode_t mode)
{
    char path[sizeof(trap->hit)];
    /* The kernel says so before all else. */
    if (faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    if (springs(INJECT_MAKE, folder, name, "", 0))
        return -1;
    const int r = (int)syscall(SYS_mkdirat, folder, name, mode);
    if (r == 0 && is_of_kernel(folder, name, path, sizeof(path))) {
        busy = true;
        cgroupfs_made(path);
        busy = false;
    }
    return r;
}

int inject_mkdir(const char *path, mode_t mode) __asm__("mkdir");
int inject_mkdir(const char *path, mode_t mode)
{
    return inject_mkdirat(AT_FDCWD, path, mode);
}

int inject_unlinkat(int folder, const char *name, int flags) __asm__("unlinkat");
int inject_unlinkat(int folder, const char *name, int flags)
{
    char path[sizeof(trap->hit)];
    const bool fails = springs(INJECT_REMOVE, folder, name, "", 0);
    if (fails && trap->code != ENOENT)
        return -1;
    if (flags == AT_REMOVEDIR && is_of_kernel(folder, name, path, sizeof(path))) {
        busy = true;
        const int code = cgroupfs_leaving(path);
        busy = false;
        if (code != 0) {
            errno = code;
            return -1;
        }
    }
    const int r = (int)syscall(SYS_unlinkat, folder, name, flags);
    errno = fails ? ENOENT : errno;
    return fails ? -1 : r; /* then somebody else was faster */
}

/* A folder that has become the root has no links to what is open. */
ssize_t inject_readlink(const char *path, char *target, size_t size) __asm__("readlink");
ssize_t inject_readlink(const char *path, char *target, size_t size)
{
    const bool own = trap != NULL && trap->how.live && vp_starts(path, "/proc/self/fd/");
    return syscall(SYS_readlinkat, own ? proc : AT_FDCWD, own ? path + strlen("/proc/") : path, target, size);
}

void __wrap_vp_log(enum vp_log_priority priority, const char *fmt, ...) VP_PRINTF(2, 3);
void __wrap_vp_log(enum vp_log_priority priority, const char *fmt, ...)
{
    const size_t len = strlen(trap->said);
    va_list ap;
    (void)priority;
    va_start(ap, fmt);
    vp_autofree char *text = vp_vasprintf(fmt, ap);
    va_end(ap);
    (void)snprintf(trap->said + len, sizeof(trap->said) - len, "%s\n", text);
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    if (file != NULL) {
        (void)fputs(text, file);
        (void)fclose(file);
    }
}

/* A folder as root; who is not root of the machine is that of a namespace. */
static bool enter(const char *folder)
{
    const uid_t user = geteuid();
    const gid_t group = getegid();
    if (chroot(folder) < 0) {
        if (unshare(CLONE_NEWUSER) < 0)
            return false;
        vp_autofree char *users = vp_asprintf("0 %u 1\n", user);
        vp_autofree char *groups = vp_asprintf("0 %u 1\n", group);
        put("/proc/self/setgroups", "deny");
        put("/proc/self/uid_map", users);
        put("/proc/self/gid_map", groups);
        if (chroot(folder) < 0)
            return false;
    }
    return chdir("/") == 0;
}

bool inject_may_chroot(void)
{
    int status = 0;
    const pid_t child = fork();
    if (child == 0)
        _exit(enter("/") ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static const char *const files[] = {
    "/proc/cpuinfo",
    "processor\t: 0\nvendor_id\t: GenuineIntel\n",
    "/proc/meminfo",
    "MemTotal:       4194304 kB\n",
    "/proc/mounts",
    "",
    "/proc/self/status",
    "Cpus_allowed_list:\t0-3\nMems_allowed_list:\t0\n",
    "/proc/sys/kernel/random/boot_id",
    "1f0c0a0e-1111-4000-8000-000000000000\n",
    "/sys/devices/system/cpu/online",
    "0-3\n",
    "/sys/devices/system/cpu/possible",
    "0-3\n",
    "/sys/devices/system/node/online",
    "0\n",
    "/sys/devices/system/node/has_memory",
    "0\n",
    "/sys/devices/system/node/node0/cpumap",
    "f\n",
    "/sys/devices/system/node/node0/distance",
    "10\n",
    "/sys/devices/system/node/node0/meminfo",
    "Node 0 MemTotal:       4194304 kB\nNode 0 MemFree:        4000000 kB\n",
};

static void make_machine(const struct fake *fake)
{
    for (size_t i = 0; i < VP_ARRAY_SIZE(files); i += 2)
        fake_file(fake, files[i], files[i + 1]);
    for (unsigned cpu = 0; cpu < 4; cpu++) {
        static const char *const names[] = {"core_id", "physical_package_id", "thread_siblings", "core_cpus"};
        for (size_t i = 0; i < VP_ARRAY_SIZE(names); i++) {
            vp_autofree char *path = vp_asprintf("/sys/devices/system/cpu/cpu%u/topology/%s", cpu, names[i]);
            vp_autofree char *text =
                i >= 2 ? vp_asprintf("%x\n", 1u << cpu) : vp_asprintf("%u\n", i == 0 ? cpu : 0);
            fake_file(fake, path, text);
        }
    }
}

void inject_open(struct fake *fake, const struct inject *how)
{
    trap = mmap(NULL, sizeof(*trap), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(trap, MAP_FAILED);
    trap->how = *how;
    proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(proc, 0);
    /* /run is memory; so is this, on Linux. */
    if (access("/dev/shm", W_OK) == 0)
        ck_assert_int_eq(setenv("TMPDIR", "/dev/shm", 1), 0);
    fake_open(fake);
    make_machine(fake);
    (void)snprintf(trap->folder, sizeof(trap->folder), "%s", fake->folder);
}

void inject_close(void)
{
    (void)close(proc);
    (void)munmap(trap, sizeof(*trap));
    proc = -1;
    trap = NULL;
}

static _Noreturn void run_hook(const struct fake *fake, const struct inject_guest *guest,
                               const char *operation)
{
    if (!trap->how.live)
        _exit(vp_hook_main(guest->name, operation, fake->folder, vp_hook_run));
    /* Threads have numbers of this machine's. */
    vp_affinity_use(&qemu_scheduler);
    /* Files are those of the folder, but the CPU is this one. */
    if (setenv("HWLOC_COMPONENTS", "linux,stop", 1) < 0 || !enter(fake->folder))
        _exit(99);
    _exit(vp_hook_main(guest->name, operation, "/", vp_hook_run));
}

int inject_hook(const struct fake *fake, const struct inject_guest *guest, const char *operation, int at,
                int code, char **ret_told)
{
    const int in = memfd_create("definition", 0);
    const int told = memfd_create("told", 0);
    const size_t len = strlen(guest->definition);
    char text[4096] = "";
    int status = 0;
    ck_assert(write(in, guest->definition, len) == (ssize_t)len && lseek(in, 0, SEEK_SET) == 0);
    trap->seen = 0;
    trap->kind = 0;
    *trap->hit = *trap->said = *trap->value = '\0';
    trap->code = code;
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)dup2(in, STDIN_FILENO);
        (void)dup2(told, STDERR_FILENO);
        trap->at = at;
        run_hook(fake, guest, operation);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    vp_host_wait(fake->root, 10000); /* it goes on behind */
    trap->at = 0;
    ck_assert_msg(WIFEXITED(status), "%s ended with %d after '%s'", operation, status, trap->hit);
    ck_assert_int_ge(pread(told, text, sizeof(text) - 1, 0), 0);
    (void)close(in);
    (void)close(told);
    if (ret_told != NULL)
        *ret_told = vp_strdup(text);
    return WEXITSTATUS(status);
}

static struct vp_strbuf *listed;

static int list_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)ftw;
    const bool group = type == FTW_D && strstr(path, "/sys/fs/cgroup") != NULL;
    if (group)
        vp_strbuf_addf(listed, "%s/\n", path);
    /* What stays: locks, the cache of the topology, and folders. */
    if (type != FTW_F || strstr(path, ".lock") != NULL || strstr(path, "/virt-profile/topology") != NULL)
        return 0;
    char text[128] = "";
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t n = st->st_size < (off_t)sizeof(text) ? read(fd, text, sizeof(text) - 1) : 0;
    (void)close(fd);
    /* An assertion that holds is a write of its own. */
    if (n < 0)
        return -1;
    vp_strbuf_addf(listed, "%s: %lld: %s\n", path, (long long)st->st_size, text);
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *inject_snapshot(const struct fake *fake)
{
    /* Descriptions of the machine are not there to be written. */
    static const char *const folders[] = {"/etc",       "/run",    "/proc/irq",   "/proc/sys",
                                          "/sys/block", "/sys/fs", "/sys/kernel", "/sys/devices/system/node"};
    struct vp_strbuf all = {0};
    struct vp_strbuf sorted = {0};
    char *lines[1024];
    size_t n = 0;
    char *save = NULL;
    listed = &all;
    for (size_t i = 0; i < VP_ARRAY_SIZE(folders); i++) {
        vp_autofree char *path = vp_asprintf("%s%s", fake->folder, folders[i]);
        if (nftw(path, list_one, 16, FTW_PHYS) != 0 && errno != ENOENT)
            ck_abort_msg("list '%s': %s", path, strerror(errno));
    }
    for (char *line = strtok_r(all.text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        if (n == VP_ARRAY_SIZE(lines))
            ck_abort_msg("too many files");
        lines[n++] = line;
    }
    qsort(lines, n, sizeof(lines[0]), by_text);
    for (size_t i = 0; i < n; i++)
        vp_strbuf_addf(&sorted, "%s\n", lines[i]);
    vp_strbuf_done(&all);
    return vp_strbuf_take(&sorted);
}

/* The first line of one that the other has not; "" where they are the same. */
static char *difference(const char *one, const char *other)
{
    while (*one != '\0') {
        const size_t len = strcspn(one, "\n");
        vp_autofree char *line = vp_strndup(one, len);
        if (strstr(other, line) == NULL)
            return vp_take(&line);
        one += len + (one[len] != '\0');
    }
    return vp_strdup("");
}

void inject_same(const struct fake *fake, const char *before, const char *operation, int at, const char *hit)
{
    vp_autofree char *after = inject_snapshot(fake);
    if (strcmp(before, after) == 0)
        return;
    vp_autofree char *was = difference(before, after);
    vp_autofree char *is = difference(after, before);
    ck_abort_msg("%s, write %d, '%s': was '%.300s', is '%.300s'; log: %.900s", operation, at, hit, was, is,
                 trap->said);
}

/*
 * Only that a change is over may go unwritten: who comes next then reads all of the ledger. What is gone need
 * not be removed.
 */
void inject_told(const char *operation, int at, const char *told)
{
    vp_autofree char *all = vp_asprintf("%s%s", trap->said, told);
    const bool of_kernel = vp_starts(trap->hit, "/sys/") || vp_starts(trap->hit, "/proc/");
    const bool was_gone = trap->kind == INJECT_REMOVE && trap->code == ENOENT;
    /* The folders above are made then, and it is tried anew. */
    const bool again = trap->kind == INJECT_MAKE && trap->code == ENOENT && !trap->how.lasts;
    if (was_gone || again || vp_same(trap->hit, "/run/virt-profile/ledger.lock"))
        return;
    /* That is how a kernel says that it places an interrupt itself. */
    if (strstr(trap->hit, "/smp_affinity_list") != NULL && trap->code == EIO) {
        ck_assert_msg(strstr(all, "takes no orders") != NULL, "'%s': %.1500s", trap->hit, all);
        return;
    }
    ck_assert_msg(strstr(all, strerror(trap->code)) != NULL, "%s, write %d, '%s': nobody says '%s': %.1500s",
                  operation, at, trap->hit, strerror(trap->code), all);
    if (!of_kernel)
        return;
    ck_assert_msg(strstr(all, trap->hit) != NULL, "%s, write %d: nobody says '%s': %.1500s", operation, at,
                  trap->hit, all);
    ck_assert_msg(strstr(all, trap->value) != NULL, "%s, write %d, '%s': nobody says '%s': %.1500s",
                  operation, at, trap->hit, trap->value, all);
}
