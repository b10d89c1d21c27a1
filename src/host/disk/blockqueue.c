/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "blockqueue.h"
#include "strbuf.h"
#include "text.h"

/* As the caller's value leaves it: see the header. */
#define OPEN "-"

static int read_file(const struct vp_root *root, const char *folder, const char *name, char **ret_value,
                     struct vp_error **err)
{
    vp_autofree char *path = vp_asprintf("%s/%s", folder, name);
    return vp_means_file.read(root, path, ret_value, err);
}

static int write_file(const struct vp_root *root, const char *folder, const char *name, const char *value,
                      struct vp_error **err)
{
    vp_autofree char *path = vp_asprintf("%s/%s", folder, name);
    return vp_host_write(root, path, value, err);
}

static bool is_word(const char *text)
{
    return text[0] != '\0' && strpbrk(text, " \t\n") == NULL;
}

/* The settings of the scheduler that is in use: NAME=VALUE, each behind a blank. */
static void add_settings(const struct vp_root *root, const char *target, struct vp_strbuf *buf)
{
    vp_autofree char *folder = vp_asprintf("%s/iosched", target);
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    if (vp_root_list(root, folder, &names, NULL) < 0)
        return;
    for (size_t i = 0; names[i] != NULL; i++) {
        vp_autofree char *value = NULL;
        if (is_word(names[i]) && read_file(root, folder, names[i], &value, NULL) == 0 && is_word(value))
            vp_strbuf_addf(buf, " %s=%s", names[i], value);
    }
}

static int read_queue(const struct vp_root *root, const char *target, char **ret_value, struct vp_error **err)
{
    vp_autofree char *scheduler = NULL;
    vp_autofree char *requests = NULL;
    int r = read_file(root, target, "scheduler", &scheduler, err);
    if (r == 0)
        r = read_file(root, target, "nr_requests", &requests, err);
    if (r < 0)
        return r;
    struct vp_strbuf buf = {0};
    vp_strbuf_addf(&buf, "%s %s", scheduler, requests);
    add_settings(root, target, &buf);
    *ret_value = vp_strbuf_take(&buf);
    return 0;
}

/* The word at `*at`, which moves behind it; "" at the end. Owned. */
static char *next_word(const char **at)
{
    *at += strspn(*at, " ");
    const size_t len = strcspn(*at, " ");
    char *word = vp_strndup(*at, len);
    *at += len;
    return word;
}

/* The rest of a value. What a kernel no longer has, or refuses, does not keep the others from being set. */
static int write_settings(const struct vp_root *root, const char *target, const char *at,
                          struct vp_error **err)
{
    vp_autofree char *folder = vp_asprintf("%s/iosched", target);
    int result = 0;
    for (;;) {
        vp_autofree char *word = next_word(&at);
        char *value = strchr(word, '=');
        vp_autoerror own = NULL;
        if (word[0] == '\0')
            return result;
        if (value == NULL)
            continue;
        *value++ = '\0';
        const int r = write_file(root, folder, word, value, &own);
        if (r < 0 && !vp_means_absent(r) && result == 0)
            result = vp_fail(err, -r, "%s", own->message);
    }
}

/* Write a part unless it is so already, or left open. */
static int write_part(const struct vp_root *root, const char *target, const char *name, const char *value,
                      bool *ret_written, struct vp_error **err)
{
    vp_autofree char *now = NULL;
    if (value[0] == '\0' || strcmp(value, OPEN) == 0)
        return 0;
    int r = read_file(root, target, name, &now, err);
    if (r < 0 || strcmp(now, value) == 0)
        return r;
    r = write_file(root, target, name, value, err);
    *ret_written = r == 0;
    return r;
}

static int write_queue(const struct vp_root *root, const char *target, const char *value,
                       struct vp_error **err)
{
    vp_autofree char *scheduler = next_word(&value);
    vp_autofree char *requests = next_word(&value);
    bool switched = false;
    bool written = false;
    int r = write_part(root, target, "scheduler", scheduler, &switched, err);
    if (r == 0)
        r = write_part(root, target, "nr_requests", requests, &written, err);
    /* Those of a scheduler that stayed may be somebody else's since. */
    if (r == 0 && switched)
        r = write_settings(root, target, value, err);
    return r;
}

/* The settings behind scheduler and length do not count. */
static bool same_queue(const char *a, const char *b)
{
    for (unsigned part = 0; part < 2; part++) {
        vp_autofree char *x = next_word(&a);
        vp_autofree char *y = next_word(&b);
        if (strcmp(x, OPEN) != 0 && strcmp(y, OPEN) != 0 && strcmp(x, y) != 0)
            return false;
    }
    return true;
}

const struct vp_means vp_means_queue = {
    .name = "queue",
    .read = read_queue,
    .write = write_queue,
    .same = same_queue,
    .again = true,
};
