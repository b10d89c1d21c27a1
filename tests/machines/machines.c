/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mix.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* What the planner promises, on many machines: machines HOST… takes hosts as `--host` does, beside those
 * below. */

#define MIB UINT64_C(1024)
#define MACHINES_MIN 40
#define SEQUENCES_MIN 10000
#define VCPUS_MAX 64
#define MEMORY_MAX                                                                                           \
    (64 * 1024 * MIB) /* KiB of a vCPU: one of the dumps has all the huge pages that a number can say */

/* What hwloc cannot describe. */
enum quirk { PLAIN, HYBRID, ISOLATED, FORBIDDEN, BARE_NODE };

struct candidate {
    const char *where;
    enum quirk quirk;
    unsigned sequences; /* of starts and stops */
};

static const struct candidate built_in[] = {
    /* EPYC, four nodes in a socket, and without */
    {"synthetic:pack:2 group:4 [numa(memory=64GiB)] l3:2 core:8 pu:2", PLAIN, 100},
    {"synthetic:pack:1 group:4 [numa(memory=64GiB)] l3:4 core:4 pu:2", PLAIN, 150},
    {"synthetic:pack:2 [numa(memory=256GiB)] l3:8 core:8 pu:2", PLAIN, 100},
    /* Xeon, with and without sub-NUMA clusters */
    {"synthetic:pack:2 group:2 [numa(memory=96GiB)] l3:1 core:16 pu:2", PLAIN, 100},
    {"synthetic:pack:2 [numa(memory=96GiB)] l3:1 core:28 pu:2", PLAIN, 100},
    {"synthetic:pack:4 [numa(memory=192GiB)] l3:1 core:18 pu:1", PLAIN, 100},
    /* POWER */
    {"synthetic:pack:2 [numa(memory=256GiB)] l3:8 core:2 pu:4", PLAIN, 150},
    {"synthetic:pack:2 [numa(memory=128GiB)] l3:5 core:2 pu:8", PLAIN, 150},
    /* ARM: no threads, clusters */
    {"synthetic:pack:2 group:2 [numa(memory=64GiB)] l3:1 l2:8 core:4 pu:1", PLAIN, 150},
    /* large */
    {"synthetic:pack:8 [numa(memory=512GiB)] l3:8 core:8 pu:2", PLAIN, 25},
    {"synthetic:pack:16 group:4 [numa(memory=512GiB)] l3:8 core:8 pu:2", PLAIN, 3},
    /* small */
    {"synthetic:pack:1 [numa(memory=16GiB)] l3:1 core:4 pu:2", PLAIN, 300},
    {"synthetic:pack:1 [numa(memory=4GiB)] core:2 pu:1", PLAIN, 300},
    {"synthetic:pack:1 [numa(memory=1GiB)] core:1 pu:1", PLAIN, 300},
    /* memory beside each node's own, CPUs without memory, numbers out of order */
    {"synthetic:pack:2 [numa(memory=64GiB)] [numa(memory=256GiB)] l3:1 core:8 pu:2", PLAIN, 150},
    {"synthetic:pack:4 [numa(memory=64GiB)] l3:1 core:4 pu:2", BARE_NODE, 150},
    {"synthetic:pack:2 [numa(memory=64GiB)] l3:2 core:4 pu:2(indexes=2*16:16*1)", PLAIN, 150},
    {"synthetic:pack:2 [numa(memory=64GiB)(indexes=4,9)] l3:1 core:4 pu:2", PLAIN, 150},
    /* kinds of cores, isolcpus, cpusets */
    {"synthetic:pack:1 [numa(memory=64GiB)] l3:1 core:8 pu:2", HYBRID, 300},
    {"synthetic:pack:2 [numa(memory=64GiB)] l3:2 core:4 pu:1", HYBRID, 150},
    {"synthetic:pack:2 [numa(memory=64GiB)] l3:2 core:4 pu:2", ISOLATED, 150},
    {"synthetic:pack:2 [numa(memory=64GiB)] l3:2 core:4 pu:2", FORBIDDEN, 150},
};
#define SEQUENCES_GIVEN 120 /* on a machine of the command line */

static struct candidate *candidates;
static unsigned n_candidates;

/* The second half of each node's cores is slower. */
static void make_hybrid(struct vp_topology *topology)
{
    topology->n_kinds = 2;
    for (unsigned i = 0; i < topology->n_cores; i++) {
        const struct vp_cache *cache = &topology->caches[topology->cores[i].cache];
        topology->cores[i].kind = i - cache->first < (cache->n + 1) / 2;
        for (unsigned k = 0; k < topology->cores[i].n; k++)
            topology->cpus[topology->cores[i].first + k].kind = topology->cores[i].kind;
    }
}

static void forbid(struct vp_topology *topology, struct vp_cpu *cpu)
{
    cpu->allowed = false;
    topology->cores[cpu->core].n_allowed--;
    (void)hwloc_bitmap_clr(topology->allowed, cpu->os);
    (void)hwloc_bitmap_clr(topology->nodes[cpu->node].cpus, cpu->os);
}

static void bend(struct vp_topology *topology, enum quirk quirk)
{
    if (quirk == HYBRID)
        make_hybrid(topology);
    for (unsigned i = 0; quirk == ISOLATED && i < topology->n_cpus; i++)
        if (topology->cpus[i].core % 8 >= 4) {
            topology->cpus[i].isolated = true;
            (void)hwloc_bitmap_set(topology->isolated, topology->cpus[i].os);
        }
    for (unsigned i = 0; quirk == FORBIDDEN && i < topology->n_cpus; i++)
        if (i % 5 == 4)
            forbid(topology, &topology->cpus[i]);
    if (quirk == BARE_NODE) {
        topology->nodes[1].memory_kib = topology->nodes[1].ordinary_kib = 0;
        topology->nodes[1].home = 0;
    }
}

/* Memory where a description has none, and pools of huge pages in a half of it. */
static void furnish(struct vp_topology *topology)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < topology->n_nodes; i++)
        sum += topology->nodes[i].memory_kib;
    if (topology->n_sizes == 0) {
        topology->sizes[0] = 2 * MIB;
        topology->sizes[1] = 1024 * MIB;
        topology->n_sizes = 2;
    }
    for (unsigned i = 0; i < topology->n_nodes; i++) {
        struct vp_node *node = &topology->nodes[i];
        uint64_t pools = 0;
        if (sum == 0) {
            node->home = i;
            node->memory_kib = node->ordinary_kib = 32 * 1024 * MIB;
        }
        for (unsigned k = 0; k < topology->n_sizes; k++)
            pools += node->pages[k] * topology->sizes[k];
        for (unsigned k = 0; pools == 0 && k < topology->n_sizes; k++) {
            node->pages[k] = node->memory_kib / 4 / topology->sizes[k] / topology->n_sizes * 2;
            node->ordinary_kib -= node->pages[k] * topology->sizes[k];
        }
    }
}

static void open_candidate(struct machine *machine, const struct candidate *it)
{
    vp_autobitmap housekeeping = NULL;
    machine_open(machine, it->where, NULL);
    bend(machine->topology, it->quirk);
    furnish(machine->topology);
    vp_occupied_free(machine->occupied);
    ck_assert_int_eq(vp_topology_housekeeping(machine->topology, NULL, &housekeeping, NULL), 0);
    machine->occupied = vp_occupied_new(machine->topology, housekeeping);
}

/* Memory for a vCPU, so that CPUs and memory run out at about the same time. */
static uint64_t memory_of_vcpu(const struct vp_topology *topology)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < topology->n_nodes; i++)
        sum += topology->nodes[i].memory_kib;
    const uint64_t each = sum / topology->n_cpus / 2;
    return each < MEMORY_MAX ? each : MEMORY_MAX;
}

/* The CPUs that a place was found among: isolated ones, or those of one kind, may have been enough. */
static hwloc_bitmap_t considered(const struct vp_topology *topology, const struct vp_placement *placement)
{
    hwloc_bitmap_t set = vp_bitmap_new();
    vp_autobitmap vcpus = vp_bitmap_new();
    unsigned kinds[2] = {UINT_MAX, 0};
    for (unsigned i = 0; i < placement->n_vcpus; i++)
        (void)hwloc_bitmap_or(vcpus, vcpus, placement->vcpus[i]);
    for (unsigned i = 0; i < topology->n_cpus; i++) {
        const unsigned kind = topology->cpus[i].kind;
        if (!hwloc_bitmap_isset(placement->owned, topology->cpus[i].os))
            continue;
        kinds[0] = kind < kinds[0] ? kind : kinds[0];
        kinds[1] = kind > kinds[1] ? kind : kinds[1];
    }
    for (unsigned i = 0; i < topology->n_cpus; i++)
        if (topology->cpus[i].allowed && (kinds[0] != kinds[1] || topology->cpus[i].kind == kinds[0]))
            (void)hwloc_bitmap_set(set, topology->cpus[i].os);
    if (hwloc_bitmap_isincluded(vcpus, topology->isolated))
        (void)hwloc_bitmap_and(set, set, topology->isolated);
    return set;
}

static bool is_plain(const struct vp_demand *demand)
{
    return demand->policy == VP_POLICY_DEDICATED && !demand->own_emulator && !demand->own_iothreads &&
           demand->n_cells == 0 && demand->within == NULL;
}

/* A refusal says what is short, and was right: no node had room. */
static void check_refusal(const struct machine *machine, const struct vp_demand *demand,
                          const struct vp_error *err, bool others_float)
{
    static const char *const words[] = {" missing: there are ", " and no set of nodes ",
                                        " and no node has both: ", " pages: the host has none of a size ",
                                        " has no housekeeping CPU "};
    bool named = false, one_node = false, one_cache = false;
    for (size_t i = 0; i < VP_ARRAY_SIZE(words); i++)
        named = named || strstr(err->message, words[i]) != NULL;
    ck_assert_msg(err->code == ENOSPC && named, "%s: %s", demand->name, err->message);
    if (!is_plain(demand) || others_float || hwloc_bitmap_iszero(machine->occupied->housekeeping))
        return;
    machine_room(machine, demand, machine->topology->allowed, &one_node, &one_cache);
    ck_assert_msg(!one_node, "%s: one node had room: %s", demand->name, err->message);
}

/* What holds of every place. */
static void check_place(const struct machine *machine, const struct vp_demand *demand,
                        const struct vp_placement *placement, bool others_float)
{
    vp_autoplacement again = NULL;
    bool one_node = false, one_cache = false;
    machine_check(machine, demand, placement);
    ck_assert_int_eq(vp_placement_plan(machine->occupied, demand, &again, NULL), 0);
    vp_autofree char *text = machine_text(machine, placement);
    vp_autofree char *same = machine_text(machine, again);
    ck_assert_msg(strcmp(text, same) == 0, "%s: once %s and once %s", demand->name, text, same);
    ck_assert_msg(!placement->spread || demand->split == VP_SPLIT_SPREAD, "%s: spread", demand->name);
    if (demand->policy != VP_POLICY_DEDICATED)
        return;
    ck_assert_msg(demand->split != VP_SPLIT_NEVER || machine_nodes(machine, placement) == 1, "%s: split",
                  demand->name);
    if (!is_plain(demand) || others_float || placement->confirmed)
        return;
    machine_room(machine, demand, machine->topology->allowed, &one_node, &one_cache);
    ck_assert_msg(!one_node || placement->n_cells == 1, "%s: one node had room, not %s", demand->name, text);
    vp_autobitmap from = considered(machine->topology, placement);
    machine_room(machine, demand, from, &one_node, &one_cache);
    ck_assert_msg(!one_cache || machine_caches(machine, placement) == 1, "%s: one cache had room, not %s",
                  demand->name, text);
}

static const uint64_t sql_pages[] = {1024 * MIB, 2 * MIB, 0};
static const uint64_t nfv_pages[] = {1024 * MIB, 2 * MIB};

/* Placement of the shipped profiles. */
static const struct {
    const char *profile;
    struct vp_demand demand;
} profiles[] = {
    {"sql-db",
     {.policy = VP_POLICY_DEDICATED,
      .threads = VP_THREADS_SIBLINGS,
      .iothreads = 1,
      .pages = sql_pages,
      .n_pages = VP_ARRAY_SIZE(sql_pages),
      .grow_pools = true}},
    {"desktop-vdi", {.policy = VP_POLICY_SHARED, .iothreads = 1}},
    {"nfv",
     {.policy = VP_POLICY_DEDICATED,
      .threads = VP_THREADS_ISOLATE,
      .iothreads = 1,
      .pages = nfv_pages,
      .n_pages = VP_ARRAY_SIZE(nfv_pages),
      .grow_pools = true}},
    {"nfv with siblings",
     {.policy = VP_POLICY_DEDICATED,
      .threads = VP_THREADS_SIBLINGS,
      .iothreads = 1,
      .pages = nfv_pages,
      .n_pages = VP_ARRAY_SIZE(nfv_pages)}},
};

START_TEST(properties)
{
    const struct candidate *it = &candidates[_i];
    MACHINE machine = {0};
    open_candidate(&machine, it);
    const uint64_t memory = memory_of_vcpu(machine.topology) / (2 * MIB) * 2 * MIB;
    for (size_t i = 0; i < VP_ARRAY_SIZE(profiles); i++)
        for (unsigned vcpus = 1; vcpus <= VCPUS_MAX; vcpus++) {
            vp_autofree char *name = vp_asprintf("%s: %s of %u vCPUs", it->where, profiles[i].profile, vcpus);
            vp_autoplacement placement = NULL;
            vp_autoerror err = NULL;
            struct vp_demand demand = profiles[i].demand;
            demand.name = name;
            demand.vcpus = vcpus;
            demand.guest_threads = vcpus % 2 == 0 && machine.topology->threads > 1 ? 2 : 1;
            demand.memory_kib = memory * vcpus > 0 ? memory * vcpus : 2 * MIB;
            if (vp_placement_plan(machine.occupied, &demand, &placement, &err) < 0) {
                check_refusal(&machine, &demand, err, false);
                continue;
            }
            check_place(&machine, &demand, placement, false);
            vp_occupied_add(machine.occupied, placement);
            vp_occupied_remove(machine.occupied, placement);
            ck_assert_msg(vp_occupied_is_empty(machine.occupied), "%s: something stays", name);
        }
}
END_TEST

#define STEPS 16
#define RUNNING 12

/* Guests that run, with what they were placed by. */
struct guests {
    struct vp_placement *items[RUNNING];
    size_t n, n_floating;
    struct vp_placement *earlier; /* the last one that stopped */
};

static void stop(struct machine *machine, struct guests *guests, size_t at)
{
    vp_occupied_remove(machine->occupied, guests->items[at]);
    guests->n_floating -= guests->items[at]->policy != VP_POLICY_DEDICATED;
    vp_placement_free(guests->earlier);
    guests->earlier = guests->items[at];
    guests->items[at] = guests->items[--guests->n];
}

static void start(struct machine *machine, struct guests *guests, uint64_t *state, const char *where)
{
    MIX mix = {0};
    vp_autoerror err = NULL;
    vp_autoplacement placement = NULL;
    mix_open(&mix, machine->topology, memory_of_vcpu(machine->topology), state);
    vp_autofree char *name =
        vp_asprintf("%s: %s guest of %u vCPUs and %zu cells", where, vp_policy_names[mix.demand.policy],
                    mix.demand.vcpus, mix.demand.n_cells);
    mix.demand.name = name;
    mix.demand.earlier = mix_next(state) % 2 == 0 ? guests->earlier : NULL;
    if (vp_placement_plan(machine->occupied, &mix.demand, &placement, &err) < 0) {
        check_refusal(machine, &mix.demand, err, guests->n_floating > 0);
        return;
    }
    check_place(machine, &mix.demand, placement, guests->n_floating > 0);
    vp_occupied_add(machine->occupied, placement);
    guests->n_floating += placement->policy != VP_POLICY_DEDICATED;
    guests->items[guests->n++] = vp_take(&placement);
}

START_TEST(life)
{
    const struct candidate *it = &candidates[_i];
    uint64_t state = UINT64_C(88172645463325252) + (unsigned)_i;
    MACHINE machine = {0};
    open_candidate(&machine, it);
    for (unsigned sequence = 0; sequence < it->sequences; sequence++) {
        struct guests guests = {.n = 0};
        for (unsigned step = 0; step < STEPS; step++) {
            if (guests.n == RUNNING || (guests.n > 0 && mix_next(&state) % 5 < 2))
                stop(&machine, &guests, mix_next(&state) % guests.n);
            else
                start(&machine, &guests, &state, it->where);
        }
        while (guests.n > 0)
            stop(&machine, &guests, guests.n - 1);
        vp_placement_free(guests.earlier);
        ck_assert_msg(vp_occupied_is_empty(machine.occupied), "%s: sequence %u leaves something", it->where,
                      sequence);
    }
}
END_TEST

/* What the figures below claim was really tried. */
START_TEST(enough)
{
    unsigned sequences = 0;
    for (unsigned i = 0; i < n_candidates; i++)
        sequences += candidates[i].sequences;
    ck_assert_msg(n_candidates >= MACHINES_MIN, "%u machines, at least %d are asked for", n_candidates,
                  MACHINES_MIN);
    ck_assert_msg(sequences >= SEQUENCES_MIN, "%u sequences of starts and stops, at least %d are asked for",
                  sequences, SEQUENCES_MIN);
    printf("%u machines, %zu placement demands, guests of 1 to %d vCPUs; %u sequences of starts and stops\n",
           n_candidates, VP_ARRAY_SIZE(profiles), VCPUS_MAX, sequences);
    (void)fflush(stdout);
}
END_TEST

int main(int argc, char **argv)
{
    n_candidates = (unsigned)VP_ARRAY_SIZE(built_in) + (unsigned)argc - 1;
    candidates = vp_alloc(n_candidates, sizeof(candidates[0]));
    memcpy(candidates, built_in, sizeof(built_in));
    for (int i = 1; i < argc; i++)
        candidates[VP_ARRAY_SIZE(built_in) + (unsigned)i - 1] =
            (struct candidate){argv[i], PLAIN, SEQUENCES_GIVEN};
    const struct vp_test tests[] = {VP_TEST(enough), {properties, n_candidates, 0}, {life, n_candidates, 0}};
    const int r = vp_test_run("machines", tests, VP_ARRAY_SIZE(tests));
    free(candidates);
    return r;
}
