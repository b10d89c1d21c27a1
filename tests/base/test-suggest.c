/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "suggest.h"

#include "test.h"

#include <string.h>

static const char *const names[] = {
    "sql-db",          "desktop-vdi",   "nfv",        "disk.cache", "disk.io", "disk.iothreads",
    "disk.total-iops", "memory.locked", "memory.ksm", "io",         "a",       NULL,
};

static const char *from_list(const void *cookie, size_t index)
{
    const char *const *list = cookie;

    return list[index];
}

static const struct {
    const char *word, *found;
} rows[] = {
    {"sql-db", "sql-db"},
    {"SQL-DB", "sql-db"},
    {"sql_db", "sql-db"},
    {"sqldb", "sql-db"},
    {"sql--db", "sql-db"},
    {"qsl-db", "sql-db"},
    {"qsl-bd", "sql-db"},
    {"desktop-vid", "desktop-vdi"},
    {"deskop-vdi", "desktop-vdi"},
    {"nvf", "nfv"},
    {"nf", NULL},
    {"disk.cahce", "disk.cache"},
    {"disk.caches", "disk.cache"},
    {"disk.iothread", "disk.iothreads"},
    {"disk.iops", "disk.io"},
    {"disk.totaliops", "disk.total-iops"},
    {"memory.lock", "memory.locked"},
    {"memory.kms", "memory.ksm"},
    {"", NULL},
    {"b", NULL},
    {"io", "io"},
    {"completely-different", NULL},
    {"1234567890123456789012345678901234567890123456789012345678901234567890", NULL},
};

START_TEST(nearest)
{
    const char *found = vp_suggest(rows[_i].word, from_list, names);

    ck_assert_msg(found == rows[_i].found || (found && rows[_i].found && !strcmp(found, rows[_i].found)),
                  "row %d: '%s' gives '%s'", _i, rows[_i].word, found ? found : "(none)");
}
END_TEST

START_TEST(no_candidates)
{
    static const char *const none[] = {NULL};

    ck_assert_ptr_null(vp_suggest("sql-db", from_list, none));
}
END_TEST

/* Of equals the first; a nearer one later wins. */
START_TEST(ties)
{
    static const char *const list[] = {"cachx", "cachy", "cache", "cachz", NULL};

    ck_assert_str_eq(vp_suggest("cachw", from_list, list), "cachx");
    ck_assert_str_eq(vp_suggest("cache", from_list, list), "cache");
}
END_TEST

START_TEST(long_candidates_are_passed_over)
{
    static const char word[] = "123456789012345678901234567890123456789012345678901234567890abcd";
    static const char *const list[] = {
        "123456789012345678901234567890123456789012345678901234567890abcde",
        "123456789012345678901234567890123456789012345678901234567890abxx",
        NULL,
    };

    ck_assert_uint_eq(strlen(word), 64);
    ck_assert_ptr_eq(vp_suggest(word, from_list, list), list[1]);
}
END_TEST

VP_TEST_MAIN("suggest", VP_TEST_ROWS(nearest, rows), VP_TEST(no_candidates), VP_TEST(ties),
             VP_TEST(long_candidates_are_passed_over))
