/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "linediff.h"

#include <string.h>

#include "size.h"
#include "strbuf.h"
#include "test.h"

static const struct {
    const char *old, *new, *diff; /* NULL: the same. Without its heading. */
    size_t context;
} rows[] = {
    {"", "", NULL, 3},
    {"a\nb\n", "a\nb\n", NULL, 3},
    {"a\n", "b\n", "@@ -1 +1 @@\n-a\n+b\n", 3},
    {"", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n", 3},
    {"a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n", 3},
    {"a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n", 3},
    {"a\nb\nc\n", "a\nx\nc\n", "@@ -2 +2 @@\n-b\n+x\n", 0},
    {"a\nb\n", "a\nb", "@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file\n", 1},
    {"a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n", 1},
    /* Changes that are close are shown together, others apart. */
    {"1\n2\n3\n4\n5\n", "x\n2\n3\n4\ny\n", "@@ -1,2 +1,2 @@\n-1\n+x\n 2\n@@ -4,2 +4,2 @@\n 4\n-5\n+y\n", 1},
    {"1\n2\n3\n4\n", "x\n2\n3\ny\n", "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n-4\n+y\n", 1},
    {"a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n", "@@ -1,7 +1,6 @@\n-a\n-b\n c\n+b\n a\n b\n-b\n a\n+c\n",
     3},
};

START_TEST(prints)
{
    vp_autofree char *diff = vp_linediff(rows[_i].old, strlen(rows[_i].old), rows[_i].new,
                                         strlen(rows[_i].new), "old", "new", rows[_i].context);
    vp_autofree char *want =
        rows[_i].diff != NULL ? vp_asprintf("--- old\n+++ new\n%s", rows[_i].diff) : NULL;
    if (want == NULL)
        ck_assert_ptr_null(diff);
    else
        ck_assert_str_eq(diff, want);
}
END_TEST

/* How many lines of one side stand before a hunk, by its heading "@@ -3,4 +3,5 @@". */
static size_t before(const char *heading, char sign)
{
    static const char digits[] = "0123456789";
    uint64_t first = 0, n = 1;
    const char *at = strchr(heading, sign);
    ck_assert_ptr_nonnull(at);
    at++;
    vp_autofree char *number = vp_strndup(at, strspn(at, digits));
    ck_assert_int_eq(vp_u64_parse(number, 0, UINT32_MAX, &first), 0);
    at += strlen(number);
    if (*at == ',') {
        vp_autofree char *lines = vp_strndup(at + 1, strspn(at + 1, digits));
        ck_assert_int_eq(vp_u64_parse(lines, 0, UINT32_MAX, &n), 0);
    }
    return n == 0 ? first : first - 1;
}

/* What patch(1) does: copy up to each hunk, then do as it says. Owned; `edits` counts lines out and in. */
static char *apply(const char *old, const char *diff, size_t *ret_edits)
{
    struct vp_strbuf out = {0};
    size_t line = 0;
    *ret_edits = 0;
    vp_strbuf_add(&out, "");
    for (const char *at = diff; at != NULL && *at != '\0';) {
        const size_t n = strcspn(at, "\n") + 1;
        const size_t old_n = strcspn(old, "\n") + (strchr(old, '\n') != NULL);
        const bool bare = strncmp(at + n, "\\ No", 4) == 0; /* without its newline */
        if (strncmp(at, "--- ", 4) == 0 || strncmp(at, "+++ ", 4) == 0) {
            at += n;
            continue;
        }
        if (*at == '@' && line < before(at, '-')) {
            vp_strbuf_addn(&out, old, old_n);
            old += old_n;
            line++;
            continue;
        }
        if (*at == ' ' || *at == '-') {
            ck_assert_int_eq(strncmp(at + 1, old, n - 1 - bare), 0);
            line++;
        }
        if (*at == ' ' || *at == '+')
            vp_strbuf_addn(&out, at + 1, n - 1 - bare);
        *ret_edits += *at == '-' || *at == '+';
        if (*at == ' ' || *at == '-')
            old += old_n;
        at += n;
    }
    vp_strbuf_add(&out, old);
    return vp_strbuf_take(&out);
}

static unsigned random_state;
static unsigned pick(unsigned n)
{
    random_state = random_state * 1103515245u + 12345u;
    return (random_state >> 16) % n;
}

/* Lines of few kinds, so that many are the same. */
static char *make_text(size_t lines)
{
    struct vp_strbuf out = {0};
    vp_strbuf_add(&out, "");
    for (size_t i = 0; i < lines; i++)
        vp_strbuf_addf(&out, "%c\n", 'a' + (int)pick(4));
    if (lines > 0 && pick(4) == 0)
        out.text[out.len - 1] = '\0';
    return vp_strbuf_take(&out);
}

enum { MANY = 40 };

/* Least number of lines out and in, by the table of all pairs. */
static size_t least(const char *old, const char *new)
{
    size_t table[MANY + 2][MANY + 2] = {{0}};
    const char *a[MANY + 1], *b[MANY + 1];
    size_t n = 0, m = 0;
    for (const char *at = old; *at != '\0'; at += strcspn(at, "\n") + (strchr(at, '\n') != NULL))
        a[n++] = at;
    for (const char *at = new; *at != '\0'; at += strcspn(at, "\n") + (strchr(at, '\n') != NULL))
        b[m++] = at;
    for (size_t i = 0; i <= n; i++)
        for (size_t k = 0; k <= m; k++) {
            if (i == 0 || k == 0) {
                table[i][k] = i + k;
                continue;
            }
            const bool equal = a[i - 1][0] == b[k - 1][0] && a[i - 1][1] == b[k - 1][1];
            const size_t less = table[i - 1][k] < table[i][k - 1] ? table[i - 1][k] : table[i][k - 1];
            table[i][k] = equal ? table[i - 1][k - 1] : less + 1;
        }
    return table[n][m];
}

START_TEST(applies)
{
    random_state = 1;
    for (int i = 0; i < 4000; i++) {
        vp_autofree char *old = make_text(pick(MANY));
        vp_autofree char *new = make_text(pick(MANY));
        size_t edits = 0;
        vp_autofree char *diff = vp_linediff(old, strlen(old), new, strlen(new), "a", "b", pick(5));
        vp_autofree char *got = apply(old, diff, &edits);
        ck_assert_msg(strcmp(got, new) == 0, "%d: '%s' to '%s' by:\n%s", i, old, new, diff);
        ck_assert_msg(edits == least(old, new), "%d: %zu edits, not %zu:\n%s", i, edits, least(old, new),
                      diff);
    }
}
END_TEST

/* Texts that have nothing in common but their ends cost no more than the limit, and still are made alike. */
START_TEST(gives_up)
{
    struct vp_strbuf a = {0}, b = {0};
    for (int i = 0; i < 20000; i++) {
        vp_strbuf_addf(&a, "old %d\n", i);
        vp_strbuf_addf(&b, "new %d\n", i % 7);
    }
    vp_strbuf_add(&a, "end\n");
    vp_strbuf_add(&b, "end\n");
    vp_autofree char *old = vp_strbuf_take(&a);
    vp_autofree char *new = vp_strbuf_take(&b);
    size_t edits = 0;
    vp_autofree char *diff = vp_linediff(old, strlen(old), new, strlen(new), "a", "b", 3);
    vp_autofree char *got = apply(old, diff, &edits);
    ck_assert_str_eq(got, new);
    ck_assert_uint_eq(edits, 40000);
}
END_TEST

VP_TEST_MAIN("linediff", VP_TEST_ROWS(prints, rows), VP_TEST(applies), VP_TEST(gives_up))
