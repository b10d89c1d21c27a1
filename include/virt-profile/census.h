/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "process.h"

/* What a thread of a guest is for. */
enum vp_thread_kind {
    /* QEMU's main loop, its workers, displays, migration: whatever is none of the others */
    VP_THREAD_EMULATOR,
    VP_THREAD_VCPU,
    VP_THREAD_IOTHREAD,
    VP_THREAD_VHOST, /* moves packets or requests between guest and host */
    VP_THREAD_PIT,   /* injects the ticks of the guest's timer chip */
    VP_THREAD_N_
};
extern const char *const vp_thread_kind_names[VP_THREAD_N_];

struct vp_thread {
    pid_t tid;
    enum vp_thread_kind kind;
    unsigned index; /* number of the vCPU; id of the iothread; else 0 */
    bool kernel;    /* a process of the kernel's own beside QEMU, not a thread of it */
    char comm[16];  /* as the kernel shows it, cut at 15 characters */
};

/* Sorted by kind, then index, then number. */
struct vp_census {
    struct vp_thread *items; /* owned */
    size_t n, cap;
};

/**
 * All threads of a QEMU, and the kernel's threads that work for it. Those that end meanwhile are left out.
 * @qemu: must still be that process when the threads have been read
 * Returns 0, or -ESRCH when it is gone
 * Source: names that QEMU 7.2 gives its threads with debug-threads=on, which libvirt always asks for ("CPU
 * 0/KVM", "IO iothread1"); "vhost-PID" (drivers/vhost/vhost.c; a thread of QEMU since Linux 6.4, a child of
 * kthreadd before) and "kvm-pit/PID" (arch/x86/kvm/i8254.c). Kernel threads are looked for among the
 * children of kthreadd (CONFIG_PROC_CHILDREN) with numbers above QEMU's, and among all once numbers have
 * started over.
 */
int vp_census_read(const struct vp_root *root, const struct vp_process *qemu, struct vp_census *ret_census,
                   struct vp_error **err);
void vp_census_done(struct vp_census *census);
