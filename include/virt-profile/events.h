/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "conn.h"

/* What libvirt tells of a domain. */
enum vp_event_kind {
    VP_EVENT_DEFINED,   /* its definition was stored, for the first time or over another */
    VP_EVENT_UNDEFINED, /* its definition is gone */
    VP_EVENT_METADATA,  /* its title or our tag was changed, stored or live */
    VP_EVENT_STARTED,   /* it runs: after a start, a restore or a migration, behind all hooks */
    VP_EVENT_STOPPED,
    VP_EVENT_DEVICES, /* a device came or went, or a disk lies on another file by now */
    VP_EVENT_N_
};

struct vp_event {
    enum vp_event_kind kind;
    const char *uuid, *name; /* borrowed for the call */
};

/* Who listens. Called by vp_loop_turn() only. What they do should be short: note it, and do it later. */
struct vp_listener {
    void (*event)(void *cookie, const struct vp_event *event);
    void (*closed)(void *cookie, const char *why); /* the connection is gone; to be given up */
    void *cookie;
};

/*
 * libvirt's event loop, of which a process has one, and what is waited for in it. There is no thread: while
 * it waits for an answer of libvirt, events are kept for the next turn.
 */
struct vp_loop;

/* To be made before the connection. -ENOSYS: libvirt cannot be loaded; -EIO. */
int vp_loop_new(struct vp_loop **ret_loop, struct vp_error **err);
void vp_loop_free(struct vp_loop *loop); /* NULL is fine */

/* Call `ready` when there is something to read; until the loop is freed. -EIO */
int vp_loop_watch(struct vp_loop *loop, int fd, void (*ready)(void *cookie, int fd), void *cookie,
                  struct vp_error **err);

/**
 * Wait for something, and handle it.
 * @milliseconds: at most; -1: for ever; 0: do not wait
 */
int vp_loop_turn(struct vp_loop *loop, int64_t milliseconds, struct vp_error **err);

/**
 * Listen to all domains of a connection, and have it looked after (keepalive).
 * @conn: borrowed until vp_loop_forget()
 * @listener: borrowed as long
 * Returns 0 or -EIO, and then nobody listens
 */
int vp_loop_listen(struct vp_loop *loop, struct vp_conn *conn, const struct vp_listener *listener,
                   struct vp_error **err);
/* Listen no more; to be called before the connection is closed. None is fine. */
void vp_loop_forget(struct vp_loop *loop);
