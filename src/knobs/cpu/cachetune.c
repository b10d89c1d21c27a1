/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"

#include <errno.h>
#include <inttypes.h>

#include "placing.h"
#include "resctrl.h"
#include "size.h"
#include "strbuf.h"

#define PERCENT_MAX 100

/* What a share is planned with. */
struct share {
    struct vp_resctrl resctrl;
    struct vp_llc caches[VP_LLCS_MAX];
    int n;       /* caches */
    char *vcpus; /* all that the guest can have: "0-3" */
};

static void share_done(struct share *share)
{
    vp_resctrl_done(&share->resctrl);
    free(share->vcpus);
}

static hwloc_bitmap_t cpus_of(const struct vp_placement *placement)
{
    hwloc_bitmap_t cpus = vp_bitmap_new();
    for (unsigned i = 0; i < placement->n_vcpus; i++)
        (void)hwloc_bitmap_or(cpus, cpus, placement->vcpus[i]);
    return cpus;
}

/* Why no share can be planned whatever it is of; NULL when one can. */
static const char *refused(const struct vp_planning *planning, const struct vp_placement *placement)
{
    const vp_node *root = planning->domain->root;
    if (vp_node_walk(root, "cputune/cachetune") != NULL || vp_node_walk(root, "cputune/memorytune") != NULL)
        return "the definition has shares of caches or bandwidth of its own";
    if (placement == NULL || placement->policy == VP_POLICY_SHARED)
        return "the guest has no place whose caches it could have a share of; cpu.placement = dedicated or "
               "node gives it one";
    if (!vp_domain_is_kvm(planning->domain))
        return "libvirt gives shares to KVM guests only";
    return vp_host_root(planning->host) == NULL ? "this host is a description without resctrl" : NULL;
}

/* The place and what the host gives out there; `*ret_ready` false after a note says why there is nothing. */
static int prepare(struct vp_planning *planning, const struct vp_setting *setting, struct share *share,
                   bool *ret_ready, struct vp_error **err)
{
    const struct vp_placement *placement = planning->plan->placement; /* cpu.placement is planned before */
    const struct vp_root *root = vp_host_root(planning->host);
    const char *why = refused(planning, placement);
    vp_autoerror absent = NULL;
    *ret_ready = false;
    if (why != NULL) {
        vp_plan_skip(planning, setting, "%s", why);
        return 0;
    }
    const int r = vp_resctrl_read(root, &share->resctrl, err);
    if (r < 0)
        return r;
    if (share->resctrl.schemata == NULL) {
        vp_plan_skip(planning, setting,
                     "this host has no /sys/fs/resctrl; where its CPUs can do it, 'mount -t resctrl resctrl "
                     "/sys/fs/resctrl' and a restart of libvirt's daemon make it known");
        return 0;
    }
    vp_autobitmap cpus = cpus_of(placement);
    share->n = vp_resctrl_caches(root, cpus, share->caches, &absent);
    if (share->n < 0) {
        vp_plan_skip(planning, setting, "%s", absent->message);
        return 0;
    }
    const unsigned last = vp_domain_max_vcpus(planning->domain) - 1;
    share->vcpus = last == 0 ? vp_strdup("0") : vp_asprintf("0-%u", last);
    *ret_ready = true;
    return 0;
}

/* Ways for so many bytes of a cache, as many more as it takes to be whole ones. */
static unsigned ways_for(const struct vp_resctrl_part *part, const struct vp_llc *cache, uint64_t bytes)
{
    const uint64_t way = cache->bytes / part->ways;
    const uint64_t ways = way == 0 || bytes >= cache->bytes ? part->ways : (bytes + way - 1) / way;
    return ways < part->least ? part->least : (unsigned)ways;
}

/* <cache> as virDomainCachetuneDefFormatHelper() of libvirt 9.0 prints it: in the largest exact unit. */
static void add_cache(struct vp_strbuf *buf, const struct vp_llc *cache, const char *type, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB"};
    size_t unit = 0;
    while (unit + 1 < VP_ARRAY_SIZE(units) && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    vp_strbuf_addf(buf, "<cache id='%u' level='3' type='%s' size='%" PRIu64 "' unit='%s'/>", cache->id, type,
                   bytes, units[unit]);
}

/* One share of one cache; false after a note says why it cannot be had. */
static bool add_share(struct vp_planning *planning, const struct vp_setting *setting,
                      const struct share *share, const struct vp_llc *cache, struct vp_strbuf *buf)
{
    for (unsigned i = 0; i < share->resctrl.n_parts; i++) {
        const struct vp_resctrl_part *part = &share->resctrl.parts[i];
        const unsigned ways = ways_for(part, cache, setting->value.bytes);
        const unsigned room = vp_resctrl_room(&share->resctrl, part, cache->id);
        const uint64_t way = cache->bytes / part->ways;
        if (ways >= part->ways) {
            vp_autofree char *size = vp_size_format(cache->bytes);
            vp_plan_skip(planning, setting, "level-3 cache %u has %s, and libvirt gives no guest all of one",
                         cache->id, size);
            return false;
        }
        if (room < ways) {
            vp_autofree char *size = vp_size_format(ways * way);
            vp_autofree char *left = vp_size_format(room * way);
            vp_plan_skip(planning, setting,
                         "%s of level-3 cache %u are not to be had: %s of it are kept from everybody else; "
                         "write a mask with fewer bits for it to /sys/fs/resctrl/schemata",
                         size, cache->id, left);
            return false;
        }
        add_cache(buf, cache, part->type, ways * way);
    }
    return true;
}

static int plan_cache_size(struct vp_planning *planning, const struct vp_setting *setting,
                           struct vp_error **err)
{
    VP_CLEANUP(share_done) struct share share = {0};
    VP_CLEANUP(vp_strbuf_done) struct vp_strbuf buf = {0};
    bool ready = false;
    const int r = prepare(planning, setting, &share, &ready, err);
    if (r < 0 || !ready)
        return r;
    if (share.resctrl.n_parts == 0) {
        vp_plan_skip(planning, setting, "this host's CPUs give out no shares of the level-3 cache");
        return 0;
    }
    vp_autofree char *path = vp_asprintf("cputune/cachetune[%s]", share.vcpus);
    vp_strbuf_addf(&buf, "<cachetune vcpus='%s'>", share.vcpus);
    for (int i = 0; i < share.n; i++)
        if (!add_share(planning, setting, &share, &share.caches[i], &buf))
            return 0;
    vp_strbuf_add(&buf, "</cachetune>");
    vp_plan_element(planning, setting, planning->domain->root, path, buf.text,
                    "nobody else pushes the guest's data out of this part of the cache");
    return 0;
}

static int plan_bandwidth(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    VP_CLEANUP(share_done) struct share share = {0};
    VP_CLEANUP(vp_strbuf_done) struct vp_strbuf buf = {0};
    bool ready = false;
    const int r = prepare(planning, setting, &share, &ready, err);
    if (r < 0 || !ready)
        return r;
    const unsigned step = share.resctrl.bandwidth_step;
    if (step == 0 || !vp_resctrl_is_percent(&share.resctrl)) {
        vp_plan_skip(planning, setting, "%s",
                     step == 0
                         ? "this host's CPUs cannot limit memory bandwidth"
                         : "this host's CPUs limit memory bandwidth in GB/s, and libvirt knows percent only");
        return 0;
    }
    const uint64_t wanted = (vp_plan_count(planning, setting) + step - 1) / step * step;
    const uint64_t least = wanted > share.resctrl.bandwidth_least ? wanted : share.resctrl.bandwidth_least;
    const uint64_t percent = least < PERCENT_MAX ? least : PERCENT_MAX;
    vp_autofree char *path = vp_asprintf("cputune/memorytune[%s]", share.vcpus);
    vp_strbuf_addf(&buf, "<memorytune vcpus='%s'>", share.vcpus);
    for (int i = 0; i < share.n; i++)
        vp_strbuf_addf(&buf, "<node id='%u' bandwidth='%" PRIu64 "'/>", share.caches[i].id, percent);
    vp_strbuf_add(&buf, "</memorytune>");
    vp_plan_element(planning, setting, planning->domain->root, path, buf.text,
                    "the guest takes at most %" PRIu64 " %% of the bandwidth to the memory behind its caches",
                    percent);
    return 0;
}

/* libvirt makes the group of a share when it starts QEMU (qemuProcessResctrlCreate() of libvirt 9.0). */
const struct vp_knob vp_knobs_cachetune[] = {
    {
        .name = "cpu.cache-size",
        .type = VP_TYPE_SIZE,
        .effect = VP_EFFECT_LAUNCH,
        .min = 1,
        .doc =
            "Part of each level-3 cache below the guest's CPUs that its vCPUs have to themselves, made up to "
            "whole ways. It comes from what /sys/fs/resctrl/schemata keeps from everybody else; where "
            "other guests have taken that, libvirt refuses the start. For cpu.placement = dedicated or node, "
            "and CPUs with cache allocation (Intel CAT, AMD QoS).",
        .plan = plan_cache_size,
        .verify = vp_verify_definition,
    },
    {
        .name = "cpu.memory-bandwidth",
        .type = VP_TYPE_COUNT,
        .effect = VP_EFFECT_LAUNCH,
        .min = 1,
        .max = PERCENT_MAX,
        .unit = "percent",
        .doc =
            "Most of the bandwidth to memory that the guest's vCPUs take behind each level-3 cache below its "
            "CPUs, made up to the host's step. libvirt refuses a start that takes the guests behind one cache "
            "over 100 together, and counts one that has cpu.cache-size only as 100. For cpu.placement = "
            "dedicated or node, and CPUs that count it in percent (Intel MBA).",
        .plan = plan_bandwidth,
        .verify = vp_verify_definition,
    },
    {.name = NULL},
};
