/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "root.h"

struct hwloc_topology;
struct vp_schema;

/*
 * The machine a plan is made for. Each fact is read when first asked for, so that a hook that needs none pays
 * nothing.
 * Not for use from several threads.
 */
struct vp_host;

enum vp_cpu_vendor { VP_CPU_UNKNOWN, VP_CPU_INTEL, VP_CPU_AMD, VP_CPU_OTHER };

/**
 * @where: "live", the path of an hwloc XML file, a folder with a dump of /sys and /proc, or
 *         "synthetic:DESCRIPTION"
 * @root: borrowed; where the live host's files are (and libvirt's schema, for every kind of host)
 */
int vp_host_open(const char *where, const struct vp_root *root, struct vp_host **ret_host,
                 struct vp_error **err);
void vp_host_free(struct vp_host *host);
static inline void vp_host_free_ptr(struct vp_host **host)
{
    vp_host_free(*host);
}

/* "live", "xml:FILE", "dump:FOLDER" or "synthetic:DESCRIPTION". Borrowed. */
const char *vp_host_source(const struct vp_host *host);

/* Where the host's own /proc and /sys are; NULL for one that has none (hwloc XML, synthetic). Borrowed. */
const struct vp_root *vp_host_root(const struct vp_host *host);

/*
 * The topology, with CPUs and nodes this process may not use left in. Borrowed. Errors: -EINVAL, -ENOENT, …
 */
int vp_host_topology(struct vp_host *host, struct hwloc_topology **ret_topology, struct vp_error **err);

/* Lists like "0-3,8" in OS numbering of the CPUs and NUMA nodes; owned. */
int vp_host_lists(struct vp_host *host, char **ret_cpus, char **ret_nodes, struct vp_error **err);

/**
 * The list of CPUs that the scheduler leaves alone (isolcpus), like "2-7"; owned; empty where there are none
 * and for hosts
 * that do not say (hwloc XML, synthetic).
 * Source: /sys/devices/system/cpu/isolated.
 */
int vp_host_isolated(struct vp_host *host, char **ret_list, struct vp_error **err);

/**
 * How many huge pages of one size the pools hold, free or not, over all nodes.
 * @kib: size of a page, e.g. 2048
 * Returns 0 with 0 pages where the host does not have the size.
 * Source: /sys/kernel/mm/hugepages/hugepages-NkB/nr_hugepages; hwloc's page types for XML and synthetic
 * hosts.
 */
int vp_host_hugepages(struct vp_host *host, uint64_t kib, uint64_t *ret_pages, struct vp_error **err);

/* Does the host have the size at all (so that pages of it could be reserved)? */
bool vp_host_has_hugepage_size(struct vp_host *host, uint64_t kib);

enum vp_cpu_vendor vp_host_cpu_vendor(struct vp_host *host);

/**
 * Does the libvirt that is installed know this name? Looked up in its domain schema (domaincommon.rng and
 * what it
 * includes). Without an installed schema: whatever libvirt 9.0 knew, for the names in schema.c's table.
 */
bool vp_host_libvirt_knows_element(struct vp_host *host, const char *name);
bool vp_host_libvirt_knows_attribute(struct vp_host *host, const char *name);
bool vp_host_libvirt_knows_value(struct vp_host *host, const char *value);
