/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <stdio.h>

#include "doctor/doctor.h"
#include "json.h"
#include "table.h"

/* Columns of a terminal that has room for where things were found in a column of its own. */
#define WIDE_COLUMNS 150

/* @below: the place stands below what was found, and only where it matters */
static void add_row(struct vp_table *table, const struct vp_check *check, const struct vp_finding *finding,
                    bool below)
{
    static const char *const colors[VP_DIAGNOSIS_N_] = {
        [VP_DIAGNOSIS_OK] = "green",    [VP_DIAGNOSIS_NOTE] = "cyan",       [VP_DIAGNOSIS_WARNING] = "brown",
        [VP_DIAGNOSIS_PROBLEM] = "red", [VP_DIAGNOSIS_UNKNOWN] = "magenta",
    };

    vp_table_row(table);
    vp_table_cell(table, colors[finding->verdict], vp_diagnosis_names[finding->verdict]);
    vp_table_cell(table, "bold", check->name);
    vp_table_cell(table, NULL, finding->found);
    if (!below)
        vp_table_cell(table, "darkgray", finding->where);
    else if (finding->where != NULL && finding->verdict != VP_DIAGNOSIS_OK)
        vp_table_below(table, finding->where);
    vp_table_cell(table, NULL, finding->remedy);
}

static json_object *finding_json(const struct vp_check *check, const struct vp_finding *finding)
{
    json_object *object = vp_json_object();

    vp_json_add_text(object, "check", check->name);
    vp_json_add_text(object, "about", check->about);
    vp_json_add_text(object, "verdict", vp_diagnosis_names[finding->verdict]);
    vp_json_add_text(object, "found", finding->found);
    vp_json_add_text(object, "where", finding->where);
    vp_json_add_text(object, "remedy", finding->remedy);
    return object;
}

/* Run all checks. Returns how many problems there are. */
static size_t run_all(const struct vp_cli *cli, struct vp_doctor *doctor, struct vp_table *table,
                      json_object *array, bool below)
{
    size_t problems = 0;

    for (size_t area = 0; vp_check_areas[area] != NULL; area++)
        for (const struct vp_check *check = vp_check_areas[area]; check->name != NULL; check++) {
            VP_CLEANUP(vp_finding_done) struct vp_finding finding = {0};
            vp_check_run(check, doctor, &finding);
            problems += finding.verdict == VP_DIAGNOSIS_PROBLEM;
            if (cli->json)
                vp_json_append(array, finding_json(check, &finding));
            else
                add_row(table, check, &finding, below);
        }
    return problems;
}

int vp_cmd_doctor(struct vp_cli *cli, struct vp_error **err)
{
    static const struct vp_column wide[] = {
        {"VERDICT", VP_COLUMN_WHOLE, false}, {"CHECK", VP_COLUMN_WHOLE, false},
        {"FOUND", VP_COLUMN_WRAP, false},    {"WHERE", VP_COLUMN_WRAP, false},
        {"REMEDY", VP_COLUMN_WRAP, false},
    };
    static const struct vp_column narrow[] = {
        {"VERDICT", VP_COLUMN_WHOLE, false},
        {"CHECK", VP_COLUMN_WHOLE, false},
        {"FOUND, WHERE", VP_COLUMN_WRAP, false},
        {"REMEDY", VP_COLUMN_WRAP, false},
    };
    const bool below = vp_cli_pretty(cli) && vp_table_width() < WIDE_COLUMNS;
    VP_CLEANUP(vp_doctor_done) struct vp_doctor doctor = {0};
    vp_autotable table =
        vp_table_new(cli, below ? narrow : wide, below ? VP_ARRAY_SIZE(narrow) : VP_ARRAY_SIZE(wide));
    vp_autojson array = vp_json_array();
    vp_autoerror conf_error = NULL;
    const struct vp_conf *conf = NULL;
    struct vp_engine engine;
    const int r = vp_cli_engine(cli, &engine, err);

    if (r < 0)
        return r;
    if (vp_cli_conf(cli, &conf, &conf_error) == 0)
        doctor.conf = conf;
    doctor.conf_error = conf_error;
    doctor.root = cli->root;
    doctor.host = engine.host;
    doctor.dirs = engine.profiles.dirs;
    const size_t problems = run_all(cli, &doctor, table, array, below);
    if (cli->json)
        vp_json_print(array);
    else
        vp_table_print(table);
    return problems > 0 ? VP_EXIT_FAILED : VP_EXIT_OK;
}
