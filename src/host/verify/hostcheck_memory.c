/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hostcheck_own.h"

#include <inttypes.h>
#include <string.h>

#include "guestmem.h"
#include "size.h"
#include "strbuf.h"
#include "text.h"
#include "topology.h"

#define MAPS_MAX (64u * 1024 * 1024)
/* A mapping with less in it is none of the guest's memory but of QEMU's own. */
#define LEAST_KIB (16u * 1024)
/* Pages of a hundred that may lie elsewhere: those that QEMU had before it was bound. */
#define ASTRAY_MAX 5

/* What the guest's memory was found to be. */
struct found {
    uint64_t *kib; /* on each node by its number */
    size_t n, cap;
    uint64_t page_kib; /* of the largest mapping */
    uint64_t largest;
};

static void found_done(struct found *found)
{
    free(found->kib);
}

/* "N1=512": pages on a node. */
static bool node_word(const char *word, uint64_t *ret_node, uint64_t *ret_pages)
{
    const char *equals = strchr(word, '=');
    if (word[0] != 'N' || equals == NULL)
        return false;
    vp_autofree char *number = vp_strndup(word + 1, (size_t)(equals - word) - 1);
    return vp_u64_parse(number, 0, UINT16_MAX, ret_node) == 0 &&
           vp_u64_parse(equals + 1, 0, UINT64_MAX / 4096, ret_pages) == 0;
}

static void add_kib(struct found *found, uint64_t node, uint64_t kib)
{
    while (found->n <= node) {
        vp_grow(&found->kib, found->n, &found->cap, sizeof(found->kib[0]));
        found->kib[found->n++] = 0;
    }
    found->kib[node] += kib;
}

/*
 * A file that holds no memory of the guest: QEMU's program, or a kernel and its initramfs. QEMU maps these,
 * and they lie where somebody has read them first.
 */
static bool is_other_file(const char *line)
{
    static const char *const backends[] = {" huge", "memfd:", "/dev/shm/", "/libvirt/qemu/", "qemu_back_mem"};
    if (strstr(line, " file=") == NULL)
        return false;
    for (size_t i = 0; i < VP_ARRAY_SIZE(backends); i++)
        if (strstr(line, backends[i]) != NULL)
            return false;
    return true;
}

/* One mapping. Source: Documentation/filesystems/proc.rst, numa_maps */
static void take_line(struct found *found, char *line)
{
    static const char size_key[] = "kernelpagesize_kB=";
    const char *size = strstr(line, size_key);
    uint64_t page = 4;
    uint64_t node = 0;
    uint64_t pages = 0;
    uint64_t total = 0;
    struct found own = {0};
    if (is_other_file(line))
        return;
    if (size != NULL) {
        vp_autofree char *number =
            vp_strndup(size + strlen(size_key), strspn(size + strlen(size_key), "0123456789"));
        (void)vp_u64_parse(number, 1, UINT32_MAX, &page);
    }
    for (char *word = NULL; (word = strsep(&line, " ")) != NULL;)
        if (node_word(word, &node, &pages)) {
            add_kib(&own, node, pages * page);
            total += pages * page;
        }
    for (size_t i = 0; total >= LEAST_KIB && i < own.n; i++)
        add_kib(found, i, own.kib[i]);
    if (total > found->largest) {
        found->largest = total;
        found->page_kib = page;
    }
    free(own.kib);
}

static bool read_maps(const struct vp_root *root, const char *path, struct found *found)
{
    vp_autofree char *text = NULL;
    size_t len = 0;
    if (vp_root_read(root, path, MAPS_MAX, &text, &len, NULL) < 0)
        return false;
    char *rest = text;
    for (char *line = NULL; (line = strsep(&rest, "\n")) != NULL;)
        take_line(found, line);
    return true;
}

/* The nodes that all memory of the guest is bound to; NULL: it may come from elsewhere. Owned. */
static hwloc_bitmap_t bound_to(const struct vp_domain *live)
{
    const vp_node *numatune = vp_node_child(live->root, "numatune");
    const char *mode = vp_node_walk_attr(numatune, "memory", "mode");
    const char *nodeset = vp_node_walk_attr(numatune, "memory", "nodeset");
    vp_autobitmap nodes = NULL;
    if (mode != NULL && !vp_same(mode, "strict") && !vp_same(mode, "restrictive"))
        return NULL;
    if (nodeset != NULL)
        return vp_bitmap_parse(nodeset, "nodeset", &nodes, NULL) == 0 ? vp_take(&nodes) : NULL;
    for (const vp_node *n = vp_node_child(numatune, "memnode"); n != NULL; n = vp_node_same(n)) {
        vp_autobitmap some = NULL;
        if (!vp_same(vp_node_attr(n, "mode"), "strict") || vp_node_attr(n, "nodeset") == NULL ||
            vp_bitmap_parse(vp_node_attr(n, "nodeset"), "nodeset", &some, NULL) < 0)
            return NULL;
        if (nodes == NULL)
            nodes = vp_bitmap_new();
        (void)hwloc_bitmap_or(nodes, nodes, some);
    }
    return vp_take(&nodes);
}

static void check_nodes(const struct found *found, hwloc_const_bitmap_t wanted, const char *where,
                        struct vp_checks *checks)
{
    vp_autobitmap there = vp_bitmap_new();
    uint64_t total = 0;
    uint64_t astray = 0;
    for (size_t i = 0; i < found->n; i++) {
        total += found->kib[i];
        if (!hwloc_bitmap_isset(wanted, (unsigned)i))
            astray += found->kib[i];
    }
    if (total == 0)
        return;
    const bool differs = astray * 100 > total * ASTRAY_MAX;
    for (size_t i = 0; i < found->n; i++)
        if (found->kib[i] > 0 && (differs || hwloc_bitmap_isset(wanted, (unsigned)i)))
            (void)hwloc_bitmap_set(there, (unsigned)i);
    vp_autofree char *want = vp_bitmap_text(wanted);
    vp_autofree char *have = vp_bitmap_text(there);
    (void)vp_checks_add(checks, differs ? VP_HOLD_DIFFERS : VP_HOLD_OK, "memory.numa", "memory: nodes", want,
                        have, where);
}

static void check_pages(const struct found *found, const struct vp_domain *live, const char *where,
                        struct vp_checks *checks)
{
    const vp_node *page = vp_node_walk(live->root, "memoryBacking/hugepages/page");
    const uint64_t wanted = page != NULL ? vp_guestmem_attr_kib(live, page, "size") : 0;
    if (wanted == 0 || vp_node_same(page) != NULL || found->largest == 0)
        return;
    vp_autofree char *want = vp_size_format(wanted * 1024);
    vp_autofree char *have = vp_size_format(found->page_kib * 1024);
    (void)vp_checks_add(checks, wanted == found->page_kib ? VP_HOLD_OK : VP_HOLD_DIFFERS, "memory.hugepages",
                        "memory: pages", want, have, where);
}

void vp_hostcheck_memory(const struct vp_root *root, const struct vp_entry *entry,
                         const struct vp_domain *live, struct vp_checks *checks)
{
    VP_CLEANUP(found_done) struct found found = {0};
    vp_autofree char *path = vp_asprintf("/proc/%ld/numa_maps", (long)entry->qemu.pid);
    vp_autobitmap nodes = bound_to(live);
    if (nodes == NULL && vp_node_walk(live->root, "memoryBacking/hugepages") == NULL)
        return;
    if (!read_maps(root, path, &found))
        return;
    if (nodes != NULL)
        check_nodes(&found, nodes, path, checks);
    check_pages(&found, live, path, checks);
}
