/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "confinement.h"

#include "fake.h"

#define ENABLED "/sys/module/apparmor/parameters/enabled"
#define RULES "/etc/apparmor.d/abstractions/libvirt-qemu"
#define LOCAL "/etc/apparmor.d/local/abstractions/libvirt-qemu"
#define DEBIAN_12 "  /sys/devices/system/node/ r,\n  /sys/devices/system/node/node[0-9]*/meminfo r,\n"
#define CPUMAP "  /sys/devices/system/node/node[0-9]*/cpumap r,\n"

static const struct {
    const char *enabled, *rules, *local; /* NULL: no such file */
    bool hides;
} rows[] = {
    {NULL, NULL, NULL, false},
    {NULL, DEBIAN_12, NULL, false},
    {"N\n", DEBIAN_12, NULL, false},
    {"Y\n", NULL, NULL, false},
    {"Y\n", DEBIAN_12, NULL, true},
    {"Y\n", DEBIAN_12, "# nothing\n", true},
    {"Y\n", DEBIAN_12 CPUMAP, NULL, false},
    {"Y\n", DEBIAN_12, CPUMAP, false},
    {"Y\n", DEBIAN_12, "/sys/devices/system/node/** r,", false},
};

START_TEST(hides_nodes)
{
    FAKE fake;
    fake_open(&fake);
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *host = NULL;
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *synthetic = NULL;
    if (rows[_i].enabled != NULL)
        fake_file(&fake, ENABLED, rows[_i].enabled);
    if (rows[_i].rules != NULL)
        fake_file(&fake, RULES, rows[_i].rules);
    if (rows[_i].local != NULL)
        fake_file(&fake, LOCAL, rows[_i].local);
    ck_assert_int_eq(vp_host_open("live", fake.root, &host, NULL), 0);
    ck_assert_int_eq(vp_host_open("synthetic:pu:2", fake.root, &synthetic, NULL), 0);
    ck_assert_int_eq(vp_confinement_hides_nodes(host), rows[_i].hides);
    ck_assert(!vp_confinement_hides_nodes(synthetic));
}
END_TEST

VP_TEST_MAIN("confinement", VP_TEST_ROWS(hides_nodes, rows))
