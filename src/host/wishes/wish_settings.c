/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wish_settings.h"

#include <errno.h>
#include <string.h>

#include "hostsetting.h"
#include "ksm.h"
#include "size.h"
#include "strbuf.h"
#include "text.h"

#define POLICIES "/sys/devices/system/cpu/cpufreq"
#define CPUS_MAX (64u * 1024)

/* CPUs that have one clock. */
struct clock {
    uint64_t number; /* of the cpufreq policy */
    hwloc_bitmap_t cpus;
};

struct clocks {
    struct clock *items;
    size_t n, cap;
};

static void clocks_done(struct clocks *clocks)
{
    for (size_t i = 0; i < clocks->n; i++)
        hwloc_bitmap_free(clocks->items[i].cpus);
    free(clocks->items);
}

/* Who wants something of one setting. */
struct voter {
    const struct vp_entry *entry;
    const struct vp_want *want;
};

struct voters {
    struct voter *items;
    size_t n, cap;
};

static void voters_done(struct voters *voters)
{
    free(voters->items);
}

static bool owns_cpus(const struct vp_entry *entry)
{
    return entry->placement != NULL && entry->placement->policy == VP_POLICY_DEDICATED;
}

/* What nobody knows, or what is wanted of CPUs by a guest that owns none, is no vote. */
static void gather(const struct vp_hostsetting *setting, const struct vp_entries *entries,
                   struct voters *voters)
{
    for (size_t i = 0; i < entries->n; i++) {
        const struct vp_entry *entry = entries->items[i];
        if (setting->of != VP_SETTING_OF_HOST && !owns_cpus(entry))
            continue;
        for (size_t k = 0; k < entry->n_wants; k++) {
            const struct vp_want *want = &entry->wants[k];
            if (strcmp(want->name, setting->name) != 0 ||
                vp_hostsetting_winner(setting, want->value, NULL) == NULL)
                continue;
            vp_grow(&voters->items, voters->n, &voters->cap, sizeof(*voters->items));
            voters->items[voters->n++] = (struct voter){entry, want};
        }
    }
}

/* Does the guest have a say about these CPUs? NULL: about the host. */
static bool has_say(const struct voter *voter, hwloc_const_bitmap_t cpus)
{
    return cpus == NULL || hwloc_bitmap_intersects(voter->entry->placement->owned, cpus) != 0;
}

static void vote(const struct vp_hostsetting *setting, const char *path, hwloc_const_bitmap_t cpus,
                 const struct voters *voters, struct vp_wishes *wishes)
{
    VP_CLEANUP(vp_strbuf_done) struct vp_strbuf owners = {0};
    const struct vp_want *best = NULL;
    for (size_t i = 0; i < voters->n; i++) {
        const struct vp_want *want = voters->items[i].want;
        if (has_say(&voters->items[i], cpus) &&
            (best == NULL || vp_hostsetting_winner(setting, best->value, want->value) == want->value))
            best = want;
    }
    if (best == NULL)
        return;
    for (size_t i = 0; i < voters->n; i++)
        if (has_say(&voters->items[i], cpus) && vp_same(voters->items[i].want->value, best->value))
            vp_strbuf_join(&owners, ", ", voters->items[i].entry->name);
    const bool nodes = strcmp(setting->name, "ksm.merge-across-nodes") == 0;
    vp_wishes_add(wishes, nodes ? &vp_means_ksm_nodes : &vp_means_file, path, best->value, owners.text,
                  best->reason);
}

/* The path of one of several: with the number in the place of the '*'. Owned. */
static char *numbered(const char *path, uint64_t number)
{
    const char *star = strchr(path, '*');
    return vp_asprintf("%.*s%llu%s", (int)(star - path), path, (unsigned long long)number, star + 1);
}

/* A dedicated CPU has one guest. */
static void vote_cpus(const struct vp_hostsetting *setting, const struct voters *voters,
                      struct vp_wishes *wishes)
{
    for (size_t i = 0; i < voters->n; i++) {
        const struct voter *voter = &voters->items[i];
        hwloc_const_bitmap_t owned = voter->entry->placement->owned;
        for (int cpu = hwloc_bitmap_first(owned); cpu >= 0; cpu = hwloc_bitmap_next(owned, cpu)) {
            vp_autofree char *path = numbered(setting->path, (uint64_t)cpu);
            vp_wishes_add(wishes, &vp_means_file, path, voter->want->value, voter->entry->name,
                          voter->want->reason);
        }
    }
}

/* "0 1 2 3", as cpufreq has it. */
static void parse_cpus(char *text, hwloc_bitmap_t cpus)
{
    uint64_t cpu = 0;
    for (char *at = text + strspn(text, " \n"); *at != '\0'; at += strspn(at, " \n")) {
        const size_t n = strcspn(at, " \n");
        const bool last = at[n] == '\0';
        at[n] = '\0';
        if (vp_u64_parse(at, 0, VP_TOPOLOGY_CPUS_MAX - 1, &cpu) == 0)
            (void)hwloc_bitmap_set(cpus, (unsigned)cpu);
        at += n + !last;
    }
}

/* CPUs that are offline count too: where a policy has none online it is not there. */
static void read_clocks(const struct vp_root *root, struct clocks *clocks)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    if (vp_root_list(root, POLICIES, &names, NULL) < 0)
        return;
    for (size_t i = 0; names[i] != NULL; i++) {
        vp_autofree char *path = vp_asprintf(POLICIES "/%s/related_cpus", names[i]);
        vp_autofree char *text = NULL;
        struct clock clock = {0};
        size_t len = 0;
        if (!vp_starts(names[i], "policy") ||
            vp_u64_parse(names[i] + strlen("policy"), 0, UINT32_MAX, &clock.number) < 0 ||
            vp_root_read(root, path, CPUS_MAX, &text, &len, NULL) < 0)
            continue;
        clock.cpus = vp_bitmap_new();
        parse_cpus(text, clock.cpus);
        vp_grow(&clocks->items, clocks->n, &clocks->cap, sizeof(*clocks->items));
        clocks->items[clocks->n++] = clock;
    }
}

/* On a host without clocks to set, the first CPU stands for all: that it is not there is said once. */
static void vote_clocks(const struct vp_hostsetting *setting, const struct clocks *clocks,
                        const struct voters *voters, struct vp_wishes *wishes)
{
    for (size_t i = 0; i < clocks->n; i++) {
        vp_autofree char *path = numbered(setting->path, clocks->items[i].number);
        vote(setting, path, clocks->items[i].cpus, voters, wishes);
    }
    if (clocks->n > 0)
        return;
    vp_autofree char *path = numbered(setting->path, 0);
    vote(setting, path, NULL, voters, wishes);
}

int vp_wish_settings(const struct vp_root *root, const struct vp_topology *topology,
                     const struct vp_entries *entries, struct vp_wishes *wishes, struct vp_error **err)
{
    VP_CLEANUP(clocks_done) struct clocks clocks = {0};
    bool looked = false;
    (void)topology;
    (void)err;
    for (const struct vp_hostsetting *setting = vp_hostsettings; setting->name != NULL; setting++) {
        VP_CLEANUP(voters_done) struct voters voters = {0};
        gather(setting, entries, &voters);
        if (voters.n == 0)
            continue;
        if (setting->of == VP_SETTING_OF_HOST) {
            vote(setting, setting->path, NULL, &voters, wishes);
        } else if (setting->of == VP_SETTING_OF_CPU) {
            vote_cpus(setting, &voters, wishes);
        } else {
            if (!looked)
                read_clocks(root, &clocks);
            looked = true;
            vote_clocks(setting, &clocks, &voters, wishes);
        }
    }
    return 0;
}
