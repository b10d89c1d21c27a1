/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "converge.h"

#include <string.h>
#include <unistd.h>

#include "ceiling.h"
#include "hugepages.h"
#include "netqueue.h"
#include "scope.h"
#include "squeeze.h"
#include "topocache.h"
#include "wish_block.h"
#include "wish_irq.h"
#include "wish_settings.h"

/* What the parts of the host are asked with. */
struct view {
    const struct vp_root *root;
    const struct vp_topology *topology;
    const struct vp_occupied *occupied;
    const struct vp_entries *entries;
};

typedef int vp_wish_part(const struct view *view, struct vp_wishes *wishes, struct vp_error **err);

static int wish_settings(const struct view *view, struct vp_wishes *wishes, struct vp_error **err)
{
    return vp_wish_settings(view->root, view->topology, view->entries, wishes, err);
}

static int wish_block(const struct view *view, struct vp_wishes *wishes, struct vp_error **err)
{
    return vp_wish_block(view->root, view->topology, view->entries, wishes, err);
}

static int wish_hugepages(const struct view *view, struct vp_wishes *wishes, struct vp_error **err)
{
    return vp_wish_hugepages(view->root, view->topology, view->entries, wishes, err);
}

static int wish_pool(const struct view *view, struct vp_wishes *wishes, struct vp_error **err)
{
    return vp_wish_pool(view->root, view->topology, view->occupied, view->entries, wishes, err);
}

static int wish_irq(const struct view *view, struct vp_wishes *wishes, struct vp_error **err)
{
    return vp_wish_irq(view->root, view->topology, view->occupied, view->entries, wishes, err);
}

static int wish_netqueue(const struct view *view, struct vp_wishes *wishes, struct vp_error **err)
{
    return vp_wish_netqueue(view->root, view->topology, view->occupied, view->entries, wishes, err);
}

static vp_wish_part *const parts[] = {wish_hugepages, wish_settings, wish_block, wish_pool,
                                      wish_irq,       wish_netqueue, NULL};

static int wish(const struct view *view, struct vp_wishes *wishes, struct vp_error **err)
{
    for (size_t i = 0; parts[i] != NULL; i++) {
        const int r = parts[i](view, wishes, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* What is needed to take away the limits of guests that turn out to be gone. */
static struct vp_entries note_ids(const struct vp_entries *entries)
{
    struct vp_entries notes = {0};
    for (size_t i = 0; i < entries->n; i++) {
        struct vp_entry *note = vp_entry_new(entries->items[i]->uuid, entries->items[i]->name);
        note->id = entries->items[i]->id;
        vp_grow(&notes.items, notes.n, &notes.cap, sizeof(notes.items[0]));
        notes.items[notes.n++] = note;
    }
    return notes;
}

static bool is_there(const struct vp_entries *entries, const char *uuid)
{
    for (size_t i = 0; i < entries->n; i++)
        if (strcmp(entries->items[i]->uuid, uuid) == 0)
            return true;
    return false;
}

/* A part of what a guest that is gone had stays for now; that keeps nobody from anything. */
static void say_left(const struct vp_here *here, const struct vp_error *err)
{
    vp_autofree char *sentence = vp_asprintf("limits of a guest that is gone are left: %s", err->message);
    if (here->say != NULL)
        here->say(here->cookie, sentence);
}

static int reap(const struct vp_here *here, struct vp_ledger *ledger, struct vp_entries *entries,
                struct vp_error **err)
{
    VP_CLEANUP(vp_entries_done) struct vp_entries before = note_ids(entries);
    vp_autoerror swept = NULL;
    const int r = vp_ledger_reap(ledger, entries, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < before.n; i++) {
        vp_autoerror left = NULL;
        /* Busy: its last process is about to end, and libvirt, which waits for that, removes the group. */
        if (!is_there(entries, before.items[i]->uuid) &&
            vp_ceiling_remove(here->root, before.items[i], NULL, &left) < 0)
            say_left(here, left);
    }
    if (vp_scope_sweep(here->root, entries, &swept) < 0)
        say_left(here, swept);
    return 0;
}

typedef int read_entries_fn(const struct vp_here *here, const struct vp_topology *topology,
                            struct vp_entries *ret_entries, struct vp_error **err);

/* The guests there are, without the dead. The lock is not kept: who comes later converges again. */
static int read_entries(const struct vp_here *here, const struct vp_topology *topology,
                        struct vp_entries *ret_entries, struct vp_error **err)
{
    vp_autoledger ledger = NULL;
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    int r = vp_ledger_open(here->root, topology, true, here->say, here->cookie, &ledger, err);
    if (r == 0)
        r = vp_ledger_lock(ledger, err);
    if (r == 0)
        r = vp_ledger_read(ledger, &entries, err);
    if (r == 0)
        r = reap(here, ledger, &entries, err);
    if (r < 0)
        return r;
    *ret_entries = entries;
    entries = (struct vp_entries){0};
    return 0;
}

/* The same for one who only looks. */
static int look_at_entries(const struct vp_here *here, const struct vp_topology *topology,
                           struct vp_entries *ret_entries, struct vp_error **err)
{
    vp_autoledger ledger = NULL;
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    int r = vp_ledger_open(here->root, topology, false, here->say, here->cookie, &ledger, err);
    if (r == 0)
        r = vp_ledger_read(ledger, &entries, err);
    if (r == 0)
        r = vp_ledger_reap(ledger, &entries, err);
    if (r < 0)
        return r;
    *ret_entries = entries;
    entries = (struct vp_entries){0};
    return 0;
}

/* All that is wished for. @read: gives the entries */
static int gather(const struct vp_here *here, read_entries_fn *read, struct vp_wishes *ret_wishes,
                  struct vp_error **err)
{
    vp_autotopology topology = NULL;
    vp_autooccupied occupied = NULL;
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    int r = vp_topocache_read(here->root, here->host, &topology, err);
    if (r == 0)
        r = read(here, topology, &entries, err);
    if (r == 0)
        r = vp_ledger_occupied(&entries, topology, here->conf, NULL, &occupied, err);
    const struct view view = {here->root, topology, occupied, &entries};
    if (r == 0)
        r = wish(&view, &wishes, err);
    if (r < 0)
        return r;
    *ret_wishes = wishes;
    wishes = (struct vp_wishes){0};
    return 0;
}

int vp_converge_locked(const struct vp_here *here, struct vp_happenings *ret_happenings,
                       struct vp_error **err)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    int r = gather(here, read_entries, &wishes, err);
    if (r == 0)
        r = vp_reconcile(here->root, &wishes, ret_happenings, err);
    if (r == 0 && wishes.again)
        ret_happenings->again = true;
    return r;
}

int vp_converge_wishes(const struct vp_here *here, struct vp_wishes *ret_wishes, struct vp_error **err)
{
    return gather(here, look_at_entries, ret_wishes, err);
}

int vp_converge(const struct vp_here *here, struct vp_happenings *ret_happenings, struct vp_error **err)
{
    int lock = -1;
    int r = vp_host_lock(here->root, &lock, err);
    if (r < 0)
        return r;
    r = vp_converge_locked(here, ret_happenings, err);
    close(lock);
    return r;
}
