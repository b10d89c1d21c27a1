/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "journal.h"
#include "rig.h"

/* One run of reconciling, and what others did before. */
struct turn {
    const char *others; /* "a=1 b=2": files that others write first; "a=" removes */
    const char *wishes;
    const char *expect; /* "set a = 1, failed b = 2" */
    const char *values; /* after it */
    int at, code;       /* the trap */
    bool done;
    bool less;
};

static const struct row {
    const char *why;
    const char *start;
    struct turn turns[6];
} rows[] = {
    {"set and put back", "a=1", {{"", "a=0", "set a = 0", "a=0"}, {"", "", "restored a = 1", "a=1"}}},
    {"a wish that holds is silent",
     "a=1",
     {{"", "a=0", "set a = 0", "a=0"}, {"", "a=0", "", "a=0"}, {"", "", "restored a = 1", "a=1"}}},
    {"a value that is right is not written",
     "a=0",
     {{"", "a=0", "", "a=0", .at = 1, .code = EIO}, {"", "", "", "a=0", .at = 1, .code = EIO}}},
    {"values that mean the same", "a=x", {{"", "a=X", "", "a=x"}, {"", "", "", "a=x"}}},
    {"a change after a right value is somebody else's",
     "a=0",
     {{"", "a=0", "", "a=0"}, {"a=7", "a=0", "foreign a = 7", "a=7"}, {"", "", "kept a = 7", "a=7"}}},
    {"another wish, then back to the first value",
     "a=1",
     {{"", "a=0", "set a = 0", "a=0"},
      {"", "a=5", "set a = 5", "a=5"},
      {"", "a=1", "set a = 1", "a=1"},
      {"", "a=0", "set a = 0", "a=0"},
      {"", "", "restored a = 1", "a=1"}}},
    {"an administrator's change stays, and is told once",
     "a=1",
     {{"", "a=0", "set a = 0", "a=0"},
      {"a=7", "a=0", "foreign a = 7", "a=7"},
      {"", "a=5", "", "a=7"},
      {"", "", "kept a = 7", "a=7"},
      {"", "", "", "a=7"}}},
    {"an administrator puts the first value back",
     "a=1",
     {{"", "a=0", "set a = 0", "a=0"},
      {"a=1", "a=0", "foreign a = 1", "a=1"},
      {"", "", "", "a=1"},
      {"", "a=0", "set a = 0", "a=0"}}},
    {"an administrator undoes his change",
     "a=1",
     {{"", "a=0", "set a = 0", "a=0"},
      {"a=7", "a=0", "foreign a = 7", "a=7"},
      {"a=0", "a=0", "", "a=0"},
      {"", "a=5", "set a = 5", "a=5"},
      {"", "", "restored a = 1", "a=1"}}},
    {"an administrator wants what is wished for next",
     "a=1",
     {{"", "a=0", "set a = 0", "a=0"}, {"a=5", "a=5", "", "a=5"}, {"", "", "kept a = 5", "a=5"}}},
    {"what the host does not have",
     "a=1",
     {{"", "a=0 b=1 e=1", "absent b = 1, absent e = 1!, set a = 0", "a=0 b="},
      {"", "", "restored a = 1", "a=1"}}},
    {"what goes away is forgotten",
     "a=1 b=1",
     {{"", "a=0 b=0", "set a = 0, set b = 0", "a=0 b=0"},
      {"a=", "a=0 b=0", "absent a = 0", "a= b=0"},
      {"b=", "", "", "b="},
      {"a=3 b=3", "", "", "a=3 b=3"}}},
    {"what comes back is new",
     "a=1",
     {{"", "a=0", "set a = 0", "a=0"},
      {"a=", "a=0", "absent a = 0", "a="},
      {"a=4", "a=0", "set a = 0", "a=0"},
      {"", "", "restored a = 4", "a=4"}}},
    {"put back the latest first, before anything is set",
     "a=1 b=1 c=1",
     {{"", "a=0 b=0", "set a = 0, set b = 0", ""},
      {"", "c=0", "restored b = 1, restored a = 1, set c = 0", ""}}},
    {"a failed write leaves the others alone",
     "a=1 e=1 c=1",
     {{"", "a=0 e=0 c=0", "set a = 0, failed e = 0!, set c = 0", "a=0 e=1 c=0", .at = 2, .code = EBUSY},
      {"", "a=0 e=0 c=0", "set e = 0!", "a=0 e=0 c=0"},
      {"", "", "restored e = 1, restored c = 1, restored a = 1", "a=1 e=1 c=1"}}},
    {"a write that failed for good leaves nothing to put back",
     "a=1",
     {{"", "a=0", "failed a = 0", "a=1", .at = 1, .code = EIO}, {"a=3", "", "", "a=3"}}},
    {"a write that says it failed, and did not",
     "a=1",
     {{"", "a=0", "failed a = 0", "a=0", .at = 1, .code = EIO, .done = true},
      {"", "", "restored a = 1", "a=1"}}},
    {"the second value fails",
     "a=1",
     {{"", "a=0", "set a = 0", "a=0"},
      {"", "a=5", "failed a = 5", "a=0", .at = 1, .code = ENOSPC},
      {"", "", "restored a = 1", "a=1"}}},
    {"putting back fails and is tried again",
     "a=1",
     {{"", "a=0", "set a = 0", "a=0"},
      {"", "", "failed a = 1", "a=0", .at = 1, .code = EBUSY},
      {"", "", "failed a = 1", "a=0", .at = 1, .code = EIO},
      {"", "", "restored a = 1", "a=1"},
      {"", "", "", "a=1"}}},
    {"putting back fails, then somebody changes it",
     "a=1",
     {{"", "a=0", "set a = 0", "a=0"},
      {"", "", "failed a = 1", "a=0", .at = 1, .code = EBUSY},
      {"a=7", "", "kept a = 7", "a=7"}}},
    {"putting back fails, then it is wished for again",
     "a=1",
     {{"", "a=0", "set a = 0", "a=0"},
      {"", "", "failed a = 1", "a=0", .at = 1, .code = EBUSY},
      {"", "a=0", "", "a=0"},
      {"", "", "restored a = 1", "a=1"}}},
    {"it cannot be read", "a/b=1", {{"", "a=0", "failed a = 0", ""}, {"", "", "", ""}}},
    {"a part of a whole",
     "p=4",
     {{"", "p=6", "set p = 6", "p=10"},
      {"", "p=6", "", "p=10"},
      {"", "p=8", "set p = 8", "p=12"},
      {"", "p=2", "set p = 2", "p=6"},
      {"", "", "restored p = 4", "p=4"}}},
    {"others change the whole",
     "p=4",
     {{"", "p=6", "set p = 6", "p=10"},
      {"p=15", "p=6", "", "p=15"},
      {"", "p=1", "set p = 1", "p=10"},
      {"p=9", "", "restored p = 8", "p=8"}}},
    {"others take more than theirs",
     "p=4",
     {{"", "p=6", "set p = 6", "p=10"}, {"p=2", "", "restored p = 0", "p=0"}, {"p=9", "", "", "p=9"}}},
    {"others take it rig_means and it is wished for still",
     "p=4",
     {{"", "p=6", "set p = 6", "p=10"},
      {"p=1", "p=6", "set p = 6", "p=6"},
      {"", "", "restored p = 0", "p=0"}}},
    {"less than asked for",
     "p=4",
     {{"", "p=6", "failed p = 6", "p=8", .less = true},
      {"", "p=6", "set p = 6", "p=10"},
      {"", "", "restored p = 4", "p=4"}}},
    {"less than asked for, and nobody wants it any more",
     "p=4",
     {{"", "p=6", "failed p = 6", "p=8", .less = true}, {"", "", "restored p = 4", "p=4"}}},
    {"a file changed in passing",
     "o=1 run=1",
     {{"", "o=0", "set o = 0", "o=0 run=1"}, {"", "", "restored o = 1", "o=1 run=1"}}},
    {"a file changed in passing is set as well",
     "o=1 run=1",
     {{"", "o=0 run=0", "set o = 0, set run = 0", "o=0 run=0"},
      {"", "", "restored run = 1, restored o = 1", "o=1 run=1"}}},
    {"passing a failure",
     "o=1 run=1",
     {{"", "o=0", "failed o = 0", "o=1 run=1", .at = 1, .code = EBUSY}, {"", "", "", "o=1 run=1"}}},
};

START_TEST(turns)
{
    const struct row *row = &rows[_i];
    FAKE fake;
    fake_open(&fake);
    rig_for_each(row->start, rig_set, &fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(row->turns) && row->turns[i].wishes != NULL; i++) {
        const struct turn *turn = &row->turns[i];
        rig_for_each(turn->others, rig_set, &fake);
        rig_trap.at = turn->at;
        rig_trap.code = turn->code;
        rig_trap.done = turn->done;
        rig_trap.less = turn->less;
        vp_autofree char *got = rig_reconcile(&fake, turn->wishes);
        rig_trap = (struct rig_trap){0};
        ck_assert_msg(strcmp(got, turn->expect) == 0, "%s, turn %zu: '%s', not '%s'", row->why, i, got,
                      turn->expect);
        rig_for_each(turn->values, rig_check, &fake);
        if (*turn->wishes == '\0' && strstr(got, "failed") == NULL) {
            const int fd = vp_root_openat(fake.root, vp_journal_path, O_RDONLY);
            ck_assert_msg(fd == -ENOENT, "%s, turn %zu: the journal is still there", row->why, i);
        }
    }
}
END_TEST

START_TEST(messages)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
    FAKE fake;
    fake_open(&fake);
    rig_set(&fake, "a", "1");
    rig_set(&fake, "d/x", "1");
    ck_assert_int_eq(vp_root_mkdir(fake.root, "/run/virt-profile", 0755, NULL), 0);
    vp_wishes_add(&wishes, &vp_means_file, "/v/a", "0", "db", "a database does not share");
    vp_wishes_add(&wishes, &vp_means_file, "/v/d", "0", "db", "nothing");
    ck_assert_int_eq(vp_reconcile(fake.root, &wishes, &happenings, NULL), 0);
    ck_assert_uint_eq(happenings.n, 2);
    vp_autofree char *why = vp_asprintf("'%s/v/d'", fake.folder);
    ck_assert_int_eq(happenings.items[0].outcome, VP_OUTCOME_FAILED);
    ck_assert_str_eq(happenings.items[0].what, "/v/d = 0");
    ck_assert_msg(strstr(happenings.items[0].why, why) != NULL, "%s", happenings.items[0].why);
    ck_assert_int_eq(happenings.items[1].outcome, VP_OUTCOME_SET);
    ck_assert_str_eq(happenings.items[1].what, "/v/a = 0");
    ck_assert_str_eq(happenings.items[1].why, "a database does not share");
}
END_TEST

/* What was busy is worth another try soon, and what is broken is not. */
START_TEST(busy)
{
    static const int codes[] = {EAGAIN, EIO};
    for (size_t i = 0; i < 2 * VP_ARRAY_SIZE(codes); i++) {
        VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
        VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
        const bool undo = i % 2 == 1;
        FAKE fake;
        fake_open(&fake);
        rig_set(&fake, "a", "1");
        if (undo)
            free(rig_reconcile(&fake, "a=0"));
        else
            rig_wish(&wishes, "a", "0");
        ck_assert_int_eq(vp_root_mkdir(fake.root, "/run/virt-profile", 0755, NULL), 0);
        rig_trap = (struct rig_trap){.at = 1, .code = codes[i / 2]};
        ck_assert_int_eq(vp_reconcile_by(fake.root, rig_means, &wishes, &happenings, NULL), 0);
        rig_trap = (struct rig_trap){0};
        ck_assert_uint_eq(happenings.n, 1);
        ck_assert_int_eq(happenings.items[0].outcome, VP_OUTCOME_FAILED);
        ck_assert(happenings.again == (codes[i / 2] == EAGAIN));
    }
}
END_TEST

/* Where the journal cannot be written nothing is. */
START_TEST(journal_first)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    struct vp_happenings happenings = {.n = 77};
    vp_autoerror err = NULL;
    FAKE fake;
    fake_open(&fake);
    rig_set(&fake, "a", "1");
    rig_wish(&wishes, "a", "0");
    ck_assert_int_eq(vp_reconcile_by(fake.root, rig_means, &wishes, &happenings, &err), -ENOENT);
    ck_assert_uint_eq(happenings.n, 77);
    ck_assert_ptr_nonnull(strstr(err->message, vp_journal_path));
    rig_check(&fake, "a", "1");
}
END_TEST

START_TEST(broken_journal_is_said)
{
    FAKE fake;
    fake_open(&fake);
    rig_set(&fake, "a", "1");
    fake_file(&fake, vp_journal_path, "{");
    fake_file(&fake, "/run/virt-profile/.host.json.12.vp-new", "{");
    vp_autofree char *got = rig_reconcile(&fake, "a=0");
    ck_assert_str_eq(got, "failed /run/virt-profile/host.json, set a = 0");
    ck_assert_int_eq(vp_root_openat(fake.root, "/run/virt-profile/.host.json.12.vp-new", O_RDONLY), -ENOENT);
}
END_TEST

START_TEST(unknown_means)
{
    static const struct vp_means newer = {.name = "newer", .read = rig_read, .write = rig_write};
    static const struct vp_means *const none[] = {NULL};
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
    FAKE fake;
    fake_open(&fake);
    rig_set(&fake, "a", "1");
    ck_assert_int_eq(vp_root_mkdir(fake.root, "/run/virt-profile", 0755, NULL), 0);
    vp_wishes_add(&wishes, &newer, "/v/a", "0", "db", "because");
    ck_assert_int_eq(vp_reconcile_by(fake.root, none, &wishes, &happenings, NULL), 0);
    rig_check(&fake, "a", "0");
    vp_autofree char *got = rig_reconcile(&fake, "");
    ck_assert_str_eq(got, "failed a = 1");
    vp_autofree char *again = rig_reconcile(&fake, "");
    ck_assert_str_eq(again, "failed a = 1"); /* it is not forgotten */
}
END_TEST

START_TEST(lock)
{
    FAKE fake;
    fake_open(&fake);
    VP_CLEANUP(vp_root_unlock) int first = -1;
    VP_CLEANUP(vp_root_unlock) int second = -1;
    ck_assert_int_eq(vp_host_lock(fake.root, &first, NULL), 0);
    ck_assert_int_eq(vp_root_lock(fake.root, "/run/virt-profile/host.lock", false, &second, NULL),
                     -EWOULDBLOCK);
    vp_root_unlock(&first);
    ck_assert_int_eq(vp_root_lock(fake.root, "/run/virt-profile/host.lock", false, &second, NULL), 0);
}
END_TEST

/* What somebody has to know is a warning; what was promised to nobody is not. */
START_TEST(priorities)
{
    static const struct {
        enum vp_outcome outcome;
        bool essential;
        enum vp_log_priority priority;
    } told[] = {
        {VP_OUTCOME_SET, true, VP_LOG_INFO},       {VP_OUTCOME_RESTORED, false, VP_LOG_INFO},
        {VP_OUTCOME_KEPT, false, VP_LOG_NOTICE},   {VP_OUTCOME_FOREIGN, false, VP_LOG_WARNING},
        {VP_OUTCOME_ABSENT, true, VP_LOG_DEBUG},   {VP_OUTCOME_FAILED, true, VP_LOG_WARNING},
        {VP_OUTCOME_FAILED, false, VP_LOG_NOTICE},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(told); i++) {
        const struct vp_happening it = {.outcome = told[i].outcome, .essential = told[i].essential};
        ck_assert_msg(vp_happening_priority(&it) == told[i].priority, "row %zu", i);
    }
}
END_TEST

VP_TEST_MAIN("reconcile", VP_TEST_ROWS(turns, rows), VP_TEST(priorities), VP_TEST(messages), VP_TEST(busy),
             VP_TEST(journal_first), VP_TEST(broken_journal_is_said), VP_TEST(unknown_means), VP_TEST(lock))
