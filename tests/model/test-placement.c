/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "placement.h"

#include "machine.h"

#include <errno.h>
#include <string.h>

#define GIB (UINT64_C(1024) * 1024)

#define SMT2 "synthetic:pack:2 [numa(memory=64GiB)] l3:1 core:4 pu:2"
#define NPS4 "synthetic:pack:2 group:4 [numa(memory=64GiB)] l3:2 core:4 pu:2"
#define SNC2 "synthetic:pack:2 group:2 [numa(memory=64GiB)] l3:1 core:4 pu:2"
#define POWER "synthetic:pack:2 [numa(memory=64GiB)] l3:4 core:2 pu:4"

#define D .policy = VP_POLICY_DEDICATED
#define N .policy = VP_POLICY_NODE
#define S .policy = VP_POLICY_SHARED

/* Guests started one after another; what is said of the last: its place, or a part of the error. */
static const struct {
    const char *name, *where;
    struct vp_demand demands[4];
    int r;
    const char *result;
} rows[] = {
    {"one core",
     SMT2,
     {{D, .vcpus = 2, .memory_kib = GIB}},
     0,
     "2 3 | emulator 0-1 | node 0: 2 vCPUs, 1G | owned 2-3"},
    {"odd: the sibling stays idle",
     SMT2,
     {{D, .vcpus = 3, .memory_kib = GIB}},
     0,
     "2 3 4 | emulator 0-1 | node 0: 3 vCPUs, 1G | owned 2-5"},
    {"isolate",
     SMT2,
     {{D, .threads = VP_THREADS_ISOLATE, .vcpus = 3, .memory_kib = GIB}},
     0,
     "2 4 6 | emulator 0-1 | node 0: 3 vCPUs, 1G | owned 2-7"},
    {"any takes the rest of a core",
     SMT2,
     {{D, .threads = VP_THREADS_ANY, .vcpus = 3, .memory_kib = GIB},
      {D, .threads = VP_THREADS_ANY, .vcpus = 3, .memory_kib = GIB}},
     0,
     "6 7 5 | emulator 0-1 | node 0: 3 vCPUs, 1G | owned 5-7"},
    {"siblings take no part of a core",
     SMT2,
     {{D, .threads = VP_THREADS_ANY, .vcpus = 5, .memory_kib = GIB}, {D, .vcpus = 2, .memory_kib = GIB}},
     0,
     "10 11 | emulator 8-9 | node 1: 2 vCPUs, 1G | owned 10-11"},
    {"own emulator and iothreads share cores",
     SMT2,
     {{D, .vcpus = 4, .memory_kib = GIB, .own_emulator = true, .own_iothreads = true, .iothreads = 1}},
     0,
     "2 3 4 5 | emulator 6 | iothreads 7 | node 0: 4 vCPUs, 1G | owned 2-7"},
    {"own emulator on the spare sibling",
     SMT2,
     {{D, .vcpus = 3, .memory_kib = GIB, .own_emulator = true}},
     0,
     "2 3 4 | emulator 5 | node 0: 3 vCPUs, 1G | owned 2-5"},
    {"own threads on the spare siblings, then on a core",
     POWER,
     {{D, .vcpus = 6, .guest_threads = 2, .memory_kib = GIB, .own_emulator = true, .own_iothreads = true,
       .iothreads = 2}},
     0,
     "8 9 10 11 12 13 | emulator 14 | iothreads 15 4 | node 0: 6 vCPUs, 1G | owned 4-15"},
    {"isolate has no spare sibling",
     SMT2,
     {{D, .threads = VP_THREADS_ISOLATE, .vcpus = 2, .memory_kib = GIB, .own_emulator = true}},
     0,
     "2 4 | emulator 6 | node 0: 2 vCPUs, 1G | owned 2-7"},
    {"iothreads on housekeeping",
     SMT2,
     {{D, .vcpus = 2, .memory_kib = GIB, .iothreads = 2}},
     0,
     "2 3 | emulator 0-1 | iothreads 0-1 0-1 | node 0: 2 vCPUs, 1G | owned 2-3"},
    {"a split over two nodes",
     SMT2,
     {{D, .vcpus = 8, .memory_kib = 20 * GIB}},
     0,
     "2 3 4 5 10 11 12 13 | emulator 0-1,8-9 | node 0: 4 vCPUs, 10G | node 1: 4 vCPUs, 10G | owned 2-5,10-13"},
    {"a split because of memory",
     SMT2,
     {{D, .vcpus = 4, .memory_kib = 80 * GIB}},
     0,
     "2 3 10 11 | emulator 0-1,8-9 | node 0: 2 vCPUs, 40G | node 1: 2 vCPUs, 40G | owned 2-3,10-11"},
    {"a split that keeps guest cores whole",
     SMT2,
     {{D, .vcpus = 2, .memory_kib = GIB}, {D, .vcpus = 10, .guest_threads = 2, .memory_kib = 10 * GIB}},
     0,
     "4 5 6 7 10 11 12 13 14 15 | emulator 0-1,8-9 | node 0: 4 vCPUs, 4G | node 1: 6 vCPUs, 6G | owned 4-7,10-15"},
    {"a split with own emulator",
     SMT2,
     {{D, .vcpus = 10, .memory_kib = 10 * GIB, .own_emulator = true}},
     0,
     "2 3 4 5 10 11 12 13 14 15 | emulator 6 | node 0: 4 vCPUs, 4G | node 1: 6 vCPUs, 6G | owned 2-7,10-15"},
    {"too many vCPUs",
     SMT2,
     {{D, .vcpus = 14, .memory_kib = GIB}},
     -ENOSPC,
     "needs 14 CPUs on free cores and 2 are missing: there are 6 on node 0, 6 on node 1"},
    {"too much memory",
     SMT2,
     {{D, .vcpus = 2, .memory_kib = 130 * GIB}},
     -ENOSPC,
     "2G are missing: there are 64G on node 0, 64G on node 1"},
    {"memory where CPUs are not",
     SMT2,
     {{D, .vcpus = 6, .memory_kib = 10 * GIB}, {D, .vcpus = 4, .memory_kib = 70 * GIB}},
     -ENOSPC,
     "CPUs are 0 on node 0, 6 on node 1; memory is 54G on node 0, 64G on node 1"},
    {"no half guest cores",
     SMT2,
     {{D, .vcpus = 3, .guest_threads = 2, .memory_kib = GIB}},
     -EINVAL,
     "whole cores of 2 threads"},
    {"no vCPUs", SMT2, {{D, .memory_kib = GIB}}, -EINVAL, "0 vCPUs"},
    {"no memory", SMT2, {{D, .vcpus = 1}}, -EINVAL, "no memory"},
    {"own emulator of a floating guest",
     SMT2,
     {{N, .vcpus = 1, .memory_kib = GIB, .own_emulator = true}},
     -EINVAL,
     "floats"},
    {"one cache of two, the broken one",
     NPS4,
     {{D, .vcpus = 6, .memory_kib = GIB}},
     0,
     "2 3 4 5 6 7 | emulator 0-1 | node 0: 6 vCPUs, 1G | owned 2-7"},
    {"one whole cache",
     NPS4,
     {{D, .vcpus = 8, .memory_kib = GIB}},
     0,
     "8 9 10 11 12 13 14 15 | emulator 0-1 | node 0: 8 vCPUs, 1G | owned 8-15"},
    {"a small one leaves whole caches",
     NPS4,
     {{D, .vcpus = 8, .memory_kib = GIB}, {D, .vcpus = 2, .memory_kib = GIB}},
     0,
     "2 3 | emulator 0-1 | node 0: 2 vCPUs, 1G | owned 2-3"},
    {"two caches of one node",
     NPS4,
     {{D, .vcpus = 14, .memory_kib = GIB}},
     0,
     "8 9 10 11 12 13 14 15 2 3 4 5 6 7 | emulator 0-1 | node 0: 14 vCPUs, 1G | owned 2-15"},
    {"two nodes of one socket",
     NPS4,
     {{D, .vcpus = 14, .memory_kib = GIB}, {D, .vcpus = 28, .memory_kib = 100 * GIB}},
     0,
     "24 25 26 27 28 29 30 31 18 19 20 21 22 23 40 41 42 43 44 45 46 47 34 35 36 37 38 39 | emulator 16-17,32-33 | node 1: 14 vCPUs, 50G | node 2: 14 vCPUs, 50G | owned 18-31,34-47"},
    {"SNC: nodes of one socket",
     SNC2,
     {{D, .vcpus = 6, .memory_kib = GIB}, {D, .vcpus = 12, .memory_kib = 12 * GIB}},
     0,
     "18 19 20 21 22 23 26 27 28 29 30 31 | emulator 16-17,24-25 | node 2: 6 vCPUs, 6G | node 3: 6 vCPUs, 6G | owned 18-23,26-31"},
    {"POWER: four threads",
     POWER,
     {{D, .vcpus = 8, .guest_threads = 4, .memory_kib = GIB}},
     0,
     "8 9 10 11 12 13 14 15 | emulator 0-3 | node 0: 8 vCPUs, 1G | owned 8-15"},
    {"POWER: pairs on whole cores",
     POWER,
     {{D, .vcpus = 6, .guest_threads = 2, .memory_kib = GIB}},
     0,
     "8 9 10 11 12 13 | emulator 0-3 | node 0: 6 vCPUs, 1G | owned 8-15"},
    {"guest threads that the host has not",
     "synthetic:pack:1 [numa(memory=64GiB)] core:8 pu:1",
     {{D, .vcpus = 4, .guest_threads = 2, .memory_kib = GIB}},
     0,
     "1 2 3 4 | emulator 0 | node 0: 4 vCPUs, 1G | owned 1-4"},
    {"floating in a cache",
     NPS4,
     {{N, .vcpus = 4, .memory_kib = GIB}},
     0,
     "2-7 2-7 2-7 2-7 | emulator 0-1 | node 0: 4 vCPUs, 1G"},
    {"floating in a node",
     NPS4,
     {{N, .vcpus = 10, .memory_kib = GIB}},
     0,
     "2-15 2-15 2-15 2-15 2-15 2-15 2-15 2-15 2-15 2-15 | emulator 0-1 | node 0: 10 vCPUs, 1G"},
    {"floating elsewhere when a node is full",
     SMT2,
     {{N, .vcpus = 6, .memory_kib = GIB}, {N, .vcpus = 2, .memory_kib = GIB}},
     0,
     "10-15 10-15 | emulator 8-9 | node 1: 2 vCPUs, 1G"},
    {"floating on what dedicated guests leave",
     SMT2,
     {{D, .vcpus = 4, .memory_kib = GIB},
      {D, .vcpus = 4, .memory_kib = GIB},
      {N, .vcpus = 2, .memory_kib = GIB}},
     0,
     "6-7 6-7 | emulator 0-1 | node 0: 2 vCPUs, 1G"},
    {"floating on two nodes",
     SMT2,
     {{N, .vcpus = 8, .memory_kib = 8 * GIB}},
     0,
     "2-7 2-7 2-7 2-7 10-15 10-15 10-15 10-15 | emulator 0-1,8-9 | node 0: 4 vCPUs, 4G | node 1: 4 vCPUs, 4G"},
    {"shared",
     SMT2,
     {{D, .vcpus = 2, .memory_kib = GIB}, {S, .vcpus = 2, .memory_kib = 80 * GIB}},
     0,
     "4-7,10-15 4-7,10-15 | emulator 4-7,10-15 | node 1: 2 vCPUs, 64G | node 0: 2 vCPUs, 16G"},
    {"a dedicated guest leaves shared ones a CPU",
     SMT2,
     {{S, .vcpus = 40, .memory_kib = GIB}, {D, .vcpus = 12, .memory_kib = GIB}},
     -ENOSPC,
     "2 are missing"},
    {"nothing left to share but housekeeping CPUs",
     SMT2,
     {{D, .vcpus = 12, .memory_kib = 12 * GIB}, {S, .vcpus = 1, .memory_kib = GIB}},
     0,
     "0-1,8-9 | emulator 0-1,8-9 | node 0: 1 vCPUs, 1G"},
    {"a host of two CPUs: who floats makes room",
     "synthetic:pack:1 [numa(memory=4GiB)] core:2 pu:1",
     {{S, .vcpus = 8, .memory_kib = GIB}, {D, .vcpus = 1, .memory_kib = GIB}},
     0,
     "1 | emulator 0 | node 0: 1 vCPUs, 1G | owned 1"},
    {"a host that is all housekeeping",
     "synthetic:pack:1 [numa(memory=4GiB)] core:1 pu:2",
     {{S, .vcpus = 1, .memory_kib = GIB}},
     0,
     "0-1 | emulator 0-1 | node 0: 1 vCPUs, 1G"},
    {"nothing to own there",
     "synthetic:pack:1 [numa(memory=4GiB)] core:1 pu:2",
     {{D, .vcpus = 1, .memory_kib = GIB}},
     -ENOSPC,
     "1 are missing: there are 0 on node 0"},
};

START_TEST(choice)
{
    MACHINE machine = {0};
    machine_open(&machine, rows[_i].where, NULL);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows[_i].demands) &&
                       rows[_i].demands[i].memory_kib + rows[_i].demands[i].vcpus > 0;
         i++) {
        const bool last = i + 1 == VP_ARRAY_SIZE(rows[_i].demands) || rows[_i].demands[i + 1].memory_kib == 0;
        struct vp_demand demand = rows[_i].demands[i];
        static char sentinel;
        struct vp_placement *placement = (struct vp_placement *)(void *)&sentinel;
        vp_autoerror err = NULL;
        demand.name = rows[_i].name;
        const int r = vp_placement_plan(machine.occupied, &demand, &placement, &err);
        ck_assert_msg(r == (last ? rows[_i].r : 0), "%s: %d: %s", rows[_i].name, r, err ? err->message : "");
        if (r < 0) {
            ck_assert_ptr_eq(placement, (struct vp_placement *)(void *)&sentinel);
            ck_assert_msg(strstr(err->message, rows[_i].result) != NULL, "%s: %s", rows[_i].name,
                          err->message);
            return;
        }
        machine_check(&machine, &demand, placement);
        vp_autofree char *text = machine_text(&machine, placement);
        vp_occupied_add(machine.occupied, placement);
        vp_placement_free(placement);
        ck_assert_msg(!last || strcmp(text, rows[_i].result) == 0, "%s:\n%s", rows[_i].name, text);
    }
}
END_TEST

START_TEST(near_devices)
{
    MACHINE machine = {0};
    machine_open(&machine, SMT2, NULL);
    vp_autobitmap near = vp_bitmap_new();
    (void)hwloc_bitmap_set(near, 1);
    struct vp_demand demand = {.name = "nic", D, .vcpus = 2, .memory_kib = GIB, .near = near};
    vp_autoplacement dedicated = machine_plan(&machine, &demand);
    machine_is(&machine, dedicated, "10 11 | emulator 8-9 | node 1: 2 vCPUs, 1G | owned 10-11");
    demand.policy = VP_POLICY_NODE;
    vp_autoplacement floating = machine_plan(&machine, &demand);
    machine_is(&machine, floating, "10-15 10-15 | emulator 8-9 | node 1: 2 vCPUs, 1G");
    /* Room goes before nearness. */
    demand.memory_kib = 60 * GIB;
    vp_autoplacement other = machine_plan(&machine, &demand);
    vp_occupied_add(machine.occupied, other);
    vp_autoplacement away = machine_plan(&machine, &demand);
    ck_assert_uint_eq(away->cells[0].node, 0);
    vp_occupied_remove(machine.occupied, other);
    ck_assert(vp_occupied_is_empty(machine.occupied));
}
END_TEST

START_TEST(warm_place)
{
    MACHINE machine = {0};
    machine_open(&machine, SMT2, NULL);
    struct vp_demand demand = {.name = "a", D, .vcpus = 4, .memory_kib = GIB, .own_emulator = true};
    vp_autoplacement first = machine_plan(&machine, &demand);
    vp_occupied_add(machine.occupied, first);
    vp_autoplacement second = machine_plan(&machine, &demand);
    machine_is(&machine, second, "10 11 12 13 | emulator 14 | node 1: 4 vCPUs, 1G | owned 10-15");
    vp_occupied_remove(machine.occupied, first);
    demand.earlier = second;
    vp_autoplacement again = machine_plan(&machine, &demand);
    ck_assert(again->confirmed);
    machine_is(&machine, again, "10 11 12 13 | emulator 14 | node 1: 4 vCPUs, 1G | owned 10-15");
    /* One CPU of it is taken, one vCPU more is wanted, or more memory than is there. */
    (void)hwloc_bitmap_set(machine.occupied->pinned, 15);
    vp_autoplacement moved = machine_plan(&machine, &demand);
    ck_assert(!moved->confirmed);
    ck_assert_uint_eq(moved->cells[0].node, 0);
    (void)hwloc_bitmap_clr(machine.occupied->pinned, 15);
    machine.occupied->reserve_kib[1] = 64 * GIB - 1024;
    vp_autoplacement elsewhere = machine_plan(&machine, &demand);
    ck_assert(!elsewhere->confirmed && elsewhere->cells[0].node == 0);
    machine.occupied->reserve_kib[1] = 0;
    demand.vcpus = 2;
    vp_autoplacement smaller = machine_plan(&machine, &demand);
    ck_assert(!smaller->confirmed);
}
END_TEST

/* Split when there was no room, together again when there is. */
START_TEST(split_comes_together)
{
    MACHINE machine = {0};
    machine_open(&machine, SMT2, NULL);
    struct vp_demand small = {.name = "small", D, .vcpus = 2, .memory_kib = GIB};
    struct vp_demand demand = {.name = "large", D, .vcpus = 6, .memory_kib = GIB};
    vp_autoplacement first = machine_plan(&machine, &small);
    vp_occupied_add(machine.occupied, first);
    (void)hwloc_bitmap_set(machine.occupied->pinned, 15);
    vp_autoplacement split = machine_plan(&machine, &demand);
    ck_assert_uint_eq(split->n_cells, 2);
    demand.earlier = split;
    vp_autoplacement same = machine_plan(&machine, &demand);
    ck_assert(same->confirmed);
    hwloc_bitmap_zero(machine.occupied->pinned);
    vp_autoplacement together = machine_plan(&machine, &demand);
    ck_assert(!together->confirmed);
    ck_assert_uint_eq(together->n_cells, 1);
}
END_TEST

/* Pools as a machine with huge pages would have them. */
static void give_pools(struct machine *machine, uint64_t pages_2m, uint64_t pages_1g)
{
    struct vp_topology *topology = machine->topology;
    topology->n_sizes = 2;
    topology->sizes[0] = 2048;
    topology->sizes[1] = GIB;
    for (unsigned i = 0; i < topology->n_nodes; i++) {
        topology->nodes[i].pages[0] = pages_2m;
        topology->nodes[i].pages[1] = pages_1g;
        topology->nodes[i].ordinary_kib = topology->nodes[i].memory_kib - pages_2m * 2048 - pages_1g * GIB;
    }
}

static const uint64_t large_first[] = {GIB, 2048, 0};
static const uint64_t only_large[] = {GIB};
static const uint64_t unknown[] = {4 * GIB, 3};

static const struct {
    const char *name;
    const uint64_t *pages;
    size_t n;
    bool grow;
    uint64_t memory_kib, overhead_kib;
    unsigned vcpus;
    int r;
    uint64_t page_kib;
    unsigned cells;
    const char *message;
} pools[] = {
    {"1G from the pool", large_first, 3, false, 8 * GIB, 0, 4, 0, GIB, 1, NULL},
    {"2M when 1G are too few on a node", large_first, 3, false, 9 * GIB, 0, 4, 0, 2048, 1, NULL},
    {"2M when it is not whole in 1G", large_first, 3, false, GIB + 2048, 0, 4, 0, 2048, 1, NULL},
    {"ordinary when it is not whole in 2M", large_first, 3, false, GIB + 1024, 0, 4, 0, 0, 1, NULL},
    {"1G grown", large_first, 3, true, 40 * GIB, 0, 4, 0, GIB, 1, NULL},
    {"head-room stays", only_large, 1, true, 56 * GIB, 1, 4, 0, GIB, 2, NULL},
    {"1G over two nodes, whole pages", only_large, 1, false, 13 * GIB, 0, 6, 0, GIB, 2, NULL},
    {"too few", only_large, 1, false, 17 * GIB, 0, 4, -ENOSPC, 0, 0,
     "needs 17G in 1G pages and 1G are missing: there are 8G on node 0"},
    {"one vCPU cannot be split", only_large, 1, false, 9 * GIB, 0, 1, -ENOSPC, 0, 0, "in proportion"},
    {"no such size", unknown, 2, true, 8 * GIB, 0, 1, -ENOSPC, 0, 0, "asks for 4G pages"},
};

START_TEST(huge_pages)
{
    MACHINE machine = {0};
    machine_open(&machine, SMT2, NULL);
    give_pools(&machine, 8192, 8);
    const struct vp_demand demand = {.name = pools[_i].name,
                                     D,
                                     .vcpus = pools[_i].vcpus,
                                     .pages = pools[_i].pages,
                                     .n_pages = pools[_i].n,
                                     .grow_pools = pools[_i].grow,
                                     .memory_kib = pools[_i].memory_kib,
                                     .overhead_kib = pools[_i].overhead_kib};
    vp_autoplacement placement = NULL;
    vp_autoerror err = NULL;
    const int r = vp_placement_plan(machine.occupied, &demand, &placement, &err);
    ck_assert_msg(r == pools[_i].r, "%s: %d: %s", demand.name, r, err ? err->message : "");
    if (r < 0) {
        ck_assert_msg(strstr(err->message, pools[_i].message) != NULL, "%s: %s", demand.name, err->message);
        return;
    }
    machine_check(&machine, &demand, placement);
    ck_assert_msg(placement->cells[0].page_kib == pools[_i].page_kib, "%s: %lu", demand.name,
                  (unsigned long)placement->cells[0].page_kib);
    ck_assert_msg(placement->n_cells == pools[_i].cells, "%s: %u cells", demand.name, placement->n_cells);
    vp_occupied_add(machine.occupied, placement);
    vp_occupied_remove(machine.occupied, placement);
    ck_assert(vp_occupied_is_empty(machine.occupied));
}
END_TEST

START_TEST(node_without_memory)
{
    MACHINE machine = {0};
    machine_open(&machine, SMT2, NULL);
    machine.topology->nodes[1].memory_kib = 0;
    machine.topology->nodes[1].ordinary_kib = 0;
    machine.topology->nodes[1].home = 0;
    (void)hwloc_bitmap_set_range(machine.occupied->pinned, 2, 7);
    const struct vp_demand demand = {.name = "far", D, .vcpus = 4, .memory_kib = 60 * GIB};
    vp_autoplacement placement = machine_plan(&machine, &demand);
    machine_is(&machine, placement, "10 11 12 13 | emulator 8-9 | node 0: 4 vCPUs, 60G | owned 10-13");
    /* Both nodes' CPUs together do not get the memory twice. */
    hwloc_bitmap_zero(machine.occupied->pinned);
    const struct vp_demand wide = {.name = "wide", D, .vcpus = 12, .memory_kib = 65 * GIB};
    struct vp_placement *none = NULL;
    ck_assert_int_eq(vp_placement_plan(machine.occupied, &wide, &none, NULL), -ENOSPC);
}
END_TEST

/* Cores 2 to 5 are slow. */
START_TEST(fast_cores_first)
{
    MACHINE machine = {0};
    machine_open(&machine, "synthetic:pack:1 [numa(memory=64GiB)] l3:1 core:6 pu:1", NULL);
    machine.topology->n_kinds = 2;
    for (unsigned i = 0; i < 6; i++)
        machine.topology->cpus[i].kind = machine.topology->cores[i].kind = i < 2 || i == 5;
    struct vp_demand demand = {.name = "hybrid", D, .vcpus = 2, .memory_kib = GIB};
    vp_autoplacement fast = machine_plan(&machine, &demand);
    machine_is(&machine, fast, "1 5 | emulator 0 | node 0: 2 vCPUs, 1G | owned 1,5");
    demand.vcpus = 3;
    vp_autoplacement slow = machine_plan(&machine, &demand);
    machine_is(&machine, slow, "2 3 4 | emulator 0 | node 0: 3 vCPUs, 1G | owned 2-4");
    demand.vcpus = 5;
    vp_autoplacement both = machine_plan(&machine, &demand);
    machine_is(&machine, both, "1 2 3 4 5 | emulator 0 | node 0: 5 vCPUs, 1G | owned 1-5");
}
END_TEST

/* Of four nodes in a ring, each guest of two gets neighbours, found among sets of different distance. */
START_TEST(least_distance)
{
    MACHINE machine = {0};
    machine_open(&machine, "synthetic:pack:4 [numa(memory=64GiB)] core:5 pu:1", NULL);
    static const unsigned ring[4][4] = {
        {10, 31, 21, 16}, {31, 10, 16, 21}, {21, 16, 10, 31}, {16, 21, 31, 10}};
    for (unsigned a = 0; a < 4; a++)
        for (unsigned b = 0; b < 4; b++)
            machine.topology->distances[a * 4 + b] = ring[a][b];
    const struct vp_demand demand = {.name = "ring", D, .vcpus = 8, .memory_kib = 8 * GIB};
    vp_autoplacement first = machine_plan(&machine, &demand);
    ck_assert_uint_eq(first->cells[0].node, 0);
    ck_assert_uint_eq(first->cells[1].node, 3);
    vp_occupied_add(machine.occupied, first);
    vp_autoplacement second = machine_plan(&machine, &demand);
    ck_assert_uint_eq(second->cells[0].node, 1);
    ck_assert_uint_eq(second->cells[1].node, 2);
}
END_TEST

VP_TEST_MAIN("placement", VP_TEST_ROWS(choice, rows), VP_TEST(near_devices), VP_TEST(warm_place),
             VP_TEST(split_comes_together), VP_TEST_ROWS(huge_pages, pools), VP_TEST(node_without_memory),
             VP_TEST(fast_cores_first), VP_TEST(least_distance))
