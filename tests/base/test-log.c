/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log.h"

#include "test.h"

#include <string.h>

static const struct {
    const char *in, *out;
} rows[] = {
    {"", ""},
    {"guest 'vm1' started", "guest 'vm1' started"},
    {"two\nlines", "two?lines"},
    {"a\r\nb\tc", "a??b?c"},
    {"\x1b[31mred\x1b[0m", "?[31mred?[0m"},
    {"\x01\x1f\x7f", "???"},
    {"~ ", "~ "},
    {"Gr\xc3\xbc\xc3\x9f"
     "e",
     "Gr\xc3\xbc\xc3\x9f"
     "e"},
    {"\xe6\x97\xa5", "\xe6\x97\xa5"},
    {"\xc2\x80x\xc2\x9f", "??x??"},
    {"\xc2\x9b"
     "31m",
     "??31m"},
    {"\xc2\xa0", "\xc2\xa0"},
    {"\xc2", "\xc2"},
};

START_TEST(sanitise)
{
    vp_autofree char *text = vp_strdup(rows[_i].in);

    vp_log_sanitise(text);
    ck_assert_msg(!strcmp(text, rows[_i].out), "row %d: '%s'", _i, text);
}
END_TEST

VP_TEST_MAIN("log", VP_TEST_ROWS(sanitise, rows))
