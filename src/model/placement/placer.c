/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "placer.h"

#include <errno.h>

#include "occupied.h"

struct empty_host {
    struct vp_placer placer;
    struct vp_host *host;
    const struct vp_conf *conf;
    struct vp_topology *topology;
    struct vp_occupied *occupied;
};

int vp_occupied_from_conf(const struct vp_topology *topology, const struct vp_conf *conf,
                          struct vp_occupied **ret_occupied, struct vp_error **err)
{
    vp_autobitmap housekeeping = NULL;
    const int r = vp_topology_housekeeping(topology, conf->housekeeping, &housekeeping, err);
    if (r < 0)
        return conf->housekeeping != NULL ? vp_prefix(err, "%s", conf->housekeeping_origin) : r;
    struct vp_occupied *occupied = vp_occupied_new(topology, housekeeping);
    for (unsigned i = 0; i < topology->n_nodes; i++)
        occupied->reserve_kib[i] = vp_conf_reserve_kib(conf, topology->nodes[i].memory_kib);
    *ret_occupied = occupied;
    return 0;
}

static int open_topology(struct vp_placer *placer, const struct vp_topology **ret_topology,
                         struct vp_error **err)
{
    struct empty_host *it = (struct empty_host *)(void *)placer;
    if (it->topology == NULL) {
        const int r = vp_topology_read(it->host, &it->topology, err);
        if (r < 0)
            return r;
    }
    *ret_topology = it->topology;
    return 0;
}

static int place(struct vp_placer *placer, const struct vp_demand *demand,
                 struct vp_placement **ret_placement, struct vp_error **err)
{
    struct empty_host *it = (struct empty_host *)(void *)placer;
    const struct vp_topology *topology = NULL;
    int r = open_topology(placer, &topology, err);
    if (r == 0 && it->occupied == NULL)
        r = vp_occupied_from_conf(topology, it->conf, &it->occupied, err);
    return r < 0 ? r : vp_placement_plan(it->occupied, demand, ret_placement, err);
}

static void free_empty(struct vp_placer *placer)
{
    struct empty_host *it = (struct empty_host *)(void *)placer;
    vp_occupied_free(it->occupied);
    vp_topology_free(it->topology);
    free(it);
}

struct vp_placer *vp_placer_new(struct vp_host *host, const struct vp_conf *conf)
{
    struct empty_host *it = vp_alloc(1, sizeof(*it));
    it->placer = (struct vp_placer){.topology = open_topology, .place = place, .free = free_empty};
    it->host = host;
    it->conf = conf;
    return &it->placer;
}

struct someday {
    struct vp_placer placer;
    struct vp_placer *now;
    const struct vp_conf *conf;
};

static int someday_topology(struct vp_placer *placer, const struct vp_topology **ret_topology,
                            struct vp_error **err)
{
    const struct someday *it = (struct someday *)(void *)placer;
    return it->now->topology(it->now, ret_topology, err);
}

static int place_someday(struct vp_placer *placer, const struct vp_demand *demand,
                         struct vp_placement **ret_placement, struct vp_error **err)
{
    const struct someday *it = (struct someday *)(void *)placer;
    const struct vp_topology *topology = NULL;
    vp_autoerror full = NULL;
    vp_autooccupied occupied = NULL;
    vp_autoplacement placement = NULL;
    int r = it->now->place(it->now, demand, ret_placement, &full);
    if (r == -ENOSPC && it->now->topology(it->now, &topology, NULL) == 0 &&
        vp_occupied_from_conf(topology, it->conf, &occupied, NULL) == 0 &&
        vp_placement_plan(occupied, demand, &placement, NULL) == 0) {
        vp_placement_say(placement, "there is no room for it now: %s", full->message);
        *ret_placement = vp_take(&placement);
        return 0;
    }
    if (r < 0 && err != NULL)
        *err = vp_take(&full);
    return r;
}

static void free_someday(struct vp_placer *placer)
{
    struct someday *it = (struct someday *)(void *)placer;
    vp_placer_free(it->now);
    free(it);
}

struct vp_placer *vp_placer_someday(struct vp_placer *now, const struct vp_conf *conf)
{
    struct someday *it = vp_alloc(1, sizeof(*it));
    it->placer =
        (struct vp_placer){.topology = someday_topology, .place = place_someday, .free = free_someday};
    it->now = now;
    it->conf = conf;
    return &it->placer;
}

void vp_placer_free(struct vp_placer *placer)
{
    if (placer != NULL)
        placer->free(placer);
}
