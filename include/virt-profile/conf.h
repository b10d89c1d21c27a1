/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "root.h"

/* Bytes of the file. */
#define VP_CONF_MAX (64u * 1024)

/* What the daemon does about a running guest that is not as it was tuned. */
enum vp_drift {
    VP_DRIFT_REPAIR,
    VP_DRIFT_REPORT,
    VP_DRIFT_OFF,
    VP_DRIFT_N_,
};
extern const char *const vp_drift_names[VP_DRIFT_N_];

/* Seconds between two looks. */
#define VP_DRIFT_INTERVAL_DEFAULT 30
#define VP_DRIFT_INTERVAL_MIN 5
#define VP_DRIFT_INTERVAL_MAX 3600

/* Which profile domains without a tag get. All owned. */
struct vp_conf_default {
    char *pattern; /* of fnmatch(3) */
    bool title;    /* of the title rather than of the name */
    char *profile; /* may be VP_PROFILE_NONE */
    char *origin;  /* "FILE:LINE" */
};

/* What an administrator says about the host as a whole: virt-profile.conf(5). */
struct vp_conf {
    char *housekeeping;        /* owned; list of CPUs in OS numbering; NULL: the first core of each node */
    char *housekeeping_origin; /* owned; "FILE:LINE"; NULL where housekeeping is */
    uint64_t reserve_kib;      /* of each node's memory, kept for the host; UINT64_MAX: the default */
    enum vp_drift drift;
    unsigned drift_interval;          /* seconds; 0: the default */
    struct vp_conf_default *defaults; /* owned; in the file's order */
    size_t n_defaults, cap_defaults;
    size_t n; /* keys that were set */
};

/* /etc/virt-profile/virt-profile.conf, as configured at build time. */
extern const char vp_conf_path[];

/**
 * Read the configuration. A file that is not there is an empty one.
 * Returns 0, -EINVAL with "FILE:LINE: …" for an unknown section or key (with a suggestion) or a bad value
 */
int vp_conf_read(const struct vp_root *root, struct vp_conf *ret_conf, struct vp_error **err);
/**
 * The same from text.
 * @what: its name for messages
 */
int vp_conf_parse(const char *text, size_t len, const char *what, struct vp_conf *ret_conf,
                  struct vp_error **err);
/**
 * Set one key as a line of the file would, over what is there.
 * @origin: where the value is from, for messages: "FILE:LINE"
 * Returns 0, -EINVAL, -ERANGE
 */
int vp_conf_set(struct vp_conf *conf, const char *section, const char *key, const char *value,
                const char *origin, struct vp_error **err);
void vp_conf_done(struct vp_conf *conf);

/**
 * The default for a domain without a tag: the first whose pattern matches; NULL where none does. Borrowed.
 * @title: may be NULL
 */
const struct vp_conf_default *vp_conf_default(const struct vp_conf *conf, const char *name,
                                              const char *title);

/* Seconds between two looks for drift. */
unsigned vp_conf_drift_interval(const struct vp_conf *conf);

/* What to keep of a node: the number configured, else a sixteenth of it, at most 4 GiB. */
uint64_t vp_conf_reserve_kib(const struct vp_conf *conf, uint64_t node_kib);
