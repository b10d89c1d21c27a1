/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <unistd.h>

#include "file.h"
#include "hook.h"
#include "knobs.h"
#include "log.h"

/* A start waits for us, and with it, once someone asks for this domain, every call to libvirt on the host. */
#define SECONDS_MAX 10

static enum vp_hook_outcome run(const struct vp_hook_op *op, const struct vp_hook_call *call,
                                struct vp_error **err)
{
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *host = NULL;
    VP_CLEANUP(vp_conf_done) struct vp_conf conf = {0};
    if (vp_host_open("live", call->root, &host, err) < 0 || vp_conf_read(call->root, &conf, err) < 0)
        return VP_HOOK_FAILED;
    const struct vp_engine engine = {
        .registry = vp_registry_builtin(),
        .profiles = {.root = call->root, .dirs = vp_profile_default_dirs},
        .host = host,
    };
    struct vp_hook_call own = *call;
    own.engine = &engine;
    own.conf = &conf;
    return vp_hook_guard(op, &own, SECONDS_MAX, STDOUT_FILENO);
}

int vp_hook_main(const char *domain, const char *operation, const char *root_path)
{
    vp_autoerror err = NULL;
    vp_autofree char *text = NULL;
    size_t len = 0;
    VP_CLEANUP(vp_root_free_ptr) struct vp_root *root = NULL;
    const struct vp_hook_op *op = vp_hook_op_find(operation);
    const int r =
        vp_read_fd(STDIN_FILENO, "the definition from libvirt", VP_XML_MAX, true, &text, &len, &err);
    (void)signal(SIGPIPE, SIG_IGN); /* a reader that is gone is an error of write() */
    vp_log_open("virt-profile-hook");
    if (op == NULL) {
        vp_log(VP_LOG_DEBUG, "operation '%s' is not known to this version, ignoring", operation);
        return 0;
    }
    if (r < 0 || vp_root_open(root_path, &root, &err) < 0) {
        vp_log(VP_LOG_ERROR, "domain '%s': %s: %s", domain, operation, err->message);
        return 0;
    }
    const struct vp_hook_call call = {
        .domain = domain,
        .text = text,
        .len = len,
        .tagged = vp_tag_maybe(text, len),
        .root = root,
        .daemon = getppid(),
    };
    if (!vp_hook_op_wanted(op, &call))
        return 0;
    const enum vp_hook_outcome outcome = run(op, &call, &err);
    if (err != NULL)
        vp_log(VP_LOG_ERROR, "domain '%s': %s: %s", domain, operation, err->message);
    return vp_hook_exit_status(op, outcome);
}
