/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/**
 * The candidate nearest to a mistyped word, for "did you mean".
 * @next: gives the candidates one after another, NULL at the end; called with `cookie` and 0, 1, 2, …
 * Returns a borrowed candidate, or NULL where none is near (more than a third of the word's letters differ).
 */
const char *vp_suggest(const char *word, const char *(*next)(const void *cookie, size_t index),
                       const void *cookie);
