/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guestgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

#define MOUNTS_MAX (16u * 1024 * 1024)
#define GROUPS_MAX (64u * 1024)

#define EMULATOR "/emulator"
#define NESTED "/libvirt"

/* Is a word one of a list that is separated by commas? */
static bool has_word(const char *list, const char *word)
{
    const size_t n = strlen(word);
    for (; list != NULL && *list != '\0'; list += *list == ',') {
        const size_t len = strcspn(list, ",");
        if (len == n && strncmp(list, word, n) == 0)
            return true;
        list += len;
    }
    return false;
}

/* One line: "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELDS] - TYPE SOURCE SUPER". The first of a kind counts. */
static void take_mount(char *line, struct vp_cpusets *cpusets)
{
    char *words[6] = {NULL};
    char *rest = strstr(line, " - ");
    if (rest == NULL)
        return;
    *rest = '\0';
    rest += strlen(" - ");
    for (size_t i = 0; i < VP_ARRAY_SIZE(words); i++)
        words[i] = strsep(&line, " ");
    const char *type = strsep(&rest, " ");
    (void)strsep(&rest, " ");
    /* A part of a hierarchy, as in a container, is not where /proc/PID/cgroup starts. */
    if (words[4] == NULL || !vp_same(words[3], "/"))
        return;
    if (vp_same(type, "cgroup2") && cpusets->unified == NULL)
        cpusets->unified = vp_strdup(words[4]);
    else if (vp_same(type, "cgroup") && has_word(rest, "cpuset") && cpusets->separate == NULL)
        cpusets->separate = vp_strdup(words[4]);
}

int vp_cpusets_read(const struct vp_root *root, struct vp_cpusets *ret_cpusets, struct vp_error **err)
{
    vp_autofree char *text = NULL;
    size_t len = 0;
    struct vp_cpusets cpusets = {0};
    const int r = vp_root_read(root, "/proc/self/mountinfo", MOUNTS_MAX, &text, &len, err);
    if (r < 0)
        return r;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        take_mount(line, &cpusets);
    *ret_cpusets = cpusets;
    return 0;
}

void vp_cpusets_done(struct vp_cpusets *cpusets)
{
    free(cpusets->unified);
    free(cpusets->separate);
    *cpusets = (struct vp_cpusets){0};
}

/*
 * The group of a process in the hierarchy with cpusets, and its mount point. Lines are "ID:CONTROLLERS:PATH"; that of
 * cgroup v2 is "0::PATH". Both borrow.
 */
static const char *find_group(char *text, const struct vp_cpusets *cpusets, const char **ret_mount)
{
    const char *unified = NULL;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        const char *id = strsep(&line, ":");
        const char *controllers = line != NULL ? strsep(&line, ":") : NULL;
        if (line == NULL)
            continue;
        if (has_word(controllers, "cpuset")) {
            *ret_mount = cpusets->separate;
            return line;
        }
        if (vp_same(id, "0") && controllers[0] == '\0')
            unified = line;
    }
    *ret_mount = cpusets->unified;
    return unified;
}

/* Cut an ending off. */
static bool cut(char *path, const char *ending)
{
    const size_t len = strlen(path);
    const size_t n = strlen(ending);
    if (len <= n || strcmp(path + len - n, ending) != 0)
        return false;
    path[len - n] = '\0';
    return true;
}

static bool has_cpuset(const struct vp_root *root, const char *folder)
{
    vp_autofree char *path = vp_asprintf("%s/cpuset.cpus", folder);
    const int fd = vp_root_openat(root, path, O_PATH);
    if (fd < 0)
        return false;
    (void)close(fd); /* nothing was written */
    return true;
}

bool vp_cgroups_are_unified(const struct vp_root *root)
{
    const int fd = vp_root_openat(root, "/sys/fs/cgroup/cgroup.controllers", O_PATH);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

int vp_guestgroup_read(const struct vp_root *root, const struct vp_cpusets *cpusets, pid_t qemu,
                       struct vp_guestgroup *ret_group, struct vp_error **err)
{
    vp_autofree char *file = vp_asprintf("/proc/%ld/cgroup", (long)qemu);
    vp_autofree char *text = NULL;
    const char *mount = NULL;
    size_t len = 0;
    const int r = vp_root_read(root, file, GROUPS_MAX, &text, &len, err);
    if (r < 0)
        return r;
    const char *group = find_group(text, cpusets, &mount);
    if (group == NULL || mount == NULL)
        return vp_fail(err, ENOENT, "no cgroup says which CPUs process %ld may use", (long)qemu);
    vp_autofree char *threads = vp_asprintf("%s%s", mount, group);
    if (!has_cpuset(root, threads) || !cut(threads, EMULATOR) || strlen(threads) == strlen(mount))
        return vp_fail(err, ENOENT,
                       "process %ld has no cgroup of libvirt's with CPUs of its own: it is in '%s'",
                       (long)qemu, group);
    vp_autofree char *path = vp_strdup(threads);
    (void)cut(path, NESTED);
    *ret_group = (struct vp_guestgroup){
        .unified = mount == cpusets->unified, .path = vp_take(&path), .threads = vp_take(&threads)};
    return 0;
}

void vp_guestgroup_done(struct vp_guestgroup *group)
{
    free(group->path);
    free(group->threads);
    *group = (struct vp_guestgroup){0};
}
