/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#define DEBIAN VP_TRIAL_OS("http://debian.org/debian/12")
#define WINDOWS VP_TRIAL_OS("http://microsoft.com/win/11")
#define EMULATED(inner) "<domain type='qemu'>" VP_TRIAL_GUEST inner "</domain>"
#define MACHINE(arch, machine) "<os><type arch='" arch "' machine='" machine "'>hvm</type></os>"
#define DEVICES(inner) "<devices>" inner "</devices>"
#define VDA "<disk type='file'><target dev='vda' bus='virtio'/></disk>"
#define VNC "<graphics type='vnc'/>"
#define RNG "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"
#define VIRTIO_CONSOLE "<console type='pty'><target type='virtio'/></console>"
#define SERIAL_CONSOLE "<console type='pty'><target type='serial'/></console>"

/* Slots 3 to 30 of a PCI bus, or 3 to 31; 0 to 2 are never free. */
/* clang-format never settles on these. */
/* clang-format off */
#define SLOT(bus, slot)                                                                                      \
    "<memory><address type='pci' domain='0x0000' bus='" bus "' slot='" slot "' function='0x0'/></memory>"
#define SLOTS_16(bus)                                                                                        \
    SLOT(bus, "0x10")                                                                                        \
    SLOT(bus, "0x11")                                                                                        \
    SLOT(bus, "0x12")                                                                                        \
    SLOT(bus, "0x13") SLOT(bus, "0x14") SLOT(bus, "0x15") SLOT(bus, "0x16") SLOT(bus, "0x17")                \
        SLOT(bus, "0x18") SLOT(bus, "0x19") SLOT(bus, "0x1a") SLOT(bus, "0x1b") SLOT(bus, "0x1c")            \
            SLOT(bus, "0x1d") SLOT(bus, "0x1E")
#define SLOTS_30(bus)                                                                                        \
    SLOT(bus, "3")                                                                                           \
    SLOT(bus, "0x04")                                                                                        \
    SLOT(bus, "0x05")                                                                                        \
    SLOT(bus, "0x06") SLOT(bus, "0x07") SLOT(bus, "0x08") SLOT(bus, "0x09") SLOT(bus, "0x0a")                \
        SLOT(bus, "0x0b") SLOT(bus, "0x0c") SLOT(bus, "0x0d") SLOT(bus, "0x0e") SLOT(bus, "0x0f")            \
            SLOTS_16(bus)
#define SLOTS_31(bus) SLOTS_30(bus) SLOT(bus, "0x1f")
/* clang-format on */
#define BRIDGE "<controller type='pci' index='1' model='pci-bridge'/>"
#define PC MACHINE("x86_64", "pc-i440fx-7.2")

static const struct vp_trial slot_rows[] = {
    {.set = "guest.rng=yes",
     .domain = DEBIAN PC DEVICES(SLOTS_30("0x00")),
     .expect = "devices/rng[#1] = *\n"},
    {.set = "guest.rng=yes",
     .domain = DEBIAN PC DEVICES(SLOTS_31("0x00")),
     .expect = "skipped guest.rng: every slot of the guest's PCI buses is taken*\n"},
    {.set = "guest.rng=no",
     .domain = DEBIAN PC DEVICES(SLOTS_31("0x00") RNG),
     .expect = "devices/rng[#1] -\n"},
    {.set = "guest.rng=yes", .domain = DEBIAN DEVICES(SLOTS_31("0x00")), .expect = "devices/rng[#1] = *\n"},
    {.set = "guest.rng=yes",
     .domain = DEBIAN PC DEVICES(SLOTS_31("0x00") BRIDGE),
     .expect = "devices/rng[#1] = *\n"},
    {.set = "guest.rng=yes",
     .domain = DEBIAN PC DEVICES(SLOTS_31("0x00") BRIDGE SLOTS_31("0x01") SLOT("1", "1") SLOT("1", "2")),
     .expect = "skipped guest.rng: every slot*\n"},
    {.set = "guest.console=virtio; guest.watchdog=reset",
     .domain = DEBIAN PC DEVICES(SLOTS_31("0x00")),
     .expect = "skipped guest.console: every slot*\nskipped guest.watchdog: every slot*\n"},
    {.set = "guest.tablet=virtio; guest.usb=no",
     .domain = DEBIAN PC DEVICES(SLOTS_31("0x00") "<input type='tablet' bus='usb'/>"),
     .expect = "devices/input[#1] -\ndevices/controller[usb,0] = *\nskipped guest.tablet: every slot*\n"},
    {.set = "guest.tablet=virtio",
     .domain = DEBIAN PC DEVICES(SLOTS_31("0x00") "<input type='tablet' bus='virtio'/>"),
     .expect = ""},
};

static const struct vp_trial rng_rows[] = {
    {.set = "guest.rng=yes", .domain = DEBIAN DEVICES(""), .expect = "devices/rng[#1] = " RNG "\n"},
    {.set = "guest.rng=yes", .domain = DEBIAN DEVICES(RNG), .expect = ""},
    {.set = "guest.rng=yes",
     .domain = DEBIAN DEVICES("<rng model='virtio'><backend model='egd' type='udp'/></rng>"),
     .expect = ""},
    {.set = "guest.rng=yes",
     .domain = DEVICES(""),
     .expect = "skipped guest.rng: the guest is not known to have virtio drivers*\n"},
    {.set = "guest.rng=yes",
     .domain = DEBIAN MACHINE("armv7l", "vexpress-a9") DEVICES(""),
     .expect = "skipped guest.rng: this machine has no PCI*\n"},
    {.set = "guest.rng=yes", .domain = DEBIAN, .expect = ""},
    {.set = "guest.rng=no",
     .domain = DEVICES(RNG "<rng model='virtio'><backend model='builtin'/></rng>"),
     .expect = "devices/rng[#1] -\ndevices/rng[#2] -\n"},
    {.set = "guest.rng=no", .domain = DEVICES(""), .expect = ""},
    {.set = "guest.rng=yes", .domain = DEBIAN DEVICES(""), .phase = VP_PHASE_RESTORE, .expect = ""},
};

static const struct vp_trial console_rows[] = {
    {.set = "guest.console=virtio",
     .domain = DEBIAN DEVICES(""),
     .expect = "devices/console[#1] = " VIRTIO_CONSOLE "\n"},
    {.set = "guest.console=virtio",
     .domain =
         DEBIAN DEVICES("<serial type='pty'/><console type='pty'><target type='serial' port='0'/></console>"),
     .expect = "devices/console[#2] = " VIRTIO_CONSOLE "\n"},
    /* libvirt puts a console for the serial port in front of ours. */
    {.set = "guest.console=virtio",
     .domain = DEBIAN DEVICES("<serial type='pty'/>"),
     .expect = "devices/console[#1] = " SERIAL_CONSOLE "\ndevices/console[#2] = " VIRTIO_CONSOLE "\n"},
    {.set = "guest.console=virtio",
     .domain = DEBIAN DEVICES("<serial type='pty'><target type='pci-serial'/></serial>"),
     .expect = "devices/console[#1] = " VIRTIO_CONSOLE "\n"},
    {.set = "guest.console=virtio",
     .domain = DEBIAN DEVICES("<serial type='file'><source path='/var/log/guest'/></serial>"),
     .expect =
         "skipped guest.console: the guest's console is a serial port that someone chose to send elsewhere\n"},
    {.set = "guest.console=virtio",
     .domain = DEBIAN DEVICES("<console type='pty'><target type='virtio' port='0'/></console>"),
     .expect = ""},
    {.set = "guest.console=virtio",
     .domain = DEVICES(""),
     .expect = "skipped guest.console: the guest is not known to have virtio drivers*\n"},
    {.set = "guest.console=virtio",
     .domain = DEBIAN MACHINE("s390x", "s390-ccw-virtio") DEVICES(""),
     .expect = "skipped guest.console: the machine has an SCLP console of its own\n"},
};

#define VIDEO(inner) "<video>" inner "</video>"
#define CIRRUS VIDEO("<model type='cirrus' vram='16384' heads='1' primary='yes'/>")
#define NO_VIDEO "<video><model type='none'/></video>"
#define MODEL "devices/video[#1]/model/@"

static const struct vp_trial video_rows[] = {
    {.set = "guest.video=virtio",
     .domain = DEBIAN DEVICES(VNC CIRRUS),
     .expect = MODEL "type = virtio\n" MODEL "ram - (already)\n" MODEL "vram -\n" MODEL
                     "vgamem - (already)\n" MODEL "vram64 - (already)\n"},
    {.set = "guest.video=qxl",
     .domain = DEVICES(VNC CIRRUS),
     .expect = MODEL "type = qxl\n" MODEL "ram = 65536\n" MODEL "vram = 65536\n" MODEL
                     "vgamem = 16384\n" MODEL "vram64 - (already)\n"},
    {.set = "guest.video=vga",
     .domain =
         DEVICES(VIDEO("<model type='qxl' ram='65536' vram='65536' vgamem='16384' vram64='9' heads='1'/>")),
     .expect =
         MODEL "type = vga\n" MODEL "ram -\n" MODEL "vram = 16384\n" MODEL "vgamem -\n" MODEL "vram64 -\n"},
    /* What someone chose for the same model stays. */
    {.set = "guest.video=qxl",
     .domain = DEVICES(VIDEO("<model type='qxl' ram='131072' vgamem='65536' heads='4'/>")),
     .expect = MODEL "type = qxl (already)\n"},
    {.set = "guest.video=virtio",
     .domain = DEBIAN DEVICES(VNC),
     .expect = "devices/video[#1] = <video><model type='virtio'/></video>\n"},
    {.set = "guest.video=virtio",
     .domain = DEBIAN DEVICES(""),
     .expect = "skipped guest.video: the guest has no display\n"},
    {.set = "guest.video=vga",
     .domain = DEVICES(NO_VIDEO),
     .expect = "skipped guest.video: the guest has no display\n"},
    {.set = "guest.video=virtio",
     .domain = DEVICES(VNC CIRRUS),
     .expect = "skipped guest.video: the guest is not known to have virtio drivers*\n"},
    {.set = "guest.video=vga",
     .domain = MACHINE("aarch64", "virt") DEVICES(VNC VIDEO("<model type='virtio'/>")),
     .expect = "skipped guest.video: this machine has display adapters of its own\n"},
    {.set = "guest.video=vga",
     .domain = DEVICES(VIDEO("<model type='virtio'><acceleration accel3d='yes'/></model>")),
     .expect = "skipped guest.video: video device: it has 3D acceleration*\n"},
    {.set = "guest.video=qxl",
     .domain = DEVICES(VIDEO("<model type='ramfb'/>")),
     .expect = "skipped guest.video: video device: it shows the boot of a passed-through GPU*\n"},
    {.set = "guest.video=qxl",
     .domain = DEVICES(VIDEO("<driver name='vhostuser'/><model type='virtio'/>")),
     .expect = "skipped guest.video: video device: it has driver options*\n"},
    {.set = "guest.video=vga",
     .domain = DEVICES(VIDEO("<model type='qxl' heads='4'/>")),
     .expect = "skipped guest.video: video device: it has several heads*\n"},
    {.set = "guest.video=vga",
     .domain = DEVICES(VIDEO("<model type='vga'/>") VIDEO("<model type='qxl'/>")),
     .expect = MODEL "type = vga (already)\n"
                     "skipped guest.video: video device: a VGA card can only be the first\n"},

    {.set = "guest.video=none",
     .domain = DEVICES(CIRRUS VIDEO("<model type='qxl'/>")),
     .expect = "devices/video[#1] = " NO_VIDEO "\ndevices/video[#2] -\n"},
    {.set = "guest.video=none",
     .domain = DEVICES(VNC),
     .expect = "devices/video[#1] = " NO_VIDEO "\nwarning guest.video: the guest's graphics stay*\n"},
    {.set = "guest.video=none",
     .domain = DEVICES(NO_VIDEO),
     .expect = "devices/video[#1] = " NO_VIDEO " (already)\n"},
    {.set = "guest.video=none", .domain = DEVICES(""), .expect = ""},
};

#define TABLET(bus) "<input type='tablet' bus='" bus "'/>"
#define MOUSE "<input type='mouse' bus='ps2'/>"
#define KEYBOARD "<input type='keyboard' bus='ps2'/>"

static const struct vp_trial tablet_rows[] = {
    {.set = "guest.tablet=virtio",
     .domain = DEBIAN DEVICES(TABLET("usb") MOUSE),
     .expect = "devices/input[#1] = " TABLET("virtio") "\n"},
    {.set = "guest.tablet=virtio",
     .domain = DEBIAN DEVICES("<input type='tablet'/>"),
     .expect = "devices/input[#1] = " TABLET("virtio") "\n"},
    {.set = "guest.tablet=virtio", .domain = DEBIAN DEVICES(TABLET("virtio")), .expect = ""},
    {.set = "guest.tablet=virtio",
     .domain = DEBIAN DEVICES(VNC MOUSE),
     .expect = "devices/input[#2] = " KEYBOARD "\ndevices/input[#3] = " TABLET("virtio") "\n"},
    {.set = "guest.tablet=virtio",
     .domain = DEBIAN MACHINE("aarch64", "virt") DEVICES(VNC),
     .expect = "devices/input[#1] = " TABLET("virtio") "\n"},
    {.set = "guest.tablet=virtio", .domain = DEBIAN DEVICES(MOUSE), .expect = ""},
    {.set = "guest.tablet=virtio",
     .domain = DEVICES(TABLET("usb")),
     .expect = "skipped guest.tablet: the guest is not known to have virtio drivers*\n"},
    /* libvirt would put mouse and keyboard behind a tablet that stands alone. */
    {.set = "guest.tablet=usb",
     .domain = DEVICES(VNC),
     .expect = "devices/input[#1] = " MOUSE "\ndevices/input[#2] = " KEYBOARD "\n"
               "devices/input[#3] = " TABLET("usb") "\n"},
    {.set = "guest.tablet=usb",
     .domain = DEVICES(VNC MOUSE "<input type='keyboard'/>"),
     .expect = "devices/input[#3] = " TABLET("usb") "\n"},
    {.set = "guest.tablet=usb",
     .domain = DEVICES(VNC "<controller type='usb' index='0' model='none'/>"),
     .expect = "skipped guest.tablet: the machine has no USB\n"},
    {.set = "guest.tablet=usb",
     .domain = DEVICES(VNC "<redirdev bus='usb' type='spicevmc'/><input type='keyboard' bus='usb'/>"),
     .expect = "skipped guest.tablet: other devices may have all ports*\n"},
    {.set = "guest.tablet=usb",
     .domain = DEVICES(TABLET("virtio") "<hub type='usb'/><redirdev bus='usb' type='spicevmc'/>"),
     .expect = "devices/input[#1] = " TABLET("usb") "\n"},
    {.set = "guest.tablet=no", .domain = DEVICES(MOUSE TABLET("usb")), .expect = "devices/input[#2] -\n"},
    {.set = "guest.tablet=no", .domain = DEVICES(MOUSE), .expect = ""},
};

#define USB(index, model) "<controller type='usb' index='" index "' model='" model "'/>"
#define NO_USB "<controller type='usb' index='0' model='none'/>"
#define QEMU(arg)                                                                                            \
    "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:arg value='" arg        \
    "'/></qemu:commandline>"

static const struct vp_trial usb_rows[] = {
    {.set = "guest.usb=no", .domain = DEVICES(""), .expect = "devices/controller[usb,0] = " NO_USB "\n"},
    {.set = "guest.usb=no",
     .domain = DEVICES(USB("0", "qemu-xhci") TABLET("usb") MOUSE "<input type='keyboard' bus='usb'/>"),
     .expect = "devices/input[#1] -\ndevices/input[#3] -\ndevices/controller[usb,0] = " NO_USB "\n"},
    /* Companions share an index, so libvirt may sort them otherwise: all go, and a new one says none. */
    {.set = "guest.usb=no",
     .domain = DEVICES(USB("0", "ich9-ehci1") USB("0", "ich9-uhci1") USB("1", "nec-xhci")),
     .expect = "devices/controller[#1] -\ndevices/controller[#2] -\ndevices/controller[usb,1] -\n"
               "devices/controller[usb,0] = " NO_USB "\n"},
    {.set = "guest.usb=no", .domain = DEVICES("<controller type='usb' model='none'/>"), .expect = ""},
    {.set = "guest.usb=no",
     .domain = MACHINE("ppc64", "pseries") DEVICES(""),
     .expect = "skipped guest.usb: USB stays: only x86 machines*\n"},
    {.set = "guest.usb=no",
     .domain = DEVICES("<disk type='file'><target dev='sda' bus='usb'/></disk>"),
     .expect = "skipped guest.usb: USB stays: a USB disk\n"},
    {.set = "guest.usb=no",
     .domain = DEVICES("<hostdev mode='subsystem' type='usb'/>"),
     .expect = "skipped guest.usb: USB stays: a USB device of the host\n"},
    {.set = "guest.usb=no",
     .domain = DEVICES(
         "<interface type='hostdev'><source><address type='usb' bus='1' device='2'/></source></interface>"),
     .expect = "skipped guest.usb: USB stays: a USB device of the host\n"},
    {.set = "guest.usb=no",
     .domain = DEVICES("<redirdev bus='usb' type='spicevmc'/>"),
     .expect = "skipped guest.usb: USB stays: a redirected USB device\n"},
    {.set = "guest.usb=no",
     .domain = DEVICES("<smartcard mode='host'/>"),
     .expect = "skipped guest.usb: USB stays: a smartcard\n"},
    {.set = "guest.usb=no",
     .domain = DEVICES("<hub type='usb'/>"),
     .expect = "skipped guest.usb: USB stays: a USB hub\n"},
    {.set = "guest.usb=no",
     .domain = DEVICES("<serial type='pty'><target type='usb-serial'/></serial>"),
     .expect = "skipped guest.usb: USB stays: a USB device\n"},
    {.set = "guest.usb=no",
     .domain = DEVICES("<interface type='user'><model type='usb-net'/></interface>"),
     .expect = "skipped guest.usb: USB stays: a USB device\n"},
    {.set = "guest.usb=no",
     .domain = DEVICES("") QEMU("usb-audio"),
     .expect = "skipped guest.usb: USB stays: the QEMU arguments*\n"},
    {.set = "guest.usb=no",
     .domain = DEVICES("") QEMU("-nodefaults"),
     .expect = "devices/controller[usb,0] = " NO_USB "\n"},
    {.set = "guest.usb=no",
     .domain = DEVICES("<sound model='usb'/>"),
     .expect = "skipped guest.usb: USB stays: a USB sound card\n"},
    {.set = "guest.usb=no; guest.sound=no",
     .domain = DEVICES("<sound model='usb'/><sound model='ich9'/>"),
     .expect = "devices/sound[#1] -\ndevices/sound[#2] -\ndevices/controller[usb,0] = " NO_USB "\n"},
    /* What guest.tablet did to a tablet is not undone, nor done twice. */
    {.set = "guest.usb=no; guest.tablet=virtio",
     .domain = DEBIAN DEVICES(TABLET("usb")),
     .expect = "devices/input[#1] = " TABLET("virtio") "\ndevices/controller[usb,0] = " NO_USB "\n"},
    {.set = "guest.usb=no; guest.tablet=virtio",
     .domain = DEVICES(TABLET("usb")),
     .expect = "devices/input[#1] -\ndevices/controller[usb,0] = " NO_USB "\n"
               "skipped guest.tablet: the guest is not known*\n"},
    {.set = "guest.usb=no; guest.tablet=no",
     .domain = DEVICES(TABLET("usb")),
     .expect = "devices/input[#1] -\ndevices/controller[usb,0] = " NO_USB "\n"},
    {.set = "guest.usb=no; guest.tablet=usb",
     .domain = DEVICES(TABLET("usb")),
     .expect = "skipped guest.usb: USB stays: guest.tablet = usb asks for a tablet on it\n"},
};

#define SCSI(index, model) "<controller type='scsi' index='" index "' model='" model "'/>"
#define VIRTIO_SCSI SCSI("0", "virtio-scsi")
#define SDA "<disk type='file'><target dev='sda' bus='scsi'/></disk>"

static const struct vp_trial scsi_rows[] = {
    {.set = "guest.scsi=virtio-scsi",
     .domain = DEBIAN DEVICES(SCSI("0", "lsilogic")
                                  SCSI("1", "virtio-transitional") "<controller type='scsi' index='2'/>"),
     .expect =
         "devices/controller[scsi,0]/@model = virtio-scsi\ndevices/controller[scsi,2]/@model = virtio-scsi\n"},
    {.set = "guest.scsi=virtio-scsi",
     .domain = DEBIAN DEVICES(SDA),
     .expect = "devices/controller[scsi,0] = " VIRTIO_SCSI "\n"},
    {.set = "guest.scsi=virtio-scsi",
     .domain =
         DEBIAN DEVICES(VIRTIO_SCSI "<disk type='file' device='cdrom'><target dev='sdh' bus='scsi'/></disk>"),
     .expect = "devices/controller[scsi,1] = " SCSI("1", "virtio-scsi") "\n"},
    {.set = "guest.scsi=virtio-scsi",
     .domain = DEBIAN MACHINE("ppc64", "pseries") DEVICES(SCSI("0", "ibmvscsi")),
     .expect = "skipped guest.scsi: SCSI controller 0: it is part of its board*\n"},
    {.set = "guest.scsi=virtio-scsi",
     .domain = DEBIAN DEVICES("<controller type='scsi' model='lsisas1068'/>"),
     .expect = "skipped guest.scsi: SCSI controller 0: it has no index yet*\n"},
    {.set = "guest.scsi=virtio-scsi",
     .domain = DEVICES(SDA),
     .expect = "skipped guest.scsi: the guest is not known to have virtio drivers*\n"},
    {.set = "guest.scsi=virtio-scsi",
     .domain = WINDOWS DEVICES(VDA SCSI("0", "lsisas1068")),
     .expect = "skipped guest.scsi: a Windows guest does not boot*\n"},
    {.set = "guest.scsi=virtio-scsi",
     .domain = WINDOWS DEVICES(VIRTIO_SCSI SCSI("1", "lsisas1068")),
     .expect = "devices/controller[scsi,1]/@model = virtio-scsi\n"},
};

#define WATCHDOG(model, action) "<watchdog model='" model "' action='" action "'/>"

static const struct vp_trial watchdog_rows[] = {
    {.set = "guest.watchdog=reset",
     .domain = DEVICES(""),
     .expect = "devices/watchdog[#1] = " WATCHDOG("i6300esb", "reset") "\n"},
    {.set = "guest.watchdog=dump",
     .domain = DEVICES(WATCHDOG("ib700", "reset")),
     .expect = "devices/watchdog[#1]/@action = dump\n"},
    {.set = "guest.watchdog=reset",
     .domain = DEVICES("<watchdog model='i6300esb'/>"),
     .expect = "devices/watchdog[#1]/@action = reset\n"},
    {.set = "guest.watchdog=pause",
     .domain = MACHINE("s390x", "s390-ccw-virtio") DEVICES(""),
     .expect = "devices/watchdog[#1] = " WATCHDOG("diag288", "pause") "\n"},
    {.set = "guest.watchdog=reset",
     .domain = MACHINE("aarch64", "virt") DEVICES(""),
     .expect = "skipped guest.watchdog: this machine has no watchdog*\n"},
    {.set = "guest.watchdog=no",
     .domain = DEVICES(WATCHDOG("i6300esb", "reset") WATCHDOG("itco", "reset")),
     .expect = "devices/watchdog[#1] -\n"},
    {.set = "guest.watchdog=poweroff",
     .domain = DEVICES(WATCHDOG("itco", "reset")),
     .expect = "devices/watchdog[#1]/@action = poweroff\n"
               "devices/watchdog[#2] = " WATCHDOG("i6300esb", "poweroff") "\n"},
};

static const struct vp_trial feature_rows[] = {
    {.set = "guest.pmu=no", .domain = "", .expect = "features/pmu/@state = off\n"},
    {.set = "guest.pmu=yes",
     .domain = "<features><pmu state='on'/></features>",
     .expect = "features/pmu/@state = on (already)\n"},
    {.set = "guest.pmu=no", .domain = MACHINE("aarch64", "virt"), .expect = "features/pmu/@state = off\n"},
    {.set = "guest.pmu=no",
     .domain = MACHINE("ppc64", "pseries"),
     .expect = "skipped guest.pmu: the guest is emulated*\n"},
    {.set = "guest.pmu=no", .domain = EMULATED(""), .expect = "skipped guest.pmu: the guest is emulated*\n"},
    {.set = "guest.ioapic=kvm", .domain = "", .expect = "features/ioapic/@driver = kvm\n"},
    {.set = "guest.ioapic=kvm",
     .domain = DEVICES("<iommu model='intel'><driver intremap='on'/></iommu>"),
     .expect = "skipped guest.ioapic: the guest's IOMMU remaps interrupts*\n"},
    {.set = "guest.ioapic=qemu",
     .domain = DEVICES("<iommu model='intel'><driver intremap='on'/></iommu>"),
     .expect = "features/ioapic/@driver = qemu\n"},
    {.set = "guest.ioapic=qemu",
     .domain = EMULATED(""),
     .expect = "skipped guest.ioapic: only a KVM guest*\n"},
    {.set = "guest.vmport=no", .domain = "", .expect = "features/vmport/@state = off\n"},
    {.set = "guest.vmport=no",
     .domain = MACHINE("x86_64", "microvm"),
     .expect = "skipped guest.vmport: only PC machines*\n"},
    {.set = "guest.vmport=no",
     .domain = MACHINE("aarch64", "virt"),
     .expect = "skipped guest.vmport: only PC machines*\n"},
    {.set = "guest.suspend-to-mem=no; guest.suspend-to-disk=no",
     .domain = "<pm><suspend-to-disk enabled='no'/></pm>",
     .expect = "pm/suspend-to-mem/@enabled = no\npm/suspend-to-disk/@enabled = no (already)\n"},
    {.set = "guest.suspend-to-mem=yes",
     .domain = "<os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type></os>",
     .expect = "skipped guest.suspend-to-mem: libvirt chooses the firmware*\n"},
    {.set = "guest.suspend-to-disk=no",
     .domain = MACHINE("s390x", "s390-ccw-virtio"),
     .expect = "skipped guest.suspend-to-disk: libvirt sets ACPI sleep states on PC machines only\n"},
};

START_TEST(slot)
{
    vp_trial_check(&slot_rows[_i], _i);
}
END_TEST
START_TEST(rng)
{
    vp_trial_check(&rng_rows[_i], _i);
}
END_TEST
START_TEST(console)
{
    vp_trial_check(&console_rows[_i], _i);
}
END_TEST
START_TEST(video)
{
    vp_trial_check(&video_rows[_i], _i);
}
END_TEST
START_TEST(tablet)
{
    vp_trial_check(&tablet_rows[_i], _i);
}
END_TEST
START_TEST(usb)
{
    vp_trial_check(&usb_rows[_i], _i);
}
END_TEST
START_TEST(scsi)
{
    vp_trial_check(&scsi_rows[_i], _i);
}
END_TEST
START_TEST(watchdog)
{
    vp_trial_check(&watchdog_rows[_i], _i);
}
END_TEST
START_TEST(feature)
{
    vp_trial_check(&feature_rows[_i], _i);
}
END_TEST

VP_TEST_MAIN("guest", VP_TEST_ROWS(slot, slot_rows), VP_TEST_ROWS(rng, rng_rows),
             VP_TEST_ROWS(console, console_rows), VP_TEST_ROWS(video, video_rows),
             VP_TEST_ROWS(tablet, tablet_rows), VP_TEST_ROWS(usb, usb_rows), VP_TEST_ROWS(scsi, scsi_rows),
             VP_TEST_ROWS(watchdog, watchdog_rows), VP_TEST_ROWS(feature, feature_rows))
