/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli.h"
#include "converge.h"
#include "json.h"

/**
 * Is there a ledger that may be read?
 * Returns 1, 0, or -EACCES
 */
int vp_running_there(struct vp_cli *cli, struct vp_error **err);

/**
 * The guests that run on this host, or are about to, as its ledger has them. Broken entries are left out,
 * which is said on standard error.
 * @ret_entries: owned; empty where there is no ledger
 * Errors: those of vp_running_there() and of ledger.h
 */
int vp_running_read(struct vp_cli *cli, const struct vp_topology *topology, struct vp_entries *ret_entries,
                    struct vp_error **err);

/* To standard error: a vp_ledger_say. */
void vp_running_say(void *cookie, const char *sentence);
/* What working on this host needs, which says so. Borrows all. */
struct vp_here vp_running_here(const struct vp_cli *cli, struct vp_host *host, const struct vp_conf *conf);

/*
 * "coming", "running", or "gone" for one whose QEMU has ended, or whose start was given up, and that nobody
 * has taken out yet.
 */
const char *vp_running_state(const struct vp_cli *cli, const struct vp_entry *entry);
/*
 * Where its vCPUs are, "2-5"; for a guest without a place what its threads are pinned to, "2-3 8-15×4".
 * Owned; NULL: anywhere.
 */
char *vp_running_cpus(const struct vp_entry *entry) VP_MUST_USE;
/* All memory of it. */
uint64_t vp_running_kib(const struct vp_entry *entry);
/* Sizes of its pages, like "1G", "ordinary" or "2M, ordinary"; owned; NULL: not known. */
char *vp_running_pages(const struct vp_entry *entry) VP_MUST_USE;
/* The nodes of its CPUs and memory that are known; owned; NULL: none. */
char *vp_running_nodes(const struct vp_entry *entry, const struct vp_topology *topology) VP_MUST_USE;
/* Is it something to tell? What the hook found out about the guest's devices is kept beside its wants. */
bool vp_running_is_want(const struct vp_want *want);
size_t vp_running_pending(const struct vp_entry *entry);

/*
 * @state: as vp_running_state()
 * @tuning: whether its settings hold, as vp_tuning_state(); NULL: not known
 */
json_object *vp_running_json(const struct vp_entry *entry, const struct vp_topology *topology,
                             const char *state, const char *tuning) VP_MUST_USE;
