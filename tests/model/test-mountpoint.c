/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mountpoint.h"

#include "fake.h"

#include <errno.h>
#include <string.h>

static const char mounts[] = "27 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw\n"
                             "30 27 253:0 / /srv rw shared:1 master:2 - xfs /dev/mapper/srv rw\n"
                             "31 30 0:40 /a /srv/b\\040c\\134d rw - nfs4 server:/a\\011b rw\n"
                             "32 27 8:0 / /over rw - ext4 /dev/sda rw\n"
                             "33 30 8:16 / /over/in rw - ext4 /dev/sdb rw\n"
                             "34 32 8:32 / /over rw - btrfs /dev/sdc rw";

START_TEST(finds)
{
    static const struct {
        const char *path, *type, *source;
        unsigned major, minor;
    } rows[] = {
        {"/", "ext4", "/dev/vda1", 254, 1},         {"/x", "ext4", "/dev/vda1", 254, 1},
        {"/srv", "xfs", "/dev/mapper/srv", 253, 0}, {"/srv/x/y", "xfs", "/dev/mapper/srv", 253, 0},
        {"/srvx", "ext4", "/dev/vda1", 254, 1},     {"/srv/b c\\d/x", "nfs4", "server:/a\tb", 0, 40},
        {"/over/x", "btrfs", "/dev/sdc", 8, 32},    {"/over/in/x", "ext4", "/dev/sdb", 8, 16},
    };
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, "/proc/self/mountinfo", mounts);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        VP_CLEANUP(vp_mount_done) struct vp_mount mount = {0};
        ck_assert_msg(vp_mount_find(fake.root, rows[i].path, &mount, NULL) == 0, "%s", rows[i].path);
        ck_assert_msg(strcmp(mount.type, rows[i].type) == 0 && strcmp(mount.source, rows[i].source) == 0 &&
                          mount.major == rows[i].major && mount.minor == rows[i].minor,
                      "%s: %s on %s %u:%u", rows[i].path, mount.type, mount.source, mount.major, mount.minor);
    }
}
END_TEST

START_TEST(refuses)
{
    static const struct {
        const char *mounts;
        int r;
    } rows[] = {
        {"", -ENOENT},
        {"1 2 8:0 / /else rw - ext4 /dev/sda rw\n", -ENOENT},
        {"1 2 8:0 / / rw\n", -EBADMSG},
        {"1 2 8:0 / / rw - ext4\n", -EBADMSG},
        {"1 2 8 / / rw - ext4 /dev/sda rw\n", -EBADMSG},
        {"1 2 8:-1 / / rw - ext4 /dev/sda rw\n", -EBADMSG},
        {"nonsense\n", -EBADMSG},
    };
    FAKE fake;
    fake_open(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        static char sentinel;
        struct vp_mount mount = {.type = &sentinel};
        vp_autoerror err = NULL;
        fake_file(&fake, "/proc/self/mountinfo", rows[i].mounts);
        const int r = vp_mount_find(fake.root, "/image", &mount, &err);
        ck_assert_msg(r == rows[i].r, "'%s': %d", rows[i].mounts, r);
        ck_assert_ptr_eq(mount.type, &sentinel);
        ck_assert_ptr_nonnull(strstr(err->message, "/proc/self/mountinfo"));
    }
}
END_TEST

VP_TEST_MAIN("mountpoint", VP_TEST(finds), VP_TEST(refuses))
