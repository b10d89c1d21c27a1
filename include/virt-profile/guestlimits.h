/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "domain.h"
#include "entry.h"

/*
 * The limits of a guest as a whole, which hold before its QEMU exists: properties of
 * systemd.resource-control(5) with their values, whether systemd sets them or not.
 */
struct vp_limit {
    char *property; /* owned, as all of it: "AllowedCPUs" */
    char *value;    /* one line; several joined by '\n' where the property may stand more than once */
};

struct vp_limits {
    struct vp_limit *items;
    size_t n, cap;
};

#define VP_LIMIT_CPUS "AllowedCPUs"
#define VP_LIMIT_NODES "AllowedMemoryNodes"

/* What a want is named before its property: see vp_plan_host(). */
#define VP_LIMIT_WANT "scope/"

/**
 * Work out the limits of a guest: what its profile wants, and its place, which is never narrower than what
 * its definition pins or binds: libvirt could not start it (EINVAL). No place is a limit where the
 * definition leaves the choice to numad. Memory is limited to its nodes unless it may come from others.
 * @topology: of the placement; may be NULL for an entry without
 * @domain: its definition, as libvirt is about to start it
 * Returns 0, or -EINVAL for a property that is not known, or a value that is not one or more lines of text
 */
int vp_limits_read(const struct vp_entry *entry, const struct vp_topology *topology,
                   const struct vp_domain *domain, struct vp_limits *ret_limits, struct vp_error **err);
void vp_limits_done(struct vp_limits *limits);

/* The value of a property; NULL where it has none. Borrowed. */
const char *vp_limits_find(const struct vp_limits *limits, const char *property);

/* Whose wants become limits: does the text name a property that a guest can have? */
bool vp_limit_is_known(const char *property);
