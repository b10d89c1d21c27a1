/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "entry.h"
#include "placer.h"

/**
 * A placer for a guest that runs: it gives the place that the guest was given at its start, as the ledger has
 * it, and no other, also where its profile asks for another kind of place by now. One that was given none
 * keeps the place that its definition pins it to, where that is one.
 * @entry: borrowed; NULL: the guest is not in the ledger
 * @below: knows the topology; borrowed
 */
struct vp_placer *vp_heldplace_placer(const struct vp_entry *entry, struct vp_placer *below) VP_MUST_USE;
