/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/*
 * The host as a parameter. Every file below /proc, /sys, /run, /etc and /usr/share that the library looks at
 * is reached
 * through a root: the live "/" or a folder that holds a dump or a made-up host.
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
