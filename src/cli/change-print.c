/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change-print.h"

#include <stdio.h>

#include "escape.h"

static void print_later(const struct vp_change *change, const char *name, size_t n, const char *when)
{
    const char *verb =
        change->undone ? (n == 1 ? "is undone" : "are undone") : (n == 1 ? "takes effect" : "take effect");

    if (n > 0)
        printf("%zu setting%s %s at the next cold start of '%s'%s\n", n, n == 1 ? "" : "s", verb, name, when);
}

void vp_change_print(const struct vp_cli *cli, const struct vp_change *change)
{
    vp_autofree char *name = vp_escape(vp_guest_name(change->guest));
    vp_autofree char *profile = vp_escape(change->profile);

    if (cli->verbose && change->profile != NULL)
        printf("'%s' has profile %s; its definition was %s\n", name, profile,
               change->changed ? "changed" : "up to date already");
    else if (cli->verbose)
        printf("'%s' has no profile; %s\n", name,
               change->changed ? "its original definition is back" : "nothing was to be taken out");
    if (change->state == VP_GUEST_SAVED && change->cold + change->restart > 0)
        printf("'%s' has a saved state: its next start is a restore, not a cold start\n", name);
    print_later(change, name, change->cold, "");
    print_later(change, name, change->restart, ", or when it is restored or migrated");
    for (size_t i = 0; cli->verbose && i < change->pending.n; i++) {
        vp_autofree char *text = vp_escape(change->pending.items[i].text);
        printf("  %s\n", text);
    }
}

json_object *vp_change_json(const struct vp_change *change)
{
    static const char *const states[VP_GUEST_STATE_N_] = {"off", "running", "saved"};
    json_object *top = vp_json_object();
    json_object *domain = vp_json_object();
    json_object *pending = vp_json_array();

    vp_json_add_text(domain, "name", vp_guest_name(change->guest));
    vp_json_add_text(domain, "uuid", vp_guest_uuid(change->guest));
    vp_json_add(top, "domain", domain);
    vp_json_add_text(top, "profile", change->profile);
    vp_json_add_bool(top, "changed", change->changed);
    vp_json_add_text(top, "state", states[change->state]);
    vp_json_add_count(top, "pending_cold_start", change->cold);
    vp_json_add_count(top, "pending_restart", change->restart);
    for (size_t i = 0; i < change->pending.n; i++)
        vp_json_append_text(pending, change->pending.items[i].text);
    vp_json_add(top, "pending", pending);
    return top;
}
