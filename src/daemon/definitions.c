/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "change.h"
#include "daemon.h"
#include "ledger.h"
#include "log.h"

/* The profile that the definition is to have, where its tag does not say. NULL: its tag does, or none. */
static int find_default(const struct vp_daemon *daemon, const struct vp_guest *guest, const char *text,
                        const char **ret_profile, struct vp_error **err)
{
    vp_autodomain domain = NULL;
    struct vp_tag tag;

    *ret_profile = NULL;
    if (daemon->conf.n_defaults == 0)
        return 0;
    const int r = vp_domain_parse(text, strlen(text), vp_guest_name(guest), &domain, err);
    if (r < 0 || vp_tag_read(domain, &tag))
        return r;
    vp_autofree char *title = vp_domain_title(domain);
    const struct vp_conf_default *found = vp_conf_default(&daemon->conf, vp_guest_name(guest), title);
    if (found != NULL && strcmp(found->profile, VP_PROFILE_NONE) != 0)
        *ret_profile = found->profile;
    return 0;
}

/* As the command line places definitions: off what runs and what others want, else where it would fit. */
static struct vp_placer *new_placer(struct vp_daemon *daemon, const char *uuid)
{
    struct vp_placer *placer =
        vp_ledger_placer(daemon->root, daemon->host, &daemon->conf, uuid, NULL, vp_daemon_say, NULL);

    placer = vp_placer_someday(placer, &daemon->conf);
    return vp_neighbours_placer(daemon->neighbours, placer, uuid);
}

/* What a failure means for the next attempt. */
static enum vp_pass pass_of(int r)
{
    switch (-r) {
    case EAGAIN: /* somebody else edits it just now */
    case EBUSY:
    case EIO: /* libvirt says no */
        return VP_PASS_RETRY;
    default: /* profile, override, definition: it stays so until somebody edits it */
        return VP_PASS_FAILED;
    }
}

/*
 * The schema is not asked, which takes longer than all the rest while a start may be about to follow: what we
 * read is libvirt's own, and what it drops of ours shows in the next pass, which then asks.
 */
static enum vp_pass store(struct vp_daemon *daemon, const struct vp_guest *guest, const struct vp_job *job,
                          const char *text, const char *profile, struct vp_error **err)
{
    const struct vp_change_how how = {.text = text, .hasty = true, .unchecked = job->changes == 0};
    const struct vp_request request = {.profile = profile};
    const char *uuid = vp_guest_uuid(guest);
    struct vp_engine engine;
    vp_autofree char *stored = NULL;
    bool changed = false;
    int r = vp_daemon_engine(daemon, &engine, err);

    if (r < 0)
        return pass_of(r);
    vp_autoplacer placer = new_placer(daemon, uuid);
    engine.placer = placer;
    r = vp_change_store(&engine, guest, &request, &how, &stored, &changed, err);
    if (r == -ENOTSUP) { /* it has no stored definition */
        vp_neighbours_update(daemon->neighbours, uuid, "");
        return VP_PASS_FAILED;
    }
    if (r < 0)
        return pass_of(r);
    if (!changed)
        return VP_PASS_QUIET;
    daemon->counts.stored++;
    vp_neighbours_update(daemon->neighbours, uuid, stored);
    vp_autofree char *now = vp_change_profile(stored, vp_guest_name(guest));
    vp_log(VP_LOG_INFO, "domain '%s': its definition was brought up to date with profile '%s'%s",
           vp_guest_name(guest), now != NULL ? now : "", profile != NULL ? ", its default" : "");
    return VP_PASS_CHANGED;
}

/* FNV-1a. Definitions hold secrets, so they are not kept. */
static char *fingerprint(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return vp_asprintf("%016" PRIx64, hash);
}

/* Bring a definition up to date that has a profile, or is to get one; one that was up to date still is. */
static enum vp_pass settle(struct vp_daemon *daemon, const struct vp_guest *guest, const struct vp_job *job,
                           const char *text, const char *profile, struct vp_error **err)
{
    const char *uuid = vp_guest_uuid(guest);
    vp_autofree char *print = fingerprint(text);

    if (vp_told_was(&daemon->settled, uuid, print))
        return VP_PASS_QUIET;
    const enum vp_pass pass = store(daemon, guest, job, text, profile, err);
    if (pass == VP_PASS_QUIET)
        (void)vp_told_is_news(&daemon->settled, uuid, print);
    return pass;
}

static enum vp_pass look_at(struct vp_daemon *daemon, const struct vp_job *job, struct vp_error **err)
{
    const char *uuid = job->uuid;
    vp_autoguest guest = NULL;
    vp_autofree char *text = NULL;
    vp_autoerror own = NULL;
    const char *profile = NULL;
    int r = vp_guest_find(daemon->conn, uuid, &guest, &own);

    if (r == 0)
        r = vp_guest_glance(guest, &text, &own);
    if (r == -ENOENT) {
        vp_neighbours_update(daemon->neighbours, uuid, "");
        return VP_PASS_QUIET;
    }
    if (r < 0) {
        *err = vp_take(&own);
        return pass_of(r);
    }
    assert(text != NULL);
    vp_neighbours_update(daemon->neighbours, uuid, text);
    r = find_default(daemon, guest, text, &profile, err);
    if (r < 0)
        return VP_PASS_FAILED;
    if (profile == NULL) {
        vp_autofree char *tagged = vp_change_profile(text, vp_guest_name(guest));
        if (tagged == NULL)
            return VP_PASS_QUIET;
    }
    return settle(daemon, guest, job, text, profile, err);
}

enum vp_pass vp_daemon_definition(struct vp_daemon *daemon, const struct vp_job *job)
{
    vp_autoerror err = NULL;

    if (vp_daemon_in_hook(daemon, job))
        return VP_PASS_POSTPONE;
    daemon->counts.passes++;
    const enum vp_pass pass = look_at(daemon, job, &err);
    if (err != NULL && err->code != ENOTSUP)
        vp_daemon_complain(daemon, job->uuid, err);
    else
        (void)vp_told_forget(&daemon->told, job->uuid);
    return pass;
}

/* Ask for what is to be done about one. Returns whether it has a profile. */
static bool look_over(struct vp_daemon *daemon, const struct vp_guest *guest, uint64_t now)
{
    const char *uuid = vp_guest_uuid(guest);
    const char *by_default = NULL;
    vp_autofree char *text = NULL;

    if (vp_guest_peek(guest, &text, NULL) < 0) {
        vp_queue_ask(&daemon->queue, uuid, VP_WORK_DEFINITION, VP_BACKGROUND, now, now);
        return false;
    }
    vp_neighbours_update(daemon->neighbours, uuid, text);
    (void)find_default(daemon, guest, text, &by_default, NULL); /* said when its turn comes */
    const bool tagged = vp_tag_maybe(text, strlen(text));
    if (tagged || by_default != NULL)
        vp_queue_ask(&daemon->queue, uuid, VP_WORK_DEFINITION, VP_BACKGROUND, now, now);
    return tagged;
}

int vp_daemon_pass(struct vp_daemon *daemon, struct vp_error **err)
{
    VP_CLEANUP(vp_guests_free_ptr) struct vp_guest **guests = NULL;
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    const uint64_t now = vp_daemon_now();
    size_t n = 0, tagged = 0;
    int r = vp_guest_list(daemon->conn, &guests, err);

    if (r < 0)
        return r;
    vp_told_done(&daemon->settled);
    vp_neighbours_free(daemon->neighbours);
    daemon->neighbours = vp_neighbours_new(daemon->root, &daemon->conf, NULL);
    for (; guests[n] != NULL; n++)
        tagged += look_over(daemon, guests[n], now);
    r = vp_daemon_entries(daemon, &entries, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < entries.n; i++)
        if (entries.items[i]->profile != NULL)
            vp_queue_ask(&daemon->queue, entries.items[i]->uuid, VP_WORK_GUEST, VP_BACKGROUND, now, now);
    vp_log(VP_LOG_INFO, "looking after %zu domains, %zu of them with a profile", n, tagged);
    return 0;
}

void vp_daemon_make_way(struct vp_daemon *daemon, const char *uuid)
{
    /* A guest that is restarted at once is not worth moving others for. */
    const uint64_t now = vp_daemon_now(), at = now + 5000;
    VP_CLEANUP(vp_names_free_ptr) char **uuids = NULL;
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};

    if (vp_daemon_entries(daemon, &entries, NULL) < 0)
        return;
    for (size_t i = 0; i < entries.n; i++) {
        const struct vp_entry *entry = entries.items[i];
        if (strcmp(entry->uuid, uuid) == 0 && entry->placement != NULL)
            uuids = vp_neighbours_wanting(daemon->neighbours, entry->placement->owned);
    }
    for (size_t i = 0; uuids != NULL && uuids[i] != NULL; i++)
        if (strcmp(uuids[i], uuid) != 0) {
            (void)vp_told_forget(&daemon->settled, uuids[i]);
            vp_queue_ask(&daemon->queue, uuids[i], VP_WORK_DEFINITION, VP_BACKGROUND, at, now);
        }
}
