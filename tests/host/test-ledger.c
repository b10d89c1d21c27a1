/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guests.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER "/run/virt-profile/guests"

static int mode_of(const struct guests *guests, const char *path)
{
    vp_autofree char *full = vp_asprintf("%s%s", guests->fake.folder, path);
    struct stat st;
    return stat(full, &st) == 0 ? (int)(st.st_mode & 07777) : -1;
}

START_TEST(stored_and_removed)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    ck_assert(vp_ledger_is_empty(guests.fake.root));
    guests_store(&guests, guests_entry(&guests, 2, VP_POLICY_SHARED, 1));
    guests_store(&guests, guests_entry(&guests, 1, VP_POLICY_DEDICATED, 2));
    guests_store(&guests, guests_entry(&guests, 2, VP_POLICY_NODE, 4));
    ck_assert(!vp_ledger_is_empty(guests.fake.root));
    ck_assert_int_eq(mode_of(&guests, "/run/virt-profile"), 0700);
    ck_assert_int_eq(mode_of(&guests, FOLDER), 0700);
    ck_assert_int_eq(mode_of(&guests, FOLDER "/00000000-0000-4000-8000-000000000001.json"), 0600);
    vp_autofree char *both = guests_stored(&guests);
    ck_assert_str_eq(both, "g1 coming, g2 coming");
    vp_autofree char *uuid = guests_uuid(2);
    {
        vp_autoledger ledger = guests_ledger(&guests);
        vp_autoentry entry = NULL;
        ck_assert_int_eq(vp_ledger_find(ledger, uuid, &entry, NULL), 0);
        ck_assert_str_eq(entry->boot, "11111111-2222-3333-4444-555555555555");
        ck_assert_int_eq(entry->placement->policy, VP_POLICY_NODE);
        ck_assert_int_eq(vp_ledger_remove(ledger, uuid, NULL), 0);
        ck_assert_int_eq(vp_ledger_remove(ledger, uuid, NULL), 0);
        ck_assert_int_eq(vp_ledger_remove(ledger, "../../etc/passwd", NULL), 0);
        struct vp_entry *none = NULL;
        ck_assert_int_eq(vp_ledger_find(ledger, uuid, &none, NULL), -ENOENT);
        ck_assert_int_eq(vp_ledger_find(ledger, "", &none, NULL), -ENOENT);
    }
    vp_autofree char *one = guests_stored(&guests);
    ck_assert_str_eq(one, "g1 coming");
    ck_assert_str_eq(guests.said, "");
}
END_TEST

/* Looking makes nothing. */
START_TEST(missing_is_empty)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    struct vp_entries entries = {NULL, 7, 7};
    ck_assert_int_eq(vp_ledger_entries(guests.fake.root, NULL, NULL, NULL, &entries, NULL), 0);
    ck_assert_uint_eq(entries.n, 0);
    ck_assert_int_eq(mode_of(&guests, "/run"), -1);
    vp_ledger_free(NULL);
}
END_TEST

static const char *const bad_uuids[] = {"", "x", "../../../etc/cron.d/00000000-0000-400", "0000000"};

START_TEST(refused)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    vp_autoentry entry = vp_entry_new(bad_uuids[_i], "guest");
    vp_autoledger ledger = guests_ledger(&guests);
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_ledger_store(ledger, entry, &err), -EINVAL);
    ck_assert_msg(strstr(err->message, "'guest'") != NULL && strstr(err->message, "no UUID") != NULL, "%s",
                  err->message);
}
END_TEST

/* Who read an entry without its place must not write it back. */
START_TEST(place_is_not_lost)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    guests_store(&guests, guests_entry(&guests, 1, VP_POLICY_DEDICATED, 2));
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    vp_autoledger ledger = NULL;
    ck_assert_int_eq(vp_ledger_open(guests.fake.root, NULL, true, NULL, NULL, &ledger, NULL), 0);
    ck_assert_int_eq(vp_ledger_lock(ledger, NULL), 0);
    ck_assert_int_eq(vp_ledger_read(ledger, &entries, NULL), 0);
    ck_assert_int_eq(vp_ledger_store(ledger, entries.items[0], NULL), -EINVAL);
    vp_autoentry other = guests_entry(&guests, 2, VP_POLICY_DEDICATED, 2);
    ck_assert_int_eq(vp_ledger_store(ledger, other, NULL), -EINVAL);
}
END_TEST

static const struct {
    const char *name; /* of the file */
    const char *text;
    const char *said; /* part of what is said; NULL: nothing, and it stays */
} broken_rows[] = {
    {"00000000-0000-4000-8000-000000000009.json", "", "is not a JSON object"},
    {"00000000-0000-4000-8000-000000000009.json", "{\"version\":1", "is not a JSON object"},
    {"00000000-0000-4000-8000-000000000009.json", "{\"version\":9}", "of this version"},
    {"other.json",
     "{\"version\":1,\"uuid\":\"u\",\"name\":\"n\",\"id\":1,\"state\":\"coming\","
     "\"maker\":[1,2],\"qemu\":[0,0],\"since\":1,\"ticks\":1}",
     "another UUID"},
    {"README", "hello", NULL},
    {".json", "", NULL},
};

/* Broken files are never in the way, and never lost. */
START_TEST(broken_files)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    guests_store(&guests, guests_entry(&guests, 1, VP_POLICY_DEDICATED, 2));
    vp_autofree char *path = vp_asprintf(FOLDER "/%s", broken_rows[_i].name);
    vp_autofree char *aside = vp_asprintf("/run/virt-profile/broken/%s", broken_rows[_i].name);
    fake_file(&guests.fake, path, broken_rows[_i].text);
    {
        /* Without the lock it only is left out. */
        VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
        ck_assert_int_eq(
            vp_ledger_entries(guests.fake.root, guests.topology, guests_say, &guests, &entries, NULL), 0);
        ck_assert_uint_eq(entries.n, 1);
        ck_assert_ptr_nonnull(entries.items[0]->placement);
        ck_assert_int_ne(mode_of(&guests, path), -1);
    }
    vp_autofree char *names = guests_stored(&guests);
    ck_assert_str_eq(names, "g1 coming");
    if (broken_rows[_i].said == NULL) {
        ck_assert_str_eq(guests.said, "");
        ck_assert_int_ne(mode_of(&guests, path), -1);
        return;
    }
    ck_assert_msg(strstr(guests.said, broken_rows[_i].said) != NULL && strstr(guests.said, aside) != NULL,
                  "row %d: %s", _i, guests.said);
    ck_assert_int_eq(mode_of(&guests, path), -1);
    ck_assert_int_ne(mode_of(&guests, aside), -1);
}
END_TEST

START_TEST(unfinished_files_go)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    fake_file(&guests.fake, FOLDER "/.x.json.12.vp-new", "{");
    vp_autofree char *names = guests_stored(&guests);
    ck_assert_str_eq(names, "");
    ck_assert_int_eq(mode_of(&guests, FOLDER "/.x.json.12.vp-new"), -1);
}
END_TEST

/* Stores and removes until it is killed. */
static void work(struct guests *guests, unsigned seed)
{
    for (unsigned i = seed;; i++) {
        vp_autofree char *uuid = guests_uuid(i % 5);
        vp_autoledger ledger = guests_ledger(guests);
        VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
        if (vp_ledger_read(ledger, &entries, NULL) < 0)
            _exit(1);
        if (i % 3 == 0) {
            if (vp_ledger_remove(ledger, uuid, NULL) < 0)
                _exit(1);
            continue;
        }
        vp_autoentry entry = guests_entry(guests, i % 5, VP_POLICY_DEDICATED, 1 + i % 6);
        if (vp_ledger_store(ledger, entry, NULL) < 0)
            _exit(1);
    }
}

/* Killed at any moment it leaves whole files and no lock. */
START_TEST(killed)
{
    GUESTS guests;
    unsigned filled = 0;
    guests_open(&guests, GUESTS_MACHINE);
    srandom(1);
    for (unsigned i = 0; i < 200; i++) {
        const pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
            work(&guests, i);
        usleep((useconds_t)(random() % 4000));
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        int status = 0;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFSIGNALED(status), "round %u: the ledger failed", i);
        vp_autofree char *names = guests_stored(&guests);
        filled += *names != '\0';
        ck_assert_msg(*guests.said == '\0', "round %u: %s", i, guests.said);
    }
    ck_assert_uint_gt(filled, 100);
}
END_TEST

VP_TEST_MAIN("ledger", VP_TEST(stored_and_removed), VP_TEST(missing_is_empty),
             VP_TEST_ROWS(refused, bad_uuids), VP_TEST(place_is_not_lost),
             VP_TEST_ROWS(broken_files, broken_rows), VP_TEST(unfinished_files_go), VP_TEST(killed))
