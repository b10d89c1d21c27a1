/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front.h"

#include <string.h>

#include "text.h"

void vp_front_done(struct vp_front *front)
{
    free(front->profile);
    free(front->enforce);
    for (size_t i = 0; i < front->n_sets; i++)
        free(front->sets[i]);
    free(front->sets);
}

void vp_front_add_set(struct vp_front *front, const char *knob, const char *value)
{
    vp_grow(&front->sets, front->n_sets + 1, &front->cap_sets, sizeof(*front->sets));
    front->sets[front->n_sets++] = vp_asprintf("%s=%s", knob, value);
    front->sets[front->n_sets] = NULL;
}

static bool has_set(const struct vp_front *front, const char *knob)
{
    const size_t n = strlen(knob);

    for (size_t i = 0; i < front->n_sets; i++)
        if (strncmp(front->sets[i], knob, n) == 0 && front->sets[i][n] == '=')
            return true;
    return false;
}

/* Is it to be refused, by who says so first: the system, the tag, the profile? */
static bool refuses(const struct vp_front *front, const struct vp_tag *tag, const struct vp_profile *profile)
{
    const char *refuse = vp_enforce_names[VP_ENFORCE_REFUSE];

    if (front->enforce != NULL)
        return vp_same(front->enforce, refuse);
    if (tag != NULL && tag->enforce != NULL)
        return vp_same(tag->enforce, refuse);
    return profile != NULL && profile->enforce == VP_ENFORCE_REFUSE;
}

/* Leave out of a profile what the system decides. */
static void leave_out(struct vp_front *front, const struct vp_profile *profile, const char *const *decided)
{
    for (size_t i = 0; decided[i] != NULL; i++)
        if (vp_profile_get(profile, decided[i]) != NULL && !has_set(front, decided[i]))
            vp_front_add_set(front, decided[i], "keep");
}

int vp_front_rewrite(struct vp_cli *cli, struct vp_front *front, const char *text, size_t len,
                     const char *what, const char *const *decided, char **ret_text, size_t *ret_len,
                     bool *ret_refuse, struct vp_error **err)
{
    VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *profile = NULL;
    vp_autodomain domain = NULL;
    struct vp_engine engine;
    struct vp_tag tag;
    int r;

    *ret_refuse = refuses(front, NULL, NULL);
    r = vp_domain_parse(text, len, what, &domain, err);
    if (r < 0)
        return r;
    const bool tagged = vp_tag_read(domain, &tag);
    const char *name = front->profile != NULL ? front->profile : tagged ? tag.profile : NULL;
    if (name == NULL)
        return 0;
    *ret_refuse = refuses(front, tagged ? &tag : NULL, NULL);
    r = vp_cli_engine(cli, &engine, err);
    if (r == 0)
        r = vp_profile_load(&engine.profiles, engine.registry, name, &profile, err);
    if (r < 0)
        return r;
    *ret_refuse = refuses(front, tagged ? &tag : NULL, profile);
    if (decided != NULL) {
        leave_out(front, profile, decided);
    } else {
        vp_autofree char *uuid = vp_domain_uuid(domain);
        r = vp_cli_place(cli, &engine, uuid, NULL, err);
        if (r < 0)
            return r;
    }
    const struct vp_request request = {
        .profile = front->profile,
        .enforce = front->enforce,
        .sets = (const char *const *)front->sets,
    };
    return vp_engine_rewrite(&engine, &request, text, len, what, ret_text, ret_len, err);
}
