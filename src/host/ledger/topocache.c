/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "topocache.h"

#include <inttypes.h>
#include <string.h>

#include "size.h"
#include "strbuf.h"
#include "text.h"
#include "topocache_pack.h"

#define FOLDER "/run/virt-profile"
#define NAME "topology"
#define NODES "/sys/devices/system/node"
#define CACHE_MAX (16u * 1024 * 1024)
#define FACT_MAX (64u * 1024)

/* When one of these says something else, the machine has to be read again. */
static const struct {
    const char *path;
    bool needed;
} facts[] = {
    {"/proc/sys/kernel/random/boot_id", true},
    {"/sys/devices/system/cpu/online", true},
    {NODES "/online", true},
    {NODES "/has_memory", false},
    {"/sys/devices/system/cpu/isolated", false},
};

/*
 * Of this process, which may see less of the machine than another: a cpuset of its cgroup shows there,
 * too.
 */
static const char *const own_facts[] = {"\nCpus_allowed_list:", "\nMems_allowed_list:"};

char *vp_topocache_key(const struct vp_root *root)
{
    struct vp_strbuf buf = {0};
    size_t len = 0;
    for (size_t i = 0; i < VP_ARRAY_SIZE(facts); i++) {
        vp_autofree char *text = NULL;
        if (vp_root_read(root, facts[i].path, FACT_MAX, &text, &len, NULL) < 0 && facts[i].needed) {
            vp_strbuf_done(&buf);
            return NULL;
        }
        vp_strbuf_add(&buf, text != NULL ? text : "-\n");
    }
    vp_autofree char *status = NULL;
    if (vp_root_read(root, "/proc/self/status", FACT_MAX, &status, &len, NULL) < 0) {
        vp_strbuf_done(&buf);
        return NULL;
    }
    for (size_t i = 0; i < VP_ARRAY_SIZE(own_facts); i++) {
        const char *line = strstr(status, own_facts[i]);
        if (line != NULL)
            vp_strbuf_addn(&buf, line, strcspn(line + 1, "\n") + 1);
    }
    return vp_strbuf_take(&buf);
}

/* "Node 0 MemTotal:       16384 kB" */
static bool read_node_kib(const struct vp_root *root, unsigned os, uint64_t *ret_kib)
{
    static const char label[] = "MemTotal:";
    vp_autofree char *path = vp_asprintf(NODES "/node%u/meminfo", os);
    vp_autofree char *text = NULL;
    size_t len = 0;
    if (vp_root_read(root, path, FACT_MAX, &text, &len, NULL) < 0)
        return false;
    char *number = strstr(text, label);
    if (number == NULL)
        return false;
    number += strlen(label);
    number += strspn(number, " ");
    number[strspn(number, "0123456789")] = '\0';
    return vp_u64_parse(number, 0, UINT64_MAX, ret_kib) == 0;
}

static uint64_t read_pool(const struct vp_root *root, unsigned os, uint64_t page_kib)
{
    vp_autofree char *path =
        vp_asprintf(NODES "/node%u/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages", os, page_kib);
    uint64_t pages = 0;
    (void)vp_root_read_u64(root, path, &pages, NULL); /* a node may not have the size */
    return pages;
}

/* What changes while the machine runs. */
static bool read_memory(const struct vp_root *root, struct vp_topology *topology)
{
    for (unsigned i = 0; i < topology->n_nodes; i++) {
        struct vp_node *node = &topology->nodes[i];
        if (!read_node_kib(root, node->os, &node->memory_kib))
            return false;
        node->ordinary_kib = node->memory_kib;
        for (unsigned k = 0; k < topology->n_sizes; k++) {
            node->pages[k] = node->memory_kib > 0 ? read_pool(root, node->os, topology->sizes[k]) : 0;
            const uint64_t pool = node->pages[k] * topology->sizes[k];
            node->ordinary_kib -= pool < node->ordinary_kib ? pool : node->ordinary_kib;
        }
    }
    return true;
}

static struct vp_topology *load(const struct vp_root *root, const char *key)
{
    vp_autofree char *bytes = NULL;
    size_t len = 0;
    if (vp_root_read(root, FOLDER "/" NAME, CACHE_MAX, &bytes, &len, NULL) < 0)
        return NULL;
    vp_autotopology topology = vp_topocache_unpack(bytes, len, key);
    if (topology == NULL || !read_memory(root, topology))
        return NULL;
    return vp_take(&topology);
}

/* Does the cache say what hwloc said? It knows machines whose memory is not in these files. */
static bool is_same_memory(const struct vp_topology *a, const struct vp_topology *b)
{
    for (unsigned i = 0; i < a->n_nodes; i++)
        if (a->nodes[i].memory_kib != b->nodes[i].memory_kib)
            return false;
    return true;
}

/* What processes left that were killed while they wrote. */
static void sweep(const struct vp_root *root)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    if (vp_root_list(root, FOLDER, &names, NULL) < 0)
        return;
    for (size_t i = 0; names[i] != NULL; i++) {
        vp_autofree char *path = vp_asprintf(FOLDER "/%s", names[i]);
        if (vp_starts(names[i], "." NAME ".") && vp_root_is_unfinished(names[i]))
            (void)vp_root_unlink(root, path, NULL); /* one that somebody still writes is his loss only */
    }
}

/* For the next; whoever may not write does without. */
static void keep(const struct vp_root *root, const struct vp_topology *topology, const char *key)
{
    vp_autofree char *bytes = NULL;
    size_t len = 0;
    vp_topocache_pack(topology, key, &bytes, &len);
    vp_autotopology again = vp_topocache_unpack(bytes, len, key);
    if (again == NULL || !read_memory(root, again) || !is_same_memory(topology, again) ||
        vp_root_mkdir(root, FOLDER, 0700, NULL) < 0)
        return;
    sweep(root);
    (void)vp_root_replace(root, FOLDER "/" NAME, bytes, len, 0600, NULL);
}

int vp_topocache_read(const struct vp_root *root, struct vp_host *host, struct vp_topology **ret_topology,
                      struct vp_error **err)
{
    vp_autofree char *key = vp_host_root(host) == root ? vp_topocache_key(root) : NULL;
    struct vp_topology *topology = key != NULL ? load(root, key) : NULL;
    if (topology == NULL) {
        const int r = vp_topology_read(host, &topology, err);
        if (r < 0)
            return r;
        if (key != NULL)
            keep(root, topology, key);
    }
    *ret_topology = topology;
    return 0;
}
