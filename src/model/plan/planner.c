/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "expr.h"
#include "place.h"
#include "planner.h"
#include "planner_xml.h"

const char *const vp_phase_names[VP_PHASE_N_] = {
    [VP_PHASE_COLD] = "cold",
    [VP_PHASE_MIGRATE] = "migrate",
    [VP_PHASE_RESTORE] = "restore",
    [VP_PHASE_LIVE] = "live",
};

bool vp_phase_allows(enum vp_phase phase, enum vp_effect effect)
{
    if (phase == VP_PHASE_LIVE)
        return effect == VP_EFFECT_LIVE;
    return effect != VP_EFFECT_HOST && (phase == VP_PHASE_COLD || effect != VP_EFFECT_GUEST);
}

/* How many elements of a name a plan adds to an element. */
static size_t count_added(const struct vp_plan *plan, const vp_node *at, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->n; i++) {
        const struct vp_action *action = &plan->actions[i];
        struct vp_step step;
        if (action->anchor == at && action->kind == VP_ACTION_ELEMENT &&
            vp_place_step(action->target + action->rest, &step) != NULL && strcmp(step.name, name) == 0)
            n++;
    }
    return n;
}

/* "rng[+]" is the next free number: "rng[#2]". */
static char *number_rest(const struct vp_planning *planning, const struct vp_place *place)
{
    struct vp_step step;
    const char *next = vp_place_step(place->rest, &step);
    if (next == NULL || strcmp(step.key, "+") != 0)
        return vp_strdup(place->rest);
    size_t n = 1 + count_added(planning->plan, place->node, step.name);
    for (vp_node *child = vp_node_child(place->node, step.name); child != NULL; child = vp_node_same(child))
        n++;
    return vp_asprintf("%s[#%zu]%s%s", step.name, n, *next != '\0' ? "/" : "", next);
}

static char *previous_value(enum vp_action_kind kind, const struct vp_place *place)
{
    if (*place->rest != '\0')
        return NULL;
    if (kind == VP_ACTION_ATTRIBUTE)
        return vp_strdup(vp_node_attr(place->node, place->attr));
    return kind == VP_ACTION_TEXT ? vp_node_text(place->node) : vp_node_format(place->node);
}

static bool is_change(const struct vp_action *action, const struct vp_domain *domain)
{
    if (action->kind == VP_ACTION_READDRESS)
        return true;
    if (action->value == NULL || action->previous == NULL)
        return action->value != action->previous;
    vp_autofree char *found = NULL;
    return strcmp(action->value, action->previous) != 0 &&
           vp_verify_definition(action, domain, &found) != VP_VERDICT_OK;
}

/* The place's name from <domain> down; in *ret_rest the offset of what is below the element that exists. */
static char *target_of(const struct vp_place *place, const char *rest, size_t *ret_rest)
{
    vp_autofree char *there = vp_place_format(place->node, NULL);
    const bool at_attr = *rest == '\0' && place->attr != NULL;
    const bool slash = *there != '\0' && (*rest != '\0' || at_attr);
    char *target = vp_asprintf("%s%s%s%s%s", there, slash ? "/" : "", rest, at_attr ? "@" : "",
                               at_attr ? place->attr : "");
    *ret_rest = strlen(there) + slash;
    return target;
}

/* The paths come from planners and are well-formed by construction, but for [xml], which checks its own. */
static void add(struct vp_planning *planning, const struct vp_setting *setting, enum vp_action_kind kind,
                vp_node *at, const char *path, const char *value, const char *fmt, va_list ap)
    VP_PRINTF(7, 0);
static void add(struct vp_planning *planning, const struct vp_setting *setting, enum vp_action_kind kind,
                vp_node *at, const char *path, const char *value, const char *fmt, va_list ap)
{
    struct vp_place place;
    if (at == NULL)
        return;
    const int r = vp_place_resolve(at, path, &place);
    assert(r == 0 && (place.attr != NULL) == (kind == VP_ACTION_ATTRIBUTE));
    (void)r;

    if (kind != VP_ACTION_ATTRIBUTE && *place.rest == '\0' && vp_node_has_password(place.node)) {
        vp_autofree char *there = vp_place_format(place.node, NULL);
        vp_plan_skip(planning, setting,
                     "%s holds a password, which would be kept in the metadata for all to read", there);
        return;
    }
    struct vp_action action = {
        .kind = kind,
        .effect = planning->as_given ? planning->as : setting->knob->effect,
        .own_effect = planning->as_given && planning->as != setting->knob->effect,
        .knob = setting->knob->name,
        .value = vp_strdup(value),
        .previous = previous_value(kind, &place),
        .reason = vp_vasprintf(fmt, ap),
        .anchor = place.node,
    };
    vp_autofree char *rest = number_rest(planning, &place);
    action.target = target_of(&place, rest, &action.rest);
    action.changes = is_change(&action, planning->domain);
    planning->as_given = false;
    if (vp_phase_allows(planning->phase, action.effect)) {
        vp_plan_put(planning->plan, action);
        return;
    }
    if (action.changes)
        vp_plan_skip(planning, setting, "%s: the guest can see the change, so it waits for a cold start",
                     action.target);
    vp_action_done(&action);
}

void vp_plan_as(struct vp_planning *planning, enum vp_effect effect)
{
    planning->as_given = true;
    planning->as = effect;
}

void vp_plan_attr(struct vp_planning *planning, const struct vp_setting *setting, vp_node *at,
                  const char *path, const char *value, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(planning, setting, VP_ACTION_ATTRIBUTE, at, path, value, fmt, ap);
    va_end(ap);
}

void vp_plan_text(struct vp_planning *planning, const struct vp_setting *setting, vp_node *at,
                  const char *path, const char *value, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(planning, setting, VP_ACTION_TEXT, at, path, value, fmt, ap);
    va_end(ap);
}

void vp_plan_element(struct vp_planning *planning, const struct vp_setting *setting, vp_node *at,
                     const char *path, const char *value, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(planning, setting, VP_ACTION_ELEMENT, at, path, value, fmt, ap);
    va_end(ap);
}

void vp_plan_readdress(struct vp_planning *planning, const struct vp_setting *setting, vp_node *at,
                       const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(planning, setting, VP_ACTION_READDRESS, at, "address", NULL, fmt, ap);
    va_end(ap);
}

void vp_plan_host(struct vp_planning *planning, const struct vp_setting *setting, const char *name,
                  const char *value, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vp_plan_put(planning->plan, (struct vp_action){
                                    .kind = VP_ACTION_HOST,
                                    .effect = VP_EFFECT_HOST,
                                    .knob = setting->knob->name,
                                    .target = vp_asprintf("host/%s", name),
                                    .value = vp_strdup(value),
                                    .reason = vp_vasprintf(fmt, ap),
                                    .changes = true,
                                });
    va_end(ap);
}

static void add_note(struct vp_planning *planning, enum vp_note_kind kind, const struct vp_setting *setting,
                     const char *fmt, va_list ap) VP_PRINTF(4, 0);
static void add_note(struct vp_planning *planning, enum vp_note_kind kind, const struct vp_setting *setting,
                     const char *fmt, va_list ap)
{
    struct vp_plan *plan = planning->plan;
    vp_grow(&plan->notes, plan->n_notes, &plan->cap_notes, sizeof(*plan->notes));
    plan->notes[plan->n_notes++] = (struct vp_note){
        .kind = kind,
        .knob = setting->knob->name,
        .text = vp_vasprintf(fmt, ap),
    };
}

void vp_plan_skip(struct vp_planning *planning, const struct vp_setting *setting, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add_note(planning, VP_NOTE_SKIPPED, setting, fmt, ap);
    va_end(ap);
}

void vp_plan_warn(struct vp_planning *planning, const struct vp_setting *setting, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add_note(planning, VP_NOTE_WARNING, setting, fmt, ap);
    va_end(ap);
}

char *vp_planned(const struct vp_planning *planning, vp_node *at, const char *path)
{
    struct vp_place place;
    if (vp_place_resolve(at, path, &place) < 0)
        return NULL;
    size_t rest = 0;
    vp_autofree char *target = target_of(&place, place.rest, &rest);
    const struct vp_action *action = vp_plan_find(planning->plan, target);
    if (action != NULL)
        return vp_strdup(action->value);
    if (*place.rest != '\0')
        return NULL;
    return place.attr != NULL ? vp_strdup(vp_node_attr(place.node, place.attr)) : vp_node_text(place.node);
}

uint64_t vp_plan_count(const struct vp_planning *planning, const struct vp_setting *setting)
{
    struct vp_expr_vars vars = {.vcpus = vp_domain_max_vcpus(planning->domain)};
    for (const vp_node *n = vp_node_first(vp_domain_devices(planning->domain)); n != NULL;
         n = vp_node_next(n)) {
        const char *device = vp_node_attr(n, "device");
        if (vp_node_is(n, "disk") &&
            (device == NULL || strcmp(device, "disk") == 0 || strcmp(device, "lun") == 0))
            vars.disks++;
        if (vp_node_is(n, "interface"))
            vars.nics++;
    }
    uint64_t value = 0;
    const int r = vp_expr_eval(setting->value.text, &vars, &value);
    assert(r == 0); /* checked by vp_value_parse() */
    (void)r;
    const struct vp_knob *knob = setting->knob;
    if (value < knob->min)
        value = knob->min;
    return knob->max != 0 && value > knob->max ? knob->max : value;
}

const struct vp_setting *vp_plan_setting(const struct vp_planning *planning, const char *knob)
{
    return vp_profile_get(planning->profile, knob);
}

int vp_planner_run(const struct vp_planning *given, struct vp_plan **ret_plan, struct vp_error **err)
{
    VP_CLEANUP(vp_plan_free_ptr) struct vp_plan *plan = vp_plan_new();
    struct vp_planning planning = *given;
    planning.plan = plan;
    for (size_t i = 0; i < planning.registry->n; i++) {
        const struct vp_knob *knob = planning.registry->knobs[i];
        const struct vp_setting *setting = vp_profile_get(planning.profile, knob->name);
        if (setting == NULL ||
            (knob->effect != VP_EFFECT_HOST && !vp_phase_allows(planning.phase, knob->effect)))
            continue;
        if (knob->plan(&planning, setting, err) < 0)
            return vp_prefix(err, "%s (%s)", knob->name, setting->origin);
    }
    const int r = vp_plan_xml_settings(&planning, err);
    if (r < 0)
        return r;
    vp_plan_settle(plan);
    *ret_plan = vp_take(&plan);
    return 0;
}
