/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guestlimits.h"

#include <errno.h>

#include "pins.h"
#include "text.h"

/* Of systemd.resource-control(5), version 252. */
static const char *const properties[] = {
    VP_LIMIT_CPUS,        VP_LIMIT_NODES,  "CPUQuota",  "CPUWeight",
    "IOReadBandwidthMax", "IOReadIOPSMax", "IOWeight",  "IOWriteBandwidthMax",
    "IOWriteIOPSMax",     "MemoryHigh",    "MemoryLow", "MemoryMax",
    "MemorySwapMax",
};

bool vp_limit_is_known(const char *property)
{
    for (size_t i = 0; i < VP_ARRAY_SIZE(properties); i++)
        if (vp_same(property, properties[i]))
            return true;
    return false;
}

static void add(struct vp_limits *limits, const char *property, const char *value)
{
    vp_grow(&limits->items, limits->n, &limits->cap, sizeof(limits->items[0]));
    limits->items[limits->n++] =
        (struct vp_limit){.property = vp_strdup(property), .value = vp_strdup(value)};
}

/* A value goes into a file that systemd reads: it must not start a section or another property. */
static bool is_clean(const char *value)
{
    if (value == NULL || value[0] == '\0')
        return false;
    for (const char *at = value; *at != '\0'; at++)
        if ((*at < ' ' && *at != '\n') || *at == '\\' || *at == '\x7f')
            return false;
    return true;
}

static int add_wants(const struct vp_entry *entry, struct vp_limits *limits, struct vp_error **err)
{
    for (size_t i = 0; i < entry->n_wants; i++) {
        const struct vp_want *want = &entry->wants[i];
        if (!vp_starts(want->name, VP_LIMIT_WANT))
            continue;
        const char *property = want->name + strlen(VP_LIMIT_WANT);
        if (!vp_limit_is_known(property))
            return vp_fail(err, EINVAL, "domain '%s' cannot have '%s': it is not a limit that is known",
                           entry->name, property);
        if (!is_clean(want->value))
            return vp_fail(err, EINVAL, "domain '%s' cannot have %s: its value is not a line of text",
                           entry->name, property);
        add(limits, property, want->value);
    }
    return 0;
}

static void add_cpus(const struct vp_placement *placement, const struct vp_pins *pins,
                     struct vp_limits *limits)
{
    vp_autobitmap set = hwloc_bitmap_dup(pins->cpus);
    if (set == NULL)
        vp_oom();
    for (unsigned i = 0; i < placement->n_vcpus; i++)
        (void)hwloc_bitmap_or(set, set, placement->vcpus[i]);
    for (unsigned i = 0; i < placement->n_iothreads; i++)
        (void)hwloc_bitmap_or(set, set, placement->iothreads[i]);
    (void)hwloc_bitmap_or(set, set, placement->emulator);
    vp_autofree char *text = vp_bitmap_text(set);
    if (!hwloc_bitmap_iszero(set))
        add(limits, VP_LIMIT_CPUS, text);
}

static void add_nodes(const struct vp_placement *placement, const struct vp_topology *topology,
                      const struct vp_pins *pins, struct vp_limits *limits)
{
    vp_autobitmap set = hwloc_bitmap_dup(pins->nodes);
    if (set == NULL)
        vp_oom();
    for (unsigned i = 0; i < placement->n_cells; i++)
        (void)hwloc_bitmap_set(set, topology->nodes[placement->cells[i].memory_node].os);
    vp_autofree char *text = vp_bitmap_text(set);
    if (!hwloc_bitmap_iszero(set))
        add(limits, VP_LIMIT_NODES, text);
}

int vp_limits_read(const struct vp_entry *entry, const struct vp_topology *topology,
                   const struct vp_domain *domain, struct vp_limits *ret_limits, struct vp_error **err)
{
    VP_CLEANUP(vp_limits_done) struct vp_limits limits = {0};
    VP_CLEANUP(vp_pins_done) struct vp_pins pins = {0};
    const struct vp_placement *placement = entry->placement;
    const int r = add_wants(entry, &limits, err);
    if (r < 0)
        return r;
    if (placement != NULL) {
        vp_pins_read(domain->root, &pins);
        if (!pins.automatic)
            add_cpus(placement, &pins, &limits);
        if (!pins.automatic && !pins.preferred && placement->policy != VP_POLICY_SHARED && topology != NULL)
            add_nodes(placement, topology, &pins, &limits);
    }
    *ret_limits = limits;
    limits = (struct vp_limits){0};
    return 0;
}

const char *vp_limits_find(const struct vp_limits *limits, const char *property)
{
    for (size_t i = 0; i < limits->n; i++)
        if (vp_same(limits->items[i].property, property))
            return limits->items[i].value;
    return NULL;
}

void vp_limits_done(struct vp_limits *limits)
{
    for (size_t i = 0; i < limits->n; i++) {
        free(limits->items[i].property);
        free(limits->items[i].value);
    }
    free(limits->items);
    *limits = (struct vp_limits){0};
}
