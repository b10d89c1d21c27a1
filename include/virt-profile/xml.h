/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/*
 * The one door to libxml2: limits, no DTD, no entities, no network; edits in place that keep everything else
 * as it
 * was, indentation included. Element names are matched without a namespace unless a function takes one.
 */
struct _xmlDoc;
struct _xmlNode;
typedef struct _xmlDoc vp_doc;
typedef struct _xmlNode vp_node;

/* Most bytes of a domain definition that are accepted. */
#define VP_XML_MAX (16u * 1024 * 1024)

/**
 * @what: the object's name for messages, e.g. "standard input"
 * Refuses with -EBADMSG what is not well-formed, has a DTD, or holds an entity reference other than XML's
 * five; -EFBIG
 * over VP_XML_MAX. The document is owned by the caller: vp_doc_free().
 */
int vp_doc_parse(const char *text, size_t len, const char *what, vp_doc **ret_doc, struct vp_error **err);
vp_doc *vp_doc_copy(const vp_doc *doc);
void vp_doc_free(vp_doc *doc);
static inline void vp_doc_free_ptr(vp_doc **doc)
{
    vp_doc_free(*doc);
}
vp_node *vp_doc_root(const vp_doc *doc);
/* Make an element of the document its root; all that is not inside of it goes. */
void vp_doc_narrow(vp_doc *doc, vp_node *node);

/* The document as text, NUL-terminated, owned by the caller; an XML declaration only where it came with one,
 * attributes in the kind of quotes it came with. */
char *vp_doc_format(vp_doc *doc, size_t *ret_len);

/*
 * Reading. All text is borrowed from the document and valid until it is edited there. NULL nodes give NULL.
 */
const char *vp_node_name(const vp_node *node);
bool vp_node_is(const vp_node *node, const char *name);                    /* name, and no namespace */
bool vp_node_is_ns(const vp_node *node, const char *ns, const char *name); /* name in the namespace */
vp_node *vp_node_parent(const vp_node *node);                              /* NULL above the root element */
vp_node *vp_node_first(const vp_node *node);                     /* first child element of any name */
vp_node *vp_node_next(const vp_node *node);                      /* next sibling element of any name */
vp_node *vp_node_prev(const vp_node *node);                      /* previous sibling element of any name */
vp_node *vp_node_child(const vp_node *node, const char *name);   /* first child element of that name */
vp_node *vp_node_same(const vp_node *node);                      /* next sibling element of the same name */
vp_node *vp_node_walk(const vp_node *node, const char *path);    /* "os/type": child of child, firsts */
const char *vp_node_attr(const vp_node *node, const char *name); /* NULL when absent */
/* The element's own text without white space around it; "" when it has none, NULL for a NULL node. Owned. */
char *vp_node_text(const vp_node *node) VP_MUST_USE;
/* vp_node_attr (vp_node_walk (node, path), name) */
const char *vp_node_walk_attr(const vp_node *node, const char *path, const char *name);

/* The attributes one after another: call with index 0, 1, …; false at the end. */
bool vp_node_attr_at(const vp_node *node, size_t index, const char **ret_name, const char **ret_value);

/* A note that an element carries until it is freed; 0 at first, and in copies. */
unsigned vp_node_mark(const vp_node *node);
void vp_node_set_mark(vp_node *node, unsigned mark);

/* Does the element, or one in it, have an attribute that holds a password? */
bool vp_node_has_password(const vp_node *node);

/* Editing. `value` NULL removes the attribute; nothing happens to a NULL node. */
void vp_node_set_attr(vp_node *node, const char *name, const char *value);
void vp_node_set_text(vp_node *node, const char *text);
/* A new element without a namespace, not yet in the tree. */
vp_node *vp_node_new(vp_doc *doc, const char *name);
/* A new element in the namespace and document of `like`, not yet in the tree; to be put below it. */
vp_node *vp_node_new_like(const vp_node *like, const char *name);
/*
 * An element whose own namespace is the default one gets a prefix, so that elements without a namespace can
 * be put into it.
 */
void vp_node_need_prefix(vp_node *node, const char *prefix);
/* Take an element and all in it out of a namespace: their names stay, without it. */
void vp_node_drop_ns(vp_node *node, const char *ns);
/* Deep copy that belongs to `doc` and is not yet in the tree. */
vp_node *vp_node_copy(vp_doc *doc, const vp_node *node);
/*
 * Put a loose element into `parent` behind the child `after` (an element or comment; NULL: before all
 * children), indented as its siblings.
 */
void vp_node_insert(vp_node *parent, vp_node *after, vp_node *node);
void vp_node_append(vp_node *parent, vp_node *node);
/*
 * How many comments stand between an element and the element before it, and the way back: `after`, or the
 * n-th comment behind it.
 */
bool vp_node_is_comment(const vp_node *node); /* NULL is none */
unsigned vp_node_comments_before(const vp_node *node);
vp_node *vp_node_skip_comments(vp_node *parent, vp_node *after, unsigned n);
/* Put a loose element where `old` is; `old` is freed. */
void vp_node_replace(vp_node *old, vp_node *node);
/* The same, but `old` lives on as a loose element. */
void vp_node_swap(vp_node *old, vp_node *node);
/* Take an element and the white space before it out of the tree and free it. An element left without children
 * loses its inner white space, so that adding and removing a first child gives the original text. */
void vp_node_remove(vp_node *node);
/* The same, but it lives on as a loose element. */
void vp_node_unlink(vp_node *node);
void vp_node_free(vp_node *node); /* a loose one; NULL is fine */

/**
 * An element from text, e.g. "<locked/>".
 * Returns 0 with a loose element that belongs to `doc`, -EBADMSG.
 */
int vp_node_parse(vp_doc *doc, const char *text, vp_node **ret_node, struct vp_error **err);
/*
 * The element on one line, without white space between elements, with its attributes in document order.
 * Owned.
 */
char *vp_node_format(const vp_node *node) VP_MUST_USE;

/**
 * Are two elements the same but for white space between elements, comments, and the order of attributes and
 * of siblings?
 * (libvirt's schema is an interleave and libvirt writes elements in an order of its own.) Empty holders of
 * others, like <memtune/>, which
 * libvirt does not store, do not count.
 */
bool vp_node_equal(const vp_node *a, const vp_node *b);

/**
 * Does an element as libvirt stored it hold what we once asked for? True when every attribute, text and child
 * of `want` is in `have`,
 * and what `have` has beyond that is only what libvirt fills in by itself: <address>, <alias>, and the
 * defaults in the table of xml_compare.c.
 */
bool vp_node_satisfies(const vp_node *have, const vp_node *want);

/*
 * Is an attribute, or (`attr` NULL) the child element `child`, one that libvirt adds to `element` by itself?
 */
bool vp_node_tolerates(const char *element, const char *attr, const char *child);
