/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "placing.h"

#include <errno.h>

#include "cpudefault.h"
#include "guestmem.h"
#include "iothreadids.h"
#include "locality.h"
#include "memoryknobs.h"
#include "placingdemand.h"
#include "size.h"
#include "text.h"

#define MIB UINT64_C(1024)
/* More than any machine that the kernel runs on: 1 PiB. */
#define MEMORY_MAX (UINT64_C(1) << 40)

/*
 * Of ordinary memory, for QEMU itself: page tables of 8 bytes for each 4 KiB, 8 MiB of stack for each vCPU
 * and I/O thread (GetMemoryOverhead() of KubeVirt), 32 MiB for the display and 96 MiB for the program and its
 * libraries.
 */
static uint64_t overhead_kib(uint64_t memory_kib, unsigned threads)
{
    return memory_kib / 512 + 8 * MIB * threads + 128 * MIB;
}

static bool chooses(const struct vp_planning *planning, const char *knob, int choice)
{
    const struct vp_setting *setting = vp_plan_setting(planning, knob);
    return setting != NULL && setting->value.choice == choice;
}

/* Threads of a core that the guest sees; 1 where they do not divide its vCPUs, which libvirt refuses. */
static unsigned guest_threads(const struct vp_planning *planning, unsigned vcpus)
{
    vp_autofree char *text = vp_planned(planning, planning->domain->root, "cpu/topology/@threads");
    uint64_t threads = 1;
    if (text == NULL || vp_u64_parse(text, 1, vcpus, &threads) < 0 || vcpus % threads != 0)
        return 1;
    return (unsigned)threads;
}

const char *vp_placing_no_cells(const struct vp_planning *planning)
{
    const struct vp_domain *domain = planning->domain;
    struct vp_guestmem memory = {0};
    if (vp_node_walk(domain->root, "cpu/numa/cell") != NULL)
        return "the definition has NUMA cells of its own";
    if (planning->phase != VP_PHASE_COLD)
        return "NUMA cells can only be made at a cold start";
    if (!chooses(planning, "memory.cells", VP_CELLS_AUTO))
        return "memory.cells = auto would show the guest which memory is near";
    if (chooses(planning, "memory.numa", VP_NUMA_INTERLEAVE))
        return "memory that is interleaved is near to no NUMA cell";
    if (!vp_domain_is_x86(domain) && !vp_same(vp_node_walk_attr(domain->root, "os/type", "arch"), "aarch64"))
        return "NUMA cells are made for x86 and aarch64 guests only";
    if (!vp_guestmem_read(domain, &memory) || memory.boot % MIB != 0)
        return "NUMA cells are made of whole MiB, and the guest's memory is not";
    return vp_cpu_default_is_known(planning) ? NULL
                                             : "NUMA cells are part of the guest's CPU, which names no model";
}

static void read_demand(struct vp_planning *planning, const struct vp_setting *setting,
                        struct vp_placing_demand *it)
{
    const struct vp_domain *domain = planning->domain;
    const struct vp_setting *threads = vp_plan_setting(planning, "cpu.threads");
    const struct vp_iothreads iothreads = vp_iothreads_planned(planning);
    struct vp_demand *demand = &it->demand;

    it->name = vp_domain_name(domain);
    demand->name = it->name;
    demand->policy = (enum vp_policy)setting->value.choice;
    demand->threads = threads != NULL ? (enum vp_threads)threads->value.choice : VP_THREADS_SIBLINGS;
    demand->vcpus = vp_domain_max_vcpus(domain);
    demand->guest_threads = guest_threads(planning, demand->vcpus);
    demand->iothreads = iothreads.n;
    demand->own_emulator =
        demand->policy == VP_POLICY_DEDICATED && chooses(planning, "cpu.emulator", VP_HELPERS_OWN);
    demand->own_iothreads =
        demand->policy == VP_POLICY_DEDICATED && chooses(planning, "cpu.iothreads", VP_HELPERS_OWN);
    demand->split =
        vp_placing_no_cells(planning) == NULL || vp_node_walk(domain->root, "cpu/numa/cell") != NULL
            ? VP_SPLIT_CELLS
            : VP_SPLIT_SPREAD;
    vp_placing_read_memory(planning, it);
    demand->overhead_kib = overhead_kib(demand->memory_kib, demand->vcpus + demand->iothreads);
}

static void add_reason(struct vp_placement *placement, char *reason)
{
    vp_grow(&placement->reasons, placement->n_reasons, &placement->cap_reasons,
            sizeof(placement->reasons[0]));
    placement->reasons[placement->n_reasons++] = reason;
}

/* Ask the placer; a guest that fits nowhere is an answer too. */
static int ask(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    VP_CLEANUP(vp_placing_demand_done) struct vp_placing_demand it = {.demand = {0}};
    const struct vp_topology *topology = NULL;
    vp_autobitmap near = NULL;
    vp_autofree char *why = NULL;
    vp_autoplacement earlier = NULL;
    vp_autoerror error = NULL;
    struct vp_plan *plan = planning->plan;

    read_demand(planning, setting, &it);
    int r = planning->placer->topology(planning->placer, &topology, err);
    if (r == 0)
        r = vp_locality_read(planning->host, planning->domain, &near, &why, err);
    if (r < 0)
        return r;
    it.demand.near = hwloc_bitmap_iszero(near) ? NULL : near;
    if (planning->stored != NULL)
        earlier = vp_placing_earlier(topology, planning->stored, &it.demand);
    it.demand.earlier = earlier;
    r = planning->placer->place(planning->placer, &it.demand, &plan->placement, &error);
    if (r == -ENOSPC) {
        plan->unplaced = vp_take(&error);
        return 0;
    }
    if (r < 0 && err != NULL)
        *err = vp_take(&error);
    if (r == 0 && why != NULL)
        add_reason(plan->placement, vp_take(&why));
    return r;
}

/* Why nobody has to be asked; NULL when somebody has. */
static const char *not_asked(const struct vp_planning *planning, const struct vp_setting *placement)
{
    struct vp_guestmem memory = {0};
    if (placement == NULL)
        return "the guest is not placed, see cpu.placement";
    if (planning->placer == NULL)
        return "there is no host to place the guest on";
    if (!vp_guestmem_read(planning->domain, &memory))
        return "the definition says no amount of memory";
    if (memory.total > MEMORY_MAX)
        return "the guest has more memory than any host";
    return vp_domain_max_vcpus(planning->domain) > VP_TOPOLOGY_CPUS_MAX
               ? "the guest has more vCPUs than any host has CPUs"
               : NULL;
}

int vp_planning_placement(struct vp_planning *planning, const struct vp_setting *setting,
                          const struct vp_placement **ret_placement, struct vp_error **err)
{
    const struct vp_setting *placement = vp_plan_setting(planning, "cpu.placement");
    const struct vp_plan *plan = planning->plan;
    const char *reason = not_asked(planning, placement);
    int r = 0;
    if (reason == NULL && plan->placement == NULL && plan->unplaced == NULL)
        r = ask(planning, placement, err);
    if (r < 0)
        return r;
    if (reason != NULL)
        vp_plan_skip(planning, setting, "%s", reason);
    else if (plan->unplaced != NULL)
        vp_plan_skip(planning, setting, "%s",
                     setting == placement ? plan->unplaced->message
                                          : "the guest fits nowhere, see cpu.placement");
    *ret_placement = plan->placement;
    return 0;
}

int vp_planning_placed(struct vp_planning *planning, const struct vp_setting *setting,
                       const struct vp_placement **ret_placement, const struct vp_topology **ret_topology,
                       struct vp_error **err)
{
    const struct vp_placement *placement = NULL;
    const struct vp_topology *topology = NULL;
    int r = vp_planning_placement(planning, setting, &placement, err);
    if (r == 0 && placement != NULL)
        r = planning->placer->topology(planning->placer, &topology, err);
    if (r < 0)
        return r;
    *ret_placement = placement;
    *ret_topology = topology;
    return 0;
}

const struct vp_guest_cell *vp_placing_cell(const struct vp_placement *placement, unsigned vcpu)
{
    unsigned i = 0;
    while (i + 1 < placement->n_cells && !hwloc_bitmap_isset(placement->cells[i].vcpus, vcpu))
        i++;
    return &placement->cells[i];
}

hwloc_const_bitmap_t vp_placing_pin(const struct vp_placement *placement, unsigned vcpu)
{
    if (placement->scopes == NULL)
        return placement->vcpus[vcpu];
    return placement->scopes[vp_placing_cell(placement, vcpu) - placement->cells];
}

hwloc_bitmap_t vp_placing_nodes(const struct vp_placement *placement, const struct vp_topology *topology)
{
    hwloc_bitmap_t nodes = vp_bitmap_new();
    for (unsigned i = 0; i < placement->n_cells; i++)
        if (placement->cells[i].memory_kib > 0)
            (void)hwloc_bitmap_set(nodes, topology->nodes[placement->cells[i].memory_node].os);
    return nodes;
}
