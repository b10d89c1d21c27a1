/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "escape.h"
#include "livetune.h"
#include "tuning.h"

/* One start. */
struct run {
    struct vp_tuning tuning;
    struct vp_guest *guest;
    bool refuse; /* better no guest than one that lacks something */
    struct vp_live live;
    struct vp_verify verify;
};

static void run_done(struct run *run)
{
    vp_live_done(&run->live);
    vp_verify_done(&run->verify);
    vp_guest_free(run->guest);
    vp_tuning_done(&run->tuning);
}

/* A guest that waits for its first instruction must not be forgotten. @how: SIG_BLOCK, SIG_UNBLOCK */
static void hold_signals(int how)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(how, &set, NULL);
}

static int check_off(const struct run *run, struct vp_error **err)
{
    const char *name = vp_guest_name(run->guest);
    vp_autofree char *live = NULL;
    enum vp_guest_state state;
    const int r = vp_guest_read_live(run->guest, &state, &live, err);

    if (r < 0)
        return r;
    if (state == VP_GUEST_RUNNING)
        return vp_fail(err, EEXIST,
                       "domain '%s' runs already; 'virt-profile apply --live %s' tunes it as it runs", name,
                       name);
    if (state == VP_GUEST_SAVED)
        return vp_fail(
            err, EEXIST,
            "domain '%s' has a saved state, which a start restores; restore it with 'virsh start %s', or "
            "drop it with 'virsh managedsave-remove %s'",
            name, name, name);
    return 0;
}

static int read_enforce(struct run *run, struct vp_error **err)
{
    VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *profile = NULL;
    vp_autofree char *text = NULL;
    vp_autodomain domain = NULL;
    struct vp_tag tag;
    int r = vp_guest_peek(run->guest, &text, err);

    if (r == 0)
        r = vp_domain_parse(text, strlen(text), vp_guest_name(run->guest), &domain, err);
    if (r == 0 && vp_tag_read(domain, &tag) && !vp_tag_opts_out(&tag))
        r = vp_tag_load(domain, &tag, &run->tuning.engine.profiles, run->tuning.engine.registry, &profile,
                        err);
    if (r == 0)
        run->refuse = profile != NULL && profile->enforce == VP_ENFORCE_REFUSE;
    return r;
}

/* Bring the stored definition up to date, as apply does. */
static int prepare(struct run *run, struct vp_error **err)
{
    const struct vp_request as_tagged = {0};
    VP_CLEANUP(vp_change_done) struct vp_change change = {0};
    struct vp_tuning *tuning = &run->tuning;
    int r = vp_guest_find(tuning->conn, tuning->cli->args[0], &run->guest, err);

    if (r == 0)
        r = check_off(run, err);
    if (r == 0)
        r = vp_cli_place(tuning->cli, &tuning->engine, vp_guest_uuid(run->guest), tuning->neighbours, err);
    if (r == 0)
        r = vp_change_run(&tuning->engine, run->guest, &as_tagged, &change, err);
    return r < 0 ? r : read_enforce(run, err);
}

/* What a guest that waits lacks of what it was promised. */
static int tune(struct run *run, struct vp_error **err)
{
    struct vp_tuning *tuning = &run->tuning;
    vp_autoentry entry = NULL;
    int r = vp_livetune_apply(tuning->cli, &tuning->engine, run->guest, &run->live, err);

    if (r == 0)
        r = vp_livetune_entry(tuning->cli, run->guest, &entry, err);
    return r < 0 ? r : vp_tuning_verify(tuning, run->guest, entry, &run->verify, err);
}

static size_t count_missing(const struct run *run)
{
    return vp_checks_count(&run->verify.checks, VP_HOLD_DIFFERS) +
           vp_checks_count(&run->verify.checks, VP_HOLD_PENDING);
}

static void tell_missing(const struct run *run)
{
    vp_autofree char *name = vp_escape(vp_guest_name(run->guest));

    vp_livetune_print(run->tuning.cli, run->guest, &run->live);
    for (size_t i = 0; i < run->verify.checks.n; i++) {
        const struct vp_check *check = &run->verify.checks.items[i];
        vp_autofree char *what = vp_escape(check->what);
        vp_autofree char *wanted = vp_escape(check->wanted != NULL ? check->wanted : "absent");
        vp_autofree char *effective = vp_escape(check->effective != NULL ? check->effective : "absent");
        if (check->hold == VP_HOLD_DIFFERS || check->hold == VP_HOLD_PENDING)
            fprintf(stderr, "virt-profile: domain '%s': %s%s%s is %s, should be %s\n", name,
                    check->knob != NULL ? check->knob : "", check->knob != NULL ? ": " : "", what, effective,
                    wanted);
    }
}

/* Let it run, or end it where its profile would rather have no guest than this one. */
static int settle(const struct run *run, bool whole, struct vp_error **err)
{
    int r;

    if (whole || !run->refuse) {
        r = vp_guest_resume(run->guest, err);
        return r < 0 ? vp_prefix(err, "the guest is paused") : 0;
    }
    r = vp_guest_destroy(run->guest, err);
    if (r < 0)
        return vp_prefix(err, "the guest lacks settings and is paused");
    return vp_fail(
        err, ECANCELED,
        "domain '%s' was ended before it ran: its profile has enforce = refuse, and it lacks settings",
        vp_guest_name(run->guest));
}

static json_object *run_json(const struct run *run)
{
    json_object *object = vp_json_object();

    vp_json_add_text(object, "name", vp_guest_name(run->guest));
    vp_json_add_text(object, "uuid", vp_guest_uuid(run->guest));
    vp_json_add_text(object, "profile", run->verify.profile);
    vp_json_add_text(object, "state", vp_tuning_state(&run->verify));
    vp_json_add(object, "live", vp_livetune_json(&run->live));
    vp_json_add(object, "checks", vp_tuning_json(&run->verify.checks));
    return object;
}

static int start(struct run *run, struct vp_error **err)
{
    vp_autoerror failure = NULL;
    int r = vp_guest_start_paused(run->guest, err);

    if (r < 0)
        return r;
    const int tuned = tune(run, &failure);
    const bool whole = tuned == 0 && run->live.failed == 0 && count_missing(run) == 0;
    if (failure != NULL)
        (void)vp_cli_report(failure);
    else
        tell_missing(run);
    r = settle(run, whole, err);
    return r < 0 ? r : whole ? 0 : (int)VP_EXIT_FAILED;
}

int vp_cmd_start(struct vp_cli *cli, struct vp_error **err)
{
    VP_CLEANUP(run_done) struct run run = {.refuse = false};
    int r = vp_tuning_open(cli, &run.tuning, err);

    if (r == 0)
        r = prepare(&run, err);
    if (r < 0)
        return r;
    hold_signals(SIG_BLOCK);
    r = start(&run, err);
    hold_signals(SIG_UNBLOCK);
    if (r >= 0 && cli->json) {
        vp_autojson object = run_json(&run);
        vp_json_print(object);
    }
    return r;
}
