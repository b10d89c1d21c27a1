/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host/balanced.h"
#include "balancesock.h"
#include "host/irqhost.h"
#include "irqbalance.h"
#include "irqwants.h"
#include "reconcile.h"
#include "strbuf.h"
#include "wish_irq.h"

/* Two nodes of four cores each: CPUs 0-3 and 4-7, housekeeping 0 and 4. */
#define MACHINE_TEXT "synthetic:numa:2 core:4 pu:1"

struct stage {
    struct machine machine;
    struct vp_entries entries;
    struct balanced balanced;
};

static void stage_close(struct stage *stage)
{
    vp_entries_done(&stage->entries);
    balanced_stop(&stage->balanced, &stage->machine.fake);
    machine_close(&stage->machine);
}
#define STAGE VP_CLEANUP(stage_close) struct stage

static void stage_open(struct stage *stage)
{
    *stage = (struct stage){0};
    machine_open(&stage->machine, MACHINE_TEXT, NULL);
    fake_file(&stage->machine.fake, "/proc/irq/default_smp_affinity", "ff\n");
}

/* A guest with wants "NAME=VALUE NAME=VALUE". */
static void enter(struct stage *stage, const char *name, enum vp_policy policy, unsigned vcpus,
                  const char *wants)
{
    struct vp_demand demand = {.name = name,
                               .policy = policy,
                               .threads = VP_THREADS_ANY,
                               .vcpus = vcpus,
                               .iothreads = 1,
                               .memory_kib = 1024};
    struct vp_placement *placement = NULL;
    vp_autoerror err = NULL;
    struct vp_entry *entry = vp_entry_new(name, name);
    entry->state = VP_ENTRY_RUNNING;
    vp_autofree char *copy = vp_strdup(wants);
    char *save = NULL;
    ck_assert_msg(vp_placement_plan(stage->machine.occupied, &demand, &placement, &err) == 0, "%s",
                  err != NULL ? err->message : "");
    vp_occupied_add(stage->machine.occupied, placement);
    vp_entry_set_placement(entry, placement);
    for (char *word = strtok_r(copy, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
        char *value = strchr(word, '=');
        *value++ = '\0';
        vp_entry_add_want(entry, word, value, "k", "why");
    }
    vp_grow(&stage->entries.items, stage->entries.n, &stage->entries.cap, sizeof(struct vp_entry *));
    stage->entries.items[stage->entries.n++] = entry;
}

/* The last guest ends. */
static void leave(struct stage *stage)
{
    struct vp_entry *entry = stage->entries.items[--stage->entries.n];
    vp_occupied_remove(stage->machine.occupied, entry->placement);
    vp_entry_free(entry);
}

static char *wish(struct stage *stage, struct vp_wishes *wishes)
{
    vp_autoerror err = NULL;
    ck_assert_msg(vp_wish_irq(stage->machine.fake.root, stage->machine.topology, stage->machine.occupied,
                              &stage->entries, wishes, &err) == 0,
                  "%s", err != NULL ? err->message : "");
    return irqhost_wishes(wishes);
}

static void check_wishes(struct stage *stage, const char *expect)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    vp_autofree char *text = wish(stage, &wishes);
    ck_assert_msg(strcmp(text, expect) == 0, "%s-- expected:\n%s", text, expect);
}

/* Is all to be asked again soon, as something was busy? */
static void check_again(struct stage *stage, bool expect)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    free(wish(stage, &wishes));
    ck_assert(wishes.again == expect);
}

/* Wish and write, with so many writes as a result. */
static void converge(struct stage *stage, size_t happenings)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happened = {0};
    free(wish(stage, &wishes));
    int lock = -1;
    ck_assert_int_eq(vp_host_lock(stage->machine.fake.root, &lock, NULL), 0);
    ck_assert_int_eq(vp_reconcile(stage->machine.fake.root, &wishes, &happened, NULL), 0);
    vp_root_unlock(&lock);
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < happened.n; i++)
        vp_strbuf_addf(&buf, "%d %s: %s\n", (int)happened.items[i].outcome, happened.items[i].what,
                       happened.items[i].why);
    vp_autofree char *all = vp_strbuf_take(&buf);
    ck_assert_msg(happened.n == happenings, "%zu happened:\n%s", happened.n, all);
}

static void check_cpus(const struct stage *stage, unsigned number, const char *expect)
{
    vp_autofree char *cpus = irqhost_cpus(&stage->machine.fake, number);
    ck_assert_msg(strcmp(cpus, expect) == 0, "interrupt %u goes to %s, not %s", number, cpus, expect);
}

static void vf(const struct stage *stage, unsigned first, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        vp_autofree char *action = vp_asprintf("vfio-msix[%u](0000:81:00.1)", i);
        irqhost_irq(&stage->machine.fake, first + i, action, "0000:81:00.1", "0-7");
    }
}

#define VF VP_FACT_PCI "0000:81:00.1="

START_TEST(nobody_wants)
{
    STAGE stage;
    stage_open(&stage);
    irqhost_irq(&stage.machine.fake, 30, "eth0", NULL, "0-7");
    check_wishes(&stage, "");
    enter(&stage, "plain", VP_POLICY_DEDICATED, 2, VF);
    check_wishes(&stage, "");
}
END_TEST

/* Vectors behind the first go to the vCPUs in order, and around. */
START_TEST(devices)
{
    STAGE stage;
    stage_open(&stage);
    vf(&stage, 40, 5);
    irqhost_irq(&stage.machine.fake, 50, "vfio-msix[0](0000:82:00.0)", "0000:82:00.0", "0-7");
    irqhost_irq(&stage.machine.fake, 51, "", "0000:81:00.1", "0-7");
    enter(&stage, "db", VP_POLICY_DEDICATED, 3, "irq/devices=vcpus " VF);
    check_wishes(&stage,
                 "irq irq/40 = 1 (db)\nirq irq/41 = 1 (db)\nirq irq/42 = 2 (db)\nirq irq/43 = 3 (db)\n"
                 "irq irq/44 = 1 (db)\n");
    converge(&stage, 5);
    check_cpus(&stage, 42, "2");
    check_cpus(&stage, 50, "0-7");
    /* Again is cheap, and sees what the driver asked for since. */
    converge(&stage, 0);
    irqhost_irq(&stage.machine.fake, 51, "vfio-msix[5](0000:81:00.1)", "0000:81:00.1", "0-7");
    converge(&stage, 1);
    check_cpus(&stage, 51, "2");
    /* The driver gives them back, and the guest ends. */
    irqhost_drop(&stage.machine.fake, 51, "0000:81:00.1");
    leave(&stage);
    converge(&stage, 5);
    check_cpus(&stage, 42, "0-7");
}
END_TEST

START_TEST(devices_elsewhere)
{
    STAGE stage;
    stage_open(&stage);
    vf(&stage, 40, 1);
    enter(&stage, "db", VP_POLICY_DEDICATED, 3, "irq/devices=housekeeping " VF);
    check_wishes(&stage, "irq irq/40 = 0,4 (db)\n");
}
END_TEST

/* A floating guest's vCPUs go round those CPUs that nobody owns. */
START_TEST(devices_of_floating)
{
    STAGE stage;
    stage_open(&stage);
    vf(&stage, 40, 2);
    enter(&stage, "vdi", VP_POLICY_NODE, 2, "irq/devices=vcpus " VF);
    check_wishes(&stage, "irq irq/40 = 1-3 (vdi)\nirq irq/41 = 1-3 (vdi)\n");
}
END_TEST

START_TEST(others)
{
    STAGE stage;
    stage_open(&stage);
    irqhost_irq(&stage.machine.fake, 30, "eth0-rx-0", NULL, "0-7");
    irqhost_irq(&stage.machine.fake, 31, "eth0-rx-1", NULL, "1-2"); /* all of them owned: its node */
    irqhost_irq(&stage.machine.fake, 32, "eth0-rx-2", NULL, "5");   /* nothing to do */
    irqhost_irq(&stage.machine.fake, 33, "", NULL, "0-7");
    vf(&stage, 40, 2);
    irqhost_irq(&stage.machine.fake, 60, "nvme0q1", NULL, "2");
    fake_file(&stage.machine.fake, "/run/virt-profile/irq-fixed", "60 nvme0q1\n");
    enter(&stage, "db", VP_POLICY_DEDICATED, 3, "irq/others=off-dedicated irq/devices=vcpus " VF);
    check_wishes(&stage, "cpumask /proc/irq/default_smp_affinity = f1 (db)\n"
                         "irq irq/30 = 0,4-7 (db)\nirq irq/31 = 0 (db)\n"
                         "irq irq/40 = 1 (db)\nirq irq/41 = 1 (db)\n");
    converge(&stage, 5);
    converge(&stage, 0);
    check_cpus(&stage, 30, "0,4-7");
    /* A second guest: from where they were at first, not from where they are. */
    enter(&stage, "db2", VP_POLICY_DEDICATED, 3, "irq/others=off-dedicated");
    check_wishes(&stage, "cpumask /proc/irq/default_smp_affinity = 11 (db, db2)\n"
                         "irq irq/30 = 0,4 (db, db2)\nirq irq/31 = 0 (db, db2)\nirq irq/32 = 4 (db, db2)\n"
                         "irq irq/40 = 1 (db)\nirq irq/41 = 1 (db)\n");
    converge(&stage, 3);
    leave(&stage);
    converge(&stage, 3);
    check_cpus(&stage, 30, "0,4-7");
    check_cpus(&stage, 32, "5");
    leave(&stage);
    converge(&stage, 5);
    check_cpus(&stage, 30, "0-7");
    check_cpus(&stage, 31, "1-2");
    vp_autofree char *mask = NULL;
    ck_assert_int_eq(
        vp_means_file.read(stage.machine.fake.root, "/proc/irq/default_smp_affinity", &mask, NULL), 0);
    ck_assert_str_eq(mask, "ff");
}
END_TEST

/* More CPUs than a word has. */
START_TEST(wide)
{
    STAGE stage = {0};
    machine_open(&stage.machine, "synthetic:numa:2 core:64 pu:1", "0-63,127");
    fake_file(&stage.machine.fake, "/proc/irq/default_smp_affinity", "ffffffff,ffffffff,ffffffff,ffffffff\n");
    irqhost_irq(&stage.machine.fake, 30, "eth0", NULL, "0-127");
    enter(&stage, "db", VP_POLICY_DEDICATED, 2, "irq/others=off-dedicated");
    check_wishes(&stage, "cpumask /proc/irq/default_smp_affinity = ffffffff,fffffffc,ffffffff,ffffffff (db)\n"
                         "irq irq/30 = 0-63,66-127 (db)\n");
    converge(&stage, 2);
    leave(&stage);
    converge(&stage, 2);
    check_cpus(&stage, 30, "0-127");
}
END_TEST

/* What serves a guest comes to its node; what serves two to both; never to CPUs that are owned. */
START_TEST(serving)
{
    STAGE stage;
    stage_open(&stage);
    const struct fake *fake = &stage.machine.fake;
    irqhost_net(fake, "eth0", "pci0000:00/0000:00:03.0");
    irqhost_net(fake, "br0", NULL);
    irqhost_net(fake, "vnet0", NULL);
    irqhost_port(fake, "br0", "eth0");
    irqhost_port(fake, "br0", "vnet0");
    irqhost_irq(fake, 30, "eth0-rx-0", "0000:00:03.0", "0-7");
    irqhost_irq(fake, 31, "eth0-rx-1", "0000:00:03.0", "6");
    irqhost_irq(fake, 35, "nvme0q0", "0000:01:00.0", "0-7");
    irqhost_irq(fake, 36, "nvme0q1", "0000:01:00.0", "0-1");
    fake_file(fake, "/run/virt-profile/irq-fixed", "36 nvme0q1\n");
    enter(&stage, "db", VP_POLICY_DEDICATED, 2,
          "irq/serving=near " VP_FACT_TAP "vnet0=52:54:00:00:00:01 " VP_FACT_DISK "0000:01:00.0=vda");
    check_wishes(&stage, "irq irq/30 = 0,3 (db)\nirq irq/31 = 0,3 (db)\nirq irq/35 = 0,3 (db)\n");
    enter(&stage, "db2", VP_POLICY_DEDICATED, 3, "irq/serving=near " VP_FACT_TAP "vnet0=52:54:00:00:00:01");
    check_wishes(&stage,
                 "irq irq/30 = 0,3-4 (db, db2)\nirq irq/31 = 0,3-4 (db, db2)\nirq irq/35 = 0,3 (db)\n");
    converge(&stage, 3);
    leave(&stage);
    leave(&stage);
    converge(&stage, 3);
    check_cpus(&stage, 31, "6");
}
END_TEST

/* An administrator's change stays. */
START_TEST(foreign)
{
    STAGE stage;
    stage_open(&stage);
    irqhost_irq(&stage.machine.fake, 30, "eth0", NULL, "0-7");
    enter(&stage, "db", VP_POLICY_DEDICATED, 3, "irq/others=off-dedicated");
    converge(&stage, 2);
    fake_file(&stage.machine.fake, "/proc/irq/30/smp_affinity_list", "7\n");
    converge(&stage, 1);
    check_cpus(&stage, 30, "7");
    leave(&stage);
    converge(&stage, 2);
    check_cpus(&stage, 30, "7");
}
END_TEST

/* What the one that runs keeps off and leaves alone, when its cycle has come. */
static void check_balanced(struct stage *stage, const char *mask, const char *irqs)
{
    const struct balanced_shared *shared = stage->balanced.shared;
    int r = -EAGAIN;
    /* It hears one after the other: when it answers it has heard all before. */
    for (int i = 0; r < 0 && i < 100; i++) {
        VP_CLEANUP(vp_irqbalance_done) struct vp_irqbalance balance = {0};
        r = vp_irqbalance_ask(stage->machine.fake.root, &balance, NULL);
    }
    ck_assert_int_eq(r, 0);
    balanced_cycle(&stage->balanced);
    ck_assert_str_eq(shared->cpus, mask);
    ck_assert_str_eq(shared->irqs, irqs);
}

static void check_told(struct stage *stage, const char *expect)
{
    vp_autofree char *name = balanced_name(&stage->balanced);
    vp_autofree char *text = NULL;
    struct vp_strbuf buf = {0};
    for (const char *at = expect; *at != '\0'; at++)
        if (*at == '%')
            vp_strbuf_add(&buf, name);
        else
            vp_strbuf_addn(&buf, at, 1);
    text = vp_strbuf_take(&buf);
    check_wishes(stage, text);
}

/*
 * It does the moving, keeps what its administrator said, and gets that back; ours are those it must not
 * move.
 */
START_TEST(with_irqbalance)
{
    STAGE stage;
    stage_open(&stage);
    const struct fake *fake = &stage.machine.fake;
    irqhost_irq(fake, 30, "eth0-rx-0", NULL, "0-7");
    irqhost_irq(fake, 31, "eth0-rx-1", NULL, "1-2"); /* its administrator placed it */
    vf(&stage, 40, 2);
    balanced_start(&stage.balanced, fake, "40", "31");
    enter(&stage, "db", VP_POLICY_DEDICATED, 3, "irq/others=off-dedicated irq/devices=vcpus " VF);
    check_told(&stage, "irqbalance %/cpus = 1-3,6 (db)\nirqbalance %/irqs = 31 40 41 (db)\n"
                       "cpumask /proc/irq/default_smp_affinity = f1 (db)\nirq irq/31 = 0 (db)\n"
                       "irq irq/40 = 1 (db)\nirq irq/41 = 1 (db)\n");
    converge(&stage, 6);
    check_balanced(&stage, "4e", "31 40 41");
    check_cpus(&stage, 30, "0-7");
    check_cpus(&stage, 31, "0");
    converge(&stage, 0);
    enter(&stage, "db2", VP_POLICY_DEDICATED, 2, "irq/others=off-dedicated");
    check_told(&stage, "irqbalance %/cpus = 1-3,5-6 (db, db2)\nirqbalance %/irqs = 31 40 41 (db)\n"
                       "cpumask /proc/irq/default_smp_affinity = 91 (db, db2)\nirq irq/31 = 0 (db, db2)\n"
                       "irq irq/40 = 1 (db)\nirq irq/41 = 1 (db)\n");
    converge(&stage, 2);
    check_balanced(&stage, "6e", "31 40 41");
    leave(&stage);
    converge(&stage, 2);
    check_balanced(&stage, "4e", "31 40 41");
    leave(&stage);
    converge(&stage, 6);
    check_balanced(&stage, "40", "31");
    check_cpus(&stage, 31, "1-2");
    converge(&stage, 0);
}
END_TEST

/* It is restarted: what it was told is gone, and it is told again. It ends: we move the others. */
START_TEST(irqbalance_comes_and_goes)
{
    STAGE stage;
    stage_open(&stage);
    const struct fake *fake = &stage.machine.fake;
    irqhost_irq(fake, 30, "eth0-rx-0", NULL, "0-7");
    balanced_start(&stage.balanced, fake, "0", "");
    enter(&stage, "db", VP_POLICY_DEDICATED, 3, "irq/others=off-dedicated");
    converge(&stage, 2);
    check_balanced(&stage, "e", "");
    balanced_stop(&stage.balanced, fake);
    balanced_start(&stage.balanced, fake, "0", "");
    converge(&stage, 1);
    check_balanced(&stage, "e", "");
    balanced_stop(&stage.balanced, fake);
    converge(&stage, 1);
    check_cpus(&stage, 30, "0,4-7");
    leave(&stage);
    converge(&stage, 2);
    check_cpus(&stage, 30, "0-7");
}
END_TEST

/* Nothing is told to one that does not say what it had before; the next time does it. */
START_TEST(irqbalance_is_busy)
{
    STAGE stage = {0};
    if (geteuid() != 0)
        return;
    stage_open(&stage);
    balanced_start(&stage.balanced, &stage.machine.fake, "40", "");
    enter(&stage, "db", VP_POLICY_DEDICATED, 3, "irq/others=off-dedicated");
    stage.balanced.shared->busy = true;
    vp_balancesock_patience = 50;
    check_wishes(&stage, "cpumask /proc/irq/default_smp_affinity = f1 (db)\n");
    check_again(&stage, true);
    stage.balanced.shared->busy = false;
    vp_balancesock_patience = 20000;
    check_again(&stage, false);
    converge(&stage, 2);
    check_balanced(&stage, "4e", "");
    /* Later it may be as busy as it likes: it is known what it had. */
    stage.balanced.shared->busy = true;
    converge(&stage, 0);
    stage.balanced.shared->busy = false;
    ck_assert(balanced_lives(&stage.balanced));
}
END_TEST

/* A command has room for some hundred numbers: those of its administrator are among them. */
START_TEST(irqbalance_is_told_much)
{
    STAGE stage;
    stage_open(&stage);
    vf(&stage, 1000, 150);
    balanced_start(&stage.balanced, &stage.machine.fake, "0", "99999");
    enter(&stage, "db", VP_POLICY_DEDICATED, 3, "irq/devices=vcpus " VF);
    converge(&stage, 151);
    vp_autofree char *name = balanced_name(&stage.balanced);
    vp_autofree char *target = vp_asprintf("%s/irqs", name);
    vp_autofree char *value = NULL;
    ck_assert_int_eq(vp_means_irqbalance.read(stage.machine.fake.root, target, &value, NULL), 0);
    ck_assert_uint_le(strlen(value), VP_IRQBALANCE_IRQS_MAX);
    ck_assert_uint_gt(strlen(value), VP_IRQBALANCE_IRQS_MAX - 5);
    ck_assert_ptr_nonnull(strstr(value, "1000 1001 "));
    ck_assert_ptr_nonnull(strstr(value, " 99999"));
    check_balanced(&stage, "0", value);
}
END_TEST

/* One that runs and does not listen is no help. */
START_TEST(irqbalance_is_deaf)
{
    STAGE stage;
    stage_open(&stage);
    const struct fake *fake = &stage.machine.fake;
    irqhost_irq(fake, 30, "eth0-rx-0", NULL, "0-7");
    fake_file(fake, "/run/irqbalance/irqbalance77.sock", "");
    fake_file(fake, "/proc/77/comm", "irqbalance\n");
    fake_file(fake, "/proc/77/stat", "77 (irqbalance) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n");
    enter(&stage, "db", VP_POLICY_DEDICATED, 3, "irq/others=off-dedicated");
    check_wishes(&stage, "cpumask /proc/irq/default_smp_affinity = f1 (db)\nirq irq/30 = 0,4-7 (db)\n");
}
END_TEST

VP_TEST_MAIN("wish-irq", VP_TEST(nobody_wants), VP_TEST(devices), VP_TEST(devices_elsewhere),
             VP_TEST(devices_of_floating), VP_TEST(others), VP_TEST(wide), VP_TEST(serving), VP_TEST(foreign),
             VP_TEST(with_irqbalance), VP_TEST(irqbalance_comes_and_goes), VP_TEST(irqbalance_is_busy),
             VP_TEST(irqbalance_is_deaf), VP_TEST(irqbalance_is_told_much))
