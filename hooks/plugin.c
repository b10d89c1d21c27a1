/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../src/hook/hook.h"

/* What the program looks for; the one name that the plugin shows. */
extern const struct vp_hook_plugin vp_hook_plugin;

const struct vp_hook_plugin vp_hook_plugin = {
    .version = VP_VERSION,
    .call_size = sizeof(struct vp_hook_call),
    .op_size = sizeof(struct vp_hook_op),
    .run = vp_hook_run,
};
