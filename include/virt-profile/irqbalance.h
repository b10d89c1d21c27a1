/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "process.h"
#include "topology.h"
#include "wish.h"

/*
 * The irqbalance that runs here, told over its control socket (irqbalance 1.5.0 to 1.9.5, irqbalance.c,
 * sock_handle()). What it is told replaces what it was told before, takes effect at its next cycle, and is
 * lost when it ends.
 */

/* What irqbalance says of itself. */
struct vp_irqbalance {
    struct vp_process process;
    hwloc_bitmap_t cpus; /* owned; CPUs that it keeps interrupts off */
    hwloc_bitmap_t irqs; /* owned; interrupts by number that it leaves alone by command line or socket */
};
void vp_irqbalance_done(struct vp_irqbalance *balance);

/**
 * Which process it is.
 * @ret_process: the one whose socket is in /run/irqbalance, or that listens at the abstract address of 107
 *               NUL bytes (its fallback where it cannot make a file; the live host only)
 * Returns 0, -ENOENT where none runs or it has no socket (built without irqbalance-ui)
 */
int vp_irqbalance_find(const struct vp_root *root, struct vp_process *ret_process, struct vp_error **err);

/**
 * Ask it. Versions before 1.9.4 do not listen for up to ten seconds after something changed: that is not
 * waited for.
 * Returns 0, -ENOENT where none runs, -EAGAIN (no answer in time), -EBADMSG, -EPERM, …
 */
int vp_irqbalance_ask(const struct vp_root *root, struct vp_irqbalance *ret_balance, struct vp_error **err);

/* The target of vp_means_irqbalance; owned. @what: "cpus", "irqs" */
char *vp_irqbalance_target(const struct vp_process *process, const char *what) VP_MUST_USE;

/*
 * Targets "PID:START/cpus", a list of the CPUs it keeps interrupts off, and "PID:START/irqs", numbers of
 * the interrupts it leaves alone, with spaces between. All of it, not only our part. Another irqbalance is
 * another target. As it takes up to a cycle to do what it is told, and says so only then, what it was told
 * last is kept in /run/virt-profile/irqbalance-cpus and -irqs, and counts until it has had the time.
 */
extern const struct vp_means vp_means_irqbalance;

/* The longest value of an "irqs" target, as irqbalance up to 1.9.4 reads 499 bytes of a command. */
#define VP_IRQBALANCE_IRQS_MAX 481

/* The value of an "irqs" target, and back (-EINVAL). Owned. */
char *vp_irqbalance_irqs_text(hwloc_const_bitmap_t irqs) VP_MUST_USE;
int vp_irqbalance_irqs_parse(const char *text, hwloc_bitmap_t *ret_irqs, struct vp_error **err);
