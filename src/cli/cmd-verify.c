/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "livetune.h"
#include "reconcile.h"
#include "table.h"
#include "tuning.h"

/* What one run has seen so far. */
struct run {
    struct vp_tuning tuning;
    struct vp_table *table;
    json_object *array;
    size_t guests; /* that have a profile */
    enum vp_exit status;
};

static void run_done(struct run *run)
{
    vp_table_free(run->table);
    json_object_put(run->array);
    vp_tuning_done(&run->tuning);
}

static void print(const struct run *run, const struct vp_guest *guest, const struct vp_verify *verify)
{
    static const char *const colors[VP_HOLD_N_] = {[VP_HOLD_OK] = "green",
                                                   [VP_HOLD_DIFFERS] = "red",
                                                   [VP_HOLD_PENDING] = "brown",
                                                   [VP_HOLD_ABSENT] = "darkgray"};

    for (size_t i = 0; i < verify->checks.n; i++) {
        const struct vp_check *check = &verify->checks.items[i];
        vp_table_row(run->table);
        vp_table_cell(run->table, NULL, vp_guest_name(guest));
        vp_table_cell(run->table, colors[check->hold], vp_hold_names[check->hold]);
        vp_table_cell(run->table, NULL, check->knob);
        vp_table_cell(run->table, NULL, check->what);
        vp_table_cell(run->table, NULL, check->wanted);
        vp_table_cell(run->table, check->hold == VP_HOLD_DIFFERS ? "red" : NULL, check->effective);
        vp_table_cell(run->table, "darkgray", check->where);
    }
}

static json_object *guest_json(const struct vp_guest *guest, const struct vp_verify *verify)
{
    json_object *object = vp_json_object();

    vp_json_add_text(object, "name", vp_guest_name(guest));
    vp_json_add_text(object, "uuid", vp_guest_uuid(guest));
    vp_json_add_text(object, "profile", verify->profile);
    vp_json_add_text(object, "state", vp_tuning_state(verify));
    vp_json_add(object, "checks", vp_tuning_json(&verify->checks));
    return object;
}

static int verify_one(struct run *run, const struct vp_guest *guest, struct vp_error **err)
{
    VP_CLEANUP(vp_verify_done) struct vp_verify verify = {0};
    vp_autoentry entry = NULL;
    int r = vp_livetune_entry(run->tuning.cli, guest, &entry, err);

    if (r == 0)
        r = vp_tuning_verify(&run->tuning, guest, entry, &verify, err);
    if (r < 0 || verify.profile == NULL)
        return r;
    run->guests++;
    print(run, guest, &verify);
    vp_json_append(run->array, guest_json(guest, &verify));
    if (vp_checks_count(&verify.checks, VP_HOLD_DIFFERS) > 0)
        run->status = VP_EXIT_FAILED;
    return 0;
}

static int verify_named(struct run *run, const char *who, struct vp_error **err)
{
    vp_autoguest guest = NULL;
    int r = vp_guest_find(run->tuning.conn, who, &guest, err);

    if (r == 0)
        r = verify_one(run, guest, err);
    if (r == 0 && run->guests == 0)
        return vp_fail(err, ENOENT, "domain '%s' has no profile; give it one with 'virt-profile assign'",
                       who);
    return r;
}

/* One that ends meanwhile holds nothing any more; one that fails does not keep the others from it. */
static int verify_all(struct run *run, struct vp_error **err)
{
    VP_CLEANUP(vp_guests_free_ptr) struct vp_guest **guests = NULL;
    const int r = vp_guest_running(run->tuning.conn, &guests, err);

    for (size_t i = 0; r == 0 && guests[i] != NULL; i++) {
        vp_autoerror error = NULL;
        const int one = verify_one(run, guests[i], &error);
        if (one == 0 || one == -ESRCH)
            continue;
        (void)vp_cli_report(error);
        run->status = VP_EXIT_FAILED;
    }
    return r;
}

int vp_cmd_verify(struct vp_cli *cli, struct vp_error **err)
{
    static const struct vp_column columns[] = {
        {"NAME", VP_COLUMN_WHOLE, false},     {"VERDICT", VP_COLUMN_WHOLE, false},
        {"KNOB", VP_COLUMN_WRAP, false},      {"WHAT", VP_COLUMN_WRAP, false},
        {"WANTED", VP_COLUMN_WRAP, false},    {"EFFECTIVE", VP_COLUMN_WRAP, false},
        {"READ FROM", VP_COLUMN_WRAP, false},
    };
    VP_CLEANUP(run_done) struct run run = {.array = vp_json_array()};
    int r = vp_tuning_open(cli, &run.tuning, err);

    if (r < 0)
        return r;
    vp_host_wait(cli->root, VP_HOST_SETTLES);
    run.table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));
    r = cli->n_args > 0 ? verify_named(&run, cli->args[0], err) : verify_all(&run, err);
    if (r < 0)
        return r;
    if (cli->json)
        vp_json_print(run.array);
    else if (run.guests == 0 && vp_cli_pretty(cli))
        puts("No guest with a profile runs here.");
    else
        vp_table_print(run.table);
    return (int)run.status;
}
