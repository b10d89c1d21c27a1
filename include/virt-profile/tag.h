/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "domain.h"
#include "profile.h"

#define VP_TAG_NS "urn:virt-profile:domain:1"

/*
 * The tag in a domain's <metadata> says which profile it has, what it sets over it, and holds the record of
 * what
 * virt-profile changed (record.h):
 *
 *     <vp:profile xmlns:vp="urn:virt-profile:domain:1" name="sql-db" enforce="refuse">
 *       <vp:set knob="disk.total-iops">5000</vp:set>
 *     </vp:profile>
 */
struct vp_tag {
    vp_node *node;       /* borrowed from the definition */
    const char *profile; /* borrowed; never NULL, may be a name that is not allowed: check */
    const char *enforce; /* borrowed; NULL when it says nothing */
};

/* Returns true and fills the tag when the domain has one. */
bool vp_tag_read(const struct vp_domain *domain, struct vp_tag *ret_tag);

/* Is the domain to be left alone, although it has a tag? */
bool vp_tag_opts_out(const struct vp_tag *tag);

/**
 * Could this text be a tagged definition? Quick and never wrong when it says no; libvirt writes the name
 * space literally.
 */
bool vp_tag_maybe(const char *text, size_t len);

/**
 * Could this be the definition of a domain that asks by itself not to be started untuned (enforce="refuse"
 * in its tag)? For whoever cannot take the definition apart; what its profile says is not looked at.
 */
bool vp_tag_may_refuse(const char *text, size_t len);

/*
 * Put the profile's name into the tag, making tag and <metadata> where missing. The overrides it holds stay.
 * Returns the tag's element.
 */
vp_node *vp_tag_write(struct vp_domain *domain, const char *profile);

/* Set, replace or (text NULL) drop one override in the tag. */
void vp_tag_set(struct vp_domain *domain, const char *knob, const char *text);
/* Drop all overrides. */
void vp_tag_unset_all(struct vp_domain *domain);
/* Set or (text NULL) drop the tag's enforce attribute. */
void vp_tag_enforce(struct vp_domain *domain, const char *text);

/* Ask for what another definition asks for: its tag's profile, overrides and enforce. The record stays. */
void vp_tag_adopt(struct vp_domain *domain, const struct vp_tag *from);

/* Take the tag out, and <metadata> too where virt-profile made it and nothing else is in it. */
void vp_tag_remove(struct vp_domain *domain);

/**
 * The profile a tag asks for, with its overrides applied.
 * Errors as vp_profile_load(), -EINVAL for a bad override or enforce, named with the domain.
 */
int vp_tag_load(const struct vp_domain *domain, const struct vp_tag *tag, const struct vp_profile_dirs *where,
                const struct vp_registry *registry, struct vp_profile **ret_profile, struct vp_error **err);
