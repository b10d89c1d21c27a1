/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "told.h"

#include <string.h>

static void item_done(struct vp_told_item *item)
{
    free(item->who);
    free(item->what);
}

void vp_told_done(struct vp_told *told)
{
    for (size_t i = 0; i < told->n; i++)
        item_done(&told->items[i]);
    free(told->items);
    *told = (struct vp_told){0};
}

static struct vp_told_item *find(const struct vp_told *told, const char *who)
{
    for (size_t i = 0; i < told->n; i++)
        if (strcmp(told->items[i].who, who) == 0)
            return &told->items[i];
    return NULL;
}

bool vp_told_was(const struct vp_told *told, const char *who, const char *what)
{
    const struct vp_told_item *item = find(told, who);
    return item != NULL && strcmp(item->what, what) == 0;
}

bool vp_told_is_news(struct vp_told *told, const char *who, const char *what)
{
    struct vp_told_item *item = find(told, who);

    if (item != NULL && strcmp(item->what, what) == 0)
        return false;
    if (item == NULL) {
        vp_grow(&told->items, told->n, &told->cap, sizeof(told->items[0]));
        item = &told->items[told->n++];
        *item = (struct vp_told_item){.who = vp_strdup(who)};
    }
    free(item->what);
    item->what = vp_strdup(what);
    return true;
}

bool vp_told_forget(struct vp_told *told, const char *who)
{
    struct vp_told_item *item = find(told, who);

    if (item == NULL)
        return false;
    item_done(item);
    *item = told->items[--told->n];
    return true;
}
