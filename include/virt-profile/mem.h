/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#define VP_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define VP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define VP_MUST_USE __attribute__((warn_unused_result))

/* Declare a local that is given to `func` (which takes a pointer to it) when it leaves scope. */
#define VP_CLEANUP(func) __attribute__((cleanup(func)))

/* A local that is freed with free() when it leaves scope. */
#define vp_autofree VP_CLEANUP(vp_free_ptr)

/* Move a pointer out of a variable that has a cleanup: gives its value and leaves NULL behind. */
#define vp_take(pp)                                                                                          \
    (__extension__({                                                                                         \
        __typeof__(pp) vp_take_pp_ = (pp);                                                                   \
        __typeof__(*vp_take_pp_) vp_take_p_ = *vp_take_pp_;                                                  \
        *vp_take_pp_ = NULL;                                                                                 \
        vp_take_p_;                                                                                          \
    }))

static inline void vp_free_ptr(void *pp)
{
    free(*(void **)pp);
}

/* Allocation never fails for the caller: out of memory writes one line to stderr and aborts, in one place. */
void *vp_alloc(size_t n, size_t size) VP_MUST_USE; /* zeroed */
char *vp_strdup(const char *s) VP_MUST_USE;        /* NULL gives NULL */
char *vp_strndup(const char *s, size_t n) VP_MUST_USE;
char *vp_asprintf(const char *fmt, ...) VP_PRINTF(1, 2) VP_MUST_USE;
char *vp_vasprintf(const char *fmt, va_list ap) VP_PRINTF(1, 0) VP_MUST_USE;
_Noreturn void vp_oom(void);

/**
 * Make room for one more element in a growing array.
 * @items: address of the array pointer (NULL when empty)
 * @n: elements in use
 * @cap: address of the elements allocated; updated
 * @size: bytes of one element
 * The array may move. New room is zeroed.
 */
void vp_grow(void *items, size_t n, size_t *cap, size_t size);
