/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#include "change-print.h"
#include "escape.h"

/* The default that the daemon gives the domain again; NULL: none. Borrowed from the configuration. */
static int find_default(struct vp_cli *cli, const struct vp_guest *guest,
                        const struct vp_conf_default **ret_default, struct vp_error **err)
{
    const struct vp_conf *conf = NULL;
    vp_autofree char *text = NULL;
    vp_autofree char *title = NULL;
    vp_autodomain domain = NULL;
    int r = vp_cli_conf(cli, &conf, err);

    if (r == 0 && conf->n_defaults > 0)
        r = vp_guest_peek(guest, &text, err);
    if (r == 0 && text != NULL)
        r = vp_domain_parse(text, strlen(text), vp_guest_name(guest), &domain, err);
    if (r < 0)
        return r;
    if (domain != NULL)
        title = vp_domain_title(domain);
    *ret_default = domain != NULL ? vp_conf_default(conf, vp_guest_name(guest), title) : NULL;
    if (*ret_default != NULL && strcmp((*ret_default)->profile, VP_PROFILE_NONE) == 0)
        *ret_default = NULL;
    return 0;
}

static void tell(const struct vp_cli *cli, const struct vp_change *change,
                 const struct vp_conf_default *again)
{
    vp_autofree char *name = vp_escape(vp_guest_name(change->guest));

    if (cli->json) {
        vp_autojson object = vp_change_json(change);
        vp_json_add_text(object, "default_profile", again != NULL ? again->profile : NULL);
        vp_json_print(object);
        return;
    }
    vp_change_print(cli, change);
    if (again != NULL)
        printf("virt-profiled gives '%s' the profile %s again, which is its default by %s; "
               "'virt-profile assign %s none' keeps it without one\n",
               name, again->profile, again->origin, name);
}

int vp_cmd_clear(struct vp_cli *cli, struct vp_error **err)
{
    struct vp_engine engine;
    vp_autoconn conn = NULL;
    vp_autoguest guest = NULL;
    VP_CLEANUP(vp_change_done) struct vp_change change = {0};
    const struct vp_conf_default *again = NULL;
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
    r = find_default(cli, guest, &again, err);
    if (r < 0)
        return vp_prefix(err, "the profile is taken away, but");
    tell(cli, &change, again);
    return 0;
}
