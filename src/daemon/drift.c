/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "daemon.h"
#include "ledger.h"
#include "log.h"
#include "threadplace.h"
#include "topocache.h"

void vp_daemon_say(void *cookie, const char *sentence)
{
    (void)cookie;
    vp_log(VP_LOG_WARNING, "%s", sentence);
}

int vp_daemon_entries(struct vp_daemon *daemon, struct vp_entries *ret_entries, struct vp_error **err)
{
    vp_autotopology topology = NULL;
    struct vp_engine engine;
    int r = vp_daemon_engine(daemon, &engine, err);

    if (r == 0)
        r = vp_topocache_read(daemon->root, daemon->host, &topology, err);
    if (r == 0)
        r = vp_ledger_entries(daemon->root, topology, vp_daemon_say, NULL, ret_entries, err);
    return r;
}

struct vp_here vp_daemon_here(const struct vp_daemon *daemon)
{
    return (struct vp_here){
        .root = daemon->root, .host = daemon->host, .conf = &daemon->conf, .say = vp_daemon_say};
}

int vp_daemon_converge(struct vp_daemon *daemon, struct vp_error **err)
{
    const struct vp_here here = vp_daemon_here(daemon);
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
    const int r = vp_converge(&here, &happenings, err);

    for (size_t i = 0; r == 0 && i < happenings.n; i++) {
        const struct vp_happening *it = &happenings.items[i];
        daemon->counts.repaired += it->outcome == VP_OUTCOME_SET;
        if (it->outcome != VP_OUTCOME_FAILED || vp_told_is_news(&daemon->told, it->what, it->why))
            vp_log(vp_happening_priority(it), "%s: %s", it->what, it->why);
    }
    return r;
}

void vp_daemon_watch_drift(struct vp_daemon *daemon)
{
    if (daemon->drift_at == 0 && daemon->conf.drift != VP_DRIFT_OFF)
        daemon->drift_at = vp_daemon_now() + (uint64_t)vp_conf_drift_interval(&daemon->conf) * 1000;
}

/* Where a floating guest may be besides its own CPUs. NULL where that is not known. Owned. */
static hwloc_bitmap_t read_housekeeping(const struct vp_daemon *daemon)
{
    vp_autotopology topology = NULL;
    vp_autooccupied occupied = NULL;

    if (vp_topocache_read(daemon->root, daemon->host, &topology, NULL) < 0 ||
        vp_occupied_from_conf(topology, &daemon->conf, &occupied, NULL) < 0)
        return NULL;
    return vp_bitmap_copy(occupied->housekeeping);
}

static void place_again(struct vp_daemon *daemon, const struct vp_entry *entry, const char *was)
{
    VP_CLEANUP(vp_threadplace_done) struct vp_threadplace result = {0};
    vp_autoerror err = NULL;

    if (vp_threads_place(daemon->root, entry, &result, &err) < 0)
        return; /* it ends just now */
    daemon->counts.repaired++;
    if (result.failed > 0)
        vp_log(VP_LOG_WARNING, "domain '%s': %u of %u threads are not where they belong: %s", entry->name,
               result.failed, result.n, result.first);
    else
        vp_log(VP_LOG_NOTICE, "domain '%s': brought threads back to where they belong: %s", entry->name, was);
}

static void repair(struct vp_daemon *daemon, const struct vp_entry *entry, hwloc_const_bitmap_t besides)
{
    VP_CLEANUP(vp_threadplace_done) struct vp_threadplace result = {0};

    if (vp_threads_check(daemon->root, entry, besides, &result, NULL) == 0 && result.failed > 0)
        place_again(daemon, entry, result.first);
}

static bool is_ours(const struct vp_daemon *daemon, const struct vp_entry *entry)
{
    return entry->profile != NULL && entry->state == VP_ENTRY_RUNNING &&
           vp_process_alive(daemon->root, &entry->qemu);
}

void vp_daemon_drift(struct vp_daemon *daemon)
{
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    const bool mend = daemon->conf.drift == VP_DRIFT_REPAIR;
    const uint64_t now = vp_daemon_now();
    vp_autobitmap besides = NULL;
    vp_autoerror err = NULL;
    size_t n = 0;

    daemon->drift_at = 0;
    if (daemon->conf.drift == VP_DRIFT_OFF || vp_daemon_entries(daemon, &entries, NULL) < 0)
        return;
    besides = mend ? read_housekeeping(daemon) : NULL;
    for (size_t i = 0; i < entries.n; i++) {
        const struct vp_entry *entry = entries.items[i];
        if (!is_ours(daemon, entry))
            continue;
        n++;
        if (mend)
            repair(daemon, entry, besides);
        vp_queue_ask(&daemon->queue, entry->uuid, mend ? VP_WORK_GUEST : VP_WORK_REPORT, VP_BACKGROUND, now,
                     now);
    }
    if (n > 0 && mend && vp_daemon_converge(daemon, &err) < 0)
        vp_daemon_complain(daemon, "", err);
    if (n > 0)
        vp_daemon_watch_drift(daemon);
}
