/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "error.h"

/*
 * The few things that this project asks of libvirt; never in the hook. The library is loaded when a
 * connection is opened, so that a program runs on a machine without it. Errors hold libvirt's own message in
 * one line; libvirt prints nothing itself.
 */
struct vp_conn;

/* @uri: NULL for libvirt's default. -ENOSYS: libvirt cannot be loaded; -EIO: it says no. */
int vp_conn_open(const char *uri, struct vp_conn **ret_conn, struct vp_error **err);
void vp_conn_close(struct vp_conn *conn); /* NULL is fine */
static inline void vp_conn_close_ptr(struct vp_conn **conn)
{
    vp_conn_close(*conn);
}
#define vp_autoconn VP_CLEANUP(vp_conn_close_ptr) struct vp_conn *
