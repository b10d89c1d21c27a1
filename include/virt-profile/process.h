/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "root.h"

/* A process, told from a later one with the same number. pid 0: none. */
struct vp_process {
    pid_t pid;
    uint64_t start; /* clock ticks after boot: field 22 of /proc/PID/stat, proc(5) */
};

/* This moment, counted as the start of a process. */
uint64_t vp_process_now(void);

/* Which process has this number now. -ESRCH when none has (a zombie counts as none). */
int vp_process_read(const struct vp_root *root, pid_t pid, struct vp_process *ret_process,
                    struct vp_error **err);

/* Does it still run? */
bool vp_process_alive(const struct vp_root *root, const struct vp_process *process);

/**
 * The QEMU of a domain, by libvirt's pid file (libvirt 9.0: /run/libvirt/qemu/NAME.pid, written before the
 * `started` hook). libvirt makes the process first, then its cgroups, and runs QEMU in it last (virCommand's
 * handshake): until then it is none.
 * Returns 0, -ENOENT without a pid file, -ESRCH when its process is gone, or is no QEMU yet
 */
int vp_process_qemu(const struct vp_root *root, const char *domain, struct vp_process *ret_process,
                    struct vp_error **err);
