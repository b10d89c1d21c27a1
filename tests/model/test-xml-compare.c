/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml.h"

#include "strbuf.h"
#include "test.h"

#include <string.h>

#define AUTODOC VP_CLEANUP(vp_doc_free_ptr) vp_doc *

static vp_doc *parse(const char *text)
{
    vp_doc *doc = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_doc_parse(text, strlen(text), "the text", &doc, &err) == 0, "%s: %s", text,
                  err != NULL ? err->message : "");
    return doc;
}

static const struct {
    const char *a, *b;
    bool equal;
} equals[] = {
    {"<a/>", "<a></a>", true},
    {"<a/>", "<a> \n </a>", true},
    {"<a/>", "<b/>", false},
    {"<a x='1' y='2'/>", "<a y='2' x='1'/>", true},
    {"<a x='1'/>", "<a x='2'/>", false},
    {"<a x='1'/>", "<a/>", false},
    {"<a x=''/>", "<a/>", false},
    {"<a x='1'/>", "<a y='1'/>", false},
    {"<a><b/><c/></a>", "<a><c/><b/></a>", true},
    {"<a><b/><b/></a>", "<a><b/></a>", false},
    {"<a><b/><b/><c/></a>", "<a><b/><c/><c/></a>", false},
    {"<a><b x='1'/><b x='2'/></a>", "<a><b x='2'/><b x='1'/></a>", true},
    {"<a><b><c/></b><b><d/></b></a>", "<a><b><d/></b><b><c/></b></a>", true},
    {"<a><b><c/></b><b><d/></b></a>", "<a><b><c/><d/></b><b/></a>", false},
    {"<a><!-- x --><b/></a>", "<a><b/><!-- y --></a>", true},
    {"<a>text</a>", "<a> text </a>", true},
    {"<a>te xt</a>", "<a>text</a>", false},
    {"<a>text</a>", "<a><![CDATA[text]]></a>", true},
    {"<a>text</a>", "<a><b>text</b></a>", false},
    {"<a x='text'/>", "<a>text</a>", false},
    {"<a>x=1</a>", "<a x='1'/>", false},
    {"<p:a xmlns:p='urn:1'/>", "<q:a xmlns:q='urn:1'/>", true},
    {"<p:a xmlns:p='urn:1'/>", "<a xmlns='urn:1'/>", true},
    {"<p:a xmlns:p='urn:1'/>", "<p:a xmlns:p='urn:2'/>", false},
    {"<p:a xmlns:p='urn:1'/>", "<a/>", false},
    {"<a xmlns:p='urn:1' p:x='1'/>", "<a xmlns:q='urn:1' q:x='1'/>", true},
    {"<a xmlns:p='urn:1' p:x='1'/>", "<a x='1'/>", false},
    {"<a x='1&#10;2'/>", "<a x='1 2'/>", false},
    {"<a x='y' z='w'/>", "<a x='y&#10;z=w'/>", false},
    {"<a b='&lt;'/>", "<a b='&#60;'/>", true},
};

START_TEST(equal)
{
    AUTODOC a = parse(equals[_i].a);
    AUTODOC b = parse(equals[_i].b);
    ck_assert_msg(vp_node_equal(vp_doc_root(a), vp_doc_root(b)) == equals[_i].equal, "%s %s", equals[_i].a,
                  equals[_i].b);
    ck_assert_msg(vp_node_equal(vp_doc_root(b), vp_doc_root(a)) == equals[_i].equal, "%s %s", equals[_i].b,
                  equals[_i].a);
    ck_assert(vp_node_equal(vp_doc_root(a), vp_doc_root(a)));
    /* What a knob wants has no name spaces. */
    if (equals[_i].equal && strstr(equals[_i].a, "xmlns") == NULL)
        ck_assert_msg(vp_node_satisfies(vp_doc_root(a), vp_doc_root(b)), "%s %s", equals[_i].a, equals[_i].b);
}
END_TEST

static const struct {
    const char *have, *want;
    bool ok;
} satisfied[] = {
    {"<rng model='virtio'/>", "<rng model='virtio'/>", true},
    {"<rng model='virtio'><address type='pci'/></rng>", "<rng model='virtio'/>", true},
    {"<rng model='virtio'><alias name='rng0'/></rng>", "<rng model='virtio'/>", true},
    {"<rng model='virtio'><alias name='rng0'/><address type='pci'/></rng>", "<rng model='virtio'/>", true},
    {"<rng model='virtio'><rate bytes='1'/></rng>", "<rng model='virtio'/>", false},
    {"<rng model='virtio'/>", "<rng model='virtio'><rate bytes='1'/></rng>", false},
    {"<rng model='virtio'/>", "<rng model='other'/>", false},
    {"<rng/>", "<rng model='virtio'/>", false},
    {"<rng model='virtio' x='1'/>", "<rng model='virtio'/>", false},
    {"<rng><address type='ccw'/></rng>", "<rng><address type='pci'/></rng>", false},
    {"<rng><backend model='random'>/dev/urandom</backend></rng>",
     "<rng><backend model='random'>/dev/urandom</backend></rng>", true},
    {"<rng><backend model='random'>/dev/random</backend></rng>",
     "<rng><backend model='random'>/dev/urandom</backend></rng>", false},
    {"<hyperv mode='custom'><relaxed state='on'/></hyperv>", "<hyperv><relaxed state='on'/></hyperv>", true},
    {"<hyperv mode='passthrough'><relaxed state='on'/></hyperv>",
     "<hyperv mode='custom'><relaxed state='on'/></hyperv>", false},
    {"<a><b x='1'/><b x='2'/></a>", "<a><b x='2'/><b x='1'/></a>", true},
    {"<a><b x='1'/><b x='2'/></a>", "<a><b x='1'/></a>", false},
    {"<a><b x='1'/></a>", "<a><b x='1'/><b x='1'/></a>", false},
    {"<a><console tty='1'/><console/></a>", "<a><console tty='1'/><console/></a>", true},
    {"<a><console/><console tty='1'/></a>", "<a><console tty='1'/><console/></a>", true},
    {"<video><model type='qxl' ram='65536' vram='65536' vgamem='16384' heads='1' primary='yes'/></video>",
     "<video><model type='qxl'/></video>", true},
    {"<a/>", "<b/>", false},
};

START_TEST(satisfies)
{
    AUTODOC have = parse(satisfied[_i].have);
    AUTODOC want = parse(satisfied[_i].want);
    ck_assert_msg(vp_node_satisfies(vp_doc_root(have), vp_doc_root(want)) == satisfied[_i].ok, "%s for %s",
                  satisfied[_i].have, satisfied[_i].want);
    ck_assert(!vp_node_satisfies(NULL, vp_doc_root(want)));
    ck_assert(!vp_node_satisfies(vp_doc_root(have), NULL));
}
END_TEST

START_TEST(many_children)
{
    static const struct {
        unsigned n;
    } rows[] = {{100}, {255}, {256}, {300}, {1000}};
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        struct vp_strbuf buf = {0};
        vp_strbuf_add(&buf, "<a>");
        for (unsigned k = 0; k < rows[i].n; k++)
            vp_strbuf_addf(&buf, "<b x='%u'/>", k);
        vp_strbuf_add(&buf, "</a>");
        vp_autofree char *text = vp_strbuf_take(&buf);
        AUTODOC have = parse(text);
        AUTODOC want = parse(text);
        ck_assert_msg(vp_node_equal(vp_doc_root(have), vp_doc_root(want)), "%u children", rows[i].n);
        ck_assert_msg(vp_node_satisfies(vp_doc_root(have), vp_doc_root(want)), "%u children", rows[i].n);
    }
}
END_TEST

START_TEST(tolerates)
{
    static const struct {
        const char *element, *attr, *child;
        bool ok;
    } rows[] = {
        {"disk", NULL, "address", true},   {"disk", NULL, "alias", true},
        {"disk", NULL, "driver", false},   {"hyperv", "mode", NULL, true},
        {"cpu", "mode", NULL, false},      {"video", "heads", NULL, false},
        {"model", "heads", NULL, true},    {"console", NULL, "source", true},
        {"serial", NULL, "source", false}, {"disk", "address", NULL, false},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++)
        ck_assert_msg(vp_node_tolerates(rows[i].element, rows[i].attr, rows[i].child) == rows[i].ok,
                      "row %zu", i);
}
END_TEST

VP_TEST_MAIN("xml-compare", VP_TEST_ROWS(equal, equals), VP_TEST_ROWS(satisfies, satisfied),
             VP_TEST(many_children), VP_TEST(tolerates))
