/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "placement.h"

#include "machine.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* What went wrong elsewhere when CPUs were given to guests; each test says what, and where it was seen. */

#define GIB (UINT64_C(1024) * 1024)
#define SMT2 "synthetic:pack:2 [numa(memory=64GiB)] l3:1 core:4 pu:2"

static void isolate(struct machine *machine, unsigned first, unsigned last)
{
    (void)hwloc_bitmap_set_range(machine->topology->isolated, first, (int)last);
    for (unsigned os = first; os <= last; os++)
        machine->topology->cpus[vp_topology_cpu(machine->topology, os)].isolated = true;
}

/*
 * The scheduler moves nothing between isolated CPUs: a thread that may use several of them stays on the
 * first, and so do all threads (SEAPATH, "VM vCPUs all on one core with isolcpus"). One CPU for each vCPU,
 * or none.
 */
START_TEST(several_isolated_cpus)
{
    MACHINE machine = {0};
    machine_open(&machine, SMT2, NULL);
    isolate(&machine, 12, 15);
    struct vp_demand demand = {.name = "isolated", .vcpus = 4, .memory_kib = GIB, .iothreads = 2};
    vp_autoplacement inside = machine_plan(&machine, &demand);
    machine_is(&machine, inside,
               "12 13 14 15 | emulator 8-9 | iothreads 8-9 8-9 | node 1: 4 vCPUs, 1G | owned 12-15");
    demand.vcpus = 6;
    vp_autoplacement mixed = machine_plan(&machine, &demand);
    ck_assert_uint_eq(mixed->n_cells, 1);
    for (demand.policy = VP_POLICY_NODE; demand.policy < VP_POLICY_N_; demand.policy++) {
        vp_autoplacement floating = machine_plan(&machine, &demand);
        for (unsigned i = 0; i < floating->n_vcpus; i++)
            ck_assert(!hwloc_bitmap_intersects(floating->vcpus[i], machine.topology->isolated));
        ck_assert(!hwloc_bitmap_intersects(floating->emulator, machine.topology->isolated));
        ck_assert(!hwloc_bitmap_intersects(floating->iothreads[0], machine.topology->isolated));
    }
}
END_TEST

/* A host whose CPUs are all isolated has none for threads that share: that is said, not tried. */
START_TEST(all_isolated)
{
    MACHINE machine = {0};
    vp_autoerror err = NULL;
    struct vp_placement *none = NULL;
    machine_open(&machine, SMT2, NULL);
    isolate(&machine, 0, 15);
    hwloc_bitmap_zero(machine.occupied->housekeeping);
    struct vp_demand demand = {.name = "isolated", .vcpus = 2, .memory_kib = GIB};
    ck_assert_int_eq(vp_placement_plan(machine.occupied, &demand, &none, &err), -ENOSPC);
    ck_assert_msg(strstr(err->message, "no housekeeping CPU for the emulator") != NULL, "%s", err->message);
    demand.own_emulator = true;
    vp_autoplacement own = machine_plan(&machine, &demand);
    ck_assert_int_eq(hwloc_bitmap_weight(own->emulator), 1);
}
END_TEST

/*
 * An emulator thread on the CPU of a vCPU that runs with a real-time priority never runs again, and the
 * guest hangs (SEAPATH). No guest's helper is on a CPU that a dedicated guest owns, but for those of its
 * own.
 */
START_TEST(emulator_beside_vcpu)
{
    static const struct {
        bool own_emulator, own_iothreads;
    } rows[] = {{false, false}, {true, false}, {false, true}, {true, true}};
    MACHINE machine = {0};
    machine_open(&machine, SMT2, NULL);
    for (unsigned i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        const struct vp_demand demand = {.name = "guest",
                                         .threads = i % 2 == 0 ? VP_THREADS_SIBLINGS : VP_THREADS_ANY,
                                         .vcpus = 1,
                                         .iothreads = 1,
                                         .memory_kib = GIB,
                                         .own_emulator = rows[i].own_emulator,
                                         .own_iothreads = rows[i].own_iothreads};
        vp_autoplacement placement = machine_plan(&machine, &demand);
        vp_autobitmap vcpus = vp_bitmap_new();
        (void)hwloc_bitmap_or(vcpus, machine.occupied->dedicated, placement->vcpus[0]);
        ck_assert_msg(!hwloc_bitmap_intersects(placement->emulator, vcpus), "row %u", i);
        ck_assert_msg(!hwloc_bitmap_intersects(placement->iothreads[0], vcpus), "row %u", i);
        ck_assert_int_eq(hwloc_bitmap_isincluded(placement->emulator, placement->owned),
                         rows[i].own_emulator);
        ck_assert_int_eq(hwloc_bitmap_isincluded(placement->iothreads[0], placement->owned),
                         rows[i].own_iothreads);
        vp_occupied_add(machine.occupied, placement);
    }
}
END_TEST

/*
 * Pinning guests that share CPUs made them slower than not pinning them (LXD, OpenNebula): more vCPUs than
 * CPUs are never tied to fewer CPUs than they have vCPUs, and the emptier place goes first.
 */
START_TEST(pinned_without_room)
{
    MACHINE machine = {0};
    machine_open(&machine, SMT2, NULL);
    vp_autobitmap first_node = vp_bitmap_new();
    for (unsigned i = 0; i < 8; i++) {
        const struct vp_demand demand = {
            .name = "guest", .policy = VP_POLICY_NODE, .vcpus = 1 + i % 6, .memory_kib = GIB};
        vp_autoplacement placement = machine_plan(&machine, &demand);
        ck_assert_uint_ge((unsigned)hwloc_bitmap_weight(placement->vcpus[0]), demand.vcpus);
        if (i < 2)
            (void)hwloc_bitmap_set(first_node, placement->cells[0].node);
        vp_occupied_add(machine.occupied, placement);
    }
    ck_assert_int_eq(hwloc_bitmap_weight(first_node), 2);
    const struct vp_demand all = {.name = "all", .policy = VP_POLICY_SHARED, .vcpus = 40, .memory_kib = GIB};
    vp_autoplacement shared = machine_plan(&machine, &all);
    ck_assert_int_eq(hwloc_bitmap_weight(shared->vcpus[0]), 12);
    /* And none of these is in the way of a guest that owns its CPUs, nor gets a CPU twice. */
    struct vp_placement *none = NULL;
    const struct vp_demand wide = {.name = "wide", .vcpus = 13, .memory_kib = GIB};
    ck_assert_int_eq(vp_placement_plan(machine.occupied, &wide, &none, NULL), -ENOSPC);
}
END_TEST

/*
 * Masks in hexadecimal went wrong in words: leading ones, commas, more than 32 CPUs (CRI-O, Red Hat). Sets
 * are lists everywhere, and CPU numbers beyond any word come through.
 */
START_TEST(many_words)
{
    MACHINE machine = {0};
    machine_open(&machine, "synthetic:pack:16 group:4 [numa(memory=64GiB)] l3:8 core:8 pu:2", NULL);
    (void)hwloc_bitmap_set_range(machine.occupied->pinned, 0, 8191 - 16);
    const struct vp_demand demand = {.name = "guest", .vcpus = 3, .memory_kib = GIB};
    vp_autoplacement placement = machine_plan(&machine, &demand);
    vp_autofree char *text = vp_bitmap_text(placement->owned);
    vp_autobitmap same = NULL;
    ck_assert_str_eq(text, "8176-8179");
    ck_assert_int_eq(vp_bitmap_parse(text, "owned", &same, NULL), 0);
    ck_assert(hwloc_bitmap_isequal(same, placement->owned));
}
END_TEST

/*
 * Taking CPUs out of the slice of all guests below the pins of a running one makes the kernel refuse either
 * (vfio-isolate). The last CPU of a set that a guest floats on is not given away.
 */
START_TEST(last_cpu_of_others)
{
    MACHINE machine = {0};
    machine_open(&machine, SMT2, NULL);
    const struct vp_demand floater = {
        .name = "floater", .policy = VP_POLICY_NODE, .vcpus = 2, .memory_kib = GIB};
    vp_autoplacement scope = machine_plan(&machine, &floater);
    vp_occupied_add(machine.occupied, scope);
    for (unsigned given = 0;; given++) {
        const struct vp_demand demand = {
            .name = "owner", .threads = VP_THREADS_ANY, .vcpus = 1, .memory_kib = GIB};
        vp_autoplacement placement = NULL;
        vp_autobitmap left = vp_bitmap_new();
        if (vp_placement_plan(machine.occupied, &demand, &placement, NULL) < 0) {
            ck_assert_uint_eq(given, 11);
            break;
        }
        vp_occupied_add(machine.occupied, placement);
        (void)hwloc_bitmap_andnot(left, scope->scopes[0], machine.occupied->dedicated);
        ck_assert_msg(!hwloc_bitmap_iszero(left), "after %u", given);
    }
}
END_TEST

/*
 * Pins were made for the vCPUs that are online, and those plugged in later had none (KubeVirt). The
 * planner is asked for the most there can be, and each of them has a place.
 */
START_TEST(vcpus_plugged_later)
{
    MACHINE machine = {0};
    machine_open(&machine, SMT2, NULL);
    for (enum vp_policy policy = VP_POLICY_DEDICATED; policy < VP_POLICY_N_; policy++) {
        const struct vp_demand demand = {.name = "guest", .policy = policy, .vcpus = 6, .memory_kib = GIB};
        vp_autoplacement placement = machine_plan(&machine, &demand);
        ck_assert_uint_eq(placement->n_vcpus, 6);
        for (unsigned i = 0; i < 6; i++)
            ck_assert(!hwloc_bitmap_iszero(placement->vcpus[i]));
    }
}
END_TEST

/*
 * One CPU more for the emulator breaks cores that guests have whole (KubeVirt): it takes the idle sibling
 * of the guest's own, or a core.
 */
START_TEST(emulator_breaks_core)
{
    MACHINE machine = {0};
    machine_open(&machine, "synthetic:pack:1 [numa(memory=64GiB)] l3:1 core:17 pu:2", NULL);
    static const unsigned cores[] = {0, 1, 2, 2, 3, 3, 4};
    for (unsigned vcpus = 1; vcpus < VP_ARRAY_SIZE(cores); vcpus++) {
        const struct vp_demand demand = {
            .name = "guest", .vcpus = vcpus, .memory_kib = GIB, .own_emulator = true};
        vp_autoplacement placement = machine_plan(&machine, &demand);
        ck_assert_msg(hwloc_bitmap_weight(placement->owned) == (int)(2 * cores[vcpus]), "%u vCPUs", vcpus);
    }
    /* Eight guests of three vCPUs take sixteen cores of two threads. */
    for (unsigned i = 0; i < 8; i++) {
        const struct vp_demand demand = {
            .name = "guest", .vcpus = 3, .memory_kib = GIB, .own_emulator = true};
        vp_autoplacement placement = machine_plan(&machine, &demand);
        vp_occupied_add(machine.occupied, placement);
    }
}
END_TEST

/*
 * Trying every order of more than eight nodes takes for ever (Nova): a search over sets of nodes is
 * bounded, and still as good as the sets that are plain to see.
 */
START_TEST(many_nodes)
{
    MACHINE machine = {0};
    machine_open(&machine, "synthetic:pack:32 group:2 [numa(memory=16GiB)] l3:1 core:5 pu:1", NULL);
    const struct vp_demand pair = {.name = "pair", .vcpus = 8, .memory_kib = GIB};
    vp_autoplacement two = machine_plan(&machine, &pair);
    ck_assert_uint_eq(vp_topology_distance(machine.topology, two->cells[0].node, two->cells[1].node), 12);
    for (unsigned vcpus = 12; vcpus <= 4 * 64; vcpus += 20) {
        const struct vp_demand demand = {.name = "wide", .vcpus = vcpus, .memory_kib = GIB};
        struct timespec begin, end;
        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
        vp_autoplacement placement = machine_plan(&machine, &demand);
        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
        ck_assert_uint_eq(placement->n_cells, (vcpus + 3) / 4);
        ck_assert_msg(end.tv_sec - begin.tv_sec < 2, "%u vCPUs", vcpus);
    }
}
END_TEST

VP_TEST_MAIN("placement-traps", VP_TEST(several_isolated_cpus), VP_TEST(all_isolated),
             VP_TEST(emulator_beside_vcpu), VP_TEST(pinned_without_room), VP_TEST(many_words),
             VP_TEST(last_cpu_of_others), VP_TEST(vcpus_plugged_later), VP_TEST(emulator_breaks_core),
             VP_TEST(many_nodes))
