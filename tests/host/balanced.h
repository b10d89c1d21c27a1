/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "model/fake.h"

/*
 * A process that speaks as irqbalance 1.9.2 does on its socket: one command a connection, of at most 500
 * bytes, with the credentials of the user that runs the test; new CPUs show when its cycle begins; a
 * reader that is gone kills it.
 */
struct balanced {
    pid_t pid;
    struct balanced_shared *shared;
};

/* What it shares with the test. */
struct balanced_shared {
    volatile bool busy; /* it does not listen */
    char said[1024];    /* the last order */
    char cpus[512];     /* mask that it keeps off now */
    char next[1024];    /* list that it was told; applied by balanced_cycle() */
    char irqs[1024];    /* "30 31" */
    char answer[1024];  /* to `setup`, instead of what it would say; "": its own */
    char first[512];    /* the mask that it finds by itself */
};

/*
 * Start it with the mask and interrupts of its own settings, its socket in /run/irqbalance of the fake
 * host.
 */
void balanced_start(struct balanced *balanced, const struct fake *fake, const char *cpus, const char *irqs);
/* It takes over what it was told. */
void balanced_cycle(struct balanced *balanced);
/* Does it live? */
bool balanced_lives(struct balanced *balanced);
/* End it; its files in /proc go, the socket stays as after a crash. */
void balanced_stop(struct balanced *balanced, const struct fake *fake);
/* Its name in targets, "PID:START". Owned. */
char *balanced_name(const struct balanced *balanced);
