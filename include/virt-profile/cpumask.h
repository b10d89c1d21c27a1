/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "topology.h"
#include "wish.h"

/*
 * Sets of CPUs as the kernel writes them in masks: hexadecimal words of 32 CPUs, the highest first, "3",
 * "ff,00000000" (lib/vsprintf.c, %*pb).
 */

/*
 * The mask of a set; owned. It begins with the highest word that is not 0, and has no leading zeros: the
 * kernel refuses a mask with more words than it has CPUs (lib/bitmap.c, bitmap_parse()).
 */
char *vp_cpumask_text(hwloc_const_bitmap_t set) VP_MUST_USE;

/**
 * Read a mask, white space around it allowed.
 * @what: its name for the message
 * Returns 0, -EINVAL (not a mask), -ERANGE (a CPU from VP_TOPOLOGY_CPUS_MAX on)
 */
int vp_cpumask_parse(const char *text, const char *what, hwloc_bitmap_t *ret_set, struct vp_error **err);

/*
 * A file that holds a mask: default_smp_affinity, xps_cpus, rps_cpus. Values are masks; two are the same
 * whatever their leading zeros.
 */
extern const struct vp_means vp_means_cpumask;
