/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "root.h"

/* Bytes of the file. */
#define VP_CONF_MAX (64u * 1024)

/* What an administrator says about the host as a whole: virt-profile.conf(5). */
struct vp_conf {
    char *housekeeping;        /* owned; list of CPUs in OS numbering; NULL: the first core of each node */
    char *housekeeping_origin; /* owned; "FILE:LINE"; NULL where housekeeping is */
    uint64_t reserve_kib;      /* of each node's memory, kept for the host; UINT64_MAX: the default */
    size_t n;                  /* keys that were set */
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

/* What to keep of a node: the number configured, else a sixteenth of it, at most 4 GiB. */
uint64_t vp_conf_reserve_kib(const struct vp_conf *conf, uint64_t node_kib);
