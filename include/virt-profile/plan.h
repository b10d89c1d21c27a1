/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "domain.h"
#include "knob.h"
#include "placement.h"

/* What an action does to the definition at its target. */
enum vp_action_kind {
    VP_ACTION_ATTRIBUTE, /* an attribute gets `value`, or goes when that is NULL */
    /* an element gets `value` as its text, and is made where missing; NULL removes the element */
    VP_ACTION_TEXT,
    VP_ACTION_ELEMENT, /* an element becomes `value` (XML), is made where missing; NULL removes it */
    /* a device's <address>, if any, goes, and libvirt gives it a new one (its bus changed) */
    VP_ACTION_READDRESS,
    /* something outside the guest gets `value`; target is "host/" and its name. Never in a definition. */
    VP_ACTION_HOST,
    VP_ACTION_N_
};
extern const char *const vp_action_kind_names[VP_ACTION_N_];

struct vp_action {
    enum vp_action_kind kind;
    enum vp_effect effect;
    bool own_effect;  /* the effect is not its knob's, so the record has to say it */
    const char *knob; /* borrowed; "xml" for the [xml] section */
    char *target;     /* owned; a place (place.h): "devices/disk[vda]/driver/@cache" */
    char *
        /*
         * owned; the place's name once the plan is carried out, where removals shift the numbers; NULL:
         * target
         */
        settled;
    char *value;     /* owned; NULL: absent */
    char *previous;  /* owned; what is there without virt-profile; NULL: absent */
    char *reason;    /* owned; one clause for `plan` */
    vp_node *anchor; /* borrowed from the definition that was planned: where `rest` starts */
    size_t rest;     /* offset in target of the part below the anchor */
    bool changes;    /* value differs from previous; false: the definition already says so by itself */
};

enum vp_note_kind { VP_NOTE_SKIPPED, VP_NOTE_WARNING, VP_NOTE_N_ };

/* What was left out, or should worry the reader. */
struct vp_note {
    enum vp_note_kind kind;
    const char *knob; /* borrowed */
    char *text;       /* owned */
};

struct lh_table;

struct vp_plan {
    struct vp_action *actions;
    size_t n, cap;
    struct lh_table *by_target; /* target → index in actions + 1 */
    struct vp_note *notes;
    size_t n_notes, cap_notes;
    struct vp_placement *placement; /* owned; where the guest goes; NULL: nobody asked, or it fits nowhere */
    uint64_t again;                 /* VP_PHASE_LIVE: seconds until the plan is another by itself; 0: never */
    struct vp_error *unplaced;      /* owned; why it fits nowhere; NULL where it does or nobody asked */
};

/* Free what an action owns. */
void vp_action_done(struct vp_action *action);

struct vp_plan *vp_plan_new(void);
void vp_plan_free(struct vp_plan *plan);
static inline void vp_plan_free_ptr(struct vp_plan **plan)
{
    vp_plan_free(*plan);
}

/**
 * Add an action, or replace the one on the same target, which stays where it was in the list. One on a whole
 * element
 * takes earlier ones below it out. Takes what the action owns.
 */
void vp_plan_put(struct vp_plan *plan, struct vp_action action);

/* Work out every action's `settled`, once the plan is complete. */
void vp_plan_settle(struct vp_plan *plan);

/* The action on a target; NULL when there is none. Borrowed until the next vp_plan_put(). */
const struct vp_action *vp_plan_find(const struct vp_plan *plan, const char *target);

/* See struct vp_knob.verify: compares the place with the action's value. */
enum vp_verdict vp_verify_definition(const struct vp_action *action, const struct vp_domain *domain,
                                     char **ret_found);
