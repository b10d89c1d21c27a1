/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli.h"
#include "json.h"
#include "placement.h"

#define VP_FLEET_MAX 16384   /* guests in a list */
#define VP_FLEET_PAGES_MAX 8 /* page sizes that one guest lists */

/* A guest of a list, and what became of it; or one that runs. */
struct vp_fleet_guest {
    char *name; /* owned */
    size_t line;
    uint64_t pages[VP_FLEET_PAGES_MAX];
    hwloc_bitmap_t near;            /* owned; NULL: not said */
    struct vp_demand demand;        /* borrows from above once the list is read */
    struct vp_placement *placement; /* owned; where it is when all are placed; NULL: it does not fit */
    struct vp_error *error;         /* owned; why not */
    bool known;                     /* it runs without a place of ours; not placed, but no error either */
    hwloc_bitmap_t pinned;          /* owned; where it is pinned to then; NULL: nowhere */
};

/* Guests on a host: placed one after another when it was empty, or running. */
struct vp_fleet {
    const char *source; /* borrowed; the host's name */
    struct vp_topology *topology;
    struct vp_occupied *occupied;
    struct vp_fleet_guest *guests;
    size_t n, cap;
    size_t placed;
};
void vp_fleet_done(struct vp_fleet *fleet);

/**
 * Read a list of guests: NAME POLICY VCPUS MEMORY [KEY=VALUE…] in each line, "#" begins a comment.
 * @what: its name for messages, which begin with "WHAT:LINE: "
 * Returns 0, -EINVAL, -ERANGE
 */
int vp_fleet_read(struct vp_fleet *fleet, const char *text, size_t len, const char *what,
                  struct vp_error **err);

enum vp_fleet_source {
    VP_FLEET_LIST,    /* place those of the list that the first operand names */
    VP_FLEET_RUNNING, /* those that run on the live host; on another there are none */
};

/**
 * Open the host of --host, and put guests on it.
 * @fleet: empty
 * Returns 0 (a guest that does not fit is no error), or what reading list and host gives
 */
int vp_fleet_run(struct vp_cli *cli, enum vp_fleet_source source, struct vp_fleet *fleet,
                 struct vp_error **err);

/* What is left of the host. */
struct vp_fleet_sum {
    size_t dedicated, available; /* CPUs that guests own, of those that they could */
    size_t cores, cores_all;     /* free with all their CPUs */
    size_t caches, caches_all;   /* of which no guest owns a CPU; those that are all housekeeping left out */
    size_t nodes, nodes_all;     /* the same, and no guest has memory there */
    unsigned largest;            /* vCPUs that one more dedicated guest could have on one node */
    unsigned largest_node;       /* index */
    uint64_t largest_kib;        /* the memory it could have with them */
};
struct vp_fleet_sum vp_fleet_sum(const struct vp_fleet *fleet);

/* Members "host", "guests" and "summary" for `object`. */
void vp_fleet_json(const struct vp_fleet *fleet, json_object *object);
