/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "host/irqhost.h"
#include "irqwants.h"
#include "netqueue.h"
#include "reconcile.h"
#include "strbuf.h"

#define TAP(name) VP_FACT_TAP name "=52:54:00:00:00:01"

/* Two nodes of four cores each: CPUs 0-3 and 4-7, housekeeping 0 and 4; eth0 with four queues in br0. */
struct stage {
    struct machine machine;
    struct vp_entries entries;
};

static void stage_close(struct stage *stage)
{
    vp_entries_done(&stage->entries);
    machine_close(&stage->machine);
}
#define STAGE VP_CLEANUP(stage_close) struct stage

static void device(const struct stage *stage, const char *name, const char *pci, const char *index)
{
    vp_autofree char *path = vp_asprintf("/sys/class/net/%s/ifindex", name);
    irqhost_net(&stage->machine.fake, name, pci);
    vp_autofree char *line = vp_asprintf("%s\n", index);
    fake_file(&stage->machine.fake, path, line);
}

static void queue(const struct stage *stage, const char *name, const char *file, const char *text)
{
    vp_autofree char *path = vp_asprintf("/sys/class/net/%s/queues/%s", name, file);
    fake_file(&stage->machine.fake, path, text);
}

static void tap(const struct stage *stage, const char *name, const char *index, unsigned queues)
{
    device(stage, name, NULL, index);
    irqhost_port(&stage->machine.fake, "br0", name);
    for (unsigned i = 0; i < queues; i++) {
        vp_autofree char *file = vp_asprintf("rx-%u/rps_cpus", i);
        queue(stage, name, file, "00\n");
    }
}

static void open_with(struct stage *stage, const char *housekeeping)
{
    *stage = (struct stage){0};
    machine_open(&stage->machine, "synthetic:numa:2 core:4 pu:1", housekeeping);
    device(stage, "br0", NULL, "1");
    device(stage, "eth0", "pci0000:00/0000:00:03.0", "2");
    irqhost_port(&stage->machine.fake, "br0", "eth0");
    for (unsigned i = 0; i < 4; i++) {
        vp_autofree char *file = vp_asprintf("tx-%u/xps_cpus", i);
        vp_autofree char *mask = vp_asprintf("%x\n", 0x11u << i);
        queue(stage, "eth0", file, mask);
    }
    tap(stage, "vnet0", "10", 2);
}

static void stage_open(struct stage *stage)
{
    open_with(stage, NULL);
}

static void enter(struct stage *stage, const char *name, enum vp_policy policy, bool own_emulator,
                  const char *wants)
{
    struct vp_demand demand = {.name = name,
                               .policy = policy,
                               .threads = VP_THREADS_ANY,
                               .vcpus = 2,
                               .own_emulator = own_emulator,
                               .memory_kib = 1024};
    struct vp_placement *placement = NULL;
    struct vp_entry *entry = vp_entry_new(name, name);
    vp_autofree char *copy = vp_strdup(wants);
    char *save = NULL;
    ck_assert_int_eq(vp_placement_plan(stage->machine.occupied, &demand, &placement, NULL), 0);
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

static void leave(struct stage *stage)
{
    struct vp_entry *entry = stage->entries.items[--stage->entries.n];
    vp_occupied_remove(stage->machine.occupied, entry->placement);
    vp_entry_free(entry);
}

static char *wish(struct stage *stage, struct vp_wishes *wishes)
{
    struct vp_strbuf buf = {0};
    ck_assert_int_eq(vp_wish_netqueue(stage->machine.fake.root, stage->machine.topology,
                                      stage->machine.occupied, &stage->entries, wishes, NULL),
                     0);
    for (size_t i = 0; i < wishes->n; i++)
        vp_strbuf_addf(&buf, "%s = %s (%s)\n", wishes->items[i].target, wishes->items[i].value,
                       wishes->items[i].owner);
    return vp_strbuf_take(&buf);
}

static void check_wishes(struct stage *stage, const char *expect)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    vp_autofree char *text = wish(stage, &wishes);
    ck_assert_msg(strcmp(text, expect) == 0, "%s-- expected:\n%s", text, expect);
}

static void converge(struct stage *stage, size_t happenings)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happened = {0};
    free(wish(stage, &wishes));
    int lock = -1;
    ck_assert_int_eq(vp_host_lock(stage->machine.fake.root, &lock, NULL), 0);
    ck_assert_int_eq(vp_reconcile(stage->machine.fake.root, &wishes, &happened, NULL), 0);
    vp_root_unlock(&lock);
    ck_assert_msg(happened.n == happenings, "%zu: %s: %s", happened.n,
                  happened.n > 0 ? happened.items[0].what : "", happened.n > 0 ? happened.items[0].why : "");
}

static void check_file(const struct stage *stage, const char *path, const char *expect)
{
    vp_autofree char *full = vp_asprintf("/sys/class/net/%s", path);
    vp_autofree char *value = NULL;
    ck_assert_int_eq(vp_means_file.read(stage->machine.fake.root, full, &value, NULL), 0);
    ck_assert_msg(strcmp(value, expect) == 0, "%s: %s, not %s", path, value, expect);
}

START_TEST(length)
{
    STAGE stage;
    stage_open(&stage);
    check_wishes(&stage, "");
    enter(&stage, "db", VP_POLICY_SHARED, false, "net/tx-queue-length=10000 " TAP("vnet0") " " TAP("vnet9"));
    check_wishes(&stage, "net/vnet0@10/tx_queue_len = 10000 (db)\n");
    converge(&stage, 1);
    check_file(&stage, "vnet0/tx_queue_len", "10000");
    converge(&stage, 0);
    leave(&stage);
    converge(&stage, 1);
    check_file(&stage, "vnet0/tx_queue_len", "1000");
}
END_TEST

/* The name comes back with another device, whose length is its own. */
START_TEST(another_device)
{
    STAGE stage;
    stage_open(&stage);
    enter(&stage, "db", VP_POLICY_SHARED, false, "net/tx-queue-length=10000 " TAP("vnet0"));
    converge(&stage, 1);
    fake_file(&stage.machine.fake, "/sys/class/net/vnet0/ifindex", "11\n");
    fake_file(&stage.machine.fake, "/sys/class/net/vnet0/tx_queue_len", "500\n");
    converge(&stage, 1);
    check_file(&stage, "vnet0/tx_queue_len", "10000");
    leave(&stage);
    converge(&stage, 1);
    check_file(&stage, "vnet0/tx_queue_len", "500");
}
END_TEST

/* A CPU for each queue of the tap; the workers' CPUs get queues of the card, the others keep theirs. */
START_TEST(queues)
{
    STAGE stage;
    stage_open(&stage);
    enter(&stage, "db", VP_POLICY_DEDICATED, true, "net/queue-cpus=follow " TAP("vnet0"));
    check_wishes(&stage,
                 "net/vnet0@10/queues/rx-0/rps_cpus = 8 (db)\nnet/vnet0@10/queues/rx-1/rps_cpus = 8 (db)\n"
                 "net/eth0@2/queues/tx-0/xps_cpus = 19 (db)\nnet/eth0@2/queues/tx-1/xps_cpus = 2a (db)\n"
                 "net/eth0@2/queues/tx-2/xps_cpus = 4c (db)\nnet/eth0@2/queues/tx-3/xps_cpus = 88 (db)\n");
    converge(&stage, 5); /* queue 3 has it already */
    check_file(&stage, "eth0/queues/tx-3/xps_cpus", "88");
    /* Another guest, on other queues; from what was there at first. */
    tap(&stage, "vnet1", "12", 1);
    enter(&stage, "db2", VP_POLICY_DEDICATED, true, "net/queue-cpus=follow " TAP("vnet1"));
    check_wishes(
        &stage,
        "net/vnet0@10/queues/rx-0/rps_cpus = 8 (db)\nnet/vnet0@10/queues/rx-1/rps_cpus = 8 (db)\n"
        "net/vnet1@12/queues/rx-0/rps_cpus = 80 (db2)\n"
        "net/eth0@2/queues/tx-0/xps_cpus = 19 (db, db2)\nnet/eth0@2/queues/tx-1/xps_cpus = a2 (db, db2)\n"
        "net/eth0@2/queues/tx-2/xps_cpus = 4c (db, db2)\nnet/eth0@2/queues/tx-3/xps_cpus = 80 (db, db2)\n");
    converge(&stage, 3);
    converge(&stage, 0);
    leave(&stage);
    leave(&stage);
    irqhost_remove(&stage.machine.fake, "/sys/devices/virtual/net/vnet0");
    converge(&stage, 5);
    check_file(&stage, "eth0/queues/tx-0/xps_cpus", "11");
    check_file(&stage, "eth0/queues/tx-1/xps_cpus", "22");
    check_file(&stage, "eth0/queues/tx-3/xps_cpus", "88");
    check_file(&stage, "vnet1/queues/rx-0/rps_cpus", "00");
}
END_TEST

/* Two housekeeping CPUs of a node: the queues of a tap take turns. A card with one queue has no say. */
START_TEST(turns)
{
    STAGE stage = {0};
    machine_open(&stage.machine, "synthetic:numa:1 core:80 pu:1", "3,70");
    device(&stage, "br0", NULL, "1");
    device(&stage, "eth0", "pci0000:00/0000:00:03.0", "2");
    queue(&stage, "eth0", "tx-0/tx_timeout", "0\n");
    irqhost_port(&stage.machine.fake, "br0", "eth0");
    tap(&stage, "vnet0", "10", 3);
    enter(&stage, "db", VP_POLICY_DEDICATED, false, "net/queue-cpus=follow " TAP("vnet0"));
    check_wishes(&stage, "net/vnet0@10/queues/rx-0/rps_cpus = 8 (db)\n"
                         "net/vnet0@10/queues/rx-1/rps_cpus = 40,00000000,00000000 (db)\n"
                         "net/vnet0@10/queues/rx-2/rps_cpus = 8 (db)\n");
}
END_TEST

/* More CPUs than queues: they share. */
START_TEST(few_queues)
{
    STAGE stage;
    open_with(&stage, "1-3");
    queue(&stage, "eth0", "tx-0/xps_cpus", "0\n");
    irqhost_remove(&stage.machine.fake, "/sys/class/net/eth0/queues/tx-2");
    irqhost_remove(&stage.machine.fake, "/sys/class/net/eth0/queues/tx-3");
    enter(&stage, "vdi", VP_POLICY_NODE, false, "net/queue-cpus=follow " TAP("vnet0"));
    vp_autofree char *cpus = vp_bitmap_text(stage.entries.items[0]->placement->emulator);
    ck_assert_str_eq(cpus, "1-3");
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    vp_autofree char *text = wish(&stage, &wishes);
    ck_assert_ptr_nonnull(strstr(text, "net/eth0@2/queues/tx-0/xps_cpus = a (vdi)\n"));
    ck_assert_ptr_nonnull(strstr(text, "net/eth0@2/queues/tx-1/xps_cpus = 24 (vdi)\n"));
}
END_TEST

static const char *const bad_targets[] = {
    "", "vnet0@10/x", "net/vnet0/x", "net/vnet0@10", "net/vnet0@x/y", "net/../../x@10/y", "net/a/b@10/y"};

START_TEST(no_target)
{
    STAGE stage;
    char *value = (char *)&stage;
    stage_open(&stage);
    ck_assert_msg(vp_means_net.read(stage.machine.fake.root, bad_targets[_i], &value, NULL) == -EINVAL, "%s",
                  bad_targets[_i]);
    ck_assert_ptr_eq(value, (char *)&stage);
    ck_assert_int_eq(vp_means_net.write(stage.machine.fake.root, bad_targets[_i], "1", NULL), -EINVAL);
}
END_TEST

VP_TEST_MAIN("netqueue", VP_TEST(length), VP_TEST(another_device), VP_TEST(queues), VP_TEST(turns),
             VP_TEST(few_queues), VP_TEST_ROWS(no_target, bad_targets))
