/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fleet.h"

#include <errno.h>

#include "running.h"

static void guest_done(struct vp_fleet_guest *guest)
{
    free(guest->name);
    hwloc_bitmap_free(guest->near);
    hwloc_bitmap_free(guest->pinned);
    vp_placement_free(guest->placement);
    vp_error_free(guest->error);
}

void vp_fleet_done(struct vp_fleet *fleet)
{
    for (size_t i = 0; i < fleet->n; i++)
        guest_done(&fleet->guests[i]);
    free(fleet->guests);
    vp_occupied_free(fleet->occupied);
    vp_topology_free(fleet->topology);
}

/* Devices cannot be on a node that is not there. */
static int check_near(const struct vp_fleet *fleet, const struct vp_fleet_guest *guest, struct vp_error **err)
{
    vp_autobitmap left = vp_bitmap_new();
    if (guest->near == NULL)
        return 0;
    (void)hwloc_bitmap_or(left, left, guest->near);
    for (unsigned i = 0; i < fleet->topology->n_nodes; i++)
        (void)hwloc_bitmap_clr(left, fleet->topology->nodes[i].os);
    if (hwloc_bitmap_iszero(left))
        return 0;
    vp_autofree char *text = vp_bitmap_text(left);
    return vp_fail(err, EINVAL, "'%s' has devices near node %s, and host '%s' has no such node", guest->name,
                   text, fleet->source);
}

static void leave_dedicated(const struct vp_fleet *fleet, hwloc_bitmap_t set)
{
    if (!hwloc_bitmap_isincluded(set, fleet->occupied->dedicated))
        (void)hwloc_bitmap_andnot(set, set, fleet->occupied->dedicated);
}

/* Floating guests have left what dedicated guests behind them in the list got. */
static void settle(const struct vp_fleet *fleet)
{
    for (size_t i = 0; i < fleet->n; i++) {
        const struct vp_placement *placement = fleet->guests[i].placement;
        if (placement == NULL || placement->policy == VP_POLICY_DEDICATED)
            continue;
        leave_dedicated(fleet, placement->emulator);
        for (unsigned k = 0; k < placement->n_vcpus; k++)
            leave_dedicated(fleet, placement->vcpus[k]);
        for (unsigned k = 0; k < placement->n_iothreads; k++)
            leave_dedicated(fleet, placement->iothreads[k]);
    }
}

/* One that runs: its place is taken from the entry. */
static void add_entry(struct vp_fleet *fleet, struct vp_entry *entry)
{
    vp_grow(&fleet->guests, fleet->n, &fleet->cap, sizeof(fleet->guests[0]));
    struct vp_fleet_guest *guest = &fleet->guests[fleet->n++];
    guest->name = vp_take(&entry->name);
    guest->known = entry->placement == NULL;
    guest->pinned = vp_take(&entry->pinned);
    guest->demand.name = guest->name;
    guest->demand.memory_kib = vp_running_kib(entry);
    if (entry->placement != NULL) {
        guest->demand.policy = entry->placement->policy;
        guest->demand.vcpus = entry->placement->n_vcpus;
    }
    guest->placement = vp_take(&entry->placement);
    fleet->placed++;
}

static int place(struct vp_fleet *fleet, const char *what, struct vp_error **err)
{
    for (size_t i = 0; i < fleet->n; i++) {
        struct vp_fleet_guest *guest = &fleet->guests[i];
        if (guest->known || guest->placement != NULL)
            continue;
        int r = check_near(fleet, guest, err);
        if (r < 0)
            return vp_prefix(err, "%s:%zu", what, guest->line);
        r = vp_placement_plan(fleet->occupied, &guest->demand, &guest->placement, &guest->error);
        if (r == 0) {
            vp_occupied_add(fleet->occupied, guest->placement);
            fleet->placed++;
        } else if (r != -ENOSPC) {
            return vp_fail(err, -r, "%s:%zu: %s", what, guest->line, guest->error->message);
        }
    }
    return 0;
}

/* Those of the ledger; who may not read it gets the empty host, and is told. */
static int add_running(struct vp_cli *cli, struct vp_fleet *fleet, const struct vp_conf *conf,
                       struct vp_error **err)
{
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    vp_autoerror own = NULL;
    int r = vp_running_read(cli, fleet->topology, &entries, &own);

    if (r == -EACCES)
        (void)vp_cli_report(own);
    else if (r < 0)
        return vp_fail(err, -r, "%s", own->message);
    r = vp_ledger_occupied(&entries, fleet->topology, conf, NULL, &fleet->occupied, err);
    for (size_t i = 0; r == 0 && i < entries.n; i++)
        add_entry(fleet, entries.items[i]);
    return r;
}

/* Read before the host is, so that what is wrong with it is said first. */
static int read_list(const struct vp_cli *cli, struct vp_fleet *fleet, const char **ret_what,
                     struct vp_error **err)
{
    vp_autofree char *text = NULL;
    size_t len = 0;
    const int r = vp_cli_input(cli, &text, &len, ret_what, err);

    return r < 0 ? r : vp_fleet_read(fleet, text, len, *ret_what, err);
}

/* The machine, and what it keeps back. */
static int open_host(struct vp_cli *cli, struct vp_fleet *fleet, const struct vp_conf **ret_conf,
                     struct vp_error **err)
{
    struct vp_engine engine;
    int r = vp_cli_engine(cli, &engine, err);

    if (r < 0)
        return r;
    fleet->source = vp_host_source(engine.host);
    r = vp_topology_read(engine.host, &fleet->topology, err);
    return r < 0 ? r : vp_cli_conf(cli, ret_conf, err);
}

int vp_fleet_run(struct vp_cli *cli, enum vp_fleet_source source, struct vp_fleet *fleet,
                 struct vp_error **err)
{
    const struct vp_conf *conf = NULL;
    const char *what = "";
    int r = source == VP_FLEET_LIST ? read_list(cli, fleet, &what, err) : 0;

    if (r == 0)
        r = open_host(cli, fleet, &conf, err);
    if (r < 0)
        return r;
    if (source == VP_FLEET_RUNNING && vp_cli_is_live(cli))
        r = add_running(cli, fleet, conf, err);
    else
        r = vp_occupied_from_conf(fleet->topology, conf, &fleet->occupied, err);
    if (r == 0)
        r = place(fleet, what, err);
    if (r == 0)
        settle(fleet);
    return r;
}
