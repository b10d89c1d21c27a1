/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "placingdemand.h"

#include "guestmem.h"
#include "memoryknobs.h"
#include "size.h"
#include "text.h"

/* Size of <hugepages/> that says none: the default of x86 and aarch64 hosts. */
#define PAGE_DEFAULT_KIB UINT64_C(2048)

void vp_placing_demand_done(struct vp_placing_demand *it)
{
    for (size_t i = 0; i < it->n_cells; i++) {
        hwloc_bitmap_free((hwloc_bitmap_t)it->cells[i].vcpus);
        hwloc_bitmap_free((hwloc_bitmap_t)it->cells[i].within);
    }
    hwloc_bitmap_free(it->within);
    free(it->cells);
    free(it->name);
}

/* A list that libvirt may have written; NULL where there is none, or one in another style. */
static hwloc_bitmap_t read_list(const char *text)
{
    vp_autobitmap set = NULL;
    if (text == NULL || vp_bitmap_parse(text, "list", &set, NULL) < 0 || hwloc_bitmap_iszero(set))
        return NULL;
    return vp_take(&set);
}

/* The nodes that <memory> or <memnode> binds memory to; NULL where it only prefers them. */
static hwloc_bitmap_t bound_to(const vp_node *node)
{
    if (vp_same(vp_node_attr(node, "mode"), "preferred") || vp_same(vp_node_attr(node, "placement"), "auto"))
        return NULL;
    return read_list(vp_node_attr(node, "nodeset"));
}

static hwloc_bitmap_t cell_bound_to(const struct vp_domain *domain, unsigned cell)
{
    for (const vp_node *n = vp_node_walk(domain->root, "numatune/memnode"); n != NULL; n = vp_node_same(n)) {
        uint64_t id = 0;
        const char *text = vp_node_attr(n, "cellid");
        if (text != NULL && vp_u64_parse(text, 0, UINT32_MAX, &id) == 0 && id == cell)
            return bound_to(n);
    }
    return NULL;
}

static bool is_for_cell(const vp_node *page, int cell)
{
    const char *nodes = vp_node_attr(page, "nodeset");
    vp_autobitmap set = read_list(nodes);
    return cell >= 0 ? set != NULL && hwloc_bitmap_isset(set, (unsigned)cell) : nodes == NULL;
}

/*
 * The size of the definition's own huge pages for a cell, those for all cells with -1; false where it says
 * none.
 */
static bool own_page(const struct vp_domain *domain, int cell, uint64_t *ret_kib)
{
    const vp_node *huge = vp_node_walk(domain->root, "memoryBacking/hugepages");
    const vp_node *page = vp_node_child(huge, "page");
    if (huge == NULL)
        return false;
    if (page == NULL && cell < 0)
        *ret_kib = PAGE_DEFAULT_KIB;
    if (page == NULL)
        return cell < 0;
    while (page != NULL && !is_for_cell(page, cell))
        page = vp_node_same(page);
    if (page != NULL)
        *ret_kib = vp_guestmem_attr_kib(domain, page, "size");
    return page != NULL;
}

/* The definition that says what cannot be chosen: the one that is being started says all of it. */
static const struct vp_domain *fixed_by(const struct vp_planning *planning)
{
    return planning->starting && planning->stored != NULL ? planning->stored : planning->domain;
}

static bool is_free(const struct vp_planning *planning, const char *knob)
{
    return !planning->starting && vp_plan_setting(planning, knob) != NULL;
}

/* Which pages it may have: those that memory.hugepages allows, else the definition's own. */
static void read_pages(const struct vp_planning *planning, struct vp_placing_demand *it)
{
    const struct vp_setting *grow = vp_plan_setting(planning, "memory.hugepages-grow");
    uint64_t own = 0;
    const bool has_own = own_page(fixed_by(planning), -1, &own);
    size_t n =
        planning->starting ? 0 : vp_memory_allowed_pages(planning, it->pages, VP_ARRAY_SIZE(it->pages) - 1);
    if (n == 0 || it->pages[n - 1] != 0)
        it->pages[n++] = has_own ? own : 0;
    it->demand.pages = it->pages;
    it->demand.n_pages = n;
    it->demand.grow_pools = grow != NULL && grow->value.yes;
}

/* The vCPUs that no cell names are in the first (qemuDomainDefNumaCPUsPostParse() of libvirt 9.0). */
static void seat_rest(struct vp_placing_demand *it, hwloc_bitmap_t *sets)
{
    vp_autobitmap all = vp_bitmap_new();
    for (unsigned i = 0; i < it->demand.vcpus; i++)
        (void)hwloc_bitmap_set(all, i);
    for (size_t i = 0; i < it->n_cells; i++)
        (void)hwloc_bitmap_andnot(all, all, sets[i]);
    (void)hwloc_bitmap_or(sets[0], sets[0], all);
}

/* With the memory devices that are plugged into it. */
static uint64_t cell_kib(const struct vp_domain *domain, const vp_node *cell, unsigned number)
{
    uint64_t kib = vp_guestmem_attr_kib(domain, cell, "memory");
    for (const vp_node *n = vp_node_child(vp_domain_devices(domain), "memory"); n != NULL;
         n = vp_node_same(n)) {
        vp_autofree char *node = vp_node_text(vp_node_walk(n, "target/node"));
        uint64_t at = 0;
        if (node != NULL && vp_u64_parse(node, 0, UINT32_MAX, &at) == 0 && at == number)
            kib += vp_guestmem_device_kib(n);
    }
    return kib;
}

static unsigned cell_number(const vp_node *cell, unsigned position)
{
    const char *id = vp_node_attr(cell, "id");
    uint64_t number = position;
    if (id != NULL && vp_u64_parse(id, 0, UINT32_MAX, &number) < 0)
        number = UINT32_MAX;
    return (unsigned)number;
}

/* False where the cells are not what libvirt accepts. */
static bool read_cells(const struct vp_planning *planning, struct vp_placing_demand *it, hwloc_bitmap_t *sets)
{
    const struct vp_domain *domain = fixed_by(planning);
    const bool bound = !is_free(planning, "memory.numa");
    unsigned at = 0;
    for (const vp_node *n = vp_node_walk(domain->root, "cpu/numa/cell"); n != NULL;
         n = vp_node_same(n), at++) {
        const unsigned number = cell_number(n, at);
        vp_autobitmap vcpus = read_list(vp_node_attr(n, "cpus"));
        if (number >= it->n_cells || it->cells[number].memory_kib != 0)
            return false;
        if (vcpus != NULL)
            (void)hwloc_bitmap_copy(sets[number], vcpus);
        struct vp_demand_cell *cell = &it->cells[number];
        cell->memory_kib = cell_kib(domain, n, number);
        cell->own_page =
            !is_free(planning, "memory.hugepages") && own_page(domain, (int)number, &cell->page_kib);
        cell->within = bound ? cell_bound_to(domain, number) : NULL;
        if (cell->memory_kib == 0)
            return false;
    }
    return true;
}

static bool are_apart(const struct vp_placing_demand *it, hwloc_bitmap_t *sets)
{
    vp_autobitmap seen = vp_bitmap_new();
    bool apart = true;
    for (size_t i = 0; i < it->n_cells; i++) {
        apart = apart && !hwloc_bitmap_intersects(seen, sets[i]);
        (void)hwloc_bitmap_or(seen, seen, sets[i]);
    }
    return apart && hwloc_bitmap_last(seen) < (int)it->demand.vcpus;
}

static void add_cells(const struct vp_planning *planning, struct vp_placing_demand *it)
{
    size_t n = 0;
    for (const vp_node *cell = vp_node_walk(fixed_by(planning)->root, "cpu/numa/cell"); cell != NULL;
         cell = vp_node_same(cell))
        n++;
    if (n == 0 || n > VP_TOPOLOGY_CPUS_MAX)
        return;
    it->cells = vp_alloc(n, sizeof(it->cells[0]));
    vp_autofree hwloc_bitmap_t *sets = vp_alloc(n, sizeof(hwloc_bitmap_t));
    it->n_cells = n;
    for (size_t i = 0; i < n; i++)
        it->cells[i].vcpus = sets[i] = vp_bitmap_new();
    const bool sound = read_cells(planning, it, sets) && are_apart(it, sets);
    if (!sound)
        return;
    seat_rest(it, sets);
    it->demand.cells = it->cells;
    it->demand.n_cells = n;
    it->demand.memory_kib = 0;
    for (size_t i = 0; i < n; i++)
        it->demand.memory_kib += it->cells[i].memory_kib;
}

void vp_placing_read_memory(const struct vp_planning *planning, struct vp_placing_demand *it)
{
    const struct vp_domain *domain = fixed_by(planning);
    struct vp_guestmem memory = {0};
    if (vp_guestmem_read(domain, &memory))
        it->demand.memory_kib = memory.boot;
    read_pages(planning, it);
    add_cells(planning, it);
    if (!is_free(planning, "memory.numa"))
        it->within = bound_to(vp_node_walk(domain->root, "numatune/memory"));
    it->demand.within = it->within;
}
