/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "hook.h"
#include "knobs.h"
#include "log.h"

static const struct {
    const char *operation;
    vp_hook_handler *run;
} handlers[] = {
    {"prepare", vp_hook_prepare}, {"started", vp_hook_started}, {"reconnect", vp_hook_started},
    {"release", vp_hook_release}, {"migrate", vp_hook_filter},  {"restore", vp_hook_filter},
};

vp_hook_handler *vp_hook_handler_find(const struct vp_hook_op *op)
{
    for (size_t i = 0; i < VP_ARRAY_SIZE(handlers); i++)
        if (strcmp(handlers[i].operation, op->name) == 0)
            return handlers[i].run;
    return NULL;
}

enum vp_hook_outcome vp_hook_run(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    vp_autoerror err = NULL;
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *host = NULL;
    VP_CLEANUP(vp_conf_done) struct vp_conf conf = {0};
    vp_hook_handler *handler = vp_hook_handler_find(op);
    if (handler == NULL)
        return VP_HOOK_DONE;
    if (vp_host_open("live", call->root, &host, &err) < 0 || vp_conf_read(call->root, &conf, &err) < 0) {
        vp_log(VP_LOG_ERROR, "domain '%s': %s: %s", call->domain, op->name, err->message);
        return VP_HOOK_FAILED;
    }
    const struct vp_engine engine = {
        .registry = vp_registry_builtin(),
        .profiles = {.root = call->root, .dirs = vp_profile_default_dirs},
        .host = host,
    };
    struct vp_hook_call own = *call;
    own.engine = &engine;
    own.conf = &conf;
    return handler(&own, op);
}
