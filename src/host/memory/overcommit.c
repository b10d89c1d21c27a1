/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "overcommit.h"

#include <errno.h>
#include <string.h>

#include "size.h"
#include "text.h"

#define MEMINFO_MAX (64u * 1024)
#define NODES "/sys/devices/system/node"

static uint64_t plus(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* "MemTotal:  123 kB", at the start of a line or, of a node, behind its number. */
static bool field(const char *text, const char *name, uint64_t *ret_kib)
{
    const size_t len = strlen(name);
    for (const char *at = strstr(text, name); at != NULL; at = strstr(at + len, name)) {
        if (at[len] != ':' || (at != text && at[-1] != '\n' && at[-1] != ' '))
            continue;
        const char *digits = at + len + 1 + strspn(at + len + 1, " \t");
        vp_autofree char *number = vp_strndup(digits, strspn(digits, "0123456789"));
        return vp_u64_parse(number, 0, UINT64_MAX, ret_kib) == 0;
    }
    return false;
}

/* What is kept of each node; of a machine that has none, of all its memory. */
static uint64_t reserve(const struct vp_root *root, const struct vp_conf *conf, uint64_t total)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    uint64_t kib = 0;
    bool any = false;
    if (vp_root_list(root, NODES, &names, NULL) < 0)
        return vp_conf_reserve_kib(conf, total);
    for (size_t i = 0; names[i] != NULL; i++) {
        vp_autofree char *path = vp_asprintf(NODES "/%s/meminfo", names[i]);
        vp_autofree char *text = NULL;
        uint64_t node = 0;
        size_t len = 0;
        if (!vp_starts(names[i], "node") || vp_root_read(root, path, MEMINFO_MAX, &text, &len, NULL) < 0 ||
            !field(text, "MemTotal", &node) || node == 0)
            continue;
        kib = plus(kib, vp_conf_reserve_kib(conf, node));
        any = true;
    }
    return any ? kib : vp_conf_reserve_kib(conf, total);
}

uint64_t vp_overcommit_kib(const struct vp_entry *entry)
{
    const struct vp_placement *placement = entry->placement;
    uint64_t kib = placement != NULL ? placement->overhead_kib : 0;
    for (unsigned i = 0; placement != NULL && i < placement->n_cells; i++)
        if (placement->cells[i].page_kib == 0)
            kib = plus(kib, placement->cells[i].memory_kib);
    for (size_t i = 0; placement == NULL && i < entry->n_memory; i++)
        if (entry->memory[i].page_kib == 0)
            kib = plus(kib, entry->memory[i].kib);
    return kib;
}

static char *amount(uint64_t kib)
{
    const uint64_t mib = kib / 1024;
    return mib >= 10 * 1024 ? vp_asprintf("%llu GiB", (unsigned long long)((mib + 512) / 1024))
                            : vp_asprintf("%llu MiB", (unsigned long long)mib);
}

static int refuse(uint64_t guests, uint64_t need, uint64_t kept, uint64_t memory, uint64_t swap,
                  struct vp_error **err)
{
    const uint64_t sum = plus(plus(guests, need), kept);
    vp_autofree char *guests_text = amount(guests);
    vp_autofree char *need_text = amount(need);
    vp_autofree char *kept_text = amount(kept);
    vp_autofree char *sum_text = amount(sum);
    vp_autofree char *memory_text = amount(memory);
    vp_autofree char *swap_text = amount(swap);
    vp_autofree char *short_text = amount(plus(sum - memory - swap, 1023)); /* rounded up */
    vp_autofree char *all_text = amount(plus(sum - memory, 1023));
    return vp_fail(
        err, ENOMEM,
        "memory would be overcommitted: guests that run have %s, this one can take %s and %s are kept for "
        "the host, %s in all; there are %s of memory outside of huge pages and %s of swap. Add %s of swap "
        "(to %s), or end or move a guest",
        guests_text, need_text, kept_text, sum_text, memory_text, swap_text, short_text, all_text);
}

int vp_overcommit_check(const struct vp_root *root, const struct vp_conf *conf,
                        const struct vp_entries *entries, const char *but, uint64_t need_kib,
                        struct vp_error **err)
{
    vp_autofree char *text = NULL;
    uint64_t total = 0;
    uint64_t pools = 0;
    uint64_t swap = 0;
    uint64_t guests = 0;
    size_t len = 0;
    const int r = vp_root_read(root, "/proc/meminfo", MEMINFO_MAX, &text, &len, err);
    if (r < 0)
        return r;
    if (!field(text, "MemTotal", &total))
        return vp_fail(err, EBADMSG, "cannot use '/proc/meminfo': it does not say MemTotal");
    (void)field(text, "Hugetlb", &pools); /* pools of all sizes; Linux 4.16 */
    (void)field(text, "SwapTotal", &swap);
    for (size_t i = 0; i < entries->n; i++)
        if (!vp_same(entries->items[i]->uuid, but))
            guests = plus(guests, vp_overcommit_kib(entries->items[i]));
    const uint64_t memory = minus(total, pools);
    const uint64_t kept = reserve(root, conf, total);
    if (plus(plus(guests, need_kib), kept) <= plus(memory, swap))
        return 0;
    return refuse(guests, need_kib, kept, memory, swap, err);
}
