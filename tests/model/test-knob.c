/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knob.h"

#include "fake.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const struct {
    const char *knob, *text;
    bool yes;
    int choice;
    uint64_t bytes;
} good[] = {
    {"v.bool", "yes", true, -1, 0},          {"v.bool", "no", false, -1, 0},
    {"v.bool", "on", true, -1, 0},           {"v.bool", "off", false, -1, 0},
    {"v.bool", "true", true, -1, 0},         {"v.bool", "false", false, -1, 0},
    {"v.choice", "red", false, 0, 0},        {"v.choice", "blue", false, 2, 0},
    {"v.count", "1", false, -1, 0},          {"v.count", "64", false, -1, 0},
    {"v.count", "vcpus", false, -1, 0},      {"v.count", "min(vcpus, 8)", false, -1, 0},
    {"v.count", "green", false, 1, 0},       {"v.size", "4096", false, -1, 4096},
    {"v.size", "4K", false, -1, 4096},       {"v.size", "1G", false, -1, 1073741824},
    {"v.size", "1 MiB", false, -1, 1048576}, {"v.size", "blue", false, 2, 0},
    {"v.text", "x", false, -1, 0},
};

START_TEST(reads)
{
    const struct vp_knob *knob = vp_registry_find(&fake_registry, good[_i].knob);
    vp_autoerror err = NULL;
    VP_CLEANUP(vp_value_done) struct vp_value value = {0};
    const int r = vp_value_parse(knob, good[_i].text, &value, &err);
    ck_assert_msg(r == 0, "%s: %s", good[_i].knob, err != NULL ? err->message : "");
    ck_assert_str_eq(value.text, good[_i].text);
    ck_assert_msg(value.yes == good[_i].yes, "%s = %s", good[_i].knob, good[_i].text);
    ck_assert_msg(value.choice == good[_i].choice, "%s = %s: %d", good[_i].knob, good[_i].text, value.choice);
    ck_assert_msg(value.bytes == good[_i].bytes, "%s = %s: %" PRIu64, good[_i].knob, good[_i].text,
                  value.bytes);
}
END_TEST

static const struct {
    const char *knob, *text;
    int r;
    const char *part; /* of the message */
} bad[] = {
    {"v.bool", "", -EINVAL, "yes | no"},
    {"v.bool", "maybe", -EINVAL, "yes | no"},
    {"v.bool", "Yes", -EINVAL, "yes | no"},
    {"v.bool", "1", -EINVAL, "yes | no"},
    {"v.choice", "yellow", -EINVAL, "red | green | blue"},
    {"v.choice", "", -EINVAL, "red | green | blue"},
    {"v.choice", "red ", -EINVAL, "red | green | blue"},
    {"v.choice", "RED", -EINVAL, "red | green | blue"},
    {"v.list", "", -EINVAL, "red, green, blue"},
    {"v.list", ",", -EINVAL, "red, green, blue"},
    {"v.list", "red, yellow", -EINVAL, "red, green, blue"},
    {"v.list", "red, blue, red", -EINVAL, "twice"},
    {"v.count", "0", -ERANGE, "1 to 64"},
    {"v.count", "65", -ERANGE, "1 to 64"},
    {"v.count", "99999999999999999999999", -ERANGE, "1 to 64"},
    {"v.count", "-1", -EINVAL, "1 to 64"},
    {"v.count", "many", -EINVAL, "1 to 64"},
    {"v.count", "", -EINVAL, "1 to 64"},
    {"v.count", "min(vcpus", -EINVAL, "expression"},
    {"v.size", "4095", -ERANGE, "4K to 1G"},
    {"v.size", "2G", -ERANGE, "4K to 1G"},
    {"v.size", "-4K", -EINVAL, "4K to 1G"},
    {"v.size", "4 parsec", -EINVAL, "4K to 1G"},
    {"v.size", "99999999999T", -EINVAL, "4K to 1G"},
    {"v.size", "", -EINVAL, "512M"},
    {"v.text", "xy", -EINVAL, "one letter is wanted"},
};

START_TEST(refuses)
{
    const struct vp_knob *knob = vp_registry_find(&fake_registry, bad[_i].knob);
    vp_autoerror err = NULL;
    struct vp_value value = {.text = (char[]){"untouched"}, .choice = 42};
    const int r = vp_value_parse(knob, bad[_i].text, &value, &err);
    /* A size that does not fit is as good out of range as no size. */
    ck_assert_msg(r == bad[_i].r || (r == -ERANGE && strcmp(bad[_i].text, "99999999999T") == 0),
                  "%s = '%s': %d", bad[_i].knob, bad[_i].text, r);
    ck_assert_msg(strcmp(value.text, "untouched") == 0 && value.choice == 42,
                  "%s = '%s': the output was touched", bad[_i].knob, bad[_i].text);
    ck_assert_msg(strstr(err->message, bad[_i].part) != NULL, "%s = '%s': %s", bad[_i].knob, bad[_i].text,
                  err->message);
    ck_assert_msg(strstr(err->message, bad[_i].knob) != NULL || strstr(err->message, "twice") != NULL, "%s",
                  err->message);
    ck_assert_int_eq(err->code, -r);
}
END_TEST

START_TEST(lists)
{
    static const struct {
        const char *text;
        unsigned n;
        int items[3];
    } rows[] = {
        {"red", 1, {0}},           {"blue,red", 2, {2, 0}},    {"blue, green , red", 3, {2, 1, 0}},
        {"green blue", 2, {1, 2}}, {",red,,blue,", 2, {0, 2}},
    };
    const struct vp_knob *knob = vp_registry_find(&fake_registry, "v.list");
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        VP_CLEANUP(vp_value_done) struct vp_value value = {0};
        ck_assert_int_eq(vp_value_parse(knob, rows[i].text, &value, NULL), 0);
        ck_assert_msg(value.list_n == rows[i].n, "'%s': %u", rows[i].text, value.list_n);
        for (unsigned k = 0; k < rows[i].n; k++)
            ck_assert_msg(value.list[k] == rows[i].items[k], "'%s': item %u", rows[i].text, k);
    }
}
END_TEST

START_TEST(long_list)
{
    static const char *const letters[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i",
                                          "j", "k", "l", "m", "n", "o", "p", "q", NULL};
    const struct vp_knob knob = {.name = "x.y", .type = VP_TYPE_LIST, .choices = letters};
    VP_CLEANUP(vp_value_done) struct vp_value value = {0};
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_value_parse(&knob, "a b c d e f g h i j k l m n o p q", &value, &err), -EINVAL);
    ck_assert_ptr_null(value.text);
    ck_assert_int_eq(vp_value_parse(&knob, "a b c d e f g h i j k l m n o p", &value, NULL), 0);
    ck_assert_uint_eq(value.list_n, 16);
}
END_TEST

START_TEST(finds)
{
    ck_assert_str_eq(vp_registry_find(&fake_registry, "v.list")->name, "v.list");
    ck_assert_ptr_null(vp_registry_find(&fake_registry, "v.lis"));
    ck_assert_ptr_null(vp_registry_find(&fake_registry, ""));
    static const struct {
        const char *name, *hint;
    } rows[] = {
        {"v.chioce", "; did you mean 'v.choice'?"},
        {"guest.d", "; did you mean 'guest.do'?"},
        {"completely.other", ""},
        {"", ""},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        vp_autofree char *hint = vp_registry_hint(&fake_registry, rows[i].name);
        ck_assert_str_eq(hint, rows[i].hint);
    }
}
END_TEST

START_TEST(accepts)
{
    static const struct {
        const char *knob, *text;
    } rows[] = {
        {"v.bool", "yes | no"},
        {"v.choice", "red | green | blue"},
        {"v.list", "a list of: red, green, blue"},
        {"v.count", "red | green | blue | a number or an expression like min(vcpus, 8), 1 to 64, in things"},
        {"v.size", "red | green | blue | an amount of bytes like 512M, 4K to 1G"},
        {"v.text", "text"},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        vp_autofree char *text = vp_knob_accepts(vp_registry_find(&fake_registry, rows[i].knob));
        ck_assert_str_eq(text, rows[i].text);
    }
}
END_TEST

START_TEST(names)
{
    static const char *const effects[] = {"guest", "launch", "live", "host"};
    static const char *const types[] = {"bool", "choice", "list", "count", "size", "text"};
    for (int i = 0; i < VP_EFFECT_N_; i++)
        ck_assert_str_eq(vp_effect_names[i], effects[i]);
    for (int i = 0; i < VP_TYPE_N_; i++)
        ck_assert_str_eq(vp_type_names[i], types[i]);
}
END_TEST

VP_TEST_MAIN("knob", VP_TEST_ROWS(reads, good), VP_TEST_ROWS(refuses, bad), VP_TEST(lists),
             VP_TEST(long_list), VP_TEST(finds), VP_TEST(accepts), VP_TEST(names))
