/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "entry.h"

#include <limits.h>
#include <time.h>
#include <unistd.h>

const char *const vp_entry_state_names[VP_ENTRY_STATE_N_] = {"coming", "running"};

struct vp_entry *vp_entry_new(const char *uuid, const char *name)
{
    struct vp_entry *entry = vp_alloc(1, sizeof(*entry));
    entry->uuid = vp_strdup(uuid);
    entry->name = vp_strdup(name);
    entry->since = (uint64_t)time(NULL);
    entry->ticks = vp_process_now();
    return entry;
}

uint64_t vp_entry_age(const struct vp_entry *entry)
{
    const uint64_t now = vp_process_now();
    return now > entry->ticks ? (now - entry->ticks) / (uint64_t)sysconf(_SC_CLK_TCK) : 0;
}

void vp_entry_unpin(struct vp_entry *entry)
{
    for (size_t i = 0; i < entry->n_pins; i++)
        hwloc_bitmap_free(entry->pins[i].cpus);
    free(entry->pins);
    hwloc_bitmap_free(entry->pinned);
    entry->pins = NULL;
    entry->pinned = NULL;
    entry->n_pins = entry->cap_pins = 0;
}

static void drop_own(struct vp_entry *entry)
{
    vp_entry_unpin(entry);
    free(entry->memory);
    entry->memory = NULL;
    entry->n_memory = entry->cap_memory = 0;
}

void vp_entry_free(struct vp_entry *entry)
{
    if (entry == NULL)
        return;
    drop_own(entry);
    vp_entry_drop_wants(entry);
    vp_placement_free(entry->placement);
    vp_names_free(entry->pending);
    free(entry->wants);
    free(entry->uuid);
    free(entry->name);
    free(entry->profile);
    free(entry->boot);
    free(entry);
}

void vp_entry_drop_wants(struct vp_entry *entry)
{
    for (size_t i = 0; i < entry->n_wants; i++) {
        free(entry->wants[i].name);
        free(entry->wants[i].value);
        free(entry->wants[i].knob);
        free(entry->wants[i].reason);
    }
    entry->n_wants = 0;
}

void vp_entry_add_want(struct vp_entry *entry, const char *name, const char *value, const char *knob,
                       const char *reason)
{
    vp_grow(&entry->wants, entry->n_wants, &entry->cap_wants, sizeof(entry->wants[0]));
    entry->wants[entry->n_wants++] =
        (struct vp_want){vp_strdup(name), vp_strdup(value), vp_strdup(knob), vp_strdup(reason)};
}

void vp_entry_add_pin(struct vp_entry *entry, hwloc_const_bitmap_t cpus, unsigned threads)
{
    if (hwloc_bitmap_weight(cpus) == 1) {
        if (entry->pinned == NULL)
            entry->pinned = vp_bitmap_new();
        (void)hwloc_bitmap_or(entry->pinned, entry->pinned, cpus);
        return;
    }
    for (size_t i = 0; i < entry->n_pins; i++)
        if (hwloc_bitmap_isequal(entry->pins[i].cpus, cpus)) {
            if (__builtin_add_overflow(entry->pins[i].threads, threads, &entry->pins[i].threads))
                entry->pins[i].threads = UINT_MAX;
            return;
        }
    if (hwloc_bitmap_iszero(cpus))
        return;
    vp_grow(&entry->pins, entry->n_pins, &entry->cap_pins, sizeof(entry->pins[0]));
    hwloc_bitmap_t copy = vp_bitmap_new();
    (void)hwloc_bitmap_copy(copy, cpus);
    entry->pins[entry->n_pins++] = (struct vp_entry_pin){copy, threads};
}

static uint64_t at_most(uint64_t kib)
{
    return kib < VP_ENTRY_KIB_MAX ? kib : VP_ENTRY_KIB_MAX;
}

void vp_entry_add_memory(struct vp_entry *entry, int node, uint64_t page_kib, uint64_t kib)
{
    for (size_t i = 0; i < entry->n_memory; i++)
        if (entry->memory[i].node == node && entry->memory[i].page_kib == page_kib) {
            entry->memory[i].kib = at_most(entry->memory[i].kib + at_most(kib));
            return;
        }
    vp_grow(&entry->memory, entry->n_memory, &entry->cap_memory, sizeof(entry->memory[0]));
    entry->memory[entry->n_memory++] = (struct vp_entry_memory){node, page_kib, at_most(kib)};
}

void vp_entry_set_placement(struct vp_entry *entry, struct vp_placement *placement)
{
    vp_placement_free(entry->placement);
    entry->placement = placement;
    drop_own(entry);
}
