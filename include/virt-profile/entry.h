/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "placement.h"
#include "process.h"

enum vp_entry_state {
    VP_ENTRY_COMING,  /* libvirt is starting it */
    VP_ENTRY_RUNNING, /* its QEMU is known */
    VP_ENTRY_STATE_N_
};
extern const char *const vp_entry_state_names[VP_ENTRY_STATE_N_];

/* Memory that a guest without a placement is bound to, or may take anywhere. */
struct vp_entry_memory {
    int node;          /* OS number; -1: anywhere */
    uint64_t page_kib; /* 0: ordinary memory */
    uint64_t kib;
};

/* What a guest wants of the host while it runs: an action of kind VP_ACTION_HOST. */
struct vp_want {
    char *name; /* owned, as all of it; the action's target without "host/" */
    char *value;
    char *knob;
    char *reason;
};

/* A guest that runs or is about to, as the ledger has it: what it owns, and what it wants of the host. */
struct vp_entry {
    char *uuid; /* owned, as all of it; the entry's key */
    char *name;
    char *profile; /* NULL: it has no profile and is only known to be there */
    unsigned id;   /* libvirt's number of this run, 0: not known. Names the scope. */
    enum vp_entry_state state;
    struct vp_process maker;        /* the libvirt daemon that called the hook */
    struct vp_process qemu;         /* pid 0 until it runs */
    uint64_t since;                 /* seconds since the epoch */
    struct vp_placement *placement; /* NULL: it was given no place */
    /* CPUs that its own definition pins it to, without a placement; may be NULL */
    hwloc_bitmap_t pinned;
    struct vp_entry_memory *memory; /* of a guest without a placement */
    size_t n_memory, cap_memory;
    struct vp_want *wants;
    size_t n_wants, cap_wants;
    char **pending; /* NULL-terminated; settings that its definition did not hold at this start; NULL: none */
};

struct vp_entry *vp_entry_new(const char *uuid, const char *name) VP_MUST_USE;
void vp_entry_free(struct vp_entry *entry); /* NULL is fine */
static inline void vp_entry_free_ptr(struct vp_entry **entry)
{
    vp_entry_free(*entry);
}
#define vp_autoentry VP_CLEANUP(vp_entry_free_ptr) struct vp_entry *

void vp_entry_add_want(struct vp_entry *entry, const char *name, const char *value, const char *knob,
                       const char *reason);

/* JSON of an entry, OS numbers throughout; owned. */
char *vp_entry_format(const struct vp_entry *entry, const struct vp_topology *topology) VP_MUST_USE;

/**
 * Read it back. A placement that this machine no longer has (a CPU or node went offline) is left out, and its
 * CPUs
 * that are still there go into `pinned`.
 * @what: the file's name for messages
 * Returns 0, or -EBADMSG for what is not an entry
 */
int vp_entry_parse(const char *text, size_t len, const char *what, const struct vp_topology *topology,
                   struct vp_entry **ret_entry, struct vp_error **err);
