/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pciname.h"

#include "test.h"

#include <string.h>

static vp_doc *parse(const char *text)
{
    vp_doc *doc = NULL;
    ck_assert_msg(vp_doc_parse(text, strlen(text), "the row", &doc, NULL) == 0, "%s", text);
    return doc;
}

static void check(char *have, const char *want, const char *row)
{
    vp_autofree char *own = have;
    if (want == NULL)
        ck_assert_msg(own == NULL, "%s: %s", row, own);
    else
        ck_assert_msg(own != NULL && strcmp(own, want) == 0, "%s: %s", row, own != NULL ? own : "none");
}

START_TEST(addresses)
{
    static const struct {
        const char *text, *name;
    } rows[] = {
        {"<address domain='0x0000' bus='0x81' slot='0x1f' function='0x7'/>", "0000:81:1f.7"},
        {"<address bus='0xAB' slot='0x00'/>", "0000:ab:00.0"},
        {"<address/>", "0000:00:00.0"},
        {"<address domain='0x10000' bus='129' slot='010' function='1'/>", "10000:81:08.1"},
        {"<address bus='0X0a' slot='0' function='0'/>", "0000:0a:00.0"},
        {"<address domain='0xffffffff'/>", "ffffffff:00:00.0"},
        {"<address domain='0x100000000'/>", NULL},
        {"<address bus='0x100'/>", NULL},
        {"<address bus='256'/>", NULL},
        {"<address slot='0x20'/>", NULL},
        {"<address function='8'/>", NULL},
        {"<address function='08'/>", NULL},
        {"<address bus=''/>", NULL},
        {"<address bus='0x'/>", NULL},
        {"<address bus='-1'/>", NULL},
        {"<address bus='0x1 '/>", NULL},
        {"<address bus='../etc'/>", NULL},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        VP_CLEANUP(vp_doc_free_ptr) vp_doc *doc = parse(rows[i].text);
        check(vp_pci_name(vp_doc_root(doc)), rows[i].name, rows[i].text);
    }
    ck_assert_ptr_null(vp_pci_name(NULL));
}
END_TEST

#define SOURCE "<source><address domain='0' bus='0x81' slot='0' function='1'/></source>"
#define TYPED(type) "<source><address type='" type "' bus='0x81' function='1'/></source>"

START_TEST(devices)
{
    static const struct {
        const char *text, *name;
    } rows[] = {
        {"<hostdev mode='subsystem' type='pci' managed='yes'>" SOURCE "</hostdev>", "0000:81:00.1"},
        {"<hostdev type='pci'>" SOURCE "</hostdev>", "0000:81:00.1"},
        {"<hostdev mode='capabilities' type='pci'>" SOURCE "</hostdev>", NULL},
        {"<hostdev mode='subsystem' type='usb'>" SOURCE "</hostdev>", NULL},
        {"<hostdev mode='subsystem' type='pci'><address type='pci' bus='0x81'/></hostdev>", NULL},
        {"<interface type='hostdev'>" TYPED("pci") "</interface>", "0000:81:00.1"},
        {"<interface type='hostdev'>" TYPED("usb") "</interface>", NULL},
        {"<interface type='network'>" SOURCE "</interface>", NULL},
        {"<disk type='nvme' device='disk'>" SOURCE "</disk>", "0000:81:00.1"},
        {"<disk type='file' device='disk'>" SOURCE "</disk>", NULL},
        {"<controller type='pci'>" SOURCE "</controller>", NULL},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        VP_CLEANUP(vp_doc_free_ptr) vp_doc *doc = parse(rows[i].text);
        check(vp_pci_passed_through(vp_doc_root(doc)), rows[i].name, rows[i].text);
    }
}
END_TEST

VP_TEST_MAIN("pciname", VP_TEST(addresses), VP_TEST(devices))
