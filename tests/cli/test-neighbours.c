/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../src/cli/cli.h"
#include "neighbours.h"

#include "model/fake.h"

#include <errno.h>
#include <string.h>

/*
 * Two nodes of 16 GiB and four CPUs each; the first of each is housekeeping, a sixteenth of the memory
 * stays.
 */
static const char machine[] = "synthetic:pack:1 numa:2(memory=16GiB) core:4 pu:1";
#define UUID "6f1c0a0e-0000-4000-8000-00000000000"

/* Of a neighbour: what is inside <domain>. */
#define PINNED(vcpu, cpu) "<vcpupin vcpu='" vcpu "' cpuset='" cpu "'/>"
#define ON_NODE_0 PINNED("0", "1") PINNED("1", "2")
#define STRICT_0 "<numatune><memory mode='strict' nodeset='0'/></numatune>"

static const struct {
    const char *what;
    const char *vcpus, *memory, *cputune, *numatune; /* of the neighbour */
    unsigned asks;    /* vCPUs of the guest that is placed, each on a CPU of its own */
    uint64_t gib;     /* and its memory */
    const char *cpus; /* where it goes; NULL: nowhere */
} rows[] = {
    {"nothing is taken", "2", "1", "", "", 2, 1, "1-2"},
    {"pinned to node 0", "2", "1", ON_NODE_0, "", 2, 1, "5-6"},
    {"one CPU of node 0 is left", "2", "1", ON_NODE_0, "", 1, 1, "3"},
    {"as much as all that is left", "2", "1", ON_NODE_0, "", 4, 1, "3,5-7"},
    {"more than is left", "2", "1", ON_NODE_0, "", 5, 1, "1-3,5-6"},
    {"more than there is", "2", "1", ON_NODE_0, "", 7, 1, NULL},
    {"pinned to a set, which leaves room", "2", "1", PINNED("0", "1-3") PINNED("1", "1-3"), "", 2, 1, "1-2"},
    {"an emulator of its own", "1", "1", "<emulatorpin cpuset='2'/>", "", 2, 1, "1,3"},
    {"an emulator on housekeeping", "1", "1", "<emulatorpin cpuset='0'/>", "", 3, 1, "1-3"},
    {"an iothread", "1", "1", "<iothreadpin iothread='1' cpuset='3'/>", "", 3, 1, "5-7"},
    {"CPUs that are not there", "2", "1", PINNED("0", "77") PINNED("1", "9999999"), "", 2, 1, "1-2"},
    {"memory of node 0", "1", "10", "", STRICT_0, 1, 8, "5"},
    {"memory that leaves room", "1", "4", "", STRICT_0, 1, 8, "1"},
    {"memory is given up before CPUs", "2", "14", ON_NODE_0, STRICT_0, 4, 16, "3,5-7"},
    {"memory of nowhere", "1", "15", "", "", 1, 15, "1"},
};

static char *definition(const char *uuid, const char *vcpus, const char *gib, const char *cputune,
                        const char *numatune)
{
    return vp_asprintf("<domain type='kvm'><name>n</name><uuid>%s</uuid><memory unit='GiB'>%s</memory>"
                       "<vcpu>%s</vcpu><iothreads>1</iothreads><cputune>%s</cputune>%s</domain>",
                       uuid, gib, vcpus, cputune, numatune);
}

static struct vp_neighbours *neighbours_of(struct vp_cli *cli)
{
    const struct vp_conf *conf = NULL;
    ck_assert_int_eq(vp_cli_conf(cli, &conf, NULL), 0);
    return vp_neighbours_new(NULL, conf, NULL);
}

/* A command line that plans for the machine, on a host of the tests' own. */
static void open_cli(struct vp_cli *cli, const struct fake *fake, struct vp_engine *engine)
{
    *cli = (struct vp_cli){.root_path = fake->folder, .host_where = machine, .enforce = -1};
    vp_autoerror err = NULL;
    ck_assert_msg(vp_cli_engine(cli, engine, &err) == 0, "%s", err ? err->message : "");
}

/* "1-2", "" for nowhere; owned. */
static char *place(const struct vp_engine *engine, unsigned vcpus, uint64_t gib, const char *why)
{
    const struct vp_demand demand = {
        .name = "guest", .policy = VP_POLICY_DEDICATED, .vcpus = vcpus, .memory_kib = gib * 1024 * 1024};
    vp_autoplacement placement = NULL;
    vp_autoerror err = NULL;
    const int r = engine->placer->place(engine->placer, &demand, &placement, &err);
    if (r < 0) {
        ck_assert_msg(r == -ENOSPC && err != NULL && placement == NULL, "%s: %d", why, r);
        return vp_strdup("");
    }
    return vp_bitmap_text(placement->owned);
}

START_TEST(keeps_off)
{
    FAKE fake;
    fake_open(&fake);
    struct vp_engine engine;
    VP_CLEANUP(vp_cli_done) struct vp_cli cli;
    open_cli(&cli, &fake, &engine);
    vp_autoneighbours neighbours = neighbours_of(&cli);
    vp_autofree char *xml =
        definition(UUID "1", rows[_i].vcpus, rows[_i].memory, rows[_i].cputune, rows[_i].numatune);
    vp_neighbours_update(neighbours, UUID "1", xml);
    ck_assert_int_eq(vp_cli_place(&cli, &engine, UUID "2", neighbours, NULL), 0);
    vp_autofree char *cpus = place(&engine, rows[_i].asks, rows[_i].gib, rows[_i].what);
    ck_assert_msg(strcmp(cpus, rows[_i].cpus ? rows[_i].cpus : "") == 0, "%s: on '%s'", rows[_i].what, cpus);
}
END_TEST

/* A domain is not in its own way, and only its latest definition counts. */
START_TEST(itself)
{
    FAKE fake;
    fake_open(&fake);
    struct vp_engine engine;
    VP_CLEANUP(vp_cli_done) struct vp_cli cli;
    open_cli(&cli, &fake, &engine);
    vp_autoneighbours neighbours = neighbours_of(&cli);
    vp_autofree char *first = definition(UUID "1", "2", "1", ON_NODE_0, "");
    vp_autofree char *later = definition(UUID "1", "1", "1", PINNED("0", "5"), "");
    static const struct {
        const char *uuid, *cpus;
    } steps[] = {{UUID "1", "1-3"}, {UUID "2", "5-7"}, {"", "5-7"}, {NULL, "5-7"}};

    vp_neighbours_update(neighbours, UUID "1", first);
    for (size_t i = 0; i < VP_ARRAY_SIZE(steps); i++) {
        ck_assert_int_eq(vp_cli_place(&cli, &engine, steps[i].uuid, neighbours, NULL), 0);
        vp_autofree char *cpus = place(&engine, 3, 1, steps[i].uuid ? steps[i].uuid : "no UUID");
        ck_assert_str_eq(cpus, steps[i].cpus);
    }
    vp_neighbours_update(neighbours, UUID "1", later);
    vp_autofree char *moved = place(&engine, 3, 1, "another definition");
    ck_assert_str_eq(moved, "1-3");
    vp_neighbours_update(neighbours, UUID "1", first);
    vp_neighbours_update(neighbours, UUID "1", "<domain");
    vp_autofree char *forgotten = place(&engine, 3, 1, "no definition");
    ck_assert_str_eq(forgotten, "1-3");
}
END_TEST

/* More guests than CPUs: each goes where the fewest are. */
START_TEST(spreads)
{
    FAKE fake;
    fake_open(&fake);
    struct vp_engine engine;
    VP_CLEANUP(vp_cli_done) struct vp_cli cli;
    open_cli(&cli, &fake, &engine);
    vp_autoneighbours neighbours = neighbours_of(&cli);
    unsigned claims[8] = {0};
    for (unsigned i = 0; i < 18; i++) {
        vp_autofree char *uuid = vp_asprintf("6f1c0a0e-0000-4000-8000-%012u", i);
        ck_assert_int_eq(vp_cli_place(&cli, &engine, uuid, neighbours, NULL), 0);
        vp_autofree char *cpus = place(&engine, 1, 1, uuid);
        vp_autofree char *pin = vp_asprintf("<vcpupin vcpu='0' cpuset='%s'/>", cpus);
        vp_autofree char *xml = definition(uuid, "1", "1", pin, "");
        vp_neighbours_update(neighbours, uuid, xml);
        ck_assert_msg(strlen(cpus) == 1 && cpus[0] >= '1' && cpus[0] <= '7', "%u: on '%s'", i, cpus);
        claims[cpus[0] - '0']++;
        for (size_t cpu = 0; cpu < VP_ARRAY_SIZE(claims); cpu++)
            ck_assert_msg(claims[cpu] <= i / 6 + 1, "%u: CPU %zu is wanted by %u", i, cpu, claims[cpu]);
    }
}
END_TEST

VP_TEST_MAIN("neighbours", VP_TEST_ROWS(keeps_off, rows), VP_TEST(itself), VP_TEST(spreads))
