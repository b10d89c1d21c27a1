/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "ceiling.h"
#include "guest.h"
#include "log.h"

/* Its entry goes last: as long as it is there, the next hook finishes what is left. */
static int give_back(const struct vp_hook_call *call, const struct vp_domain *domain, struct vp_error **err)
{
    vp_autofree char *uuid = vp_domain_uuid(domain);
    vp_autoledger ledger = NULL;
    vp_autoentry entry = NULL;
    vp_autoerror absent = NULL;
    int r = vp_ledger_open(call->root, NULL, true, vp_hook_say, NULL, &ledger, err);
    if (r == 0)
        r = vp_ledger_lock(ledger, err);
    if (r < 0)
        return r;
    if (vp_ledger_find(ledger, uuid, &entry, &absent) == 0) {
        r = vp_ceiling_remove(call->root, entry, domain, err);
        if (r < 0)
            return r;
    }
    return vp_ledger_remove(ledger, uuid, err);
}

int vp_hook_guest_end(const struct vp_hook_call *call, const struct vp_domain *domain)
{
    vp_autoerror err = NULL;
    VP_CLEANUP(vp_hook_left_done) struct vp_hook_left left = {0};
    int r = give_back(call, domain, &err);
    if (r == 0)
        r = vp_hook_converge(call, &left, &err);
    if (r == 0)
        vp_hook_watch(call, NULL, left.again);
    if (r < 0)
        vp_log(VP_LOG_ERROR, "domain '%s': %s; 'virt-profile restore-host' takes back what is left",
               call->domain, err->message);
    return r;
}

enum vp_hook_outcome vp_hook_release(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    (void)op;
    vp_autoerror err = NULL;
    VP_CLEANUP(vp_hook_guest_done) struct vp_hook_guest guest = {0};
    if (vp_hook_guest_read(call, &guest, &err) < 0) {
        vp_log(VP_LOG_ERROR, "domain '%s': %s", call->domain, err->message);
        return VP_HOOK_FAILED;
    }
    return vp_hook_guest_end(call, guest.domain) < 0 ? VP_HOOK_FAILED : VP_HOOK_DONE;
}
