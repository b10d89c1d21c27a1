/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "locality.h"

#include "blockdev.h"
#include "pciname.h"
#include "strbuf.h"
#include "sysdev.h"
#include "text.h"
#include "virtnet.h"

#include <string.h>

/* A VLAN on a bridge on a bond of eight, twice over; a broken sysfs must not keep us busy. */
#define NICS_MAX 256

struct found {
    const struct vp_root *root;
    hwloc_bitmap_t nodes;
    struct vp_strbuf why;
};

static void found_done(struct found *found)
{
    hwloc_bitmap_free(found->nodes);
    vp_strbuf_done(&found->why);
}

/* `what` is taken over. */
static void note(struct found *found, int node, char *what)
{
    vp_autofree char *own = what;
    if (node < 0)
        return;
    vp_autofree char *clause = vp_asprintf("%s is on node %d", own, node);
    if (hwloc_bitmap_set(found->nodes, (unsigned)node) < 0)
        vp_oom();
    vp_strbuf_join(&found->why, ", ", clause);
}

/* A name from a definition that is to become one folder's name of a path. */
static bool is_name(const char *name)
{
    return name != NULL && name[0] != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

/* Interfaces that were met, each once; those behind `done` are still to be looked at. */
struct nics {
    char **names;
    size_t n, cap, done;
};

static void nics_done(struct nics *nics)
{
    for (size_t i = 0; i < nics->n; i++)
        free(nics->names[i]);
    free(nics->names);
}

static void meet(struct nics *nics, const char *name)
{
    for (size_t i = 0; i < nics->n; i++)
        if (strcmp(nics->names[i], name) == 0)
            return;
    if (nics->n == NICS_MAX)
        return;
    vp_grow(&nics->names, nics->n, &nics->cap, sizeof(*nics->names));
    nics->names[nics->n++] = vp_strdup(name);
}

/* What a VLAN, macvlan, bond, team or bridge lies on. */
static void meet_lower(const struct vp_root *root, struct nics *nics, const char *name)
{
    static const char *const prefixes[] = {"lower_", ""};
    static const char *const folders[] = {"", "/brif"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(folders); i++) {
        vp_autofree char *path = vp_asprintf("/sys/class/net/%s%s", name, folders[i]);
        VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
        if (vp_root_list(root, path, &names, NULL) < 0)
            continue;
        for (size_t k = 0; names[k] != NULL; k++)
            if (vp_starts(names[k], prefixes[i]))
                meet(nics, names[k] + strlen(prefixes[i]));
    }
}

static void look_at_nic(struct found *found, const char *top)
{
    VP_CLEANUP(nics_done) struct nics nics = {0};
    if (!is_name(top))
        return;
    meet(&nics, top);
    while (nics.done < nics.n) {
        const char *name = nics.names[nics.done++];
        vp_autofree char *path = vp_asprintf("/sys/class/net/%s", name);
        vp_autofree char *device = vp_asprintf("%s/device", path);
        if (vp_sysdev_has(found->root, device))
            note(found, vp_sysdev_node(found->root, path),
                 strcmp(name, top) == 0 ? vp_strdup(name) : vp_asprintf("%s below %s", name, top));
        else
            meet_lower(found->root, &nics, name);
    }
}

static void look_at_pci(struct found *found, const char *pci)
{
    vp_autofree char *path = vp_asprintf("/sys/bus/pci/devices/%s", pci);
    note(found, vp_sysdev_node(found->root, path), vp_strdup(pci));
}

/* The NICs that a virtual network forwards by, or hands out virtual functions of. */
static void look_at_network(struct found *found, const char *name)
{
    VP_CLEANUP(vp_doc_free_ptr) vp_doc *doc = NULL;
    if (vp_virtnet_read(found->root, name, &doc, NULL) < 0)
        return;
    const vp_node *network = vp_doc_root(doc);
    const vp_node *forward = vp_node_child(network, "forward");
    bool listed = false;
    look_at_nic(found, vp_node_walk_attr(network, "bridge", "name"));
    for (const vp_node *n = vp_node_first(forward); n != NULL; n = vp_node_next(n)) {
        vp_autofree char *pci = vp_node_is(n, "address") ? vp_pci_name(n) : NULL;
        listed = true;
        if (pci != NULL)
            look_at_pci(found, pci);
        else if (vp_node_is(n, "pf") || vp_node_is(n, "interface"))
            look_at_nic(found, vp_node_attr(n, "dev"));
    }
    if (!listed)
        look_at_nic(found, vp_node_attr(forward, "dev"));
}

static void look_at_interface(struct found *found, const vp_node *nic)
{
    const char *type = vp_node_attr(nic, "type");
    if (vp_same(type, "direct"))
        look_at_nic(found, vp_node_walk_attr(nic, "source", "dev"));
    else if (vp_same(type, "bridge"))
        look_at_nic(found, vp_node_walk_attr(nic, "source", "bridge"));
    else if (vp_same(type, "network"))
        look_at_network(found, vp_node_walk_attr(nic, "source", "network"));
}

static void look_at_disk(struct found *found, const vp_node *disk)
{
    const char *device = vp_node_attr(disk, "device");
    const vp_node *source = vp_node_child(disk, "source");
    const char *path = vp_node_attr(source, "file");
    struct vp_blockdev *disks = NULL;
    size_t n = 0;
    if (path == NULL)
        path = vp_node_attr(source, "dev");
    if (path == NULL || (device != NULL && strcmp(device, "disk") != 0 && strcmp(device, "lun") != 0) ||
        vp_blockdev_below(found->root, path, &disks, &n, NULL) < 0)
        return;
    vp_autofree struct vp_blockdev *own = disks;
    const char *name = vp_node_walk_attr(disk, "target", "dev");
    for (size_t i = 0; i < n; i++)
        note(found, vp_blockdev_node(found->root, own[i].name),
             vp_asprintf("%s (%s)", name != NULL ? name : "a disk", own[i].name));
}

static void look_at_mediated(struct found *found, const vp_node *hostdev)
{
    const char *uuid = vp_node_walk_attr(hostdev, "source/address", "uuid");
    if (!vp_same(vp_node_attr(hostdev, "type"), "mdev") || !is_name(uuid))
        return;
    vp_autofree char *path = vp_asprintf("/sys/bus/mdev/devices/%s", uuid);
    note(found, vp_sysdev_node(found->root, path), vp_asprintf("mediated device %s", uuid));
}

static void look_at(struct found *found, const vp_node *device)
{
    vp_autofree char *pci = vp_pci_passed_through(device);
    if (pci != NULL) {
        look_at_pci(found, pci);
    } else if (vp_node_is(device, "hostdev")) {
        look_at_mediated(found, device);
    } else if (vp_node_is(device, "interface")) {
        look_at_interface(found, device);
    } else if (vp_node_is(device, "disk")) {
        look_at_disk(found, device);
    }
}

int vp_locality_read(struct vp_host *host, const struct vp_domain *domain, hwloc_bitmap_t *ret_nodes,
                     char **ret_why, struct vp_error **err)
{
    (void)err;
    VP_CLEANUP(found_done) struct found found = {.root = vp_host_root(host), .nodes = hwloc_bitmap_alloc()};
    if (found.nodes == NULL)
        vp_oom();
    const vp_node *devices = found.root != NULL ? vp_domain_devices(domain) : NULL;
    for (const vp_node *n = vp_node_first(devices); n != NULL; n = vp_node_next(n))
        look_at(&found, n);
    *ret_nodes = vp_take(&found.nodes);
    *ret_why = vp_take(&found.why.text);
    return 0;
}
