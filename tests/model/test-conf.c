/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf.h"

#include "fake.h"

#include <errno.h>
#include <string.h>

START_TEST(absent)
{
    FAKE fake;
    fake_open(&fake);
    VP_CLEANUP(vp_conf_done) struct vp_conf conf = {.reserve_kib = 1};
    ck_assert_int_eq(vp_conf_read(fake.root, &conf, NULL), 0);
    ck_assert_ptr_null(conf.housekeeping);
    ck_assert_ptr_null(conf.housekeeping_origin);
    ck_assert_uint_eq(conf.reserve_kib, UINT64_MAX);
}
END_TEST

static const struct {
    const char *text, *housekeeping;
    unsigned line; /* of housekeeping */
    uint64_t reserve_kib;
} good[] = {
    {"", NULL, 0, UINT64_MAX},
    {"[host]\n", NULL, 0, UINT64_MAX},
    {"; [host]\n# housekeeping = x\n", NULL, 0, UINT64_MAX},
    {"[host]\nhousekeeping = 0-1,8\n", "0-1,8", 2, UINT64_MAX},
    {"\n[host]\n\n  housekeeping = 4 ; the last\n", "4", 4, UINT64_MAX},
    {"[host]\nmemory-reserve = 0\n", NULL, 0, 0},
    {"[host]\nmemory-reserve = 512M\n", NULL, 0, 512 * 1024},
    {"[host]\nmemory-reserve = 4 GiB\nhousekeeping = 0\n", "0", 3, 4 * 1024 * 1024},
    {"[host]\nmemory-reserve = 1000\n", NULL, 0, 0},
};

START_TEST(reads)
{
    FAKE fake;
    fake_open(&fake);
    vp_autoerror err = NULL;
    VP_CLEANUP(vp_conf_done) struct vp_conf conf = {0};
    vp_autofree char *origin = vp_asprintf("%s:%u", vp_conf_path, good[_i].line);
    fake_file(&fake, vp_conf_path, good[_i].text);
    ck_assert_msg(vp_conf_read(fake.root, &conf, &err) == 0, "%s: %s", good[_i].text,
                  err ? err->message : "");
    ck_assert_msg(conf.reserve_kib == good[_i].reserve_kib, "%s", good[_i].text);
    if (good[_i].housekeeping == NULL) {
        ck_assert_msg(conf.housekeeping == NULL && conf.housekeeping_origin == NULL, "%s", good[_i].text);
        return;
    }
    ck_assert_str_eq(conf.housekeeping, good[_i].housekeeping);
    ck_assert_str_eq(conf.housekeeping_origin, origin);
}
END_TEST

static const struct {
    const char *text, *message; /* behind the name of the file */
    int code;
} bad[] = {
    {"housekeeping = 0\n", ":1: 'housekeeping' stands before the first [section]", EINVAL},
    {"[hots]\nhousekeeping = 0\n", ":2: there is no section 'hots'; did you mean 'host'?", EINVAL},
    {"[profile]\nsummary = x\n", ":2: there is no section 'profile'", EINVAL},
    {"[host]\nhousekeping = 0\n", ":2: there is no key 'housekeping'; did you mean 'housekeeping'?", EINVAL},
    {"[host]\n\nmemory = 1G\n", ":3: there is no key 'memory'", EINVAL},
    {"[host]\nhousekeeping = 0\nhousekeeping = 1\n", ":3: 'housekeeping' is already set in [host] at line 2",
     EINVAL},
    {"[host]\nhousekeeping =\n",
     ":2: housekeeping names no CPU; without the key it is the first core of each node", EINVAL},
    {"[host]\nhousekeeping = first\n",
     ":2: housekeeping: 'first' is no list of CPUs like '0-3,8' with numbers below 8192", EINVAL},
    {"[host]\nhousekeeping = 8192\n",
     ":2: housekeeping: '8192' is no list of CPUs like '0-3,8' with numbers below 8192", ERANGE},
    {"[host]\nhousekeeping = 0,\n", ":2: housekeeping: the list of CPUs ends with a comma", EINVAL},
    {"[host]\nmemory-reserve = much\n", ":2: 'much' is no amount of memory; write it like 512M or 4G",
     EINVAL},
    {"[host]\nmemory-reserve =\n", ":2: '' is no amount of memory; write it like 512M or 4G", EINVAL},
    {"[host]\nmemory-reserve = -1G\n", ":2: '-1G' is no amount of memory; write it like 512M or 4G", EINVAL},
    {"[host]\nmemory-reserve = 99999999T\n",
     ":2: '99999999T' is no amount of memory; write it like 512M or 4G", ERANGE},
    {"[daemon]\ndrift = mend\n", ":2: 'mend' is nothing to do about drift, which is repair, report or off",
     EINVAL},
    {"[daemon]\ndrift-interval = 4\n", ":2: '4' is no interval from 5s to 1h", EINVAL},
    {"[daemon]\ndrift-interval = 61m\n", ":2: '61m' is no interval from 5s to 1h", EINVAL},
    {"[daemon]\ndrift-interval = 30d\n", ":2: '30d' is no interval from 5s to 1h", EINVAL},
    {"[daemon]\ndrfit = off\n", ":2: there is no key 'drfit'; did you mean 'drift'?", EINVAL},
    {"[default-profiles]\na = b\n",
     ":2: there is no section 'default-profiles'; did you mean 'default-profile'?", EINVAL},
    {"[default-profile]\nweb-* = a b\n", ":2: 'a b' is not a profile's name", EINVAL},
    {"[default-profile]\nweb-* =\n", ":2: '' is not a profile's name", EINVAL},
    {"[default-profile]\nname: = x\n", ":2: '= x' is not a profile's name", EINVAL},
    {"[default-profile]\na = x\na = y\n", ":3: 'a' is already set in [default-profile] at line 2", EINVAL},
    {"[host]\nnonsense\n", ":2: neither [section] nor 'key = value'", EINVAL},
};

START_TEST(refuses)
{
    FAKE fake;
    fake_open(&fake);
    static char sentinel;
    struct vp_conf conf = {.housekeeping = &sentinel, .reserve_kib = 42};
    vp_autoerror err = NULL;
    vp_autofree char *message = vp_asprintf("%s%s", vp_conf_path, bad[_i].message);
    fake_file(&fake, vp_conf_path, bad[_i].text);
    ck_assert_msg(vp_conf_read(fake.root, &conf, &err) == -bad[_i].code, "%s", bad[_i].text);
    ck_assert_str_eq(err->message, message);
    ck_assert_int_eq(err->code, bad[_i].code);
    ck_assert_msg(conf.housekeeping == &sentinel && conf.reserve_kib == 42, "%s", bad[_i].text);
}
END_TEST

/* Later values replace earlier ones; a wrong one changes nothing. */
START_TEST(sets)
{
    VP_CLEANUP(vp_conf_done) struct vp_conf conf = {.reserve_kib = UINT64_MAX};
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_conf_set(&conf, "host", "housekeeping", "0", "file:1", NULL), 0);
    ck_assert_int_eq(vp_conf_set(&conf, "host", "housekeeping", "2-3", "command line", NULL), 0);
    ck_assert_int_eq(vp_conf_set(&conf, "host", "memory-reserve", "1G", "command line", NULL), 0);
    ck_assert_int_eq(vp_conf_set(&conf, "host", "housekeeping", "x", "command line", &err), -EINVAL);
    ck_assert_str_eq(err->message,
                     "command line: housekeeping: 'x' is no list of CPUs like '0-3,8' with numbers "
                     "below 8192");
    ck_assert_int_eq(vp_conf_set(&conf, "host", "memory-reserve", "x", "command line", NULL), -EINVAL);
    ck_assert_int_eq(vp_conf_set(&conf, "host", "nothing", "x", "command line", NULL), -EINVAL);
    ck_assert_str_eq(conf.housekeeping, "2-3");
    ck_assert_str_eq(conf.housekeeping_origin, "command line");
    ck_assert_uint_eq(conf.reserve_kib, 1024 * 1024);
    ck_assert_uint_eq(conf.n, 3);
}
END_TEST

static const struct {
    const char *name, *title, *profile; /* NULL: none */
} defaults[] = {
    {"sql-1", NULL, "sql-db"},
    {"sql-test", NULL, "none"},
    {"web", "Orders database", "db"},
    {"web", "Orders", "desktop-vdi"},
    {"w", "", NULL},
    {"[x]y", NULL, "nfv"},
    {"web:1", NULL, "colon"},
    {"w", NULL, NULL},
};

START_TEST(gives_defaults)
{
    static const char text[] = "[default-profile]\nsql-test = none\nsql-* = sql-db\ntitle:*database = db\n"
                               "name:[[]x]y = nfv\nweb:? = colon\nwe? = desktop-vdi\n";
    VP_CLEANUP(vp_conf_done) struct vp_conf conf = {0};
    vp_autoerror err = NULL;
    ck_assert_msg(vp_conf_parse(text, sizeof(text) - 1, "c", &conf, &err) == 0, "%s",
                  err ? err->message : "");
    ck_assert_uint_eq(conf.n_defaults, 6);
    ck_assert_str_eq(conf.defaults[2].origin, "c:4");
    const struct vp_conf_default *found = vp_conf_default(&conf, defaults[_i].name, defaults[_i].title);
    if (defaults[_i].profile == NULL)
        ck_assert_msg(found == NULL, "row %d: %s", _i, found ? found->profile : "");
    else
        ck_assert_msg(found != NULL && strcmp(found->profile, defaults[_i].profile) == 0, "row %d: %s", _i,
                      found ? found->profile : "nothing");
}
END_TEST

static const struct {
    const char *text;
    enum vp_drift drift;
    unsigned seconds;
} drifts[] = {
    {"", VP_DRIFT_REPAIR, 30},
    {"[daemon]\ndrift = repair\n", VP_DRIFT_REPAIR, 30},
    {"[daemon]\ndrift = report\ndrift-interval = 5\n", VP_DRIFT_REPORT, 5},
    {"[daemon]\ndrift = off\ndrift-interval = 45s\n", VP_DRIFT_OFF, 45},
    {"[daemon]\ndrift-interval = 2 m\n", VP_DRIFT_REPAIR, 120},
    {"[daemon]\ndrift-interval = 1h\n", VP_DRIFT_REPAIR, 3600},
};

START_TEST(reads_drift)
{
    VP_CLEANUP(vp_conf_done) struct vp_conf conf = {0};
    ck_assert_int_eq(vp_conf_parse(drifts[_i].text, strlen(drifts[_i].text), "c", &conf, NULL), 0);
    ck_assert_msg(conf.drift == drifts[_i].drift, "row %d", _i);
    ck_assert_msg(vp_conf_drift_interval(&conf) == drifts[_i].seconds, "row %d", _i);
}
END_TEST

START_TEST(parses)
{
    static const char text[] = "[host]\nhousekeeping = 1\nmemory-reserve = 1M\n";
    VP_CLEANUP(vp_conf_done) struct vp_conf conf = {0};
    struct vp_conf untouched = {.n = 42};
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_conf_parse(text, sizeof(text) - 1, "some.conf", &conf, NULL), 0);
    ck_assert_str_eq(conf.housekeeping_origin, "some.conf:2");
    ck_assert_uint_eq(conf.reserve_kib, 1024);
    ck_assert_uint_eq(conf.n, 2);
    ck_assert_int_eq(vp_conf_parse("[x]\ny = z\n", 10, "some.conf", &untouched, &err), -EINVAL);
    ck_assert_str_eq(err->message, "some.conf:2: there is no section 'x'");
    ck_assert_uint_eq(untouched.n, 42);
}
END_TEST

START_TEST(refuses_bytes)
{
    FAKE fake;
    fake_open(&fake);
    struct vp_conf conf = {.reserve_kib = 42};
    vp_autoerror err = NULL;
    vp_autoerror large = NULL;
    vp_autofree char *text = vp_alloc(70000, 1);
    memset(text, '#', 69999);
    fake_bytes(&fake, vp_conf_path, "[host]\0\n", 8);
    ck_assert_int_eq(vp_conf_read(fake.root, &conf, &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err->message, "it has NUL bytes"));
    fake_file(&fake, vp_conf_path, text);
    ck_assert_int_eq(vp_conf_read(fake.root, &conf, &large), -EFBIG);
    ck_assert_ptr_nonnull(strstr(large->message, vp_conf_path));
    ck_assert_uint_eq(conf.reserve_kib, 42);
}
END_TEST

START_TEST(reserve)
{
    static const struct {
        uint64_t reserve_kib, node_kib, kib;
    } rows[] = {
        {UINT64_MAX, 0, 0},
        {UINT64_MAX, 16, 1},
        {UINT64_MAX, 16 * 1024 * 1024, 1024 * 1024},
        {UINT64_MAX, 64 * 1024 * 1024, 4 * 1024 * 1024},
        {UINT64_MAX, 65 * 1024 * 1024, 4 * 1024 * 1024},
        {UINT64_MAX, UINT64_MAX, 4 * 1024 * 1024},
        {0, 64 * 1024 * 1024, 0},
        {8 * 1024 * 1024, 64 * 1024 * 1024, 8 * 1024 * 1024},
        {8 * 1024 * 1024, 1024, 8 * 1024 * 1024},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        const struct vp_conf conf = {.reserve_kib = rows[i].reserve_kib};
        ck_assert_msg(vp_conf_reserve_kib(&conf, rows[i].node_kib) == rows[i].kib, "row %zu", i);
    }
}
END_TEST

VP_TEST_MAIN("conf", VP_TEST(absent), VP_TEST_ROWS(reads, good), VP_TEST_ROWS(refuses, bad), VP_TEST(sets),
             VP_TEST_ROWS(gives_defaults, defaults), VP_TEST_ROWS(reads_drift, drifts), VP_TEST(parses),
             VP_TEST(refuses_bytes), VP_TEST(reserve))
