/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "escape.h"
#include "json.h"
#include "strbuf.h"
#include "table.h"

/* One profile by name, whether it can be read or not. */
struct entry {
    const char *name;           /* borrowed */
    struct vp_profile *profile; /* owned; NULL when broken */
    struct vp_error *error;     /* owned; why */
    char *files[8];             /* owned; the one that counts, then those it shadows; NULL-terminated */
};

static void entry_done(struct entry *entry)
{
    vp_profile_free(entry->profile);
    vp_error_free(entry->error);
    for (size_t i = 0; entry->files[i] != NULL; i++)
        free(entry->files[i]);
}

static void find_files(const struct vp_profile_dirs *where, struct entry *entry)
{
    size_t n = 0;

    for (size_t i = 0; where->dirs[i] != NULL && n + 1 < VP_ARRAY_SIZE(entry->files); i++) {
        vp_autofree char *path = vp_asprintf("%s/%s.profile", where->dirs[i], entry->name);
        int fd = vp_root_openat(where->root, path, O_PATH);
        if (fd < 0)
            continue;
        (void)close(fd);
        entry->files[n++] = vp_take(&path);
    }
}

static json_object *entry_json(const struct entry *entry)
{
    const struct vp_profile *profile = entry->profile;
    json_object *object = vp_json_object();
    json_object *shadows = vp_json_array();

    for (size_t i = 1; entry->files[0] != NULL && entry->files[i] != NULL; i++)
        vp_json_append_text(shadows, entry->files[i]);
    vp_json_add_text(object, "name", entry->name);
    vp_json_add_text(object, "summary", profile != NULL ? profile->summary : NULL);
    vp_json_add_text(object, "file", entry->files[0]);
    vp_json_add_text(object, "extends", profile != NULL ? profile->extends : NULL);
    if (profile != NULL)
        vp_json_add_count(object, "settings", profile->n);
    else
        vp_json_add(object, "settings", NULL);
    vp_json_add(object, "shadows", shadows);
    vp_json_add_text(object, "error", entry->error != NULL ? entry->error->message : NULL);
    return object;
}

static void entry_row(struct vp_table *table, const struct entry *entry)
{
    struct vp_strbuf shadows = {0};

    for (size_t i = 1; entry->files[0] != NULL && entry->files[i] != NULL; i++)
        vp_strbuf_join(&shadows, " ", entry->files[i]);
    vp_autofree char *shadowed = vp_strbuf_take(&shadows);
    vp_table_row(table);
    vp_table_cell(table, entry->profile != NULL ? "bold" : "red", entry->name);
    if (entry->profile != NULL)
        vp_table_cellf(table, NULL, "%zu", entry->profile->n);
    else
        vp_table_cell(table, "red", "broken");
    vp_table_cell(table, NULL, entry->profile != NULL ? entry->profile->summary : entry->error->message);
    vp_table_cell(table, NULL, entry->files[0]);
    vp_table_cell(table, "brown", shadowed[0] != '\0' ? shadowed : NULL);
}

static void say_none(const struct vp_profile_dirs *where)
{
    struct vp_strbuf dirs = {0};

    for (size_t i = 0; where->dirs[i] != NULL; i++)
        vp_strbuf_join(&dirs, ", ", where->dirs[i]);
    vp_autofree char *joined = vp_strbuf_take(&dirs);
    vp_autofree char *text = vp_escape(joined);
    fprintf(stderr, "virt-profile: there are no profiles in %s\n", text);
}

int vp_cmd_list(struct vp_cli *cli, struct vp_error **err)
{
    struct vp_column columns[] = {
        {"NAME", VP_COLUMN_WHOLE, false},   {"SETTINGS", VP_COLUMN_WHOLE, true},
        {"SUMMARY", VP_COLUMN_WRAP, false}, {"FILE", VP_COLUMN_WRAP, false},
        {NULL, VP_COLUMN_WRAP, false},
    };
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    vp_autotable table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));
    vp_autojson array = vp_json_array();
    struct vp_profile_dirs where;
    enum vp_exit status = VP_EXIT_OK;
    int r;

    r = vp_cli_dirs(cli, &where, err);
    if (r < 0)
        return r;
    r = vp_profile_list(&where, &names, err);
    if (r < 0)
        return r;
    for (size_t i = 0; names[i] != NULL; i++) {
        VP_CLEANUP(entry_done) struct entry entry = {.name = names[i]};
        find_files(&where, &entry);
        r = vp_profile_load(&where, vp_registry_builtin(), names[i], &entry.profile, &entry.error);
        if (r < 0)
            status = vp_cli_exit(r);
        vp_json_append(array, entry_json(&entry));
        entry_row(table, &entry);
        if (entry.files[0] != NULL && entry.files[1] != NULL)
            columns[VP_ARRAY_SIZE(columns) - 1].name = "SHADOWS";
    }
    if (names[0] == NULL)
        say_none(&where);
    if (cli->json)
        vp_json_print(array);
    else
        vp_table_print(table);
    return (int)status;
}
