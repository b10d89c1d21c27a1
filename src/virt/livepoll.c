/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "livecalls.h"
#include "place.h"
#include "size.h"
#include "text.h"

/* How an I/O thread polls: in the definition, by itself, in the call that sets it, and in the statistics. */
static const struct {
    const char *attr, *unset, *field, *stat;
    int type;
} kinds[] = {
    {"max", "32768", VIR_DOMAIN_IOTHREAD_POLL_MAX_NS, "poll-max-ns", VIR_TYPED_PARAM_ULLONG},
    {"grow", "0", VIR_DOMAIN_IOTHREAD_POLL_GROW, "poll-grow", VIR_TYPED_PARAM_UINT},
    {"shrink", "0", VIR_DOMAIN_IOTHREAD_POLL_SHRINK, "poll-shrink", VIR_TYPED_PARAM_UINT},
};

static void set_attr(struct vp_domain *domain, const char *id, const char *attr, const char *value)
{
    vp_autofree char *path = vp_asprintf("iothreadids/iothread[%s]/poll", id);
    struct vp_place place;
    vp_node *node = NULL;
    if (vp_place_resolve(domain->root, path, &place) < 0)
        return;
    node = place.node;
    for (const char *rest = place.rest; rest != NULL && *rest != '\0';) {
        struct vp_step step;
        rest = vp_place_step(rest, &step);
        vp_node *child = vp_place_new(domain->doc, &step);
        vp_place_insert(node, child);
        node = child;
    }
    if (vp_node_attr(node, attr) == NULL)
        vp_node_set_attr(node, attr, value);
}

/* "iothread.1.poll-max-ns": the id and the kind. */
static bool read_name(const char *name, char **ret_id, const char **ret_attr)
{
    static const char prefix[] = "iothread.";
    const char *id = vp_starts(name, prefix) ? name + strlen(prefix) : NULL;
    const char *dot = id != NULL ? strchr(id, '.') : NULL;
    for (size_t i = 0; dot != NULL && i < VP_ARRAY_SIZE(kinds); i++)
        if (vp_same(dot + 1, kinds[i].stat)) {
            *ret_id = vp_strndup(id, (size_t)(dot - id));
            *ret_attr = kinds[i].attr;
            return true;
        }
    return false;
}

static void take_record(struct vp_domain *domain, const virDomainStatsRecord *record)
{
    for (int i = 0; i < record->nparams; i++) {
        const virTypedParameter *param = &record->params[i];
        vp_autofree char *id = NULL;
        const char *attr = NULL;
        if (!read_name(param->field, &id, &attr))
            continue;
        const uint64_t number = param->type == VIR_TYPED_PARAM_UINT ? param->value.ui : param->value.ul;
        vp_autofree char *value = vp_asprintf("%" PRIu64, number);
        set_attr(domain, id, attr, value);
    }
}

/* libvirt that is busy with the guest tells nothing, and all that is wanted is set again then. */
void vp_live_read_polling(const struct vp_guest *guest, struct vp_domain *domain)
{
    const struct vp_virt_api *api = &guest->conn->api;
    virDomainPtr domains[] = {guest->domain, NULL};
    virDomainStatsRecordPtr *records = NULL;
    if (vp_node_child(domain->root, "iothreads") == NULL &&
        vp_node_child(domain->root, "iothreadids") == NULL)
        return;
    const int n = api->virDomainListGetStats(domains, VIR_DOMAIN_STATS_IOTHREAD, &records,
                                             VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
    for (int i = 0; i < n; i++)
        take_record(domain, records[i]);
    if (n >= 0)
        api->virDomainStatsRecordListFree(records);
}

static const vp_node *poll_of(const struct vp_domain *domain, const char *id)
{
    vp_autofree char *path = vp_asprintf("iothreadids/iothread[%s]/poll", id);
    struct vp_place place;
    const bool there = vp_place_resolve(domain->root, path, &place) == 0 && *place.rest == '\0';
    return there ? place.node : NULL;
}

static int tune(struct vp_live_work *work, const char *id, struct vp_error **err)
{
    virTypedParameter params[VP_ARRAY_SIZE(kinds)] = {0};
    int n = 0;
    uint64_t number = 0;
    for (size_t i = 0; i < VP_ARRAY_SIZE(kinds); i++) {
        const char *want = vp_node_attr(poll_of(work->want, id), kinds[i].attr);
        const char *have = vp_node_attr(poll_of(work->have, id), kinds[i].attr);
        if (want == NULL && have == NULL)
            continue;
        if (want == NULL)
            want = kinds[i].unset;
        if (vp_same(want, have) || vp_u64_parse(want, 0, UINT32_MAX, &number) < 0)
            continue;
        virTypedParameterPtr param = &params[n++];
        (void)snprintf(param->field, sizeof(param->field), "%s", kinds[i].field);
        param->type = kinds[i].type;
        if (param->type == VIR_TYPED_PARAM_UINT)
            param->value.ui = (unsigned)number;
        else
            param->value.ul = number;
    }
    if (n == 0 || vp_u64_parse(id, 1, UINT32_MAX, &number) < 0)
        return 0;
    const int rc = work->guest->conn->api.virDomainSetIOThreadParams(work->guest->domain, (unsigned)number,
                                                                     params, n, VIR_DOMAIN_AFFECT_LIVE);
    return vp_live_note(work, rc, vp_asprintf("iothread %s: polling", id), err);
}

int vp_live_polling(struct vp_live_work *work, struct vp_error **err)
{
    const vp_node *ids = vp_node_child(work->want->root, "iothreadids");
    int r = 0;
    for (const vp_node *n = vp_node_child(ids, "iothread"); r == 0 && n != NULL; n = vp_node_same(n)) {
        const char *id = vp_node_attr(n, "id");
        r = id != NULL ? tune(work, id, err) : 0;
    }
    return r;
}
