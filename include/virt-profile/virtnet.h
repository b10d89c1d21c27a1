/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xml.h"

#include "root.h"

/**
 * The definition of one of libvirt's virtual networks, from where libvirt keeps it: one that is defined,
 * else one that only runs.
 * @ret_doc: owned; its root is <network>
 * Returns 0, -ENOENT, -EINVAL (a name that libvirt takes for none), -EBADMSG, …
 * Source: libvirt 9.0, /etc/libvirt/qemu/networks and /run/libvirt/network (network/bridge_driver.c)
 */
int vp_virtnet_read(const struct vp_root *root, const char *name, vp_doc **ret_doc, struct vp_error **err);
