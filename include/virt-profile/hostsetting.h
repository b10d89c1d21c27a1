/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mem.h"

/* What to do when guests on one host want different things. */
enum vp_arbitration {
    VP_ARBITRATE_ORDER, /* the first of `order` that anybody wants */
    VP_ARBITRATE_MIN,   /* the smallest number */
    VP_ARBITRATE_MAX,   /* the largest number */
    VP_ARBITRATE_N_
};

/* What there is one of. */
enum vp_setting_of {
    VP_SETTING_OF_HOST,
    VP_SETTING_OF_CPU, /* each CPU that a guest owns; `path` has a '*' for its number */
    /* CPUs that have one clock (a cpufreq policy); `path` has a '*' for the number of the policy */
    VP_SETTING_OF_FREQUENCY,
    VP_SETTING_OF_N_
};

/* A setting of the host that guests vote on, for as long as they run. */
struct vp_hostsetting {
    const char *name; /* "ksm.run": of the knob, and what an action of kind VP_ACTION_HOST names */
    enum vp_setting_of of;
    const char *path; /* the kernel's file */
    enum vp_arbitration rule;
    const char *const
        *order;      /* NULL-terminated; VP_ARBITRATE_ORDER: the strongest first, as the kernel has them */
    const char *doc; /* who wins, and why, in one sentence */
};

/* In the order they are to be written. The last row has no name. */
extern const struct vp_hostsetting vp_hostsettings[];
const struct vp_hostsetting *vp_hostsetting_find(const char *name);

/**
 * Of two values that guests want, the one that wins. One that the setting does not know loses.
 * Returns a or b, or NULL when it knows neither; `b` may be NULL
 */
const char *vp_hostsetting_winner(const struct vp_hostsetting *setting, const char *a, const char *b);

/* Who wins, for the tables of settings and of knobs. */
#define VP_WINS_KSM_RUN                                                                                      \
    "Where guests differ, run wins over unmerge, unmerge over stop: a guest that must not be merged says "   \
    "so with memory.ksm = no and loses nothing when others are."
#define VP_WINS_KSM_PAGES                                                                                    \
    "Where guests differ the largest number wins, as only pages of guests that allow it are merged."
#define VP_WINS_KSM_SLEEP                                                                                    \
    "Where guests differ the shortest wins, as only pages of guests that allow it are merged."
#define VP_WINS_KSM_NODES                                                                                    \
    "Where guests differ, no wins: a page on another node slows its guest down all the time, less merging only takes room."
#define VP_WINS_THP                                                                                          \
    "Where guests differ, always wins over madvise, madvise over never: a guest on huge pages of its own "   \
    "loses nothing when others get them."
#define VP_WINS_THP_DEFRAG                                                                                   \
    "Where guests differ the one that lets a page fault wait less wins: never, defer, defer+madvise, "       \
    "madvise, always. The wait of one guest holds up others."
#define VP_WINS_KHUGEPAGED "Where guests differ, no wins: moving pages together stalls all that use them."
#define VP_WINS_NUMA_BALANCING                                                                               \
    "Where guests differ, no wins: looking for a better node costs page faults in every guest, also in those that are bound."
#define VP_WINS_SWAPPINESS                                                                                   \
    "Where guests differ the smallest wins: a guest that was swapped out waits for a disk."
#define VP_WINS_HALT_POLL                                                                                    \
    "Where guests differ the smallest wins: polling takes CPU time from those that share the CPU."
#define VP_WINS_ARP_FILTER                                                                                   \
    "Where guests differ, yes wins: an answer on the wrong interface breaks connections, one that is left "  \
    "out does not."
#define VP_WINS_FREQUENCY                                                                                    \
    "CPUs that have one clock have one setting; where their guests differ the faster one wins."
#define VP_WINS_OWNER "Nobody else has a say, as a dedicated CPU has one guest."
