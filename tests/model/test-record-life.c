/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake.h"

#include <string.h>

/*
 * What happens to a definition between two rewrites: libvirt fills in, people edit, profiles and phases
 * change.
 */

/* Replace the one `from` in the text; owned. */
static char *edit(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    ck_assert_msg(at != NULL, "'%s' is not in:\n%s", from, text);
    ck_assert_msg(strstr(at + 1, from) == NULL, "'%s' is twice in:\n%s", from, text);
    return vp_asprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void ck_there(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in:\n%s", part, text);
}

static void ck_gone(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "'%s' is in:\n%s", part, text);
}

static void ck_settled(const struct fake *fake, const char *text, const char *why)
{
    const struct vp_request request = {.phase = VP_PHASE_COLD};
    bool changed = true;
    vp_autofree char *out = fake_rewrite(fake, &request, text, &changed, why);
    ck_assert_msg(!changed, "%s: rewritten from\n%s\nto\n%s", why, text, out);
    vp_autofree char *pending = fake_pending(fake, VP_PHASE_COLD, text, why);
    ck_assert_msg(*pending == '\0', "%s: pending: %s in:\n%s", why, pending, text);
}

/* People may change the definition while the profile is on it; theirs stays, ours goes. */
static const struct {
    const char *name, *before, *sets;
    const char *from, *to; /* the edit of the rewritten definition */
    const char *after;     /* what is left of it in the end */
} edits[] = {
    {"something else in a container of ours", "<os/>", "live.do=text cputune/shares 5", "<shares>5</shares>",
     "<shares>5</shares><period>7</period>", "<cputune><period>7</period></cputune><os/>"},
    {"an attribute on a container of ours", "<devices><disk><target dev='vda'/></disk></devices>",
     "launch.do=attr devices/disk[vda]/driver/@cache none", "<driver cache='none'/>",
     "<driver cache='none' discard='unmap'/>",
     "<devices><disk><target dev='vda'/><driver discard='unmap'/></disk></devices>"},
    {"our container is gone", "<os/>", "live.do=text cputune/shares 5", "<shares>5</shares>", "", "<os/>"},
    {"the disk is gone",
     "<devices><disk><target dev='vda'/><driver cache='x'/></disk><disk><target dev='vdb'/></disk></devices>",
     "launch.do=attr devices/disk[*]/driver/@cache none", "<target dev='vda'/>", "<target dev='vdc'/>", NULL},
    {"a new disk", "<devices><disk><target dev='vda'/></disk></devices>",
     "launch.do=attr devices/disk[*]/driver/@cache none", "<devices>",
     "<devices><disk><target dev='new'/></disk>",
     "<devices><disk><target dev='new'/></disk><disk><target dev='vda'/></disk></devices>"},
    {"a new device in front of ours", "<devices><rng a='1'/></devices>",
     "guest.do=element devices/rng[+] <rng model='virtio'/>", "<devices>", "<devices><sound/>",
     "<devices><sound/><rng a='1'/></devices>"},
    {"the title", "<os/>", "live.do=text cputune/shares 5", "<name>guest</name>",
     "<name>guest</name><title>t</title>", "<title>t</title><os/>"},
};

START_TEST(edited_in_between)
{
    FAKE fake;
    fake_open(&fake);
    const char *why = edits[_i].name;
    vp_autofree char *original = fake_guest(edits[_i].before);
    vp_autofree char *one = fake_assign(&fake, edits[_i].sets, original, why);
    vp_autofree char *edited = edit(one, edits[_i].from, edits[_i].to);
    vp_autofree char *reverted = fake_revert(&fake, edited, why);
    if (edits[_i].after != NULL) {
        vp_autofree char *want = fake_guest(edits[_i].after);
        fake_same(reverted, want, why);
    }
    const struct vp_request again = {.phase = VP_PHASE_COLD};
    vp_autofree char *two = fake_rewrite(&fake, &again, edited, NULL, why);
    ck_settled(&fake, two, why);
    vp_autofree char *back = fake_revert(&fake, two, why);
    fake_same(back, reverted, why);
}
END_TEST

/* The removal of a device among its like must find it again when another of them went. */
START_TEST(numbers_shift)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *original = fake_guest("<devices><rng model='theirs'/></devices>");
    vp_autofree char *one =
        fake_assign(&fake, "guest.do=element devices/rng[+] <rng model='ours'/>", original, "assign");
    vp_autofree char *edited = edit(one, "<rng model='theirs'/>", "");
    vp_autofree char *reverted = fake_revert(&fake, edited, "revert");
    ck_gone(reverted, "ours");
    const struct vp_request again = {.phase = VP_PHASE_COLD};
    vp_autofree char *two = fake_rewrite(&fake, &again, edited, NULL, "again");
    const char *first = strstr(strstr(two, "<devices>"), "model='ours'");
    ck_assert_msg(first != NULL && strstr(first + 1, "model='ours'") == NULL, "not one of ours in:\n%s", two);
}
END_TEST

/* Ours was thrown out by hand and one of their own put in: that one is not ours to remove. */
START_TEST(theirs_in_place_of_ours)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *original = fake_guest("<devices/>");
    vp_autofree char *one =
        fake_assign(&fake, "guest.do=element devices/rng[+] <rng model='ours'/>", original, "assign");
    vp_autofree char *edited =
        edit(one, "    <rng model='ours'/>\n  </devices>", "    <rng model='theirs'/>\n  </devices>");
    vp_autofree char *reverted = fake_revert(&fake, edited, "revert");
    ck_there(reverted, "theirs");
}
END_TEST

/* A NIC is called by its number until libvirt gives it a MAC; the record keeps calling it so. */
START_TEST(nic_gets_its_mac_later)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *original =
        fake_guest("<devices><interface type='network'/><interface type='bridge'/></devices>");
    vp_autofree char *one =
        fake_assign(&fake, "guest.do=attr devices/interface[*]/driver/@queues 4", original, "assign");
    ck_there(one, "at='devices/interface[#2]/driver/@queues'");
    vp_autofree char *stored = fake_store(one);
    ck_there(stored, "<mac address='52:54:00:00:00:02'/>");
    ck_settled(&fake, stored, "stored");
    vp_autofree char *reverted = fake_revert(&fake, stored, "revert");
    ck_gone(reverted, "queues");
    ck_gone(reverted, "<driver");
    vp_autofree char *other =
        fake_assign(&fake, "guest.do=attr devices/interface[*]/driver/@queues 8", stored, "other");
    ck_there(other, "queues='8'");
    ck_gone(other, "queues='4'");
    ck_settled(&fake, other, "other");
    vp_autofree char *back = fake_revert(&fake, other, "back");
    ck_gone(back, "queues");
}
END_TEST

START_TEST(mac_in_capitals)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *original =
        fake_guest("<devices><interface><mac address='52:54:00:AB:CD:EF'/></interface></devices>");
    vp_autofree char *one =
        fake_assign(&fake, "guest.do=attr devices/interface[*]/driver/@queues 4", original, "assign");
    vp_autofree char *stored = fake_store(one);
    ck_there(stored, "52:54:00:ab:cd:ef'/>");
    ck_settled(&fake, stored, "stored");
    vp_autofree char *reverted = fake_revert(&fake, stored, "revert");
    ck_gone(reverted, "queues");
}
END_TEST

#define ADDRESS(slot) "<address type='pci' domain='0x0000' bus='0x00' slot='" slot "' function='0x0'/>"

/* The address of a device that was taken out may have been given to another. */
START_TEST(address_taken)
{
    static const struct {
        const char *name, *other, *left;
        bool keeps;
    } rows[] = {
        {"free", "<rng>" ADDRESS("0x06") "</rng>", "slot='0x05'", true},
        {"taken", "<rng>" ADDRESS("0x05") "</rng>", "slot='0x05'", false},
    };
    FAKE fake;
    fake_open(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        vp_autofree char *original =
            fake_guest("<devices><sound model='a'>" ADDRESS("0x05") "</sound></devices>");
        vp_autofree char *one =
            fake_assign(&fake, "guest.do=element devices/sound[#1] -", original, rows[i].name);
        vp_autofree char *inner = vp_asprintf("<devices>%s</devices>", rows[i].other);
        vp_autofree char *edited = edit(one, "<devices/>", inner);
        vp_autofree char *reverted = fake_revert(&fake, edited, rows[i].name);
        vp_autodomain domain = fake_domain(reverted, rows[i].name);
        const vp_node *sound = vp_node_child(vp_domain_devices(domain), "sound");
        ck_assert_msg(sound != NULL, "%s:\n%s", rows[i].name, reverted);
        ck_assert_msg((vp_node_child(sound, "address") != NULL) == rows[i].keeps, "%s:\n%s", rows[i].name,
                      reverted);
        const vp_node *rng = vp_node_child(vp_domain_devices(domain), "rng");
        ck_assert_msg(vp_node_child(rng, "address") != NULL, "%s:\n%s", rows[i].name, reverted);
    }
}
END_TEST

/* The same when another profile brings the device back. */
START_TEST(address_taken_by_another_profile)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *original =
        fake_guest("<devices><sound model='a'>" ADDRESS("0x05") "</sound></devices>");
    vp_autofree char *one = fake_assign(
        &fake, "guest.do=element devices/sound[#1] -|element devices/rng[+] <rng model='virtio'/>", original,
        "one");
    vp_autofree char *stored = edit(one, "    <rng model='virtio'/>\n  </devices>",
                                    "    <rng model='virtio'>" ADDRESS("0x05") "</rng>\n  </devices>");
    vp_autofree char *two =
        fake_assign(&fake, "guest.do=element devices/rng[+] <rng model='virtio'/>", stored, "two");
    vp_autodomain domain = fake_domain(two, "two");
    const vp_node *sound = vp_node_child(vp_domain_devices(domain), "sound");
    const vp_node *rng = vp_node_child(vp_domain_devices(domain), "rng");
    ck_assert_ptr_nonnull(sound);
    ck_assert_ptr_nonnull(rng);
    ck_assert_msg(vp_node_child(sound, "address") == NULL || vp_node_child(rng, "address") == NULL,
                  "two devices at one address:\n%s", two);
}
END_TEST

START_TEST(readdressed)
{
    FAKE fake;
    fake_open(&fake);
    static const char sets[] =
        "guest.do=attr devices/disk[vda]/target/@bus virtio|readdress devices/disk[vda]";
    vp_autofree char *original =
        fake_guest("<devices><disk><target dev='vda' bus='sata'/>"
                   "<address type='drive' controller='0' bus='0' target='0' unit='0'/></disk></devices>");
    vp_autofree char *one = fake_assign(&fake, sets, original, "one");
    const char *devices = strstr(one, "<devices>");
    ck_gone(devices, "<address");
    vp_autofree char *stored = fake_store(one);
    ck_there(stored, "slot='0x01'");
    ck_settled(&fake, stored, "stored");
    vp_autofree char *back = fake_revert(&fake, stored, "back");
    fake_same(back, original, "back");
    vp_autofree char *two = fake_assign(&fake, "live.do=text cputune/shares 5", stored, "two");
    ck_there(two, "unit='0'");
}
END_TEST

#define CONTROLLER(type, index, rest) "<controller type='" type "' index='" index "'" rest "/>"

/* libvirt adds PCI ports for devices of ours; they go with them, unless someone uses them. */
START_TEST(controllers)
{
    static const struct {
        const char *name, *added, *gone, *stays;
    } rows[] = {
        {"used by none", CONTROLLER("pci", "2", " model='pcie-root-port'"), "pcie-root-port", NULL},
        {"used by number",
         CONTROLLER("pci", "2",
                    " model='pcie-root-port'") "<video><address type='pci' bus='0x02' slot='0x00'/></video>",
         NULL, "pcie-root-port"},
        {"two digits",
         CONTROLLER("pci", "18",
                    " model='pcie-root-port'") "<video><address type='pci' bus='0x12' slot='0x00'/></video>",
         NULL, "pcie-root-port"},
        {"one behind another, unused",
         CONTROLLER(
             "pci", "2",
             " model='a'") "<controller type='pci' index='3' model='b'><address type='pci' bus='0x02'/></controller>",
         "<controller type='pci'", NULL},
        {"of another kind", CONTROLLER("sata", "0", " model='mine'"), NULL, "mine"},
        {"serial ports", CONTROLLER("virtio-serial", "0", ""), "virtio-serial", NULL},
        {"serial ports in use",
         CONTROLLER("virtio-serial", "0",
                    "") "<channel><address type='virtio-serial' controller='0'/></channel>",
         NULL, "type='virtio-serial' index='0'"},
    };
    FAKE fake;
    fake_open(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        vp_autofree char *original =
            fake_guest("<devices>" CONTROLLER("usb", "0", " model='theirs'") "</devices>");
        vp_autofree char *one = fake_assign(&fake, "guest.do=element devices/rng[+] <rng model='virtio'/>",
                                            original, rows[i].name);
        ck_there(one, "<vp:had controllers='usb:0'/>");
        vp_autofree char *added = vp_asprintf("%s\n  </devices>", rows[i].added);
        vp_autofree char *stored = edit(one, "\n  </devices>", added);
        ck_settled(&fake, stored, rows[i].name);
        vp_autofree char *back = fake_revert(&fake, stored, rows[i].name);
        ck_there(back, "theirs");
        if (rows[i].gone != NULL)
            ck_gone(back, rows[i].gone);
        if (rows[i].stays != NULL)
            ck_there(back, rows[i].stays);
        /* By way of a profile without devices of its own the ports go in the end, too. */
        vp_autofree char *other = fake_assign(&fake, "live.do=text cputune/shares 5", stored, rows[i].name);
        vp_autofree char *then = fake_revert(&fake, other, rows[i].name);
        fake_same(then, back, rows[i].name);
    }
}
END_TEST

/* A knob that this version does not have, and a record that someone played with. */
START_TEST(odd_records)
{
    static const struct {
        const char *entry,
            *after; /* what is left of <cputune><shares>9</shares></cputune><devices><rng/></devices> */
    } rows[] = {
        {"<vp:was knob='gone.knob' at='cputune/shares'><shares>7</shares></vp:was>",
         "<cputune><shares>7</shares></cputune><devices><rng/></devices>"},
        {"<vp:was at='cputune/shares'/>", "<cputune/><devices><rng/></devices>"},
        {"<vp:was knob='live.do'/>", NULL},
        {"<vp:was knob='live.do' at=''/>", NULL},
        {"<vp:was knob='live.do' at='a//b'/>", NULL},
        {"<vp:was knob='live.do' at='no/such/place'/>", NULL},
        {"<vp:was knob='live.do' at='no/such/place'><place/></vp:was>", NULL},
        {"<vp:was knob='live.do' at='devices/disk[vda]/driver/@cache' value='x'/>", NULL},
        {"<vp:was knob='live.do' at='devices/rng[#7]' after='devices/sound[#9]'><rng a='1'/></vp:was>", NULL},
        {"<vp:made at='cputune'/>", NULL},
        {"<vp:made at='a//b'/>", NULL},
        {"<vp:made/>", NULL},
        {"<vp:had/>", NULL},
        {"<vp:had controllers=''/>", NULL},
        {"<vp:odd at='cputune'/>", NULL},
        {"<was knob='live.do' at='cputune/shares'/>", NULL},
        {"<vp:was knob='live.do' at='metadata'/>", NULL},
        {"<vp:was knob='live.do' at='metadata'><metadata/></vp:was>", NULL},
        {"<vp:was knob='live.do' at='@type' value='kvm'/>", NULL},
    };
    FAKE fake;
    fake_open(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        vp_autofree char *inner =
            vp_asprintf("<metadata><a:b xmlns:a='urn:a'/><vp:profile xmlns:vp='" VP_TAG_NS
                        "' name='empty'>%s</vp:profile></metadata>"
                        "<cputune><shares>9</shares></cputune><devices><rng/></devices>",
                        rows[i].entry);
        vp_autofree char *text = fake_guest(inner);
        vp_autofree char *back = fake_revert(&fake, text, rows[i].entry);
        const struct vp_request request = {.phase = VP_PHASE_COLD};
        vp_autofree char *again = fake_rewrite(&fake, &request, text, NULL, rows[i].entry);
        ck_there(again, VP_TAG_NS);
        ck_gone(back, VP_TAG_NS);
        if (rows[i].after == NULL)
            continue;
        vp_autofree char *want_inner =
            vp_asprintf("<metadata><a:b xmlns:a='urn:a'/></metadata>%s", rows[i].after);
        vp_autofree char *want = fake_guest(want_inner);
        fake_same(back, want, rows[i].entry);
    }
}
END_TEST

/* Someone wrote the tag by hand, with a default name space. */
START_TEST(tag_with_default_name_space)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *text = fake_guest("<metadata><profile xmlns='" VP_TAG_NS "' name='empty'/></metadata>"
                                        "<devices><memballoon model='virtio'/></devices>");
    static const char *const sets[] = {"guest.do=element devices/memballoon <memballoon model='none'/>",
                                       NULL};
    const struct vp_request request = {.sets = sets};
    vp_autofree char *one = fake_rewrite(&fake, &request, text, NULL, "one");
    ck_there(one, "<memballoon model='none'/>");
    ck_settled(&fake, one, "one");
    vp_autofree char *back = fake_revert(&fake, one, "back");
    vp_autofree char *want = fake_guest("<metadata/><devices><memballoon model='virtio'/></devices>");
    fake_same(back, want, "back");
}
END_TEST

VP_TEST_MAIN("record-life", VP_TEST_ROWS(edited_in_between, edits), VP_TEST(numbers_shift),
             VP_TEST(theirs_in_place_of_ours), VP_TEST(nic_gets_its_mac_later), VP_TEST(mac_in_capitals),
             VP_TEST(address_taken), VP_TEST(address_taken_by_another_profile), VP_TEST(readdressed),
             VP_TEST(controllers), VP_TEST(odd_records), VP_TEST(tag_with_default_name_space))
