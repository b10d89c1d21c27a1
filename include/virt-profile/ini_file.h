/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "error.h"

/* One `key = value` of an INI file. */
struct vp_ini_entry {
    char *section; /* owned, as all of it */
    char *key;
    char *value;
    unsigned line; /* from 1 */
};

struct vp_ini {
    struct vp_ini_entry *entries; /* in the order of the file */
    size_t n, cap;
};

/**
 * Read INI text with inih: [section], key = value, comments on lines of their own or behind " ;".
 * @what: the file's name for messages
 * Returns 0, or -EINVAL with "what:line: …" for a line that is neither, is too long (inih's limit, 200
 * bytes), or
 * stands before the first section, a key that is given twice in one section, and a NUL byte.
 */
int vp_ini_parse(const char *text, size_t len, const char *what, struct vp_ini *ret_ini,
                 struct vp_error **err);
void vp_ini_done(struct vp_ini *ini);
