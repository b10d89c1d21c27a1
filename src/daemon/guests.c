/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "daemon.h"
#include "heldplace.h"
#include "irqwants.h"
#include "ledger.h"
#include "live.h"
#include "log.h"
#include "threadplace.h"
#include "topocache.h"
#include "verify.h"

/* A running guest that is worked on. */
struct work {
    struct vp_guest *guest;       /* owned */
    struct vp_topology *topology; /* owned */
    struct vp_entry *entry;       /* owned; NULL: the ledger has none */
    struct vp_placer *placer;     /* owned; knows the topology */
    struct vp_engine engine;
};

static void work_done(struct work *work)
{
    vp_placer_free(work->placer);
    vp_entry_free(work->entry);
    vp_topology_free(work->topology);
    vp_guest_free(work->guest);
}

static int open_work(struct vp_daemon *daemon, const char *uuid, struct work *work, struct vp_error **err)
{
    vp_autoledger ledger = NULL;
    int r = vp_daemon_engine(daemon, &work->engine, err);

    if (r == 0)
        r = vp_topocache_read(daemon->root, daemon->host, &work->topology, err);
    if (r == 0)
        r = vp_ledger_open(daemon->root, work->topology, false, vp_daemon_say, NULL, &ledger, err);
    if (r < 0)
        return r;
    (void)vp_ledger_find(ledger, uuid, &work->entry, NULL); /* it may have started without the hook */
    work->placer =
        vp_ledger_placer(daemon->root, daemon->host, &daemon->conf, uuid, NULL, vp_daemon_say, NULL);
    work->engine.placer = work->placer;
    return 0;
}

static int read_live(const struct vp_guest *guest, struct vp_domain **ret_live, struct vp_error **err)
{
    vp_autofree char *text = NULL;
    enum vp_guest_state state;
    const int r = vp_guest_read_live(guest, &state, &text, err);

    if (r < 0)
        return r;
    if (state != VP_GUEST_RUNNING)
        return vp_fail(err, ESRCH, "domain '%s' does not run", vp_guest_name(guest));
    return vp_domain_parse(text, strlen(text), vp_guest_name(guest), ret_live, err);
}

/* What it wants of the host, with the devices that it has now. */
static int plan_wants(const struct work *work, const struct vp_domain *live, struct vp_result *ret_result,
                      struct vp_error **err)
{
    const struct vp_request request = {.phase = VP_PHASE_COLD, .starting = true};
    vp_autoplacer held = vp_heldplace_placer(work->entry, work->placer);
    vp_autodomain asked = vp_domain_copy(live);
    struct vp_engine engine = work->engine;

    engine.placer = held;
    return vp_engine_plan(&engine, &request, asked, ret_result, err);
}

/* Devices came or went: note what that means for the host, behind the lock and on what is there now. */
static int note_devices(const struct vp_daemon *daemon, struct work *work, struct vp_error **err)
{
    VP_CLEANUP(vp_result_done) struct vp_result result = {0};
    vp_autodomain live = NULL;
    vp_autoledger ledger = NULL;
    vp_autoentry entry = NULL;
    int r = read_live(work->guest, &live, err);

    if (r == 0)
        r = plan_wants(work, live, &result, err);
    if (r == 0)
        r = vp_ledger_open(daemon->root, work->topology, true, vp_daemon_say, NULL, &ledger, err);
    if (r == 0)
        r = vp_ledger_lock(ledger, err);
    if (r == 0)
        r = vp_ledger_find(ledger, work->entry->uuid, &entry, err);
    if (r < 0)
        return r;
    if (result.plan != NULL)
        vp_entry_take_wants(entry, result.plan);
    vp_irq_wants(daemon->root, live, entry);
    r = vp_ledger_store(ledger, entry, err);
    if (r < 0)
        return r;
    vp_entry_free(work->entry);
    work->entry = vp_take(&entry);
    return 0;
}

static int place_threads(const struct vp_daemon *daemon, const struct work *work, struct vp_error **err)
{
    VP_CLEANUP(vp_threadplace_done) struct vp_threadplace result = {0};
    const int r = vp_threads_place(daemon->root, work->entry, &result, err);

    if (r == 0 && result.failed > 0)
        vp_log(VP_LOG_WARNING, "domain '%s': %u of %u threads are not where they belong: %s",
               work->entry->name, result.failed, result.n, result.first);
    return r;
}

static void tell(struct vp_daemon *daemon, const char *name, const struct vp_live *live)
{
    for (size_t i = 0; i < live->n; i++) {
        const struct vp_live_item *item = &live->items[i];
        vp_autofree char *who = vp_asprintf("%s: %s", name, item->what);
        daemon->counts.live += item->why == NULL;
        if (item->why == NULL && vp_told_forget(&daemon->told, who))
            vp_log(VP_LOG_NOTICE, "domain '%s': %s: set after all", name, item->what);
        else if (item->why == NULL)
            vp_log(VP_LOG_INFO, "domain '%s': %s: set", name, item->what);
        else if (vp_told_is_news(&daemon->told, who, item->why))
            vp_log(VP_LOG_WARNING, "domain '%s': %s: %s", name, item->what, item->why);
    }
}

static int work_on(struct vp_daemon *daemon, const struct vp_job *job, struct work *work,
                   struct vp_error **err)
{
    VP_CLEANUP(vp_live_done) struct vp_live live = {0};
    const uint64_t age = work->entry != NULL ? vp_entry_age(work->entry) : 0;
    const bool ours = work->entry != NULL && work->entry->profile != NULL;
    int r = job->devices && work->entry != NULL ? note_devices(daemon, work, err) : 0;

    if (r == 0)
        r = vp_live_apply(&work->engine, work->guest, work->entry, age, &live, err);
    if (r < 0)
        return r;
    tell(daemon, vp_guest_name(work->guest), &live);
    if (live.profile != NULL || ours)
        vp_daemon_watch_drift(daemon);
    if (live.again > 0) {
        const uint64_t now = vp_daemon_now();
        vp_queue_ask(&daemon->queue, job->uuid, VP_WORK_GUEST, VP_URGENT, now + live.again * 1000, now);
    }
    if (work->entry == NULL || (!live.pinned && !job->devices))
        return 0;
    r = place_threads(daemon, work, err);
    return r < 0 ? r : vp_daemon_converge(daemon, err);
}

static enum vp_pass pass_of(int r)
{
    switch (-r) {
    case 0:
    case ESRCH: /* it has ended */
    case ENOENT:
        return VP_PASS_QUIET;
    case EAGAIN:
    case EBUSY:
    case EIO:
        return VP_PASS_RETRY;
    default:
        return VP_PASS_FAILED;
    }
}

/* Returns BUSY where others do something with it that would keep us waiting: migration, save, backup. */
static int open_guest(struct vp_daemon *daemon, const struct vp_job *job, struct work *work,
                      struct vp_error **err)
{
    int r = open_work(daemon, job->uuid, work, err);

    if (r == 0)
        r = vp_guest_find(daemon->conn, job->uuid, &work->guest, err);
    if (r == 0 && vp_guest_is_busy(work->guest))
        return vp_fail(err, EBUSY, "libvirt is busy with domain '%s'", vp_guest_name(work->guest));
    return r;
}

enum vp_pass vp_daemon_guest(struct vp_daemon *daemon, const struct vp_job *job)
{
    VP_CLEANUP(work_done) struct work work = {0};
    vp_autoerror err = NULL;

    if (vp_daemon_in_hook(daemon, job))
        return VP_PASS_POSTPONE;
    daemon->counts.passes++;
    int r = open_guest(daemon, job, &work, &err);
    if (r == 0)
        r = work_on(daemon, job, &work, &err);
    const enum vp_pass pass = pass_of(r);
    if (pass == VP_PASS_FAILED || (pass == VP_PASS_RETRY && job->tries > 2))
        vp_daemon_complain(daemon, job->uuid, err);
    return pass;
}

static void report(struct vp_daemon *daemon, const char *name, const struct vp_verify *verify)
{
    for (size_t i = 0; i < verify->checks.n; i++) {
        const struct vp_check *check = &verify->checks.items[i];
        vp_autofree char *who = vp_asprintf("%s: drift: %s", name, check->what);
        const char *is = check->effective != NULL ? check->effective : "absent";
        const char *should = check->wanted != NULL ? check->wanted : "absent";
        if (check->hold == VP_HOLD_DIFFERS && vp_told_is_news(&daemon->told, who, is))
            vp_log(VP_LOG_WARNING, "domain '%s': %s%s%s is '%s', should be '%s'", name,
                   check->knob != NULL ? check->knob : "", check->knob != NULL ? ": " : "", check->what, is,
                   should);
        else if (check->hold == VP_HOLD_OK && vp_told_forget(&daemon->told, who))
            vp_log(VP_LOG_NOTICE, "domain '%s': %s is as it should be again", name, check->what);
    }
}

enum vp_pass vp_daemon_report(struct vp_daemon *daemon, const struct vp_job *job)
{
    VP_CLEANUP(work_done) struct work work = {0};
    VP_CLEANUP(vp_verify_done) struct vp_verify verify = {0};
    const struct vp_here here = vp_daemon_here(daemon);

    if (vp_daemon_in_hook(daemon, job))
        return VP_PASS_POSTPONE;
    daemon->counts.passes++;
    if (open_guest(daemon, job, &work, NULL) < 0 || work.entry == NULL)
        return VP_PASS_QUIET; /* it is looked at again in a while */
    if (vp_verify_guest(&work.engine, work.guest, &here, work.entry, vp_entry_age(work.entry), &verify,
                        NULL) < 0)
        return VP_PASS_QUIET;
    report(daemon, vp_guest_name(work.guest), &verify);
    return VP_PASS_QUIET;
}
