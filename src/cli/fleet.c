/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fleet.h"

#include <errno.h>
#include <string.h>

static void guest_done(struct vp_fleet_guest *guest)
{
    free(guest->name);
    hwloc_bitmap_free(guest->near);
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

static int place(struct vp_fleet *fleet, const char *what, struct vp_error **err)
{
    for (size_t i = 0; i < fleet->n; i++) {
        struct vp_fleet_guest *guest = &fleet->guests[i];
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

int vp_fleet_run(struct vp_cli *cli, bool list, struct vp_fleet *fleet, struct vp_error **err)
{
    vp_autofree char *text = NULL;
    const struct vp_conf *conf = NULL;
    struct vp_engine engine;
    const char *what = "";
    size_t len = 0;
    int r = 0;

    if (list)
        r = vp_cli_input(cli, &text, &len, &what, err);
    if (r == 0 && list)
        r = vp_fleet_read(fleet, text, len, what, err);
    if (r < 0)
        return r;
    r = vp_cli_engine(cli, &engine, err);
    if (r < 0)
        return r;
    r = vp_topology_read(engine.host, &fleet->topology, err);
    if (r < 0)
        return r;
    r = vp_cli_conf(cli, &conf, err);
    if (r < 0)
        return r;
    r = vp_occupied_from_conf(fleet->topology, conf, &fleet->occupied, err);
    if (r < 0)
        return r;
    fleet->source = vp_host_source(engine.host);
    r = place(fleet, what, err);
    if (r < 0)
        return r;
    settle(fleet);
    return 0;
}
