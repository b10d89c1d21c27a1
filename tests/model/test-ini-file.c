/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ini_file.h"

#include "strbuf.h"
#include "test.h"

#include <errno.h>
#include <string.h>

#define TEXT(s) (s), sizeof(s) - 1

/* "section.key=value@line" joined by '|'. */
static char *dump(const struct vp_ini *ini)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < ini->n; i++) {
        vp_autofree char *one = vp_asprintf("%s.%s=%s@%u", ini->entries[i].section, ini->entries[i].key,
                                            ini->entries[i].value, ini->entries[i].line);
        vp_strbuf_join(&buf, "|", one);
    }
    return vp_strbuf_take(&buf);
}

static const struct {
    const char *text;
    size_t len;
    const char *entries;
} good[] = {
    {TEXT(""), ""},
    {TEXT("\n\n"), ""},
    {TEXT("; comment\n# comment\n"), ""},
    {TEXT("[a]\n"), ""},
    {TEXT("[a]\nb=c"), "a.b=c@2"},
    {TEXT("[a]\nb = c d \n"), "a.b=c d@2"},
    {TEXT("[a]\r\nb = c\r\n"), "a.b=c@2"},
    {TEXT("[a]\nb = c ; comment\n"), "a.b=c@2"},
    {TEXT("[a]\nb = c;d\n"), "a.b=c;d@2"},
    {TEXT("[a]\nb =\n"), "a.b=@2"},
    {TEXT("[a]\nb = c = d\n"), "a.b=c = d@2"},
    {TEXT("[a]\n  b = c\n\td = e\n"), "a.b=c@2|a.d=e@3"},
    {TEXT("[a]\nb = c\n    d = e\n"), "a.b=c@2|a.d=e@3"},
    {TEXT("[a]\nb = 1\n[c]\nb = 2\n[a]\nd = 3\n"), "a.b=1@2|c.b=2@4|a.d=3@6"},
    {TEXT("\xef\xbb\xbf[a]\nb = c\n"), "a.b=c@2"},
    {TEXT("[xml]\ndevices/disk[*]/driver/@discard = unmap\n"), "xml.devices/disk[*]/driver/@discard=unmap@2"},
    {TEXT("[xml]\ndevices/disk[vda]/driver/@io = native\n"), "xml.devices/disk[vda]/driver/@io=native@2"},
    {TEXT("[xml]\ndevices/interface[52:54:00:00:00:01]/mtu/@size = 9000\n"),
     "xml.devices/interface[52:54:00:00:00:01]/mtu/@size=9000@2"},
    {TEXT("[a]\nb = \xc3\xa4\n"), "a.b=\xc3\xa4@2"},
    {TEXT("[a]\nb = \"quoted\"\n"), "a.b=\"quoted\"@2"},
    {TEXT("[a]\nb = c:d\n"), "a.b=c:d@2"},
    {TEXT("[a]\ntitle:b* = c\n"), "a.title:b*=c@2"},
    {TEXT("[a]\nb: c = d\n"), "a.b=c = d@2"},
    {TEXT("[a]\nb:c\n"), "a.b=c@2"},
};

START_TEST(reads)
{
    vp_autoerror err = NULL;
    VP_CLEANUP(vp_ini_done) struct vp_ini ini = {0};
    ck_assert_msg(vp_ini_parse(good[_i].text, good[_i].len, "f", &ini, &err) == 0, "%s: %s", good[_i].text,
                  err != NULL ? err->message : "");
    vp_autofree char *entries = dump(&ini);
    ck_assert_str_eq(entries, good[_i].entries);
}
END_TEST

static const struct {
    const char *text;
    size_t len;
    const char *message; /* how it begins */
} bad[] = {
    {TEXT("a = b\n"), "f:1: 'a' stands before the first [section]"},
    {TEXT("\n[a]\nb\n"), "f:3: neither"},
    {TEXT("[a\nb = c\n"), "f:1: the section has no ']'"},
    {TEXT("[a]\nb = 1\nb = 2\n"), "f:3: 'b' is already set in [a] at line 2"},
    {TEXT("[a]\nb = 1\n[c]\n[a]\nb = 2\n"), "f:5: 'b' is already set in [a] at line 2"},
    {TEXT("[a]\nb = 1\nb\n"), "f:3: neither"},
    {TEXT("[a]\nb = \0c\n"), "f is not a text file"},
    {TEXT("\x7f\x45LF\0\0"), "f is not a text file"},
    {TEXT("binary \xff\xfe"), "f:1: neither"},
};

START_TEST(refuses)
{
    vp_autoerror err = NULL;
    struct vp_ini ini = {.n = 42};
    ck_assert_msg(vp_ini_parse(bad[_i].text, bad[_i].len, "f", &ini, &err) == -EINVAL, "row %d", _i);
    ck_assert_uint_eq(ini.n, 42);
    ck_assert_msg(strncmp(err->message, bad[_i].message, strlen(bad[_i].message)) == 0, "%s", err->message);
}
END_TEST

/* Around inih's limit a line is read whole or refused; never cut. */
START_TEST(long_lines)
{
    unsigned refused = 0;
    for (unsigned n = 150; n < 300; n++) {
        struct vp_strbuf buf = {0};
        vp_strbuf_add(&buf, "[a]\nb = ");
        for (unsigned i = 0; i < n; i++)
            vp_strbuf_add(&buf, "x");
        vp_strbuf_add(&buf, "\nc = d\n");
        vp_autofree char *text = vp_strbuf_take(&buf);
        vp_autoerror err = NULL;
        VP_CLEANUP(vp_ini_done) struct vp_ini ini = {0};
        const int r = vp_ini_parse(text, strlen(text), "f", &ini, &err);
        if (r < 0) {
            ck_assert_msg(strncmp(err->message, "f:2: the line is longer than", 28) == 0, "%s", err->message);
            refused++;
            continue;
        }
        ck_assert_msg(refused == 0, "%u bytes are read, fewer are not", n);
        ck_assert_uint_eq(ini.n, 2);
        ck_assert_uint_eq(strlen(ini.entries[0].value), n);
    }
    ck_assert_uint_gt(refused, 90);
}
END_TEST

/* inih keeps 49 bytes of a section's name: what is longer must not silently become another section. */
START_TEST(long_section)
{
    static const char text[] =
        "[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1]\nb = 1\n"
        "[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2]\nb = 2\n";
    vp_autoerror err = NULL;
    VP_CLEANUP(vp_ini_done) struct vp_ini ini = {0};
    const int r = vp_ini_parse(text, strlen(text), "f", &ini, &err);
    ck_assert_msg(r == 0 || strstr(err->message, "already set") == NULL, "%s", err->message);
}
END_TEST

START_TEST(not_terminated)
{
    const char text[] = {'[', 'a', ']', '\n', 'b', '=', 'c'};
    char *heap = vp_alloc(sizeof(text), 1); /* so that reading on is seen */
    memcpy(heap, text, sizeof(text));
    VP_CLEANUP(vp_ini_done) struct vp_ini ini = {0};
    ck_assert_int_eq(vp_ini_parse(heap, sizeof(text), "f", &ini, NULL), 0);
    free(heap);
    ck_assert_str_eq(ini.entries[0].value, "c");
}
END_TEST

VP_TEST_MAIN("ini-file", VP_TEST_ROWS(reads, good), VP_TEST_ROWS(refuses, bad), VP_TEST(long_lines),
             VP_TEST(long_section), VP_TEST(not_terminated))
