/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include <json-c/linkhash.h>

#include "place.h"
#include "plan.h"
#include "size.h"

const char *const vp_action_kind_names[VP_ACTION_N_] = {
    [VP_ACTION_ATTRIBUTE] = "attribute", [VP_ACTION_TEXT] = "text", [VP_ACTION_ELEMENT] = "element",
    [VP_ACTION_READDRESS] = "readdress", [VP_ACTION_HOST] = "host",
};

struct vp_plan *vp_plan_new(void)
{
    struct vp_plan *plan = vp_alloc(1, sizeof(*plan));
    plan->by_target = lh_kchar_table_new(64, NULL);
    if (plan->by_target == NULL)
        vp_oom();
    return plan;
}

void vp_action_done(struct vp_action *action)
{
    free(action->target);
    free(action->settled);
    free(action->value);
    free(action->previous);
    free(action->reason);
}

void vp_plan_free(struct vp_plan *plan)
{
    if (plan == NULL)
        return;
    lh_table_free(plan->by_target); /* its keys are the targets */
    for (size_t i = 0; i < plan->n; i++)
        vp_action_done(&plan->actions[i]);
    free(plan->actions);
    for (size_t i = 0; i < plan->n_notes; i++)
        free(plan->notes[i].text);
    free(plan->notes);
    vp_placement_free(plan->placement);
    vp_error_free(plan->unplaced);
    free(plan);
}

static struct vp_action *find(const struct vp_plan *plan, const char *target)
{
    void *index = NULL;
    if (!lh_table_lookup_ex(plan->by_target, target, &index))
        return NULL;
    return &plan->actions[(uintptr_t)index - 1];
}

const struct vp_action *vp_plan_find(const struct vp_plan *plan, const char *target)
{
    return find(plan, target);
}

static void enter(struct vp_plan *plan, size_t index)
{
    if (lh_table_insert(plan->by_target, plan->actions[index].target, (const void *)(uintptr_t)(index + 1)) <
        0)
        vp_oom();
}

static bool is_below(const struct vp_action *action, const char *target)
{
    const size_t n = strlen(target);
    return strncmp(action->target, target, n) == 0 && action->target[n] == '/';
}

static void reindex(struct vp_plan *plan)
{
    lh_table_free(plan->by_target);
    plan->by_target = lh_kchar_table_new(64, NULL);
    if (plan->by_target == NULL)
        vp_oom();
    for (size_t i = 0; i < plan->n; i++)
        enter(plan, i);
}

/* What was planned inside an element is void when a later knob decides about the element. */
static void drop_below(struct vp_plan *plan, const char *target)
{
    struct vp_action *kept = vp_alloc(plan->n + 1, sizeof(*kept));
    size_t n = 0;
    for (size_t i = 0; i < plan->n; i++) {
        if (is_below(&plan->actions[i], target))
            vp_action_done(&plan->actions[i]);
        else
            kept[n++] = plan->actions[i];
    }
    const bool dropped = n < plan->n;
    free(plan->actions);
    plan->actions = kept;
    plan->cap = plan->n + 1;
    plan->n = n;
    if (dropped)
        reindex(plan);
}

void vp_plan_put(struct vp_plan *plan, struct vp_action action)
{
    if (action.kind == VP_ACTION_ELEMENT && action.previous != NULL)
        drop_below(plan, action.target);
    struct vp_action *old = find(plan, action.target);
    if (old != NULL) {
        free(action.target);
        action.target = vp_take(&old->target); /* the table's key */
        vp_action_done(old);
        *old = action;
        return;
    }
    vp_grow(&plan->actions, plan->n, &plan->cap, sizeof(*plan->actions));
    plan->actions[plan->n] = action;
    enter(plan, plan->n++);
}

/* The first "[#N]" of a place: true, with the length of what stands before it and N. */
static bool numbered(const char *target, size_t *ret_prefix, uint64_t *ret_number, const char **ret_tail)
{
    const char *hash = strstr(target, "[#");
    const char *end = hash != NULL ? strchr(hash, ']') : NULL;
    if (end == NULL)
        return false;
    vp_autofree char *digits = vp_strndup(hash + 2, (size_t)(end - hash) - 2);
    *ret_prefix = (size_t)(hash - target);
    *ret_tail = end + 1;
    return vp_u64_parse(digits, 1, UINT32_MAX, ret_number) == 0;
}

static bool removes(const struct vp_action *action)
{
    return action->kind == VP_ACTION_ELEMENT && action->value == NULL && action->previous != NULL;
}

void vp_plan_settle(struct vp_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        struct vp_action *action = &plan->actions[i];
        size_t prefix = 0;
        uint64_t number = 0;
        uint64_t less = 0;
        const char *tail = NULL;
        if (!numbered(action->target, &prefix, &number, &tail))
            continue;
        for (size_t k = 0; k < plan->n; k++) {
            size_t other = 0;
            uint64_t removed = 0;
            const char *end = NULL;
            if (removes(&plan->actions[k]) && numbered(plan->actions[k].target, &other, &removed, &end) &&
                *end == '\0' && other == prefix && removed < number &&
                strncmp(plan->actions[k].target, action->target, prefix) == 0)
                less++;
        }
        if (less > 0)
            action->settled =
                vp_asprintf("%.*s[#%" PRIu64 "]%s", (int)prefix, action->target, number - less, tail);
    }
}

static bool element_satisfies(vp_doc *doc, const vp_node *have, const char *value)
{
    vp_node *want = NULL;
    if (vp_node_parse(doc, value, &want, NULL) < 0)
        return false;
    const bool ok = vp_node_satisfies(have, want);
    vp_node_free(want);
    return ok;
}

/* <address> is right when libvirt has replaced the one that did not fit the device's bus any more. */
static bool readdress_ok(const struct vp_action *action, const vp_node *have)
{
    if (have == NULL)
        return true;
    vp_autofree char *text = vp_node_format(have);
    return action->previous == NULL || strcmp(text, action->previous) != 0;
}

/*
 * One of several without a key was taken out: whatever has its number now is another. It is still there when
 * one of them says what it said.
 */
static bool still_there(const struct vp_action *action, const struct vp_domain *domain)
{
    const char *bracket = strrchr(action->target, '[');
    vp_autofree char *holder = vp_strndup(action->target, (size_t)(bracket - action->target));
    struct vp_place place;
    if (vp_place_resolve(domain->root, holder, &place) < 0 || *place.rest != '\0')
        return false;
    for (const vp_node *n = place.node; n != NULL; n = vp_node_same(n))
        if (element_satisfies(domain->doc, n, action->previous))
            return true;
    return false;
}

static char *found_text(const struct vp_action *action, const struct vp_place *place, bool there)
{
    if (!there)
        return NULL;
    if (place->attr != NULL)
        return vp_strdup(vp_node_attr(place->node, place->attr));
    return action->kind == VP_ACTION_TEXT ? vp_node_text(place->node) : vp_node_format(place->node);
}

enum vp_verdict vp_verify_definition(const struct vp_action *action, const struct vp_domain *domain,
                                     char **ret_found)
{
    struct vp_place place;
    bool ok = false;
    vp_autofree char *found = NULL;
    const char *target = action->settled != NULL ? action->settled : action->target;
    const size_t n = strlen(action->target);
    if (removes(action) && strstr(action->target, "[#") != NULL && action->target[n - 1] == ']')
        return still_there(action, domain) ? VP_VERDICT_DIFFERS : VP_VERDICT_OK;
    if (vp_place_resolve(domain->root, target, &place) < 0)
        return VP_VERDICT_DIFFERS;
    const bool there = *place.rest == '\0';
    found = found_text(action, &place, there);
    switch (action->kind) {
    case VP_ACTION_ATTRIBUTE:
    case VP_ACTION_TEXT:
        ok = action->value == NULL ? found == NULL : found != NULL && strcmp(found, action->value) == 0;
        break;
    case VP_ACTION_ELEMENT:
        ok = action->value == NULL ? !there
                                   : there && element_satisfies(domain->doc, place.node, action->value);
        break;
    case VP_ACTION_READDRESS:
        ok = readdress_ok(action, there ? place.node : NULL);
        break;
    case VP_ACTION_HOST:
    case VP_ACTION_N_:
        assert(false);
    }
    *ret_found = vp_take(&found);
    return ok ? VP_VERDICT_OK : VP_VERDICT_DIFFERS;
}
