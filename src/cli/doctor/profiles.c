/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor.h"

#include "knobs.h"
#include "profile.h"

/* A profile that cannot be read is one that no guest gets. */
static void look_profiles(struct vp_doctor *doctor, struct vp_finding *finding)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    const struct vp_profile_dirs dirs = {.root = doctor->root, .dirs = doctor->dirs};
    vp_autofree char *first = NULL;
    size_t n = 0, broken = 0;
    for (size_t i = 0; doctor->dirs[i] != NULL; i++)
        vp_looked_at(finding, doctor->dirs[i]);
    (void)vp_profile_list(&dirs, &names, NULL); /* none, then */
    for (; names != NULL && names[n] != NULL; n++) {
        VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *profile = NULL;
        vp_autoerror error = NULL;
        if (vp_profile_load(&dirs, vp_registry_builtin(), names[n], &profile, &error) == 0)
            continue;
        if (broken++ == 0)
            first = vp_strdup(error->message);
    }
    if (n == 0) {
        vp_found(finding, VP_DIAGNOSIS_PROBLEM, "there are none");
        vp_remedy(finding, "install virt-profile again, or write profiles into %s", doctor->dirs[0]);
    } else if (broken > 0) {
        vp_found(finding, VP_DIAGNOSIS_PROBLEM, "%zu of %zu cannot be used: %s%s", broken, n, first,
                 broken > 1 ? "; …" : "");
        vp_remedy(finding, "'virt-profile list' names them, 'virt-profile validate FILE' checks one");
    } else {
        vp_found(finding, VP_DIAGNOSIS_OK, "%zu, all of which can be used", n);
    }
}

const struct vp_check vp_checks_profiles[] = {
    {"profiles", "whether each can be read", look_profiles},
    {.name = NULL},
};
