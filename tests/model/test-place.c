/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "place.h"

#include "fake.h"

#include <errno.h>
#include <string.h>

static const char definition[] =
    "<domain type='kvm'><name>g</name><memory>1</memory>"
    "<metadata><o:x xmlns:o='urn:o'><o:disk/></o:x></metadata>"
    "<cputune><vcpupin vcpu='0'/><vcpupin vcpu='1'/><shares>1</shares><vcpusched/><vcpusched/></cputune>"
    "<numatune><memory mode='strict'/></numatune>"
    "<iothreadids><iothread id='1'/><iothread id='2'/></iothreadids>"
    "<cpu><numa><cell id='0'/><cell id='1'/></numa><feature name='vmx'/><feature name='x2apic'/></cpu>"
    "<clock><timer name='hpet' present='no'/><timer name='rtc'/></clock>"
    "<devices>"
    "<disk><target dev='vda'/><driver cache='none'/></disk><disk><target dev='vdb'/></disk>"
    "<disk><target dev='dup'/></disk><disk><target dev='dup'/></disk><disk/><disk><target dev='odd/name'/></disk>"
    "<interface><mac address='52:54:00:00:00:01'/><driver queues='4'/></interface><interface><model/></interface>"
    "<controller type='usb' index='0'/><controller type='pci' index='0'/><controller type='pci' index='1'/>"
    "<controller type='scsi'/><controller type='scsi'/>"
    "<sound model='a'/><sound model='b'/><memballoon/><memory/><memory/>"
    "</devices></domain>";

static const struct {
    const char *path, *canonical; /* NULL: as written */
    const char *attr, *value;     /* of the element found, NULL: not looked at */
} found[] = {
    {"name", NULL, NULL, NULL},
    {"memory", NULL, NULL, NULL},
    {"cputune/shares", NULL, NULL, NULL},
    {"cputune/vcpupin[1]", NULL, "vcpu", "1"},
    {"cputune/vcpupin", "cputune/vcpupin[0]", "vcpu", "0"},
    {"cputune/vcpupin[#2]", "cputune/vcpupin[1]", "vcpu", "1"},
    {"cputune/vcpusched[#2]", NULL, NULL, NULL},
    {"numatune/memory", NULL, "mode", "strict"},
    {"iothreadids/iothread[2]", NULL, "id", "2"},
    {"cpu/numa/cell[1]", NULL, "id", "1"},
    {"cpu/feature[x2apic]", NULL, "name", "x2apic"},
    {"clock/timer[hpet]", NULL, "present", "no"},
    {"devices/disk[vda]/driver", NULL, "cache", "none"},
    {"devices/disk[#1]/driver", "devices/disk[vda]/driver", "cache", "none"},
    {"devices/disk/driver", "devices/disk[vda]/driver", "cache", "none"},
    {"devices/disk[#3]", NULL, NULL, NULL},
    {"devices/disk[#4]/target", NULL, "dev", "dup"},
    {"devices/disk[#5]", NULL, NULL, NULL},
    {"devices/disk[#6]", NULL, NULL, NULL},
    {"devices/interface[52:54:00:00:00:01]/driver", NULL, "queues", "4"},
    {"devices/interface[#2]/model", NULL, NULL, NULL},
    {"devices/controller[usb,0]", NULL, "type", "usb"},
    {"devices/controller[pci,1]", NULL, "index", "1"},
    {"devices/controller[#4]", NULL, "type", "scsi"},
    {"devices/sound[#2]", NULL, "model", "b"},
    {"devices/sound", "devices/sound[#1]", "model", "a"},
    {"devices/memballoon", NULL, NULL, NULL},
    {"devices/memory[#2]", NULL, NULL, NULL},
};

START_TEST(finds)
{
    vp_autodomain domain = fake_domain(definition, "definition");
    struct vp_place place;
    ck_assert_int_eq(vp_place_resolve(domain->root, found[_i].path, &place), 0);
    ck_assert_msg(*place.rest == '\0' && place.attr == NULL, "%s stops at '%s'", found[_i].path, place.rest);
    if (found[_i].attr != NULL)
        ck_assert_msg(strcmp(vp_node_attr(place.node, found[_i].attr), found[_i].value) == 0, "%s",
                      found[_i].path);
    vp_autofree char *path = vp_place_format(place.node, NULL);
    ck_assert_str_eq(path, found[_i].canonical != NULL ? found[_i].canonical : found[_i].path);
    vp_autofree char *attr = vp_place_format(place.node, "x");
    vp_autofree char *want = vp_asprintf("%s/@x", path);
    ck_assert_str_eq(attr, want);
    ck_assert_int_eq(vp_place_resolve(domain->root, attr, &place), 0);
    ck_assert_str_eq(place.attr, "x");
    ck_assert_str_eq(place.rest, "");
}
END_TEST

static void check_all(vp_node *root, vp_node *node)
{
    vp_autofree char *path = vp_place_format(node, NULL);
    struct vp_place place = {0};
    ck_assert_msg(vp_place_resolve(root, path, &place) == 0 && place.node == node && *place.rest == '\0',
                  "'%s'", path);
    for (vp_node *n = vp_node_first(node); n != NULL; n = vp_node_next(n))
        if (!vp_node_is(n, "metadata"))
            check_all(root, n);
}

/* The name of every element finds it, and no other. */
START_TEST(inverse)
{
    vp_autodomain domain = fake_domain(definition, "definition");
    check_all(domain->root, domain->root);
}
END_TEST

static const struct {
    const char *path, *there, *rest, *attr;
} missing[] = {
    {"cputune/period", "cputune", "period", NULL},
    {"memtune/hard_limit/@unit", "", "memtune/hard_limit/@unit", "unit"},
    {"devices/disk[vdz]/driver/@cache", "devices", "disk[vdz]/driver/@cache", "cache"},
    {"devices/disk[dup]", "devices", "disk[dup]", NULL},
    {"devices/disk[#7]", "devices", "disk[#7]", NULL},
    {"devices/disk[#0]", "devices", "disk[#0]", NULL},
    {"devices/disk[#x]", "devices", "disk[#x]", NULL},
    {"devices/disk[#-1]", "devices", "disk[#-1]", NULL},
    {"devices/disk[#99999999999999999999]", "devices", "disk[#99999999999999999999]", NULL},
    {"devices/rng[+]", "devices", "rng[+]", NULL},
    {"devices/sound[+]/codec", "devices", "sound[+]/codec", NULL},
    {"devices/disk[vda]/driver/@cache", "devices/disk[vda]/driver", "", "cache"},
    {"devices/disk[vda]/driver/@io", "devices/disk[vda]/driver", "", "io"},
    {"devices/disk[vdb]/driver/@io", "devices/disk[vdb]", "driver/@io", "io"},
    {"devices/controller[scsi]", "devices", "controller[scsi]", NULL},
    {"disk", "", "disk", NULL},
    {"@type", "", "", "type"},
    {"", "", "", NULL},
};

START_TEST(stops)
{
    vp_autodomain domain = fake_domain(definition, "definition");
    struct vp_place place;
    ck_assert_int_eq(vp_place_resolve(domain->root, missing[_i].path, &place), 0);
    vp_autofree char *there = vp_place_format(place.node, NULL);
    ck_assert_str_eq(there, missing[_i].there);
    ck_assert_str_eq(place.rest, missing[_i].rest);
    ck_assert_msg((place.attr == NULL) == (missing[_i].attr == NULL), "%s", missing[_i].path);
    if (place.attr != NULL)
        ck_assert_str_eq(place.attr, missing[_i].attr);
}
END_TEST

static const char *const malformed[] = {
    "/",
    "/a",
    "a/",
    "a//b",
    "a[",
    "a[x",
    "a[]",
    "a[x]b",
    "a]/b",
    "a[x][y]",
    "a/@",
    "@",
    "a/@b/c",
    "@a/b",
    "a@b",
    "a/b@c",
    "a[x]@b",
    "a/@b[c]",
    "a/@b@c",
    "[x]",
    "a/[x]",
    "a b",
    "a/b c/d",
    "a/<b",
    "a/b>",
    "a/@b c",
    "a/@b=c",
    "a/&amp;",
    "a/'",
    "a/@\"",
    "a/.",
    "..",
    "a/-b",
    "a/1b",
    "a/@1",
    "a\nb",
    "*",
    "a/*",
    "a/@*",
    "\xff",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "a[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]",
};

START_TEST(refuses)
{
    vp_autodomain domain = fake_domain("<domain><a/></domain>", "definition");
    const char *const text = "untouched";
    struct vp_place place = {.rest = text};
    ck_assert_msg(vp_place_resolve(domain->root, malformed[_i], &place) == -EINVAL, "'%s'", malformed[_i]);
    ck_assert_msg(place.rest == text, "'%s': the output was touched", malformed[_i]);
}
END_TEST

START_TEST(steps)
{
    static const struct {
        const char *path, *name, *key, *next;
    } rows[] = {
        {"a", "a", "", ""},
        {"a/b", "a", "", "b"},
        {"a[k]/b/@c", "a", "k", "b/@c"},
        {"a[#1]", "a", "#1", ""},
        {"a[+]/@x", "a", "+", "@x"},
        {"a[52:54:00:00:00:01]", "a", "52:54:00:00:00:01", ""},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        struct vp_step step;
        const char *next = vp_place_step(rows[i].path, &step);
        ck_assert_ptr_nonnull(next);
        ck_assert_str_eq(next, rows[i].next);
        ck_assert_str_eq(step.name, rows[i].name);
        ck_assert_str_eq(step.key, rows[i].key);
    }
}
END_TEST

/* libvirt writes MAC addresses in lower case: the name of a NIC must find it before and after. */
START_TEST(mac_in_any_case)
{
    static const char upper[] =
        "<domain><devices><interface><mac address='52:54:00:AB:CD:EF'/></interface></devices></domain>";
    static const char lower[] =
        "<domain><devices><interface><mac address='52:54:00:ab:cd:ef'/></interface></devices></domain>";
    vp_autodomain a = fake_domain(upper, "upper");
    vp_autodomain b = fake_domain(lower, "lower");
    vp_autofree char *path = vp_place_format(vp_node_first(vp_domain_devices(a)), NULL);
    struct vp_place place;
    ck_assert_int_eq(vp_place_resolve(b->root, path, &place), 0);
    ck_assert_msg(*place.rest == '\0', "'%s' is not found after libvirt stored it", path);
}
END_TEST

START_TEST(inserts_in_libvirts_order)
{
    static const struct {
        const char *before, *parent, *name, *after;
    } rows[] = {
        {"<name/><devices/>", "", "cputune", "name cputune devices"},
        {"<devices/>", "", "name", "name devices"},
        {"<name/><vcpu/><os/><devices/>", "", "cputune", "name vcpu cputune os devices"},
        {"<name/><vcpu/><os/><devices/>", "", "memoryBacking", "name memoryBacking vcpu os devices"},
        {"<name/>", "", "devices", "name devices"},
        {"<name/><odd/>", "", "devices", "name devices odd"},
        {"<name/><devices/>", "", "odd", "name devices odd"},
        {"<devices><disk/><rng/></devices>", "devices", "disk", "disk disk rng"},
        {"<devices><disk/><rng/></devices>", "devices", "sound", "disk rng sound"},
        {"<devices/>", "devices", "sound", "sound"},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        vp_autofree char *text = vp_asprintf("<domain>%s</domain>", rows[i].before);
        vp_autodomain domain = fake_domain(text, "definition");
        vp_node *parent = vp_node_walk(domain->root, rows[i].parent);
        vp_place_insert(parent, vp_node_new(domain->doc, rows[i].name));
        const char *at = rows[i].after;
        for (vp_node *n = vp_node_first(parent); n != NULL; n = vp_node_next(n)) {
            const size_t len = strlen(vp_node_name(n));
            ck_assert_msg(strncmp(at, vp_node_name(n), len) == 0, "row %zu: '%s' at '%s'", i, vp_node_name(n),
                          at);
            at += len + (at[len] == ' ');
        }
        ck_assert_msg(*at == '\0', "row %zu: '%s' is missing", i, at);
    }
}
END_TEST

VP_TEST_MAIN("place", VP_TEST_ROWS(finds, found), VP_TEST(inverse), VP_TEST_ROWS(stops, missing),
             VP_TEST_ROWS(refuses, malformed), VP_TEST(steps), VP_TEST(mac_in_any_case),
             VP_TEST(inserts_in_libvirts_order))
