/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "placed.h"
#include "status.h"
#include "table.h"

static void add_fact(struct vp_table *table, const char *color, const char *key, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    vp_table_row(table);
    vp_table_cell(table, NULL, "guest");
    vp_table_cell(table, NULL, key);
    vp_table_cell(table, color, value);
}

static void add_place(struct vp_table *table, const struct vp_placement *placement,
                      const struct vp_topology *topology)
{
    vp_autofree char *vcpus = vp_placed_sets(placement->vcpus, placement->n_vcpus);
    vp_autofree char *emulator = vp_bitmap_text(placement->emulator);
    vp_autofree char *iothreads = vp_placed_sets(placement->iothreads, placement->n_iothreads);
    vp_autofree char *owned = vp_bitmap_text(placement->owned);
    vp_autofree char *caches = vp_placed_caches(topology, placement);
    vp_autofree char *memory = vp_placed_memory(topology, placement);

    add_fact(table, NULL, "policy", vp_policy_names[placement->policy]);
    add_fact(table, NULL, "vcpus", vcpus);
    add_fact(table, NULL, "emulator", emulator);
    add_fact(table, NULL, "iothreads", iothreads);
    add_fact(table, NULL, "owned", owned);
    add_fact(table, NULL, "caches", caches);
    add_fact(table, NULL, "memory", memory);
}

static void print_facts(const struct vp_cli *cli, const struct vp_status *status,
                        const struct vp_topology *topology)
{
    const struct vp_entry *entry = status->entry;
    static const struct vp_column columns[] = {
        {NULL, VP_COLUMN_WHOLE, false},
        {"GUEST", VP_COLUMN_WHOLE, false},
        {"WHAT", VP_COLUMN_WRAP, false},
    };
    vp_autotable table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));
    vp_autofree char *pid = entry->qemu.pid != 0 ? vp_asprintf("%d", (int)entry->qemu.pid) : NULL;
    vp_autofree char *since = vp_status_time(cli, entry->since);
    vp_autofree char *state = vp_status_text(status);
    vp_autofree char *nodes = vp_running_nodes(entry, topology);
    vp_autofree char *pages = vp_running_pages(entry);

    add_fact(table, "bold", "name", entry->name);
    add_fact(table, NULL, "uuid", entry->uuid);
    add_fact(table, NULL, "profile", entry->profile != NULL ? entry->profile : "-");
    add_fact(table, vp_status_color(status), "state", state);
    add_fact(table, NULL, "pid", pid);
    add_fact(table, NULL, "since", since);
    if (entry->placement != NULL) {
        add_place(table, entry->placement, topology);
    } else {
        vp_autofree char *pinned = vp_running_cpus(entry);
        vp_autofree char *memory = vp_status_memory(entry);
        add_fact(table, NULL, "pinned", pinned);
        add_fact(table, NULL, "memory", memory);
    }
    add_fact(table, NULL, "nodes", nodes);
    add_fact(table, NULL, "pages", pages);
    for (size_t i = 0; entry->placement != NULL && i < entry->placement->n_reasons; i++)
        add_fact(table, "darkgray", "because", entry->placement->reasons[i]);
    vp_table_print(table);
}

static void print_wants(const struct vp_cli *cli, const struct vp_entry *entry)
{
    static const struct vp_column columns[] = {
        {NULL, VP_COLUMN_WHOLE, false},   {"WANTS", VP_COLUMN_WHOLE, false}, {"VALUE", VP_COLUMN_WRAP, false},
        {"KNOB", VP_COLUMN_WHOLE, false}, {"REASON", VP_COLUMN_WRAP, false},
    };
    vp_autotable table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));
    bool some = false;

    for (size_t i = 0; i < entry->n_wants; i++) {
        const struct vp_want *want = &entry->wants[i];
        if (!vp_running_is_want(want))
            continue;
        some = true;
        vp_table_row(table);
        vp_table_cell(table, NULL, "want");
        vp_table_cell(table, NULL, want->name);
        vp_table_cell(table, "bold", want->value);
        vp_table_cell(table, NULL, want->knob);
        vp_table_cell(table, "darkgray", want->reason);
    }
    if (some && vp_cli_pretty(cli))
        puts("");
    vp_table_print(table);
}

/* What an entry of the ledger or a check says of a setting that waits. */
static void add_pending(struct vp_table *table, const char *text)
{
    vp_table_row(table);
    vp_table_cell(table, NULL, "pending");
    vp_table_cell(table, "brown", text);
}

static void print_pending(const struct vp_cli *cli, const struct vp_status *status)
{
    static const struct vp_column columns[] = {
        {NULL, VP_COLUMN_WHOLE, false},
        {"PENDING UNTIL THE NEXT COLD START", VP_COLUMN_WRAP, false},
    };
    vp_autotable table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));
    const struct vp_checks *checks = &status->verify.checks;

    for (size_t i = 0; status->tuning == NULL && i < vp_running_pending(status->entry); i++)
        add_pending(table, status->entry->pending[i]);
    for (size_t i = 0; i < checks->n; i++) {
        const struct vp_check *check = &checks->items[i];
        if (check->hold != VP_HOLD_PENDING)
            continue;
        vp_autofree char *text =
            vp_asprintf("%s: %s is %s, should be %s", check->knob != NULL ? check->knob : "-", check->what,
                        check->effective != NULL ? check->effective : "absent",
                        check->wanted != NULL ? check->wanted : "absent");
        add_pending(table, text);
    }
    if (vp_status_pending(status) > 0 && vp_cli_pretty(cli))
        puts("");
    vp_table_print(table);
}

static void print_drift(const struct vp_cli *cli, const struct vp_status *status)
{
    static const struct vp_column columns[] = {
        {NULL, VP_COLUMN_WHOLE, false},  {"DIFFERS", VP_COLUMN_WRAP, false},
        {"WHAT", VP_COLUMN_WRAP, false}, {"WANTED", VP_COLUMN_WRAP, false},
        {"IS", VP_COLUMN_WRAP, false},   {"READ FROM", VP_COLUMN_WRAP, false},
    };
    vp_autotable table = vp_table_new(cli, columns, VP_ARRAY_SIZE(columns));
    const struct vp_checks *checks = &status->verify.checks;

    for (size_t i = 0; i < checks->n; i++) {
        const struct vp_check *check = &checks->items[i];
        if (check->hold != VP_HOLD_DIFFERS)
            continue;
        vp_table_row(table);
        vp_table_cell(table, NULL, "differs");
        vp_table_cell(table, NULL, check->knob);
        vp_table_cell(table, NULL, check->what);
        vp_table_cell(table, NULL, check->wanted);
        vp_table_cell(table, "red", check->effective);
        vp_table_cell(table, "darkgray", check->where);
    }
    if (vp_checks_count(checks, VP_HOLD_DIFFERS) > 0 && vp_cli_pretty(cli))
        puts("");
    vp_table_print(table);
}

void vp_status_print(const struct vp_cli *cli, const struct vp_status *status,
                     const struct vp_topology *topology)
{
    print_facts(cli, status, topology);
    print_wants(cli, status->entry);
    print_drift(cli, status);
    print_pending(cli, status);
}
