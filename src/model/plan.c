/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <json-c/linkhash.h>

#include "place.h"
#include "plan.h"

const char *const vp_action_kind_names[VP_ACTION_N_] = {
    [VP_ACTION_ATTRIBUTE] = "attribute",
    [VP_ACTION_TEXT] = "text",
    [VP_ACTION_ELEMENT] = "element",
    [VP_ACTION_READDRESS] = "readdress",
};

struct vp_plan *vp_plan_new(void)
{
    struct vp_plan *plan = vp_alloc(1, sizeof(*plan));
    plan->by_target = lh_kchar_table_new(64, NULL);
    if (plan->by_target == NULL)
        vp_oom();
    return plan;
}

static void action_done(struct vp_action *action)
{
    free(action->target);
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
        action_done(&plan->actions[i]);
    free(plan->actions);
    for (size_t i = 0; i < plan->n_notes; i++)
        free(plan->notes[i].text);
    free(plan->notes);
    free(plan);
}

static struct vp_action *find(const struct vp_plan *plan, const char *target)
{
    void *index = NULL;
    if (!lh_table_lookup_ex(plan->by_target, target, &index))
        return NULL;
    return &plan->actions[(uintptr_t)index - 1];
}

const struct vp_action *vp_plan_find(const struct vp_plan *plan, const char *target) { return find(plan, target); }

void vp_plan_put(struct vp_plan *plan, struct vp_action action)
{
    struct vp_action *old = find(plan, action.target);
    if (old != NULL) {
        free(action.target);
        action.target = vp_take(&old->target); /* the table's key */
        action_done(old);
        *old = action;
        return;
    }
    vp_grow(&plan->actions, plan->n, &plan->cap, sizeof(*plan->actions));
    plan->actions[plan->n++] = action;
    if (lh_table_insert(plan->by_target, action.target, (const void *)(uintptr_t)plan->n) < 0)
        vp_oom();
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
    if (vp_place_resolve(domain->root, action->target, &place) < 0)
        return VP_VERDICT_DIFFERS;
    const bool there = *place.rest == '\0';
    found = found_text(action, &place, there);
    switch (action->kind) {
    case VP_ACTION_ATTRIBUTE:
    case VP_ACTION_TEXT:
        ok = action->value == NULL ? found == NULL : found != NULL && strcmp(found, action->value) == 0;
        break;
    case VP_ACTION_ELEMENT:
        ok = action->value == NULL ? !there : there && element_satisfies(domain->doc, place.node, action->value);
        break;
    case VP_ACTION_READDRESS:
        ok = readdress_ok(action, there ? place.node : NULL);
        break;
    case VP_ACTION_N_:
        assert(false);
    }
    *ret_found = vp_take(&found);
    return ok ? VP_VERDICT_OK : VP_VERDICT_DIFFERS;
}
