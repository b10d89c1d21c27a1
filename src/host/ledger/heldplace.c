/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "heldplace.h"

#include <errno.h>

struct held {
    struct vp_placer placer;
    const struct vp_entry *entry;
    struct vp_placer *below;
};

static struct held *of(struct vp_placer *placer)
{
    return (struct held *)(void *)placer;
}

static int topology(struct vp_placer *placer, const struct vp_topology **ret_topology, struct vp_error **err)
{
    struct vp_placer *below = of(placer)->below;
    return below->topology(below, ret_topology, err);
}

static int place(struct vp_placer *placer, const struct vp_demand *demand,
                 struct vp_placement **ret_placement, struct vp_error **err)
{
    const struct vp_entry *entry = of(placer)->entry;
    const struct vp_placement *held = entry != NULL ? entry->placement : NULL;
    if (held == NULL)
        held = demand->earlier;
    if (held == NULL)
        return vp_fail(err, ENOSPC,
                       "the guest was given no place when it was started; a new start gives one");
    *ret_placement = vp_placement_copy(held);
    return 0;
}

static void free_held(struct vp_placer *placer)
{
    free(of(placer));
}

struct vp_placer *vp_heldplace_placer(const struct vp_entry *entry, struct vp_placer *below)
{
    struct held *it = vp_alloc(1, sizeof(*it));
    *it = (struct held){
        .placer = {.topology = topology, .place = place, .free = free_held},
        .entry = entry,
        .below = below,
    };
    return &it->placer;
}
