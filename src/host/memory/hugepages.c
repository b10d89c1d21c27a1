/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hugepages.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "conf.h"
#include "size.h"
#include "text.h"

#define NODES "/sys/devices/system/node/node"
#define MEMINFO_MAX (16u * 1024)

/*
 * A first write often comes up short, as pages that can be moved are in the way (openshift-kni,
 * performance-addon-operators#279); how long to wait before the next, in milliseconds.
 */
static const long waits_ms[] = {0, 2, 10, 40, 100};

struct pool {
    char *folder; /* owned */
    uint64_t node, page_kib;
};

static void pool_done(struct pool *pool)
{
    free(pool->folder);
}

/* "…/nodeN/hugepages/hugepages-XkB@UUID" */
static int read_target(const char *target, struct pool *ret_pool, struct vp_error **err)
{
    static const char size_start[] = "/hugepages/hugepages-";
    const char *digits = vp_starts(target, NODES) ? target + strlen(NODES) : "";
    const char *slash = digits + strcspn(digits, "/");
    const char *size = vp_starts(slash, size_start) ? slash + strlen(size_start) : "";
    const char *end = size + strspn(size, "0123456789");
    vp_autofree char *node_text = vp_strndup(digits, (size_t)(slash - digits));
    vp_autofree char *size_text = vp_strndup(size, (size_t)(end - size));
    struct pool pool = {0};
    if (vp_u64_parse(node_text, 0, UINT32_MAX, &pool.node) < 0 ||
        vp_u64_parse(size_text, 1, UINT64_MAX, &pool.page_kib) < 0 || !vp_starts(end, "kB@"))
        return vp_fail(err, EINVAL, "'%s' is no pool of huge pages of a guest", target);
    pool.folder = vp_strndup(target, (size_t)(end - target) + strlen("kB"));
    *ret_pool = pool;
    return 0;
}

static int read_count(const struct vp_root *root, const struct pool *pool, const char *name,
                      uint64_t *ret_pages, struct vp_error **err)
{
    vp_autofree char *path = vp_asprintf("%s/%s", pool->folder, name);
    return vp_root_read_u64(root, path, ret_pages, err);
}

/* What the pool holds for good. */
static int read_whole(const struct vp_root *root, const struct pool *pool, uint64_t *ret_pages,
                      struct vp_error **err)
{
    uint64_t pages = 0;
    uint64_t surplus = 0;
    const int r = read_count(root, pool, "nr_hugepages", &pages, err);
    if (r < 0)
        return r;
    /* Kernels that never make any do not say. */
    (void)read_count(root, pool, "surplus_hugepages", &surplus, NULL);
    *ret_pages = pages > surplus ? pages - surplus : 0;
    return 0;
}

static int read_pool(const struct vp_root *root, const char *target, char **ret_value, struct vp_error **err)
{
    VP_CLEANUP(pool_done) struct pool pool = {0};
    uint64_t pages = 0;
    int r = read_target(target, &pool, err);
    if (r == 0)
        r = read_whole(root, &pool, &pages, err);
    if (r < 0)
        return r;
    *ret_value = vp_asprintf("%" PRIu64, pages);
    return 0;
}

/* A line of a node's meminfo, "Node 0 MemFree:  123 kB"; 0 where there is none. */
static uint64_t meminfo(const char *text, const char *name)
{
    vp_autofree char *label = vp_asprintf(" %s:", name);
    const char *at = strstr(text, label);
    uint64_t kib = 0;
    if (at == NULL)
        return 0;
    at += strlen(label);
    at += strspn(at, " ");
    vp_autofree char *digits = vp_strndup(at, strspn(at, "0123456789"));
    return vp_u64_parse(digits, 0, UINT64_MAX, &kib) == 0 ? kib : 0;
}

static char *format_kib(uint64_t kib)
{
    return vp_size_format(kib > UINT64_MAX / 1024 ? UINT64_MAX : kib * 1024);
}

/*
 * Is there that much, besides some of what is kept for the host? It uses the rest of that already. Where the
 * kernel does not say, trying tells.
 */
static int check_room(const struct vp_root *root, const struct pool *pool, uint64_t more,
                      struct vp_error **err)
{
    VP_CLEANUP(vp_conf_done) struct vp_conf conf = {0};
    vp_autofree char *path = vp_asprintf(NODES "%" PRIu64 "/meminfo", pool->node);
    vp_autofree char *text = NULL;
    size_t len = 0;
    if (vp_root_read(root, path, MEMINFO_MAX, &text, &len, NULL) < 0)
        return 0;
    const int r = vp_conf_read(root, &conf, err);
    if (r < 0)
        return r;
    assert(pool->page_kib > 0);
    const uint64_t keep = vp_conf_reserve_kib(&conf, meminfo(text, "MemTotal")) / 4;
    /* Files that are cached can be dropped. */
    const uint64_t room = meminfo(text, "MemFree") + meminfo(text, "Active(file)") +
                          meminfo(text, "Inactive(file)") + meminfo(text, "SReclaimable");
    const uint64_t usable = room > keep ? room - keep : 0;
    if (more <= usable / pool->page_kib)
        return 0;
    vp_autofree char *size = format_kib(pool->page_kib);
    return vp_fail(
        err, ENOSPC,
        "node %" PRIu64 " cannot give %" PRIu64 " more huge pages of %s: %" PRIu64 " MiB of its memory can "
        "be used for %" PRIu64 " of them, without what is kept for the host; end a guest there, or move one",
        pool->node, more, size, usable / 1024, usable / pool->page_kib);
}

static int write_count(const struct vp_root *root, const struct pool *pool, uint64_t pages,
                       struct vp_error **err)
{
    vp_autofree char *path = vp_asprintf("%s/nr_hugepages", pool->folder);
    vp_autofree char *value = vp_asprintf("%" PRIu64, pages);
    return vp_host_write(root, path, value, err);
}

/* A kernel may be built without; then there is nothing to gain. */
static void move_together(const struct vp_root *root, const struct pool *pool)
{
    vp_autofree char *path = vp_asprintf(NODES "%" PRIu64 "/compact", pool->node);
    (void)vp_host_write(root, path, "1", NULL);
}

/* @ret_pages: what the pool holds in the end, also where it failed */
static int try_growing(const struct vp_root *root, const struct pool *pool, uint64_t aim, uint64_t *ret_pages,
                       struct vp_error **err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && *ret_pages < aim && i < VP_ARRAY_SIZE(waits_ms); i++) {
        const struct timespec wait = {.tv_nsec = waits_ms[i] * 1000000L};
        if (i > 0) {
            move_together(root, pool);
            (void)nanosleep(&wait, NULL); /* shorter is no harm */
        }
        r = write_count(root, pool, aim, err);
        if (r == 0)
            r = read_whole(root, pool, ret_pages, err);
    }
    return r;
}

static int grow(const struct vp_root *root, const struct pool *pool, uint64_t have, uint64_t aim,
                struct vp_error **err)
{
    uint64_t pages = have;
    int r = check_room(root, pool, aim - have, err);
    if (r == 0)
        r = try_growing(root, pool, aim, &pages, err);
    if (r < 0 || pages >= aim)
        return r;
    vp_autofree char *size = format_kib(pool->page_kib);
    (void)write_count(root, pool, have, NULL); /* reconciling reads it again, and gives back what is left */
    return vp_fail(err, ENOSPC,
                   "node %" PRIu64 " gave %" PRIu64 " of %" PRIu64
                   " more huge pages of %s, which were given back: its "
                   "free memory is in too many pieces; reserve them when the host boots",
                   pool->node, pages > have ? pages - have : 0, aim - have, size);
}

static int write_pool(const struct vp_root *root, const char *target, const char *value,
                      struct vp_error **err)
{
    VP_CLEANUP(pool_done) struct pool pool = {0};
    uint64_t have = 0;
    uint64_t aim = 0;
    int r = read_target(target, &pool, err);
    if (r == 0 && vp_u64_parse(value, 0, UINT64_MAX, &aim) < 0)
        r = vp_fail(err, EINVAL, "cannot write '%s' to '%s': it is no number of pages", value, target);
    if (r == 0)
        r = read_whole(root, &pool, &have, err);
    if (r < 0)
        return r;
    return aim > have ? grow(root, &pool, have, aim, err) : write_count(root, &pool, aim, err);
}

const struct vp_means vp_means_pool = {
    .name = "pool", .read = read_pool, .write = write_pool, .shared = true};
