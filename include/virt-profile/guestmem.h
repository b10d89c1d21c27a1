/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "domain.h"

/* The guest's memory as libvirt counts it, in KiB. */
struct vp_guestmem {
    uint64_t boot;  /* what it boots with, memory devices not counted */
    uint64_t total; /* memory devices counted: <memory> of a definition that libvirt has stored */
    uint64_t most;  /* with all that can be plugged in (<maxMemory>); at least total */
};

/**
 * Read it from a definition, before or after libvirt has completed it.
 * Returns false where it says nothing usable.
 */
bool vp_guestmem_read(const struct vp_domain *domain, struct vp_guestmem *ret_memory);

/*
 * An amount in KiB that an element says in an attribute, with its unit in `unit`: the memory of a NUMA cell,
 * the size of a page. 0 where it says nothing usable.
 */
uint64_t vp_guestmem_attr_kib(const struct vp_domain *domain, const vp_node *node, const char *attr);
/* Memory of the host that a <memory> device takes at most, in KiB; 0 where it is a file (nvdimm). */
uint64_t vp_guestmem_device_kib(const vp_node *device);

/**
 * Can all of the guest's memory be made of pages of one size?
 * @page: in KiB
 * @ret_pages: how many it takes, those of memory devices that name no page size of their own counted
 * @ret_odd: what is no multiple of the page; owned by the caller, NULL where it can
 */
bool vp_guestmem_pages(const struct vp_domain *domain, uint64_t page, uint64_t *ret_pages, char **ret_odd);

/* Does a device exchange data with another process through the guest's memory (vhost-user, virtiofs)? */
bool vp_guestmem_is_exchanged(const struct vp_domain *domain);

/**
 * Is the guest's memory called differently in a saved or migrated state when it comes from another source?
 * Then the
 * source may only change at a cold start.
 */
bool vp_guestmem_is_named_by_source(const struct vp_domain *domain);

/* Devices that are passed through with VFIO and so pin the guest's memory. */
unsigned vp_guestmem_vfio(const struct vp_domain *domain);

/**
 * The smallest hard limit, in KiB, under which a guest with locked memory runs: mlockall() counts all address
 * space that QEMU maps against it. 0 where the definition says nothing usable or libvirt has no such limit.
 */
uint64_t vp_guestmem_lock_limit(const struct vp_domain *domain);
