/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guests.h"

#include <string.h>

/*
 * Guests known by their definitions, and what is not handed out for them. 2 nodes of 8 CPUs, housekeeping
 * 0-1, 8-9.
 */
static const struct {
    const char *inner[3];
    const char *pinned;
} pin_rows[] = {
    {{"<vcpu>2</vcpu>"}, ""},
    {{"<vcpu cpuset='0-15'>16</vcpu>"}, ""}, /* all of the host is no pin */
    {{"<vcpu cpuset='0-15'>2</vcpu>"}, ""},
    {{"<vcpu cpuset='4-7'>4</vcpu>"}, "4-7"},  /* as many CPUs as threads */
    {{"<vcpu cpuset='4-7'>3</vcpu>"}, "7"},    /* floats; one CPU stays */
    {{"<vcpu cpuset='8-15'>4</vcpu>"}, ""},    /* floats on a node, housekeeping CPUs among it */
    {{"<vcpu cpuset='10-15'>4</vcpu>"}, "15"}, /* floats beside them */
    {{"<vcpu cpuset='4-7'>1</vcpu>", "<vcpu cpuset='6-7'>1</vcpu>"},
     "5-7"}, /* a core is taken, and one CPU beside it stays */
    {{"<vcpu cpuset='4-7'>1</vcpu>", "<vcpu cpuset='7,10-11'>1</vcpu>"}, "7"}, /* one CPU for both */
    {{"<vcpu cpuset='4-6'>1</vcpu>", "<vcpu cpuset='7,10-11'>1</vcpu>"}, "6,11"},
    {{"<vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='2-3'/><vcpupin vcpu='1' cpuset='4-5'/></cputune>"},
     "2-5"}, /* a core for each */
    {{"<vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='3'/><vcpupin vcpu='1' cpuset='11'/></cputune>"},
     "3,11"},
    {{"<vcpu>1</vcpu><cputune><vcpupin vcpu='0' cpuset='99'/></cputune>"}, ""}, /* not of this machine */
    {{"<vcpu>1</vcpu><cputune><vcpupin vcpu='0' cpuset='3,99'/></cputune>"}, "3"},
};

static struct vp_entry *known(unsigned n, const char *inner)
{
    vp_autofree char *uuid = guests_uuid(n);
    vp_autofree char *text =
        vp_asprintf("<domain><name>g%u</name><uuid>%s</uuid>%s</domain>", n, uuid, inner);
    vp_autodomain domain = fake_domain(text, inner);
    return vp_entry_from_domain(domain);
}

static struct vp_occupied *occupied_by(const struct guests *guests, const struct vp_entries *entries,
                                       const char *but)
{
    struct vp_occupied *occupied = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_ledger_occupied(entries, guests->topology, &guests->conf, but, &occupied, &err) == 0,
                  "%s", err != NULL ? err->message : "");
    return occupied;
}

START_TEST(pins)
{
    GUESTS guests;
    struct vp_entry *items[3];
    struct vp_entries entries = {.items = items};
    guests_open(&guests, GUESTS_MACHINE);
    for (unsigned i = 0; i < 3 && pin_rows[_i].inner[i] != NULL; i++)
        items[entries.n++] = known(i, pin_rows[_i].inner[i]);
    vp_autooccupied occupied = occupied_by(&guests, &entries, NULL);
    vp_autofree char *pinned = vp_bitmap_text(occupied->pinned);
    ck_assert_msg(strcmp(pinned, pin_rows[_i].pinned) == 0, "row %d: pinned '%s'", _i, pinned);
    ck_assert(hwloc_bitmap_iszero(occupied->dedicated));
    vp_autofree char *uuid = guests_uuid(0);
    entries.n = 1;
    vp_autooccupied without = occupied_by(&guests, &entries, uuid);
    ck_assert(hwloc_bitmap_iszero(without->pinned) && vp_occupied_is_empty(without));
    for (unsigned i = 0; i < 3 && pin_rows[_i].inner[i] != NULL; i++)
        vp_entry_free(items[i]);
}
END_TEST

#define GIB UINT64_C(1048576)

static const struct {
    const char *inner;
    uint64_t ordinary[2], pages[2];
} memory_rows[] = {
    {"<memory unit='GiB'>2</memory>", {GIB, GIB}, {0, 0}},
    {"<memory>5</memory>", {2, 3}, {0, 0}},
    {"<memory unit='GiB'>2</memory><numatune><memory nodeset='1'/></numatune>", {0, 2 * GIB}, {0, 0}},
    {"<memory unit='GiB'>2</memory><numatune><memory nodeset='7'/></numatune>", {GIB, GIB}, {0, 0}},
    {"<memory unit='GiB'>2</memory><memoryBacking><hugepages/></memoryBacking>", {0, 0}, {512, 512}},
    {"<memory unit='GiB'>2</memory><memoryBacking><hugepages/></memoryBacking><numatune><memory nodeset='0'/>"
     "</numatune>",
     {0, 0},
     {1024, 0}},
    {"<memory unit='GiB'>2</memory><memoryBacking><hugepages><page size='1' unit='G'/></hugepages></memoryBacking>",
     {GIB, GIB},
     {0, 0}}, /* the machine has no such pages */
};

START_TEST(memory)
{
    GUESTS guests;
    struct vp_entry *item = known(1, memory_rows[_i].inner);
    const struct vp_entries entries = {.items = &item, .n = 1};
    guests_open(&guests, GUESTS_MACHINE);
    guests.topology->n_sizes = 1;
    guests.topology->sizes[0] = 2048;
    vp_autooccupied occupied = occupied_by(&guests, &entries, NULL);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_msg(occupied->ordinary_kib[i] == memory_rows[_i].ordinary[i], "row %d: node %u", _i, i);
        ck_assert_msg(occupied->pages[i * VP_TOPOLOGY_SIZES_MAX] == memory_rows[_i].pages[i],
                      "row %d: pages of node %u", _i, i);
    }
    vp_entry_free(item);
}
END_TEST

/* Entries that contradict each other count once, and those that float weigh on the CPUs. */
START_TEST(placements)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    struct vp_entry *items[] = {
        guests_entry(&guests, 1, VP_POLICY_DEDICATED, 4),
        guests_entry(&guests, 2, VP_POLICY_DEDICATED, 2),
        guests_entry(&guests, 3, VP_POLICY_NODE, 2),
        known(4, "<vcpu cpuset='10-15'>3</vcpu>"),
    };
    const struct vp_entries entries = {.items = items, .n = VP_ARRAY_SIZE(items)};
    vp_autooccupied occupied = occupied_by(&guests, &entries, NULL);
    vp_autofree char *dedicated = vp_bitmap_text(occupied->dedicated);
    ck_assert_str_eq(dedicated, "2-5");
    ck_assert_uint_eq(occupied->ordinary_kib[0] + occupied->ordinary_kib[1], 3 * 4096);
    ck_assert_uint_gt(occupied->load[vp_topology_cpu(guests.topology, 12)], 0);
    ck_assert_uint_eq(occupied->load[vp_topology_cpu(guests.topology, 8)], 0);
    for (size_t i = 0; i < entries.n; i++)
        vp_entry_free(items[i]);
}
END_TEST

START_TEST(bad_configuration)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    guests.conf.housekeeping = vp_strdup("99");
    guests.conf.housekeeping_origin = vp_strdup("conf:3");
    struct vp_occupied *occupied = NULL;
    vp_autoerror err = NULL;
    ck_assert_int_lt(
        vp_ledger_occupied(&(struct vp_entries){0}, guests.topology, &guests.conf, NULL, &occupied, &err), 0);
    ck_assert_ptr_null(occupied);
    ck_assert_msg(strstr(err->message, "conf:3") != NULL, "%s", err->message);
    vp_conf_done(&guests.conf);
}
END_TEST

VP_TEST_MAIN("ledger-occupied", VP_TEST_ROWS(pins, pin_rows), VP_TEST_ROWS(memory, memory_rows),
             VP_TEST(placements), VP_TEST(bad_configuration))
