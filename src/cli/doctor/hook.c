/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "size.h"
#include "strbuf.h"
#include "text.h"

#define STATE "/run/virt-profile"
#define OURS "qemu.d/50-virt-profile"
#define PROGRAM_MAX (64u * 1024 * 1024)
#define TARGET_MAX 4096

/* A program that libvirt runs at each stage of a guest's life. */
struct hook {
    char *name;   /* owned; below the folder of the hooks */
    char *target; /* owned; where it is a symbolic link: of what */
    bool ours;
    bool executable;
    bool open_to_all; /* anybody may write it */
    int64_t since;    /* when it came there, seconds since the epoch */
};

struct hooks {
    struct hook *items;
    size_t n, cap;
};

static void hooks_done(struct hooks *hooks)
{
    for (size_t i = 0; i < hooks->n; i++) {
        free(hooks->items[i].name);
        free(hooks->items[i].target);
    }
    free(hooks->items);
}

/* Our program is an ELF file that knows the name space of the tag, as hooks/install.sh has it. */
static bool is_ours(int fd, const char *path)
{
    static const char space[] = "urn:virt-profile:domain:1";
    vp_autofree char *text = NULL;
    size_t len = 0;
    return vp_read_fd(fd, path, PROGRAM_MAX, false, &text, &len, NULL) == 0 && len > 4 &&
           memcmp(text, "\177ELF", 4) == 0 && memmem(text, len, space, strlen(space)) != NULL;
}

static char *read_link(int fd)
{
    char target[TARGET_MAX];
    const ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);
    return n < 0 ? NULL : vp_strndup(target, (size_t)n);
}

static void add_hook(const struct vp_doctor *doctor, struct vp_finding *finding, struct hooks *hooks,
                     const char *name)
{
    vp_autofree char *path = vp_asprintf(VP_HOOKSDIR "/%s", name);
    VP_CLEANUP(vp_close_fd) int link = vp_root_openat(doctor->root, path, O_PATH | O_NOFOLLOW);
    struct stat own, st = {0};
    vp_denied(finding, path, link);
    if (link < 0 || fstat(link, &own) < 0)
        return;
    VP_CLEANUP(vp_close_fd) int fd = vp_root_openat(doctor->root, path, O_RDONLY);
    vp_denied(finding, path, fd);
    if (fd >= 0 && (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)))
        return;
    vp_grow(&hooks->items, hooks->n, &hooks->cap, sizeof(*hooks->items));
    hooks->items[hooks->n++] = (struct hook){
        .name = vp_strdup(name),
        .target = S_ISLNK(own.st_mode) ? read_link(link) : NULL,
        .ours = fd >= 0 && is_ours(fd, path),
        .executable = (st.st_mode & 0111) != 0,
        .open_to_all = (st.st_mode & S_IWOTH) != 0,
        .since = own.st_ctim.tv_sec,
    };
}

/* What libvirt runs: the file qemu, then those in qemu.d by name. */
static void read_hooks(const struct vp_doctor *doctor, struct vp_finding *finding, struct hooks *hooks)
{
    vp_looked_at(finding, VP_HOOKSDIR "/qemu");
    add_hook(doctor, finding, hooks, "qemu");
    VP_CLEANUP(vp_names_free_ptr) char **names = vp_doctor_list(doctor, finding, VP_HOOKSDIR "/qemu.d");
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        vp_autofree char *name = vp_asprintf("qemu.d/%s", names[i]);
        add_hook(doctor, finding, hooks, name);
    }
}

/* AppArmor's profile of libvirt's daemon lets it run programs in its hooks' folder and in these. */
static bool may_link_to(const char *target)
{
    static const char *const folders[] = {"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/", "/usr/lib/libvirt/"};
    static const char own[] = VP_HOOKSDIR "/";
    for (size_t i = 0; i < VP_ARRAY_SIZE(folders); i++)
        if (vp_starts(target, folders[i]))
            return true;
    if (vp_starts(target, own))
        return true;
    return strchr(target, '/') == NULL;
}

/* A hook that keeps every guest from starting, or lets anybody be root. Says so. */
static bool look_danger(const struct vp_doctor *doctor, struct vp_finding *finding, const struct hooks *hooks)
{
    vp_autofree char *enabled = NULL;
    size_t len = 0;
    (void)vp_root_read(doctor->root, "/sys/module/apparmor/parameters/enabled", 16, &enabled, &len, NULL);
    for (size_t i = 0; i < hooks->n; i++) {
        const struct hook *hook = &hooks->items[i];
        if (hook->open_to_all && hook->target == NULL) {
            vp_found(finding, VP_DIAGNOSIS_PROBLEM, "anybody may write '%s', which libvirt runs as root",
                     hook->name);
            vp_remedy(finding, "chmod o-w " VP_HOOKSDIR "/%s, once its content is known to be right",
                      hook->name);
            return true;
        }
        if (vp_starts(enabled, "Y") && hook->target != NULL && !may_link_to(hook->target)) {
            vp_found(finding, VP_DIAGNOSIS_PROBLEM,
                     "'%s' is a link to '%s', where AppArmor lets libvirt run nothing: no guest starts",
                     hook->name, hook->target);
            vp_remedy(finding, "put a copy of the program there instead of the link");
            return true;
        }
    }
    return false;
}

static void look_hook(struct vp_doctor *doctor, struct vp_finding *finding)
{
    VP_CLEANUP(hooks_done) struct hooks hooks = {0};
    struct vp_strbuf others = {0};
    const struct hook *ours = NULL;
    size_t n = 0;
    read_hooks(doctor, finding, &hooks);
    for (size_t i = 0; i < hooks.n; i++) {
        if (hooks.items[i].ours && n++ == 0)
            ours = &hooks.items[i];
        else if (!hooks.items[i].ours && hooks.items[i].executable)
            vp_strbuf_join(&others, ", ", hooks.items[i].name);
    }
    vp_autofree char *list = vp_strbuf_take(&others);
    const bool more = list[0] != '\0';
    if (look_danger(doctor, finding, &hooks))
        return;
    if (ours == NULL) {
        vp_found(finding, VP_DIAGNOSIS_PROBLEM, "it is not installed%s%s", more ? "; there is " : "", list);
        vp_remedy(finding, "install it as " VP_HOOKSDIR "/%s and reload libvirt's daemon",
                  more ? OURS : "qemu");
    } else if (!ours->executable) {
        vp_found(finding, VP_DIAGNOSIS_PROBLEM, "'%s' is not executable, so libvirt does not run it",
                 ours->name);
        vp_remedy(finding, "chmod 0755 " VP_HOOKSDIR "/%s", ours->name);
    } else if (n > 1) {
        vp_found(finding, VP_DIAGNOSIS_WARNING, "it is there %zu times, and runs as often", n);
        vp_remedy(finding, "remove " VP_HOOKSDIR "/" OURS);
    } else if (more) {
        vp_found(finding, VP_DIAGNOSIS_NOTE, "'%s'; libvirt runs %s as well", ours->name, list);
    } else {
        vp_found(finding, VP_DIAGNOSIS_OK, "'%s'", ours->name);
    }
}

/* Seconds since the epoch when the system was booted; 0: not known. */
static int64_t boot_time(const struct vp_doctor *doctor, struct vp_finding *finding)
{
    vp_autofree char *text = vp_doctor_read(doctor, finding, "/proc/stat");
    const char *at = text != NULL ? strstr(text, "btime ") : NULL;
    uint64_t seconds = 0;
    if (at == NULL)
        return 0;
    at += strlen("btime ");
    vp_autofree char *number = vp_strndup(at, strspn(at, "0123456789"));
    return vp_u64_parse(number, 0, INT64_MAX, &seconds) == 0 ? (int64_t)seconds : 0;
}

/* When a daemon was started, seconds since the epoch; 0: not known. */
static int64_t start_time(const struct vp_doctor *doctor, struct vp_finding *finding, pid_t pid)
{
    struct vp_process process = {0};
    const long ticks = sysconf(_SC_CLK_TCK);
    const int64_t boot = boot_time(doctor, finding);
    if (boot == 0 || ticks <= 0 || vp_process_read(doctor->root, pid, &process, NULL) < 0)
        return 0;
    return boot + (int64_t)(process.start / (uint64_t)ticks);
}

/* When a hook of ours last noted something; 0: never since boot. */
static int64_t last_run(const struct vp_doctor *doctor, struct vp_finding *finding)
{
    struct stat st;
    VP_CLEANUP(vp_close_fd) int fd = vp_root_openat(doctor->root, STATE "/ledger.lock", O_PATH);
    vp_looked_at(finding, STATE "/ledger.lock");
    vp_denied(finding, STATE "/ledger.lock", fd);
    return fd >= 0 && fstat(fd, &st) == 0 ? st.st_mtim.tv_sec : 0;
}

/*
 * libvirt looks once, when its daemon starts or reloads, whether there is any hook for QEMU, and after that
 * reads the folder at each call (virHooksFound in its src/util/virhook.c).
 */
static void look_loaded(struct vp_doctor *doctor, struct vp_finding *finding)
{
    VP_CLEANUP(hooks_done) struct hooks hooks = {0};
    const char *daemon = "virtqemud";
    pid_t pid = vp_doctor_process(doctor, daemon);
    int64_t first = INT64_MAX, ours = 0;
    if (pid == 0)
        pid = vp_doctor_process(doctor, daemon = "libvirtd");
    read_hooks(doctor, finding, &hooks);
    for (size_t i = 0; i < hooks.n; i++) {
        const struct hook *hook = &hooks.items[i];
        if (hook->executable && hook->since < first)
            first = hook->since;
        if (hook->executable && hook->ours)
            ours = hook->since;
    }
    if (ours == 0) {
        vp_found(finding, VP_DIAGNOSIS_NOTE, "there is no hook of ours to be loaded");
        return;
    }
    if (pid == 0) {
        vp_found(finding, VP_DIAGNOSIS_OK,
                 "libvirt's daemon does not run, and looks for hooks when it starts");
        return;
    }
    const int64_t started = start_time(doctor, finding, pid);
    if (started > 0 && first <= started) {
        vp_found(finding, VP_DIAGNOSIS_OK, "%s (process %d) was started after a hook was there", daemon,
                 (int)pid);
    } else if (last_run(doctor, finding) > ours) {
        vp_found(finding, VP_DIAGNOSIS_OK, "it has run since it was installed");
    } else {
        vp_found(
            finding, VP_DIAGNOSIS_WARNING,
            "%s (process %d) is older than the hook, and has not called it yet: it knows of the hook only if "
            "it was reloaded since",
            daemon, (int)pid);
        vp_remedy(finding, "systemctl reload %s", daemon);
    }
}

static void look_state(struct vp_doctor *doctor, struct vp_finding *finding)
{
    VP_CLEANUP(vp_names_free_ptr) char **broken = vp_doctor_list(doctor, finding, STATE "/broken");
    size_t n = 0;
    while (broken != NULL && broken[n] != NULL)
        n++;
    if (n == 0) {
        vp_found(finding, VP_DIAGNOSIS_OK, "no file of the ledger was found broken since boot");
        return;
    }
    vp_found(finding, VP_DIAGNOSIS_WARNING, "%zu file%s of the ledger could not be used and %s set aside", n,
             n == 1 ? "" : "s", n == 1 ? "was" : "were");
    vp_remedy(finding, "look into " STATE "/broken and the system log; remove the files once it is clear");
}

const struct vp_check vp_checks_hook[] = {
    {"hook", "where it is, and what else libvirt runs", look_hook},
    {"hook-loaded", "whether libvirt's daemon that runs knows of it", look_loaded},
    {"state", "what the hook keeps in " STATE, look_state},
    {.name = NULL},
};
