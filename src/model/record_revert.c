/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "place.h"
#include "record.h"
#include "size.h"

/* Elements that came back, whose addresses may be taken by now. */
struct restored {
    vp_node **nodes;
    size_t n, cap;
};

static bool same_attr(const vp_node *a, const vp_node *b, const char *name)
{
    const char *x = vp_node_attr(a, name);
    const char *y = vp_node_attr(b, name);
    return x != NULL && y != NULL && strcmp(x, y) == 0;
}

/* Only kinds of addresses that no two devices of a domain can share. */
static bool same_address(const vp_node *a, const vp_node *b)
{
    if (a == NULL || b == NULL || a == b || !same_attr(a, b, "type"))
        return false;
    const char *type = vp_node_attr(a, "type");
    if (strcmp(type, "pci") == 0)
        return same_attr(a, b, "domain") && same_attr(a, b, "bus") && same_attr(a, b, "slot") &&
               same_attr(a, b, "function");
    return strcmp(type, "usb") == 0 && same_attr(a, b, "bus") && same_attr(a, b, "port");
}

static void drop_taken_addresses(struct vp_domain *domain, const struct restored *restored)
{
    for (size_t i = 0; i < restored->n; i++) {
        vp_node *own = vp_node_child(restored->nodes[i], "address");
        bool taken = false;
        for (vp_node *n = vp_node_first(vp_domain_devices(domain)); n != NULL && !taken; n = vp_node_next(n))
            taken = same_address(own, vp_node_child(n, "address"));
        if (taken)
            vp_node_remove(own);
    }
}

/* Nothing is in the element but what libvirt adds by itself. */
static bool is_bare(const vp_node *node)
{
    for (const vp_node *n = vp_node_first(node); n != NULL; n = vp_node_next(n))
        if (!vp_node_tolerates(vp_node_name(node), NULL, vp_node_name(n)))
            return false;
    const char *name = NULL;
    const char *value = NULL;
    for (size_t i = 0; vp_node_attr_at(node, i, &name, &value); i++)
        if (!vp_node_tolerates(vp_node_name(node), name, NULL) && !vp_place_is_key(node, name))
            return false;
    return true;
}

/* An element that was made to hold others goes when it holds nothing any more. Returns false when the entry must stay. */
static bool undo_made(struct vp_domain *domain, const char *at, enum vp_phase phase)
{
    struct vp_place place;
    if (strcmp(at, "metadata") == 0)
        return false; /* it holds the tag: vp_tag_remove() */
    if (vp_place_resolve(domain->root, at, &place) < 0 || *place.rest != '\0')
        return true;
    if (is_bare(place.node)) {
        vp_node_remove(place.node);
        return true;
    }
    return phase == VP_PHASE_COLD;
}

/*
 * Make what is missing on the way to an attribute or (`last` gets its step) an element: libvirt drops elements that became
 * empty. Not a device or another element of a list, which is gone for a reason: NULL.
 */
static vp_node *make_way(struct vp_domain *domain, const struct vp_place *place, struct vp_step *last)
{
    vp_node *node = place->node;
    const char *rest = place->rest;
    struct vp_step step;
    while (*rest != '\0' && *rest != '@') {
        rest = vp_place_step(rest, &step);
        if (rest != NULL && *rest == '\0' && last != NULL) {
            *last = step;
            return node;
        }
        if (rest == NULL || step.key[0] != '\0')
            return NULL;
        vp_node *child = vp_node_new(domain->doc, step.name);
        vp_place_insert(node, child);
        node = child;
    }
    return node;
}

/* A device that was switched off has nothing of what libvirt gave it when it was switched on. */
static void undo_device(vp_node *node)
{
    vp_node *next = NULL;
    for (vp_node *n = vp_node_first(node); n != NULL; n = next) {
        next = vp_node_next(n);
        if (vp_node_tolerates(vp_node_name(node), NULL, vp_node_name(n)))
            vp_node_remove(n);
    }
}

static void undo_attr(struct vp_domain *domain, const struct vp_place *place, const char *value)
{
    vp_node *node = place->node;
    if (*place->rest != '\0')
        node = value != NULL ? make_way(domain, place, NULL) : NULL;
    if (node == NULL)
        return;
    vp_node_set_attr(node, place->attr, value);
    if (value != NULL && strcmp(value, "none") == 0 && strcmp(place->attr, "model") == 0)
        undo_device(node);
}

static bool put_back(struct vp_domain *domain, const struct vp_place *place, const vp_node *entry, vp_node *saved)
{
    const char *after = vp_node_attr(entry, "after");
    const char *at = vp_node_attr(entry, "at");
    /* One of several without a key of its own was taken out, and whatever has its number now is another. */
    const char *bracket = strrchr(at, '[');
    const bool numbered = after != NULL && bracket != NULL && bracket[1] == '#' && at[strlen(at) - 1] == ']';

    if (*place->rest == '\0' && !numbered) {
        vp_node_replace(place->node, saved);
        return true;
    }
    struct vp_step last;
    vp_node *parent = *place->rest == '\0' ? vp_node_parent(place->node) : make_way(domain, place, &last);
    if (parent == NULL) { /* the device it was in is gone */
        vp_node_free(saved);
        return false;
    }
    const char *past = vp_node_attr(entry, "comments");
    uint64_t comments = 0;
    if (past != NULL)
        (void)vp_u64_parse(past, 0, 1000, &comments); /* 0 where it is none */
    struct vp_place before = {.node = NULL};
    const bool first = after != NULL && *after == '\0';
    const bool found = after != NULL && !first && vp_place_resolve(domain->root, after, &before) == 0 &&
                       *before.rest == '\0' && vp_node_parent(before.node) == parent;
    if (first || found)
        vp_node_insert(parent, vp_node_skip_comments(parent, found ? before.node : NULL, (unsigned)comments), saved);
    else
        vp_place_insert(parent, saved);
    return true;
}

static void undo_was(struct vp_domain *domain, const vp_node *entry, const char *at, struct restored *restored)
{
    struct vp_place place;
    if (vp_place_resolve(domain->root, at, &place) < 0)
        return;
    if (place.attr != NULL) {
        undo_attr(domain, &place, vp_node_attr(entry, "value"));
        return;
    }
    const vp_node *kept = vp_node_first(entry);
    if (kept == NULL) {
        if (*place.rest == '\0')
            vp_node_remove(place.node);
        return;
    }
    vp_node *saved = vp_node_copy(domain->doc, kept);
    if (!put_back(domain, &place, entry, saved))
        return;
    vp_grow(&restored->nodes, restored->n, &restored->cap, sizeof(*restored->nodes));
    restored->nodes[restored->n++] = vp_node_is(saved, "address") ? vp_node_parent(saved) : saved;
}

enum vp_effect vp_record_effect(const vp_node *entry, const struct vp_registry *registry)
{
    const char *own = vp_node_attr(entry, "effect");
    for (int i = 0; own != NULL && i < VP_EFFECT_N_; i++)
        if (strcmp(vp_effect_names[i], own) == 0)
            return (enum vp_effect)i;
    const char *knob = vp_node_attr(entry, "knob");
    const struct vp_knob *found = knob != NULL ? vp_registry_find(registry, knob) : NULL;
    return found != NULL ? found->effect : VP_EFFECT_GUEST;
}

void vp_record_revert(struct vp_domain *domain, const struct vp_registry *registry, enum vp_phase phase)
{
    struct vp_tag tag;
    struct restored restored = {0};
    if (!vp_tag_read(domain, &tag))
        return;
    vp_node *entry = vp_node_first(tag.node);
    for (vp_node *n = entry; n != NULL; n = vp_node_next(n))
        entry = n;
    for (vp_node *prev = NULL; entry != NULL; entry = prev) {
        prev = vp_node_prev(entry);
        const char *at = vp_node_attr(entry, "at");
        bool done = false;
        if (at != NULL && vp_node_is_ns(entry, VP_TAG_NS, "made"))
            done = undo_made(domain, at, phase);
        if (at != NULL && vp_node_is_ns(entry, VP_TAG_NS, "was") &&
            vp_phase_allows(phase, vp_record_effect(entry, registry))) {
            undo_was(domain, entry, at, &restored);
            done = true;
        }
        if (done)
            vp_node_remove(entry);
    }
    drop_taken_addresses(domain, &restored);
    free(restored.nodes);
}

const vp_node *vp_record_next(const struct vp_tag *tag, const vp_node *entry, const char **ret_knob,
                              const char **ret_at)
{
    const vp_node *n = entry != NULL ? vp_node_next(entry) : vp_node_first(tag->node);
    for (; n != NULL; n = vp_node_next(n)) {
        const char *knob = vp_node_attr(n, "knob");
        const char *at = vp_node_attr(n, "at");
        if (!vp_node_is_ns(n, VP_TAG_NS, "was") || knob == NULL || at == NULL)
            continue;
        *ret_knob = knob;
        *ret_at = at;
        return n;
    }
    return NULL;
}

static bool is_used(const struct vp_domain *domain, const char *type, const char *index)
{
    uint64_t number = 0;
    char bus[16] = "";
    if (vp_u64_parse(index, 0, 255, &number) == 0)
        (void)snprintf(bus, sizeof(bus), "0x%02x", (unsigned)number); /* as libvirt prints it */
    for (vp_node *n = vp_node_first(vp_domain_devices(domain)); n != NULL; n = vp_node_next(n)) {
        const vp_node *address = vp_node_child(n, "address");
        const char *kind = vp_node_attr(address, "type");
        const char *on = vp_node_attr(address, strcmp(type, "pci") == 0 ? "bus" : "controller");
        if (kind != NULL && on != NULL && strcmp(kind, type) == 0 &&
            (strcmp(on, index) == 0 || strcmp(on, bus) == 0))
            return true;
    }
    return false;
}

/* mark "+": with other devices on its slot */
static bool was_there(const char *had, const char *type, const char *index, const char *mark)
{
    vp_autofree char *word = vp_asprintf(" %s:%s%s ", type, index, mark);
    vp_autofree char *list = vp_asprintf(" %s ", had);
    return strstr(list, word) != NULL;
}

void vp_record_drop_controllers(struct vp_domain *domain)
{
    struct vp_tag tag;
    const vp_node *entry = vp_tag_read(domain, &tag) ? vp_node_first(tag.node) : NULL;
    while (entry != NULL && !vp_node_is_ns(entry, VP_TAG_NS, "had"))
        entry = vp_node_next(entry);
    const char *had = vp_node_attr(entry, "controllers");
    if (had == NULL)
        return;
    bool again = true;
    while (again) {
        again = false;
        vp_node *n = vp_node_child(vp_domain_devices(domain), "controller");
        for (vp_node *next = NULL; n != NULL; n = next) {
            next = vp_node_same(n);
            const char *type = vp_node_attr(n, "type");
            const char *index = vp_node_attr(n, "index");
            const bool ours = type != NULL && index != NULL &&
                              (strcmp(type, "pci") == 0 || strcmp(type, "virtio-serial") == 0);
            if (ours && was_there(had, type, index, ""))
                vp_node_set_attr(vp_node_child(n, "address"), "multifunction", NULL);
            if (!ours || was_there(had, type, index, "") || was_there(had, type, index, "+") ||
                is_used(domain, type, index))
                continue;
            vp_node_remove(n);
            again = true;
        }
    }
}
