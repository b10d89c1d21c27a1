/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "domain.h"
#include "entry.h"
#include "guestlimits.h"

/*
 * The cgroup of a guest where libvirt makes it itself. libvirt takes one that is there, and writes only what
 * the definition says into it. Made through libcgroup, which knows the live host only: nothing is done for
 * any other root.
 */

/**
 * The name of a guest's cgroup below each mount point, without systemd: "machine/qemu-7-web.libvirt-qemu";
 * owned.
 * @domain: for its <resource><partition>; NULL: libvirt's default, /machine
 * Source: libvirt 9.0 virCgroupNewPartition(), virCgroupNewDomainPartition()
 */
char *vp_cgroup_name(unsigned id, const char *name, const struct vp_domain *domain) VP_MUST_USE;

/**
 * Make the cgroup of a guest that libvirt is about to start, with its limits. On cgroup v1 those for its
 * threads, too: a guest that floats is cut down there, so that it can have more later; memory nodes are
 * limited there only, as libvirt takes all nodes for a moment when it plugs in a vCPU.
 * @scopes: systemd makes the guest's scope, with limits from a drop-in (scope.h). Then what is left is its
 *          cpusets on cgroup v1, which systemd does not know, where it is in the default partition.
 * Returns 0, or a negative errno (-ENOENT: its partition is not there), and then removes what was made
 */
int vp_cgroup_create(const struct vp_root *root, const struct vp_entry *entry, const struct vp_limits *limits,
                     const struct vp_domain *domain, bool scopes, struct vp_error **err);

/*
 * Remove it where libvirt never took it. One with processes in it is an error; one that is not there is none.
 */
int vp_cgroup_remove(const struct vp_root *root, unsigned id, const char *name,
                     const struct vp_domain *domain, bool scopes, struct vp_error **err);
