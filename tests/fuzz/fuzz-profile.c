/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "ini_file.h"
#include "knobs.h"
#include "profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void must(bool ok)
{
    if (!ok)
        abort();
}

static const char *const no_dirs[] = {"/none", NULL};

static void load(const char *path)
{
    static struct vp_root *root;
    if (root == NULL)
        must(vp_root_open("/proc/self/fdinfo", &root, NULL) == 0); /* a folder without profiles */
    const struct vp_profile_dirs where = {.root = root, .dirs = no_dirs};
    struct vp_profile *profile = NULL;
    vp_autoerror err = NULL;
    const int r = vp_profile_load_file(&where, vp_registry_builtin(), path, &profile, &err);
    must((r == 0) == (profile != NULL) && (r == 0) == (err == NULL));
    if (err != NULL)
        must(err->code == -r && err->message[0] != '\0');
    for (size_t i = 0; profile != NULL && i < profile->n; i++) {
        must(profile->settings[i].knob != NULL && profile->settings[i].value.text != NULL);
        must(profile->settings[i].path != NULL ||
             vp_profile_get(profile, profile->settings[i].knob->name) == &profile->settings[i]);
    }
    vp_profile_free(profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VP_CLEANUP(vp_ini_done) struct vp_ini ini = {0};
    vp_autoerror err = NULL;
    const int r = vp_ini_parse((const char *)data, size, "input", &ini, &err);
    must((r == 0) == (err == NULL));
    for (size_t i = 0; i < ini.n; i++)
        must(ini.entries[i].line > 0 && ini.entries[i].section[0] != '\0');

    const int fd = memfd_create("profile", MFD_CLOEXEC);
    must(fd >= 0);
    FILE *file = fdopen(fd, "w");
    must(file != NULL && fwrite(data, 1, size, file) == size && fflush(file) == 0);
    vp_autofree char *path = vp_asprintf("/proc/self/fd/%d", fd);
    load(path);
    must(fclose(file) == 0);
    return 0;
}
