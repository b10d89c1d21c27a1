/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "daemon.h"

/* Our hook ends itself after ten seconds, so a guest that is coming for longer is not inside of it. */
#define COMING_MAX 15
/* A guest is noted as running while `started` still works; libvirt tells of the start when that has ended. */
#define STARTED_MAX 60
/* Postponed so often, what libvirt tells is not coming: it was told before we listened. */
#define POSTPONED_MAX 6

static bool is_coming(const struct vp_daemon *daemon, const struct vp_entry *entry)
{
    if (entry->state != VP_ENTRY_COMING || vp_entry_age(entry) >= COMING_MAX)
        return false;
    return entry->maker.pid == 0 || vp_process_alive(daemon->root, &entry->maker);
}

static bool was_seen(const struct vp_daemon *daemon, const struct vp_entry *entry)
{
    const uint64_t now = vp_daemon_now(), age = (vp_entry_age(entry) + 1) * 1000;

    for (size_t i = 0; i < VP_SEEN_MAX; i++)
        if (daemon->seen[i].at != 0 && daemon->seen[i].at + age >= now &&
            strcmp(daemon->seen[i].uuid, entry->uuid) == 0)
            return true;
    return false;
}

bool vp_daemon_in_hook(const struct vp_daemon *daemon, const struct vp_job *job)
{
    vp_autoledger ledger = NULL;
    vp_autoentry entry = NULL;

    if (vp_ledger_open(daemon->root, NULL, false, NULL, NULL, &ledger, NULL) < 0 ||
        vp_ledger_find(ledger, job->uuid, &entry, NULL) < 0)
        return false;
    if (entry->state == VP_ENTRY_COMING)
        return is_coming(daemon, entry);
    return vp_entry_age(entry) < STARTED_MAX && job->postponed < POSTPONED_MAX && !was_seen(daemon, entry);
}

bool vp_daemon_hooks_run(const struct vp_daemon *daemon)
{
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    bool found = false;

    if (vp_ledger_entries(daemon->root, NULL, NULL, NULL, &entries, NULL) < 0)
        return false;
    for (size_t i = 0; i < entries.n; i++)
        found = found || is_coming(daemon, entries.items[i]);
    return found;
}
