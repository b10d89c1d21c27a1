/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>

#include "guestmem.h"
#include "memoryknobs.h"
#include "size.h"

#define HARD "memtune/hard_limit"

const char *const vp_memory_unlimited[] = {"unlimited", NULL};

static bool has_element(const struct vp_planning *planning, const char *path)
{
    vp_autofree char *there = vp_planned(planning, planning->domain->root, path);
    return there != NULL;
}

/* A limit in the form in which libvirt prints it; 0 takes it out. */
static void plan_limit(struct vp_planning *planning, const struct vp_setting *setting, const char *path,
                       uint64_t kib, const char *reason)
{
    vp_node *root = planning->domain->root;
    vp_autofree char *text = vp_asprintf("%" PRIu64, kib);
    vp_autofree char *unit = vp_asprintf("%s/@unit", path);
    vp_plan_text(planning, setting, root, path, kib > 0 ? text : NULL, "%s", reason);
    if (kib > 0)
        vp_plan_attr(planning, setting, root, unit, "KiB", "libvirt's unit for it");
}

static uint64_t kib_of(const struct vp_setting *setting)
{
    return setting->value.choice == 0 ? 0 : setting->value.bytes / 1024;
}

/* Is the memory of the guest taken from its cgroup's budget as a whole? */
static bool is_charged(const struct vp_planning *planning)
{
    return !has_element(planning, "memoryBacking/hugepages") || vp_guestmem_vfio(planning->domain) > 0;
}

/* What memory.hard-limit must not be below, in KiB. */
static uint64_t least_hard_limit(const struct vp_planning *planning)
{
    struct vp_guestmem memory;
    if (has_element(planning, "memoryBacking/locked"))
        return vp_guestmem_lock_limit(planning->domain);
    if (!is_charged(planning) || !vp_guestmem_read(planning->domain, &memory))
        return 0;
    return memory.most;
}

static bool hard_limit_refused(const struct vp_planning *planning, const struct vp_setting *setting)
{
    const uint64_t kib = kib_of(setting);
    return kib > 0 && kib < least_hard_limit(planning);
}

int vp_memory_plan_locked(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    (void)err;
    vp_node *root = planning->domain->root;
    const struct vp_setting *limit = vp_plan_setting(planning, "memory.hard-limit");
    const uint64_t least = vp_guestmem_lock_limit(planning->domain);
    const uint64_t own = vp_node_kib(vp_node_walk(root, HARD));
    if (!setting->value.yes) {
        vp_plan_element(planning, setting, root, "memoryBacking/locked", NULL,
                        "guest's memory may be swapped");
        return 0;
    }
    if (least == 0) {
        vp_plan_skip(planning, setting,
                     "no hard limit that libvirt takes can be made of the memory in the definition");
        return 0;
    }
    vp_plan_element(planning, setting, root, "memoryBacking/locked", "<locked/>",
                    "guest's memory is never swapped");
    if (limit != NULL && !hard_limit_refused(planning, limit))
        return 0;
    plan_limit(planning, setting, HARD, own > least ? own : least,
               own > least ? "definition's own limit has room for what is locked"
                           : "what is locked must have a limit: all memory, and room for QEMU's own");
    return 0;
}

int vp_memory_plan_hard_limit(struct vp_planning *planning, const struct vp_setting *setting,
                              struct vp_error **err)
{
    (void)err;
    if (hard_limit_refused(planning, setting)) {
        vp_autofree char *least = vp_size_format(least_hard_limit(planning) * 1024);
        vp_plan_skip(planning, setting, "the guest would not survive %s: it needs %s or more",
                     setting->value.text, least);
        return 0;
    }
    plan_limit(planning, setting, HARD, kib_of(setting),
               "guest is killed rather than let it take more of the host");
    return 0;
}

int vp_memory_plan_soft_limit(struct vp_planning *planning, const struct vp_setting *setting,
                              struct vp_error **err)
{
    (void)err;
    if (kib_of(setting) > 0 &&
        (has_element(planning, "memoryBacking/locked") || vp_guestmem_vfio(planning->domain) > 0)) {
        vp_plan_skip(planning, setting, "the guest's memory is %s, so none of it can be taken back",
                     has_element(planning, "memoryBacking/locked") ? "locked"
                                                                   : "pinned for a device passed through");
        return 0;
    }
    plan_limit(planning, setting, "memtune/soft_limit", kib_of(setting),
               "memory over it is taken back first when the host runs short");
    return 0;
}

/* On cgroup v1 it limits memory and swap together, and the kernel refuses one below the hard limit. */
int vp_memory_plan_swap_hard_limit(struct vp_planning *planning, const struct vp_setting *setting,
                                   struct vp_error **err)
{
    (void)err;
    const uint64_t kib = kib_of(setting);
    vp_autofree char *text = vp_planned(planning, planning->domain->root, HARD);
    vp_autofree char *unit = vp_planned(planning, planning->domain->root, HARD "/@unit");
    vp_node *hard = vp_node_new(planning->domain->doc, "hard_limit");
    vp_node_set_attr(hard, "unit", unit);
    vp_node_set_text(hard, text != NULL ? text : "0");
    const uint64_t least = vp_node_kib(hard);
    vp_node_free(hard);
    if (kib > 0 && least == 0) {
        vp_plan_skip(planning, setting, "it works together with a hard limit, which the guest does not have");
        return 0;
    }
    if (kib > 0 && kib < least) {
        vp_plan_skip(planning, setting, "%s is less than the guest's hard limit of %" PRIu64 " KiB",
                     setting->value.text, least);
        return 0;
    }
    plan_limit(planning, setting, "memtune/swap_hard_limit", kib, "guest's share of swap space is limited");
    return 0;
}

int vp_memory_plan_min_guarantee(struct vp_planning *planning, const struct vp_setting *setting,
                                 struct vp_error **err)
{
    (void)err;
    vp_plan_skip(planning, setting,
                 "libvirt's QEMU driver refuses min_guarantee; use memory.locked or huge pages");
    return 0;
}
