/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "cpufeature.h"

/* featureName of libvirt's cputypes.rng. */
static const char name_chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
static const char *const policies[] = {"force", "require", "optional", "disable", "forbid"};

static const char *find_policy(const char *text, size_t n)
{
    for (size_t i = 0; i < VP_ARRAY_SIZE(policies); i++)
        if (strlen(policies[i]) == n && strncmp(policies[i], text, n) == 0)
            return policies[i];
    return NULL;
}

/* "+", "-" or "policy:" in front of a name. */
static int read_policy(const char **at, struct vp_cpu_feature *feature, struct vp_error **err)
{
    if (**at == '+' || **at == '-') {
        feature->policy = **at == '+' ? "require" : "disable";
        (*at)++;
        return 0;
    }
    const size_t n = strcspn(*at, ":, \t");
    if ((*at)[n] != ':')
        return vp_fail(err, EINVAL, "feature '%.*s' has no policy: write +NAME, -NAME or POLICY:NAME", (int)n,
                       *at);
    feature->policy = find_policy(*at, n);
    if (feature->policy == NULL)
        return vp_fail(err, EINVAL, "'%.*s' is not a policy: use force, require, optional, disable or forbid",
                       (int)n, *at);
    *at += n + 1;
    *at += strspn(*at, " \t");
    return 0;
}

int vp_cpu_feature_next(const char **at, struct vp_cpu_feature *ret_feature, struct vp_error **err)
{
    struct vp_cpu_feature feature = {0};
    const char *text = *at + strspn(*at, " \t,");
    if (*text == '\0') {
        *at = text;
        return 0;
    }
    const int r = read_policy(&text, &feature, err);
    if (r < 0)
        return r;
    const size_t n = strspn(text, name_chars);
    if (n == 0 || n >= sizeof(feature.name) || strchr(", \t", text[n]) == NULL)
        return vp_fail(err, EINVAL, "'%.*s' is not the name of a CPU feature", (int)strcspn(text, ","), text);
    memcpy(feature.name, text, n);
    *at = text + n;
    *ret_feature = feature;
    return 1;
}

int vp_cpu_features_check(const char *text, struct vp_error **err)
{
    struct vp_cpu_feature feature;
    size_t n = 0;
    int r;
    for (const char *at = text; (r = vp_cpu_feature_next(&at, &feature, err)) > 0; n++) {
        struct vp_cpu_feature later;
        const char *rest = at;
        /* A malformed item further on is reported when its turn comes. */
        while (vp_cpu_feature_next(&rest, &later, NULL) > 0)
            if (strcmp(later.name, feature.name) == 0)
                return vp_fail(err, EINVAL, "feature '%s' is named twice", feature.name);
    }
    if (r == 0 && n == 0)
        return vp_fail(err, EINVAL, "the list of features is empty; leave the setting out to change none");
    return r;
}
