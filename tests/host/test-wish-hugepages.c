/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>

#include "../model/fake.h"
#include "hugepages.h"
#include "journal.h"
#include "reconcile.h"
#include "text.h"

#define POOL "/sys/devices/system/node/node%d/hugepages/hugepages-%dkB"

/* A host with two nodes, of which the second has number 4, and the guests A, B and C. */
struct world {
    struct fake fake;
    struct vp_node nodes[2];
    struct vp_topology topology;
    struct vp_entry entries[3];
    struct vp_placement placements[3];
    struct vp_guest_cell cells[3][2];
    struct vp_want wants[3];
    struct vp_entry *items[3];
    struct vp_entries list;
};

static void set(const struct world *world, int node, int kib, const char *file, unsigned pages)
{
    vp_autofree char *path = vp_asprintf(POOL "/%s", node, kib, file);
    vp_autofree char *text = vp_asprintf("%u\n", pages);
    fake_file(&world->fake, path, text);
}

static unsigned whole(const struct world *world, int node, int kib)
{
    vp_autofree char *path = vp_asprintf(POOL "/nr_hugepages", node, kib);
    uint64_t pages = 0;
    ck_assert_int_eq(vp_root_read_u64(world->fake.root, path, &pages, NULL), 0);
    return (unsigned)pages;
}

/* Both pools of node 4 hold 4 pages, none is used; so do those of node 0. */
static void open_world(struct world *world)
{
    *world = (struct world){0};
    fake_open(&world->fake);
    world->nodes[1].os = 4;
    world->topology.nodes = world->nodes;
    world->topology.n_nodes = 2;
    for (int node = 0; node <= 4; node += 4)
        for (int i = 0; i < 2; i++) {
            const int kib = i == 0 ? 2048 : 1048576;
            set(world, node, kib, "nr_hugepages", 4);
            set(world, node, kib, "free_hugepages", 4);
        }
    world->list.items = world->items;
}

static void close_world(struct world *world)
{
    fake_close(&world->fake);
}
#define WORLD VP_CLEANUP(close_world) struct world

/* A guest is about to start with so many pages on both nodes. */
static struct vp_entry *come(struct world *world, size_t i, unsigned pages, unsigned pages_other,
                             uint64_t kib)
{
    static const char *const names[] = {"A", "B", "C"};
    struct vp_guest_cell *cells = world->cells[i];
    cells[0] = (struct vp_guest_cell){.memory_node = 1, .memory_kib = pages * kib, .page_kib = kib};
    cells[1] = (struct vp_guest_cell){.memory_node = 0, .memory_kib = pages_other * kib, .page_kib = kib};
    world->placements[i] = (struct vp_placement){.cells = cells, .n_cells = 2};
    world->wants[i] = (struct vp_want){.name = (char *)"memory.hugepages-grow", .value = (char *)"yes"};
    world->entries[i] = (struct vp_entry){
        .uuid = (char *)names[i],
        .name = (char *)names[i],
        .placement = &world->placements[i],
        .wants = &world->wants[i],
        .n_wants = 1,
    };
    world->items[world->list.n++] = &world->entries[i];
    return &world->entries[i];
}

static void leave(struct world *world, const struct vp_entry *entry)
{
    for (size_t i = 0; i < world->list.n; i++)
        if (world->items[i] == entry) {
            world->items[i] = world->items[--world->list.n];
            return;
        }
    ck_abort();
}

/* QEMU took its pages. */
static void run(struct world *world, struct vp_entry *entry)
{
    vp_autofree char *path = vp_asprintf(POOL "/free_hugepages", 4, 2048);
    uint64_t left = 0;
    ck_assert_int_eq(vp_root_read_u64(world->fake.root, path, &left, NULL), 0);
    entry->state = VP_ENTRY_RUNNING;
    set(world, 4, 2048, "free_hugepages",
        (unsigned)(left - entry->placement->cells[0].memory_kib / entry->placement->cells[0].page_kib));
}

/* Bring the pools to what is wished for; the kernel's free pages follow. Returns how many failed. */
static size_t converge(struct world *world)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
    VP_CLEANUP(vp_root_unlock) int lock = -1;
    vp_autoerror err = NULL;
    size_t failed = 0;
    vp_autofree char *path = vp_asprintf(POOL "/free_hugepages", 4, 2048);
    const unsigned before = whole(world, 4, 2048);
    uint64_t left = 0;
    ck_assert_int_eq(vp_host_lock(world->fake.root, &lock, NULL), 0);
    ck_assert_int_eq(vp_wish_hugepages(world->fake.root, &world->topology, &world->list, &wishes, NULL), 0);
    ck_assert_msg(vp_reconcile(world->fake.root, &wishes, &happenings, &err) == 0, "%s",
                  err != NULL ? err->message : "?");
    for (size_t i = 0; i < happenings.n; i++)
        failed += happenings.items[i].outcome == VP_OUTCOME_FAILED && happenings.items[i].essential;
    ck_assert_int_eq(vp_root_read_u64(world->fake.root, path, &left, NULL), 0);
    set(world, 4, 2048, "free_hugepages", (unsigned)left + whole(world, 4, 2048) - before);
    return failed;
}

START_TEST(enough_there)
{
    WORLD world;
    open_world(&world);
    struct vp_entry *a = come(&world, 0, 4, 4, 2048);
    ck_assert_uint_eq(converge(&world), 0);
    ck_assert_uint_eq(whole(&world, 4, 2048), 4);
    run(&world, a);
    ck_assert_uint_eq(converge(&world), 0);
    ck_assert_uint_eq(whole(&world, 4, 2048), 4);
}
END_TEST

START_TEST(right_size_right_node)
{
    WORLD world;
    open_world(&world);
    struct vp_entry *a = come(&world, 0, 3, 6, 1048576);
    ck_assert_uint_eq(converge(&world), 0);
    ck_assert_uint_eq(whole(&world, 0, 1048576), 6);
    ck_assert_uint_eq(whole(&world, 4, 1048576), 4);
    ck_assert_uint_eq(whole(&world, 0, 2048), 4);
    leave(&world, a);
    ck_assert_uint_eq(converge(&world), 0);
    ck_assert_uint_eq(whole(&world, 0, 1048576), 4);
}
END_TEST

START_TEST(cells_on_one_node)
{
    WORLD world;
    open_world(&world);
    struct vp_entry *a = come(&world, 0, 5, 5, 2048);
    world.cells[0][1].memory_node = 1;
    ck_assert_uint_eq(converge(&world), 0);
    ck_assert_uint_eq(whole(&world, 4, 2048), 10);
    ck_assert_uint_eq(whole(&world, 0, 2048), 4);
    leave(&world, a);
    ck_assert_uint_eq(converge(&world), 0);
    ck_assert_uint_eq(whole(&world, 4, 2048), 4);
}
END_TEST

START_TEST(only_who_wants)
{
    WORLD world;
    open_world(&world);
    come(&world, 0, 9, 0, 2048)->n_wants = 0;
    come(&world, 1, 9, 0, 2048)->placement = NULL;
    world.wants[2].value = NULL;
    come(&world, 2, 9, 0, 2048);
    world.wants[2].value = (char *)"no";
    ck_assert_uint_eq(converge(&world), 0);
    ck_assert_uint_eq(whole(&world, 4, 2048), 4);
}
END_TEST

/* Three guests one after the other, that leave in each order; an administrator adds some in between. */
static const struct {
    int order[3];
    unsigned admin;
} orders[] = {
    {{0, 1, 2}, 0}, {{0, 2, 1}, 0}, {{1, 0, 2}, 0}, {{1, 2, 0}, 0}, {{2, 0, 1}, 0},
    {{2, 1, 0}, 0}, {{0, 1, 2}, 3}, {{2, 1, 0}, 3}, {{1, 2, 0}, 1},
};

START_TEST(several)
{
    WORLD world;
    open_world(&world);
    struct vp_entry *guests[3];
    unsigned used = 0;
    for (size_t i = 0; i < 3; i++) {
        guests[i] = come(&world, i, 3, 0, 2048);
        ck_assert_uint_eq(converge(&world), 0);
        used += 3;
        ck_assert_uint_eq(whole(&world, 4, 2048), used > 4 ? used : 4);
        run(&world, guests[i]);
        ck_assert_uint_eq(converge(&world), 0);
        ck_assert_uint_eq(whole(&world, 4, 2048), used > 4 ? used : 4);
    }
    set(&world, 4, 2048, "nr_hugepages", 9 + orders[_i].admin);
    set(&world, 4, 2048, "free_hugepages", orders[_i].admin);
    for (size_t i = 0; i < 3; i++) {
        struct vp_entry *guest = guests[orders[_i].order[i]];
        leave(&world, guest);
        set(&world, 4, 2048, "free_hugepages", orders[_i].admin + 3 * (unsigned)(i + 1)); /* QEMU is gone */
        ck_assert_uint_eq(converge(&world), 0);
        ck_assert_uint_ge(whole(&world, 4, 2048), 3 * (unsigned)(2 - i)); /* the others still have theirs */
    }
    ck_assert_uint_eq(whole(&world, 4, 2048), 4 + orders[_i].admin);
}
END_TEST

START_TEST(two_at_once)
{
    WORLD world;
    open_world(&world);
    struct vp_entry *a = come(&world, 0, 3, 0, 2048);
    ck_assert_uint_eq(converge(&world), 0);
    struct vp_entry *b = come(&world, 1, 3, 0, 2048);
    ck_assert_uint_eq(converge(&world), 0);
    ck_assert_uint_eq(whole(&world, 4, 2048), 6); /* those that A has not taken yet are not for B */
    run(&world, a);
    run(&world, b);
    leave(&world, a);
    leave(&world, b);
    ck_assert_uint_eq(converge(&world), 0);
    ck_assert_uint_eq(whole(&world, 4, 2048), 4);
}
END_TEST

/* There is memory for one page, so none is kept; what else is on the host is not touched. */
START_TEST(too_few)
{
    WORLD world;
    open_world(&world);
    fake_file(&world.fake, "/sys/devices/system/node/node4/meminfo",
              "Node 4 MemTotal: 1048576 kB\nNode 4 MemFree: 18432 kB\n");
    struct vp_entry *a = come(&world, 0, 6, 5, 2048);
    ck_assert_uint_eq(converge(&world), 1);
    ck_assert_uint_eq(whole(&world, 4, 2048), 4);
    ck_assert_uint_eq(whole(&world, 0, 2048), 5);
    leave(&world, a);
    ck_assert_uint_eq(converge(&world), 0);
    ck_assert_uint_eq(whole(&world, 0, 2048), 4);
    ck_assert_int_lt(vp_root_openat(world.fake.root, vp_journal_path, 0), 0);
}
END_TEST

/* A process died while the pages were made: of 6 that were missing 2, or all, are there. */
START_TEST(died_half_way)
{
    for (unsigned made = 0; made <= 6; made += 2) {
        WORLD world;
        open_world(&world);
        fake_file(&world.fake, vp_journal_path,
                  "{\"version\":1,\"boot\":\"\",\"items\":[{\"means\":\"pool\",\"ours\":\"0\",\"next\":\"6\","
                  "\"seen\":\"4\",\"owner\":\"A\",\"reason\":\"r\",\"target\":"
                  "\"/sys/devices/system/node/node4/hugepages/hugepages-2048kB@A\"}]}");
        set(&world, 4, 2048, "nr_hugepages", 4 + made);
        set(&world, 4, 2048, "free_hugepages", 4 + made);
        struct vp_entry *a = come(&world, 0, 10, 0, 2048);
        ck_assert_uint_eq(converge(&world), 0);
        ck_assert_msg(whole(&world, 4, 2048) == 10, "%u made: %u", made, whole(&world, 4, 2048));
        leave(&world, a);
        ck_assert_uint_eq(converge(&world), 0);
        ck_assert_msg(whole(&world, 4, 2048) == 4, "%u made: %u after", made, whole(&world, 4, 2048));
    }
}
END_TEST

VP_TEST_MAIN("wish-hugepages", VP_TEST(enough_there), VP_TEST(right_size_right_node),
             VP_TEST(cells_on_one_node), VP_TEST(only_who_wants), VP_TEST_ROWS(several, orders),
             VP_TEST(two_at_once), VP_TEST(too_few), VP_TEST(died_half_way))
