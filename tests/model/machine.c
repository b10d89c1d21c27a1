/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine.h"

#include <string.h>

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
    if (demand->own_emulator)
        (void)hwloc_bitmap_or(seen, seen, placement->emulator);
    for (unsigned i = 0; i < placement->n_iothreads; i++) {
        ck_assert_msg(!hwloc_bitmap_iszero(placement->iothreads[i]) &&
                          !hwloc_bitmap_intersects(placement->iothreads[i], seen),
                      "%s: iothread %u", demand->name, i);
        if (demand->own_iothreads)
            (void)hwloc_bitmap_or(seen, seen, placement->iothreads[i]);
    }
    for (size_t i = 0; i < occupied->n_scopes; i++) {
        vp_autobitmap left = vp_bitmap_new();
        (void)hwloc_bitmap_andnot(left, occupied->scopes[i].cpus, occupied->dedicated);
        const bool had = !hwloc_bitmap_iszero(left);
        (void)hwloc_bitmap_andnot(left, left, placement->owned);
        (void)hwloc_bitmap_or(left, left, occupied->housekeeping);
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

/* Memory of one node that a placement takes. */
static struct vp_amount amount_on(const struct vp_placement *placement, unsigned node)
{
    struct vp_amount amount = {{placement->cells[0].memory_node == node ? placement->overhead_kib : 0}};
    for (unsigned i = 0; i < placement->n_cells; i++)
        if (placement->cells[i].memory_node == node)
            amount.kib[placement->cells[i].size + 1] += placement->cells[i].memory_kib;
    return amount;
}

/* CPUs of a cell are those of its node, and memory is there where there is some. */
static void check_cell(const struct machine *machine, const struct vp_demand *demand,
                       const struct vp_placement *placement, unsigned number)
{
    const struct vp_topology *topology = machine->topology;
    const struct vp_guest_cell *cell = &placement->cells[number];
    const bool given = demand->n_cells > 0 && demand->policy != VP_POLICY_SHARED;
    hwloc_const_bitmap_t within =
        given && demand->cells[number].within != NULL ? demand->cells[number].within : demand->within;
    const struct vp_amount amount = amount_on(placement, cell->memory_node);
    ck_assert_msg(vp_occupied_fits(machine->occupied, cell->memory_node, &amount, demand->grow_pools),
                  "%s: memory of cell %u", demand->name, number);
    ck_assert_msg(cell->size < 0 ? cell->page_kib == 0
                                 : topology->sizes[cell->size] == cell->page_kib &&
                                       cell->memory_kib % cell->page_kib == 0,
                  "%s: pages of cell %u", demand->name, number);
    ck_assert_msg(within == NULL || hwloc_bitmap_isset(within, topology->nodes[cell->memory_node].os),
                  "%s: memory of cell %u is bound elsewhere", demand->name, number);
    ck_assert_uint_eq((unsigned)hwloc_bitmap_weight(cell->vcpus), cell->n);
    ck_assert_msg(placement->scopes == NULL || !hwloc_bitmap_iszero(placement->scopes[number]),
                  "%s: cell %u floats nowhere", demand->name, number);
    if (demand->policy == VP_POLICY_SHARED)
        return;
    ck_assert_msg(within != NULL || topology->nodes[cell->node].home == cell->memory_node, "%s: cell %u",
                  demand->name, number);
    ck_assert_msg(within != NULL || cell->node == cell->memory_node ||
                      topology->nodes[cell->node].memory_kib == 0,
                  "%s: node %u has memory, and cell %u has it elsewhere", demand->name, cell->node, number);
    for (int k = hwloc_bitmap_first(cell->vcpus); k >= 0; k = hwloc_bitmap_next(cell->vcpus, k))
        ck_assert_msg(hwloc_bitmap_isincluded(placement->vcpus[k], topology->nodes[cell->node].cpus),
                      "%s: vCPU %d is not on node %u", demand->name, k, cell->node);
}

static void check_memory(const struct machine *machine, const struct vp_demand *demand,
                         const struct vp_placement *placement)
{
    vp_autobitmap seen = vp_bitmap_new();
    uint64_t sum = 0;
    for (unsigned i = 0; i < placement->n_cells; i++) {
        const struct vp_guest_cell *cell = &placement->cells[i];
        check_cell(machine, demand, placement, i);
        sum += cell->memory_kib;
        ck_assert_msg(demand->policy == VP_POLICY_SHARED || !hwloc_bitmap_intersects(seen, cell->vcpus),
                      "%s: cell %u", demand->name, i);
        (void)hwloc_bitmap_or(seen, seen, cell->vcpus);
        if (demand->n_cells == 0 || demand->policy == VP_POLICY_SHARED)
            continue;
        ck_assert_msg(hwloc_bitmap_isequal(cell->vcpus, demand->cells[i].vcpus) &&
                          cell->memory_kib == demand->cells[i].memory_kib,
                      "%s: cell %u is not the definition's", demand->name, i);
    }
    ck_assert_uint_eq(sum, demand->memory_kib);
    ck_assert_int_eq(hwloc_bitmap_weight(seen), (int)demand->vcpus);
    ck_assert_uint_gt(placement->n_reasons, 0);
}

void machine_check(const struct machine *machine, const struct vp_demand *demand,
                   const struct vp_placement *placement)
{
    check_sets(machine, demand, placement);
    check_cores(machine, demand, placement);
    check_memory(machine, demand, placement);
}

static bool has_memory(const struct machine *machine, const struct vp_demand *demand, unsigned node)
{
    static const uint64_t ordinary[] = {0};
    const struct vp_topology *topology = machine->topology;
    const uint64_t *pages = demand->pages != NULL ? demand->pages : ordinary;
    const unsigned home = topology->nodes[node].home;
    for (size_t i = 0; i < (demand->pages != NULL ? demand->n_pages : 1); i++) {
        int size = -1;
        for (unsigned k = 0; k < topology->n_sizes; k++)
            if (topology->sizes[k] == pages[i])
                size = (int)k;
        if ((size < 0) != (pages[i] == 0) || (size >= 0 && demand->memory_kib % pages[i] != 0))
            continue;
        if (vp_occupied_free_kib(machine->occupied, home, size, demand->grow_pools,
                                 &(struct vp_amount){{demand->overhead_kib}}) >= demand->memory_kib)
            return true;
    }
    return false;
}

/* vCPUs that a core could take. */
static unsigned core_room(const struct machine *machine, const struct vp_demand *demand,
                          hwloc_const_bitmap_t from, unsigned core)
{
    vp_autobitmap set = vp_bitmap_new();
    vp_topology_add_core(machine->topology, core, set);
    const unsigned all = (unsigned)hwloc_bitmap_weight(set);
    (void)hwloc_bitmap_and(set, set, from);
    (void)hwloc_bitmap_andnot(set, set, machine->occupied->dedicated);
    (void)hwloc_bitmap_andnot(set, set, machine->occupied->housekeeping);
    const unsigned left = (unsigned)hwloc_bitmap_weight(set);
    const unsigned step = demand->guest_threads > 1 && demand->guest_threads <= machine->topology->threads
                              ? demand->guest_threads
                              : 1;
    if (demand->threads == VP_THREADS_ANY)
        return left;
    if (left < all || left == 0)
        return 0;
    return demand->threads == VP_THREADS_ISOLATE ? 1 : left / step * step;
}

void machine_room(const struct machine *machine, const struct vp_demand *demand, hwloc_const_bitmap_t from,
                  bool *ret_node, bool *ret_cache)
{
    const struct vp_topology *topology = machine->topology;
    *ret_node = *ret_cache = false;
    for (unsigned node = 0; node < topology->n_nodes; node++) {
        unsigned on_node = 0;
        if (!has_memory(machine, demand, node))
            continue;
        for (unsigned cache = topology->nodes[node].first;
             cache < topology->nodes[node].first + topology->nodes[node].n; cache++) {
            unsigned in_cache = 0;
            for (unsigned i = 0; i < topology->caches[cache].n; i++)
                in_cache += core_room(machine, demand, from, topology->caches[cache].first + i);
            *ret_cache = *ret_cache || in_cache >= demand->vcpus;
            on_node += in_cache;
        }
        *ret_node = *ret_node || on_node >= demand->vcpus;
    }
}

/* How many different ones the vCPUs of a dedicated guest are in. */
static unsigned count_places(const struct machine *machine, const struct vp_placement *placement, bool nodes)
{
    vp_autobitmap seen = vp_bitmap_new();
    for (unsigned i = 0; i < placement->n_vcpus; i++) {
        const int at = vp_topology_cpu(machine->topology, (unsigned)hwloc_bitmap_first(placement->vcpus[i]));
        const struct vp_cpu *cpu = &machine->topology->cpus[at];
        (void)hwloc_bitmap_set(seen, nodes ? cpu->node : cpu->cache);
    }
    return (unsigned)hwloc_bitmap_weight(seen);
}

unsigned machine_caches(const struct machine *machine, const struct vp_placement *placement)
{
    return count_places(machine, placement, false);
}

unsigned machine_nodes(const struct machine *machine, const struct vp_placement *placement)
{
    return count_places(machine, placement, true);
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

struct vp_placement *machine_plan(const struct machine *machine, const struct vp_demand *demand)
{
    struct vp_placement *placement = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_placement_plan(machine->occupied, demand, &placement, &err) == 0, "%s: %s", demand->name,
                  err ? err->message : "");
    machine_check(machine, demand, placement);
    return placement;
}

void machine_is(const struct machine *machine, const struct vp_placement *placement, const char *want)
{
    vp_autofree char *text = machine_text(machine, placement);
    ck_assert_msg(strcmp(text, want) == 0, "%s\n%s", text, want);
}
