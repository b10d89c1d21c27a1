/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "planner_xml.h"

#include "fake.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *path;
    bool ok;
} paths[] = {
    {"cputune/shares", true},
    {"devices/disk[*]/driver/@discard", true},
    {"devices/disk[vda]/driver/@cache", true},
    {"@type", true},
    {"devices/rng[+]", true},
    {"names", true},
    {"title", true},
    {"devices/disk[*]/source[*]/@x", true},
    {"", false},
    {"/", false},
    {"a//b", false},
    {"a/@", false},
    {"a[*/b", false},
    {"name", false},
    {"name/@x", false},
    {"uuid", false},
    {"metadata", false},
    {"metadata/x", false},
    {"metadata[*]/x", false},
    {"metadata/@x", false},
    {"seclabel", false},
    {"seclabel[*]", false},
    {"seclabel[#1]/@type", false},
    {"devices/graphics/@passwd", false},
    {"devices/graphics[*]/@passwdValidTo", false},
    {"devices/x/@password", false},
    {"a b", false},
    {"a/@b c", false},
    {"1a", false},
    {"a/<b", false},
    {"*", false},
};

START_TEST(checks_paths)
{
    vp_autoerror err = NULL;
    const int r = vp_xml_path_check(paths[_i].path, &err);
    ck_assert_msg(r == (paths[_i].ok ? 0 : -EINVAL), "'%s': %d", paths[_i].path, r);
    ck_assert((err != NULL) == (r != 0));
}
END_TEST

#define DISKS "<disk><target dev='vda'/><driver io='threads'/></disk><disk><target dev='vdb'/></disk>"

static const struct {
    const char *before;
    const char *sets; /* joined by '\n' */
    const char *after;
} rows[] = {
    {"<os/>", "xml.os/@x=1", "<os x='1'/>"},
    {"<os x='1'/>", "xml.os/@x=(absent)", "<os/>"},
    {"<os x='1'/>", "xml.os/@x=2", "<os x='2'/>"},
    {"<os/>", "xml.cputune/shares=5", "<os/><cputune><shares>5</shares></cputune>"},
    {"<cputune><shares>5</shares></cputune>", "xml.cputune/shares=6",
     "<cputune><shares>6</shares></cputune>"},
    {"<cputune><shares>5</shares><x/></cputune>", "xml.cputune/shares=(absent)", "<cputune><x/></cputune>"},
    {"<os/>", "xml.features/kvm=<kvm><hidden state='on'/></kvm>",
     "<os/><features><kvm><hidden state='on'/></kvm></features>"},
    {"<features><kvm a='1'/></features>", "xml.features/kvm=<kvm/>", "<features><kvm/></features>"},
    {"<features><kvm a='1'/><x/></features>", "xml.features/kvm=(absent)", "<features><x/></features>"},
    {"<devices>" DISKS "</devices>", "xml.devices/disk[*]/driver/@io=native",
     "<devices><disk><target dev='vda'/><driver io='native'/></disk><disk><target dev='vdb'/><driver io='native'/></disk>"
     "</devices>"},
    {"<devices>" DISKS "</devices>", "xml.devices/disk[vda]/driver/@io=native",
     "<devices><disk><target dev='vda'/><driver io='native'/></disk><disk><target dev='vdb'/></disk></devices>"},
    {"<devices><sound/><sound/><rng/></devices>", "xml.devices/sound[*]=(absent)",
     "<devices><rng/></devices>"},
    {"<devices/>", "xml.devices/sound[*]=(absent)", "<devices/>"},
    {"<devices/>", "xml.devices/disk[*]/driver/@io=native", "<devices/>"},
    {"<os/>", "xml.devices/disk[*]/driver/@io=native", "<os/>"},
    {"<a><b><c/><c/></b><b><c/></b></a>", "xml.a/b[*]/c[*]/@x=1",
     "<a><b><c x='1'/><c x='1'/></b><b><c x='1'/></b></a>"},
    {"<devices><rng/></devices>", "xml.devices/rng[+]=<rng model='virtio'/>",
     "<devices><rng/><rng model='virtio'/></devices>"},
    /* A device that is not there cannot be set up, and half a device would be refused by libvirt. */
    {"<devices>" DISKS "</devices>", "xml.devices/disk[vdz]/driver/@io=native",
     "<devices>" DISKS "</devices>"},
    {"<devices>" DISKS "</devices>", "xml.devices/disk[#3]/driver/@io=native",
     "<devices>" DISKS "</devices>"},
    {"<clock/>", "xml.clock/timer[hpet]/@present=no", "<clock><timer name='hpet' present='no'/></clock>"},
    {"<os/>", "xml.memtune/hard_limit/@unit=KiB\nxml.memtune/hard_limit=5",
     "<os/><memtune><hard_limit unit='KiB'>5</hard_limit></memtune>"},
    {"<os/>", "xml.memtune/hard_limit=5\nxml.memtune/hard_limit/@unit=KiB",
     "<os/><memtune><hard_limit unit='KiB'>5</hard_limit></memtune>"},
};

START_TEST(rewrites)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *original = fake_guest(rows[_i].before);
    vp_autofree char *applied = fake_assign(&fake, rows[_i].sets, original, rows[_i].sets);
    vp_autodomain domain = fake_domain(applied, "applied");
    vp_node_remove(vp_node_child(domain->root, "metadata"));
    vp_autofree char *bare = vp_doc_format(domain->doc, &(size_t){0});
    vp_autofree char *want = fake_guest(rows[_i].after);
    fake_same(bare, want, rows[_i].sets);
    vp_autofree char *pending = fake_pending(&fake, VP_PHASE_COLD, applied, rows[_i].sets);
    ck_assert_msg(*pending == '\0', "%s: pending: %s", rows[_i].sets, pending);
    vp_autofree char *reverted = fake_revert(&fake, applied, rows[_i].sets);
    ck_assert_str_eq(reverted, original);
}
END_TEST

static const struct {
    const char *sets, *message;
} refused[] = {
    {"xml.os/x=<x><y></x>", "[xml] os/x (tag)"},
    {"xml.os/x=<x/><y/>", "[xml] os/x (tag)"},
    {"xml.os/x=<!DOCTYPE x><x/>", "[xml] os/x (tag)"},
    {"live.do=text cputune/shares 5\nxml.cputune/shares=6", "cputune/shares is managed by the knob live.do"},
    {"live.do=attr devices/disk[vda]/driver/@io native\nxml.devices/disk[*]/driver/@io=threads",
     "devices/disk[vda]/driver/@io is managed by the knob live.do"},
    {"live.do=attr devices/disk[vdb]/driver/@io native\nxml.devices/disk[#2]/driver/@io=threads",
     "devices/disk[vdb]/driver/@io is managed by the knob live.do"},
    {"live.do=attr memtune/hard_limit/@unit KiB\nxml.memtune/hard_limit/@unit=MiB",
     "memtune/hard_limit/@unit is managed by the knob live.do"},
};

START_TEST(refuses)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *text = fake_guest("<devices>" DISKS "</devices>");
    vp_autofree char *copy = vp_strdup(refused[_i].sets);
    char *second = strchr(copy, '\n');
    if (second != NULL)
        *second++ = '\0';
    const char *const sets[] = {copy, second, NULL};
    const struct vp_request request = {.profile = "empty", .sets = sets};
    static char sentinel;
    char *out = &sentinel;
    size_t len = 42;
    vp_autoerror err = NULL;
    const int r = vp_engine_rewrite(&fake.engine, &request, text, strlen(text), "x", &out, &len, &err);
    ck_assert_msg(r == -EINVAL || r == -EBADMSG, "%s: %d", refused[_i].sets, r);
    ck_assert_ptr_eq(out, &sentinel);
    ck_assert_uint_eq(len, 42);
    ck_assert_msg(strstr(err->message, refused[_i].message) != NULL, "%s", err->message);
    ck_assert_msg(strncmp(err->message, "domain 'guest': ", 16) == 0, "%s", err->message);
}
END_TEST

/* What a place held is kept where anyone may read it. */
START_TEST(no_password_in_the_record)
{
    static const char *const sets[] = {
        "xml.devices/graphics=<graphics type='vnc'/>",
        "xml.devices/graphics[*]=(absent)",
        "xml.devices=<devices/>",
        "xml.devices=(absent)",
        "guest.do=element devices/graphics[#1] -",
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(sets); i++) {
        FAKE fake;
        fake_open(&fake);
        vp_autofree char *text = fake_guest("<devices><graphics type='vnc' passwd='hidden'/></devices>");
        const char *const one[] = {sets[i], NULL};
        const struct vp_request request = {.profile = "empty", .sets = one};
        char *out = NULL;
        size_t len = 0;
        vp_autoerror err = NULL;
        const int r = vp_engine_rewrite(&fake.engine, &request, text, strlen(text), "x", &out, &len, &err);
        const char *metadata_end = r == 0 && out != NULL ? strstr(out, "</metadata>") : NULL;
        const char *secret = metadata_end != NULL ? strstr(out, "hidden") : NULL;
        ck_assert_msg(secret == NULL || secret > metadata_end, "%s:\n%s", sets[i], out);
        free(out);
    }
}
END_TEST

/* Nothing is known of these places, so they count as seen by the guest. */
START_TEST(only_at_a_cold_start)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *text = fake_guest("<os/>");
    vp_autofree char *tagged = fake_assign(&fake, "", text, "tag");
    static const char *const sets[] = {"xml.os/@x=1", NULL};
    const struct vp_request request = {.phase = VP_PHASE_MIGRATE, .sets = sets};
    vp_autofree char *out = fake_rewrite(&fake, &request, tagged, NULL, "migrate");
    ck_assert_ptr_null(strstr(out, "<os x"));
    ck_assert_int_eq(vp_xml_knob.effect, VP_EFFECT_GUEST);
}
END_TEST

VP_TEST_MAIN("planner-xml", VP_TEST_ROWS(checks_paths, paths), VP_TEST_ROWS(rewrites, rows),
             VP_TEST_ROWS(refuses, refused), VP_TEST(no_password_in_the_record),
             VP_TEST(only_at_a_cold_start))
