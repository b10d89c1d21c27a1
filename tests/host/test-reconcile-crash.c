/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig.h"

/*
 * The process ends at a write, before or after the value is there; then others do something, and the next run
 * has these wishes.
 */
static const struct {
    const char *why, *start, *first, *wishes; /* `first` comes through */
    int at;
    bool done;
    const char *others, *then, *expect, *values, *final;
} crashes[] = {
    {"before the write", "a=1", "", "a=0", 1, false, "", "a=0", "set a = 0", "a=0", "a=1"},
    {"after the write", "a=1", "", "a=0", 1, true, "", "a=0", "", "a=0", "a=1"},
    {"before the write, gone", "a=1", "", "a=0", 1, false, "", "", "", "a=1", "a=1"},
    {"after the write, gone", "a=1", "", "a=0", 1, true, "", "", "restored a = 1", "a=1", "a=1"},
    {"before the write, changed", "a=1", "", "a=0", 1, false, "a=7", "a=0", "foreign a = 7", "a=7", "a=7"},
    {"after the write, changed", "a=1", "", "a=0", 1, true, "a=7", "a=0", "foreign a = 7", "a=7", "a=7"},
    {"after the write, changed, gone", "a=1", "", "a=0", 1, true, "a=7", "", "kept a = 7", "a=7", "a=7"},
    {"before the second value", "a=1", "a=0", "a=5", 1, false, "", "a=5", "set a = 5", "a=5", "a=1"},
    {"after the second value", "a=1", "a=0", "a=5", 1, true, "", "a=5", "", "a=5", "a=1"},
    {"before the second value, gone", "a=1", "a=0", "a=5", 1, false, "", "", "restored a = 1", "a=1", "a=1"},
    {"after the second value, gone", "a=1", "a=0", "a=5", 1, true, "", "", "restored a = 1", "a=1", "a=1"},
    {"after the second value, a third", "a=1", "a=0", "a=5", 1, true, "", "a=6", "set a = 6", "a=6", "a=1"},
    {"before it is put back", "a=1", "a=0", "", 1, false, "", "", "restored a = 1", "a=1", "a=1"},
    {"after it was put back", "a=1", "a=0", "", 1, true, "", "", "", "a=1", "a=1"},
    {"before it is put back, wished for", "a=1", "a=0", "", 1, false, "", "a=0", "", "a=0", "a=1"},
    {"after it was put back, wished for", "a=1", "a=0", "", 1, true, "", "a=0", "set a = 0", "a=0", "a=1"},
    {"before it is put back, changed", "a=1", "a=0", "", 1, false, "a=7", "", "kept a = 7", "a=7", "a=7"},
    {"at the second of three", "a=1 b=1 c=1", "", "a=0 b=0 c=0", 2, false, "", "", "restored a = 1",
     "a=1 b=1 c=1", "a=1 b=1 c=1"},
    {"after the second of three", "a=1 b=1 c=1", "", "a=0 b=0 c=0", 2, true, "", "a=0 b=0 c=0", "set c = 0",
     "a=0 b=0 c=0", "a=1 b=1 c=1"},
    {"before a part is there", "p=4", "", "p=6", 1, false, "", "p=6", "set p = 6", "p=10", "p=4"},
    {"after a part is there", "p=4", "", "p=6", 1, true, "", "p=6", "", "p=10", "p=4"},
    {"a part of the part is there", "p=4", "", "p=6", 1, false, "p=7", "p=6", "set p = 6", "p=10", "p=4"},
    {"after a part is there, gone", "p=4", "", "p=6", 1, true, "", "", "restored p = 4", "p=4", "p=4"},
    {"before a part grows, gone", "p=4", "p=6", "p=9", 1, false, "", "", "restored p = 4", "p=4", "p=4"},
    {"after a part grew, gone", "p=4", "p=6", "p=9", 1, true, "", "", "restored p = 4", "p=4", "p=4"},
    {"before a part goes", "p=4", "p=6", "", 1, false, "", "", "restored p = 4", "p=4", "p=4"},
    {"after a part went", "p=4", "p=6", "", 1, true, "", "", "", "p=4", "p=4"},
    {"after a part went, wished for", "p=4", "p=6", "", 1, true, "", "p=3", "set p = 3", "p=7", "p=4"},
    {"in passing", "o=1 run=1", "", "o=0", 1, false, "", "o=0", "set o = 0", "o=0 run=1", "o=1 run=1"},
    {"in passing, gone", "o=1 run=1", "", "o=0", 1, false, "", "", "", "o=1 run=1", "o=1 run=1"},
    {"past passing, gone", "o=1 run=1", "", "o=0", 1, true, "", "", "restored o = 1", "o=1 run=1",
     "o=1 run=1"},
    {"half-way", "d=1", "", "d=0", 1, false, "", "d=0", "", "d=0", "d=1"},
    {"half-way, gone", "d=1", "", "d=0", 1, false, "", "", "restored d = 1", "d=1", "d=1"},
    {"half-way back", "d=1", "d=0", "", 1, false, "", "", "", "d=1", "d=1"},
    {"half-way back, wished for", "d=1", "d=0", "", 1, false, "", "d=0", "set d = 0", "d=0", "d=1"},
    {"in passing, changed", "o=1 run=1", "", "o=0", 1, true, "run=0", "o=0", "", "o=0 run=0", "o=1 run=0"},
};

START_TEST(crash)
{
    FAKE fake;
    fake_open(&fake);
    rig_for_each(crashes[_i].start, rig_set, &fake);
    free(rig_reconcile(&fake, crashes[_i].first));
    const pid_t child = fork();
    int status = 0;
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        rig_trap.at = crashes[_i].at;
        rig_trap.done = crashes[_i].done;
        free(rig_reconcile(&fake, crashes[_i].wishes));
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 42, "%s: no crash", crashes[_i].why);
    rig_for_each(crashes[_i].others, rig_set, &fake);
    vp_autofree char *got = rig_reconcile(&fake, crashes[_i].then);
    ck_assert_msg(strcmp(got, crashes[_i].expect) == 0, "%s: '%s', not '%s'", crashes[_i].why, got,
                  crashes[_i].expect);
    rig_for_each(crashes[_i].values, rig_check, &fake);
    free(rig_reconcile(&fake, ""));
    rig_for_each(crashes[_i].final, rig_check, &fake);
    ck_assert(!rig_noted(&fake));
}
END_TEST

static const int codes[] = {EIO, EACCES, ENOENT, ENOSPC, EBUSY};

/* Each write of many fails in turn, of setting and of putting back. */
START_TEST(each_write_fails)
{
    const char *start = "a=1 b=2 c=3 g=4 p1=5 p2=6 o=7 run=1";
    const char *wishes = "a=x b=x c=x g=x p1=3 p2=3 o=x";
    for (int at = 1; at <= 14; at++) {
        FAKE fake;
        fake_open(&fake);
        rig_for_each(start, rig_set, &fake);
        rig_trap.at = at;
        rig_trap.code = codes[_i];
        vp_autofree char *set = rig_reconcile(&fake, wishes);
        vp_autofree char *back = rig_reconcile(&fake, "");
        ck_assert_int_eq(rig_trap.at, 0);
        vp_autofree char *both = vp_asprintf("%s, %s", set, back);
        const char *failed = strstr(both, "failed ");
        ck_assert_msg(failed != NULL && strstr(failed + 1, "failed ") == NULL, "write %d: '%s'", at, both);
        free(rig_reconcile(&fake, ""));
        rig_for_each(start, rig_check, &fake);
        ck_assert(!rig_noted(&fake));
    }
}
END_TEST

VP_TEST_MAIN("reconcile-crash", VP_TEST_ROWS(crash, crashes), VP_TEST_ROWS(each_write_fails, codes))
