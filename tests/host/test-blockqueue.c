/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "../model/fake.h"
#include "blockqueue.h"

#define QUEUE "/sys/block/sda/queue"

static char *read_value(const struct fake *fake, const char *path)
{
    char *value = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_means_file.read(fake->root, path, &value, &err) == 0, "%s: %s", path,
                  err != NULL ? err->message : "");
    return value;
}

static void make_queue(const struct fake *fake)
{
    fake_file(fake, QUEUE "/scheduler", "none [mq-deadline] kyber\n");
    fake_file(fake, QUEUE "/nr_requests", "256\n");
    fake_file(fake, QUEUE "/iosched/read_expire", "333\n");
    fake_file(fake, QUEUE "/iosched/fifo_batch", "16\n");
}

START_TEST(reads)
{
    static const struct {
        const char *path, *text, *value;
        int r;
    } rows[] = {
        {NULL, NULL, "mq-deadline 256 fifo_batch=16 read_expire=333", 0},
        {QUEUE "/iosched/odd", "a b\n", "mq-deadline 256 fifo_batch=16 read_expire=333", 0},
        {QUEUE "/iosched/empty", "\n", "mq-deadline 256 fifo_batch=16 read_expire=333", 0},
        {QUEUE "/scheduler", "[none] mq-deadline\n", "none 256 fifo_batch=16 read_expire=333", 0},
        {QUEUE "/scheduler", "none\n", "none 256 fifo_batch=16 read_expire=333", 0},
    };
    FAKE fake;
    fake_open(&fake);
    make_queue(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        char *value = NULL;
        if (rows[i].path != NULL)
            fake_file(&fake, rows[i].path, rows[i].text);
        ck_assert_int_eq(vp_means_queue.read(fake.root, QUEUE, &value, NULL), rows[i].r);
        ck_assert_msg(strcmp(value, rows[i].value) == 0, "row %zu: '%s'", i, value);
        free(value);
    }
}
END_TEST

/* A disk that has gone, and one without a queue of its own. */
START_TEST(absent)
{
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, "/sys/block/rbd0/queue/nr_requests", "1\n");
    fake_file(&fake, "/sys/block/dm-0/queue/scheduler", "none\n");
    static const char *const targets[] = {QUEUE, "/sys/block/rbd0/queue", "/sys/block/dm-0/queue"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(targets); i++) {
        static char sentinel;
        char *value = &sentinel;
        vp_autoerror err = NULL;
        ck_assert_msg(vp_means_queue.read(fake.root, targets[i], &value, &err) == -ENOENT, "%s", targets[i]);
        ck_assert_ptr_eq(value, &sentinel);
        ck_assert_ptr_nonnull(err);
    }
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_means_queue.write(fake.root, QUEUE, "none -", &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err->message, QUEUE));
}
END_TEST

START_TEST(writes)
{
    static const struct {
        const char *value, *scheduler, *requests, *expire;
    } rows[] = {
        {"none -", "none", "256", "333"},
        {"- 64", "mq-deadline", "64", "333"},
        {"none 64", "none", "64", "333"},
        {"mq-deadline 256 read_expire=500", "mq-deadline", "256", "333"}, /* it stayed: so do its settings */
        {"kyber 128 read_expire=500", "kyber", "128", "500"},
        {"kyber 128 gone=1 odd read_expire=500", "kyber", "128", "500"},
        {"- -", "mq-deadline", "256", "333"},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        FAKE fake;
        fake_open(&fake);
        make_queue(&fake);
        ck_assert_int_eq(vp_means_queue.write(fake.root, QUEUE, rows[i].value, NULL), 0);
        vp_autofree char *scheduler = read_value(&fake, QUEUE "/scheduler");
        vp_autofree char *requests = read_value(&fake, QUEUE "/nr_requests");
        vp_autofree char *expire = read_value(&fake, QUEUE "/iosched/read_expire");
        ck_assert_msg(strcmp(scheduler, rows[i].scheduler) == 0, "'%s': %s", rows[i].value, scheduler);
        ck_assert_msg(strcmp(requests, rows[i].requests) == 0, "'%s': %s", rows[i].value, requests);
        ck_assert_msg(strcmp(expire, rows[i].expire) == 0, "'%s': %s", rows[i].value, expire);
    }
}
END_TEST

START_TEST(compares)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"none 64", "none 64", true},
        {"none 64", "none 65", false},
        {"none 64", "kyber 64", false},
        {"none -", "none 64", true},
        {"none -", "kyber 64", false},
        {"- 64", "kyber 64", true},
        {"- 64", "kyber 65", false},
        {"mq-deadline 64 a=1", "mq-deadline 64 a=2", true},
        {"mq-deadline 64 a=1", "mq-deadline 64", true},
        {"none 6", "none 64", false},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        ck_assert_msg(vp_means_queue.same(rows[i].a, rows[i].b) == rows[i].same, "row %zu", i);
        ck_assert_msg(vp_means_queue.same(rows[i].b, rows[i].a) == rows[i].same, "row %zu backwards", i);
    }
}
END_TEST

VP_TEST_MAIN("blockqueue", VP_TEST(reads), VP_TEST(absent), VP_TEST(writes), VP_TEST(compares))
