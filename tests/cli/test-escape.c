/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"

#include <string.h>

#include "../../src/cli/escape.h"

static const struct {
    const char *in, *escaped, *utf8;
} rows[] = {
    {NULL, NULL, NULL},
    {"", "", ""},
    {"sql-db", "sql-db", "sql-db"},
    {"Büro \xe2\x82\xac \xf0\x9f\x90\x98", "Büro \xe2\x82\xac \xf0\x9f\x90\x98",
     "Büro \xe2\x82\xac \xf0\x9f\x90\x98"},
    {"a\tb\nc", "a\\tb\\nc", "a\tb\nc"},
    {"\x1b[31m", "\\x1b[31m", "\x1b[31m"},
    {"a\x7f", "a\\x7f", "a\x7f"},
    {"\xc2\x9b"
     "2J",
     "\\xc2\\x9b2J",
     "\xc2\x9b"
     "2J"},
    {"\xe2\x80\xae"
     "abc",
     "\\xe2\\x80\\xaeabc",
     "\xe2\x80\xae"
     "abc"},
    {"\xe2\x81\xa6", "\\xe2\\x81\\xa6", "\xe2\x81\xa6"},
    /* not UTF-8: a lone byte, cut off, overlong, surrogate, beyond U+10FFFF */
    {"caf\xe9", "caf\\xe9", "caf\xef\xbf\xbd"},
    {"\xe2\x82", "\\xe2\\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xc0\xaf", "\\xc0\\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xe0\x80\xaf", "\\xe0\\x80\\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xff", "\\xff", "\xef\xbf\xbd"},
};

START_TEST(escape_text)
{
    vp_autofree char *escaped = vp_escape(rows[_i].in);
    vp_autofree char *utf8 = vp_to_utf8(rows[_i].in);

    ck_assert_msg((escaped == NULL) == (rows[_i].escaped == NULL), "row %d", _i);
    if (escaped == NULL || utf8 == NULL)
        return;
    ck_assert_msg(strcmp(escaped, rows[_i].escaped) == 0, "row %d: escaped '%s'", _i, escaped);
    ck_assert_msg(strcmp(utf8, rows[_i].utf8) == 0, "row %d: utf8 '%s'", _i, utf8);
}
END_TEST

static const struct {
    const char *in;
    size_t columns;
    const char *out;
} short_rows[] = {
    {NULL, 5, NULL},        {"", 5, ""},           {"abcde", 5, "abcde"},
    {"abcdef", 5, "abcd…"}, {"äöüßé", 5, "äöüßé"}, {"äöüßéx", 5, "äöüß…"},
    {"ab", 1, "…"},
};

START_TEST(shorten_text)
{
    vp_autofree char *out = vp_shorten(short_rows[_i].in, short_rows[_i].columns);

    if (short_rows[_i].out == NULL)
        ck_assert_ptr_null(out);
    else
        ck_assert_msg(out != NULL && strcmp(out, short_rows[_i].out) == 0, "row %d: '%s'", _i, out);
}
END_TEST

VP_TEST_MAIN("escape", VP_TEST_ROWS(escape_text, rows), VP_TEST_ROWS(shorten_text, short_rows))
