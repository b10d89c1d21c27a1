/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"

#include "diskbelow.h"
#include "disks.h"
#include "text.h"

#include <string.h>

/* Advice for an image on a file system of this type; NULL where there is none. */
static const char *on_filesystem(const char *type)
{
    static const struct {
        const char *type, *advice;
    } rows[] = {
        {"nfs", "each flush waits for the network and the server; a disk of the host does not"},
        {"nfs4", "each flush waits for the network and the server; a disk of the host does not"},
        {"cifs", "each flush waits for the network and the server; a disk of the host does not"},
        {"smb3", "each flush waits for the network and the server; a disk of the host does not"},
        {"tmpfs", "it is gone with the host's power, and its pages are the host's memory"},
        {"ramfs", "it is gone with the host's power, and its pages are the host's memory"},
        {"overlay", "its first write copies all of it; give it a file system or a volume"},
        {"btrfs", "each write goes to a new place; 'chattr +C' on an empty folder, then copy it there"},
        {"ecryptfs", "each block is encrypted in a file system above another; encrypt the device below"},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++)
        if (vp_same(type, rows[i].type))
            return rows[i].advice;
    return vp_starts(type, "fuse") ? "each request passes a process of the host and its switches" : NULL;
}

static void advise_image(struct vp_planning *planning, const struct vp_setting *setting, const vp_node *disk)
{
    const struct vp_root *root = vp_host_root(planning->host);
    const char *path = vp_disk_path(disk);
    const char *format = vp_disk_format(disk);
    const char *name = vp_disk_name(disk);
    const vp_node *backing = vp_node_child(disk, "backingStore");
    /* Of a disk of the network or a vhost-user process the host only knows the name. */
    if (path == NULL)
        return;
    if (!vp_same(format, "raw"))
        vp_plan_warn(planning, setting,
                     "%s: its image is %s, whose tables cost further reads and writes beside those of the "
                     "guest; 'qemu-img convert -O raw' onto a volume spares them",
                     name, format);
    if (vp_node_attr(backing, "type") != NULL)
        vp_plan_warn(planning, setting,
                     "%s: its image lies on another, and what was never written is looked up in both; 'virsh "
                     "blockpull' makes it one",
                     name);
    if (root == NULL)
        return;
    vp_autofree char *type = vp_disk_filesystem(root, path);
    if (type != NULL && on_filesystem(type) != NULL)
        vp_plan_warn(planning, setting, "%s: its image is on %s: %s", name, type, on_filesystem(type));
}

static void advise_device(struct vp_planning *planning, const struct vp_setting *setting,
                          const struct vp_below *below)
{
    const struct vp_root *root = vp_host_root(planning->host);
    const bool several = strchr(below->disks, ',') != NULL;
    if (several)
        vp_plan_warn(
            planning, setting,
            "%s are all on the host's %s and wait for each other; what must not wait (logs) belongs on another",
            below->disks, below->device);
    if (vp_queue_rotates(root, below->device))
        vp_plan_warn(planning, setting,
                     "%s: the host's %s has heads that move, some 100 to 200 requests a second", below->disks,
                     below->device);
    if (vp_below_holds_root(root, below->device))
        vp_plan_warn(planning, setting,
                     "%s: the host's %s also holds its root file system, whose logs and updates come between",
                     below->disks, below->device);
}

static int plan_advice(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    if (!setting->value.yes)
        return 0;
    for (const vp_node *disk = vp_disk_first(planning->domain); disk != NULL; disk = vp_disk_next(disk))
        advise_image(planning, setting, disk);
    VP_CLEANUP(vp_belows_done) struct vp_belows belows;
    vp_below_read(planning, setting, VP_BELOW_DISKS, &belows);
    for (size_t i = 0; i < belows.n; i++)
        advise_device(planning, setting, &belows.items[i]);
    return 0;
}

const struct vp_knob vp_knobs_diskadvice[] = {
    {
        .name = "disk.advice",
        .type = VP_TYPE_BOOL,
        .effect = VP_EFFECT_HOST,
        .doc =
            "Whether to warn about what slows the guest's disks and no profile can change: images that are "
            "not raw or lie on others, file systems of the network and others that cost extra, several "
            "disks of the guest on one of the host, disks with moving heads, the host's own root beside "
            "it. Changes nothing.",
        .plan = plan_advice,
    },
    {.name = NULL},
};
