/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wish.h"

/*
 * The queue of a disk. Its scheduler and its length are one value, "SCHEDULER REQUESTS", for a change of the
 * scheduler sets the length anew, and with scheduler none a long one is refused. "-" in a wish leaves that part
 * to the kernel. What is read has the scheduler's own settings behind, "mq-deadline 256 read_expire=500", so
 * that they come back with it; a process killed between two writes loses them.
 * Target: "/sys/block/NAME/queue". Source: block/elevator.c, block/blk-mq.c (Linux 6.1), seen on 6.18.
 */
extern const struct vp_means vp_means_queue;
