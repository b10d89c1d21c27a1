/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timer.h"

void vp_plan_timer(struct vp_planning *planning, const struct vp_setting *setting, const char *timer,
                   const char *attr, const char *value, const char *reason)
{
    vp_node *root = planning->domain->root;
    vp_autofree char *path = vp_asprintf("clock/timer[%s]/@%s", timer, attr);
    vp_autofree char *offset = vp_planned(planning, root, "clock/@offset");
    if (offset == NULL)
        vp_plan_attr(planning, setting, root, "clock/@offset", "utc",
                     "a clock needs an offset, and libvirt takes this one");
    vp_plan_attr(planning, setting, root, path, value, "%s", reason);
}
