/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "conn.h"

/* A domain that libvirt knows. */
struct vp_guest;

/**
 * Find a domain as virsh does: by id when it is a number, by UUID, by name.
 * @ret_guest: owned; to be freed before the connection is closed
 * Errors: -ENOENT, -EIO
 */
int vp_guest_find(struct vp_conn *conn, const char *who, struct vp_guest **ret_guest, struct vp_error **err);
/* All domains with a stored definition, sorted by name. @ret_guests: NULL-terminated; vp_guests_free(). */
int vp_guest_list(struct vp_conn *conn, struct vp_guest ***ret_guests, struct vp_error **err);
/* All that run, transient ones too, likewise. */
int vp_guest_running(struct vp_conn *conn, struct vp_guest ***ret_guests, struct vp_error **err);
/* All that do not. */
int vp_guest_off(struct vp_conn *conn, struct vp_guest ***ret_guests, struct vp_error **err);
void vp_guest_free(struct vp_guest *guest);
static inline void vp_guest_free_ptr(struct vp_guest **guest)
{
    vp_guest_free(*guest);
}
#define vp_autoguest VP_CLEANUP(vp_guest_free_ptr) struct vp_guest *
void vp_guests_free(struct vp_guest **guests);
static inline void vp_guests_free_ptr(struct vp_guest ***guests)
{
    vp_guests_free(*guests);
}

const char *vp_guest_name(const struct vp_guest *guest); /* borrowed */
const char *vp_guest_uuid(const struct vp_guest *guest); /* borrowed */

enum vp_guest_state {
    VP_GUEST_OFF,
    VP_GUEST_RUNNING,
    VP_GUEST_SAVED, /* off with a saved image that the next start restores */
    VP_GUEST_STATE_N_,
};

/*
 * Does libvirt do something with the running guest that others would wait for, up to half a minute? Does not
 * wait.
 */
bool vp_guest_is_busy(const struct vp_guest *guest);

/**
 * The stored definition, secrets included: never to be printed.
 * Errors: -ENOTSUP (a transient domain has none), -EIO
 */
int vp_guest_read(const struct vp_guest *guest, char **ret_xml, struct vp_error **err);

/*
 * The same at half the price, for who looks again with vp_guest_read() before anything is stored: of a
 * transient domain it is the live definition without what libvirt chose at the start.
 */
int vp_guest_glance(const struct vp_guest *guest, char **ret_xml, struct vp_error **err);

/* The same without secrets, for a look at it. */
int vp_guest_peek(const struct vp_guest *guest, char **ret_xml, struct vp_error **err);

/**
 * What the guest runs with, or will be restored with, without secrets.
 * @ret_xml: NULL when it is off
 */
int vp_guest_read_live(const struct vp_guest *guest, enum vp_guest_state *ret_state, char **ret_xml,
                       struct vp_error **err);

/**
 * Store a definition; it must have the name and UUID of the guest.
 * @check: against libvirt's schema. Takes most of the time; without, what libvirt does not know is dropped.
 */
int vp_guest_define(const struct vp_guest *guest, const char *xml, bool check, struct vp_error **err);

/* Start it so that its first instruction waits for vp_guest_resume(). */
int vp_guest_start_paused(const struct vp_guest *guest, struct vp_error **err);
int vp_guest_resume(const struct vp_guest *guest, struct vp_error **err);
/* End it at once, as one that has not run. */
int vp_guest_destroy(const struct vp_guest *guest, struct vp_error **err);
