/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <errno.h>
#include <string.h>

#include "change-print.h"
#include "neighbours.h"

/* Profile and overrides must make sense before anything is touched. */
static int check(const struct vp_engine *engine, const struct vp_request *request, struct vp_error **err)
{
    VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *profile = NULL;
    int r;

    if (strcmp(request->profile, VP_PROFILE_NONE) == 0)
        return 0;
    r = vp_profile_load(&engine->profiles, engine->registry, request->profile, &profile, err);
    for (size_t i = 0; r >= 0 && request->sets != NULL && request->sets[i] != NULL; i++) {
        const char *equals = strchr(request->sets[i], '=');
        vp_autofree char *knob = vp_strndup(request->sets[i], (size_t)(equals - request->sets[i]));
        if (vp_registry_find(engine->registry, knob) == NULL && strncmp(knob, "xml.", strlen("xml.")) != 0) {
            vp_autofree char *hint = vp_registry_hint(engine->registry, knob);
            return vp_fail(err, ENOENT, "there is no knob '%s' to set%s", knob, hint);
        }
        r = vp_profile_set(profile, engine->registry, knob, equals + 1, "--set", err);
    }
    return r < 0 ? r : 0;
}

int vp_cmd_assign(struct vp_cli *cli, struct vp_error **err)
{
    struct vp_request request = vp_cli_request(cli);
    struct vp_engine engine;
    vp_autoconn conn = NULL;
    vp_autoneighbours neighbours = NULL;
    vp_autoguest guest = NULL;
    VP_CLEANUP(vp_change_done) struct vp_change change = {0};
    int r;

    request.profile = cli->args[1];
    request.drop_sets = !cli->keep_sets;
    r = vp_cli_engine(cli, &engine, err);
    if (r < 0)
        return r;
    r = check(&engine, &request, err);
    if (r < 0)
        return r;
    r = vp_conn_open(cli->connect, &conn, err);
    if (r < 0)
        return r;
    r = vp_guest_find(conn, cli->args[0], &guest, err);
    if (r < 0)
        return r;
    r = vp_cli_neighbours(cli, conn, &neighbours, err);
    if (r == 0)
        r = vp_cli_place(cli, &engine, vp_guest_uuid(guest), neighbours, err);
    if (r < 0)
        return r;
    r = vp_change_run(&engine, guest, &request, &change, err);
    if (r < 0)
        return r;
    if (cli->json) {
        vp_autojson object = vp_change_json(&change);
        vp_json_print(object);
    } else {
        vp_change_print(cli, &change);
    }
    return 0;
}
