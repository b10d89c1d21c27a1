/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage.h"

#include <string.h>

static const char *const host[] = {STORAGE, NULL};
/* A kernel with less: one module, a queue that takes no scheduler, one without a queue. */
static const char *const poor[] = {
    "/sys/dev/block/251:0/uevent",
    "MAJOR=251\nMINOR=0\nDEVNAME=nbd0\nDEVTYPE=disk\n",
    "/sys/block/nbd0/queue/scheduler",
    "none\n",
    "/sys/dev/block/250:0/uevent",
    "MAJOR=250\nMINOR=0\nDEVNAME=rbd0\nDEVTYPE=disk\n",
    "/proc/sys/kernel/osrelease",
    "6.1.0\n",
    "/lib/modules/6.1.0/kernel/block/bfq.ko",
    "",
    "/a/a.raw",
    "",
    "/b/a.raw",
    "",
    "/proc/self/mountinfo",
    "1 0 251:0 / /a rw - ext4 /dev/nbd0 rw\n2 0 250:0 / /b rw - ext4 /dev/rbd0 rw\n",
    NULL};

#define ROW(disks, set, expect)                                                                              \
    {                                                                                                        \
        STORAGE_GUEST(disks), set, expect, "dump", NULL, host, VP_PHASE_COLD                                 \
    }
#define POOR(disks, set, expect)                                                                             \
    {                                                                                                        \
        STORAGE_GUEST(disks), set, expect, "dump", NULL, poor, VP_PHASE_COLD                                 \
    }
#define DISK(name, path) STORAGE_DISK(name, path, "")
#define CACHED(name, path, cache)                                                                            \
    STORAGE_DISK(name, path, "<driver name='qemu' type='raw' cache='" cache "'/>")
#define PATHS(value) "host/block/nvme0c0n1/scheduler = " value "\nhost/block/nvme0c1n1/scheduler = " value

static const struct vp_trial rows[] = {
    /* The scheduler. */
    ROW(DISK("vda", "/data/a.raw"), "disk.scheduler=mq-deadline", "host/block/sda/scheduler = mq-deadline"),
    ROW(DISK("vda", "/data/a.raw"), "disk.scheduler=bfq", "host/block/sda/scheduler = bfq"), /* a module */
    ROW(DISK("vda", "/data/a.raw"), "disk.scheduler=kyber",
        "skipped disk.scheduler: vda: the kernel offers no kyber for the host's sda, only none [mq-deadline]"),
    ROW(DISK("vda", "/data/a.raw"), "disk.scheduler=none",
        "host/block/sda/scheduler = none\nwarning disk.scheduler: vda: the host's sda has heads that move, *"),
    ROW(DISK("vda", "/data/a.raw"), "disk.scheduler=auto", "host/block/sda/scheduler = mq-deadline"),
    ROW(DISK("vda", "/fast/a.raw"), "disk.scheduler=auto", PATHS("none")),
    ROW(DISK("vda", "/fast/a.raw"), "disk.scheduler=bfq", PATHS("bfq")),
    ROW(DISK("vda", "/lv/a.raw"), "disk.scheduler=auto",
        "host/block/sda/scheduler = mq-deadline\nhost/block/sdb/scheduler = none"),
    ROW(DISK("vda", "/pool/a.raw"), "disk.scheduler=auto",
        "host/block/sda/scheduler = mq-deadline\nhost/block/sdb/scheduler = none"),
    ROW(DISK("vda", "/data/a.raw") DISK("vdb", "/data/b.raw"), "disk.scheduler=auto",
        "host/block/sda/scheduler = mq-deadline"),
    ROW(DISK("vda", "/vm/a.raw"), "disk.scheduler=auto",
        "host/block/vda/scheduler = none\nwarning disk.scheduler: vda: the host's vda also holds *"),
    ROW(DISK("vda", "/vm/a.raw"), "disk.scheduler=mq-deadline", "host/block/vda/scheduler = mq-deadline"),
    ROW(DISK("vda", "/vm/a.raw"), "disk.scheduler=none",
        "host/block/vda/scheduler = none\n"
        "warning disk.scheduler: vda: the host's vda also holds its root file system, *"),
    ROW("<disk type='block' device='lun'><source dev='/dev/sda'/><target dev='sda' bus='scsi'/></disk>",
        "disk.scheduler=auto", "host/block/sda/scheduler = mq-deadline"),
    ROW(DISK("vda", "/nfs/a.raw"), "disk.scheduler=auto",
        "skipped disk.scheduler: vda: its image is on no disk of this host, but on nfs4"),
    ROW(DISK("vda", "/missing.raw"), "disk.scheduler=auto",
        "skipped disk.scheduler: vda: cannot find the disk below '/missing.raw': No such file or directory"),
    ROW("<disk type='network' device='disk'><source protocol='rbd' name='a/b'/><target dev='vda'/></disk>",
        "disk.scheduler=auto", "skipped disk.scheduler: vda: it is a network disk, *"),
    ROW("<disk type='volume' device='disk'><source pool='a' volume='b'/><target dev='vda'/></disk>",
        "disk.scheduler=auto", "skipped disk.scheduler: vda: only libvirt knows the path *"),
    ROW("<disk type='file' device='disk'><target dev='vda'/></disk>", "disk.scheduler=auto",
        "skipped disk.scheduler: vda: it has no image"),
    ROW("<disk type='file' device='cdrom'><source file='/data/a.raw'/><target dev='sda'/></disk>",
        "disk.scheduler=auto", ""),
    ROW("", "disk.scheduler=auto", ""),
    {STORAGE_GUEST(DISK("vda", "/data/a.raw")), "disk.scheduler=auto",
     "skipped disk.scheduler: host 'synthetic:*' is a description without disks; *", NULL, NULL, host,
     VP_PHASE_COLD},
    {STORAGE_GUEST(DISK("vda", "/data/a.raw")), "disk.scheduler=auto",
     "host/block/sda/scheduler = mq-deadline", "dump", NULL, host, VP_PHASE_MIGRATE},
    POOR(DISK("vda", "/a/a.raw"), "disk.scheduler=mq-deadline",
         "skipped disk.scheduler: vda: the kernel offers no mq-deadline for the host's nbd0, only none"),
    POOR(DISK("vda", "/a/a.raw"), "disk.scheduler=bfq",
         "skipped disk.scheduler: vda: the kernel offers no bfq for the host's nbd0, only none"),
    POOR(DISK("vda", "/b/a.raw"), "disk.scheduler=none",
         "skipped disk.scheduler: vda: the host's rbd0 has no scheduler to choose"),
    /* Requests. */
    ROW(DISK("vda", "/data/a.raw"), "disk.nr-requests=1024", "host/block/sda/nr_requests = 1024"),
    ROW(DISK("vda", "/fast/a.raw"), "disk.nr-requests=512",
        "host/block/nvme0c0n1/nr_requests = 512\nhost/block/nvme0c1n1/nr_requests = 512"),
    ROW(DISK("vda", "/fast/a.raw"), "disk.nr-requests=2048",
        "skipped disk.nr-requests: vda: with scheduler none the host's nvme0c0n1 queues * at most 1023\n"
        "skipped disk.nr-requests: vda: with scheduler none the host's nvme0c1n1 queues * at most 1023"),
    ROW(DISK("vda", "/fast/a.raw"), "disk.nr-requests=2048; disk.scheduler=mq-deadline",
        PATHS("mq-deadline") "\nhost/block/nvme0c0n1/nr_requests = 2048\n"
                             "host/block/nvme0c1n1/nr_requests = 2048"),
    ROW(DISK("vda", "/data/a.raw"), "disk.nr-requests=max(vcpus, 64)", "host/block/sda/nr_requests = 64"),
    POOR(DISK("vda", "/a/a.raw"), "disk.nr-requests=64",
         "skipped disk.nr-requests: vda: the host's nbd0 does not queue requests"),
    /* Read-ahead: of what the page cache reads from. */
    ROW(DISK("vda", "/data/a.raw"), "disk.read-ahead=4M", "host/block/sda/read_ahead_kb = 4096"),
    ROW(DISK("vda", "/lv/a.raw"), "disk.read-ahead=4M", "host/block/dm-0/read_ahead_kb = 4096"),
    ROW(DISK("vda", "/fast/a.raw"), "disk.read-ahead=100K", "host/block/nvme0n1/read_ahead_kb = 64"),
    ROW(DISK("vda", "/data/a.raw"), "disk.read-ahead=0", "host/block/sda/read_ahead_kb = 0"),
    ROW(DISK("vda", "/pool/a.raw"), "disk.read-ahead=4M",
        "skipped disk.read-ahead: vda: its file system is on several devices *"),
    ROW(CACHED("vda", "/data/a.raw", "none") CACHED("vdb", "/data/b.raw", "writeback"), "disk.read-ahead=4M",
        "host/block/sda/read_ahead_kb = 4096\nskipped disk.read-ahead: vda: with cache none nothing *"),
    ROW(DISK("vda", "/data/a.raw"), "disk.read-ahead=4M; disk.cache=directsync",
        "devices/disk[vda]/driver/@cache = directsync\nskipped disk.read-ahead: vda: with cache directsync *"),
    ROW("<disk type='block' device='lun'><source dev='/dev/sda'/><target dev='sda' bus='scsi'/></disk>",
        "disk.read-ahead=4M", "skipped disk.read-ahead: sda: it is a passed-through SCSI lun, *"),
};

START_TEST(plans)
{
    vp_trial_check(&rows[_i], _i);
}
END_TEST

START_TEST(refuses)
{
    static const char *const bad[][2] = {
        {"disk.scheduler", "deadline"}, {"disk.scheduler", ""},       {"disk.nr-requests", "3"},
        {"disk.nr-requests", "65537"},  {"disk.nr-requests", "many"}, {"disk.read-ahead", "2G"},
        {"disk.read-ahead", "-1"},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(bad); i++) {
        vp_autofree char *message = vp_trial_refusal(bad[i][0], bad[i][1]);
        ck_assert_msg(message != NULL, "%s = %s", bad[i][0], bad[i][1]);
        ck_assert_msg(strstr(message, bad[i][0]) != NULL, "%s", message);
    }
}
END_TEST

VP_TEST_MAIN("hostblock", VP_TEST_ROWS(plans, rows), VP_TEST(refuses))
