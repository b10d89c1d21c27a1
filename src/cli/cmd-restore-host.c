/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "reconcile.h"
#include "file.h"
#include "running.h"
#include "scope.h"
#include "strbuf.h"
#include "table.h"
#include "topocache.h"

/* Names that a refusal lists. */
#define NAMES_LISTED 5

static const char *const outcome_names[VP_OUTCOME_N_] = {
    [VP_OUTCOME_SET] = "set",         [VP_OUTCOME_RESTORED] = "restored", [VP_OUTCOME_KEPT] = "kept",
    [VP_OUTCOME_FOREIGN] = "foreign", [VP_OUTCOME_ABSENT] = "absent",     [VP_OUTCOME_FAILED] = "failed",
};

/* Did the hook ever do anything since boot? Without a trace of it there is nothing to lock either. */
static bool has_traces(const struct vp_root *root)
{
    const int fd = vp_root_openat(root, "/run/virt-profile", O_PATH | O_DIRECTORY);

    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

/* The ledger, locked, and who is in it and not dead. */
static int open_ledger(struct vp_cli *cli, const struct vp_topology *topology, struct vp_ledger **ret_ledger,
                       struct vp_entries *ret_entries, struct vp_error **err)
{
    vp_autoledger ledger = NULL;
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    int r = vp_ledger_open(cli->root, topology, true, vp_running_say, NULL, &ledger, err);

    if (r == 0)
        r = vp_ledger_lock(ledger, err);
    if (r == 0)
        r = vp_ledger_read(ledger, &entries, err);
    if (r == 0)
        r = vp_ledger_reap(ledger, &entries, err);
    if (r < 0)
        return r;
    *ret_ledger = vp_take(&ledger);
    *ret_entries = entries;
    entries = (struct vp_entries){0};
    return 0;
}

/* Guests without a profile were promised nothing. */
static int check_guests(const struct vp_cli *cli, const struct vp_entries *entries, struct vp_error **err)
{
    struct vp_strbuf names = {0};
    size_t n = 0;

    for (size_t i = 0; i < entries->n; i++) {
        if (entries->items[i]->profile == NULL || n++ >= NAMES_LISTED)
            continue;
        vp_strbuf_join(&names, ", ", entries->items[i]->name);
    }
    vp_autofree char *list = vp_strbuf_take(&names);
    if (n == 0 || cli->force)
        return 0;
    return vp_fail(
        err, EBUSY,
        "%zu guest%s with a profile %s here (%s%s) and would lose what the host does for %s; stop %s, or "
        "say --force",
        n, n == 1 ? "" : "s", n == 1 ? "runs" : "run", list, n > NAMES_LISTED ? ", …" : "",
        n == 1 ? "it" : "them", n == 1 ? "it" : "them");
}

static int restore(struct vp_cli *cli, struct vp_host *host, struct vp_happenings *ret_happenings,
                   struct vp_error **err)
{
    VP_CLEANUP(vp_close_fd) int lock = -1;
    vp_autotopology topology = NULL;
    vp_autoledger ledger = NULL;
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    const struct vp_wishes none = {0};
    int r = vp_host_lock(cli->root, &lock, err);

    if (r == 0)
        r = vp_topocache_read(cli->root, host, &topology, err);
    if (r == 0)
        r = open_ledger(cli, topology, &ledger, &entries, err);
    if (r == 0)
        r = check_guests(cli, &entries, err);
    if (r == 0)
        r = vp_scope_sweep(cli->root, &entries, err);
    return r < 0 ? r : vp_reconcile(cli->root, &none, ret_happenings, err);
}

static void print_text(const struct vp_cli *cli, const struct vp_happenings *happenings)
{
    static const struct vp_column columns[] = {
        {"OUTCOME", VP_COLUMN_WHOLE, false},
        {"WHAT", VP_COLUMN_WRAP, false},
        {"WHY", VP_COLUMN_WRAP, false},
    };
    static const char *const colors[VP_OUTCOME_N_] = {
        [VP_OUTCOME_RESTORED] = "green", [VP_OUTCOME_KEPT] = "brown", [VP_OUTCOME_FAILED] = "red"};
    vp_autotable table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));

    if (happenings->n == 0 && vp_cli_pretty(cli))
        puts("There was nothing to restore.");
    for (size_t i = 0; i < happenings->n; i++) {
        const struct vp_happening *happening = &happenings->items[i];
        vp_table_row(table);
        vp_table_cell(table, colors[happening->outcome], outcome_names[happening->outcome]);
        vp_table_cell(table, NULL, happening->what);
        vp_table_cell(table, NULL, happening->why);
    }
    vp_table_print(table);
}

static void print_json(const struct vp_happenings *happenings)
{
    vp_autojson array = vp_json_array();

    for (size_t i = 0; i < happenings->n; i++) {
        json_object *object = vp_json_object();
        vp_json_add_text(object, "outcome", outcome_names[happenings->items[i].outcome]);
        vp_json_add_text(object, "what", happenings->items[i].what);
        vp_json_add_text(object, "why", happenings->items[i].why);
        vp_json_append(array, object);
    }
    vp_json_print(array);
}

int vp_cmd_restore_host(struct vp_cli *cli, struct vp_error **err)
{
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
    struct vp_engine engine;
    enum vp_exit status = VP_EXIT_OK;
    int r = vp_cli_engine(cli, &engine, err);

    if (r == 0 && has_traces(cli->root))
        r = restore(cli, engine.host, &happenings, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < happenings.n; i++)
        if (happenings.items[i].outcome == VP_OUTCOME_FAILED)
            status = VP_EXIT_FAILED;
    if (cli->json)
        print_json(&happenings);
    else
        print_text(cli, &happenings);
    return (int)status;
}
