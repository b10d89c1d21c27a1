/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host.h"
#include "placer.h"
#include "plan.h"
#include "profile.h"

enum vp_phase {
    VP_PHASE_COLD,
    VP_PHASE_MIGRATE,
    VP_PHASE_RESTORE,
    VP_PHASE_LIVE, /* it runs, and nothing is started */
    VP_PHASE_N_
};
extern const char *const vp_phase_names[VP_PHASE_N_];

/*
 * May a setting with this effect be changed in the definition in this phase? `guest` only at a cold
 * start, and
 * of a guest that runs `live` only.
 */
bool vp_phase_allows(enum vp_phase phase, enum vp_effect effect);

/*
 * What a knob's planner works with. All borrowed, and const but for the plan, which grows, and the host,
 * which reads lazily.
 */
struct vp_planning {
    const struct vp_domain *domain; /* the definition as it is without virt-profile */
    const struct vp_domain *stored; /* the definition as it came, with the place it had; NULL: not known */
    const struct vp_profile *profile;
    const struct vp_registry *registry;
    struct vp_host *host;
    struct vp_placer *placer; /* gives places; NULL: no guest is placed */
    enum vp_phase phase;
    uint64_t age;         /* VP_PHASE_LIVE: seconds since the guest was started */
    bool starting;        /* `stored` is being started as it is: the nodes it binds memory to stay */
    struct vp_plan *plan; /* vp_planner_run() makes it */
    bool as_given;        /* vp_plan_as() */
    enum vp_effect as;
};

/**
 * Make the plan for a domain: every knob the profile sets, in registry order, then its [xml] section. Pure:
 * no writes, no clock, no environment, but for what the placer does.
 * @given: all but `plan`; its domain is without virt-profile's own settings (vp_record_revert())
 * Returns 0, or the error of the first knob that failed, named in the message.
 */
int vp_planner_run(const struct vp_planning *given, struct vp_plan **ret_plan, struct vp_error **err);

/*
 * For the planners of knobs. `at` is an existing element of planning->domain (NULL: nothing happens, a domain
 * may have no <devices>); `path` leads down from it: steps joined by
 * '/', "name" (the first of that name; made where missing), "name[KEY]" (see place.h), "name[+]" (a new one
 * behind its like), and last an
 * element or "@attribute". `fmt` is the reason, one clause. value NULL removes. An action is added even where
 * the
 * definition already says so; it then has changes == false. A later action on the same place replaces the
 * earlier one.
 */
void vp_plan_attr(struct vp_planning *planning, const struct vp_setting *setting, vp_node *at,
                  const char *path, const char *value, const char *fmt, ...) VP_PRINTF(6, 7);
void vp_plan_text(struct vp_planning *planning, const struct vp_setting *setting, vp_node *at,
                  const char *path, const char *value, const char *fmt, ...) VP_PRINTF(6, 7);
/* value: XML of one element as libvirt would print it, so that the stored definition compares equal. */
void vp_plan_element(struct vp_planning *planning, const struct vp_setting *setting, vp_node *at,
                     const char *path, const char *value, const char *fmt, ...) VP_PRINTF(6, 7);
/* The next action has this effect instead of its knob's: for a change that only some guests can see. */
void vp_plan_as(struct vp_planning *planning, enum vp_effect effect);
/* Let libvirt give device `at` a new <address>; the record remembers the one it had, or that it had none. */
void vp_plan_readdress(struct vp_planning *planning, const struct vp_setting *setting, vp_node *at,
                       const char *fmt, ...) VP_PRINTF(4, 5);
/**
 * Something outside the guest, for as long as it runs.
 * @name: as the host layer knows it: that of a host setting (hostsetting.h), or "scope/" and the name of a
 *        systemd resource-control property
 */
void vp_plan_host(struct vp_planning *planning, const struct vp_setting *setting, const char *name,
                  const char *value, const char *fmt, ...) VP_PRINTF(5, 6);
/* The value was not applied (here), and why. */
void vp_plan_skip(struct vp_planning *planning, const struct vp_setting *setting, const char *fmt, ...)
    VP_PRINTF(3, 4);
/* Applied, but the reader should know. */
void vp_plan_warn(struct vp_planning *planning, const struct vp_setting *setting, const char *fmt, ...)
    VP_PRINTF(3, 4);

/*
 * What a place below an element will hold after the plan so far: attribute value or element text (owned),
 * NULL when absent.
 */
char *vp_planned(const struct vp_planning *planning, vp_node *at, const char *path) VP_MUST_USE;

/**
 * Work out a COUNT value for this guest.
 * Variables: vcpus (most it can have), disks (data disks, no cdrom or floppy), nics. Clamped to the knob's
 * min and max.
 * Only call when setting->value.choice is -1.
 */
uint64_t vp_plan_count(const struct vp_planning *planning, const struct vp_setting *setting);

/* The setting of another knob, NULL where the profile does not set it. Borrowed. */
const struct vp_setting *vp_plan_setting(const struct vp_planning *planning, const char *knob);
