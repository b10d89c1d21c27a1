/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netdev.h"

#include <string.h>

#include "sysdev.h"
#include "text.h"

/* A VLAN on a bond on ports, in a bridge; anything deeper is a loop. */
#define DEPTH_MAX 8

struct found {
    char **names;
    size_t n, cap;
};

static void add_name(struct found *found, const char *name)
{
    for (size_t i = 0; i < found->n; i++)
        if (strcmp(found->names[i], name) == 0)
            return;
    vp_grow(&found->names, found->n, &found->cap, sizeof(*found->names));
    found->names[found->n++] = vp_strdup(name);
}

static bool has(const struct vp_root *root, const char *name, const char *what)
{
    vp_autofree char *path = vp_asprintf("/sys/class/net/%s/%s", name, what);
    return vp_sysdev_has(root, path);
}

static void add_below(const struct vp_root *root, const char *name, unsigned depth, struct found *found);

/* The names in a folder of the device that begin with a prefix, looked at in turn. */
static void add_listed(const struct vp_root *root, const char *name, const char *folder, const char *prefix,
                       unsigned depth, struct found *found)
{
    vp_autofree char *path = vp_asprintf("/sys/class/net/%s%s", name, folder);
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    if (vp_root_list(root, path, &names, NULL) < 0)
        return;
    for (size_t i = 0; names[i] != NULL; i++)
        if (vp_starts(names[i], prefix))
            add_below(root, names[i] + strlen(prefix), depth + 1, found);
}

static void add_below(const struct vp_root *root, const char *name, unsigned depth, struct found *found)
{
    if (depth > DEPTH_MAX)
        return;
    if (has(root, name, "device")) {
        add_name(found, name);
        return;
    }
    add_listed(root, name, "", "lower_", depth, found);
    add_listed(root, name, "/brif", "", depth, found);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void vp_netdev_below(const struct vp_root *root, const char *name, char ***ret_names)
{
    vp_autofree char *link = vp_asprintf("/sys/class/net/%s/master", name);
    vp_autofree char *master = NULL;
    struct found found = {0};
    add_below(root, name, 0, &found);
    if (vp_sysdev_resolve(root, link, &master, NULL) == 0)
        add_below(root, strrchr(master, '/') + 1, 0, &found);
    vp_grow(&found.names, found.n, &found.cap, sizeof(*found.names));
    qsort(found.names, found.n, sizeof(*found.names), by_name);
    *ret_names = found.names;
}

/* "0000:81:00.0"; a domain may have more digits. */
static bool is_pci(const char *text, size_t n)
{
    static const char tail[] = ":xx:xx.x";
    const size_t tail_n = strlen(tail);
    static const char hex[] = "0123456789abcdef";
    if (n < 4 + tail_n || strspn(text, hex) != n - tail_n)
        return false;
    text += n - tail_n;
    for (size_t i = 0; i < tail_n; i++)
        if (tail[i] == 'x' ? strchr(hex, text[i]) == NULL : text[i] != tail[i])
            return false;
    return true;
}

char *vp_pci_below(const struct vp_root *root, const char *path)
{
    vp_autofree char *real = NULL;
    char *address = NULL;
    if (vp_sysdev_resolve(root, path, &real, NULL) < 0)
        return NULL;
    for (const char *at = real; *at != '\0';) {
        at += strspn(at, "/");
        const size_t n = strcspn(at, "/");
        if (is_pci(at, n)) {
            free(address);
            address = vp_strndup(at, n);
        }
        at += n;
    }
    return address;
}
