/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "process.h"

/*
 * The control socket of irqbalance: a stream on which one command is sent with the sender's credentials
 * (SCM_CREDENTIALS, user 0), and of which the answer, if any, is read to the end.
 * /run/irqbalance/irqbalancePID.sock, or an abstract address of 107 NUL bytes where that cannot be made
 * (irqbalance 1.5.0 to 1.9.5, irqbalance.c, init_socket()).
 */

/* Most that is waited for it to listen, and to answer. Milliseconds; tests on a busy machine need more. */
extern unsigned vp_balancesock_patience;

/* As vp_irqbalance_find(). */
int vp_balancesock_find(const struct vp_root *root, struct vp_process *ret_process, struct vp_error **err);

/**
 * Ask a question.
 * @ret_process: who answered
 * @ret_answer: owned
 * Returns 0, -ENOENT (nobody is there), -EAGAIN (no answer in time), -EPERM (closed without an answer), …
 */
int vp_balancesock_ask(const struct vp_root *root, const char *question, struct vp_process *ret_process,
                       char **ret_answer, struct vp_error **err);

/* Give an order, which has no answer. Returns 0, -ENOENT, -EAGAIN (too many are waiting to be heard), … */
int vp_balancesock_tell(const struct vp_root *root, const char *order, struct vp_error **err);
