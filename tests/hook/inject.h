/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "../model/fake.h"

/*
 * The hook on a made-up host, in which each write can fail in turn. Calls that change files come here first,
 * those of libcgroup, too: what a program defines, its libraries use.
 */

enum {
    INJECT_WRITE = 1 << 0,  /* write(2), pwrite(2) */
    INJECT_RENAME = 1 << 1, /* renameat(2) */
    INJECT_SYNC = 1 << 2,   /* fsync(2) */
    INJECT_OPEN = 1 << 3,   /* open(2) to write */
    INJECT_MAKE = 1 << 4,   /* mkdir(2) */
    INJECT_REMOVE = 1 << 5, /* rmdir(2), unlink(2) */
};

struct inject {
    unsigned kinds;           /* INJECT_… that count */
    const char *const *below; /* folders of the host, ended by NULL, in which they count; NULL: anywhere */
    bool live;                /* the folder is all of the machine, cgroups as well: chroot(2) */
    bool lasts;               /* what failed fails again in the same call */
    bool spreads;             /* all that comes behind it fails, too */
};

/* In memory that the test shares with the hooks it runs. */
struct trap {
    struct inject how;
    int at; /* this one fails, counted from 1; 0: none does */
    int code;
    int seen;
    unsigned kind;    /* of what failed */
    char folder[256]; /* of the host */
    char hit[512];    /* what failed, as a path of the host */
    char value[128];  /* that was to be written there, without the end of its line; "" where it was none */
    char said[32768]; /* to the log */
};
extern struct trap *trap;

struct inject_guest {
    const char *name;
    const char *definition;
};

extern const int inject_codes[5];

/* May this process have another root folder, be it by a user namespace? `live` needs it. */
bool inject_may_chroot(void);

/* A host in memory: a machine with four CPUs, no guest. */
void inject_open(struct fake *fake, const struct inject *how);
void inject_close(void);

/**
 * One call of the hook, as libvirt makes it.
 * @at, @code: which write fails, and with what; 0: none
 * @ret_told: what it told the user; owned; may be NULL
 * Returns its exit status
 */
int inject_hook(const struct fake *fake, const struct inject_guest *guest, const char *operation, int at,
                int code, char **ret_told);

/* Every file of the host with what is in it, in order, but for locks and what is no state. Owned. */
char *inject_snapshot(const struct fake *fake);
/* The host is as it was. @hit: what failed */
void inject_same(const struct fake *fake, const char *before, const char *operation, int at, const char *hit);
/* What failed, with which value, and why, is in the log or in what libvirt shows. */
void inject_told(const char *operation, int at, const char *told);
