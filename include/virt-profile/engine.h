/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "record.h"

/* What rewriting and planning need to know besides the definition. All borrowed. */
struct vp_engine {
    const struct vp_registry *registry;
    struct vp_profile_dirs profiles;
    struct vp_host *host;
    struct vp_placer *placer; /* NULL: no guest is placed */
};

/* What is asked of one definition. Zero is: as its tag says, for a cold start. */
struct vp_request {
    enum vp_phase phase;
    const char *profile;     /* NULL: the one in its tag; VP_PROFILE_NONE: it is to have none */
    const char *const *sets; /* NULL-terminated "KNOB=VALUE"; NULL: none. Written into the tag. */
    bool drop_sets;          /* forget the overrides in the tag first */
    const char *enforce;     /* NULL: leave the tag's */
    uint64_t age;            /* VP_PHASE_LIVE: seconds since the guest was started */
    bool starting;           /* libvirt is starting the guest with this definition: what it binds stays */
};

/* A definition, taken apart and planned. */
struct vp_result {
    struct vp_domain
        *base; /* owned; without virt-profile's settings, with the tag; what the plan was made for */
    struct vp_profile *profile; /* owned; NULL when untagged */
    struct vp_plan *plan;       /* owned; NULL when untagged */
};
void vp_result_done(struct vp_result *result);

/* Check one "KNOB=VALUE". -EINVAL: bad form or value; -ENOENT: no such knob, with a suggestion. */
int vp_engine_check_set(const struct vp_registry *registry, const char *set, struct vp_error **err);

/**
 * Read the tag, undo the record on a copy and make the plan.
 * @domain: edited only where request gives a profile, sets or enforce: its tag
 * Returns 0 also for an untagged domain, and one that is to have no profile, with profile and plan NULL.
 * Errors name the domain.
 */
int vp_engine_plan(const struct vp_engine *engine, const struct vp_request *request, struct vp_domain *domain,
                   struct vp_result *ret_result, struct vp_error **err);

/**
 * Rewrite a definition: revert and apply.
 * @ret_text: the new text, owned; NULL where nothing changes: the input, byte for byte, is the answer
 */
int vp_engine_rewrite(const struct vp_engine *engine, const struct vp_request *request, const char *text,
                      size_t len, const char *what, char **ret_text, size_t *ret_len, struct vp_error **err);

/**
 * Take everything of virt-profile out of a definition.
 * @keep_tag: leave the tag and its overrides
 * @ret_text: as vp_engine_rewrite()
 */
int vp_engine_revert(const struct vp_engine *engine, const char *text, size_t len, const char *what,
                     bool keep_tag, char **ret_text, size_t *ret_len, struct vp_error **err);

/* A setting that a definition does not hold. */
struct vp_lack {
    const char *knob; /* borrowed; NULL for one the registry does not have */
    char *text; /* owned; "disk.cache: devices/disk[vda]/driver/@cache is 'writeback', should be 'none'" */
    enum vp_effect effect;
};

struct vp_pending {
    struct vp_lack *items;
    size_t n, cap;
};
void vp_pending_done(struct vp_pending *pending);

/**
 * Entries of the record in a definition that no action of the plan accounts for.
 * @pending: they are added
 */
void vp_engine_leftovers(const struct vp_result *result, const struct vp_registry *registry,
                         const struct vp_domain *domain, enum vp_phase phase, struct vp_pending *pending);

/**
 * What of the plan a definition does not hold yet.
 * @domain: as stored or live
 * @ret_pending: owned; empty for a result without a plan
 * Leftovers of settings that the profile no longer makes count too; what is outside of definitions does not.
 */
void vp_engine_pending(const struct vp_result *result, const struct vp_registry *registry,
                       const struct vp_domain *domain, enum vp_phase phase, struct vp_pending *ret_pending);
