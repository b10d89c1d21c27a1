/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/irqhost.h"
#include "irqwants.h"
#include "model/sysfs.h"
#include "netdev.h"
#include "strbuf.h"

static char *facts(const struct vp_entry *entry)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < entry->n_wants; i++)
        vp_strbuf_addf(&buf, "%s=%s ", entry->wants[i].name, entry->wants[i].value);
    return vp_strbuf_take(&buf);
}

#define PCI(address) "<address domain='0x0000' bus='0x81' slot='0x00' function='" address "'/>"
#define HOSTDEV(function)                                                                                    \
    "<hostdev mode='subsystem' type='pci' managed='yes'><source>" PCI(function) "</source></hostdev>"
#define NIC(type, rest) "<interface type='" type "'><mac address='52:54:00:00:00:01'/>" rest "</interface>"
#define TAP(name) "<target dev='" name "'/>"

static const struct {
    const char *wants; /* names, separated by spaces */
    const char *devices, *expect;
} rows[] = {
    {"", "", ""},
    {"irq/devices", HOSTDEV("0x1") HOSTDEV("0x2"),
     "irq/devices=x fact/pci/0000:81:00.1= fact/pci/0000:81:00.2= "},
    /* A virtual function from a pool has its address in the live definition. */
    {"irq/devices",
     NIC("hostdev", "<source><address type='pci' domain='0' bus='0x81' slot='0' function='0x3'/></source>"),
     "irq/devices=x fact/pci/0000:81:00.3= "},
    {"irq/devices",
     "<hostdev mode='subsystem' type='usb'><source><address bus='1' device='2'/></source></hostdev>",
     "irq/devices=x "},
    /* Taps are only looked up for those who want something of them. */
    {"irq/devices", NIC("bridge", TAP("vnet0")), "irq/devices=x "},
    {"irq/serving", NIC("bridge", TAP("vnet0")) NIC("network", TAP("vnet1")),
     "irq/serving=x fact/tap/vnet0=52:54:00:00:00:01 fact/tap/vnet1=52:54:00:00:00:01 "},
    {"net/tx-queue-length", NIC("direct", TAP("macvtap0")),
     "net/tx-queue-length=x fact/tap/macvtap0=52:54:00:00:00:01 "},
    {"net/queue-cpus", NIC("ethernet", TAP("tap9")), "net/queue-cpus=x fact/tap/tap9=52:54:00:00:00:01 "},
    /*
     * No device of the host: user networking, a port of a switch in user space; one that would lead
     * elsewhere.
     */
    {"net/queue-cpus", NIC("user", ""), "net/queue-cpus=x "},
    {"net/queue-cpus", NIC("vhostuser", TAP("vhu1")), "net/queue-cpus=x "},
    {"net/queue-cpus", NIC("bridge", TAP("../../x")), "net/queue-cpus=x "},
    {"net/queue-cpus", NIC("bridge", TAP("..")), "net/queue-cpus=x "},
    /* What the disks lie on. */
    {"irq/serving", "<disk type='block'><source dev='/dev/none'/><target dev='vda'/></disk>",
     "irq/serving=x "},
    {"irq/serving", "<disk type='network'><source name='pool/image'/><target dev='vda'/></disk>",
     "irq/serving=x "},
};

static struct vp_domain *live(const char *devices)
{
    vp_autofree char *text =
        vp_asprintf("<domain type='kvm'><name>db</name><devices>%s</devices></domain>", devices);
    return fake_domain(text, devices);
}

START_TEST(from_live)
{
    FAKE fake;
    vp_autoentry entry = vp_entry_new("1-2-3", "db");
    vp_autofree char *wants = vp_strdup(rows[_i].wants);
    vp_autodomain domain = live(rows[_i].devices);
    fake_open(&fake);
    if (*wants != '\0')
        vp_entry_add_want(entry, wants, "x", "k", "why");
    /* Those of an earlier time go; twice is once. */
    vp_entry_add_want(entry, VP_FACT_PCI "0000:99:00.0", "", "irq.devices", "unplugged");
    vp_irq_wants(fake.root, domain, entry);
    vp_irq_wants(fake.root, domain, entry);
    vp_autofree char *have = facts(entry);
    ck_assert_msg(strcmp(have, rows[_i].expect) == 0, "row %d: %s", _i, have);
}
END_TEST

static void check_below(const struct fake *fake, const char *name, const char *expect)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    struct vp_strbuf buf = {0};
    vp_netdev_below(fake->root, name, &names);
    for (size_t i = 0; names[i] != NULL; i++)
        vp_strbuf_addf(&buf, "%s ", names[i]);
    vp_autofree char *text = vp_strbuf_take(&buf);
    ck_assert_msg(strcmp(text, expect) == 0, "%s: %s", name, text);
}

/* vnet0 and vnet1 in br0 with eth0 and a VLAN on a bond of eth1 and eth2; a macvtap on eth3. */
START_TEST(below)
{
    FAKE fake;
    fake_open(&fake);
    irqhost_net(&fake, "eth0", "pci0000:80/0000:80:01.0/0000:81:00.0");
    irqhost_net(&fake, "eth1", "pci0000:00/0000:00:03.0");
    irqhost_net(&fake, "eth2", "pci0000:00/0000:00:04.0/virtio3");
    irqhost_net(&fake, "eth3", "pci0000:00/0000:00:05.0");
    irqhost_net(&fake, "br0", NULL);
    irqhost_net(&fake, "bond0", NULL);
    irqhost_net(&fake, "bond0.7", NULL);
    irqhost_net(&fake, "vnet0", NULL);
    irqhost_net(&fake, "vnet1", NULL);
    irqhost_net(&fake, "macvtap0", NULL);
    irqhost_net(&fake, "alone", NULL);
    irqhost_port(&fake, "br0", "eth0");
    irqhost_port(&fake, "br0", "bond0.7");
    irqhost_port(&fake, "br0", "vnet0");
    irqhost_port(&fake, "br0", "vnet1");
    sysfs_link(&fake, "/sys/devices/virtual/net/bond0.7/lower_bond0", "../bond0");
    sysfs_link(&fake, "/sys/devices/virtual/net/bond0/lower_eth1", "/sys/class/net/eth1");
    sysfs_link(&fake, "/sys/devices/virtual/net/bond0/lower_eth2", "/sys/class/net/eth2");
    sysfs_link(&fake, "/sys/devices/virtual/net/macvtap0/lower_eth3", "/sys/class/net/eth3");
    /* A loop, which only a broken dump has. */
    sysfs_link(&fake, "/sys/devices/virtual/net/alone/lower_alone", "../alone");
    check_below(&fake, "vnet0", "eth0 eth1 eth2 ");
    check_below(&fake, "macvtap0", "eth3 ");
    check_below(&fake, "alone", "");
    check_below(&fake, "gone", "");
    static const char *const pci[][2] = {
        {"eth0", "0000:81:00.0"}, {"eth2", "0000:00:04.0"}, {"vnet0", NULL}, {"x", NULL}};
    for (size_t i = 0; i < VP_ARRAY_SIZE(pci); i++) {
        vp_autofree char *path = vp_asprintf("/sys/class/net/%s", pci[i][0]);
        vp_autofree char *address = vp_pci_below(fake.root, path);
        ck_assert_msg(pci[i][1] == NULL ? address == NULL
                                        : address != NULL && strcmp(address, pci[i][1]) == 0,
                      "%s: %s", path, address != NULL ? address : "none");
    }
}
END_TEST

VP_TEST_MAIN("irqwants", VP_TEST_ROWS(from_live, rows), VP_TEST(below))
