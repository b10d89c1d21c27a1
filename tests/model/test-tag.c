/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tag.h"

#include "fake.h"

#include <errno.h>
#include <string.h>

#define TAG(inner) "<vp:profile xmlns:vp='" VP_TAG_NS "' name='empty'>" inner "</vp:profile>"

static const struct {
    const char *xml, *profile, *enforce; /* profile NULL: no tag */
} rows[] = {
    {"", NULL, NULL},
    {"<metadata/>", NULL, NULL},
    {"<metadata>" TAG("") "</metadata>", "empty", NULL},
    {"<metadata><profile xmlns='" VP_TAG_NS "' name='x' enforce='refuse'/></metadata>", "x", "refuse"},
    {"<metadata><a:b xmlns:a='urn:a'/>" TAG("") "</metadata>", "empty", NULL},
    {"<metadata><a:b xmlns:a='urn:a'>" TAG("") "</a:b></metadata>", NULL, NULL},
    {"<metadata><vp:profile xmlns:vp='urn:other' name='x'/></metadata>", NULL, NULL},
    {"<metadata><vp:other xmlns:vp='" VP_TAG_NS "' name='x'/></metadata>", NULL, NULL},
    {"<metadata><vp:profile xmlns:vp='" VP_TAG_NS "'/></metadata>", "", NULL},
    {"<metadata><vp:profile xmlns:vp='" VP_TAG_NS "' vp:name='x'/></metadata>", "", NULL},
    {"<description>" VP_TAG_NS "</description>", NULL, NULL},
    {"<devices>" TAG("") "</devices>", NULL, NULL},
    {TAG(""), NULL, NULL},
};

START_TEST(reads)
{
    vp_autofree char *text = fake_guest(rows[_i].xml);
    vp_autodomain domain = fake_domain(text, "row");
    struct vp_tag tag = {.profile = "untouched"};
    ck_assert_msg(vp_tag_read(domain, &tag) == (rows[_i].profile != NULL), "%s", rows[_i].xml);
    ck_assert_str_eq(tag.profile, rows[_i].profile != NULL ? rows[_i].profile : "untouched");
    if (rows[_i].profile == NULL)
        return;
    ck_assert_msg((tag.enforce == NULL) == (rows[_i].enforce == NULL), "%s", rows[_i].xml);
    if (tag.enforce != NULL)
        ck_assert_str_eq(tag.enforce, rows[_i].enforce);
    ck_assert(vp_tag_maybe(text, strlen(text)));
}
END_TEST

START_TEST(maybe)
{
    static const struct {
        const char *text;
        size_t len;
        bool maybe;
    } texts[] = {
        {"", 0, false},
        {"<domain/>", 9, false},
        {VP_TAG_NS, sizeof(VP_TAG_NS) - 1, true},
        {VP_TAG_NS, sizeof(VP_TAG_NS) - 2, false},
        {"\0\0" VP_TAG_NS, sizeof(VP_TAG_NS) + 1, true},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(texts); i++)
        ck_assert_msg(vp_tag_maybe(texts[i].text, texts[i].len) == texts[i].maybe, "row %zu", i);
}
END_TEST

/* Writing a tag and taking it out gives the text back; what else is in the metadata stays. */
START_TEST(writes_and_removes)
{
    static const char *const texts[] = {
        "",
        "<metadata/>",
        "<metadata><a:b xmlns:a='urn:a'/></metadata>",
        "<title>t</title><metadata/><memory>1</memory>",
        "<memory>1</memory>",
        "<metadata><!-- mine --></metadata>",
        "<!-- first --><memory>1</memory>",
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(texts); i++) {
        vp_autofree char *text = fake_guest(texts[i]);
        vp_autodomain domain = fake_domain(text, texts[i]);
        vp_autofree char *before = vp_doc_format(domain->doc, &(size_t){0});
        struct vp_tag tag;
        vp_node *node = vp_tag_write(domain, "one");
        ck_assert(vp_tag_read(domain, &tag));
        ck_assert_ptr_eq(tag.node, node);
        ck_assert_str_eq(tag.profile, "one");
        ck_assert_ptr_eq(vp_tag_write(domain, "two"), node);
        vp_tag_enforce(domain, "refuse");
        vp_tag_set(domain, "a.b", "1");
        ck_assert(vp_tag_read(domain, &tag));
        ck_assert_str_eq(tag.profile, "two");
        ck_assert_str_eq(tag.enforce, "refuse");
        vp_autofree char *with = vp_doc_format(domain->doc, &(size_t){0});
        vp_autodomain again = fake_domain(with, "written");
        ck_assert(vp_tag_read(again, &tag));
        ck_assert(vp_tag_maybe(with, strlen(with)));
        vp_tag_remove(domain);
        vp_tag_remove(domain);
        vp_autofree char *after = vp_doc_format(domain->doc, &(size_t){0});
        ck_assert_msg(strcmp(after, before) == 0, "%s: was\n%s\nis\n%s", texts[i], before, after);
    }
}
END_TEST

/* Someone else's metadata that came after ours keeps the element. */
START_TEST(metadata_of_others_stays)
{
    vp_autofree char *text = fake_guest("");
    vp_autodomain domain = fake_domain(text, "definition");
    vp_node *node = vp_tag_write(domain, "one");
    vp_node *other = NULL;
    ck_assert_int_eq(vp_node_parse(domain->doc, "<a:b xmlns:a='urn:a'/>", &other, NULL), 0);
    vp_node_append(vp_node_parent(node), other);
    vp_tag_remove(domain);
    vp_node *metadata = vp_node_child(domain->root, "metadata");
    ck_assert_ptr_nonnull(metadata);
    ck_assert(vp_node_is_ns(vp_node_first(metadata), "urn:a", "b"));
    ck_assert_ptr_null(vp_node_next(vp_node_first(metadata)));
}
END_TEST

START_TEST(overrides)
{
    vp_autofree char *text = fake_guest("");
    vp_autodomain domain = fake_domain(text, "definition");
    vp_node *tag = vp_tag_write(domain, "one");
    vp_tag_set(domain, "v.count", "1");
    vp_tag_set(domain, "v.bool", "yes");
    vp_tag_set(domain, "v.count", "<2>");
    vp_tag_set(domain, "v.none", NULL);
    vp_node *set = vp_node_first(tag);
    while (!vp_node_is_ns(set, VP_TAG_NS, "set"))
        set = vp_node_next(set);
    vp_autofree char *value = vp_node_text(set);
    ck_assert_str_eq(vp_node_attr(set, "knob"), "v.count");
    ck_assert_str_eq(value, "<2>");
    ck_assert_str_eq(vp_node_attr(vp_node_next(set), "knob"), "v.bool");
    vp_tag_set(domain, "v.count", NULL);
    vp_tag_unset_all(domain);
    vp_tag_enforce(domain, NULL);
    for (vp_node *n = vp_node_first(tag); n != NULL; n = vp_node_next(n))
        ck_assert(!vp_node_is_ns(n, VP_TAG_NS, "set"));
}
END_TEST

static const struct {
    const char *metadata;
    int r;
    const char *message; /* on success the text of v.count, NULL: not set */
} loads[] = {
    {TAG(""), 0, NULL},
    {TAG("<vp:set knob='v.count'>7</vp:set>"), 0, "7"},
    {TAG("<vp:set knob='v.count'> 7 </vp:set>"), 0, "7"},
    {TAG("<vp:set knob='v.count'>7</vp:set><vp:set knob='v.count'>8</vp:set>"), 0, "8"},
    {TAG("<vp:set knob='v.count'>7</vp:set><vp:set knob='v.count'>keep</vp:set>"), 0, NULL},
    {TAG("<vp:odd knob='v.count'>7</vp:odd><set knob='v.count'>7</set>"), 0, NULL},
    {TAG("<vp:set knob='v.cuont'>7</vp:set>"), -EINVAL,
     "domain 'guest': the override in its metadata: there is no knob"},
    {TAG("<vp:set>7</vp:set>"), -EINVAL, "domain 'guest': the override in its metadata: "},
    {TAG("<vp:set knob='v.count'/>"), -EINVAL,
     "domain 'guest': the override in its metadata: '' is not a value"},
    {TAG("<vp:set knob='v.count'>65</vp:set>"), -ERANGE,
     "domain 'guest': the override in its metadata: '65' is"},
    {"<vp:profile xmlns:vp='" VP_TAG_NS "' name='nosuch'/>", -ENOENT,
     "domain 'guest': there is no profile 'nosuch'"},
    {"<vp:profile xmlns:vp='" VP_TAG_NS "' name='../x'/>", -EINVAL,
     "domain 'guest': '../x' is not a profile's name"},
    {"<vp:profile xmlns:vp='" VP_TAG_NS "'/>", -EINVAL, "domain 'guest': '' is not a profile's name"},
    {"<vp:profile xmlns:vp='" VP_TAG_NS "' name='empty' enforce='maybe'/>", -EINVAL,
     "domain 'guest': 'maybe' is not"},
};

START_TEST(loading)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *inner = vp_asprintf("<metadata>%s</metadata>", loads[_i].metadata);
    vp_autofree char *text = fake_guest(inner);
    vp_autodomain domain = fake_domain(text, "row");
    struct vp_tag tag;
    ck_assert(vp_tag_read(domain, &tag));
    VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *profile = NULL;
    vp_autoerror err = NULL;
    const int r = vp_tag_load(domain, &tag, &fake.engine.profiles, &fake_registry, &profile, &err);
    ck_assert_msg(r == loads[_i].r, "%s: %d", loads[_i].metadata, r);
    if (r < 0) {
        ck_assert_ptr_null(profile);
        ck_assert_msg(strncmp(err->message, loads[_i].message, strlen(loads[_i].message)) == 0, "%s",
                      err->message);
        return;
    }
    const struct vp_setting *count = vp_profile_get(profile, "v.count");
    ck_assert_msg((count == NULL) == (loads[_i].message == NULL), "%s", loads[_i].metadata);
    if (count != NULL) {
        ck_assert_str_eq(count->value.text, loads[_i].message);
        ck_assert_str_eq(count->origin, "tag");
    }
}
END_TEST

START_TEST(enforce_over_the_profile)
{
    FAKE fake;
    fake_open(&fake);
    fake_profile(&fake, "strict", "[profile]\nenforce = refuse\n");
    static const struct {
        const char *enforce;
        enum vp_enforce want;
    } cases[] = {{"", VP_ENFORCE_REFUSE},
                 {"enforce='start'", VP_ENFORCE_START},
                 {"enforce='refuse'", VP_ENFORCE_REFUSE}};
    for (size_t i = 0; i < VP_ARRAY_SIZE(cases); i++) {
        vp_autofree char *text =
            vp_asprintf("<domain><metadata><vp:profile xmlns:vp='" VP_TAG_NS "' name='strict' %s/>"
                        "</metadata></domain>",
                        cases[i].enforce);
        vp_autodomain domain = fake_domain(text, "row");
        struct vp_tag tag;
        ck_assert(vp_tag_read(domain, &tag));
        VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *profile = NULL;
        ck_assert_int_eq(vp_tag_load(domain, &tag, &fake.engine.profiles, &fake_registry, &profile, NULL), 0);
        ck_assert_msg(profile->enforce == cases[i].want, "row %zu", i);
    }
}
END_TEST

/* What another definition asks for; the record stays. */
START_TEST(adopts)
{
    vp_autodomain from =
        fake_domain("<domain><metadata><vp:profile xmlns:vp='" VP_TAG_NS "' name='b'>"
                    "<vp:was knob='x' at='os'/><vp:set knob='v.count'>2</vp:set></vp:profile>"
                    "</metadata></domain>",
                    "from");
    vp_autodomain to =
        fake_domain("<domain><metadata><p:profile xmlns:p='" VP_TAG_NS "' name='a' "
                    "enforce='refuse'><p:was knob='y' at='cpu'/><p:set knob='v.size'>1M</p:set>"
                    "</p:profile></metadata></domain>",
                    "to");
    vp_autodomain bare = fake_domain("<domain/>", "bare");
    struct vp_tag tag;
    ck_assert(vp_tag_read(from, &tag));
    vp_tag_adopt(to, &tag);
    vp_tag_adopt(bare, &tag);
    vp_autofree char *adopted = vp_doc_format(to->doc, &(size_t){0});
    vp_autofree char *made = vp_doc_format(bare->doc, &(size_t){0});
    fake_same(adopted,
              "<domain><metadata><p:profile xmlns:p='" VP_TAG_NS "' name='b'><p:was knob='y' at='cpu'/>"
              "<p:set knob='v.count'>2</p:set></p:profile></metadata></domain>",
              "to");
    fake_same(made,
              "<domain><metadata><vp:profile xmlns:vp='" VP_TAG_NS "' name='b'><vp:made at='metadata'/>"
              "<vp:set knob='v.count'>2</vp:set></vp:profile></metadata></domain>",
              "bare");
}
END_TEST

VP_TEST_MAIN("tag", VP_TEST_ROWS(reads, rows), VP_TEST(maybe), VP_TEST(writes_and_removes),
             VP_TEST(metadata_of_others_stays), VP_TEST(overrides), VP_TEST_ROWS(loading, loads),
             VP_TEST(enforce_over_the_profile), VP_TEST(adopts))
