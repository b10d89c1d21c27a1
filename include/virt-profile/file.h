/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "error.h"

/**
 * Read a descriptor to its end.
 * @what: the object's name for the message, e.g. "standard input" or a path
 * @max: most bytes that are accepted; one more gives -EFBIG. The rest is still read and dropped where
 *       `drain` is
 *       set, so that a writer on the other end of a pipe never blocks or sees EPIPE.
 * @ret_text: owned by the caller, NUL-terminated (the NUL not counted); may hold NUL bytes inside
 * Returns 0, -EFBIG, or the negative errno of read().
 */
int vp_read_fd(int fd, const char *what, size_t max, bool drain, char **ret_text, size_t *ret_len,
               struct vp_error **err);

/* Write all of it, through partial writes and EINTR. Returns 0 or a negative errno. */
int vp_write_fd(int fd, const char *what, const char *text, size_t len, struct vp_error **err);

/*
 * For VP_CLEANUP(): close a descriptor that was opened; a negative one is none. For those with which nothing
 * can be
 * lost here: read from, or synced, or a file of the kernel, where write(2) has said what counts.
 */
void vp_close_fd(const int *fd);
