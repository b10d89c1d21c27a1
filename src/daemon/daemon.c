/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "knobs.h"
#include "ledger.h"
#include "log.h"
#include "notify.h"
#include "trim.h"

/* The host's facts are read anew for work that comes later than this. */
#define HOST_AGE_MAX 2000
#define CONNECT_MIN 100
#define CONNECT_MAX 10000
/* A full pass waits for guests that are being started, but not for ever. */
#define PASS_WAIT 200
#define PASS_TRIES 75
/* After so many jobs, and after the start, memory is given back as soon as there is time. */
#define TRIM_JOBS 100
#define TRIM_WAIT 1000

uint64_t vp_daemon_now(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int vp_daemon_engine(struct vp_daemon *daemon, struct vp_engine *ret_engine, struct vp_error **err)
{
    const uint64_t now = vp_daemon_now();

    if (daemon->host == NULL || now - daemon->host_read > HOST_AGE_MAX) {
        struct vp_host *host = NULL;
        const int r = vp_host_open("live", daemon->root, &host, err);
        if (r < 0)
            return r;
        vp_host_free(daemon->host);
        daemon->host = host;
        daemon->host_read = now;
    }
    *ret_engine = (struct vp_engine){
        .registry = vp_registry_builtin(),
        .profiles = {.root = daemon->root, .dirs = vp_profile_default_dirs},
        .host = daemon->host,
    };
    return 0;
}

void vp_daemon_complain(struct vp_daemon *daemon, const char *uuid, const struct vp_error *error)
{
    if (error == NULL)
        return;
    daemon->counts.failed++;
    if (!daemon->lost && vp_told_is_news(&daemon->told, uuid, error->message))
        vp_log(VP_LOG_ERROR, "%s", error->message);
}

static void note_start(struct vp_daemon *daemon, const char *uuid, uint64_t now)
{
    struct vp_seen *seen = &daemon->seen[daemon->next_seen++ % VP_SEEN_MAX];

    *seen = (struct vp_seen){.at = now};
    (void)memccpy(seen->uuid, uuid, '\0', sizeof(seen->uuid) - 1);
}

static void on_event(void *cookie, const struct vp_event *event)
{
    struct vp_daemon *daemon = cookie;
    struct vp_queue *queue = &daemon->queue;
    const uint64_t now = vp_daemon_now();

    daemon->counts.events++;
    switch (event->kind) {
    case VP_EVENT_DEFINED:
        vp_queue_ask(queue, event->uuid, VP_WORK_DEFINITION, VP_URGENT, now, now);
        break;
    case VP_EVENT_METADATA:
        vp_queue_ask(queue, event->uuid, VP_WORK_DEFINITION, VP_URGENT, now, now);
        vp_queue_ask(queue, event->uuid, VP_WORK_GUEST, VP_URGENT, now, now);
        break;
    case VP_EVENT_UNDEFINED:
        vp_neighbours_update(daemon->neighbours, event->uuid, "");
        (void)vp_told_forget(&daemon->told, event->uuid);
        (void)vp_told_forget(&daemon->settled, event->uuid);
        break;
    case VP_EVENT_STARTED:
        note_start(daemon, event->uuid, now);
        vp_queue_hasten(queue, event->uuid, VP_WORK_DEFINITION, now);
        vp_queue_ask(queue, event->uuid, VP_WORK_GUEST, VP_URGENT, now, now);
        vp_daemon_make_way(daemon, event->uuid);
        break;
    case VP_EVENT_STOPPED:
        vp_queue_hasten(queue, event->uuid, VP_WORK_DEFINITION, now);
        break;
    case VP_EVENT_DEVICES:
        vp_queue_ask_devices(queue, event->uuid, now, now);
        break;
    case VP_EVENT_N_:
    default:
        break;
    }
}

static void on_closed(void *cookie, const char *why)
{
    struct vp_daemon *daemon = cookie;

    if (!daemon->lost)
        vp_log(VP_LOG_NOTICE, "the connection to libvirt is gone (%s); waiting for it", why);
    daemon->lost = true;
}

static void on_signal(void *cookie, int fd)
{
    struct vp_daemon *daemon = cookie;
    struct signalfd_siginfo info;

    while (read(fd, &info, sizeof(info)) == sizeof(info)) {
        daemon->stop = daemon->stop || info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT;
        daemon->reload = daemon->reload || info.ssi_signo == SIGHUP;
        daemon->tell = daemon->tell || info.ssi_signo == SIGUSR1;
    }
}

static int open_signals(struct vp_daemon *daemon, struct vp_error **err)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    daemon->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (daemon->signals < 0)
        return vp_fail(err, errno, "cannot wait for signals: %m");
    return vp_loop_watch(daemon->loop, daemon->signals, on_signal, daemon, err);
}

static void disconnect(struct vp_daemon *daemon)
{
    if (daemon->conn == NULL)
        return;
    vp_loop_forget(daemon->loop);
    vp_conn_close(daemon->conn);
    daemon->conn = NULL;
    vp_queue_clear(&daemon->queue);
    daemon->pass_at = 0;
}

static void try_later(struct vp_daemon *daemon, const struct vp_error *error)
{
    const unsigned tries = daemon->connect_tries < 10 ? daemon->connect_tries : 10;
    const uint64_t wait = (uint64_t)CONNECT_MIN << tries;

    daemon->connect_tries++;
    daemon->connect_at = vp_daemon_now() + (wait < CONNECT_MAX ? wait : CONNECT_MAX);
    if (daemon->connect_tries > 1 && vp_told_is_news(&daemon->told, "libvirt", error->message))
        vp_log(VP_LOG_WARNING, "%s; trying again until it works", error->message);
    vp_notify_status("Waiting for libvirt at %s", daemon->uri);
}

static void connect_now(struct vp_daemon *daemon)
{
    vp_autoerror err = NULL;
    int r = vp_conn_open(daemon->uri, &daemon->conn, &err);

    daemon->connect_at = 0;
    daemon->lost = false;
    if (r == 0)
        r = vp_loop_listen(daemon->loop, daemon->conn, &daemon->listener, &err);
    if (r < 0) {
        vp_conn_close(daemon->conn);
        daemon->conn = NULL;
        try_later(daemon, err);
        return;
    }
    daemon->connect_tries = 0;
    daemon->counts.connects++;
    daemon->pass_at = vp_daemon_now();
    daemon->pass_tries = 0;
    daemon->trim_at = daemon->pass_at + TRIM_WAIT;
    (void)vp_told_forget(&daemon->told, "libvirt");
    vp_log(VP_LOG_INFO, "connected to libvirt at %s", daemon->uri);
    vp_notify_status("Connected to libvirt at %s", daemon->uri);
}

static void full_pass(struct vp_daemon *daemon)
{
    vp_autoerror err = NULL;
    const uint64_t now = vp_daemon_now();

    daemon->pass_at = 0;
    if (vp_daemon_hooks_run(daemon) && daemon->pass_tries++ < PASS_TRIES) {
        daemon->pass_at = now + PASS_WAIT;
        return;
    }
    daemon->pass_tries = 0;
    if (vp_daemon_pass(daemon, &err) == 0)
        return;
    vp_daemon_complain(daemon, "", err);
    daemon->pass_at = now + CONNECT_MAX;
}

static void reload(struct vp_daemon *daemon)
{
    vp_autoerror err = NULL;
    struct vp_conf conf = {0};

    vp_notify_reloading();
    daemon->reload = false;
    if (vp_conf_read(daemon->root, &conf, &err) < 0) {
        vp_log(VP_LOG_ERROR, "%s; what was read before still holds", err->message);
    } else {
        vp_conf_done(&daemon->conf);
        daemon->conf = conf;
        vp_log(VP_LOG_INFO, "read the configuration anew");
    }
    daemon->drift_at = 0;
    daemon->host_read = 0;
    vp_told_done(&daemon->told);
    vp_told_done(&daemon->settled);
    if (daemon->conn != NULL) {
        vp_queue_clear(&daemon->queue);
        daemon->pass_at = vp_daemon_now();
        daemon->pass_tries = 0;
    }
    vp_notify_ready();
}

static uint64_t now_us(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void note_time(struct vp_counts *counts, uint64_t microseconds)
{
    const uint64_t step = microseconds / VP_TOOK_STEP;

    counts->took[step < VP_TOOK_N ? step : VP_TOOK_N - 1]++;
}

/* Microseconds that half of the passes took at most. */
static uint64_t median(const struct vp_counts *counts)
{
    uint64_t all = 0, sum = 0;
    size_t i = 0;

    for (size_t k = 0; k < VP_TOOK_N; k++)
        all += counts->took[k];
    while (i < VP_TOOK_N && (sum += counts->took[i]) * 2 < all)
        i++;
    return all > 0 ? (i + 1) * VP_TOOK_STEP : 0;
}

static void tell(struct vp_daemon *daemon)
{
    const struct vp_counts *counts = &daemon->counts;

    daemon->tell = false;
    vp_log(VP_LOG_NOTICE,
           "%" PRIu64 " events, %" PRIu64 " passes, %" PRIu64 " definitions stored, %" PRIu64
           " live settings, %" PRIu64 " repairs, %" PRIu64 " failures, %" PRIu64
           " connections, %zu waiting, half of the passes took at most %" PRIu64 " us",
           counts->events, counts->passes, counts->stored, counts->live, counts->repaired, counts->failed,
           counts->connects, vp_queue_waiting(&daemon->queue), median(counts));
}

/* Returns whether there was one. */
static bool do_job(struct vp_daemon *daemon)
{
    struct vp_job job;
    enum vp_pass pass = VP_PASS_FAILED;

    if (daemon->conn == NULL || !vp_queue_take(&daemon->queue, vp_daemon_now(), &job))
        return false;
    const uint64_t start = now_us();
    switch (job.work) {
    case VP_WORK_DEFINITION:
        pass = vp_daemon_definition(daemon, &job);
        break;
    case VP_WORK_GUEST:
        pass = vp_daemon_guest(daemon, &job);
        break;
    case VP_WORK_REPORT:
        pass = vp_daemon_report(daemon, &job);
        break;
    case VP_WORK_N_:
    default:
        break;
    }
    note_time(&daemon->counts, now_us() - start);
    if (vp_queue_finish(&daemon->queue, &job, pass, vp_daemon_now()) && pass == VP_PASS_CHANGED)
        vp_log(VP_LOG_ERROR,
               "domain %s: somebody undoes each change of its definition; it is left alone for some minutes",
               job.uuid);
    return true;
}

static void sooner(int64_t *wait, uint64_t at, uint64_t now)
{
    const int64_t own = at > now ? (int64_t)(at - now) : 0;

    if (at != 0 && (*wait < 0 || own < *wait))
        *wait = own;
}

static int64_t time_to_wait(const struct vp_daemon *daemon)
{
    const uint64_t now = vp_daemon_now();
    int64_t wait = daemon->conn != NULL ? vp_queue_wait(&daemon->queue, now) : -1;

    sooner(&wait, daemon->watchdog_at, now);
    sooner(&wait, daemon->trim_at, now);
    if (daemon->conn == NULL)
        sooner(&wait, daemon->connect_at, now);
    else
        sooner(&wait, daemon->pass_at, now);
    if (daemon->conn != NULL)
        sooner(&wait, daemon->drift_at, now);
    return daemon->stop || daemon->reload || daemon->tell || daemon->lost ? 0 : wait;
}

static bool is_due(uint64_t at)
{
    return at != 0 && vp_daemon_now() >= at;
}

/* Between two turns of the loop: what is due, but at most one job, so that news of others are heard. */
static void work(struct vp_daemon *daemon)
{
    if (daemon->reload)
        reload(daemon);
    if (daemon->tell)
        tell(daemon);
    if (daemon->lost && daemon->conn != NULL) {
        disconnect(daemon);
        daemon->connect_at = vp_daemon_now() + CONNECT_MIN;
    }
    if (daemon->conn == NULL && is_due(daemon->connect_at))
        connect_now(daemon);
    if (daemon->conn != NULL && is_due(daemon->pass_at))
        full_pass(daemon);
    if (daemon->conn != NULL && is_due(daemon->drift_at))
        vp_daemon_drift(daemon);
    const bool busy = do_job(daemon);
    if (is_due(daemon->watchdog_at)) {
        vp_notify_alive();
        daemon->watchdog_at = vp_daemon_now() + daemon->watchdog_every;
    }
    if (busy && daemon->trim_at == 0 && daemon->jobs++ >= TRIM_JOBS)
        daemon->trim_at = vp_daemon_now() + TRIM_WAIT;
    if (!busy && is_due(daemon->trim_at)) {
        vp_trim();
        daemon->trim_at = 0;
        daemon->jobs = 0;
    }
}

int vp_daemon_run(struct vp_daemon *daemon, struct vp_error **err)
{
    int r = vp_conf_read(daemon->root, &daemon->conf, err);

    daemon->signals = -1;
    daemon->listener = (struct vp_listener){.event = on_event, .closed = on_closed, .cookie = daemon};
    if (r == 0)
        r = vp_loop_new(&daemon->loop, err);
    if (r == 0)
        r = open_signals(daemon, err);
    if (r < 0)
        return r;
    daemon->neighbours = vp_neighbours_new(daemon->root, &daemon->conf, NULL);
    daemon->watchdog_every = vp_notify_watchdog() / 2;
    daemon->watchdog_at = daemon->watchdog_every != 0 ? vp_daemon_now() : 0;
    daemon->connect_at = vp_daemon_now();
    vp_notify_ready();
    while (!daemon->stop && r == 0) {
        work(daemon);
        r = vp_loop_turn(daemon->loop, time_to_wait(daemon), err);
    }
    vp_notify_stopping();
    return r;
}

void vp_daemon_done(struct vp_daemon *daemon)
{
    if (daemon->loop != NULL) {
        disconnect(daemon);
        vp_loop_free(daemon->loop);
        vp_close_fd(&daemon->signals);
    }
    vp_neighbours_free(daemon->neighbours);
    vp_queue_done(&daemon->queue);
    vp_told_done(&daemon->told);
    vp_told_done(&daemon->settled);
    vp_host_free(daemon->host);
    vp_conf_done(&daemon->conf);
    vp_root_free(daemon->root);
}
