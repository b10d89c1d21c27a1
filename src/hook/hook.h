/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "converge.h"
#include "engine.h"

/*
 * The most that one piece of work may take, in seconds. A start waits for us, and with it, once someone asks
 * for this domain, every call to libvirt on the host; what goes on behind it holds the host lock.
 */
#define VP_HOOK_SECONDS 10

/* What libvirt does when the hook fails (libvirt 9.0: qemu_process.c, qemu_migration.c, qemu_driver.c). */
enum vp_on_fail {
    VP_FAIL_ABORTS_START,  /* the guest does not start */
    VP_FAIL_KILLS_GUEST,   /* a running guest is killed */
    VP_FAIL_IGNORED,       /* nothing */
    VP_FAIL_ABORTS_IMPORT, /* migration or restore is refused */
    VP_FAIL_N_
};

/* When an operation is done for a guest without a profile, too. */
enum vp_untagged {
    VP_UNTAGGED_NEVER,
    VP_UNTAGGED_BOUND, /* where its definition pins or binds it, so that nobody else is put there */
    VP_UNTAGGED_GUESTS /* where the ledger knows a guest: the host may have to change for it */
};

/* One call of the hook. */
struct vp_hook_call {
    const char *domain; /* name, as libvirt gives it */
    const char *text;   /* the definition on stdin; NUL-terminated */
    size_t len;
    bool tagged; /* could be; see vp_tag_maybe() */
    const struct vp_root *root;
    pid_t daemon;                   /* who called the hook */
    int out;                        /* where a filter writes the new definition */
    int lock;                       /* the host lock, which this call has already; -1: it has not */
    bool *refuse;                   /* is this guest not to start untuned? As far as is known */
    const struct vp_engine *engine; /* without a placer; for handlers, as what follows */
    const struct vp_conf *conf;
};

/* What a handler came to; also its process's exit status. */
enum vp_hook_outcome {
    VP_HOOK_DONE = 0,
    VP_HOOK_REFUSED = 1, /* the start is to be refused; the sentence went to stderr */
    VP_HOOK_FAILED = 2,  /* its own failure, logged */
};

struct vp_hook_op {
    const char *name;
    bool filters_xml; /* libvirt reads our stdout */
    enum vp_on_fail on_fail;
    enum vp_phase phase;
    enum vp_untagged untagged;
    bool acts;   /* there is something to do in it */
    bool behind; /* libvirt need not wait for it: the guest runs, and what comes of it changes nothing */
};

/* What an operation does, or what brings it about. */
typedef enum vp_hook_outcome vp_hook_handler(const struct vp_hook_call *call, const struct vp_hook_op *op);

/* Every operation that libvirt 9.0 has for QEMU guests; the last row's name is NULL. */
extern const struct vp_hook_op vp_hook_ops[];

/* NULL for an operation of a newer libvirt. */
const struct vp_hook_op *vp_hook_op_find(const char *name);

/* Is there anything to do? Quick: decided without taking the definition apart. */
bool vp_hook_op_wanted(const struct vp_hook_op *op, const struct vp_hook_call *call);

/**
 * The exit status of the hook for what a handler came to. Only a refusal where libvirt aborts a start is
 * passed on: everything else is
 * success, as failure there would kill a guest, refuse a migration or change nothing.
 */
int vp_hook_exit_status(const struct vp_hook_op *op, enum vp_hook_outcome outcome);

/**
 * Run a handler in a process of its own, so that neither a crash nor a hang of it reaches libvirt.
 * @seconds: after which it is killed
 * What a filter writes reaches `out` only when the handler succeeded, and then whole.
 */
enum vp_hook_outcome vp_hook_guard(const struct vp_hook_op *op, const struct vp_hook_call *call,
                                   vp_hook_handler *run, unsigned seconds, int out);

/**
 * Fork a process that outlives the hook, without the pipes that libvirt reads to their ends.
 * Returns as fork(2) does
 */
pid_t vp_hook_leave(void);

/**
 * The whole hook: reads stdin to its end, whatever happens. Returns the exit status.
 * @run: vp_hook_load(), or vp_hook_run() where that is in this program
 */
int vp_hook_main(const char *domain, const char *operation, const char *root, vp_hook_handler *run);

/*
 * All above, and the program that libvirt runs, need the C library and no other: libvirt starts it five times
 * in a guest's life, and mostly there is nothing to do. What does the work is a plugin of it, loaded where
 * there is some, by the guarded process: no library that is missing or broken reaches libvirt.
 */
struct vp_hook_plugin {
    const char *version;       /* of both, the same */
    size_t call_size, op_size; /* as it knows them */
    vp_hook_handler *run;
};
#define VP_HOOK_PLUGIN "virt-profile-hook.so"

/* Load the plugin, from the program's folder or VP_PKGLIBDIR, and run it. Logs why it cannot. */
enum vp_hook_outcome vp_hook_load(const struct vp_hook_call *call, const struct vp_hook_op *op);

/* What the plugin does: open the host, read the configuration, and run the operation's handler. */
enum vp_hook_outcome vp_hook_run(const struct vp_hook_call *call, const struct vp_hook_op *op);

/* NULL: the operation has none. */
vp_hook_handler *vp_hook_handler_find(const struct vp_hook_op *op);

/* prepare: give the guest its place and say whether its definition holds what its profile says. */
vp_hook_handler vp_hook_prepare;
/* started, reconnect: the guest runs. Put its threads where they belong, and the host in order. */
vp_hook_handler vp_hook_started;
/* release: the guest is gone, or never came. Give back what it had. */
vp_hook_handler vp_hook_release;
/* migrate, restore: rewrite the definition for this host, leaving alone what the guest can see. */
vp_hook_handler vp_hook_filter;
