/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue.h"

#include <assert.h>
#include <string.h>

#define POSTPONE_MIN 50
#define POSTPONE_MAX 1000

void vp_queue_done(struct vp_queue *queue)
{
    free(queue->items);
    *queue = (struct vp_queue){0};
}

void vp_queue_clear(struct vp_queue *queue)
{
    queue->n = 0;
}

static struct vp_job *find(const struct vp_queue *queue, const char *uuid, enum vp_work work)
{
    for (size_t i = 0; i < queue->n; i++)
        if (queue->items[i].work == work && strcmp(queue->items[i].uuid, uuid) == 0)
            return &queue->items[i];
    return NULL;
}

static void cool(struct vp_job *job, uint64_t now)
{
    const uint64_t elapsed = now > job->cooled ? now - job->cooled : 0;
    const uint64_t gained = elapsed * VP_QUEUE_RATE / 1000;

    job->heat = job->heat > gained ? job->heat - (unsigned)gained : 0;
    job->cooled = job->heat > 0 ? job->cooled + gained * 1000 / VP_QUEUE_RATE : now;
}

/* `first`, doubled so many times, at most `most`. */
static uint64_t doubled(uint64_t first, unsigned times, uint64_t most)
{
    const uint64_t value = times < 16 ? first << times : most;
    return value < most ? value : most;
}

/* Jobs about which nothing is known any more make room. */
static void sweep(struct vp_queue *queue, uint64_t now)
{
    size_t kept = 0;

    for (size_t i = 0; i < queue->n; i++) {
        struct vp_job *job = &queue->items[i];
        cool(job, now);
        if (job->waiting || job->in_hand || job->heat > 0 || job->tries > 0 || job->changes > 0 ||
            job->not_before > now)
            queue->items[kept++] = *job;
    }
    queue->n = kept;
}

static struct vp_job *get(struct vp_queue *queue, const char *uuid, enum vp_work work, uint64_t now)
{
    struct vp_job *job = find(queue, uuid, work);

    if (job != NULL)
        return job;
    if (queue->n == queue->cap)
        sweep(queue, now);
    vp_grow(&queue->items, queue->n, &queue->cap, sizeof(queue->items[0]));
    job = &queue->items[queue->n++];
    *job = (struct vp_job){.work = work, .background = true, .cooled = now};
    (void)memccpy(job->uuid, uuid, '\0', sizeof(job->uuid) - 1);
    return job;
}

static void plan(struct vp_job *job, enum vp_urgency urgency, uint64_t at, uint64_t now)
{
    uint64_t due = now;

    cool(job, now);
    if (job->heat > VP_QUEUE_BURST)
        due = now + doubled(VP_QUEUE_WAIT_MIN, (job->heat - VP_QUEUE_BURST) / 4, VP_QUEUE_WAIT_MAX);
    due = at > due ? at : due;
    due = job->not_before > due ? job->not_before : due;
    if (job->in_hand) {
        job->again = true;
        job->due = due;
    } else if (!job->waiting || due < job->due) {
        job->due = due;
    }
    job->background = job->background && urgency == VP_BACKGROUND;
    job->waiting = job->waiting || !job->in_hand;
}

void vp_queue_ask(struct vp_queue *queue, const char *uuid, enum vp_work work, enum vp_urgency urgency,
                  uint64_t at, uint64_t now)
{
    plan(get(queue, uuid, work, now), urgency, at, now);
}

void vp_queue_ask_devices(struct vp_queue *queue, const char *uuid, uint64_t at, uint64_t now)
{
    struct vp_job *job = get(queue, uuid, VP_WORK_GUEST, now);

    job->devices = true;
    plan(job, VP_URGENT, at, now);
}

void vp_queue_hasten(struct vp_queue *queue, const char *uuid, enum vp_work work, uint64_t now)
{
    struct vp_job *job = find(queue, uuid, work);

    if (job != NULL && job->waiting && job->due > now && job->not_before <= now)
        job->due = now;
}

void vp_queue_forget(struct vp_queue *queue, const char *uuid)
{
    size_t kept = 0;

    for (size_t i = 0; i < queue->n; i++)
        if (strcmp(queue->items[i].uuid, uuid) != 0)
            queue->items[kept++] = queue->items[i];
    queue->n = kept;
}

static bool before(const struct vp_job *a, const struct vp_job *b)
{
    return a->background != b->background ? !a->background : a->due < b->due;
}

bool vp_queue_take(struct vp_queue *queue, uint64_t now, struct vp_job *ret_job)
{
    struct vp_job *best = NULL;

    for (size_t i = 0; i < queue->n; i++) {
        struct vp_job *job = &queue->items[i];
        if (job->waiting && job->due <= now && (best == NULL || before(job, best)))
            best = job;
    }
    if (best == NULL)
        return false;
    assert(!best->in_hand);
    *ret_job = *best;
    best->waiting = false;
    best->in_hand = true;
    best->devices = false;
    best->background = true;
    return true;
}

static void wait_until(struct vp_job *job, uint64_t due)
{
    job->due = job->again && job->due < due ? job->due : due;
    job->again = false;
    job->waiting = true;
}

/* Returns whether it is given up. */
static bool judge(struct vp_job *job, enum vp_pass pass, uint64_t now)
{
    job->changes = pass == VP_PASS_CHANGED ? job->changes + 1 : pass == VP_PASS_QUIET ? 0 : job->changes;
    job->tries = pass == VP_PASS_RETRY ? job->tries + 1 : pass == VP_PASS_POSTPONE ? job->tries : 0;
    job->postponed = pass == VP_PASS_POSTPONE ? job->postponed + 1 : 0;
    cool(job, now);
    if (pass != VP_PASS_POSTPONE)
        job->heat += pass == VP_PASS_CHANGED ? VP_QUEUE_COST_CHANGE : VP_QUEUE_COST_QUIET;
    if (pass == VP_PASS_POSTPONE) {
        wait_until(job, now + doubled(POSTPONE_MIN, job->postponed - 1, POSTPONE_MAX));
    } else if (pass == VP_PASS_RETRY) {
        if (job->tries >= VP_QUEUE_RETRIES) {
            job->tries = 0;
            return true;
        }
        wait_until(job, now + doubled(VP_QUEUE_RETRY_MIN, job->tries - 1, VP_QUEUE_RETRY_MAX));
    } else if (pass == VP_PASS_CHANGED && job->changes >= VP_QUEUE_CHANGES) {
        job->changes = 0;
        job->not_before = now + VP_QUEUE_TRUCE;
        return true;
    }
    return false;
}

bool vp_queue_finish(struct vp_queue *queue, const struct vp_job *taken, enum vp_pass pass, uint64_t now)
{
    struct vp_job *job = find(queue, taken->uuid, taken->work);

    if (job == NULL || !job->in_hand) /* forgotten meanwhile */
        return false;
    job->in_hand = false;
    if (pass == VP_PASS_POSTPONE || pass == VP_PASS_RETRY) {
        job->background = job->background && taken->background;
        job->devices = job->devices || taken->devices;
    }
    const bool given_up = judge(job, pass, now);
    if (job->again) {
        job->again = false;
        job->waiting = true;
        job->due = job->due > job->not_before ? job->due : job->not_before;
    }
    return given_up;
}

int64_t vp_queue_wait(const struct vp_queue *queue, uint64_t now)
{
    int64_t wait = -1;

    for (size_t i = 0; i < queue->n; i++) {
        const struct vp_job *job = &queue->items[i];
        if (!job->waiting)
            continue;
        const int64_t own = job->due > now ? (int64_t)(job->due - now) : 0;
        wait = wait < 0 || own < wait ? own : wait;
    }
    return wait;
}

size_t vp_queue_waiting(const struct vp_queue *queue)
{
    size_t n = 0;

    for (size_t i = 0; i < queue->n; i++)
        n += queue->items[i].waiting;
    return n;
}
