/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify.h"

#include <errno.h>
#include <string.h>

#include "guestgroup.h"
#include "heldplace.h"
#include "irqwants.h"
#include "livecalls.h"
#include "place.h"
#include "probe.h"
#include "size.h"
#include "text.h"
#include "topology.h"

#define LIVE "live definition"
#define LEDGER "ledger"
#define HOST_PREFIX "host/"
/* The kernel counts memory in pages, of 64 KiB at most where QEMU runs. */
#define PAGE_KIB 64

void vp_verify_done(struct vp_verify *verify)
{
    vp_checks_done(&verify->checks);
    free(verify->profile);
    *verify = (struct vp_verify){0};
}

/* One look at a guest. All borrowed. */
struct look {
    const struct vp_engine *engine;
    const struct vp_domain *have;
    const struct vp_entry *entry;
    struct vp_probe *probe;
    struct vp_checks *checks;
};

/* A value for people: of elements the name, as they are long, and may hold what is not for all to read. */
static char *shown(const struct vp_action *action, const char *value)
{
    struct vp_step step = {.name = ""};
    if (value == NULL)
        return NULL;
    if (action->kind == VP_ACTION_ATTRIBUTE || action->kind == VP_ACTION_TEXT)
        return vp_strdup(value);
    const char *slash = strrchr(action->target, '/');
    (void)vp_place_step(slash != NULL ? slash + 1 : action->target, &step);
    return vp_asprintf("<%s>", step.name);
}

static bool is_near(const char *a, const char *b)
{
    uint64_t x = 0;
    uint64_t y = 0;
    if (vp_u64_parse(a, 0, UINT64_MAX, &x) < 0 || vp_u64_parse(b, 0, UINT64_MAX, &y) < 0)
        return false;
    return (x > y ? x - y : y - x) < PAGE_KIB;
}

/* Does what was found mean what is wanted? NULL on either side is the kernel's own value. */
static bool is_as_wanted(const struct look *look, const struct vp_action *action, const char *effective)
{
    static const char *const defaults[] = {"0", "-1", "100000", NULL};
    const char *wanted = action->value;
    if (effective != NULL && wanted != NULL)
        return vp_same(effective, wanted) ||
               (vp_starts(action->target, "memtune/") && is_near(effective, wanted));
    if (effective == NULL && wanted == NULL)
        return true;
    const char *said = wanted != NULL ? wanted : effective;
    if (vp_same(action->target, "cputune/shares"))
        return vp_same(said, look->probe->unified ? "100" : "1024");
    for (size_t i = 0; wanted != NULL && defaults[i] != NULL; i++)
        if (vp_same(said, defaults[i]))
            return true;
    return false;
}

/* A pin that was taken out of a guest that runs stays in its live definition: to all CPUs there are. */
static bool is_everywhere(const struct look *look, const char *found)
{
    vp_autofree char *cpus = NULL;
    vp_autofree char *nodes = NULL;
    vp_autobitmap all = NULL;
    vp_autobitmap set = NULL;
    return found != NULL && vp_host_lists(look->engine->host, &cpus, &nodes, NULL) == 0 &&
           vp_bitmap_parse(cpus, "CPUs", &all, NULL) == 0 &&
           vp_bitmap_parse(found, "CPUs", &set, NULL) == 0 && hwloc_bitmap_isincluded(all, set);
}

/* The pin that an element to be taken out holds. */
static const char *pin_at(const struct look *look, const char *target)
{
    struct vp_place place;
    if (!vp_starts(target, "cputune/") || vp_place_resolve(look->have->root, target, &place) < 0 ||
        *place.rest != '\0' || place.attr != NULL)
        return NULL;
    return vp_node_attr(place.node, "cpuset");
}

static void check_live(const struct look *look, const struct vp_action *action)
{
    vp_autofree char *found = NULL;
    vp_autofree char *effective = NULL;
    const char *where = NULL;
    const bool said = vp_verify_definition(action, look->have, &found) == VP_VERDICT_OK;
    vp_autofree char *wanted = shown(action, action->value);
    if (vp_probe_action(look->probe, action, &effective, &where)) {
        (void)vp_checks_add(look->checks,
                            is_as_wanted(look, action, effective) ? VP_HOLD_OK : VP_HOLD_DIFFERS,
                            action->knob, action->target, wanted, effective, where);
        return;
    }
    vp_autofree char *have = shown(action, found);
    const bool undone = action->value == NULL && is_everywhere(look, pin_at(look, action->target));
    (void)vp_checks_add(look->checks, said || undone ? VP_HOLD_OK : VP_HOLD_DIFFERS, action->knob,
                        action->target, wanted, have, LIVE);
}

static void check_start(const struct look *look, const struct vp_action *action)
{
    const struct vp_knob *knob = vp_registry_find(look->engine->registry, action->knob);
    vp_autofree char *found = NULL;
    const enum vp_verdict verdict = knob != NULL && knob->verify != NULL
                                        ? knob->verify(action, look->have, &found)
                                        : vp_verify_definition(action, look->have, &found);
    vp_autofree char *wanted = shown(action, action->value);
    vp_autofree char *have = shown(action, found);
    (void)vp_checks_add(look->checks, verdict == VP_VERDICT_OK ? VP_HOLD_OK : VP_HOLD_PENDING, action->knob,
                        action->target, wanted, have, LIVE);
}

/* What the guest voted for at its start holds or not by vp_hostcheck(); the rest is voted for next time. */
static void check_vote(const struct look *look, const struct vp_action *action)
{
    const char *name = action->target + strlen(HOST_PREFIX);
    const struct vp_want *want = look->entry != NULL ? vp_want_find(look->entry, name) : NULL;
    const char *value = want != NULL ? want->value : NULL;
    if (want == NULL || !(vp_same(value, action->value) || value == action->value))
        (void)vp_checks_add(look->checks, VP_HOLD_PENDING, action->knob, name, action->value, value, LEDGER);
}

/* The place in "disk.cache: devices/disk[vda]/driver/@cache is left from an earlier profile". Owned. */
static char *place_of(const struct vp_lack *lack)
{
    const char *colon = strstr(lack->text, ": ");
    const char *at = colon != NULL ? colon + strlen(": ") : lack->text;
    return vp_strndup(at, strcspn(at, " "));
}

/* What the guest still has of a profile that does not want it any more: what can go now, and what cannot. */
static void check_leftovers(const struct look *look, const struct vp_result *result, enum vp_phase phase)
{
    VP_CLEANUP(vp_pending_done) struct vp_pending left = {0};
    vp_engine_leftovers(result, look->engine->registry, look->have, phase, &left);
    for (size_t i = 0; i < left.n; i++) {
        const bool live = left.items[i].effect == VP_EFFECT_LIVE;
        vp_autofree char *at = place_of(&left.items[i]);
        if (live == (phase == VP_PHASE_LIVE))
            (void)vp_checks_add(look->checks, live ? VP_HOLD_DIFFERS : VP_HOLD_PENDING, left.items[i].knob,
                                at, "as without a profile", "as an earlier profile had it", LIVE);
    }
}

static int plan(const struct look *look, const struct vp_domain *tagged, enum vp_phase phase, uint64_t age,
                struct vp_placer *placer, struct vp_result *ret_result, struct vp_error **err)
{
    const struct vp_request request = {.phase = phase, .age = age};
    struct vp_engine engine = *look->engine;
    engine.placer = placer;
    vp_autodomain asked = vp_domain_copy(tagged);
    if (phase == VP_PHASE_LIVE)
        vp_live_read_polling(look->probe->guest, asked);
    return vp_engine_plan(&engine, &request, asked, ret_result, err);
}

/* @live: what may change now; the plan for a start has the rest, and what is voted for */
static void check_all(const struct look *look, const struct vp_result *live, const struct vp_result *start)
{
    for (size_t i = 0; i < live->plan->n; i++)
        if (live->plan->actions[i].kind != VP_ACTION_HOST)
            check_live(look, &live->plan->actions[i]);
    for (size_t i = 0; i < start->plan->n; i++) {
        const struct vp_action *action = &start->plan->actions[i];
        if (action->kind == VP_ACTION_HOST)
            check_vote(look, action);
        else if (action->effect != VP_EFFECT_LIVE)
            check_start(look, action);
    }
    if (start->plan->unplaced != NULL)
        (void)vp_checks_add(look->checks, VP_HOLD_PENDING, "cpu.placement", "place of the guest", "a place",
                            NULL, LEDGER);
    check_leftovers(look, live, VP_PHASE_LIVE);
    check_leftovers(look, start, VP_PHASE_COLD);
}

/* Is the stored definition as the profile would make it? */
static int look_at_stored(const struct vp_engine *engine, const struct vp_guest *guest,
                          struct vp_verify *verify, struct vp_error **err)
{
    const struct vp_request as_tagged = {0};
    vp_autofree char *text = NULL;
    vp_autofree char *other = NULL;
    vp_autoerror error = NULL;
    size_t len = 0;
    int r = vp_guest_peek(guest, &text, &error);
    if (r == -ENOTSUP) {
        verify->transient = true;
        return 0;
    }
    if (r < 0 && err != NULL)
        *err = vp_take(&error);
    if (r == 0)
        r = vp_engine_rewrite(engine, &as_tagged, text, strlen(text), vp_guest_name(guest), &other, &len,
                              err);
    if (r == 0)
        verify->stale = other != NULL;
    return r;
}

/* A guest as it is, with the tag that it is to follow, and as its next start begins (NULL: as it is). */
struct domains {
    struct vp_domain *have, *tagged, *stored;
};

static void domains_done(struct domains *domains)
{
    vp_domain_free(domains->have);
    vp_domain_free(domains->tagged);
    vp_domain_free(domains->stored);
}

/* All that libvirt knows of. */
static int look_at(const struct vp_engine *engine, const struct vp_guest *guest, const struct vp_entry *entry,
                   uint64_t age, const struct domains *domains, struct vp_verify *verify,
                   struct vp_error **err)
{
    VP_CLEANUP(vp_result_done) struct vp_result live = {0};
    VP_CLEANUP(vp_result_done) struct vp_result start = {0};
    VP_CLEANUP(vp_probe_done)
    struct vp_probe probe = {.guest = guest, .unified = vp_cgroups_are_unified(engine->profiles.root)};
    const struct look look = {engine, domains->have, entry, &probe, &verify->checks};
    vp_autoplacer held = vp_heldplace_placer(entry, engine->placer);
    int r = plan(&look, domains->tagged, VP_PHASE_LIVE, age, held, &live, err);
    if (r == 0)
        r = plan(&look, domains->stored != NULL ? domains->stored : domains->tagged, VP_PHASE_COLD, age, held,
                 &start, err);
    if (r < 0)
        return r;
    if (start.profile == NULL || live.plan == NULL)
        return 0;
    verify->profile = vp_strdup(start.profile->name);
    check_all(&look, &live, &start);
    return look_at_stored(engine, guest, verify, err);
}

int vp_verify_guest(const struct vp_engine *engine, const struct vp_guest *guest, const struct vp_here *here,
                    const struct vp_entry *entry, uint64_t age, struct vp_verify *ret_verify,
                    struct vp_error **err)
{
    VP_CLEANUP(vp_verify_done) struct vp_verify verify = {0};
    VP_CLEANUP(domains_done) struct domains domains = {0};
    int r = vp_live_read(guest, &domains.have, &domains.tagged, &domains.stored, err);
    if (r == 0 && domains.tagged != NULL) {
        vp_live_read_polling(guest, domains.have);
        r = look_at(engine, guest, entry, age, &domains, &verify, err);
        if (r == 0 && here != NULL && entry != NULL && entry->state == VP_ENTRY_RUNNING)
            r = vp_hostcheck(here, entry, domains.have, &verify.checks, err);
    }
    if (r < 0)
        return r;
    *ret_verify = verify;
    verify = (struct vp_verify){0};
    return 0;
}
