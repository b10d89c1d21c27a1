/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "mem.h"

/* What was said last about each of some things, so that it is not said over and over. */
struct vp_told {
    struct vp_told_item {
        char *who, *what; /* owned */
    } * items;            /* owned */
    size_t n, cap;
};
void vp_told_done(struct vp_told *told);

/* Is it this that was said of it last? */
bool vp_told_was(const struct vp_told *told, const char *who, const char *what);
/* Is this news about it? If so, it counts as said from now on. */
bool vp_told_is_news(struct vp_told *told, const char *who, const char *what);
/* All is well with it again. Returns whether anything had been said. */
bool vp_told_forget(struct vp_told *told, const char *who);
