/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "livecalls.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "guestgroup.h"
#include "place.h"
#include "size.h"
#include "text.h"

/* The kernel's own, and what libvirt calls no limit. */
#define PERIOD_DEFAULT 100000
#define NO_QUOTA (-1)
#define SHARES 1024
#define SHARES_UNIFIED 100

/* Room for all fields of <iotune> and more. */
struct params {
    virTypedParameter items[24];
    int n;
};

static virTypedParameterPtr add(struct params *params, const char *field, int type)
{
    virTypedParameterPtr item = &params->items[params->n++];
    (void)snprintf(item->field, sizeof(item->field), "%s", field);
    item->type = type;
    return item;
}

static void add_number(struct params *params, const char *field, int type, int64_t value)
{
    virTypedParameterPtr item = add(params, field, type);
    if (type == VIR_TYPED_PARAM_UINT)
        item->value.ui = (unsigned)value;
    else if (type == VIR_TYPED_PARAM_LLONG)
        item->value.l = value;
    else
        item->value.ul = (unsigned long long)value;
}

int vp_live_note(struct vp_live_work *work, int rc, char *what, struct vp_error **err)
{
    vp_autofree char *taken = what;
    struct vp_live *result = work->result;
    const struct vp_guest *guest = work->guest;
    vp_autofree char *why = NULL;
    if (rc < 0) {
        int code;
        why = vp_virt_message(&guest->conn->api, &code);
        if (code == EBUSY || guest->conn->api.virDomainIsActive(guest->domain) == 0)
            return vp_fail(err, code == EBUSY ? EBUSY : ESRCH,
                           "cannot set %s of domain '%s': libvirt says: %s", taken, vp_guest_name(guest),
                           why);
        result->failed++;
    }
    vp_grow(&result->items, result->n, &result->cap, sizeof(result->items[0]));
    result->items[result->n++] = (struct vp_live_item){.what = vp_take(&taken), .why = vp_take(&why)};
    return 0;
}

/* The number that an element holds; `absent` where it is not there. */
static int64_t number_at(const struct vp_domain *domain, const char *path, int64_t absent)
{
    int64_t number = absent;
    vp_autofree char *text = vp_node_text(vp_node_walk(domain->root, path));
    if (text == NULL || vp_i64_parse(text, INT64_MIN, INT64_MAX, &number) < 0)
        return absent;
    return number;
}

/* What the kernel gives a group of its own, in each version of control groups. */
static int64_t shares_default(const struct vp_live_work *work)
{
    return vp_cgroups_are_unified(work->root) ? SHARES_UNIFIED : SHARES;
}

static bool is_said(const struct vp_domain *domain, const char *path)
{
    return vp_node_walk(domain->root, path) != NULL;
}

/* What is wanted is said even where the kernel has it by itself, so that the definition says it too. */
int vp_live_scheduler(struct vp_live_work *work, struct vp_error **err)
{
    const struct {
        const char *path, *field;
        int type;
        int64_t absent;
    } rows[] = {
        {"cputune/shares", VIR_DOMAIN_SCHEDULER_CPU_SHARES, VIR_TYPED_PARAM_ULLONG, shares_default(work)},
        {"cputune/period", VIR_DOMAIN_SCHEDULER_VCPU_PERIOD, VIR_TYPED_PARAM_ULLONG, PERIOD_DEFAULT},
        {"cputune/quota", VIR_DOMAIN_SCHEDULER_VCPU_QUOTA, VIR_TYPED_PARAM_LLONG, NO_QUOTA},
        {"cputune/global_period", VIR_DOMAIN_SCHEDULER_GLOBAL_PERIOD, VIR_TYPED_PARAM_ULLONG, PERIOD_DEFAULT},
        {"cputune/global_quota", VIR_DOMAIN_SCHEDULER_GLOBAL_QUOTA, VIR_TYPED_PARAM_LLONG, NO_QUOTA},
        {"cputune/emulator_period", VIR_DOMAIN_SCHEDULER_EMULATOR_PERIOD, VIR_TYPED_PARAM_ULLONG,
         PERIOD_DEFAULT},
        {"cputune/emulator_quota", VIR_DOMAIN_SCHEDULER_EMULATOR_QUOTA, VIR_TYPED_PARAM_LLONG, NO_QUOTA},
        {"cputune/iothread_period", VIR_DOMAIN_SCHEDULER_IOTHREAD_PERIOD, VIR_TYPED_PARAM_ULLONG,
         PERIOD_DEFAULT},
        {"cputune/iothread_quota", VIR_DOMAIN_SCHEDULER_IOTHREAD_QUOTA, VIR_TYPED_PARAM_LLONG, NO_QUOTA},
    };
    const struct vp_virt_api *api = &work->guest->conn->api;
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        struct params params = {.n = 0};
        const int64_t have = number_at(work->have, rows[i].path, rows[i].absent);
        const int64_t want = number_at(work->want, rows[i].path, rows[i].absent);
        if (have == want && is_said(work->have, rows[i].path) >= is_said(work->want, rows[i].path))
            continue;
        add_number(&params, rows[i].field, rows[i].type, want);
        const int rc = api->virDomainSetSchedulerParametersFlags(work->guest->domain, params.items, params.n,
                                                                 VIR_DOMAIN_AFFECT_LIVE);
        const int r =
            vp_live_note(work, rc, vp_asprintf("%s: %" PRId64, strchr(rows[i].path, '/') + 1, want), err);
        if (r < 0)
            return r;
    }
    return 0;
}

static uint64_t limit_at(const struct vp_domain *domain, const char *path)
{
    const uint64_t kib = vp_node_kib(vp_node_walk(domain->root, path));
    return kib > 0 ? kib : VIR_DOMAIN_MEMORY_PARAM_UNLIMITED;
}

/* All at once, as libvirt wants each to be no less than the one before. */
int vp_live_memory(struct vp_live_work *work, struct vp_error **err)
{
    static const struct {
        const char *path, *field;
    } rows[] = {
        {"memtune/hard_limit", VIR_DOMAIN_MEMORY_HARD_LIMIT},
        {"memtune/soft_limit", VIR_DOMAIN_MEMORY_SOFT_LIMIT},
        {"memtune/swap_hard_limit", VIR_DOMAIN_MEMORY_SWAP_HARD_LIMIT},
    };
    struct params params = {.n = 0};
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        const uint64_t want = limit_at(work->want, rows[i].path);
        if (want != limit_at(work->have, rows[i].path))
            add_number(&params, rows[i].field, VIR_TYPED_PARAM_ULLONG, (int64_t)want);
    }
    if (params.n == 0)
        return 0;
    const int rc = work->guest->conn->api.virDomainSetMemoryParameters(work->guest->domain, params.items,
                                                                       params.n, VIR_DOMAIN_AFFECT_LIVE);
    return vp_live_note(work, rc, vp_strdup("memory: limits"), err);
}

/* The element of the guest as it is that has the same name as one of the guest as it should be. */
static const vp_node *same_there(const struct vp_live_work *work, const vp_node *node)
{
    struct vp_place place;
    vp_autofree char *name = vp_place_format(node, NULL);
    if (vp_place_resolve(work->have->root, name, &place) < 0 || *place.rest != '\0')
        return NULL;
    return place.node;
}

static uint64_t field_of(const vp_node *node, const char *field)
{
    uint64_t value = 0;
    vp_autofree char *text = vp_node_text(vp_node_child(node, field));
    return text != NULL && vp_u64_parse(text, 0, UINT64_MAX, &value) == 0 ? value : 0;
}

/* All fields, as libvirt keeps what it is not told. */
static bool read_iotune(const vp_node *have, const vp_node *want, struct params *params)
{
    static const char *const rates[] = {
        VIR_DOMAIN_BLOCK_IOTUNE_TOTAL_BYTES_SEC, VIR_DOMAIN_BLOCK_IOTUNE_READ_BYTES_SEC,
        VIR_DOMAIN_BLOCK_IOTUNE_WRITE_BYTES_SEC, VIR_DOMAIN_BLOCK_IOTUNE_TOTAL_IOPS_SEC,
        VIR_DOMAIN_BLOCK_IOTUNE_READ_IOPS_SEC,   VIR_DOMAIN_BLOCK_IOTUNE_WRITE_IOPS_SEC};
    static const char *const tails[] = {"", "_max", "_max_length"};
    bool differs = false;
    for (size_t t = 0; t < VP_ARRAY_SIZE(tails); t++)
        for (size_t i = 0; i < VP_ARRAY_SIZE(rates); i++) {
            vp_autofree char *field = vp_asprintf("%s%s", rates[i], tails[t]);
            const uint64_t value = field_of(want, field);
            differs = differs || value != field_of(have, field);
            add_number(params, field, VIR_TYPED_PARAM_ULLONG, (int64_t)value);
        }
    const uint64_t size = field_of(want, VIR_DOMAIN_BLOCK_IOTUNE_SIZE_IOPS_SEC);
    add_number(params, VIR_DOMAIN_BLOCK_IOTUNE_SIZE_IOPS_SEC, VIR_TYPED_PARAM_ULLONG, (int64_t)size);
    return differs || size != field_of(have, VIR_DOMAIN_BLOCK_IOTUNE_SIZE_IOPS_SEC);
}

static int tune_disk(struct vp_live_work *work, const vp_node *disk, const char *name, struct vp_error **err)
{
    const vp_node *have = vp_node_child(same_there(work, disk), "iotune");
    const vp_node *want = vp_node_child(disk, "iotune");
    struct params params = {.n = 0};
    vp_autofree char *group = vp_node_text(vp_node_child(want, "group_name"));
    vp_autofree char *group_now = vp_node_text(vp_node_child(have, "group_name"));
    bool differs = read_iotune(have, want, &params);
    if (group != NULL && !vp_same(group, group_now)) {
        add(&params, VIR_DOMAIN_BLOCK_IOTUNE_GROUP_NAME, VIR_TYPED_PARAM_STRING)->value.s = group;
        differs = true;
    }
    if (!differs)
        return 0;
    const int rc = work->guest->conn->api.virDomainSetBlockIoTune(work->guest->domain, name, params.items,
                                                                  params.n, VIR_DOMAIN_AFFECT_LIVE);
    return vp_live_note(work, rc, vp_asprintf("disk %s: limits", name), err);
}

int vp_live_disks(struct vp_live_work *work, struct vp_error **err)
{
    for (vp_node *disk = vp_node_child(vp_domain_devices(work->want), "disk"); disk != NULL;
         disk = vp_node_same(disk)) {
        const char *name = vp_node_walk_attr(disk, "target", "dev");
        const int r = name != NULL ? tune_disk(work, disk, name, err) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

/* A direction is set as a whole; an average of 0 takes it away. */
static void read_bandwidth(const vp_node *have, const vp_node *want, const char *direction,
                           struct params *params)
{
    static const char *const attrs[] = {"average", "peak", "burst", "floor"};
    struct params all = {.n = 0};
    bool differs = false;
    for (size_t i = 0; i < VP_ARRAY_SIZE(attrs); i++) {
        const char *text = vp_node_walk_attr(want, direction, attrs[i]);
        const char *now = vp_node_walk_attr(have, direction, attrs[i]);
        uint64_t value = 0;
        differs = differs || (text != now && !vp_same(text, now));
        if (text != NULL && vp_u64_parse(text, 0, UINT32_MAX, &value) < 0)
            continue;
        vp_autofree char *field = vp_asprintf("%s.%s", direction, attrs[i]);
        if (text != NULL || i == 0)
            add_number(&all, field, VIR_TYPED_PARAM_UINT, (int64_t)value);
    }
    for (int i = 0; differs && i < all.n; i++)
        params->items[params->n++] = all.items[i];
}

static int tune_nic(struct vp_live_work *work, const vp_node *nic, const char *mac, struct vp_error **err)
{
    struct params params = {.n = 0};
    const vp_node *have = vp_node_child(same_there(work, nic), "bandwidth");
    const vp_node *want = vp_node_child(nic, "bandwidth");
    read_bandwidth(have, want, "inbound", &params);
    read_bandwidth(have, want, "outbound", &params);
    if (params.n == 0)
        return 0;
    const int rc = work->guest->conn->api.virDomainSetInterfaceParameters(
        work->guest->domain, mac, params.items, params.n, VIR_DOMAIN_AFFECT_LIVE);
    return vp_live_note(work, rc, vp_asprintf("interface %s: bandwidth", mac), err);
}

int vp_live_nics(struct vp_live_work *work, struct vp_error **err)
{
    for (vp_node *nic = vp_node_child(vp_domain_devices(work->want), "interface"); nic != NULL;
         nic = vp_node_same(nic)) {
        const char *mac = vp_node_walk_attr(nic, "mac", "address");
        const int r = mac != NULL ? tune_nic(work, nic, mac, err) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}
