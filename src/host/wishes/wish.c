/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wish.h"

#include <stdint.h>
#include <string.h>

#include <json-c/linkhash.h>

#include "affinity.h"
#include "blockqueue.h"
#include "cpumask.h"
#include "hugepages.h"
#include "irq.h"
#include "irqbalance.h"
#include "ksm.h"
#include "netqueue.h"

const struct vp_means *const vp_means_all[] = {
    &vp_means_file,
    &vp_means_cpulist,
    &vp_means_cpumask,
    &vp_means_affinity,
    &vp_means_irq,
    &vp_means_irqbalance,
    &vp_means_ksm_nodes,
    &vp_means_net,
    &vp_means_pool,
    &vp_means_queue,
    NULL,
};

static void wish_done(struct vp_wish *wish)
{
    free(wish->target);
    free(wish->value);
    free(wish->owner);
    free(wish->reason);
}

void vp_wishes_done(struct vp_wishes *wishes)
{
    for (size_t i = 0; i < wishes->n; i++)
        wish_done(&wishes->items[i]);
    free(wishes->items);
    if (wishes->index != NULL)
        lh_table_free(wishes->index);
    *wishes = (struct vp_wishes){0};
}

static void free_key(struct lh_entry *entry)
{
    free(lh_entry_k(entry));
}

static struct vp_wish *find(const struct vp_wishes *wishes, const char *key)
{
    void *at = NULL;
    if (wishes->index == NULL || !lh_table_lookup_ex(wishes->index, key, &at))
        return NULL;
    return &wishes->items[(uintptr_t)at - 1];
}

struct vp_wish *vp_wishes_add(struct vp_wishes *wishes, const struct vp_means *means, const char *target,
                              const char *value, const char *owner, const char *reason)
{
    vp_autofree char *key = vp_asprintf("%s %s", means->name, target);
    struct vp_wish *wish = find(wishes, key);
    if (wishes->index == NULL)
        wishes->index = lh_kchar_table_new(64, free_key);
    if (wishes->index == NULL)
        vp_oom();
    if (wish == NULL) {
        vp_grow(&wishes->items, wishes->n, &wishes->cap, sizeof(*wishes->items));
        wish = &wishes->items[wishes->n++];
        if (lh_table_insert(wishes->index, vp_take(&key), (const void *)(uintptr_t)wishes->n) < 0)
            vp_oom();
    } else {
        wish_done(wish);
    }
    *wish = (struct vp_wish){
        .means = means,
        .target = vp_strdup(target),
        .value = vp_strdup(value),
        .owner = vp_strdup(owner),
        .reason = vp_strdup(reason),
    };
    return wish;
}

const struct vp_wish *vp_wishes_find(const struct vp_wishes *wishes, const struct vp_means *means,
                                     const char *target)
{
    vp_autofree char *key = vp_asprintf("%s %s", means->name, target);
    return find(wishes, key);
}
