/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "livetune.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "converge.h"
#include "escape.h"
#include "topocache.h"

int vp_livetune_entry(struct vp_cli *cli, const struct vp_guest *guest, struct vp_entry **ret_entry,
                      struct vp_error **err)
{
    vp_autotopology topology = NULL;
    vp_autoledger ledger = NULL;
    vp_autoerror missing = NULL;
    struct vp_engine engine;
    int r = vp_running_there(cli, err);

    if (r == 0)
        *ret_entry = NULL;
    if (r <= 0)
        return r;
    r = vp_cli_engine(cli, &engine, err);
    if (r == 0)
        r = vp_topocache_read(cli->root, engine.host, &topology, err);
    if (r == 0)
        r = vp_ledger_open(cli->root, topology, false, vp_running_say, NULL, &ledger, err);
    if (r < 0)
        return r;
    if (vp_ledger_find(ledger, vp_guest_uuid(guest), ret_entry, &missing) < 0)
        *ret_entry = NULL;
    return 0;
}

uint64_t vp_livetune_age(const struct vp_entry *entry)
{
    const time_t now = time(NULL);

    if (entry == NULL || now < 0)
        return UINT64_MAX;
    return (uint64_t)now > entry->since ? (uint64_t)now - entry->since : 0;
}

/* libvirt wrote cpusets as wide as its pins: floating guests are kept off the CPUs of others again. */
static int converge(struct vp_cli *cli, const struct vp_engine *engine, struct vp_error **err)
{
    const struct vp_conf *conf = NULL;
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
    const int r = vp_cli_conf(cli, &conf, err);
    const struct vp_here here = vp_running_here(cli, engine->host, conf);

    return r < 0 ? r : vp_converge(&here, &happenings, err);
}

int vp_livetune_apply(struct vp_cli *cli, const struct vp_engine *engine, const struct vp_guest *guest,
                      struct vp_live *ret_live, struct vp_error **err)
{
    const struct vp_conf *conf = NULL;
    vp_autoentry entry = NULL;
    struct vp_engine own = *engine;
    vp_host_wait(cli->root, VP_HOST_SETTLES);
    int r = vp_livetune_entry(cli, guest, &entry, err);

    if (r == 0)
        r = vp_cli_conf(cli, &conf, err);
    if (r < 0)
        return r;
    vp_autoplacer placer = vp_placer_new(engine->host, conf);
    own.placer = placer;
    VP_CLEANUP(vp_live_done) struct vp_live live = {0};
    r = vp_live_apply(&own, guest, entry, vp_livetune_age(entry), &live, err);
    if (r == 0 && live.pinned && entry != NULL && vp_cli_is_live(cli))
        r = converge(cli, engine, err);
    if (r < 0)
        return r;
    *ret_live = live;
    live = (struct vp_live){0};
    return 0;
}

void vp_livetune_print(const struct vp_cli *cli, const struct vp_guest *guest, const struct vp_live *live)
{
    vp_autofree char *name = vp_escape(vp_guest_name(guest));

    for (size_t i = 0; i < live->n; i++) {
        vp_autofree char *what = vp_escape(live->items[i].what);
        vp_autofree char *why = vp_escape(live->items[i].why);
        if (why == NULL && cli->verbose)
            printf("'%s' runs with %s now\n", name, what);
    }
    (void)fflush(stdout);
    for (size_t i = 0; i < live->n; i++) {
        vp_autofree char *what = vp_escape(live->items[i].what);
        vp_autofree char *why = vp_escape(live->items[i].why);
        if (why != NULL)
            fprintf(stderr, "virt-profile: cannot set %s of domain '%s': libvirt says: %s\n", what, name,
                    why);
    }
}

json_object *vp_livetune_json(const struct vp_live *live)
{
    json_object *top = vp_json_object();
    json_object *set = vp_json_array();
    json_object *failed = vp_json_array();

    for (size_t i = 0; i < live->n; i++) {
        if (live->items[i].why == NULL) {
            vp_json_append_text(set, live->items[i].what);
            continue;
        }
        json_object *item = vp_json_object();
        vp_json_add_text(item, "what", live->items[i].what);
        vp_json_add_text(item, "why", live->items[i].why);
        vp_json_append(failed, item);
    }
    vp_json_add(top, "set", set);
    vp_json_add(top, "failed", failed);
    vp_json_add_count(top, "again", live->again);
    return top;
}
