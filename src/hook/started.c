/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "guest.h"
#include "irqwants.h"
#include "log.h"
#include "threadplace.h"

/* The entry that `prepare` made. A guest without one gets its place now: it ran before the hook was there. */
static int find_entry(const struct vp_hook_call *call, const struct vp_hook_op *op,
                      struct vp_hook_guest *guest, struct vp_error **err)
{
    const struct vp_topology *topology = NULL;
    vp_autoledger ledger = NULL;
    vp_autofree char *uuid = vp_domain_uuid(guest->domain);
    guest->placer =
        vp_ledger_placer(call->root, call->engine->host, call->conf, uuid, NULL, vp_hook_say, NULL);
    int r = guest->placer->topology(guest->placer, &topology, err);
    if (r == 0)
        r = vp_ledger_open(call->root, topology, true, vp_hook_say, NULL, &ledger, err);
    if (r < 0)
        return r;
    vp_autoerror own = NULL;
    r = vp_ledger_find(ledger, uuid, &guest->entry, &own);
    if (r == 0)
        return 0;
    vp_placer_free(vp_take(&guest->placer));
    return vp_hook_guest_place(call, op->phase, guest, err);
}

static int note_running(const struct vp_hook_call *call, struct vp_hook_guest *guest, struct vp_error **err)
{
    const int r = vp_process_qemu(call->root, guest->entry->name, &guest->entry->qemu, err);
    if (r < 0)
        return r;
    guest->entry->state = VP_ENTRY_RUNNING;
    vp_irq_wants(call->root, guest->domain, guest->entry);
    return vp_hook_guest_store(call, guest, err);
}

static int place_threads(const struct vp_hook_call *call, const struct vp_hook_guest *guest,
                         struct vp_error **err)
{
    VP_CLEANUP(vp_threadplace_done) struct vp_threadplace result = {0};
    const int r = vp_threads_place(call->root, guest->entry, &result, err);
    if (r == 0 && result.failed > 0)
        vp_log(VP_LOG_WARNING, "domain '%s': %u of %u threads are not where they belong: %s", call->domain,
               result.failed, result.n, result.first);
    return r;
}

enum vp_hook_outcome vp_hook_started(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    vp_autoerror err = NULL;
    VP_CLEANUP(vp_hook_guest_done) struct vp_hook_guest guest = {0};
    VP_CLEANUP(vp_hook_left_done) struct vp_hook_left left = {0};
    int r = vp_hook_guest_read(call, &guest, &err);
    if (r == 0)
        r = find_entry(call, op, &guest, &err);
    if (r == 0)
        r = note_running(call, &guest, &err);
    if (r == 0)
        r = place_threads(call, &guest, &err);
    if (r == 0)
        r = vp_hook_converge(call, &left, &err);
    if (r == 0)
        vp_hook_watch(call, guest.entry, left.again);
    if (r < 0)
        vp_log(VP_LOG_ERROR, "domain '%s': %s: %s; the guest runs on as it is", call->domain, op->name,
               err->message);
    return r < 0 ? VP_HOOK_FAILED : VP_HOOK_DONE;
}
