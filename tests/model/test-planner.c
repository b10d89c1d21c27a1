/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "planner.h"

#include "fake.h"
#include "strbuf.h"

#include <errno.h>
#include <string.h>

static struct vp_profile *make_profile(const char *sets)
{
    struct vp_profile *profile = vp_alloc(1, sizeof(*profile));
    profile->name = vp_strdup("p");
    profile->summary = vp_strdup("");
    vp_autofree char *copy = vp_strdup(sets);
    for (char *at = copy; *at != '\0';) {
        const size_t n = strcspn(at, "\n");
        const bool last = at[n] == '\0';
        at[n] = '\0';
        char *value = strchr(at, '=');
        ck_assert_ptr_nonnull(value);
        *value = '\0';
        ck_assert_int_eq(vp_profile_set(profile, &fake_registry, at, value + 1, "test", NULL), 0);
        at += n + !last;
    }
    return profile;
}

#define PROFILE VP_CLEANUP(vp_profile_free_ptr) struct vp_profile
#define PLAN VP_CLEANUP(vp_plan_free_ptr) struct vp_plan

static int plan_for(const struct vp_domain *domain, const struct vp_profile *profile, struct vp_host *host,
                    enum vp_phase phase, struct vp_plan **ret_plan, struct vp_error **err)
{
    const struct vp_planning given = {
        .domain = domain, .profile = profile, .registry = &fake_registry, .host = host, .phase = phase};
    return vp_planner_run(&given, ret_plan, err);
}

static char *shown(const struct vp_plan *plan)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < plan->n; i++) {
        const struct vp_action *a = &plan->actions[i];
        vp_autofree char *one =
            vp_asprintf("%s %s %s%s%s%s%s", a->knob, vp_action_kind_names[a->kind], a->target,
                        a->previous != NULL ? " was " : "", a->previous != NULL ? a->previous : "",
                        a->value != NULL ? " = " : " gone", a->value != NULL ? a->value : "");
        vp_strbuf_join(&buf, "\n", one);
        if (!a->changes)
            vp_strbuf_add(&buf, " (already)");
        ck_assert_uint_le(a->rest, strlen(a->target));
    }
    for (size_t i = 0; i < plan->n_notes; i++) {
        vp_autofree char *one =
            vp_asprintf("%s %s: %s", plan->notes[i].kind == VP_NOTE_SKIPPED ? "skipped" : "warning",
                        plan->notes[i].knob, plan->notes[i].text);
        vp_strbuf_join(&buf, "\n", one);
    }
    return vp_strbuf_take(&buf);
}

#define GUEST                                                                                                \
    "<vcpu>6</vcpu><cputune><shares>7</shares></cputune><devices><disk device='disk'><target dev='vda'/>"    \
    "<driver cache='none'/></disk><disk device='cdrom'><target dev='sda'/></disk>"                           \
    "<disk><target dev='vdb'/><address type='pci'/></disk><disk device='lun'><target dev='sdb'/></disk>"     \
    "<interface/><interface/><sound model='a'/></devices>"

static const struct {
    const char *sets;
    enum vp_phase phase;
    const char *plan;
} rows[] = {
    {"", VP_PHASE_COLD, ""},
    {"live.do=text cputune/shares 7", VP_PHASE_COLD, "live.do text cputune/shares was 7 = 7 (already)"},
    {"live.do=text cputune/shares 8", VP_PHASE_COLD, "live.do text cputune/shares was 7 = 8"},
    {"live.do=text cputune/shares -", VP_PHASE_COLD, "live.do text cputune/shares was 7 gone"},
    {"live.do=text cputune/period -", VP_PHASE_COLD, "live.do text cputune/period gone (already)"},
    {"live.do=text cputune/period 5", VP_PHASE_COLD, "live.do text cputune/period = 5"},
    {"live.do=attr devices/disk[*]/driver/@cache none", VP_PHASE_COLD,
     "live.do attribute devices/disk[vda]/driver/@cache was none = none (already)\n"
     "live.do attribute devices/disk[sda]/driver/@cache = none\n"
     "live.do attribute devices/disk[vdb]/driver/@cache = none\n"
     "live.do attribute devices/disk[sdb]/driver/@cache = none"},
    {"live.do=attr devices/disk/driver/@cache -", VP_PHASE_COLD,
     "live.do attribute devices/disk[vda]/driver/@cache was none gone"},
    {"live.do=attr devices/interface[*]/driver/@queues 4", VP_PHASE_COLD,
     "live.do attribute devices/interface[#1]/driver/@queues = 4\n"
     "live.do attribute devices/interface[#2]/driver/@queues = 4"},
    {"guest.do=element devices/sound <sound model='b'/>", VP_PHASE_COLD,
     "guest.do element devices/sound[#1] was <sound model=\"a\"/> = <sound model='b'/>"},
    {"guest.do=element devices/sound <sound model='a'/>", VP_PHASE_COLD,
     "guest.do element devices/sound[#1] was <sound model=\"a\"/> = <sound model='a'/> (already)"},
    {"guest.do=element devices/rng[+] <rng/>|element devices/rng[+] <rng/>", VP_PHASE_COLD,
     "guest.do element devices/rng[#1] = <rng/>\nguest.do element devices/rng[#2] = <rng/>"},
    {"guest.do=element devices/sound[+] <sound/>", VP_PHASE_COLD,
     "guest.do element devices/sound[#2] = <sound/>"},
    {"guest.do=readdress devices/disk[vdb]", VP_PHASE_COLD,
     "guest.do readdress devices/disk[vdb]/address was <address type=\"pci\"/> gone"},
    {"guest.do=readdress devices/disk[vda]", VP_PHASE_COLD,
     "guest.do readdress devices/disk[vda]/address gone"},
    {"live.do=attr @a 1", VP_PHASE_COLD, "live.do attribute @a = 1"},
    {"live.do=text a 1|text a 2\nlive.more=text b 1|text a 3", VP_PHASE_COLD,
     "live.more text a = 3\nlive.more text b = 1"},
    {"live.more=text a 1\nguest.more=text b 1\nguest.do=text c 1\nlaunch.do=text d 1", VP_PHASE_COLD,
     "guest.do text c = 1\nguest.more text b = 1\nlaunch.do text d = 1\nlive.more text a = 1"},
    {"guest.do=text a 1\nlaunch.do=text b 1\nlive.do=text c 1\nhost.do=host d 1", VP_PHASE_MIGRATE,
     "launch.do text b = 1\nlive.do text c = 1\nhost.do host host/d = 1"},
    {"guest.do=text a 1\nlaunch.do=text b 1\nlive.do=text c 1\nhost.do=host d 1", VP_PHASE_RESTORE,
     "launch.do text b = 1\nlive.do text c = 1\nhost.do host host/d = 1"},
    {"guest.do=text a 1\nlaunch.do=text b 1\nlive.do=text c 1\nhost.do=host d 1", VP_PHASE_LIVE,
     "live.do text c = 1\nhost.do host host/d = 1"},
    {"guest.do=skip disk vda: not here|warn slow: on this host", VP_PHASE_COLD,
     "skipped guest.do: disk vda: not here\nwarning guest.do: slow: on this host"},
    {"v.count=vcpus", VP_PHASE_COLD, "v.count text cputune/count = 6"},
    {"v.count=disks", VP_PHASE_COLD, "v.count text cputune/count = 3"},
    {"v.count=nics", VP_PHASE_COLD, "v.count text cputune/count = 2"},
    {"v.count=min(0, nics)", VP_PHASE_COLD, "v.count text cputune/count = 1"},
    {"v.count=max(1000, nics)", VP_PHASE_COLD, "v.count text cputune/count = 64"},
    {"v.count=red", VP_PHASE_COLD, "v.count text cputune/count = red"},
};

START_TEST(plans)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *text = fake_guest(GUEST);
    vp_autodomain domain = fake_domain(text, "guest");
    PROFILE *profile = make_profile(rows[_i].sets);
    PLAN *plan = NULL;
    vp_autoerror err = NULL;
    const int r = plan_for(domain, profile, fake.host, rows[_i].phase, &plan, &err);
    ck_assert_msg(r == 0, "%s: %s", rows[_i].sets, err != NULL ? err->message : "");
    vp_autofree char *have = shown(plan);
    ck_assert_msg(strcmp(have, rows[_i].plan) == 0, "%s gives:\n%s\nnot:\n%s", rows[_i].sets, have,
                  rows[_i].plan);
    vp_autofree char *after = vp_doc_format(domain->doc, &(size_t){0});
    ck_assert_msg(strcmp(after, text) == 0, "%s: planning changed the definition", rows[_i].sets);
    for (size_t i = 0; i < plan->n; i++) {
        const struct vp_action *a = &plan->actions[i];
        char *found = NULL;
        if (a->kind == VP_ACTION_HOST)
            continue;
        ck_assert_ptr_eq(vp_plan_find(plan, a->target), a);
        const enum vp_verdict verdict = vp_verify_definition(a, domain, &found);
        /* Whether libvirt gave a device that had none an address of its own cannot be told. */
        const bool open = a->kind == VP_ACTION_READDRESS && a->previous == NULL;
        ck_assert_msg(open || (verdict == VP_VERDICT_OK) == !a->changes, "%s: %s is '%s'", rows[_i].sets,
                      a->target, found != NULL ? found : "absent");
        free(found);
    }
    ck_assert_ptr_null(vp_plan_find(plan, "no/such/target"));
}
END_TEST

START_TEST(failure_names_the_knob)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *text = fake_guest(GUEST);
    vp_autodomain domain = fake_domain(text, "guest");
    PROFILE *profile = make_profile("live.do=text a 1|fail no such thing");
    static char sentinel;
    struct vp_plan *plan = (struct vp_plan *)(void *)&sentinel;
    vp_autoerror err = NULL;
    ck_assert_int_eq(plan_for(domain, profile, fake.host, VP_PHASE_COLD, &plan, &err), -EIO);
    ck_assert_ptr_eq(plan, (struct vp_plan *)(void *)&sentinel);
    ck_assert_str_eq(err->message, "live.do (test): no such thing");
    /* Not asked in a phase that does not allow it. */
    PROFILE *other = make_profile("guest.do=fail no such thing");
    PLAN *empty = NULL;
    ck_assert_int_eq(plan_for(domain, other, fake.host, VP_PHASE_RESTORE, &empty, NULL), 0);
}
END_TEST

START_TEST(phases)
{
    static const bool allowed[VP_PHASE_N_][VP_EFFECT_N_] = {
        [VP_PHASE_COLD] = {true, true, true, false},
        [VP_PHASE_MIGRATE] = {false, true, true, false},
        [VP_PHASE_RESTORE] = {false, true, true, false},
        [VP_PHASE_LIVE] = {false, false, true, false},
    };
    static const char *const names[] = {"cold", "migrate", "restore", "live"};
    for (int p = 0; p < VP_PHASE_N_; p++) {
        ck_assert_str_eq(vp_phase_names[p], names[p]);
        for (int e = 0; e < VP_EFFECT_N_; e++)
            ck_assert_msg(vp_phase_allows((enum vp_phase)p, (enum vp_effect)e) == allowed[p][e], "%d %d", p,
                          e);
    }
}
END_TEST

START_TEST(planned)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *text = fake_guest(GUEST);
    vp_autodomain domain = fake_domain(text, "guest");
    PROFILE *profile = make_profile(
        "live.do=text cputune/shares 9|text cputune/period 5|attr devices/disk[vda]/driver/@cache -|"
        "attr devices/disk[vdb]/driver/@io native|attr @x y|attr memtune/hard_limit/@unit KiB");
    PLAN *plan = NULL;
    ck_assert_int_eq(plan_for(domain, profile, fake.host, VP_PHASE_COLD, &plan, NULL), 0);
    const struct vp_planning planning = {.domain = domain,
                                         .profile = profile,
                                         .registry = &fake_registry,
                                         .host = fake.host,
                                         .phase = VP_PHASE_COLD,
                                         .plan = plan};
    static const struct {
        const char *path, *value;
    } cases[] = {
        {"cputune/shares", "9"},
        {"cputune/period", "5"},
        {"devices/disk[vda]/driver/@cache", NULL},
        {"devices/disk[vdb]/driver/@io", "native"},
        {"devices/disk[vdb]/driver/@cache", NULL},
        {"vcpu", "6"},
        {"@x", "y"},
        {"@type", "kvm"},
        {"memtune/hard_limit/@unit", "KiB"},
        {"devices/disk[vda]/target/@dev", "vda"},
        {"no/such", NULL},
        {"a//b", NULL},
        {"devices/sound/@model", "a"},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(cases); i++) {
        vp_autofree char *value = vp_planned(&planning, domain->root, cases[i].path);
        ck_assert_msg((value == NULL) == (cases[i].value == NULL), "%s: %s", cases[i].path,
                      value != NULL ? value : "absent");
        if (value != NULL)
            ck_assert_msg(strcmp(value, cases[i].value) == 0, "%s: %s", cases[i].path, value);
    }
    ck_assert_ptr_nonnull(vp_plan_setting(&planning, "live.do"));
    ck_assert_ptr_null(vp_plan_setting(&planning, "live.more"));
}
END_TEST

static const struct {
    enum vp_action_kind kind;
    const char *target, *value, *previous, *found; /* found NULL: absent */
    bool ok;
} verified[] = {
    {VP_ACTION_ATTRIBUTE, "a/@x", "1", NULL, "1", true},
    {VP_ACTION_ATTRIBUTE, "a/@x", "2", NULL, "1", false},
    {VP_ACTION_ATTRIBUTE, "a/@x", NULL, NULL, "1", false},
    {VP_ACTION_ATTRIBUTE, "a/@y", NULL, NULL, NULL, true},
    {VP_ACTION_ATTRIBUTE, "a/@y", "1", NULL, NULL, false},
    {VP_ACTION_ATTRIBUTE, "n/@y", "1", NULL, NULL, false},
    {VP_ACTION_ATTRIBUTE, "n/@y", NULL, NULL, NULL, true},
    {VP_ACTION_ATTRIBUTE, "a/@e", "", NULL, "", true},
    {VP_ACTION_ATTRIBUTE, "a/@y", "", NULL, NULL, false},
    {VP_ACTION_TEXT, "t", "text", NULL, "text", true},
    {VP_ACTION_TEXT, "t", "other", NULL, "text", false},
    {VP_ACTION_TEXT, "t", NULL, NULL, "text", false},
    {VP_ACTION_TEXT, "n", NULL, NULL, NULL, true},
    {VP_ACTION_TEXT, "n", "x", NULL, NULL, false},
    {VP_ACTION_ELEMENT, "r", "<r m='1'/>", NULL, "<r m=\"1\"><address/></r>", true},
    {VP_ACTION_ELEMENT, "r", "<r m='2'/>", NULL, "<r m=\"1\"><address/></r>", false},
    {VP_ACTION_ELEMENT, "r", NULL, NULL, "<r m=\"1\"><address/></r>", false},
    {VP_ACTION_ELEMENT, "n", NULL, NULL, NULL, true},
    {VP_ACTION_ELEMENT, "n", "<n/>", NULL, NULL, false},
    {VP_ACTION_READDRESS, "r/address", NULL, "<address/>", "<address/>", false},
    {VP_ACTION_READDRESS, "r/address", NULL, "<address type=\"drive\"/>", "<address/>", true},
    {VP_ACTION_READDRESS, "n/address", NULL, "<address/>", NULL, true},
};

START_TEST(verifies)
{
    vp_autodomain domain =
        fake_domain("<domain><a x='1' e=''/><t> text </t><r m='1'><address/></r></domain>", "definition");
    const struct vp_action action = {
        .kind = verified[_i].kind,
        .target = vp_strdup(verified[_i].target),
        .value = vp_strdup(verified[_i].value),
        .previous = vp_strdup(verified[_i].previous),
    };
    char *found = NULL;
    const enum vp_verdict verdict = vp_verify_definition(&action, domain, &found);
    ck_assert_msg((verdict == VP_VERDICT_OK) == verified[_i].ok, "row %d: found '%s'", _i,
                  found != NULL ? found : "absent");
    ck_assert_msg((found == NULL) == (verified[_i].found == NULL), "row %d: found '%s'", _i,
                  found != NULL ? found : "absent");
    if (found != NULL)
        ck_assert_str_eq(found, verified[_i].found);
    free(found);
    free(action.target);
    free(action.value);
    free(action.previous);
}
END_TEST

VP_TEST_MAIN("planner", VP_TEST_ROWS(plans, rows), VP_TEST(failure_names_the_knob), VP_TEST(phases),
             VP_TEST(planned), VP_TEST_ROWS(verifies, verified))
