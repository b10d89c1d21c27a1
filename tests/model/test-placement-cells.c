/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "placement.h"

#include "machine.h"

#include <errno.h>
#include <string.h>

/* Guests whose definition has NUMA cells or bound memory already, or may get neither. */

#define GIB (UINT64_C(1024) * 1024)
#define SMT2 "synthetic:pack:2 [numa(memory=64GiB)] l3:1 core:4 pu:2"
#define FOUR "synthetic:pack:4 [numa(memory=16GiB)] core:5 pu:1"
#define CELLS_MAX 4

/* vCPUs "0-3", memory, nodes that it is bound to or NULL; page_kib is -1 where the planner chooses. */
struct cell {
    const char *vcpus;
    uint64_t memory_kib;
    const char *within;
    int64_t page_kib;
};

static const struct {
    const char *name, *where, *pinned, *within; /* pinned: CPUs of others */
    struct vp_demand demand;
    struct cell cells[CELLS_MAX];
    int r;
    const char *result;
} rows[] = {
    {"all cells on one node, vCPUs in turn",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 4},
     {{"0,2", GIB, NULL, -1}, {"1,3", 2 * GIB, NULL, -1}},
     0,
     "2 4 3 5 | emulator 0-1 | node 0: 2 vCPUs, 1G | node 0: 2 vCPUs, 2G | owned 2-5"},
    {"a cell on each node",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 8},
     {{"0-1,6-7", GIB, NULL, -1}, {"2-5", GIB, NULL, -1}},
     0,
     "2 3 10 11 12 13 4 5 | emulator 0-1,8-9 | node 0: 4 vCPUs, 1G | node 1: 4 vCPUs, 1G | owned 2-5,10-13"},
    {"the large cell where there is room for it",
     SMT2,
     "2-3",
     NULL,
     {.vcpus = 10},
     {{"0-5", GIB, NULL, -1}, {"6-9", GIB, NULL, -1}},
     0,
     "10 11 12 13 14 15 4 5 6 7 | emulator 0-1,8-9 | node 1: 6 vCPUs, 1G | node 0: 4 vCPUs, 1G | owned 4-7,10-15"},
    {"three cells on two nodes",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 12},
     {{"0-3", GIB, NULL, -1}, {"4-9", GIB, NULL, -1}, {"10-11", GIB, NULL, -1}},
     0,
     "10 11 12 13 2 3 4 5 6 7 14 15 | emulator 0-1,8-9 | node 1: 4 vCPUs, 1G | node 0: 6 vCPUs, 1G | "
     "node 1: 2 vCPUs, 1G | owned 2-7,10-15"},
    {"no cell is cut",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 10},
     {{"0-7", GIB, NULL, -1}, {"8-9", GIB, NULL, -1}},
     -ENOSPC,
     "no set of nodes holds each of its NUMA cells whole: CPUs are 6 on node 0, 6 on node 1"},
    {"cells that may not part",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 8, .split = VP_SPLIT_NEVER},
     {{"0-3", GIB, NULL, -1}, {"4-7", GIB, NULL, -1}},
     -ENOSPC,
     "no node has both"},
    {"memory parts them",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 2},
     {{"0", 40 * GIB, NULL, -1}, {"1", 40 * GIB, NULL, -1}},
     0,
     "2 10 | emulator 0-1,8-9 | node 0: 1 vCPUs, 40G | node 1: 1 vCPUs, 40G | owned 2-3,10-11"},
    {"a cell of memory alone",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 2},
     {{"0-1", 40 * GIB, NULL, -1}, {"", 40 * GIB, NULL, -1}},
     0,
     "2 3 | emulator 0-1 | node 0: 2 vCPUs, 40G | node 1: 0 vCPUs, 40G | owned 2-3"},
    {"the emulator where a thread is left",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 11, .own_emulator = true},
     {{"0-5", GIB, NULL, -1}, {"6-10", GIB, NULL, -1}},
     0,
     "2 3 4 5 6 7 10 11 12 13 14 | emulator 15 | node 0: 6 vCPUs, 1G | node 1: 5 vCPUs, 1G | owned 2-7,10-15"},
    {"cells that float",
     SMT2,
     NULL,
     NULL,
     {.policy = VP_POLICY_NODE, .vcpus = 8},
     {{"0-3", GIB, NULL, -1}, {"4-7", GIB, NULL, -1}},
     0,
     "2-7 2-7 2-7 2-7 10-15 10-15 10-15 10-15 | emulator 0-1,8-9 | node 0: 4 vCPUs, 1G | node 1: 4 vCPUs, 1G"},
    {"each cell's memory where it is bound",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 4},
     {{"0-1", GIB, "1", -1}, {"2-3", GIB, "0", -1}},
     0,
     "10 11 2 3 | emulator 0-1,8-9 | node 1: 2 vCPUs, 1G | node 0: 2 vCPUs, 1G | owned 2-3,10-11"},
    {"bound, and no CPU there",
     SMT2,
     "10-15",
     NULL,
     {.vcpus = 4},
     {{"0-1", GIB, "1", -1}, {"2-3", GIB, "0", -1}},
     0,
     "2 3 4 5 | emulator 0-1 | node 1: 2 vCPUs, 1G | node 0: 2 vCPUs, 1G | owned 2-5"},
    {"pages of a cell's own",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 2},
     {{"0", GIB, NULL, GIB}, {"1", GIB, NULL, 0}},
     -ENOSPC,
     "asks for 1G pages"},
    {"a vCPU in two cells",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 4},
     {{"0-2", GIB, NULL, -1}, {"2-3", GIB, NULL, -1}},
     -EINVAL,
     "each of its 4 vCPUs once"},
    {"a vCPU in none",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 4},
     {{"0-1", GIB, NULL, -1}, {"3", GIB, NULL, -1}},
     -EINVAL,
     "each of its 4 vCPUs once"},
    {"a vCPU that there is not",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 2},
     {{"0", GIB, NULL, -1}, {"2", GIB, NULL, -1}},
     -EINVAL,
     "each of its 2 vCPUs once"},
    {"memory bound: CPUs there",
     SMT2,
     NULL,
     "1",
     {.vcpus = 2, .memory_kib = GIB},
     {{0}},
     0,
     "10 11 | emulator 8-9 | node 1: 2 vCPUs, 1G | owned 10-11"},
    {"memory bound, CPUs next to it",
     SMT2,
     "12-15",
     "1",
     {.vcpus = 4, .memory_kib = 60 * GIB},
     {{0}},
     0,
     "2 3 4 5 | emulator 0-1 | node 1: 4 vCPUs, 60G | owned 2-5"},
    {"memory bound, CPUs of both nodes",
     SMT2,
     NULL,
     "1",
     {.vcpus = 8, .memory_kib = 60 * GIB, .split = VP_SPLIT_SPREAD},
     {{0}},
     0,
     "2 3 4 5 10 11 12 13 | emulator 0-1,8-9 | node 1: 4 vCPUs, 30G | node 1: 4 vCPUs, 30G | owned 2-5,10-13"},
    {"bound to two nodes: CPUs of both before those of a third",
     FOUR,
     NULL,
     "1,3",
     {.vcpus = 6, .memory_kib = 6 * GIB},
     {{0}},
     0,
     "6 7 8 16 17 18 | emulator 5,15 | node 1: 3 vCPUs, 3G | node 3: 3 vCPUs, 3G | owned 6-8,16-18"},
    {"bound where there is not enough",
     SMT2,
     NULL,
     "1",
     {.vcpus = 2, .memory_kib = 65 * GIB},
     {{0}},
     -ENOSPC,
     "1G are missing: there are 64G on node 1"},
    {"may get no cells",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 8, .memory_kib = GIB, .split = VP_SPLIT_SPREAD},
     {{0}},
     0,
     "2 3 4 5 10 11 12 13 | emulator 0-1,8-9 | node 0: 4 vCPUs, 512M | node 1: 4 vCPUs, 512M | owned 2-5,10-13"},
    {"may get no cells, memory away from CPUs",
     SMT2,
     "10-15",
     NULL,
     {.vcpus = 4, .memory_kib = 100 * GIB, .split = VP_SPLIT_SPREAD},
     {{0}},
     0,
     "2 3 4 5 | emulator 0-1 | node 0: 4 vCPUs, 64G | node 1: 0 vCPUs, 36G | owned 2-5"},
    {"may get no cells, all memory away from CPUs",
     FOUR,
     "6-14",
     NULL,
     {.vcpus = 6, .memory_kib = 62 * GIB, .split = VP_SPLIT_SPREAD},
     {{0}},
     0,
     "1 2 3 16 17 18 | emulator 0,15 | node 0: 3 vCPUs, 16G | node 3: 3 vCPUs, 16G | node 1: 0 vCPUs, 16G | node 2: 0 vCPUs, 14G | owned 1-3,16-18"},
    {"not that much memory in all",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 4, .memory_kib = 129 * GIB, .split = VP_SPLIT_SPREAD},
     {{0}},
     -ENOSPC,
     "1G are missing"},
    {"floats, memory away from CPUs",
     SMT2,
     NULL,
     NULL,
     {.policy = VP_POLICY_NODE, .vcpus = 5, .memory_kib = 120 * GIB, .split = VP_SPLIT_SPREAD},
     {{0}},
     0,
     "2-7 2-7 2-7 2-7 2-7 | emulator 0-1 | node 0: 5 vCPUs, 64G | node 1: 0 vCPUs, 56G"},
    {"must not be split",
     SMT2,
     NULL,
     NULL,
     {.vcpus = 8, .memory_kib = GIB, .split = VP_SPLIT_NEVER},
     {{0}},
     -ENOSPC,
     "needs 8 CPUs on free cores with 1G in ordinary pages, and no node has both"},
};

/* A demand out of a row, and what it borrows. */
struct guest {
    struct vp_demand demand;
    struct vp_demand_cell cells[CELLS_MAX];
    hwloc_bitmap_t sets[2 * CELLS_MAX + 1];
    size_t n_sets;
};

static hwloc_bitmap_t read_set(struct guest *guest, const char *text)
{
    if (text == NULL)
        return NULL;
    ck_assert_int_eq(vp_bitmap_parse(text, "row", &guest->sets[guest->n_sets], NULL), 0);
    return guest->sets[guest->n_sets++];
}

static void read_row(struct guest *guest, int row)
{
    guest->demand = rows[row].demand;
    guest->demand.name = rows[row].name;
    guest->demand.within = read_set(guest, rows[row].within);
    for (size_t i = 0; i < CELLS_MAX && rows[row].cells[i].vcpus != NULL; i++) {
        const struct cell *cell = &rows[row].cells[i];
        guest->cells[i] =
            (struct vp_demand_cell){.vcpus = read_set(guest, cell->vcpus),
                                    .memory_kib = cell->memory_kib,
                                    .own_page = cell->page_kib >= 0,
                                    .page_kib = cell->page_kib > 0 ? (uint64_t)cell->page_kib : 0,
                                    .within = read_set(guest, cell->within)};
        guest->demand.memory_kib += cell->memory_kib;
        guest->demand.n_cells++;
    }
    guest->demand.cells = guest->demand.n_cells > 0 ? guest->cells : NULL;
}

static void guest_done(struct guest *guest)
{
    for (size_t i = 0; i < guest->n_sets; i++)
        hwloc_bitmap_free(guest->sets[i]);
}

START_TEST(choice)
{
    MACHINE machine = {0};
    VP_CLEANUP(guest_done) struct guest guest = {.n_sets = 0};
    vp_autoplacement placement = NULL;
    vp_autoplacement again = NULL;
    vp_autoerror err = NULL;
    machine_open(&machine, rows[_i].where, NULL);
    read_row(&guest, _i);
    hwloc_const_bitmap_t pinned = read_set(&guest, rows[_i].pinned);
    if (pinned != NULL)
        (void)hwloc_bitmap_or(machine.occupied->pinned, machine.occupied->pinned, pinned);
    const int r = vp_placement_plan(machine.occupied, &guest.demand, &placement, &err);
    ck_assert_msg(r == rows[_i].r, "%s: %d: %s", rows[_i].name, r, err ? err->message : "");
    if (r < 0) {
        ck_assert_msg(strstr(err->message, rows[_i].result) != NULL, "%s: %s", rows[_i].name, err->message);
        return;
    }
    machine_check(&machine, &guest.demand, placement);
    machine_is(&machine, placement, rows[_i].result);
    ck_assert_int_eq(placement->spread, guest.demand.split == VP_SPLIT_SPREAD);
    /* It is confirmed when it comes back. */
    guest.demand.earlier = placement;
    ck_assert_int_eq(vp_placement_plan(machine.occupied, &guest.demand, &again, NULL), 0);
    ck_assert_msg(again->confirmed, "%s", rows[_i].name);
    machine_is(&machine, again, rows[_i].result);
    vp_occupied_add(machine.occupied, again);
    vp_occupied_remove(machine.occupied, again);
    ck_assert(vp_occupied_is_empty(machine.occupied));
}
END_TEST

/* Its earlier place does not do for other cells, or for memory that is bound elsewhere now. */
START_TEST(earlier_place)
{
    MACHINE machine = {0};
    vp_autobitmap low = vp_bitmap_new();
    vp_autobitmap high = vp_bitmap_new();
    vp_autobitmap bound = vp_bitmap_new();
    machine_open(&machine, SMT2, NULL);
    (void)hwloc_bitmap_set_range(low, 0, 1);
    (void)hwloc_bitmap_set_range(high, 2, 3);
    (void)hwloc_bitmap_set(bound, 1);
    struct vp_demand_cell cells[] = {{.vcpus = low, .memory_kib = GIB}, {.vcpus = high, .memory_kib = GIB}};
    struct vp_demand demand = {.name = "guest", .vcpus = 4, .memory_kib = 2 * GIB};
    vp_autoplacement plain = machine_plan(&machine, &demand);
    demand.earlier = plain;
    demand.cells = cells;
    demand.n_cells = 2;
    vp_autoplacement celled = machine_plan(&machine, &demand);
    ck_assert(!celled->confirmed && celled->n_cells == 2);
    demand.earlier = celled;
    cells[0].within = bound;
    vp_autoplacement moved = machine_plan(&machine, &demand);
    ck_assert(!moved->confirmed);
    machine_is(&machine, moved,
               "10 11 12 13 | emulator 8-9 | node 1: 2 vCPUs, 1G | node 1: 2 vCPUs, 1G | owned 10-13");
}
END_TEST

static void give_pools(struct machine *machine)
{
    machine->topology->n_sizes = 1;
    machine->topology->sizes[0] = GIB;
    for (unsigned i = 0; i < machine->topology->n_nodes; i++) {
        machine->topology->nodes[i].pages[0] = 8;
        machine->topology->nodes[i].ordinary_kib -= 8 * GIB;
    }
}

/* One cell in large pages, one in ordinary memory, the third in what the planner prefers. */
START_TEST(pages_of_cells)
{
    static const uint64_t pages[] = {GIB, 0};
    MACHINE machine = {0};
    VP_CLEANUP(guest_done) struct guest guest = {.n_sets = 0};
    machine_open(&machine, SMT2, NULL);
    give_pools(&machine);
    struct vp_demand_cell cells[] = {
        {.vcpus = read_set(&guest, "0"), .memory_kib = 6 * GIB, .own_page = true, .page_kib = GIB},
        {.vcpus = read_set(&guest, "1"), .memory_kib = 40 * GIB, .own_page = true},
        {.vcpus = read_set(&guest, "2"), .memory_kib = 4 * GIB}};
    const struct vp_demand demand = {.name = "guest",
                                     .vcpus = 3,
                                     .memory_kib = 50 * GIB,
                                     .cells = cells,
                                     .n_cells = 3,
                                     .pages = pages,
                                     .n_pages = 2};
    vp_autoplacement placement = machine_plan(&machine, &demand);
    ck_assert_uint_eq(placement->cells[0].page_kib, GIB);
    ck_assert_uint_eq(placement->cells[1].page_kib, 0);
    ck_assert_int_eq(placement->cells[1].size, -1);
    /* All of it is in ordinary memory of one node rather than in two nodes' pools. */
    ck_assert_uint_eq(placement->cells[2].page_kib, 0);
    ck_assert_uint_eq(machine_nodes(&machine, placement), 1);
}
END_TEST

/* More cells than all ways to place them can be tried for. */
START_TEST(many_cells)
{
    MACHINE machine = {0};
    struct vp_demand_cell cells[32];
    hwloc_bitmap_t sets[VP_ARRAY_SIZE(cells)];
    machine_open(&machine, "synthetic:pack:16 [numa(memory=16GiB)] core:8 pu:1", NULL);
    for (unsigned i = 0; i < VP_ARRAY_SIZE(cells); i++) {
        sets[i] = vp_bitmap_new();
        (void)hwloc_bitmap_set_range(sets[i], 3 * i, (int)(3 * i + 2));
        cells[i] = (struct vp_demand_cell){.vcpus = sets[i], .memory_kib = GIB};
    }
    const struct vp_demand demand = {.name = "guest",
                                     .vcpus = 96,
                                     .memory_kib = 32 * GIB,
                                     .cells = cells,
                                     .n_cells = VP_ARRAY_SIZE(cells)};
    vp_autoplacement placement = machine_plan(&machine, &demand);
    ck_assert_uint_eq(machine_nodes(&machine, placement), 16);
    for (unsigned i = 0; i < VP_ARRAY_SIZE(cells); i++)
        hwloc_bitmap_free(sets[i]);
}
END_TEST

#define NODES 4
#define CELLS 4

static uint64_t next_number(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Nodes used, then their distances: what the cells cost on these nodes. UINT_MAX: they do not fit. */
static unsigned cost_on(const struct machine *machine, const unsigned *sizes, const unsigned *nodes)
{
    unsigned cost = 0;
    bool used[NODES] = {false};
    for (unsigned node = 0; node < NODES; node++) {
        unsigned n = 0;
        for (unsigned i = 0; i < CELLS; i++) {
            n += nodes[i] == node ? sizes[i] : 0;
            used[node] = used[node] || nodes[i] == node;
        }
        vp_autobitmap room = vp_bitmap_new();
        (void)hwloc_bitmap_andnot(room, machine->topology->nodes[node].cpus, machine->occupied->pinned);
        (void)hwloc_bitmap_andnot(room, room, machine->occupied->housekeeping);
        if (n > (unsigned)hwloc_bitmap_weight(room))
            return UINT_MAX;
        cost += used[node] ? 1000 : 0;
        for (unsigned other = 0; used[node] && other < node; other++)
            cost += used[other] ? vp_topology_distance(machine->topology, node, other) : 0;
    }
    return cost;
}

/* Against all ways to put four cells on four nodes of any distances. */
START_TEST(least_cost)
{
    uint64_t state = 2463534242u;
    unsigned placed = 0;
    for (unsigned round = 0; round < 300; round++) {
        MACHINE machine = {0};
        VP_CLEANUP(guest_done) struct guest guest = {.n_sets = 0};
        unsigned sizes[CELLS], nodes[CELLS], first = 0, best = UINT_MAX;
        struct vp_placement *placement = NULL;
        machine_open(&machine, "synthetic:pack:4 [numa(memory=64GiB)] core:9 pu:1", NULL);
        for (unsigned a = 0; a < NODES; a++) {
            (void)hwloc_bitmap_set_range(machine.occupied->pinned, a * 9 + 1,
                                         (int)(a * 9 + 1 + next_number(&state) % 5));
            for (unsigned b = 0; b < a; b++)
                machine.topology->distances[a * NODES + b] = machine.topology->distances[b * NODES + a] =
                    11 + (unsigned)(next_number(&state) % 30);
        }
        for (unsigned i = 0; i < CELLS; i++) {
            sizes[i] = 1 + (unsigned)(next_number(&state) % 6);
            vp_autofree char *list = vp_asprintf("%u-%u", first, first + sizes[i] - 1);
            guest.cells[i] = (struct vp_demand_cell){.vcpus = read_set(&guest, list), .memory_kib = GIB};
            first += sizes[i];
        }
        for (unsigned all = 0; all < NODES * NODES * NODES * NODES; all++) {
            for (unsigned i = 0, rest = all; i < CELLS; i++, rest /= NODES)
                nodes[i] = rest % NODES;
            const unsigned cost = cost_on(&machine, sizes, nodes);
            best = cost < best ? cost : best;
        }
        guest.demand = (struct vp_demand){.name = "cells",
                                          .vcpus = first,
                                          .memory_kib = CELLS * GIB,
                                          .cells = guest.cells,
                                          .n_cells = CELLS};
        const int r = vp_placement_plan(machine.occupied, &guest.demand, &placement, NULL);
        ck_assert_msg((r == 0) == (best != UINT_MAX), "round %u: %d", round, r);
        if (r < 0)
            continue;
        machine_check(&machine, &guest.demand, placement);
        for (unsigned i = 0; i < CELLS; i++)
            nodes[i] = placement->cells[i].node;
        vp_placement_free(placement);
        ck_assert_msg(cost_on(&machine, sizes, nodes) == best, "round %u: %u instead of %u", round,
                      cost_on(&machine, sizes, nodes), best);
        placed++;
    }
    ck_assert_uint_gt(placed, 100);
}
END_TEST

VP_TEST_MAIN("placement-cells", VP_TEST_ROWS(choice, rows), VP_TEST(earlier_place), VP_TEST(pages_of_cells),
             VP_TEST(many_cells), VP_TEST(least_cost))
