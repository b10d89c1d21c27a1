/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mem.h"

/* What went wrong, in one sentence for the person who runs the host. */
struct vp_error {
    int code; /* positive errno */
    char *message;
};

/**
 * Report a failure.
 * @err: where to put it; *err must still be NULL (asserted: an error is made once). err itself may be
 *       NULL when the caller only wants the code.
 * @code: positive errno; it is errno while the message is made, so "%m" gives its text
 * Control characters in the message become '?', so that it stays one line whatever it quotes.
 * Returns -code, so that a function can `return vp_fail(err, EINVAL, "…")`.
 */
int vp_fail(struct vp_error **err, int code, const char *fmt, ...) VP_PRINTF(3, 4);

/**
 * Put context in front of an error: "context: message".
 * @err: *err must hold an error (asserted). NULL where the caller gave NULL to what failed.
 * Returns the negative code of *err, or with a NULL err that of this thread's latest vp_fail().
 */
int vp_prefix(struct vp_error **err, const char *fmt, ...) VP_PRINTF(2, 3);

/* NULL is fine. */
void vp_error_free(struct vp_error *err);
static inline void vp_error_free_ptr(struct vp_error **err)
{
    vp_error_free(*err);
}
#define vp_autoerror VP_CLEANUP(vp_error_free_ptr) struct vp_error *
