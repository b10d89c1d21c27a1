/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#include <string.h>

#define DEVICES(x) "<devices>" x "</devices>"
#define DISK(name, iotune)                                                                                   \
    "<disk type='file' device='disk'><target dev='" name "' bus='virtio'/>" iotune "</disk>"
#define TUNE(x) "<iotune>" x "</iotune>"
#define VDA(x) DEVICES(DISK("vda", x))
#define AT "devices/disk[vda]/iotune/"
#define BT "devices/disk[vdb]/iotune/"
#define CDROM(iotune) "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/>" iotune "</disk>"
#define GROUP(name) "<group_name>" name "</group_name>"

static const struct vp_trial rows[] = {
    {VDA(""), "disk.total-bytes=10M", AT "total_bytes_sec = 10485760"},
    {VDA(""), "disk.read-bytes=1M; disk.write-bytes=1MB",
     AT "read_bytes_sec = 1048576\n" AT "write_bytes_sec = 1000000"},
    {VDA(""), "disk.total-iops=5000", AT "total_iops_sec = 5000"},
    {VDA(""), "disk.read-iops=100; disk.write-iops=vcpus",
     AT "read_iops_sec = 100\n" AT "write_iops_sec = 4"},
    {VDA(""), "disk.total-iops=100; disk.total-iops-max=500; disk.total-iops-max-length=120",
     AT "total_iops_sec = 100\n" AT "total_iops_sec_max = 500\n" AT "total_iops_sec_max_length = 120"},
    {VDA(""), "disk.total-iops=100; disk.total-bytes=1G; disk.size-iops=64K",
     AT "total_bytes_sec = 1073741824\n" AT "total_iops_sec = 100\n" AT "size_iops_sec = 65536"},
    {DEVICES(DISK("vda", "") CDROM("") DISK("vdb", "")), "disk.total-iops=7",
     AT "total_iops_sec = 7\n" BT "total_iops_sec = 7"},
    {VDA(TUNE("<total_iops_sec>7</total_iops_sec>")), "disk.total-iops=7", AT "total_iops_sec = 7 (already)"},
    /* Total against reads and writes. */
    {VDA(TUNE("<read_iops_sec>9</read_iops_sec><write_iops_sec_max>8</write_iops_sec_max>"
              "<read_bytes_sec>5</read_bytes_sec>")),
     "disk.total-iops=7", AT "read_iops_sec -\n" AT "write_iops_sec_max -\n" AT "total_iops_sec = 7"},
    {VDA(TUNE("<total_bytes_sec>9</total_bytes_sec><total_bytes_sec_max>99</total_bytes_sec_max>"
              "<total_bytes_sec_max_length>3</total_bytes_sec_max_length>")),
     "disk.read-bytes=7",
     AT "total_bytes_sec -\n" AT "total_bytes_sec_max -\n" AT "total_bytes_sec_max_length -\n" AT
        "read_bytes_sec = 7"},
    {VDA(TUNE("<write_bytes_sec>9</write_bytes_sec>")), "disk.read-bytes=7", AT "read_bytes_sec = 7"},
    {VDA(""), "disk.total-iops=7; disk.read-iops=5",
     AT "read_iops_sec = 5\nskipped disk.total-iops: vda: reads and writes are limited one by one*"},
    {VDA(TUNE("<total_iops_sec>3</total_iops_sec>")), "disk.total-iops=7; disk.read-iops=5",
     AT "total_iops_sec -\n" AT "read_iops_sec = 5\nskipped disk.total-iops: *"},
    /* Bursts. */
    {VDA(""), "disk.total-iops-max=500", "skipped disk.total-iops-max: vda: a burst needs the limit *"},
    {VDA(""), "disk.total-iops=100; disk.total-iops-max=50",
     AT "total_iops_sec = 100\nskipped disk.total-iops-max: vda: the burst would be below *"},
    {VDA(""), "disk.total-iops=100; disk.total-iops-max-length=5",
     AT "total_iops_sec = 100\nskipped disk.total-iops-max-length: vda: a length needs a burst"},
    {VDA(""), "disk.total-bytes=1G; disk.total-bytes-max=100T; disk.total-bytes-max-length=10",
     AT "total_bytes_sec = 1073741824\n" AT "total_bytes_sec_max = 109951162777600\n"
        "skipped disk.total-bytes-max-length: vda: QEMU does not take *"},
    {VDA(TUNE("<total_iops_sec>10</total_iops_sec><total_iops_sec_max>50</total_iops_sec_max>"
              "<total_iops_sec_max_length>2</total_iops_sec_max_length>")),
     "disk.total-iops=100",
     AT "total_iops_sec_max -\n" AT "total_iops_sec_max_length -\n" AT "total_iops_sec = 100"},
    {VDA(TUNE("<total_iops_sec>10</total_iops_sec><total_iops_sec_max>50</total_iops_sec_max>")),
     "disk.total-iops=20; disk.total-iops-max-length=9",
     AT "total_iops_sec = 20\n" AT "total_iops_sec_max_length = 9"},
    {VDA(TUNE("<total_iops_sec>10</total_iops_sec>")), "disk.total-iops-max=50",
     AT "total_iops_sec_max = 50"},
    {VDA(TUNE("<total_iops_sec>100</total_iops_sec><total_iops_sec_max>200</total_iops_sec_max>")),
     "disk.total-iops-max=50", AT "total_iops_sec_max -\nskipped disk.total-iops-max: vda: *"},
    /* Taking limits away. */
    {VDA(TUNE("<total_iops_sec>10</total_iops_sec><total_iops_sec_max>50</total_iops_sec_max>"
              "<size_iops_sec>8</size_iops_sec>")),
     "disk.total-iops=0", AT "total_iops_sec_max -\n" AT "size_iops_sec -\n" AT "total_iops_sec -"},
    {VDA(""), "disk.total-iops=0", ""},
    {VDA(""), "disk.size-iops=4K", "skipped disk.size-iops: vda: a request size needs *"},
    {VDA(TUNE("<read_iops_sec>9</read_iops_sec>")), "disk.size-iops=4K", AT "size_iops_sec = 4096"},
    /* Disks that have no limits of their own. */
    {DEVICES("<disk type='vhostuser' device='disk'><target dev='vda' bus='virtio'/></disk>"),
     "disk.total-iops=1; disk.total-iops-max=2; disk.throttle-group=g",
     "skipped disk.total-iops: vda: * vhost-user *"},
    {DEVICES("<disk type='block' device='lun'><target dev='sda' bus='scsi'/></disk>"), "disk.total-iops=1",
     "skipped disk.total-iops: sda: * SCSI lun*"},
    {DEVICES("<disk type='block' device='lun'><target dev='vda' bus='virtio'/></disk>"), "disk.total-iops=1",
     AT "total_iops_sec = 1"},
    {VDA(""), "disk.total-iops=5", AT "total_iops_sec = 5", .phase = VP_PHASE_RESTORE},
};

#define IN_G(limits) TUNE(limits GROUP("g"))
#define TEN "<total_iops_sec>10</total_iops_sec>"
#define SIZE "<size_iops_sec>4096</size_iops_sec>"

static const struct vp_trial group_rows[] = {
    {DEVICES(DISK("vda", "") DISK("vdb", "")), "disk.total-iops=10; disk.throttle-group=vm",
     AT "total_iops_sec = 10\n" BT "total_iops_sec = 10\n" AT "group_name = vm\n" BT "group_name = vm"},
    {VDA(TUNE("<read_bytes_sec>5</read_bytes_sec>" TEN)), "disk.total-iops=10; disk.throttle-group=vm",
     AT "read_bytes_sec -\n" AT "total_iops_sec = 10 (already)\n" AT "group_name = vm"},
    {VDA(TUNE("<read_bytes_sec>5</read_bytes_sec>")), "disk.throttle-group=vm",
     "skipped disk.throttle-group: a throttle group needs limits*"},
    {VDA(""), "disk.total-iops=0; disk.throttle-group=vm",
     "skipped disk.throttle-group: a throttle group needs *"},
    /* A disk that only names its group has the limits of another disk in it. */
    {DEVICES(DISK("vda", IN_G(TEN SIZE)) DISK("vdb", IN_G(""))), "disk.total-iops=20",
     AT "total_iops_sec = 20\n" BT "size_iops_sec = 4096\n" BT "total_iops_sec = 20"},
    {DEVICES(DISK("vda", IN_G("")) DISK("vdb", IN_G(TEN))), "disk.total-iops-max=30",
     AT "total_iops_sec = 10\n" AT "total_iops_sec_max = 30\n" BT "total_iops_sec_max = 30"},
    {VDA(IN_G(TEN)), "disk.total-iops=0", AT "group_name -\n" AT "total_iops_sec -"},
    /* libvirt wants all of a group to say the same, and a CD-ROM is not ours. */
    {DEVICES(DISK("vda", IN_G(TEN)) CDROM(IN_G(TEN)) DISK("vdb", "")), "disk.total-iops=20",
     BT "total_iops_sec = 20\nskipped disk.total-iops: vda: sda is in throttle group 'g' too *"},
    {DEVICES(DISK("vda", "") CDROM(IN_G(TEN))), "disk.total-iops=20; disk.throttle-group=g",
     "skipped disk.total-iops: vda: sda is in throttle group 'g' too *"},
    {DEVICES(DISK("vda", IN_G(TEN)) CDROM(IN_G(TEN))), "disk.total-iops=20; disk.throttle-group=h",
     AT "total_iops_sec = 20\n" AT "group_name = h"},
};

#define STEADY "disk.total-iops=100; disk.total-bytes=1M"
#define BURST STEADY "; disk.total-iops-max=500; disk.total-iops-max-length=9"
#define LATER AT "total_bytes_sec = 1048576\n" AT "total_iops_sec = 100"

/* What a disk may do while the guest boots, which is in no definition. */
static const struct vp_trial boot_rows[] = {
    {VDA(""), STEADY "; disk.boot-time=60; disk.boot-total-iops=900", LATER},
    {VDA(""), STEADY "; disk.boot-time=60; disk.boot-total-iops=900", LATER, .phase = VP_PHASE_RESTORE},
    {VDA(""), STEADY "; disk.boot-time=60; disk.boot-total-iops=900",
     AT "total_bytes_sec = 1048576\n" AT "total_iops_sec = 900\nagain in 60 s", .phase = VP_PHASE_LIVE},
    {VDA(""), STEADY "; disk.boot-time=60; disk.boot-total-iops=900; disk.boot-total-bytes=2M",
     AT "total_bytes_sec = 2097152\n" AT "total_iops_sec = 900\nagain in 1 s", .phase = VP_PHASE_LIVE,
     .age = 59},
    {VDA(""), STEADY "; disk.boot-time=60; disk.boot-total-iops=900", LATER, .phase = VP_PHASE_LIVE,
     .age = 60},
    {VDA(""), STEADY "; disk.boot-time=0; disk.boot-total-iops=900", LATER, .phase = VP_PHASE_LIVE},
    {VDA(""), STEADY "; disk.boot-time=60; disk.boot-total-iops=0",
     AT "total_bytes_sec = 1048576\nagain in 60 s", .phase = VP_PHASE_LIVE},
    /* A burst is kept where it is more than what is allowed anyway. */
    {VDA(""), BURST "; disk.boot-time=60; disk.boot-total-iops=900",
     AT "total_bytes_sec = 1048576\n" AT "total_iops_sec = 900\nagain in 60 s", .phase = VP_PHASE_LIVE},
    {VDA(""), BURST "; disk.boot-time=60; disk.boot-total-iops=400",
     AT "total_bytes_sec = 1048576\n" AT "total_iops_sec = 400\n" AT "total_iops_sec_max = 500\n" AT
        "total_iops_sec_max_length = 9\nagain in 60 s",
     .phase = VP_PHASE_LIVE},
    /* What says nothing. */
    {VDA(""), STEADY "; disk.boot-time=60", LATER "\nskipped disk.boot-time: no disk may do more *",
     .phase = VP_PHASE_LIVE},
    {VDA(""), STEADY "; disk.boot-total-iops=900", LATER "\nskipped disk.boot-total-iops: nobody says *"},
    {VDA(""), STEADY "; disk.boot-time=60; disk.boot-total-iops=100",
     LATER "\nskipped disk.boot-time: *\nskipped disk.boot-total-iops: it is for a guest whose *",
     .phase = VP_PHASE_LIVE},
    {VDA(""), "disk.boot-time=60; disk.boot-total-bytes=9M",
     "skipped disk.boot-time: *\nskipped disk.boot-total-bytes: it is for a guest whose disk.total-bytes *"},
};

START_TEST(boot)
{
    vp_trial_check(&boot_rows[_i], _i);
}
END_TEST
START_TEST(limits)
{
    vp_trial_check(&rows[_i], _i);
}
END_TEST
START_TEST(groups)
{
    vp_trial_check(&group_rows[_i], _i);
}
END_TEST

static const struct {
    const char *knob, *value;
} refused[] = {
    {"disk.total-bytes", "1000T"},   {"disk.total-bytes", "fast"},
    {"disk.total-iops", "1M"},       {"disk.throttle-group", "a b"},
    {"disk.throttle-group", "<g/>"}, {"disk.total-iops-max-length", "1000001"},
};

START_TEST(values)
{
    vp_autofree char *message = vp_trial_refusal(refused[_i].knob, refused[_i].value);
    ck_assert_msg(message != NULL && strstr(message, refused[_i].value) != NULL, "row %d: %s = %s: %s", _i,
                  refused[_i].knob, refused[_i].value, message != NULL ? message : "accepted");
}
END_TEST

VP_TEST_MAIN("iotune", VP_TEST_ROWS(limits, rows), VP_TEST_ROWS(groups, group_rows),
             VP_TEST_ROWS(boot, boot_rows), VP_TEST_ROWS(values, refused))
