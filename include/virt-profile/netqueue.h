/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ledger.h"
#include "wish.h"

/*
 * A file of a network device: "net/vnet3@12/tx_queue_len", "net/eth0@2/queues/tx-0/xps_cpus". 12 is the
 * device's ifindex, so that one that is made later under an old name is another one
 * (Documentation/ABI/testing/sysfs-class-net, sysfs-class-net-queues). Numbers and masks are the same
 * whatever their leading zeros.
 */
extern const struct vp_means vp_means_net;

/**
 * How the tap devices of these guests, and the network cards below, should handle their packets.
 *
 * Of the entries' wants: "net/tx-queue-length", packets, of each tap and macvtap device; "net/queue-cpus":
 * what the guest sends on queue i of a tap device is handled by one CPU of its emulator threads and vhost
 * workers, another one for each queue (RPS), and these CPUs send by queues of their own of the network
 * card (XPS); CPUs of others keep the queues they had. Of a tap device itself no XPS: the kernel chooses
 * its queue by flow (drivers/net/tun.c, tun_select_queue()). Taps are the facts of irqwants.h.
 */
int vp_wish_netqueue(const struct vp_root *root, const struct vp_topology *topology,
                     const struct vp_occupied *occupied, const struct vp_entries *entries,
                     struct vp_wishes *wishes, struct vp_error **err);
