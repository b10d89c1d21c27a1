/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "../model/fake.h"
#include "reconcile.h"

/*
 * Means of these tests: files below /v, of which a write can fail or end the process. By the first letter of
 * a file: "p…" is a number that others have a part in, "o…" passes /v/run through 2, "d…" is written in
 * two steps; of all others "e…" is essential.
 */
extern const struct vp_means *const rig_means[];

/* The trap. */
struct rig_trap {
    int at;    /* which write from now on; 0: none */
    int code;  /* errno; 0: the process ends, with status 42 */
    bool done; /* after it was written, else before */
    bool less; /* a number becomes two less than what is written */
};
extern struct rig_trap rig_trap;

int rig_read(const struct vp_root *root, const char *target, char **ret_value, struct vp_error **err);
int rig_write(const struct vp_root *root, const char *target, const char *value, struct vp_error **err);

/* Calls `each` for every NAME=VALUE of a list. */
void rig_for_each(const char *list, void (*each)(void *cookie, const char *name, const char *value),
                  void *cookie);
/* Others write a file of a struct fake; an empty value removes it. */
void rig_set(void *cookie, const char *name, const char *value);
/* Fails unless a file of a struct fake has the value; an empty one: is not there. */
void rig_check(void *cookie, const char *name, const char *value);
/* Adds to struct vp_wishes. */
void rig_wish(void *cookie, const char *name, const char *value);

/* Reconcile with a list of wishes. Returns what happened, "set a = 1, failed e = 2!"; owned. */
char *rig_reconcile(const struct fake *fake, const char *wanted) VP_MUST_USE;
/* Is there a journal? */
bool rig_noted(const struct fake *fake);
