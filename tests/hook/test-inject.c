/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../src/hook/hook.h"

#include "host/irqhost.h"
#include "knobs.h"
#include "strbuf.h"
#include "log.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The whole life of a guest on a made-up host, told by the hook's operations, in which each write fails in
 * turn: of the kernel's files, the ledger and the journal. Nobody's start fails who did not ask for it, what
 * failed is told, and in the end every file is as it was. The linker brings writes of the library here
 * (--wrap).
 */
static struct trap {
    int at; /* this one fails, counted from 1; 0: none does */
    int code;
    int seen;
    char folder[256]; /* of the host */
    char hit[512];    /* what failed, as a path of the host */
    char said[32768]; /* to the log */
} * trap;

static bool springs(int fd, const char *name)
{
    char link[64];
    char path[512] = "";
    const size_t len = strlen(trap->folder);
    if (trap->at == 0)
        return false;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof(path) - 1) < 0 || strncmp(path, trap->folder, len) != 0 ||
        ++trap->seen != trap->at)
        return false;
    (void)snprintf(trap->hit, sizeof(trap->hit), "%s%s%s", path + len, *name != '\0' ? "/" : "", name);
    errno = trap->code;
    return true;
}

ssize_t __real_write(int fd, const void *data, size_t n);
ssize_t __wrap_write(int fd, const void *data, size_t n);
ssize_t __wrap_write(int fd, const void *data, size_t n)
{
    return springs(fd, "") ? -1 : __real_write(fd, data, n);
}

ssize_t __real_pwrite64(int fd, const void *data, size_t n, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t n, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t n, off_t at)
{
    return springs(fd, "") ? -1 : __real_pwrite64(fd, data, n, at);
}

ssize_t __real_pwrite(int fd, const void *data, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t n, off_t at)
{
    return springs(fd, "") ? -1 : __real_pwrite(fd, data, n, at);
}

int __real_renameat(int from, const char *old, int to, const char *name);
int __wrap_renameat(int from, const char *old, int to, const char *name);
int __wrap_renameat(int from, const char *old, int to, const char *name)
{
    return springs(to, name) ? -1 : __real_renameat(from, old, to, name);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    return springs(fd, "") ? -1 : __real_fsync(fd);
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

#define PROFILE                                                                                              \
    "[profile]\nsummary = all\nenforce = %s\n[cpu]\nplacement = dedicated\ncgroup-weight = 300\n"            \
    "[memory]\nhugepages = 2M\nhugepages-grow = yes\n[irq]\nothers = off-dedicated\n"                        \
    "[ksm]\nrun = run\npages-to-scan = 1250\n[kernel]\nswappiness = 10\n[thp]\ndefrag = never\n"
#define GUEST                                                                                                \
    "<domain type='kvm' id='7'><name>g</name><uuid>6f1c0a0e-0000-4000-8000-000000000001</uuid><metadata>"    \
    "<vp:profile xmlns:vp='urn:virt-profile:domain:1' name='all'/></metadata>"                               \
    "<memory unit='KiB'>8192</memory><memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages>"   \
    "</memoryBacking><vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os></domain>"

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
    "/proc/sys/vm/swappiness",
    "60\n",
    "/proc/irq/default_smp_affinity",
    "f\n",
    "/sys/kernel/mm/ksm/run",
    "0\n",
    "/sys/kernel/mm/ksm/pages_to_scan",
    "100\n",
    "/sys/kernel/mm/transparent_hugepage/defrag",
    "madvise\n",
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
    "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages",
    "1\n",
    "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages",
    "1\n",
    "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
    "1\n",
    "/run/systemd/system/other.conf",
    "",
    "/run/systemd/machines/other",
    "",
    "/run/libvirt/qemu/other",
    "",
    "/proc/77/stat",
    "77 (qemu) S 1 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 999999999999 1000 10\n",
    "/proc/77/task/77/comm",
    "qemu-system-x86\n",
    "/proc/77/task/77/stat",
    "77 (qemu) S 1 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 999999999999 1000 10\n",
};

static void make_host(const struct fake *fake, const char *enforce)
{
    vp_autofree char *profile = vp_asprintf(PROFILE, enforce);
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
    irqhost_irq(fake, 24, "eth0", NULL, "1-2");
    irqhost_irq(fake, 25, "eth1", NULL, "0-3");
    fake_file(fake, VP_SYSCONFDIR "/profiles/all.profile", profile);
    (void)snprintf(trap->folder, sizeof(trap->folder), "%s", fake->folder);
}

static struct vp_strbuf *listed;

static int list_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)ftw;
    /* What stays: locks, the cache of the topology, and folders. */
    if (type != FTW_F || strstr(path, ".lock") != NULL || strstr(path, "/virt-profile/topology") != NULL)
        return 0;
    char text[128] = "";
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t n = st->st_size < (off_t)sizeof(text) ? read(fd, text, sizeof(text) - 1) : 0;
    (void)close(fd);
    ck_assert_int_ge(n, 0);
    vp_strbuf_addf(listed, "%s: %lld: %s\n", path, (long long)st->st_size, text);
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every file of the host with what is in it, in order. Owned. */
static char *snapshot(const struct fake *fake)
{
    struct vp_strbuf all = {0};
    struct vp_strbuf sorted = {0};
    char *lines[256];
    size_t n = 0;
    char *save = NULL;
    listed = &all;
    ck_assert_int_eq(nftw(fake->folder, list_one, 16, FTW_PHYS), 0);
    for (char *line = strtok_r(all.text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        ck_assert_uint_lt(n, VP_ARRAY_SIZE(lines));
        lines[n++] = line;
    }
    qsort(lines, n, sizeof(lines[0]), by_text);
    for (size_t i = 0; i < n; i++)
        vp_strbuf_addf(&sorted, "%s\n", lines[i]);
    vp_strbuf_done(&all);
    return vp_strbuf_take(&sorted);
}

/* One call of the hook, as libvirt makes it: its exit status. @ret_told: what it told the user; owned */
static int hook(const struct fake *fake, const char *operation, int at, int code, char **ret_told)
{
    const int in = memfd_create("definition", 0);
    const int told = memfd_create("told", 0);
    char text[4096] = "";
    int status = 0;
    ck_assert(write(in, GUEST, sizeof(GUEST) - 1) == (ssize_t)sizeof(GUEST) - 1 &&
              lseek(in, 0, SEEK_SET) == 0);
    trap->seen = 0;
    *trap->hit = *trap->said = '\0';
    trap->code = code;
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)dup2(in, STDIN_FILENO);
        (void)dup2(told, STDERR_FILENO);
        trap->at = at;
        _exit(vp_hook_main("g", operation, fake->folder, vp_hook_run));
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

static void start(const struct fake *fake, bool run)
{
    fake_file(fake, "/run/libvirt/qemu/g.pid", "77");
    if (run)
        ck_assert_int_eq(hook(fake, "started", 0, 0, NULL), 0);
}

static void end(const struct fake *fake)
{
    vp_autofree char *pid = vp_asprintf("%s/run/libvirt/qemu/g.pid", fake->folder);
    (void)unlink(pid);
    ck_assert_int_eq(hook(fake, "release", 0, 0, NULL), 0);
}

/*
 * What failed, and why, is in the log or in what libvirt shows. Only that a change is over may go unwritten:
 * who comes next then reads all of the ledger.
 */
static void check_told(const char *operation, int at, const char *told)
{
    vp_autofree char *all = vp_asprintf("%s%s", trap->said, told);
    if (vp_same(trap->hit, "/run/virt-profile/ledger.lock"))
        return;
    ck_assert_msg(strstr(all, strerror(trap->code)) != NULL, "%s, write %d, '%s': nobody says '%s': %.1500s",
                  operation, at, trap->hit, strerror(trap->code), all);
    if (vp_starts(trap->hit, "/sys/") || vp_starts(trap->hit, "/proc/"))
        ck_assert_msg(strstr(all, trap->hit) != NULL, "%s, write %d: nobody says '%s': %.1500s", operation,
                      at, trap->hit, all);
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

static void check_same(const struct fake *fake, const char *before, const char *operation, int at,
                       const char *hit)
{
    vp_autofree char *after = snapshot(fake);
    vp_autofree char *was = difference(before, after);
    vp_autofree char *is = difference(after, before);
    ck_assert_msg(strcmp(before, after) == 0, "%s, write %d, '%s': was '%.300s', is '%.300s'; log: %.900s",
                  operation, at, hit, was, is, trap->said);
}

static const int codes[] = {EIO, EACCES, ENOENT, ENOSPC, EBUSY};

/* Open a host, and see that a life without failures changes it and leaves nothing. Owned. */
static char *open_host(struct fake *fake, const char *enforce)
{
    trap = mmap(NULL, sizeof(*trap), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(trap, MAP_FAILED);
    /* /run is memory; so is this, on Linux. */
    if (access("/dev/shm", W_OK) == 0)
        ck_assert_int_eq(setenv("TMPDIR", "/dev/shm", 1), 0);
    fake_open(fake);
    make_host(fake, enforce);
    char *before = snapshot(fake);
    vp_autofree char *told = NULL;
    const int r = hook(fake, "prepare", 0, 0, &told);
    ck_assert_msg(r == 0, "%d: %.500s%.1500s", r, told, trap->said);
    start(fake, true);
    vp_autofree char *during = snapshot(fake);
    static const char *const changed[] = {"swappiness: 3: 10", "ksm/run: 2: 1",
                                          "node0/hugepages/hugepages-2048kB/nr_hugepages: 2: 4",
                                          "24/smp_affinity_list: 2: 2", "50-virt-profile.conf"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(changed); i++)
        ck_assert_msg(strstr(during, changed[i]) != NULL, "no '%s': %.1500s", changed[i], trap->said);
    end(fake);
    check_same(fake, before, "nothing", 0, "");
    return before;
}

START_TEST(prepare)
{
    FAKE fake;
    vp_autofree char *before = open_host(&fake, "start");
    int at = 1;
    for (;; at++) {
        vp_autofree char *told = NULL;
        const int r = hook(&fake, "prepare", at, codes[_i], &told);
        vp_autofree char *hit = vp_strdup(trap->hit);
        ck_assert_msg(r == 0, "write %d, '%s': %d: %s", at, hit, r, told);
        if (*hit != '\0')
            check_told("prepare", at, told);
        end(&fake);
        check_same(&fake, before, "prepare", at, hit);
        if (*hit == '\0')
            break;
    }
    ck_assert_int_gt(at, 20);
    munmap(trap, sizeof(*trap));
}
END_TEST

/* Who must not start without all of it is refused, and then there is nothing to undo. */
START_TEST(strict)
{
    FAKE fake;
    vp_autofree char *before = open_host(&fake, "refuse");
    int at = 1;
    int refused = 0;
    for (;; at++) {
        vp_autofree char *told = NULL;
        const int r = hook(&fake, "prepare", at, codes[at % (int)VP_ARRAY_SIZE(codes)], &told);
        vp_autofree char *hit = vp_strdup(trap->hit);
        ck_assert_msg(r == 0 || (r == 1 && vp_starts(told, "virt-profile: ")), "write %d, '%s': %d: %s", at,
                      hit, r, told);
        if (*hit != '\0')
            check_told("prepare", at, told);
        if (r == 1)
            check_same(&fake, before, "refused", at, hit);
        refused += r;
        end(&fake);
        check_same(&fake, before, "prepare", at, hit);
        if (*hit == '\0')
            break;
    }
    ck_assert_int_gt(refused, 1);
    ck_assert_int_lt(refused, at - 1);
    munmap(trap, sizeof(*trap));
}
END_TEST

static const char *const later[] = {"started", "release"};

/* What cannot be put back is, by the next hook. */
START_TEST(afterwards)
{
    FAKE fake;
    vp_autofree char *before = open_host(&fake, "start");
    const char *operation = later[_i];
    int at = 1;
    for (;; at++) {
        ck_assert_int_eq(hook(&fake, "prepare", 0, 0, NULL), 0);
        start(&fake, _i > 0);
        const int r = hook(&fake, operation, at, codes[at % (int)VP_ARRAY_SIZE(codes)], NULL);
        vp_autofree char *hit = vp_strdup(trap->hit);
        ck_assert_msg(r == 0, "%s, write %d, '%s': %d", operation, at, hit, r);
        if (*hit != '\0')
            check_told(operation, at, "");
        ck_assert_int_eq(hook(&fake, "prepare", 0, 0, NULL), 0);
        end(&fake);
        check_same(&fake, before, operation, at, hit);
        if (*hit == '\0')
            break;
    }
    ck_assert_int_gt(at, 5);
    munmap(trap, sizeof(*trap));
}
END_TEST

VP_TEST_MAIN("inject", VP_TEST_ROWS(prepare, codes), VP_TEST(strict), VP_TEST_ROWS(afterwards, later))
