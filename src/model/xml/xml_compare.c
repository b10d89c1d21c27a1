/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include <libxml/tree.h>

#include "strbuf.h"
#include "xml.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sort `n` owned strings, add them to the buffer, free them. */
static void add_sorted(struct vp_strbuf *buf, char **items, size_t n)
{
    if (n > 1)
        qsort(items, n, sizeof(*items), by_text);
    for (size_t i = 0; i < n; i++) {
        vp_strbuf_add(buf, items[i]);
        free(items[i]);
    }
    free(items);
}

/*
 * An element that libvirt 9.0 does not print when nothing is in it (conf/domain_conf.c,
 * virXMLFormatElement()).
 */
static bool says_nothing(const vp_node *node)
{
    static const char *const holders[] = {"memoryBacking", "memtune",  "cputune",   "numatune",
                                          "blkiotune",     "iotune",   "bandwidth", "driver",
                                          "kvm",           "features", "pm"};
    if (node->properties != NULL || vp_node_first(node) != NULL)
        return false;
    for (size_t i = 0; i < VP_ARRAY_SIZE(holders); i++)
        if (vp_node_is(node, holders[i]))
            return true;
    return false;
}

/*
 * A text that two elements share exactly when they are equal in the sense of vp_node_equal(). \1 to \4 cannot
 * stand in XML.
 */
static char *signature(const vp_node *node)
{
    struct vp_strbuf buf = {0};
    if (node->ns != NULL)
        vp_strbuf_addf(&buf, "\1%s|%s", (const char *)node->ns->href, (const char *)node->name);
    else
        vp_strbuf_addf(&buf, "\1%s", (const char *)node->name);

    char **items = NULL;
    size_t n = 0;
    size_t cap = 0;
    for (const xmlAttr *attr = node->properties; attr != NULL; attr = attr->next) {
        vp_grow(&items, n, &cap, sizeof(*items));
        const char *value = attr->children != NULL && attr->children->content != NULL
                                ? (const char *)attr->children->content
                                : "";
        items[n++] = vp_asprintf("\2%s%s%s=%s", attr->ns != NULL ? (const char *)attr->ns->href : "",
                                 attr->ns != NULL ? "|" : "", (const char *)attr->name, value);
    }
    add_sorted(&buf, items, n);

    /* libvirt drops text that stands beside elements. */
    vp_autofree char *text = vp_node_first(node) == NULL ? vp_node_text(node) : vp_strdup("");
    vp_strbuf_addf(&buf, "\3%s", text);

    items = NULL;
    n = 0;
    cap = 0;
    for (const vp_node *child = vp_node_first(node); child != NULL; child = vp_node_next(child)) {
        if (says_nothing(child))
            continue;
        vp_grow(&items, n, &cap, sizeof(*items));
        items[n++] = signature(child);
    }
    add_sorted(&buf, items, n);
    vp_strbuf_add(&buf, "\4");
    return vp_strbuf_take(&buf);
}

bool vp_node_equal(const vp_node *a, const vp_node *b)
{
    vp_autofree char *sa = signature(a);
    vp_autofree char *sb = signature(b);
    return strcmp(sa, sb) == 0;
}

/*
 * What libvirt 9.0 adds by itself to elements that virt-profile makes (conf/domain_postparse.c,
 * qemu/qemu_domain.c).
 */
static const struct {
    const char *element, *attr, *child;
} tolerated[] = {
    {NULL, NULL, "address"},     /* virDomainDeviceInfo of every device */
    {NULL, NULL, "alias"},       /* the same, in a live definition */
    {"hyperv", "mode", NULL},    /* <hyperv> gets mode='custom' since 7.10 */
    {"driver", "name", NULL},    /* disks: qemu */
    {"driver", "type", NULL},    /* disks: raw */
    {"target", "port", NULL},    /* consoles are numbered */
    {"target", "name", NULL},    /* channels in a live definition */
    {"model", "heads", NULL},    /* video */
    {"model", "primary", NULL},  /* the first video device */
    {"model", "ram", NULL},      /* qxl */
    {"model", "vram", NULL},     /* qxl, vga */
    {"model", "vgamem", NULL},   /* qxl */
    {"console", "tty", NULL},    /* in a live definition */
    {"cachetune", "id", NULL},   /* the same */
    {"memorytune", "id", NULL},  /* the same */
    {"source", "path", NULL},    /* the pty of a live console */
    {"console", NULL, "source"}, /* the same */
};

bool vp_node_tolerates(const char *element, const char *attr, const char *child)
{
    for (size_t i = 0; i < VP_ARRAY_SIZE(tolerated); i++) {
        if (tolerated[i].element != NULL && strcmp(tolerated[i].element, element) != 0)
            continue;
        const char *want = attr != NULL ? tolerated[i].attr : tolerated[i].child;
        if (want != NULL && strcmp(want, attr != NULL ? attr : child) == 0)
            return true;
    }
    return false;
}

static bool attrs_satisfy(const vp_node *have, const vp_node *want)
{
    const char *name = NULL;
    const char *value = NULL;
    for (size_t i = 0; vp_node_attr_at(want, i, &name, &value); i++) {
        const char *found = vp_node_attr(have, name);
        if (found == NULL || strcmp(found, value) != 0)
            return false;
    }
    for (size_t i = 0; vp_node_attr_at(have, i, &name, &value); i++)
        if (vp_node_attr(want, name) == NULL && !vp_node_tolerates(vp_node_name(have), name, NULL))
            return false;
    return true;
}

static size_t count_children(const vp_node *node)
{
    size_t n = 0;
    for (const vp_node *child = vp_node_first(node); child != NULL; child = vp_node_next(child))
        n++;
    return n;
}

/* Every wanted child meets a stored one of its own; what is left over is libvirt's. */
static bool children_satisfy(const vp_node *have, const vp_node *want)
{
    vp_autofree bool *used = vp_alloc(count_children(have) + 1, sizeof(*used));
    for (const vp_node *w = vp_node_first(want); w != NULL; w = vp_node_next(w)) {
        size_t i = 0;
        const vp_node *h = vp_node_first(have);
        while (h != NULL && (used[i] || !vp_node_satisfies(h, w))) {
            h = vp_node_next(h);
            i++;
        }
        if (h == NULL)
            return false;
        used[i] = true;
    }
    size_t i = 0;
    for (const vp_node *h = vp_node_first(have); h != NULL; h = vp_node_next(h), i++)
        if (!used[i] && !vp_node_tolerates(vp_node_name(have), NULL, vp_node_name(h)))
            return false;
    return true;
}

bool vp_node_satisfies(const vp_node *have, const vp_node *want)
{
    if (have == NULL || want == NULL || !vp_node_is(have, vp_node_name(want)))
        return false;
    vp_autofree char *a = vp_node_text(have);
    vp_autofree char *b = vp_node_text(want);
    return strcmp(a, b) == 0 && attrs_satisfy(have, want) && children_satisfy(have, want);
}
