/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include "change-print.h"

int vp_cmd_clear(struct vp_cli *cli, struct vp_error **err)
{
    struct vp_engine engine;
    vp_autoconn conn = NULL;
    vp_autoguest guest = NULL;
    VP_CLEANUP(vp_change_done) struct vp_change change = {0};
    int r;

    r = vp_cli_engine(cli, &engine, err);
    if (r < 0)
        return r;
    r = vp_conn_open(cli->connect, &conn, err);
    if (r < 0)
        return r;
    r = vp_guest_find(conn, cli->args[0], &guest, err);
    if (r < 0)
        return r;
    r = vp_change_run(&engine, guest, NULL, &change, err);
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
