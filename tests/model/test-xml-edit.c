/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml.h"

#include "test.h"

#include <errno.h>
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

/*
 * An element <n/> goes in behind the child `after` (-1: before the first) of what `at` names, and out
 * again.
 */
static const struct {
    const char *text, *at;
    int after;
    const char *with;
} inserted[] = {
    {"<d/>\n", "", -1, "<d>\n  <n/>\n</d>\n"},
    {"<d>\n  <a/>\n</d>\n", "", -1, "<d>\n  <n/>\n  <a/>\n</d>\n"},
    {"<d>\n  <a/>\n</d>\n", "", 0, "<d>\n  <a/>\n  <n/>\n</d>\n"},
    {"<d>\n  <a/>\n  <b/>\n</d>\n", "", 0, "<d>\n  <a/>\n  <n/>\n  <b/>\n</d>\n"},
    {"<d>\n\t<a/>\n\t<b/>\n</d>\n", "", 1, "<d>\n\t<a/>\n\t<b/>\n\t<n/>\n</d>\n"},
    {"<d><a/><b/></d>\n", "", 0, "<d><a/><n/><b/></d>\n"},
    {"<d><a/></d>\n", "", -1, "<d><n/><a/></d>\n"},
    {"<d>\n    <a/>\n</d>\n", "", 0, "<d>\n    <a/>\n    <n/>\n</d>\n"},
    {"<d>\r\n  <a/>\r\n</d>\n", "", 0, "<d>\n  <a/>\n  <n/>\n</d>\n"},
    {"<d>\n  <a/>\n</d>\n", "a", -1, "<d>\n  <a>\n    <n/>\n  </a>\n</d>\n"},
    {"<d>\n  <!-- c -->\n  <a/>\n</d>\n", "", 0, "<d>\n  <!-- c -->\n  <a/>\n  <n/>\n</d>\n"},
    {"<d>\n  <a/>\n  <!-- of a -->\n  <b/>\n</d>\n", "", 0,
     "<d>\n  <a/>\n  <n/>\n  <!-- of a -->\n  <b/>\n</d>\n"},
    {"<d>\n  <a/>\n  <!-- last -->\n</d>\n", "", 0, "<d>\n  <a/>\n  <n/>\n  <!-- last -->\n</d>\n"},
    {"<d>\n  <!-- only -->\n</d>\n", "", -1, NULL},
    {"<d><!-- only --></d>\n", "", -1, NULL},
    {"<d>\n  <a/>\n\n  <b/>\n</d>\n", "", 0, NULL},
};

static vp_node *nth(vp_node *parent, int index)
{
    vp_node *n = index < 0 ? NULL : vp_node_first(parent);
    while (n != NULL && index-- > 0)
        n = vp_node_next(n);
    return n;
}

START_TEST(inserting_and_removing_gives_the_text_back)
{
    AUTODOC doc = parse(inserted[_i].text);
    vp_autofree char *before = vp_doc_format(doc, &(size_t){0});
    vp_node *parent = vp_node_walk(vp_doc_root(doc), inserted[_i].at);
    vp_node *node = vp_node_new(doc, "n");
    vp_node_insert(parent, nth(parent, inserted[_i].after), node);
    vp_autofree char *with = vp_doc_format(doc, &(size_t){0});
    if (inserted[_i].with != NULL) {
        vp_autofree char *plain = vp_strdup(with);
        for (char *cr = plain; (cr = strstr(cr, "&#13;")) != NULL;)
            memmove(cr, cr + 5, strlen(cr + 5) + 1);
        ck_assert_str_eq(plain, inserted[_i].with);
    }
    vp_node_remove(node);
    vp_autofree char *after = vp_doc_format(doc, &(size_t){0});
    ck_assert_msg(strcmp(after, before) == 0, "row %d: was\n%s\nwith\n%s\nafter\n%s", _i, before, with,
                  after);
}
END_TEST

/* Each element of a definition taken out and put back where it was. */
START_TEST(removing_and_inserting_gives_the_text_back)
{
    static const char text[] = "<d>\n  <a>\n    <x/>\n    <y>1</y>\n  </a>\n  <b/>\n  <c z=\"1\">\n    <x>\n"
                               "      <v/>\n    </x>\n  </c>\n</d>\n";
    static const char *const paths[] = {"a", "a/x", "a/y", "b", "c", "c/x", "c/x/v"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(paths); i++) {
        AUTODOC doc = parse(text);
        vp_node *node = vp_node_walk(vp_doc_root(doc), paths[i]);
        vp_node *parent = vp_node_parent(node);
        vp_node *before = vp_node_prev(node);
        vp_node_unlink(node);
        vp_node_insert(parent, before, node);
        vp_autofree char *after = vp_doc_format(doc, &(size_t){0});
        ck_assert_msg(strcmp(after, text) == 0, "%s:\n%s", paths[i], after);
    }
}
END_TEST

START_TEST(a_whole_tree_is_indented)
{
    AUTODOC doc = parse("<d>\n  <a/>\n</d>");
    vp_node *node = NULL;
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_node_parse(doc, "<n><o>\n\n<p/></o><q>text</q></n>", &node, &err), 0);
    vp_node_append(vp_node_first(vp_doc_root(doc)), node);
    vp_autofree char *text = vp_doc_format(doc, &(size_t){0});
    ck_assert_str_eq(text,
                     "<d>\n  <a>\n    <n>\n      <o>\n        <p/>\n      </o>\n      <q>text</q>\n    </n>\n"
                     "  </a>\n</d>\n");
}
END_TEST

START_TEST(replaces_in_place)
{
    AUTODOC doc = parse("<d>\n  <a/>\n  <b/>\n  <c/>\n</d>\n");
    vp_node *node = NULL;
    ck_assert_int_eq(vp_node_parse(doc, "<n x='1'/>", &node, NULL), 0);
    vp_node *old = vp_node_child(vp_doc_root(doc), "b");
    vp_node_swap(old, node);
    vp_autofree char *text = vp_doc_format(doc, &(size_t){0});
    ck_assert_str_eq(text, "<d>\n  <a/>\n  <n x=\"1\"/>\n  <c/>\n</d>\n");
    ck_assert_ptr_null(vp_node_parent(old));
    vp_node_replace(node, old);
    vp_autofree char *back = vp_doc_format(doc, &(size_t){0});
    ck_assert_str_eq(back, "<d>\n  <a/>\n  <b/>\n  <c/>\n</d>\n");
}
END_TEST

START_TEST(all_around_survives)
{
    static const char text[] =
        "<?xml version=\"1.0\"?>\n<!-- top -->\n<domain xmlns:qemu=\"http://libvirt.org/schemas/domain/qemu/1.0\">\n"
        "  <!-- name of the guest -->\n  <name>g</name>\n  <metadata>\n    <app:x xmlns:app=\"urn:app\">\n"
        "      <app:y/>\n    </app:x>\n  </metadata>\n  <?pi data?>\n  <qemu:commandline>\n"
        "    <qemu:arg value=\"-newarg\"/>\n  </qemu:commandline>\n</domain>\n<!-- bottom -->\n";
    AUTODOC doc = parse(text);
    vp_node *root = vp_doc_root(doc);
    vp_node *node = vp_node_new(doc, "cputune");
    vp_node_insert(root, vp_node_child(root, "name"), node);
    vp_node_append(node, vp_node_new(doc, "shares"));
    vp_node_set_text(vp_node_first(node), "100");
    vp_node_set_attr(node, "x", "<&\">'");
    ck_assert_str_eq(vp_node_attr(node, "x"), "<&\">'");
    vp_node_remove(node);
    vp_autofree char *after = vp_doc_format(doc, &(size_t){0});
    ck_assert_str_eq(after, text);
}
END_TEST

START_TEST(texts_and_attributes)
{
    static const char *const values[] = {"",         "1",   "<&>\"'", " spaces ", "a\nb",
                                         "\xc3\xa4", "]]>", "&amp;",  "%s"};
    AUTODOC doc = parse("<d a='1'>old<!-- c --></d>");
    vp_node *root = vp_doc_root(doc);
    for (size_t i = 0; i < VP_ARRAY_SIZE(values); i++) {
        vp_node_set_attr(root, "a", values[i]);
        vp_node_set_attr(root, "b", values[i]);
        vp_node_set_text(root, values[i]);
        size_t len = 0;
        vp_autofree char *text = vp_doc_format(doc, &len);
        AUTODOC again = parse(text);
        vp_autofree char *own = vp_node_text(vp_doc_root(again));
        const size_t skip = strspn(values[i], " ");
        ck_assert_msg(strncmp(own, values[i] + skip, strlen(own)) == 0, "text '%s' became '%s'", values[i],
                      own);
        ck_assert_str_eq(vp_node_attr(vp_doc_root(again), "a"), values[i]);
        ck_assert_str_eq(vp_node_attr(vp_doc_root(again), "b"), values[i]);
    }
    vp_node_set_attr(root, "a", NULL);
    vp_node_set_attr(root, "a", NULL);
    ck_assert_ptr_null(vp_node_attr(root, "a"));
    ck_assert_ptr_nonnull(vp_node_attr(root, "b"));
}
END_TEST

START_TEST(parses_elements)
{
    static const struct {
        const char *text;
        int r;
    } rows[] = {
        {"<locked/>", 0},         {"<a><b c='1'/></a>", 0},       {"", -EBADMSG},
        {"locked", -EBADMSG},     {"<locked>", -EBADMSG},         {"<a/><b/>", -EBADMSG},
        {"<a>&x;</a>", -EBADMSG}, {"<!DOCTYPE a><a/>", -EBADMSG},
    };
    static char sentinel;
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        AUTODOC doc = parse("<d/>");
        vp_autoerror err = NULL;
        vp_node *node = (vp_node *)(void *)&sentinel;
        const int r = vp_node_parse(doc, rows[i].text, &node, &err);
        ck_assert_msg(r == rows[i].r, "'%s': %d", rows[i].text, r);
        if (r < 0) {
            ck_assert_ptr_eq(node, (vp_node *)(void *)&sentinel);
            ck_assert_ptr_nonnull(err);
        } else {
            ck_assert_ptr_null(vp_node_parent(node));
            vp_node_free(node);
        }
    }
}
END_TEST

/* A copy lives on without the document it came from. */
START_TEST(copies_across_documents)
{
    vp_doc *from = parse("<d xmlns:q='urn:q'><a b='1'>text<c/><q:e q:f='2'/></a></d>");
    AUTODOC to = parse("<t/>");
    vp_node_append(vp_doc_root(to), vp_node_copy(to, vp_node_first(vp_doc_root(from))));
    vp_doc_free(from);
    vp_node *a = vp_node_first(vp_doc_root(to));
    ck_assert_str_eq(vp_node_attr(a, "b"), "1");
    ck_assert(vp_node_is_ns(vp_node_next(vp_node_first(a)), "urn:q", "e"));
    vp_autofree char *text = vp_doc_format(to, &(size_t){0});
    AUTODOC again = parse(text);
    ck_assert(vp_node_equal(vp_doc_root(again), vp_doc_root(to)));
}
END_TEST

/* Elements and attributes of one name space lose it, those of others and without one stay. */
START_TEST(drops_a_name_space)
{
    AUTODOC doc =
        parse("<d xmlns:q='urn:q' xmlns:o='urn:o'><q:a xmlns:z='urn:q' z:b='1'><z:c/><o:e/><f/></q:a></d>");
    vp_node *a = vp_node_first(vp_doc_root(doc));
    vp_node_drop_ns(a, "urn:q");
    ck_assert(vp_node_is(a, "a") && vp_node_is(vp_node_first(a), "c"));
    ck_assert_str_eq(vp_node_attr(a, "b"), "1");
    vp_autofree char *text = vp_node_format(a);
    ck_assert_msg(strstr(text, "urn:q") == NULL && strstr(text, "<f/>") != NULL, "%s", text);
    ck_assert(vp_node_is_ns(vp_node_next(vp_node_first(a)), "urn:o", "e"));
    vp_autofree char *whole = vp_doc_format(doc, &(size_t){0});
    AUTODOC again = parse(whole);
    ck_assert(vp_node_equal(vp_doc_root(again), vp_doc_root(doc)));
}
END_TEST

VP_TEST_MAIN("xml-edit", VP_TEST_ROWS(inserting_and_removing_gives_the_text_back, inserted),
             VP_TEST(removing_and_inserting_gives_the_text_back), VP_TEST(a_whole_tree_is_indented),
             VP_TEST(replaces_in_place), VP_TEST(all_around_survives), VP_TEST(texts_and_attributes),
             VP_TEST(parses_elements), VP_TEST(copies_across_documents), VP_TEST(drops_a_name_space))
