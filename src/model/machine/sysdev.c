/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sysdev.h"

#include "file.h"
#include "size.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEV_MAX 64 /* "4294967295:4294967295\n" */

/* The path the kernel has for a descriptor of ours. */
static int path_of(int fd, char **ret_path)
{
    char link[64];
    char target[PATH_MAX];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(link, target, sizeof(target));
    if (n < 0)
        return -errno;
    if ((size_t)n == sizeof(target))
        return -ENAMETOOLONG;
    *ret_path = vp_strndup(target, (size_t)n);
    return 0;
}

/* Where `fd` is below the root. */
static int path_below(const struct vp_root *root, int fd, char **ret_real)
{
    vp_autofree char *path = NULL;
    int r = path_of(fd, &path);
    if (r < 0)
        return r;
    if (!root->live) {
        vp_autofree char *top = NULL;
        r = path_of(root->fd, &top);
        if (r < 0)
            return r;
        const size_t len = strlen(top);
        if (strncmp(path, top, len) != 0 || (path[len] != '/' && path[len] != '\0'))
            return -EXDEV;
        *ret_real = vp_strdup(path[len] != '\0' ? path + len : "/");
        return 0;
    }
    *ret_real = vp_take(&path);
    return 0;
}

int vp_sysdev_resolve(const struct vp_root *root, const char *path, char **ret_real, struct stat *ret_st)
{
    VP_CLEANUP(vp_close_fd) const int fd = vp_root_openat(root, path, O_PATH);
    if (fd < 0)
        return fd;
    struct stat st = {0};
    if (fstat(fd, &st) < 0)
        return -errno;
    if (ret_real != NULL) {
        const int r = path_below(root, fd, ret_real);
        if (r < 0)
            return r;
    }
    if (ret_st != NULL)
        *ret_st = st;
    return 0;
}

bool vp_sysdev_has(const struct vp_root *root, const char *path)
{
    return vp_sysdev_resolve(root, path, NULL, NULL) == 0;
}

static int parse_number(char *text, struct vp_devno *ret_number)
{
    uint64_t major = 0;
    uint64_t minor = 0;
    char *colon = strchr(text, ':');
    if (colon == NULL)
        return -EBADMSG;
    *colon = '\0';
    colon[1 + strcspn(colon + 1, "\n")] = '\0';
    if (vp_u64_parse(text, 0, UINT_MAX, &major) < 0 || vp_u64_parse(colon + 1, 0, UINT_MAX, &minor) < 0)
        return -EBADMSG;
    *ret_number = (struct vp_devno){(unsigned)major, (unsigned)minor};
    return 0;
}

int vp_sysdev_number(const struct vp_root *root, const char *path, struct vp_devno *ret_number)
{
    vp_autofree char *text = NULL;
    size_t len = 0;
    const int r = vp_root_read(root, path, DEV_MAX, &text, &len, NULL);
    return r < 0 ? r : parse_number(text, ret_number);
}

/* -1 where the file is not there or does not tell. */
static int node_in(const struct vp_root *root, const char *folder)
{
    vp_autofree char *path = vp_asprintf("%s/numa_node", folder);
    uint64_t node = 0;
    /* "-1" is no unsigned number, and not known either. */
    if (vp_root_read_u64(root, path, &node, NULL) < 0 || node > INT_MAX)
        return -1;
    return (int)node;
}

int vp_sysdev_node(const struct vp_root *root, const char *path)
{
    vp_autofree char *link = vp_asprintf("%s/device", path);
    const char *const starts[] = {path, link};
    for (size_t i = 0; i < VP_ARRAY_SIZE(starts); i++) {
        vp_autofree char *real = NULL;
        if (vp_sysdev_resolve(root, starts[i], &real, NULL) < 0)
            continue;
        /* Each folder above a device is the device it hangs on. */
        while (vp_starts(real, "/sys/")) {
            const int node = node_in(root, real);
            if (node >= 0)
                return node;
            *strrchr(real, '/') = '\0';
        }
    }
    return -1;
}
