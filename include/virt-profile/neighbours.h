/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "conf.h"
#include "placer.h"
#include "root.h"
#include "virtguest.h"

/*
 * The domains that are defined, running or not, and where their definitions would have them. A guest that is
 * given a place keeps off these as long as there is another one for it, so that guests which are off together
 * do not all want the same CPUs; and where there is none, it goes where the fewest would be. What runs is the
 * ledger's matter and is not counted here.
 */
struct vp_neighbours;

/*
 * @root: borrowed; whose ledger says what runs; NULL: nothing runs there
 * @conf: borrowed
 * @conn: borrowed; its domains are read when the first guest is placed. NULL: only those of
 * vp_neighbours_update()
 */
struct vp_neighbours *vp_neighbours_new(const struct vp_root *root, const struct vp_conf *conf,
                                        struct vp_conn *conn) VP_MUST_USE;
void vp_neighbours_free(struct vp_neighbours *neighbours); /* NULL is fine */
static inline void vp_neighbours_free_ptr(struct vp_neighbours **neighbours)
{
    vp_neighbours_free(*neighbours);
}
#define vp_autoneighbours VP_CLEANUP(vp_neighbours_free_ptr) struct vp_neighbours *

/* A domain is defined like this from now on. One that is no definition is forgotten. */
void vp_neighbours_update(struct vp_neighbours *neighbours, const char *uuid, const char *xml);

/* UUIDs of those that want one of these CPUs for themselves; NULL-terminated, vp_names_free(). */
char **vp_neighbours_wanting(const struct vp_neighbours *neighbours, hwloc_const_bitmap_t cpus) VP_MUST_USE;

/**
 * A placer that keeps off them.
 * @neighbours: borrowed
 * @below: gives the place where no other is left; taken
 * @but: UUID of the guest that is placed, which is not in its own way; copied; NULL: none
 */
struct vp_placer *vp_neighbours_placer(struct vp_neighbours *neighbours, struct vp_placer *below,
                                       const char *but) VP_MUST_USE;
