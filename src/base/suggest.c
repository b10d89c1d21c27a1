/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "suggest.h"

#include <stdint.h>
#include <string.h>

/* Longer words than any name of ours are not worth a guess. */
#define MAX_WORD 64

static size_t min2(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/*
 * Letters to add, drop, change or swap with their neighbour to come from a to b (optimal string alignment),
 * case not counted. Three rows of the usual table are enough.
 */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][MAX_WORD + 1];
    size_t *before = rows[0], *above = rows[1], *here = rows[2];
    size_t i, j;

    for (j = 0; j <= b_len; j++)
        here[j] = before[j] = above[j] = j;
    for (i = 1; i <= a_len; i++) {
        size_t *spare = before;

        before = above;
        above = here;
        here = spare;
        here[0] = i;
        for (j = 1; j <= b_len; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);

            here[j] = min2(above[j - 1] + (x != y), min2(above[j], here[j - 1]) + 1);
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
                here[j] = min2(here[j], before[j - 2] + 1);
        }
    }
    return here[b_len];
}

const char *vp_suggest(const char *word, const char *(*next)(const void *cookie, size_t index),
                       const void *cookie)
{
    size_t word_len = strlen(word), best_distance = word_len / 3, index;
    const char *best = NULL, *candidate;

    if (word_len > MAX_WORD)
        return NULL;
    for (index = 0; (candidate = next(cookie, index)); index++) {
        size_t len = strlen(candidate), d;

        if (len > MAX_WORD)
            continue;
        d = distance(word, word_len, candidate, len);
        if (d < best_distance || (d == best_distance && !best)) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}
