/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mem.h"

/* Edits that are looked for one by one; texts that differ in more get a correct diff, not the shortest. */
#define VP_LINEDIFF_EDITS_MAX 1500

/**
 * The difference of two texts, line by line, as diff -u prints it and patch(1) reads it: the shortest one
 * (E. Myers, An O(ND) Difference Algorithm and Its Variations, 1986).
 * @from, @to: names for the heading
 * @context: unchanged lines around each change
 * Returns owned text; NULL when the texts are the same
 */
char *vp_linediff(const char *old, size_t old_len, const char *new, size_t new_len, const char *from,
                  const char *to, size_t context) VP_MUST_USE;
