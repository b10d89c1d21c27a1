/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "topocache_pack.h"

#include <string.h>

#include "strbuf.h"

/*
 * A line with the name of the format, the key, NUL, and then numbers of 32 bits as this machine has them:
 * a checksum of two, and the arrays. Bytes, as a machine of 1024 CPUs has 10000 numbers and whoever reads
 * them has a tenth of a millisecond.
 */
static const char magic[] = "virt-profile topology 1\n";

struct numbers {
    uint32_t *items; /* owned */
    size_t n, cap;
};

static void put(struct numbers *numbers, uint32_t number)
{
    vp_grow(&numbers->items, numbers->n, &numbers->cap, sizeof(numbers->items[0]));
    numbers->items[numbers->n++] = number;
}

/*
 * FNV-1a over 32 bits at a time: against files cut short or written over, not against a forger, who is
 * root.
 */
static uint64_t checksum(const uint32_t *items, size_t n)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++)
        sum = (sum ^ items[i]) * UINT64_C(0x100000001b3);
    return sum;
}

enum { CPU_ALLOWED = 1, CPU_ISOLATED = 2 };

static void put_cpus(struct numbers *numbers, const struct vp_topology *topology)
{
    for (unsigned i = 0; i < topology->n_cpus; i++) {
        const struct vp_cpu *cpu = &topology->cpus[i];
        put(numbers, cpu->os);
        put(numbers, cpu->core);
        put(numbers, cpu->package);
        put(numbers, cpu->kind);
        put(numbers, (cpu->allowed ? CPU_ALLOWED : 0u) | (cpu->isolated ? CPU_ISOLATED : 0u));
    }
}

static void put_groups(struct numbers *numbers, const struct vp_topology *topology)
{
    for (unsigned i = 0; i < topology->n_cores; i++)
        put(numbers, topology->cores[i].cache);
    for (unsigned i = 0; i < topology->n_caches; i++)
        put(numbers, topology->caches[i].node);
    for (unsigned i = 0; i < topology->n_nodes; i++) {
        put(numbers, topology->nodes[i].os);
        put(numbers, topology->nodes[i].home);
    }
    for (unsigned i = 0; i < topology->n_nodes * topology->n_nodes; i++)
        put(numbers, topology->distances[i]);
    for (unsigned i = 0; i < topology->n_sizes; i++) {
        put(numbers, (uint32_t)(topology->sizes[i] >> 32));
        put(numbers, (uint32_t)topology->sizes[i]);
    }
}

void vp_topocache_pack(const struct vp_topology *topology, const char *key, char **ret_bytes, size_t *ret_len)
{
    struct numbers numbers = {0};
    struct vp_strbuf buf = {0};
    put(&numbers, 0); /* the checksum, when it is known */
    put(&numbers, 0);
    put(&numbers, topology->n_cpus);
    put(&numbers, topology->n_cores);
    put(&numbers, topology->n_caches);
    put(&numbers, topology->n_nodes);
    put(&numbers, topology->n_packages);
    put(&numbers, topology->n_kinds);
    put(&numbers, topology->n_by_os);
    put(&numbers, topology->n_sizes);
    put_cpus(&numbers, topology);
    put_groups(&numbers, topology);
    const uint64_t sum = checksum(numbers.items + 2, numbers.n - 2);
    numbers.items[0] = (uint32_t)(sum >> 32);
    numbers.items[1] = (uint32_t)sum;
    vp_strbuf_add(&buf, magic);
    vp_strbuf_add(&buf, key);
    vp_strbuf_addn(&buf, "", 1);
    vp_strbuf_addn(&buf, (const char *)numbers.items, numbers.n * sizeof(numbers.items[0]));
    free(numbers.items);
    *ret_len = buf.len;
    *ret_bytes = vp_strbuf_take(&buf);
}

/* What is left to take; `bad` once there was not enough, or a number was out of its range. */
struct taking {
    const uint32_t *items;
    size_t n, at;
    bool bad;
};

/* The next number, below `limit`; 0 when it is bad. */
static uint32_t take(struct taking *taking, uint32_t limit)
{
    if (taking->at >= taking->n || taking->items[taking->at] >= limit) {
        taking->bad = true;
        return 0;
    }
    return taking->items[taking->at++];
}

static void allocate(struct vp_topology *topology)
{
    topology->cpus = vp_alloc(topology->n_cpus, sizeof(topology->cpus[0]));
    topology->cores = vp_alloc(topology->n_cores, sizeof(topology->cores[0]));
    topology->caches = vp_alloc(topology->n_caches, sizeof(topology->caches[0]));
    topology->nodes = vp_alloc(topology->n_nodes, sizeof(topology->nodes[0]));
    topology->distances = vp_alloc((size_t)topology->n_nodes * topology->n_nodes, sizeof(unsigned));
    topology->by_os = vp_alloc(topology->n_by_os, sizeof(topology->by_os[0]));
    for (unsigned i = 0; i < topology->n_by_os; i++)
        topology->by_os[i] = -1;
    for (unsigned i = 0; i < topology->n_nodes; i++)
        topology->nodes[i].cpus = vp_bitmap_new();
    topology->allowed = vp_bitmap_new();
    topology->isolated = vp_bitmap_new();
}

static bool take_sizes(struct taking *taking, struct vp_topology *topology)
{
    topology->n_cpus = take(taking, VP_TOPOLOGY_CPUS_MAX + 1);
    topology->n_cores = take(taking, topology->n_cpus + 1);
    topology->n_caches = take(taking, topology->n_cores + 1);
    topology->n_nodes = take(taking, VP_TOPOLOGY_CPUS_MAX + 1);
    topology->n_packages = take(taking, VP_TOPOLOGY_CPUS_MAX + 1);
    topology->n_kinds = take(taking, VP_TOPOLOGY_CPUS_MAX + 1);
    topology->n_by_os = take(taking, VP_TOPOLOGY_CPUS_MAX + 1);
    topology->n_sizes = take(taking, VP_TOPOLOGY_SIZES_MAX + 1);
    const size_t left = taking->n - taking->at;
    const size_t n_nodes = topology->n_nodes;
    return !taking->bad && topology->n_cpus > 0 && n_nodes > 0 &&
           left == 5u * (size_t)topology->n_cpus + topology->n_cores + topology->n_caches +
                       (2 + n_nodes) * n_nodes + 2u * (size_t)topology->n_sizes;
}

static void take_cpus(struct taking *taking, struct vp_topology *topology)
{
    for (unsigned i = 0; i < topology->n_cpus; i++) {
        struct vp_cpu *cpu = &topology->cpus[i];
        cpu->os = take(taking, topology->n_by_os);
        cpu->core = take(taking, topology->n_cores);
        cpu->package = take(taking, topology->n_packages);
        cpu->kind = take(taking, topology->n_kinds);
        const uint32_t flags = take(taking, (CPU_ALLOWED | CPU_ISOLATED) + 1);
        cpu->allowed = (flags & CPU_ALLOWED) != 0;
        cpu->isolated = (flags & CPU_ISOLATED) != 0;
        /* Cores are stretches, one behind the other. */
        taking->bad = taking->bad || (i == 0 ? cpu->core != 0 : cpu->core - cpu[-1].core > 1);
    }
}

static void take_groups(struct taking *taking, struct vp_topology *topology)
{
    for (unsigned i = 0; i < topology->n_cores; i++) {
        topology->cores[i].cache = take(taking, topology->n_caches);
        const unsigned before = i > 0 ? topology->cores[i - 1].cache : 0;
        taking->bad = taking->bad || topology->cores[i].cache - before > (i > 0);
    }
    for (unsigned i = 0; i < topology->n_caches; i++) {
        topology->caches[i].node = take(taking, topology->n_nodes);
        taking->bad = taking->bad || (i > 0 && topology->caches[i].node < topology->caches[i - 1].node);
    }
    for (unsigned i = 0; i < topology->n_nodes; i++) {
        topology->nodes[i].os = take(taking, UINT32_MAX);
        topology->nodes[i].home = take(taking, topology->n_nodes);
    }
    for (unsigned i = 0; i < topology->n_nodes * topology->n_nodes; i++)
        topology->distances[i] = take(taking, UINT32_MAX);
    for (unsigned i = 0; i < topology->n_sizes; i++) {
        const uint64_t high = take(taking, UINT32_MAX);
        topology->sizes[i] = high << 32 | take(taking, UINT32_MAX);
        taking->bad = taking->bad || topology->sizes[i] == 0;
    }
}

/* All that follows from what was taken. */
static void complete(struct vp_topology *topology)
{
    for (unsigned i = 0; i < topology->n_caches; i++) {
        struct vp_node *node = &topology->nodes[topology->caches[i].node];
        if (node->n++ == 0)
            node->first = i;
    }
    for (unsigned i = 0; i < topology->n_cores; i++) {
        struct vp_core *core = &topology->cores[i];
        struct vp_cache *cache = &topology->caches[core->cache];
        core->node = cache->node;
        if (cache->n++ == 0)
            cache->first = i;
    }
    for (unsigned i = 0; i < topology->n_cpus; i++) {
        struct vp_cpu *cpu = &topology->cpus[i];
        struct vp_core *core = &topology->cores[cpu->core];
        if (core->n++ == 0)
            core->first = i;
        core->kind = cpu->kind;
        cpu->cache = core->cache;
        cpu->node = core->node;
        topology->by_os[cpu->os] = (int)i;
        if (!cpu->allowed)
            continue;
        (void)hwloc_bitmap_set(topology->allowed, cpu->os);
        (void)hwloc_bitmap_set(topology->nodes[cpu->node].cpus, cpu->os);
        if (cpu->isolated)
            (void)hwloc_bitmap_set(topology->isolated, cpu->os);
        if (++core->n_allowed > topology->threads)
            topology->threads = core->n_allowed;
    }
}

struct vp_topology *vp_topocache_unpack(const char *bytes, size_t len, const char *key)
{
    const size_t head = strlen(magic) + strlen(key) + 1;
    if (len < head + 2 * sizeof(uint32_t) || (len - head) % sizeof(uint32_t) != 0 ||
        memcmp(bytes, magic, strlen(magic)) != 0 || strcmp(bytes + strlen(magic), key) != 0)
        return NULL;
    const size_t n = (len - head) / sizeof(uint32_t);
    vp_autofree uint32_t *items = vp_alloc(n, sizeof(items[0]));
    memcpy(items, bytes + head, n * sizeof(items[0]));
    if (((uint64_t)items[0] << 32 | items[1]) != checksum(items + 2, n - 2))
        return NULL;
    struct taking taking = {.items = items, .n = n, .at = 2};
    vp_autotopology topology = vp_alloc(1, sizeof(*topology));
    if (!take_sizes(&taking, topology)) {
        topology->n_nodes = 0; /* none allocated */
        return NULL;
    }
    allocate(topology);
    take_cpus(&taking, topology);
    take_groups(&taking, topology);
    if (taking.bad)
        return NULL;
    complete(topology);
    return hwloc_bitmap_iszero(topology->allowed) ? NULL : vp_take(&topology);
}
