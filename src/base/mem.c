/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mem.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Noreturn void vp_oom(void)
{
    static const char message[] = "virt-profile: out of memory\n";

    /* Nothing is left to do where even this fails. */
    if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
        abort();
    abort();
}

static void *checked(void *p)
{
    if (!p)
        vp_oom();
    return p;
}

void *vp_alloc(size_t n, size_t size)
{
    return checked(n && size ? calloc(n, size) : calloc(1, 1));
}

char *vp_strdup(const char *s)
{
    return s ? checked(strdup(s)) : NULL;
}

char *vp_strndup(const char *s, size_t n)
{
    return checked(strndup(s, n));
}

char *vp_asprintf(const char *fmt, ...)
{
    char *text;
    va_list ap;

    va_start(ap, fmt);
    text = vp_vasprintf(fmt, ap);
    va_end(ap);
    return text;
}

char *vp_vasprintf(const char *fmt, va_list ap)
{
    char *text = NULL;

    if (vasprintf(&text, fmt, ap) < 0)
        vp_oom();
    return text;
}

void vp_grow(void *items, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap ? *cap * 2 : 8;
    char *p;

    if (n < *cap)
        return;
    if (more <= n)
        vp_oom();
    /* memcpy, as the caller's pointer has a type of its own. */
    memcpy(&p, items, sizeof(p));
    p = checked(reallocarray(p, more, size));
    memset(p + *cap * size, 0, (more - *cap) * size);
    memcpy(items, &p, sizeof(p));
    *cap = more;
}
