/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "man.h"
#include "table.h"

#define WIDE_COLUMNS 100

/* The knob itself, all of them (no name), or those of a section. */
static bool chosen(const struct vp_knob *knob, const char *name)
{
    size_t n = name != NULL ? strlen(name) : 0;

    return name == NULL || strcmp(knob->name, name) == 0 ||
           (strncmp(knob->name, name, n) == 0 && knob->name[n] == '.');
}

static json_object *knob_json(const struct vp_knob *knob)
{
    json_object *object = vp_json_object();
    vp_autofree char *accepts = vp_knob_accepts(knob);

    vp_json_add_text(object, "name", knob->name);
    vp_json_add_text(object, "type", vp_type_names[knob->type]);
    vp_json_add_text(object, "accepts", accepts);
    vp_json_add_text(object, "effect", vp_effect_names[knob->effect]);
    vp_json_add_text(object, "unit", knob->unit);
    vp_json_add_text(object, "doc", knob->doc);
    if (knob->choices != NULL) {
        json_object *choices = vp_json_array();
        for (size_t i = 0; knob->choices[i] != NULL; i++)
            vp_json_append_text(choices, knob->choices[i]);
        vp_json_add(object, "choices", choices);
    } else {
        vp_json_add(object, "choices", NULL);
    }
    return object;
}

static void print_one(const struct vp_knob *knob)
{
    vp_autofree char *accepts = vp_knob_accepts(knob);

    printf("%s\n  type     %s\n  accepts  %s\n  effect   %s\n", knob->name, vp_type_names[knob->type],
           accepts, vp_effect_names[knob->effect]);
    /* Wrapped at 78 columns. */
    fputs("\n ", stdout);
    size_t used = 1;
    for (const char *word = knob->doc; *word != '\0';) {
        size_t n = strcspn(word, " ");
        if (used + 1 + n > 78) {
            fputs("\n ", stdout);
            used = 1;
        }
        printf(" %.*s", (int)n, word);
        used += 1 + n;
        word += n + strspn(word + n, " ");
    }
    puts("");
}

static void print_table(const struct vp_cli *cli, const struct vp_registry *registry, const char *name)
{
    /* What it accepts tells the type too, where there is no room for both. */
    const char *type = vp_table_width() < WIDE_COLUMNS ? NULL : "TYPE";
    const struct vp_column columns[] = {
        {"KNOB", VP_COLUMN_WHOLE, false},       {type, VP_COLUMN_WHOLE, false},
        {"ACCEPTS", VP_COLUMN_WRAP, false},     {"EFFECT", VP_COLUMN_WHOLE, false},
        {"DESCRIPTION", VP_COLUMN_WRAP, false},
    };
    vp_autotable table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));

    for (size_t i = 0; i < registry->n; i++) {
        const struct vp_knob *knob = registry->knobs[i];
        if (!chosen(knob, name))
            continue;
        vp_autofree char *accepts = vp_knob_accepts(knob);
        vp_table_row(table);
        vp_table_cell(table, "bold", knob->name);
        vp_table_cell(table, NULL, vp_type_names[knob->type]);
        vp_table_cell(table, NULL, accepts);
        vp_table_cell(table, NULL, vp_effect_names[knob->effect]);
        vp_table_cell(table, NULL, knob->doc);
    }
    vp_table_print(table);
}

int vp_cmd_knobs(struct vp_cli *cli, struct vp_error **err)
{
    const struct vp_registry *registry = vp_registry_builtin();
    const char *name = cli->n_args > 0 ? cli->args[0] : NULL;
    vp_autojson array = vp_json_array();
    const struct vp_knob *one = name != NULL ? vp_registry_find(registry, name) : NULL;

    if (cli->format == VP_FORMAT_MAN) {
        vp_man_knobs(stdout, registry);
        return 0;
    }
    for (size_t i = 0; i < registry->n; i++) {
        if (chosen(registry->knobs[i], name))
            vp_json_append(array, knob_json(registry->knobs[i]));
    }
    if (name != NULL && json_object_array_length(array) == 0) {
        vp_autofree char *hint = vp_registry_hint(registry, name);
        return vp_fail(err, ENOENT, "there is no knob '%s'%s", name, hint);
    }
    if (cli->json)
        vp_json_print(array);
    else if (one != NULL)
        print_one(one);
    else
        print_table(cli, registry, name);
    return 0;
}
