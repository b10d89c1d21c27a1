/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "../model/fake.h"
#include "ksm.h"
#include "strbuf.h"
#include "text.h"
#include "wish_settings.h"

/*
 * Guests are separated by "; ": NAME, "@CPUS" for one that owns some, "~CPUS" for one that floats there,
 * NAME=VALUE.
 */
static const struct row {
    const char *guests, *expect; /* lines "PATH = VALUE (OWNERS)" below /sys or /proc */
    bool clocks;                 /* of CPUs 0-1, 2-3 and 4 */
} rows[] = {
    {"", "", false},
    {"db", "", false},
    {"db ksm.run=0", "/sys/kernel/mm/ksm/run = 0 (db)", false},
    /* A database that opts out does not keep desktops from merging. */
    {"db ksm.run=0; vdi1 ksm.run=1; vdi2 ksm.run=1", "/sys/kernel/mm/ksm/run = 1 (vdi1, vdi2)", false},
    {"vdi1 ksm.run=1; db ksm.run=2", "/sys/kernel/mm/ksm/run = 1 (vdi1)", false},
    {"a ksm.run=9; b unknown.thing=1; c cpu.governor=performance", "", false},
    {"a kernel.swappiness=60; b kernel.swappiness=10; c kernel.swappiness=30",
     "/proc/sys/vm/swappiness = 10 (b)", false},
    {"a ksm.pages-to-scan=64; b ksm.pages-to-scan=1250", "/sys/kernel/mm/ksm/pages_to_scan = 1250 (b)",
     false},
    {"a ksm.merge-across-nodes=0 ksm.run=1",
     "nodes:/sys/kernel/mm/ksm/merge_across_nodes = 0 (a)\n/sys/kernel/mm/ksm/run = 1 (a)", false},
    {"a @1-2 cpu.max-latency=3; b @5 cpu.max-latency=n/a; c @6",
     "/sys/devices/system/cpu/cpu1/power/pm_qos_resume_latency_us = 3 (a)\n"
     "/sys/devices/system/cpu/cpu2/power/pm_qos_resume_latency_us = 3 (a)\n"
     "/sys/devices/system/cpu/cpu5/power/pm_qos_resume_latency_us = n/a (b)",
     false},
    {"a ~1-2 cpu.max-latency=3", "", false},
    {"a cpu.max-latency=3", "", false},
    {"a @2 cpu.governor=performance",
     "/sys/devices/system/cpu/cpufreq/policy2/scaling_governor = performance (a)", true},
    {"a @0,4 cpu.governor=performance; b @1 cpu.governor=powersave",
     "/sys/devices/system/cpu/cpufreq/policy0/scaling_governor = performance (a)\n"
     "/sys/devices/system/cpu/cpufreq/policy4/scaling_governor = performance (a)",
     true},
    {"a @0 cpu.governor=performance; b @1 cpu.governor=performance",
     "/sys/devices/system/cpu/cpufreq/policy0/scaling_governor = performance (a, b)", true},
    {"a @4 cpu.governor=performance cpu.energy-preference=performance",
     "/sys/devices/system/cpu/cpufreq/policy4/energy_performance_preference = performance (a)\n"
     "/sys/devices/system/cpu/cpufreq/policy4/scaling_governor = performance (a)",
     true},
    {"a @7 cpu.governor=performance", "", true},
    /* A host that cannot set its clocks: said once. */
    {"a @0-3 cpu.governor=performance; b @4-5 cpu.governor=performance",
     "/sys/devices/system/cpu/cpufreq/policy0/scaling_governor = performance (a, b)", false},
};

/* All that a row's guests have, to be freed at the end. */
struct guests {
    struct vp_entry entries[8];
    struct vp_placement placements[8];
    struct vp_entry *items[8];
    struct vp_entries list;
    char *text;
};

static void guests_done(struct guests *guests)
{
    for (size_t i = 0; i < guests->list.n; i++) {
        free(guests->entries[i].wants);
        hwloc_bitmap_free(guests->placements[i].owned);
    }
    free(guests->text);
}

static void read_word(struct vp_entry *entry, struct vp_placement *placement, char *word)
{
    char *value = strchr(word, '=');
    if (*word == '@' || *word == '~') {
        placement->policy = *word == '@' ? VP_POLICY_DEDICATED : VP_POLICY_NODE;
        ck_assert_int_eq(vp_bitmap_parse(word + 1, "row", &placement->owned, NULL), 0);
        entry->placement = placement;
    } else if (value == NULL) {
        entry->name = word;
    } else {
        *value++ = '\0';
        vp_grow(&entry->wants, entry->n_wants, &entry->cap_wants, sizeof(*entry->wants));
        entry->wants[entry->n_wants++] =
            (struct vp_want){.name = word, .value = value, .knob = word, .reason = word};
    }
}

static void read_guests(struct guests *guests, const char *text)
{
    char *save = NULL;
    guests->text = vp_strdup(text);
    guests->list.items = guests->items;
    for (char *part = strtok_r(guests->text, ";", &save); part != NULL; part = strtok_r(NULL, ";", &save)) {
        char *inner = NULL;
        const size_t i = guests->list.n++;
        guests->items[i] = &guests->entries[i];
        for (char *word = strtok_r(part, " ", &inner); word != NULL; word = strtok_r(NULL, " ", &inner))
            read_word(&guests->entries[i], &guests->placements[i], word);
    }
}

static void make_clocks(const struct fake *fake)
{
    fake_file(fake, "/sys/devices/system/cpu/cpufreq/policy0/related_cpus", "0 1\n");
    fake_file(fake, "/sys/devices/system/cpu/cpufreq/policy2/related_cpus", "2 3\n");
    fake_file(fake, "/sys/devices/system/cpu/cpufreq/policy4/related_cpus", "4\n");
    fake_file(fake, "/sys/devices/system/cpu/cpufreq/boost", "1\n");
    fake_file(fake, "/sys/devices/system/cpu/cpufreq/policyx/related_cpus", "0\n");
}

START_TEST(votes)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    VP_CLEANUP(guests_done) struct guests guests = {0};
    struct vp_strbuf buf = {0};
    FAKE fake;
    fake_open(&fake);
    if (rows[_i].clocks)
        make_clocks(&fake);
    read_guests(&guests, rows[_i].guests);
    ck_assert_int_eq(vp_wish_settings(fake.root, NULL, &guests.list, &wishes, NULL), 0);
    for (size_t i = 0; i < wishes.n; i++) {
        const struct vp_wish *wish = &wishes.items[i];
        vp_autofree char *line =
            vp_asprintf("%s%s = %s (%s)", wish->means == &vp_means_ksm_nodes ? "nodes:" : "", wish->target,
                        wish->value, wish->owner);
        vp_strbuf_join(&buf, "\n", line);
        ck_assert(wish->reason != NULL && !wish->essential);
    }
    vp_autofree char *got = vp_strbuf_take(&buf);
    ck_assert_msg(vp_same(got, rows[_i].expect), "row %d '%s' gives:\n%s\nnot:\n%s", _i, rows[_i].guests, got,
                  rows[_i].expect);
}
END_TEST

VP_TEST_MAIN("wish-settings", VP_TEST_ROWS(votes, rows))
