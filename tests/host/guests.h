/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ledger.h"
#include "model/fake.h"

/* A folder that stands for a host, with guests on it, processes of theirs, and a topology. */
struct guests {
    struct fake fake;
    struct vp_topology *topology;
    struct vp_conf conf;
    char *said; /* sentences of the ledger, one a line; "" for none */
};

/*
 * Two nodes of 4 cores with 2 threads each, CPUs 0 to 15, housekeeping on 0-1 and 8-9; 16 GiB of memory
 * each.
 */
#define GUESTS_MACHINE "synthetic:numa:2(memory=17179869184) core:4 pu:2"

void guests_open(struct guests *guests, const char *machine);
void guests_close(struct guests *guests);
#define GUESTS VP_CLEANUP(guests_close) struct guests

/* What says() of the ledger come to; a vp_ledger_say. Cookie: struct guests. */
void guests_say(void *cookie, const char *sentence);

/* A process that runs, from a number of clock ticks after boot on; or ends. */
void guests_process(const struct guests *guests, pid_t pid, uint64_t start);
void guests_end(const struct guests *guests, pid_t pid);
/*
 * libvirt's files about a guest whose QEMU is that process; `inner` of its definition NULL: no status
 * file.
 */
void guests_running(const struct guests *guests, const char *name, pid_t pid, const char *inner);

/*
 * A cache of the topology, and the files it is checked against; `online` in /sys/devices/system/cpu. Only
 * a host that is "live" looks at it.
 */
void guests_cache(const struct guests *guests, const char *online);
/*
 * Make the host one with pools of huge pages on each node: "live", with a cache of its topology and files
 * below /sys.
 */
void guests_pools(struct guests *guests, uint64_t page_kib, uint64_t pages);

char *guests_uuid(unsigned n) VP_MUST_USE; /* owned */
/* A coming guest "gN", made by process 1 (start 1), with a place for so many vCPUs; not stored. */
struct vp_entry *guests_entry(const struct guests *guests, unsigned n, enum vp_policy policy,
                              unsigned vcpus) VP_MUST_USE;
/* The same, stored. */
void guests_store(struct guests *guests, struct vp_entry *entry);

/* Open and lock the ledger; must work. */
struct vp_ledger *guests_ledger(struct guests *guests) VP_MUST_USE;
/* Names and states, "g1 running, g2 coming". Owned. */
char *guests_names(const struct vp_entries *entries) VP_MUST_USE;
/* The same of the files, read anew. */
char *guests_stored(struct guests *guests) VP_MUST_USE;
