/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroupfs.h"

#include "strbuf.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOP "/sys/fs/cgroup"
#define SUBTREE "cgroup.subtree_control"
#define LINE_MAX_LEN 256

static const struct {
    const char *controller; /* "": of every group */
    bool unified;
    const char *name, *value;
} files[] = {
    {"", false, "cgroup.procs", ""},
    {"", false, "tasks", ""},
    {"cpuset", false, "cpuset.cpus", "\n"},
    {"cpuset", false, "cpuset.mems", "\n"},
    {"cpu", false, "cpu.shares", "1024\n"},
    {"cpu", false, "cpu.cfs_period_us", "100000\n"},
    {"cpu", false, "cpu.cfs_quota_us", "-1\n"},
    {"memory", false, "memory.limit_in_bytes", "9223372036854771712\n"},
    {"blkio", false, "blkio.bfq.weight", "100\n"},
    {"blkio", false, "blkio.throttle.read_iops_device", ""},
    {"blkio", false, "blkio.throttle.write_iops_device", ""},
    {"", true, "cgroup.procs", ""},
    {"", true, "cgroup.controllers", "cpuset cpu io memory\n"},
    {"", true, SUBTREE, "\n"},
    {"cpuset", true, "cpuset.cpus", "\n"},
    {"cpuset", true, "cpuset.cpus.effective", "0-3\n"},
    {"cpuset", true, "cpuset.mems", "\n"},
    {"cpu", true, "cpu.weight", "100\n"},
    {"cpu", true, "cpu.max", "max 100000\n"},
    {"memory", true, "memory.max", "max\n"},
    {"io", true, "io.weight", "default 100\n"},
    {"io", true, "io.max", ""},
};
static const char *const controllers[] = {"cpuset", "cpu", "memory", "blkio"};

static void put(const char *folder, const char *name, const char *value)
{
    vp_autofree char *path = vp_asprintf("%s/%s", folder, name);
    FILE *file = access(path, F_OK) == 0 ? NULL : fopen(path, "we");
    if (file == NULL)
        return;
    if (fputs(value, file) < 0 || fclose(file) != 0)
        ck_abort_msg("write '%s': %s", path, strerror(errno));
}

static void line_of(const char *path, char line[LINE_MAX_LEN])
{
    FILE *file = fopen(path, "re");
    line[0] = '\0';
    if (file == NULL)
        return;
    if (fgets(line, LINE_MAX_LEN, file) == NULL)
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    (void)fclose(file);
}

static bool has_word(const char *list, const char *word)
{
    vp_autofree char *copy = vp_strdup(list);
    char *rest = copy;
    for (const char *token; (token = strsep(&rest, " ")) != NULL;)
        if (strcmp(token, word) == 0)
            return true;
    return false;
}

static bool is_unified(const char *above)
{
    vp_autofree char *path = vp_asprintf("%s" TOP "/cgroup.controllers", above);
    return access(path, F_OK) == 0;
}

/* The files of a group that it has not yet. @above: what is before /sys/fs/cgroup */
static void fill(const char *above, const char *path)
{
    char enabled[LINE_MAX_LEN] = "";
    const bool unified = is_unified(above);
    if (unified) {
        vp_autofree char *parent = vp_strndup(path, (size_t)(strrchr(path, '/') - path));
        vp_autofree char *subtree = vp_asprintf("%s/" SUBTREE, parent);
        line_of(subtree, enabled);
    } else {
        const char *name = path + strlen(above) + strlen(TOP "/");
        (void)snprintf(enabled, sizeof(enabled), "%.*s", (int)strcspn(name, "/"), name);
    }
    for (size_t i = 0; i < VP_ARRAY_SIZE(files); i++)
        if (files[i].unified == unified &&
            (files[i].controller[0] == '\0' || has_word(enabled, files[i].controller)))
            put(path, files[i].name, files[i].value);
}

static void each_group(const char *path, void (*one)(const char *below))
{
    DIR *dir = opendir(path);
    ck_assert_ptr_nonnull(dir);
    for (const struct dirent *it; (it = readdir(dir)) != NULL;) {
        vp_autofree char *below = vp_asprintf("%s/%s", path, it->d_name);
        if (it->d_type == DT_DIR && it->d_name[0] != '.')
            one(below);
    }
    (void)closedir(dir);
}

bool cgroupfs_is(const char *path)
{
    return vp_starts(path, TOP "/");
}

void cgroupfs_made(const char *path)
{
    fill("", path);
}

static bool has_groups;

static void note_group(const char *below)
{
    (void)below;
    has_groups = true;
}

static void remove_files(const char *path)
{
    DIR *dir = opendir(path);
    ck_assert_ptr_nonnull(dir);
    for (const struct dirent *it; (it = readdir(dir)) != NULL;) {
        vp_autofree char *file = vp_asprintf("%s/%s", path, it->d_name);
        if (it->d_type == DT_REG && remove(file) != 0)
            ck_abort_msg("remove '%s': %s", file, strerror(errno));
    }
    (void)closedir(dir);
}

int cgroupfs_leaving(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return errno;
    has_groups = false;
    each_group(path, note_group);
    if (has_groups)
        return EBUSY;
    remove_files(path);
    return 0;
}

void cgroupfs_written(int fd, const char *path, const char *data, size_t n)
{
    char line[LINE_MAX_LEN] = "";
    vp_autofree char *value = vp_strndup(data, n);
    const bool subtree = strcmp(strrchr(path, '/') + 1, SUBTREE) == 0;
    value[strcspn(value, "\n")] = '\0';
    if (subtree)
        line_of(path, line);
    vp_autofree char *now = subtree ? vp_asprintf("%s%s%s\n", line, *line != '\0' ? " " : "", value + 1)
                                    : vp_asprintf("%s\n", value);
    ck_assert_int_eq(ftruncate(fd, 0), 0);
    ck_assert_int_eq(pwrite(fd, now, strlen(now), 0), (ssize_t)strlen(now));
    if (subtree) {
        vp_autofree char *folder = vp_strndup(path, (size_t)(strrchr(path, '/') - path));
        each_group(folder, cgroupfs_made);
    }
}

void cgroupfs_mount(const struct fake *fake, bool unified)
{
    struct vp_strbuf mounts = {0};
    struct vp_strbuf info = {0};
    struct vp_strbuf known = {0};
    vp_strbuf_add(&info, "22 1 8:0 / / rw,relatime - ext4 /dev/sda rw\n");
    vp_strbuf_add(&known, "#subsys_name\thierarchy\tnum_cgroups\tenabled\n");
    for (size_t i = 0; i < VP_ARRAY_SIZE(controllers); i++) {
        vp_strbuf_addf(&known, "%s\t%zu\t1\t1\n", controllers[i], unified ? 0 : i + 1);
        if (unified)
            continue;
        vp_strbuf_addf(&mounts, "cgroup " TOP "/%s cgroup rw,relatime,%s 0 0\n", controllers[i],
                       controllers[i]);
        vp_strbuf_addf(&info, "%zu 22 0:%zu / " TOP "/%s rw - cgroup cgroup rw,%s\n", 30 + i, 30 + i,
                       controllers[i], controllers[i]);
    }
    if (unified) {
        vp_strbuf_add(&mounts, "cgroup2 " TOP " cgroup2 rw,relatime 0 0\n");
        vp_strbuf_add(&info, "30 22 0:30 / " TOP " rw,relatime - cgroup2 cgroup2 rw\n");
        fake_file(fake, TOP "/cgroup.controllers", "cpuset cpu io memory\n");
        fake_file(fake, TOP "/" SUBTREE, "cpu memory\n");
    }
    fake_file(fake, "/proc/mounts", mounts.text != NULL ? mounts.text : "");
    fake_file(fake, "/proc/self/mountinfo", info.text);
    fake_file(fake, "/proc/cgroups", known.text);
    for (size_t i = 0; !unified && i < VP_ARRAY_SIZE(controllers); i++) {
        vp_autofree char *top = vp_asprintf(TOP "/%s/cgroup.procs", controllers[i]);
        vp_autofree char *folder = vp_asprintf("%s" TOP "/%s", fake->folder, controllers[i]);
        fake_file(fake, top, "");
        fill(fake->folder, folder);
    }
    if (!unified) {
        fake_file(fake, TOP "/cpuset/cpuset.cpus", "0-3\n");
        fake_file(fake, TOP "/cpuset/cpuset.mems", "0\n");
    }
    vp_strbuf_done(&mounts);
    vp_strbuf_done(&info);
    vp_strbuf_done(&known);
}

/* A group and those above it in one hierarchy. */
static void make_in(const struct fake *fake, const char *hierarchy, const char *group)
{
    vp_autofree char *path = vp_asprintf("%s" TOP "%s%s", fake->folder, hierarchy, group);
    for (char *at = path + strlen(fake->folder) + strlen(TOP) + strlen(hierarchy); *at != '\0';) {
        at += 1 + strcspn(at + 1, "/");
        const char end = *at;
        *at = '\0';
        if (mkdir(path, 0755) == 0)
            fill(fake->folder, path);
        *at = end;
    }
}

static const char *kept;

/* Files of controllers that are not kept. */
static void strip(const char *path)
{
    for (size_t i = 0; i < VP_ARRAY_SIZE(files); i++) {
        vp_autofree char *file = vp_asprintf("%s/%s", path, files[i].name);
        if (files[i].unified && files[i].controller[0] != '\0' && !has_word(kept, files[i].controller))
            (void)remove(file);
    }
}

void cgroupfs_enable(const struct fake *fake, const char *group, const char *names)
{
    vp_autofree char *file = vp_asprintf(TOP "%s/" SUBTREE, group);
    vp_autofree char *text = vp_asprintf("%s\n", names);
    vp_autofree char *folder = vp_asprintf("%s" TOP "%s", fake->folder, group);
    fake_file(fake, file, text);
    kept = names;
    each_group(folder, strip);
}

static void remove_group(const char *path)
{
    each_group(path, remove_group);
    remove_files(path);
    ck_assert_int_eq(remove(path), 0);
}

static void remove_in(const struct fake *fake, const char *hierarchy, const char *group)
{
    vp_autofree char *path = vp_asprintf("%s" TOP "%s%s", fake->folder, hierarchy, group);
    if (access(path, F_OK) == 0)
        remove_group(path);
}

static void in_each(const struct fake *fake, const char *group,
                    void (*one)(const struct fake *fake, const char *hierarchy, const char *group))
{
    if (is_unified(fake->folder)) {
        one(fake, "", group);
        return;
    }
    for (size_t i = 0; i < VP_ARRAY_SIZE(controllers); i++) {
        vp_autofree char *hierarchy = vp_asprintf("/%s", controllers[i]);
        one(fake, hierarchy, group);
    }
}

void cgroupfs_make(const struct fake *fake, const char *group)
{
    in_each(fake, group, make_in);
}

void cgroupfs_remove(const struct fake *fake, const char *group)
{
    in_each(fake, group, remove_in);
}
