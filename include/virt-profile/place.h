/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xml.h"

/*
 * A place is an element or attribute of a domain definition, named so that the name still finds it after
 * libvirt has
 * normalised the document: steps below <domain> joined by '/', last an element or "@attribute".
 *
 *     cputune/shares   devices/disk[vda]/driver/@cache   clock/timer[hpet]/@present   devices/sound[#2]
 *
 * "name" is the first child of that name. "[KEY]" picks by the natural key of the element (disk: target dev;
 * interface: MAC; controller:
 * type,index; timer, feature: name; …, see place.c); "[#N]" is the N-th of that name; "[+]" (only for making)
 * a new one.
 */

/* The name of an existing element (attr NULL) or attribute below <domain>. Owned by the caller. */
char *vp_place_format(const vp_node *node, const char *attr) VP_MUST_USE;

/* Where a place, or a path below any element, leads. */
struct vp_place {
    vp_node *node;    /* the deepest element on the way that exists */
    const char *rest; /* steps that do not exist yet, within the path; "" when the element is there */
    const char *attr; /* attribute name after '@', within the path; NULL for an element */
};

/**
 * Follow a path down from an element.
 * Returns 0, or -EINVAL when the path is malformed (empty step, unclosed bracket, '@' before the end).
 */
int vp_place_resolve(vp_node *from, const char *path, struct vp_place *ret_place);

/* The name below <domain> of what was resolved, there already or not. Owned by the caller. */
char *vp_place_target(const struct vp_place *place) VP_MUST_USE;

struct vp_step {
    char name[64];
    char key[80]; /* "" when it has none */
};
/* Read the first step of a path. Returns the text behind it ("" at the end), NULL when malformed. */
const char *vp_place_step(const char *path, struct vp_step *ret_step);

/**
 * Is a place none of virt-profile's business? <domain> itself, its name, uuid, metadata and security labels,
 * and
 * passwords: what a place held before is kept in the metadata, which anyone may read who may read the
 * definition.
 */
bool vp_place_is_reserved(const char *path);

/* The child that a step leads to; NULL when it is not there. */
vp_node *vp_place_down(vp_node *from, const struct vp_step *step);

/*
 * A loose element for a step; a natural key that is an attribute of its own is set: "timer[hpet]" gives
 * <timer name='hpet'/>.
 */
vp_node *vp_place_new(vp_doc *doc, const struct vp_step *step);
/*
 * Can the element of a step be made? Not a device that is known by what is in it, nor the N-th of something.
 */
bool vp_place_can_make(const struct vp_step *step);
/* Is an attribute part of the natural key of its element? */
bool vp_place_is_key(const vp_node *node, const char *attr);

/*
 * Put a loose element into its parent where libvirt would print it: behind its like, or in the order of the
 * schema for children of <domain>.
 */
void vp_place_insert(vp_node *parent, vp_node *node);
