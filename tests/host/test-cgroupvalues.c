/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroupvalues.h"

#include "cgroup.h"
#include "model/fake.h"
#include "strbuf.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const struct {
    const char *property, *value;
    int rc;
    const char *unified, *separate;
} rows[] = {
    {"CPUWeight", "100", 0, "cpu/cpu.weight=100", "cpu/cpu.shares=1024"},
    {"CPUWeight", "1", 0, "cpu/cpu.weight=1", "cpu/cpu.shares=10"},
    {"CPUWeight", "10000", 0, "cpu/cpu.weight=10000", "cpu/cpu.shares=102400"},
    {"CPUWeight", "0", -EINVAL, NULL, NULL},
    {"CPUWeight", "10001", -EINVAL, NULL, NULL},
    {"CPUWeight", "idle", -EINVAL, NULL, NULL},
    {"CPUQuota", "70%", 0, "cpu/cpu.max=70000 100000",
     "cpu/cpu.cfs_period_us=100000 cpu/cpu.cfs_quota_us=70000"},
    {"CPUQuota", "250%", 0, "cpu/cpu.max=250000 100000",
     "cpu/cpu.cfs_period_us=100000 cpu/cpu.cfs_quota_us=250000"},
    {"CPUQuota", "70", -EINVAL, NULL, NULL},
    {"CPUQuota", "%", -EINVAL, NULL, NULL},
    {"CPUQuota", "0%", -EINVAL, NULL, NULL},
    {"CPUQuota", "-5%", -EINVAL, NULL, NULL},
    {"MemoryMax", "838860800", 0, "memory/memory.max=838860800", "memory/memory.limit_in_bytes=838860800"},
    {"MemoryMax", "800M", 0, "memory/memory.max=838860800", "memory/memory.limit_in_bytes=838860800"},
    {"MemoryMax", "infinity", 0, "memory/memory.max=max", "memory/memory.limit_in_bytes=-1"},
    {"MemoryMax", "5%", -EINVAL, NULL, NULL},
    {"MemoryHigh", "1G", 0, "memory/memory.high=1073741824", ""},
    {"MemoryLow", "1G", 0, "memory/memory.low=1073741824", ""},
    {"MemorySwapMax", "infinity", 0, "memory/memory.swap.max=max", ""},
    {"IOWeight", "100", 0, "io/io.weight=default 100", "blkio/blkio.bfq.weight=500"},
    {"IOWeight", "1", 0, "io/io.weight=default 1", "blkio/blkio.bfq.weight=10"},
    {"IOWeight", "10000", 0, "io/io.weight=default 10000", "blkio/blkio.bfq.weight=1000"},
    {"IOReadBandwidthMax", "/dev/block/8:16 1048576", 0, "io/io.max=8:16 rbps=1048576",
     "blkio/blkio.throttle.read_bps_device=8:16 1048576"},
    {"IOWriteBandwidthMax", "/dev/block/8:16 1M", 0, "io/io.max=8:16 wbps=1048576",
     "blkio/blkio.throttle.write_bps_device=8:16 1048576"},
    {"IOReadIOPSMax", "/dev/block/8:16 5\n/dev/block/8:0 6\n", 0,
     "io/io.max=8:16 riops=5 io/io.max=8:0 riops=6",
     "blkio/blkio.throttle.read_iops_device=8:16 5 blkio/blkio.throttle.read_iops_device=8:0 6"},
    {"IOWriteIOPSMax", "/dev/block/8:16 5", 0, "io/io.max=8:16 wiops=5",
     "blkio/blkio.throttle.write_iops_device=8:16 5"},
    {"IOWriteIOPSMax", "/dev/block/8:16", -EINVAL, NULL, NULL},
    {"IOWriteIOPSMax", "/dev/block/8:16 0", -EINVAL, NULL, NULL},
    {"IOWriteIOPSMax", "sda 5", -EINVAL, NULL, NULL},
    {"IOWriteIOPSMax", "/dev/none 5", -ENOENT, NULL, NULL},
    {"IOWriteIOPSMax", "/dev/file 5", -ENOTBLK, NULL, NULL},
    {"AllowedCPUs", "0-3", 0, "", ""},
    {"AllowedMemoryNodes", "0", 0, "", ""},
};

static char *text_of(const struct vp_cgroupvalues *values)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < values->n; i++) {
        const struct vp_cgroupvalue *it = &values->items[i];
        vp_autofree char *item = vp_asprintf("%s/%s=%s", it->controller, it->file, it->value);
        vp_strbuf_join(&buf, " ", item);
    }
    return vp_strbuf_take(&buf);
}

START_TEST(translated)
{
    FAKE fake;
    struct vp_limit limit = {(char *)rows[_i].property, (char *)rows[_i].value};
    const struct vp_limits limits = {&limit, 1, 1};
    fake_open(&fake);
    fake_file(&fake, "/dev/file", "");
    for (int unified = 0; unified < 2; unified++) {
        struct vp_cgroupvalues values = {.n = 4711};
        vp_autoerror err = NULL;
        const char *want = unified ? rows[_i].unified : rows[_i].separate;
        const int r = vp_cgroupvalues_read(fake.root, &limits, unified, &values, &err);
        ck_assert_msg(r == rows[_i].rc, "%s=%s: %d", rows[_i].property, rows[_i].value, r);
        if (r < 0) {
            ck_assert(values.n == 4711 && err != NULL);
            continue;
        }
        vp_autofree char *have = text_of(&values);
        ck_assert_msg(strcmp(have, want) == 0, "%s=%s: %s", rows[_i].property, rows[_i].value, have);
        vp_cgroupvalues_done(&values);
    }
}
END_TEST

/* A device by its name: its numbers are in the node. Making one takes root. */
START_TEST(device_node)
{
    FAKE fake;
    struct vp_limit limit = {(char *)"IOReadIOPSMax", (char *)"/dev/disk/by-id/a b 7"};
    const struct vp_limits limits = {&limit, 1, 1};
    VP_CLEANUP(vp_cgroupvalues_done) struct vp_cgroupvalues values = {0};
    fake_open(&fake);
    fake_file(&fake, "/dev/disk/by-id/x", "");
    vp_autofree char *node = vp_asprintf("%s/dev/disk/by-id/a b", fake.folder);
    if (mknod(node, S_IFBLK | 0600, makedev(259, 3)) < 0)
        return;
    ck_assert_int_eq(vp_cgroupvalues_read(fake.root, &limits, true, &values, NULL), 0);
    vp_autofree char *have = text_of(&values);
    ck_assert_str_eq(have, "io/io.max=259:3 riops=7");
}
END_TEST

/* Values of one controller come together, the period before the quota. */
START_TEST(grouped)
{
    FAKE fake;
    struct vp_limit items[] = {
        {(char *)"CPUQuota", (char *)"50%"},
        {(char *)"MemoryMax", (char *)"1M"},
        {(char *)"CPUWeight", (char *)"50"},
    };
    const struct vp_limits limits = {items, VP_ARRAY_SIZE(items), 0};
    VP_CLEANUP(vp_cgroupvalues_done) struct vp_cgroupvalues values = {0};
    fake_open(&fake);
    ck_assert_int_eq(vp_cgroupvalues_read(fake.root, &limits, false, &values, NULL), 0);
    vp_autofree char *have = text_of(&values);
    ck_assert_str_eq(have, "cpu/cpu.cfs_period_us=100000 cpu/cpu.cfs_quota_us=50000 cpu/cpu.shares=512 "
                           "memory/memory.limit_in_bytes=1048576");
}
END_TEST

static const struct {
    const char *partition, *name;
} names[] = {
    {NULL, "machine/qemu-7-web.libvirt-qemu"},
    {"/machine", "machine/qemu-7-web.libvirt-qemu"},
    {"/machine/prod", "machine/prod.partition/qemu-7-web.libvirt-qemu"},
    {"/machine/prod.slow/a", "machine/prod.slow/a.partition/qemu-7-web.libvirt-qemu"},
    {"/prod/machine", "prod.partition/machine.partition/qemu-7-web.libvirt-qemu"},
    {"/system/_x", "system/__x.partition/qemu-7-web.libvirt-qemu"},
    {"/", "qemu-7-web.libvirt-qemu"},
};

START_TEST(group_names)
{
    vp_autofree char *inner = vp_asprintf("<resource><partition>%s</partition></resource>",
                                          names[_i].partition ? names[_i].partition : "");
    vp_autofree char *text = fake_guest(names[_i].partition != NULL ? inner : "");
    vp_autodomain domain = fake_domain(text, inner);
    vp_autofree char *name = vp_cgroup_name(7, "web", domain);
    ck_assert_str_eq(name, names[_i].name);
}
END_TEST

VP_TEST_MAIN("cgroupvalues", VP_TEST_ROWS(translated, rows), VP_TEST(device_node), VP_TEST(grouped),
             VP_TEST_ROWS(group_names, names))
