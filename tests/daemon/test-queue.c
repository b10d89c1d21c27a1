/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../src/daemon/queue.h"

#include "test.h"

#include <stdio.h>
#include <string.h>

#define A "6f1c0a0e-0000-4000-8000-00000000000a"
#define B "6f1c0a0e-0000-4000-8000-00000000000b"
#define QUEUE VP_CLEANUP(vp_queue_done) struct vp_queue

static void ask(struct vp_queue *queue, const char *uuid, uint64_t now)
{
    vp_queue_ask(queue, uuid, VP_WORK_DEFINITION, VP_URGENT, now, now);
}

/* Take what is due; NULL where nothing is. */
static const char *take(struct vp_queue *queue, uint64_t now)
{
    static struct vp_job job;
    return vp_queue_take(queue, now, &job) ? job.uuid : NULL;
}

static bool pass(struct vp_queue *queue, uint64_t now, enum vp_pass how)
{
    struct vp_job job;
    ck_assert(vp_queue_take(queue, now, &job));
    return vp_queue_finish(queue, &job, how, now);
}

START_TEST(coalesces)
{
    QUEUE queue = {0};
    ck_assert_int_eq(vp_queue_wait(&queue, 0), -1);
    for (unsigned i = 0; i < 1000; i++)
        ask(&queue, A, i);
    ask(&queue, B, 1000);
    ck_assert_uint_eq(vp_queue_waiting(&queue), 2);
    ck_assert_int_eq(vp_queue_wait(&queue, 1000), 0);
    ck_assert_str_eq(take(&queue, 1000), A);
    ck_assert_str_eq(take(&queue, 1000), B);
    ck_assert_ptr_null(take(&queue, 1000));
    ck_assert_int_eq(vp_queue_wait(&queue, 1000), -1);
}
END_TEST

/* Asked for while it is being done, it is done once more, and never twice at a time. */
START_TEST(one_in_hand)
{
    QUEUE queue = {0};
    struct vp_job job;
    ask(&queue, A, 0);
    ck_assert(vp_queue_take(&queue, 0, &job));
    ask(&queue, A, 1);
    ask(&queue, A, 2);
    ck_assert_ptr_null(take(&queue, 3));
    ck_assert_int_eq(vp_queue_wait(&queue, 3), -1);
    ck_assert(!vp_queue_finish(&queue, &job, VP_PASS_CHANGED, 3));
    ck_assert_str_eq(take(&queue, 3), A);
    ck_assert_ptr_null(take(&queue, 3));
}
END_TEST

START_TEST(kinds_are_apart)
{
    QUEUE queue = {0};
    struct vp_job job;
    ask(&queue, A, 0);
    vp_queue_ask_devices(&queue, A, 0, 0);
    vp_queue_ask(&queue, A, VP_WORK_GUEST, VP_URGENT, 0, 0);
    ck_assert_uint_eq(vp_queue_waiting(&queue), 2);
    ck_assert(vp_queue_take(&queue, 0, &job) && job.work == VP_WORK_DEFINITION && !job.devices);
    ck_assert(vp_queue_take(&queue, 0, &job) && job.work == VP_WORK_GUEST && job.devices);
    /* What was not done for lack of time is still about devices. */
    (void)vp_queue_finish(&queue, &job, VP_PASS_POSTPONE, 0);
    ck_assert(vp_queue_take(&queue, 1000, &job) && job.work == VP_WORK_GUEST && job.devices);
    (void)vp_queue_finish(&queue, &job, VP_PASS_QUIET, 1000);
    vp_queue_ask(&queue, A, VP_WORK_GUEST, VP_URGENT, 1000, 1000);
    ck_assert(vp_queue_take(&queue, 1000, &job) && !job.devices);
}
END_TEST

START_TEST(urgent_first)
{
    QUEUE queue = {0};
    char uuid[37];
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(uuid, sizeof(uuid), "6f1c0a0e-0000-4000-8000-%012u", i);
        vp_queue_ask(&queue, uuid, VP_WORK_DEFINITION, VP_BACKGROUND, 0, 0);
    }
    (void)pass(&queue, 1, VP_PASS_QUIET);
    ask(&queue, A, 5);
    ck_assert_str_eq(take(&queue, 5), A);
    /* One of the others that somebody waits for by now. */
    ask(&queue, "6f1c0a0e-0000-4000-8000-000000000077", 6);
    ck_assert_str_eq(take(&queue, 6), "6f1c0a0e-0000-4000-8000-000000000077");
    ck_assert_uint_eq(vp_queue_waiting(&queue), 98);
}
END_TEST

/* A domain that is stored all the time is looked at many times at once, then now and then. */
START_TEST(backs_off)
{
    static const struct {
        enum vp_pass pass;
        unsigned least, most, most_later;
    } rows[] = {
        {VP_PASS_QUIET, VP_QUEUE_BURST, VP_QUEUE_BURST + 20, 1100},
        {VP_PASS_FAILED, VP_QUEUE_BURST, VP_QUEUE_BURST + 20, 1100},
    };
    QUEUE queue = {0};
    unsigned first_second = 0, later = 0;
    for (uint64_t now = 0; now < 60000; now++) {
        struct vp_job job;
        ask(&queue, A, now);
        if (!vp_queue_take(&queue, now, &job))
            continue;
        *(now < 1000 ? &first_second : &later) += 1;
        (void)vp_queue_finish(&queue, &job, rows[_i].pass, now);
    }
    ck_assert_msg(first_second >= rows[_i].least && first_second <= rows[_i].most, "%u", first_second);
    ck_assert_msg(later >= 20 && later <= rows[_i].most_later, "%u", later);
    /* Soon after the last one it is done, and after some quiet at once. */
    ck_assert_int_le(vp_queue_wait(&queue, 60000), VP_QUEUE_WAIT_MAX);
    ck_assert_str_eq(take(&queue, 65000), A);
    vp_queue_clear(&queue);
    ask(&queue, A, 90000);
    ck_assert_int_eq(vp_queue_wait(&queue, 90000), 0);
}
END_TEST

/* Somebody stores and starts a domain twice a second, for hours: it is brought up to date at once. */
START_TEST(keeps_up)
{
    QUEUE queue = {0};
    for (unsigned i = 0; i < 10000; i++) {
        const uint64_t now = (uint64_t)i * 500;
        ask(&queue, A, now);
        ck_assert_msg(vp_queue_wait(&queue, now) == 0, "round %u", i);
        (void)pass(&queue, now, VP_PASS_CHANGED);
        ask(&queue, A, now + 2);
        (void)pass(&queue, now + 2, VP_PASS_QUIET);
    }
}
END_TEST

START_TEST(others_do_not_wait)
{
    QUEUE queue = {0};
    for (uint64_t now = 0; now < 100; now++) {
        struct vp_job job;
        ask(&queue, A, now);
        if (vp_queue_take(&queue, now, &job))
            (void)vp_queue_finish(&queue, &job, VP_PASS_CHANGED, now);
    }
    ask(&queue, B, 100);
    ck_assert_str_eq(take(&queue, 100), B);
}
END_TEST

START_TEST(postpones)
{
    QUEUE queue = {0};
    uint64_t now = 0;
    unsigned passes = 0;
    ask(&queue, A, 0);
    for (; now < 20000; now += 10) {
        struct vp_job job;
        if (!vp_queue_take(&queue, now, &job))
            continue;
        ck_assert(!job.background);
        passes++;
        ck_assert(!vp_queue_finish(&queue, &job, VP_PASS_POSTPONE, now));
    }
    ck_assert_msg(passes >= 20 && passes <= 30, "%u", passes);
    /* What it waited for has happened. */
    vp_queue_hasten(&queue, A, VP_WORK_DEFINITION, now);
    vp_queue_hasten(&queue, B, VP_WORK_DEFINITION, now);
    ck_assert_str_eq(take(&queue, now), A);
    ck_assert_ptr_null(take(&queue, now));
}
END_TEST

START_TEST(retries)
{
    QUEUE queue = {0};
    uint64_t now = 0;
    unsigned passes = 0;
    bool given_up = false;
    ask(&queue, A, 0);
    while (!given_up) {
        const int64_t wait = vp_queue_wait(&queue, now);
        struct vp_job job;
        ck_assert_int_ge(wait, 0);
        ck_assert_int_le(wait, VP_QUEUE_RETRY_MAX);
        now += (uint64_t)wait;
        ck_assert(vp_queue_take(&queue, now, &job));
        ck_assert_uint_eq(job.tries, passes);
        passes++;
        given_up = vp_queue_finish(&queue, &job, VP_PASS_RETRY, now);
    }
    ck_assert_uint_eq(passes, VP_QUEUE_RETRIES);
    ck_assert_uint_ge(now, 300000);
    ck_assert_int_eq(vp_queue_wait(&queue, now), -1);
    /* Something happened to the domain: it is tried again, and at once. */
    ask(&queue, A, now + 60000);
    ck_assert_int_eq(vp_queue_wait(&queue, now + 60000), 0);
    /* And while it waits for the next attempt, too. */
    (void)pass(&queue, now + 60000, VP_PASS_RETRY);
    ck_assert_int_gt(vp_queue_wait(&queue, now + 60001), 0);
    ask(&queue, A, now + 60001);
    ck_assert_int_eq(vp_queue_wait(&queue, now + 60001), 0);
    ck_assert(!pass(&queue, now + 60001, VP_PASS_FAILED));
    ck_assert_int_eq(vp_queue_wait(&queue, now + 60001), -1);
}
END_TEST

/* Somebody who undoes each change is not fought with. */
START_TEST(makes_a_truce)
{
    QUEUE queue = {0};
    uint64_t now = 0;
    unsigned passes = 0;
    bool given_up = false;
    ask(&queue, A, 0);
    while (!given_up) {
        struct vp_job job;
        now += (uint64_t)vp_queue_wait(&queue, now);
        ck_assert(vp_queue_take(&queue, now, &job));
        ask(&queue, A, now);
        given_up = vp_queue_finish(&queue, &job, VP_PASS_CHANGED, now);
        ck_assert_uint_le(++passes, VP_QUEUE_CHANGES);
    }
    ck_assert_uint_eq(passes, VP_QUEUE_CHANGES);
    ask(&queue, A, now + 1000);
    ck_assert_ptr_null(take(&queue, now + VP_QUEUE_TRUCE - 1));
    vp_queue_hasten(&queue, A, VP_WORK_DEFINITION, now + 2000);
    ck_assert_ptr_null(take(&queue, now + VP_QUEUE_TRUCE - 1));
    ck_assert_str_eq(take(&queue, now + VP_QUEUE_TRUCE), A);
    /* A domain that is at rest in between is no such case. */
    vp_queue_clear(&queue);
    for (unsigned i = 0; i < 3 * VP_QUEUE_CHANGES; i++) {
        now += 10000;
        ask(&queue, B, now);
        ck_assert(!pass(&queue, now, i % 2 == 0 ? VP_PASS_CHANGED : VP_PASS_QUIET));
    }
}
END_TEST

START_TEST(later)
{
    QUEUE queue = {0};
    struct vp_job job;
    vp_queue_ask(&queue, A, VP_WORK_GUEST, VP_URGENT, 5000, 0);
    ck_assert_int_eq(vp_queue_wait(&queue, 0), 5000);
    vp_queue_ask(&queue, A, VP_WORK_GUEST, VP_URGENT, 7000, 0);
    ck_assert_int_eq(vp_queue_wait(&queue, 0), 5000);
    vp_queue_ask(&queue, A, VP_WORK_GUEST, VP_URGENT, 3000, 0);
    ck_assert_int_eq(vp_queue_wait(&queue, 1000), 2000);
    ck_assert(!vp_queue_take(&queue, 2999, &job));
    ck_assert(vp_queue_take(&queue, 3000, &job));
    /* Asked for while in hand, for later: the time holds. */
    vp_queue_ask(&queue, A, VP_WORK_GUEST, VP_URGENT, 9000, 3000);
    (void)vp_queue_finish(&queue, &job, VP_PASS_QUIET, 3000);
    ck_assert_int_eq(vp_queue_wait(&queue, 3000), 6000);
}
END_TEST

START_TEST(forgets)
{
    QUEUE queue = {0};
    struct vp_job job;
    ask(&queue, A, 0);
    vp_queue_ask_devices(&queue, A, 0, 0);
    ask(&queue, B, 0);
    ck_assert(vp_queue_take(&queue, 0, &job));
    vp_queue_forget(&queue, A);
    ck_assert_uint_eq(vp_queue_waiting(&queue), 1);
    /* The one in hand comes to nothing. */
    ck_assert(!vp_queue_finish(&queue, &job, VP_PASS_RETRY, 1));
    ck_assert_str_eq(take(&queue, 1), B);
    ck_assert_ptr_null(take(&queue, 1000));
}
END_TEST

/* A host on which domains come and go for years does not grow the queue. */
START_TEST(stays_small)
{
    QUEUE queue = {0};
    char uuid[37];
    for (unsigned i = 0; i < 10000; i++) {
        const uint64_t now = (uint64_t)i * 100;
        (void)snprintf(uuid, sizeof(uuid), "6f1c0a0e-0000-4000-8000-%012u", i);
        ask(&queue, uuid, now);
        (void)pass(&queue, now, VP_PASS_CHANGED);
        ask(&queue, uuid, now);
        (void)pass(&queue, now, VP_PASS_QUIET);
    }
    ck_assert_msg(queue.cap <= 128, "%zu", queue.cap);
}
END_TEST

VP_TEST_MAIN("queue", VP_TEST(coalesces), VP_TEST(one_in_hand), VP_TEST(kinds_are_apart),
             VP_TEST(urgent_first), ((struct vp_test){backs_off, 2, 0}), VP_TEST(keeps_up),
             VP_TEST(others_do_not_wait), VP_TEST(postpones), VP_TEST(retries), VP_TEST(makes_a_truce),
             VP_TEST(later), VP_TEST(forgets), VP_TEST(stays_small))
