/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ledger.h"
#include "wish.h"

/**
 * Keep everybody off the CPUs of dedicated guests. Threads of guests that float get what their placement
 * gives them without dedicated CPUs; those of a guest without a placement the shared pool
 * (vp_placement_pool()), or where its definition pins a thread, those CPUs of the pin that nobody owns. A
 * pin none of whose CPUs are left stays as it is.
 *
 * Where cgroup v2 holds a guest as a whole, one wish for it is enough: its scope. A guest with pins, and one
 * on cgroup v1, where a group cannot have fewer CPUs than those in it, gets one for each of libvirt's groups
 * of threads; without such groups each thread gets one by its affinity.
 *
 * Guests without a placement get wishes only as long as there is a dedicated guest, and what they had comes
 * back then. Those that float have one always: they may have started while there was less room.
 * @occupied: of all entries
 * Returns 0; what cannot be found out about a guest leaves it alone, as it is about to end
 */
int vp_wish_pool(const struct vp_root *root, const struct vp_topology *topology,
                 const struct vp_occupied *occupied, const struct vp_entries *entries,
                 struct vp_wishes *wishes, struct vp_error **err);
