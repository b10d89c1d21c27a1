/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>

#include "guestmem.h"
#include "memoryknobs.h"
#include "text.h"

#define BALLOON "devices/memballoon"

/* Machines with a bus for a virtio balloon. Those of x86, s390x and POWER get one from libvirt. */
static bool can_have_balloon(const struct vp_domain *domain)
{
    const char *arch = vp_node_walk_attr(domain->root, "os/type", "arch");
    const char *machine = vp_node_walk_attr(domain->root, "os/type", "machine");
    if (vp_domain_is_x86(domain))
        return !vp_same(machine, "isapc") && !vp_same(machine, "none") && !vp_starts(machine, "microvm");
    return vp_same(arch, "s390x") || vp_starts(arch, "ppc64") || vp_starts(machine, "virt");
}

/* The balloon's model after the plan so far, also where libvirt chooses it; NULL without one. Owned. */
static char *model_of(const struct vp_planning *planning)
{
    const struct vp_domain *domain = planning->domain;
    const struct vp_setting *balloon = vp_plan_setting(planning, "memory.balloon");
    if (balloon != NULL && !balloon->value.yes && vp_plan_find(planning->plan, BALLOON) != NULL)
        return NULL;
    char *model = vp_planned(planning, domain->root, BALLOON "/@model");
    if (model == NULL && vp_domain_is_x86(domain) && can_have_balloon(domain))
        model = vp_strdup("virtio");
    if (vp_same(model, "none")) {
        free(model);
        return NULL;
    }
    return model;
}

/*
 * Without a balloon the guest gets all of <memory> from the start, whatever <currentMemory> says
 * (qemuProcessRefreshBalloonState() of libvirt 9.0): the definition should say so too.
 */
static void plan_whole_memory(struct vp_planning *planning, const struct vp_setting *setting)
{
    vp_node *root = planning->domain->root;
    struct vp_guestmem memory;
    const uint64_t current = vp_node_kib(vp_node_child(root, "currentMemory"));
    if (!vp_guestmem_read(planning->domain, &memory) || current == 0 || current >= memory.total)
        return;
    vp_autofree char *total = vp_asprintf("%" PRIu64, memory.total);
    vp_plan_text(planning, setting, root, "currentMemory", total,
                 "nothing can hold memory back without a balloon");
    vp_plan_attr(planning, setting, root, "currentMemory/@unit", "KiB", "libvirt's unit for it");
    vp_plan_warn(planning, setting,
                 "the guest had a balloon of %" PRIu64 " KiB and now takes that much more memory",
                 memory.total - current);
}

int vp_memory_plan_balloon(struct vp_planning *planning, const struct vp_setting *setting,
                           struct vp_error **err)
{
    (void)err;
    vp_node *root = planning->domain->root;
    if (!setting->value.yes) {
        vp_plan_element(planning, setting, root, BALLOON, "<memballoon model='none'/>",
                        "guest's memory is its own and stays whole");
        plan_whole_memory(planning, setting);
        return 0;
    }
    vp_autofree char *model = vp_planned(planning, root, BALLOON "/@model");
    if (!can_have_balloon(planning->domain)) {
        vp_plan_skip(planning, setting, "the guest's machine has no bus for a virtio balloon");
        return 0;
    }
    vp_plan_attr(planning, setting, root, BALLOON "/@model", vp_starts(model, "virtio") ? model : "virtio",
                 "memory that the guest does not need can be given to others");
    return 0;
}

static void plan_switch(struct vp_planning *planning, const struct vp_setting *setting, const char *attr,
                        const char *reason)
{
    vp_node *root = planning->domain->root;
    vp_autofree char *path = vp_asprintf(BALLOON "/@%s", attr);
    vp_autofree char *model = model_of(planning);
    vp_autofree char *said = vp_planned(planning, root, BALLOON "/@model");
    if (model == NULL || !vp_starts(model, "virtio")) {
        vp_plan_skip(planning, setting, "the guest has no virtio balloon");
        return;
    }
    /* A definition without a balloon has libvirt's: made here, it needs a model. */
    if (said == NULL)
        vp_plan_attr(planning, setting, root, BALLOON "/@model", model, "balloon that libvirt would add");
    vp_plan_attr(planning, setting, root, path, setting->value.yes ? "on" : "off", "%s", reason);
}

int vp_memory_plan_autodeflate(struct vp_planning *planning, const struct vp_setting *setting,
                               struct vp_error **err)
{
    (void)err;
    plan_switch(planning, setting, "autodeflate",
                setting->value.yes ? "guest gets memory back before it kills a process of its own"
                                   : "balloon stays as it is when the guest runs short");
    return 0;
}

/* Why free pages cannot be given back to the host; NULL when they can. */
static const char *pinned_by(const struct vp_planning *planning)
{
    vp_autofree char *locked = vp_planned(planning, planning->domain->root, "memoryBacking/locked");
    vp_autofree char *pages = vp_planned(planning, planning->domain->root, "memoryBacking/hugepages");
    if (vp_guestmem_vfio(planning->domain) > 0)
        return "a device passed through to the guest pins its memory";
    if (locked != NULL)
        return "the guest's memory is locked";
    return pages != NULL ? "the guest's memory is huge pages of the host's pool" : NULL;
}

int vp_memory_plan_free_page_reporting(struct vp_planning *planning, const struct vp_setting *setting,
                                       struct vp_error **err)
{
    (void)err;
    const char *why = setting->value.yes ? pinned_by(planning) : NULL;
    if (why != NULL) {
        vp_plan_skip(planning, setting, "%s, so free pages do not return to the host", why);
        return 0;
    }
    plan_switch(planning, setting, "freePageReporting",
                setting->value.yes ? "pages that the guest frees return to the host at once"
                                   : "pages that the guest frees stay with it");
    return 0;
}
