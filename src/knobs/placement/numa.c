/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"

#include <inttypes.h>

#include "confinement.h"
#include "cpudefault.h"
#include "guestmem.h"
#include "place.h"
#include "placing.h"
#include "strbuf.h"
#include "text.h"

static const char *const modes[] = {"strict", "preferred", "interleave", "restrictive", NULL};
static const char *const cells[] = {"auto", "no", NULL};

/* Distances that libvirt takes between two cells; 255 means that there is no way. */
#define DISTANCE_LOCAL 10u
#define DISTANCE_MAX 254u

static unsigned cell_distance(const struct vp_topology *topology, const struct vp_guest_cell *a,
                              const struct vp_guest_cell *b)
{
    const unsigned distance = vp_topology_distance(topology, a->node, b->node);
    if (a == b)
        return DISTANCE_LOCAL;
    return distance <= DISTANCE_LOCAL ? DISTANCE_LOCAL + 1
           : distance < DISTANCE_MAX  ? distance
                                      : DISTANCE_MAX;
}

/* <cell> as virDomainNumaDefFormatXML() of libvirt 9.0 prints it. */
static char *cell_element(const struct vp_placement *placement, const struct vp_topology *topology,
                          unsigned i)
{
    const struct vp_guest_cell *cell = &placement->cells[i];
    vp_autofree char *vcpus = vp_bitmap_text(cell->vcpus);
    struct vp_strbuf buf = {0};
    vp_strbuf_addf(&buf, "<cell id='%u' cpus='%s' memory='%" PRIu64 "' unit='KiB'><distances>", i, vcpus,
                   cell->memory_kib);
    for (unsigned k = 0; k < placement->n_cells; k++)
        vp_strbuf_addf(&buf, "<sibling id='%u' value='%u'/>", k,
                       cell_distance(topology, cell, &placement->cells[k]));
    vp_strbuf_add(&buf, "</distances></cell>");
    return vp_strbuf_take(&buf);
}

static bool are_equal(const struct vp_placement *placement)
{
    for (unsigned i = 1; i < placement->n_cells; i++)
        if (placement->cells[i].n != placement->cells[0].n)
            return false;
    return true;
}

/* A socket for each cell, where cpu.topology has made one socket of all. */
static void plan_sockets(struct vp_planning *planning, const struct vp_setting *setting,
                         const struct vp_placement *placement)
{
    vp_node *root = planning->domain->root;
    const struct vp_action *cores = vp_plan_find(planning->plan, "cpu/topology/@cores");
    const unsigned n = placement->n_cells;
    if (cores == NULL || !vp_same(cores->knob, "cpu.topology") || vp_same(cores->value, "1") ||
        !are_equal(placement))
        return;
    vp_autofree char *sockets = vp_asprintf("%u", n);
    vp_autofree char *each = vp_asprintf("%u", placement->cells[0].n);
    vp_plan_attr(planning, setting, root, "cpu/topology/@sockets", sockets,
                 "a socket for each of %u NUMA cells", n);
    vp_plan_attr(planning, setting, root, "cpu/topology/@cores", each, "a socket for each of %u NUMA cells",
                 n);
}

/* Does the plan give the guest cells, or has the definition some? */
static bool has_cells(const struct vp_planning *planning)
{
    return vp_node_walk(planning->domain->root, "cpu/numa/cell") != NULL ||
           vp_plan_find(planning->plan, "cpu/numa/cell[0]") != NULL;
}

static int plan_cells(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    const struct vp_placement *placement = NULL;
    const struct vp_topology *topology = NULL;
    const char *no = vp_placing_no_cells(planning);
    if (setting->value.choice == VP_CELLS_NO || vp_node_walk(planning->domain->root, "cpu/numa/cell") != NULL)
        return 0;
    const int r = vp_planning_placed(planning, setting, &placement, &topology, err);
    if (r < 0 || placement == NULL || placement->n_cells == 1 || placement->policy == VP_POLICY_SHARED)
        return r;
    if (no != NULL) {
        vp_plan_skip(planning, setting, "%s", no);
        return 0;
    }
    vp_cpu_plan_default(planning, setting);
    for (unsigned i = 0; i < placement->n_cells; i++) {
        vp_autofree char *path = vp_asprintf("cpu/numa/cell[%u]", i);
        vp_autofree char *element = cell_element(placement, topology, i);
        vp_plan_element(planning, setting, planning->domain->root, path, element,
                        "no node holds the guest; it sees that these vCPUs and this memory are on node %u",
                        topology->nodes[placement->cells[i].node].os);
    }
    plan_sockets(planning, setting, placement);
    return 0;
}

/* Where memory goes. */
struct binding {
    const struct vp_placement *placement;
    const struct vp_topology *topology;
    const char *mode;
    bool interleave, prefer;
    char *nodes; /* owned; all of them */
};

static void plan_memory(struct vp_planning *planning, const struct vp_setting *setting,
                        const struct binding *to, const char *nodes)
{
    vp_node *root = planning->domain->root;
    const char *reason = to->interleave ? "pages are dealt out to the nodes one after another"
                         : to->prefer   ? "memory is taken near the vCPUs as long as there is some"
                                        : "memory is near the vCPUs, or the guest does not start";
    if (vp_node_walk_attr(root, "numatune/memory", "placement") != NULL)
        vp_plan_attr(planning, setting, root, "numatune/memory/@placement", NULL,
                     "the nodes are named, and not for numad to choose");
    vp_plan_attr(planning, setting, root, "numatune/memory/@mode", to->mode, "%s", reason);
    vp_plan_attr(planning, setting, root, "numatune/memory/@nodeset", nodes, "%s", reason);
}

/*
 * A cell's memory on a node of its own. Old machines give the memory of such a cell another name in a
 * migrated state, so that only what is there already can change then (vp_guestmem_is_named_by_source()).
 */
static void plan_memnode(struct vp_planning *planning, const struct vp_setting *setting,
                         const struct binding *to, unsigned cell, bool there)
{
    vp_node *root = planning->domain->root;
    const bool seen = !there && vp_guestmem_is_named_by_source(planning->domain);
    const unsigned node = to->topology->nodes[to->placement->cells[cell].memory_node].os;
    vp_autofree char *own = vp_asprintf("%u", node);
    vp_autofree char *mode = vp_asprintf("numatune/memnode[%u]/@mode", cell);
    vp_autofree char *nodeset = vp_asprintf("numatune/memnode[%u]/@nodeset", cell);
    if (seen)
        vp_plan_as(planning, VP_EFFECT_GUEST);
    vp_plan_attr(planning, setting, root, mode, to->mode, "memory of NUMA cell %u is where its vCPUs are",
                 cell);
    if (seen)
        vp_plan_as(planning, VP_EFFECT_GUEST);
    vp_plan_attr(planning, setting, root, nodeset, to->interleave ? to->nodes : own,
                 "memory of NUMA cell %u is where its vCPUs are", cell);
}

static void plan_memnodes(struct vp_planning *planning, const struct vp_setting *setting,
                          const struct binding *to, bool several)
{
    for (unsigned i = 0; i < to->placement->n_cells; i++) {
        vp_autofree char *path = vp_asprintf("numatune/memnode[%u]", i);
        struct vp_place place;
        const bool there = vp_place_resolve(planning->domain->root, path, &place) == 0 && *place.rest == '\0';
        if (there || (several && !to->interleave))
            plan_memnode(planning, setting, to, i, there);
    }
}

/* Why memory is left as it is; NULL when it is bound. */
static const char *not_bound(const struct vp_planning *planning, const struct vp_setting *setting,
                             const struct vp_placement *placement, const struct vp_topology *topology)
{
    if (placement->policy == VP_POLICY_SHARED)
        return "a shared guest floats on all nodes, so no memory is near it";
    if (topology->n_nodes == 1)
        return "the host has one NUMA node, and all memory is there";
    if (setting->value.choice == VP_NUMA_RESTRICTIVE &&
        !vp_host_libvirt_knows_value(planning->host, "restrictive"))
        return "the installed libvirt does not know the mode; 7.3 or newer does";
    return NULL;
}

/* What QEMU may not bind, the control group does. */
static void mind_confinement(struct vp_planning *planning, const struct vp_setting *setting,
                             struct binding *to)
{
    const char *restrictive = modes[VP_NUMA_RESTRICTIVE];
    if (to->placement->cells[0].page_kib == 0 || vp_same(to->mode, restrictive) ||
        !vp_host_libvirt_knows_value(planning->host, restrictive) ||
        !vp_confinement_hides_nodes(planning->host))
        return;
    vp_plan_warn(
        planning, setting,
        "restrictive instead of %s: AppArmor keeps QEMU from reading "
        "/sys/devices/system/node/node*/cpumap, without which it does not start with huge pages bound "
        "that way; allow it in /etc/apparmor.d/local/abstractions/libvirt-qemu to have %s",
        to->mode, to->mode);
    to->mode = restrictive;
    to->interleave = to->prefer = false;
}

static int plan_numa(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    struct binding to = {.mode = modes[setting->value.choice],
                         .interleave = setting->value.choice == VP_NUMA_INTERLEAVE,
                         .prefer = setting->value.choice == VP_NUMA_PREFERRED};
    const int r = vp_planning_placed(planning, setting, &to.placement, &to.topology, err);
    if (r < 0 || to.placement == NULL)
        return r;
    const char *reason = not_bound(planning, setting, to.placement, to.topology);
    if (reason != NULL) {
        vp_plan_skip(planning, setting, "%s", reason);
        return 0;
    }
    mind_confinement(planning, setting, &to);
    vp_autobitmap set = vp_placing_nodes(to.placement, to.topology);
    vp_autofree char *nodes = vp_bitmap_text(set);
    const bool several = hwloc_bitmap_weight(set) > 1;
    to.nodes = nodes;
    /* One node is all that a process can prefer (virNumaSetupMemoryPolicy()); cells have their own. */
    vp_autofree char *first = vp_asprintf("%u", to.topology->nodes[to.placement->cells[0].memory_node].os);
    plan_memory(planning, setting, &to, to.prefer ? first : nodes);
    if (has_cells(planning))
        plan_memnodes(planning, setting, &to, several);
    return 0;
}

/* Cells are planned first, for memory is bound by them. */
const struct vp_knob vp_knobs_numa[] = {
    {
        .name = "memory.cells",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_GUEST,
        .choices = cells,
        .doc =
            "auto gives a guest that no NUMA node of the host holds a NUMA cell for each node that it is on, "
            "with vCPUs and memory in proportion and the host's distances, so that it can keep memory near. "
            "Done for placed x86 and aarch64 guests (cpu.placement dedicated or node) of whole MiB without "
            "cells of their own. no spreads it without its knowledge.",
        .plan = plan_cells,
        .verify = vp_cpu_verify_default,
    },
    {
        .name = "memory.numa",
        .type = VP_TYPE_CHOICE,
        .effect = VP_EFFECT_LAUNCH,
        .choices = modes,
        .doc =
            "How the guest's memory keeps to the nodes that cpu.placement chooses: strict takes it from "
            "there or not at all, preferred when there is some, interleave deals it out page by page, "
            "restrictive leaves it to the control group, so that it can be moved while the guest runs. Each "
            "NUMA cell of the guest gets the node of its vCPUs. Left out for shared guests and on hosts with "
            "one node.",
        .plan = plan_numa,
        .verify = vp_verify_definition,
    },
    {.name = NULL},
};
