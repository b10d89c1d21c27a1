/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "heldplace.h"

#include "model/machine.h"

#include <errno.h>

static struct vp_conf conf = {.reserve_kib = UINT64_MAX};

static struct vp_demand demand_of(enum vp_policy policy, unsigned vcpus)
{
    return (struct vp_demand){.name = "g", .policy = policy, .vcpus = vcpus, .memory_kib = 1024};
}

/* The place in the ledger, whatever is asked for; else the one in the definition; else none. */
START_TEST(what_it_has)
{
    MACHINE machine;
    machine_open(&machine, "synthetic:numa:2 core:4 pu:1", NULL);
    const struct vp_demand asks = demand_of(VP_POLICY_DEDICATED, 2);
    vp_autoplacement own = machine_plan(&machine, &asks);
    vp_autoplacer below = vp_placer_new(machine.fake.host, &conf);
    struct vp_entry entry = {.name = (char *)"g", .placement = own};
    struct vp_demand other = demand_of(VP_POLICY_SHARED, 4);

    vp_autoplacer held = vp_heldplace_placer(&entry, below);
    vp_autoplacement placement = NULL;
    ck_assert_int_eq(held->place(held, &other, &placement, NULL), 0);
    machine_is(&machine, placement, "1 2 | emulator 0 | node 0: 2 vCPUs, 1M | owned 1-2");

    entry.placement = NULL;
    vp_autoerror err = NULL;
    vp_autoplacement nothing = NULL;
    ck_assert_int_eq(held->place(held, &other, &nothing, &err), -ENOSPC);
    ck_assert(nothing == NULL && err != NULL);

    other.earlier = own;
    vp_autoplacement earlier = NULL;
    ck_assert_int_eq(held->place(held, &other, &earlier, NULL), 0);
    ck_assert_uint_eq(earlier->n_vcpus, 2);

    vp_autoplacer unknown = vp_heldplace_placer(NULL, below);
    vp_autoplacement same = NULL;
    ck_assert_int_eq(unknown->place(unknown, &other, &same, NULL), 0);
}
END_TEST

START_TEST(topology_is_the_other_placers)
{
    FAKE fake;
    const struct vp_topology *a = NULL;
    const struct vp_topology *b = NULL;
    fake_open(&fake);
    vp_autoplacer below = vp_placer_new(fake.host, &conf);
    vp_autoplacer held = vp_heldplace_placer(NULL, below);
    ck_assert_int_eq(below->topology(below, &a, NULL), 0);
    ck_assert_int_eq(held->topology(held, &b, NULL), 0);
    ck_assert_ptr_eq(a, b);
}
END_TEST

VP_TEST_MAIN("heldplace", VP_TEST(what_it_has), VP_TEST(topology_is_the_other_placers))
