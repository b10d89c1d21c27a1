/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"
#include "memoryknobs.h"

#define LIMIT_MIN (UINT64_C(1) << 20)
#define LIMIT_MAX (UINT64_C(1) << 52) /* 4 PiB; libvirt takes less than 2^63 bytes */

/* In planning order: a row may ask what those before it have planned. */
const struct vp_knob vp_knobs_memory[] = {
    {
        .name = "memory.hugepages",
        .type = VP_TYPE_LIST,
        .effect = VP_EFFECT_LAUNCH,
        .choices = vp_memory_hugepages,
        .doc =
            "Pages that back the guest's memory; the first that fits is taken. 1G and 2M fit an x86 or "
            "aarch64 guest whose memory, NUMA cells and memory devices are multiples of the page, on a "
            "host whose pools hold enough such pages, free or not; a guest with a place (cpu.placement) on nodes "
            "that have enough free ones. thp is normal memory, of which the "
            "host may make transparent huge pages: as the first choice it takes the definition's own "
            "<hugepages> out, as a fallback it leaves them. no takes them out always.",
        .plan = vp_memory_plan_hugepages,
        .verify = vp_verify_definition,
    },
    {
        .name = "memory.source",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_GUEST,
        .choices = vp_memory_sources,
        .doc =
            "What kind of memory QEMU allocates. anonymous is left out where huge pages or shared memory "
            "forbid it. It changes at a cold start only, because libvirt wants a saved or migrated guest to "
            "keep it.",
        .plan = vp_memory_plan_source,
        .verify = vp_verify_definition,
    },
    {
        .name = "memory.access",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_LAUNCH,
        .choices = vp_memory_accesses,
        .doc = "shared lets other processes see the guest's memory. It is set only for a guest with a "
               "vhost-user or virtiofs device, and then memory.source becomes memfd unless there are huge "
               "pages or a file. private is left out for such a guest.",
        .plan = vp_memory_plan_access,
        .verify = vp_verify_definition,
    },
    {
        .name = "memory.allocation",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_LAUNCH,
        .choices = vp_memory_allocations,
        .doc = "Take all memory before the guest runs, or when it touches it. ondemand is left out with huge "
               "pages.",
        .plan = vp_memory_plan_allocation,
        .verify = vp_verify_definition,
    },
    {
        .name = "memory.ksm",
        .type = VP_TYPE_BOOL,
        .effect = VP_EFFECT_LAUNCH,
        .doc = "May the host merge same pages of this guest and others?",
        .plan = vp_memory_plan_ksm,
        .verify = vp_verify_definition,
    },
    {
        .name = "memory.locked",
        .type = VP_TYPE_BOOL,
        .effect = VP_EFFECT_LAUNCH,
        .doc = "Keep all memory of the guest and of QEMU from being swapped. Unless memory.hard-limit says "
               "otherwise a hard limit is worked out from what the guest can have at most, its vCPUs, "
               "iothreads, disks, displays and devices passed through; a larger one of the definition's own "
               "stays.",
        .plan = vp_memory_plan_locked,
        .verify = vp_verify_definition,
    },
    {
        .name = "memory.hard-limit",
        .type = VP_TYPE_SIZE,
        .effect = VP_EFFECT_LIVE,
        .choices = vp_memory_unlimited,
        .min = LIMIT_MIN,
        .max = LIMIT_MAX,
        .doc = "Most memory the guest and QEMU may take; over it they are killed. Left out when it is less "
               "than what the guest can have, or than locked memory needs.",
        .plan = vp_memory_plan_hard_limit,
        .verify = vp_verify_definition,
    },
    {
        .name = "memory.soft-limit",
        .type = VP_TYPE_SIZE,
        .effect = VP_EFFECT_LIVE,
        .choices = vp_memory_unlimited,
        .min = LIMIT_MIN,
        .max = LIMIT_MAX,
        .doc = "Memory over which the guest is the first to lose some when the host runs short. Left out for "
               "memory that is locked or pinned for a device passed through.",
        .plan = vp_memory_plan_soft_limit,
        .verify = vp_verify_definition,
    },
    {
        .name = "memory.swap-hard-limit",
        .type = VP_TYPE_SIZE,
        .effect = VP_EFFECT_LIVE,
        .choices = vp_memory_unlimited,
        .min = LIMIT_MIN,
        .max = LIMIT_MAX,
        .doc = "Most memory and swap together on a host with cgroup v1, most swap with cgroup v2. It needs a "
               "hard limit, and is left out when it is below that.",
        .plan = vp_memory_plan_swap_hard_limit,
        .verify = vp_verify_definition,
    },
    {
        .name = "memory.min-guarantee",
        .type = VP_TYPE_SIZE,
        .effect = VP_EFFECT_LIVE,
        .min = LIMIT_MIN,
        .max = LIMIT_MAX,
        .doc = "Memory the guest is to have in any case. libvirt's QEMU driver refuses such definitions, "
               "therefore it is always left out, and reported.",
        .plan = vp_memory_plan_min_guarantee,
        .verify = vp_verify_definition,
    },
    {
        .name = "memory.balloon",
        .type = VP_TYPE_BOOL,
        .effect = VP_EFFECT_GUEST,
        .doc = "Give the guest a virtio balloon or none. Without one a guest takes all its memory from the "
               "start, so currentMemory is raised to memory.",
        .plan = vp_memory_plan_balloon,
        .verify = vp_verify_definition,
    },
    {
        .name = "memory.balloon-autodeflate",
        .type = VP_TYPE_BOOL,
        .effect = VP_EFFECT_GUEST,
        .doc = "Give memory back to a guest that is about to kill a process for want of it. Needs a virtio "
               "balloon.",
        .plan = vp_memory_plan_autodeflate,
        .verify = vp_verify_definition,
    },
    {
        .name = "memory.free-page-reporting",
        .type = VP_TYPE_BOOL,
        .effect = VP_EFFECT_GUEST,
        .doc = "Let the guest hand free pages back to the host. Needs a virtio balloon; left out where "
               "memory is locked, of huge pages, or pinned for a device passed through.",
        .plan = vp_memory_plan_free_page_reporting,
        .verify = vp_verify_definition,
    },
    {.name = NULL},
};
