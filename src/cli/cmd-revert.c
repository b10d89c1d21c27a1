/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

int vp_cmd_revert(struct vp_cli *cli, struct vp_error **err)
{
    struct vp_engine engine;
    vp_autofree char *text = NULL;
    vp_autofree char *new_text = NULL;
    const char *what = NULL;
    size_t len = 0, new_len = 0;
    int r;

    r = vp_cli_input(cli, &text, &len, &what, err);
    if (r < 0)
        return r;
    r = vp_cli_engine(cli, &engine, err);
    if (r < 0)
        return r;
    r = vp_engine_revert(&engine, text, len, what, cli->keep_tag, &new_text, &new_len, err);
    if (r < 0)
        return r;
    return new_text != NULL ? vp_cli_output(new_text, new_len, err) : vp_cli_output(text, len, err);
}
