/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "topology.h"

/*
 * What has to be the same for a topology to be the one of this machine still: owned; NULL where the host
 * does not say enough.
 */
char *vp_topocache_key(const struct vp_root *root) VP_MUST_USE;

/**
 * A topology as bytes, without the memory of its nodes.
 * @key: what must be the same for it to be taken for this machine
 * @ret_bytes: owned
 */
void vp_topocache_pack(const struct vp_topology *topology, const char *key, char **ret_bytes,
                       size_t *ret_len);

/* Back again; NULL for bytes that are not whole, of another key or of another version. Owned. */
struct vp_topology *vp_topocache_unpack(const char *bytes, size_t len, const char *key) VP_MUST_USE;
