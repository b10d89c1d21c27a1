/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage.h"

static const char *const host[] = {STORAGE, NULL};

/* Its root is on a disk with several paths. */
static const char *const paths[] = {STORAGE_DEVICE("nvme0n1", "259:0", "259", "0"),
                                    "/sys/block/nvme0c0n1/queue/rotational",
                                    "0\n",
                                    "/a.raw",
                                    "",
                                    "/proc/self/mountinfo",
                                    "1 0 259:0 / / rw - ext4 /dev/nvme0n1 rw\n",
                                    NULL};

#define ROW(disks, expect)                                                                                   \
    {                                                                                                        \
        STORAGE_GUEST(disks), "disk.advice=yes", expect, "dump", NULL, host, VP_PHASE_COLD                   \
    }
#define DISK(name, path) STORAGE_DISK(name, path, "")
#define QCOW2 "<driver name='qemu' type='qcow2'/>"
#define WARN "warning disk.advice: "

static const struct vp_trial rows[] = {
    ROW(DISK("vda", "/fast/a.raw"), ""),
    ROW(STORAGE_DISK("vda", "/fast/a.raw", QCOW2), WARN "vda: its image is qcow2, *"),
    ROW(STORAGE_DISK("vda", "/fast/a.raw",
                     QCOW2 "<backingStore type='file'><source file='/b'/></backingStore>"),
        WARN "vda: its image is qcow2, *\n" WARN "vda: its image lies on another, *"),
    ROW(STORAGE_DISK("vda", "/fast/a.raw", "<backingStore/>"), ""),
    ROW(DISK("vda", "/nfs/a.raw"),
        WARN "vda: its image is on nfs4: each flush *\n"
             "skipped disk.advice: vda: its image is on no disk of this host, but on nfs4"),
    ROW(DISK("vda", "/shm/a.raw"),
        WARN "vda: its image is on tmpfs: it is gone *\nskipped disk.advice: vda: *"),
    ROW(DISK("vda", "/pool/a.raw"),
        WARN "vda: its image is on btrfs: *chattr +C*\n" WARN "vda: the host's sda has heads *"),
    ROW(DISK("vda", "/data/a.raw"), WARN "vda: the host's sda has heads that move, *"),
    ROW(DISK("vda", "/fast/a.raw") DISK("vdb", "/fast/a.raw"),
        WARN "vda, vdb are all on the host's nvme0n1 *"),
    ROW(DISK("vda", "/vm/a.raw"), WARN "vda: the host's vda also holds its root file system, *"),
    ROW("<disk type='network' device='disk'><driver type='raw'/><source protocol='rbd' name='a/b'/>"
        "<target dev='vda'/></disk>",
        "skipped disk.advice: vda: it is a network disk, *"),
    ROW("<disk type='block' device='disk'><source dev='/dev/shm/a.raw'/><target dev='vda'/></disk>",
        WARN "vda: its image is on tmpfs: it is gone *\nskipped disk.advice: vda: its image * on tmpfs"),
    ROW("", ""),
    {STORAGE_GUEST(DISK("vda", "/a.raw")), "disk.advice=yes",
     WARN "vda: the host's nvme0n1 also holds its root file system, *", "dump", NULL, paths, VP_PHASE_COLD},
    {STORAGE_GUEST(STORAGE_DISK("vda", "/nfs/a.raw", QCOW2)), "disk.advice=yes",
     WARN "vda: its image is qcow2, *\nskipped disk.advice: host 'synthetic:*", NULL, NULL, host,
     VP_PHASE_COLD},
    {STORAGE_GUEST(STORAGE_DISK("vda", "/nfs/a.raw", QCOW2)), "disk.advice=no", "", "dump", NULL, host,
     VP_PHASE_COLD},
};

START_TEST(plans)
{
    vp_trial_check(&rows[_i], _i);
}
END_TEST

VP_TEST_MAIN("diskadvice", VP_TEST_ROWS(plans, rows))
