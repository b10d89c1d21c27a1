/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "knob.h"
#include "root.h"

/* Most bytes of a profile file. */
#define VP_PROFILE_MAX (256u * 1024)
/* Longest chain of `extends`. */
#define VP_PROFILE_DEPTH 16

enum vp_enforce { VP_ENFORCE_START, VP_ENFORCE_REFUSE, VP_ENFORCE_N_ };
extern const char *const vp_enforce_names[VP_ENFORCE_N_];

/* A knob's value and where it was said. */
struct vp_setting {
    const struct vp_knob *knob; /* NULL in the [xml] section */
    char *path; /* owned; [xml]: the place, e.g. "devices/disk[*]/driver/@discard"; else NULL */
    struct vp_value value;
    char *origin; /* owned; "FILE:LINE", "--set" or "tag" */
};

struct vp_profile {
    char *name;    /* owned */
    char *summary; /* owned; "" when it has none */
    char *file;    /* owned; where it was read */
    char *extends; /* owned; NULL when it extends none */
    enum vp_enforce enforce;
    struct vp_setting *settings; /* knobs and [xml], each at most once */
    size_t n, cap;
};

/*
 * Where profiles are looked for, first match by file name wins. NULL-terminated; paths below the root handle.
 */
struct vp_profile_dirs {
    const struct vp_root *root;
    const char *const *dirs;
};

/* /etc/virt-profile/profiles and /usr/share/virt-profile/profiles, as configured at build time. */
extern const char *const vp_profile_default_dirs[];

/* The name in the tag of a domain that is to have no profile; no profile may be called so. */
#define VP_PROFILE_NONE "none"

/* Names are [A-Za-z0-9._-]{1,64} and do not start with a dot. VP_PROFILE_NONE is one. */
bool vp_profile_name_ok(const char *name);

/**
 * Read a profile and all it extends.
 * Errors name file and line: -ENOENT (no such profile; the ones there are listed), -EINVAL (unknown knob with
 * a suggestion, bad value,
 * key given twice, line too long, bad name), -ELOOP (cycle in extends), -EFBIG.
 */
int vp_profile_load(const struct vp_profile_dirs *where, const struct vp_registry *registry, const char *name,
                    struct vp_profile **ret_profile, struct vp_error **err);
/* The same for a file given by path; what it extends is looked for beside it first, then in `where`. */
int vp_profile_load_file(const struct vp_profile_dirs *where, const struct vp_registry *registry,
                         const char *path, struct vp_profile **ret_profile, struct vp_error **err);
void vp_profile_free(struct vp_profile *profile);
static inline void vp_profile_free_ptr(struct vp_profile **profile)
{
    vp_profile_free(*profile);
}

/**
 * Set one knob over what the profile says; the value `keep` takes the knob out.
 * @origin: for messages and `show`
 */
int vp_profile_set(struct vp_profile *profile, const struct vp_registry *registry, const char *knob,
                   const char *text, const char *origin, struct vp_error **err);

/* NULL where the profile does not set the knob. Borrowed. */
const struct vp_setting *vp_profile_get(const struct vp_profile *profile, const char *knob);

/* Names of all profiles, sorted, each once. NULL-terminated; vp_names_free(). */
int vp_profile_list(const struct vp_profile_dirs *where, char ***ret_names, struct vp_error **err);
