/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlsave.h>

#include "strbuf.h"
#include "xml.h"

#define STR(x) ((const char *)(x))
#define XML(x) ((const xmlChar *)(x))

/* libxml2 would print to stderr; the library never prints. */
static void quiet(void *ctx, const char *fmt, ...) VP_PRINTF(2, 3);
static void quiet(void *ctx, const char *fmt, ...)
{
    (void)ctx;
    (void)fmt;
}

/* libxml2 takes no const where it only reads, and the tree is not const below a const node. */
static xmlNode *unconst(const xmlNode *node)
{
    xmlNode *plain = NULL;
    memcpy(&plain, &node, sizeof(plain));
    return plain;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

/* libxml2's own text quotes names from the document, which may be parts of a password: the place must do. */
static int parse_failed(xmlParserCtxt *ctxt, const char *what, struct vp_error **err)
{
    const xmlError *e = xmlCtxtGetLastError(ctxt);
    if (e == NULL || e->line <= 0)
        return vp_fail(err, EBADMSG, "%s is not well-formed XML", what);
    return vp_fail(err, EBADMSG,
                   "%s is not well-formed XML at line %d, column %d; 'xmllint --noout' says more", what,
                   e->line, e->int2);
}

static bool has_entity(const xmlNode *node)
{
    for (; node != NULL; node = node->next) {
        if (node->type == XML_ENTITY_REF_NODE)
            return true;
        if (node->type != XML_ELEMENT_NODE)
            continue;
        for (const xmlAttr *attr = node->properties; attr != NULL; attr = attr->next)
            if (attr->children != NULL && attr->children->next != NULL)
                return true;
        if (has_entity(node->children))
            return true;
    }
    return false;
}

/* A DTD is refused when its start is seen, before anything in it is expanded or counted. */
static void refuse_dtd(void *data, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    xmlParserCtxt *ctxt = data;
    (void)name;
    (void)external;
    (void)system;
    bool *seen = ctxt->_private;
    *seen = true;
    xmlStopParser(ctxt);
}

/* xmlDoc's _private points here in a document that quotes attributes as libvirt does. */
static char single_mark;

/* Does the first attribute of the text stand in single quotes? */
static bool single_quoted(const char *text, size_t len)
{
    const char *at = memmem(text, len, "='", 2);
    const char *other = memmem(text, len, "=\"", 2);
    return at != NULL && (other == NULL || at < other || memcmp(text, "<?xml", len < 5 ? len : 5) == 0);
}

static void free_ctxt(xmlParserCtxt **ctxt)
{
    if (*ctxt != NULL)
        xmlFreeParserCtxt(*ctxt);
}

int vp_doc_parse(const char *text, size_t len, const char *what, vp_doc **ret_doc, struct vp_error **err)
{
    if (len > VP_XML_MAX)
        return vp_fail(err, EFBIG, "%s is larger than %u MiB, the most that is accepted", what,
                       VP_XML_MAX / 1024 / 1024);
    if (len == 0)
        return vp_fail(err, EBADMSG, "%s is empty, a domain definition was expected", what);
    if (memchr(text, '\0', len) != NULL)
        return vp_fail(err, EBADMSG, "%s has NUL bytes; a definition in UTF-8 was expected", what);

    xmlSetGenericErrorFunc(NULL, quiet);
    VP_CLEANUP(free_ctxt) xmlParserCtxt *ctxt = xmlNewParserCtxt();
    if (ctxt == NULL)
        vp_oom();
    bool dtd = false;
    ctxt->_private = &dtd;
    ctxt->sax->internalSubset = refuse_dtd;
    VP_CLEANUP(vp_doc_free_ptr)
    vp_doc *doc =
        xmlCtxtReadMemory(ctxt, text, (int)len, NULL, NULL,
                          XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_COMPACT);
    if (dtd)
        return vp_fail(err, EBADMSG, "%s has a document type declaration, which is not accepted", what);
    if (doc == NULL)
        return parse_failed(ctxt, what, err);
    if (has_entity(doc->children))
        return vp_fail(err, EBADMSG, "%s has entity references, which are not accepted", what);
    doc->_private = single_quoted(text, len) ? &single_mark : NULL;
    *ret_doc = vp_take(&doc);
    return 0;
}

vp_doc *vp_doc_copy(const vp_doc *doc)
{
    vp_doc *plain = NULL;
    memcpy(&plain, &doc, sizeof(plain));
    vp_doc *copy = xmlCopyDoc(plain, 1);
    if (copy == NULL)
        vp_oom();
    copy->_private = doc->_private;
    return copy;
}

void vp_doc_narrow(vp_doc *doc, vp_node *node)
{
    xmlNode *old = xmlDocSetRootElement(doc, node);
    if (old == NULL)
        return; /* it is the root */
    /* What it uses of the namespaces declared above it. */
    if (xmlReconciliateNs(doc, node) < 0)
        vp_oom();
    xmlFreeNode(old);
}

void vp_doc_free(vp_doc *doc)
{
    if (doc != NULL)
        xmlFreeDoc(doc);
}

vp_node *vp_doc_root(const vp_doc *doc)
{
    return xmlDocGetRootElement(doc);
}

/*
 * The end of a piece of markup that has no attributes, NULL for a tag: comments, CDATA and processing
 * instructions.
 */
static const char *skip_piece(const char *at)
{
    static const struct {
        const char *start, *end;
    } pieces[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
    for (size_t i = 0; i < VP_ARRAY_SIZE(pieces); i++)
        if (strncmp(at, pieces[i].start, strlen(pieces[i].start)) == 0) {
            const char *end = strstr(at, pieces[i].end);
            return end != NULL ? end + strlen(pieces[i].end) : at + strlen(at);
        }
    return NULL;
}

/*
 * An attribute's value as libxml2 wrote it, in double quotes, in single ones. Returns what stands behind it.
 */
static const char *requote(struct vp_strbuf *buf, const char *at)
{
    const size_t n = strcspn(at + 1, "\"");
    vp_strbuf_add(buf, "'");
    for (const char *c = at + 1; c < at + 1 + n; c++) {
        if (*c == '\'')
            vp_strbuf_add(buf, "&apos;");
        else if (strncmp(c, "&quot;", 6) == 0) {
            vp_strbuf_add(buf, "\"");
            c += 5;
        } else
            vp_strbuf_addn(buf, c, 1);
    }
    vp_strbuf_add(buf, "'");
    return at + 1 + n + (at[1 + n] == '"');
}

/* One tag, from its '<' on. Returns what stands behind its '>'. */
static const char *requote_tag(struct vp_strbuf *buf, const char *at)
{
    while (*at != '\0' && *at != '>') {
        size_t n = strcspn(at, "\"'>");
        if (at[n] == '"' && n == 0) {
            at = requote(buf, at);
            continue;
        }
        /* libxml2 takes single quotes by itself for the URI of a namespace that has double ones in it. */
        if (at[n] == '\'')
            n += 1 + strcspn(at + n + 1, "'") + 1;
        vp_strbuf_addn(buf, at, n);
        at += n;
    }
    return at;
}

/* libxml2 writes double quotes; in a document that has libvirt's single ones that would change every line. */
static char *single_quotes(const char *text)
{
    struct vp_strbuf buf = {0};
    while (*text != '\0') {
        const char *end = skip_piece(text);
        if (end == NULL && *text == '<') {
            text = requote_tag(&buf, text);
            continue;
        }
        if (end == NULL)
            end = text + 1 + strcspn(text + 1, "<");
        vp_strbuf_addn(&buf, text, (size_t)(end - text));
        text = end;
    }
    return vp_strbuf_take(&buf);
}

char *vp_doc_format(vp_doc *doc, size_t *ret_len)
{
    xmlBuffer *buf = xmlBufferCreate();
    if (buf == NULL)
        vp_oom();
    /*
     * -1: there was no XML declaration (libxml/tree.h, struct _xmlDoc). An encoding other than UTF-8 is not
     * kept.
     */
    const bool declared = doc->standalone != -1;
    const bool keep = declared && (doc->encoding == NULL || strcasecmp(STR(doc->encoding), "UTF-8") == 0);
    xmlSaveCtxt *save =
        xmlSaveToBuffer(buf, keep ? NULL : "UTF-8", XML_SAVE_AS_XML | (declared ? 0 : XML_SAVE_NO_DECL));
    if (save == NULL || xmlSaveDoc(save, doc) < 0 || xmlSaveClose(save) < 0)
        vp_oom();
    char *text = doc->_private == &single_mark ? single_quotes(STR(xmlBufferContent(buf)))
                                               : vp_strdup(STR(xmlBufferContent(buf)));
    xmlBufferFree(buf);
    *ret_len = strlen(text);
    return text;
}

const char *vp_node_name(const vp_node *node)
{
    return node != NULL ? STR(node->name) : NULL;
}

bool vp_node_is(const vp_node *node, const char *name)
{
    return node != NULL && node->type == XML_ELEMENT_NODE && node->ns == NULL &&
           strcmp(STR(node->name), name) == 0;
}

bool vp_node_is_ns(const vp_node *node, const char *ns, const char *name)
{
    return node != NULL && node->type == XML_ELEMENT_NODE && node->ns != NULL &&
           strcmp(STR(node->ns->href), ns) == 0 && strcmp(STR(node->name), name) == 0;
}

vp_node *vp_node_parent(const vp_node *node)
{
    return node != NULL && node->parent != NULL && node->parent->type == XML_ELEMENT_NODE ? node->parent
                                                                                          : NULL;
}

vp_node *vp_node_first(const vp_node *node)
{
    return node != NULL ? xmlFirstElementChild(unconst(node)) : NULL;
}
vp_node *vp_node_next(const vp_node *node)
{
    return node != NULL ? xmlNextElementSibling(unconst(node)) : NULL;
}
vp_node *vp_node_prev(const vp_node *node)
{
    return node != NULL ? xmlPreviousElementSibling(unconst(node)) : NULL;
}

vp_node *vp_node_child(const vp_node *node, const char *name)
{
    vp_node *child = vp_node_first(node);
    while (child != NULL && !vp_node_is(child, name))
        child = vp_node_next(child);
    return child;
}

vp_node *vp_node_same(const vp_node *node)
{
    vp_node *next = vp_node_next(node);
    while (next != NULL && !vp_node_is(next, STR(node->name)))
        next = vp_node_next(next);
    return next;
}

vp_node *vp_node_walk(const vp_node *node, const char *path)
{
    vp_node *at = unconst(node);
    while (at != NULL && *path != '\0') {
        const size_t n = strcspn(path, "/");
        vp_node *child = vp_node_first(at);
        while (child != NULL && !(child->ns == NULL && strlen(STR(child->name)) == n &&
                                  strncmp(STR(child->name), path, n) == 0))
            child = vp_node_next(child);
        at = child;
        path += n + (path[n] == '/');
    }
    return at;
}

static const char *attr_value(const xmlAttr *attr)
{
    return attr->children != NULL && attr->children->content != NULL ? STR(attr->children->content) : "";
}

static xmlAttr *find_attr(const vp_node *node, const char *name)
{
    if (node == NULL)
        return NULL;
    for (xmlAttr *attr = node->properties; attr != NULL; attr = attr->next)
        if (attr->ns == NULL && strcmp(STR(attr->name), name) == 0)
            return attr;
    return NULL;
}

const char *vp_node_attr(const vp_node *node, const char *name)
{
    const xmlAttr *attr = find_attr(node, name);
    return attr != NULL ? attr_value(attr) : NULL;
}

const char *vp_node_walk_attr(const vp_node *node, const char *path, const char *name)
{
    return vp_node_attr(vp_node_walk(node, path), name);
}

bool vp_node_attr_at(const vp_node *node, size_t index, const char **ret_name, const char **ret_value)
{
    const xmlAttr *attr = node->properties;
    while (attr != NULL && index-- > 0)
        attr = attr->next;
    if (attr == NULL)
        return false;
    *ret_name = STR(attr->name);
    *ret_value = attr_value(attr);
    return true;
}

unsigned vp_node_mark(const vp_node *node)
{
    return (unsigned)(uintptr_t)node->_private;
}
void vp_node_set_mark(vp_node *node, unsigned mark)
{
    node->_private = (void *)(uintptr_t)mark;
}

bool vp_node_has_password(const vp_node *node)
{
    for (const xmlAttr *attr = node->properties; attr != NULL; attr = attr->next)
        if (strncmp(STR(attr->name), "passw", strlen("passw")) == 0)
            return true;
    for (const vp_node *n = vp_node_first(node); n != NULL; n = vp_node_next(n))
        if (vp_node_has_password(n))
            return true;
    return false;
}

char *vp_node_text(const vp_node *node)
{
    if (node == NULL)
        return NULL;
    struct vp_strbuf buf = {0};
    for (const xmlNode *n = node->children; n != NULL; n = n->next)
        if ((n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE) && n->content != NULL)
            vp_strbuf_add(&buf, STR(n->content));
    vp_autofree char *all = vp_strbuf_take(&buf);
    const char *start = all + strspn(all, " \t\r\n");
    size_t n = strlen(start);
    while (n > 0 && strchr(" \t\r\n", start[n - 1]) != NULL)
        n--;
    return vp_strndup(start, n);
}

char *vp_node_format(const vp_node *node)
{
    /*
     * A copy without the white space between elements, so that the text is one line whatever the document
     * looks like.
     */
    xmlDoc *doc = xmlNewDoc(XML("1.0"));
    if (doc == NULL)
        vp_oom();
    vp_node *copy = vp_node_copy(doc, node);
    xmlDocSetRootElement(doc, copy);
    vp_node *at = copy;
    while (at != NULL) {
        xmlNode *next = NULL;
        for (xmlNode *n = at->children; n != NULL; n = next) {
            next = n->next;
            const bool blank = n->type == XML_TEXT_NODE && is_blank(STR(n->content));
            if (blank && xmlFirstElementChild(at) != NULL) {
                xmlUnlinkNode(n);
                xmlFreeNode(n);
            }
        }
        next = vp_node_first(at);
        while (next == NULL && at != copy) {
            next = vp_node_next(at);
            at = at->parent;
        }
        at = next;
    }
    xmlBuffer *buf = xmlBufferCreate();
    if (buf == NULL || xmlNodeDump(buf, doc, copy, 0, 0) < 0)
        vp_oom();
    char *text = vp_strdup(STR(xmlBufferContent(buf)));
    xmlBufferFree(buf);
    xmlFreeDoc(doc);
    return text;
}
