/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "address.h"

static bool same_attr(const vp_node *a, const vp_node *b, const char *name)
{
    const char *x = vp_node_attr(a, name);
    const char *y = vp_node_attr(b, name);
    return x != NULL && y != NULL && strcmp(x, y) == 0;
}

/* Only kinds of addresses that no two devices of a domain can share. */
static bool same_address(const vp_node *a, const vp_node *b)
{
    if (a == NULL || b == NULL || !same_attr(a, b, "type"))
        return false;
    const char *type = vp_node_attr(a, "type");
    if (strcmp(type, "pci") == 0)
        return same_attr(a, b, "domain") && same_attr(a, b, "bus") && same_attr(a, b, "slot") &&
               same_attr(a, b, "function");
    return strcmp(type, "usb") == 0 && same_attr(a, b, "bus") && same_attr(a, b, "port");
}

static bool gives_way(const vp_node *device, const vp_node *other)
{
    const unsigned own = vp_node_mark(device);
    const unsigned theirs = vp_node_mark(other);
    return own != VP_ADDRESS_PLAIN && (theirs == VP_ADDRESS_PLAIN || own < theirs);
}

void vp_address_settle(struct vp_domain *domain)
{
    const vp_node *devices = vp_domain_devices(domain);
    for (vp_node *n = vp_node_first(devices); n != NULL; n = vp_node_next(n)) {
        vp_node *own = vp_node_child(n, "address");
        bool taken = false;
        if (vp_node_mark(n) == VP_ADDRESS_PLAIN || own == NULL)
            continue;
        for (const vp_node *other = vp_node_first(devices); other != NULL && !taken;
             other = vp_node_next(other))
            taken = other != n && gives_way(n, other) && same_address(own, vp_node_child(other, "address"));
        if (taken)
            vp_node_remove(own);
    }
}
