/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>

#include "hugepages.h"
#include "journal.h"
#include "text.h"

struct view {
    const struct vp_root *root;
    const struct vp_topology *topology;
    const struct vp_entries *entries;
    struct vp_journal journal;
};

static void view_done(struct view *view)
{
    vp_journal_done(&view->journal);
}

static bool wants_growth(const struct vp_entry *entry)
{
    for (size_t i = 0; i < entry->n_wants; i++)
        if (strcmp(entry->wants[i].name, "memory.hugepages-grow") == 0)
            return vp_same(entry->wants[i].value, "yes");
    return false;
}

/* Pages of one size that a guest has, or is to have, on a node. */
static uint64_t pages_of(const struct view *view, const struct vp_entry *entry, unsigned node,
                         uint64_t page_kib)
{
    uint64_t pages = 0;
    for (unsigned i = 0; entry->placement != NULL && i < entry->placement->n_cells; i++) {
        const struct vp_guest_cell *cell = &entry->placement->cells[i];
        if (cell->memory_node == node && cell->page_kib == page_kib)
            pages += cell->memory_kib / page_kib;
    }
    for (size_t i = 0; entry->placement == NULL && i < entry->n_memory; i++) {
        const struct vp_entry_memory *memory = &entry->memory[i];
        if (memory->node == (int)view->topology->nodes[node].os && memory->page_kib == page_kib)
            pages += memory->kib / page_kib;
    }
    return pages;
}

static bool came_before(const struct vp_entry *entry, const struct vp_entry *other)
{
    return entry->ticks != other->ticks ? entry->ticks < other->ticks : strcmp(entry->uuid, other->uuid) < 0;
}

/*
 * Pages that nobody uses and no other guest that is coming will; those who came later have looked after
 * themselves. One that is already starting up may have taken some of its own: then this is too few, and the
 * pool grows by more than it needs.
 */
static uint64_t pages_left(const struct view *view, const struct vp_entry *guest, unsigned node,
                           uint64_t page_kib)
{
    vp_autofree char *path =
        vp_asprintf("/sys/devices/system/node/node%u/hugepages/hugepages-%" PRIu64 "kB/free_hugepages",
                    view->topology->nodes[node].os, page_kib);
    uint64_t left = 0;
    if (vp_root_read_u64(view->root, path, &left, NULL) < 0)
        return 0;
    for (size_t i = 0; i < view->entries->n; i++) {
        const struct vp_entry *entry = view->entries->items[i];
        const bool first = entry != guest && entry->state == VP_ENTRY_COMING && came_before(entry, guest);
        const uint64_t pages = first ? pages_of(view, entry, node, page_kib) : 0;
        left = left > pages ? left - pages : 0;
    }
    return left;
}

/* Is this the first cell with its node and size? The others were counted with it. */
static bool is_first(const struct vp_placement *placement, unsigned index)
{
    const struct vp_guest_cell *cell = &placement->cells[index];
    for (unsigned i = 0; i < index; i++)
        if (placement->cells[i].memory_node == cell->memory_node &&
            placement->cells[i].page_kib == cell->page_kib)
            return false;
    return true;
}

static void wish_cell(const struct view *view, const struct vp_entry *entry, const struct vp_guest_cell *cell,
                      struct vp_wishes *wishes)
{
    const unsigned os = view->topology->nodes[cell->memory_node].os;
    vp_autofree char *target =
        vp_asprintf("/sys/devices/system/node/node%u/hugepages/hugepages-%" PRIu64 "kB@%s", os,
                    cell->page_kib, entry->uuid);
    const struct vp_journal_item *item = vp_journal_find(&view->journal, vp_means_pool.name, target);
    uint64_t part = 0;
    if (item != NULL && item->next == NULL) {
        part = vp_journal_number(item->ours);
    } else if (entry->state == VP_ENTRY_COMING) {
        const uint64_t need = pages_of(view, entry, cell->memory_node, cell->page_kib);
        uint64_t left = pages_left(view, entry, cell->memory_node, cell->page_kib);
        vp_autofree char *whole = NULL;
        if (item != NULL && vp_means_pool.read(view->root, target, &whole, NULL) == 0) {
            /* Somebody died while they were made: QEMU has none of these yet. */
            const uint64_t made = vp_journal_part(item, whole);
            left = left > made ? left - made : 0;
        }
        part = need > left ? need - left : 0;
    }
    if (part == 0)
        return;
    vp_autofree char *value = vp_asprintf("%" PRIu64, part);
    vp_autofree char *reason =
        vp_asprintf("huge pages that node %u has too few of for '%s'", os, entry->name);
    vp_wishes_add(wishes, &vp_means_pool, target, value, entry->name, reason)->essential = true;
}

int vp_wish_hugepages(const struct vp_root *root, const struct vp_topology *topology,
                      const struct vp_entries *entries, struct vp_wishes *wishes, struct vp_error **err)
{
    VP_CLEANUP(view_done) struct view view = {.root = root, .topology = topology, .entries = entries};
    vp_autofree char *said = NULL; /* reconciling says it */
    bool looked = false;
    for (size_t i = 0; i < entries->n; i++) {
        const struct vp_entry *entry = entries->items[i];
        if (entry->placement == NULL || !wants_growth(entry))
            continue;
        const int r = looked ? 0 : vp_journal_read(root, &view.journal, &said, err);
        if (r < 0)
            return r;
        looked = true;
        for (unsigned k = 0; k < entry->placement->n_cells; k++)
            if (entry->placement->cells[k].page_kib != 0 && is_first(entry->placement, k))
                wish_cell(&view, entry, &entry->placement->cells[k], wishes);
    }
    return 0;
}
