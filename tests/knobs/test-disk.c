/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#include "strbuf.h"

#include <string.h>

#define DEVICES(x) "<devices>" x "</devices>"
#define DISK(type, driver, target) "<disk type='" type "' device='disk'>" driver target "</disk>"
#define VDA "<target dev='vda' bus='virtio'/>"
#define FILE_VDA(driver) DISK("file", driver, VDA)
#define BLOCK_VDA(driver) DISK("block", driver, VDA)
#define LUN_SDA(driver) "<disk type='block' device='lun'>" driver "<target dev='sda' bus='scsi'/></disk>"
#define CDROM "<disk type='file' device='cdrom'><target dev='sdc' bus='sata'/><readonly/></disk>"
#define FLOPPY "<disk type='file' device='floppy'><target dev='fda' bus='fdc'/></disk>"
#define RAW(attrs) "<driver name='qemu' type='raw' " attrs "/>"
#define QCOW2(attrs) "<driver name='qemu' type='qcow2' " attrs "/>"
#define DRIVER "devices/disk[vda]/driver/"

static const struct vp_trial cache_rows[] = {
    {DEVICES(FILE_VDA("")), "disk.cache=none", DRIVER "@cache = none"},
    {DEVICES(FILE_VDA(RAW("cache='none'"))), "disk.cache=none", DRIVER "@cache = none (already)"},
    {DEVICES(FILE_VDA(RAW("cache='writeback'"))), "disk.cache=directsync", DRIVER "@cache = directsync"},
    {DEVICES(FILE_VDA("")), "disk.cache=writethrough", DRIVER "@cache = writethrough"},
    {DEVICES(FILE_VDA("") FLOPPY CDROM), "disk.cache=writeback", DRIVER "@cache = writeback"},
    {DEVICES(FILE_VDA("") DISK("block", "", "<target dev='sdb' bus='sata'/>")), "disk.cache=unsafe",
     DRIVER "@cache = unsafe\ndevices/disk[sdb]/driver/@cache = unsafe\n"
            "warning disk.cache: vda, sdb: with cache unsafe a crash *"},
    {DEVICES(DISK("file", "", VDA "<readonly/>")), "disk.cache=unsafe", DRIVER "@cache = unsafe"},
    {DEVICES(DISK("network", "", VDA)), "disk.cache=writeback", DRIVER "@cache = writeback"},
    {DEVICES(DISK("file", "", VDA "<shareable/>")), "disk.cache=writeback",
     "skipped disk.cache: vda: it is shareable, *"},
    {DEVICES(DISK("file", "", VDA "<shareable/>")), "disk.cache=directsync", DRIVER "@cache = directsync"},
    {DEVICES(DISK("vhostuser", "", VDA)), "disk.cache=none", "skipped disk.cache: vda: * vhost-user *"},
    {DEVICES(DISK("nvme", "", VDA)), "disk.cache=none", "skipped disk.cache: vda: * NVMe *"},
    {DEVICES(DISK("dir", "", VDA)), "disk.cache=none", "skipped disk.cache: vda: it is a folder *"},
    {DEVICES(LUN_SDA("")), "disk.cache=none", "skipped disk.cache: sda: it is a passed-through SCSI lun*"},
    {DEVICES("<disk type='block' device='lun'>" VDA "</disk>"), "disk.cache=none", DRIVER "@cache = none"},
    {DEVICES(FILE_VDA(RAW("cache='none' io='native'"))), "disk.cache=writeback",
     DRIVER "@cache = writeback\n" DRIVER "@io = threads"},
    {DEVICES(FILE_VDA(RAW("cache='none' io='native'"))), "disk.cache=directsync",
     DRIVER "@cache = directsync"},
    {DEVICES(FILE_VDA(RAW("cache='none' io='native'"))), "disk.cache=writethrough", "skipped disk.cache: *",
     .phase = VP_PHASE_RESTORE},
    {DEVICES(FILE_VDA(RAW("cache='none' io='native'"))), "disk.cache=writeback; disk.io=native",
     DRIVER "@cache = writeback\n" DRIVER "@io = threads\nskipped disk.io: vda: native I/O needs cache *"},
    /* Only whether the guest has to flush can be seen by it. */
    {DEVICES(FILE_VDA("")), "disk.cache=none", DRIVER "@cache = none", .phase = VP_PHASE_RESTORE},
    {DEVICES(FILE_VDA(RAW("cache='directsync'"))), "disk.cache=writethrough", DRIVER "@cache = writethrough",
     .phase = VP_PHASE_RESTORE},
    {DEVICES(FILE_VDA("")), "disk.cache=directsync",
     "skipped disk.cache: " DRIVER "@cache: the guest can see *", .phase = VP_PHASE_RESTORE},
    {DEVICES(FILE_VDA(RAW("cache='writethrough'"))), "disk.cache=none",
     "skipped disk.cache: " DRIVER "@cache: *", .phase = VP_PHASE_MIGRATE},
    {DEVICES(FILE_VDA(RAW("cache='writethrough'"))), "disk.cache=none", DRIVER "@cache = none"},
    {"<name>empty</name>", "disk.cache=none", ""},
};

static const struct vp_trial io_rows[] = {
    {DEVICES(FILE_VDA("")), "disk.cache=none; disk.io=native",
     DRIVER "@cache = none\n" DRIVER "@io = native"},
    {DEVICES(FILE_VDA(RAW("cache='directsync'"))), "disk.io=native", DRIVER "@io = native"},
    {DEVICES(FILE_VDA("")), "disk.io=native",
     "skipped disk.io: vda: native * left to QEMU, *; set disk.cache = none"},
    {DEVICES(FILE_VDA(RAW("cache='writeback'"))), "disk.io=native",
     "skipped disk.io: vda: * its cache is writeback;*"},
    {DEVICES(FILE_VDA(QCOW2("cache='none'"))), "disk.io=native",
     DRIVER "@io = native\nwarning disk.io: vda: the image allocates *"},
    {DEVICES(DISK("file", QCOW2("cache='none'"), VDA "<readonly/>")), "disk.io=native",
     DRIVER "@io = native"},
    {DEVICES(DISK("file", RAW("cache='none'"),
                  "<backingStore type='file'><format type='raw'/><source file='/b'/></backingStore>" VDA)),
     "disk.io=native", DRIVER "@io = native\nwarning disk.io: vda: *"},
    {DEVICES(DISK("file", RAW("cache='none'"), "<backingStore/>" VDA)), "disk.io=native",
     DRIVER "@io = native"},
    {DEVICES(FILE_VDA("<driver name='qemu' type='vmdk' cache='none'/>")), "disk.io=native",
     "skipped disk.io: vda: * format vmdk; *\nwarning disk.io: vda: *"},
    {DEVICES(FILE_VDA("<driver name='qemu' type='aio' cache='none'/>")), "disk.io=native",
     DRIVER "@io = native"},
    {DEVICES(FILE_VDA("")), "disk.io=threads", DRIVER "@io = threads"},
    {DEVICES(FILE_VDA("")), "disk.io=io_uring", DRIVER "@io = io_uring"},
    {DEVICES(FILE_VDA("")), "disk.io=io_uring",
     "skipped disk.io: the installed libvirt does not know io_uring*",
     .libvirt = "<grammar><element name='disk'><value>native</value></element></grammar>"},
    {DEVICES(FILE_VDA("")), "disk.io=io_uring", DRIVER "@io = io_uring",
     .libvirt = "<grammar><element name='disk'><value>io_uring</value></element></grammar>"},
    {DEVICES(BLOCK_VDA(RAW("cache='none'"))), "disk.io=auto", DRIVER "@io = native"},
    {DEVICES(BLOCK_VDA("")), "disk.io=auto", DRIVER "@io = threads"},
    {DEVICES(BLOCK_VDA("<driver name='qemu' type='vpc' cache='none'/>")), "disk.io=auto",
     DRIVER "@io = threads"},
    {DEVICES(FILE_VDA(RAW("cache='none'"))), "disk.io=auto", DRIVER "@io = threads"},
    {DEVICES(DISK("volume", RAW("cache='none'"), VDA)), "disk.io=auto", DRIVER "@io = threads"},
    {DEVICES(DISK("network", RAW("cache='none'"), VDA)), "disk.io=auto",
     "skipped disk.io: vda: it is a network disk*"},
    {DEVICES(DISK("vhostuser", "", VDA)), "disk.io=threads", "skipped disk.io: vda: * vhost-user *"},
    {DEVICES(LUN_SDA("")), "disk.io=threads", "skipped disk.io: sda: * SCSI lun*"},
    {DEVICES(FILE_VDA(RAW("cache='none'"))), "disk.io=native", DRIVER "@io = native",
     .phase = VP_PHASE_MIGRATE},
    {DEVICES(FILE_VDA("")), "disk.cache=directsync; disk.io=native",
     "skipped disk.cache: " DRIVER "@cache: *\nskipped disk.io: vda: *", .phase = VP_PHASE_MIGRATE},
};

static const struct vp_trial discard_rows[] = {
    {DEVICES(FILE_VDA("") CDROM), "disk.discard=unmap", DRIVER "@discard = unmap"},
    {DEVICES(FILE_VDA(RAW("discard='unmap'"))), "disk.discard=ignore", DRIVER "@discard = ignore"},
    {DEVICES(DISK("network", "", VDA)), "disk.discard=unmap", DRIVER "@discard = unmap"},
    {DEVICES(DISK("nvme", "", VDA)), "disk.discard=unmap", DRIVER "@discard = unmap"},
    {DEVICES(DISK("file", "", VDA "<readonly/>")), "disk.discard=unmap",
     "skipped disk.discard: vda: it is read-only"},
    {DEVICES(DISK("vhostuser", "", VDA)), "disk.discard=unmap", "skipped disk.discard: vda: * vhost-user *"},
    {DEVICES(LUN_SDA("")), "disk.discard=unmap", "skipped disk.discard: sda: * SCSI lun*"},
    {DEVICES(FILE_VDA("")), "disk.detect-zeroes=on", DRIVER "@detect_zeroes = on"},
    {DEVICES(FILE_VDA("")), "disk.detect-zeroes=off", DRIVER "@detect_zeroes = off"},
    {DEVICES(FILE_VDA("")), "disk.detect-zeroes=unmap",
     "skipped disk.detect-zeroes: vda: * set disk.discard = unmap"},
    {DEVICES(FILE_VDA(RAW("discard='unmap'"))), "disk.detect-zeroes=unmap", DRIVER "@detect_zeroes = unmap"},
    {DEVICES(FILE_VDA(RAW("discard='unmap'"))), "disk.discard=ignore; disk.detect-zeroes=unmap",
     DRIVER "@discard = ignore\nskipped disk.detect-zeroes: vda: *"},
    {DEVICES(FILE_VDA("")), "disk.detect-zeroes=unmap; disk.discard=unmap",
     DRIVER "@discard = unmap\n" DRIVER "@detect_zeroes = unmap"},
    {DEVICES(DISK("file", "", VDA "<readonly/>")), "disk.detect-zeroes=on",
     "skipped disk.detect-zeroes: vda: *"},
};

#define SCSI(model) "<controller type='scsi' index='0' " model "/>"
#define SDA(x) DISK("file", x, "<target dev='sda' bus='scsi'/>")
#define AARCH64(machine) "<os><type arch='aarch64' machine='" machine "'>hvm</type></os>"

static const struct vp_trial queue_rows[] = {
    {DEVICES(FILE_VDA("")), "disk.queues=2", DRIVER "@queues = 2"},
    {DEVICES(FILE_VDA("")), "disk.queues=16", DRIVER "@queues = 4"},
    {DEVICES(FILE_VDA("")), "disk.queues=min(vcpus, 3)", DRIVER "@queues = 3"},
    {"<vcpu current='1'>6</vcpu>" DEVICES(FILE_VDA("")), "disk.queues=vcpus", DRIVER "@queues = 6"},
    {DEVICES(DISK("file", "", "<target dev='vda'/>")), "disk.queues=2", DRIVER "@queues = 2"},
    {DEVICES(DISK("file", "", "<target dev='hda'/>") CDROM), "disk.queues=2", ""},
    {DEVICES(DISK("vhostuser", "", VDA)), "disk.queues=2", "skipped disk.queues: vda: * vhost-user *"},
    {DEVICES(SCSI("model='virtio-scsi'") SDA("")), "disk.queues=2",
     "devices/controller[scsi,0]/driver/@queues = 2"},
    {DEVICES(SCSI("model='virtio-transitional'") SDA("")), "disk.queues=2",
     "devices/controller[scsi,0]/driver/@queues = 2"},
    {DEVICES(SCSI("model='lsilogic'") SDA("")), "disk.queues=2", ""},
    {DEVICES(SCSI("") SDA("")), "disk.queues=2", ""},
    {DEVICES(SCSI("model='virtio-scsi'") CDROM), "disk.queues=2", ""},
    {DEVICES("<controller type='scsi' index='1' model='virtio-scsi'/>" SDA("")), "disk.queues=2", ""},
    {DEVICES("<controller type='scsi' index='1' model='virtio-scsi'/>" DISK(
         "file", "", "<target dev='sdh' bus='scsi'/>")),
     "disk.queues=2", "devices/controller[scsi,1]/driver/@queues = 2"},
    {DEVICES("<controller type='scsi' index='1' model='virtio-scsi'/>" DISK(
         "file", "",
         "<target dev='sda' bus='scsi'/><address type='drive' controller='1' bus='0' target='0' unit='0'/>")),
     "disk.queues=2", "devices/controller[scsi,1]/driver/@queues = 2"},
    {"<os><type arch='s390x' machine='s390-ccw-virtio'>hvm</type></os>" DEVICES(SCSI("") SDA("")),
     "disk.queues=2", "devices/controller[scsi,0]/driver/@queues = 2"},
    {AARCH64("virt") DEVICES(FILE_VDA("")), "disk.queues=2", DRIVER "@queues = 2"},
    {AARCH64("virt-7.2") DEVICES(FILE_VDA("")), "disk.queues=2", DRIVER "@queues = 2"},
    {AARCH64("virt") DEVICES(FILE_VDA("") "<interface type='user'><address type='virtio-mmio'/></interface>"),
     "disk.queues=2", "skipped disk.queues: vda: it is on neither PCI nor CCW*"},
    {AARCH64("vexpress-a15") DEVICES(FILE_VDA("")), "disk.queues=2", "skipped disk.queues: vda: *"},
    {"<os><type arch='ppc64' machine='pseries'>hvm</type></os>" DEVICES(FILE_VDA("")), "disk.queues=2",
     DRIVER "@queues = 2"},
    {"<os><type arch='ppc64' machine='ppce500'>hvm</type></os>" DEVICES(FILE_VDA("")), "disk.queues=2",
     "skipped disk.queues: vda: *"},
    {"<os><type arch='i686' machine='isapc'>hvm</type></os>" DEVICES(FILE_VDA("")), "disk.queues=2",
     "skipped disk.queues: vda: *"},
    {DEVICES(FILE_VDA("")), "disk.queues=2", "", .phase = VP_PHASE_MIGRATE},
};

#define HDA(x) DISK("file", "", "<target dev='hda' bus='ide'/>" x)
#define SATA(x) DISK("file", "", "<target dev='sda' bus='sata'/>" x)
#define DRIVE "<address type='drive' controller='0' bus='0' target='0' unit='0'/>"
#define DEBIAN VP_TRIAL_OS("http://debian.org/debian/12")
#define WINDOWS VP_TRIAL_OS("http://microsoft.com/win/10")
#define NIC "<interface type='user'><model type='virtio'/></interface>"

#define MOVED(name, bus)                                                                                     \
    "devices/disk[" name "]/target/@bus = " bus "\ndevices/disk[" name "]/address readdressed"

static const struct vp_trial bus_rows[] = {
    {DEBIAN DEVICES(HDA("")), "disk.bus=virtio", MOVED("hda", "virtio")},
    {DEBIAN DEVICES(SATA(DRIVE)), "disk.bus=virtio", MOVED("sda", "virtio")},
    {DEVICES(HDA("") NIC), "disk.bus=virtio", MOVED("hda", "virtio")},
    {DEBIAN DEVICES(DISK("file", "", "<target dev='hda'/>")), "disk.bus=virtio", MOVED("hda", "virtio")},
    {DEVICES(HDA("")), "disk.bus=virtio",
     "skipped disk.bus: nothing says that the guest has virtio drivers*"},
    {DEVICES(HDA("") DISK("file", "", "<target dev='hdb' bus='ide'/>")), "disk.bus=virtio",
     "skipped disk.bus: nothing says *"},
    {DEVICES(CDROM), "disk.bus=virtio", ""},
    {DEVICES(FILE_VDA("")), "disk.bus=virtio", ""},
    {DEVICES(FILE_VDA("")), "disk.bus=scsi", ""},
    {WINDOWS DEVICES(HDA("") NIC), "disk.bus=virtio", "skipped disk.bus: Windows boots *"},
    {WINDOWS DEVICES(HDA("") FILE_VDA("")), "disk.bus=virtio", MOVED("hda", "virtio")},
    {DEBIAN DEVICES(SCSI("model='lsilogic'") SDA("")), "disk.bus=virtio", ""},
    {DEBIAN DEVICES(DISK("file", "", "<target dev='sda' bus='usb'/>")), "disk.bus=virtio", ""},
    {DEBIAN DEVICES(HDA("<wwn>5000c50015ea71ad</wwn>")), "disk.bus=virtio",
     "skipped disk.bus: hda: it has a WWN*"},
    {DEBIAN DEVICES(DISK("file", "", "<target dev='sda' bus='sata' rotation_rate='1'/>")), "disk.bus=virtio",
     "skipped disk.bus: sda: it has a rotation rate*"},
    {DEBIAN DEVICES(HDA("<geometry cyls='1' heads='1' secs='1' trans='lba'/>")), "disk.bus=virtio",
     "skipped disk.bus: hda: its geometry *"},
    {DEBIAN "<os><type arch='i686' machine='isapc'>hvm</type></os>" DEVICES(HDA("")), "disk.bus=virtio",
     "skipped disk.bus: disks are only moved in x86 guests with a PCI bus"},
    {DEBIAN AARCH64("virt") DEVICES(SATA("")), "disk.bus=virtio", "skipped disk.bus: disks are only moved *"},
    {DEBIAN DEVICES(HDA("")), "disk.bus=scsi",
     "devices/controller[scsi,0] = <controller type='scsi' index='0' model='virtio-scsi'/>\n" MOVED("hda",
                                                                                                    "scsi")},
    {DEBIAN DEVICES(SCSI("model='virtio-scsi'") SATA(DRIVE)), "disk.bus=scsi",
     "devices/disk[sda]/target/@bus = scsi"},
    {DEBIAN DEVICES(DISK("file", "",
                         "<target dev='hdc' bus='ide'/>"
                         "<address type='drive' controller='0' bus='1' target='0' unit='0'/>")),
     "disk.bus=scsi", "devices/controller[scsi,0] = *\n" MOVED("hdc", "scsi")},
    /* libvirt keeps disks of a bus together and in the order of their names. */
    {DEBIAN DEVICES(DISK("file", "", "<target dev='hdb' bus='ide'/>") FILE_VDA("")), "disk.bus=virtio",
     "skipped disk.bus: hdb: libvirt would sort it to another place *"},
    {DEBIAN DEVICES(HDA("") FILE_VDA("")), "disk.bus=virtio", MOVED("hda", "virtio")},
    {DEBIAN DEVICES(HDA("") CDROM FILE_VDA("")), "disk.bus=virtio",
     "skipped disk.bus: hda: libvirt would sort *"},
    {DEBIAN DEVICES(HDA("") CDROM), "disk.bus=virtio", MOVED("hda", "virtio")},
    /* As it was before libvirt sorted it and after: vda, hda, hdb. */
    {DEBIAN DEVICES(DISK("file", "", "<target dev='hdb' bus='ide'/>") HDA("")), "disk.bus=virtio",
     MOVED("hda", "virtio") "\n" MOVED("hdb", "virtio")},
    {DEBIAN DEVICES(FILE_VDA("") SATA("") HDA("")), "disk.bus=virtio",
     MOVED("sda", "virtio") "\n" MOVED("hda", "virtio")},
    {DEBIAN DEVICES(SCSI("model='lsilogic'") SATA("")), "disk.bus=scsi",
     "skipped disk.bus: sda: SCSI controller 0 is not virtio-scsi*"},
    {DEBIAN DEVICES(SCSI("") SATA("")), "disk.bus=scsi", "skipped disk.bus: sda: SCSI controller 0 *"},
    {DEBIAN DEVICES(SATA("") HDA("")), "disk.bus=scsi",
     "devices/controller[scsi,0] = *\n" MOVED(
         "sda", "scsi") "\n"
                        "skipped disk.bus: hda: its name leads to a place on the SCSI bus that is not free*"},
    {DEBIAN DEVICES(SCSI("model='virtio-scsi'") SATA("")
                        DISK("file", "", "<target dev='sdb' bus='scsi'/>" DRIVE)),
     "disk.bus=scsi", "skipped disk.bus: sda: its name leads *"},
    {DEBIAN DEVICES(SATA("") "<hostdev mode='subsystem' type='scsi'/>"), "disk.bus=scsi",
     "skipped disk.bus: sda: its name leads *"},
    {DEBIAN DEVICES(DISK("file", "", "<target dev='sdh' bus='sata'/>")), "disk.bus=scsi",
     "skipped disk.bus: sdh: SCSI controller 1 is not virtio-scsi*"},
    {DEBIAN DEVICES(SATA("")), "disk.bus=virtio; disk.queues=2",
     MOVED("sda", "virtio") "\ndevices/disk[sda]/driver/@queues = 2"},
    {DEBIAN DEVICES(SATA("")), "disk.bus=virtio", "", .phase = VP_PHASE_RESTORE},
};

START_TEST(cache)
{
    vp_trial_check(&cache_rows[_i], _i);
}
END_TEST
START_TEST(io)
{
    vp_trial_check(&io_rows[_i], _i);
}
END_TEST
START_TEST(discard)
{
    vp_trial_check(&discard_rows[_i], _i);
}
END_TEST
START_TEST(queues)
{
    vp_trial_check(&queue_rows[_i], _i);
}
END_TEST
START_TEST(bus)
{
    vp_trial_check(&bus_rows[_i], _i);
}
END_TEST

START_TEST(too_many)
{
    struct vp_strbuf buf = {0};
    vp_strbuf_add(&buf, DEBIAN "<devices>");
    for (int i = 0; i < 257; i++)
        vp_strbuf_addf(&buf, "<disk type='file'><target dev='sd%c%c' bus='sata'/></disk>", 'a' + i / 26,
                       'a' + i % 26);
    vp_strbuf_add(&buf, "</devices>");
    vp_autofree char *domain = vp_strbuf_take(&buf);
    const struct vp_trial row = {domain, "disk.bus=virtio", "skipped disk.bus: disks are only moved *"};
    vp_trial_check(&row, 0);
}
END_TEST

static const struct {
    const char *knob, *value;
} refused[] = {
    {"disk.cache", "default"},        {"disk.io", "aio"},      {"disk.discard", "yes"},
    {"disk.detect-zeroes", "ignore"}, {"disk.bus", "sata"},    {"disk.queues", "0"},
    {"disk.queues", "257"},           {"disk.queues", "auto"},
};

START_TEST(values)
{
    vp_autofree char *message = vp_trial_refusal(refused[_i].knob, refused[_i].value);
    ck_assert_msg(message != NULL && strstr(message, refused[_i].value) != NULL, "row %d: %s = %s: %s", _i,
                  refused[_i].knob, refused[_i].value, message != NULL ? message : "accepted");
}
END_TEST

VP_TEST_MAIN("disk", VP_TEST_ROWS(cache, cache_rows), VP_TEST_ROWS(io, io_rows),
             VP_TEST_ROWS(discard, discard_rows), VP_TEST_ROWS(queues, queue_rows),
             VP_TEST_ROWS(bus, bus_rows), VP_TEST(too_many), VP_TEST_ROWS(values, refused))
