/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <string.h>
#include <unistd.h>

#include "json.h"
#include "table.h"

/* What became of one file. */
struct verdict {
    size_t settings;
    struct vp_error *error; /* owned; NULL: it is valid */
};

static void verdict_done(struct verdict *verdict)
{
    vp_error_free(verdict->error);
}

static int check_profile(const struct vp_profile_dirs *where, const char *file, struct verdict *verdict)
{
    VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *profile = NULL;
    const int r = vp_profile_load_file(where, vp_registry_builtin(), file, &profile, &verdict->error);

    if (r == 0)
        verdict->settings = profile->n;
    return r;
}

/* The profiles that domains get by default have to be there. */
static int check_defaults(const struct vp_profile_dirs *where, const struct vp_conf *conf,
                          struct vp_error **err)
{
    for (size_t i = 0; i < conf->n_defaults; i++) {
        const struct vp_conf_default *it = &conf->defaults[i];
        VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *profile = NULL;
        if (strcmp(it->profile, VP_PROFILE_NONE) == 0)
            continue;
        if (vp_profile_load(where, vp_registry_builtin(), it->profile, &profile, err) < 0)
            return vp_prefix(err, "%s", it->origin);
    }
    return 0;
}

static int check_conf(const struct vp_profile_dirs *where, const char *file, struct verdict *verdict)
{
    VP_CLEANUP(vp_conf_done) struct vp_conf conf = {0};
    vp_autofree char *text = NULL;
    size_t len = 0;
    int r = vp_cli_read(file, VP_CONF_MAX, &text, &len, &verdict->error);

    if (r == 0)
        r = vp_conf_parse(text, len, file, &conf, &verdict->error);
    if (r == 0)
        r = check_defaults(where, &conf, &verdict->error);
    if (r == 0)
        verdict->settings = conf.n;
    return r;
}

static bool is_conf(const char *file)
{
    static const char suffix[] = ".conf";
    const size_t n = strlen(file);

    return n >= strlen(suffix) && strcmp(file + n - strlen(suffix), suffix) == 0;
}

static json_object *file_json(const char *file, const struct verdict *verdict)
{
    json_object *object = vp_json_object();

    vp_json_add_text(object, "file", file);
    vp_json_add_bool(object, "valid", verdict->error == NULL);
    if (verdict->error == NULL)
        vp_json_add_count(object, "settings", verdict->settings);
    else
        vp_json_add(object, "settings", NULL);
    vp_json_add_text(object, "error", verdict->error != NULL ? verdict->error->message : NULL);
    return object;
}

static void file_row(struct vp_table *table, const char *file, const struct verdict *verdict)
{
    const bool valid = verdict->error == NULL;

    vp_table_row(table);
    vp_table_cell(table, NULL, file);
    vp_table_cell(table, valid ? "green" : "red", valid ? "valid" : "invalid");
    if (valid)
        vp_table_cellf(table, NULL, "%zu", verdict->settings);
    else
        vp_table_cell(table, NULL, NULL);
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
        const char *file = cli->args[i];
        VP_CLEANUP(verdict_done) struct verdict verdict = {0};
        r = is_conf(file) ? check_conf(&where, file, &verdict) : check_profile(&where, file, &verdict);
        worst = worse_of(worst, status_of(file, r));
        if (verdict.error != NULL && !cli->json)
            (void)vp_cli_report(verdict.error);
        vp_json_append(array, file_json(file, &verdict));
        file_row(table, file, &verdict);
    }
    if (cli->json)
        vp_json_print(array);
    else
        vp_table_print(table);
    return (int)worst;
}
