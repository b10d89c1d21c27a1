/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "file.h"
#include "guest.h"
#include "log.h"

enum vp_hook_outcome vp_hook_filter(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    vp_autoerror err = NULL;
    vp_autofree char *text = NULL;
    size_t len = 0;
    const struct vp_request request = {.phase = op->phase};
    vp_autodomain domain = NULL;
    vp_autoplacer placer = NULL;
    struct vp_engine engine = *call->engine;
    int r = vp_domain_parse(call->text, call->len, "the definition from libvirt", &domain, &err);
    if (r == 0) {
        /* Nothing is reserved: who comes this way passes through `prepare` next, or never starts. */
        vp_autofree char *uuid = vp_domain_uuid(domain);
        placer = vp_ledger_placer(call->root, engine.host, call->conf, uuid, NULL, vp_hook_say, NULL);
        engine.placer = placer;
        r = vp_engine_rewrite(&engine, &request, call->text, call->len, "the definition from libvirt", &text,
                              &len, &err);
    }
    if (r == 0 && text != NULL)
        r = vp_write_fd(call->out, "the new definition", text, len, &err);
    if (r < 0) {
        vp_log(VP_LOG_ERROR, "%s; the guest goes on as its definition is", err->message);
        return VP_HOOK_FAILED;
    }
    return VP_HOOK_DONE;
}
