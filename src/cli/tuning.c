/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tuning.h"

#include <errno.h>
#include <string.h>

#include "livetune.h"

void vp_tuning_done(struct vp_tuning *tuning)
{
    vp_neighbours_free(tuning->neighbours);
    vp_conn_close(tuning->conn);
    *tuning = (struct vp_tuning){0};
}

int vp_tuning_open(struct vp_cli *cli, struct vp_tuning *ret_tuning, struct vp_error **err)
{
    VP_CLEANUP(vp_tuning_done) struct vp_tuning tuning = {.cli = cli};
    int r = vp_cli_engine(cli, &tuning.engine, err);

    if (r == 0)
        r = vp_cli_conf(cli, &tuning.conf, err);
    if (r == 0)
        r = vp_conn_open(cli->connect, &tuning.conn, err);
    if (r == 0)
        r = vp_cli_neighbours(cli, tuning.conn, &tuning.neighbours, err);
    if (r < 0)
        return r;
    *ret_tuning = tuning;
    tuning = (struct vp_tuning){0};
    return 0;
}

int vp_tuning_verify(struct vp_tuning *tuning, const struct vp_guest *guest, const struct vp_entry *entry,
                     struct vp_verify *ret_verify, struct vp_error **err)
{
    struct vp_cli *cli = tuning->cli;
    const struct vp_here here = vp_running_here(cli, tuning->engine.host, tuning->conf);
    const int r = vp_cli_place(cli, &tuning->engine, vp_guest_uuid(guest), tuning->neighbours, err);

    if (r < 0)
        return r;
    return vp_verify_guest(&tuning->engine, guest, vp_cli_is_live(cli) ? &here : NULL, entry,
                           vp_livetune_age(entry), ret_verify, err);
}

int vp_tuning_stale(struct vp_tuning *tuning, const struct vp_guest *guest, char **ret_profile,
                    bool *ret_stale, struct vp_error **err)
{
    const struct vp_request as_tagged = {0};
    vp_autofree char *text = NULL;
    vp_autofree char *other = NULL;
    vp_autodomain domain = NULL;
    struct vp_tag tag;
    size_t len = 0;
    int r = vp_guest_peek(guest, &text, err);

    if (r == 0)
        r = vp_domain_parse(text, strlen(text), vp_guest_name(guest), &domain, err);
    if (r < 0)
        return r;
    *ret_profile = NULL;
    *ret_stale = false;
    if (!vp_tag_read(domain, &tag) || vp_tag_opts_out(&tag))
        return 0;
    r = vp_cli_place(tuning->cli, &tuning->engine, vp_guest_uuid(guest), tuning->neighbours, err);
    if (r == 0)
        r = vp_engine_rewrite(&tuning->engine, &as_tagged, text, strlen(text), vp_guest_name(guest), &other,
                              &len, err);
    if (r < 0)
        return r;
    *ret_profile = vp_strdup(tag.profile);
    *ret_stale = other != NULL;
    return 0;
}

const char *vp_tuning_state(const struct vp_verify *verify)
{
    if (verify->profile == NULL)
        return NULL;
    if (vp_checks_count(&verify->checks, VP_HOLD_DIFFERS) > 0)
        return "drifted";
    if (verify->stale)
        return "stale";
    return vp_checks_count(&verify->checks, VP_HOLD_PENDING) > 0 ? "pending" : "tuned";
}

json_object *vp_tuning_json(const struct vp_checks *checks)
{
    json_object *array = vp_json_array();

    for (size_t i = 0; i < checks->n; i++) {
        const struct vp_check *check = &checks->items[i];
        json_object *object = vp_json_object();
        vp_json_add_text(object, "verdict", vp_hold_names[check->hold]);
        vp_json_add_text(object, "knob", check->knob);
        vp_json_add_text(object, "what", check->what);
        vp_json_add_text(object, "wanted", check->wanted);
        vp_json_add_text(object, "effective", check->effective);
        vp_json_add_text(object, "where", check->where);
        vp_json_append(array, object);
    }
    return array;
}
