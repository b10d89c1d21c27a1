/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "harness.h"

/*
 * Files of a host whose root is on vda; /data is on sda (heads that move), /fast on an NVMe disk with two
 * paths, /lv on a logical volume on sda and sdb, /pool a btrfs on sda and sdb, /nfs of another host. bfq is a
 * module.
 */
#define STORAGE_DEVICE(name, number, major, minor)                                                           \
    "/sys/dev/block/" number "/uevent",                                                                      \
        "MAJOR=" major "\nMINOR=" minor "\nDEVNAME=" name "\nDEVTYPE=disk\n",                                \
        "/sys/class/block/" name "/dev", number "\n"
#define STORAGE_QUEUE(name, scheduler, requests, rotates)                                                    \
    "/sys/block/" name "/queue/scheduler", scheduler "\n", "/sys/block/" name "/queue/nr_requests",          \
        requests "\n", "/sys/block/" name "/queue/rotational", rotates "\n"

#define STORAGE                                                                                              \
    STORAGE_DEVICE("vda", "254:0", "254", "0"), STORAGE_QUEUE("vda", "none [mq-deadline]", "256", "1"),      \
        STORAGE_DEVICE("sda", "8:0", "8", "0"), STORAGE_QUEUE("sda", "none [mq-deadline]", "256", "1"),      \
        STORAGE_DEVICE("sdb", "8:16", "8", "16"), STORAGE_QUEUE("sdb", "[none] mq-deadline", "64", "0"),     \
        STORAGE_DEVICE("nvme0n1", "259:0", "259", "0"), STORAGE_QUEUE("nvme0n1", "none", "128", "0"),        \
        STORAGE_QUEUE("nvme0c0n1", "[none] mq-deadline", "1023", "0"),                                       \
        STORAGE_QUEUE("nvme0c1n1", "[none] mq-deadline", "1023", "0"),                                       \
        STORAGE_DEVICE("dm-0", "253:0", "253", "0"), STORAGE_DEVICE("cciss/c0d0", "104:0", "104", "0"),      \
        "/sys/dev/block/253:0/slaves/sda", "", "/sys/dev/block/253:0/slaves/sdb", "", "/dev/dm-0", "",       \
        "/dev/sda", "", "/dev/shm/a.raw", "", "/vm/a.raw", "", "/data/a.raw", "", "/data/b.raw", "",         \
        "/fast/a.raw", "", "/lv/a.raw", "", "/pool/a.raw", "", "/nfs/a.raw", "", "/old/a.raw", "",           \
        "/shm/a.raw", "", "/sys/fs/btrfs/3d5b/devices/sda", "", "/sys/fs/btrfs/3d5b/devices/sdb", "",        \
        "/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n",                                                    \
        "/lib/modules/6.1.0-18-amd64/kernel/block/bfq.ko.xz", "", "/proc/self/mountinfo",                    \
        "1 0 254:0 / / rw - ext4 /dev/vda rw\n"                                                              \
        "2 1 8:0 / /data rw - xfs /dev/sda rw\n"                                                             \
        "3 1 259:0 / /fast rw - xfs /dev/nvme0n1 rw\n"                                                       \
        "4 1 253:0 / /lv rw - xfs /dev/dm-0 rw\n"                                                            \
        "5 1 0:44 / /pool rw - btrfs /dev/sda rw\n"                                                          \
        "6 1 0:45 / /nfs rw - nfs4 server:/vm rw\n"                                                          \
        "7 1 104:0 / /old rw - ext3 /dev/cciss/c0d0 rw\n"                                                    \
        "8 1 0:46 / /shm rw - tmpfs tmpfs rw\n"                                                              \
        "9 1 0:6 / /dev rw - devtmpfs udev rw\n10 9 0:47 / /dev/shm rw - tmpfs tmpfs rw\n"

#define STORAGE_DISK(name, path, driver)                                                                     \
    "<disk type='file' device='disk'>" driver "<source file='" path "'/><target dev='" name                  \
    "' bus='virtio'/></disk>"
#define STORAGE_GUEST(disks) "<devices>" disks "</devices>"
