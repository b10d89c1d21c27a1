/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "guestmem.h"
#include "knobs.h"
#include "planner.h"
#include "size.h"
#include "text.h"

/*
 * Limits of the guest's own cgroup, which are there before its QEMU is. The definition says nothing of them.
 * 
 */

#define CGROUPS "/sys/fs/cgroup"
#define LEAST (UINT64_C(64) << 20)

#define OWN                                                                                                  \
    "It is in force before QEMU exists, also for a guest whose definition was not brought up to date, "      \
    "and leaves the definition as it is. "

static const char *const unlimited[] = {"unlimited", NULL};

static bool is_there(const struct vp_root *root, const char *path)
{
    const int fd = vp_root_openat(root, path, O_PATH);
    if (fd < 0)
        return false;
    (void)close(fd); /* nothing was written */
    return true;
}

/* Does the host have cgroup v1, which lacks a limit? One that does not say is taken for a newer one. */
static bool has_old_cgroups(const struct vp_planning *planning)
{
    const struct vp_root *root = vp_host_root(planning->host);
    return root != NULL && is_there(root, CGROUPS) && !is_there(root, CGROUPS "/cgroup.controllers");
}

/* What libvirt sets from the definition, it sets after this. */
static bool is_overruled(struct vp_planning *planning, const struct vp_setting *setting, const char *place)
{
    vp_autofree char *value = vp_planned(planning, planning->domain->root, place);
    if (value == NULL)
        return false;
    vp_plan_skip(planning, setting, "the definition has %s = %s, which libvirt sets instead", place, value);
    return true;
}

static int plan_weight(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    if (is_overruled(planning, setting, "cputune/shares"))
        return 0;
    vp_autofree char *value = vp_asprintf("%" PRIu64, vp_plan_count(planning, setting));
    vp_plan_host(planning, setting, "scope/CPUWeight", value, "weight of the guest when CPUs are short");
    return 0;
}

static int plan_quota(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    if (is_overruled(planning, setting, "cputune/global_quota"))
        return 0;
    vp_autofree char *value = vp_asprintf("%" PRIu64 "%%", vp_plan_count(planning, setting));
    vp_plan_host(planning, setting, "scope/CPUQuota", value,
                 "QEMU and all that works for the guest in its cgroup take this much CPU time together");
    return 0;
}

static bool has_huge_pages(const struct vp_planning *planning)
{
    vp_autofree char *there = vp_planned(planning, planning->domain->root, "memoryBacking/hugepages");
    return there != NULL;
}

/* What keeps a guest's memory from being taken back; NULL: nothing. */
static const char *what_holds(const struct vp_planning *planning)
{
    vp_autofree char *locked = vp_planned(planning, planning->domain->root, "memoryBacking/locked");
    if (locked != NULL)
        return "locked";
    return vp_guestmem_vfio(planning->domain) > 0 ? "pinned for a device passed through" : NULL;
}

/* The memory that counts against the guest's cgroup, in bytes. Huge pages of a pool do not. */
static uint64_t charged(const struct vp_planning *planning)
{
    struct vp_guestmem memory;
    if (has_huge_pages(planning) || !vp_guestmem_read(planning->domain, &memory))
        return 0;
    return memory.most * 1024;
}

static char *bytes_of(const struct vp_setting *setting)
{
    return setting->value.choice == 0 ? vp_strdup("infinity") : vp_asprintf("%" PRIu64, setting->value.bytes);
}

static int plan_max(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const uint64_t needed = charged(planning);
    vp_autofree char *value = bytes_of(setting);
    if (is_overruled(planning, setting, "memtune/hard_limit"))
        return 0;
    if (setting->value.choice != 0 && setting->value.bytes <= needed) {
        vp_autofree char *text = vp_size_format(needed);
        vp_plan_skip(planning, setting,
                     "the guest would not survive %s: its own memory is %s, and QEMU needs some",
                     setting->value.text, text);
        return 0;
    }
    vp_plan_host(planning, setting, "scope/MemoryMax", value, "most that the guest and QEMU may take");
    return 0;
}

static int plan_high(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const char *holds = what_holds(planning);
    vp_autofree char *value = bytes_of(setting);
    if (is_overruled(planning, setting, "memtune/soft_limit"))
        return 0;
    if (has_old_cgroups(planning))
        vp_plan_skip(planning, setting, "this host has cgroup v1, which has no such limit");
    else if (setting->value.choice != 0 && holds != NULL)
        vp_plan_skip(planning, setting, "the guest's memory is %s, so none of it can be taken back", holds);
    else
        vp_plan_host(planning, setting, "scope/MemoryHigh", value,
                     "over it the guest is slowed down and its memory taken back");
    return 0;
}

static int plan_low(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    vp_autofree char *value = bytes_of(setting);
    if (has_old_cgroups(planning))
        vp_plan_skip(planning, setting, "this host has cgroup v1, which protects no memory");
    else
        vp_plan_host(planning, setting, "scope/MemoryLow", value,
                     "as long as the guest has no more, others' memory is taken first");
    return 0;
}

const struct vp_knob vp_knobs_scopecpu[] = {
    {
        .name = "cpu.cgroup-weight",
        .type = VP_TYPE_COUNT,
        .effect = VP_EFFECT_HOST,
        .min = 1,
        .max = 10000,
        .doc = "The guest's weight against others when CPUs are short; one that says nothing has 100. " OWN
               "Unlike cpu.shares it means the same on cgroup v1 and v2, and gives way to shares in the "
               "definition.",
        .plan = plan_weight,
    },
    {
        .name = "cpu.cgroup-quota",
        .type = VP_TYPE_COUNT,
        .effect = VP_EFFECT_HOST,
        .min = 1,
        .max = 819200,
        .unit = "percent of one CPU",
        .doc =
            "CPU time that the guest as a whole may take, vCPUs, emulator and iothreads together: 250 is two "
            "and a half CPUs. " OWN "A global quota in the definition wins over it.",
        .plan = plan_quota,
    },
    {.name = NULL},
};

const struct vp_knob vp_knobs_scopememory[] = {
    {
        .name = "memory.cgroup-max",
        .type = VP_TYPE_SIZE,
        .effect = VP_EFFECT_HOST,
        .choices = unlimited,
        .min = LEAST,
        .doc =
            "Most memory that the guest and QEMU may take; over it they are killed. " OWN
            "Left out when the guest's own memory would not fit. A hard limit in the definition wins over it.",
        .plan = plan_max,
    },
    {
        .name = "memory.cgroup-high",
        .type = VP_TYPE_SIZE,
        .effect = VP_EFFECT_HOST,
        .choices = unlimited,
        .min = LEAST,
        .doc =
            "Memory over which the guest is slowed down while what it has too much is swapped out. " OWN
            "Needs cgroup v2. A soft limit in the definition wins over it; memory that is locked cannot be "
            "taken back.",
        .plan = plan_high,
    },
    {
        .name = "memory.cgroup-low",
        .type = VP_TYPE_SIZE,
        .effect = VP_EFFECT_HOST,
        .choices = unlimited,
        .min = LEAST,
        .doc =
            "Memory of the guest that is left alone as long as the host can take others': the opposite of a "
            "limit, which a definition cannot say. " OWN "Needs cgroup v2.",
        .plan = plan_low,
    },
    {.name = NULL},
};
