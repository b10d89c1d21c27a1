/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

/*
 * The host as a parameter. Every file below /proc, /sys, /run, /etc and /usr/share that the library looks
 * at is reached through a root: the live "/" or a folder that holds a dump or a made-up host.
 */
struct vp_root {
    int fd;
    bool live;
    char *path; /* owned; "/" when live. For messages. */
};

/**
 * @path: "/" for the live host or a folder
 * Returns 0, -ENOENT, -ENOTDIR, …
 */
int vp_root_open(const char *path, struct vp_root **ret_root, struct vp_error **err);
void vp_root_free(struct vp_root *root); /* NULL is fine */
static inline void vp_root_free_ptr(struct vp_root **root)
{
    vp_root_free(*root);
}

/**
 * Open a file below the root.
 * @path: absolute, as it would be on the live host
 * @flags: open(2) flags; O_CLOEXEC is added; with O_CREAT the mode is 0644
 * Absolute symlinks in a dump stay inside it (openat2 RESOLVE_IN_ROOT, Linux 5.6; a kernel without it gives
 * -ENOSYS for
 * a dump, never a file of the live host).
 * Returns the descriptor or a negative errno; no message is made, as absence is often an answer.
 */
int vp_root_openat(const struct vp_root *root, const char *path, int flags);

/* Read a whole file, at most `max` bytes. -ENOENT and the like with a message. See vp_read_fd(). */
int vp_root_read(const struct vp_root *root, const char *path, size_t max, char **ret_text, size_t *ret_len,
                 struct vp_error **err);

/*
 * Read a file that holds one unsigned decimal number, white space around it allowed. -EBADMSG when it holds
 * anything else.
 */
int vp_root_read_u64(const struct vp_root *root, const char *path, uint64_t *ret_value,
                     struct vp_error **err);

/**
 * The names in a directory, sorted bytewise, without "." and "..".
 * @ret_names: NULL-terminated, owned by the caller: vp_names_free()
 */
int vp_root_list(const struct vp_root *root, const char *path, char ***ret_names, struct vp_error **err);
void vp_names_free(char **names);
static inline void vp_names_free_ptr(char ***names)
{
    vp_names_free(*names);
}

/*
 * Writing. Paths as above; every folder in them is resolved inside the root, their last name is not
 * followed when it is a symlink. Modes are exact: the umask does not count.
 */

/*
 * Make a folder, and those above it that are missing, all with this mode. One that is there stays as it
 * is.
 */
int vp_root_mkdir(const struct vp_root *root, const char *path, mode_t mode, struct vp_error **err);

/**
 * Write a whole file: a new one beside it, fsync(2), rename(2). Whoever reads sees the old text or the new
 * one. Two processes may do so at once, one of them wins. A process that is killed can leave the new file
 * behind: vp_root_is_unfinished() knows its name.
 * Returns 0, or a negative errno and the file is as it was
 */
int vp_root_replace(const struct vp_root *root, const char *path, const char *text, size_t len, mode_t mode,
                    struct vp_error **err);
/* The name of a file that vp_root_replace() did not finish? Remove it where no one else can be writing. */
bool vp_root_is_unfinished(const char *name);

/* Remove a file; one that is not there is no error. */
int vp_root_unlink(const struct vp_root *root, const char *path, struct vp_error **err);
/* Remove a folder that holds nothing but unfinished files; one that is not there is no error. */
int vp_root_rmdir(const struct vp_root *root, const char *path, struct vp_error **err);
/* Rename a file or folder, over a file that is there. */
int vp_root_rename(const struct vp_root *root, const char *from, const char *to, struct vp_error **err);

/**
 * Lock a file with flock(2), for as long as the descriptor is open: the lock of a process that dies is
 * gone. The file is made, for root only, and stays.
 * @wait: until it is free; else -EWOULDBLOCK
 * @ret_fd: to be given to vp_root_unlock()
 */
int vp_root_lock(const struct vp_root *root, const char *path, bool wait, int *ret_fd, struct vp_error **err);
void vp_root_unlock(int *fd); /* -1 is fine, and is what it leaves */
