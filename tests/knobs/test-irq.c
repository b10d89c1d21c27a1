/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#define DEDICATED "cpu.placement=dedicated; "
#define ADDRESS(bus) "<address domain='0x0000' bus='" bus "' slot='0x00' function='0x1'/>"
#define HOSTDEV(bus)                                                                                         \
    "<hostdev mode='subsystem' type='pci' managed='yes'><source>" ADDRESS(bus) "</source></hostdev>"
#define NVME                                                                                                 \
    "<disk type='nvme'><source type='pci' namespace='1'>" ADDRESS(                                           \
        "0x05") "</source><target dev='vda'/></disk>"
#define NIC "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/></interface>"
#define DISK "<disk type='file'><source file='/var/lib/x.img'/><target dev='vda' bus='virtio'/></disk>"

/* The rows have no host, so that pins are not in their plans. */
#define UNPLACED "skipped cpu.placement: there is no host to place the guest on\n"

static const struct vp_trial rows[] = {
    {.set = DEDICATED "irq.devices=vcpus",
     .domain = "<devices>" HOSTDEV("0x81") HOSTDEV("0x82") NVME "</devices>",
     .expect = "host/irq/devices = vcpus\n" UNPLACED},
    {.set = "cpu.placement=shared; irq.devices=vcpus",
     .domain = "<devices/>",
     .expect = "host/irq/devices = vcpus\n" UNPLACED},
    {.set = DEDICATED "irq.devices=housekeeping",
     .domain = "<devices>" HOSTDEV("0x81") "</devices>",
     .expect = "host/irq/devices = housekeeping\n" UNPLACED},
    {.set = DEDICATED "irq.devices=no; irq.others=no; irq.serving=no",
     .domain = "<devices>" HOSTDEV("0x81") NIC "</devices>",
     .expect = UNPLACED},
    {.set = "irq.devices=vcpus",
     .domain = "<devices>" HOSTDEV("0x81") "</devices>",
     .expect = "skipped irq.devices: without cpu.placement nobody knows which CPUs are the guest's; *\n"},
    {.set = DEDICATED "irq.others=off-dedicated",
     .domain = "",
     .expect = "host/irq/others = off-dedicated\n" UNPLACED},
    {.set = "cpu.placement=node; irq.others=off-dedicated",
     .domain = "",
     .expect = UNPLACED "skipped irq.others: the guest has no CPUs of its own to keep quiet; *\n"},
    {.set = "irq.others=off-dedicated",
     .domain = "",
     .expect = "skipped irq.others: the guest has no CPUs of its own to keep quiet; *\n"},
    {.set = DEDICATED "irq.serving=near",
     .domain = "<devices>" NIC "</devices>",
     .expect = "host/irq/serving = near\n" UNPLACED},
    {.set = "cpu.placement=node; irq.serving=near",
     .domain = "<devices>" DISK "</devices>",
     .expect = "host/irq/serving = near\n" UNPLACED},
    {.set = "cpu.placement=shared; irq.serving=near",
     .domain = "<devices>" NIC "</devices>",
     .expect = UNPLACED "skipped irq.serving: the guest's threads have no place to be near to; *\n"},
    {.set = DEDICATED "irq.serving=near",
     .domain = "<devices/>",
     .expect = UNPLACED "skipped irq.serving: the guest has no disk and no interface *\n"},
    /* Outside the guest: the same on the way in from another host. */
    {.set = DEDICATED "irq.others=off-dedicated",
     .domain = "",
     .phase = VP_PHASE_MIGRATE,
     .expect = "host/irq/others = off-dedicated\n" UNPLACED},
};

START_TEST(plans)
{
    struct vp_trial trial = rows[_i];
    trial.no_placer = true;
    vp_trial_check(&trial, _i);
}
END_TEST

static const char *const refused[][2] = {
    {"irq.devices", "all"}, {"irq.others", "yes"}, {"irq.serving", "far"}, {"irq.devices", ""}};

START_TEST(refuses)
{
    vp_autofree char *why = vp_trial_refusal(refused[_i][0], refused[_i][1]);
    ck_assert_msg(why != NULL, "%s = %s", refused[_i][0], refused[_i][1]);
}
END_TEST

VP_TEST_MAIN("irq", VP_TEST_ROWS(plans, rows), VP_TEST_ROWS(refuses, refused))
