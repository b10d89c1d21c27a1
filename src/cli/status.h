/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "running.h"
#include "tuning.h"

/* A guest that runs, is about to, or with --all is off, and whether its settings hold. */
struct vp_status {
    const struct vp_entry *entry; /* borrowed; of one that is off: what its definition says */
    const char *state;            /* borrowed; vp_running_state(), or "off" */
    const char *tuning; /* borrowed; vp_tuning_state(), of one that is off "stale" or NULL; NULL: not known */
    struct vp_verify verify; /* nothing in it where that is not known */
};

struct vp_statuses {
    struct vp_status *items;
    size_t n, cap;
    struct vp_entries off; /* owned; the entries of those that are off */
};
void vp_statuses_done(struct vp_statuses *statuses);

/**
 * Look at all guests of the ledger, with --all also at domains that have a profile and are off.
 * libvirt is asked where this host is looked at, or --connect says so. One that does not answer is said on
 * standard error, unless --all or --connect want it; then it is not known whether settings hold.
 * @who: only this one, a name or UUID; NULL: all
 * @entries: of the ledger; borrowed as long as the result is
 */
int vp_statuses_read(struct vp_cli *cli, const struct vp_entries *entries, const char *who,
                     struct vp_statuses *ret_statuses, struct vp_error **err);

/* "running", "drifted", "off, stale": for people. Owned. */
char *vp_status_text(const struct vp_status *status) VP_MUST_USE;
/* Settings that wait for a start. */
size_t vp_status_pending(const struct vp_status *status);
/* Everything that is known of one, to standard output. */
void vp_status_print(const struct vp_cli *cli, const struct vp_status *status,
                     const struct vp_topology *topology);
json_object *vp_status_json(const struct vp_status *status, const struct vp_topology *topology) VP_MUST_USE;

/* For eyes in local time, for programs in UTC as ISO 8601 has it. Owned; NULL: never */
char *vp_status_time(const struct vp_cli *cli, uint64_t seconds) VP_MUST_USE;
/* All memory of a guest; owned; NULL: not known */
char *vp_status_memory(const struct vp_entry *entry) VP_MUST_USE;
const char *vp_status_color(const struct vp_status *status);
