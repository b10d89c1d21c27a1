/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "search.h"

#include <errno.h>
#include <inttypes.h>

#include "size.h"
#include "strbuf.h"

/* Nodes that one sentence lists. */
#define NODES_LISTED 8

void vp_placement_say(struct vp_placement *placement, const char *fmt, ...)
{
    va_list ap;
    vp_grow(&placement->reasons, placement->n_reasons, &placement->cap_reasons,
            sizeof(placement->reasons[0]));
    va_start(ap, fmt);
    placement->reasons[placement->n_reasons++] = vp_vasprintf(fmt, ap);
    va_end(ap);
}

char *vp_page_text(uint64_t kib)
{
    return kib == 0 ? vp_strdup("ordinary") : vp_size_format(kib * 1024);
}

static void explain_devices(const struct vp_search *search, struct vp_placement *placement)
{
    hwloc_const_bitmap_t near = search->demand->near;
    if (near == NULL || hwloc_bitmap_iszero(near))
        return;
    vp_autofree char *text = vp_bitmap_text(near);
    vp_placement_say(placement, "devices are on node %s, at a distance of %" PRIu64, text,
                     vp_search_device_distance(search, search->chosen[0]));
}

static void explain_set(const struct vp_search *search, struct vp_placement *placement)
{
    bool isolated = true;
    if (search->demand->policy != VP_POLICY_DEDICATED || hwloc_bitmap_iszero(search->topology->isolated))
        return;
    isolated = hwloc_bitmap_isincluded(search->usable, search->topology->isolated);
    vp_placement_say(placement, isolated ? "isolated CPUs, which the host keeps for guests like this"
                                         : "isolated CPUs alone would not do, or not on as few nodes");
}

static void explain_memory(const struct vp_search *search, struct vp_placement *placement)
{
    const struct vp_topology *topology = search->topology;
    for (unsigned i = 0; i < placement->n_cells; i++) {
        const struct vp_guest_cell *cell = &placement->cells[i];
        if (cell->n == 0)
            vp_placement_say(placement, "cell %u is memory alone, on node %u", i,
                             topology->nodes[cell->memory_node].os);
        if (cell->memory_node == cell->node)
            continue;
        if (cell->memory_node == topology->nodes[cell->node].home)
            vp_placement_say(placement, "node %u has no memory; node %u is the nearest that has",
                             topology->nodes[cell->node].os, topology->nodes[cell->memory_node].os);
        else
            vp_placement_say(placement, "memory is bound to node %u already, and CPUs come from node %u",
                             topology->nodes[cell->memory_node].os, topology->nodes[cell->node].os);
    }
    if (placement->spread)
        vp_placement_say(placement, "the guest cannot be told that it is on several nodes");
}

void vp_search_explain(const struct vp_search *search, struct vp_placement *placement)
{
    const struct vp_demand *demand = search->demand;
    const struct vp_topology *topology = search->topology;
    vp_autofree char *page = vp_page_text(search->page_kib);

    vp_placement_say(placement, "memory in %s%s", search->page_kib == 0 ? "" : "pages of ",
                     search->page_kib == 0 ? "ordinary pages" : page);
    explain_set(search, placement);
    if (search->n_chosen == 1 && search->helper_node != search->chosen[0])
        vp_placement_say(placement, "node %u has room for all vCPUs, but node %u for the emulator's own CPUs",
                         topology->nodes[search->chosen[0]].os, topology->nodes[search->helper_node].os);
    else if (search->n_chosen == 1)
        vp_placement_say(placement, "node %u has room for all %s", topology->nodes[search->chosen[0]].os,
                         demand->n_cells > 0 ? "vCPUs" : "of it");
    else
        vp_placement_say(
            placement, "no node has room for all of it; %u nodes, distances between them sum up to %" PRIu64,
            search->n_chosen, search->cost);
    explain_devices(search, placement);
    explain_memory(search, placement);
    if (demand->policy == VP_POLICY_DEDICATED && demand->threads == VP_THREADS_SIBLINGS &&
        demand->guest_threads > search->topology->threads)
        vp_placement_say(placement, "the guest sees %u threads in a core, no core here has more than %u",
                         demand->guest_threads, search->topology->threads);
}

/* May the guest's memory be there at all? */
static bool may_hold(const struct vp_search *search, unsigned node)
{
    hwloc_const_bitmap_t within = search->demand->within;
    const struct vp_node *it = &search->topology->nodes[node];
    return it->memory_kib > 0 && (within == NULL || hwloc_bitmap_isset(within, it->os));
}

/* Memory of this size that a node could give the guest, KiB. */
static uint64_t memory_of(const struct vp_search *search, unsigned node, int size)
{
    const struct vp_demand *demand = search->demand;
    const struct vp_amount overhead = {{demand->overhead_kib}};
    return vp_occupied_free_kib(search->occupied, node, size, demand->grow_pools, &overhead);
}

/* "6 on node 0, 4 on node 1" */
static char *list_cpus(const struct vp_search *search)
{
    struct vp_strbuf out = {0};
    unsigned n = 0;
    for (unsigned i = 0; i < search->topology->n_nodes && n <= NODES_LISTED; i++) {
        if (search->topology->nodes[i].n == 0)
            continue;
        vp_autofree char *item = n++ == NODES_LISTED ? vp_strdup("…")
                                                     : vp_asprintf("%u on node %u", search->node_units[i],
                                                                   search->topology->nodes[i].os);
        vp_strbuf_join(&out, ", ", item);
    }
    return vp_strbuf_take(&out);
}

/* "8G on node 0, 4G on node 1" */
static char *list_memory(const struct vp_search *search, int size)
{
    struct vp_strbuf out = {0};
    unsigned n = 0;
    for (unsigned i = 0; i < search->topology->n_nodes && n <= NODES_LISTED; i++) {
        if (!may_hold(search, i))
            continue;
        vp_autofree char *amount = vp_size_format(memory_of(search, i, size) * 1024);
        vp_autofree char *item = n++ == NODES_LISTED
                                     ? vp_strdup("…")
                                     : vp_asprintf("%s on node %u", amount, search->topology->nodes[i].os);
        vp_strbuf_join(&out, ", ", item);
    }
    return vp_strbuf_take(&out);
}

static const char *unit_name(const struct vp_demand *demand)
{
    if (demand->policy != VP_POLICY_DEDICATED)
        return "shared CPUs";
    return demand->threads == VP_THREADS_ANY       ? "free CPUs"
           : demand->threads == VP_THREADS_ISOLATE ? "free cores"
                                                   : "CPUs on free cores";
}

/* Fails when all nodes together are short of memory of the size that a part has. */
static int fail_memory(const struct vp_search *search, const struct vp_part *part, struct vp_error **err)
{
    uint64_t wanted = 0, have = 0;
    for (size_t i = 0; i < search->n_parts; i++)
        if (search->parts[i].size == part->size)
            wanted += search->parts[i].memory_kib;
    for (unsigned i = 0; i < search->topology->n_nodes; i++)
        have += may_hold(search, i) ? memory_of(search, i, part->size) : 0;
    if (have >= wanted)
        return 0;
    vp_autofree char *amount = vp_size_format(wanted * 1024);
    vp_autofree char *missing = vp_size_format((wanted - have) * 1024);
    vp_autofree char *page = vp_page_text(part->page_kib);
    vp_autofree char *list = list_memory(search, part->size);
    return vp_fail(err, ENOSPC, "'%s' needs %s in %s pages and %s are missing: there are %s",
                   search->demand->name, amount, page, missing, list);
}

/* "ordinary pages", or that cells have several sizes; owned. */
static char *pages_text(const struct vp_search *search)
{
    for (size_t i = 1; i < search->n_parts; i++)
        if (search->parts[i].size != search->parts[0].size)
            return vp_strdup("pages of several sizes");
    vp_autofree char *page = vp_page_text(search->parts[0].page_kib);
    return vp_asprintf("%s pages", page);
}

/* Nothing is short on the whole, but not to be had together. */
static int fail_together(const struct vp_search *search, unsigned n, const char *cpus, struct vp_error **err)
{
    const struct vp_demand *demand = search->demand;
    vp_autofree char *wanted = vp_size_format(demand->memory_kib * 1024);
    vp_autofree char *memory = list_memory(search, search->size);
    vp_autofree char *pages = pages_text(search);
    if (demand->policy == VP_POLICY_SHARED)
        return vp_fail(err, ENOSPC, "'%s' needs %s in %s, and no set of nodes has that: memory is %s",
                       demand->name, wanted, pages, memory);
    return vp_fail(err, ENOSPC, "'%s' needs %u %s with %s in %s, and %s: CPUs are %s; memory is %s",
                   demand->name, n, unit_name(demand), wanted, pages,
                   demand->split == VP_SPLIT_NEVER ? "no node has both"
                   : demand->n_cells > 0           ? "no set of nodes holds each of its NUMA cells whole"
                                                   : "no set of nodes has both in proportion",
                   cpus, memory);
}

int vp_search_fail(const struct vp_search *search, struct vp_error **err)
{
    const struct vp_demand *demand = search->demand;
    const unsigned n = demand->policy == VP_POLICY_SHARED ? 1 : demand->vcpus + vp_search_helper_cost(search);
    vp_autofree char *cpus = list_cpus(search);
    unsigned units = 0;

    for (unsigned i = 0; i < search->topology->n_nodes; i++)
        units += search->node_units[i];
    if (units < n)
        return vp_fail(err, ENOSPC, "'%s' needs %u %s and %u are missing: there are %s", demand->name, n,
                       unit_name(demand), n - units, cpus);
    for (size_t i = 0; i < search->n_parts; i++) {
        const int r = fail_memory(search, &search->parts[i], err);
        if (r < 0)
            return r;
    }
    return fail_together(search, n, cpus, err);
}
