/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <ini.h>

#include "ini_file.h"

/* inih's MAX_SECTION, its NUL counted. */
#define SECTION_MAX 50

/*
 * What inih's two callbacks share: it reports neither line numbers nor long lines, so the reader keeps count.
 */
struct reading {
    const char *at, *end;
    unsigned line;
    const char *what;
    struct vp_ini ini;
    struct vp_error **err;
    int failed;
};

/*
 * Inside the brackets of a place a ':' is part of a MAC address, and before a '=' one without a blank behind
 * it is part of the key, as in "title:*": neither is inih's other separator. They travel as this byte.
 */
#define COLON '\1'

static void hide_colons(char *line)
{
    bool inside = false;
    const bool equals = strchr(line, '=') != NULL;
    for (char *c = line; *c != '\0' && *c != '='; c++) {
        inside = *c == '[' || (inside && *c != ']');
        if (*c == ':' && (inside || (equals && c[1] != ' ' && c[1] != '\t' && c[1] != '=')))
            *c = COLON;
    }
}

static char *show_colons(const char *text)
{
    char *copy = vp_strdup(text);
    for (char *c = copy; *c != '\0'; c++)
        if (*c == COLON)
            *c = ':';
    return copy;
}

/* inih goes on behind a bad line, and cuts the names of sections: both are told here. */
static int check_line(struct reading *r, const char *line)
{
    if (strchr(line, COLON) != NULL)
        return vp_fail(r->err, EINVAL, "%s:%u: the line has control characters", r->what, r->line);
    if (line[0] != '[')
        return 0;
    const size_t n = strcspn(line + 1, "]");
    if (line[1 + n] == '\0')
        return vp_fail(r->err, EINVAL, "%s:%u: the section has no ']'", r->what, r->line);
    if (n >= SECTION_MAX)
        return vp_fail(r->err, EINVAL, "%s:%u: the section's name is longer than %d bytes", r->what, r->line,
                       SECTION_MAX - 1);
    return 0;
}

static char *read_line(char *out, int size, void *cookie)
{
    struct reading *r = cookie;
    if (r->at >= r->end || r->failed < 0)
        return NULL;
    const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
    const char *stop = newline != NULL ? newline : r->end;
    const char *start = r->at;
    r->line++;
    r->at = newline != NULL ? newline + 1 : r->end;
    /* inih takes an indented line for more of the value above; here each line stands for itself. */
    while (start < stop && (*start == ' ' || *start == '\t'))
        start++;
    const size_t n = (size_t)(stop - start);
    if (n + 2 > (size_t)size) {
        r->failed =
            vp_fail(r->err, EINVAL, "%s:%u: the line is longer than %d bytes", r->what, r->line, size - 2);
        return NULL;
    }
    memcpy(out, start, n);
    out[n] = '\0';
    r->failed = check_line(r, out);
    if (r->failed < 0)
        return NULL;
    if (out[0] != '[')
        hide_colons(out);
    return out;
}

static int take_entry(void *cookie, const char *section, const char *key, const char *value)
{
    struct reading *r = cookie;
    vp_autofree char *shown = show_colons(key);
    if (*section == '\0') {
        r->failed =
            vp_fail(r->err, EINVAL, "%s:%u: '%s' stands before the first [section]", r->what, r->line, shown);
        return 0;
    }
    for (size_t i = 0; i < r->ini.n; i++) {
        const struct vp_ini_entry *e = &r->ini.entries[i];
        if (strcmp(e->section, section) == 0 && strcmp(e->key, shown) == 0) {
            r->failed = vp_fail(r->err, EINVAL, "%s:%u: '%s' is already set in [%s] at line %u", r->what,
                                r->line, shown, section, e->line);
            return 0;
        }
    }
    vp_grow(&r->ini.entries, r->ini.n, &r->ini.cap, sizeof(*r->ini.entries));
    r->ini.entries[r->ini.n++] = (struct vp_ini_entry){
        .section = vp_strdup(section),
        .key = vp_take(&shown),
        .value = show_colons(value),
        .line = r->line,
    };
    return 1;
}

int vp_ini_parse(const char *text, size_t len, const char *what, struct vp_ini *ret_ini,
                 struct vp_error **err)
{
    struct reading r = {.at = text, .end = text + len, .what = what, .err = err};
    if (memchr(text, '\0', len) != NULL)
        return vp_fail(err, EINVAL, "%s is not a text file: it has NUL bytes", what);
    const int bad_line = ini_parse_stream(read_line, &r, take_entry, &r);
    if (r.failed == 0 && bad_line != 0)
        r.failed = vp_fail(err, EINVAL, "%s:%d: neither [section] nor 'key = value'", what, bad_line);
    if (r.failed < 0) {
        vp_ini_done(&r.ini);
        return r.failed;
    }
    *ret_ini = r.ini;
    return 0;
}

void vp_ini_done(struct vp_ini *ini)
{
    for (size_t i = 0; i < ini->n; i++) {
        free(ini->entries[i].section);
        free(ini->entries[i].key);
        free(ini->entries[i].value);
    }
    free(ini->entries);
    *ini = (struct vp_ini){0};
}
