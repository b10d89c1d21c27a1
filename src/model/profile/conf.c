/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "ini_file.h"
#include "profile.h"
#include "size.h"
#include "suggest.h"
#include "text.h"
#include "topology.h"

#define RESERVE_MAX_KIB (4u * 1024 * 1024)
#define DEFAULTS "default-profile"
#define TITLE "title:"
#define NAME "name:"

const char vp_conf_path[] = VP_SYSCONFDIR "/virt-profile.conf";

static int read_housekeeping(struct vp_conf *conf, const char *value, const char *origin,
                             struct vp_error **err)
{
    vp_autobitmap set = NULL;
    /* Whether the machine has these CPUs is checked when the list is used. */
    const int r = vp_bitmap_parse(value, "housekeeping", &set, err);
    if (r < 0)
        return vp_prefix(err, "%s", origin);
    if (hwloc_bitmap_iszero(set))
        return vp_fail(err, EINVAL,
                       "%s: housekeeping names no CPU; without the key it is the first core of each node",
                       origin);
    free(conf->housekeeping);
    free(conf->housekeeping_origin);
    conf->housekeeping = vp_strdup(value);
    conf->housekeeping_origin = vp_strdup(origin);
    return 0;
}

static int read_reserve(struct vp_conf *conf, const char *value, const char *origin, struct vp_error **err)
{
    uint64_t bytes = 0;
    const int r = vp_size_parse(value, &bytes);
    if (r < 0)
        return vp_fail(err, -r, "%s: '%s' is no amount of memory; write it like 512M or 4G", origin, value);
    conf->reserve_kib = bytes / 1024;
    return 0;
}

const char *const vp_drift_names[VP_DRIFT_N_] = {
    [VP_DRIFT_REPAIR] = "repair",
    [VP_DRIFT_REPORT] = "report",
    [VP_DRIFT_OFF] = "off",
};

static int read_drift(struct vp_conf *conf, const char *value, const char *origin, struct vp_error **err)
{
    for (int i = 0; i < VP_DRIFT_N_; i++)
        if (strcmp(vp_drift_names[i], value) == 0) {
            conf->drift = (enum vp_drift)i;
            return 0;
        }
    return vp_fail(err, EINVAL, "%s: '%s' is nothing to do about drift, which is repair, report or off",
                   origin, value);
}

/* "30", "30s", "5m", "1h". */
static int read_interval(struct vp_conf *conf, const char *value, const char *origin, struct vp_error **err)
{
    const size_t n = strspn(value, "0123456789");
    vp_autofree char *number = vp_strndup(value, n);
    const char *unit = value + n + strspn(value + n, " ");
    const unsigned factor = vp_same(unit, "h") ? 3600 : vp_same(unit, "m") ? 60 : 1;
    uint64_t count = 0;
    const bool known = *unit == '\0' || vp_same(unit, "s") || factor > 1;
    if (!known || vp_u64_parse(number, 0, VP_DRIFT_INTERVAL_MAX, &count) < 0 ||
        count * factor < VP_DRIFT_INTERVAL_MIN || count * factor > VP_DRIFT_INTERVAL_MAX)
        return vp_fail(err, EINVAL, "%s: '%s' is no interval from 5s to 1h", origin, value);
    conf->drift_interval = (unsigned)count * factor;
    return 0;
}

static int read_default(struct vp_conf *conf, const char *key, const char *value, const char *origin,
                        struct vp_error **err)
{
    const bool title = vp_starts(key, TITLE);
    const char *pattern = title ? key + strlen(TITLE) : vp_starts(key, NAME) ? key + strlen(NAME) : key;
    pattern += strspn(pattern, " ");
    if (*pattern == '\0')
        return vp_fail(err, EINVAL, "%s: the pattern of a default profile is missing", origin);
    if (!vp_profile_name_ok(value))
        return vp_fail(err, EINVAL, "%s: '%.80s' is not a profile's name", origin, value);
    vp_grow(&conf->defaults, conf->n_defaults, &conf->cap_defaults, sizeof(conf->defaults[0]));
    conf->defaults[conf->n_defaults++] = (struct vp_conf_default){
        .pattern = vp_strdup(pattern),
        .title = title,
        .profile = vp_strdup(value),
        .origin = vp_strdup(origin),
    };
    return 0;
}

static const struct {
    const char *section, *key;
    int (*read)(struct vp_conf *conf, const char *value, const char *origin, struct vp_error **err);
} keys[] = {
    {"host", "housekeeping", read_housekeeping},
    {"host", "memory-reserve", read_reserve},
    {"daemon", "drift", read_drift},
    {"daemon", "drift-interval", read_interval},
};

static const char *next_key(const void *cookie, size_t index)
{
    const char *section = cookie;
    for (size_t i = 0; i < VP_ARRAY_SIZE(keys); i++)
        if (strcmp(keys[i].section, section) == 0 && index-- == 0)
            return keys[i].key;
    return NULL;
}

static const char *next_section(const void *cookie, size_t index)
{
    (void)cookie;
    for (size_t i = 0; i < VP_ARRAY_SIZE(keys); i++)
        if ((i == 0 || strcmp(keys[i].section, keys[i - 1].section) != 0) && index-- == 0)
            return keys[i].section;
    return index == 0 ? DEFAULTS : NULL;
}

static int unknown(const char *section, const char *key, const char *origin, struct vp_error **err)
{
    const bool known = next_key(section, 0) != NULL;
    const char *near = known ? vp_suggest(key, next_key, section) : vp_suggest(section, next_section, NULL);
    return vp_fail(err, EINVAL, "%s: there is no %s '%s'%s%s%s", origin, known ? "key" : "section",
                   known ? key : section, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                   near != NULL ? "'?" : "");
}

int vp_conf_set(struct vp_conf *conf, const char *section, const char *key, const char *value,
                const char *origin, struct vp_error **err)
{
    if (strcmp(section, DEFAULTS) == 0) {
        const int r = read_default(conf, key, value, origin, err);
        conf->n += r == 0;
        return r;
    }
    for (size_t i = 0; i < VP_ARRAY_SIZE(keys); i++)
        if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].key, key) == 0) {
            const int r = keys[i].read(conf, value, origin, err);
            conf->n += r == 0;
            return r;
        }
    return unknown(section, key, origin, err);
}

int vp_conf_parse(const char *text, size_t len, const char *what, struct vp_conf *ret_conf,
                  struct vp_error **err)
{
    VP_CLEANUP(vp_conf_done) struct vp_conf conf = {.reserve_kib = UINT64_MAX};
    VP_CLEANUP(vp_ini_done) struct vp_ini ini = {0};
    int r = vp_ini_parse(text, len, what, &ini, err);
    for (size_t i = 0; r == 0 && i < ini.n; i++) {
        const struct vp_ini_entry *entry = &ini.entries[i];
        vp_autofree char *origin = vp_asprintf("%s:%u", what, entry->line);
        r = vp_conf_set(&conf, entry->section, entry->key, entry->value, origin, err);
    }
    if (r < 0)
        return r;
    *ret_conf = conf;
    conf = (struct vp_conf){0};
    return 0;
}

int vp_conf_read(const struct vp_root *root, struct vp_conf *ret_conf, struct vp_error **err)
{
    vp_autoerror own = NULL;
    vp_autofree char *text = NULL;
    size_t len = 0;
    const int r = vp_root_read(root, vp_conf_path, VP_CONF_MAX, &text, &len, &own);
    if (r < 0 && r != -ENOENT && r != -ENOTDIR)
        return vp_fail(err, -r, "%s", own->message);
    return vp_conf_parse(r == 0 ? text : "", r == 0 ? len : 0, vp_conf_path, ret_conf, err);
}

void vp_conf_done(struct vp_conf *conf)
{
    for (size_t i = 0; i < conf->n_defaults; i++) {
        free(conf->defaults[i].pattern);
        free(conf->defaults[i].profile);
        free(conf->defaults[i].origin);
    }
    free(conf->defaults);
    free(conf->housekeeping);
    free(conf->housekeeping_origin);
    *conf = (struct vp_conf){0};
}

const struct vp_conf_default *vp_conf_default(const struct vp_conf *conf, const char *name, const char *title)
{
    for (size_t i = 0; i < conf->n_defaults; i++) {
        const struct vp_conf_default *it = &conf->defaults[i];
        const char *text = it->title ? title : name;
        if (text != NULL && fnmatch(it->pattern, text, 0) == 0)
            return it;
    }
    return NULL;
}

unsigned vp_conf_drift_interval(const struct vp_conf *conf)
{
    return conf->drift_interval != 0 ? conf->drift_interval : VP_DRIFT_INTERVAL_DEFAULT;
}

uint64_t vp_conf_reserve_kib(const struct vp_conf *conf, uint64_t node_kib)
{
    if (conf->reserve_kib != UINT64_MAX)
        return conf->reserve_kib;
    return node_kib / 16 < RESERVE_MAX_KIB ? node_kib / 16 : RESERVE_MAX_KIB;
}
