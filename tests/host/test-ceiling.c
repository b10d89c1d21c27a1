/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ceiling.h"

#include "model/machine.h"

#include <errno.h>
#include <string.h>

#define FOLDER "/run/systemd/system/machine-qemu\\x2d7\\x2dweb.scope.d"
#define DROPIN FOLDER "/50-virt-profile.conf"

static const struct {
    bool systemd;
    unsigned id;
    const char *want, *value; /* NULL: none */
    bool placed;
    int rc;
    const char *dropin; /* below [Scope]; NULL: there is none */
} rows[] = {
    {true, 7, "scope/CPUWeight", "5", false, 0, "CPUWeight=5\n"},
    {true, 7, "scope/CPUWeight", "5", true, 0, "CPUWeight=5\nAllowedCPUs=0-2\nAllowedMemoryNodes=0\n"},
    {true, 7, NULL, NULL, true, 0, "AllowedCPUs=0-2\nAllowedMemoryNodes=0\n"},
    {true, 7, NULL, NULL, false, 0, NULL},
    {true, 7, "ksm.run", "1", false, 0, NULL},
    /* nobody knows what libvirt will call it */
    {true, 0, "scope/CPUWeight", "5", true, 0, NULL},
    /* a made-up host has no cgroups to make */
    {false, 7, "scope/CPUWeight", "5", true, 0, NULL},
    {true, 7, "scope/Slice", "x", true, -EINVAL, NULL},
    {false, 7, "scope/Slice", "x", true, -EINVAL, NULL},
};

static char *dropin_of(const struct fake *fake)
{
    static const char head[] = "[Scope]\n";
    char *text = NULL;
    size_t len = 0;
    if (vp_root_read(fake->root, DROPIN, 65536, &text, &len, NULL) < 0)
        return NULL;
    const char *body = strstr(text, head);
    ck_assert_ptr_nonnull(body);
    memmove(text, body + strlen(head), strlen(body + strlen(head)) + 1);
    return text;
}

START_TEST(set_and_removed)
{
    MACHINE machine;
    vp_autoplacement placement = NULL;
    vp_autoerror err = NULL;
    struct vp_want want = {.name = (char *)rows[_i].want, .value = (char *)rows[_i].value};
    struct vp_entry entry = {
        .name = (char *)"web", .id = rows[_i].id, .wants = &want, .n_wants = want.name != NULL};
    const struct vp_demand demand = {
        .name = "web", .policy = VP_POLICY_DEDICATED, .vcpus = 2, .memory_kib = 1024};
    machine_open(&machine, "synthetic:numa:2 core:4 pu:1", NULL);
    const struct fake *fake = &machine.fake;
    if (rows[_i].systemd) {
        fake_file(fake, "/run/systemd/system/README", "");
        fake_file(fake, "/run/systemd/machines/x", "");
    }
    ck_assert_int_eq(vp_placement_plan(machine.occupied, &demand, &placement, NULL), 0);
    if (rows[_i].placed)
        entry.placement = placement;
    vp_autodomain domain = fake_domain("<domain><vcpu>2</vcpu></domain>", "web");
    const int r = vp_ceiling_set(fake->root, &entry, machine.topology, domain, &err);
    ck_assert_msg(r == rows[_i].rc && (err != NULL) == (r < 0), "row %d: %d", _i, r);
    vp_autofree char *dropin = dropin_of(fake);
    ck_assert_msg(rows[_i].dropin == NULL ? dropin == NULL
                                          : dropin != NULL && strcmp(dropin, rows[_i].dropin) == 0,
                  "row %d: %s", _i, dropin);
    ck_assert_int_eq(vp_ceiling_remove(fake->root, &entry, domain, NULL), 0);
    ck_assert_int_eq(vp_ceiling_remove(fake->root, &entry, NULL, NULL), 0);
    vp_autofree char *after = dropin_of(fake);
    ck_assert_ptr_null(after);
}
END_TEST

VP_TEST_MAIN("ceiling", VP_TEST_ROWS(set_and_removed, rows))
