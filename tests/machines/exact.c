/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exact.h"

#include <assert.h>
#include <string.h>

/* Guests that are tried on a node before nothing is said of them. */
#define STEPS_MAX 2000000

struct node {
    unsigned whole; /* cores of guests that share none */
    unsigned any;   /* CPUs of guests that do */
    uint64_t memory_kib;
};

struct packing {
    const struct exact_host *host;
    const struct vp_demand *guests[EXACT_GUESTS]; /* large ones first */
    unsigned n;
    struct node nodes[EXACT_NODES];
    unsigned steps;
};

static unsigned ceil_div(unsigned a, unsigned b)
{
    return (a + b - 1) / b;
}

/* Cores that so many vCPUs of a guest take for themselves alone. */
static unsigned whole_cores(const struct exact_host *host, const struct vp_demand *guest, unsigned vcpus)
{
    return guest->threads == VP_THREADS_ANY       ? 0
           : guest->threads == VP_THREADS_ISOLATE ? vcpus
                                                  : ceil_div(vcpus, host->threads);
}

static bool node_holds(const struct exact_host *host, const struct node *node)
{
    return node->whole + ceil_div(node->any, host->threads) <= host->cores &&
           node->memory_kib <= host->memory_kib;
}

static void change(const struct packing *packing, struct node *node, const struct vp_demand *guest,
                   unsigned vcpus, bool add)
{
    const unsigned whole = whole_cores(packing->host, guest, vcpus);
    const unsigned any = guest->threads == VP_THREADS_ANY ? vcpus : 0;
    const uint64_t memory = guest->memory_kib / 1024 * vcpus / guest->vcpus * 1024;
    node->whole = add ? node->whole + whole : node->whole - whole;
    node->any = add ? node->any + any : node->any - any;
    node->memory_kib = add ? node->memory_kib + memory : node->memory_kib - memory;
}

/* What guests from this one on need at least, against what all nodes have left together. */
static bool could_fit(const struct packing *packing, unsigned from)
{
    const struct exact_host *host = packing->host;
    struct node sum = {0};
    for (unsigned i = 0; i < host->nodes; i++) {
        sum.whole += packing->nodes[i].whole;
        sum.any += packing->nodes[i].any;
        sum.memory_kib += packing->nodes[i].memory_kib;
    }
    for (unsigned i = from; i < packing->n; i++)
        change(packing, &sum, packing->guests[i], packing->guests[i]->vcpus, true);
    return sum.whole + ceil_div(sum.any, host->threads) <= host->cores * host->nodes &&
           sum.memory_kib <= host->memory_kib * host->nodes;
}

static enum exact place(struct packing *packing, unsigned at);

/* Was a node that is as full as this one tried already? */
static bool is_twin(const struct packing *packing, unsigned node)
{
    for (unsigned i = 0; i < node; i++)
        if (memcmp(&packing->nodes[i], &packing->nodes[node], sizeof(packing->nodes[0])) == 0)
            return true;
    return false;
}

/* All ways to give the nodes from `node` on what is left of a guest's vCPUs. */
static enum exact spread(struct packing *packing, unsigned at, unsigned node, unsigned rest)
{
    const struct vp_demand *guest = packing->guests[at];
    const unsigned step = guest->guest_threads > 1 ? guest->guest_threads : 1;
    bool unknown = false;
    if (rest == 0)
        return place(packing, at + 1);
    if (node == packing->host->nodes)
        return EXACT_NO;
    for (unsigned part = rest / step * step;; part -= step) {
        /* All of it on one node was tried before. */
        if (part < guest->vcpus && part <= rest) {
            if (packing->steps++ > STEPS_MAX)
                return EXACT_UNKNOWN;
            change(packing, &packing->nodes[node], guest, part, true);
            enum exact found = EXACT_NO;
            if (node_holds(packing->host, &packing->nodes[node]))
                found = spread(packing, at, node + 1, rest - part);
            change(packing, &packing->nodes[node], guest, part, false);
            if (found == EXACT_YES)
                return found;
            unknown = unknown || found == EXACT_UNKNOWN;
        }
        if (part < step)
            return unknown ? EXACT_UNKNOWN : EXACT_NO;
    }
}

static enum exact place(struct packing *packing, unsigned at)
{
    bool unknown = false;
    if (at == packing->n)
        return EXACT_YES;
    if (!could_fit(packing, at))
        return EXACT_NO;
    for (unsigned node = 0; node < packing->host->nodes; node++) {
        if (is_twin(packing, node))
            continue;
        if (packing->steps++ > STEPS_MAX)
            return EXACT_UNKNOWN;
        const struct node before = packing->nodes[node];
        change(packing, &packing->nodes[node], packing->guests[at], packing->guests[at]->vcpus, true);
        const enum exact found =
            node_holds(packing->host, &packing->nodes[node]) ? place(packing, at + 1) : EXACT_NO;
        packing->nodes[node] = before;
        if (found == EXACT_YES)
            return found;
        unknown = unknown || found == EXACT_UNKNOWN;
    }
    if (packing->guests[at]->split == VP_SPLIT_NEVER)
        return unknown ? EXACT_UNKNOWN : EXACT_NO;
    const enum exact found = spread(packing, at, 0, packing->guests[at]->vcpus);
    return found == EXACT_NO && unknown ? EXACT_UNKNOWN : found;
}

static int compare(const void *left, const void *right)
{
    const struct vp_demand *a = *(const struct vp_demand *const *)left;
    const struct vp_demand *b = *(const struct vp_demand *const *)right;
    if (a->vcpus != b->vcpus)
        return a->vcpus > b->vcpus ? -1 : 1;
    return a->memory_kib > b->memory_kib ? -1 : a->memory_kib < b->memory_kib;
}

enum exact exact_fits(const struct exact_host *host, const struct vp_demand *demands, unsigned n)
{
    struct packing packing = {.host = host, .n = n};
    assert(n <= EXACT_GUESTS && host->nodes <= EXACT_NODES);
    for (unsigned i = 0; i < n; i++)
        packing.guests[i] = &demands[i];
    qsort(packing.guests, n, sizeof(packing.guests[0]), compare);
    return place(&packing, 0);
}
