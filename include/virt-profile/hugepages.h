/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ledger.h"
#include "wish.h"

/*
 * A guest's part in a node's pool of huge pages of one size. Target: the pool's folder, '@' and the guest's
 * UUID; the whole is what the pool holds for good, without pages that go when they are freed (surplus).
 * Growing moves memory together, tries again for a fraction of a second, and gives back what it got when that
 * is not all: -ENOSPC. Memory that is kept for the host is not touched.
 * Source: Documentation/admin-guide/mm/hugetlbpage.rst.
 */
extern const struct vp_means vp_means_pool;

/**
 * The pages that guests which are coming lack in the pools of their nodes, of those that want
 * "memory.hugepages-grow". What a guest was given stays until it has left the ledger. To be called with the
 * host lock held, as it looks into the journal.
 * Returns 0, or a negative errno when the journal cannot be read
 */
int vp_wish_hugepages(const struct vp_root *root, const struct vp_topology *topology,
                      const struct vp_entries *entries, struct vp_wishes *wishes, struct vp_error **err);
