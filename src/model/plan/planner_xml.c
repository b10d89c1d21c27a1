/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "place.h"
#include "planner_xml.h"

const struct vp_knob vp_xml_knob = {
    .name = "xml",
    .type = VP_TYPE_TEXT,
    .effect = VP_EFFECT_GUEST,
    .verify = vp_verify_definition,
};

int vp_xml_path_check(const char *path, struct vp_error **err)
{
    struct vp_place place;
    if (vp_place_resolve(NULL, path, &place) < 0 || *path == '\0')
        return vp_fail(err, EINVAL,
                       "'%s' is not a place in a definition, like devices/disk[vda]/driver/@cache or "
                       "devices/disk[*]/driver/@cache",
                       path);
    if (vp_place_is_reserved(path))
        return vp_fail(err, EINVAL, "'%s' is not for a profile to change", path);
    return 0;
}

static bool can_make_way(const char *rest)
{
    struct vp_step step;
    while (rest != NULL && *rest != '\0' && *rest != '@') {
        rest = vp_place_step(rest, &step);
        if (rest == NULL || !vp_place_can_make(&step))
            return false;
    }
    return true;
}

static int plan_one(struct vp_planning *planning, const struct vp_setting *setting, vp_node *at,
                    const char *path, struct vp_error **err)
{
    const char *value = strcmp(setting->value.text, VP_XML_ABSENT) == 0 ? NULL : setting->value.text;
    struct vp_place place;
    if (vp_place_resolve(at, path, &place) < 0)
        return vp_fail(err, EINVAL, "'%s' is not a place in a definition", setting->path);
    if (!can_make_way(place.rest)) {
        vp_plan_skip(planning, setting, "%s: the guest has no such element", setting->path);
        return 0;
    }

    vp_autofree char *target = vp_place_target(&place);
    const struct vp_action *other = vp_plan_find(planning->plan, target);
    if (other != NULL && strcmp(other->knob, vp_xml_knob.name) != 0)
        return vp_fail(err, EINVAL, "%s is managed by the knob %s; set that instead", target, other->knob);

    if (place.attr != NULL) {
        vp_plan_attr(planning, setting, at, path, value, "set by the profile's [xml] section");
        return 0;
    }
    if (value == NULL || value[0] == '<') {
        vp_node *probe = NULL;
        const int r = value != NULL ? vp_node_parse(planning->domain->doc, value, &probe, err) : 0;
        vp_node_free(probe);
        if (r < 0)
            return r;
        vp_plan_element(planning, setting, at, path, value, "set by the profile's [xml] section");
        return 0;
    }
    vp_plan_text(planning, setting, at, path, value, "set by the profile's [xml] section");
    return 0;
}

/* Follow a path down; at a "[*]" once for each element there. */
static int plan_each(struct vp_planning *planning, const struct vp_setting *setting, vp_node *at,
                     const char *path, struct vp_error **err)
{
    const char *star = strstr(path, "[*]");
    if (star == NULL)
        return plan_one(planning, setting, at, path, err);
    size_t start = (size_t)(star - path);
    while (start > 0 && path[start - 1] != '/')
        start--;
    vp_autofree char *before = vp_strndup(path, start > 0 ? start - 1 : 0);
    vp_autofree char *name = vp_strndup(path + start, (size_t)(star - path) - start);
    struct vp_place place = {.node = at, .rest = ""};
    if (*before != '\0' && vp_place_resolve(at, before, &place) < 0)
        return vp_fail(err, EINVAL, "'%s' is not a place in a definition", setting->path);
    if (*place.rest != '\0')
        return 0; /* none of them there */
    const char *rest = star + strlen("[*]");
    rest += *rest == '/';
    for (vp_node *n = vp_node_child(place.node, name); n != NULL; n = vp_node_same(n)) {
        const int r = plan_each(planning, setting, n, rest, err);
        if (r < 0)
            return r;
    }
    return 0;
}

int vp_plan_xml_settings(struct vp_planning *planning, struct vp_error **err)
{
    if (!vp_phase_allows(planning->phase, vp_xml_knob.effect))
        return 0;
    for (size_t i = 0; i < planning->profile->n; i++) {
        const struct vp_setting *setting = &planning->profile->settings[i];
        if (setting->path == NULL)
            continue;
        if (plan_each(planning, setting, planning->domain->root, setting->path, err) < 0)
            return vp_prefix(err, "[xml] %s (%s)", setting->path, setting->origin);
    }
    return 0;
}
