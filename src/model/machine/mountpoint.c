/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mountpoint.h"

#include "size.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define MOUNTINFO "/proc/self/mountinfo"
#define MOUNTINFO_MAX (16u << 20)

void vp_mount_done(struct vp_mount *mount)
{
    free(mount->type);
    free(mount->source);
    *mount = (struct vp_mount){0};
}

/* The next word of a line, which ends it; NULL at the end. */
static char *next_word(char **at)
{
    char *word = *at + strspn(*at, " ");
    if (*word == '\0')
        return NULL;
    char *end = word + strcspn(word, " ");
    *at = *end != '\0' ? end + 1 : end;
    *end = '\0';
    return word;
}

static bool is_octal(const char *text)
{
    return strspn(text, "01234567") >= 3;
}

/* Blanks, tabs, newlines and backslashes are written as \ooo. */
static char *unescape(char *word)
{
    char *to = word;
    for (const char *from = word; *from != '\0';) {
        if (from[0] == '\\' && is_octal(from + 1)) {
            *to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return word;
}

static int parse_number(char *text, struct vp_mount *mount)
{
    uint64_t major = 0;
    uint64_t minor = 0;
    char *colon = strchr(text, ':');
    if (colon == NULL)
        return -EBADMSG;
    *colon = '\0';
    if (vp_u64_parse(text, 0, UINT_MAX, &major) < 0 || vp_u64_parse(colon + 1, 0, UINT_MAX, &minor) < 0)
        return -EBADMSG;
    mount->major = (unsigned)major;
    mount->minor = (unsigned)minor;
    return 0;
}

/* How many bytes of `path` the mount point covers; -1 where the path is not below it. */
static ssize_t covers(const char *point, const char *path)
{
    size_t len = strlen(point);
    if (len == 1 && point[0] == '/')
        len = 0;
    return strncmp(point, path, len) == 0 && (path[len] == '/' || path[len] == '\0') ? (ssize_t)len : -1;
}

/* ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELD…] - TYPE SOURCE OPTIONS */
static int read_line(char *line, const char *path, ssize_t *best, struct vp_mount *found)
{
    char *words[5];
    for (size_t i = 0; i < VP_ARRAY_SIZE(words); i++) {
        words[i] = next_word(&line);
        if (words[i] == NULL)
            return -EBADMSG;
    }
    const ssize_t len = covers(unescape(words[4]), path);
    if (len < *best || len < 0)
        return 0;
    const char *word = next_word(&line);
    while (word != NULL && strcmp(word, "-") != 0)
        word = next_word(&line);
    const char *type = next_word(&line);
    char *source = next_word(&line);
    if (word == NULL || type == NULL || source == NULL)
        return -EBADMSG;
    struct vp_mount mount = {0};
    const int r = parse_number(words[2], &mount);
    if (r < 0)
        return r;
    mount.type = vp_strdup(type);
    mount.source = vp_strdup(unescape(source));
    vp_mount_done(found);
    *found = mount;
    *best = len;
    return 0;
}

int vp_mount_find(const struct vp_root *root, const char *path, struct vp_mount *ret_mount,
                  struct vp_error **err)
{
    vp_autofree char *text = NULL;
    size_t len = 0;
    ssize_t best = -1;
    VP_CLEANUP(vp_mount_done) struct vp_mount found = {0};
    int r = vp_root_read(root, MOUNTINFO, MOUNTINFO_MAX, &text, &len, err);
    if (r < 0)
        return r;
    for (char *line = text; *line != '\0';) {
        char *end = line + strcspn(line, "\n");
        char *next = *end != '\0' ? end + 1 : end;
        *end = '\0';
        if (*line != '\0')
            r = read_line(line, path, &best, &found);
        if (r < 0)
            return vp_fail(err, -r, "cannot use '%s': a line has not the fields of proc(5)", MOUNTINFO);
        line = next;
    }
    if (best < 0)
        return vp_fail(err, ENOENT, "cannot find the file system of '%s': no mount point in '%s' is above it",
                       path, MOUNTINFO);
    *ret_mount = found;
    found = (struct vp_mount){0};
    return 0;
}
