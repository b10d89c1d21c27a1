/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "root.h"

/* The file system that a path lies on. */
struct vp_mount {
    char *type;            /* owned, as all of it; "ext4", "nfs4" */
    char *source;          /* "/dev/vda1", "server:/export" */
    unsigned major, minor; /* of its block device; major 0 where the number is made up */
};
void vp_mount_done(struct vp_mount *mount);

/**
 * Look a path up in the mount points of this process.
 * @path: absolute, without symbolic links
 * Returns 0, -ENOENT (no mount point is above it), -EBADMSG, …
 * Source: /proc/self/mountinfo, proc(5); of mount points on top of each other the last one counts.
 */
int vp_mount_find(const struct vp_root *root, const char *path, struct vp_mount *ret_mount,
                  struct vp_error **err);
