/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "planner_xml.h"
#include "profile.h"

const char *const vp_enforce_names[VP_ENFORCE_N_] = {
    [VP_ENFORCE_START] = "start",
    [VP_ENFORCE_REFUSE] = "refuse",
};

bool vp_profile_name_ok(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const size_t n = strlen(name);
    return n >= 1 && n <= 64 && name[0] != '.' && strspn(name, allowed) == n;
}

static void setting_done(struct vp_setting *setting)
{
    free(setting->path);
    vp_value_done(&setting->value);
    free(setting->origin);
}

void vp_profile_free(struct vp_profile *profile)
{
    if (profile == NULL)
        return;
    for (size_t i = 0; i < profile->n; i++)
        setting_done(&profile->settings[i]);
    free(profile->settings);
    free(profile->name);
    free(profile->summary);
    free(profile->file);
    free(profile->extends);
    free(profile);
}

const struct vp_setting *vp_profile_get(const struct vp_profile *profile, const char *knob)
{
    for (size_t i = 0; i < profile->n; i++)
        if (profile->settings[i].path == NULL && strcmp(profile->settings[i].knob->name, knob) == 0)
            return &profile->settings[i];
    return NULL;
}

/* Put a setting in the place of the one for the same knob or path, or at the end. */
static void put(struct vp_profile *profile, struct vp_setting setting)
{
    for (size_t i = 0; i < profile->n; i++) {
        struct vp_setting *old = &profile->settings[i];
        const bool same = setting.path != NULL ? old->path != NULL && strcmp(old->path, setting.path) == 0
                                               : old->path == NULL && old->knob == setting.knob;
        if (!same)
            continue;
        setting_done(old);
        *old = setting;
        return;
    }
    vp_grow(&profile->settings, profile->n, &profile->cap, sizeof(*profile->settings));
    profile->settings[profile->n++] = setting;
}

static void drop(struct vp_profile *profile, const struct vp_knob *knob, const char *path)
{
    for (size_t i = 0; i < profile->n; i++) {
        struct vp_setting *old = &profile->settings[i];
        if (path != NULL ? old->path == NULL || strcmp(old->path, path) != 0
                         : old->path != NULL || old->knob != knob)
            continue;
        setting_done(old);
        memmove(old, old + 1, (profile->n - i - 1) * sizeof(*old));
        profile->n--;
        return;
    }
}

static int set_path(struct vp_profile *profile, const char *path, const char *text, const char *origin,
                    struct vp_error **err)
{
    const int r = vp_xml_path_check(path, err);
    if (r < 0)
        return r;
    if (strcmp(text, "keep") == 0) {
        drop(profile, NULL, path);
        return 0;
    }
    put(profile, (struct vp_setting){
                     .knob = &vp_xml_knob,
                     .path = vp_strdup(path),
                     .value = {.text = vp_strdup(text), .choice = -1},
                     .origin = vp_strdup(origin),
                 });
    return 0;
}

int vp_profile_set(struct vp_profile *profile, const struct vp_registry *registry, const char *knob,
                   const char *text, const char *origin, struct vp_error **err)
{
    if (strncmp(knob, "xml.", strlen("xml.")) == 0)
        return set_path(profile, knob + strlen("xml."), text, origin, err);
    const struct vp_knob *found = vp_registry_find(registry, knob);
    if (found == NULL) {
        vp_autofree char *hint = vp_registry_hint(registry, knob);
        return vp_fail(err, EINVAL, "there is no knob '%s'%s", knob, hint);
    }
    if (strcmp(text, "keep") == 0) {
        drop(profile, found, NULL);
        return 0;
    }
    struct vp_setting setting = {.knob = found};
    const int r = vp_value_parse(found, text, &setting.value, err);
    if (r < 0)
        return r;
    setting.origin = vp_strdup(origin);
    put(profile, setting);
    return 0;
}
