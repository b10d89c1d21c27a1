/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "mem.h"

/*
 * A string that grows. {0} is empty and valid; `text` is NULL until something is added, and NUL-terminated
 * after.
 */
struct vp_strbuf {
    char *text;
    size_t len;
    size_t cap;
};

void vp_strbuf_add(struct vp_strbuf *buf, const char *text);
void vp_strbuf_addn(struct vp_strbuf *buf, const char *text, size_t n);
void vp_strbuf_addf(struct vp_strbuf *buf, const char *fmt, ...) VP_PRINTF(2, 3);

/* The string, now owned by the caller (never NULL); the buffer is empty after. */
char *vp_strbuf_take(struct vp_strbuf *buf) VP_MUST_USE;
void vp_strbuf_done(struct vp_strbuf *buf);

/* Add `item` with `sep` before it unless it is the first. */
void vp_strbuf_join(struct vp_strbuf *buf, const char *sep, const char *item);
