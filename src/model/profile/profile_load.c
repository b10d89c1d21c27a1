/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "ini_file.h"
#include "profile.h"
#include "strbuf.h"

#define SUFFIX ".profile"

const char *const vp_profile_default_dirs[] = {VP_SYSCONFDIR "/profiles", VP_DATADIR "/profiles", NULL};

/* A profile with what it extends, on the way from the tag's name to the one that extends nothing. */
struct chain {
    const struct chain *child;
    const char *file;
    unsigned depth;
};

struct loader {
    const struct vp_profile_dirs *where;
    const struct vp_registry *registry;
    /* The folder of a file that was given by path; NULL when loading by name. */
    const struct vp_root *beside;
};

static int load_by_name(const struct loader *loader, const char *name, const struct chain *child,
                        struct vp_profile *profile, struct vp_error **err);

static int set_enforce(struct vp_profile *profile, const char *value, struct vp_error **err)
{
    for (int i = 0; i < VP_ENFORCE_N_; i++)
        if (strcmp(vp_enforce_names[i], value) == 0) {
            profile->enforce = (enum vp_enforce)i;
            return 0;
        }
    return vp_fail(err, EINVAL, "'%s' is not a value of enforce, which takes start | refuse", value);
}

static int set_own(struct vp_profile *profile, const struct vp_ini_entry *e, struct vp_error **err)
{
    if (strcmp(e->key, "summary") == 0) {
        free(profile->summary);
        profile->summary = vp_strdup(e->value);
        return 0;
    }
    if (strcmp(e->key, "enforce") == 0)
        return set_enforce(profile, e->value, err);
    if (strcmp(e->key, "extends") == 0)
        return 0; /* dealt with before everything else */
    return vp_fail(err, EINVAL, "[profile] has no key '%s'; it takes summary, extends and enforce", e->key);
}

static int set_entries(struct vp_profile *profile, const struct loader *loader, const struct vp_ini *ini,
                       const char *file, struct vp_error **err)
{
    for (size_t i = 0; i < ini->n; i++) {
        const struct vp_ini_entry *e = &ini->entries[i];
        vp_autofree char *origin = vp_asprintf("%s:%u", file, e->line);
        vp_autofree char *knob = vp_asprintf("%s.%s", e->section, e->key);
        const int r = strcmp(e->section, "profile") == 0
                          ? set_own(profile, e, err)
                          : vp_profile_set(profile, loader->registry, knob, e->value, origin, err);
        if (r < 0)
            return vp_prefix(err, "%s", origin);
    }
    return 0;
}

static int check_chain(const struct chain *chain, struct vp_error **err)
{
    if (chain->depth > VP_PROFILE_DEPTH)
        return vp_fail(err, ELOOP, "%s: more than %d profiles extend one another", chain->file,
                       VP_PROFILE_DEPTH);
    for (const struct chain *c = chain->child; c != NULL; c = c->child)
        if (strcmp(c->file, chain->file) == 0)
            return vp_fail(err, ELOOP, "%s: the profile extends itself, by way of %s", chain->file,
                           chain->child->file);
    return 0;
}

static bool is_reserved(const char *name)
{
    return strcmp(name, VP_PROFILE_NONE) == 0;
}

static int refuse_reserved(struct vp_error **err)
{
    return vp_fail(err, EINVAL,
                   "no profile can be called '" VP_PROFILE_NONE
                   "', which stands for a domain that is to have "
                   "none; choose another name");
}

static int load_parent(const struct loader *loader, const struct vp_ini *ini, const struct chain *chain,
                       struct vp_profile *profile, struct vp_error **err)
{
    for (size_t i = 0; i < ini->n; i++) {
        const struct vp_ini_entry *e = &ini->entries[i];
        if (strcmp(e->section, "profile") != 0 || strcmp(e->key, "extends") != 0)
            continue;
        if (chain->child == NULL)
            profile->extends = vp_strdup(e->value);
        const int r = load_by_name(loader, e->value, chain, profile, err);
        if (r == -ENOENT || (r == -EINVAL && (!vp_profile_name_ok(e->value) || is_reserved(e->value))))
            return vp_prefix(err, "%s:%u: extends", chain->file, e->line);
        return r;
    }
    return 0;
}

static int load_text(const struct loader *loader, const char *text, size_t len, const char *file,
                     const struct chain *child, struct vp_profile *profile, struct vp_error **err)
{
    const struct chain chain = {.child = child, .file = file, .depth = child != NULL ? child->depth + 1 : 1};
    int r = check_chain(&chain, err);
    if (r < 0)
        return r;
    VP_CLEANUP(vp_ini_done) struct vp_ini ini = {0};
    r = vp_ini_parse(text, len, file, &ini, err);
    if (r < 0)
        return r;
    r = load_parent(loader, &ini, &chain, profile, err);
    if (r < 0)
        return r;
    return set_entries(profile, loader, &ini, file, err);
}

/* 0: read; -ENOENT without a message: not in this folder. */
static int read_in(const struct vp_root *root, const char *path, char **ret_text, size_t *ret_len,
                   struct vp_error **err)
{
    vp_autoerror own = NULL;
    const int r = vp_root_read(root, path, VP_PROFILE_MAX, ret_text, ret_len, &own);
    if (r < 0 && r != -ENOENT && r != -ENOTDIR)
        return vp_fail(err, -r, "%s", own->message);
    return r == -ENOTDIR ? -ENOENT : r;
}

static int find_profile(const struct loader *loader, const char *name, char **ret_text, size_t *ret_len,
                        char **ret_file, struct vp_error **err)
{
    int r = -ENOENT;
    if (loader->beside != NULL) {
        vp_autofree char *path = vp_asprintf("/%s" SUFFIX, name);
        r = read_in(loader->beside, path, ret_text, ret_len, err);
        if (r == 0)
            *ret_file =
                vp_asprintf("%s%s", strcmp(loader->beside->path, "/") == 0 ? "" : loader->beside->path, path);
    }
    for (size_t i = 0; r == -ENOENT && loader->where->dirs[i] != NULL; i++) {
        vp_autofree char *path = vp_asprintf("%s/%s" SUFFIX, loader->where->dirs[i], name);
        r = read_in(loader->where->root, path, ret_text, ret_len, err);
        if (r == 0)
            *ret_file = vp_take(&path);
    }
    return r;
}

static int no_such(const struct loader *loader, const char *name, struct vp_error **err)
{
    char **names = NULL;
    struct vp_strbuf buf = {0};
    if (vp_profile_list(loader->where, &names, NULL) == 0)
        for (size_t i = 0; names[i] != NULL; i++)
            vp_strbuf_join(&buf, ", ", names[i]);
    vp_names_free(names);
    vp_autofree char *known = vp_strbuf_take(&buf);
    return vp_fail(err, ENOENT, "there is no profile '%s'; there %s: %s", name,
                   *known != '\0' ? "are" : "are none in", *known != '\0' ? known : loader->where->dirs[0]);
}

static int load_by_name(const struct loader *loader, const char *name, const struct chain *child,
                        struct vp_profile *profile, struct vp_error **err)
{
    if (!vp_profile_name_ok(name))
        return vp_fail(err, EINVAL,
                       "'%.80s' is not a profile's name: up to 64 letters, digits, '.', '_' and '-', "
                       "not starting with '.'",
                       name);
    if (is_reserved(name))
        return refuse_reserved(err);
    vp_autofree char *text = NULL;
    vp_autofree char *file = NULL;
    size_t len = 0;
    int r = find_profile(loader, name, &text, &len, &file, err);
    if (r == -ENOENT)
        return no_such(loader, name, err);
    if (r < 0)
        return r;
    r = load_text(loader, text, len, file, child, profile, err);
    if (r == 0 && child == NULL)
        profile->file = vp_take(&file);
    return r;
}

static struct vp_profile *new_profile(const char *name)
{
    struct vp_profile *profile = vp_alloc(1, sizeof(*profile));
    profile->name = vp_strdup(name);
    profile->summary = vp_strdup("");
    return profile;
}

int vp_profile_load(const struct vp_profile_dirs *where, const struct vp_registry *registry, const char *name,
                    struct vp_profile **ret_profile, struct vp_error **err)
{
    const struct loader loader = {.where = where, .registry = registry};
    VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *profile = new_profile(name);
    const int r = load_by_name(&loader, name, NULL, profile, err);
    if (r < 0)
        return r;
    *ret_profile = vp_take(&profile);
    return 0;
}

/* The path is the user's own, so it is followed wherever it leads. */
static int read_path(const char *path, char **ret_text, size_t *ret_len, struct vp_error **err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return vp_fail(err, errno, "cannot open '%s': %s", path, strerror(errno));
    const int r = vp_read_fd(fd, path, VP_PROFILE_MAX, false, ret_text, ret_len, err);
    close(fd);
    return r;
}

int vp_profile_load_file(const struct vp_profile_dirs *where, const struct vp_registry *registry,
                         const char *path, struct vp_profile **ret_profile, struct vp_error **err)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    const size_t n = strlen(base);
    const size_t suffix = strlen(SUFFIX);
    vp_autofree char *dir =
        slash != NULL ? vp_strndup(path, (size_t)(slash - path) + (slash == path)) : vp_strdup(".");
    vp_autofree char *name =
        vp_strndup(base, n > suffix && strcmp(base + n - suffix, SUFFIX) == 0 ? n - suffix : n);
    if (!vp_profile_name_ok(name))
        return vp_fail(err, EINVAL,
                       "'%.80s' is not a profile's name: up to 64 letters, digits, '.', '_' and '-'", name);
    if (is_reserved(name))
        return refuse_reserved(err);

    VP_CLEANUP(vp_root_free_ptr) struct vp_root *beside = NULL;
    int r = vp_root_open(dir, &beside, err);
    if (r < 0)
        return r;
    vp_autofree char *text = NULL;
    size_t len = 0;
    r = read_path(path, &text, &len, err);
    if (r < 0)
        return r;
    const struct loader loader = {.where = where, .registry = registry, .beside = beside};
    VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *profile = new_profile(name);
    r = load_text(&loader, text, len, path, NULL, profile, err);
    if (r < 0)
        return r;
    profile->file = vp_strdup(path);
    *ret_profile = vp_take(&profile);
    return 0;
}

static bool has(char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int vp_profile_list(const struct vp_profile_dirs *where, char ***ret_names, struct vp_error **err)
{
    char **names = vp_alloc(1, sizeof(*names));
    size_t n = 0;
    size_t cap = 0;
    for (size_t i = 0; where->dirs[i] != NULL; i++) {
        VP_CLEANUP(vp_names_free_ptr) char **files = NULL;
        vp_autoerror own = NULL;
        const int r = vp_root_list(where->root, where->dirs[i], &files, &own);
        if (r == -ENOENT || r == -ENOTDIR)
            continue;
        if (r < 0) {
            vp_names_free(names);
            return vp_fail(err, -r, "%s", own->message);
        }
        for (size_t k = 0; files[k] != NULL; k++) {
            const size_t len = strlen(files[k]);
            if (len <= strlen(SUFFIX) || strcmp(files[k] + len - strlen(SUFFIX), SUFFIX) != 0)
                continue;
            vp_autofree char *name = vp_strndup(files[k], len - strlen(SUFFIX));
            if (!vp_profile_name_ok(name) || has(names, n, name))
                continue;
            vp_grow(&names, n + 1, &cap, sizeof(*names));
            names[n++] = vp_take(&name);
        }
    }
    if (n > 1)
        qsort(names, n, sizeof(*names), by_name);
    *ret_names = names;
    return 0;
}
