/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "place.h"
#include "record.h"
#include "size.h"

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

/*
 * An element that was made to hold others goes when it holds nothing any more. Returns false when the entry
 * must stay.
 */
static bool undo_made(struct vp_domain *domain, const char *at, enum vp_phase phase)
{
    struct vp_place place;
    if (strcmp(at, "metadata") == 0)
        return false; /* it holds the tag: vp_tag_remove() */
    if (vp_place_is_reserved(at) || vp_place_resolve(domain->root, at, &place) < 0 || *place.rest != '\0')
        return true;
    if (is_bare(place.node)) {
        vp_node_remove(place.node);
        return true;
    }
    return phase == VP_PHASE_COLD;
}

/*
 * Make what is missing on the way to an attribute or (`last` gets its step) an element: libvirt drops
 * elements that became
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

/* Behind how many of its like an element stood: N - 1 of the "[#N]" at the end of its place. */
static uint64_t like_before(const char *at)
{
    const char *bracket = strrchr(at, '[');
    uint64_t number = 1;
    vp_autofree char *digits = vp_strndup(bracket + 2, strlen(bracket + 2) - 1);
    (void)vp_u64_parse(digits, 1, UINT32_MAX, &number); /* else the first */
    return number - 1;
}

/* Where `after` and `comments` of the record say: true, with the child to go behind (NULL: before all). */
static bool recorded_spot(struct vp_domain *domain, vp_node *parent, const vp_node *entry,
                          vp_node **ret_behind)
{
    const char *after = vp_node_attr(entry, "after");
    const char *past = vp_node_attr(entry, "comments");
    uint64_t comments = 0;
    struct vp_place before = {.node = NULL};
    if (after == NULL)
        return false;
    if (*after != '\0' && (vp_place_resolve(domain->root, after, &before) < 0 || *before.rest != '\0' ||
                           vp_node_parent(before.node) != parent))
        return false;
    if (past != NULL)
        (void)vp_u64_parse(past, 0, 1000, &comments); /* else none */
    *ret_behind = vp_node_skip_comments(parent, before.node, (unsigned)comments);
    return true;
}

/* How many elements of a name stand before the spot behind a child. */
static uint64_t count_like(const vp_node *parent, const vp_node *behind, const char *name)
{
    const vp_node *last = vp_node_is_comment(behind) ? vp_node_prev(behind) : behind;
    uint64_t n = 0;
    for (const vp_node *child = last != NULL ? vp_node_first(parent) : NULL; child != NULL;
         child = child != last ? vp_node_next(child) : NULL)
        n += vp_node_is(child, name);
    return n;
}

/*
 * Its number among its like is what counts, as libvirt sorts elements by kind; the recorded neighbour tells
 * the exact
 * spot as long as it agrees with the number.
 */
static void insert_numbered(struct vp_domain *domain, vp_node *parent, const vp_node *entry, vp_node *saved)
{
    const uint64_t before = like_before(vp_node_attr(entry, "at"));
    const char *name = vp_node_name(saved);
    vp_node *like = vp_node_child(parent, name);
    vp_node *behind = NULL;
    if (recorded_spot(domain, parent, entry, &behind) &&
        (like == NULL || count_like(parent, behind, name) == before)) {
        vp_node_insert(parent, behind, saved);
        return;
    }
    if (like == NULL) {
        vp_place_insert(parent, saved);
        return;
    }
    if (before == 0) {
        vp_node_insert(parent, vp_node_prev(like), saved);
        return;
    }
    for (uint64_t i = 1; i < before && vp_node_same(like) != NULL; i++)
        like = vp_node_same(like);
    vp_node_insert(parent, like, saved);
}

static bool put_back(struct vp_domain *domain, const struct vp_place *place, const vp_node *entry,
                     vp_node *saved)
{
    const char *at = vp_node_attr(entry, "at");
    /* One of several without a key of its own was taken out, and whatever has its number now is another. */
    const char *bracket = strrchr(at, '[');
    const bool numbered = vp_node_attr(entry, "after") != NULL && bracket != NULL && bracket[1] == '#' &&
                          at[strlen(at) - 1] == ']';
    if (*place->rest == '\0' && !numbered) {
        vp_node_replace(place->node, saved);
        return true;
    }
    struct vp_step last;
    vp_node *parent = *place->rest == '\0' ? vp_node_parent(place->node) : make_way(domain, place, &last);
    vp_node *behind = NULL;
    if (parent == NULL) { /* the device it was in is gone */
        vp_node_free(saved);
        return false;
    }
    if (numbered)
        insert_numbered(domain, parent, entry, saved);
    else if (recorded_spot(domain, parent, entry, &behind))
        vp_node_insert(parent, behind, saved);
    else
        vp_place_insert(parent, saved);
    return true;
}

/*
 * The element of a list that we added: numbers shift when others are added or taken out by hand, so what it
 * says
 * decides; NULL when it is not there any more.
 */
static vp_node *find_added(const struct vp_place *place, const vp_node *added)
{
    vp_node *parent = *place->rest == '\0' ? vp_node_parent(place->node) : place->node;
    if (*place->rest == '\0' && vp_node_satisfies(place->node, added))
        return place->node;
    vp_node *n = vp_node_child(parent, vp_node_name(added));
    while (n != NULL && !vp_node_satisfies(n, added))
        n = vp_node_same(n);
    return n;
}

static void undo_was(struct vp_domain *domain, const vp_node *entry, const char *at)
{
    struct vp_place place;
    if (vp_place_is_reserved(at) || vp_place_resolve(domain->root, at, &place) < 0)
        return;
    if (place.attr != NULL) {
        undo_attr(domain, &place, vp_node_attr(entry, "value"));
        return;
    }
    const vp_node *kept = vp_node_first(entry);
    if (kept == NULL || vp_node_is_ns(kept, VP_TAG_NS, "added")) {
        const vp_node *added = vp_node_first(kept);
        vp_node *ours = added != NULL ? find_added(&place, added) : *place.rest == '\0' ? place.node : NULL;
        if (ours != NULL)
            vp_node_remove(ours);
        return;
    }
    vp_node *saved = vp_node_copy(domain->doc, kept);
    if (put_back(domain, &place, entry, saved))
        vp_node_set_mark(vp_node_is(saved, "address") ? vp_node_parent(saved) : saved, VP_ADDRESS_RESTORED);
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

void vp_record_normalize(struct vp_domain *domain)
{
    struct vp_tag tag;
    if (!vp_tag_read(domain, &tag))
        return;
    for (vp_node *entry = vp_node_first(tag.node); entry != NULL; entry = vp_node_next(entry)) {
        vp_node *kept = vp_node_is_ns(entry, VP_TAG_NS, "was") ? vp_node_first(entry) : NULL;
        if (kept != NULL && vp_node_is_ns(kept, VP_TAG_NS, "added"))
            kept = vp_node_first(kept);
        if (kept != NULL)
            vp_node_drop_ns(kept, VP_TAG_NS);
    }
}

void vp_record_revert(struct vp_domain *domain, const struct vp_registry *registry, enum vp_phase phase)
{
    struct vp_tag tag;
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
            undo_was(domain, entry, at);
            done = true;
        }
        if (done)
            vp_node_remove(entry);
    }
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
