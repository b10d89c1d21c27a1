/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <unistd.h>

#include "file.h"
#include "hook.h"
#include "log.h"

/* A start waits for us, and with it, once someone asks for this domain, every call to libvirt on the host. */
#define SECONDS_MAX 10

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
    };
    if (!vp_hook_op_wanted(op, &call))
        return 0;
    return vp_hook_exit_status(op, vp_hook_guard(op, &call, run, SECONDS_MAX, STDOUT_FILENO));
}
