/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile.h"

#include "fake.h"
#include "planner_xml.h"
#include "strbuf.h"

#include <errno.h>
#include <string.h>

static struct vp_profile *load(const struct fake *fake, const char *name)
{
    struct vp_profile *profile = NULL;
    vp_autoerror err = NULL;
    const int r = vp_profile_load(&fake->engine.profiles, &fake_registry, name, &profile, &err);
    ck_assert_msg(r == 0, "%s: %s", name, err != NULL ? err->message : "");
    return profile;
}

#define PROFILE VP_CLEANUP(vp_profile_free_ptr) struct vp_profile

/* Must fail, without touching the output. The message is owned. */
static char *refusal(const struct fake *fake, const char *name, int r)
{
    static char sentinel;
    struct vp_profile *profile = (struct vp_profile *)(void *)&sentinel;
    vp_autoerror err = NULL;
    const int got = vp_profile_load(&fake->engine.profiles, &fake_registry, name, &profile, &err);
    ck_assert_msg(got == r, "'%s': %d: %s", name, got, err != NULL ? err->message : "");
    ck_assert_ptr_eq(profile, (struct vp_profile *)(void *)&sentinel);
    ck_assert_int_eq(err->code, -r);
    ck_assert_ptr_null(strchr(err->message, '\n'));
    return vp_strdup(err->message);
}

START_TEST(reads)
{
    FAKE fake;
    fake_open(&fake);
    fake_profile(&fake, "a",
                 "; comment\n[profile]\nsummary = for tests\nenforce = refuse\n\n[v]\ncount = 4\n"
                 "bool = yes\n[xml]\ndevices/disk[*]/driver/@io = native\n");
    PROFILE *profile = load(&fake, "a");
    ck_assert_str_eq(profile->name, "a");
    ck_assert_str_eq(profile->summary, "for tests");
    ck_assert_ptr_nonnull(strstr(profile->file, "/etc/profiles/a.profile"));
    ck_assert_ptr_null(profile->extends);
    ck_assert_int_eq(profile->enforce, VP_ENFORCE_REFUSE);
    ck_assert_uint_eq(profile->n, 3);
    const struct vp_setting *count = vp_profile_get(profile, "v.count");
    ck_assert_str_eq(count->value.text, "4");
    ck_assert_ptr_nonnull(strstr(count->origin, "/etc/profiles/a.profile:7"));
    ck_assert(vp_profile_get(profile, "v.bool")->value.yes);
    ck_assert_ptr_null(vp_profile_get(profile, "v.text"));
    ck_assert_ptr_null(vp_profile_get(profile, "xml"));
    ck_assert_str_eq(profile->settings[2].path, "devices/disk[*]/driver/@io");
    ck_assert_ptr_eq(profile->settings[2].knob, &vp_xml_knob);
}
END_TEST

static const struct {
    const char *text;
    int r;
    const char *message; /* with its %s replaced by the file */
} bad[] = {
    {"[v]\ncuont = 4\n", -EINVAL, "a.profile:2: there is no knob 'v.cuont'; did you mean 'v.count'?"},
    {"[guest]\ndo-it = 4\n", -EINVAL, "a.profile:2: there is no knob 'guest.do-it'"},
    {"[nowhere]\nx = 4\n", -EINVAL, "a.profile:2: there is no knob 'nowhere.x'"},
    {"[v]\n\ncount = lots\n", -EINVAL, "a.profile:3: 'lots' is not a value of v.count, which takes"},
    {"[v]\ncount = 65\n", -ERANGE, "a.profile:2: '65' is not a value of v.count"},
    {"[v]\ncount = 1\nbool = yes\ncount = 2\n", -EINVAL,
     "a.profile:4: 'count' is already set in [v] at line 2"},
    {"[v]\ncount = 1\n[v]\ncount = 2\n", -EINVAL, "a.profile:4: 'count' is already set in [v] at line 2"},
    {"count = 1\n", -EINVAL, "a.profile:1: 'count' stands before"},
    {"[v]\ncount\n", -EINVAL, "a.profile:2: neither"},
    {"[profile]\nsumary = x\n", -EINVAL,
     "a.profile:2: [profile] has no key 'sumary'; it takes summary, extends"},
    {"[profile]\nenforce = maybe\n", -EINVAL, "a.profile:2: 'maybe' is not a value of enforce"},
    {"[profile]\nextends = nosuch\n", -ENOENT, "a.profile:2: extends: there is no profile 'nosuch'"},
    {"[profile]\nextends = none\n", -EINVAL, "a.profile:2: extends: no profile can be called 'none'"},
    {"[profile]\nextends = ../../etc/passwd\n", -EINVAL,
     "a.profile:2: extends: '../../etc/passwd' is not a profile's"},
    {"[profile]\nextends = /etc/profiles/empty\n", -EINVAL, "a.profile:2: extends: "},
    {"[profile]\nextends =\n", -EINVAL, "a.profile:2: extends: '' is not a profile's name"},
    {"[profile]\nextends = a\n", -ELOOP, "a.profile: the profile extends itself"},
    {"[profile]\nextends = b\n", -EINVAL, "b.profile:2: there is no knob 'v.x'"},
    {"[xml]\nname = x\n", -EINVAL, "a.profile:2: 'name' is not for a profile to change"},
    {"[xml]\ndevices//disk = x\n", -EINVAL, "a.profile:2: 'devices//disk' is not a place"},
};

START_TEST(refuses)
{
    FAKE fake;
    fake_open(&fake);
    fake_profile(&fake, "a", bad[_i].text);
    fake_profile(&fake, "b", "[v]\nx = 1\n");
    vp_autofree char *message = refusal(&fake, "a", bad[_i].r);
    ck_assert_msg(strstr(message, bad[_i].message) != NULL, "%s\nnot: %s", message, bad[_i].message);
}
END_TEST

START_TEST(names_allowed)
{
    static const struct {
        const char *name;
        bool ok;
    } rows[] = {
        {"a", true},
        {"sql-db", true},
        {"a.b_c-D9", true},
        {"", false},
        {".a", false},
        {"..", false},
        {"a/b", false},
        {"../a", false},
        {"a b", false},
        {"\xc3\xa4", false},
        {"a\n", false},
        {"-a", true},
        {"%s", false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };
    FAKE fake;
    fake_open(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        ck_assert_msg(vp_profile_name_ok(rows[i].name) == rows[i].ok, "'%s'", rows[i].name);
        vp_autofree char *message = refusal(&fake, rows[i].name, rows[i].ok ? -ENOENT : -EINVAL);
        (void)message;
    }
}
END_TEST

START_TEST(missing_names_the_known)
{
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, "/usr/profiles/zebra.profile", "");
    fake_file(&fake, "/usr/profiles/readme.txt", "");
    fake_file(&fake, "/usr/profiles/.hidden.profile", "");
    vp_autofree char *message = refusal(&fake, "zebar", -ENOENT);
    ck_assert_msg(strstr(message, "there is no profile 'zebar'") != NULL &&
                      strstr(message, "empty, zebra") != NULL && strstr(message, "readme") == NULL &&
                      strstr(message, "hidden") == NULL,
                  "%s", message);
}
END_TEST

START_TEST(no_folders_at_all)
{
    FAKE fake;
    fake_open(&fake);
    static const char *const nowhere[] = {"/none", NULL};
    const struct vp_profile_dirs where = {.root = fake.root, .dirs = nowhere};
    struct vp_profile *profile = NULL;
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_profile_load(&where, &fake_registry, "a", &profile, &err), -ENOENT);
    ck_assert_msg(strstr(err->message, "none in: /none") != NULL, "%s", err->message);
    VP_CLEANUP(vp_names_free_ptr) char **list = NULL;
    ck_assert_int_eq(vp_profile_list(&where, &list, NULL), 0);
    ck_assert_ptr_null(list[0]);
}
END_TEST

START_TEST(shadows)
{
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, "/usr/profiles/a.profile", "[v]\ncount = 1\ntext = u\n");
    fake_file(&fake, "/usr/profiles/b.profile", "[profile]\nextends = a\n[v]\nbool = yes\n");
    PROFILE *below = load(&fake, "b");
    ck_assert_str_eq(vp_profile_get(below, "v.count")->value.text, "1");
    fake_profile(&fake, "a", "[v]\ncount = 2\n");
    PROFILE *own = load(&fake, "a");
    ck_assert_str_eq(vp_profile_get(own, "v.count")->value.text, "2");
    ck_assert_ptr_null(vp_profile_get(own, "v.text"));
    PROFILE *above = load(&fake, "b");
    ck_assert_str_eq(vp_profile_get(above, "v.count")->value.text, "2");
    VP_CLEANUP(vp_names_free_ptr) char **list = NULL;
    ck_assert_int_eq(vp_profile_list(&fake.engine.profiles, &list, NULL), 0);
    static const char *const want[] = {"a", "b", "empty", NULL};
    for (size_t i = 0; i < VP_ARRAY_SIZE(want); i++)
        ck_assert_msg((list[i] == NULL) == (want[i] == NULL) &&
                          (want[i] == NULL || strcmp(list[i], want[i]) == 0),
                      "name %zu", i);
}
END_TEST

START_TEST(inherits)
{
    FAKE fake;
    fake_open(&fake);
    fake_profile(&fake, "a",
                 "[profile]\nsummary = of a\nenforce = refuse\n[v]\ncount = 1\nbool = yes\nsize = 4K\n"
                 "[xml]\nos/@x = a\nos/@y = a\n");
    fake_profile(&fake, "b",
                 "[profile]\nextends = a\n[v]\ncount = 2\nbool = keep\n[xml]\nos/@x = b\nos/@y = keep\n");
    fake_profile(&fake, "c", "[v]\nsize = 8K\n[profile]\nsummary = of c\nenforce = start\nextends = b\n");
    PROFILE *b = load(&fake, "b");
    ck_assert_str_eq(b->extends, "a");
    ck_assert_str_eq(b->summary, "of a");
    ck_assert_int_eq(b->enforce, VP_ENFORCE_REFUSE);
    ck_assert_str_eq(vp_profile_get(b, "v.count")->value.text, "2");
    ck_assert_ptr_null(vp_profile_get(b, "v.bool"));
    ck_assert_ptr_nonnull(strstr(vp_profile_get(b, "v.count")->origin, "b.profile:4"));
    ck_assert_ptr_nonnull(strstr(vp_profile_get(b, "v.size")->origin, "a.profile:7"));
    ck_assert_uint_eq(b->n, 3);
    PROFILE *c = load(&fake, "c");
    ck_assert_str_eq(c->extends, "b");
    ck_assert_str_eq(c->summary, "of c");
    ck_assert_int_eq(c->enforce, VP_ENFORCE_START);
    ck_assert_ptr_nonnull(strstr(c->file, "c.profile"));
    ck_assert_str_eq(vp_profile_get(c, "v.size")->value.text, "8K");
    ck_assert_str_eq(vp_profile_get(c, "v.count")->value.text, "2");
}
END_TEST

static const struct {
    const char *a, *b, *c;
} cycles[] = {
    {"a", NULL, NULL},
    {"b", "a", NULL},
    {"b", "c", "a"},
    {"b", "c", "b"},
};

START_TEST(cycle)
{
    FAKE fake;
    fake_open(&fake);
    const char *const extends[] = {cycles[_i].a, cycles[_i].b, cycles[_i].c};
    static const char *const names[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++) {
        vp_autofree char *text =
            vp_asprintf("[profile]\nextends = %s\n", extends[i] != NULL ? extends[i] : "empty");
        fake_profile(&fake, names[i], text);
    }
    vp_autofree char *message = refusal(&fake, "a", -ELOOP);
    ck_assert_msg(strstr(message, "extends itself") != NULL, "%s", message);
}
END_TEST

START_TEST(depth)
{
    FAKE fake;
    fake_open(&fake);
    for (int i = 0; i < 20; i++) {
        vp_autofree char *name = vp_asprintf("p%d", i);
        vp_autofree char *text =
            i > 0 ? vp_asprintf("[profile]\nextends = p%d\n", i - 1) : vp_strdup("[v]\ncount = 1\n");
        fake_profile(&fake, name, text);
    }
    PROFILE *profile = load(&fake, "p15");
    ck_assert_ptr_nonnull(vp_profile_get(profile, "v.count"));
    vp_autofree char *message = refusal(&fake, "p16", -ELOOP);
    ck_assert_msg(strstr(message, "more than 16") != NULL, "%s", message);
}
END_TEST

START_TEST(size_limit)
{
    FAKE fake;
    fake_open(&fake);
    struct vp_strbuf buf = {0};
    while (buf.len < VP_PROFILE_MAX)
        vp_strbuf_add(&buf, buf.len + 64 <= VP_PROFILE_MAX
                                ? ";2345678901234567890123456789012345678901234567890123456789012\n"
                                : ";");
    vp_autofree char *text = vp_strbuf_take(&buf);
    ck_assert_uint_eq(strlen(text), VP_PROFILE_MAX);
    fake_profile(&fake, "most", text);
    PROFILE *profile = load(&fake, "most");
    ck_assert_uint_eq(profile->n, 0);
    vp_autofree char *more = vp_asprintf("%s;", text);
    fake_profile(&fake, "more", more);
    vp_autofree char *message = refusal(&fake, "more", -EFBIG);
    ck_assert_ptr_nonnull(strstr(message, "more.profile"));
}
END_TEST

START_TEST(odd_files)
{
    FAKE fake;
    fake_open(&fake);
    fake_bytes(&fake, "/etc/profiles/nul.profile", "[v]\0\n", 5);
    fake_file(&fake, "/etc/profiles/folder.profile/x", "");
    vp_autofree char *nul = refusal(&fake, "nul", -EINVAL);
    ck_assert_ptr_nonnull(strstr(nul, "NUL"));
    vp_autofree char *folder = refusal(&fake, "folder", -EISDIR);
    ck_assert_ptr_nonnull(strstr(folder, "folder.profile"));
}
END_TEST

START_TEST(sets)
{
    FAKE fake;
    fake_open(&fake);
    PROFILE *profile = load(&fake, "empty");
    static const struct {
        const char *knob, *text;
        int r;
        size_t n;
    } rows[] = {
        {"v.count", "4", 0, 1},          {"v.count", "5", 0, 1},      {"v.bool", "yes", 0, 2},
        {"v.count", "lots", -EINVAL, 2}, {"v.none", "4", -EINVAL, 2}, {"", "4", -EINVAL, 2},
        {"xml.os/@x", "1", 0, 3},        {"xml.os/@x", "2", 0, 3},    {"xml.", "2", -EINVAL, 3},
        {"xml.uuid", "2", -EINVAL, 3},   {"v.bool", "keep", 0, 2},    {"v.bool", "keep", 0, 2},
        {"v.none", "keep", -EINVAL, 2},  {"xml.os/@x", "keep", 0, 1}, {"xml.os/@y", "keep", 0, 1},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        vp_autoerror err = NULL;
        const int r = vp_profile_set(profile, &fake_registry, rows[i].knob, rows[i].text, "--set", &err);
        ck_assert_msg(r == rows[i].r, "row %zu: %d", i, r);
        ck_assert_msg(profile->n == rows[i].n, "row %zu: %zu settings", i, profile->n);
    }
    ck_assert_str_eq(vp_profile_get(profile, "v.count")->value.text, "5");
    ck_assert_str_eq(vp_profile_get(profile, "v.count")->origin, "--set");
}
END_TEST

START_TEST(by_path)
{
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, "/home/mine.profile", "[profile]\nextends = beside\n[v]\ncount = 1\n");
    fake_file(&fake, "/home/beside.profile", "[profile]\nextends = empty\n[v]\nbool = yes\n");
    fake_file(&fake, "/home/loop.profile", "[profile]\nextends = loop\n");
    fake_file(&fake, "/home/bad name.profile", "");
    static const struct {
        const char *path;
        int r;
    } rows[] = {
        {"/home/mine.profile", 0},
        {"/home/nosuch.profile", -ENOENT},
        {"/nowhere/nosuch.profile", -ENOENT},
        {"/home/none.profile", -EINVAL},
        {"/home/loop.profile", -ELOOP},
        {"/home/bad name.profile", -EINVAL},
        {"/home", -EISDIR},
        {"/home/.profile", -EINVAL},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        vp_autofree char *path = vp_asprintf("%s%s", fake.folder, rows[i].path);
        PROFILE *profile = NULL;
        vp_autoerror err = NULL;
        const int r = vp_profile_load_file(&fake.engine.profiles, &fake_registry, path, &profile, &err);
        ck_assert_msg(r == rows[i].r, "%s: %d: %s", rows[i].path, r, err != NULL ? err->message : "");
        ck_assert((profile != NULL) == (r == 0));
        if (r < 0)
            continue;
        ck_assert_str_eq(profile->name, "mine");
        ck_assert_str_eq(profile->file, path);
        ck_assert_str_eq(profile->extends, "beside");
        ck_assert(vp_profile_get(profile, "v.bool")->value.yes);
    }
}
END_TEST

VP_TEST_MAIN("profile", VP_TEST(reads), VP_TEST_ROWS(refuses, bad), VP_TEST(names_allowed),
             VP_TEST(missing_names_the_known), VP_TEST(no_folders_at_all), VP_TEST(shadows),
             VP_TEST(inherits), VP_TEST_ROWS(cycle, cycles), VP_TEST(depth), VP_TEST(size_limit),
             VP_TEST(odd_files), VP_TEST(sets), VP_TEST(by_path))
