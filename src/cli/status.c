/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "escape.h"
#include "size.h"
#include "text.h"

void vp_statuses_done(struct vp_statuses *statuses)
{
    for (size_t i = 0; i < statuses->n; i++)
        vp_verify_done(&statuses->items[i].verify);
    free(statuses->items);
    vp_entries_done(&statuses->off);
    *statuses = (struct vp_statuses){0};
}

static struct vp_status *add(struct vp_statuses *statuses, const struct vp_entry *entry, const char *state)
{
    vp_grow(&statuses->items, statuses->n, &statuses->cap, sizeof(statuses->items[0]));
    struct vp_status *status = &statuses->items[statuses->n++];
    *status = (struct vp_status){.entry = entry, .state = state};
    return status;
}

static bool is_asked_for(const char *who, const char *name, const char *uuid)
{
    return who == NULL || strcmp(who, name) == 0 || strcmp(who, uuid) == 0;
}

static bool is_tunable(const struct vp_status *status)
{
    return status->entry->profile != NULL &&
           strcmp(status->state, vp_entry_state_names[VP_ENTRY_RUNNING]) == 0;
}

/* One that ends meanwhile, or that another libvirt runs, is left as the ledger has it. */
static void look_at(struct vp_tuning *tuning, struct vp_status *status)
{
    vp_autoguest guest = NULL;
    vp_autoerror error = NULL;
    int r = vp_guest_find(tuning->conn, status->entry->uuid, &guest, &error);

    if (r == 0)
        r = vp_tuning_verify(tuning, guest, status->entry, &status->verify, &error);
    if (r == 0)
        status->tuning = vp_tuning_state(&status->verify);
    else if (r != -ESRCH && guest != NULL)
        (void)vp_cli_report(error);
}

/* The entry of a domain that is off: what its definition says of its place. */
static int read_off(struct vp_tuning *tuning, const struct vp_guest *guest, struct vp_entry **ret_entry,
                    bool *ret_stale, struct vp_error **err)
{
    vp_autofree char *profile = NULL;
    vp_autofree char *text = NULL;
    vp_autodomain domain = NULL;
    int r = vp_tuning_stale(tuning, guest, &profile, ret_stale, err);

    *ret_entry = NULL;
    if (r < 0 || profile == NULL)
        return r;
    r = vp_guest_peek(guest, &text, err);
    if (r == 0)
        r = vp_domain_parse(text, strlen(text), vp_guest_name(guest), &domain, err);
    if (r < 0)
        return r;
    *ret_entry = vp_entry_from_domain(domain);
    (*ret_entry)->profile = vp_take(&profile);
    (*ret_entry)->since = 0;
    return 0;
}

static int add_off(struct vp_tuning *tuning, const char *who, struct vp_statuses *statuses,
                   struct vp_error **err)
{
    VP_CLEANUP(vp_guests_free_ptr) struct vp_guest **guests = NULL;
    const int r = vp_guest_off(tuning->conn, &guests, err);

    for (size_t i = 0; r == 0 && guests[i] != NULL; i++) {
        vp_autoerror error = NULL;
        struct vp_entries *off = &statuses->off;
        struct vp_entry *entry = NULL;
        bool stale = false;
        if (!is_asked_for(who, vp_guest_name(guests[i]), vp_guest_uuid(guests[i])))
            continue;
        if (read_off(tuning, guests[i], &entry, &stale, &error) < 0)
            (void)vp_cli_report(error);
        if (entry == NULL)
            continue;
        vp_grow(&off->items, off->n, &off->cap, sizeof(off->items[0]));
        off->items[off->n++] = entry;
        add(statuses, entry, "off")->tuning = stale ? "stale" : NULL;
    }
    return r;
}

static int ask_libvirt(struct vp_cli *cli, const char *who, struct vp_statuses *statuses,
                       struct vp_error **err)
{
    VP_CLEANUP(vp_tuning_done) struct vp_tuning tuning = {0};
    const int r = vp_tuning_open(cli, &tuning, err);

    for (size_t i = 0; r == 0 && i < statuses->n; i++)
        if (is_tunable(&statuses->items[i]))
            look_at(&tuning, &statuses->items[i]);
    return r == 0 && (cli->all || (who != NULL && statuses->n == 0)) ? add_off(&tuning, who, statuses, err)
                                                                     : r;
}

int vp_statuses_read(struct vp_cli *cli, const struct vp_entries *entries, const char *who,
                     struct vp_statuses *ret_statuses, struct vp_error **err)
{
    VP_CLEANUP(vp_statuses_done) struct vp_statuses statuses = {0};
    const bool must = cli->all || cli->connect != NULL;
    vp_autoerror error = NULL;
    bool some = who != NULL;

    for (size_t i = 0; i < entries->n; i++) {
        const struct vp_entry *entry = entries->items[i];
        if (!is_asked_for(who, entry->name, entry->uuid))
            continue;
        const struct vp_status *status = add(&statuses, entry, vp_running_state(cli, entry));
        some = some || is_tunable(status);
    }
    if (must || (some && cli->root->live)) {
        const int r = ask_libvirt(cli, who, &statuses, &error);
        if (r < 0 && must) {
            if (err != NULL)
                *err = vp_take(&error);
            return r;
        }
        vp_autofree char *text = r < 0 ? vp_escape(error->message) : NULL;
        if (r < 0)
            fprintf(stderr, "virt-profile: it is not known whether settings hold: %s\n", text);
    }
    *ret_statuses = statuses;
    statuses = (struct vp_statuses){0};
    return 0;
}

char *vp_status_text(const struct vp_status *status)
{
    if (vp_same(status->state, "off"))
        return vp_asprintf("off%s", status->tuning != NULL ? ", stale" : "");
    return vp_strdup(status->tuning != NULL ? status->tuning : status->state);
}

size_t vp_status_pending(const struct vp_status *status)
{
    return status->tuning != NULL ? vp_checks_count(&status->verify.checks, VP_HOLD_PENDING)
                                  : vp_running_pending(status->entry);
}

json_object *vp_status_json(const struct vp_status *status, const struct vp_topology *topology)
{
    return vp_running_json(status->entry, topology, status->state, status->tuning);
}

char *vp_status_time(const struct vp_cli *cli, uint64_t seconds)
{
    const bool pretty = vp_cli_pretty(cli);
    const time_t when = (time_t)seconds;
    char text[64];
    struct tm tm;

    if (seconds == 0 || (pretty ? localtime_r(&when, &tm) : gmtime_r(&when, &tm)) == NULL ||
        strftime(text, sizeof(text), pretty ? "%Y-%m-%d %H:%M" : "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return NULL;
    return vp_strdup(text);
}

char *vp_status_memory(const struct vp_entry *entry)
{
    const uint64_t kib = vp_running_kib(entry);
    return kib > 0 ? vp_size_format(kib * 1024) : NULL;
}

const char *vp_status_color(const struct vp_status *status)
{
    static const struct {
        const char *text, *color;
    } colors[] = {
        {"running", "green"}, {"tuned", "green"}, {"gone", "red"}, {"drifted", "red"}, {"off", "darkgray"},
    };
    const char *text = status->tuning != NULL ? status->tuning : status->state;

    for (size_t i = 0; i < VP_ARRAY_SIZE(colors); i++)
        if (vp_same(text, colors[i].text))
            return colors[i].color;
    return "brown";
}
