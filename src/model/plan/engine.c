/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "place.h"
#include "address.h"
#include "engine.h"
#include "strbuf.h"

void vp_result_done(struct vp_result *result)
{
    vp_domain_free(result->base);
    vp_profile_free(result->profile);
    vp_plan_free(result->plan);
    *result = (struct vp_result){0};
}

int vp_engine_check_set(const struct vp_registry *registry, const char *set, struct vp_error **err)
{
    const char *equals = strchr(set, '=');
    if (equals == NULL || equals == set)
        return vp_fail(err, EINVAL, "'%s' is not KNOB=VALUE", set);
    vp_autofree char *knob = vp_strndup(set, (size_t)(equals - set));
    if (strncmp(knob, "xml.", strlen("xml.")) != 0 && vp_registry_find(registry, knob) == NULL) {
        vp_autofree char *hint = vp_registry_hint(registry, knob);
        return vp_fail(err, ENOENT, "there is no knob '%s' to set%s", knob, hint);
    }
    VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *probe = vp_alloc(1, sizeof(*probe));
    return vp_profile_set(probe, registry, knob, equals + 1, "", err);
}

/* Write what was asked for into the tag; the profile itself is found when the tag is loaded. */
static int edit_tag(const struct vp_registry *registry, const struct vp_request *request,
                    struct vp_domain *domain, struct vp_error **err)
{
    struct vp_tag tag;
    if (request->profile != NULL) {
        if (!vp_profile_name_ok(request->profile))
            return vp_fail(err, EINVAL, "'%.80s' is not a profile's name", request->profile);
        (void)vp_tag_write(domain, request->profile);
    }
    const bool sets = request->enforce != NULL || (request->sets != NULL && request->sets[0] != NULL);
    const bool asks = request->drop_sets || sets;
    if (!vp_tag_read(domain, &tag))
        return asks ? vp_fail(err, EINVAL, "it has no profile to set anything over; name one") : 0;
    if (sets && vp_tag_opts_out(&tag))
        return vp_fail(err, EINVAL, "it is to have no profile, so there is nothing to set anything over");
    if (request->drop_sets)
        vp_tag_unset_all(domain);
    if (request->enforce != NULL)
        vp_tag_enforce(domain, request->enforce);
    for (size_t i = 0; request->sets != NULL && request->sets[i] != NULL; i++) {
        const char *set = request->sets[i];
        const int r = vp_engine_check_set(registry, set, err);
        if (r < 0)
            return r;
        const char *equals = strchr(set, '=');
        vp_autofree char *knob = vp_strndup(set, (size_t)(equals - set));
        vp_tag_set(domain, knob, equals + 1);
    }
    return 0;
}

int vp_engine_plan(const struct vp_engine *engine, const struct vp_request *request, struct vp_domain *domain,
                   struct vp_result *ret_result, struct vp_error **err)
{
    VP_CLEANUP(vp_result_done) struct vp_result result = {0};
    vp_autofree char *name = vp_domain_name(domain);
    struct vp_tag tag;
    if (edit_tag(engine->registry, request, domain, err) < 0)
        return vp_prefix(err, "domain '%s'", name);
    vp_record_normalize(domain);
    result.base = vp_domain_copy(domain);
    if (vp_tag_read(domain, &tag) && !vp_tag_opts_out(&tag)) {
        int r = vp_tag_load(domain, &tag, &engine->profiles, engine->registry, &result.profile, err);
        if (r < 0)
            return r;
        vp_record_revert(result.base, engine->registry, request->phase);
        const struct vp_planning given = {
            .domain = result.base,
            .stored = domain,
            .profile = result.profile,
            .registry = engine->registry,
            .host = engine->host,
            .placer = engine->placer,
            .phase = request->phase,
            .age = request->age,
            .starting = request->starting,
        };
        r = vp_planner_run(&given, &result.plan, err);
        if (r < 0)
            return vp_prefix(err, "domain '%s'", name);
    }
    *ret_result = result;
    result = (struct vp_result){0};
    return 0;
}

/* Take all out that is not the domain's own. */
static void strip(const struct vp_registry *registry, struct vp_domain *domain, bool keep_tag)
{
    vp_record_revert(domain, registry, VP_PHASE_COLD);
    vp_record_drop_controllers(domain);
    vp_address_settle(domain);
    if (!keep_tag)
        vp_tag_remove(domain);
}

/* A domain without a plan: it has no tag, or one that says that it is to have none. */
static char *rewrite_without(const struct vp_registry *registry, enum vp_phase phase,
                             const struct vp_domain *stored, struct vp_domain *asked, size_t *ret_len)
{
    struct vp_tag tag;
    if (phase != VP_PHASE_COLD || !vp_tag_read(asked, &tag))
        return NULL;
    strip(registry, asked, false);
    (void)vp_tag_write(asked, VP_PROFILE_NONE);
    return vp_node_equal(asked->root, stored->root) ? NULL : vp_doc_format(asked->doc, ret_len);
}

int vp_engine_rewrite(const struct vp_engine *engine, const struct vp_request *request, const char *text,
                      size_t len, const char *what, char **ret_text, size_t *ret_len, struct vp_error **err)
{
    vp_autodomain stored = NULL;
    int r = vp_domain_parse(text, len, what, &stored, err);
    if (r < 0)
        return r;
    vp_record_normalize(stored);
    vp_autodomain asked = vp_domain_copy(stored);
    VP_CLEANUP(vp_result_done) struct vp_result result = {0};
    r = vp_engine_plan(engine, request, asked, &result, err);
    if (r < 0)
        return r;
    if (result.plan == NULL) {
        *ret_text = rewrite_without(engine->registry, request->phase, stored, asked, ret_len);
        return 0;
    }
    r = vp_record_apply(result.plan, request->phase, result.base, stored, err);
    if (r < 0) {
        vp_autofree char *name = vp_domain_name(stored);
        return vp_prefix(err, "domain '%s'", name);
    }
    *ret_text =
        vp_node_equal(result.base->root, stored->root) ? NULL : vp_doc_format(result.base->doc, ret_len);
    return 0;
}

int vp_engine_revert(const struct vp_engine *engine, const char *text, size_t len, const char *what,
                     bool keep_tag, char **ret_text, size_t *ret_len, struct vp_error **err)
{
    vp_autodomain domain = NULL;
    const int r = vp_domain_parse(text, len, what, &domain, err);
    if (r < 0)
        return r;
    struct vp_tag tag;
    if (!vp_tag_read(domain, &tag)) {
        *ret_text = NULL;
        return 0;
    }
    vp_record_normalize(domain);
    vp_autodomain stored = vp_domain_copy(domain);
    strip(engine->registry, domain, keep_tag);
    *ret_text = vp_node_equal(domain->root, stored->root) ? NULL : vp_doc_format(domain->doc, ret_len);
    return 0;
}

void vp_pending_done(struct vp_pending *pending)
{
    for (size_t i = 0; i < pending->n; i++)
        free(pending->items[i].text);
    free(pending->items);
    *pending = (struct vp_pending){0};
}

/* Without its text. */
static struct vp_lack *add_lack(struct vp_pending *pending, const struct vp_knob *knob, enum vp_effect effect)
{
    vp_grow(&pending->items, pending->n, &pending->cap, sizeof(*pending->items));
    pending->items[pending->n] = (struct vp_lack){.knob = knob != NULL ? knob->name : NULL, .effect = effect};
    return &pending->items[pending->n++];
}

static char *shown(const char *value)
{
    return value != NULL ? vp_asprintf("'%s'", value) : vp_strdup("absent");
}

/* Elements are not shown: they are long, and may hold what should not be in a log. */
static char *describe(const struct vp_action *action, const char *found)
{
    const bool text = action->kind == VP_ACTION_ATTRIBUTE || action->kind == VP_ACTION_TEXT;
    if (!text)
        return vp_asprintf("%s: %s is not as wanted", action->knob, action->target);
    vp_autofree char *is = shown(found);
    vp_autofree char *should = shown(action->value);
    return vp_asprintf("%s: %s is %s, should be %s", action->knob, action->target, is, should);
}

/*
 * A place without its numbers, which shift as elements come and go: "devices/input[#2]/@bus" as
 * "devices/input[#/@bus".
 */
static char *without_numbers(const char *place)
{
    struct vp_strbuf buf = {0};
    while (*place != '\0') {
        const char *hash = strstr(place, "[#");
        const size_t n = hash != NULL ? (size_t)(hash - place) + 2 : strlen(place);
        vp_strbuf_addn(&buf, place, n);
        place += n;
        if (hash != NULL)
            place += strcspn(place, "]") + (strchr(place, ']') != NULL);
    }
    return vp_strbuf_take(&buf);
}

static bool planned_numbered(const struct vp_plan *plan, const char *knob, const char *at)
{
    vp_autofree char *wanted = without_numbers(at);
    for (size_t i = 0; i < plan->n; i++) {
        if (strcmp(plan->actions[i].knob, knob) != 0)
            continue;
        vp_autofree char *own = without_numbers(plan->actions[i].target);
        if (strcmp(own, wanted) == 0)
            return true;
    }
    return false;
}

/* An attribute of an element that is gone: a device that was unplugged, or what libvirt does not keep. */
static bool is_nowhere(const struct vp_domain *domain, const char *at)
{
    struct vp_place place;
    return strchr(at, '@') != NULL && vp_place_resolve(domain->root, at, &place) == 0 && *place.rest != '\0';
}

void vp_engine_leftovers(const struct vp_result *result, const struct vp_registry *registry,
                         const struct vp_domain *domain, enum vp_phase phase, struct vp_pending *pending)
{
    struct vp_tag tag;
    const char *knob = NULL;
    const char *at = NULL;
    if (!vp_tag_read(domain, &tag))
        return;
    for (const vp_node *n = vp_record_next(&tag, NULL, &knob, &at); n != NULL;
         n = vp_record_next(&tag, n, &knob, &at)) {
        struct vp_place place;
        if (!vp_phase_allows(phase, vp_record_effect(n, registry)) || is_nowhere(domain, at) ||
            vp_place_resolve(result->base->root, at, &place) < 0)
            continue;
        vp_autofree char *target = vp_place_target(&place);
        const bool planned = vp_plan_find(result->plan, target) != NULL ||
                             (strstr(at, "[#") != NULL && planned_numbered(result->plan, knob, at));
        if (!planned)
            add_lack(pending, vp_registry_find(registry, knob), vp_record_effect(n, registry))->text =
                vp_asprintf("%s: %s is left from an earlier profile", knob, at);
    }
}

void vp_engine_pending(const struct vp_result *result, const struct vp_registry *registry,
                       const struct vp_domain *domain, enum vp_phase phase, struct vp_pending *ret_pending)
{
    struct vp_pending pending = {0};
    for (size_t i = 0; result->plan != NULL && i < result->plan->n; i++) {
        const struct vp_action *action = &result->plan->actions[i];
        if (action->kind == VP_ACTION_HOST)
            continue;
        const struct vp_knob *knob = vp_registry_find(registry, action->knob);
        vp_autofree char *found = NULL;
        const enum vp_verdict verdict = knob != NULL && knob->verify != NULL
                                            ? knob->verify(action, domain, &found)
                                            : vp_verify_definition(action, domain, &found);
        if (verdict != VP_VERDICT_OK)
            add_lack(&pending, knob, action->effect)->text = describe(action, found);
    }
    if (result->plan != NULL)
        vp_engine_leftovers(result, registry, domain, phase, &pending);
    *ret_pending = pending;
}
