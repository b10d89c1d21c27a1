/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest.h"

#include <string.h>

#include "log.h"
#include "text.h"

void vp_hook_guest_done(struct vp_hook_guest *guest)
{
    vp_pending_done(&guest->pending);
    vp_result_done(&guest->result);
    vp_entry_free(guest->entry);
    vp_placer_free(guest->placer);
    vp_domain_free(guest->domain);
}

void vp_hook_say(void *cookie, const char *sentence)
{
    (void)cookie;
    vp_log(VP_LOG_WARNING, "%s", sentence);
}

struct vp_here vp_hook_here(const struct vp_hook_call *call)
{
    return (struct vp_here){
        .root = call->root,
        .host = call->engine->host,
        .conf = call->conf,
        .say = vp_hook_say,
    };
}

int vp_hook_guest_read(const struct vp_hook_call *call, struct vp_hook_guest *guest, struct vp_error **err)
{
    return vp_domain_parse(call->text, call->len, "the definition from libvirt", &guest->domain, err);
}

static struct vp_entry *new_entry(const struct vp_hook_call *call, const struct vp_domain *domain)
{
    struct vp_entry *entry = vp_entry_from_domain(domain);
    /* A daemon that is not found leaves the entry until the guest runs or is released. */
    (void)vp_process_read(call->root, call->daemon, &entry->maker, NULL);
    return entry;
}

static bool is_one_of(const char *const *names, const char *name)
{
    while (*names != NULL && !vp_same(*names, name))
        names++;
    return *names != NULL;
}

/*
 * What a definition lacks of its place is no matter to tell: where the guest got one, its threads are put
 * there
 * once they run, and where it got none, that is what is told.
 */
static bool is_of_place(const struct vp_hook_guest *guest, const struct vp_lack *lack)
{
    static const char *const pins[] = {"cpu.placement", "cpu.emulator", "cpu.iothreads", "memory.cells",
                                       NULL};
    static const char *const rest[] = {"memory.numa", "cpu.hint-dedicated", NULL};
    if (guest->result.plan->unplaced != NULL)
        return is_one_of(pins, lack->knob) || is_one_of(rest, lack->knob);
    return guest->entry->placement != NULL && is_one_of(pins, lack->knob);
}

static void take_pending(struct vp_hook_guest *guest)
{
    struct vp_entry *entry = guest->entry;
    size_t n = 0;
    entry->pending = vp_alloc(guest->pending.n + 1, sizeof(entry->pending[0]));
    for (size_t i = 0; i < guest->pending.n; i++)
        if (!is_of_place(guest, &guest->pending.items[i]))
            entry->pending[n++] = vp_strdup(guest->pending.items[i].text);
}

int vp_hook_guest_place(const struct vp_hook_call *call, enum vp_phase phase, struct vp_hook_guest *guest,
                        struct vp_error **err)
{
    const struct vp_request request = {.phase = phase, .starting = true};
    struct vp_engine engine = *call->engine;
    guest->entry = new_entry(call, guest->domain);
    guest->placer = vp_ledger_placer(call->root, call->engine->host, call->conf, guest->entry->uuid,
                                     guest->entry, vp_hook_say, NULL);
    engine.placer = guest->placer;
    vp_autodomain asked = vp_domain_copy(guest->domain);
    const int r = vp_engine_plan(&engine, &request, asked, &guest->result, err);
    if (r < 0) {
        /* It may start all the same, as its definition is, and `started` must not find it unknown. */
        (void)vp_hook_guest_store(call, guest, NULL);
        return r;
    }
    if (guest->result.plan != NULL) {
        guest->entry->profile = vp_strdup(guest->result.profile->name);
        vp_entry_take_wants(guest->entry, guest->result.plan);
        /* Pins that lead to a place which it did not get are of no use to it, and in the way of others. */
        if (guest->result.plan->unplaced != NULL)
            vp_entry_unpin(guest->entry);
        vp_engine_pending(&guest->result, engine.registry, guest->domain, phase, &guest->pending);
        take_pending(guest);
    }
    return vp_hook_guest_store(call, guest, err);
}

const struct vp_topology *vp_hook_guest_topology(const struct vp_hook_guest *guest)
{
    const struct vp_topology *topology = NULL;
    if (guest->placer == NULL || guest->placer->topology(guest->placer, &topology, NULL) < 0)
        return NULL;
    return topology;
}

int vp_hook_guest_store(const struct vp_hook_call *call, const struct vp_hook_guest *guest,
                        struct vp_error **err)
{
    vp_autoledger ledger = NULL;
    const struct vp_topology *topology =
        guest->entry->placement != NULL ? vp_hook_guest_topology(guest) : NULL;
    int r = vp_ledger_open(call->root, topology, true, vp_hook_say, NULL, &ledger, err);
    if (r == 0)
        r = vp_ledger_lock(ledger, err);
    return r < 0 ? r : vp_ledger_store(ledger, guest->entry, err);
}

void vp_hook_left_done(struct vp_hook_left *left)
{
    free(left->failed);
}

static void take_left(const struct vp_happenings *happenings, struct vp_hook_left *ret_left)
{
    struct vp_hook_left left = {.again = happenings->again};
    for (size_t i = 0; i < happenings->n; i++) {
        const struct vp_happening *it = &happenings->items[i];
        vp_log(vp_happening_priority(it), "%s: %s", it->what, it->why);
        if (it->outcome == VP_OUTCOME_FAILED && it->essential && left.failed == NULL)
            left.failed = vp_asprintf("%s: %s", it->what, it->why);
    }
    if (ret_left != NULL)
        *ret_left = left;
    else
        vp_hook_left_done(&left);
}

int vp_hook_converge(const struct vp_hook_call *call, struct vp_hook_left *ret_left, struct vp_error **err)
{
    const struct vp_here here = vp_hook_here(call);
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
    const int r =
        call->lock >= 0 ? vp_converge_locked(&here, &happenings, err) : vp_converge(&here, &happenings, err);
    if (r == 0)
        take_left(&happenings, ret_left);
    return r;
}
