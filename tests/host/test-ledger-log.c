/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../src/host/ledger/ledger_own.h"
#include "guests.h"

#include <string.h>
#include <unistd.h>

/*
 * What others do between a look before the lock and the lock: a letter and the number of a guest, from
 * '0'.
 */
static const struct {
    const char *before; /* what is there at first */
    const char *meanwhile;
    const char *names;
} rows[] = {
    {"", "", ""},
    {"", "+1", "g1 coming"},
    {"+1+2", "", "g1 coming, g2 coming"},
    {"+1+2", "-1", "g2 coming"},
    {"+1+2", "-2-1", ""},
    {"+1", "+2+3", "g1 coming, g2 coming, g3 coming"},
    {"+1+3", "+2-3+4-1", "g2 coming, g4 coming"},
    {"+1", "-1+1", "g1 coming"},
    {"+1", "r1", "g1 running"}, /* stored anew */
    {"+1+2", "R2R1", "g1 running, g2 running"},
    {"+1", "k2", "g1 coming, g2 coming"}, /* killed behind the change */
    {"+1", "K2", "g1 coming"},            /* killed before it */
    {"+1", "K2k3+4", "g1 coming, g3 coming, g4 coming"},
    {"K2+1", "-1", ""},
    {"+1", "!", "g1 coming, g5 coming"},   /* more changes than are kept */
    {"+1", "0+2", "g1 coming, g2 coming"}, /* the file of the lock was emptied */
};

static void change(struct guests *guests, char how, unsigned n)
{
    vp_autoledger ledger = guests_ledger(guests);
    vp_autofree char *uuid = guests_uuid(n);
    vp_autoentry entry = guests_entry(guests, n, VP_POLICY_DEDICATED, 2);
    if (how == 'r' || how == 'R')
        entry->state = VP_ENTRY_RUNNING;
    if (how == '-')
        ck_assert_int_eq(vp_ledger_remove(ledger, uuid, NULL), 0);
    else if (how == 'K')
        ck_assert_int_eq(vp_ledger_log(ledger, uuid, NULL), 0);
    else
        ck_assert_int_eq(vp_ledger_store(ledger, entry, NULL), 0);
    if (how == 'k' || how == 'K')
        ledger->dirty = false; /* the end of the change is never noted */
}

static void change_all(struct guests *guests, const char *what)
{
    for (; *what != '\0'; what++) {
        if (*what == '!') {
            for (unsigned i = 0; i < 300; i++)
                change(guests, i % 2 == 0 ? '+' : '-', 5 + i % 2);
        } else if (*what == '0') {
            fake_file(&guests->fake, VP_LEDGER_LOCK, "");
        } else {
            change(guests, what[0], (unsigned)(what[1] - '0'));
            what++;
        }
    }
}

START_TEST(caught_up)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    change_all(&guests, rows[_i].before);
    vp_autoledger ledger = NULL;
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    ck_assert_int_eq(
        vp_ledger_open(guests.fake.root, guests.topology, true, guests_say, &guests, &ledger, NULL), 0);
    vp_ledger_peek(ledger);
    change_all(&guests, rows[_i].meanwhile);
    ck_assert_int_eq(vp_ledger_lock(ledger, NULL), 0);
    ck_assert_int_eq(vp_ledger_read(ledger, &entries, NULL), 0);
    vp_autofree char *names = guests_names(&entries);
    ck_assert_msg(strcmp(names, rows[_i].names) == 0, "'%s' then '%s': '%s'", rows[_i].before,
                  rows[_i].meanwhile, names);
    ck_assert_str_eq(guests.said, "");
}
END_TEST

/* With nothing changed meanwhile nothing is read: the file that is gone is not missed. */
START_TEST(only_what_changed_is_read)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    change_all(&guests, "+1+2");
    vp_autoledger ledger = NULL;
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    ck_assert_int_eq(vp_ledger_open(guests.fake.root, guests.topology, true, NULL, NULL, &ledger, NULL), 0);
    vp_ledger_peek(ledger);
    change_all(&guests, "r2");
    vp_autofree char *path = vp_asprintf(
        "%s/run/virt-profile/guests/00000000-0000-4000-8000-000000000001.json", guests.fake.folder);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(vp_ledger_lock(ledger, NULL), 0);
    ck_assert_int_eq(vp_ledger_read(ledger, &entries, NULL), 0);
    vp_autofree char *names = guests_names(&entries);
    ck_assert_str_eq(names, "g1 coming, g2 running");
    VP_CLEANUP(vp_entries_done) struct vp_entries again = {0};
    ck_assert_int_eq(vp_ledger_read(ledger, &again, NULL), 0);
    ck_assert_uint_eq(again.n, 1); /* what was peeked at counts once */
}
END_TEST

VP_TEST_MAIN("ledger-log", VP_TEST_ROWS(caught_up, rows), VP_TEST(only_what_changed_is_read))
