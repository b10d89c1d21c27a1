/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "escape.h"

/* Bring one up to date and say so. */
static int apply_one(const struct vp_cli *cli, const struct vp_engine *engine, const struct vp_guest *guest,
                     json_object *array, struct vp_error **err)
{
    VP_CLEANUP(vp_change_done) struct vp_change change = {0};
    struct vp_request as_tagged = {0};
    int r;

    r = vp_change_run(engine, guest, &as_tagged, &change, err);
    if (r < 0)
        return r;
    if (cli->json)
        vp_json_append(array, vp_change_json(&change));
    else
        vp_change_print(cli, &change);
    return 0;
}

/* Returns 1 for a domain that has a profile, 0 for one that has none. */
static int has_profile(const struct vp_guest *guest, struct vp_error **err)
{
    vp_autofree char *text = NULL;
    int r = vp_guest_read(guest, &text, err);

    if (r < 0)
        return r;
    return vp_tag_maybe(text, strlen(text));
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

static int apply_all(const struct vp_cli *cli, const struct vp_engine *engine, struct vp_conn *conn,
                     json_object *array, struct vp_error **err)
{
    VP_CLEANUP(vp_guests_free_ptr) struct vp_guest **guests = NULL;
    size_t total = 0;
    enum vp_exit status = VP_EXIT_OK;
    int r;

    r = vp_guest_list(conn, &guests, err);
    if (r < 0)
        return r;
    while (guests[total] != NULL)
        total++;
    for (size_t i = 0; i < total; i++) {
        vp_autoerror error = NULL;
        show_progress(i, total, vp_guest_name(guests[i]));
        r = has_profile(guests[i], &error);
        show_progress(total, total, NULL);
        if (r == 0)
            continue;
        if (r > 0)
            r = apply_one(cli, engine, guests[i], array, &error);
        if (r >= 0)
            continue;
        (void)vp_cli_report(error);
        vp_json_append(array, failure_json(guests[i], error));
        status = VP_EXIT_FAILED;
    }
    return (int)status;
}

int vp_cmd_apply(struct vp_cli *cli, struct vp_error **err)
{
    struct vp_engine engine;
    vp_autoconn conn = NULL;
    vp_autoguest guest = NULL;
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
    if (cli->all)
        r = apply_all(cli, &engine, conn, array, err);
    else
        r = vp_guest_find(conn, cli->args[0], &guest, err);
    if (r >= 0 && guest != NULL)
        r = apply_one(cli, &engine, guest, array, err);
    if (r >= 0 && cli->json)
        vp_json_print(array);
    return r;
}
