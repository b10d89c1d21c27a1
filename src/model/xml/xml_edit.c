/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "xml.h"

#define XML(x) ((const xmlChar *)(x))

static bool is_space(const xmlNode *node)
{
    if (node == NULL || node->type != XML_TEXT_NODE)
        return false;
    const char *text = node->content != NULL ? (const char *)node->content : "";
    return text[strspn(text, " \t\r\n")] == '\0';
}

void vp_node_set_attr(vp_node *node, const char *name, const char *value)
{
    if (node == NULL)
        return;
    if (value == NULL)
        (void)xmlUnsetNsProp(node, NULL, XML(name)); /* -1 only says it was not there */
    else if (xmlSetProp(node, XML(name), XML(value)) == NULL)
        vp_oom();
}

void vp_node_set_text(vp_node *node, const char *text)
{
    for (xmlNode *child = node->children, *next; child != NULL; child = next) {
        next = child->next;
        xmlUnlinkNode(child);
        xmlFreeNode(child);
    }
    xmlNode *content = xmlNewDocText(node->doc, XML(text));
    if (content == NULL)
        vp_oom();
    xmlAddChild(node, content);
}

vp_node *vp_node_new(vp_doc *doc, const char *name)
{
    vp_node *node = xmlNewDocNode(doc, NULL, XML(name), NULL);
    if (node == NULL)
        vp_oom();
    return node;
}

vp_node *vp_node_new_like(const vp_node *like, const char *name)
{
    vp_node *node = xmlNewDocNode(like->doc, like->ns, XML(name), NULL);
    if (node == NULL)
        vp_oom();
    return node;
}

void vp_node_need_prefix(vp_node *node, const char *prefix)
{
    if (node->ns == NULL || node->ns->prefix != NULL)
        return;
    node->ns->prefix = xmlStrdup(XML(prefix));
    if (node->ns->prefix == NULL)
        vp_oom();
}

void vp_node_drop_ns(vp_node *node, const char *ns)
{
    for (vp_node *child = vp_node_first(node); child != NULL; child = vp_node_next(child))
        vp_node_drop_ns(child, ns);
    for (xmlAttr *attr = node->properties; attr != NULL; attr = attr->next)
        if (attr->ns != NULL && xmlStrEqual(attr->ns->href, XML(ns)))
            attr->ns = NULL;
    if (vp_node_is_ns(node, ns, vp_node_name(node)))
        node->ns = NULL;
    for (xmlNs **at = &node->nsDef; *at != NULL;) {
        xmlNs *gone = *at;
        if (!xmlStrEqual(gone->href, XML(ns))) {
            at = &gone->next;
            continue;
        }
        *at = gone->next;
        gone->next = NULL;
        xmlFreeNs(gone);
    }
}

vp_node *vp_node_copy(vp_doc *doc, const vp_node *node)
{
    vp_node *plain = NULL;
    memcpy(&plain, &node, sizeof(plain)); /* libxml2 takes no const where it only reads */
    vp_node *copy = xmlDocCopyNode(plain, doc, 1);
    if (copy == NULL)
        vp_oom();
    return copy;
}

void vp_node_free(vp_node *node)
{
    if (node != NULL)
        xmlFreeNode(node);
}

/* "\n" and two spaces a level, the way libvirt prints. */
static xmlNode *new_indent(vp_doc *doc, const vp_node *parent, int deeper)
{
    int depth = deeper;
    for (const xmlNode *n = parent; n != NULL && n->type == XML_ELEMENT_NODE; n = n->parent)
        depth++;
    depth--;
    vp_autofree char *text = vp_asprintf("\n%*s", depth * 2, "");
    xmlNode *node = xmlNewDocText(doc, XML(text));
    if (node == NULL)
        vp_oom();
    return node;
}

/*
 * The white space that stands before the children of an element, copied; libvirt's where there is no child to
 * go by, and
 * none (NULL) where children stand side by side.
 */
static xmlNode *child_indent(vp_node *parent)
{
    bool empty = true;
    for (xmlNode *n = parent->children; n != NULL; n = n->next) {
        if (n->type != XML_ELEMENT_NODE && n->type != XML_COMMENT_NODE)
            continue;
        empty = false;
        if (!is_space(n->prev))
            continue;
        xmlNode *copy = xmlDocCopyNode(n->prev, parent->doc, 1);
        if (copy == NULL)
            vp_oom();
        return copy;
    }
    return empty ? new_indent(parent->doc, parent, 1) : NULL;
}

/* Inner elements of something that comes from outside are indented to their new depth. */
static void reindent(vp_node *node)
{
    vp_node *child = vp_node_first(node);
    if (child == NULL)
        return;
    for (xmlNode *n = node->children, *next; n != NULL; n = next) {
        next = n->next;
        if (!is_space(n))
            continue;
        xmlUnlinkNode(n);
        xmlFreeNode(n);
    }
    for (; child != NULL; child = vp_node_next(child)) {
        xmlAddPrevSibling(child, new_indent(node->doc, node, 1));
        reindent(child);
    }
    xmlAddChild(node, new_indent(node->doc, node, 0));
}

/* The first child that is not text. */
static vp_node *first_piece(const vp_node *parent)
{
    xmlNode *n = parent->children;
    while (n != NULL && n->type == XML_TEXT_NODE)
        n = n->next;
    return n;
}

/* xmlAddNextSibling() and its like merge adjacent texts; these links never put two texts side by side. */
void vp_node_insert(vp_node *parent, vp_node *after, vp_node *node)
{
    assert(after == NULL || after->parent == parent);
    xmlNode *indent = child_indent(parent);
    vp_node *first = first_piece(parent);
    if (after != NULL) {
        xmlAddNextSibling(after, node);
        if (indent != NULL)
            xmlAddPrevSibling(node, indent);
    } else if (first != NULL) {
        xmlAddPrevSibling(first, node);
        if (indent != NULL)
            xmlAddNextSibling(node, indent);
    } else {
        for (xmlNode *n = parent->children, *next; n != NULL; n = next) {
            next = n->next;
            if (is_space(n)) {
                xmlUnlinkNode(n);
                xmlFreeNode(n);
            }
        }
        xmlAddChild(parent, indent);
        xmlAddChild(parent, node);
        xmlAddChild(parent, new_indent(parent->doc, parent, 0));
    }
    reindent(node);
}

bool vp_node_is_comment(const vp_node *node)
{
    return node != NULL && node->type == XML_COMMENT_NODE;
}

unsigned vp_node_comments_before(const vp_node *node)
{
    unsigned n = 0;
    for (const xmlNode *at = node->prev; at != NULL && at->type != XML_ELEMENT_NODE; at = at->prev)
        n += at->type == XML_COMMENT_NODE;
    return n;
}

vp_node *vp_node_skip_comments(vp_node *parent, vp_node *after, unsigned n)
{
    xmlNode *at = after != NULL ? after->next : parent->children;
    for (; n > 0 && at != NULL && at->type != XML_ELEMENT_NODE; at = at->next)
        if (at->type == XML_COMMENT_NODE) {
            after = at;
            n--;
        }
    return after;
}

void vp_node_append(vp_node *parent, vp_node *node)
{
    vp_node_insert(parent, xmlLastElementChild(parent), node);
}

void vp_node_swap(vp_node *old, vp_node *node)
{
    xmlReplaceNode(old, node);
    reindent(node);
}

void vp_node_replace(vp_node *old, vp_node *node)
{
    vp_node_swap(old, node);
    xmlFreeNode(old);
}

void vp_node_unlink(vp_node *node)
{
    vp_node *parent = node->parent;
    xmlNode *space = node->prev;
    if (is_space(space)) {
        xmlUnlinkNode(space);
        xmlFreeNode(space);
    }
    xmlUnlinkNode(node);
    if (parent != NULL && parent->children != NULL && parent->children->next == NULL &&
        is_space(parent->children)) {
        xmlNode *rest = parent->children;
        xmlUnlinkNode(rest);
        xmlFreeNode(rest);
    }
}

void vp_node_remove(vp_node *node)
{
    vp_node_unlink(node);
    xmlFreeNode(node);
}

int vp_node_parse(vp_doc *doc, const char *text, vp_node **ret_node, struct vp_error **err)
{
    vp_doc *fragment = NULL;
    const int r = vp_doc_parse(text, strlen(text), "the element", &fragment, err);
    if (r < 0)
        return r;
    *ret_node = vp_node_copy(doc, vp_doc_root(fragment));
    vp_doc_free(fragment);
    return 0;
}
