/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../model/fake.h"
#include "journal.h"
#include "reconcile.h"
#include "size.h"
#include "strbuf.h"
#include "text.h"

/*
 * Means of this test: files below /v, of which a write can fail or end the process. "file" is put back as it
 * was, "part" is a number that others have a part in, "odd" passes /v/run through 2.
 */
static struct {
    int at;    /* which write from now on; 0: none */
    int code;  /* errno; 0: the process ends */
    bool done; /* after it was written, else before */
    int odd;   /* what is written instead of the value, as a number added to it */
} trap;

static int springs(const char *target, struct vp_error **err)
{
    if (trap.code == 0)
        _exit(42);
    return vp_fail(err, trap.code, "cannot write to '%s': %m", target);
}

static int write_file(const struct vp_root *root, const char *target, const char *value,
                      struct vp_error **err)
{
    const bool now = trap.at > 0 && --trap.at == 0;
    if (now && !trap.done)
        return springs(target, err);
    const int r = vp_host_write(root, target, value, err);
    return now && r == 0 ? springs(target, err) : r;
}

/* The kernel gives two pages less than asked for. */
static int write_part(const struct vp_root *root, const char *target, const char *value,
                      struct vp_error **err)
{
    uint64_t n = 0;
    if (trap.odd == 0 || vp_u64_parse(value, 0, UINT64_MAX, &n) < 0)
        return write_file(root, target, value, err);
    vp_autofree char *less = vp_asprintf("%llu", (unsigned long long)n - 2);
    return write_file(root, target, less, err);
}

static int write_odd(const struct vp_root *root, const char *target, const char *value, struct vp_error **err)
{
    const int r = vp_host_write(root, "/v/run", "2", err);
    return r < 0 ? r : write_file(root, target, value, err);
}

static int read_file(const struct vp_root *root, const char *target, char **ret_value, struct vp_error **err)
{
    return vp_means_file.read(root, target, ret_value, err);
}

static bool same_case(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

static const struct vp_means file = {
    .name = "file", .read = read_file, .write = write_file, .same = same_case};
static const struct vp_means part = {.name = "part", .read = read_file, .write = write_part, .shared = true};
static const struct vp_means odd = {
    .name = "odd", .read = read_file, .write = write_odd, .passes = "/v/run", .passing = "2"};
static const struct vp_means *const all[] = {&file, &part, &odd, NULL};

static const struct vp_means *means_of(char letter)
{
    return letter == 'p' ? &part : letter == 'o' ? &odd : &file;
}

/* Calls `each` for every NAME=VALUE of a list. */
static void for_each(const char *list, void (*each)(void *cookie, const char *name, const char *value),
                     void *cookie)
{
    vp_autofree char *copy = vp_strdup(list);
    char *save = NULL;
    for (char *word = strtok_r(copy, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
        char *value = strchr(word, '=');
        ck_assert_ptr_nonnull(value);
        *value++ = '\0';
        each(cookie, word, value);
    }
}

static void set_value(void *cookie, const char *name, const char *value)
{
    const struct fake *fake = cookie;
    vp_autofree char *path = vp_asprintf("/v/%s", name);
    vp_autofree char *line = vp_asprintf("%s\n", value);
    if (*value == '\0')
        ck_assert_int_eq(vp_root_unlink(fake->root, path, NULL), 0);
    else
        fake_file(fake, path, line);
}

/* Means by the first letter: "p…" is shared, "o…" passes, "e…" is essential. */
static void add_wish(void *cookie, const char *name, const char *value)
{
    vp_autofree char *path = vp_asprintf("/v/%s", name);
    vp_wishes_add(cookie, means_of(*name), path, value, "db", "because")->essential = *name == 'e';
}

static void check_value(void *cookie, const char *name, const char *value)
{
    const struct fake *fake = cookie;
    vp_autofree char *path = vp_asprintf("/v/%s", name);
    vp_autofree char *have = NULL;
    (void)vp_means_file.read(fake->root, path, &have, NULL);
    ck_assert_msg(vp_same(have, value) || (have == NULL && *value == '\0'), "%s is '%s', not '%s'", name,
                  have != NULL ? have : "absent", value);
}

static const char *const outcomes[VP_OUTCOME_N_] = {"set", "restored", "kept", "foreign", "absent", "failed"};

static char *show(const struct vp_happenings *happenings)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < happenings->n; i++) {
        const struct vp_happening *h = &happenings->items[i];
        const char *what = vp_starts(h->what, "/v/") ? h->what + 3 : h->what;
        vp_autofree char *line = vp_asprintf("%s %s%s", outcomes[h->outcome], what, h->essential ? "!" : "");
        ck_assert_msg(h->why != NULL && *h->why != '\0', "'%s' without why", line);
        vp_strbuf_join(&buf, ", ", line);
    }
    return vp_strbuf_take(&buf);
}

static char *reconcile(const struct fake *fake, const char *wanted)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
    VP_CLEANUP(vp_root_unlock) int lock = -1;
    vp_autoerror err = NULL;
    for_each(wanted, add_wish, &wishes);
    ck_assert_msg(vp_host_lock(fake->root, &lock, &err) == 0, "%s", err != NULL ? err->message : "?");
    ck_assert_msg(vp_reconcile_by(fake->root, all, &wishes, &happenings, &err) == 0, "%s",
                  err != NULL ? err->message : "?");
    return show(&happenings);
}

/* One run of reconciling, and what others did before. */
struct turn {
    const char *others; /* "a=1 b=2": files that others write first; "a=" removes */
    const char *wishes;
    const char *expect; /* "set a = 1, failed b = 2" */
    const char *values; /* after it */
    int at, code;       /* the trap */
    bool done;
    int odd;
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
    {"an administrator's change stays, and is told each time",
     "a=1",
     {{"", "a=0", "set a = 0", "a=0"},
      {"a=7", "a=0", "foreign a = 7", "a=7"},
      {"", "a=5", "foreign a = 7", "a=7"},
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
    {"others take it all and it is wished for still",
     "p=4",
     {{"", "p=6", "set p = 6", "p=10"},
      {"p=1", "p=6", "set p = 6", "p=6"},
      {"", "", "restored p = 0", "p=0"}}},
    {"less than asked for",
     "p=4",
     {{"", "p=6", "failed p = 6", "p=8", .odd = 1},
      {"", "p=6", "set p = 6", "p=10"},
      {"", "", "restored p = 4", "p=4"}}},
    {"less than asked for, and nobody wants it any more",
     "p=4",
     {{"", "p=6", "failed p = 6", "p=8", .odd = 1}, {"", "", "restored p = 4", "p=4"}}},
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
    for_each(row->start, set_value, &fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(row->turns) && row->turns[i].wishes != NULL; i++) {
        const struct turn *turn = &row->turns[i];
        for_each(turn->others, set_value, &fake);
        trap.at = turn->at;
        trap.code = turn->code;
        trap.done = turn->done;
        trap.odd = turn->odd;
        vp_autofree char *got = reconcile(&fake, turn->wishes);
        trap.at = trap.odd = 0;
        ck_assert_msg(strcmp(got, turn->expect) == 0, "%s, turn %zu: '%s', not '%s'", row->why, i, got,
                      turn->expect);
        for_each(turn->values, check_value, &fake);
        if (*turn->wishes == '\0' && strstr(got, "failed") == NULL) {
            const int fd = vp_root_openat(fake.root, vp_journal_path, O_RDONLY);
            ck_assert_msg(fd == -ENOENT, "%s, turn %zu: the journal is still there", row->why, i);
        }
    }
}
END_TEST

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
    {"in passing, changed", "o=1 run=1", "", "o=0", 1, true, "run=0", "o=0", "", "o=0 run=0", "o=1 run=0"},
};

START_TEST(crash)
{
    FAKE fake;
    fake_open(&fake);
    for_each(crashes[_i].start, set_value, &fake);
    vp_autofree char *before = reconcile(&fake, crashes[_i].first);
    const pid_t child = fork();
    int status = 0;
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        trap.at = crashes[_i].at;
        trap.done = crashes[_i].done;
        free(reconcile(&fake, crashes[_i].wishes));
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 42, "%s: no crash", crashes[_i].why);
    for_each(crashes[_i].others, set_value, &fake);
    vp_autofree char *got = reconcile(&fake, crashes[_i].then);
    ck_assert_msg(strcmp(got, crashes[_i].expect) == 0, "%s: '%s', not '%s'", crashes[_i].why, got,
                  crashes[_i].expect);
    for_each(crashes[_i].values, check_value, &fake);
    vp_autofree char *after = reconcile(&fake, "");
    for_each(crashes[_i].final, check_value, &fake);
    ck_assert_int_eq(vp_root_openat(fake.root, vp_journal_path, O_RDONLY), -ENOENT);
}
END_TEST

static const int codes[] = {EIO, EACCES, ENOENT, ENOSPC, EBUSY};

/* Each write of many fails in turn, of setting and of putting back. */
START_TEST(each_write_fails)
{
    const char *start = "a=1 b=2 c=3 d=4 p1=5 p2=6 o=7 run=1";
    const char *wishes = "a=x b=x c=x d=x p1=3 p2=3 o=x";
    for (int at = 1; at <= 14; at++) {
        FAKE fake;
        fake_open(&fake);
        for_each(start, set_value, &fake);
        trap.at = at;
        trap.code = codes[_i];
        vp_autofree char *set = reconcile(&fake, wishes);
        vp_autofree char *back = reconcile(&fake, "");
        ck_assert_int_eq(trap.at, 0);
        vp_autofree char *both = vp_asprintf("%s, %s", set, back);
        const char *failed = strstr(both, "failed ");
        ck_assert_msg(failed != NULL && strstr(failed + 1, "failed ") == NULL, "write %d: '%s'", at, both);
        vp_autofree char *again = reconcile(&fake, "");
        for_each(start, check_value, &fake);
        ck_assert_int_eq(vp_root_openat(fake.root, vp_journal_path, O_RDONLY), -ENOENT);
    }
}
END_TEST

START_TEST(messages)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
    FAKE fake;
    fake_open(&fake);
    set_value(&fake, "a", "1");
    set_value(&fake, "d/x", "1");
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

/* Where the journal cannot be written nothing is. */
START_TEST(journal_first)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    struct vp_happenings happenings = {.n = 77};
    vp_autoerror err = NULL;
    FAKE fake;
    fake_open(&fake);
    set_value(&fake, "a", "1");
    add_wish(&wishes, "a", "0");
    ck_assert_int_eq(vp_reconcile_by(fake.root, all, &wishes, &happenings, &err), -ENOENT);
    ck_assert_uint_eq(happenings.n, 77);
    ck_assert_ptr_nonnull(strstr(err->message, vp_journal_path));
    check_value(&fake, "a", "1");
}
END_TEST

START_TEST(broken_journal_is_said)
{
    FAKE fake;
    fake_open(&fake);
    set_value(&fake, "a", "1");
    fake_file(&fake, vp_journal_path, "{");
    fake_file(&fake, "/run/virt-profile/.host.json.12.vp-new", "{");
    vp_autofree char *got = reconcile(&fake, "a=0");
    ck_assert_str_eq(got, "failed /run/virt-profile/host.json, set a = 0");
    ck_assert_int_eq(vp_root_openat(fake.root, "/run/virt-profile/.host.json.12.vp-new", O_RDONLY), -ENOENT);
}
END_TEST

START_TEST(unknown_means)
{
    static const struct vp_means newer = {.name = "newer", .read = read_file, .write = write_file};
    static const struct vp_means *const none[] = {NULL};
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
    FAKE fake;
    fake_open(&fake);
    set_value(&fake, "a", "1");
    ck_assert_int_eq(vp_root_mkdir(fake.root, "/run/virt-profile", 0755, NULL), 0);
    vp_wishes_add(&wishes, &newer, "/v/a", "0", "db", "because");
    ck_assert_int_eq(vp_reconcile_by(fake.root, none, &wishes, &happenings, NULL), 0);
    check_value(&fake, "a", "0");
    vp_autofree char *got = reconcile(&fake, "");
    ck_assert_str_eq(got, "failed a = 1");
    vp_autofree char *again = reconcile(&fake, "");
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

VP_TEST_MAIN("reconcile", VP_TEST_ROWS(turns, rows), VP_TEST_ROWS(crash, crashes),
             VP_TEST_ROWS(each_write_fails, codes), VP_TEST(messages), VP_TEST(journal_first),
             VP_TEST(broken_journal_is_said), VP_TEST(unknown_means), VP_TEST(lock))
