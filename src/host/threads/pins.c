/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pins.h"

#include "size.h"
#include "text.h"

/* A list of libvirt's: "0-7,^3,9". Nothing is added where it cannot be read. */
static bool add_list(const char *list, hwloc_bitmap_t set)
{
    vp_autobitmap found = vp_bitmap_new();
    vp_autofree char *copy = vp_strdup(list);
    char *rest = copy;
    for (const char *part; (part = strsep(&rest, ",")) != NULL;) {
        part += strspn(part, " \t\n");
        const bool out = *part == '^';
        vp_autobitmap numbers = NULL;
        if (vp_bitmap_parse(part + out, "list", &numbers, NULL) < 0)
            return false;
        (void)(out ? hwloc_bitmap_andnot(found, found, numbers) : hwloc_bitmap_or(found, found, numbers));
    }
    (void)hwloc_bitmap_or(set, set, found);
    return true;
}

/* The lists of all elements of that name in a parent, and which of them have one by the number in `key`. */
static void add_all(const vp_node *parent, const char *name, const char *list, const char *key,
                    hwloc_bitmap_t set, hwloc_bitmap_t keys, struct vp_pins *pins)
{
    for (const vp_node *node = vp_node_child(parent, name); node != NULL; node = vp_node_same(node)) {
        const char *text = vp_node_attr(node, list);
        const char *number = key != NULL ? vp_node_attr(node, key) : NULL;
        uint64_t value = 0;
        if (text == NULL)
            continue;
        if (!add_list(text, set))
            pins->automatic = true;
        if (number != NULL && vp_u64_parse(number, 0, VP_TOPOLOGY_CPUS_MAX, &value) == 0)
            (void)hwloc_bitmap_set(keys, (unsigned)value);
    }
}

static void read_memory(const vp_node *domain, struct vp_pins *pins)
{
    const vp_node *tune = vp_node_child(domain, "numatune");
    const vp_node *memory = vp_node_child(tune, "memory");
    const vp_node *devices = vp_node_child(domain, "devices");
    if (vp_same(vp_node_attr(memory, "placement"), "auto"))
        pins->automatic = true;
    pins->preferred = vp_same(vp_node_attr(memory, "mode"), "preferred");
    add_all(tune, "memory", "nodeset", NULL, pins->nodes, NULL, pins);
    add_all(tune, "memnode", "nodeset", NULL, pins->nodes, NULL, pins);
    for (const vp_node *node = vp_node_child(tune, "memnode"); node != NULL; node = vp_node_same(node))
        if (vp_same(vp_node_attr(node, "mode"), "preferred"))
            pins->preferred = true;
    for (const vp_node *node = vp_node_child(devices, "memory"); node != NULL; node = vp_node_same(node)) {
        vp_autofree char *mask = vp_node_text(vp_node_walk(node, "source/nodemask"));
        if (mask != NULL && !add_list(mask, pins->nodes))
            pins->automatic = true;
    }
}

void vp_pins_read(const vp_node *domain, struct vp_pins *ret_pins)
{
    const vp_node *vcpu = vp_node_child(domain, "vcpu");
    const vp_node *tune = vp_node_child(domain, "cputune");
    struct vp_pins pins = {
        .cpus = vp_bitmap_new(),
        .nodes = vp_bitmap_new(),
        .vcpus = vp_bitmap_new(),
        .iothreads = vp_bitmap_new(),
        .emulator = vp_node_walk_attr(tune, "emulatorpin", "cpuset") != NULL,
        .all = vp_node_attr(vcpu, "cpuset") != NULL,
        .automatic = vp_same(vp_node_attr(vcpu, "placement"), "auto"),
    };
    add_all(domain, "vcpu", "cpuset", NULL, pins.cpus, NULL, &pins);
    add_all(tune, "vcpupin", "cpuset", "vcpu", pins.cpus, pins.vcpus, &pins);
    add_all(tune, "iothreadpin", "cpuset", "iothread", pins.cpus, pins.iothreads, &pins);
    add_all(tune, "emulatorpin", "cpuset", NULL, pins.cpus, NULL, &pins);
    read_memory(domain, &pins);
    *ret_pins = pins;
}

void vp_pins_done(struct vp_pins *pins)
{
    hwloc_bitmap_free(pins->cpus);
    hwloc_bitmap_free(pins->nodes);
    hwloc_bitmap_free(pins->vcpus);
    hwloc_bitmap_free(pins->iothreads);
    *pins = (struct vp_pins){0};
}

/* The list of the pin of one number. */
static const char *list_of(const vp_node *tune, const char *name, const char *key, unsigned number)
{
    vp_autofree char *text = vp_asprintf("%u", number);
    for (const vp_node *node = vp_node_child(tune, name); node != NULL; node = vp_node_same(node))
        if (vp_same(vp_node_attr(node, key), text))
            return vp_node_attr(node, "cpuset");
    return NULL;
}

hwloc_bitmap_t vp_pins_of(const vp_node *domain, enum vp_thread_kind kind, unsigned index)
{
    const vp_node *tune = vp_node_child(domain, "cputune");
    vp_autobitmap set = vp_bitmap_new();
    const char *list = kind == VP_THREAD_VCPU       ? list_of(tune, "vcpupin", "vcpu", index)
                       : kind == VP_THREAD_IOTHREAD ? list_of(tune, "iothreadpin", "iothread", index)
                                                    : vp_node_walk_attr(tune, "emulatorpin", "cpuset");
    if (list == NULL)
        list = vp_node_walk_attr(domain, "vcpu", "cpuset");
    return list != NULL && add_list(list, set) ? vp_take(&set) : NULL;
}
