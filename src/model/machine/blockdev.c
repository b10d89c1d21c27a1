/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "blockdev.h"

#include "mountpoint.h"
#include "size.h"
#include "strbuf.h"
#include "sysdev.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

/* More than any host stacks; a broken sysfs must not keep us busy. */
#define DEVICES_MAX 1024
#define UEVENT_MAX 4096
#define PATH_BYTES_MAX 8192

/* Every device that was met, whole disks or not, each once: those behind `done` are still to be looked at. */
struct walk {
    const struct vp_root *root;
    struct vp_devno *met;
    size_t n, cap, done;
    struct vp_blockdev *disks;
    size_t n_disks, cap_disks;
    bool made_up; /* the file system's own device number says nothing */
};

static void walk_done(struct walk *walk)
{
    free(walk->met);
    free(walk->disks);
}

static void meet(struct walk *walk, struct vp_devno number)
{
    for (size_t i = 0; i < walk->n; i++)
        if (walk->met[i].major == number.major && walk->met[i].minor == number.minor)
            return;
    vp_grow(&walk->met, walk->n, &walk->cap, sizeof(*walk->met));
    walk->met[walk->n++] = number;
}

static void meet_name(struct walk *walk, const char *name)
{
    vp_autofree char *path = vp_asprintf("/sys/class/block/%s/dev", name);
    struct vp_devno number = {0};
    if (vp_sysdev_number(walk->root, path, &number) == 0)
        meet(walk, number);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/*
 * The number of a device node. A folder that stands for a host has plain files in its /dev, but sysfs knows
 * their names.
 */
static bool node_number(const struct vp_root *root, const char *real, const struct stat *st,
                        struct vp_devno *ret_number)
{
    if (root->live) {
        *ret_number = (struct vp_devno){major(st->st_rdev), minor(st->st_rdev)};
        return S_ISBLK(st->st_mode);
    }
    vp_autofree char *path = vp_asprintf("/sys/class/block/%s/dev", base_name(real));
    return vp_starts(real, "/dev/") && vp_sysdev_number(root, path, ret_number) == 0;
}

/* All devices of the btrfs that a device is part of. */
static void meet_btrfs(struct walk *walk, const char *device)
{
    VP_CLEANUP(vp_names_free_ptr) char **systems = NULL;
    if (vp_root_list(walk->root, "/sys/fs/btrfs", &systems, NULL) < 0)
        return;
    for (size_t i = 0; systems[i] != NULL; i++) {
        vp_autofree char *folder = vp_asprintf("/sys/fs/btrfs/%s/devices", systems[i]);
        vp_autofree char *member = vp_asprintf("%s/%s", folder, device);
        VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
        if (!vp_sysdev_has(walk->root, member) || vp_root_list(walk->root, folder, &names, NULL) < 0)
            continue;
        for (size_t k = 0; names[k] != NULL; k++)
            meet_name(walk, names[k]);
    }
}

/* A mount's source: a device, or of bcachefs several with colons between. */
static void meet_source(struct walk *walk, char *source, const char *type)
{
    for (char *at = source; vp_starts(at, "/dev/");) {
        const size_t len = strcspn(at, ":");
        char *next = at[len] != '\0' ? at + len + 1 : at + len;
        at[len] = '\0';
        vp_autofree char *real = NULL;
        struct stat st;
        struct vp_devno number = {0};
        if (vp_sysdev_resolve(walk->root, at, &real, &st) == 0 &&
            node_number(walk->root, real, &st, &number)) {
            meet(walk, number);
            if (vp_same(type, "btrfs"))
                meet_btrfs(walk, base_name(real));
        }
        at = next;
    }
}

static int meet_path(struct walk *walk, const char *path, struct vp_error **err)
{
    vp_autofree char *real = NULL;
    struct stat st;
    struct vp_devno number = {0};
    int r = vp_sysdev_resolve(walk->root, path, &real, &st);
    if (r < 0)
        return vp_fail(err, -r, "cannot find the disk below '%s': %m", path);
    if (node_number(walk->root, real, &st, &number)) {
        meet(walk, number);
        return 0;
    }
    if (walk->root->live && major(st.st_dev) != 0) {
        meet(walk, (struct vp_devno){major(st.st_dev), minor(st.st_dev)});
        return 0;
    }
    VP_CLEANUP(vp_mount_done) struct vp_mount mount = {0};
    r = vp_mount_find(walk->root, real, &mount, err);
    if (r < 0)
        return r;
    walk->made_up = mount.major == 0;
    if (mount.major != 0)
        meet(walk, (struct vp_devno){mount.major, mount.minor});
    else
        meet_source(walk, mount.source, mount.type);
    return 0;
}

/* The value of a line KEY=VALUE; "" where there is none. Owned. */
static char *uevent_value(const char *text, const char *key)
{
    const size_t len = strlen(key);
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
        if (strncmp(line, key, len) == 0 && line[len] == '=')
            return vp_strndup(line + len + 1, strcspn(line + len + 1, "\n"));
    return vp_strdup("");
}

/* A made-up number, and a device that has just gone, are none. */
static bool read_device(const struct vp_root *root, struct vp_devno number, struct vp_blockdev *ret_device,
                        bool *ret_partition)
{
    vp_autofree char *path = vp_asprintf("/sys/dev/block/%u:%u/uevent", number.major, number.minor);
    vp_autofree char *text = NULL;
    size_t len = 0;
    struct vp_blockdev device = {.major = number.major, .minor = number.minor};
    if (vp_root_read(root, path, UEVENT_MAX, &text, &len, NULL) < 0)
        return false;
    vp_autofree char *type = uevent_value(text, "DEVTYPE");
    vp_autofree char *name = uevent_value(text, "DEVNAME");
    /* The kernel writes "cciss/c0d0" as "cciss!c0d0" where it names a folder. */
    for (char *slash = name; (slash = strchr(slash, '/')) != NULL; *slash = '!')
        ;
    if (name[0] == '\0' || strlen(name) >= sizeof(device.name))
        return false;
    memcpy(device.name, name, strlen(name) + 1);
    *ret_device = device;
    *ret_partition = strcmp(type, "partition") == 0;
    return true;
}

static int whole_disk(const struct vp_root *root, struct vp_devno partition, struct vp_devno *ret_number)
{
    vp_autofree char *path = vp_asprintf("/sys/dev/block/%u:%u/../dev", partition.major, partition.minor);
    return vp_sysdev_number(root, path, ret_number);
}

/* Memory that looks like a disk. */
static bool is_ram(const char *name)
{
    return vp_starts(name, "zram") || (vp_starts(name, "ram") && strspn(name + 3, "0123456789") > 0);
}

/* What is below a loop device; a file that is gone is on no disk that we know. */
static bool meet_backing_file(struct walk *walk, const char *folder)
{
    vp_autofree char *loop = vp_asprintf("%s/loop/backing_file", folder);
    vp_autofree char *file = NULL;
    size_t len = 0;
    if (vp_root_read(walk->root, loop, PATH_BYTES_MAX, &file, &len, NULL) < 0)
        return false;
    file[strcspn(file, "\n")] = '\0';
    if (file[0] == '/')
        (void)meet_path(walk, file, NULL); /* that it is gone is no failure */
    return true;
}

/* dm, md, bcache and drbd name what they lie on. */
static bool meet_slaves(struct walk *walk, const char *folder)
{
    vp_autofree char *path = vp_asprintf("%s/slaves", folder);
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    if (vp_root_list(walk->root, path, &names, NULL) < 0 || names[0] == NULL)
        return false;
    for (size_t i = 0; names[i] != NULL; i++)
        meet_name(walk, names[i]);
    return true;
}

/* A dm or md device without slaves (dm-zero, a stopped array) is on no disk. */
static bool is_mapped(const struct walk *walk, const char *folder)
{
    vp_autofree char *dm = vp_asprintf("%s/dm", folder);
    vp_autofree char *md = vp_asprintf("%s/md", folder);
    return vp_sysdev_has(walk->root, dm) || vp_sysdev_has(walk->root, md);
}

static void visit(struct walk *walk, struct vp_devno number)
{
    vp_autofree char *folder = vp_asprintf("/sys/dev/block/%u:%u", number.major, number.minor);
    struct vp_blockdev device;
    struct vp_devno whole;
    bool partition = false;
    if (!read_device(walk->root, number, &device, &partition))
        return;
    if (partition) {
        if (whole_disk(walk->root, number, &whole) == 0)
            meet(walk, whole);
        return;
    }
    if (meet_slaves(walk, folder) || meet_backing_file(walk, folder) || is_mapped(walk, folder) ||
        is_ram(device.name))
        return;
    vp_grow(&walk->disks, walk->n_disks, &walk->cap_disks, sizeof(*walk->disks));
    walk->disks[walk->n_disks++] = device;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct vp_blockdev *)a)->name, ((const struct vp_blockdev *)b)->name);
}

int vp_blockdev_below(const struct vp_root *root, const char *path, struct vp_blockdev **ret_disks,
                      size_t *ret_n, struct vp_error **err)
{
    VP_CLEANUP(walk_done) struct walk walk = {.root = root};
    const int r = meet_path(&walk, path, err);
    if (r < 0)
        return r;
    while (walk.done < walk.n) {
        if (walk.n > DEVICES_MAX)
            return vp_fail(err, ELOOP, "cannot find the disk below '%s': it lies on more than %d devices",
                           path, DEVICES_MAX);
        visit(&walk, walk.met[walk.done++]);
    }
    if (walk.n_disks > 0)
        qsort(walk.disks, walk.n_disks, sizeof(*walk.disks), by_name);
    *ret_disks = vp_take(&walk.disks);
    *ret_n = walk.n_disks;
    return 0;
}

int vp_blockdev_top(const struct vp_root *root, const char *path, struct vp_blockdev *ret_device,
                    struct vp_error **err)
{
    VP_CLEANUP(walk_done) struct walk walk = {.root = root};
    struct vp_blockdev device = {0};
    struct vp_devno whole;
    bool partition = false;
    const int r = meet_path(&walk, path, err);
    if (r < 0)
        return r;
    bool found = walk.n == 1 && !walk.made_up && read_device(root, walk.met[0], &device, &partition);
    if (found && partition)
        found = whole_disk(root, walk.met[0], &whole) == 0 && read_device(root, whole, &device, &partition);
    if (!found)
        return vp_fail(err, ENODEV, "no block device takes the requests to '%s' alone", path);
    *ret_device = device;
    return 0;
}

/* "nvme0n1": its numbers. "nvme0c0n1": those of the disk it is a path of. */
static bool nvme_numbers(const char *name, bool path, char **ret_key)
{
    static const char digits[] = "0123456789";
    if (!vp_starts(name, "nvme"))
        return false;
    const char *first = name + strlen("nvme");
    const char *at = first + strspn(first, digits);
    const size_t first_len = (size_t)(at - first);
    if (path) {
        if (*at != 'c' || strspn(at + 1, digits) == 0)
            return false;
        at += 1 + strspn(at + 1, digits);
    }
    if (first_len == 0 || *at != 'n' || strspn(at + 1, digits) == 0 || at[1 + strspn(at + 1, digits)] != '\0')
        return false;
    *ret_key = vp_asprintf("%.*s%s", (int)first_len, first, at);
    return true;
}

void vp_blockdev_queues(const struct vp_root *root, const char *disk, char ***ret_names)
{
    VP_CLEANUP(vp_names_free_ptr) char **all = NULL;
    vp_autofree char *key = NULL;
    char **names = NULL;
    size_t n = 0;
    size_t cap = 0;
    vp_grow(&names, n, &cap, sizeof(*names));
    if (nvme_numbers(disk, false, &key) && vp_root_list(root, "/sys/block", &all, NULL) == 0) {
        for (size_t i = 0; all[i] != NULL; i++) {
            vp_autofree char *of = NULL;
            if (!nvme_numbers(all[i], true, &of) || strcmp(of, key) != 0)
                continue;
            names[n++] = vp_strdup(all[i]);
            vp_grow(&names, n, &cap, sizeof(*names));
        }
    }
    if (n == 0) {
        names[n++] = vp_strdup(disk);
        vp_grow(&names, n, &cap, sizeof(*names));
    }
    *ret_names = names;
}

int vp_blockdev_node(const struct vp_root *root, const char *disk)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    int node = -1;
    vp_blockdev_queues(root, disk, &names);
    for (size_t i = 0; names[i] != NULL; i++) {
        vp_autofree char *path = vp_asprintf("/sys/block/%s", names[i]);
        const int own = vp_sysdev_node(root, path);
        if (own < 0 || (i > 0 && own != node))
            return -1;
        node = own;
    }
    return node;
}
