/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "placement.h"

#include "machine.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#define GIB (UINT64_C(1024) * 1024)

/* xorshift64: the same numbers on every run and machine. */
static uint64_t next_number(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static struct vp_demand random_demand(uint64_t *state)
{
    static const unsigned vcpus[] = {1, 1, 2, 2, 3, 4, 4, 6, 8, 12, 16, 24};
    struct vp_demand demand = {.name = "guest", .memory_kib = (1 + next_number(state) % 24) * GIB / 2};
    demand.policy = (enum vp_policy)(next_number(state) % 5 % VP_POLICY_N_);
    demand.threads = (enum vp_threads)(next_number(state) % VP_THREADS_N_);
    demand.vcpus = vcpus[next_number(state) % VP_ARRAY_SIZE(vcpus)];
    demand.guest_threads = demand.vcpus % 2 == 0 && next_number(state) % 2 == 0 ? 2 : 1;
    demand.iothreads = (unsigned)(next_number(state) % 3);
    demand.overhead_kib = next_number(state) % 2 * 65536;
    if (demand.policy == VP_POLICY_DEDICATED) {
        demand.own_emulator = next_number(state) % 4 == 0;
        demand.own_iothreads = next_number(state) % 4 == 0;
    }
    return demand;
}

static struct vp_placement *start(struct machine *machine, const struct vp_demand *demand, bool floaters)
{
    struct vp_placement *placement = NULL;
    vp_autoplacement again = NULL;
    vp_autoerror err = NULL;
    bool one_node = false, one_cache = false;
    machine_room(machine, demand, machine->topology->allowed, &one_node, &one_cache);
    const bool plain =
        demand->policy == VP_POLICY_DEDICATED && !floaters && !demand->own_emulator && !demand->own_iothreads;
    if (vp_placement_plan(machine->occupied, demand, &placement, &err) < 0) {
        ck_assert_int_eq(err->code, ENOSPC);
        ck_assert_msg(strstr(err->message, " on node 0") != NULL, "%s", err->message);
        ck_assert_msg(!plain || !one_node, "%s", err->message);
        return NULL;
    }
    machine_check(machine, demand, placement);
    ck_assert_msg(!plain || !one_node || placement->n_cells == 1, "one node had room for %u", demand->vcpus);
    ck_assert_msg(!plain || !one_cache || machine_caches(machine, placement) == 1,
                  "one cache had room for %u", demand->vcpus);
    ck_assert_int_eq(vp_placement_plan(machine->occupied, demand, &again, NULL), 0);
    vp_autofree char *text = machine_text(machine, placement);
    vp_autofree char *same = machine_text(machine, again);
    ck_assert_str_eq(text, same);
    vp_occupied_add(machine->occupied, placement);
    return placement;
}

static const char *const hosts[] = {
    "synthetic:pack:1 [numa(memory=16GiB)] l3:1 core:4 pu:2",
    "synthetic:pack:2 [numa(memory=64GiB)] l3:1 core:8 pu:2",
    "synthetic:pack:2 group:4 [numa(memory=32GiB)] l3:2 core:4 pu:2",
    "synthetic:pack:2 group:2 [numa(memory=48GiB)] l3:1 core:6 pu:1",
    "synthetic:pack:2 [numa(memory=64GiB)] l3:4 core:2 pu:4",
};
#define STEPS 10000 /* on each of the hosts */

START_TEST(starts_and_stops)
{
    struct vp_placement *running[64] = {NULL};
    size_t n = 0, n_floating = 0, refused = 0;
    uint64_t state = 88172645463325252u + (unsigned)_i;
    MACHINE machine = {0};
    machine_open(&machine, hosts[_i], NULL);
    for (unsigned step = 0; step < STEPS; step++) {
        if (n == VP_ARRAY_SIZE(running) || (n > 0 && next_number(&state) % 5 < 2)) {
            const size_t at = next_number(&state) % n;
            vp_occupied_remove(machine.occupied, running[at]);
            n_floating -= running[at]->policy != VP_POLICY_DEDICATED;
            vp_placement_free(running[at]);
            running[at] = running[--n];
            continue;
        }
        const struct vp_demand demand = random_demand(&state);
        /* No guests that float in the first half, where the strict properties can be asked for. */
        if (step < STEPS / 2 && demand.policy != VP_POLICY_DEDICATED)
            continue;
        running[n] = start(&machine, &demand, n_floating > 0);
        if (running[n] == NULL) {
            refused++;
            continue;
        }
        n_floating += running[n]->policy != VP_POLICY_DEDICATED;
        n++;
    }
    ck_assert_uint_gt(refused, 0);
    while (n > 0) {
        vp_occupied_remove(machine.occupied, running[--n]);
        vp_placement_free(running[n]);
    }
    ck_assert(vp_occupied_is_empty(machine.occupied));
}
END_TEST

#define NODES 8
#define CORES 8

/* Least sum of distances, then of those to devices, of any set of as few nodes as hold `n`
 * vCPUs: all sets are tried. */
static uint64_t least_cost(const struct machine *machine, const unsigned *room, hwloc_const_bitmap_t near,
                           unsigned n)
{
    uint64_t best = UINT64_MAX;
    int best_size = NODES + 1;
    for (unsigned set = 1; set < 1u << NODES; set++) {
        const int size = __builtin_popcount(set);
        uint64_t cost = 0;
        unsigned sum = 0;
        for (unsigned a = 0; a < NODES; a++) {
            if ((set >> a & 1) == 0)
                continue;
            sum += room[a];
            for (unsigned b = 0; b < NODES; b++) {
                if (b < a && (set >> b & 1) != 0)
                    cost += (uint64_t)vp_topology_distance(machine->topology, a, b) * 100000;
                if (hwloc_bitmap_isset(near, b))
                    cost += vp_topology_distance(machine->topology, a, b);
            }
        }
        if (sum < n || size > best_size || (size == best_size && cost >= best))
            continue;
        best = cost;
        best_size = size;
    }
    return best;
}

static uint64_t cost_of(const struct machine *machine, const struct vp_placement *placement,
                        hwloc_const_bitmap_t near)
{
    uint64_t cost = 0;
    for (unsigned i = 0; i < placement->n_cells; i++) {
        for (unsigned k = 0; k < i; k++)
            cost += (uint64_t)vp_topology_distance(machine->topology, placement->cells[i].node,
                                                   placement->cells[k].node) *
                    100000;
        for (unsigned node = 0; node < NODES; node++)
            if (hwloc_bitmap_isset(near, node))
                cost += vp_topology_distance(machine->topology, placement->cells[i].node, node);
    }
    return cost;
}

/* Machines of any distances, with something taken of each node. */
START_TEST(least_distance)
{
    uint64_t state = 2463534242u;
    for (unsigned round = 0; round < 200; round++) {
        MACHINE machine = {0};
        unsigned room[NODES], sum = 0;
        vp_autobitmap near = vp_bitmap_new();
        vp_autoplacement placement = NULL;
        machine_open(&machine, "synthetic:pack:8 [numa(memory=64GiB)] core:8 pu:1", NULL);
        for (unsigned a = 0; a < NODES; a++) {
            const unsigned taken = (unsigned)(next_number(&state) % (CORES - 1));
            for (unsigned b = 0; b < a; b++)
                machine.topology->distances[a * NODES + b] = machine.topology->distances[b * NODES + a] =
                    11 + (unsigned)(next_number(&state) % 30);
            for (unsigned i = 0; i < taken; i++)
                (void)hwloc_bitmap_set(machine.occupied->pinned, a * CORES + 1 + i);
            room[a] = CORES - 1 - taken;
            sum += room[a];
        }
        ck_assert_uint_gt(sum, CORES);
        (void)hwloc_bitmap_set(near, (unsigned)(next_number(&state) % NODES));
        const struct vp_demand demand = {.name = "spread",
                                         .near = near,
                                         .memory_kib = GIB,
                                         .vcpus = CORES + (unsigned)(next_number(&state) % (sum - CORES))};
        ck_assert_int_eq(vp_placement_plan(machine.occupied, &demand, &placement, NULL), 0);
        machine_check(&machine, &demand, placement);
        ck_assert_msg(cost_of(&machine, placement, near) == least_cost(&machine, room, near, demand.vcpus),
                      "round %u: %" PRIu64 " instead of %" PRIu64, round, cost_of(&machine, placement, near),
                      least_cost(&machine, room, near, demand.vcpus));
    }
}
END_TEST

static double now(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static const struct {
    const char *where;
    unsigned guests;
} machines[] = {
    {"synthetic:pack:8 [numa(memory=512GiB)] l3:8 core:8 pu:2", 512},
    {"synthetic:pack:4 group:4 [numa(memory=512GiB)] l3:4 core:8 pu:2", 512},
    {"synthetic:pack:16 group:2 [numa(memory=512GiB)] l3:8 core:8 pu:2", 2048},
};

/* On an empty machine; a guest of half of it, for which sets of nodes are compared. */
static double time_of_wide(const struct machine *machine)
{
    const struct vp_demand demand = {
        .name = "wide", .vcpus = machine->topology->n_cpus / 2, .memory_kib = GIB, .own_emulator = true};
    struct vp_placement *placement = NULL;
    const double begin = now();
    ck_assert_int_eq(vp_placement_plan(machine->occupied, &demand, &placement, NULL), 0);
    const double took = now() - begin;
    machine_check(machine, &demand, placement);
    ck_assert_uint_gt(placement->n_cells, 1);
    vp_placement_free(placement);
    return took;
}

/* Milliseconds of processor time; the bound holds with sanitizers on a slow machine too. */
START_TEST(time_of_a_plan)
{
    MACHINE machine = {0};
    machine_open(&machine, machines[_i].where, NULL);
    struct vp_placement **running = vp_alloc(machines[_i].guests, sizeof(struct vp_placement *));
    unsigned n = 0;
    const double wide = time_of_wide(&machine);
    double worst = 0, sum = 0;
    for (unsigned i = 0; i < machines[_i].guests; i++) {
        const struct vp_demand demand = {.name = "g",
                                         .policy = i % 8 == 0   ? VP_POLICY_NODE
                                                   : i % 8 == 1 ? VP_POLICY_SHARED
                                                                : VP_POLICY_DEDICATED,
                                         .threads = VP_THREADS_ANY,
                                         .vcpus = i % 16 == 15 ? 6 : 1 + i % 2,
                                         .memory_kib = GIB};
        const double begin = now();
        const int r = vp_placement_plan(machine.occupied, &demand, &running[n], NULL);
        const double took = now() - begin;
        sum += took;
        worst = took > worst ? took : worst;
        if (r == 0)
            vp_occupied_add(machine.occupied, running[n++]);
    }
    if (getenv("VP_TIMES") != NULL)
        printf("%s: %u guests placed of %u, mean %.3f ms, worst %.3f ms, wide %.3f ms\n", machines[_i].where,
               n, machines[_i].guests, sum / machines[_i].guests, worst, wide);
    ck_assert_uint_gt(n, machines[_i].guests / 2);
    ck_assert_msg(sum / machines[_i].guests < 10, "mean %f ms", sum / machines[_i].guests);
    ck_assert_msg(wide < 100, "wide %f ms", wide);
    while (n > 0) {
        vp_occupied_remove(machine.occupied, running[--n]);
        vp_placement_free(running[n]);
    }
    free(running);
    ck_assert(vp_occupied_is_empty(machine.occupied));
}
END_TEST

VP_TEST_MAIN("placement-life", VP_TEST_ROWS(starts_and_stops, hosts), VP_TEST(least_distance),
             VP_TEST_ROWS(time_of_a_plan, machines))
