/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "root.h"

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* How the name of a file that is being written ends. */
#define UNFINISHED ".vp-new"

static char *shown_path(const struct vp_root *root, const char *path)
{
    return vp_asprintf("%s%s", root->live ? "" : root->path, path);
}

/*
 * The folder that something is in, opened, and its name there. What is above is resolved inside of the root;
 * the name itself is never followed.
 */
static int open_parent(const struct vp_root *root, const char *path, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash[1] == '\0' || strcmp(slash, "/.") == 0 || strcmp(slash, "/..") == 0)
        return -EINVAL;
    vp_autofree char *folder = vp_strndup(path, slash == path ? 1 : (size_t)(slash - path));
    *ret_name = slash + 1;
    return vp_root_openat(root, folder, O_PATH | O_DIRECTORY);
}

/* Returns 0 when it is there now. */
static int make_folder(const struct vp_root *root, const char *path, mode_t mode)
{
    const char *name = NULL;
    VP_CLEANUP(vp_close_fd) int parent = open_parent(root, path, &name);
    if (parent < 0)
        return parent;
    if (mkdirat(parent, name, mode) == 0)
        return fchmodat(parent, name, mode, 0) == 0 ? 0 : -errno; /* the umask was somebody else's wish */
    if (errno != EEXIST)
        return -errno;
    VP_CLEANUP(vp_close_fd) int there = vp_root_openat(root, path, O_PATH | O_DIRECTORY);
    return there == -ENOENT ? -EEXIST : there < 0 ? there : 0; /* a symlink that leads nowhere */
}

static int make_folders(const struct vp_root *root, const char *path, mode_t mode)
{
    int r = make_folder(root, path, mode);
    const char *slash = strrchr(path, '/');
    if (r != -ENOENT || slash == NULL || slash == path)
        return r;
    vp_autofree char *above = vp_strndup(path, (size_t)(slash - path));
    r = make_folders(root, above, mode);
    return r < 0 ? r : make_folder(root, path, mode);
}

int vp_root_mkdir(const struct vp_root *root, const char *path, mode_t mode, struct vp_error **err)
{
    const int r = make_folders(root, path, mode);
    if (r == 0)
        return 0;
    vp_autofree char *shown = shown_path(root, path);
    return vp_fail(err, -r, "cannot make the folder '%s': %m", shown);
}

/* Write a new file whole, as `name`, in the folder. */
static int write_new(int folder, const char *name, const char *shown, const char *text, size_t len,
                     mode_t mode, struct vp_error **err)
{
    VP_CLEANUP(vp_close_fd) int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return vp_fail(err, errno, "cannot make a new '%s': %m", shown);
    int r = vp_write_fd(fd, shown, text, len, err);
    if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
        r = vp_fail(err, errno, "cannot write '%s': %m", shown);
    return r;
}

int vp_root_replace(const struct vp_root *root, const char *path, const char *text, size_t len, mode_t mode,
                    struct vp_error **err)
{
    vp_autofree char *shown = shown_path(root, path);
    const char *name = NULL;
    VP_CLEANUP(vp_close_fd) int folder = open_parent(root, path, &name);
    if (folder < 0)
        return vp_fail(err, -folder, "cannot open the folder of '%s': %m", shown);
    vp_autofree char *fresh = vp_asprintf(".%s.%ld" UNFINISHED, name, (long)getpid());
    /* One of a process with our number that was killed. */
    if (unlinkat(folder, fresh, 0) < 0 && errno != ENOENT)
        return vp_fail(err, errno, "cannot take an old '%s' away beside '%s': %m", fresh, shown);
    int r = write_new(folder, fresh, shown, text, len, mode, err);
    if (r == 0 && renameat(folder, fresh, folder, name) < 0)
        r = vp_fail(err, errno, "cannot put a new '%s' in its place: %m", shown);
    if (r < 0)
        (void)unlinkat(folder, fresh, 0); /* the first failure is the one to tell */
    return r;
}

bool vp_root_is_unfinished(const char *name)
{
    const size_t len = strlen(name);
    return name[0] == '.' && len > strlen(UNFINISHED) &&
           strcmp(name + len - strlen(UNFINISHED), UNFINISHED) == 0;
}

/* Unlink or rmdir; absent is fine. */
static int remove_name(const struct vp_root *root, const char *path, int flags)
{
    const char *name = NULL;
    VP_CLEANUP(vp_close_fd) int parent = open_parent(root, path, &name);
    if (parent < 0)
        return parent == -ENOENT ? 0 : parent;
    return unlinkat(parent, name, flags) == 0 || errno == ENOENT ? 0 : -errno;
}

int vp_root_unlink(const struct vp_root *root, const char *path, struct vp_error **err)
{
    const int r = remove_name(root, path, 0);
    if (r == 0)
        return 0;
    vp_autofree char *shown = shown_path(root, path);
    return vp_fail(err, -r, "cannot remove '%s': %m", shown);
}

int vp_root_rmdir(const struct vp_root *root, const char *path, struct vp_error **err)
{
    int r = remove_name(root, path, AT_REMOVEDIR);
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    if (r == -ENOTEMPTY && vp_root_list(root, path, &names, NULL) == 0) {
        for (size_t i = 0; names[i] != NULL; i++) {
            vp_autofree char *file = vp_asprintf("%s/%s", path, names[i]);
            if (vp_root_is_unfinished(names[i]))
                (void)remove_name(root, file, 0); /* if not, the folder is not empty still */
        }
        r = remove_name(root, path, AT_REMOVEDIR);
    }
    if (r == 0)
        return 0;
    vp_autofree char *shown = shown_path(root, path);
    return vp_fail(err, -r, "cannot remove the folder '%s': %m", shown);
}

int vp_root_rename(const struct vp_root *root, const char *from, const char *to, struct vp_error **err)
{
    const char *from_name = NULL;
    const char *to_name = NULL;
    VP_CLEANUP(vp_close_fd) int from_folder = open_parent(root, from, &from_name);
    VP_CLEANUP(vp_close_fd) int to_folder = open_parent(root, to, &to_name);
    int code = from_folder < 0 ? -from_folder : to_folder < 0 ? -to_folder : 0;
    if (code == 0 && renameat(from_folder, from_name, to_folder, to_name) < 0)
        code = errno;
    if (code == 0)
        return 0;
    vp_autofree char *shown_from = shown_path(root, from);
    vp_autofree char *shown_to = shown_path(root, to);
    return vp_fail(err, code, "cannot rename '%s' to '%s': %m", shown_from, shown_to);
}

int vp_root_lock(const struct vp_root *root, const char *path, bool wait, int *ret_fd, struct vp_error **err)
{
    VP_CLEANUP(vp_close_fd) int fd = vp_root_openat(root, path, O_RDWR | O_CREAT | O_NOFOLLOW);
    int code = fd < 0 ? -fd : 0;
    /* It holds nothing, but who can open it can hold us up. */
    if (code == 0 && fchmod(fd, 0600) < 0)
        code = errno;
    while (code == 0 && flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB) < 0)
        if (errno != EINTR)
            code = errno;
    if (code != 0) {
        vp_autofree char *shown = shown_path(root, path);
        return vp_fail(err, code, "cannot lock '%s': %m", shown);
    }
    *ret_fd = fd;
    fd = -1;
    return 0;
}

void vp_root_unlock(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* the last descriptor of an open file takes its lock along */
    *fd = -1;
}
