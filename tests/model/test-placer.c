/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "placer.h"

#include "fake.h"

#include <errno.h>
#include <string.h>

#define GIB (1024 * 1024)

static const char machine[] = "synthetic:pack:1 numa:2(memory=16GiB) core:4 pu:1";

static struct vp_host *open_host(const struct fake *fake, const char *where)
{
    struct vp_host *host = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_host_open(where, fake->root, &host, &err) == 0, "%s: %s", where,
                  err ? err->message : "");
    return host;
}

/* What is configured, a guest of so many vCPUs and GiB, and where it goes: the lowest CPU, "" for nowhere. */
static const struct {
    const char *housekeeping;
    uint64_t reserve_kib;
    unsigned vcpus;
    uint64_t gib;
    const char *cpus, *shortage;
} rows[] = {
    {NULL, UINT64_MAX, 1, 1, "1", NULL},
    {NULL, UINT64_MAX, 3, 15, "1-3", NULL},
    {NULL, UINT64_MAX, 3, 16, "1-2,5", NULL},
    {NULL, UINT64_MAX, 7, 1, NULL, "1 are missing"},
    {NULL, 0, 3, 16, "1-3", NULL},
    {NULL, 15 * (uint64_t)GIB, 1, 1, "1", NULL},
    {NULL, 15 * (uint64_t)GIB, 1, 3, NULL, "are missing"},
    {NULL, 99 * (uint64_t)GIB, 1, 1, NULL, "are missing"},
    {"0-3", UINT64_MAX, 1, 1, "4", NULL},
    {"3", UINT64_MAX, 3, 1, "0-2", NULL},
    {"0", UINT64_MAX, 4, 1, "4-7", NULL},
};

START_TEST(places)
{
    FAKE fake;
    fake_open(&fake);
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *host = open_host(&fake, machine);
    vp_autofree char *list = vp_strdup(rows[_i].housekeeping);
    static char origin[] = "virt-profile.conf:2";
    const struct vp_conf conf = {.housekeeping = list,
                                 .housekeeping_origin = list ? origin : NULL,
                                 .reserve_kib = rows[_i].reserve_kib};
    const struct vp_demand demand = {.name = "guest",
                                     .policy = VP_POLICY_DEDICATED,
                                     .vcpus = rows[_i].vcpus,
                                     .memory_kib = rows[_i].gib * GIB};
    vp_autoplacer placer = vp_placer_new(host, &conf);
    for (int again = 0; again < 2; again++) {
        vp_autoplacement placement = NULL;
        vp_autoerror err = NULL;
        const int r = placer->place(placer, &demand, &placement, &err);
        if (rows[_i].cpus == NULL) {
            ck_assert_msg(r == -ENOSPC && strstr(err->message, rows[_i].shortage) != NULL, "row %d: %d %s",
                          _i, r, err ? err->message : "");
            ck_assert_ptr_null(placement);
            continue;
        }
        ck_assert_msg(r == 0, "row %d: %s", _i, err ? err->message : "");
        vp_autofree char *cpus = vp_bitmap_text(placement->owned);
        ck_assert_msg(strcmp(cpus, rows[_i].cpus) == 0, "row %d: on %s", _i, cpus);
    }
}
END_TEST

START_TEST(reads_once)
{
    FAKE fake;
    fake_open(&fake);
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *host = open_host(&fake, machine);
    const struct vp_conf conf = {.reserve_kib = UINT64_MAX};
    const struct vp_topology *first = NULL;
    const struct vp_topology *second = NULL;
    vp_autoplacer placer = vp_placer_new(host, &conf);
    ck_assert_int_eq(placer->topology(placer, &first, NULL), 0);
    ck_assert_int_eq(placer->topology(placer, &second, NULL), 0);
    ck_assert_uint_eq(first->n_cpus, 8);
    ck_assert_ptr_eq(first, second);
}
END_TEST

/* The configuration is named, with file and line, when the machine has no such CPU. */
START_TEST(names_the_line)
{
    FAKE fake;
    fake_open(&fake);
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *host = open_host(&fake, machine);
    char list[] = "0,9-10";
    char origin[] = "virt-profile.conf:7";
    const struct vp_conf conf = {
        .housekeeping = list, .housekeeping_origin = origin, .reserve_kib = UINT64_MAX};
    const struct vp_demand demand = {
        .name = "guest", .policy = VP_POLICY_SHARED, .vcpus = 1, .memory_kib = 1024};
    struct vp_placement *placement = NULL;
    vp_autoerror err = NULL;
    vp_autoplacer placer = vp_placer_new(host, &conf);
    ck_assert_int_eq(placer->place(placer, &demand, &placement, &err), -EINVAL);
    ck_assert_str_eq(err->message, "virt-profile.conf:7: housekeeping CPUs: CPU 9-10 is offline, isolated or "
                                   "not allowed; name others");
    ck_assert_ptr_null(placement);
}
END_TEST

/* A host that cannot be read is an error of whoever asks, not of who makes the placer. */
START_TEST(bad_host)
{
    FAKE fake;
    fake_open(&fake);
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *host = open_host(&fake, "synthetic:nonsense");
    const struct vp_conf conf = {.reserve_kib = UINT64_MAX};
    const struct vp_demand demand = {
        .name = "guest", .policy = VP_POLICY_SHARED, .vcpus = 1, .memory_kib = 1024};
    static const struct vp_topology sentinel;
    const struct vp_topology *topology = &sentinel;
    struct vp_placement *placement = NULL;
    vp_autoerror err = NULL;
    vp_autoplacer placer = vp_placer_new(host, &conf);
    ck_assert_int_lt(placer->topology(placer, &topology, NULL), 0);
    ck_assert_ptr_eq(topology, &sentinel);
    ck_assert_int_lt(placer->place(placer, &demand, &placement, &err), 0);
    ck_assert_ptr_nonnull(err);
    ck_assert_ptr_null(placement);
    vp_placer_free(NULL);
}
END_TEST

/* A host that is full today. */
static int place_full(struct vp_placer *placer, const struct vp_demand *demand,
                      struct vp_placement **ret_placement, struct vp_error **err)
{
    (void)placer;
    (void)ret_placement;
    return vp_fail(err, demand->vcpus == 2 ? EIO : ENOSPC, "'%s' finds nothing", demand->name);
}

static const struct {
    unsigned vcpus;
    int r;
    const char *says; /* the last reason, or the error */
} somedays[] = {
    {1, 0, "there is no room for it now: 'guest' finds nothing"},
    {6, 0, "there is no room for it now: 'guest' finds nothing"},
    {7, -ENOSPC, "'guest' finds nothing"},
    {2, -EIO, "'guest' finds nothing"},
};

START_TEST(someday)
{
    FAKE fake;
    fake_open(&fake);
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *host = open_host(&fake, machine);
    const struct vp_conf conf = {.reserve_kib = UINT64_MAX};
    const struct vp_demand demand = {
        .name = "guest", .policy = VP_POLICY_DEDICATED, .vcpus = somedays[_i].vcpus, .memory_kib = GIB};
    vp_autoplacement placement = NULL;
    vp_autoerror err = NULL;
    struct vp_placer *full = vp_placer_new(host, &conf);
    full->place = place_full;
    vp_autoplacer placer = vp_placer_someday(full, &conf);
    ck_assert_int_eq(placer->place(placer, &demand, &placement, &err), somedays[_i].r);
    ck_assert_int_eq(placement != NULL, somedays[_i].r == 0);
    ck_assert_str_eq(placement != NULL ? placement->reasons[placement->n_reasons - 1] : err->message,
                     somedays[_i].says);
}
END_TEST

VP_TEST_MAIN("placer", VP_TEST_ROWS(someday, somedays), VP_TEST_ROWS(places, rows), VP_TEST(reads_once),
             VP_TEST(names_the_line), VP_TEST(bad_host))
