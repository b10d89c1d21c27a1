/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "blockdev.h"

#include "strbuf.h"
#include "sysfs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* "sda 8:0, sdb 8:16" */
static char *below(const struct vp_root *root, const char *path)
{
    struct vp_blockdev *disks = NULL;
    size_t n = 0;
    struct vp_strbuf buf = {0};
    vp_autoerror err = NULL;
    ck_assert_msg(vp_blockdev_below(root, path, &disks, &n, &err) == 0, "%s: %s", path,
                  err != NULL ? err->message : "no message");
    for (size_t i = 0; i < n; i++) {
        vp_autofree char *one = vp_asprintf("%s %u:%u", disks[i].name, disks[i].major, disks[i].minor);
        vp_strbuf_join(&buf, ", ", one);
    }
    free(disks);
    return vp_strbuf_take(&buf);
}

static const struct {
    const char *path, *disks;
} rows[] = {
    {"/image", "vda 254:0"},                        /* a partition of a virtio disk */
    {"/srv/images2/disk.raw", "sda 8:0, sdb 8:16"}, /* LVM on a RAID 1 of two partitions */
    {"/srv/images/disk.raw", "nvme1n1 259:0"},      /* LVM on encryption on a partition */
    {"/srv/link.raw", "nvme1n1 259:0"},
    {"/srv", "sda 8:0, sdb 8:16"},       /* a folder */
    {"/nvme/disk.raw", "nvme0n1 259:8"}, /* several paths */
    {"/cache/disk.raw", "nvme0n1 259:8, sdd 8:48"},
    {"/old/disk.raw", "cciss!c0d0 104:0"},
    {"/btrfs/@vm/disk.raw", "sdb 8:16, sdc 8:32"},
    {"/bcachefs/disk.raw", "sda 8:0, sdc 8:32"},
    {"/alone/disk.raw", "sdd 8:48"},
    {"/over/disk.raw", "sdc 8:32"}, /* mounted over another */
    {"/dev/sda", "sda 8:0"},
    {"/dev/sdb1", "sdb 8:16"},
    {"/dev/nvme1n1p2", "nvme1n1 259:0"},
    {"/dev/disk/by-id/wwn-1", "sdb 8:16"},
    {"/dev/vg/images", "nvme1n1 259:0"},
    {"/dev/mapper/vg-images", "nvme1n1 259:0"},
    {"/dev/dm-0", "sda 8:0, sdb 8:16"},
    {"/dev/loop0", "nvme1n1 259:0"}, /* on the file system of its file */
    {"/dev/loop4", "loop4 7:4"},     /* has no file yet */
    /* on no disk */
    {"/dev/shm/image", ""},
    {"/nfs/disk.raw", ""},
    {"/overlay/disk.raw", ""},
    {"/zfs/disk.raw", ""},
    {"/gone/disk.raw", ""}, /* its device is no longer there */
    {"/srv/with blank/disk.raw", ""},
    {"/dev/loop1", ""}, /* its file is gone */
    {"/dev/dm-3", ""},  /* dm-zero */
    {"/dev/md1", ""},   /* stopped */
    {"/dev/ram0", ""},
    {"/dev/zram0", ""},
    /* rings */
    {"/dev/dm-4", ""},
    {"/dev/loop2", ""},
    {"/ring/b/file", ""},
};

START_TEST(finds)
{
    FAKE fake;
    fake_open(&fake);
    sysfs_storage(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        vp_autofree char *disks = below(fake.root, rows[i].path);
        ck_assert_msg(strcmp(disks, rows[i].disks) == 0, "%s: '%s', not '%s'", rows[i].path, disks,
                      rows[i].disks);
    }
}
END_TEST

START_TEST(refuses)
{
    static const struct {
        const char *path;
        int r;
    } bad[] = {{"/no/such/image", -ENOENT},
               {"/srv/circle", -ELOOP},
               {"relative", -EINVAL},
               {"", -EINVAL},
               {"/image/x", -ENOTDIR}};
    FAKE fake;
    fake_open(&fake);
    sysfs_storage(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(bad); i++) {
        struct vp_blockdev sentinel;
        struct vp_blockdev *disks = &sentinel;
        size_t n = 77;
        vp_autoerror err = NULL;
        const int r = vp_blockdev_below(fake.root, bad[i].path, &disks, &n, &err);
        ck_assert_msg(r == bad[i].r, "'%s': %d", bad[i].path, r);
        ck_assert_ptr_eq(disks, &sentinel);
        ck_assert_uint_eq(n, 77);
        ck_assert_ptr_nonnull(strstr(err->message, bad[i].path));
    }
}
END_TEST

START_TEST(tops)
{
    static const struct {
        const char *path, *device;
        int r;
    } table[] = {
        {"/image", "vda", 0},
        {"/srv/images/disk.raw", "dm-2", 0},
        {"/nvme/disk.raw", "nvme0n1", 0},
        {"/cache/disk.raw", "bcache0", 0},
        {"/old/disk.raw", "cciss!c0d0", 0},
        {"/dev/sdb1", "sdb", 0},
        {"/dev/vg/images", "dm-2", 0},
        {"/dev/loop0", "loop0", 0},
        {"/btrfs/@vm/disk.raw", "", -ENODEV},
        {"/bcachefs/disk.raw", "", -ENODEV},
        {"/alone/disk.raw", "", -ENODEV}, /* its number is not that of its disk */
        {"/dev/shm/image", "", -ENODEV},
        {"/nfs/disk.raw", "", -ENODEV},
        {"/gone/disk.raw", "", -ENODEV},
        {"/no/such/image", "", -ENOENT},
    };
    FAKE fake;
    fake_open(&fake);
    sysfs_storage(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(table); i++) {
        struct vp_blockdev device = {.name = "", .major = 77};
        vp_autoerror err = NULL;
        const int r = vp_blockdev_top(fake.root, table[i].path, &device, &err);
        ck_assert_msg(r == table[i].r, "%s: %d", table[i].path, r);
        ck_assert_msg(strcmp(device.name, table[i].device) == 0, "%s: %s", table[i].path, device.name);
        ck_assert_msg((r == 0) == (device.major != 77), "%s", table[i].path);
        if (r < 0)
            ck_assert_ptr_nonnull(strstr(err->message, table[i].path));
    }
}
END_TEST

/* A host whose /proc is not there, or says nonsense. */
START_TEST(broken_mounts)
{
    static const struct {
        const char *mounts;
        int r;
    } bad[] = {{"", -ENOENT},
               {"1 2 8:0 / /else rw - ext4 /dev/sda rw\n", -ENOENT},
               {"1 2 8:0 / / rw\n", -EBADMSG},
               {"1 2 8 / / rw - ext4 /dev/sda rw\n", -EBADMSG},
               {"1 2 8:x / / rw - ext4 /dev/sda rw\n", -EBADMSG},
               {"nonsense\n", -EBADMSG}};
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, "/image", "");
    for (size_t i = 0; i <= VP_ARRAY_SIZE(bad); i++) {
        struct vp_blockdev *disks = NULL;
        size_t n = 77;
        vp_autoerror err = NULL;
        if (i > 0)
            fake_file(&fake, "/proc/self/mountinfo", bad[i - 1].mounts);
        const int r = vp_blockdev_below(fake.root, "/image", &disks, &n, &err);
        ck_assert_msg(r == (i > 0 ? bad[i - 1].r : -ENOENT), "row %zu: %d", i, r);
        ck_assert_uint_eq(n, 77);
        ck_assert_ptr_nonnull(err);
    }
}
END_TEST

/* On more devices than any kernel shows. */
START_TEST(endless)
{
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, "/dev/dm-0", "");
    fake_file(&fake, "/sys/class/block/dm-0/dev", "253:0\n");
    fake_file(&fake, "/sys/dev/block/253:0/uevent", "DEVNAME=dm-0\nDEVTYPE=disk\n");
    for (unsigned i = 1; i <= 1100; i++) {
        vp_autofree char *slave = vp_asprintf("/sys/dev/block/253:0/slaves/sd%u", i);
        vp_autofree char *dev = vp_asprintf("/sys/class/block/sd%u/dev", i);
        vp_autofree char *number = vp_asprintf("8:%u\n", i);
        fake_file(&fake, slave, "");
        fake_file(&fake, dev, number);
    }
    struct vp_blockdev *disks = NULL;
    size_t n = 77;
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_blockdev_below(fake.root, "/dev/dm-0", &disks, &n, &err), -ELOOP);
    ck_assert_uint_eq(n, 77);
    ck_assert_ptr_nonnull(strstr(err->message, "/dev/dm-0"));
}
END_TEST

START_TEST(queues)
{
    static const struct {
        const char *disk, *names;
        int node;
    } table[] = {
        {"nvme0n1", "nvme0c0n1 nvme0c2n1", 1},
        {"nvme1n1", "nvme1n1", 1},
        {"nvme0n11", "nvme0n11", -1},
        {"nvme2n1", "nvme2n1", -1},
        {"sda", "sda", 0},
        {"vda", "vda", -1},
        {"cciss!c0d0", "cciss!c0d0", -1},
        {"nosuch", "nosuch", -1},
    };
    FAKE fake;
    fake_open(&fake);
    sysfs_storage(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(table); i++) {
        VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
        struct vp_strbuf buf = {0};
        vp_blockdev_queues(fake.root, table[i].disk, &names);
        for (size_t k = 0; names[k] != NULL; k++)
            vp_strbuf_join(&buf, " ", names[k]);
        vp_autofree char *text = vp_strbuf_take(&buf);
        ck_assert_msg(strcmp(text, table[i].names) == 0, "%s: '%s'", table[i].disk, text);
        const int node = vp_blockdev_node(fake.root, table[i].disk);
        ck_assert_msg(node == table[i].node, "%s: node %d", table[i].disk, node);
    }
    /* Paths on different nodes: no node is right. */
    fake_file(&fake, "/sys/devices/pci0000:c0/0000:c2:00.0/numa_node", "0\n");
    ck_assert_int_eq(vp_blockdev_node(fake.root, "nvme0n1"), -1);
}
END_TEST

/* This machine: what it says about its own files must be whole disks that it has. */
START_TEST(live)
{
    VP_CLEANUP(vp_root_free_ptr) struct vp_root *root = NULL;
    static const char *const paths[] = {"/", "/etc/passwd", "/proc/self/stat"};
    ck_assert_int_eq(vp_root_open("/", &root, NULL), 0);
    for (size_t i = 0; i < VP_ARRAY_SIZE(paths); i++) {
        struct vp_blockdev *disks = NULL;
        size_t n = 0;
        ck_assert_int_eq(vp_blockdev_below(root, paths[i], &disks, &n, NULL), 0);
        for (size_t k = 0; k < n; k++) {
            vp_autofree char *partition = vp_asprintf("/sys/block/%s/partition", disks[k].name);
            vp_autofree char *dev = vp_asprintf("/sys/dev/block/%u:%u", disks[k].major, disks[k].minor);
            struct stat st;
            ck_assert_msg(stat(dev, &st) == 0, "%s", dev);
            ck_assert_msg(stat(partition, &st) < 0, "%s", partition);
            vp_autofree char *node = vp_asprintf("/dev/%s", disks[k].name);
            if (stat(node, &st) < 0)
                continue;
            vp_autofree char *own = below(root, node);
            vp_autofree char *want = vp_asprintf("%s %u:%u", disks[k].name, disks[k].major, disks[k].minor);
            ck_assert_str_eq(own, want);
        }
        free(disks);
        if (i == 2)
            ck_assert_uint_eq(n, 0);
    }
    struct vp_blockdev *disks = NULL;
    size_t n = 0;
    ck_assert_int_eq(vp_blockdev_below(root, "/no/such/image", &disks, &n, NULL), -ENOENT);
}
END_TEST

VP_TEST_MAIN("blockdev", VP_TEST(finds), VP_TEST(refuses), VP_TEST(tops), VP_TEST(broken_mounts),
             VP_TEST(endless), VP_TEST(queues), VP_TEST(live))
