/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#define MAC "<mac address='52:54:00:00:00:01'/>"
#define NIC(type, inner) "<devices><interface type='" type "'>" MAC inner "</interface></devices>"
#define VIRTIO "<model type='virtio'/>"
#define AT "devices/interface[52:54:00:00:00:01]/"
#define BRIDGE "<source bridge='br0'/>"
#define DEBIAN VP_TRIAL_OS("http://debian.org/debian/12")
#define EMULATED "<domain type='qemu'>" VP_TRIAL_GUEST
#define MACHINE(arch, machine) "<vcpu>4</vcpu><os><type arch='" arch "' machine='" machine "'>hvm</type></os>"

static const struct vp_trial model_rows[] = {
    /* libosinfo, or a virtio device, says that there are drivers. */
    {.set = "network.model=virtio",
     .domain = DEBIAN NIC("bridge", BRIDGE "<model type='e1000'/>"),
     .expect = AT "model/@type = virtio\n"},
    {.set = "network.model=virtio",
     .domain = DEBIAN NIC("bridge", BRIDGE),
     .expect = AT "model/@type = virtio\n"},
    {.set = "network.model=virtio",
     .domain = "<devices><disk type='file'><target dev='vda' bus='virtio'/></disk>"
               "<interface type='user'>" MAC "<model type='rtl8139'/></interface></devices>",
     .expect = AT "model/@type = virtio\n"},
    {.set = "network.model=virtio",
     .domain = NIC("user", "<model type='e1000e'/>"),
     .expect =
         "skipped network.model: 52:54:00:00:00:01: the guest is not known to have virtio drivers; *\n"},
    {.set = "network.model=virtio",
     .domain = "<devices><interface type='user'/><interface type='user'/></devices>",
     .expect = "skipped network.model: interface 1: the guest is not known *\n"
               "skipped network.model: interface 2: the guest is not known *\n"},
    /* Variants of virtio stay; a default of virtio counts before and after libvirt wrote it down. */
    {.set = "network.model=virtio",
     .domain = NIC("user", "<model type='virtio-non-transitional'/>"),
     .expect = AT "model/@type = virtio-non-transitional (already)\n"},
    {.set = "network.model=virtio",
     .domain = MACHINE("aarch64", "virt-7.2") NIC("user", ""),
     .expect = AT "model/@type = virtio\n"},
    {.set = "network.model=virtio",
     .domain = MACHINE("s390x", "s390-ccw-virtio") NIC("user", VIRTIO),
     .expect = AT "model/@type = virtio (already)\n"},
    {.set = "network.model=virtio",
     .domain = MACHINE("riscv64", "virt") NIC("user", ""),
     .expect = AT "model/@type = virtio\n"},
    {.set = "network.model=virtio",
     .domain = NIC("vdpa", "<source dev='/dev/vhost-vdpa-0'/>"),
     .expect = AT "model/@type = virtio\n"},
    /* No place for a virtio card, or a card that is none. */
    {.set = "network.model=virtio",
     .domain = DEBIAN NIC("hostdev",
                          "<source><address type='pci' domain='0' bus='1' slot='0' function='0'/></source>"),
     .expect = "skipped network.model: 52:54:00:00:00:01: it is a device of the host passed through*\n"},
    {.set = "network.model=virtio",
     .domain = DEBIAN NIC("network", "<source network='vf'/><driver name='vfio'/>"),
     .expect = "skipped network.model: 52:54:00:00:00:01: it is a device of the host passed through*\n"},
    {.set = "network.model=virtio",
     .domain = DEBIAN NIC("network", "<source network='vf'/><teaming type='transient' persistent='ua-0'/>"),
     .expect = "skipped network.model: 52:54:00:00:00:01: it is a device of the host passed through*\n"},
    {.set = "network.model=virtio",
     .domain = DEBIAN MACHINE("x86_64", "isapc") NIC("user", "<model type='ne2k_isa'/>"),
     .expect = "skipped network.model: 52:54:00:00:00:01: this machine has no PCI*\n"},
    {.set = "network.model=virtio",
     .domain = DEBIAN MACHINE("ppc64", "pseries") NIC("user", "<model type='spapr-vlan'/>"),
     .expect = "skipped network.model: 52:54:00:00:00:01: its model sits on a bus of its own*\n"},
    {.set = "network.model=virtio",
     .domain = DEBIAN NIC("user", "<model type='e1000'/><rom file='/usr/share/rom.bin'/>"),
     .expect = "skipped network.model: 52:54:00:00:00:01: it boots from a ROM file*\n"},
    /* The guest sees it: never on a migration. */
    {.set = "network.model=virtio",
     .domain = DEBIAN NIC("user", "<model type='e1000'/>"),
     .phase = VP_PHASE_MIGRATE,
     .expect = ""},
};

static const struct vp_trial driver_rows[] = {
    {.set = "network.backend=vhost",
     .domain = NIC("bridge", BRIDGE VIRTIO),
     .expect = AT "driver/@name = vhost\n"},
    {.set = "network.backend=vhost",
     .domain = NIC("direct", "<source dev='eth0' mode='bridge'/>" VIRTIO "<driver name='vhost' queues='2'/>"),
     .expect = AT "driver/@name = vhost (already)\n"},
    {.set = "network.backend=qemu", .domain = NIC("ethernet", VIRTIO), .expect = AT "driver/@name = qemu\n"},
    {.set = "network.backend=vhost",
     .domain = NIC("user", VIRTIO),
     .expect = "skipped network.backend: 52:54:00:00:00:01: it is of type user, which has no tap device*\n"},
    {.set = "network.backend=vhost",
     .domain = NIC("bridge", BRIDGE "<model type='e1000'/>"),
     .expect = "skipped network.backend: 52:54:00:00:00:01: its model is not virtio*\n"},
    /* The model that the same plan gives counts. */
    {.set = "network.backend=vhost; network.model=virtio",
     .domain = DEBIAN NIC("bridge", BRIDGE "<model type='e1000'/>"),
     .expect = AT "model/@type = virtio\n" AT "driver/@name = vhost\n"},
    {.set = "network.backend=vhost",
     .domain = EMULATED NIC("bridge", BRIDGE VIRTIO) "</domain>",
     .expect = "skipped network.backend: the guest is emulated*\n"},
    {.set = "network.backend=qemu",
     .domain = EMULATED NIC("bridge", BRIDGE VIRTIO) "</domain>",
     .expect = AT "driver/@name = qemu\n"},

    /* Never more queues than vCPUs; libvirt stores no count of one. */
    {.set = "network.queues=min(vcpus, 8)",
     .domain = NIC("bridge", BRIDGE VIRTIO),
     .expect = AT "driver/@queues = 4\n"},
    {.set = "network.queues=8",
     .domain = NIC("network", "<source network='n'/>" VIRTIO),
     .expect = AT "driver/@queues = 4\n"},
    {.set = "network.queues=2",
     .domain = "<vcpu current='1'>4</vcpu>" NIC("bridge", BRIDGE VIRTIO "<driver queues='2'/>"),
     .expect = AT "driver/@queues = 2 (already)\n"},
    {.set = "network.queues=4",
     .domain = "<vcpu>1</vcpu>" NIC("bridge", BRIDGE VIRTIO "<driver queues='4'/>"),
     .expect = AT "driver/@queues -\n"},
    {.set = "network.queues=1",
     .domain = NIC("bridge", BRIDGE VIRTIO),
     .expect = AT "driver/@queues - (already)\n"},
    {.set = "network.queues=vcpus",
     .domain = NIC("vhostuser", "<source type='unix' path='/run/s' mode='server'/>" VIRTIO),
     .expect = AT "driver/@queues = 4\n"},
    /* A model that libvirt would fill in is named, or libvirt would drop the options. */
    {.set = "network.queues=4",
     .domain = MACHINE("s390x", "s390-ccw-virtio") NIC("bridge", BRIDGE),
     .expect = AT "model/@type = virtio\n" AT "driver/@queues = 4\n"},
    {.set = "network.queues=1; network.mrg-rxbuf=no",
     .domain = MACHINE("aarch64", "virt") NIC("bridge", BRIDGE),
     .expect =
         AT "driver/@queues - (already)\n" AT "model/@type = virtio\n" AT "driver/host/@mrg_rxbuf = off\n"},
    {.set = "network.queues=4",
     .domain = NIC("user", VIRTIO),
     .expect = "skipped network.queues: 52:54:00:00:00:01: it is of type user, whose queues*\n"},
    {.set = "network.queues=4",
     .domain = NIC("vdpa", "<source dev='/dev/vhost-vdpa-0'/>" VIRTIO),
     .expect = "skipped network.queues: 52:54:00:00:00:01: it is of type vdpa, whose queues*\n"},
    {.set = "network.queues=4",
     .domain = NIC("ethernet", "<target dev='tap7' managed='no'/>" VIRTIO),
     .expect = "skipped network.queues: 52:54:00:00:00:01: its tap device is made by someone else*\n"},
    {.set = "network.queues=4",
     .domain = MACHINE("aarch64", "virt") NIC("bridge", BRIDGE VIRTIO "<address type='virtio-mmio'/>"),
     .expect = "skipped network.queues: 52:54:00:00:00:01: it sits on virtio-mmio*\n"},
    {.set = "network.queues=4",
     .domain = NIC("network", "<source network='vf'/><driver name='vfio'/>"),
     .expect = "skipped network.queues: 52:54:00:00:00:01: it is a device of the host passed through*\n"},

    {.set = "network.rx-queue-size=1024",
     .domain = NIC("bridge", BRIDGE VIRTIO),
     .expect = AT "driver/@rx_queue_size = 1024\n"},
    {.set = "network.rx-queue-size=1024; network.tx-queue-size=1024",
     .domain = NIC("vhostuser", "<source type='unix' path='/run/s' mode='server'/>" VIRTIO),
     .expect = AT "driver/@rx_queue_size = 1024\n" AT "driver/@tx_queue_size = 1024\n"},
    {.set = "network.tx-queue-size=1024",
     .domain = NIC("bridge", BRIDGE VIRTIO),
     .expect =
         "skipped network.tx-queue-size: 52:54:00:00:00:01: it is of type bridge, for which QEMU never *\n"},
    {.set = "network.rx-queue-size=512",
     .domain = NIC("user", VIRTIO),
     .expect = "skipped network.rx-queue-size: 52:54:00:00:00:01: it is of type user*\n"},

    {.set = "network.packed=yes",
     .domain = NIC("vhostuser", "<source type='unix' path='/run/s' mode='server'/>" VIRTIO),
     .expect = AT "driver/@packed = on\n"},
    {.set = "network.packed=yes",
     .domain = NIC("bridge", BRIDGE VIRTIO),
     .expect = "skipped network.packed: 52:54:00:00:00:01: the kernel's vhost-net has no packed rings*\n"},
    {.set = "network.packed=yes; network.backend=qemu",
     .domain = NIC("bridge", BRIDGE VIRTIO),
     .expect = AT "driver/@name = qemu\n" AT "driver/@packed = on\n"},
    {.set = "network.packed=no",
     .domain = NIC("bridge", BRIDGE VIRTIO),
     .expect = AT "driver/@packed = off\n"},

    {.set = "network.mrg-rxbuf=no",
     .domain = NIC("bridge", BRIDGE VIRTIO),
     .expect = AT "driver/host/@mrg_rxbuf = off\n"},
    {.set = "network.mrg-rxbuf=yes",
     .domain = NIC("bridge", BRIDGE VIRTIO "<driver><host mrg_rxbuf='off'/></driver>"),
     .expect = AT "driver/host/@mrg_rxbuf = on\n"},
};

#define DIRECT(inner) NIC("direct", inner VIRTIO)

static const struct vp_trial macvtap_rows[] = {
    {.set = "network.macvtap-mode=bridge",
     .domain = DIRECT("<source dev='eth0'/>"),
     .expect = AT "source/@mode = bridge\n"},
    {.set = "network.macvtap-mode=vepa",
     .domain = DIRECT("<source dev='eth0' mode='vepa'/>"),
     .expect = AT "source/@mode = vepa (already)\n"},
    {.set = "network.macvtap-mode=passthrough",
     .domain = DIRECT("<source dev='eth0' mode='vepa'/>"),
     .expect = AT
     "source/@mode = passthrough\n"
     "warning network.macvtap-mode: 52:54:00:00:00:01: passthrough takes the host device 'eth0' whole*\n"},
    {.set = "network.macvtap-mode=private", .domain = NIC("bridge", BRIDGE VIRTIO), .expect = ""},
    {.set = "network.macvtap-mode=bridge",
     .domain = DIRECT("<source dev='eth0' mode='passthrough'/><vlan><tag id='7'/></vlan>"),
     .expect = "skipped network.macvtap-mode: 52:54:00:00:00:01: it has a VLAN tag*\n"},
    {.set = "network.macvtap-mode=bridge",
     .domain = DIRECT("<source dev='eth0'/><virtualport type='802.1Qbg'/>"),
     .expect = "skipped network.macvtap-mode: 52:54:00:00:00:01: its virtual port*\n"},
    {.set = "network.macvtap-mode=passthrough",
     .domain = "<devices><interface type='direct'><source dev='eth0'/></interface>"
               "<interface type='direct'><source dev='eth0'/></interface></devices>",
     .expect = "skipped network.macvtap-mode: interface 1: another interface*\n"
               "skipped network.macvtap-mode: interface 2: another interface*\n"},
    /* The guest does not see it, but QEMU must be started for it. */
    {.set = "network.macvtap-mode=bridge",
     .domain = DIRECT("<source dev='eth0' mode='vepa'/>"),
     .phase = VP_PHASE_RESTORE,
     .expect = AT "source/@mode = bridge\n"},
};

#define LIMITS "network.inbound-average=1000; network.inbound-peak=2000; network.inbound-burst=512"

static const struct vp_trial limit_rows[] = {
    {.set = LIMITS "; network.outbound-average=500; network.outbound-peak=600; network.outbound-burst=64",
     .domain = NIC("bridge", BRIDGE),
     .expect = AT "bandwidth/inbound/@average = 1000\n" AT "bandwidth/inbound/@peak = 2000\n" AT
                  "bandwidth/inbound/@burst = 512\n" AT "bandwidth/outbound/@average = 500\n" AT
                  "bandwidth/outbound/@peak = 600\n" AT "bandwidth/outbound/@burst = 64\n"},
    {.set = "network.inbound-average=1000",
     .domain = NIC("ethernet", "<bandwidth><inbound average='1000'/></bandwidth>"),
     .phase = VP_PHASE_MIGRATE,
     .expect = AT "bandwidth/inbound/@average = 1000 (already)\n"},
    /* libvirt refuses a peak without an average, of the definition or of the plan. */
    {.set = "network.inbound-peak=2000",
     .domain = NIC("bridge", BRIDGE),
     .expect =
         "skipped network.inbound-peak: 52:54:00:00:00:01: libvirt takes a peak only beside an average; "
         "set network.inbound-average\n"},
    {.set = "network.outbound-burst=64",
     .domain = NIC("bridge", BRIDGE "<bandwidth><inbound average='1000'/></bandwidth>"),
     .expect = "skipped network.outbound-burst: *\n"},
    {.set = "network.outbound-burst=64",
     .domain = NIC("bridge", BRIDGE "<bandwidth><outbound average='1000'/></bandwidth>"),
     .expect = AT "bandwidth/outbound/@burst = 64\n"},
    {.set = "network.inbound-peak=500",
     .domain = NIC("bridge", BRIDGE "<bandwidth><inbound average='1000'/></bandwidth>"),
     .expect =
         AT "bandwidth/inbound/@peak = 500\n"
            "warning network.inbound-peak: 52:54:00:00:00:01: the peak is below the average of 1000 KiB/s\n"},
    {.set = "network.inbound-average=1000",
     .domain = NIC("user", VIRTIO),
     .expect =
         "skipped network.inbound-average: 52:54:00:00:00:01: it is of type user, which libvirt cannot limit*\n"},
    {.set = "network.inbound-average=1000",
     .domain = NIC("vhostuser", "<source type='unix' path='/run/s' mode='server'/>" VIRTIO),
     .expect = "skipped network.inbound-average: *vhostuser, which libvirt cannot limit*\n"},
    {.set = "network.inbound-floor=100",
     .domain = NIC("network", "<source network='default'/>"),
     .expect = AT "bandwidth/inbound/@floor = 100\n"
                  "warning network.inbound-floor: 52:54:00:00:00:01: the guest starts only while*\n"},
    {.set = "network.inbound-floor=100",
     .domain = NIC("bridge", BRIDGE),
     .expect =
         "skipped network.inbound-floor: 52:54:00:00:00:01: it is of type bridge, and libvirt guarantees*\n"},
};

START_TEST(model)
{
    vp_trial_check(&model_rows[_i], _i);
}
END_TEST
START_TEST(driver)
{
    vp_trial_check(&driver_rows[_i], _i);
}
END_TEST
START_TEST(macvtap)
{
    vp_trial_check(&macvtap_rows[_i], _i);
}
END_TEST
START_TEST(limit)
{
    vp_trial_check(&limit_rows[_i], _i);
}
END_TEST

static const struct {
    const char *knob, *value;
    bool ok;
} value_rows[] = {
    {"network.queues", "256", true},
    {"network.queues", "257", false},
    {"network.queues", "0", false},
    {"network.rx-queue-size", "300", false},
    {"network.inbound-average", "0", false},
    {"network.inbound-average", "4294967295", true},
    {"network.inbound-average", "4294967296", false},
    {"network.model", "e1000", false},
    {"network.macvtap-mode", "source", false},
};

START_TEST(values)
{
    vp_autofree char *refusal = vp_trial_refusal(value_rows[_i].knob, value_rows[_i].value);
    ck_assert_msg((refusal == NULL) == value_rows[_i].ok, "row %d %s = %s: %s", _i, value_rows[_i].knob,
                  value_rows[_i].value, refusal != NULL ? refusal : "accepted");
}
END_TEST

VP_TEST_MAIN("network", VP_TEST_ROWS(model, model_rows), VP_TEST_ROWS(driver, driver_rows),
             VP_TEST_ROWS(macvtap, macvtap_rows), VP_TEST_ROWS(limit, limit_rows),
             VP_TEST_ROWS(values, value_rows))
