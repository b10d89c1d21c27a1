/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "address.h"
#include "place.h"
#include "record.h"
#include "strbuf.h"

/* A device's name in the stored record where that is another than its name today: "devices/interface[#1]". */
struct alias {
    char *today, *stored;
};

struct applying {
    struct vp_domain *domain;
    const struct vp_domain *old;
    vp_node *tag;
    struct alias *aliases;
    size_t n_aliases, cap_aliases;
    /* What was taken out of the tree: kept until the end, as later actions of the plan may point into it. */
    vp_node *graveyard;
};

/* A record that was written before libvirt gave a NIC its MAC calls it by number; keep calling it so. */
static void learn_aliases(struct applying *a)
{
    struct vp_tag tag;
    if (!vp_tag_read(a->old, &tag))
        return;
    for (const vp_node *n = vp_node_first(tag.node); n != NULL; n = vp_node_next(n)) {
        const char *at = vp_node_attr(n, "at");
        const char *hash = at != NULL ? strstr(at, "[#") : NULL;
        const char *end = hash != NULL ? strchr(hash, ']') : NULL;
        if (end == NULL)
            continue;
        vp_autofree char *stored = vp_strndup(at, (size_t)(end - at) + 1);
        struct vp_place place;
        if (vp_place_resolve(a->domain->root, stored, &place) < 0 || *place.rest != '\0')
            continue;
        vp_autofree char *today = vp_place_format(place.node, NULL);
        if (strcmp(today, stored) == 0)
            continue;
        vp_grow(&a->aliases, a->n_aliases, &a->cap_aliases, sizeof(*a->aliases));
        a->aliases[a->n_aliases++] = (struct alias){.today = vp_take(&today), .stored = vp_take(&stored)};
    }
}

static char *record_place(const struct applying *a, const vp_node *node, const char *attr)
{
    vp_autofree char *at = vp_place_format(node, attr);
    for (size_t i = 0; i < a->n_aliases; i++) {
        const size_t n = strlen(a->aliases[i].today);
        if (strncmp(at, a->aliases[i].today, n) == 0 && (at[n] == '/' || at[n] == '\0'))
            return vp_asprintf("%s%s", a->aliases[i].stored, at + n);
    }
    return vp_take(&at);
}

static vp_node *add_entry_at(const struct applying *a, const char *name, const struct vp_action *action,
                             const char *at)
{
    vp_node *entry = vp_node_new_like(a->tag, name);
    if (action != NULL)
        vp_node_set_attr(entry, "knob", action->knob);
    vp_node_set_attr(entry, "at", at);
    if (action != NULL && action->own_effect)
        vp_node_set_attr(entry, "effect", vp_effect_names[action->effect]);
    vp_node_append(a->tag, entry);
    return entry;
}

static vp_node *add_entry(const struct applying *a, const char *name, const struct vp_action *action,
                          const vp_node *node, const char *attr)
{
    vp_autofree char *at = record_place(a, node, attr);
    return add_entry_at(a, name, action, at);
}

/* The same place in the definition as stored; NULL where it is not there. */
static vp_node *stored_node(const struct applying *a, const vp_node *node)
{
    vp_autofree char *at = record_place(a, node, NULL);
    struct vp_place place;
    if (vp_place_resolve(a->old->root, at, &place) < 0 || *place.rest != '\0')
        return NULL;
    return place.node;
}

/* Does the stored record say that a place is ours? */
static bool is_recorded(const struct applying *a, const char *place)
{
    struct vp_tag tag;
    const char *knob = NULL;
    const char *at = NULL;
    if (!vp_tag_read(a->old, &tag))
        return false;
    const vp_node *n = vp_record_next(&tag, NULL, &knob, &at);
    while (n != NULL && strcmp(at, place) != 0)
        n = vp_record_next(&tag, n, &knob, &at);
    return n != NULL;
}

/* What libvirt wrote on an element that we made to hold others stays with it. */
static void keep_defaults(const struct applying *a, vp_node *made)
{
    const vp_node *stored = stored_node(a, made);
    const char *name = NULL;
    const char *value = NULL;
    for (size_t i = 0; stored != NULL && vp_node_attr_at(stored, i, &name, &value); i++) {
        vp_autofree char *at = record_place(a, made, name);
        if (vp_node_tolerates(vp_node_name(made), name, NULL) && !is_recorded(a, at))
            vp_node_set_attr(made, name, value);
    }
    for (const vp_node *n = vp_node_first(stored); n != NULL; n = vp_node_next(n))
        if (vp_node_tolerates(vp_node_name(made), NULL, vp_node_name(n)) &&
            vp_node_child(made, vp_node_name(n)) == NULL)
            vp_node_append(made, vp_node_copy(a->domain->doc, n));
    vp_node_set_mark(made, VP_ADDRESS_OURS);
}

/*
 * Make the elements of `rest` but the last step. Returns the one that holds the last step, which is left in
 * *ret_last.
 */
static vp_node *make_holders(const struct applying *a, vp_node *node, const char *rest, const char **ret_last)
{
    while (*rest != '@') {
        struct vp_step step;
        const char *next = vp_place_step(rest, &step);
        assert(next != NULL);
        if (*next == '\0')
            break;
        vp_node *child = vp_place_down(node, &step);
        if (child == NULL) {
            child = vp_place_new(a->domain->doc, &step);
            vp_place_insert(node, child);
            keep_defaults(a, child);
            add_entry(a, "made", NULL, child, NULL);
        }
        node = child;
        rest = next;
    }
    *ret_last = rest;
    return node;
}

static void bury(const struct applying *a, vp_node *node)
{
    vp_node_unlink(node);
    vp_node_append(a->graveyard, node);
}

/* But for the address, which can be given to another device in the meantime? */
static bool same_saved(const struct applying *a, const vp_node *saved, const vp_node *node)
{
    vp_node *x = vp_node_copy(a->domain->doc, saved);
    vp_node *y = vp_node_copy(a->domain->doc, node);
    vp_node *const both[] = {x, y};
    for (size_t i = 0; i < VP_ARRAY_SIZE(both); i++) {
        vp_node *address = vp_node_child(both[i], "address");
        if (address != NULL)
            vp_node_remove(address);
    }
    const bool same = vp_node_equal(x, y);
    vp_node_free(x);
    vp_node_free(y);
    return same;
}

/* The stored entry for the same knob, place and element, each used once; NULL where there is none. */
static const vp_node *stored_entry(const struct applying *a, const struct vp_action *action,
                                   const vp_node *entry, const vp_node *node)
{
    struct vp_tag tag;
    if (!vp_tag_read(a->old, &tag))
        return NULL;
    for (vp_node *n = vp_node_first(tag.node); n != NULL; n = vp_node_next(n)) {
        const char *knob = vp_node_attr(n, "knob");
        const char *at = vp_node_attr(n, "at");
        if (knob == NULL || at == NULL || vp_node_mark(n) != 0 || vp_node_first(n) == NULL)
            continue;
        if (strcmp(knob, action->knob) == 0 && strcmp(at, vp_node_attr(entry, "at")) == 0 &&
            same_saved(a, vp_node_first(n), node)) {
            vp_node_set_mark(n, 1);
            return n;
        }
    }
    return NULL;
}

/*
 * What is saved again stays as it was saved: libvirt may have moved its neighbours since, and given its
 * address away.
 */
static void save_element(const struct applying *a, const struct vp_action *action, const vp_node *node,
                         bool removed)
{
    vp_node *entry = add_entry(a, "was", action, node, NULL);
    const vp_node *stored = stored_entry(a, action, entry, node);
    if (stored != NULL && removed == (vp_node_attr(stored, "after") != NULL)) {
        vp_node_set_attr(entry, "after", vp_node_attr(stored, "after"));
        vp_node_set_attr(entry, "comments", vp_node_attr(stored, "comments"));
        vp_node_append(entry, vp_node_copy(a->domain->doc, vp_node_first(stored)));
        return;
    }
    if (removed) {
        const vp_node *before = vp_node_prev(node);
        vp_autofree char *after = before != NULL ? record_place(a, before, NULL) : vp_strdup("");
        vp_node_set_attr(entry, "after", after);
        const unsigned comments = vp_node_comments_before(node);
        vp_autofree char *past = vp_asprintf("%u", comments);
        if (comments > 0)
            vp_node_set_attr(entry, "comments", past);
    }
    vp_node_append(entry, vp_node_copy(a->domain->doc, node));
}

/* A device whose model was "none", or that is only now there: libvirt gives it an address. */
static bool turns_device_on(const struct vp_action *action)
{
    const size_t n = strlen(action->target);
    return action->kind == VP_ACTION_ATTRIBUTE &&
           strncmp(action->target, "devices/", strlen("devices/")) == 0 && n > strlen("/@model") &&
           strcmp(action->target + n - strlen("/@model"), "/@model") == 0 && action->value != NULL &&
           (action->previous == NULL || strcmp(action->previous, "none") == 0);
}

static void apply_attr(const struct applying *a, const struct vp_action *action)
{
    const char *last = NULL;
    vp_node *node = make_holders(a, action->anchor, action->target + action->rest, &last);
    vp_node *entry = add_entry(a, "was", action, node, last + 1);
    vp_node_set_attr(entry, "value", action->previous);
    vp_node_set_attr(node, last + 1, action->value);
    if (turns_device_on(action))
        keep_defaults(a, node);
}

/*
 * The new element of an action: as asked for, or as libvirt stored and completed it when that is the same
 * thing.
 */
static int new_element(const struct applying *a, const struct vp_action *action, const struct vp_step *step,
                       vp_node **ret_node, struct vp_error **err)
{
    if (action->kind == VP_ACTION_TEXT) {
        *ret_node = vp_place_new(a->domain->doc, step);
        vp_node_set_text(*ret_node, action->value);
        return 0;
    }
    return vp_node_parse(a->domain->doc, action->value, ret_node, err);
}

/* What the stored definition has of an element that is being added: at the same place, or among its like. */
static const vp_node *stored_like(const struct applying *a, const vp_node *node)
{
    const vp_node *stored = stored_node(a, node);
    if (stored != NULL && vp_node_satisfies(stored, node))
        return stored;
    vp_autofree char *at = vp_place_format(node, NULL);
    const char *bracket = strrchr(at, '[');
    if (bracket == NULL || bracket[1] != '#')
        return NULL;
    const vp_node *holder = stored_node(a, vp_node_parent(node));
    const vp_node *n = vp_node_child(holder, vp_node_name(node));
    while (n != NULL && !vp_node_satisfies(n, node))
        n = vp_node_same(n);
    return n;
}

static int apply_new(const struct applying *a, const struct vp_action *action, struct vp_error **err)
{
    const char *last = NULL;
    vp_node *holder = make_holders(a, action->anchor, action->target + action->rest, &last);
    struct vp_step step;
    (void)vp_place_step(last, &step); /* well-formed: the planner wrote it */
    /* An earlier action of the plan may have made it, to hold an attribute. */
    vp_node *made = vp_place_down(holder, &step);
    if (made != NULL && action->kind == VP_ACTION_TEXT) {
        vp_node_set_text(made, action->value);
        add_entry(a, "was", action, made, NULL);
        return 0;
    }
    vp_node *node = NULL;
    const int r = new_element(a, action, &step, &node, err);
    if (r < 0)
        return r;
    if (made != NULL)
        vp_node_replace(made, node);
    else
        vp_place_insert(holder, node);
    vp_node *wanted = vp_node_copy(a->domain->doc, node);
    const vp_node *stored = stored_like(a, node);
    if (stored != NULL) {
        vp_node *completed = vp_node_copy(a->domain->doc, stored);
        vp_node_replace(node, completed);
        node = completed;
        vp_node_set_mark(node, VP_ADDRESS_OURS);
    }
    vp_node *entry = add_entry(a, "was", action, node, NULL);
    if (strchr(vp_node_attr(entry, "at"), '#') != NULL) {
        vp_node *added = vp_node_new_like(a->tag, "added");
        vp_node_append(entry, added);
        vp_node_append(added, wanted);
    } else {
        vp_node_free(wanted);
    }
    return 0;
}

static int apply_replace(const struct applying *a, const struct vp_action *action, struct vp_error **err)
{
    vp_node *was = action->anchor;
    save_element(a, action, was, false);
    if (action->kind == VP_ACTION_TEXT) {
        vp_node_set_text(was, action->value);
        return 0;
    }
    vp_node *node = NULL;
    const int r = vp_node_parse(a->domain->doc, action->value, &node, err);
    if (r < 0)
        return r;
    const vp_node *stored = stored_node(a, was);
    if (vp_node_satisfies(stored, node)) {
        vp_node_free(node);
        node = vp_node_copy(a->domain->doc, stored);
        vp_node_set_mark(node, VP_ADDRESS_OURS);
    }
    vp_node_swap(was, node);
    vp_node_append(a->graveyard, was);
    return 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The <address> that libvirt gave a device, as long as the device is still on the bus it was given for. */
static const vp_node *given_address(const struct applying *a, const vp_node *device)
{
    const vp_node *stored = stored_node(a, device);
    if (stored == NULL ||
        !same_text(vp_node_walk_attr(stored, "target", "bus"), vp_node_walk_attr(device, "target", "bus")))
        return NULL;
    return vp_node_child(stored, "address");
}

static void apply_remove(const struct applying *a, const struct vp_action *action)
{
    vp_node *was = action->anchor;
    save_element(a, action, was, true);
    const vp_node *stored =
        action->kind == VP_ACTION_READDRESS ? given_address(a, vp_node_parent(was)) : NULL;
    vp_autofree char *text = stored != NULL ? vp_node_format(stored) : NULL;
    if (text != NULL && strcmp(text, action->previous) != 0) {
        vp_node *given = vp_node_copy(a->domain->doc, stored);
        vp_node_set_mark(vp_node_parent(was), VP_ADDRESS_OURS);
        vp_node_swap(was, given);
        vp_node_append(a->graveyard, was);
        return;
    }
    bury(a, was);
}

/* A device that has no address yet gets the one that libvirt gave it since. */
static void apply_first_address(const struct applying *a, const struct vp_action *action)
{
    vp_node *device = action->anchor;
    vp_autofree char *own = record_place(a, device, NULL);
    vp_autofree char *at = vp_asprintf("%s/address", own);
    add_entry_at(a, "was", action, at);
    const vp_node *given = given_address(a, device);
    if (given == NULL)
        return;
    vp_node_append(device, vp_node_copy(a->domain->doc, given));
    vp_node_set_mark(device, VP_ADDRESS_OURS);
}

static bool in_tree(const struct vp_domain *domain, const vp_node *node)
{
    while (vp_node_parent(node) != NULL)
        node = vp_node_parent(node);
    return node == domain->root;
}

static int apply_one(const struct applying *a, const struct vp_action *action, struct vp_error **err)
{
    if (!in_tree(a->domain, action->anchor))
        return vp_fail(err, EINVAL, "%s wants to change %s, which another knob of the profile removes",
                       action->knob, action->target);
    if (action->kind == VP_ACTION_ATTRIBUTE) {
        apply_attr(a, action);
        return 0;
    }
    const bool there = action->target[action->rest] == '\0';
    if (there && action->value == NULL) {
        apply_remove(a, action);
        return 0;
    }
    if (action->kind == VP_ACTION_READDRESS) {
        apply_first_address(a, action);
        return 0;
    }
    return there ? apply_replace(a, action, err) : apply_new(a, action, err);
}

static bool makes_devices(const struct vp_plan *plan, enum vp_phase phase)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct vp_action *action = &plan->actions[i];
        const bool device = strncmp(action->target, "devices/", strlen("devices/")) == 0;
        if (device && action->changes && vp_phase_allows(phase, action->effect) &&
            (turns_device_on(action) || action->kind == VP_ACTION_READDRESS ||
             (action->kind == VP_ACTION_ELEMENT && action->value != NULL)))
            return true;
    }
    return false;
}

/* libvirt adds controllers for new devices; remember which were there before. */
static void record_controllers(const struct applying *a, enum vp_phase phase, bool needed)
{
    struct vp_strbuf buf = {0};
    for (const vp_node *n = vp_node_child(vp_domain_devices(a->domain), "controller"); n != NULL;
         n = vp_node_same(n)) {
        const char *type = vp_node_attr(n, "type");
        const char *index = vp_node_attr(n, "index");
        const char *shared = vp_node_walk_attr(n, "address", "multifunction");
        vp_autofree char *one = vp_asprintf("%s:%s%s", type != NULL ? type : "", index != NULL ? index : "",
                                            shared != NULL && strcmp(shared, "on") == 0 ? "+" : "");
        vp_strbuf_join(&buf, " ", one);
    }
    vp_autofree char *now = vp_strbuf_take(&buf);
    for (vp_node *n = vp_node_first(a->tag); n != NULL; n = vp_node_next(n))
        if (vp_node_is_ns(n, VP_TAG_NS, "had")) {
            const char *had = vp_node_attr(n, "controllers");
            if (!needed && phase == VP_PHASE_COLD && had != NULL && strcmp(had, now) == 0)
                vp_node_remove(n);
            return;
        }
    if (!needed)
        return;
    vp_node *entry = vp_node_new_like(a->tag, "had");
    vp_node_set_attr(entry, "controllers", now);
    vp_node_append(a->tag, entry);
}

int vp_record_apply(const struct vp_plan *plan, enum vp_phase phase, struct vp_domain *domain,
                    const struct vp_domain *old, struct vp_error **err)
{
    struct vp_tag tag;
    if (!vp_tag_read(domain, &tag))
        return vp_fail(err, EINVAL, "the domain has no profile to record its settings in");
    struct applying a = {
        .domain = domain,
        .old = old,
        .tag = tag.node,
        .graveyard = vp_node_new(domain->doc, "graveyard"),
    };
    int r = 0;
    vp_node_need_prefix(a.tag, "vp");
    learn_aliases(&a);
    record_controllers(&a, phase, makes_devices(plan, phase));
    for (size_t i = 0; i < plan->n && r == 0; i++)
        if (plan->actions[i].changes && vp_phase_allows(phase, plan->actions[i].effect))
            r = apply_one(&a, &plan->actions[i], err);
    vp_node_free(a.graveyard);
    vp_address_settle(domain);
    for (size_t i = 0; i < a.n_aliases; i++) {
        free(a.aliases[i].today);
        free(a.aliases[i].stored);
    }
    free(a.aliases);
    return r;
}
