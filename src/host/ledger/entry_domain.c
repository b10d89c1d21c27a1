/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledger.h"

#include <string.h>

#include "guestmem.h"
#include "plan.h"
#include "size.h"

/*
 * The kernel's page size of <hugepages/> without <page> on every machine that has not been told otherwise.
 */
#define HUGEPAGE_DEFAULT_KIB 2048
/* Of the targets of actions outside of guests. */
#define HOST_PREFIX "host/"

/*
 * libvirt's lists know "^N", which takes a number out again (virBitmapParse()). NULL for what is no list.
 * Owned.
 */
static hwloc_bitmap_t parse_list(const char *text)
{
    vp_autobitmap set = vp_bitmap_new();
    if (text == NULL)
        return NULL;
    while (*text != '\0') {
        const size_t n = strcspn(text, ",");
        const bool out = *text == '^';
        vp_autofree char *word = vp_strndup(text + out, n - out);
        vp_autobitmap part = NULL;
        if (vp_bitmap_parse(word, "", &part, NULL) < 0)
            return NULL;
        (void)(out ? hwloc_bitmap_andnot(set, set, part) : hwloc_bitmap_or(set, set, part));
        text += n + (text[n] == ',');
    }
    return vp_take(&set);
}

/* Pin elements of single threads; returns how many threads have one. */
static unsigned add_pins(struct vp_entry *entry, const vp_node *cputune, const char *element)
{
    unsigned n = 0;
    for (const vp_node *pin = vp_node_child(cputune, element); pin != NULL; pin = vp_node_same(pin)) {
        vp_autobitmap cpus = parse_list(vp_node_attr(pin, "cpuset"));
        if (cpus == NULL)
            continue;
        vp_entry_add_pin(entry, cpus, 1);
        n++;
    }
    return n;
}

/* All threads that have no pin of their own have <vcpu cpuset>, as far as it says one. */
static void read_pins(const struct vp_domain *domain, struct vp_entry *entry)
{
    const vp_node *cputune = vp_node_child(domain->root, "cputune");
    const unsigned vcpus = vp_domain_max_vcpus(domain);
    const unsigned pinned = add_pins(entry, cputune, "vcpupin");
    (void)add_pins(entry, cputune, "emulatorpin");
    (void)add_pins(entry, cputune, "iothreadpin");
    vp_autobitmap others = parse_list(vp_node_walk_attr(domain->root, "vcpu", "cpuset"));
    if (others != NULL && pinned < vcpus)
        vp_entry_add_pin(entry, others, vcpus - pinned);
}

/* Where the definition binds the memory of one of the guest's nodes; NULL: nowhere. Owned. */
static hwloc_bitmap_t nodes_of(const struct vp_domain *domain, unsigned cell)
{
    const vp_node *numatune = vp_node_child(domain->root, "numatune");
    for (const vp_node *n = vp_node_child(numatune, "memnode"); n != NULL; n = vp_node_same(n)) {
        const char *id = vp_node_attr(n, "cellid");
        uint64_t number = 0;
        if (id != NULL && vp_u64_parse(id, 0, UINT32_MAX, &number) == 0 && number == cell)
            return parse_list(vp_node_attr(n, "nodeset"));
    }
    return parse_list(vp_node_walk_attr(numatune, "memory", "nodeset"));
}

/* Size of the pages of one of the guest's nodes; 0: ordinary memory. */
static uint64_t page_of(const struct vp_domain *domain, unsigned cell)
{
    const vp_node *hugepages = vp_node_walk(domain->root, "memoryBacking/hugepages");
    if (hugepages == NULL)
        return 0;
    /* With <page> for some nodes only, the others have ordinary memory (qemuBuildMemoryGetPagesize()). */
    uint64_t general = vp_node_child(hugepages, "page") == NULL ? HUGEPAGE_DEFAULT_KIB : 0;
    for (const vp_node *n = vp_node_child(hugepages, "page"); n != NULL; n = vp_node_same(n)) {
        vp_autobitmap cells = parse_list(vp_node_attr(n, "nodeset"));
        const uint64_t kib = vp_guestmem_attr_kib(domain, n, "size");
        if (cells != NULL && hwloc_bitmap_isset(cells, cell))
            return kib;
        if (cells == NULL && kib > 0)
            general = kib;
    }
    return general;
}

/* Memory of one node of the guest, in equal parts where it is bound to several: nobody knows better. */
static void add_cell(const struct vp_domain *domain, unsigned cell, uint64_t kib, struct vp_entry *entry)
{
    vp_autobitmap nodes = nodes_of(domain, cell);
    const uint64_t page_kib = page_of(domain, cell);
    const uint64_t unit = page_kib > 0 ? page_kib : 1;
    uint64_t left = (kib + unit - 1) / unit;
    int parts = nodes != NULL ? hwloc_bitmap_weight(nodes) : 0;
    if (parts <= 0) {
        vp_entry_add_memory(entry, -1, page_kib, left * unit);
        return;
    }
    for (int node = hwloc_bitmap_first(nodes); node >= 0; node = hwloc_bitmap_next(nodes, node), parts--) {
        const uint64_t share = left / (unsigned)parts;
        if (share > 0)
            vp_entry_add_memory(entry, node, page_kib, share * unit);
        left -= share;
    }
}

static void read_memory(const struct vp_domain *domain, struct vp_entry *entry)
{
    struct vp_guestmem memory = {0};
    unsigned at = 0;
    uint64_t cells_kib = 0;
    if (!vp_guestmem_read(domain, &memory))
        return;
    const vp_node *numa = vp_node_walk(domain->root, "cpu/numa");
    for (const vp_node *cell = vp_node_child(numa, "cell"); cell != NULL; cell = vp_node_same(cell), at++) {
        const char *id = vp_node_attr(cell, "id");
        const uint64_t kib = vp_guestmem_attr_kib(domain, cell, "memory");
        uint64_t number = at;
        if (id != NULL)
            (void)vp_u64_parse(id, 0, UINT16_MAX, &number);
        add_cell(domain, (unsigned)number, kib, entry);
        cells_kib += kib;
    }
    /* Without cells all of it; with cells what memory devices add. */
    if (memory.total > cells_kib)
        add_cell(domain, 0, memory.total - cells_kib, entry);
}

struct vp_entry *vp_entry_from_domain(const struct vp_domain *domain)
{
    vp_autofree char *uuid = vp_domain_uuid(domain);
    vp_autofree char *name = vp_domain_name(domain);
    const char *id = vp_node_attr(domain->root, "id");
    uint64_t number = 0;
    struct vp_entry *entry = vp_entry_new(uuid, name);
    if (id != NULL && vp_u64_parse(id, 0, UINT32_MAX, &number) == 0)
        entry->id = (unsigned)number;
    read_pins(domain, entry);
    read_memory(domain, entry);
    return entry;
}

void vp_entry_take_wants(struct vp_entry *entry, const struct vp_plan *plan)
{
    vp_entry_drop_wants(entry);
    for (size_t i = 0; i < plan->n; i++) {
        const struct vp_action *action = &plan->actions[i];
        if (action->kind == VP_ACTION_HOST)
            vp_entry_add_want(entry, action->target + strlen(HOST_PREFIX), action->value, action->knob,
                              action->reason);
    }
}
