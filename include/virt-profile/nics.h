/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "planner.h"

/* What an expert reads from <interface>, and what its type and model make possible. */

vp_node *vp_nic_first(const struct vp_domain *domain);
const char *vp_nic_type(const vp_node *nic); /* "network", "bridge", "vhostuser", … */
/* For people: the MAC address, or its number where it has none yet. Owned. */
char *vp_nic_name(const vp_node *nic) VP_MUST_USE;

/* Is it a virtio card (vp_domain_nic_is_virtio()) once the plan so far is carried out? */
bool vp_nic_planned_virtio(const struct vp_planning *planning, vp_node *nic);
/* Is the interface really a device that is passed through? Then <driver> is about that. */
bool vp_nic_is_passthrough(const vp_node *nic);

/* What a knob needs of an interface; bits. */
enum vp_nic_need {
    VP_NIC_VIRTIO = 1 << 0,
    VP_NIC_TAP = 1 << 1,     /* a tap or macvtap device of the host */
    VP_NIC_QUEUES = 1 << 2,  /* a backend with several queues, and rings that QEMU lays out */
    VP_NIC_TX_RING = 1 << 3, /* a backend for which QEMU honours tx_queue_size */
    VP_NIC_LIMITS = 1 << 4,  /* traffic control by libvirt */
    VP_NIC_FLOOR = 1 << 5,   /* a guaranteed bandwidth */
};
/* Does the interface lack one of the needs? Then a note "MAC: …" is added. */
bool vp_nic_refuses(struct vp_planning *planning, const struct vp_setting *setting, vp_node *nic,
                    unsigned needs);
