/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/**
 * Patterns (glob(7)) of all files of the kernel that are written for guests and outlive them: those that have
 * to be as before when the last guest has left. Files of threads and of cgroups end with their guest; those
 * of interrupts, CPUs and devices come and go with these.
 * Returns an array with NULL at its end, owned: vp_names_free()
 */
char **vp_touched_patterns(void);
