/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "json.h"
#include "live.h"
#include "running.h"

/**
 * What the ledger says of a guest.
 * @ret_entry: owned; NULL where it is not in there, or there is no ledger
 * Errors: those of vp_running_there() and of ledger.h
 */
int vp_livetune_entry(struct vp_cli *cli, const struct vp_guest *guest, struct vp_entry **ret_entry,
                      struct vp_error **err);

/* Seconds since a guest was started; long ago where nobody knows (NULL). */
uint64_t vp_livetune_age(const struct vp_entry *entry);

/**
 * Bring the live settings of a guest's profile into the guest, as long after its start as the ledger says.
 * @engine: without a placer
 * Errors: those of vp_live_apply() and vp_livetune_entry()
 */
int vp_livetune_apply(struct vp_cli *cli, const struct vp_engine *engine, const struct vp_guest *guest,
                      struct vp_live *ret_live, struct vp_error **err);

/* What failed, to standard error; with --verbose also what was set, to standard output. */
void vp_livetune_print(const struct vp_cli *cli, const struct vp_guest *guest, const struct vp_live *live);
/* {"set": [...], "failed": [{"what": …, "why": …}], "again": …} */
json_object *vp_livetune_json(const struct vp_live *live) VP_MUST_USE;
