/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

/*
 * The guest is told from others by its UUID, which costs a look at the definition; one without a tag costs
 * none.
 */
static int place(struct vp_cli *cli, struct vp_engine *engine, const char *text, size_t len, const char *what,
                 struct vp_error **err)
{
    vp_autodomain domain = NULL;

    if (cli->profile == NULL && !vp_tag_maybe(text, len))
        return 0;
    const int r = vp_domain_parse(text, len, what, &domain, err);
    if (r < 0)
        return r;
    vp_autofree char *uuid = vp_domain_uuid(domain);
    return vp_cli_place(cli, engine, uuid, NULL, err);
}

int vp_cmd_rewrite(struct vp_cli *cli, struct vp_error **err)
{
    struct vp_request request = vp_cli_request(cli);
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
    r = place(cli, &engine, text, len, what, err);
    if (r < 0)
        return r;
    r = vp_engine_rewrite(&engine, &request, text, len, what, &new_text, &new_len, err);
    if (r < 0)
        return r;
    return new_text != NULL ? vp_cli_output(new_text, new_len, err) : vp_cli_output(text, len, err);
}
