/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake.h"

#include <string.h>

/*
 * One script over one definition: what comes out of applying it, and the definition as it was after it is
 * taken back, with and without libvirt in between. `middle` and `expect` are what stands between <name> and
 * </domain>, without the metadata.
 */
struct row {
    const char *name;
    const char *before, *sets, *expect;
};

static const struct row rows[] = {
    {"attribute that was not there",
     "<devices><disk type='file'><driver name='qemu'/><target dev='vda'/></disk></devices>",
     "launch.do=attr devices/disk[vda]/driver/@cache none",
     "<devices><disk type='file'><driver name='qemu' cache='none'/><target dev='vda'/></disk></devices>"},
    {"attribute that was there",
     "<devices><disk type='file'><driver cache='writeback' name='qemu'/><target dev='vda'/></disk></devices>",
     "launch.do=attr devices/disk[vda]/driver/@cache none",
     "<devices><disk type='file'><driver cache='none' name='qemu'/><target dev='vda'/></disk></devices>"},
    {"attribute removed",
     "<devices><disk type='file'><driver name='qemu' cache='writeback'/><target dev='vda'/></disk></devices>",
     "launch.do=attr devices/disk[vda]/driver/@cache -",
     "<devices><disk type='file'><driver name='qemu'/><target dev='vda'/></disk></devices>"},
    {"attribute with all that holds it", "<devices><disk type='file'><target dev='vda'/></disk></devices>",
     "launch.do=attr devices/disk[vda]/driver/@cache none",
     "<devices><disk type='file'><driver cache='none'/><target dev='vda'/></disk></devices>"},
    {"attribute of <domain>", "<os/>", "live.do=attr @mark yes", NULL},
    {"empty attribute", "<a x=''/>", "live.do=attr a/@x 1", "<a x='1'/>"},
    {"attribute with quotes, brackets and white space", "<a x='&quot;&apos;&lt;&gt;&amp;&#10;&#9; '/>",
     "live.do=attr a/@x &<>\"'", "<a x='&amp;&lt;&gt;&quot;&apos;'/>"},
    {"text that was not there", "<memory>1</memory>", "live.do=text cputune/shares 100",
     "<memory>1</memory><cputune><shares>100</shares></cputune>"},
    {"text that was there", "<cputune><shares>7</shares></cputune>", "live.do=text cputune/shares 100",
     "<cputune><shares>100</shares></cputune>"},
    {"text removed", "<cputune><shares>7</shares><period>9</period></cputune>",
     "live.do=text cputune/shares -", "<cputune><period>9</period></cputune>"},
    {"text with brackets", "<description>a &lt; b</description>", "live.do=text description c > d & e",
     "<description>c &gt; d &amp; e</description>"},
    {"text and its attribute", "<memory>1</memory>",
     "live.do=text memtune/hard_limit 5|attr memtune/hard_limit/@unit KiB",
     "<memory>1</memory><memtune><hard_limit unit='KiB'>5</hard_limit></memtune>"},
    {"attribute first and then its text", "<memory>1</memory>",
     "live.do=attr memtune/hard_limit/@unit KiB|text memtune/hard_limit 5",
     "<memory>1</memory><memtune><hard_limit unit='KiB'>5</hard_limit></memtune>"},
    {"element that was not there", "<devices/>", "guest.do=element devices/rng[+] <rng model='virtio'/>",
     "<devices><rng model='virtio'/></devices>"},
    {"two elements in one list", "<devices><rng model='a'/></devices>",
     "guest.do=element devices/rng[+] <rng model='b'/>|element devices/rng[+] <rng model='c'/>",
     "<devices><rng model='a'/><rng model='b'/><rng model='c'/></devices>"},
    {"element replaced", "<devices><memballoon model='virtio'><stats period='5'/></memballoon></devices>",
     "guest.do=element devices/memballoon <memballoon model='none'/>",
     "<devices><memballoon model='none'/></devices>"},
    {"element removed",
     "<devices><memballoon model='virtio'><stats period='5'/></memballoon><rng/></devices>",
     "guest.do=element devices/memballoon -", "<devices><rng/></devices>"},
    {"the only element removed", "<devices><memballoon model='virtio'/></devices>",
     "guest.do=element devices/memballoon -", "<devices/>"},
    {"all of a list removed", "<devices><sound model='a'/><sound model='b'/><sound model='c'/></devices>",
     "guest.do=element devices/sound[*] -", "<devices/>"},
    {"the first of a list removed",
     "<devices><sound model='a'/><sound model='b'/><sound model='c'/></devices>",
     "guest.do=element devices/sound[#1] -", "<devices><sound model='b'/><sound model='c'/></devices>"},
    {"the first and last of a list removed",
     "<devices><input type='a'/><sound model='a'/><sound model='b'/><sound model='c'/><video/></devices>",
     "guest.do=element devices/sound[#1] -|element devices/sound[#3] -",
     "<devices><input type='a'/><sound model='b'/><video/></devices>"},
    {"the first of a list removed, behind what libvirt puts elsewhere",
     "<devices><video/><sound model='a'/><sound model='b'/></devices>",
     "guest.do=element devices/sound[#1] -", "<devices><video/><sound model='b'/></devices>"},
    {"one of a list replaced", "<devices><sound model='a'/><sound model='b'/></devices>",
     "guest.do=element devices/sound[#2] <sound model='x'/>",
     "<devices><sound model='a'/><sound model='x'/></devices>"},
    {"removed and added to the same list", "<devices><input type='tablet'/><input type='mouse'/></devices>",
     "guest.do=element devices/input[#1] -|element devices/input[+] <input type='evdev'/>",
     "<devices><input type='mouse'/><input type='evdev'/></devices>"},
    {"added to a list and the rest of it removed", "<devices><rng model='a'/></devices>",
     "guest.do=element devices/rng[+] <rng model='b'/>|element devices/rng[#1] -",
     "<devices><rng model='b'/></devices>"},
    {"equal elements removed",
     "<devices><input type='a'/><!-- c --><sound model='a'/><hub/><sound model='b'/><sound model='a'/></devices>",
     "guest.do=element devices/sound[*] -", "<devices><input type='a'/><hub/></devices>"},
    {"neighbours of two kinds removed",
     "<devices><input type='a'/><sound model='a'/><video/><hub/></devices>",
     "guest.do=element devices/sound[#1] -|element devices/video[#1] -",
     "<devices><input type='a'/><hub/></devices>"},
    {"a container and a place in it", "<cputune><shares>7</shares></cputune>",
     "live.do=text cputune/shares 5|text cputune/period 6",
     "<cputune><shares>5</shares><period>6</period></cputune>"},
    {"attribute of an element that is replaced later", "<clock><timer name='rtc' track='guest'/></clock>",
     "guest.do=attr clock/timer[rtc]/@track wall|element clock/timer[rtc] <timer name='rtc' track='boot'/>",
     "<clock><timer name='rtc' track='boot'/></clock>"},
    {"already so", "<cputune><shares>7</shares></cputune>", "live.do=text cputune/shares 7", NULL},
    {"already absent", "<devices/>", "live.do=text cputune/shares -|attr devices/@x -", NULL},
    {"only notes", "<devices/>", "live.do=skip not here|warn slow", NULL},
    {"device without its bus address",
     "<devices><disk><target dev='sda' bus='sata'/><address type='drive' unit='0'/></disk></devices>",
     "guest.do=attr devices/disk[sda]/target/@bus virtio|readdress devices/disk[sda]",
     "<devices><disk><target dev='sda' bus='virtio'/></disk></devices>"},
    {"a setting for the host only", "<devices/>", "host.do=attr devices/@x 1", NULL},
};

/* The definition without its metadata, to compare with what is expected. */
static char *without_metadata(const char *text, const char *why)
{
    vp_autodomain domain = fake_domain(text, why);
    vp_node *metadata = vp_node_child(domain->root, "metadata");
    if (metadata != NULL)
        vp_node_remove(metadata);
    return vp_doc_format(domain->doc, &(size_t){0});
}

START_TEST(applies_and_reverts)
{
    const struct row *row = &rows[_i];
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *original = fake_guest(row->before);
    vp_autofree char *applied = fake_assign(&fake, row->sets, original, row->name);
    vp_autofree char *bare = without_metadata(applied, row->name);
    if (row->expect != NULL) {
        vp_autofree char *expect = fake_guest(row->expect);
        fake_same(bare, expect, row->name);
    }
    const struct vp_request again = {.phase = VP_PHASE_COLD};
    bool changed = true;
    vp_autofree char *second = fake_rewrite(&fake, &again, applied, &changed, row->name);
    ck_assert_msg(!changed, "%s: rewritten a second time:\n%s\nbefore:\n%s", row->name, second, applied);
    vp_autofree char *reverted = fake_revert(&fake, applied, row->name);
    ck_assert_msg(strcmp(reverted, original) == 0, "%s: reverted to:\n%s\nfrom:\n%s\nwas:\n%s", row->name,
                  reverted, applied, original);
}
END_TEST

START_TEST(nothing_is_pending_after)
{
    const struct row *row = &rows[_i];
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *original = fake_guest(row->before);
    vp_autofree char *applied = fake_assign(&fake, row->sets, original, row->name);
    vp_autofree char *pending = fake_pending(&fake, VP_PHASE_COLD, applied, row->name);
    ck_assert_msg(*pending == '\0', "%s: pending: %s in:\n%s", row->name, pending, applied);
}
END_TEST

/*
 * libvirt stores the definition, sorted and completed; nothing is to be done then, and nothing of ours is
 * left after the way back.
 */
START_TEST(stored_is_a_fixed_point)
{
    const struct row *row = &rows[_i];
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *original = fake_guest(row->before);
    vp_autofree char *applied = fake_assign(&fake, row->sets, original, row->name);
    vp_autofree char *stored = fake_store(applied);
    const struct vp_request again = {.phase = VP_PHASE_COLD};
    bool changed = true;
    vp_autofree char *second = fake_rewrite(&fake, &again, stored, &changed, row->name);
    ck_assert_msg(!changed, "%s: stored:\n%s\nrewritten to:\n%s", row->name, stored, second);
    vp_autofree char *pending = fake_pending(&fake, VP_PHASE_COLD, stored, row->name);
    ck_assert_msg(*pending == '\0', "%s: pending: %s in:\n%s", row->name, pending, stored);

    vp_autofree char *reverted = fake_revert(&fake, stored, row->name);
    vp_autofree char *back = fake_store(reverted);
    vp_autofree char *untouched = fake_store(original);
    vp_autodomain a = fake_domain(back, row->name);
    vp_autodomain b = fake_domain(untouched, row->name);
    /* Addresses were given out in another order. */
    for (vp_node *n = vp_node_first(vp_domain_devices(a)); n != NULL; n = vp_node_next(n))
        if (vp_node_child(n, "address") != NULL)
            vp_node_remove(vp_node_child(n, "address"));
    for (vp_node *n = vp_node_first(vp_domain_devices(b)); n != NULL; n = vp_node_next(n))
        if (vp_node_child(n, "address") != NULL)
            vp_node_remove(vp_node_child(n, "address"));
    ck_assert_msg(vp_node_equal(a->root, b->root), "%s: reverted:\n%s\nwas:\n%s", row->name, back, untouched);
}
END_TEST

/* From any row to any other over the same kind of definition: nothing is left of the first. */
START_TEST(another_profile_leaves_no_residue)
{
    const struct row *row = &rows[_i];
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *original = fake_guest(row->before);
    vp_autofree char *first = fake_assign(&fake, row->sets, original, row->name);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        vp_autofree char *why = vp_asprintf("from '%s' to '%s'", row->name, rows[i].name);
        vp_autofree char *direct = fake_assign(&fake, rows[i].sets, original, why);
        vp_autofree char *second = fake_assign(&fake, rows[i].sets, first, why);
        fake_same(second, direct, why);
        vp_autofree char *reverted = fake_revert(&fake, second, why);
        fake_same(reverted, original, why);
    }
}
END_TEST

VP_TEST_MAIN("record", VP_TEST_ROWS(applies_and_reverts, rows), VP_TEST_ROWS(nothing_is_pending_after, rows),
             VP_TEST_ROWS(stored_is_a_fixed_point, rows),
             VP_TEST_ROWS(another_profile_leaves_no_residue, rows))
