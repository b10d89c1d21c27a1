/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "api.h"
#include "plan.h"

/*
 * What libvirt finds when it looks, rather than what its definition says: limits of disks as QEMU has them,
 * shares, quotas and memory limits as the guest's control groups have them. Each kind is asked for once. For
 * src/virt only.
 */
struct vp_probe {
    const struct vp_guest *guest; /* borrowed */
    bool unified;                 /* cgroup v2 */
    char *disk;                   /* owned; of which `params` are; NULL: none yet */
    virTypedParameterPtr disk_params, scheduler_params, memory_params; /* owned */
    int n_disk, n_scheduler, n_memory;                                 /* -1: asked for in vain */
};
void vp_probe_done(struct vp_probe *probe);

/**
 * Look for what an action is about.
 * @ret_effective: as a definition would have it, owned; NULL where it has nothing: no limit, the kernel's own
 * @ret_where: borrowed; where libvirt looks for it
 * Returns false for what libvirt only has in the definition, or does not tell
 */
bool vp_probe_action(struct vp_probe *probe, const struct vp_action *action, char **ret_effective,
                     const char **ret_where);
