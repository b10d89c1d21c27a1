/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "root.h"

/*
 * The state that the host should be in while its guests run is a list of wishes, worked out anew from the
 * ledger whenever something changed. reconcile.h brings the host there, and back when a wish is gone. So
 * nothing has to be remembered about the order in which guests came and went, and a process that died
 * half-way is finished by the next.
 */

/* How something on the host is read and written. */
struct vp_means {
    const char *name; /* "file", "affinity", "irqbalance", …: in the journal */
    /**
     * @target: what: a path, "PID:START/TID", …
     * @ret_value: owned, without a newline
     * -ENOENT: this host does not have it (any more)
     */
    int (*read)(const struct vp_root *root, const char *target, char **ret_value, struct vp_error **err);
    /* -EBUSY, -EIO, …: message with target and value */
    int (*write)(const struct vp_root *root, const char *target, const char *value, struct vp_error **err);
    /* Do two values mean the same ("0-3" and "0,1-3")? NULL: when their texts are the same. */
    bool (*same)(const char *a, const char *b);
    /*
     * The value is a number that others have a part in. What is wished for is our part, read and write are of
     * the whole, and all that others do to it stays.
     */
    bool shared;
    /* Writing takes several steps: what a killed process left half-done is done again before reading. */
    bool again;
    /* A file that write changes to `passing` on its way; reconciling puts it back. NULL: none */
    const char *passes, *passing;
};

/*
 * A file below /sys or /proc that holds one value; of one that lists choices ("always [madvise] never") the
 * chosen.
 */
extern const struct vp_means vp_means_file;
/*
 * A file that holds a list of CPUs ("0-3,8"): smp_affinity_list, cpuset.cpus. An empty cpuset.cpus is read as
 * what it
 * stands for, cpuset.cpus.effective.
 */
extern const struct vp_means vp_means_cpulist;

/* All means there are, for what the journal names; NULL-terminated. */
extern const struct vp_means *const vp_means_all[];

/* Does a negative errno say that there is no such thing on this host (any more)? */
bool vp_means_absent(int r);

struct vp_wish {
    const struct vp_means *means;
    char *target; /* owned, as all of it */
    char *value;
    char *owner; /* whose wish: names of domains, joined by ", " */
    char *reason;
    bool essential; /* its failure is to be told, not only logged: a guest was promised it */
};

struct lh_table;

struct vp_wishes {
    struct vp_wish *items;
    size_t n, cap;
    struct lh_table *index; /* by means and target; NULL while there are none */
    bool again;             /* what there is to wish for could not all be found out: something is busy */
};
void vp_wishes_done(struct vp_wishes *wishes);

/*
 * Add one. A second for the same means and target replaces the first: who builds the list arbitrates.
 * Returns it, borrowed until the next one, for the caller to set `essential`.
 */
struct vp_wish *vp_wishes_add(struct vp_wishes *wishes, const struct vp_means *means, const char *target,
                              const char *value, const char *owner, const char *reason);
const struct vp_wish *vp_wishes_find(const struct vp_wishes *wishes, const struct vp_means *means,
                                     const char *target);

/**
 * The one way to write a value into a file of the kernel: opened without creating, value and newline in one
 * write(2), a short one is an error.
 * Returns 0, or a negative errno with "cannot write 'VALUE' to 'PATH': …"
 */
int vp_host_write(const struct vp_root *root, const char *path, const char *value, struct vp_error **err);
