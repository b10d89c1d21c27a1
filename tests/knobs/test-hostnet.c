/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#define NIC(type, mac, rest)                                                                                 \
    "<interface type='" type "'><mac address='52:54:00:00:00:" mac "'/>" rest "</interface>"
#define BRIDGE NIC("bridge", "01", "<source bridge='br0'/>")
#define USER NIC("user", "02", "")
#define VHOSTUSER NIC("vhostuser", "03", "<source type='unix' path='/tmp/s' mode='server'/>")
#define DIRECT NIC("direct", "04", "<source dev='eth0' mode='bridge'/>")
#define VF                                                                                                   \
    NIC("hostdev", "05", "<source><address type='pci' domain='0' bus='1' slot='0' function='0'/></source>")

/* The rows have no host, so that pins are not in their plans. */
#define UNPLACED "skipped cpu.placement: there is no host to place the guest on\n"

static const char *const on[] = {"/sys/module/vhost_net/parameters/experimental_zcopytx", "1\n", NULL};
static const char *const off[] = {"/sys/module/vhost_net/parameters/experimental_zcopytx", "0\n", NULL};
#define ZERO_COPY(files_) .host = "dump", .files = (files_)

static const struct vp_trial rows[] = {
    {.set = "network.tx-queue-length=10000",
     .domain = "<devices>" BRIDGE "</devices>",
     .expect = "host/net/tx-queue-length = 10000\n"},
    {.set = "network.tx-queue-length=vcpus",
     .domain = "<devices>" DIRECT "</devices>",
     .expect = "host/net/tx-queue-length = 4\n"},
    {.set = "network.tx-queue-length=10000", .domain = "<devices/>", .expect = ""},
    {.set = "network.tx-queue-length=10000",
     .domain = "<devices>" BRIDGE USER VF "</devices>",
     .expect =
         "host/net/tx-queue-length = 10000\n"
         "skipped network.tx-queue-length: 52:54:00:00:00:02: it is of type user, *\n"
         "skipped network.tx-queue-length: 52:54:00:00:00:05: it is a device of the host passed through*\n"},
    {.set = "network.tx-queue-length=10000",
     .domain = "<devices>" VHOSTUSER "</devices>",
     .expect = "skipped network.tx-queue-length: 52:54:00:00:00:03: it is of type vhostuser, *\n"},
    {.set = "cpu.placement=dedicated; network.queue-cpus=follow",
     .domain = "<devices>" BRIDGE "</devices>",
     .expect = "host/net/queue-cpus = follow\n" UNPLACED},
    {.set = "cpu.placement=node; network.queue-cpus=follow",
     .domain = "<devices>" BRIDGE "</devices>",
     .expect = "host/net/queue-cpus = follow\n" UNPLACED},
    {.set = "cpu.placement=shared; network.queue-cpus=follow",
     .domain = "<devices>" BRIDGE "</devices>",
     .expect = UNPLACED
     "skipped network.queue-cpus: the guest's vhost workers have no CPUs that queues could follow; *\n"},
    {.set = "network.queue-cpus=follow",
     .domain = "<devices>" BRIDGE "</devices>",
     .expect =
         "skipped network.queue-cpus: the guest's vhost workers have no CPUs that queues could follow; *\n"},
    {.set = "cpu.placement=dedicated; network.queue-cpus=no",
     .domain = "<devices>" BRIDGE "</devices>",
     .expect = UNPLACED},
    {.set = "cpu.placement=dedicated; network.queue-cpus=follow",
     .domain = "<devices>" USER "</devices>",
     .expect = UNPLACED "skipped network.queue-cpus: 52:54:00:00:00:02: it is of type user, *\n"},
    {.set = "cpu.placement=dedicated; network.vhost-priority=high",
     .domain = "<devices>" BRIDGE "</devices>",
     .expect = "host/net/vhost-nice = -10\n" UNPLACED},
    {.set = "cpu.placement=shared; network.vhost-priority=highest",
     .domain = "<devices>" DIRECT "</devices>",
     .expect = "host/net/vhost-nice = -20\n" UNPLACED},
    {.set = "cpu.placement=dedicated; network.vhost-priority=normal",
     .domain = "<devices>" BRIDGE "</devices>",
     .expect = "host/net/vhost-nice = 0\n" UNPLACED},
    {.set = "network.vhost-priority=high",
     .domain = "<devices>" BRIDGE "</devices>",
     .expect = "skipped network.vhost-priority: without cpu.placement *\n"},
    {.set = "cpu.placement=dedicated; network.vhost-priority=high",
     .domain = "<devices>" USER "</devices>",
     .expect = UNPLACED "skipped network.vhost-priority: 52:54:00:00:00:02: it is of type user, *\n"},
    /* What holds needs no action, what does not can only be told. */
    {.set = "network.zero-copy=yes", .domain = "<devices>" BRIDGE "</devices>", .expect = "", ZERO_COPY(on)},
    {.set = "network.zero-copy=no", .domain = "<devices>" BRIDGE "</devices>", .expect = "", ZERO_COPY(off)},
    {.set = "network.zero-copy=yes",
     .domain = "<devices>" BRIDGE "</devices>",
     .expect = "skipped network.zero-copy: vhost_net was loaded with zero-copy off, *zcopytx=1*\n",
     ZERO_COPY(off)},
    {.set = "network.zero-copy=no",
     .domain = "<devices>" DIRECT "</devices>",
     .expect = "skipped network.zero-copy: vhost_net was loaded with zero-copy on, *zcopytx=0*\n",
     ZERO_COPY(on)},
    {.set = "network.zero-copy=yes",
     .domain = "<devices>" BRIDGE "</devices>",
     .expect = "skipped network.zero-copy: this host has no '/sys/module/vhost_net/*\n"},
    {.set = "network.zero-copy=yes", .domain = "<devices/>", .expect = "", ZERO_COPY(off)},
};

START_TEST(plans)
{
    struct vp_trial trial = rows[_i];
    trial.no_placer = true;
    vp_trial_check(&trial, _i);
}
END_TEST

static const char *const refused[][2] = {
    {"network.tx-queue-length", "0"}, {"network.tx-queue-length", "1000001"}, {"network.queue-cpus", "yes"}};

START_TEST(refuses)
{
    vp_autofree char *why = vp_trial_refusal(refused[_i][0], refused[_i][1]);
    ck_assert_msg(why != NULL, "%s = %s", refused[_i][0], refused[_i][1]);
}
END_TEST

VP_TEST_MAIN("hostnet", VP_TEST_ROWS(plans, rows), VP_TEST_ROWS(refuses, refused))
