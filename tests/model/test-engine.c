/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine.h"

#include "fake.h"

#include <errno.h>
#include <string.h>

#define SETS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define DISK "<devices><disk><target dev='vda'/><driver cache='writeback'/></disk></devices>"

/* An untagged domain is nobody's business, in every phase and way. */
START_TEST(untagged)
{
    static const char *const texts[] = {
        "<domain/>",
        "<domain type='kvm'>\n<name>x</name>   <weird/></domain>",
        "<domain><metadata><a:b xmlns:a='urn:a'/></metadata></domain>",
        "<domain><description>urn:virt-profile:domain:1</description></domain>",
    };
    FAKE fake;
    fake_open(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(texts); i++)
        for (int phase = 0; phase < VP_PHASE_N_; phase++) {
            const struct vp_request request = {.phase = (enum vp_phase)phase};
            bool changed = true;
            vp_autofree char *out = fake_rewrite(&fake, &request, texts[i], &changed, texts[i]);
            ck_assert_str_eq(out, texts[i]);
            ck_assert_msg(!changed, "%s", texts[i]);
            vp_autofree char *reverted = fake_revert(&fake, texts[i], texts[i]);
            ck_assert_str_eq(reverted, texts[i]);
            vp_autofree char *pending = fake_pending(&fake, (enum vp_phase)phase, texts[i], texts[i]);
            ck_assert_str_eq(pending, "");
        }
}
END_TEST

static const struct {
    const char *text;
    struct vp_request request;
    int r;
    const char *message;
} refused[] = {
    {"<domain>", {.profile = "empty"}, -EBADMSG, "'x.xml' is not well-formed"},
    {"<network/>", {.profile = "empty"}, -EBADMSG, "'x.xml' is not a domain definition"},
    {"", {.profile = "empty"}, -EBADMSG, "'x.xml' is empty"},
    {"<domain><name>g</name></domain>",
     {.profile = "nosuch"},
     -ENOENT,
     "domain 'g': there is no profile 'nosuch'"},
    {"<domain><name>g</name></domain>",
     {.profile = "none", .sets = SETS("v.count=1")},
     -EINVAL,
     "domain 'g': it is to have no profile"},
    {"<domain><name>g</name></domain>",
     {.profile = "none", .enforce = "refuse"},
     -EINVAL,
     "domain 'g': it is to have no profile"},
    {"<domain><name>g</name></domain>",
     {.profile = "../none"},
     -EINVAL,
     "domain 'g': '../none' is not a profile's name"},
    {"<domain><name>g</name></domain>", {.profile = ""}, -EINVAL, "domain 'g': '' is not a profile's name"},
    {"<domain><name>g</name></domain>",
     {.sets = SETS("v.count=1")},
     -EINVAL,
     "domain 'g': it has no profile to set"},
    {"<domain><name>g</name></domain>",
     {.enforce = "refuse"},
     -EINVAL,
     "domain 'g': it has no profile to set"},
    {"<domain><name>g</name></domain>", {.drop_sets = true}, -EINVAL, "domain 'g': it has no profile to set"},
    {"<domain><name>g</name></domain>",
     {.profile = "empty", .sets = SETS("v.count")},
     -EINVAL,
     "domain 'g': 'v.count' is not KNOB=VALUE"},
    {"<domain><name>g</name></domain>",
     {.profile = "empty", .sets = SETS("=1")},
     -EINVAL,
     "domain 'g': '=1' is not KNOB=VALUE"},
    {"<domain><name>g</name></domain>",
     {.profile = "empty", .sets = SETS("v.cuont=1")},
     -ENOENT,
     "domain 'g': there is no knob 'v.cuont' to set; did you mean 'v.count'?"},
    {"<domain><name>g</name></domain>",
     {.profile = "empty", .sets = SETS("v.count=99")},
     -ERANGE,
     "domain 'g': '99' is not a value of v.count"},
    {"<domain><name>g</name></domain>",
     {.profile = "empty", .enforce = "maybe"},
     -EINVAL,
     "domain 'g': 'maybe' is not"},
    {"<domain><name>g</name></domain>",
     {.profile = "empty", .sets = SETS("live.do=text a 1|fail too bad")},
     -EIO,
     "domain 'g': live.do (tag): too bad"},
    {"<domain><name>g</name>" DISK "</domain>",
     {.profile = "empty",
      .sets = SETS("guest.do=element devices/disk[vda]/driver -",
                   "live.do=attr devices/disk[vda]/driver/@cache none")},
     -EINVAL,
     "domain 'g': live.do wants to change devices/disk[vda]/driver/@cache, which another knob"},
};

START_TEST(refuses)
{
    FAKE fake;
    fake_open(&fake);
    static char sentinel;
    char *out = &sentinel;
    size_t len = 42;
    vp_autoerror err = NULL;
    const char *text = refused[_i].text;
    const int r = vp_engine_rewrite(&fake.engine, &refused[_i].request, text, strlen(text), "'x.xml'", &out,
                                    &len, &err);
    ck_assert_msg(r == refused[_i].r, "row %d: %d: %s", _i, r, err != NULL ? err->message : "");
    ck_assert_ptr_eq(out, &sentinel);
    ck_assert_uint_eq(len, 42);
    ck_assert_msg(strncmp(err->message, refused[_i].message, strlen(refused[_i].message)) == 0, "%s",
                  err->message);
}
END_TEST

START_TEST(plan_output_untouched_on_failure)
{
    FAKE fake;
    fake_open(&fake);
    vp_autodomain domain = fake_domain("<domain><name>g</name></domain>", "definition");
    const struct vp_request request = {.profile = "nosuch"};
    struct vp_result result = {.plan = (struct vp_plan *)(void *)&result};
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_engine_plan(&fake.engine, &request, domain, &result, &err), -ENOENT);
    ck_assert_ptr_eq(result.plan, (struct vp_plan *)(void *)&result);
    char *out = NULL;
    size_t len = 42;
    vp_autoerror other = NULL;
    ck_assert_int_eq(vp_engine_revert(&fake.engine, "<a/>", 4, "'x.xml'", false, &out, &len, &other),
                     -EBADMSG);
    ck_assert_ptr_null(out);
    ck_assert_uint_eq(len, 42);
}
END_TEST

/* The tag keeps what was asked for. */
START_TEST(requests)
{
    FAKE fake;
    fake_open(&fake);
    fake_profile(&fake, "other", "[v]\ntext = x\n");
    vp_autofree char *text = fake_guest("");
    const struct vp_request first = {
        .profile = "empty", .sets = SETS("v.count=3", "v.bool=yes"), .enforce = "refuse"};
    vp_autofree char *one = fake_rewrite(&fake, &first, text, NULL, "first");
    ck_assert_ptr_nonnull(strstr(one, "<count>3</count>"));
    ck_assert_ptr_nonnull(strstr(one, "enforce='refuse'"));
    const struct vp_request second = {.profile = "other"};
    vp_autofree char *two = fake_rewrite(&fake, &second, one, NULL, "second");
    ck_assert_ptr_nonnull(strstr(two, "<count>3</count>"));
    ck_assert_ptr_nonnull(strstr(two, "<text>x</text>"));
    ck_assert_ptr_nonnull(strstr(two, "enforce='refuse'"));
    const struct vp_request third = {.drop_sets = true, .sets = SETS("v.bool=no")};
    vp_autofree char *three = fake_rewrite(&fake, &third, two, NULL, "third");
    ck_assert_ptr_null(strstr(three, "<count>"));
    ck_assert_ptr_nonnull(strstr(three, "<bool>no</bool>"));
    const struct vp_request fourth = {.sets = SETS("v.text=keep", "v.bool=keep")};
    vp_autofree char *four = fake_rewrite(&fake, &fourth, three, NULL, "fourth");
    ck_assert_ptr_null(strstr(four, "<cputune>"));
    vp_autofree char *back = fake_revert(&fake, four, "back");
    ck_assert_str_eq(back, text);
}
END_TEST

/* Taking the settings out but not the tag: the next rewrite gives the same again. */
START_TEST(revert_with_tag)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *text = fake_guest(DISK);
    vp_autofree char *one =
        fake_assign(&fake, "launch.do=attr devices/disk[vda]/driver/@cache none\nv.count=2", text, "one");
    char *kept = NULL;
    size_t len = 0;
    ck_assert_int_eq(vp_engine_revert(&fake.engine, one, strlen(one), "x", true, &kept, &len, NULL), 0);
    ck_assert_ptr_nonnull(strstr(kept, "cache='writeback'"));
    ck_assert_ptr_nonnull(strstr(kept, "knob='v.count'"));
    ck_assert_ptr_null(strstr(kept, "<vp:was"));
    ck_assert_ptr_null(strstr(kept, "<count>"));
    const struct vp_request again = {.phase = VP_PHASE_COLD};
    vp_autofree char *two = fake_rewrite(&fake, &again, kept, NULL, "again");
    fake_same(two, one, "again");
    vp_autofree char *back = fake_revert(&fake, kept, "back");
    ck_assert_str_eq(back, text);
    free(kept);
}
END_TEST

/* Everything that nobody manages survives, byte for byte in front of and behind our changes. */
START_TEST(the_rest_survives)
{
    static const char text[] =
        "<?xml version=\"1.0\"?>\n<!-- by hand -->\n"
        "<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' type='kvm'>\n"
        "  <name>g</name>   <!-- the name -->\n"
        "  <metadata>\n    <app:x xmlns:app='urn:app'>\n      <app:y a='&lt;'/>\n    </app:x>\n  </metadata>\n"
        "  <future flag='on'>\n    <!-- unknown -->\n    <inside/>\n  </future>\n"
        "  <devices>\n    <!-- disks -->\n    <disk>\n      <!-- vda -->\n      <target dev='vda'/>\n    </disk>\n"
        "    <gadget/>\n  </devices>\n"
        "  <qemu:commandline>\n    <qemu:arg value='-device'/>\n    <qemu:arg value='x,y=\"z\"'/>\n  </qemu:commandline>\n"
        "</domain>\n";
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *applied = fake_assign(
        &fake,
        "launch.do=attr devices/disk[vda]/driver/@cache none|text cputune/shares 5|attr future/@flag off|"
        "element devices/rng[+] <rng model='virtio'/>|element devices/gadget -",
        text, "assign");
    static const char *const parts[] = {
        "<?xml version=\"1.0\"?>\n<!-- by hand -->\n",
        "<name>g</name>   <!-- the name -->\n",
        "    <app:x xmlns:app='urn:app'>\n      <app:y a='&lt;'/>\n    </app:x>\n",
        "    <!-- unknown -->\n    <inside/>\n",
        "    <!-- disks -->\n    <disk>\n      <!-- vda -->\n      <target dev='vda'/>\n      <driver cache='none'/>\n",
        "  <qemu:commandline>\n    <qemu:arg value='-device'/>\n    <qemu:arg value='x,y=\"z\"'/>\n  </qemu:commandline>\n",
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(parts); i++)
        ck_assert_msg(strstr(applied, parts[i]) != NULL, "not there: %s\nin:\n%s", parts[i], applied);
    vp_autofree char *back = fake_revert(&fake, applied, "revert");
    ck_assert_str_eq(back, text);
}
END_TEST

/* A domain that is to have no profile has nothing of one, keeps its tag, and gets everything back. */
START_TEST(opts_out)
{
    FAKE fake;
    fake_open(&fake);
    const struct vp_request none = {.profile = VP_PROFILE_NONE, .drop_sets = true};
    const struct vp_request as_tagged = {0};
    bool changed = false;
    vp_autofree char *text = fake_guest(_i == 0 ? DISK : "<metadata><a:b xmlns:a='urn:a'/></metadata>" DISK);
    vp_autofree char *tuned = fake_assign(&fake, "v.count=2\nlive.do=text a 1", text, "assign");
    vp_autofree char *out = fake_rewrite(&fake, &none, tuned, &changed, "none");
    ck_assert(changed);
    ck_assert_ptr_nonnull(strstr(out, "name='none'"));
    ck_assert_ptr_null(strstr(out, "cputune"));
    ck_assert_ptr_null(strstr(out, "vp:was"));
    ck_assert_ptr_null(strstr(out, "vp:set"));
    vp_autofree char *straight = fake_rewrite(&fake, &none, text, NULL, "none at once");
    ck_assert_str_eq(straight, out);
    for (int phase = 0; phase < VP_PHASE_N_; phase++) {
        const struct vp_request request = {.phase = (enum vp_phase)phase};
        vp_autofree char *again = fake_rewrite(&fake, &request, out, &changed, "again");
        ck_assert_str_eq(again, out);
        ck_assert(!changed);
        vp_autofree char *pending = fake_pending(&fake, (enum vp_phase)phase, out, "pending");
        ck_assert_str_eq(pending, "");
    }
    vp_autofree char *as = fake_rewrite(&fake, &as_tagged, out, &changed, "as tagged");
    ck_assert_str_eq(as, out);
    vp_autofree char *back = fake_revert(&fake, out, "clear");
    ck_assert_str_eq(back, text);
    vp_autofree char *retuned = fake_assign(&fake, "v.count=2\nlive.do=text a 1", out, "assign again");
    vp_autofree char *cleared = fake_revert(&fake, retuned, "clear again");
    ck_assert_str_eq(cleared, text);
}
END_TEST

static const struct {
    const char *name, *before, *sets;
    const char *sets_now; /* written into the tag without rewriting */
    enum vp_phase phase;
    const char *pending;
} waiting[] = {
    {"all there", DISK, "v.count=2", "v.count=2", VP_PHASE_COLD, ""},
    {"value to come", DISK, "v.count=2", "v.count=3", VP_PHASE_COLD,
     "v.count: cputune/count is '2', should be '3'"},
    {"place to come", DISK, "", "v.count=3", VP_PHASE_COLD,
     "v.count: cputune/count is absent, should be '3'"},
    {"place to go", DISK, "", "live.do=attr devices/disk[vda]/driver/@cache -", VP_PHASE_COLD,
     "live.do: devices/disk[vda]/driver/@cache is 'writeback', should be absent"},
    {"left over", DISK, "v.count=2", "", VP_PHASE_COLD,
     "v.count: cputune/count is left from an earlier profile"},
    {"element to come", DISK, "", "guest.do=element devices/rng[+] <rng/>", VP_PHASE_COLD,
     "guest.do: devices/rng[#1] is not as wanted"},
    {"guest effects do not wait in a restore", DISK, "guest.more=attr os/@x 1",
     "guest.do=element devices/rng[+] <rng/>", VP_PHASE_RESTORE, ""},
    {"live effects do", DISK, "live.do=text a 1", "live.do=text b 1", VP_PHASE_RESTORE,
     "live.do: b is absent, should be '1'\nlive.do: a is left from an earlier profile"},
};

START_TEST(pending)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *text = fake_guest(waiting[_i].before);
    vp_autofree char *applied = fake_assign(&fake, waiting[_i].sets, text, waiting[_i].name);
    vp_autodomain domain = fake_domain(applied, waiting[_i].name);
    vp_tag_unset_all(domain);
    const char *equals = strchr(waiting[_i].sets_now, '=');
    if (equals != NULL) {
        vp_autofree char *knob = vp_strndup(waiting[_i].sets_now, (size_t)(equals - waiting[_i].sets_now));
        vp_tag_set(domain, knob, equals + 1);
    }
    vp_autofree char *stored = vp_doc_format(domain->doc, &(size_t){0});
    vp_autofree char *lines = fake_pending(&fake, waiting[_i].phase, stored, waiting[_i].name);
    ck_assert_msg(strcmp(lines, waiting[_i].pending) == 0, "%s: %s", waiting[_i].name, lines);
}
END_TEST

VP_TEST_MAIN("engine", VP_TEST(untagged), VP_TEST_ROWS(refuses, refused),
             VP_TEST(plan_output_untouched_on_failure), VP_TEST(requests), VP_TEST(revert_with_tag),
             VP_TEST(the_rest_survives), ((struct vp_test){opts_out, 2, 0}), VP_TEST_ROWS(pending, waiting))
