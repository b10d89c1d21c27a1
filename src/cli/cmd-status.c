/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "status.h"
#include "table.h"
#include "topocache.h"

/* Guests without a profile take CPUs and memory too, and are there in a quiet colour. */
static void add_row(struct vp_table *table, const struct vp_cli *cli, const struct vp_status *status,
                    const struct vp_topology *topology)
{
    const struct vp_entry *entry = status->entry;
    const char *quiet = entry->profile == NULL ? "darkgray" : NULL;
    vp_autofree char *state = vp_status_text(status);
    vp_autofree char *cpus = vp_running_cpus(entry);
    vp_autofree char *emulator = entry->placement != NULL ? vp_bitmap_text(entry->placement->emulator) : NULL;
    vp_autofree char *nodes = vp_running_nodes(entry, topology);
    vp_autofree char *memory = vp_status_memory(entry);
    vp_autofree char *pages = vp_running_pages(entry);
    vp_autofree char *since = vp_status_time(cli, entry->since);
    const size_t pending = vp_status_pending(status);

    vp_table_row(table);
    vp_table_cell(table, quiet != NULL ? quiet : "bold", entry->name);
    vp_table_cell(table, quiet, entry->profile);
    vp_table_cell(table, quiet != NULL ? quiet : vp_status_color(status), state);
    vp_table_cell(table, quiet, entry->placement != NULL ? vp_policy_names[entry->placement->policy] : NULL);
    vp_table_cell(table, quiet, cpus);
    vp_table_cell(table, quiet, emulator);
    vp_table_cell(table, quiet, nodes);
    vp_table_cell(table, quiet, memory);
    vp_table_cell(table, quiet, pages);
    vp_table_cell(table, quiet, since);
    vp_table_cellf(table, pending > 0 ? "brown" : quiet, "%zu", pending);
}

static void print_all(const struct vp_cli *cli, const struct vp_statuses *statuses,
                      const struct vp_topology *topology)
{
    static const struct vp_column columns[] = {
        {"NAME", VP_COLUMN_WHOLE, false},   {"PROFILE", VP_COLUMN_WHOLE, false},
        {"STATE", VP_COLUMN_WHOLE, false},  {"POLICY", VP_COLUMN_WHOLE, false},
        {"CPUS", VP_COLUMN_WRAP, false},    {"EMULATOR", VP_COLUMN_WRAP, false},
        {"NODES", VP_COLUMN_WRAP, false},   {"MEMORY", VP_COLUMN_WHOLE, true},
        {"PAGES", VP_COLUMN_WRAP, false},   {"SINCE", VP_COLUMN_WRAP, false},
        {"PENDING", VP_COLUMN_WHOLE, true},
    };
    vp_autotable table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));

    if (statuses->n == 0 && vp_cli_pretty(cli))
        puts(cli->all ? "No guest runs here, as far as the hook was told, and no domain has a profile."
                      : "No guest runs here, as far as the hook was told.");
    for (size_t i = 0; i < statuses->n; i++)
        add_row(table, cli, &statuses->items[i], topology);
    vp_table_print(table);
}

static int print_one(const struct vp_cli *cli, const struct vp_statuses *statuses,
                     const struct vp_topology *topology, const char *who, struct vp_error **err)
{
    if (statuses->n == 0)
        return vp_fail(err, ENOENT, "domain '%s' does not run here, as far as the hook was told", who);
    if (cli->json) {
        vp_autojson object = vp_status_json(&statuses->items[0], topology);
        vp_json_add(object, "checks", vp_tuning_json(&statuses->items[0].verify.checks));
        vp_json_print(object);
        return 0;
    }
    vp_status_print(cli, &statuses->items[0], topology);
    return 0;
}

/* A host without a ledger has no guests, whatever it is like; only libvirt may know some. */
static int read_all(struct vp_cli *cli, struct vp_topology **ret_topology, struct vp_entries *ret_entries,
                    struct vp_error **err)
{
    struct vp_engine engine;
    int r = vp_running_there(cli, err);

    if (r < 0 || (r == 0 && !cli->all && cli->connect == NULL && (cli->n_args == 0 || !cli->root->live)))
        return r;
    r = vp_cli_engine(cli, &engine, err);
    if (r == 0)
        r = vp_topocache_read(cli->root, engine.host, ret_topology, err);
    return r < 0 ? r : vp_running_read(cli, *ret_topology, ret_entries, err);
}

int vp_cmd_status(struct vp_cli *cli, struct vp_error **err)
{
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    VP_CLEANUP(vp_statuses_done) struct vp_statuses statuses = {0};
    vp_autotopology topology = NULL;
    vp_autojson array = vp_json_array();
    const char *who = cli->n_args > 0 ? cli->args[0] : NULL;
    int r;

    if (cli->all && who != NULL)
        return (int)vp_cli_usage(cli, "status wants either a domain or --all");
    r = read_all(cli, &topology, &entries, err);
    if (r == 0)
        r = vp_statuses_read(cli, &entries, who, &statuses, err);
    if (r < 0)
        return r;
    if (who != NULL)
        return print_one(cli, &statuses, topology, who, err);
    for (size_t i = 0; i < statuses.n; i++)
        vp_json_append(array, vp_status_json(&statuses.items[i], topology));
    if (cli->json)
        vp_json_print(array);
    else
        print_all(cli, &statuses, topology);
    return 0;
}
