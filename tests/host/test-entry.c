/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guests.h"

#include "text.h"

#include <errno.h>
#include <string.h>

static struct vp_entry *parse(const char *text, const struct vp_topology *topology)
{
    struct vp_entry *entry = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_entry_parse(text, strlen(text), "entry", topology, &entry, &err) == 0, "%s in %s",
                  err != NULL ? err->message : "", text);
    return entry;
}

static const struct {
    enum vp_policy policy;
    unsigned vcpus;
} policy_rows[] = {
    {VP_POLICY_DEDICATED, 1}, {VP_POLICY_DEDICATED, 6}, {VP_POLICY_DEDICATED, 12},
    {VP_POLICY_NODE, 4},      {VP_POLICY_NODE, 6},      {VP_POLICY_SHARED, 8},
};

/* What is written of what was read is the same text, and short. */
START_TEST(there_and_back)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    vp_autoentry entry = guests_entry(&guests, 7, policy_rows[_i].policy, policy_rows[_i].vcpus);
    entry->profile = vp_strdup("sql-db");
    entry->id = 12;
    entry->qemu = (struct vp_process){4711, 123456789};
    entry->state = VP_ENTRY_RUNNING;
    vp_entry_add_want(entry, "ksm.run", "0", "memory.ksm", "no \"merging\"\n/ at all");
    vp_entry_add_want(entry, "scope/cpuset", NULL, NULL, NULL);
    entry->pending = vp_alloc(3, sizeof(char *));
    entry->pending[0] = vp_strdup("disk vda: cache none");
    entry->pending[1] = vp_strdup("é");
    vp_autofree char *text = vp_entry_format(entry, "boot", guests.topology);
    vp_autoentry again = parse(text, guests.topology);
    vp_autofree char *same = vp_entry_format(again, "another", guests.topology);
    ck_assert_str_eq(same, text);
    ck_assert_uint_lt(strlen(text), 1800);
    ck_assert_ptr_null(strchr(text, '\n'));
    ck_assert_str_eq(again->boot, "boot");
    ck_assert_str_eq(again->profile, "sql-db");
    ck_assert_int_eq(again->qemu.pid, 4711);
    ck_assert_uint_eq(again->ticks, entry->ticks);
    ck_assert_str_eq(again->wants[0].reason, "no \"merging\"\n/ at all");
    ck_assert_ptr_null(again->wants[1].value);
    ck_assert_str_eq(again->pending[1], "é");
    ck_assert_int_eq(again->placement->policy, policy_rows[_i].policy);
    ck_assert_uint_eq(again->placement->n_vcpus, policy_rows[_i].vcpus);
    for (unsigned i = 0; i < again->placement->n_vcpus; i++)
        ck_assert(hwloc_bitmap_isequal(again->placement->vcpus[i], entry->placement->vcpus[i]));
    ck_assert(hwloc_bitmap_isequal(again->placement->owned, entry->placement->owned));
    ck_assert_uint_eq(again->placement->n_reasons, entry->placement->n_reasons);
}
END_TEST

START_TEST(own_pins)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    vp_autoentry entry = vp_entry_new("u", "n");
    vp_autobitmap one = vp_bitmap_new();
    vp_autobitmap some = vp_bitmap_new();
    vp_autobitmap none = vp_bitmap_new();
    hwloc_bitmap_set(one, 3);
    hwloc_bitmap_set_range(some, 4, 7);
    vp_entry_add_pin(entry, one, 1);
    vp_entry_add_pin(entry, some, 2);
    vp_entry_add_pin(entry, some, 1);
    vp_entry_add_pin(entry, none, 1);
    vp_entry_add_memory(entry, 1, 2048, 4096);
    vp_entry_add_memory(entry, -1, 0, 100);
    vp_entry_add_memory(entry, 1, 2048, 2048);
    vp_autofree char *text = vp_entry_format(entry, NULL, NULL);
    vp_autoentry again = parse(text, guests.topology);
    vp_autofree char *pinned = vp_bitmap_text(again->pinned);
    ck_assert_str_eq(pinned, "3");
    ck_assert_uint_eq(again->n_pins, 1);
    ck_assert_uint_eq(again->pins[0].threads, 3);
    ck_assert_uint_eq(again->n_memory, 2);
    ck_assert_int_eq(again->memory[1].node, -1);
    ck_assert_uint_eq(again->memory[0].kib, 6144);
    ck_assert_ptr_null(again->boot);
    ck_assert_ptr_null(again->profile);
    ck_assert_ptr_null(again->pending);
}
END_TEST

/* Without a topology the rest can be read, but not stored. */
START_TEST(without_topology)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    vp_autoentry entry = guests_entry(&guests, 7, VP_POLICY_DEDICATED, 2);
    vp_autofree char *text = vp_entry_format(entry, NULL, guests.topology);
    vp_autoentry again = parse(text, NULL);
    ck_assert_ptr_null(again->placement);
    ck_assert(again->partial);
    ck_assert_str_eq(again->name, "g7");
}
END_TEST

/* CPUs and nodes that went: 2 nodes of 4 cores of 2 threads become 1, or lose their threads. */
static const struct {
    const char *machine;
    const char *pinned;
    int node; /* of the memory */
} lost_rows[] = {
    {"synthetic:numa:1(memory=17179869184) core:4 pu:2", NULL, -1},
    {"synthetic:numa:2(memory=17179869184) core:3 pu:2", "10-11", 1},
};

START_TEST(lost_places)
{
    GUESTS guests;
    GUESTS smaller;
    guests_open(&guests, GUESTS_MACHINE);
    guests_open(&smaller, lost_rows[_i].machine);
    /* As if it were on node 1. */
    vp_autoentry entry = guests_entry(&guests, 7, VP_POLICY_DEDICATED, 6);
    for (unsigned i = 0; i < entry->placement->n_vcpus; i++)
        hwloc_bitmap_only(entry->placement->vcpus[i], 10 + i);
    hwloc_bitmap_zero(entry->placement->owned);
    hwloc_bitmap_set_range(entry->placement->owned, 10, 15);
    entry->placement->cells[0].node = entry->placement->cells[0].memory_node = 1;
    vp_autofree char *text = vp_entry_format(entry, NULL, guests.topology);
    vp_autoentry again = parse(text, smaller.topology);
    ck_assert_ptr_null(again->placement);
    ck_assert(!again->partial);
    vp_autofree char *pinned = again->pinned != NULL ? vp_bitmap_text(again->pinned) : NULL;
    ck_assert_msg(vp_same(pinned, lost_rows[_i].pinned) || pinned == lost_rows[_i].pinned, "%s",
                  pinned != NULL ? pinned : "none");
    ck_assert_int_eq(again->memory[0].node, lost_rows[_i].node);
    ck_assert_uint_eq(again->memory[0].kib, 4096);
}
END_TEST

#define HEAD                                                                                                 \
    "\"version\":1,\"uuid\":\"u\",\"name\":\"n\",\"id\":1,\"state\":\"coming\",\"maker\":[1,2],"             \
    "\"qemu\":[0,0],\"since\":1,\"ticks\":1"
#define PLACE(vcpus, owned, cells)                                                                           \
    "{" HEAD ",\"placement\":{\"policy\":\"dedicated\",\"threads\":\"any\",\"vcpus\":" vcpus                 \
    ",\"iothreads\":[],\"emulator\":\"0\",\"owned\":" owned ",\"cells\":" cells ",\"overhead_kib\":0}}"

static const struct {
    const char *text;
    bool good;
} text_rows[] = {
    {"{" HEAD "}", true},
    {"{" HEAD ",\"future\":[{}]}", true},
    {PLACE("[\"2\",\"3\"]", "\"2-3\"", "[[0,0,4096,0,\"0-1\"]]"), true},
    {PLACE("[\"2\",null]", "\"2-3\"", "[[0,0,4096,0,\"0-1\"]]"), true},
    {PLACE("[null]", "\"2-3\"", "[[0,0,4096,0,\"0\"]]"), false},
    {PLACE("[]", "\"2-3\"", "[[0,0,4096,0,\"\"]]"), false},
    {PLACE("[\"2\"]", "\"2-3\"", "[[0,0,4096,0,\"0-1\"]]"), false},
    {PLACE("[\"2\"]", "\"2-3\"", "[[0,0,-1,0,\"0\"]]"), false},
    {PLACE("[\"2\"]", "\"2-3\"", "[[0,0,4096,0]]"), false},
    {PLACE("[\"2\"]", "\"2-3\"", "[]"), false},
    {PLACE("[\"2\"]", "\"2-3\"", "[0]"), false},
    {PLACE("[\"2\"]", "7", "[[0,0,4096,0,\"0\"]]"), false},
    {PLACE("[\"2\"]", "\"9999999\"", "[[0,0,4096,0,\"0\"]]"), false},
    {PLACE("[\"x\"]", "\"2-3\"", "[[0,0,4096,0,\"0\"]]"), false},
    {"{" HEAD ",\"pinned\":\"1-\"}", false},
    {"{" HEAD ",\"pins\":[[\"1\"]]}", false},
    {"{" HEAD ",\"memory\":[[-2,0,1]]}", false},
    {"{" HEAD ",\"memory\":[[0,0,99999999999999999999]]}", false},
    {"{" HEAD ",\"wants\":[[null,\"1\"]]}", false},
    {"{\"version\":2}", false},
    {"{\"version\":1,\"uuid\":\"u\",\"name\":\"n\"}", false},
    {"{\"version\":1,\"name\":\"n\"}", false},
    {"{\"version\":\"1\"}", false},
    {"{" HEAD "}{", false},
    {"[]", false},
    {"null", false},
    {"", false},
    {"{" HEAD ",\"wants\":[[[[[[[[[[]]]]]]]]]]}", false},
};

START_TEST(texts)
{
    GUESTS guests;
    struct vp_entry *sentinel = (struct vp_entry *)(void *)&sentinel;
    struct vp_entry *entry = sentinel;
    vp_autoerror err = NULL;
    guests_open(&guests, GUESTS_MACHINE);
    const char *text = text_rows[_i].text;
    const int r = vp_entry_parse(text, strlen(text), "the entry", guests.topology, &entry, &err);
    ck_assert_msg(r == (text_rows[_i].good ? 0 : -EBADMSG), "%s: %d", text, r);
    if (r == 0) {
        vp_entry_free(entry);
        return;
    }
    ck_assert_ptr_eq(entry, sentinel);
    ck_assert_msg(strstr(err->message, "'the entry'") != NULL, "%s: %s", text, err->message);
}
END_TEST

VP_TEST_MAIN("entry", VP_TEST_ROWS(there_and_back, policy_rows), VP_TEST(own_pins), VP_TEST(without_topology),
             VP_TEST_ROWS(lost_places, lost_rows), VP_TEST_ROWS(texts, text_rows))
