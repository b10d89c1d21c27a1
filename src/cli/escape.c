/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "strbuf.h"

/* Bytes of the UTF-8 character at `text` (RFC 3629: no overlong forms, no surrogates); 0 for none. */
static size_t read_char(const unsigned char *text, uint32_t *ret_code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = text[0] < 0x80 ? 1 : text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : text[0] >= 0xc0 ? 2 : 0;
    uint32_t code;

    if (n == 0 || text[0] > 0xf4)
        return 0;
    if (n == 1) {
        *ret_code = text[0];
        return 1;
    }
    code = text[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code = code;
    return n;
}

static bool is_unsafe(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c || code == 0x200e ||
           code == 0x200f || code == 0x2028 || code == 0x2029 || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

char *vp_escape(const char *text)
{
    struct vp_strbuf buf = {0};

    if (text == NULL)
        return NULL;
    while (*text != '\0') {
        uint32_t code = 0;
        size_t n = read_char((const unsigned char *)text, &code);
        if (n > 0 && !is_unsafe(code)) {
            vp_strbuf_addn(&buf, text, n);
        } else if (n == 1 && (code == '\n' || code == '\t')) {
            vp_strbuf_add(&buf, code == '\n' ? "\\n" : "\\t");
        } else {
            n = n == 0 ? 1 : n;
            for (size_t i = 0; i < n; i++)
                vp_strbuf_addf(&buf, "\\x%02x", (unsigned)(unsigned char)text[i]);
        }
        text += n;
    }
    return vp_strbuf_take(&buf);
}

char *vp_to_utf8(const char *text)
{
    struct vp_strbuf buf = {0};

    if (text == NULL)
        return NULL;
    while (*text != '\0') {
        uint32_t code = 0;
        size_t n = read_char((const unsigned char *)text, &code);
        if (n > 0)
            vp_strbuf_addn(&buf, text, n);
        else
            vp_strbuf_add(&buf, "\xef\xbf\xbd");
        text += n == 0 ? 1 : n;
    }
    return vp_strbuf_take(&buf);
}

char *vp_shorten(const char *text, size_t columns)
{
    size_t at = 0, before = 0, count = 0;

    if (text == NULL)
        return NULL;
    while (text[at] != '\0') {
        uint32_t code = 0;
        size_t n = read_char((const unsigned char *)text + at, &code);
        if (++count == columns)
            before = at;
        if (count > columns)
            return vp_asprintf("%.*s…", (int)before, text);
        at += n == 0 ? 1 : n;
    }
    return vp_strdup(text);
}
