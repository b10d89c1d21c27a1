/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "json.h"
#include "strbuf.h"
#include "table.h"

static int load(const struct vp_profile_dirs *where, const char *name, struct vp_profile **ret_profile,
                struct vp_error **err)
{
    if (strchr(name, '/') != NULL)
        return vp_profile_load_file(where, vp_registry_builtin(), name, ret_profile, err);
    return vp_profile_load(where, vp_registry_builtin(), name, ret_profile, err);
}

/*
 * The profiles it extends, nearest first. A file given by path may extend one that lies beside it, which
 * cannot be found by name: the chain then ends with the name.
 */
static json_object *extends_chain(const struct vp_profile_dirs *where, const struct vp_profile *profile)
{
    json_object *chain = vp_json_array();
    vp_autofree char *next = vp_strdup(profile->extends);

    for (size_t depth = 0; next != NULL && depth < VP_PROFILE_DEPTH; depth++) {
        VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *parent = NULL;
        vp_json_append_text(chain, next);
        if (vp_profile_load(where, vp_registry_builtin(), next, &parent, NULL) < 0)
            break;
        free(next);
        next = vp_strdup(parent->extends);
    }
    return chain;
}

/* "disk.cache", "xml:devices/…" */
static char *setting_name(const struct vp_setting *setting)
{
    return setting->path != NULL ? vp_asprintf("xml:%s", setting->path) : vp_strdup(setting->knob->name);
}

static void print_json(const struct vp_profile *profile, json_object *chain)
{
    vp_autojson top = vp_json_object();
    json_object *settings = vp_json_array();

    vp_json_add_text(top, "name", profile->name);
    vp_json_add_text(top, "summary", profile->summary);
    vp_json_add_text(top, "file", profile->file);
    vp_json_add_text(top, "enforce", vp_enforce_names[profile->enforce]);
    vp_json_add(top, "extends", json_object_get(chain));
    for (size_t i = 0; i < profile->n; i++) {
        const struct vp_setting *setting = &profile->settings[i];
        json_object *object = vp_json_object();
        vp_json_add_text(object, "knob", setting->path == NULL ? setting->knob->name : "xml");
        vp_json_add_text(object, "path", setting->path);
        vp_json_add_text(object, "value", setting->value.text);
        vp_json_add_text(object, "effect",
                         setting->knob != NULL ? vp_effect_names[setting->knob->effect] : NULL);
        vp_json_add_text(object, "origin", setting->origin);
        vp_json_append(settings, object);
    }
    vp_json_add(top, "settings", settings);
    vp_json_print(top);
}

static void print_text(const struct vp_cli *cli, const struct vp_profile *profile, json_object *chain)
{
    static const struct vp_column columns[] = {
        {NULL, VP_COLUMN_WHOLE, false},   {"SETTING", VP_COLUMN_WHOLE, false},
        {"VALUE", VP_COLUMN_WRAP, false}, {"EFFECT", VP_COLUMN_WHOLE, false},
        {"FROM", VP_COLUMN_WRAP, false},
    };
    vp_autotable table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));
    vp_autofree char *summary = vp_escape(profile->summary);
    vp_autofree char *file = vp_escape(profile->file);
    struct vp_strbuf names = {0};

    for (size_t i = 0; i < json_object_array_length(chain); i++)
        vp_strbuf_join(&names, " ", json_object_get_string(json_object_array_get_idx(chain, i)));
    vp_autofree char *joined = vp_strbuf_take(&names);
    vp_autofree char *extends = vp_escape(joined);
    if (vp_cli_pretty(cli))
        printf("%s: %s\nfile %s, enforce %s%s%s\n\n", profile->name, summary, file,
               vp_enforce_names[profile->enforce], extends[0] != '\0' ? ", extends " : "", extends);
    else
        printf("profile\t%s\nsummary\t%s\nfile\t%s\nenforce\t%s\nextends\t%s\n", profile->name, summary, file,
               vp_enforce_names[profile->enforce], extends[0] != '\0' ? extends : "-");
    for (size_t i = 0; i < profile->n; i++) {
        const struct vp_setting *setting = &profile->settings[i];
        vp_autofree char *name = setting_name(setting);
        vp_table_row(table);
        vp_table_cell(table, NULL, "setting");
        vp_table_cell(table, NULL, name);
        vp_table_cell(table, "bold", setting->value.text);
        vp_table_cell(table, NULL, setting->knob != NULL ? vp_effect_names[setting->knob->effect] : NULL);
        vp_table_cell(table, "darkgray", setting->origin);
    }
    vp_table_print(table);
}

int vp_cmd_show(struct vp_cli *cli, struct vp_error **err)
{
    VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *profile = NULL;
    struct vp_profile_dirs where;
    int r;

    r = vp_cli_dirs(cli, &where, err);
    if (r < 0)
        return r;
    r = load(&where, cli->args[0], &profile, err);
    if (r < 0)
        return r;
    vp_autojson chain = extends_chain(&where, profile);
    if (cli->json)
        print_json(profile, chain);
    else
        print_text(cli, profile, chain);
    return 0;
}
