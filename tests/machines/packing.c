/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exact.h"
#include "mix.h"

#include <time.h>

/* How well the planner fills small hosts, and how fast it is on large ones. Prints its figures. */

#define GIB (UINT64_C(1024) * 1024)
#define MIXES 500
#define GOOD 0.97

/* Hosts of equal nodes; the first core of each is housekeeping. */
static const struct {
    const char *where;
    struct exact_host host;
    enum vp_split split;
} hosts[] = {
    {"synthetic:pack:2 [numa(memory=32GiB)] l3:1 core:7 pu:2", {2, 6, 2, 32 * GIB}, VP_SPLIT_CELLS},
    {"synthetic:pack:2 [numa(memory=32GiB)] l3:2 core:5 pu:2", {2, 9, 2, 32 * GIB}, VP_SPLIT_CELLS},
    {"synthetic:pack:1 group:4 [numa(memory=16GiB)] l3:1 core:5 pu:2", {4, 4, 2, 16 * GIB}, VP_SPLIT_CELLS},
    {"synthetic:pack:2 [numa(memory=32GiB)] l3:2 core:6 pu:1", {2, 11, 1, 32 * GIB}, VP_SPLIT_CELLS},
    {"synthetic:pack:2 [numa(memory=48GiB)] l3:5 core:1 pu:4", {2, 4, 4, 48 * GIB}, VP_SPLIT_CELLS},
    {"synthetic:pack:2 [numa(memory=32GiB)] l3:1 core:7 pu:2", {2, 6, 2, 32 * GIB}, VP_SPLIT_NEVER},
    {"synthetic:pack:1 group:4 [numa(memory=32GiB)] l3:1 core:9 pu:2", {4, 8, 2, 32 * GIB}, VP_SPLIT_NEVER},
};

static struct vp_demand random_guest(const struct exact_host *host, enum vp_split split, uint64_t *state)
{
    static const unsigned vcpus[] = {1, 1, 2, 2, 2, 3, 4, 4, 4, 6, 8};
    static const enum vp_threads threads[] = {VP_THREADS_SIBLINGS, VP_THREADS_SIBLINGS, VP_THREADS_SIBLINGS,
                                              VP_THREADS_ANY, VP_THREADS_ISOLATE};
    const uint64_t each = host->memory_kib / (host->cores * host->threads) / 1024 * 1024;
    struct vp_demand demand = {.name = "guest", .policy = VP_POLICY_DEDICATED, .split = split};
    demand.vcpus = vcpus[mix_next(state) % VP_ARRAY_SIZE(vcpus)];
    demand.threads = threads[mix_next(state) % VP_ARRAY_SIZE(threads)];
    demand.guest_threads =
        demand.threads == VP_THREADS_SIBLINGS && demand.vcpus % 2 == 0 && host->threads > 1 ? 2 : 1;
    demand.memory_kib = each / 4 * (1 + mix_next(state) % 4) * demand.vcpus / 1024 * 1024;
    return demand;
}

struct score {
    unsigned placed, possible; /* vCPUs */
    unsigned unknown;          /* packings that could not be told */
    unsigned split, needless;  /* guests on several nodes; of these, where one had room */
    double worst;
};

/* Guests one after another until the first refusal; then as many as an exact packing holds. */
static void fill(const char *where, const struct exact_host *host, enum vp_split split, uint64_t *state,
                 struct score *score)
{
    MACHINE machine = {0};
    struct vp_demand demands[EXACT_GUESTS];
    unsigned n = 0, placed = 0, possible = 0;
    bool refused = false;
    machine_open(&machine, where, NULL);
    ck_assert_uint_eq(machine.topology->n_cores, (host->cores + 1) * host->nodes);
    ck_assert_uint_eq(machine.topology->nodes[0].memory_kib, host->memory_kib);
    while (!refused && n < EXACT_GUESTS) {
        vp_autoplacement placement = NULL;
        bool one_node = false, one_cache = false;
        demands[n] = random_guest(host, split, state);
        machine_room(&machine, &demands[n], machine.topology->allowed, &one_node, &one_cache);
        refused = vp_placement_plan(machine.occupied, &demands[n], &placement, NULL) < 0;
        ck_assert_msg(!refused || !one_node, "%s: one node had room for %u", where, demands[n].vcpus);
        if (refused)
            continue;
        machine_check(&machine, &demands[n], placement);
        score->split += placement->n_cells > 1;
        score->needless += placement->n_cells > 1 && one_node;
        vp_occupied_add(machine.occupied, placement);
        placed += demands[n++].vcpus;
    }
    ck_assert(refused);
    for (possible = placed; n < EXACT_GUESTS; n++) {
        if (n > 0 && !refused)
            demands[n] = random_guest(host, split, state);
        refused = false;
        const enum exact fits = exact_fits(host, demands, n + 1);
        score->unknown += fits == EXACT_UNKNOWN;
        if (fits == EXACT_NO)
            break;
        possible += demands[n].vcpus;
    }
    score->placed += placed;
    score->possible += possible;
    if ((double)placed / possible < score->worst)
        score->worst = (double)placed / possible;
}

START_TEST(packs)
{
    uint64_t state = UINT64_C(88172645463325252) + (unsigned)_i;
    struct score score = {.worst = 1};
    for (unsigned i = 0; i < MIXES; i++)
        fill(hosts[_i].where, &hosts[_i].host, hosts[_i].split, &state, &score);
    const double share = (double)score.placed / score.possible;
    printf("%s%s: %.2f %% of the CPUs of an exact packing (worst of %d mixes %.0f %%, %u packings not told); "
           "%u guests on several nodes, %u of them where one had room\n",
           hosts[_i].where + sizeof("synthetic:") - 1,
           hosts[_i].split == VP_SPLIT_NEVER ? ", no guest split" : "", 100 * share, MIXES, 100 * score.worst,
           score.unknown, score.split, score.needless);
    (void)fflush(stdout);
    ck_assert_uint_eq(score.needless, 0);
    ck_assert_msg(share >= GOOD, "%s: %.4f", hosts[_i].where, share);
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
    unsigned cpus;
} sizes[] = {
    {"synthetic:pack:1 [numa(memory=512GiB)] l3:4 core:8 pu:2", 64},
    {"synthetic:pack:1 [numa(memory=512GiB)] l3:8 core:8 pu:2", 128},
    {"synthetic:pack:2 [numa(memory=512GiB)] l3:8 core:8 pu:2", 256},
    {"synthetic:pack:4 [numa(memory=512GiB)] l3:8 core:8 pu:2", 512},
    {"synthetic:pack:8 [numa(memory=512GiB)] l3:8 core:8 pu:2", 1024},
    {"synthetic:pack:16 [numa(memory=512GiB)] l3:8 core:8 pu:2", 2048},
    {"synthetic:pack:32 [numa(memory=512GiB)] l3:8 core:8 pu:2", 4096},
};
#define BOUND_CPUS 1024
#define BOUND_MS 10
/* What a plan takes for each CPU and guest, against the best of the smaller machines. */
#define GROWTH_MAX 3

static struct vp_demand crowd_guest(unsigned i)
{
    return (struct vp_demand){.name = "guest",
                              .policy = i % 8 == 0   ? VP_POLICY_NODE
                                        : i % 8 == 1 ? VP_POLICY_SHARED
                                                     : VP_POLICY_DEDICATED,
                              .threads = i % 4 == 3 ? VP_THREADS_SIBLINGS : VP_THREADS_ANY,
                              .vcpus = i % 16 == 15 ? 6 : 1 + i % 2,
                              .memory_kib = GIB};
}

struct times {
    double mean, worst;
};

/* A guest for every two CPUs; each plan is timed. */
static struct times crowd(const char *where, unsigned n)
{
    MACHINE machine = {0};
    struct times times = {0};
    unsigned placed = 0;
    machine_open(&machine, where, NULL);
    for (unsigned i = 0; i < n; i++) {
        vp_autoplacement placement = NULL;
        const struct vp_demand demand = crowd_guest(i);
        const double begin = now();
        const int r = vp_placement_plan(machine.occupied, &demand, &placement, NULL);
        const double took = now() - begin;
        times.mean += took / n;
        times.worst = took > times.worst ? took : times.worst;
        if (r < 0)
            continue;
        vp_occupied_add(machine.occupied, placement);
        placed++;
    }
    ck_assert_msg(placed > n * 3 / 4, "%s: only %u of %u guests", where, placed, n);
    return times;
}

START_TEST(grows)
{
    double least = 0;
    for (size_t i = 0; i < VP_ARRAY_SIZE(sizes); i++) {
        const unsigned guests = sizes[i].cpus / 2;
        const struct times times = crowd(sizes[i].where, guests);
        const double each = times.mean / (sizes[i].cpus + guests);
        printf(
            "%4u CPUs, %4u guests: a plan takes %.3f ms, %.3f ms at most; %.1f ns for each CPU and guest\n",
            sizes[i].cpus, guests, times.mean, times.worst, each * 1e6);
        (void)fflush(stdout);
        ck_assert_msg(sizes[i].cpus != BOUND_CPUS || times.worst <= BOUND_MS, "%.3f ms", times.worst);
        if (i == 0 || each < least)
            least = each;
        ck_assert_msg(each <= GROWTH_MAX * least,
                      "%u CPUs: a plan for each CPU and guest takes %.1f times as long", sizes[i].cpus,
                      each / least);
    }
}
END_TEST

VP_TEST_MAIN("packing", VP_TEST_ROWS(packs, hosts), VP_TEST(grows))
