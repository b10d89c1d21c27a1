/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine.h"

#include "size.h"
#include "strbuf.h"

void machine_open(struct machine *machine, const char *where, const char *housekeeping)
{
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *host = NULL;
    vp_autobitmap set = NULL;
    vp_autoerror err = NULL;
    fake_open(&machine->fake);
    ck_assert_msg(vp_host_open(where, machine->fake.root, &host, &err) == 0, "%s", where);
    ck_assert_msg(vp_topology_read(host, &machine->topology, &err) == 0, "%s: %s", where,
                  err ? err->message : "");
    ck_assert_int_eq(vp_topology_housekeeping(machine->topology, housekeeping, &set, NULL), 0);
    machine->occupied = vp_occupied_new(machine->topology, set);
}

void machine_close(struct machine *machine)
{
    vp_occupied_free(machine->occupied);
    vp_topology_free(machine->topology);
    fake_close(&machine->fake);
}

static void check_sets(const struct machine *machine, const struct vp_demand *demand,
                       const struct vp_placement *placement)
{
    const struct vp_topology *topology = machine->topology;
    const struct vp_occupied *occupied = machine->occupied;
    vp_autobitmap seen = vp_bitmap_new();
    for (unsigned i = 0; i < placement->n_vcpus; i++) {
        hwloc_const_bitmap_t set = placement->vcpus[i];
        ck_assert_msg(!hwloc_bitmap_iszero(set), "%s: vCPU %u has no CPU", demand->name, i);
        ck_assert_msg(hwloc_bitmap_isincluded(set, topology->allowed), "%s: vCPU %u", demand->name, i);
        ck_assert_msg(!hwloc_bitmap_intersects(set, occupied->dedicated), "%s: vCPU %u", demand->name, i);
        if (demand->policy != VP_POLICY_DEDICATED) {
            ck_assert_msg(!hwloc_bitmap_intersects(set, topology->isolated), "%s: vCPU %u", demand->name, i);
            continue;
        }
        ck_assert_msg(hwloc_bitmap_weight(set) == 1 && !hwloc_bitmap_intersects(set, seen) &&
                          hwloc_bitmap_isincluded(set, placement->owned),
                      "%s: vCPU %u", demand->name, i);
        (void)hwloc_bitmap_or(seen, seen, set);
    }
    ck_assert(hwloc_bitmap_isincluded(placement->owned, topology->allowed));
    ck_assert(!hwloc_bitmap_intersects(placement->owned, occupied->dedicated));
    ck_assert(!hwloc_bitmap_intersects(placement->owned, occupied->housekeeping));
    ck_assert(!hwloc_bitmap_intersects(placement->owned, occupied->pinned));
    ck_assert_int_eq(hwloc_bitmap_iszero(placement->owned), demand->policy != VP_POLICY_DEDICATED);
    ck_assert_msg(!hwloc_bitmap_iszero(placement->emulator) &&
                      !hwloc_bitmap_intersects(placement->emulator, seen),
                  "%s: emulator", demand->name);
    ck_assert(!hwloc_bitmap_intersects(placement->emulator, occupied->dedicated));
    for (unsigned i = 0; i < placement->n_iothreads; i++)
        ck_assert_msg(!hwloc_bitmap_iszero(placement->iothreads[i]) &&
                          !hwloc_bitmap_intersects(placement->iothreads[i], seen),
                      "%s: iothread %u", demand->name, i);
    for (size_t i = 0; i < occupied->n_scopes; i++) {
        vp_autobitmap left = vp_bitmap_new();
        (void)hwloc_bitmap_andnot(left, occupied->scopes[i].cpus, occupied->dedicated);
        const bool had = !hwloc_bitmap_iszero(left);
        (void)hwloc_bitmap_andnot(left, left, placement->owned);
        ck_assert_msg(occupied->scopes[i].guests == 0 || !had || !hwloc_bitmap_iszero(left),
                      "%s: others have nowhere to float", demand->name);
    }
}

static void check_cores(const struct machine *machine, const struct vp_demand *demand,
                        const struct vp_placement *placement)
{
    const struct vp_topology *topology = machine->topology;
    if (demand->policy != VP_POLICY_DEDICATED || demand->threads == VP_THREADS_ANY)
        return;
    for (unsigned core = 0; core < topology->n_cores; core++) {
        vp_autobitmap set = vp_bitmap_new();
        unsigned vcpus = 0;
        vp_topology_add_core(topology, core, set);
        if (!hwloc_bitmap_intersects(set, placement->owned))
            continue;
        ck_assert_msg(hwloc_bitmap_isincluded(set, placement->owned), "%s: core %u is split", demand->name,
                      core);
        for (unsigned i = 0; i < placement->n_vcpus; i++)
            vcpus += (unsigned)hwloc_bitmap_intersects(placement->vcpus[i], set);
        ck_assert_msg(demand->threads != VP_THREADS_ISOLATE || vcpus <= 1, "%s: core %u", demand->name, core);
    }
    /* The guest's siblings are siblings here. */
    for (unsigned i = 0; demand->threads == VP_THREADS_SIBLINGS && demand->guest_threads > 1 &&
                         demand->guest_threads <= topology->threads && i < placement->n_vcpus;
         i++) {
        const unsigned lead = i / demand->guest_threads * demand->guest_threads;
        const int a = vp_topology_cpu(topology, (unsigned)hwloc_bitmap_first(placement->vcpus[i]));
        const int b = vp_topology_cpu(topology, (unsigned)hwloc_bitmap_first(placement->vcpus[lead]));
        ck_assert_msg(topology->cpus[a].core == topology->cpus[b].core, "%s: vCPU %u", demand->name, i);
    }
}

static void check_memory(const struct machine *machine, const struct vp_demand *demand,
                         const struct vp_placement *placement)
{
    const struct vp_topology *topology = machine->topology;
    uint64_t sum = 0;
    unsigned next = 0;
    for (unsigned i = 0; i < placement->n_cells; i++) {
        const struct vp_guest_cell *cell = &placement->cells[i];
        sum += cell->memory_kib;
        ck_assert_msg(topology->nodes[cell->node].home == cell->memory_node, "%s: cell %u", demand->name, i);
        ck_assert_msg(placement->page_kib == 0 || cell->memory_kib % placement->page_kib == 0, "%s",
                      demand->name);
        ck_assert_msg(vp_occupied_free_kib(machine->occupied, cell->memory_node, placement->size,
                                           demand->grow_pools, demand->overhead_kib) >= cell->memory_kib,
                      "%s: memory of cell %u", demand->name, i);
        if (demand->policy == VP_POLICY_SHARED)
            continue;
        ck_assert_msg(cell->first == next && cell->n > 0, "%s: cell %u", demand->name, i);
        next += cell->n;
        for (unsigned k = cell->first; k < next; k++)
            ck_assert_msg(hwloc_bitmap_isincluded(placement->vcpus[k], topology->nodes[cell->node].cpus),
                          "%s: vCPU %u is not on node %u", demand->name, k, cell->node);
    }
    ck_assert_uint_eq(sum, demand->memory_kib);
    ck_assert(demand->policy == VP_POLICY_SHARED || next == demand->vcpus);
    ck_assert_uint_gt(placement->n_reasons, 0);
}

void machine_check(const struct machine *machine, const struct vp_demand *demand,
                   const struct vp_placement *placement)
{
    check_sets(machine, demand, placement);
    check_cores(machine, demand, placement);
    check_memory(machine, demand, placement);
}

static void add_sets(struct vp_strbuf *out, const char *what, hwloc_bitmap_t *sets, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        vp_autofree char *text = vp_bitmap_text(sets[i]);
        vp_strbuf_addf(out, "%s%s", i == 0 ? what : " ", text);
    }
}

char *machine_text(const struct machine *machine, const struct vp_placement *placement)
{
    struct vp_strbuf out = {0};
    add_sets(&out, "", placement->vcpus, placement->n_vcpus);
    add_sets(&out, " | emulator ", (hwloc_bitmap_t *)&placement->emulator, 1);
    add_sets(&out, " | iothreads ", placement->iothreads, placement->n_iothreads);
    for (unsigned i = 0; i < placement->n_cells; i++) {
        vp_autofree char *size = vp_size_format(placement->cells[i].memory_kib * 1024);
        vp_strbuf_addf(&out, " | node %u: %u vCPUs, %s",
                       machine->topology->nodes[placement->cells[i].memory_node].os, placement->cells[i].n,
                       size);
    }
    if (!hwloc_bitmap_iszero(placement->owned))
        add_sets(&out, " | owned ", (hwloc_bitmap_t *)&placement->owned, 1);
    return vp_strbuf_take(&out);
}
