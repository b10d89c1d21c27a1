/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "xml.h"

/* A libvirt domain definition, and what an expert reads from it. */
struct vp_domain {
    vp_doc *doc;   /* owned */
    vp_node *root; /* <domain> */
};

/* As vp_doc_parse(), and -EBADMSG when the root is not <domain>. */
int vp_domain_parse(const char *text, size_t len, const char *what, struct vp_domain **ret_domain,
                    struct vp_error **err);
/*
 * The <domain> in libvirt's status file of a running guest (/run/libvirt/qemu/NAME.xml), whose root is
 * <domstatus> (libvirt 9.0: virDomainObjFormat()). Errors as vp_domain_parse().
 */
int vp_domain_parse_status(const char *text, size_t len, const char *what, struct vp_domain **ret_domain,
                           struct vp_error **err);
struct vp_domain *vp_domain_copy(const struct vp_domain *domain);
void vp_domain_free(struct vp_domain *domain);
static inline void vp_domain_free_ptr(struct vp_domain **domain)
{
    vp_domain_free(*domain);
}
#define vp_autodomain VP_CLEANUP(vp_domain_free_ptr) struct vp_domain *

char *vp_domain_name(const struct vp_domain *domain) VP_MUST_USE;  /* owned; "" when it has none */
char *vp_domain_title(const struct vp_domain *domain) VP_MUST_USE; /* owned; "" when it has none */
char *vp_domain_uuid(const struct vp_domain *domain) VP_MUST_USE;  /* owned; "" when it has none */

/* <devices>; NULL when it has none. */
vp_node *vp_domain_devices(const struct vp_domain *domain);

bool vp_domain_is_kvm(const struct vp_domain *domain); /* type='kvm': not TCG */
bool vp_domain_is_x86(
    const struct vp_domain *domain); /* os/type arch i686 or x86_64; no arch counts as x86 on an x86 build */
bool vp_domain_is_q35(const struct vp_domain *domain); /* x86 with a PCI Express root */

/* Most vCPUs the guest can have, and those online at boot (`current`). At least 1. */
unsigned vp_domain_max_vcpus(const struct vp_domain *domain);
unsigned vp_domain_vcpus(const struct vp_domain *domain);
/* Memory at boot in KiB, hot-pluggable not counted; 0 when it says nothing usable. */
uint64_t vp_domain_memory_kib(const struct vp_domain *domain);

/*
 * A number of KiB from an element with libvirt's unit attribute (default KiB; libvirt 9.0
 * conf/domain_conf.c). 0 where unusable.
 */
uint64_t vp_node_kib(const vp_node *node);

/*
 * The guest says it is Windows: libosinfo metadata (http://microsoft.com/...) or a <hyperv> section of its
 * own.
 */
bool vp_domain_is_windows(const struct vp_domain *domain);
/*
 * The libosinfo id of the guest's system, e.g. "http://debian.org/debian/12"; NULL when it says none.
 * Borrowed.
 */
const char *vp_domain_os_id(const struct vp_domain *domain);
/* Is an <interface> virtio, by its model or by the one that libvirt fills in for this machine? */
bool vp_domain_nic_is_virtio(const struct vp_domain *domain, const vp_node *nic);

/*
 * The guest is known to have virtio drivers: it already has a virtio disk, controller or NIC that its maker
 * chose, or libosinfo names a Linux or BSD.
 */
bool vp_domain_has_virtio_drivers(const struct vp_domain *domain);
