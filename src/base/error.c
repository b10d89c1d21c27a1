/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"

#include <assert.h>
#include <errno.h>

/* For vp_prefix() on behalf of a caller who wants no message. */
static _Thread_local int last_code;

/* A message is one line, whatever names it quotes. */
static char *one_line(char *message)
{
    for (char *c = message; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return message;
}

int vp_fail(struct vp_error **err, int code, const char *fmt, ...)
{
    struct vp_error *made;
    va_list ap;

    assert(code > 0);
    last_code = code;
    if (!err)
        return -code;
    assert(!*err);

    made = vp_alloc(1, sizeof(*made));
    made->code = code;
    errno = code;
    va_start(ap, fmt);
    made->message = one_line(vp_vasprintf(fmt, ap));
    va_end(ap);
    *err = made;
    return -code;
}

int vp_prefix(struct vp_error **err, const char *fmt, ...)
{
    vp_autofree char *context = NULL;
    char *message;
    va_list ap;

    if (!err)
        return -last_code;
    assert(*err);

    va_start(ap, fmt);
    context = vp_vasprintf(fmt, ap);
    va_end(ap);
    message = one_line(vp_asprintf("%s: %s", context, (*err)->message));
    free((*err)->message);
    (*err)->message = message;
    return -(*err)->code;
}

void vp_error_free(struct vp_error *err)
{
    if (!err)
        return;
    free(err->message);
    free(err);
}
