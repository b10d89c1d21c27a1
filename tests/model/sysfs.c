/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sysfs.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void sysfs_link(const struct fake *fake, const char *path, const char *target)
{
    vp_autofree char *full = vp_asprintf("%s%s", fake->folder, path);
    /* A file makes the folders; the link takes its place. */
    fake_file(fake, path, "");
    ck_assert_int_eq(unlink(full), 0);
    ck_assert_msg(symlink(target, full) == 0, "link '%s': %s", full, strerror(errno));
}

static void write_in(const struct fake *fake, const char *folder, const char *name, const char *text)
{
    vp_autofree char *path = vp_asprintf("%s/%s", folder, name);
    fake_file(fake, path, text);
}

static void block(const struct fake *fake, const char *folder, const char *number, const char *type)
{
    const char *name = strrchr(folder, '/') + 1;
    const char *colon = strchr(number, ':');
    vp_autofree char *devname = vp_strdup(name);
    for (char *at = devname; (at = strchr(at, '!')) != NULL; *at = '/')
        ;
    vp_autofree char *uevent = vp_asprintf("MAJOR=%.*s\nMINOR=%s\nDEVNAME=%s\nDEVTYPE=%s\nDISKSEQ=1\n",
                                           (int)(colon - number), number, colon + 1, devname, type);
    vp_autofree char *dev = vp_asprintf("%s\n", number);
    vp_autofree char *class = vp_asprintf("/sys/class/block/%s", name);
    vp_autofree char *by_number = vp_asprintf("/sys/dev/block/%s", number);
    write_in(fake, folder, "uevent", uevent);
    write_in(fake, folder, "dev", dev);
    sysfs_link(fake, class, folder);
    sysfs_link(fake, by_number, folder);
}

void sysfs_disk(const struct fake *fake, const char *folder, const char *number)
{
    vp_autofree char *name = vp_asprintf("/sys/block%s", strrchr(folder, '/'));
    block(fake, folder, number, "disk");
    sysfs_link(fake, name, folder);
    write_in(fake, folder, "queue/scheduler", "[none] mq-deadline kyber bfq\n");
    write_in(fake, folder, "queue/nr_requests", "256\n");
    write_in(fake, folder, "queue/read_ahead_kb", "128\n");
}

void sysfs_partition(const struct fake *fake, const char *folder, const char *number)
{
    block(fake, folder, number, "partition");
    write_in(fake, folder, "partition", "1\n");
}

void sysfs_slave(const struct fake *fake, const char *upper, const char *lower)
{
    vp_autofree char *target = vp_asprintf("/sys/class/block/%s", lower);
    vp_autofree char *real = NULL;
    /* The links of /sys/class are not followed by those who make folders. */
    vp_autofree char *link = vp_asprintf("%s/sys/class/block/%s", fake->folder, upper);
    char folder[512];
    const ssize_t n = readlink(link, folder, sizeof(folder));
    ck_assert_msg(n > 0 && (size_t)n < sizeof(folder), "no device '%s'", upper);
    real = vp_asprintf("%.*s/slaves/%s", (int)n, folder, lower);
    sysfs_link(fake, real, target);
}

#define PCI "/sys/devices/pci0000:00/"
#define VIRTUAL "/sys/devices/virtual/block/"
#define SATA(n) PCI "0000:00:1f.2/ata" n "/host" n "/target" n ":0:0/" n ":0:0:0/block/"

static const struct {
    const char *folder, *number;
    bool partition;
} devices[] = {
    {SATA("1") "sda", "8:0", false},
    {SATA("1") "sda/sda1", "8:1", true},
    {SATA("1") "sda/sda2", "8:2", true},
    {SATA("2") "sdb", "8:16", false},
    {SATA("2") "sdb/sdb1", "8:17", true},
    {SATA("3") "sdc", "8:32", false},
    {SATA("4") "sdd", "8:48", false},
    {SATA("4") "sdd/sdd1", "8:49", true},
    {PCI "0000:00:04.0/virtio1/block/vda", "254:0", false},
    {PCI "0000:00:04.0/virtio1/block/vda/vda1", "254:1", true},
    {PCI "0000:00:05.0/cciss0/c0d0/block/cciss!c0d0", "104:0", false},
    {PCI "0000:00:05.0/cciss0/c0d0/block/cciss!c0d0/cciss!c0d0p1", "104:1", true},
    /* one controller, its disk hangs on it */
    {"/sys/devices/pci0000:80/0000:80:01.0/0000:81:00.0/nvme/nvme1/nvme1n1", "259:0", false},
    {"/sys/devices/pci0000:80/0000:80:01.0/0000:81:00.0/nvme/nvme1/nvme1n1/nvme1n1p2", "259:2", true},
    /* two controllers, one disk above them */
    {"/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1", "259:8", false},
    {"/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p1", "259:9", true},
    {VIRTUAL "md0", "9:0", false},
    {VIRTUAL "md1", "9:1", false},
    {VIRTUAL "dm-0", "253:0", false},
    {VIRTUAL "dm-1", "253:1", false},
    {VIRTUAL "dm-2", "253:2", false},
    {VIRTUAL "dm-3", "253:3", false},
    {VIRTUAL "dm-4", "253:4", false},
    {VIRTUAL "dm-5", "253:5", false},
    {VIRTUAL "bcache0", "252:0", false},
    {VIRTUAL "loop0", "7:0", false},
    {VIRTUAL "loop1", "7:1", false},
    {VIRTUAL "loop2", "7:2", false},
    {VIRTUAL "loop3", "7:3", false},
    {VIRTUAL "loop4", "7:4", false},
    {VIRTUAL "ram0", "1:0", false},
    {VIRTUAL "zram0", "251:0", false},
};

/* dm-0: an LV on a RAID 1; dm-1: encryption on a partition; dm-2: an LV on dm-1; dm-4 and dm-5: a ring. */
static const char *const slaves[][2] = {
    {"md0", "sda1"},     {"md0", "sdb1"},          {"dm-0", "md0"},  {"dm-1", "nvme1n1p2"}, {"dm-2", "dm-1"},
    {"bcache0", "sdd1"}, {"bcache0", "nvme0n1p1"}, {"dm-4", "dm-5"}, {"dm-5", "dm-4"},
};

static const char *const files[][2] = {
    {VIRTUAL "dm-3/dm/name", "zero\n"},
    {VIRTUAL "md1/md/array_state", "clear\n"},
    {VIRTUAL "loop0/loop/backing_file", "/srv/images/disk.raw\n"},
    {VIRTUAL "loop1/loop/backing_file", "/srv/images/gone.raw (deleted)\n"},
    /* each file on the other's file system */
    {VIRTUAL "loop2/loop/backing_file", "/ring/a/file\n"},
    {VIRTUAL "loop3/loop/backing_file", "/ring/b/file\n"},
    {"/sys/devices/pci0000:80/0000:80:01.0/0000:81:00.0/numa_node", "1\n"},
    {"/sys/devices/pci0000:c0/0000:c1:00.0/numa_node", "1\n"},
    {"/sys/devices/pci0000:c0/0000:c2:00.0/numa_node", "1\n"},
    {PCI "0000:00:04.0/numa_node", "-1\n"},
    {PCI "0000:00:1f.2/numa_node", "0\n"},
    {"/dev/sda", ""},
    {"/dev/sdb1", ""},
    {"/dev/dm-0", ""},
    {"/dev/dm-1", ""},
    {"/dev/dm-2", ""},
    {"/dev/dm-3", ""},
    {"/dev/dm-4", ""},
    {"/dev/md1", ""},
    {"/dev/loop0", ""},
    {"/dev/loop1", ""},
    {"/dev/loop2", ""},
    {"/dev/loop4", ""},
    {"/dev/ram0", ""},
    {"/dev/zram0", ""},
    {"/dev/nvme1n1p2", ""},
    {"/dev/shm/image", ""},
    {"/dev/sdc", ""},
    {"/dev/sdd", ""},
    {"/image", ""},
    {"/srv/images/disk.raw", ""},
    {"/srv/images2/disk.raw", ""},
    {"/srv/with blank/disk.raw", ""},
    {"/btrfs/@vm/disk.raw", ""},
    {"/bcachefs/disk.raw", ""},
    {"/alone/disk.raw", ""},
    {"/cache/disk.raw", ""},
    {"/nvme/disk.raw", ""},
    {"/old/disk.raw", ""},
    {"/nfs/disk.raw", ""},
    {"/overlay/disk.raw", ""},
    {"/zfs/disk.raw", ""},
    {"/gone/disk.raw", ""},
    {"/ring/a/file", ""},
    {"/ring/b/file", ""},
    {"/over/disk.raw", ""},
};

static const char mounts[] =
    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    "27 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw\n"
    "24 27 0:6 / /dev rw,nosuid - devtmpfs udev rw,size=1024k\n"
    "25 24 0:23 / /dev/shm rw - tmpfs tmpfs rw\n"
    "30 27 253:0 / /srv rw,relatime shared:1 master:2 - xfs /dev/mapper/vg-srv rw\n"
    "31 30 253:2 / /srv/images rw,relatime shared:2 - xfs /dev/mapper/vg-images rw\n"
    "32 30 8:33 / /srv/with\\040blank rw,relatime - ext4 /dev/sdc1 rw\n"
    "33 27 0:45 /@ /btrfs rw,relatime shared:3 - btrfs /dev/sdb1 rw,subvol=/@\n"
    "34 27 0:46 / /bcachefs rw - bcachefs /dev/sda:/dev/sdc rw\n"
    "46 27 0:47 / /alone rw - btrfs /dev/sdd rw\n"
    "35 27 252:0 / /cache rw - ext4 /dev/bcache0 rw\n"
    "36 27 259:9 / /nvme rw - xfs /dev/nvme0n1p1 rw\n"
    "37 27 104:1 / /old rw - ext3 /dev/cciss/c0d0p1 rw\n"
    "38 27 0:50 / /nfs rw - nfs4 server:/export rw,addr=192.0.2.1\n"
    "39 27 0:51 / /overlay rw - overlay overlay rw,lowerdir=/a,upperdir=/b,workdir=/c\n"
    "40 27 0:52 / /zfs rw - zfs tank/vm rw\n"
    "41 27 99:99 / /gone rw - ext4 /dev/gone rw\n"
    "42 27 7:3 / /ring/a rw - ext4 /dev/loop3 rw\n"
    "43 27 7:2 / /ring/b rw - ext4 /dev/loop2 rw\n"
    "44 27 8:0 / /over rw - ext4 /dev/sda rw\n"
    "45 44 8:32 / /over rw - ext4 /dev/sdc rw\n";

void sysfs_storage(const struct fake *fake)
{
    static const char *const paths[] = {"/sys/devices/pci0000:c0/0000:c1:00.0/nvme/nvme0/nvme0c0n1",
                                        "/sys/devices/pci0000:c0/0000:c2:00.0/nvme/nvme2/nvme0c2n1"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(devices); i++)
        (devices[i].partition ? sysfs_partition : sysfs_disk)(fake, devices[i].folder, devices[i].number);
    for (size_t i = 0; i < VP_ARRAY_SIZE(slaves); i++)
        sysfs_slave(fake, slaves[i][0], slaves[i][1]);
    for (size_t i = 0; i < VP_ARRAY_SIZE(files); i++)
        fake_file(fake, files[i][0], files[i][1]);
    /* The paths of an NVMe disk have no number: nobody can open them. */
    for (size_t i = 0; i < VP_ARRAY_SIZE(paths); i++) {
        vp_autofree char *name = vp_asprintf("/sys/block%s", strrchr(paths[i], '/'));
        write_in(fake, paths[i], "hidden", "1\n");
        write_in(fake, paths[i], "queue/scheduler", "[none] mq-deadline kyber bfq\n");
        write_in(fake, paths[i], "queue/nr_requests", "1023\n");
        write_in(fake, paths[i], "queue/read_ahead_kb", "128\n");
        sysfs_link(fake, name, paths[i]);
    }
    sysfs_link(fake, "/dev/mapper/vg-images", "../dm-2");
    sysfs_link(fake, "/dev/vg/images", "../dm-2");
    sysfs_link(fake, "/dev/disk/by-id/wwn-1", "../../sdb1");
    sysfs_link(fake, "/srv/link.raw", "images/disk.raw");
    sysfs_link(fake, "/srv/circle", "circle");
    sysfs_link(fake, "/sys/fs/btrfs/3d5b/devices/sdb1", "/sys/class/block/sdb1");
    sysfs_link(fake, "/sys/fs/btrfs/3d5b/devices/sdc", "/sys/class/block/sdc");
    sysfs_link(fake, "/sys/fs/btrfs/77aa/devices/sdd", "/sys/class/block/sdd");
    fake_file(fake, "/sys/fs/btrfs/features/raid1c34", "0\n");
    fake_file(fake, "/proc/self/mountinfo", mounts);
}
