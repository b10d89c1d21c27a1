/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ledger.h"
#include "wish.h"

/**
 * What the disks of the host should be set to, by all guests that lie on them: the wants "block/NAME/scheduler",
 * "block/NAME/nr_requests" and "block/NAME/read_ahead_kb". Where guests differ,
 * - the scheduler is the first that anybody wants of bfq, mq-deadline, kyber, none: who asks for a disk to be
 *   shared out needs it to be, and one that does without only saves CPU time;
 * - the queue is as long as the longest: a long one costs memory, a short one makes others wait;
 * - read-ahead is the largest: it is only used where a guest reads in order.
 * A disk whose scheduler nobody wants to be different keeps the one it has without guests.
 * @topology: not looked at
 * Wants that are none of these, or whose values are none, are left out. Returns 0, or as vp_journal_read().
 */
int vp_wish_block(const struct vp_root *root, const struct vp_topology *topology,
                  const struct vp_entries *entries, struct vp_wishes *wishes, struct vp_error **err);
