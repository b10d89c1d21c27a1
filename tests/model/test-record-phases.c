/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake.h"

#include <string.h>

#include "strbuf.h"

/*
 * A guest that moves or comes back from a file: what it sees stays, and so does the record of it; the rest
 * is undone and done anew. `moved` sets are what the profile says by then.
 */
struct row {
    const char *name, *before, *sets, *moved;
    const char *after; /* the definition that arrives, without metadata */
};
static const struct row rows[] = {
    {"guest effects stay", "<devices/>", "guest.do=element devices/rng[+] <rng/>",
     "live.do=text cputune/shares 5", "<cputune><shares>5</shares></cputune><devices><rng/></devices>"},
    {"guest effects do not come", "<devices/>", "live.do=text cputune/shares 5",
     "guest.do=element devices/rng[+] <rng/>", "<devices/>"},
    {"live effects change", "<os/>", "live.do=text cputune/shares 5", "live.do=text cputune/shares 6",
     "<cputune><shares>6</shares></cputune><os/>"},
    {"launch effects change", "<os/>", "launch.do=text cputune/shares 5", "launch.do=text cputune/period 6",
     "<cputune><period>6</period></cputune><os/>"},
    {"both in one element, live one goes", "<devices><disk><target dev='vda'/></disk></devices>",
     "guest.do=attr devices/disk[vda]/driver/@queues 4\nlaunch.do=attr devices/disk[vda]/driver/@cache none",
     "", "<devices><disk><target dev='vda'/><driver queues='4'/></disk></devices>"},
    {"both in one element, order the other way", "<devices><disk><target dev='vda'/></disk></devices>",
     "launch.do=attr devices/disk[vda]/driver/@cache none\nguest.do=attr devices/disk[vda]/driver/@queues 4",
     "launch.do=attr devices/disk[vda]/driver/@cache unsafe",
     "<devices><disk><target dev='vda'/><driver queues='4' cache='unsafe'/></disk></devices>"},
    {"a container that the guest effect made", "<os/>",
     "guest.do=text cputune/quota 5\nlive.do=text cputune/shares 5", "live.do=text cputune/shares 7",
     "<cputune><quota>5</quota><shares>7</shares></cputune><os/>"},
    {"a container that the live effect made", "<os/>",
     "guest.more=text cputune/quota 5\nlive.do=text cputune/shares 5", "live.do=text cputune/period 7",
     "<cputune><quota>5</quota><period>7</period></cputune><os/>"},
    {"nothing of the profile is left", "<os/>", "guest.do=text a 1\nlaunch.do=text b 1\nlive.do=text c 1", "",
     "<os/><a>1</a>"},
    {"removed devices stay away", "<devices><sound a='1'/><sound a='2'/></devices>",
     "guest.do=element devices/sound[#1] -\nlive.do=text cputune/shares 5", "live.do=text cputune/shares 6",
     "<cputune><shares>6</shares></cputune><devices><sound a='2'/></devices>"},
    {"an element replaced under a live attribute",
     "<devices><disk><target dev='vda'/><driver name='qemu' io='x'/></disk></devices>",
     "launch.do=attr devices/disk[vda]/driver/@io native\nguest.more=attr devices/disk[vda]/driver/@queues 2",
     "launch.do=attr devices/disk[vda]/driver/@io threads",
     "<devices><disk><target dev='vda'/><driver name='qemu' io='threads' queues='2'/></disk></devices>"},
};

/* A guest that runs: only live effects change. */
static const struct row live_rows[] = {
    {"live effects change", "<os/>", "live.do=text cputune/shares 5", "live.do=text cputune/shares 6",
     "<cputune><shares>6</shares></cputune><os/>"},
    {"live effects go", "<os/>", "live.do=text cputune/shares 5", "", "<os/>"},
    {"what was there comes back", "<cputune><shares>3</shares></cputune><os/>",
     "live.do=text cputune/shares 5", "", "<cputune><shares>3</shares></cputune><os/>"},
    {"all else stays", "<os/>", "guest.do=text a 1\nlaunch.do=text b 1\nlive.do=text c 1",
     "guest.do=text a 2\nlaunch.do=text b 2\nlive.do=text c 2", "<os/><a>1</a><b>1</b><c>2</c>"},
    {"nothing else comes", "<os/>", "", "guest.do=text a 1\nlaunch.do=text b 1\nlive.do=text c 1",
     "<os/><c>1</c>"},
    {"a container that the launch effect made", "<os/>",
     "launch.do=text cputune/quota 5\nlive.do=text cputune/shares 5", "live.do=text cputune/period 7",
     "<cputune><quota>5</quota><period>7</period></cputune><os/>"},
};

static char *without_metadata(const char *text, const char *why)
{
    vp_autodomain domain = fake_domain(text, why);
    vp_node *metadata = vp_node_child(domain->root, "metadata");
    if (metadata != NULL)
        vp_node_remove(metadata);
    return vp_doc_format(domain->doc, &(size_t){0});
}

/* Put other overrides into the tag, as an upgrade of the profile on the destination would. */
static char *with_sets(const char *text, const char *sets, const char *why)
{
    vp_autodomain domain = fake_domain(text, why);
    vp_tag_unset_all(domain);
    vp_autofree char *copy = vp_strdup(sets);
    for (char *at = copy; *at != '\0';) {
        const size_t n = strcspn(at, "\n");
        const bool last = at[n] == '\0';
        at[n] = '\0';
        char *value = strchr(at, '=');
        *value = '\0';
        vp_tag_set(domain, at, value + 1);
        at += n + !last;
    }
    return vp_doc_format(domain->doc, &(size_t){0});
}

static void check(enum vp_phase phase, const struct row *row)
{
    const char *why = row->name;
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *original = fake_guest(row->before);
    vp_autofree char *one = fake_assign(&fake, row->sets, original, why);
    vp_autofree char *tagged = with_sets(one, row->moved, why);
    const struct vp_request request = {.phase = phase};
    vp_autofree char *arrived = fake_rewrite(&fake, &request, tagged, NULL, why);
    vp_autofree char *bare = without_metadata(arrived, why);
    vp_autofree char *want = fake_guest(row->after);
    fake_same(bare, want, why);
    bool changed = true;
    vp_autofree char *again = fake_rewrite(&fake, &request, arrived, &changed, why);
    ck_assert_msg(!changed, "%s: a second time from\n%s\nto\n%s", why, arrived, again);
    vp_autofree char *pending = fake_pending(&fake, phase, arrived, why);
    ck_assert_msg(*pending == '\0', "%s: pending %s", why, pending);
    /* At the next cold start all of the profile counts, and in the end nothing is left. */
    const struct vp_request cold = {.phase = VP_PHASE_COLD};
    vp_autofree char *started = fake_rewrite(&fake, &cold, arrived, NULL, why);
    vp_autofree char *direct = fake_assign(&fake, row->moved, original, why);
    vp_autofree char *started_bare = without_metadata(started, why);
    vp_autofree char *direct_bare = without_metadata(direct, why);
    fake_same(started_bare, direct_bare, why);
    vp_autofree char *back = fake_revert(&fake, started, why);
    fake_same(back, original, why);
    vp_autofree char *early = fake_revert(&fake, arrived, why);
    fake_same(early, original, why);
}

START_TEST(migrates)
{
    check(VP_PHASE_MIGRATE, &rows[_i]);
}
END_TEST

START_TEST(restores)
{
    check(VP_PHASE_RESTORE, &rows[_i]);
}
END_TEST

START_TEST(runs_on)
{
    check(VP_PHASE_LIVE, &live_rows[_i]);
}
END_TEST

/* A record that libvirt was given as metadata: what it keeps has the name space of the tag. */
START_TEST(comes_back_from_libvirt)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *original = fake_guest(
        "<devices><sound model='a'><codec type='b'/></sound><disk><target dev='vda'/></disk></devices>");
    vp_autofree char *tuned = fake_assign(
        &fake, "guest.do=element devices/sound[#1] -|element devices/rng[+] <rng><backend/></rng>", original,
        "tuned");
    vp_autodomain domain = fake_domain(tuned, "tuned");
    struct vp_tag tag;
    ck_assert(vp_tag_read(domain, &tag));
    vp_autofree char *record = vp_node_format(tag.node);
    struct vp_strbuf given = {0};
    for (const char *at = record; *at != '\0'; at++) {
        vp_strbuf_addn(&given, at, 1);
        const char *name = at[1] == '/' ? at + 2 : at + 1;
        if (*at != '<' || strncmp(name, "vp:", strlen("vp:")) == 0)
            continue;
        if (at[1] == '/')
            vp_strbuf_addn(&given, ++at, 1);
        vp_strbuf_add(&given, "vp:");
    }
    vp_node *again = NULL;
    ck_assert_int_eq(vp_node_parse(domain->doc, given.text, &again, NULL), 0);
    vp_node_replace(tag.node, again);
    vp_autofree char *live = vp_doc_format(domain->doc, &(size_t){0});
    ck_assert_msg(strstr(live, "<vp:codec") != NULL && strstr(live, "<vp:backend") != NULL, "%s", live);
    vp_strbuf_done(&given);
    const struct vp_request request = {.phase = VP_PHASE_COLD};
    bool changed = true;
    vp_autofree char *same = fake_rewrite(&fake, &request, live, &changed, "rewritten");
    ck_assert_msg(!changed, "%s", same);
    vp_autofree char *back = fake_revert(&fake, live, "reverted");
    fake_same(back, original, "reverted");
}
END_TEST

/* A knob of another version may be one that the guest sees. */
START_TEST(unknown_knobs_stay)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *text =
        fake_guest("<metadata><vp:profile xmlns:vp='" VP_TAG_NS "' name='empty'>"
                   "<vp:was knob='gone.knob' at='cputune/shares'/></vp:profile></metadata>"
                   "<cputune><shares>9</shares></cputune>");
    for (int phase = VP_PHASE_MIGRATE; phase < VP_PHASE_N_; phase++) {
        const struct vp_request request = {.phase = (enum vp_phase)phase};
        bool changed = true;
        vp_autofree char *out = fake_rewrite(&fake, &request, text, &changed, vp_phase_names[phase]);
        ck_assert_msg(!changed, "%s:\n%s", vp_phase_names[phase], out);
    }
    const struct vp_request cold = {.phase = VP_PHASE_COLD};
    vp_autofree char *out = fake_rewrite(&fake, &cold, text, NULL, "cold");
    ck_assert_ptr_null(strstr(out, "shares"));
}
END_TEST

VP_TEST_MAIN("record-phases", VP_TEST_ROWS(migrates, rows), VP_TEST_ROWS(restores, rows),
             VP_TEST_ROWS(runs_on, live_rows), VP_TEST(comes_back_from_libvirt), VP_TEST(unknown_knobs_stay))
