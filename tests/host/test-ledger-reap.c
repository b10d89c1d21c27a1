/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guests.h"

#include <string.h>
#include <unistd.h>

#include "../../src/host/ledger/ledger_own.h"

#define LATER (UINT64_C(1) << 40) /* clock ticks: after anything that is stored now */

/* What is known of guest "g1" when it is looked at. */
static const struct {
    const char *why;
    enum vp_entry_state state;
    bool maker;       /* the daemon that made it still runs */
    uint64_t qemu;    /* start of the process in the pid file; 0: no pid file */
    bool ended;       /* … which has ended */
    uint64_t noted;   /* start of the QEMU in the entry */
    const char *boot; /* NULL: this one */
    unsigned age;     /* seconds */
    const char *names;
    const char *said;
} rows[] = {
    {"libvirt starts it", VP_ENTRY_COMING, true, 0, false, 0, NULL, 0, "g1 coming", ""},
    {"its daemon died", VP_ENTRY_COMING, false, 0, false, 0, NULL, 0, "", "libvirt daemon"},
    {"its daemon died, QEMU is there", VP_ENTRY_COMING, false, LATER, false, 0, NULL, 0, "g1 running", ""},
    {"QEMU is there, and libvirt sets it up", VP_ENTRY_COMING, true, LATER, false, 0, NULL, 0, "g1 coming",
     ""},
    {"QEMU is there, and nobody said that it runs", VP_ENTRY_COMING, true, LATER, false, 0, NULL,
     VP_LEDGER_SETUP_MAX + 2, "g1 running", ""},
    {"QEMU of an earlier run", VP_ENTRY_COMING, true, 5, false, 0, NULL, 0, "g1 coming", ""},
    {"QEMU of an earlier run, daemon died", VP_ENTRY_COMING, false, 5, false, 0, NULL, 0, "",
     "libvirt daemon"},
    {"QEMU came and went", VP_ENTRY_COMING, true, LATER, true, 0, NULL, 0, "g1 coming", ""},
    {"a slow start", VP_ENTRY_COMING, true, 0, false, 0, NULL, VP_LEDGER_COMING_MAX - 60, "g1 coming", ""},
    {"a lost start", VP_ENTRY_COMING, true, 0, false, 0, NULL, VP_LEDGER_COMING_MAX + 60, "",
     "never finished"},
    {"a slow start that came", VP_ENTRY_COMING, true, LATER, false, 0, NULL, VP_LEDGER_COMING_MAX + 60,
     "g1 running", ""},
    {"it runs", VP_ENTRY_RUNNING, true, LATER, false, LATER, NULL, 0, "g1 running", ""},
    {"it runs without its daemon", VP_ENTRY_RUNNING, false, LATER, false, LATER, NULL, 0, "g1 running", ""},
    {"it has ended", VP_ENTRY_RUNNING, true, LATER, true, LATER, NULL, 0, "", "QEMU has ended"},
    {"its number is used again", VP_ENTRY_RUNNING, true, LATER + 1, false, LATER, NULL, 0, "",
     "QEMU has ended"},
    {"it ran before the boot", VP_ENTRY_RUNNING, true, LATER, false, LATER, "another", 0, "", "booted"},
    {"it came before the boot", VP_ENTRY_COMING, true, 0, false, 0, "another", 0, "", "booted"},
};

static void set_up(struct guests *guests, int row)
{
    guests_open(guests, GUESTS_MACHINE);
    struct vp_entry *entry = guests_entry(guests, 1, VP_POLICY_DEDICATED, 2);
    entry->state = rows[row].state;
    entry->boot = vp_strdup(rows[row].boot);
    entry->qemu = (struct vp_process){rows[row].noted != 0 ? 77 : 0, rows[row].noted};
    guests_store(guests, entry);
    if (!rows[row].maker)
        guests_end(guests, 1);
    if (rows[row].qemu == 0)
        return;
    guests_process(guests, 77, rows[row].qemu);
    guests_running(guests, "g1", 77, NULL);
    if (rows[row].ended)
        guests_end(guests, 77);
}

/* Later by the entry's age, on the ledger's clock: the host may have been booted just now. */
static void pass_time(struct vp_ledger *ledger, int row)
{
    ledger->now += (uint64_t)rows[row].age * (uint64_t)sysconf(_SC_CLK_TCK);
}

START_TEST(reaped)
{
    GUESTS guests;
    set_up(&guests, _i);
    {
        VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
        vp_autoledger ledger = guests_ledger(&guests);
        pass_time(ledger, _i);
        ck_assert_int_eq(vp_ledger_read(ledger, &entries, NULL), 0);
        ck_assert_int_eq(vp_ledger_reap(ledger, &entries, NULL), 0);
        vp_autofree char *names = guests_names(&entries);
        ck_assert_msg(strcmp(names, rows[_i].names) == 0, "%s: '%s'", rows[_i].why, names);
        for (size_t i = 0; i < entries.n; i++)
            if (entries.items[i]->state == VP_ENTRY_RUNNING)
                ck_assert_int_eq(entries.items[i]->qemu.pid, 77);
    }
    vp_autofree char *stored = guests_stored(&guests);
    ck_assert_msg(strcmp(stored, rows[_i].names) == 0, "%s: stored '%s'", rows[_i].why, stored);
    ck_assert_msg(strstr(guests.said, rows[_i].said) != NULL, "%s: said '%s'", rows[_i].why, guests.said);
    ck_assert_msg((*rows[_i].said == '\0') == (*guests.said == '\0'), "%s: said '%s'", rows[_i].why,
                  guests.said);
}
END_TEST

/* Who only looks sees the same and changes nothing. */
START_TEST(looked_at)
{
    GUESTS guests;
    set_up(&guests, _i);
    vp_autofree char *before = guests_stored(&guests);
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    vp_autoledger ledger = NULL;
    ck_assert_int_eq(
        vp_ledger_open(guests.fake.root, guests.topology, false, guests_say, &guests, &ledger, NULL), 0);
    pass_time(ledger, _i);
    ck_assert_int_eq(vp_ledger_read(ledger, &entries, NULL), 0);
    ck_assert_int_eq(vp_ledger_reap(ledger, &entries, NULL), 0);
    vp_autofree char *names = guests_names(&entries);
    ck_assert_msg(strcmp(names, rows[_i].names) == 0, "%s: '%s'", rows[_i].why, names);
    vp_autofree char *after = guests_stored(&guests);
    ck_assert_msg(strcmp(after, before) == 0, "%s: '%s'", rows[_i].why, after);
    ck_assert_str_eq(guests.said, "");
}
END_TEST

/* Guests that nobody told us of. */
START_TEST(strangers)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    guests_store(&guests, guests_entry(&guests, 1, VP_POLICY_DEDICATED, 2));
    for (pid_t pid = 70; pid < 76; pid++)
        guests_process(&guests, pid, 1);
    guests_running(&guests, "pinned", 70,
                   "<vcpu>2</vcpu><memory>4096</memory><cputune><vcpupin vcpu='0' cpuset='4'/>"
                   "<vcpupin vcpu='1' cpuset='5'/></cputune>");
    guests_running(&guests, "plain", 71, "<vcpu>2</vcpu><memory>4096</memory>");
    guests_running(&guests, "ended", 72, "");
    guests_end(&guests, 72);
    guests_running(&guests, "other-name", 73, "");
    fake_file(&guests.fake, "/run/libvirt/qemu/other-name.xml",
              "<domstatus><domain><name>x</name></domain></domstatus>");
    guests_running(&guests, "broken", 74, "");
    fake_file(&guests.fake, "/run/libvirt/qemu/broken.xml", "<domstatus");
    guests_running(&guests, "g1", 75, ""); /* known: its own entry counts */
    fake_file(&guests.fake, "/run/libvirt/qemu/.xml", "");
    for (int round = 0; round < 2; round++) {
        VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
        vp_autoledger ledger = guests_ledger(&guests);
        ck_assert_int_eq(vp_ledger_read(ledger, &entries, NULL), 0);
        ck_assert_uint_eq(entries.n, round == 0 ? 1 : 3);
        ck_assert_int_eq(vp_ledger_reap(ledger, &entries, NULL), 0);
        vp_autofree char *names = guests_names(&entries);
        ck_assert_str_eq(names, "g1 coming, pinned running, plain running");
        vp_autofree char *cpus = vp_bitmap_text(entries.items[1]->pinned);
        ck_assert_str_eq(cpus, "4-5");
        ck_assert_uint_eq(entries.items[1]->id, 3);
        ck_assert_ptr_null(entries.items[1]->profile);
        ck_assert_int_eq(entries.items[1]->qemu.pid, 70);
    }
    ck_assert_str_eq(guests.said, "");
    guests_end(&guests, 70);
    {
        VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
        vp_autoledger ledger = guests_ledger(&guests);
        ck_assert_int_eq(vp_ledger_read(ledger, &entries, NULL), 0);
        ck_assert_int_eq(vp_ledger_reap(ledger, &entries, NULL), 0);
    }
    vp_autofree char *stored = guests_stored(&guests);
    ck_assert_str_eq(stored, "g1 coming, plain running");
}
END_TEST

VP_TEST_MAIN("ledger-reap", VP_TEST_ROWS(reaped, rows), VP_TEST_ROWS(looked_at, rows), VP_TEST(strangers))
