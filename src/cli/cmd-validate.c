/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <unistd.h>

#include "json.h"
#include "table.h"

static json_object *file_json(const char *file, const struct vp_profile *profile,
                              const struct vp_error *error)
{
    json_object *object = vp_json_object();

    vp_json_add_text(object, "file", file);
    vp_json_add_bool(object, "valid", error == NULL);
    if (profile != NULL)
        vp_json_add_count(object, "settings", profile->n);
    else
        vp_json_add(object, "settings", NULL);
    vp_json_add_text(object, "error", error != NULL ? error->message : NULL);
    return object;
}

/* A profile that extends one that is not there is invalid: only the file itself can be what was not found. */
static enum vp_exit status_of(const char *file, int r)
{
    enum vp_exit status = vp_cli_exit(r);

    return status == VP_EXIT_NOT_FOUND && access(file, F_OK) == 0 ? VP_EXIT_INVALID : status;
}

/* Of all files: invalid input counts most. */
static enum vp_exit worse_of(enum vp_exit a, enum vp_exit b)
{
    if (a == VP_EXIT_INVALID || b == VP_EXIT_INVALID)
        return VP_EXIT_INVALID;
    return a != VP_EXIT_OK ? a : b;
}

int vp_cmd_validate(struct vp_cli *cli, struct vp_error **err)
{
    static const struct vp_column columns[] = {
        {"FILE", VP_COLUMN_WHOLE, false},
        {"RESULT", VP_COLUMN_WHOLE, false},
        {"SETTINGS", VP_COLUMN_WHOLE, true},
    };
    vp_autotable table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));
    vp_autojson array = vp_json_array();
    struct vp_profile_dirs where;
    enum vp_exit worst = VP_EXIT_OK;
    int r;

    r = vp_cli_dirs(cli, &where, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < cli->n_args; i++) {
        VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *profile = NULL;
        vp_autoerror error = NULL;
        r = vp_profile_load_file(&where, vp_registry_builtin(), cli->args[i], &profile, &error);
        worst = worse_of(worst, status_of(cli->args[i], r));
        if (error != NULL && !cli->json)
            (void)vp_cli_report(error);
        vp_json_append(array, file_json(cli->args[i], profile, error));
        vp_table_row(table);
        vp_table_cell(table, NULL, cli->args[i]);
        vp_table_cell(table, profile != NULL ? "green" : "red", profile != NULL ? "valid" : "invalid");
        if (profile != NULL)
            vp_table_cellf(table, NULL, "%zu", profile->n);
        else
            vp_table_cell(table, NULL, NULL);
    }
    if (cli->json)
        vp_json_print(array);
    else
        vp_table_print(table);
    return (int)worst;
}
