/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "ceiling.h"
#include "guest.h"
#include "irqwants.h"
#include "ksm.h"
#include "log.h"
#include "overcommit.h"
#include "strbuf.h"

/* How many of the missing settings a message names. */
#define NAMED 5

/* What the operator reads in the error of `virsh start`, so one sentence with the remedy in it. */
static enum vp_hook_outcome refuse(const char *sentence)
{
    vp_log(VP_LOG_ERROR, "%s", sentence);
    (void)fprintf(stderr, "virt-profile: %s\n", sentence); /* no one is left to tell */
    return VP_HOOK_REFUSED;
}

static bool tag_refuses(const struct vp_domain *domain)
{
    struct vp_tag tag;
    return vp_tag_read(domain, &tag) && tag.enforce != NULL &&
           strcmp(tag.enforce, vp_enforce_names[VP_ENFORCE_REFUSE]) == 0;
}

/* The plan could not be made: the profile is missing or wrong. */
static enum vp_hook_outcome cannot_plan(const struct vp_hook_call *call, const char *why)
{
    if (!*call->refuse) {
        vp_log(VP_LOG_ERROR, "%s; the guest starts as its definition is", why);
        return VP_HOOK_FAILED;
    }
    vp_autofree char *sentence =
        vp_asprintf("%s; the start is refused as the domain asks for enforce=refuse, mend "
                    "the profile or run 'virt-profile clear %s'",
                    why, call->domain);
    return refuse(sentence);
}

/* Those that `started` does not bring to the running guest. */
static size_t count_missing(const struct vp_hook_guest *guest)
{
    size_t n = 0;
    while (guest->entry->pending != NULL && guest->entry->pending[n] != NULL)
        n++;
    return n;
}

static char *name_some(const struct vp_hook_guest *guest, size_t n)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < n && i < NAMED; i++)
        vp_strbuf_join(&buf, "; ", guest->entry->pending[i]);
    if (n > NAMED)
        vp_strbuf_addf(&buf, "; and %zu more", n - NAMED);
    return vp_strbuf_take(&buf);
}

/* Does its definition hold what the profile says? */
static enum vp_hook_outcome judge_definition(const struct vp_hook_call *call,
                                             const struct vp_hook_guest *guest)
{
    const struct vp_profile *profile = guest->result.profile;
    const size_t n = count_missing(guest);
    if (n == 0)
        return VP_HOOK_DONE;
    vp_autofree char *some = name_some(guest, n);
    if (profile->enforce == VP_ENFORCE_REFUSE) {
        vp_autofree char *sentence = vp_asprintf(
            "domain '%s' is refused: %zu setting%s of profile '%s' %s missing from its definition (%s), "
            "run 'virt-profile apply %s' and start it again",
            call->domain, n, n == 1 ? "" : "s", profile->name, n == 1 ? "is" : "are", some, call->domain);
        return refuse(sentence);
    }
    vp_log(VP_LOG_WARNING,
           "domain '%s' starts with %zu setting%s of profile '%s' pending until its next cold start: "
           "%s; run 'virt-profile apply %s'",
           call->domain, n, n == 1 ? "" : "s", profile->name, some, call->domain);
    return VP_HOOK_DONE;
}

/* Something that the profile promises and this host cannot give now. */
static enum vp_hook_outcome fall_short(const struct vp_hook_call *call, const struct vp_hook_guest *guest,
                                       const char *why)
{
    if (guest->result.profile->enforce == VP_ENFORCE_REFUSE) {
        vp_autofree char *sentence = vp_asprintf(
            "domain '%s' is refused, as its profile '%s' asks for: %s; make room, or run "
            "'virt-profile assign --enforce=start %s %s' to start it all the same",
            call->domain, guest->result.profile->name, why, call->domain, guest->result.profile->name);
        return refuse(sentence);
    }
    vp_log(VP_LOG_WARNING, "domain '%s' starts without all that profile '%s' promises: %s", call->domain,
           guest->result.profile->name, why);
    return VP_HOOK_DONE;
}

/* Would the guest push the host into its last memory? */
static enum vp_hook_outcome guard_memory(const struct vp_hook_call *call, const struct vp_hook_guest *guest)
{
    vp_autoerror err = NULL;
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    if (vp_want_find(guest->entry, "memory.overcommit-guard") == NULL)
        return VP_HOOK_DONE;
    int r = vp_ledger_entries(call->root, vp_hook_guest_topology(guest), vp_hook_say, NULL, &entries, &err);
    if (r == 0)
        r = vp_overcommit_check(call->root, call->conf, &entries, guest->entry->uuid,
                                vp_overcommit_kib(guest->entry), &err);
    return r == 0 ? VP_HOOK_DONE : fall_short(call, guest, err->message);
}

/* The first cell whose vCPUs found no CPU where its memory is bound to be; NULL: there is none. */
static const struct vp_guest_cell *torn_cell(const struct vp_hook_guest *guest)
{
    const struct vp_placement *placement = guest->entry->placement;
    const bool bound = placement != NULL && placement->policy != VP_POLICY_SHARED && !placement->spread;
    const struct vp_topology *topology = bound ? vp_hook_guest_topology(guest) : NULL;
    for (unsigned i = 0; topology != NULL && i < placement->n_cells; i++) {
        const struct vp_guest_cell *cell = &placement->cells[i];
        if (cell->n > 0 && topology->nodes[cell->node].home != cell->memory_node)
            return cell;
    }
    return NULL;
}

static enum vp_hook_outcome judge_place(const struct vp_hook_call *call, const struct vp_hook_guest *guest)
{
    if (guest->result.plan->unplaced != NULL)
        return fall_short(call, guest, guest->result.plan->unplaced->message);
    const struct vp_guest_cell *cell = torn_cell(guest);
    if (cell == NULL)
        return VP_HOOK_DONE;
    const struct vp_topology *topology = vp_hook_guest_topology(guest);
    vp_autofree char *why =
        vp_asprintf("its definition binds its memory to node %u, where not enough CPUs are free, and those "
                    "of its vCPUs are on node %u",
                    topology->nodes[cell->memory_node].os, topology->nodes[cell->node].os);
    return fall_short(call, guest, why);
}

static enum vp_hook_outcome judge(const struct vp_hook_call *call, const struct vp_hook_guest *guest)
{
    const enum vp_hook_outcome outcome = judge_definition(call, guest);
    return outcome != VP_HOOK_DONE ? outcome : judge_place(call, guest);
}

/* A service that sets KSM itself undoes what the guests voted for. */
static void warn_of_rivals(const struct vp_hook_call *call, const struct vp_hook_guest *guest)
{
    vp_autofree char *rival = vp_want_find(guest->entry, "ksm.run") != NULL ? vp_ksm_rival(call->root) : NULL;
    if (rival != NULL)
        vp_log(VP_LOG_WARNING, "domain '%s': ksm.run: %s", call->domain, rival);
}

/* What has to be there before QEMU is. */
static enum vp_hook_outcome deliver(const struct vp_hook_call *call, const struct vp_hook_guest *guest)
{
    vp_autoerror limit = NULL;
    vp_autoerror err = NULL;
    VP_CLEANUP(vp_hook_left_done) struct vp_hook_left left = {0};
    warn_of_rivals(call, guest);
    /* A guest that starts without its limits gets the rest. */
    if (vp_ceiling_set(call->root, guest->entry, vp_hook_guest_topology(guest), guest->domain, &limit) < 0 &&
        fall_short(call, guest, limit->message) == VP_HOOK_REFUSED)
        return VP_HOOK_REFUSED;
    if (vp_hook_converge(call, &left, &err) < 0)
        return fall_short(call, guest, err->message);
    return left.failed != NULL ? fall_short(call, guest, left.failed) : VP_HOOK_DONE;
}

/* An earlier run whose `release` was killed: its entry, with its number, goes as this one's is stored. */
static void end_earlier(const struct vp_hook_call *call, const struct vp_hook_guest *guest)
{
    vp_autofree char *uuid = vp_domain_uuid(guest->domain);
    vp_autoledger ledger = NULL;
    vp_autoentry earlier = NULL;
    vp_autoentry now = vp_entry_from_domain(guest->domain);
    if (vp_ledger_open(call->root, NULL, true, vp_hook_say, NULL, &ledger, NULL) < 0 ||
        vp_ledger_find(ledger, uuid, &earlier, NULL) < 0 || earlier->id == now->id)
        return;
    (void)vp_ceiling_remove(call->root, earlier, guest->domain, NULL); /* it is in nobody's way */
}

static enum vp_hook_outcome place(const struct vp_hook_call *call, const struct vp_hook_op *op,
                                  struct vp_hook_guest *guest)
{
    vp_autoerror err = NULL;
    end_earlier(call, guest);
    if (vp_hook_guest_place(call, op->phase, guest, &err) < 0)
        return cannot_plan(call, err->message);
    if (guest->result.plan == NULL)
        return VP_HOOK_DONE;
    *call->refuse = guest->result.profile->enforce == VP_ENFORCE_REFUSE;
    enum vp_hook_outcome outcome = judge(call, guest);
    if (outcome == VP_HOOK_DONE)
        outcome = guard_memory(call, guest);
    return outcome == VP_HOOK_DONE ? deliver(call, guest) : outcome;
}

enum vp_hook_outcome vp_hook_prepare(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    vp_autoerror err = NULL;
    VP_CLEANUP(vp_hook_guest_done) struct vp_hook_guest guest = {0};
    if (vp_hook_guest_read(call, &guest, &err) < 0)
        return cannot_plan(call, err->message);
    *call->refuse = tag_refuses(guest.domain);
    const enum vp_hook_outcome outcome = place(call, op, &guest);
    if (outcome == VP_HOOK_REFUSED)
        vp_hook_guest_end(call, guest.domain);
    return outcome;
}
