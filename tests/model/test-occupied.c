/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "occupied.h"

#include "machine.h"

#define GIB (UINT64_C(1024) * 1024)
#define SMT2 "synthetic:pack:2 [numa(memory=64GiB)] l3:1 core:4 pu:2"

static void give_pools(struct vp_topology *topology)
{
    topology->n_sizes = 2;
    topology->sizes[0] = 2048;
    topology->sizes[1] = GIB;
    for (unsigned i = 0; i < topology->n_nodes; i++) {
        topology->nodes[i].pages[0] = 4096;
        topology->nodes[i].pages[1] = 8;
        topology->nodes[i].ordinary_kib -= 16 * GIB;
    }
}

/* Of 64G of node 0: 48G ordinary, 8G in 2M pages, 8G in 1G pages; 4G of each are taken. */
static const struct {
    const char *name;
    struct vp_amount amount;
    bool fits, grows; /* with the pools as they are, and enlarged */
} amounts[] = {
    {"nothing", {{0}}, true, true},
    {"ordinary", {{44 * GIB}}, true, true},
    {"too much ordinary", {{44 * GIB + 4}}, false, false},
    {"pages of both pools", {{0, 4 * GIB, 4 * GIB}}, true, true},
    {"all of it", {{44 * GIB, 4 * GIB, 4 * GIB}}, true, true},
    {"a page more than the pool", {{0, 4 * GIB + 2048}}, false, true},
    {"both pools grow", {{0, 14 * GIB, 20 * GIB}}, false, true},
    {"both pools grow by all there is", {{0, 28 * GIB, 24 * GIB}}, false, true},
    {"both pools grow by more", {{0, 28 * GIB, 25 * GIB}}, false, false},
    {"pools have nothing for ordinary memory", {{45 * GIB, 0, 4 * GIB}}, false, false},
};

START_TEST(fits)
{
    MACHINE machine = {0};
    machine_open(&machine, SMT2, NULL);
    give_pools(machine.topology);
    struct vp_occupied *occupied = machine.occupied;
    occupied->ordinary_kib[0] = 3 * GIB;
    occupied->reserve_kib[0] = GIB;
    occupied->pages[0] = 2048;
    occupied->pages[1] = 4;
    ck_assert_msg(vp_occupied_fits(occupied, 0, &amounts[_i].amount, false) == amounts[_i].fits, "%s",
                  amounts[_i].name);
    ck_assert_msg(vp_occupied_fits(occupied, 0, &amounts[_i].amount, true) == amounts[_i].grows,
                  "%s, growing", amounts[_i].name);
}
END_TEST

/* A host that keeps back more than it has: nothing is left, and nothing is less than that. */
START_TEST(over_full)
{
    MACHINE machine = {0};
    machine_open(&machine, SMT2, NULL);
    give_pools(machine.topology);
    machine.occupied->reserve_kib[0] = 100 * GIB;
    machine.occupied->pages[VP_TOPOLOGY_SIZES_MAX + 1] = 9;
    ck_assert_uint_eq(vp_occupied_free_kib(machine.occupied, 0, -1, false, NULL), 0);
    ck_assert_uint_eq(vp_occupied_free_kib(machine.occupied, 0, 0, true, NULL), 0);
    ck_assert(vp_occupied_fits(machine.occupied, 0, &(struct vp_amount){{0}}, false));
    /* A page more is taken than the pool has: it grew out of ordinary memory. */
    ck_assert_uint_eq(vp_occupied_free_kib(machine.occupied, 1, 1, false, NULL), 0);
    ck_assert_uint_eq(vp_occupied_free_kib(machine.occupied, 1, -1, false, NULL), 47 * GIB);
    ck_assert_uint_eq(
        vp_occupied_free_kib(machine.occupied, 1, 0, false, &(struct vp_amount){{0, 2 * GIB, 0}}), 6 * GIB);
}
END_TEST

/* What files say may overlap, and name what went since. */
START_TEST(loose)
{
    MACHINE machine = {0};
    machine_open(&machine, SMT2, NULL);
    give_pools(machine.topology);
    const struct vp_demand demand = {
        .name = "guest", .vcpus = 4, .memory_kib = 2 * GIB, .overhead_kib = 1024};
    vp_autoplacement placement = machine_plan(&machine, &demand);
    vp_occupied_add_loose(machine.occupied, placement);
    vp_occupied_add_loose(machine.occupied, placement);
    vp_autofree char *once = vp_bitmap_text(machine.occupied->dedicated);
    ck_assert_str_eq(once, "2-5");
    ck_assert_uint_eq(machine.occupied->ordinary_kib[0], 4 * GIB + 2048);

    (void)hwloc_bitmap_set_range(placement->owned, 12, 40);
    placement->cells[0].size = 9;
    placement->cells[0].page_kib = 4096;
    vp_occupied_add_loose(machine.occupied, placement);
    vp_autofree char *online = vp_bitmap_text(machine.occupied->dedicated);
    ck_assert_str_eq(online, "2-5,12-15");
    ck_assert_uint_eq(machine.occupied->ordinary_kib[0], 4 * GIB + 3072);
    placement->cells[0].memory_node = 7;
    vp_occupied_add_loose(machine.occupied, placement);
    ck_assert_uint_eq(machine.occupied->ordinary_kib[0], 4 * GIB + 3072);
}
END_TEST

START_TEST(loose_scopes)
{
    MACHINE machine = {0};
    machine_open(&machine, SMT2, NULL);
    const struct vp_demand demand = {
        .name = "guest", .policy = VP_POLICY_NODE, .vcpus = 6, .memory_kib = GIB};
    vp_autoplacement placement = machine_plan(&machine, &demand);
    (void)hwloc_bitmap_set(placement->scopes[0], 99);
    vp_occupied_add_loose(machine.occupied, placement);
    ck_assert_uint_eq(machine.occupied->n_scopes, 1);
    vp_autofree char *text = vp_bitmap_text(machine.occupied->scopes[0].cpus);
    ck_assert_str_eq(text, "2-7");
    ck_assert_uint_eq(machine.occupied->load[2], 1000);
    hwloc_bitmap_only(placement->scopes[0], 99);
    vp_occupied_add_loose(machine.occupied, placement);
    ck_assert_uint_eq(machine.occupied->n_scopes, 1);
}
END_TEST

VP_TEST_MAIN("occupied", VP_TEST_ROWS(fits, amounts), VP_TEST(over_full), VP_TEST(loose),
             VP_TEST(loose_scopes))
