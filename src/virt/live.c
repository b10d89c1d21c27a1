/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "live.h"

#include <errno.h>
#include <string.h>

#include "heldplace.h"
#include "livecalls.h"
#include "topology.h"

void vp_live_done(struct vp_live *live)
{
    for (size_t i = 0; i < live->n; i++) {
        free(live->items[i].what);
        free(live->items[i].why);
    }
    free(live->items);
    free(live->profile);
    *live = (struct vp_live){0};
}

static int parse(const struct vp_guest *guest, const char *text, struct vp_domain **ret_domain,
                 struct vp_error **err)
{
    const int r = vp_domain_parse(text, strlen(text), vp_guest_name(guest), ret_domain, err);
    if (r == 0)
        vp_record_normalize(*ret_domain);
    return r;
}

static int read_live(const struct vp_guest *guest, struct vp_domain **ret_domain, struct vp_error **err)
{
    vp_autofree char *text = NULL;
    enum vp_guest_state state;
    const int r = vp_guest_read_live(guest, &state, &text, err);
    if (r < 0)
        return r;
    if (state != VP_GUEST_RUNNING)
        return vp_fail(err, ESRCH, "domain '%s' does not run", vp_guest_name(guest));
    return parse(guest, text, ret_domain, err);
}

/* What the guest is to follow: the stored definition, of a transient guest NULL. */
static int read_stored(const struct vp_guest *guest, struct vp_domain **ret_domain, struct vp_error **err)
{
    vp_autofree char *text = NULL;
    vp_autoerror error = NULL;
    const int r = vp_guest_peek(guest, &text, &error);
    if (r == -ENOTSUP) {
        *ret_domain = NULL;
        return 0;
    }
    if (r < 0 && err != NULL)
        *err = vp_take(&error);
    return r < 0 ? r : parse(guest, text, ret_domain, err);
}

/* The tag for virDomainSetMetadata(), which gives it and all in it the name space. */
static char *tag_text(const struct vp_domain *domain)
{
    struct vp_tag tag;
    if (!vp_tag_read(domain, &tag))
        return NULL;
    vp_node *copy = vp_node_copy(domain->doc, tag.node);
    vp_node_drop_ns(copy, VP_TAG_NS);
    char *text = vp_node_format(copy);
    vp_node_free(copy);
    return text;
}

/*
 * Before anything is set: a record of what could not be set does no harm. Also the first to find out that
 * libvirt is busy.
 */
static int note_record(struct vp_live_work *work, struct vp_error **err)
{
    const struct vp_guest *guest = work->guest;
    vp_autofree char *have = tag_text(work->have);
    vp_autofree char *want = tag_text(work->want);
    if (have != NULL && strcmp(have, want) == 0)
        return 0;
    const int rc = guest->conn->api.virDomainSetMetadata(guest->domain, VIR_DOMAIN_METADATA_ELEMENT, want,
                                                         "vp", VP_TAG_NS, VIR_DOMAIN_AFFECT_LIVE);
    return rc < 0 ? vp_live_note(work, rc, vp_strdup("the record of its settings"), err) : 0;
}

static int set_all(struct vp_live_work *work, struct vp_error **err)
{
    static int (*const groups[])(struct vp_live_work * work, struct vp_error * *err) = {
        vp_live_disks, vp_live_nics, vp_live_scheduler, vp_live_memory, vp_live_polling, vp_live_pins,
    };
    int r = note_record(work, err);
    for (size_t i = 0; i < VP_ARRAY_SIZE(groups) && r == 0; i++)
        r = groups[i](work, err);
    return r;
}

/* What the live definition should be, by the tag in it. */
static int want_of(const struct vp_engine *engine, const struct vp_entry *entry, uint64_t age,
                   struct vp_domain *tagged, struct vp_result *ret_result, struct vp_error **err)
{
    const struct vp_request request = {.phase = VP_PHASE_LIVE, .age = age};
    vp_autoplacer held = vp_heldplace_placer(entry, engine->placer);
    struct vp_engine own = *engine;
    own.placer = held;
    VP_CLEANUP(vp_result_done) struct vp_result result = {0};
    int r = vp_engine_plan(&own, &request, tagged, &result, err);
    if (r == 0)
        r = vp_record_apply(result.plan, VP_PHASE_LIVE, result.base, tagged, err);
    if (r < 0)
        return r;
    *ret_result = result;
    result = (struct vp_result){0};
    return 0;
}

static int host_cpus(const struct vp_engine *engine, hwloc_bitmap_t *ret_cpus, struct vp_error **err)
{
    vp_autofree char *cpus = NULL;
    vp_autofree char *nodes = NULL;
    const int r = vp_host_lists(engine->host, &cpus, &nodes, err);
    return r < 0 ? r : vp_bitmap_parse(cpus, "the host's CPUs", ret_cpus, err);
}

/* @tagged: the live definition with the tag that it is to follow */
static int apply(const struct vp_engine *engine, struct vp_live_work *work, const struct vp_entry *entry,
                 uint64_t age, struct vp_domain *tagged, struct vp_error **err)
{
    VP_CLEANUP(vp_result_done) struct vp_result result = {0};
    vp_autobitmap cpus = NULL;
    int r = want_of(engine, entry, age, tagged, &result, err);
    if (r == 0)
        r = host_cpus(engine, &cpus, err);
    if (r < 0)
        return r;
    work->want = result.base;
    work->cpus = cpus;
    work->root = engine->profiles.root;
    work->result->profile = vp_strdup(result.profile->name);
    work->result->again = result.plan->again;
    return set_all(work, err);
}

int vp_live_read(const struct vp_guest *guest, struct vp_domain **ret_have, struct vp_domain **ret_tagged,
                 struct vp_domain **ret_stored, struct vp_error **err)
{
    vp_autodomain have = NULL;
    vp_autodomain stored = NULL;
    struct vp_tag tag;
    int r = read_live(guest, &have, err);
    if (r == 0)
        r = read_stored(guest, &stored, err);
    if (r < 0)
        return r;
    *ret_tagged = NULL;
    if (vp_tag_read(stored != NULL ? stored : have, &tag) && !vp_tag_opts_out(&tag)) {
        *ret_tagged = vp_domain_copy(have);
        if (stored != NULL)
            vp_tag_adopt(*ret_tagged, &tag);
    }
    *ret_have = vp_take(&have);
    *ret_stored = vp_take(&stored);
    return 0;
}

int vp_live_apply(const struct vp_engine *engine, const struct vp_guest *guest, const struct vp_entry *entry,
                  uint64_t age, struct vp_live *ret_live, struct vp_error **err)
{
    VP_CLEANUP(vp_live_done) struct vp_live live = {0};
    vp_autodomain have = NULL;
    vp_autodomain tagged = NULL;
    vp_autodomain stored = NULL;
    int r = vp_live_read(guest, &have, &tagged, &stored, err);
    if (r == 0 && have != NULL && tagged != NULL) {
        struct vp_live_work work = {.guest = guest, .have = have, .result = &live};
        vp_live_read_polling(guest, have);
        vp_live_read_polling(guest, tagged);
        r = apply(engine, &work, entry, age, tagged, err);
    }
    if (r < 0)
        return r;
    *ret_live = live;
    live = (struct vp_live){0};
    return 0;
}
