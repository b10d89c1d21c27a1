/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "locality.h"

#include "sysfs.h"

#include <string.h>

#define HOST VP_CLEANUP(vp_host_free_ptr) struct vp_host
#define NET0 "/sys/devices/pci0000:00/0000:00:03.0"
#define NET1 "/sys/devices/pci0000:80/0000:80:02.0/0000:82:00."
#define UUID "4b20d080-1b54-4048-85b3-a6a62d165c01"

static void add_nic(const struct fake *fake, const char *name, const char *device)
{
    vp_autofree char *folder = vp_asprintf("%s/net/%s", device, name);
    vp_autofree char *file = vp_asprintf("%s/mtu", folder);
    vp_autofree char *link = vp_asprintf("%s/device", folder);
    vp_autofree char *class = vp_asprintf("/sys/class/net/%s", name);
    fake_file(fake, file, "1500\n");
    if (strncmp(device, "/sys/devices/virtual", strlen("/sys/devices/virtual")) != 0)
        sysfs_link(fake, link, device);
    sysfs_link(fake, class, folder);
}

static void add_lower(const struct fake *fake, const char *upper, const char *lower)
{
    vp_autofree char *path = vp_asprintf("/sys/devices/virtual/net/%s/lower_%s", upper, lower);
    vp_autofree char *target = vp_asprintf("/sys/class/net/%s", lower);
    sysfs_link(fake, path, target);
}

static void add_network(const struct fake *fake, const char *name, const char *inner)
{
    vp_autofree char *path = vp_asprintf("/etc/libvirt/qemu/networks/%s.xml", name);
    vp_autofree char *text = vp_asprintf("<network><name>%s</name>%s</network>", name, inner);
    fake_file(fake, path, text);
}

static void make_networks(const struct fake *fake)
{
    add_network(fake, "functions", "<forward mode='hostdev' managed='yes'><pf dev='ens1f0'/></forward>");
    add_network(fake, "listed",
                "<forward mode='hostdev'><address type='pci' domain='0' bus='0x82' slot='0' function='1'/>"
                "<address type='pci' domain='0' bus='0x41' slot='0' function='0'/></forward>");
    add_network(
        fake, "macvtap",
        "<forward mode='private' dev='eno1'><interface dev='eno1'/><interface dev='ens1f0'/></forward>");
    add_network(fake, "bridged", "<forward mode='bridge'/><bridge name='br0'/>");
    add_network(fake, "routed", "<forward mode='route' dev='eno1'/><bridge name='virbr1'/>");
    add_network(fake, "alone", "<bridge name='virbr2'/>");
    add_network(fake, "strange",
                "<forward><pf/><address type='pci' bus='x'/><driver name='vfio'/></forward>");
}

/* br0: a VLAN on a bond of two ports, and a guest's tap; br1: only brif; br2: two nodes; br3: a ring. */
static void make_nics(const struct fake *fake)
{
    static const char *const made_up[] = {"br0", "br1", "br2", "br3", "br4", "bond0", "bond0.7", "vnet0"};
    static const char *const lower[][2] = {{"br0", "bond0.7"},  {"br0", "vnet0"},    {"bond0.7", "bond0"},
                                           {"bond0", "ens1f0"}, {"bond0", "ens1f1"}, {"br2", "eno1"},
                                           {"br2", "ens1f0"},   {"br3", "br4"},      {"br4", "br3"}};
    add_nic(fake, "eno1", NET0);
    add_nic(fake, "ens1f0", NET1 "0");
    add_nic(fake, "ens1f1", NET1 "1");
    add_nic(fake, "eth9", "/sys/devices/pci0000:00/0000:00:09.0/virtio0");
    fake_file(fake, NET0 "/numa_node", "0\n");
    fake_file(fake, NET1 "0/numa_node", "1\n");
    fake_file(fake, NET1 "1/numa_node", "1\n");
    fake_file(fake, "/sys/devices/pci0000:00/0000:00:09.0/numa_node", "-1\n");
    for (size_t i = 0; i < VP_ARRAY_SIZE(made_up); i++)
        add_nic(fake, made_up[i], "/sys/devices/virtual");
    for (size_t i = 0; i < VP_ARRAY_SIZE(lower); i++)
        add_lower(fake, lower[i][0], lower[i][1]);
    sysfs_link(fake, "/sys/devices/virtual/net/br2/brif/eno1", NET0 "/net/eno1/brport");
    sysfs_link(fake, "/sys/devices/virtual/net/br1/brif/eno1", NET0 "/net/eno1/brport");
    sysfs_link(fake, "/sys/bus/pci/devices/0000:82:00.1", NET1 "1");
    sysfs_link(fake, "/sys/bus/pci/devices/0000:00:09.0", "/sys/devices/pci0000:00/0000:00:09.0");
    /* its function does not say, the bridge above it does */
    fake_file(fake, "/sys/devices/pci0000:40/0000:40:01.0/numa_node", "3\n");
    fake_file(fake, "/sys/devices/pci0000:40/0000:40:01.0/0000:41:00.0/numa_node", "-1\n");
    sysfs_link(fake, "/sys/bus/pci/devices/0000:41:00.0",
               "/sys/devices/pci0000:40/0000:40:01.0/0000:41:00.0");
    fake_file(fake, NET1 "1/" UUID "/uevent", "");
    sysfs_link(fake, "/sys/bus/mdev/devices/" UUID, NET1 "1/" UUID);
    /* nothing that a device hangs on */
    fake_file(fake, "/numa_node", "5\n");
    fake_file(fake, "/sys/numa_node", "5\n");
}

#define PCI(bus, function)                                                                                   \
    "<hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='" bus                        \
    "' slot='0x00' function='" function "'/></source></hostdev>"
#define FILE_DISK(name, path)                                                                                \
    "<disk type='file' device='disk'><source file='" path "'/><target dev='" name "'/></disk>"
#define BRIDGE(name) "<interface type='bridge'><source bridge='" name "'/></interface>"
#define NETWORK(name) "<interface type='network'><source network='" name "'/></interface>"
#define DIRECT(name) "<interface type='direct'><source dev='" name "' mode='bridge'/></interface>"

static const struct {
    const char *devices, *nodes, *why;
} rows[] = {
    {"", "", NULL},
    {PCI("0x82", "0x1"), "1", "0000:82:00.1 is on node 1"},
    {PCI("0x41", "0x0"), "3", "0000:41:00.0 is on node 3"},
    {PCI("0x99", "0x0"), "", NULL}, /* not there */
    {PCI("nonsense", "0x0"), "", NULL},
    {"<hostdev mode='subsystem' type='pci'><source><address bus='0' slot='9'/></source></hostdev>", "", NULL},
    {"<interface type='hostdev'><source><address type='pci' bus='0x82' function='1'/></source></interface>",
     "1", "0000:82:00.1 is on node 1"},
    {"<disk type='nvme' device='disk'><source type='pci' namespace='1'><address bus='0x41'/></source></disk>",
     "3", "0000:41:00.0 is on node 3"},
    {"<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='" UUID
     "'/></source></hostdev>",
     "1", "mediated device " UUID " is on node 1"},
    {"<hostdev mode='subsystem' type='mdev'><source><address uuid='../devices/" UUID "'/></source></hostdev>",
     "", NULL},
    {"<hostdev mode='subsystem' type='usb'><source><address bus='1' device='2'/></source></hostdev>", "",
     NULL},
    {DIRECT("eno1"), "0", "eno1 is on node 0"},
    {DIRECT("bond0.7"), "1", "ens1f0 below bond0.7 is on node 1, ens1f1 below bond0.7 is on node 1"},
    {DIRECT("eth9"), "", NULL}, /* a virtio NIC whose slot does not say */
    {DIRECT("../net/eno1"), "", NULL},
    {DIRECT(""), "", NULL},
    {"<interface type='direct'/>", "", NULL},
    {BRIDGE("br0"), "1", "ens1f0 below br0 is on node 1, ens1f1 below br0 is on node 1"},
    {BRIDGE("br1"), "0", "eno1 below br1 is on node 0"},
    {BRIDGE("br2"), "0-1", "eno1 below br2 is on node 0, ens1f0 below br2 is on node 1"},
    {BRIDGE("br3"), "", NULL}, /* a ring */
    {BRIDGE("nosuch"), "", NULL},
    {NETWORK("default"), "", NULL},
    {NETWORK("functions"), "1", "ens1f0 is on node 1"},
    {NETWORK("listed"), "1,3", "0000:82:00.1 is on node 1, 0000:41:00.0 is on node 3"},
    {NETWORK("macvtap"), "0-1", "eno1 is on node 0, ens1f0 is on node 1"},
    {NETWORK("bridged"), "1", "ens1f0 below br0 is on node 1, ens1f1 below br0 is on node 1"},
    {NETWORK("routed"), "0", "eno1 is on node 0"},
    {NETWORK("alone"), "", NULL},
    {NETWORK("strange"), "", NULL},
    {"<interface type='network'/>", "", NULL},
    {"<interface type='user'/>", "", NULL},
    {FILE_DISK("vda", "/srv/images/disk.raw"), "1", "vda (nvme1n1) is on node 1"},
    {FILE_DISK("vda", "/nvme/disk.raw"), "1", "vda (nvme0n1) is on node 1"},
    {FILE_DISK("vda", "/srv/images2/disk.raw"), "0", "vda (sda) is on node 0, vda (sdb) is on node 0"},
    {FILE_DISK("vda", "/image"), "", NULL},   /* on a virtio disk */
    {FILE_DISK("vda", "/missing"), "", NULL}, /* an image that is not there */
    {FILE_DISK("vda", "/nfs/disk.raw"), "", NULL},
    {"<disk type='block' device='lun'><source dev='/dev/sda'/><target dev='sda'/></disk>", "0",
     "sda (sda) is on node 0"},
    {"<disk type='block'><source dev='/dev/vg/images'/></disk>", "1", "a disk (nvme1n1) is on node 1"},
    {"<disk type='file' device='cdrom'><source file='/srv/images/disk.raw'/></disk>", "", NULL},
    {"<disk type='network' device='disk'><source protocol='rbd' name='a/b'/></disk>", "", NULL},
    {"<disk type='volume'><source pool='p' volume='v'/></disk>", "", NULL},
    {"<disk type='file' device='disk'><target dev='vda'/></disk>", "", NULL},
    {PCI("0x82", "0x1") FILE_DISK("vdb", "/dev/sdb1") DIRECT("eno1"), "0-1",
     "0000:82:00.1 is on node 1, vdb (sdb) is on node 0, eno1 is on node 0"},
};

static void check(struct vp_host *host, const char *devices, const char *nodes, const char *why)
{
    vp_autofree char *inner = vp_asprintf("<devices>%s</devices>", devices);
    vp_autofree char *text = fake_guest(inner);
    vp_autodomain domain = fake_domain(text, devices);
    hwloc_bitmap_t set = NULL;
    vp_autofree char *told = NULL;
    vp_autofree char *list = NULL;
    ck_assert_msg(vp_locality_read(host, domain, &set, &told, NULL) == 0, "%s", devices);
    ck_assert_int_ge(hwloc_bitmap_list_asprintf(&list, set), 0);
    hwloc_bitmap_free(set);
    ck_assert_msg(strcmp(list, nodes) == 0, "%s: nodes '%s'", devices, list);
    ck_assert_msg(why == NULL ? told == NULL : told != NULL && strcmp(told, why) == 0, "%s: '%s'", devices,
                  told != NULL ? told : "nothing");
}

START_TEST(reads)
{
    FAKE fake;
    fake_open(&fake);
    sysfs_storage(&fake);
    make_nics(&fake);
    make_networks(&fake);
    HOST *host = NULL;
    ck_assert_int_eq(vp_host_open("live", fake.root, &host, NULL), 0);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++)
        check(host, rows[i].devices, rows[i].nodes, rows[i].why);
}
END_TEST

/* A host that is only a description says nothing, whatever is below the root. */
START_TEST(other_hosts)
{
    FAKE fake;
    fake_open(&fake);
    sysfs_storage(&fake);
    make_nics(&fake);
    make_networks(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++)
        check(fake.host, rows[i].devices, "", NULL);
    vp_autofree char *text = fake_guest("");
    vp_autodomain domain = fake_domain(text, "no devices");
    hwloc_bitmap_t set = NULL;
    vp_autofree char *told = NULL;
    ck_assert_int_eq(vp_locality_read(fake.host, domain, &set, &told, NULL), 0);
    ck_assert(hwloc_bitmap_iszero(set));
    hwloc_bitmap_free(set);
}
END_TEST

VP_TEST_MAIN("locality", VP_TEST(reads), VP_TEST(other_hosts))
