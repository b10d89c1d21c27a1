/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/*
 * A count that depends on the guest: a number, a variable (vcpus, disks, nics), min(a, b) or max(a, b),
 * nested at most eight deep.
 */
struct vp_expr_vars {
    uint64_t vcpus; /* most the guest can have */
    uint64_t disks; /* hard disks: no cdrom, no floppy */
    uint64_t nics;
};

/* Returns 0, or -EINVAL when the text is not an expression. */
int vp_expr_check(const char *text);

/* Returns 0 and the value, or -EINVAL. */
int vp_expr_eval(const char *text, const struct vp_expr_vars *vars, uint64_t *ret_value);
