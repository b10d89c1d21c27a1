/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "conf.h"
#include "ledger.h"

/**
 * Do all guests and the host fit into memory and swap, if one more comes? Memory in pools of huge pages is
 * apart: it is neither counted as there nor as needed.
 * @but: UUID of the guest that comes, so that an entry it has already does not count; NULL: none
 * @need_kib: ordinary memory that it can take at most
 * Returns 0, -ENOMEM with the sum and the swap that would be needed, or what reading /proc/meminfo gave
 * Source: /proc/meminfo; of guests that are not in the ledger nothing is known.
 */
int vp_overcommit_check(const struct vp_root *root, const struct vp_conf *conf,
                        const struct vp_entries *entries, const char *but, uint64_t need_kib,
                        struct vp_error **err);

/*
 * Ordinary memory that a guest in the ledger can take, in KiB: its own, and QEMU's as far as it was planned.
 */
uint64_t vp_overcommit_kib(const struct vp_entry *entry);
