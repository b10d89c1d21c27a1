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

/* CPUs that threads of a guest without a placement are pinned to by its definition. */
struct vp_entry_pin {
    hwloc_bitmap_t cpus; /* owned */
    unsigned threads;    /* how many of its threads have exactly these */
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
    struct vp_process maker; /* the libvirt daemon that called the hook */
    struct vp_process qemu;  /* pid 0 until it runs */
    uint64_t since;          /* seconds since the epoch, for people */
    uint64_t ticks;          /* the same moment as struct vp_process counts */
    char *boot;              /* of the kernel that runs it, /proc/sys/kernel/random/boot_id; NULL: of this */
    struct vp_placement *placement; /* NULL: it was given no place */
    /* CPUs that are its own by its definition, without a placement: a thread has no other. May be NULL. */
    hwloc_bitmap_t pinned;
    struct vp_entry_pin *pins; /* sets of several CPUs that its threads may choose from, each once */
    size_t n_pins, cap_pins;
    struct vp_entry_memory *memory; /* of a guest without a placement */
    size_t n_memory, cap_memory;
    struct vp_want *wants;
    size_t n_wants, cap_wants;
    char **pending; /* NULL-terminated; settings that its definition did not hold at this start; NULL: none */
    bool alive;     /* it was seen to run, or to come, a moment ago */
    bool partial;   /* read without a topology, so without its placement: never to be stored */
};

/* Seconds since libvirt began to start it, suspended time counted. */
uint64_t vp_entry_age(const struct vp_entry *entry);

/* One that comes, since now. */
struct vp_entry *vp_entry_new(const char *uuid, const char *name) VP_MUST_USE;
void vp_entry_free(struct vp_entry *entry); /* NULL is fine */
static inline void vp_entry_free_ptr(struct vp_entry **entry)
{
    vp_entry_free(*entry);
}
#define vp_autoentry VP_CLEANUP(vp_entry_free_ptr) struct vp_entry *

void vp_entry_add_want(struct vp_entry *entry, const char *name, const char *value, const char *knob,
                       const char *reason);

/* Forget all wants. */
void vp_entry_drop_wants(struct vp_entry *entry);

/* Threads that may run on these CPUs: counted with those that have the same set. */
void vp_entry_add_pin(struct vp_entry *entry, hwloc_const_bitmap_t cpus, unsigned threads);
/* At most VP_ENTRY_KIB_MAX is counted: more than any machine has, and a sum of many still fits. */
#define VP_ENTRY_KIB_MAX (UINT64_C(1) << 48)
void vp_entry_add_memory(struct vp_entry *entry, int node, uint64_t page_kib, uint64_t kib);
/* Forget the pins of its definition: they are not its own wish, and it floats. */
void vp_entry_unpin(struct vp_entry *entry);
/*
 * Give it a place, which from now on says what it has: pins and memory of its definition do not count.
 * Takes it.
 */
void vp_entry_set_placement(struct vp_entry *entry, struct vp_placement *placement);

/**
 * JSON of an entry, OS numbers throughout, on one line; owned.
 * @boot: for an entry that names none; may be NULL
 * @topology: may be NULL for an entry without a placement
 */
char *vp_entry_format(const struct vp_entry *entry, const char *boot,
                      const struct vp_topology *topology) VP_MUST_USE;

/**
 * Read it back. A placement that this machine no longer has (a CPU of its own or a node is offline) is left
 * out: its CPUs that are still there go into `pinned`, its memory stays.
 * @what: the file's name for messages
 * @topology: NULL leaves every placement out
 * Returns 0, or -EBADMSG for what is not an entry
 */
int vp_entry_parse(const char *text, size_t len, const char *what, const struct vp_topology *topology,
                   struct vp_entry **ret_entry, struct vp_error **err);
