/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Make room for n more bytes and the NUL. */
static void reserve(struct vp_strbuf *buf, size_t n)
{
    size_t cap = buf->cap ? buf->cap : 64;
    char *text;

    if (n >= SIZE_MAX / 2 - buf->len)
        vp_oom();
    while (cap < buf->len + n + 1)
        cap *= 2;
    if (cap == buf->cap)
        return;
    text = realloc(buf->text, cap);
    if (!text)
        vp_oom();
    buf->text = text;
    buf->cap = cap;
}

void vp_strbuf_addn(struct vp_strbuf *buf, const char *text, size_t n)
{
    reserve(buf, n);
    if (n)
        memcpy(buf->text + buf->len, text, n);
    buf->len += n;
    buf->text[buf->len] = '\0';
}

void vp_strbuf_add(struct vp_strbuf *buf, const char *text)
{
    vp_strbuf_addn(buf, text, strlen(text));
}

void vp_strbuf_addf(struct vp_strbuf *buf, const char *fmt, ...)
{
    vp_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = vp_vasprintf(fmt, ap);
    va_end(ap);
    vp_strbuf_add(buf, text);
}

char *vp_strbuf_take(struct vp_strbuf *buf)
{
    char *text = buf->text ? buf->text : vp_strdup("");

    *buf = (struct vp_strbuf){0};
    return text;
}

void vp_strbuf_done(struct vp_strbuf *buf)
{
    free(buf->text);
    *buf = (struct vp_strbuf){0};
}

void vp_strbuf_join(struct vp_strbuf *buf, const char *sep, const char *item)
{
    if (buf->len)
        vp_strbuf_add(buf, sep);
    vp_strbuf_add(buf, item);
}
