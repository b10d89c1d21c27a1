/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "linediff.h"

#include <stdbool.h>
#include <string.h>

#include "strbuf.h"

/* A line with its newline, if it has one. Borrowed. */
struct line {
    const char *text;
    size_t len;
};

struct lines {
    struct line *items;
    size_t n, cap;
};

/* Which lines stay: an edit script. `kept` of one side is in the same order as that of the other. */
struct script {
    struct lines old, new;
    bool *keeps_old, *keeps_new;
};

static void script_done(struct script *script)
{
    free(script->old.items);
    free(script->new.items);
    free(script->keeps_old);
    free(script->keeps_new);
}

static void split(const char *text, size_t len, struct lines *lines)
{
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        const size_t n = end != NULL ? (size_t)(end - text) - at + 1 : len - at;
        vp_grow(&lines->items, lines->n, &lines->cap, sizeof(*lines->items));
        lines->items[lines->n++] = (struct line){text + at, n};
        at += n;
    }
}

static bool same(const struct script *script, size_t i, size_t k)
{
    const struct line *a = &script->old.items[i], *b = &script->new.items[k];
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* A part of both texts without what they have in common at its ends, and how far each diagonal was gone. */
struct search {
    struct script *script;
    ptrdiff_t from_old, from_new, n_old, n_new;
    ptrdiff_t *trace; /* of d edits: 2 * d + 1 numbers of old lines that are behind, for k = -d … d */
};

/* Where the numbers for d edits begin. */
static size_t row(ptrdiff_t d)
{
    return (size_t)(d * d);
}

static ptrdiff_t furthest(const struct search *search, ptrdiff_t d, ptrdiff_t k)
{
    return search->trace[row(d) + (size_t)(k + d)];
}

/* Does the best way to diagonal k with d edits end with a line that is added? */
static bool comes_down(const struct search *search, ptrdiff_t d, ptrdiff_t k)
{
    if (k == -d)
        return true;
    return k != d && furthest(search, d - 1, k - 1) < furthest(search, d - 1, k + 1);
}

static ptrdiff_t slide(const struct search *search, ptrdiff_t x, ptrdiff_t y)
{
    while (x < search->n_old && y < search->n_new &&
           same(search->script, (size_t)(search->from_old + x), (size_t)(search->from_new + y))) {
        x++;
        y++;
    }
    return x;
}

/* Returns the number of edits, or -1 when they are more than `most`. */
static ptrdiff_t find_edits(struct search *search, ptrdiff_t most)
{
    size_t cap = 0;
    for (ptrdiff_t d = 0; d <= most; d++) {
        while (cap < row(d + 1))
            vp_grow(&search->trace, cap, &cap, sizeof(*search->trace));
        for (ptrdiff_t k = -d; k <= d; k += 2) {
            ptrdiff_t x = 0;
            if (d > 0)
                x = comes_down(search, d, k) ? furthest(search, d - 1, k + 1)
                                             : furthest(search, d - 1, k - 1) + 1;
            /* Diagonals that leave the texts end where they do. */
            if (x <= search->n_old && x - k <= search->n_new)
                x = slide(search, x, x - k);
            search->trace[row(d) + (size_t)(k + d)] = x;
            if (x == search->n_old && x - k == search->n_new)
                return d;
        }
    }
    return -1;
}

/* Go back the way that was found, and keep what is on its diagonals. */
static void keep_lines(const struct search *search, ptrdiff_t edits)
{
    ptrdiff_t x = search->n_old, y = search->n_new;
    for (ptrdiff_t d = edits; d >= 0; d--) {
        const ptrdiff_t k = x - y;
        const bool down = d > 0 && comes_down(search, d, k);
        const ptrdiff_t before_k = down ? k + 1 : k - 1;
        const ptrdiff_t before_x = d > 0 ? furthest(search, d - 1, before_k) : 0;
        const ptrdiff_t before_y = d > 0 ? before_x - before_k : 0;
        const ptrdiff_t begin = d > 0 && !down ? before_x + 1 : before_x;
        while (x > begin) {
            x--;
            y--;
            search->script->keeps_old[search->from_old + x] = true;
            search->script->keeps_new[search->from_new + y] = true;
        }
        x = before_x;
        y = before_y;
    }
}

static void find_script(struct script *script)
{
    const size_t n_old = script->old.n, n_new = script->new.n;
    size_t head = 0, tail = 0;
    script->keeps_old = vp_alloc(n_old + 1, sizeof(*script->keeps_old));
    script->keeps_new = vp_alloc(n_new + 1, sizeof(*script->keeps_new));
    for (; head < n_old && head < n_new && same(script, head, head); head++)
        script->keeps_old[head] = script->keeps_new[head] = true;
    for (; tail < n_old - head && tail < n_new - head && same(script, n_old - tail - 1, n_new - tail - 1);
         tail++)
        script->keeps_old[n_old - tail - 1] = script->keeps_new[n_new - tail - 1] = true;
    struct search search = {
        .script = script,
        .from_old = (ptrdiff_t)head,
        .from_new = (ptrdiff_t)head,
        .n_old = (ptrdiff_t)(n_old - head - tail),
        .n_new = (ptrdiff_t)(n_new - head - tail),
    };
    const ptrdiff_t edits = find_edits(&search, VP_LINEDIFF_EDITS_MAX);
    if (edits >= 0)
        keep_lines(&search, edits);
    free(search.trace);
}

static void add_line(struct vp_strbuf *out, const char *sign, const struct line *line)
{
    vp_strbuf_add(out, sign);
    vp_strbuf_addn(out, line->text, line->len);
    if (line->text[line->len - 1] != '\n')
        vp_strbuf_add(out, "\n\\ No newline at end of file\n");
}

/* "12,3", or "12" for one line; of none it is the line before. */
static void add_range(struct vp_strbuf *out, char sign, size_t first, size_t n)
{
    if (n == 1)
        vp_strbuf_addf(out, "%c%zu", sign, first + 1);
    else
        vp_strbuf_addf(out, "%c%zu,%zu", sign, n == 0 ? first : first + 1, n);
}

/* The stretch from where both texts are, up to lines that are kept on both sides; 0: nothing more differs. */
struct hunk {
    size_t old, n_old, new, n_new;
};

/* Walk from a place where both are in step past a change and what is close behind it. */
static void walk(const struct script *script, size_t context, struct hunk *hunk)
{
    size_t i = hunk->old, k = hunk->new, quiet = 0;
    while (i < script->old.n || k < script->new.n) {
        const bool drops = i < script->old.n && !script->keeps_old[i];
        const bool adds = k < script->new.n && !script->keeps_new[k];
        quiet = drops || adds ? 0 : quiet + 1;
        if (quiet > 2 * context)
            break;
        i += drops || !adds;
        k += !drops;
    }
    /* Of the lines behind the last change only so many are shown. */
    const size_t shown = quiet > context ? context : quiet;
    const size_t extra = (quiet > 2 * context ? quiet - 1 : quiet) - shown;
    hunk->n_old = i - extra - hunk->old;
    hunk->n_new = k - extra - hunk->new;
}

static void print_hunk(const struct script *script, const struct hunk *hunk, struct vp_strbuf *out)
{
    size_t i = hunk->old, k = hunk->new;
    vp_strbuf_add(out, "@@ ");
    add_range(out, '-', hunk->old, hunk->n_old);
    vp_strbuf_add(out, " ");
    add_range(out, '+', hunk->new, hunk->n_new);
    vp_strbuf_add(out, " @@\n");
    while (i < hunk->old + hunk->n_old || k < hunk->new + hunk->n_new) {
        if (i < hunk->old + hunk->n_old && !script->keeps_old[i]) {
            add_line(out, "-", &script->old.items[i++]);
        } else if (k < hunk->new + hunk->n_new && !script->keeps_new[k]) {
            add_line(out, "+", &script->new.items[k++]);
        } else {
            add_line(out, " ", &script->old.items[i++]);
            k++;
        }
    }
}

char *vp_linediff(const char *old, size_t old_len, const char *new, size_t new_len, const char *from,
                  const char *to, size_t context)
{
    VP_CLEANUP(script_done) struct script script = {0};
    struct vp_strbuf out = {0};
    if (old_len == new_len && memcmp(old, new, old_len) == 0)
        return NULL;
    split(old, old_len, &script.old);
    split(new, new_len, &script.new);
    find_script(&script);
    vp_strbuf_addf(&out, "--- %s\n+++ %s\n", from, to);
    for (size_t i = 0, k = 0; i < script.old.n || k < script.new.n;) {
        if (i < script.old.n && k < script.new.n &&script.keeps_old[i] && script.keeps_new[k]) {
            i++;
            k++;
            continue;
        }
        size_t before = 0;
        while (before < context && before < i && before < k && script.keeps_old[i - before - 1] &&
               script.keeps_new[k - before - 1])
            before++;
        struct hunk hunk = {.old = i - before, .new = k - before};
        walk(&script, context, &hunk);
        print_hunk(&script, &hunk, &out);
        i = hunk.old + hunk.n_old;
        k = hunk.new + hunk.n_new;
    }
    return vp_strbuf_take(&out);
}
