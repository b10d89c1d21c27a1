/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ceiling.h"

#include "cgroup.h"
#include "scope.h"

int vp_ceiling_set(const struct vp_root *root, const struct vp_entry *entry,
                   const struct vp_topology *topology, const struct vp_domain *domain, struct vp_error **err)
{
    VP_CLEANUP(vp_limits_done) struct vp_limits limits = {0};
    int r = vp_limits_read(entry, topology, domain, &limits, err);
    if (r < 0 || limits.n == 0 || entry->id == 0)
        return r;
    const bool scopes = vp_machine_has_scopes(root);
    if (scopes)
        r = vp_scope_write(root, entry->id, entry->name, &limits, err);
    if (r < 0)
        return r;
    r = vp_cgroup_create(root, entry, &limits, domain, scopes, err);
    if (r < 0 && scopes)
        (void)vp_scope_remove(root, entry->id, entry->name, NULL); /* the first failure is the one to tell */
    return r;
}

int vp_ceiling_remove(const struct vp_root *root, const struct vp_entry *entry,
                      const struct vp_domain *domain, struct vp_error **err)
{
    const bool scopes = vp_machine_has_scopes(root);
    int r = 0;
    if (entry->id == 0)
        return 0;
    if (scopes)
        r = vp_scope_remove(root, entry->id, entry->name, err);
    return r < 0 ? r : vp_cgroup_remove(root, entry->id, entry->name, domain, scopes, err);
}
