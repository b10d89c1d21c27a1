/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>

#include "confinement.h"
#include "guestmem.h"
#include "memoryknobs.h"
#include "strbuf.h"
#include "text.h"

#define BACKING "memoryBacking/"

enum { PAGE_1G, PAGE_2M, PAGE_THP, PAGE_NONE };
const char *const vp_memory_hugepages[] = {"1G", "2M", "thp", "no", NULL};
static const uint64_t page_kib[] = {[PAGE_1G] = 1048576, [PAGE_2M] = 2048};

enum { SOURCE_MEMFD, SOURCE_FILE, SOURCE_ANONYMOUS };
const char *const vp_memory_sources[] = {"memfd", "file", "anonymous", NULL};

enum { ACCESS_SHARED, ACCESS_PRIVATE };
const char *const vp_memory_accesses[] = {"shared", "private", NULL};

enum { ALLOCATION_IMMEDIATE, ALLOCATION_ONDEMAND };
const char *const vp_memory_allocations[] = {"immediate", "ondemand", NULL};

static bool has_page_sizes(const struct vp_domain *domain)
{
    const char *arch = vp_node_walk_attr(domain->root, "os/type", "arch");
    return vp_domain_is_x86(domain) || vp_same(arch, "aarch64");
}

/* Index of another knob's choice; -1 where the profile does not set it. */
static int chosen(const struct vp_planning *planning, const char *knob)
{
    const struct vp_setting *setting = vp_plan_setting(planning, knob);
    return setting != NULL ? setting->value.choice : -1;
}

/* Before an action that may change what kind of memory backend QEMU gets. */
static void as_source(struct vp_planning *planning)
{
    if (vp_guestmem_is_named_by_source(planning->domain))
        vp_plan_as(planning, VP_EFFECT_GUEST);
}

static bool has_hugepages(const struct vp_planning *planning)
{
    vp_autofree char *there = vp_planned(planning, planning->domain->root, BACKING "hugepages");
    return there != NULL;
}

/* Will memory be bound to nodes in a way that QEMU may not carry out for huge pages on this host? */
static bool is_bound_in_vain(const struct vp_planning *planning)
{
    const struct vp_plan *plan = planning->plan;
    vp_autofree char *mode = vp_planned(planning, planning->domain->root, "numatune/memory/@mode");
    /* memory.numa comes behind the place, and minds it. */
    const bool open = plan->placement == NULL && plan->unplaced == NULL &&
                      vp_plan_setting(planning, "memory.numa") != NULL &&
                      vp_plan_setting(planning, "cpu.placement") != NULL;
    return mode != NULL && !vp_same(mode, "restrictive") && !open &&
           vp_confinement_hides_nodes(planning->host);
}

/* What else the definition says that libvirt refuses together with huge pages
 * (qemuValidateDomainDefMemory()). */
static const char *in_the_way(const struct vp_planning *planning)
{
    const vp_node *root = planning->domain->root;
    /* A source that may only change at a cold start does not get out of the way at another. */
    const int source = planning->phase == VP_PHASE_COLD ? chosen(planning, "memory.source") : -1;
    if (vp_same(vp_node_walk_attr(root, "memoryBacking/allocation", "mode"), "ondemand") &&
        chosen(planning, "memory.allocation") != ALLOCATION_IMMEDIATE)
        return "the definition wants its memory allocated on demand";
    if (vp_same(vp_node_walk_attr(root, "memoryBacking/source", "type"), "anonymous") &&
        source != SOURCE_MEMFD && source != SOURCE_FILE)
        return "the definition wants anonymous memory";
    if (is_bound_in_vain(planning))
        return "AppArmor keeps QEMU from binding them to nodes as numatune says; see memory.numa";
    return NULL;
}

/* Why the guest cannot have pages of a size, whatever the host has. Owned; NULL where it can. */
static char *refused(const struct vp_planning *planning, int choice, uint64_t *ret_need)
{
    const char *name = vp_memory_hugepages[choice];
    const char *conflict = in_the_way(planning);
    vp_autofree char *odd = NULL;
    if (!has_page_sizes(planning->domain))
        return vp_asprintf("no %s pages, which this architecture does not have", name);
    if (conflict != NULL)
        return vp_asprintf("no %s pages, because %s", name, conflict);
    if (!vp_guestmem_pages(planning->domain, page_kib[choice], ret_need, &odd))
        return vp_asprintf("no %s pages, because %s", name, odd);
    return NULL;
}

/*
 * 1 where pages of the size fit, 0 with the reason in `why` where they do not. A guest that has a place has
 * what fits there.
 */
static int fits(const struct vp_planning *planning, int choice, struct vp_strbuf *why, struct vp_error **err)
{
    const char *name = vp_memory_hugepages[choice];
    const struct vp_placement *placement = planning->plan->placement;
    uint64_t need = 0;
    uint64_t have = 0;
    vp_autofree char *reason = refused(planning, choice, &need);
    if (reason == NULL && placement != NULL) {
        if (placement->cells[0].page_kib == page_kib[choice])
            return 1;
        reason = vp_asprintf(
            "no %s pages, of which the guest needs %" PRIu64 ": where it fits, fewer are free", name, need);
    } else if (reason == NULL) {
        const int r = vp_host_hugepages(planning->host, page_kib[choice], &have, err);
        if (r < 0)
            return r;
        if (have >= need)
            return 1;
        reason = vp_asprintf("no %s pages, of which the guest needs %" PRIu64 " and the host has %" PRIu64,
                             name, need, have);
    }
    vp_strbuf_join(why, "; ", reason);
    return 0;
}

static void plan_pages(struct vp_planning *planning, const struct vp_setting *setting, int choice,
                       const char *why)
{
    /* As virDomainHugepagesFormatBuf() of libvirt 9.0 prints it. */
    vp_autofree char *element =
        vp_asprintf("<hugepages><page size='%" PRIu64 "' unit='KiB'/></hugepages>", page_kib[choice]);
    as_source(planning);
    vp_plan_element(planning, setting, planning->domain->root, BACKING "hugepages", element,
                    "guest's memory is a multiple of %s and %s enough such pages%s%s",
                    vp_memory_hugepages[choice],
                    planning->plan->placement != NULL ? "its nodes have" : "the host has",
                    why != NULL ? "; " : "", why != NULL ? why : "");
}

/* Says what did not fit, if anything, and that the definition's own pages stay, if they do. */
static void note(struct vp_planning *planning, const struct vp_setting *setting, const char *why,
                 bool own_stay)
{
    if (why != NULL)
        vp_plan_skip(planning, setting, "%s%s", why,
                     own_stay ? "; the definition's own huge pages stay" : "");
}

static bool has_own_pages(const struct vp_planning *planning)
{
    return vp_node_walk(planning->domain->root, BACKING "hugepages") != NULL;
}

/* Normal memory: as the first choice or by 'no' also for a definition that asks for huge pages by itself. */
static void plan_normal(struct vp_planning *planning, const struct vp_setting *setting, bool wanted,
                        const char *why)
{
    const bool own_stay = has_own_pages(planning) && !wanted;
    note(planning, setting, why, own_stay);
    if (own_stay)
        return;
    as_source(planning);
    vp_plan_element(planning, setting, planning->domain->root, BACKING "hugepages", NULL,
                    "guest uses normal memory, which the host may make transparent huge pages of");
}

int vp_memory_plan_hugepages(struct vp_planning *planning, const struct vp_setting *setting,
                             struct vp_error **err)
{
    VP_CLEANUP(vp_strbuf_done) struct vp_strbuf why = {0};
    for (unsigned i = 0; i < setting->value.list_n; i++) {
        const int choice = setting->value.list[i];
        if (choice == PAGE_THP || choice == PAGE_NONE) {
            plan_normal(planning, setting, i == 0 || choice == PAGE_NONE, why.text);
            return 0;
        }
        const int r = fits(planning, choice, &why, err);
        if (r < 0)
            return r;
        if (r > 0) {
            plan_pages(planning, setting, choice, why.text);
            return 0;
        }
    }
    note(planning, setting, why.text, has_own_pages(planning));
    return 0;
}

size_t vp_memory_allowed_pages(const struct vp_planning *planning, uint64_t *ret_pages, size_t most)
{
    const struct vp_setting *setting = vp_plan_setting(planning, "memory.hugepages");
    size_t n = 0;
    /* Then they are what the definition has. */
    if (planning->phase != VP_PHASE_COLD && vp_guestmem_is_named_by_source(planning->domain))
        return 0;
    for (unsigned i = 0; setting != NULL && i < setting->value.list_n && n < most; i++) {
        const int choice = setting->value.list[i];
        uint64_t need = 0;
        if (choice == PAGE_THP || choice == PAGE_NONE) {
            if (i == 0 || choice == PAGE_NONE || !has_own_pages(planning))
                ret_pages[n++] = 0;
            break;
        }
        vp_autofree char *reason = refused(planning, choice, &need);
        if (reason == NULL)
            ret_pages[n++] = page_kib[choice];
    }
    return n;
}

static bool is_shared(const struct vp_planning *planning)
{
    const vp_node *root = planning->domain->root;
    const vp_node *cell = vp_node_walk(root, "cpu/numa/cell");
    for (; cell != NULL; cell = vp_node_same(cell))
        if (vp_same(vp_node_attr(cell, "memAccess"), "shared"))
            return true;
    return vp_same(vp_node_walk_attr(root, "memoryBacking/access", "mode"), "shared") ||
           vp_guestmem_is_exchanged(planning->domain);
}

int vp_memory_plan_source(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    (void)err;
    const int source = setting->value.choice;
    vp_node *root = planning->domain->root;
    if (source == SOURCE_ANONYMOUS && has_hugepages(planning)) {
        vp_plan_skip(planning, setting, "huge pages are never anonymous memory to libvirt");
        return 0;
    }
    if (source == SOURCE_ANONYMOUS && is_shared(planning)) {
        vp_plan_skip(planning, setting,
                     "anonymous memory cannot be shared, which this guest's definition or devices ask for");
        return 0;
    }
    vp_plan_attr(planning, setting, root, BACKING "source/@type", vp_memory_sources[source],
                 source == SOURCE_MEMFD  ? "memory can be handed to other processes without a file"
                 : source == SOURCE_FILE ? "memory is a file that other processes can open"
                                         : "memory belongs to QEMU alone");
    if (source == SOURCE_FILE && !has_hugepages(planning))
        vp_plan_warn(planning, setting,
                     "the guest's memory becomes a file in memory_backing_dir of qemu.conf, as slow as its "
                     "file system");
    return 0;
}

/* Memory of the guest's own that libvirt would put into a file when it is given an access mode
 * (qemuBuildMemoryBackendProps()). */
static bool can_share(const struct vp_planning *planning)
{
    vp_autofree char *source = vp_planned(planning, planning->domain->root, BACKING "source/@type");
    return has_hugepages(planning) || vp_same(source, "memfd") || vp_same(source, "file");
}

static void plan_private(struct vp_planning *planning, const struct vp_setting *setting)
{
    vp_node *root = planning->domain->root;
    vp_autofree char *source = vp_planned(planning, root, BACKING "source/@type");
    if (vp_guestmem_is_exchanged(planning->domain)) {
        vp_plan_skip(planning, setting, "a vhost-user or virtiofs device of the guest needs shared memory");
        return;
    }
    as_source(planning);
    if (vp_same(source, "memfd"))
        vp_plan_attr(planning, setting, root, BACKING "access/@mode", "private",
                     "a memfd is shared otherwise");
    else
        vp_plan_element(planning, setting, root, BACKING "access", NULL,
                        "memory is private by itself, and saying so would put it into a file");
}

int vp_memory_plan_access(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    (void)err;
    vp_node *root = planning->domain->root;
    if (setting->value.choice == ACCESS_PRIVATE) {
        plan_private(planning, setting);
        return 0;
    }
    if (!vp_guestmem_is_exchanged(planning->domain)) {
        vp_plan_skip(planning, setting,
                     "no device of the guest needs shared memory: none is vhost-user or virtiofs");
        return 0;
    }
    const bool needs_source = !can_share(planning);
    if (needs_source)
        vp_plan_as(planning, VP_EFFECT_GUEST); /* both or none */
    else
        as_source(planning);
    vp_plan_attr(planning, setting, root, BACKING "access/@mode", "shared",
                 "a vhost-user or virtiofs device reads and writes the guest's memory from another process");
    if (!needs_source)
        return 0;
    vp_plan_as(planning, VP_EFFECT_GUEST);
    vp_plan_attr(planning, setting, root, BACKING "source/@type", "memfd",
                 "memory must be one that can be shared");
    return 0;
}

int vp_memory_plan_allocation(struct vp_planning *planning, const struct vp_setting *setting,
                              struct vp_error **err)
{
    (void)err;
    const bool immediate = setting->value.choice == ALLOCATION_IMMEDIATE;
    if (!immediate && has_hugepages(planning)) {
        vp_plan_skip(planning, setting, "libvirt allocates huge pages at once only");
        return 0;
    }
    vp_plan_attr(planning, setting, planning->domain->root, BACKING "allocation/@mode",
                 vp_memory_allocations[setting->value.choice],
                 immediate ? "all memory is there before the guest runs"
                           : "memory is taken when the guest touches it");
    return 0;
}

int vp_memory_plan_ksm(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    vp_plan_element(planning, setting, planning->domain->root, BACKING "nosharepages",
                    setting->value.yes ? NULL : "<nosharepages/>",
                    setting->value.yes ? "same pages of guests may be merged"
                                       : "no pages of this guest are merged and copied again later");
    return 0;
}
