/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "root.h"

#include "file.h"
#include "size.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A number of 20 digits and white space. */
#define NUMBER_MAX 64

static void close_dir(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

int vp_root_open(const char *path, struct vp_root **ret_root, struct vp_error **err)
{
    struct vp_root *root;
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return vp_fail(err, errno, "cannot open the host's root folder '%s': %m", path);
    root = vp_alloc(1, sizeof(*root));
    root->fd = fd;
    root->live = !path[strspn(path, "/")];
    root->path = vp_strdup(root->live ? "/" : path);
    *ret_root = root;
    return 0;
}

void vp_root_free(struct vp_root *root)
{
    if (!root)
        return;
    vp_close_fd(&root->fd);
    free(root->path);
    free(root);
}

static int open_inside(int root_fd, const char *path, int flags)
{
    struct open_how how = {.flags = (uint64_t)(unsigned)flags, .resolve = RESOLVE_IN_ROOT};
    int fd, tries = 16;

    /* The mode is only allowed where a file may be made. */
    if (flags & O_CREAT)
        how.mode = 0644;
    do {
        fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
        /* EAGAIN: something was renamed while ".." was resolved. */
    } while (fd < 0 && errno == EAGAIN && --tries > 0);
    return fd;
}

int vp_root_openat(const struct vp_root *root, const char *path, int flags)
{
    int fd;

    if (path[0] != '/')
        return -EINVAL;
    flags |= O_CLOEXEC;
    if (root->live)
        fd = open(path, flags, 0644);
    else
        fd = open_inside(root->fd, path, flags);
    return fd < 0 ? -errno : fd;
}

/* The path for a message: where the file really is. */
static char *shown_path(const struct vp_root *root, const char *path)
{
    return vp_asprintf("%s%s", root->live ? "" : root->path, path);
}

int vp_root_read(const struct vp_root *root, const char *path, size_t max, char **ret_text, size_t *ret_len,
                 struct vp_error **err)
{
    vp_autofree char *shown = shown_path(root, path);
    /* O_NONBLOCK: a FIFO in a dump must not hang us. */
    VP_CLEANUP(vp_close_fd) int fd = vp_root_openat(root, path, O_RDONLY | O_NOCTTY | O_NONBLOCK);

    if (fd < 0)
        return vp_fail(err, -fd, "cannot open '%s': %m", shown);
    return vp_read_fd(fd, shown, max, false, ret_text, ret_len, err);
}

int vp_root_read_u64(const struct vp_root *root, const char *path, uint64_t *ret_value, struct vp_error **err)
{
    static const char white[] = " \t\n\v\f\r";
    vp_autofree char *shown = shown_path(root, path);
    vp_autofree char *text = NULL;
    vp_autoerror reason = NULL;
    size_t len = 0;
    int r = vp_root_read(root, path, NUMBER_MAX, &text, &len, &reason);

    if (r < 0 && r != -EFBIG)
        return vp_fail(err, -r, "%s", reason->message);
    if (r == 0 && strlen(text) == len) {
        char *number = text + strspn(text, white);
        while (len > 0 && strchr(white, text[len - 1]))
            text[--len] = '\0';
        if (vp_u64_parse(number, 0, UINT64_MAX, ret_value) == 0)
            return 0;
    }
    return vp_fail(err, EBADMSG, "cannot use '%s': it does not hold one unsigned decimal number of 64 bits",
                   shown);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Returns 0 or the errno of readdir(). */
static int collect(DIR *dir, char ***ret_names, size_t *ret_n)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    size_t n = 0, cap = 0;

    vp_grow(&names, n, &cap, sizeof(*names));
    for (;;) {
        errno = 0; /* the only way to tell an error of readdir() from the end */
        struct dirent *entry = readdir(dir);
        if (!entry)
            break;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        names[n++] = vp_strdup(entry->d_name);
        vp_grow(&names, n, &cap, sizeof(*names));
    }
    if (errno)
        return errno;
    *ret_names = vp_take(&names);
    *ret_n = n;
    return 0;
}

int vp_root_list(const struct vp_root *root, const char *path, char ***ret_names, struct vp_error **err)
{
    vp_autofree char *shown = shown_path(root, path);
    VP_CLEANUP(close_dir) DIR *dir = NULL;
    int fd = vp_root_openat(root, path, O_RDONLY | O_DIRECTORY);
    char **names = NULL;
    size_t n = 0;
    int code;

    if (fd < 0)
        return vp_fail(err, -fd, "cannot list '%s': %m", shown);
    dir = fdopendir(fd);
    if (!dir) {
        code = errno;
        vp_close_fd(&fd);
        return vp_fail(err, code, "cannot list '%s': %m", shown);
    }
    code = collect(dir, &names, &n);
    if (code)
        return vp_fail(err, code, "cannot list '%s': %m", shown);
    qsort(names, n, sizeof(*names), by_name);
    *ret_names = names;
    return 0;
}

void vp_names_free(char **names)
{
    size_t i;

    for (i = 0; names && names[i]; i++)
        free(names[i]);
    free(names);
}
