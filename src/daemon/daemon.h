/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "converge.h"
#include "engine.h"
#include "events.h"
#include "neighbours.h"
#include "queue.h"
#include "told.h"

#define VP_TOOK_N 64
#define VP_TOOK_STEP 250

/* What has happened since the start; SIGUSR1 asks for it. */
struct vp_counts {
    uint64_t events, passes, stored, live, repaired, failed, connects;
    uint64_t took[VP_TOOK_N]; /* passes by how long they took, in steps of a quarter of a millisecond */
};

/* A guest whose start libvirt has told of lately. */
struct vp_seen {
    char uuid[37];
    uint64_t at;
};
#define VP_SEEN_MAX 64

/* The daemon. It has one thread and owns all of this. Times are milliseconds of CLOCK_MONOTONIC; 0: never. */
struct vp_daemon {
    const char *uri; /* borrowed */
    struct vp_root *root;
    struct vp_conf conf;
    struct vp_host *host; /* renewed now and then: its facts change while we run */
    uint64_t host_read;
    struct vp_loop *loop;
    struct vp_conn *conn; /* NULL while there is none */
    struct vp_listener listener;
    struct vp_neighbours *neighbours;
    struct vp_queue queue;
    struct vp_told told;
    struct vp_told settled; /* fingerprints of definitions that were found to be up to date */
    struct vp_seen seen[VP_SEEN_MAX];
    size_t next_seen;
    struct vp_counts counts;
    int signals; /* signalfd(2) */
    bool stop, reload, tell, lost;
    uint64_t connect_at, pass_at, drift_at, watchdog_at, watchdog_every, trim_at;
    unsigned connect_tries, pass_tries, jobs;
};

/* Milliseconds. */
uint64_t vp_daemon_now(void);

/* What planning needs, without a placer; reads the host's facts anew when they are old. */
int vp_daemon_engine(struct vp_daemon *daemon, struct vp_engine *ret_engine, struct vp_error **err);

/*
 * Is the guest inside of a hook? libvirt holds its lock then: whoever looks it up waits, and whoever stores
 * its definition makes everybody wait.
 */
bool vp_daemon_in_hook(const struct vp_daemon *daemon, const struct vp_job *job);
/* Is any? */
bool vp_daemon_hooks_run(const struct vp_daemon *daemon);

/* Log what went wrong with a domain, unless that was the last thing said of it. */
void vp_daemon_complain(struct vp_daemon *daemon, const char *uuid, const struct vp_error *error);

/* Bring a stored definition up to date; see queue.h for what it returns. */
enum vp_pass vp_daemon_definition(struct vp_daemon *daemon, const struct vp_job *job);

/* Bring what may change into a guest that runs, and the host in order for it. */
enum vp_pass vp_daemon_guest(struct vp_daemon *daemon, const struct vp_job *job);

/* Log what of the profile of a guest that runs does not hold any more; nothing is changed. */
enum vp_pass vp_daemon_report(struct vp_daemon *daemon, const struct vp_job *job);

/* Look at every domain, and ask for what is to be done. A negative errno where that was not possible. */
int vp_daemon_pass(struct vp_daemon *daemon, struct vp_error **err);

/* Look whether the guests that run are still as they were tuned, and do what the configuration says. */
void vp_daemon_drift(struct vp_daemon *daemon);

/* A guest with a profile runs: look for drift from now on. */
void vp_daemon_watch_drift(struct vp_daemon *daemon);

/* Bring the host into the state that its guests want, and log what was done. */
int vp_daemon_converge(struct vp_daemon *daemon, struct vp_error **err);

/* Definitions that wait for CPUs which a guest has taken are to look for others. */
void vp_daemon_make_way(struct vp_daemon *daemon, const char *uuid);

/* All guests in the ledger, with their places. */
int vp_daemon_entries(struct vp_daemon *daemon, struct vp_entries *ret_entries, struct vp_error **err);

/* What working on this host needs. Borrows from the daemon. */
struct vp_here vp_daemon_here(const struct vp_daemon *daemon);

/* A vp_ledger_say: to the log. */
void vp_daemon_say(void *cookie, const char *sentence);

/**
 * Run until told to stop.
 * @daemon: with root and uri set, all else zero
 * Returns 0, or a negative errno where it cannot start
 */
int vp_daemon_run(struct vp_daemon *daemon, struct vp_error **err);
void vp_daemon_done(struct vp_daemon *daemon);
