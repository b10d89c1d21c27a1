/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli.h"

/*
 * Systems that make the definition of a guest themselves and let others change it before each start: what
 * they have in common. Whatever goes wrong, the guest starts with its definition as it came, unless
 * enforce = refuse.
 */

/* What such a system says about a guest. All owned. */
struct vp_front {
    char *profile; /* NULL: the one in the definition's tag */
    char *enforce; /* NULL: as the tag or the profile says */
    char **sets;   /* "KNOB=VALUE", NULL-terminated; NULL: none */
    size_t n_sets, cap_sets;
};
void vp_front_done(struct vp_front *front);
void vp_front_add_set(struct vp_front *front, const char *knob, const char *value);

/**
 * Bring the profile into a definition. One that has no profile and is to get none stays as it is.
 * @what: its name for messages
 * @decided: knobs that the system decides itself and that are left out unless `front` sets them,
 *           NULL-terminated; NULL: none, and the guest is given a place
 * @ret_text: owned; NULL: the definition stays as it is
 * @ret_refuse: filled in any case: is the start to be refused when this fails?
 */
int vp_front_rewrite(struct vp_cli *cli, struct vp_front *front, const char *text, size_t len,
                     const char *what, const char *const *decided, char **ret_text, size_t *ret_len,
                     bool *ret_refuse, struct vp_error **err);
