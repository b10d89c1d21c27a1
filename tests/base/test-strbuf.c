/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "strbuf.h"

#include "test.h"

#include <string.h>

START_TEST(empty_takes_as_empty_string)
{
    struct vp_strbuf buf = {0};
    vp_autofree char *text = vp_strbuf_take(&buf);

    ck_assert_str_eq(text, "");
    vp_strbuf_done(&buf);
}
END_TEST

START_TEST(adding)
{
    struct vp_strbuf buf = {0};
    vp_autofree char *text = NULL;

    vp_strbuf_add(&buf, "ab");
    vp_strbuf_addn(&buf, "cdXX", 2);
    vp_strbuf_addf(&buf, "%s=%d", "ef", 5);
    vp_strbuf_add(&buf, "");
    vp_strbuf_addn(&buf, NULL, 0);
    ck_assert_str_eq(buf.text, "abcdef=5");
    ck_assert_uint_eq(buf.len, 8);

    text = vp_strbuf_take(&buf);
    ck_assert_str_eq(text, "abcdef=5");
    ck_assert_ptr_null(buf.text);
    ck_assert_uint_eq(buf.len, 0);
    ck_assert_uint_eq(buf.cap, 0);
}
END_TEST

START_TEST(added_nothing_is_terminated)
{
    struct vp_strbuf buf = {0};

    vp_strbuf_add(&buf, "");
    ck_assert_str_eq(buf.text, "");
    vp_strbuf_done(&buf);
}
END_TEST

START_TEST(nul_bytes_inside)
{
    struct vp_strbuf buf = {0};

    vp_strbuf_addn(&buf, "a\0b", 3);
    vp_strbuf_add(&buf, "c");
    ck_assert_uint_eq(buf.len, 4);
    ck_assert_mem_eq(buf.text, "a\0bc", 5);
    vp_strbuf_done(&buf);
}
END_TEST

/* Every length around the sizes at which the buffer moves. */
START_TEST(growing)
{
    struct vp_strbuf buf = {0};

    for (size_t i = 0; i < 5000; i++) {
        char c = (char)('a' + i % 26);

        vp_strbuf_addn(&buf, &c, 1);
        ck_assert_uint_eq(buf.len, i + 1);
        ck_assert_uint_gt(buf.cap, buf.len);
        ck_assert(buf.text[i + 1] == '\0');
    }
    for (size_t i = 0; i < 5000; i++)
        ck_assert_msg(buf.text[i] == (char)('a' + i % 26), "byte %zu", i);
    vp_strbuf_done(&buf);
    ck_assert_ptr_null(buf.text);
}
END_TEST

START_TEST(one_long_piece)
{
    vp_autofree char *piece = vp_alloc(100001, 1);
    struct vp_strbuf buf = {0};

    memset(piece, 'x', 100000);
    vp_strbuf_add(&buf, "y");
    vp_strbuf_addf(&buf, "%s", piece);
    ck_assert_uint_eq(buf.len, 100001);
    ck_assert_str_eq(buf.text + 1, piece);
    vp_strbuf_done(&buf);
}
END_TEST

static const struct {
    const char *items[4];
    const char *text;
} join_rows[] = {
    {{"a"}, "a"},
    {{"a", "b"}, "a, b"},
    {{"a", "b", "c"}, "a, b, c"},
    {{"a", "", "c"}, "a, , c"},
};

START_TEST(join)
{
    struct vp_strbuf buf = {0};

    for (size_t i = 0; join_rows[_i].items[i]; i++)
        vp_strbuf_join(&buf, ", ", join_rows[_i].items[i]);
    ck_assert_msg(!strcmp(buf.text, join_rows[_i].text), "row %d: '%s'", _i, buf.text);
    vp_strbuf_done(&buf);
}
END_TEST

VP_TEST_MAIN("strbuf", VP_TEST(empty_takes_as_empty_string), VP_TEST(adding),
             VP_TEST(added_nothing_is_terminated), VP_TEST(nul_bytes_inside), VP_TEST(growing),
             VP_TEST(one_long_piece), VP_TEST_ROWS(join, join_rows))
