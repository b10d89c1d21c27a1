/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "change-print.h"
#include "escape.h"
#include "livetune.h"
#include "neighbours.h"

/* What one run works with. All borrowed. */
struct run {
    struct vp_cli *cli;
    struct vp_engine *engine;
    struct vp_neighbours *neighbours;
    json_object *array;
};

/*
 * Returns 1 for a domain that has a profile, 0 for one that has none; it is a neighbour of the others in any
 * case.
 */
static int look_at(const struct run *run, const struct vp_guest *guest, struct vp_error **err)
{
    vp_autofree char *text = NULL;
    int r = vp_guest_peek(guest, &text, err);

    if (r < 0)
        return r;
    vp_neighbours_update(run->neighbours, vp_guest_uuid(guest), text);
    vp_autofree char *profile = vp_change_profile(text, vp_guest_name(guest));
    return profile != NULL;
}

/*
 * Bring over what may change while it runs; what waits for a start is counted anew then. Returns 1, which is
 * said, where some of it could not be set.
 */
static int tune(const struct run *run, struct vp_change *change, json_object **ret_json,
                struct vp_error **err)
{
    const struct vp_request as_tagged = {0};
    VP_CLEANUP(vp_live_done) struct vp_live live = {0};
    const bool changed = change->changed;
    int r;

    if (!run->cli->live || change->state != VP_GUEST_RUNNING)
        return 0;
    r = vp_livetune_apply(run->cli, run->engine, change->guest, &live, err);
    if (r < 0)
        return r;
    if (!run->cli->json)
        vp_livetune_print(run->cli, change->guest, &live);
    vp_change_done(change);
    r = vp_change_run(run->engine, change->guest, &as_tagged, change, err);
    if (r < 0)
        return r;
    change->changed = change->changed || changed;
    *ret_json = vp_livetune_json(&live);
    return live.failed > 0 ? (int)VP_EXIT_FAILED : 0;
}

/* Bring one up to date and say so. */
static int apply_one(const struct run *run, const struct vp_guest *guest, struct vp_error **err)
{
    VP_CLEANUP(vp_change_done) struct vp_change change = {0};
    const struct vp_request as_tagged = {0};
    json_object *live = NULL;
    int r;

    r = vp_cli_place(run->cli, run->engine, vp_guest_uuid(guest), run->neighbours, err);
    if (r < 0)
        return r;
    r = vp_change_run(run->engine, guest, &as_tagged, &change, err);
    if (r < 0)
        return r;
    if (change.changed)
        (void)look_at(run, guest, NULL);
    r = tune(run, &change, &live, err);
    if (r < 0)
        return r;
    if (!run->cli->json)
        vp_change_print(run->cli, &change);
    json_object *object = vp_change_json(&change);
    if (live != NULL)
        vp_json_add(object, "live", live);
    vp_json_append(run->array, object);
    return r;
}

/* One line that is written over and over, on a terminal only. */
static void show_progress(size_t done, size_t total, const char *name)
{
    if (isatty(STDERR_FILENO) == 0)
        return;
    vp_autofree char *text = vp_escape(name);
    if (done < total)
        fprintf(stderr, "\r\033[K[%zu/%zu] %s", done + 1, total, text);
    else
        fputs("\r\033[K", stderr);
    (void)fflush(stderr);
}

static json_object *failure_json(const struct vp_guest *guest, const struct vp_error *error)
{
    json_object *top = vp_json_object();
    json_object *domain = vp_json_object();

    vp_json_add_text(domain, "name", vp_guest_name(guest));
    vp_json_add_text(domain, "uuid", vp_guest_uuid(guest));
    vp_json_add(top, "domain", domain);
    vp_json_add_text(top, "error", error->message);
    return top;
}

static void tell_failure(const struct run *run, const struct vp_guest *guest, const struct vp_error *error)
{
    (void)vp_cli_report(error);
    vp_json_append(run->array, failure_json(guest, error));
}

/* All are looked at before the first is placed. One that fails does not keep the others from it. */
static int apply_all(const struct run *run, struct vp_guest **guests)
{
    size_t total = 0;
    enum vp_exit status = VP_EXIT_OK;

    while (guests[total] != NULL)
        total++;
    vp_autofree bool *tagged = vp_alloc(total + 1, sizeof(*tagged));
    for (size_t i = 0; i < total; i++) {
        vp_autoerror error = NULL;
        const int r = look_at(run, guests[i], &error);
        tagged[i] = r > 0;
        if (r >= 0)
            continue;
        tell_failure(run, guests[i], error);
        status = VP_EXIT_FAILED;
    }
    for (size_t i = 0; i < total; i++) {
        vp_autoerror error = NULL;
        if (!tagged[i])
            continue;
        show_progress(i, total, vp_guest_name(guests[i]));
        const int r = apply_one(run, guests[i], &error);
        show_progress(total, total, NULL);
        if (r < 0)
            tell_failure(run, guests[i], error);
        if (r != 0)
            status = VP_EXIT_FAILED;
    }
    return (int)status;
}

int vp_cmd_apply(struct vp_cli *cli, struct vp_error **err)
{
    struct vp_engine engine;
    vp_autoconn conn = NULL;
    vp_autoneighbours neighbours = NULL;
    vp_autoguest guest = NULL;
    VP_CLEANUP(vp_guests_free_ptr) struct vp_guest **guests = NULL;
    vp_autojson array = vp_json_array();
    int r;

    if (cli->all == (cli->n_args > 0))
        return (int)vp_cli_usage(cli, "apply wants either a domain or --all");
    r = vp_cli_engine(cli, &engine, err);
    if (r < 0)
        return r;
    r = vp_conn_open(cli->connect, &conn, err);
    if (r < 0)
        return r;
    r = vp_cli_neighbours(cli, cli->all ? NULL : conn, &neighbours, err);
    if (r < 0)
        return r;
    const struct run run = {cli, &engine, neighbours, array};
    r = cli->all ? vp_guest_list(conn, &guests, err) : vp_guest_find(conn, cli->args[0], &guest, err);
    if (r < 0)
        return r;
    r = cli->all ? apply_all(&run, guests) : apply_one(&run, guest, err);
    if (r >= 0 && cli->json)
        vp_json_print(array);
    return r;
}
