/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "neighbours.h"
#include "running.h"
#include "verify.h"

/* What guests are asked with whether their settings hold. All but `cli` owned. */
struct vp_tuning {
    struct vp_cli *cli;
    struct vp_engine engine;
    struct vp_conn *conn;
    struct vp_neighbours *neighbours;
    const struct vp_conf *conf; /* borrowed */
};
void vp_tuning_done(struct vp_tuning *tuning);
/* Connect. Errors: those of vp_cli_engine(), vp_cli_neighbours() and vp_conn_open() */
int vp_tuning_open(struct vp_cli *cli, struct vp_tuning *ret_tuning, struct vp_error **err);

/**
 * Look whether the settings of a guest hold.
 * @entry: of the guest in the ledger; NULL: it is not there
 * Errors: those of vp_verify_guest()
 */
int vp_tuning_verify(struct vp_tuning *tuning, const struct vp_guest *guest, const struct vp_entry *entry,
                     struct vp_verify *ret_verify, struct vp_error **err);
/**
 * Is the stored definition of a domain, running or not, what its profile makes of it now?
 * @ret_profile: owned; NULL: it has none
 */
int vp_tuning_stale(struct vp_tuning *tuning, const struct vp_guest *guest, char **ret_profile,
                    bool *ret_stale, struct vp_error **err);

/* "drifted", "stale", "pending" or "tuned": the first that is true. NULL: the guest has no profile. */
const char *vp_tuning_state(const struct vp_verify *verify);
/* [{"verdict": …, "knob": …, "what": …, "wanted": …, "effective": …, "where": …}, …] */
json_object *vp_tuning_json(const struct vp_checks *checks) VP_MUST_USE;
