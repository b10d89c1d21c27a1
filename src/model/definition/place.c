/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "place.h"
#include "size.h"
#include "strbuf.h"

/*
 * What tells an element from its like after libvirt has sorted and completed them: an attribute, or two, of
 * itself or of a child.
 */
static const struct {
    const char *element, *child, *attr, *attr2;
    bool lower_case; /* libvirt stores it so */
} keys[] = {
    {.element = "disk", .child = "target", .attr = "dev"},
    {.element = "interface", .child = "mac", .attr = "address", .lower_case = true},
    {.element = "controller", .attr = "type", .attr2 = "index"},
    {.element = "timer", .attr = "name"},
    {.element = "feature", .attr = "name"},
    {.element = "cell", .attr = "id"},
    {.element = "vcpupin", .attr = "vcpu"},
    {.element = "iothreadpin", .attr = "iothread"},
    {.element = "iothread", .attr = "id"},
    {.element = "cachetune", .attr = "vcpus"},
    {.element = "memorytune", .attr = "vcpus"},
    {.element = "memnode", .attr = "cellid"},
    {.element = "page", .attr = "size"},
};

static void lower(char *text)
{
    for (; *text != '\0'; text++)
        *text = (char)tolower((unsigned char)*text);
}

/* Elements of which a definition holds several without a natural key. */
static const char *const lists[] = {"input",    "sound",    "video",   "rng",        "console",   "serial",
                                    "channel",  "graphics", "hostdev", "redirdev",   "hub",       "smartcard",
                                    "watchdog", "memory",   "shmem",   "filesystem", "vcpusched", "panic"};

static bool key_chars_ok(const char *key)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._,-";
    const size_t n = strlen(key);
    return n > 0 && n < sizeof(((struct vp_step *)0)->key) && strspn(key, allowed) == n;
}

/* The natural key of an element: true and in `key` when it has one. */
static bool natural_key(const vp_node *node, char *key, size_t size)
{
    for (size_t i = 0; i < VP_ARRAY_SIZE(keys); i++) {
        if (!vp_node_is(node, keys[i].element))
            continue;
        const vp_node *holder = keys[i].child != NULL ? vp_node_child(node, keys[i].child) : node;
        const char *a = vp_node_attr(holder, keys[i].attr);
        const char *b = keys[i].attr2 != NULL ? vp_node_attr(holder, keys[i].attr2) : NULL;
        if (a == NULL || (keys[i].attr2 != NULL && b == NULL))
            return false;
        const int n = snprintf(key, size, "%s%s%s", a, b != NULL ? "," : "", b != NULL ? b : "");
        if (n <= 0 || (size_t)n >= size || !key_chars_ok(key))
            return false;
        if (keys[i].lower_case)
            lower(key);
        return true;
    }
    return false;
}

static bool in_list(const vp_node *node)
{
    const char *name = vp_node_name(node);
    for (size_t i = 0; i < VP_ARRAY_SIZE(keys); i++)
        if (strcmp(keys[i].element, name) == 0)
            return true;
    for (size_t i = 0; i < VP_ARRAY_SIZE(lists); i++)
        if (strcmp(lists[i], name) == 0)
            return true;
    return false;
}

static vp_node *by_key(vp_node *parent, const char *name, const char *key)
{
    vp_node *found = NULL;
    char wanted[80];
    if (snprintf(wanted, sizeof(wanted), "%s", key) >= (int)sizeof(wanted))
        return NULL;
    for (size_t i = 0; i < VP_ARRAY_SIZE(keys); i++)
        if (keys[i].lower_case && strcmp(keys[i].element, name) == 0)
            lower(wanted);
    for (vp_node *n = vp_node_child(parent, name); n != NULL; n = vp_node_same(n)) {
        char own[80];
        if (!natural_key(n, own, sizeof(own)) || strcmp(own, wanted) != 0)
            continue;
        if (found != NULL)
            return NULL; /* not a key here: two share it */
        found = n;
    }
    return found;
}

static vp_node *by_number(vp_node *parent, const char *name, const char *digits)
{
    uint64_t number = 0;
    if (vp_u64_parse(digits, 1, 100000, &number) < 0)
        return NULL;
    vp_node *n = vp_node_child(parent, name);
    while (n != NULL && --number > 0)
        n = vp_node_same(n);
    return n;
}

static void format_step(struct vp_strbuf *buf, const vp_node *node)
{
    vp_strbuf_join(buf, "/", vp_node_name(node));
    vp_node *parent = vp_node_parent(node);
    /* <memory> is a list below <devices> only, not below <domain> and <numatune>. */
    const bool one = vp_node_is(node, "memory") && !vp_node_is(parent, "devices");
    const bool list = in_list(node) && vp_node_parent(parent) != NULL && !one;
    char key[80];
    if (!list && vp_node_child(parent, vp_node_name(node)) == node)
        return;
    if (list && natural_key(node, key, sizeof(key)) && by_key(parent, vp_node_name(node), key) == node) {
        vp_strbuf_addf(buf, "[%s]", key);
        return;
    }
    unsigned number = 1;
    for (vp_node *n = vp_node_child(parent, vp_node_name(node)); n != NULL && n != node; n = vp_node_same(n))
        number++;
    vp_strbuf_addf(buf, "[#%u]", number);
}

char *vp_place_format(const vp_node *node, const char *attr)
{
    const vp_node *chain[256];
    size_t n = 0;
    for (const vp_node *at = node; vp_node_parent(at) != NULL && n < VP_ARRAY_SIZE(chain);
         at = vp_node_parent(at))
        chain[n++] = at;
    struct vp_strbuf buf = {0};
    while (n > 0)
        format_step(&buf, chain[--n]);
    if (attr != NULL) {
        vp_autofree char *last = vp_asprintf("@%s", attr);
        vp_strbuf_join(&buf, "/", last);
    }
    return vp_strbuf_take(&buf);
}

/* Names as libvirt has them: no namespace, nothing that would have to be written otherwise in XML. */
static bool name_ok(const char *name, size_t n)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char others[] = "0123456789.-";
    for (size_t i = 0; i < n; i++) {
        const bool letter = name[i] != '\0' && strchr(letters, name[i]) != NULL;
        if (!letter && (i == 0 || name[i] == '\0' || strchr(others, name[i]) == NULL))
            return false;
    }
    return n > 0;
}

const char *vp_place_step(const char *path, struct vp_step *ret_step)
{
    struct vp_step step = {.name = "", .key = ""};
    const size_t n = strcspn(path, "/[");
    if (n >= sizeof(step.name) || !name_ok(path, n))
        return NULL;
    memcpy(step.name, path, n);
    path += n;
    if (*path == '[') {
        const size_t k = strcspn(path + 1, "]");
        if (k == 0 || k >= sizeof(step.key) || path[1 + k] != ']')
            return NULL;
        memcpy(step.key, path + 1, k);
        path += k + 2;
    }
    if (*path == '/' && path[1] != '\0')
        path++;
    else if (*path != '\0')
        return NULL;
    *ret_step = step;
    return path;
}

vp_node *vp_place_down(vp_node *from, const struct vp_step *step)
{
    if (step->key[0] == '\0')
        return vp_node_child(from, step->name);
    if (step->key[0] == '+')
        return NULL;
    if (step->key[0] == '#')
        return by_number(from, step->name, step->key + 1);
    return by_key(from, step->name, step->key);
}

/* The steps below what exists must be well-formed too. */
static bool rest_ok(const char *rest)
{
    struct vp_step step;
    while (rest != NULL && *rest != '\0' && *rest != '@')
        rest = vp_place_step(rest, &step);
    return rest != NULL && (*rest == '\0' || name_ok(rest + 1, strlen(rest + 1)));
}

int vp_place_resolve(vp_node *from, const char *path, struct vp_place *ret_place)
{
    if (!rest_ok(path))
        return -EINVAL;
    struct vp_place place = {.node = from, .rest = path};
    while (*place.rest != '\0' && *place.rest != '@') {
        struct vp_step step;
        const char *next = vp_place_step(place.rest, &step);
        vp_node *child = next != NULL ? vp_place_down(place.node, &step) : NULL;
        if (child == NULL)
            break;
        place.node = child;
        place.rest = next;
    }
    const char *at = strchr(place.rest, '@');
    place.attr = at != NULL ? at + 1 : NULL;
    if (*place.rest == '@')
        place.rest = "";
    *ret_place = place;
    return 0;
}

char *vp_place_target(const struct vp_place *place)
{
    vp_autofree char *there = vp_place_format(place->node, *place->rest == '\0' ? place->attr : NULL);
    return vp_asprintf("%s%s%s", there, *there != '\0' && *place->rest != '\0' ? "/" : "", place->rest);
}

bool vp_place_is_key(const vp_node *node, const char *attr)
{
    for (size_t i = 0; i < VP_ARRAY_SIZE(keys); i++)
        if (keys[i].child == NULL && vp_node_is(node, keys[i].element))
            return strcmp(keys[i].attr, attr) == 0 ||
                   (keys[i].attr2 != NULL && strcmp(keys[i].attr2, attr) == 0);
    return false;
}

bool vp_place_can_make(const struct vp_step *step)
{
    if (step->key[0] == '\0' || step->key[0] == '+')
        return true;
    for (size_t i = 0; i < VP_ARRAY_SIZE(keys) && step->key[0] != '#'; i++)
        if (keys[i].child == NULL && strcmp(keys[i].element, step->name) == 0)
            return true;
    return false;
}

vp_node *vp_place_new(vp_doc *doc, const struct vp_step *step)
{
    vp_node *node = vp_node_new(doc, step->name);
    if (step->key[0] == '\0' || step->key[0] == '#' || step->key[0] == '+')
        return node;
    for (size_t i = 0; i < VP_ARRAY_SIZE(keys); i++) {
        if (keys[i].child != NULL || strcmp(keys[i].element, step->name) != 0)
            continue;
        const char *comma = keys[i].attr2 != NULL ? strchr(step->key, ',') : NULL;
        vp_autofree char *first =
            comma != NULL ? vp_strndup(step->key, (size_t)(comma - step->key)) : vp_strdup(step->key);
        vp_node_set_attr(node, keys[i].attr, first);
        if (comma != NULL)
            vp_node_set_attr(node, keys[i].attr2, comma + 1);
    }
    return node;
}

/*
 * The order in which libvirt 9.0 prints the children of <domain> (conf/domain_conf.c,
 * virDomainDefFormatInternalSetRootName).
 */
static const char *const order[] = {
    "name",           "uuid",    "genid",         "title",           "description", "metadata",
    "maxMemory",      "memory",  "currentMemory", "blkiotune",       "memtune",     "memoryBacking",
    "vcpu",           "vcpus",   "iothreads",     "iothreadids",     "cputune",     "numatune",
    "resource",       "sysinfo", "bootloader",    "bootloader_args", "os",          "idmap",
    "features",       "cpu",     "clock",         "on_poweroff",     "on_reboot",   "on_crash",
    "on_lockfailure", "pm",      "perf",          "devices",         "seclabel",    "keywrap",
    "launchSecurity",
};

static size_t rank(const char *name)
{
    size_t i = 0;
    while (i < VP_ARRAY_SIZE(order) && strcmp(order[i], name) != 0)
        i++;
    return i;
}

void vp_place_insert(vp_node *parent, vp_node *node)
{
    vp_node *after = NULL;
    for (vp_node *n = vp_node_child(parent, vp_node_name(node)); n != NULL; n = vp_node_same(n))
        after = n;
    if (after == NULL && vp_node_parent(parent) == NULL) {
        const size_t own = rank(vp_node_name(node));
        for (vp_node *n = vp_node_first(parent); n != NULL; n = vp_node_next(n))
            if (rank(vp_node_name(n)) <= own)
                after = n;
        vp_node_insert(parent, after, node);
        return;
    }
    if (after != NULL)
        vp_node_insert(parent, after, node);
    else
        vp_node_append(parent, node);
}

bool vp_place_is_reserved(const char *path)
{
    static const char *const reserved[] = {"metadata", "name", "uuid", "seclabel"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(reserved); i++) {
        const size_t n = strlen(reserved[i]);
        if (strncmp(path, reserved[i], n) == 0 && strchr("/[", path[n]) != NULL)
            return true;
    }
    const char *attr = strchr(path, '@');
    return *path == '\0' || (attr != NULL && strncmp(attr, "@passw", strlen("@passw")) == 0);
}
