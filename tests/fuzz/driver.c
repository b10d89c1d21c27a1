/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "file.h"
#include "root.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The fuzz targets without a fuzzer: each file of a folder, whole, cut short at 32 places, and with single
 * bytes changed. `driver` without arguments takes tests/fuzz/corpus/NAME for a program called fuzz-NAME.
 */

static unsigned long inputs;

static void try(const char *text, size_t len)
{
    /* A copy that ends where the input does, so that reading on is seen. */
    uint8_t *copy = vp_alloc(len, 1);
    memcpy(copy, text, len);
    (void)LLVMFuzzerTestOneInput(copy, len);
    free(copy);
    inputs++;
}

static void try_variants(const char *text, size_t len)
{
    static const char bytes[] = {'\0', '<', '>', '"', '\'', '/', '[', ']', '&', '=', '\n', '\xff'};
    try(text, len);
    for (size_t i = 1; i < 32; i++)
        try(text, len * i / 32);
    vp_autofree char *changed = vp_alloc(len + 1, 1);
    for (size_t i = 0; i < 64 && len > 0; i++) {
        memcpy(changed, text, len);
        changed[(i * 7919 + len / 3) % len] = bytes[i % sizeof(bytes)];
        try(changed, len);
    }
}

static int try_file(const struct vp_root *root, const char *name)
{
    vp_autoerror err = NULL;
    vp_autofree char *path = vp_asprintf("/%s", name);
    vp_autofree char *text = NULL;
    size_t len = 0;
    if (vp_root_read(root, path, 1u << 24, &text, &len, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err->message);
        return 1;
    }
    try_variants(text, len);
    return 0;
}

static char *default_folder(const char *program)
{
    const char *top = getenv("VP_TOP_SRCDIR");
    const char *dash = strrchr(program, '-');
    return vp_asprintf("%s/tests/fuzz/corpus/%s", top != NULL ? top : ".", dash != NULL ? dash + 1 : program);
}

int main(int argc, char **argv)
{
    vp_autoerror err = NULL;
    vp_autofree char *folder = argc > 1 ? vp_strdup(argv[1]) : default_folder(argv[0]);
    VP_CLEANUP(vp_root_free_ptr) struct vp_root *root = NULL;
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    int failed = 0;
    if (vp_root_open(folder, &root, &err) < 0 || vp_root_list(root, "/", &names, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err->message);
        return 1;
    }
    for (size_t i = 0; names[i] != NULL; i++)
        failed |= try_file(root, names[i]);
    (void)printf("%lu inputs\n", inputs);
    return failed != 0 || inputs == 0;
}
