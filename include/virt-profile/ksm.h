/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wish.h"

/*
 * /sys/kernel/mm/ksm/merge_across_nodes, which can only be written while no page is merged: ksm/run is 2 for
 * that long (Linux, Documentation/admin-guide/mm/ksm.rst).
 */
extern const struct vp_means vp_means_ksm_nodes;

/**
 * Who else sets KSM on this host: the ksmtuned that runs. It looks for its pid file and at the process' name.
 * Returns a sentence, owned; NULL when there is none
 */
char *vp_ksm_rival(const struct vp_root *root) VP_MUST_USE;
