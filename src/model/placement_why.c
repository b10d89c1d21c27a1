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
        vp_placement_say(placement, "node %u has room for all of it",
                         search->topology->nodes[search->chosen[0]].os);
    else
        vp_placement_say(
            placement, "no node has room for all of it; %u nodes, distances between them sum up to %" PRIu64,
            search->n_chosen, search->cost);
    explain_devices(search, placement);
    for (unsigned i = 0; i < placement->n_cells; i++)
        if (placement->cells[i].memory_node != placement->cells[i].node)
            vp_placement_say(placement, "node %u has no memory; node %u is the nearest that has",
                             search->topology->nodes[placement->cells[i].node].os,
                             search->topology->nodes[placement->cells[i].memory_node].os);
    if (demand->policy == VP_POLICY_DEDICATED && demand->threads == VP_THREADS_SIBLINGS &&
        demand->guest_threads > search->topology->threads)
        vp_placement_say(placement, "the guest sees %u threads in a core, no core here has more than %u",
                         demand->guest_threads, search->topology->threads);
}

/* "8 on node 0, 4 on node 1", of what nodes with CPUs have. */
static char *list_nodes(const struct vp_search *search, bool memory)
{
    struct vp_strbuf out = {0};
    unsigned n = 0;
    for (unsigned i = 0; i < search->topology->n_nodes; i++) {
        if (memory ? search->topology->nodes[i].home != i || search->topology->nodes[i].memory_kib == 0
                   : search->topology->nodes[i].n == 0)
            continue;
        if (n++ == NODES_LISTED) {
            vp_strbuf_add(&out, ", …");
            break;
        }
        vp_autofree char *size = memory ? vp_size_format(search->node_memory[i] * search->unit_kib * 1024)
                                        : vp_asprintf("%u", search->node_units[i]);
        vp_autofree char *item = vp_asprintf("%s on node %u", size, search->topology->nodes[i].os);
        vp_strbuf_join(&out, ", ", item);
    }
    return vp_strbuf_take(&out);
}

static void sum_up(const struct vp_search *search, uint64_t *ret_units, uint64_t *ret_memory)
{
    *ret_units = 0;
    *ret_memory = 0;
    vp_autofree bool *seen = vp_alloc(search->topology->n_nodes, sizeof(seen[0]));
    for (unsigned i = 0; i < search->topology->n_nodes; i++) {
        const struct vp_node *node = &search->topology->nodes[i];
        *ret_units += search->node_units[i];
        if (node->n > 0 && !seen[node->home])
            *ret_memory += search->node_memory[i];
        if (node->n > 0)
            seen[node->home] = true;
    }
}

static const char *unit_name(const struct vp_demand *demand)
{
    if (demand->policy != VP_POLICY_DEDICATED)
        return "shared CPUs";
    return demand->threads == VP_THREADS_ANY       ? "free CPUs"
           : demand->threads == VP_THREADS_ISOLATE ? "free cores"
                                                   : "CPUs on free cores";
}

int vp_search_fail(const struct vp_search *search, struct vp_error **err)
{
    const struct vp_demand *demand = search->demand;
    const unsigned n = demand->vcpus + search->n_helpers;
    uint64_t units = 0, memory = 0;
    sum_up(search, &units, &memory);
    vp_autofree char *cpus = list_nodes(search, false);
    vp_autofree char *sizes = list_nodes(search, true);
    vp_autofree char *page = vp_page_text(search->page_kib);
    vp_autofree char *wanted = vp_size_format(demand->memory_kib * 1024);

    if (units < n)
        return vp_fail(err, ENOSPC, "'%s' needs %u %s and %" PRIu64 " are missing: there are %s",
                       demand->name, n, unit_name(demand), n - units, cpus);
    if (memory < search->units) {
        vp_autofree char *missing = vp_size_format((search->units - memory) * search->unit_kib * 1024);
        return vp_fail(err, ENOSPC, "'%s' needs %s in %s pages and %s are missing: there are %s",
                       demand->name, wanted, page, missing, sizes);
    }
    return vp_fail(
        err, ENOSPC,
        "'%s' needs %u %s with %s in %s pages, and no set of nodes has both in proportion: CPUs are %s; "
        "memory is %s",
        demand->name, n, unit_name(demand), wanted, page, cpus, sizes);
}
