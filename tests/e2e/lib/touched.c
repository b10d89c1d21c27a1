/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "root.h"
#include "touched.h"

/*
 * What every file of the kernel that the program may write holds now, "PATH<tab>VALUE" on a line each, for
 * snapshot.sh. With an argument: a folder that stands for the host.
 */
#define VALUE_MAX (1024u * 1024)

static void print_file(const struct vp_root *root, const char *path)
{
    vp_autofree char *text = NULL;
    vp_autoerror err = NULL;
    size_t len = 0;
    if (vp_root_read(root, path, VALUE_MAX, &text, &len, &err) < 0) {
        printf("%s\t(%s)\n", path, strerror(err->code));
        return;
    }
    while (len > 0 && text[len - 1] == '\n')
        text[--len] = '\0';
    for (char *c = text; *c != '\0'; c++)
        if (*c == '\n')
            *c = ' ';
    printf("%s\t%s\n", path, text);
}

static int print_pattern(const struct vp_root *root, const char *pattern)
{
    const char *above = root->live ? "" : root->path;
    vp_autofree char *full = vp_asprintf("%s%s", above, pattern);
    glob_t found = {0};
    const int r = glob(full, 0, NULL, &found);
    for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
        print_file(root, found.gl_pathv[i] + strlen(above));
    globfree(&found);
    return r == 0 || r == GLOB_NOMATCH ? 0 : -EIO;
}

int main(int argc, char **argv)
{
    VP_CLEANUP(vp_root_free_ptr) struct vp_root *root = NULL;
    VP_CLEANUP(vp_names_free_ptr) char **patterns = vp_touched_patterns();
    vp_autoerror err = NULL;
    if (vp_root_open(argc > 1 ? argv[1] : "/", &root, &err) < 0) {
        fprintf(stderr, "%s: %s\n", argv[0], err->message);
        return 1;
    }
    for (size_t i = 0; patterns[i] != NULL; i++)
        if (print_pattern(root, patterns[i]) < 0) {
            fprintf(stderr, "%s: cannot look for '%s'\n", argv[0], patterns[i]);
            return 1;
        }
    return fflush(stdout) == 0 ? 0 : 1;
}
