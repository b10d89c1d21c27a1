/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "virtguest.h"

/* What src/virt knows of libvirt: the functions that it loads. For its own files only. */

/* Every function that is used, all of libvirt 4.10 or older. */
#define FUNCTIONS(F)                                                                                         \
    F(virConnectClose)                                                                                       \
    F(virConnectListAllDomains)                                                                              \
    F(virConnectOpenAuth)                                                                                    \
    F(virDomainCreateWithFlags)                                                                              \
    F(virDomainDefineXMLFlags)                                                                               \
    F(virDomainDestroy)                                                                                      \
    F(virDomainFree)                                                                                         \
    F(virDomainGetBlockIoTune)                                                                               \
    F(virDomainGetControlInfo)                                                                               \
    F(virDomainGetMemoryParameters)                                                                          \
    F(virDomainGetName)                                                                                      \
    F(virDomainGetSchedulerParametersFlags)                                                                  \
    F(virDomainGetUUIDString)                                                                                \
    F(virDomainGetXMLDesc)                                                                                   \
    F(virDomainHasManagedSaveImage)                                                                          \
    F(virDomainIsActive)                                                                                     \
    F(virDomainIsPersistent)                                                                                 \
    F(virDomainLookupByID)                                                                                   \
    F(virDomainLookupByName)                                                                                 \
    F(virDomainLookupByUUIDString)                                                                           \
    F(virDomainListGetStats)                                                                                 \
    F(virDomainManagedSaveGetXMLDesc)                                                                        \
    F(virDomainPinEmulator)                                                                                  \
    F(virDomainPinIOThread)                                                                                  \
    F(virDomainPinVcpuFlags)                                                                                 \
    F(virDomainResume)                                                                                       \
    F(virDomainSetBlockIoTune)                                                                               \
    F(virDomainSetIOThreadParams)                                                                            \
    F(virDomainSetInterfaceParameters)                                                                       \
    F(virDomainSetMemoryParameters)                                                                          \
    F(virDomainSetMetadata)                                                                                  \
    F(virDomainSetSchedulerParametersFlags)                                                                  \
    F(virDomainStatsRecordListFree)                                                                          \
    F(virGetLastError)                                                                                       \
    F(virSetErrorFunc)                                                                                       \
    F(virTypedParamsClear)

struct vp_virt_api {
    void *library; /* never closed: libvirt has threads */
    virConnectAuthPtr auth;
#define MEMBER(name) __typeof__(name) *name;
    FUNCTIONS(MEMBER)
#undef MEMBER
};

struct vp_conn {
    struct vp_virt_api api;
    virConnectPtr connection;
};

struct vp_guest {
    const struct vp_conn *conn;
    virDomainPtr domain;
    char uuid[VIR_UUID_STRING_BUFLEN];
};

/* Load libvirt and find its functions. -ENOSYS */
int vp_virt_load(struct vp_virt_api *ret_api, struct vp_error **err);
/* Find one more. -ENOSYS */
int vp_virt_symbol(const struct vp_virt_api *api, const char *name, void **ret_symbol, struct vp_error **err);

/*
 * libvirt's last message on one line, owned.
 * @ret_code: ENOENT for a domain that is not there, EBUSY where another job holds it (libvirt 9.0:
 *            virDomainObjBeginJobInternal()), else EIO
 */
char *vp_virt_message(const struct vp_virt_api *api, int *ret_code) VP_MUST_USE;

/* "cannot WHAT of domain 'NAME': libvirt says: …" */
int vp_virt_refuse(const struct vp_guest *guest, const char *what, struct vp_error **err);
