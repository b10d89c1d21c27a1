/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mem.h"

/*
 * What is to be done for which domain, and when. There is one job for each domain and kind of work: what is
 * asked for twice is done once, what is asked for while it is being done is done once more. A domain whose
 * job comes up often is made to wait, longer and longer. Time is in milliseconds, of any clock that only goes
 * on; nothing here reads one.
 */

enum vp_work {
    VP_WORK_DEFINITION, /* bring its stored definition up to date */
    VP_WORK_GUEST,      /* bring what may change into the guest that runs */
    VP_WORK_REPORT,     /* say what of it does not hold */
    VP_WORK_N_
};

/*
 * What passes cost: one that changes nothing, and one that changes the domain, whose echo makes another. A
 * domain may spend this much at once and this much more each second; beyond that it has to wait.
 */
#define VP_QUEUE_COST_QUIET 1
#define VP_QUEUE_COST_CHANGE 3
#define VP_QUEUE_BURST 64
#define VP_QUEUE_RATE 16
#define VP_QUEUE_WAIT_MIN 50
#define VP_QUEUE_WAIT_MAX 5000
/* Between attempts that failed, doubled from the first to the second. */
#define VP_QUEUE_RETRY_MIN 250
#define VP_QUEUE_RETRY_MAX 30000
/* Failures in a row after which a job is left until it is asked for again. */
#define VP_QUEUE_RETRIES 20
/* Passes in a row of which each changed the domain, after which somebody else is taken to undo it... */
#define VP_QUEUE_CHANGES 20
/* ... and it is left alone for this long. */
#define VP_QUEUE_TRUCE 600000

struct vp_job {
    char uuid[37];
    enum vp_work work;
    bool background; /* of a full pass: what somebody waits for goes first */
    bool devices;    /* VP_WORK_GUEST: its devices have changed */
    unsigned tries;  /* failures in a row, so far */
    /* The queue's own. */
    bool waiting, again, in_hand;
    uint64_t due; /* of a waiting one */
    uint64_t not_before;
    unsigned heat;      /* passes of late */
    uint64_t cooled;    /* when `heat` was right */
    unsigned changes;   /* passes in a row that changed the domain */
    unsigned postponed; /* in a row */
};

struct vp_queue {
    struct vp_job *items; /* owned */
    size_t n, cap;
};
void vp_queue_done(struct vp_queue *queue);

enum vp_urgency {
    VP_URGENT,     /* something happened, and somebody may be waiting */
    VP_BACKGROUND, /* a look at everything */
};

/**
 * Ask for a job. One that waits already is done at the earlier of the two times; one that waits because an
 * attempt failed is tried now.
 * @at: not before this time; `now` or earlier: as soon as it may
 */
void vp_queue_ask(struct vp_queue *queue, const char *uuid, enum vp_work work, enum vp_urgency urgency,
                  uint64_t at, uint64_t now);
/* The same for VP_WORK_GUEST after a change of devices. */
void vp_queue_ask_devices(struct vp_queue *queue, const char *uuid, uint64_t at, uint64_t now);
/* What the job was waiting for has happened: it is due, if it waits. */
void vp_queue_hasten(struct vp_queue *queue, const char *uuid, enum vp_work work, uint64_t now);
/* Nothing is to be done for this domain any more. */
void vp_queue_forget(struct vp_queue *queue, const char *uuid);
/* Everything is new: nothing waits, and what was said about anybody does not count. */
void vp_queue_clear(struct vp_queue *queue);

/**
 * The job that is to be done now: urgent ones first, among them the one that is due longest. It is in hand
 * until vp_queue_finish(); so there are never two for one domain and kind of work.
 * Returns false where none is due
 */
bool vp_queue_take(struct vp_queue *queue, uint64_t now, struct vp_job *ret_job);

/* What came of a job. */
enum vp_pass {
    VP_PASS_QUIET,    /* nothing was to be done */
    VP_PASS_CHANGED,  /* the domain was changed */
    VP_PASS_POSTPONE, /* it is no time for it; look again soon */
    VP_PASS_RETRY,    /* it failed, and may work later */
    VP_PASS_FAILED,   /* it failed, and will until something changes */
};

/**
 * A job that was taken is done.
 * Returns true where it is given up: failed too often (RETRY), or changed back by somebody (CHANGED)
 */
bool vp_queue_finish(struct vp_queue *queue, const struct vp_job *job, enum vp_pass pass, uint64_t now);

/* Milliseconds until the next job is due; 0: now; -1: there is none. */
int64_t vp_queue_wait(const struct vp_queue *queue, uint64_t now);

/* Jobs that wait. */
size_t vp_queue_waiting(const struct vp_queue *queue);
