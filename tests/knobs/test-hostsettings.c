/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "harness.h"
#include "hostsetting.h"
#include "knobs.h"
#include "text.h"

#define SMALL "<memory unit='KiB'>65536</memory><vcpu>2</vcpu>"
#define TCG "<domain type='qemu'>" VP_TRIAL_GUEST "</domain>"

static const char *const ksm_only[] = {"/sys/kernel/mm/ksm/run", "0\n", NULL};

static const struct vp_trial rows[] = {
    {"", "ksm.run=run", "host/ksm.run = 1"},
    {"", "ksm.run=unmerge", "host/ksm.run = 2"},
    {"", "ksm.run=stop", "host/ksm.run = 0"},
    {"", "ksm.pages-to-scan=1250; ksm.sleep=20", "host/ksm.pages-to-scan = 1250\nhost/ksm.sleep = 20"},
    {"", "ksm.merge-across-nodes=no", "host/ksm.merge-across-nodes = 0"},
    {"", "ksm.merge-across-nodes=yes", "host/ksm.merge-across-nodes = 1"},
    {"", "thp.enabled=madvise; thp.defrag=defer+madvise; thp.khugepaged-defrag=no",
     "host/thp.enabled = madvise\nhost/thp.defrag = defer+madvise\nhost/thp.khugepaged-defrag = 0"},
    {"", "kernel.numa-balancing=no; kernel.swappiness=10",
     "host/kernel.numa-balancing = 0\nhost/kernel.swappiness = 10"},
    {"", "kernel.arp-filter=yes", "host/kernel.arp-filter = 1"},
    {"", "kernel.halt-poll=80000", "host/kernel.halt-poll = 80000"},
    {TCG, "kernel.halt-poll=80000", "skipped kernel.halt-poll: the guest does not run on KVM"},
    {"", "kernel.halt-poll=0", "host/kernel.halt-poll = 0"},
    {"", "kernel.swappiness=10", "host/kernel.swappiness = 10", .phase = VP_PHASE_MIGRATE},
    {"", "kernel.swappiness=10", "host/kernel.swappiness = 10", .phase = VP_PHASE_RESTORE},
    {"", "ksm.run=run; thp.enabled=never",
     "host/ksm.run = 1\nskipped thp.enabled: this host has no '/sys/kernel/mm/transparent_hugepage/enabled'",
     .host = "dump", .files = ksm_only},
    {"", "memory.hugepages-grow=yes", "host/memory.hugepages-grow = yes"},
    {"", "memory.hugepages-grow=no", ""},
    {"", "memory.overcommit-guard=yes", "host/memory.overcommit-guard = yes"},
    {"", "memory.overcommit-guard=no", ""},
    {"", "cpu.governor=performance",
     "skipped cpu.governor: the guest has no CPUs of its own; cpu.placement = dedicated gives it some"},
    {SMALL, "cpu.governor=performance; cpu.placement=shared",
     "skipped cpu.governor: the guest has no CPUs of its own; cpu.placement = dedicated gives it some"},
    {SMALL,
     "cpu.governor=performance; cpu.placement=dedicated; cpu.max-latency=none; cpu.energy-preference=performance",
     "*\n*\n*\nhost/cpu.energy-preference = performance\nhost/cpu.governor = performance\n"
     "host/cpu.max-latency = n/a"},
    {SMALL, "cpu.max-latency=3; cpu.placement=dedicated", "*\n*\n*\nhost/cpu.max-latency = 3"},
};

START_TEST(planned)
{
    vp_trial_check(&rows[_i], _i);
}
END_TEST

static const struct {
    const char *knob, *value;
} refused[] = {
    {"ksm.run", "yes"},       {"ksm.pages-to-scan", "0"},    {"kernel.swappiness", "201"},
    {"thp.enabled", "maybe"}, {"kernel.halt-poll", "-1"},    {"cpu.max-latency", "0"},
    {"cpu.governor", "fast"}, {"memory.hugepages-grow", ""}, {"cpu.energy-preference", "128"},
};

START_TEST(refuse)
{
    vp_autofree char *message = vp_trial_refusal(refused[_i].knob, refused[_i].value);
    ck_assert_msg(message != NULL, "%s = '%s' is accepted", refused[_i].knob, refused[_i].value);
}
END_TEST

/* A setting without a knob could never be asked for, and who wins is for people to read. */
START_TEST(settings_have_knobs)
{
    for (const struct vp_hostsetting *setting = vp_hostsettings; setting->name != NULL; setting++) {
        const struct vp_knob *knob = vp_registry_find(vp_registry_builtin(), setting->name);
        ck_assert_msg(knob != NULL && knob->effect == VP_EFFECT_HOST, "%s", setting->name);
        const size_t doc = strlen(knob->doc);
        const size_t wins = strlen(setting->doc);
        ck_assert_msg(doc > wins && vp_same(knob->doc + doc - wins, setting->doc), "%s", knob->doc);
    }
}
END_TEST

/* Each value that a knob accepts is one that the kernel has, and that can win. */
START_TEST(choices_are_known)
{
    size_t n = 0;
    for (const struct vp_hostsetting *setting = vp_hostsettings; setting->name != NULL; setting++) {
        const struct vp_knob *knob = vp_registry_find(vp_registry_builtin(), setting->name);
        const char *place = setting->of == VP_SETTING_OF_HOST ? "" : "; cpu.placement=dedicated";
        for (size_t i = 0; knob->choices != NULL && knob->choices[i] != NULL; i++, n++) {
            vp_autofree char *set = vp_asprintf("%s=%s%s", setting->name, knob->choices[i], place);
            const struct vp_trial trial = {SMALL, set, ""};
            vp_autofree char *plan = vp_trial_plan(&trial, (int)i);
            vp_autofree char *target = vp_asprintf("host/%s = ", setting->name);
            char *value = strstr(plan, target);
            ck_assert_msg(value != NULL, "'%s' gives: %s", set, plan);
            value += strlen(target);
            value[strcspn(value, "\n")] = '\0';
            ck_assert_msg(vp_hostsetting_winner(setting, value, NULL) != NULL, "'%s' gives '%s'", set, value);
        }
    }
    ck_assert_uint_gt(n, 15);
}
END_TEST

VP_TEST_MAIN("hostsettings", VP_TEST_ROWS(planned, rows), VP_TEST_ROWS(refuse, refused),
             VP_TEST(settings_have_knobs), VP_TEST(choices_are_known))
