/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

struct vp_planning;
struct vp_setting;
struct vp_action;
struct vp_domain;

/* When a setting may change (see virt-profile(1), EFFECTS). */
enum vp_effect { VP_EFFECT_GUEST, VP_EFFECT_LAUNCH, VP_EFFECT_LIVE, VP_EFFECT_HOST, VP_EFFECT_N_ };
extern const char *const vp_effect_names[VP_EFFECT_N_];

enum vp_type {
    VP_TYPE_BOOL,   /* yes, no */
    VP_TYPE_CHOICE, /* one of `choices` */
    VP_TYPE_LIST,   /* several of `choices`, comma separated, order kept */
    /* a number or an expression over the guest: 4, vcpus, min(vcpus, 8); also one of `choices` */
    VP_TYPE_COUNT,
    VP_TYPE_SIZE, /* an amount of bytes: 64K, 512M, 1G; also one of `choices` */
    VP_TYPE_TEXT, /* checked by the knob's `check` */
    VP_TYPE_N_
};
extern const char *const vp_type_names[VP_TYPE_N_];

/*
 * A value as written in a profile, read by its type. `keep` never becomes a value: it leaves the definition
 * alone.
 */
struct vp_value {
    char *text;      /* owned; as written */
    bool yes;        /* BOOL */
    int choice;      /* CHOICE, and COUNT or SIZE where a choice was written: index in `choices`; else -1 */
    int list[16];    /* LIST: indexes in `choices`, in the order written */
    unsigned list_n; /* LIST */
    uint64_t bytes;  /* SIZE */
};

enum vp_verdict { VP_VERDICT_OK, VP_VERDICT_DIFFERS, VP_VERDICT_N_ };

/*
 * One named setting. The rows of the const tables in src/knobs/ are all there is: nothing lists knobs a
 * second time.
 */
struct vp_knob {
    const char *name; /* "disk.cache": section and key of a profile */
    enum vp_type type;
    enum vp_effect effect;
    const char *const *choices; /* NULL-terminated; NULL where the type needs none */
    uint64_t min, max;          /* COUNT and SIZE, inclusive; max 0 means no limit */
    const char *unit;           /* for people: "requests/s"; NULL where there is none */
    const char *doc; /* what it does and under which conditions; one to three sentences for knobs(7) */
    int (*check)(const char *text, struct vp_error **err); /* TEXT only */
    /**
     * Add the actions that bring the value into the definition. Pure. Conditions an expert would apply belong
     * here:
     * what cannot or should not be done becomes vp_plan_skip() with a reason, never an error. Errors are for
     * what
     * makes planning impossible.
     */
    int (*plan)(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err);
    /**
     * Does `domain` (a live or stored definition) hold what the action wants? vp_verify_definition() serves
     * all
     * actions on the definition.
     * @ret_found: what is there instead, NULL when absent; owned by the caller
     */
    enum vp_verdict (*verify)(const struct vp_action *action, const struct vp_domain *domain,
                              char **ret_found);
};

/* All knobs, in planning order: tables of the areas one after another. */
struct vp_registry {
    const struct vp_knob *const *knobs;
    size_t n;
};

const struct vp_knob *vp_registry_find(const struct vp_registry *registry, const char *name);
/* "; did you mean 'disk.cache'?" for a mistyped name, "" where none is near. Owned. */
char *vp_registry_hint(const struct vp_registry *registry, const char *name) VP_MUST_USE;

/**
 * Read a value by the knob's type.
 * Returns 0, -EINVAL or -ERANGE with a message that says what is allowed.
 */
int vp_value_parse(const struct vp_knob *knob, const char *text, struct vp_value *ret_value,
                   struct vp_error **err);
void vp_value_done(struct vp_value *value);

/*
 * What a knob accepts, for people: "yes | no", "none | native | …", "a number or expression, 1 to 256".
 * Owned.
 */
char *vp_knob_accepts(const struct vp_knob *knob) VP_MUST_USE;
