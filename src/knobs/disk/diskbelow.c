/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "diskbelow.h"

#include "blockdev.h"
#include "disks.h"
#include "mountpoint.h"
#include "strbuf.h"
#include "sysdev.h"
#include "text.h"

#include <errno.h>
#include <string.h>

#define VALUE_MAX 4096 /* bytes; a page */

void vp_belows_done(struct vp_belows *belows)
{
    for (size_t i = 0; i < belows->n; i++) {
        free(belows->items[i].device);
        free(belows->items[i].disks);
    }
    free(belows->items);
    *belows = (struct vp_belows){0};
}

static void add(struct vp_belows *belows, const char *device, const char *disk)
{
    for (size_t i = 0; i < belows->n; i++) {
        struct vp_below *below = &belows->items[i];
        if (strcmp(below->device, device) != 0)
            continue;
        char *disks = vp_asprintf("%s, %s", below->disks, disk);
        free(below->disks);
        below->disks = disks;
        return;
    }
    vp_grow(&belows->items, belows->n, &belows->cap, sizeof(*belows->items));
    belows->items[belows->n++] = (struct vp_below){vp_strdup(device), vp_strdup(disk)};
}

const char *vp_disk_path(const vp_node *disk)
{
    const vp_node *source = vp_node_child(disk, "source");
    const char *type = vp_disk_source(disk);
    const char *path = NULL;
    if (vp_same(type, "file"))
        path = vp_node_attr(source, "file");
    else if (vp_same(type, "block"))
        path = vp_node_attr(source, "dev");
    return path != NULL && path[0] == '/' ? path : NULL;
}

char *vp_disk_filesystem(const struct vp_root *root, const char *path)
{
    vp_autofree char *real = NULL;
    VP_CLEANUP(vp_mount_done) struct vp_mount mount = {0};
    /* A device node is not what is on its file system. */
    if (vp_sysdev_resolve(root, path, &real, NULL) < 0 || vp_mount_find(root, real, &mount, NULL) < 0 ||
        vp_same(mount.type, "devtmpfs"))
        return NULL;
    return vp_take(&mount.type);
}

static void add_queues(const struct vp_root *root, const struct vp_blockdev *disk, const char *name,
                       struct vp_belows *belows)
{
    VP_CLEANUP(vp_names_free_ptr) char **queues = NULL;
    vp_blockdev_queues(root, disk->name, &queues);
    for (size_t i = 0; queues[i] != NULL; i++)
        add(belows, queues[i], name);
}

static void skip_homeless(struct vp_planning *planning, const struct vp_setting *setting,
                          const struct vp_root *root, const char *path, const char *name)
{
    vp_autofree char *type = vp_disk_filesystem(root, path);
    vp_plan_skip(planning, setting, "%s: its image is on no disk of this host%s%s", name,
                 type != NULL ? ", but on " : "", type != NULL ? type : "");
}

static void read_disk(struct vp_planning *planning, const struct vp_setting *setting,
                      const struct vp_root *root, const char *path, const char *name, enum vp_below_what what,
                      struct vp_belows *belows)
{
    struct vp_blockdev top;
    struct vp_blockdev *found = NULL;
    size_t n = 0;
    vp_autoerror err = NULL;
    int r = vp_blockdev_below(root, path, &found, &n, &err);
    vp_autofree struct vp_blockdev *disks = found;
    if (r < 0) {
        vp_plan_skip(planning, setting, "%s: %s", name, err->message);
        return;
    }
    if (n == 0) {
        skip_homeless(planning, setting, root, path, name);
        return;
    }
    if ((what == VP_BELOW_TOPS || what == VP_BELOW_CACHES) && vp_blockdev_top(root, path, &top, NULL) == 0) {
        add(belows, top.name, name);
        return;
    }
    if (what == VP_BELOW_CACHES) {
        vp_plan_skip(planning, setting, "%s: its file system is on several devices and reads ahead by itself",
                     name);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (what == VP_BELOW_QUEUES)
            add_queues(root, &disks[i], name, belows);
        else
            add(belows, disks[i].name, name);
    }
}

/* Does a disk go past the host's page cache once the plan so far is carried out? */
static bool skips_uncached(struct vp_planning *planning, const struct vp_setting *setting, vp_node *disk)
{
    vp_autofree char *cache = vp_planned(planning, disk, "driver/@cache");
    if (!vp_same(cache, "none") && !vp_same(cache, "directsync"))
        return false;
    vp_plan_skip(planning, setting, "%s: with cache %s nothing is read through the host's page cache",
                 vp_disk_name(disk), cache);
    return true;
}

void vp_below_read(struct vp_planning *planning, const struct vp_setting *setting, enum vp_below_what what,
                   struct vp_belows *ret_belows)
{
    const struct vp_root *root = vp_host_root(planning->host);
    const unsigned traits = VP_DISK_VHOST_USER | VP_DISK_NVME | VP_DISK_FOLDER | VP_DISK_NETWORK;
    *ret_belows = (struct vp_belows){0};
    if (root == NULL && vp_disk_first(planning->domain) != NULL) {
        vp_plan_skip(planning, setting, "host '%s' is a description without disks; the live host has them",
                     vp_host_source(planning->host));
        return;
    }
    for (vp_node *disk = vp_disk_first(planning->domain); disk != NULL; disk = vp_disk_next(disk)) {
        const char *path = vp_disk_path(disk);
        const char *name = vp_disk_name(disk);
        if (vp_disk_refuses(planning, setting, disk,
                            what == VP_BELOW_CACHES ? traits | VP_DISK_SCSI_LUN : traits) ||
            (what == VP_BELOW_CACHES && skips_uncached(planning, setting, disk)))
            continue;
        if (path == NULL)
            vp_plan_skip(planning, setting, "%s: %s", name,
                         vp_same(vp_disk_source(disk), "volume")
                             ? "only libvirt knows the path of a volume of a pool"
                             : "it has no image");
        else
            read_disk(planning, setting, root, path, name, what, ret_belows);
    }
}

bool vp_below_holds_root(const struct vp_root *root, const char *device)
{
    struct vp_blockdev *found = NULL;
    size_t n = 0;
    if (vp_blockdev_below(root, "/", &found, &n, NULL) < 0)
        return false;
    vp_autofree struct vp_blockdev *disks = found;
    for (size_t i = 0; i < n; i++) {
        VP_CLEANUP(vp_names_free_ptr) char **queues = NULL;
        if (strcmp(disks[i].name, device) == 0)
            return true;
        vp_blockdev_queues(root, disks[i].name, &queues);
        for (size_t k = 0; queues[k] != NULL; k++)
            if (strcmp(queues[k], device) == 0)
                return true;
    }
    return false;
}

char *vp_queue_value(const struct vp_root *root, const char *device, const char *name)
{
    vp_autofree char *path = vp_asprintf("/sys/block/%s/queue/%s", device, name);
    vp_autofree char *text = NULL;
    size_t len = 0;
    if (vp_root_read(root, path, VALUE_MAX, &text, &len, NULL) < 0)
        return NULL;
    const char *open = strchr(text, '[');
    if (open != NULL)
        return vp_strndup(open + 1, strcspn(open + 1, "]"));
    return vp_strndup(text, strcspn(text, " \n"));
}

bool vp_queue_rotates(const struct vp_root *root, const char *device)
{
    vp_autofree char *value = vp_queue_value(root, device, "rotational");
    /* Of a virtual machine's disks Linux says so whatever is below them (6.18 still does). */
    return vp_same(value, "1") && !vp_starts(device, "vd") && !vp_starts(device, "xvd");
}
