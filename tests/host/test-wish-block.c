/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../model/fake.h"
#include "blockqueue.h"
#include "reconcile.h"
#include "strbuf.h"
#include "wish_block.h"

static bool dies; /* behind the next change of a scheduler */

int __real_vp_host_write(const struct vp_root *root, const char *path, const char *value,
                         struct vp_error **err);
int __wrap_vp_host_write(const struct vp_root *root, const char *path, const char *value,
                         struct vp_error **err);

/* As the kernel does: a change of the scheduler starts its settings anew, and none takes 128 requests. */
int __wrap_vp_host_write(const struct vp_root *root, const char *path, const char *value,
                         struct vp_error **err)
{
    const char *file = strrchr(path, '/') + 1;
    vp_autofree char *folder = vp_strndup(path, (size_t)(file - path));
    vp_autofree char *other = vp_asprintf("%sscheduler", folder);
    vp_autofree char *requests = vp_asprintf("%snr_requests", folder);
    vp_autofree char *expire = vp_asprintf("%siosched/read_expire", folder);
    vp_autofree char *scheduler = NULL;
    if (strcmp(file, "nr_requests") == 0 && vp_means_file.read(root, other, &scheduler, NULL) == 0 &&
        strcmp(scheduler, "none") == 0 && strlen(value) >= 3 && strcmp(value, "128") > 0)
        return vp_fail(err, EINVAL, "cannot write '%s' to '%s': %m", value, path);
    const int r = __real_vp_host_write(root, path, value, err);
    if (r < 0 || strcmp(file, "scheduler") != 0)
        return r;
    (void)__real_vp_host_write(root, expire, "500", NULL);
    const int reset = __real_vp_host_write(root, requests, strcmp(value, "none") == 0 ? "128" : "256", err);
    if (dies)
        _exit(42);
    return reset;
}

/* Wants of two guests, "NAME=VALUE" each, joined by blanks; "" for none. */
struct row {
    const char *first, *second, *wishes;
};

static struct vp_entry *guest(const char *name, const char *wants)
{
    struct vp_entry *entry = vp_entry_new("5a1f0c3e-7f0b-4b43-9d5c-2f7f3c1f2b11", name);
    for (const char *at = wants; *at != '\0';) {
        const size_t len = strcspn(at, " ");
        const size_t key = strcspn(at, "=");
        vp_autofree char *want = vp_strndup(at, key);
        vp_autofree char *value = vp_strndup(at + key + 1, len - key - 1);
        vp_autofree char *reason = vp_asprintf("for %s", name);
        vp_entry_add_want(entry, want, value, "disk.scheduler", reason);
        at += len + (at[len] == ' ');
    }
    return entry;
}

static void wish(const struct fake *fake, const char *first, const char *second, struct vp_wishes *wishes)
{
    vp_autoentry a = guest("alpha", first);
    vp_autoentry b = guest("beta", second);
    struct vp_entry *items[] = {a, b};
    const struct vp_entries entries = {.items = items, .n = 2};
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_wish_block(fake->root, NULL, &entries, wishes, &err), 0);
}

static char *format(const struct vp_wishes *wishes)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < wishes->n; i++) {
        const struct vp_wish *one = &wishes->items[i];
        ck_assert_msg(one->means ==
                          (strstr(one->target, "read_ahead_kb") != NULL ? &vp_means_file : &vp_means_queue),
                      "%s", one->target);
        vp_strbuf_addf(&buf, "%s%s = %s by %s %s", i > 0 ? "\n" : "", one->target + strlen("/sys/block/"),
                       one->value, one->owner, one->reason);
    }
    return vp_strbuf_take(&buf);
}

static const struct row rows[] = {
    {"", "", ""},
    {"block/sda/scheduler=none", "", "sda/queue = none - by alpha for alpha"},
    {"block/sda/scheduler=none", "block/sda/scheduler=none", "sda/queue = none - by alpha, beta for alpha"},
    {"block/sda/scheduler=none", "block/sda/scheduler=bfq", "sda/queue = bfq - by beta for beta"},
    {"block/sda/scheduler=bfq", "block/sda/scheduler=none", "sda/queue = bfq - by alpha for alpha"},
    {"block/sda/scheduler=kyber", "block/sda/scheduler=none", "sda/queue = kyber - by alpha for alpha"},
    {"block/sda/scheduler=kyber", "block/sda/scheduler=mq-deadline",
     "sda/queue = mq-deadline - by beta for beta"},
    {"block/sda/scheduler=none", "block/sdb/scheduler=bfq",
     "sda/queue = none - by alpha for alpha\nsdb/queue = bfq - by beta for beta"},
    {"block/sda/nr_requests=64", "block/sda/nr_requests=128", "sda/queue = - 128 by beta for beta"},
    {"block/sda/nr_requests=1000", "block/sda/nr_requests=128", "sda/queue = - 1000 by alpha for alpha"},
    {"block/sda/scheduler=none block/sda/nr_requests=64", "", "sda/queue = none 64 by alpha for alpha"},
    {"block/sda/scheduler=none block/sda/nr_requests=64", "block/sda/nr_requests=65",
     "sda/queue = none 65 by alpha, beta for alpha; for beta"},
    {"block/sda/scheduler=none block/sda/nr_requests=64", "block/sda/scheduler=none",
     "sda/queue = none 64 by alpha, beta for alpha"},
    {"block/sda/scheduler=none", "block/sda/scheduler=none block/sda/nr_requests=64",
     "sda/queue = none 64 by alpha, beta for alpha; for beta"},
    {"block/dm-0/read_ahead_kb=128", "block/dm-0/read_ahead_kb=4096",
     "dm-0/queue/read_ahead_kb = 4096 by beta for beta"},
    {"block/dm-0/read_ahead_kb=0", "", "dm-0/queue/read_ahead_kb = 0 by alpha for alpha"},
    {"block/sda/scheduler=none block/sda/read_ahead_kb=64", "",
     "sda/queue = none - by alpha for alpha\nsda/queue/read_ahead_kb = 64 by alpha for alpha"},
    /* what is none */
    {"block/sda/scheduler=deadline", "block/sda/nr_requests=many", ""},
    {"block/sda/scheduler=deadline", "block/sda/scheduler=none", "sda/queue = none - by beta for beta"},
    {"block/sda/rotational=0 block/sda=1 block//scheduler=none block/../scheduler=none", "ksm.run=1", ""},
    {"block/sda/../scheduler=none", "scope/IOWeight=5", ""},
};

START_TEST(arbitrates)
{
    FAKE fake;
    fake_open(&fake);
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    wish(&fake, rows[_i].first, rows[_i].second, &wishes);
    vp_autofree char *text = format(&wishes);
    ck_assert_msg(strcmp(text, rows[_i].wishes) == 0, "'%s' and '%s': %s", rows[_i].first, rows[_i].second,
                  text);
}
END_TEST

static const struct vp_means *const means[] = {&vp_means_file, &vp_means_queue, NULL};

#define NONE "block/sda/scheduler=none"
#define KYBER "block/sda/scheduler=kyber"

/* Bring the fake host where two guests want it; returns "OUTCOME WHAT" lines. Owned. */
static char *bring(const struct fake *fake, const char *first, const char *second)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    int lock = -1;
    ck_assert_int_eq(vp_host_lock(fake->root, &lock, NULL), 0);
    ck_assert_int_eq(close(lock), 0);
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
    struct vp_strbuf buf = {0};
    vp_autoerror err = NULL;
    wish(fake, first, second, &wishes);
    ck_assert_msg(vp_reconcile_by(fake->root, means, &wishes, &happenings, &err) == 0, "%s",
                  err != NULL ? err->message : "");
    for (size_t i = 0; i < happenings.n; i++)
        vp_strbuf_addf(&buf, "%s%d %s", i > 0 ? "\n" : "", (int)happenings.items[i].outcome,
                       happenings.items[i].what);
    return vp_strbuf_take(&buf);
}

static void check_file(const struct fake *fake, const char *path, const char *want, const char *when)
{
    vp_autofree char *value = NULL;
    ck_assert_int_eq(vp_means_file.read(fake->root, path, &value, NULL), 0);
    ck_assert_msg(strcmp(value, want) == 0, "%s: %s is '%s', not '%s'", when, path, value, want);
}

static void make_disk(const struct fake *fake)
{
    fake_file(fake, "/proc/sys/kernel/random/boot_id", "1b6c9f4e-91a5-4a7b-8df8-4dd65f0f4f2d\n");
    fake_file(fake, "/sys/block/sda/queue/scheduler", "mq-deadline\n");
    fake_file(fake, "/sys/block/sda/queue/nr_requests", "200\n");
    fake_file(fake, "/sys/block/sda/queue/read_ahead_kb", "128\n");
    fake_file(fake, "/sys/block/sda/queue/iosched/read_expire", "333\n");
}

/* Guests come and go; the disk follows, and is as before at the end. */
START_TEST(round_trip)
{
    static const struct {
        const char *first, *second, *scheduler, *requests, *ahead;
    } steps[] = {
        {NONE, "", "none", "128", "128"},
        {NONE, KYBER " block/sda/nr_requests=512", "kyber", "512", "128"},
        {NONE, KYBER, "kyber", "512", "128"}, /* what is left of it */
        {NONE " block/sda/read_ahead_kb=4096", "block/sda/nr_requests=64", "none", "64", "4096"},
        {"block/sda/read_ahead_kb=512", "block/sda/nr_requests=300", "mq-deadline", "300", "512"},
        {"block/sda/scheduler=mq-deadline", "", "mq-deadline", "200", "128"},
        {"block/sda/nr_requests=300", "", "mq-deadline", "300", "128"},
        {"", "block/sda/scheduler=bfq", "bfq", "256", "128"},
        {"", "", "mq-deadline", "200", "128"},
    };
    FAKE fake;
    fake_open(&fake);
    make_disk(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(steps); i++) {
        vp_autofree char *when = vp_asprintf("step %zu", i);
        free(bring(&fake, steps[i].first, steps[i].second));
        vp_autofree char *again = bring(&fake, steps[i].first, steps[i].second);
        ck_assert_msg(strcmp(again, "") == 0, "%s: %s", when, again);
        check_file(&fake, "/sys/block/sda/queue/scheduler", steps[i].scheduler, when);
        check_file(&fake, "/sys/block/sda/queue/nr_requests", steps[i].requests, when);
        check_file(&fake, "/sys/block/sda/queue/read_ahead_kb", steps[i].ahead, when);
    }
    check_file(&fake, "/sys/block/sda/queue/iosched/read_expire", "333", "at the end");
}
END_TEST

/* What an administrator changes meanwhile stays; a disk that is pulled out is no failure. */
START_TEST(others)
{
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, "/proc/sys/kernel/random/boot_id", "1b6c9f4e-91a5-4a7b-8df8-4dd65f0f4f2d\n");
    fake_file(&fake, "/sys/block/sda/queue/scheduler", "mq-deadline\n");
    fake_file(&fake, "/sys/block/sda/queue/nr_requests", "256\n");
    vp_autofree char *set = bring(&fake, "block/sda/scheduler=none", "");
    fake_file(&fake, "/sys/block/sda/queue/scheduler", "bfq\n");
    vp_autofree char *foreign = bring(&fake, "block/sda/scheduler=none", "");
    check_file(&fake, "/sys/block/sda/queue/scheduler", "bfq", "wished for otherwise");
    vp_autofree char *kept = bring(&fake, "", "");
    check_file(&fake, "/sys/block/sda/queue/scheduler", "bfq", "no longer wished for");
    vp_autofree char *absent = bring(&fake, "block/sdz/scheduler=none", "block/sdz/read_ahead_kb=64");
    vp_autofree char *want =
        vp_asprintf("%d /sys/block/sdz/queue = none -\n%d /sys/block/sdz/queue/read_ahead_kb = 64",
                    VP_OUTCOME_ABSENT, VP_OUTCOME_ABSENT);
    ck_assert_str_eq(absent, want);
    ck_assert_int_eq(set[0] - '0', VP_OUTCOME_SET);
    ck_assert_int_eq(foreign[0] - '0', VP_OUTCOME_FOREIGN);
    ck_assert_int_eq(kept[0] - '0', VP_OUTCOME_KEPT);
}
END_TEST

/* As bring(), and dies between the scheduler and the length of its queue. */
static void bring_and_die(const struct fake *fake, const char *first)
{
    int status = 0;
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        dies = true;
        free(bring(fake, first, ""));
        _exit(1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 42, "it lived: %d", status);
}

/* A process that dies in the middle is finished by the next, whatever that wishes for. */
START_TEST(killed)
{
    static const struct {
        const char *wants, *scheduler, *requests;
    } table[] = {{NONE " block/sda/nr_requests=64", "none", "64"},
                 {KYBER " block/sda/nr_requests=70", "kyber", "70"},
                 {"", "mq-deadline", "200"}};
    for (size_t i = 0; i < VP_ARRAY_SIZE(table); i++) {
        FAKE fake;
        fake_open(&fake);
        make_disk(&fake);
        bring_and_die(&fake, NONE " block/sda/nr_requests=64");
        check_file(&fake, "/sys/block/sda/queue/nr_requests", "128", "half-done");
        free(bring(&fake, table[i].wants, ""));
        check_file(&fake, "/sys/block/sda/queue/scheduler", table[i].scheduler, "finished");
        check_file(&fake, "/sys/block/sda/queue/nr_requests", table[i].requests, "finished");
        free(bring(&fake, "", ""));
        check_file(&fake, "/sys/block/sda/queue/scheduler", "mq-deadline", "at the end");
        check_file(&fake, "/sys/block/sda/queue/nr_requests", "200", "at the end");
        check_file(&fake, "/sys/block/sda/queue/iosched/read_expire", "333", "at the end");
    }
    FAKE fake;
    fake_open(&fake);
    make_disk(&fake);
    free(bring(&fake, NONE, ""));
    bring_and_die(&fake, ""); /* on the way back */
    check_file(&fake, "/sys/block/sda/queue/nr_requests", "256", "half-done");
    free(bring(&fake, "", ""));
    check_file(&fake, "/sys/block/sda/queue/nr_requests", "200", "at the end");
}
END_TEST

VP_TEST_MAIN("wish-block", VP_TEST_ROWS(arbitrates, rows), VP_TEST(round_trip), VP_TEST(others),
             VP_TEST(killed))
