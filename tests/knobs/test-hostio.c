/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage.h"

#include <string.h>

static const char *const host[] = {STORAGE, NULL};
static const char *const costed[] = {STORAGE, "/sys/fs/cgroup/io.cost.qos", "8:0 enable=1 ctrl=auto\n", NULL};
static const char *const uncosted[] = {STORAGE, "/sys/fs/cgroup/io.cost.qos", "8:0 enable=0 ctrl=auto\n",
                                       NULL};

#define ON(host, inner, set, expect)                                                                         \
    {                                                                                                        \
        inner, set, expect, "dump", NULL, host, VP_PHASE_COLD                                                \
    }
#define ROW(disks, set, expect) ON(host, STORAGE_GUEST(disks), set, expect)
#define DISK(name, path) STORAGE_DISK(name, path, "")
#define SDA STORAGE_GUEST(DISK("vda", "/data/a.raw"))
#define UNWEIGHED "warning disk.cgroup-weight: a weight works with scheduler bfq *"

static const struct vp_trial rows[] = {
    ROW(DISK("vda", "/data/a.raw"), "disk.cgroup-weight=50", "host/scope/IOWeight = 50\n" UNWEIGHED),
    ROW(DISK("vda", "/data/a.raw"), "disk.cgroup-weight=50; disk.scheduler=bfq",
        "host/block/sda/scheduler = bfq\nhost/scope/IOWeight = 50"),
    ON(costed, SDA, "disk.cgroup-weight=500", "host/scope/IOWeight = 500"),
    ON(uncosted, SDA, "disk.cgroup-weight=500", "host/scope/IOWeight = 500\n" UNWEIGHED),
    ON(host, SDA "<blkiotune><weight>100</weight></blkiotune>", "disk.cgroup-weight=50",
       "skipped disk.cgroup-weight: the definition's own <blkiotune> has a <weight>, *"),
    ON(costed, SDA "<blkiotune><device><path>/dev/sda</path><weight>5</weight></device></blkiotune>",
       "disk.cgroup-weight=50", "host/scope/IOWeight = 50"),
    ROW(DISK("vda", "/nfs/a.raw"), "disk.cgroup-weight=50", "skipped disk.cgroup-weight: vda: its image *"),
    ROW("", "disk.cgroup-weight=50", ""),
    ROW(DISK("vda", "/data/a.raw"), "disk.cgroup-read-bytes=100M",
        "host/scope/IOReadBandwidthMax = /dev/sda 104857600"),
    ROW(DISK("vda", "/data/a.raw"),
        "disk.cgroup-write-bytes=1MB; disk.cgroup-read-iops=500; disk.cgroup-write-iops=vcpus",
        "host/scope/IOWriteBandwidthMax = /dev/sda 1000000\nhost/scope/IOReadIOPSMax = /dev/sda 500\n"
        "host/scope/IOWriteIOPSMax = /dev/sda 4"),
    /* A device once, however many disks of the guest are on it; where several take requests, all of them. */
    ROW(DISK("vda", "/data/a.raw") DISK("vdb", "/data/b.raw"), "disk.cgroup-read-iops=500",
        "host/scope/IOReadIOPSMax = /dev/sda 500"),
    ROW(DISK("vda", "/data/a.raw") DISK("vdb", "/fast/a.raw"), "disk.cgroup-read-iops=500",
        "host/scope/IOReadIOPSMax = /dev/sda 500\n/dev/nvme0n1 500"),
    ROW(DISK("vda", "/pool/a.raw"), "disk.cgroup-read-iops=500",
        "host/scope/IOReadIOPSMax = /dev/sda 500\n/dev/sdb 500"),
    ROW(DISK("vda", "/lv/a.raw"), "disk.cgroup-read-iops=500", "host/scope/IOReadIOPSMax = /dev/dm-0 500"),
    ROW(DISK("vda", "/old/a.raw"), "disk.cgroup-read-iops=5", "host/scope/IOReadIOPSMax = /dev/cciss/c0d0 5"),
    ROW(DISK("vda", "/shm/a.raw") DISK("vdb", "/data/a.raw"), "disk.cgroup-read-iops=5",
        "host/scope/IOReadIOPSMax = /dev/sda 5\n"
        "skipped disk.cgroup-read-iops: vda: its image is on no disk of this host, but on tmpfs"),
    ON(host,
       SDA "<blkiotune><device><path>/dev/sdb</path><read_iops_sec>5</read_iops_sec></device></blkiotune>",
       "disk.cgroup-read-iops=5",
       "skipped disk.cgroup-read-iops: the definition's own <blkiotune> has a <device>, *"),
    ON(host, SDA "<blkiotune><weight>100</weight></blkiotune>", "disk.cgroup-read-iops=5",
       "host/scope/IOReadIOPSMax = /dev/sda 5"),
    {SDA, "disk.cgroup-read-iops=5", "skipped disk.cgroup-read-iops: host 'synthetic:*", NULL, NULL, host,
     VP_PHASE_COLD},
};

START_TEST(plans)
{
    vp_trial_check(&rows[_i], _i);
}
END_TEST

START_TEST(refuses)
{
    static const char *const bad[][2] = {
        {"disk.cgroup-weight", "0"},        {"disk.cgroup-weight", "10001"},
        {"disk.cgroup-read-bytes", "1K"},   {"disk.cgroup-write-bytes", "1000T"},
        {"disk.cgroup-read-iops", "0"},     {"disk.cgroup-write-iops", "2000000000"},
        {"disk.cgroup-read-bytes", "fast"},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(bad); i++) {
        vp_autofree char *message = vp_trial_refusal(bad[i][0], bad[i][1]);
        ck_assert_msg(message != NULL, "%s = %s", bad[i][0], bad[i][1]);
        ck_assert_msg(strstr(message, bad[i][0]) != NULL, "%s", message);
    }
}
END_TEST

VP_TEST_MAIN("hostio", VP_TEST_ROWS(plans, rows), VP_TEST(refuses))
