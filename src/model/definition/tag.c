/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "place.h"
#include "tag.h"

static vp_node *find_tag(const struct vp_domain *domain)
{
    vp_node *n = vp_node_first(vp_node_child(domain->root, "metadata"));
    while (n != NULL && !vp_node_is_ns(n, VP_TAG_NS, "profile"))
        n = vp_node_next(n);
    return n;
}

bool vp_tag_read(const struct vp_domain *domain, struct vp_tag *ret_tag)
{
    vp_node *node = find_tag(domain);
    if (node == NULL)
        return false;
    const char *name = vp_node_attr(node, "name");
    *ret_tag = (struct vp_tag){
        .node = node,
        .profile = name != NULL ? name : "",
        .enforce = vp_node_attr(node, "enforce"),
    };
    return true;
}

bool vp_tag_opts_out(const struct vp_tag *tag)
{
    return strcmp(tag->profile, VP_PROFILE_NONE) == 0;
}

vp_node *vp_tag_write(struct vp_domain *domain, const char *profile)
{
    vp_node *tag = find_tag(domain);
    if (tag == NULL) {
        vp_node *metadata = vp_node_child(domain->root, "metadata");
        const bool made = metadata == NULL;
        if (made) {
            metadata = vp_node_new(domain->doc, "metadata");
            vp_place_insert(domain->root, metadata);
        }
        const int r = vp_node_parse(domain->doc, "<vp:profile xmlns:vp='" VP_TAG_NS "'/>", &tag, NULL);
        assert(r == 0);
        (void)r;
        vp_node_append(metadata, tag);
        if (made) {
            vp_node *entry = vp_node_new_like(tag, "made");
            vp_node_set_attr(entry, "at", "metadata");
            vp_node_append(tag, entry);
        }
    }
    vp_node_set_attr(tag, "name", profile);
    return tag;
}

static vp_node *find_set(const vp_node *tag, const char *knob)
{
    vp_node *n = vp_node_first(tag);
    for (; n != NULL; n = vp_node_next(n)) {
        const char *own = vp_node_attr(n, "knob");
        if (vp_node_is_ns(n, VP_TAG_NS, "set") && own != NULL && strcmp(own, knob) == 0)
            break;
    }
    return n;
}

void vp_tag_set(struct vp_domain *domain, const char *knob, const char *text)
{
    vp_node *tag = find_tag(domain);
    vp_node *set = find_set(tag, knob);
    if (text == NULL) {
        if (set != NULL)
            vp_node_remove(set);
        return;
    }
    if (set == NULL) {
        vp_node *after = NULL;
        for (vp_node *n = vp_node_first(tag); n != NULL; n = vp_node_next(n))
            if (vp_node_is_ns(n, VP_TAG_NS, "set"))
                after = n;
        set = vp_node_new_like(tag, "set");
        vp_node_set_attr(set, "knob", knob);
        vp_node_insert(tag, after, set);
    }
    vp_node_set_text(set, text);
}

void vp_tag_unset_all(struct vp_domain *domain)
{
    vp_node *next = NULL;
    for (vp_node *n = vp_node_first(find_tag(domain)); n != NULL; n = next) {
        next = vp_node_next(n);
        if (vp_node_is_ns(n, VP_TAG_NS, "set"))
            vp_node_remove(n);
    }
}

void vp_tag_enforce(struct vp_domain *domain, const char *text)
{
    vp_node_set_attr(find_tag(domain), "enforce", text);
}

void vp_tag_adopt(struct vp_domain *domain, const struct vp_tag *from)
{
    (void)vp_tag_write(domain, from->profile);
    vp_tag_enforce(domain, from->enforce);
    vp_tag_unset_all(domain);
    for (const vp_node *n = vp_node_first(from->node); n != NULL; n = vp_node_next(n)) {
        const char *knob = vp_node_attr(n, "knob");
        vp_autofree char *text = vp_node_text(n);
        if (vp_node_is_ns(n, VP_TAG_NS, "set") && knob != NULL)
            vp_tag_set(domain, knob, text);
    }
}

void vp_tag_remove(struct vp_domain *domain)
{
    vp_node *tag = find_tag(domain);
    if (tag == NULL)
        return;
    bool made = false;
    for (vp_node *n = vp_node_first(tag); n != NULL; n = vp_node_next(n)) {
        const char *at = vp_node_attr(n, "at");
        made = made || (vp_node_is_ns(n, VP_TAG_NS, "made") && at != NULL && strcmp(at, "metadata") == 0);
    }
    vp_node *metadata = vp_node_parent(tag);
    vp_node_remove(tag);
    if (made && vp_node_first(metadata) == NULL)
        vp_node_remove(metadata);
}

static int load_sets(const struct vp_tag *tag, const struct vp_registry *registry, struct vp_profile *profile,
                     struct vp_error **err)
{
    for (const vp_node *n = vp_node_first(tag->node); n != NULL; n = vp_node_next(n)) {
        if (!vp_node_is_ns(n, VP_TAG_NS, "set"))
            continue;
        const char *knob = vp_node_attr(n, "knob");
        vp_autofree char *text = vp_node_text(n);
        const int r = vp_profile_set(profile, registry, knob != NULL ? knob : "", text, "tag", err);
        if (r < 0)
            return vp_prefix(err, "the override in its metadata");
    }
    return 0;
}

static int load_enforce(const struct vp_tag *tag, struct vp_profile *profile, struct vp_error **err)
{
    if (tag->enforce == NULL)
        return 0;
    for (int i = 0; i < VP_ENFORCE_N_; i++)
        if (strcmp(vp_enforce_names[i], tag->enforce) == 0) {
            profile->enforce = (enum vp_enforce)i;
            return 0;
        }
    return vp_fail(err, EINVAL, "'%s' is not a value of enforce in its metadata, which takes start | refuse",
                   tag->enforce);
}

int vp_tag_load(const struct vp_domain *domain, const struct vp_tag *tag, const struct vp_profile_dirs *where,
                const struct vp_registry *registry, struct vp_profile **ret_profile, struct vp_error **err)
{
    vp_autofree char *name = vp_domain_name(domain);
    VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *profile = NULL;
    int r = vp_profile_load(where, registry, tag->profile, &profile, err);
    if (r == 0)
        r = load_enforce(tag, profile, err);
    if (r == 0)
        r = load_sets(tag, registry, profile, err);
    if (r < 0)
        return vp_prefix(err, "domain '%s'", name);
    *ret_profile = vp_take(&profile);
    return 0;
}
