/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#include <string.h>

#define DEVICES(x) "<devices>" x "</devices>"
#define DISK(name, driver)                                                                                   \
    "<disk type='file' device='disk'>" driver "<target dev='" name "' bus='virtio'/></disk>"
#define SCSI(index, driver)                                                                                  \
    "<controller type='scsi' index='" index "' model='virtio-scsi'>" driver "</controller>"
#define SDA "<disk type='file' device='disk'><target dev='sda' bus='scsi'/></disk>"
#define AT(name) "devices/disk[" name "]/driver/@iothread"

#define MOVED(name, bus)                                                                                     \
    "devices/disk[" name "]/target/@bus = " bus "\ndevices/disk[" name "]/address readdressed"

static const struct vp_trial rows[] = {
    {DEVICES(DISK("vda", )), "disk.iothreads=1", "iothreads = 1\n" AT("vda") " = 1"},
    {DEVICES(DISK("vda", ) DISK("vdb", )), "disk.iothreads=auto",
     "iothreads = 2\n" AT("vda") " = 1\n" AT("vdb") " = 2"},
    {DEVICES(DISK("vda", ) DISK("vdb", ) DISK("vdc", )), "disk.iothreads=2",
     "iothreads = 2\n" AT("vda") " = 1\n" AT("vdb") " = 2\n" AT("vdc") " = 1"},
    /* The order of the definition does not matter: libvirt sorts disks when it stores them. */
    {DEVICES(DISK("vdaa", ) DISK("vdb", ) DISK("vda", )), "disk.iothreads=2",
     "iothreads = 2\n" AT("vda") " = 1\n" AT("vdb") " = 2\n" AT("vdaa") " = 1"},
    {"<vcpu>2</vcpu>" DEVICES(DISK("vda", ) DISK("vdb", ) DISK("vdc", )), "disk.iothreads=auto",
     "iothreads = 2\n" AT("vda") " = 1\n" AT("vdb") " = 2\n" AT("vdc") " = 1"},
    {DEVICES(DISK("vda", )), "disk.iothreads=4",
     "iothreads = 1\n" AT("vda") " = 1\nskipped disk.iothreads: only 1 of 4 I/O threads planned*"},
    {DEVICES(DISK("vda", "<driver iothread='2'/>") DISK("vdb", ) DISK("vdc", )) "<iothreads>2</iothreads>",
     "disk.iothreads=auto", "iothreads = 3\n" AT("vdb") " = 1\n" AT("vdc") " = 3"},
    {DEVICES(DISK("vda", )) "<iothreads>4</iothreads>", "disk.iothreads=1", AT("vda") " = 1"},
    {DEVICES(DISK("vda", ) DISK("vdb", )) "<iothreadids><iothread id='7'/></iothreadids>",
     "disk.iothreads=auto", AT("vda") " = 7\n" AT("vdb") " = 7"},
    {DEVICES(DISK("vda", ) DISK("vdb", )) "<iothreadids><iothread id='7'/></iothreadids>", "disk.iothreads=2",
     AT("vda") " = 7\n" AT(
         "vdb") " = 7\nskipped disk.iothreads: the definition lists its 1 I/O threads by id*"},
    /* libvirt gives the lowest free ids to those that are not listed. */
    {DEVICES(DISK("vda", ) DISK("vdb", ) DISK("vdc", )) "<iothreads>3</iothreads>"
                                                        "<iothreadids><iothread id='1'/></iothreadids>",
     "disk.iothreads=3", AT("vda") " = 1\n" AT("vdb") " = 2\n" AT("vdc") " = 3"},
    {DEVICES("<disk type='file'><target dev='sda' bus='sata'/></disk>"), "disk.iothreads=auto",
     "skipped disk.iothreads: the guest has no virtio disk *"},
    {DEVICES("<disk type='vhostuser' device='disk'><target dev='vda' bus='virtio'/></disk>"),
     "disk.iothreads=auto", "skipped disk.iothreads: the guest has no virtio disk *"},
    {DEVICES(DISK("vda", "<driver ioeventfd='off'/>") DISK("vdb", )), "disk.iothreads=auto",
     "iothreads = 1\n" AT("vdb") " = 1\nskipped disk.iothreads: vda: an I/O thread needs its ioeventfd*"},
    {"<os><type arch='aarch64' machine='vexpress-a15'>hvm</type></os>" DEVICES(DISK("vda", )),
     "disk.iothreads=auto",
     "skipped disk.iothreads: vda: it is on neither PCI nor CCW*\nskipped disk.iothreads: the guest has no *"},
    {DEVICES(SCSI("0", ) SDA), "disk.iothreads=auto",
     "iothreads = 1\ndevices/controller[scsi,0]/driver/@iothread = 1"},
    {DEVICES(SCSI("0", ) SDA DISK("vda", )), "disk.iothreads=auto",
     "iothreads = 2\n" AT("vda") " = 1\ndevices/controller[scsi,0]/driver/@iothread = 2"},
    {DEVICES(SCSI("0", "<driver iothread='1'/>") SDA DISK("vda", )) "<iothreads>1</iothreads>",
     "disk.iothreads=auto", "iothreads = 2\n" AT("vda") " = 2"},
    {DEVICES(SCSI("0", )), "disk.iothreads=auto", "skipped disk.iothreads: the guest has no virtio disk *"},
    {DEVICES(SCSI("0", "<address type='virtio-mmio'/>") SDA), "disk.iothreads=1",
     "skipped disk.iothreads: SCSI controller 0: it is on neither *\nskipped disk.iothreads: the guest has no *"},
    {VP_TRIAL_OS("http://debian.org/debian/12")
         DEVICES("<disk type='file'><target dev='sda' bus='sata'/></disk>"),
     "disk.bus=virtio; disk.iothreads=auto", MOVED("sda", "virtio") "\niothreads = 1\n" AT("sda") " = 1"},
    {DEVICES(DISK("vda", )), "disk.iothreads=1", "iothreads = 1\n" AT("vda") " = 1",
     .phase = VP_PHASE_MIGRATE},
};

#define KNOWS_POLL "<grammar><element name='iothread'><element name='poll'/></element></grammar>"
#define KNOWS_QUEUE "<grammar><element name='iothreads'><element name='queue'/></element></grammar>"

static const struct vp_trial later_rows[] = {
    {DEVICES(DISK("vda", )), "disk.iothreads=1; disk.iothread-poll-max=50000",
     "iothreads = 1\n" AT("vda") " = 1\nskipped disk.iothread-poll-max: the installed libvirt cannot *"},
    {"<iothreads>1</iothreads>", "disk.iothread-poll-max=7",
     "iothreadids/iothread[1] = <iothread id='1'><poll max='7'/></iothread>", .phase = VP_PHASE_LIVE},
    {DEVICES(DISK("vda", ) DISK("vdb", )),
     "disk.iothreads=2; disk.iothread-poll-max=50000; disk.iothread-poll-grow=2; disk.iothread-poll-shrink=4",
     "iothreads = 2\n" AT("vda") " = 1\n" AT(
         "vdb") " = 2\n"
                "iothreadids/iothread[1] = <iothread id='1'><poll max='50000' grow='2' shrink='4'/></iothread>\n"
                "iothreadids/iothread[2] = <iothread id='2'><poll max='50000' grow='2' shrink='4'/></iothread>",
     .libvirt = KNOWS_POLL},
    {"<iothreadids><iothread id='5'><poll max='1' grow='2'/></iothread></iothreadids>",
     "disk.iothread-poll-max=0", "iothreadids/iothread[5]/poll/@max = 0", .libvirt = KNOWS_POLL},
    {"<iothreads>1</iothreads>", "disk.iothread-poll-max=7",
     "iothreadids/iothread[1] = <iothread id='1'><poll max='7'/></iothread>", .libvirt = KNOWS_POLL},
    {DEVICES(DISK("vda", )), "disk.iothread-poll-max=7",
     "skipped disk.iothread-poll-max: the guest has no I/O thread*", .libvirt = KNOWS_POLL},
    {DEVICES(DISK("vda", ) DISK("vdb", )),
     "disk.iothreads=auto; disk.queues=vcpus; disk.iothread-mapping=yes",
     "devices/disk[vda]/driver/@queues = 4\ndevices/disk[vdb]/driver/@queues = 4\niothreads = 4\n"
     "devices/disk[vda]/driver/iothreads = <iothreads><iothread id='1'/><iothread id='2'/><iothread id='3'/>"
     "<iothread id='4'/></iothreads>\n"
     "devices/disk[vdb]/driver/iothreads = <iothreads><iothread id='1'/><iothread id='2'/><iothread id='3'/>"
     "<iothread id='4'/></iothreads>",
     .libvirt = KNOWS_QUEUE},
    {DEVICES(DISK("vda", "<driver queues='2'/>")), "disk.iothreads=6; disk.iothread-mapping=yes",
     "iothreads = 6\ndevices/disk[vda]/driver/iothreads = <iothreads>*</iothreads>", .libvirt = KNOWS_QUEUE},
    {DEVICES(DISK("vda", "<driver queues='2'/>") DISK("vdb", )),
     "disk.iothreads=2; disk.iothread-mapping=yes",
     "iothreads = 2\n" AT(
         "vdb") " = 1\n"
                "devices/disk[vda]/driver/iothreads = <iothreads><iothread id='1'/><iothread id='2'/></iothreads>\n"
                "skipped disk.iothread-mapping: vdb: it has one queue*",
     .libvirt = KNOWS_QUEUE},
    {DEVICES(DISK("vda", "<driver queues='4' iothread='2'/>")) "<iothreads>2</iothreads>",
     "disk.iothreads=2; disk.iothread-mapping=yes", "skipped disk.iothreads: only 1 of 2 *",
     .libvirt = KNOWS_QUEUE},
    {DEVICES(DISK(
         "vda",
         "<driver queues='4'><iothreads><iothread id='1'/></iothreads></driver>")) "<iothreads>2</iothreads>",
     "disk.iothreads=2; disk.iothread-mapping=yes", "", .libvirt = KNOWS_QUEUE},
    {DEVICES(DISK("vda", "<driver queues='2'/>")), "disk.iothread-mapping=yes",
     "skipped disk.iothread-mapping: there are no two I/O threads *", .libvirt = KNOWS_QUEUE},
    {DEVICES(DISK("vda", "<driver queues='2'/>")), "disk.iothreads=auto; disk.iothread-mapping=yes",
     "iothreads = 1\n" AT(
         "vda") " = 1\nskipped disk.iothread-mapping: the installed libvirt gives each disk one *"},
    {DEVICES(DISK("vda", "<driver queues='2'/>")), "disk.iothreads=auto; disk.iothread-mapping=no",
     "iothreads = 1\n" AT("vda") " = 1", .libvirt = KNOWS_QUEUE},
};

START_TEST(threads)
{
    vp_trial_check(&rows[_i], _i);
}
END_TEST
START_TEST(later_libvirt)
{
    vp_trial_check(&later_rows[_i], _i);
}
END_TEST

static const struct {
    const char *knob, *value;
} refused[] = {
    {"disk.iothreads", "0"},
    {"disk.iothreads", "65"},
    {"disk.iothreads", "many"},
    {"disk.iothread-mapping", "auto"},
    {"disk.iothread-poll-max", "2000000000"},
};

START_TEST(values)
{
    vp_autofree char *message = vp_trial_refusal(refused[_i].knob, refused[_i].value);
    ck_assert_msg(message != NULL && strstr(message, refused[_i].value) != NULL, "row %d: %s = %s: %s", _i,
                  refused[_i].knob, refused[_i].value, message != NULL ? message : "accepted");
}
END_TEST

VP_TEST_MAIN("iothread", VP_TEST_ROWS(threads, rows), VP_TEST_ROWS(later_libvirt, later_rows),
             VP_TEST_ROWS(values, refused))
