/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host.h"

/**
 * Does a security module keep QEMU from reading which CPUs a NUMA node has?
 * Then huge pages that are bound to nodes by strict, preferred or interleave stop it at its start: libvirt
 * 9.0 has QEMU
 * 7.1 and newer allocate them by threads near the node (qemuBuildThreadContextProps()), for which libnuma
 * reads
 * /sys/devices/system/node/nodeN/cpumap. AppArmor's abstraction libvirt-qemu in Debian 12 does not allow it.
 */
bool vp_confinement_hides_nodes(struct vp_host *host);
