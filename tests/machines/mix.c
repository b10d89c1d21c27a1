/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mix.h"

#define MIB UINT64_C(1024)

uint64_t mix_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* True once in so many times. */
static bool once_in(uint64_t *state, unsigned times)
{
    return mix_next(state) % times == 0;
}

static const uint64_t large_first[] = {1024 * MIB, 2 * MIB, 0};
static const uint64_t large_only[] = {2 * MIB};

static void choose_pages(struct vp_demand *demand, uint64_t *state)
{
    const unsigned choice = (unsigned)(mix_next(state) % 4);
    demand->pages = choice == 0 ? large_first : choice == 1 ? large_only : NULL;
    demand->n_pages = choice == 0 ? VP_ARRAY_SIZE(large_first) : choice == 1 ? VP_ARRAY_SIZE(large_only) : 0;
    demand->grow_pools = once_in(state, 2);
}

static hwloc_bitmap_t some_nodes(const struct vp_topology *topology, uint64_t *state)
{
    hwloc_bitmap_t set = vp_bitmap_new();
    for (unsigned n = once_in(state, 2) ? 1 : 2; n > 0; n--)
        (void)hwloc_bitmap_set(set, topology->nodes[mix_next(state) % topology->n_nodes].os);
    return set;
}

/* Cells of about equal size, their vCPUs in ranges or one by one in turn. */
static void add_cells(struct mix *mix, uint64_t *state)
{
    struct vp_demand *demand = &mix->demand;
    const unsigned n = 2 + (unsigned)(mix_next(state) % (MIX_CELLS - 1));
    const bool ranges = once_in(state, 2);
    if (demand->vcpus < n)
        return;
    for (unsigned i = 0; i < n; i++) {
        mix->vcpus[i] = vp_bitmap_new();
        mix->cells[i] = (struct vp_demand_cell){.vcpus = mix->vcpus[i]};
        mix->cells[i].memory_kib = demand->memory_kib / n / (2 * MIB) * 2 * MIB;
        mix->cells[i].own_page = once_in(state, 8);
        mix->cells[i].page_kib = once_in(state, 2) ? 2 * MIB : 0;
    }
    demand->memory_kib = mix->cells[0].memory_kib * n;
    for (unsigned i = 0; i < demand->vcpus; i++)
        (void)hwloc_bitmap_set(mix->vcpus[ranges ? i * n / demand->vcpus : i % n], i);
    demand->cells = mix->cells;
    demand->n_cells = n;
    demand->guest_threads = 1;
}

void mix_open(struct mix *mix, const struct vp_topology *topology, uint64_t memory_kib, uint64_t *state)
{
    static const unsigned vcpus[] = {1, 1, 2, 2, 3, 4, 4, 6, 8, 12, 16, 24};
    struct vp_demand *demand = &mix->demand;
    *mix = (struct mix){.demand = {.name = "guest"}};
    demand->policy = (enum vp_policy)(mix_next(state) % 5 % VP_POLICY_N_);
    demand->threads = (enum vp_threads)(mix_next(state) % VP_THREADS_N_);
    demand->vcpus = vcpus[mix_next(state) % VP_ARRAY_SIZE(vcpus)];
    demand->guest_threads = demand->vcpus % 2 == 0 && once_in(state, 2) ? 2 : 1;
    demand->iothreads = (unsigned)(mix_next(state) % 3);
    demand->overhead_kib = once_in(state, 2) ? 64 * MIB : 0;
    demand->memory_kib =
        memory_kib * demand->vcpus * (1 + mix_next(state) % 3) / (2 * MIB) * 2 * MIB + 8 * MIB;
    demand->split = (enum vp_split)(mix_next(state) % 6 % (VP_SPLIT_NEVER + 1));
    choose_pages(demand, state);
    if (demand->policy == VP_POLICY_DEDICATED) {
        demand->own_emulator = once_in(state, 4);
        demand->own_iothreads = once_in(state, 4);
    }
    if (once_in(state, 4))
        demand->within = mix->within = some_nodes(topology, state);
    if (once_in(state, 4))
        demand->near = mix->near = some_nodes(topology, state);
    if (once_in(state, 3))
        add_cells(mix, state);
}

void mix_close(struct mix *mix)
{
    for (unsigned i = 0; i < MIX_CELLS; i++)
        hwloc_bitmap_free(mix->vcpus[i]);
    hwloc_bitmap_free(mix->within);
    hwloc_bitmap_free(mix->near);
}
