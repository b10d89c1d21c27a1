/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <unistd.h>

#include "file.h"
#include "hook.h"
#include "log.h"

static int run_guarded(const struct vp_hook_op *op, const struct vp_hook_call *call, vp_hook_handler *run)
{
    return vp_hook_exit_status(op, vp_hook_guard(op, call, run, VP_HOOK_SECONDS, STDOUT_FILENO));
}

/*
 * What libvirt need not wait for is done behind it, with the host lock held from now on, so that whoever
 * comes next comes after it. Where somebody else has the lock libvirt waits, as there is a limit to that.
 */
static int work(const struct vp_hook_op *op, const struct vp_hook_call *call, vp_hook_handler *run)
{
    struct vp_hook_call own = *call;
    if (!op->behind || vp_host_try_lock(call->root, &own.lock, NULL) < 0)
        return run_guarded(op, call, run);
    const pid_t child = vp_hook_leave();
    if (child < 0) {
        vp_root_unlock(&own.lock);
        return run_guarded(op, call, run);
    }
    if (child == 0)
        _exit(run_guarded(op, &own, run));
    return 0;
}

int vp_hook_main(const char *domain, const char *operation, const char *root_path, vp_hook_handler *run)
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
        .lock = -1,
    };
    return vp_hook_op_wanted(op, &call) ? work(op, &call, run) : 0;
}
