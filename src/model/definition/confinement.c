/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "confinement.h"

#include <string.h>

#define RULES_MAX (1024u * 1024)

/* Rules of AppArmor that allow it, as libvirt's and administrators' files write them. */
static const char *const allowing[] = {"/cpumap", "/sys/devices/system/node/**", "/sys/devices/system/**",
                                       "/sys/** "};

static char *read_text(const struct vp_root *root, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    return vp_root_read(root, path, RULES_MAX, &text, &len, NULL) < 0 ? NULL : text;
}

static bool allows(const char *rules)
{
    for (size_t i = 0; rules != NULL && i < VP_ARRAY_SIZE(allowing); i++)
        if (strstr(rules, allowing[i]) != NULL)
            return true;
    return false;
}

bool vp_confinement_hides_nodes(struct vp_host *host)
{
    const struct vp_root *root = vp_host_root(host);
    if (root == NULL)
        return false;
    vp_autofree char *enabled = read_text(root, "/sys/module/apparmor/parameters/enabled");
    if (enabled == NULL || enabled[0] != 'Y')
        return false;
    vp_autofree char *rules = read_text(root, "/etc/apparmor.d/abstractions/libvirt-qemu");
    vp_autofree char *local = read_text(root, "/etc/apparmor.d/local/abstractions/libvirt-qemu");
    return rules != NULL && !allows(rules) && !allows(local);
}
