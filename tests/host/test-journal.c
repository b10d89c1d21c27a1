/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "../model/fake.h"
#include "journal.h"
#include "text.h"

#define BOOT "/proc/sys/kernel/random/boot_id"
#define JOURNAL VP_CLEANUP(vp_journal_done) struct vp_journal

static void host(struct fake *fake)
{
    fake_open(fake);
    fake_file(fake, BOOT, "b00t-1\n");
    ck_assert_int_eq(vp_root_mkdir(fake->root, "/run/virt-profile", 0755, NULL), 0);
}

static struct vp_journal read_journal(const struct fake *fake, bool is_broken)
{
    struct vp_journal journal;
    vp_autofree char *said = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_journal_read(fake->root, &journal, &said, &err) == 0, "%s",
                  err != NULL ? err->message : "?");
    ck_assert_msg((said != NULL) == is_broken, "said '%s'", said != NULL ? said : "nothing");
    ck_assert(said == NULL || strstr(said, "host.json.broken") != NULL);
    return journal;
}

static void write_journal(const struct fake *fake, struct vp_journal *journal)
{
    vp_autoerror err = NULL;
    ck_assert_msg(vp_journal_write(fake->root, journal, &err) == 0, "%s", err != NULL ? err->message : "?");
}

static void add(struct vp_journal *journal, const char *target, const char *before, const char *next)
{
    struct vp_journal_item *item = vp_journal_add(journal, "file", target);
    item->before = vp_strdup(before);
    item->ours = vp_strdup("ours");
    item->next = vp_strdup(next);
    item->owner = vp_strdup("db \"1\"");
    item->reason = vp_strdup("größer");
}

static struct stat look(const struct fake *fake)
{
    struct stat st = {0};
    vp_autofree char *path = vp_asprintf("%s%s", fake->folder, vp_journal_path);
    (void)stat(path, &st);
    return st;
}

START_TEST(round_trip)
{
    FAKE fake;
    host(&fake);
    JOURNAL journal = read_journal(&fake, false);
    ck_assert_uint_eq(journal.n, 0);
    add(&journal, "/sys/b", "1", NULL);
    add(&journal, "/sys/a", NULL, "2");
    journal.passes = vp_strdup("/sys/run");
    journal.passing = vp_strdup("2");
    journal.passed = vp_strdup("1");
    write_journal(&fake, &journal);
    JOURNAL again = read_journal(&fake, false);
    ck_assert_uint_eq(again.n, 2);
    const struct vp_journal_item *item = vp_journal_find(&again, "file", "/sys/b");
    ck_assert_ptr_eq(item, again.items[0]); /* the order is kept */
    ck_assert(vp_same(item->before, "1") && vp_same(item->ours, "ours") && item->next == NULL);
    ck_assert(vp_same(item->owner, "db \"1\"") && vp_same(item->reason, "größer") && item->seen == NULL);
    item = vp_journal_find(&again, "file", "/sys/a");
    ck_assert(item->before == NULL && vp_same(item->next, "2"));
    ck_assert_ptr_null(vp_journal_find(&again, "cpulist", "/sys/a"));
    ck_assert_str_eq(again.passes, "/sys/run");
    ck_assert_str_eq(again.passing, "2");
    ck_assert_str_eq(again.passed, "1");
}
END_TEST

START_TEST(same_is_not_written)
{
    FAKE fake;
    host(&fake);
    JOURNAL journal = read_journal(&fake, false);
    write_journal(&fake, &journal);
    ck_assert_uint_eq(look(&fake).st_ino, 0);
    add(&journal, "/sys/a", "1", NULL);
    write_journal(&fake, &journal);
    const ino_t first = look(&fake).st_ino;
    ck_assert_uint_ne(first, 0);
    JOURNAL again = read_journal(&fake, false);
    write_journal(&fake, &again);
    ck_assert_uint_eq(look(&fake).st_ino, first);
    again.items[0]->gone = true;
    ck_assert_ptr_null(vp_journal_find(&again, "file", "/sys/a"));
    write_journal(&fake, &again);
    ck_assert_uint_eq(look(&fake).st_ino, 0);
}
END_TEST

START_TEST(other_boot_is_void)
{
    FAKE fake;
    host(&fake);
    JOURNAL journal = read_journal(&fake, false);
    add(&journal, "/sys/a", "1", NULL);
    write_journal(&fake, &journal);
    fake_file(&fake, BOOT, "b00t-2\n");
    JOURNAL again = read_journal(&fake, false);
    ck_assert_uint_eq(again.n, 0);
    write_journal(&fake, &again);
    ck_assert_uint_eq(look(&fake).st_ino, 0);
}
END_TEST

#define ITEM "{\"means\":\"file\",\"target\":\"/a\",\"ours\":\"1\",\"owner\":\"\",\"reason\":\"\"}"

#define UNFINISHED "{\"version\":1,\"boot\":\"b00t-1\",\"items\":[" ITEM

static const char *const broken[] = {
    "",
    "{",
    "[]",
    "null",
    "{\"version\":1,\"boot\":\"b00t-1\"}",
    "{\"version\":2,\"boot\":\"b00t-1\",\"items\":[]}",
    "{\"version\":1,\"items\":[]}",
    "{\"version\":1,\"boot\":1,\"items\":[]}",
    "{\"version\":1,\"boot\":\"b00t-1\",\"items\":[1]}",
    "{\"version\":1,\"boot\":\"b00t-1\",\"items\":[{\"means\":\"file\"}]}",
    "{\"version\":1,\"boot\":\"b00t-1\",\"items\":[" ITEM "," ITEM "]}",
    "{\"version\":1,\"boot\":\"b00t-1\",\"items\":[" ITEM "],\"passing\":{}}",
    UNFINISHED,
};

START_TEST(broken_is_moved_aside)
{
    FAKE fake;
    host(&fake);
    fake_file(&fake, vp_journal_path, broken[_i]);
    JOURNAL old = read_journal(&fake, true);
    ck_assert_msg(old.n == 0 && old.passes == NULL, "row %d", _i);
    ck_assert_int_eq(vp_journal_set_aside(fake.root, NULL), 0);
    ck_assert_msg(look(&fake).st_ino == 0, "row %d: still there", _i);
    vp_autofree char *text = NULL;
    size_t len = 0;
    ck_assert_int_eq(vp_root_read(fake.root, "/run/virt-profile/host.json.broken", 4096, &text, &len, NULL),
                     0);
    ck_assert_msg(strcmp(text, broken[_i]) == 0, "row %d: kept as '%s'", _i, text);
    JOURNAL journal = read_journal(&fake, false);
    add(&journal, "/sys/a", "1", NULL);
    write_journal(&fake, &journal);
    JOURNAL again = read_journal(&fake, false);
    ck_assert_uint_eq(again.n, 1);
}
END_TEST

START_TEST(unreadable)
{
    FAKE fake;
    host(&fake);
    fake_file(&fake, "/run/virt-profile/host.json/x", "");
    struct vp_journal journal;
    char *said = (char *)&fake;
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_journal_read(fake.root, &journal, &said, &err), -EISDIR);
    ck_assert_ptr_eq(said, &fake);
    ck_assert_ptr_nonnull(strstr(err->message, vp_journal_path));
}
END_TEST

static const struct {
    const char *ours, *next, *seen, *whole;
    uint64_t part;
} parts[] = {
    {"0", NULL, NULL, "10", 0},
    {"6", NULL, NULL, "10", 6},
    {"6", NULL, NULL, "4", 4},
    {"0", "6", "4", "4", 0},
    {"0", "6", "4", "10", 6},
    {"0", "6", "4", "7", 3},
    {"0", "6", "4", "99", 6},
    {"0", "6", "4", "2", 0},
    {"6", "0", "10", "10", 6},
    {"6", "0", "10", "4", 0},
    {"6", "0", "10", "7", 3},
    {"6", "0", "10", "12", 6},
    {"6", "0", "10", "1", 0},
    {"2", "5", "6", "8", 4},
    {"5", "2", "9", "8", 4},
    {"x", "6", "4", "10", 6},
    {"6", "6", "10", "10", 6},
    {"6", NULL, NULL, "x", 0},
    {"18446744073709551615", NULL, NULL, "18446744073709551615", UINT64_MAX},
};

START_TEST(part)
{
    struct vp_journal_item item = {
        .ours = (char *)parts[_i].ours, .next = (char *)parts[_i].next, .seen = (char *)parts[_i].seen};
    const uint64_t got = vp_journal_part(&item, parts[_i].whole);
    ck_assert_msg(got == parts[_i].part, "row %d: %llu", _i, (unsigned long long)got);
}
END_TEST

VP_TEST_MAIN("journal", VP_TEST_ROWS(part, parts), VP_TEST(round_trip), VP_TEST(same_is_not_written),
             VP_TEST(other_boot_is_void), VP_TEST_ROWS(broken_is_moved_aside, broken), VP_TEST(unreadable))
