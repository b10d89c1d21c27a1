/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "text.h"
#include "file.h"
#include "topology.h"
#include "wish.h"

/* A list of 8192 CPUs without two neighbours. */
#define VALUE_MAX (64u * 1024)

bool vp_means_absent(int r)
{
    return r == -ENOENT || r == -ENOTDIR || r == -ESRCH || r == -ENODEV || r == -ENXIO;
}

int vp_host_write(const struct vp_root *root, const char *path, const char *value, struct vp_error **err)
{
    vp_autofree char *line = vp_asprintf("%s\n", value);
    const size_t len = strlen(line);
    const char *above = root->live ? "" : root->path;
    VP_CLEANUP(vp_close_fd) int fd = vp_root_openat(root, path, O_WRONLY | O_NOCTTY | O_NONBLOCK);
    ssize_t put = 0;

    if (fd < 0)
        return vp_fail(err, -fd, "cannot write '%s' to '%s%s': %m", value, above, path);
    do {
        put = write(fd, line, len);
    } while (put < 0 && errno == EINTR);
    if (put < 0)
        return vp_fail(err, errno, "cannot write '%s' to '%s%s': %m", value, above, path);
    if ((size_t)put != len)
        return vp_fail(err, EIO, "cannot write '%s' to '%s%s': only %zd of %zu bytes were taken", value,
                       above, path, put, len);
    /* The files of a made-up host keep the end of a longer value; those of a kernel have none. */
    if (!root->live && ftruncate(fd, (off_t)len) < 0 && errno != EINVAL)
        return vp_fail(err, errno, "cannot write '%s' to '%s%s': %m", value, above, path);
    return 0;
}

/* The word in brackets, where there is one; else all of the first line. Owned. */
static char *chosen(const char *text)
{
    const size_t line = strcspn(text, "\n");
    const char *open = memchr(text, '[', line);
    const char *end = open != NULL ? memchr(open, ']', line - (size_t)(open - text)) : NULL;
    if (end != NULL)
        return vp_strndup(open + 1, (size_t)(end - open) - 1);
    size_t n = line;
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
        n--;
    return vp_strndup(text, n);
}

static int read_file(const struct vp_root *root, const char *target, char **ret_value, struct vp_error **err)
{
    vp_autofree char *text = NULL;
    vp_autoerror own = NULL;
    size_t len = 0;
    const int r = vp_root_read(root, target, VALUE_MAX, &text, &len, &own);
    if (r < 0)
        return vp_fail(err, vp_means_absent(r) ? ENOENT : -r, "%s", own->message);
    *ret_value = chosen(text);
    return 0;
}

/*
 * cgroup v2 has an empty cpuset.cpus for a group that may use what the one above it has. It cannot be put
 * back while
 * there are processes in it (ENOSPC, validate_change() of Linux' kernel/cgroup/cpuset.c), but what it stands
 * for can.
 */
static int read_cpus(const struct vp_root *root, const char *target, char **ret_value, struct vp_error **err)
{
    vp_autofree char *value = NULL;
    vp_autofree char *effective = vp_asprintf("%s.effective", target);
    const int r = read_file(root, target, &value, err);
    if (r < 0)
        return r;
    if (value == NULL || *value != '\0' || read_file(root, effective, ret_value, NULL) < 0)
        *ret_value = vp_take(&value);
    return 0;
}

static bool same_cpus(const char *a, const char *b)
{
    vp_autobitmap x = NULL;
    vp_autobitmap y = NULL;
    if (vp_bitmap_parse(a, "", &x, NULL) < 0 || vp_bitmap_parse(b, "", &y, NULL) < 0)
        return vp_same(a, b);
    return hwloc_bitmap_isequal(x, y) != 0;
}

const struct vp_means vp_means_file = {.name = "file", .read = read_file, .write = vp_host_write};
const struct vp_means vp_means_cpulist = {
    .name = "cpulist", .read = read_cpus, .write = vp_host_write, .same = same_cpus};
