/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "fleet.h"
#include "placed.h"
#include "size.h"
#include "table.h"

static void add_guest(struct vp_table *table, const struct vp_fleet *fleet,
                      const struct vp_fleet_guest *guest)
{
    const struct vp_placement *placement = guest->placement;
    vp_autofree char *memory = vp_size_format(guest->demand.memory_kib * 1024);
    vp_autofree char *cpus = placement != NULL ? vp_placed_sets(placement->vcpus, placement->n_vcpus) : NULL;
    vp_autofree char *nodes = placement != NULL ? vp_placed_nodes(fleet->topology, placement) : NULL;
    vp_autofree char *caches = placement != NULL ? vp_placed_caches(fleet->topology, placement) : NULL;

    vp_table_row(table);
    vp_table_cell(table, NULL, placement != NULL ? "placed" : "refused");
    vp_table_cell(table, placement != NULL ? "bold" : "red", guest->name);
    vp_table_cell(table, NULL, vp_policy_names[guest->demand.policy]);
    vp_table_cellf(table, NULL, "%u", guest->demand.vcpus);
    vp_table_cell(table, NULL, memory);
    vp_table_cell(table, NULL, nodes);
    vp_table_cell(table, NULL, caches);
    vp_table_cell(table, placement != NULL ? NULL : "red", placement != NULL ? cpus : guest->error->message);
}

static void print_guests(const struct vp_cli *cli, const struct vp_fleet *fleet)
{
    static const struct vp_column columns[] = {
        {NULL, VP_COLUMN_WHOLE, false},     {"GUEST", VP_COLUMN_WRAP, false},
        {"POLICY", VP_COLUMN_WHOLE, false}, {"VCPUS", VP_COLUMN_WHOLE, true},
        {"MEMORY", VP_COLUMN_WHOLE, true},  {"NODES", VP_COLUMN_WRAP, false},
        {"CACHES", VP_COLUMN_WRAP, false},  {"CPUS, OR WHY NOT", VP_COLUMN_WRAP, false},
    };
    vp_autotable table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));

    for (size_t i = 0; i < fleet->n; i++)
        add_guest(table, fleet, &fleet->guests[i]);
    vp_table_print(table);
}

static void print_sum(const struct vp_cli *cli, const struct vp_fleet *fleet)
{
    const struct vp_fleet_sum sum = vp_fleet_sum(fleet);
    const unsigned node = fleet->topology->nodes[sum.largest_node].os;
    vp_autofree char *size = vp_size_format(sum.largest_kib * 1024);
    const struct {
        const char *key, *text;
        size_t n, all;
    } rows[] = {
        {"guests", "guests placed", fleet->placed, fleet->n},
        {"dedicated", "CPUs are dedicated, housekeeping not counted", sum.dedicated, sum.available},
        {"cores", "cores are free as a whole", sum.cores, sum.cores_all},
        {"caches", "last-level caches are free, housekeeping aside", sum.caches, sum.caches_all},
        {"nodes", "NUMA nodes are free, housekeeping aside", sum.nodes, sum.nodes_all},
    };
    const bool pretty = vp_cli_pretty(cli);

    if (pretty && fleet->n > 0)
        puts("");
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        if (pretty)
            printf("%5zu of %zu %s\n", rows[i].n, rows[i].all, rows[i].text);
        else
            printf("sum\t%s\t%zu\t%zu\n", rows[i].key, rows[i].n, rows[i].all);
    }
    if (!pretty && sum.largest > 0)
        printf("largest\t%u\t%s\t%u\n", sum.largest, size, node);
    else if (!pretty)
        puts("largest\t0\t-\t-");
    else if (sum.largest > 0)
        printf("One more dedicated guest on one node can have %u vCPUs with %s, on node %u.\n", sum.largest,
               size, node);
    else
        puts("There is no room for one more dedicated guest.");
}

int vp_cmd_simulate(struct vp_cli *cli, struct vp_error **err)
{
    VP_CLEANUP(vp_fleet_done) struct vp_fleet fleet = {0};
    vp_autojson object = vp_json_object();
    const int r = vp_fleet_run(cli, VP_FLEET_LIST, &fleet, err);

    if (r < 0)
        return r;
    if (cli->json) {
        vp_fleet_json(&fleet, object);
        vp_json_print(object);
    } else {
        print_guests(cli, &fleet);
        print_sum(cli, &fleet);
    }
    return fleet.placed == fleet.n ? VP_EXIT_OK : VP_EXIT_FAILED;
}
