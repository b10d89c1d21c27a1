/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledger_own.h"

#include "topocache.h"

struct ledger_placer {
    struct vp_placer placer;
    const struct vp_root *root;
    struct vp_host *host;
    const struct vp_conf *conf;
    char *but;                /* owned */
    struct vp_entry *reserve; /* may be NULL */
    vp_ledger_say *say;
    void *cookie;
    struct vp_topology *topology; /* owned */
};

static struct ledger_placer *of(struct vp_placer *placer)
{
    return (struct ledger_placer *)(void *)placer;
}

static int open_topology(struct vp_placer *placer, const struct vp_topology **ret_topology,
                         struct vp_error **err)
{
    struct ledger_placer *it = of(placer);
    if (it->topology == NULL) {
        const int r = vp_topocache_read(it->root, it->host, &it->topology, err);
        if (r < 0)
            return r;
    }
    *ret_topology = it->topology;
    return 0;
}

/* The place, as things are in these entries. */
static int choose(const struct ledger_placer *it, const struct vp_entries *entries,
                  const struct vp_demand *demand, struct vp_placement **ret_placement, struct vp_error **err)
{
    vp_autooccupied occupied = NULL;
    const int r = vp_ledger_occupied(entries, it->topology, it->conf, it->but, &occupied, err);
    return r < 0 ? r : vp_placement_plan(occupied, demand, ret_placement, err);
}

static int look(const struct ledger_placer *it, const struct vp_demand *demand,
                struct vp_placement **ret_placement, struct vp_error **err)
{
    vp_autoledger ledger = NULL;
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    int r = vp_ledger_open(it->root, it->topology, false, it->say, it->cookie, &ledger, err);
    if (r == 0)
        r = vp_ledger_read(ledger, &entries, err);
    if (r == 0)
        r = vp_ledger_reap(ledger, &entries, err);
    return r < 0 ? r : choose(it, &entries, demand, ret_placement, err);
}

/* All that happens under the lock, where others wait. */
static int choose_and_store(const struct ledger_placer *it, struct vp_ledger *ledger,
                            struct vp_entries *entries, const struct vp_demand *demand,
                            struct vp_placement **ret_placement, struct vp_error **err)
{
    vp_autoplacement placement = NULL;
    int r = vp_ledger_lock(ledger, err);
    if (r == 0)
        r = vp_ledger_read(ledger, entries, err);
    if (r == 0)
        r = vp_ledger_reap(ledger, entries, err);
    if (r == 0)
        r = choose(it, entries, demand, &placement, err);
    if (r < 0)
        return r;
    vp_entry_set_placement(it->reserve, vp_placement_copy(placement));
    r = vp_ledger_store(ledger, it->reserve, err);
    if (r < 0)
        vp_entry_set_placement(it->reserve, NULL);
    else
        *ret_placement = vp_take(&placement);
    return r;
}

static int reserve(const struct ledger_placer *it, const struct vp_demand *demand,
                   struct vp_placement **ret_placement, struct vp_error **err)
{
    vp_autoledger ledger = NULL;
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    int r = vp_ledger_open(it->root, it->topology, true, it->say, it->cookie, &ledger, err);
    if (r < 0)
        return r;
    vp_ledger_peek(ledger);
    r = choose_and_store(it, ledger, &entries, demand, ret_placement, err);
    vp_ledger_unlock(ledger); /* before all is freed, which takes its time */
    return r;
}

static int place(struct vp_placer *placer, const struct vp_demand *demand,
                 struct vp_placement **ret_placement, struct vp_error **err)
{
    const struct ledger_placer *it = of(placer);
    const struct vp_topology *topology = NULL;
    const int r = open_topology(placer, &topology, err);
    if (r < 0)
        return r;
    return it->reserve != NULL ? reserve(it, demand, ret_placement, err)
                               : look(it, demand, ret_placement, err);
}

static void free_placer(struct vp_placer *placer)
{
    struct ledger_placer *it = of(placer);
    vp_topology_free(it->topology);
    free(it->but);
    free(it);
}

struct vp_placer *vp_ledger_placer(const struct vp_root *root, struct vp_host *host,
                                   const struct vp_conf *conf, const char *but, struct vp_entry *reserve_for,
                                   vp_ledger_say *say, void *cookie)
{
    struct ledger_placer *it = vp_alloc(1, sizeof(*it));
    *it = (struct ledger_placer){
        .placer = {.topology = open_topology, .place = place, .free = free_placer},
        .root = root,
        .host = host,
        .conf = conf,
        .but = vp_strdup(but),
        .reserve = reserve_for,
        .say = say,
        .cookie = cookie,
    };
    return &it->placer;
}
