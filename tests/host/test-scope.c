/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scope.h"

#include "ledger.h"
#include "model/fake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define X10 "xxxxxxxxxx"
#define UNITS "/run/systemd/system/"
#define UNIT7 "machine-qemu\\x2d7\\x2dweb.scope"
#define DROPIN7 UNITS UNIT7 ".d/50-virt-profile.conf"

/* What libvirt 9.0 and systemd 252 make of names. */
static const struct {
    unsigned id;
    const char *domain, *machine, *scope;
} names[] = {
    {7, "web", "qemu-7-web", UNIT7},
    {12, "web-1.prod", "qemu-12-web-1.prod", "machine-qemu\\x2d12\\x2dweb\\x2d1.prod.scope"},
    {1, "a_b c", "qemu-1-abc", "machine-qemu\\x2d1\\x2dabc.scope"},
    {1, "a--b", "qemu-1-a-b", "machine-qemu\\x2d1\\x2da\\x2db.scope"},
    {1, "a.-b", "qemu-1-a.b", "machine-qemu\\x2d1\\x2da.b.scope"},
    {1, "a-_-b", "qemu-1-a-b", "machine-qemu\\x2d1\\x2da\\x2db.scope"},
    {1, ".-a", "qemu-1-a", "machine-qemu\\x2d1\\x2da.scope"},
    {1, "_.a", "qemu-1-a", "machine-qemu\\x2d1\\x2da.scope"},
    {1, "a.-", "qemu-1-a", "machine-qemu\\x2d1\\x2da.scope"},
    {1, "a+b@c:d\\e/f", "qemu-1-abcdef", "machine-qemu\\x2d1\\x2dabcdef.scope"},
    {1, "\xe6\x97\xa5\xe6\x9c\xac", "qemu-1", "machine-qemu\\x2d1.scope"},
    {1, "caf\xc3\xa9-\xf0\x9f\x8c\x8d-x", "qemu-1-caf-x", "machine-qemu\\x2d1\\x2dcaf\\x2dx.scope"},
    {1, "___", "qemu-1", "machine-qemu\\x2d1.scope"},
    {4294967295u, "z", "qemu-4294967295-z", "machine-qemu\\x2d4294967295\\x2dz.scope"},
    /* 57 characters fit behind "qemu-1-" */
    {1, X10 X10 X10 X10 X10 "1234567", "qemu-1-" X10 X10 X10 X10 X10 "1234567",
     "machine-qemu\\x2d1\\x2d" X10 X10 X10 X10 X10 "1234567.scope"},
    {1, X10 X10 X10 X10 X10 "12345678", "qemu-1-" X10 X10 X10 X10 X10 "1234567",
     "machine-qemu\\x2d1\\x2d" X10 X10 X10 X10 X10 "1234567.scope"},
    {1, X10 X10 X10 X10 X10 "123456-8", "qemu-1-" X10 X10 X10 X10 X10 "123456",
     "machine-qemu\\x2d1\\x2d" X10 X10 X10 X10 X10 "123456.scope"},
    {100, X10 X10 X10 X10 X10 "_______123456", "qemu-100-" X10 X10 X10 X10 X10 "12345",
     "machine-qemu\\x2d100\\x2d" X10 X10 X10 X10 X10 "12345.scope"},
};

START_TEST(machine_names)
{
    vp_autofree char *machine = vp_machine_name(names[_i].id, names[_i].domain);
    vp_autofree char *scope = vp_machine_scope(names[_i].id, names[_i].domain);
    ck_assert_msg(strcmp(machine, names[_i].machine) == 0, "'%s': %s", names[_i].domain, machine);
    ck_assert_msg(strcmp(scope, names[_i].scope) == 0, "'%s': %s", names[_i].domain, scope);
}
END_TEST

/* What systemd-escape says; NULL where it is not installed. Owned. */
static char *systemd_escape(const char *text)
{
    int ends[2];
    char out[512] = "";
    int status = 0;
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)execlp("systemd-escape", "systemd-escape", "--", text, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    const ssize_t n = read(ends[0], out, sizeof(out) - 1);
    (void)close(ends[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return NULL;
    ck_assert_msg(status == 0 && n > 0, "systemd-escape '%s' failed", text);
    out[strcspn(out, "\n")] = '\0';
    return vp_strdup(out);
}

START_TEST(agrees_with_systemd)
{
    vp_autofree char *escaped = systemd_escape(names[_i].machine);
    if (escaped == NULL)
        return;
    vp_autofree char *want = vp_asprintf("machine-%s.scope", escaped);
    ck_assert_str_eq(want, names[_i].scope);
}
END_TEST

static char *slurp(const struct fake *fake, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    return vp_root_read(fake->root, path, 65536, &text, &len, NULL) == 0 ? text : NULL;
}

static struct vp_limit limits_of_web[] = {
    {(char *)"AllowedCPUs", (char *)"2-3,8"},
    {(char *)"CPUQuota", (char *)"70%"},
    {(char *)"IOReadBandwidthMax", (char *)"/dev/disk/by-id/a%20b 1048576\n/dev/sdb 5"},
};
static const struct vp_limits web = {limits_of_web, VP_ARRAY_SIZE(limits_of_web), 0};

START_TEST(written_and_removed)
{
    FAKE fake;
    struct stat st;
    vp_autoerror err = NULL;
    fake_open(&fake);
    ck_assert_int_eq(vp_scope_write(fake.root, 7, "web", &web, &err), 0);
    vp_autofree char *text = slurp(&fake, DROPIN7);
    ck_assert_str_eq(text, "# Written by virt-profile for as long as its guest runs.\n"
                           "[Scope]\n"
                           "AllowedCPUs=2-3,8\n"
                           "CPUQuota=70%\n"
                           "IOReadBandwidthMax=/dev/disk/by-id/a%%20b 1048576\n"
                           "IOReadBandwidthMax=/dev/sdb 5\n");
    vp_autofree char *path = vp_asprintf("%s" DROPIN7, fake.folder);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0644);
    ck_assert_int_eq(vp_scope_remove(fake.root, 7, "web", &err), 0);
    *strrchr(path, '/') = '\0';
    ck_assert_msg(access(path, F_OK) < 0, "the folder stayed");
    ck_assert_int_eq(vp_scope_remove(fake.root, 7, "web", &err), 0);
}
END_TEST

START_TEST(nothing_without_limits)
{
    FAKE fake;
    fake_open(&fake);
    ck_assert_int_eq(vp_scope_write(fake.root, 7, "web", &(struct vp_limits){0}, NULL), 0);
    ck_assert_int_eq(vp_root_openat(fake.root, "/run", O_PATH), -ENOENT);
}
END_TEST

/* What somebody else put there is not ours to remove. */
START_TEST(others_stay)
{
    FAKE fake;
    fake_open(&fake);
    ck_assert_int_eq(vp_scope_write(fake.root, 7, "web", &web, NULL), 0);
    fake_file(&fake, UNITS UNIT7 ".d/90-admin.conf", "[Scope]\nCPUWeight=5\n");
    ck_assert_int_eq(vp_scope_remove(fake.root, 7, "web", NULL), 0);
    vp_autofree char *ours = slurp(&fake, DROPIN7);
    vp_autofree char *theirs = slurp(&fake, UNITS UNIT7 ".d/90-admin.conf");
    ck_assert_ptr_null(ours);
    ck_assert_ptr_nonnull(theirs);
}
END_TEST

START_TEST(failure_leaves_nothing)
{
    FAKE fake;
    vp_autoerror err = NULL;
    fake_open(&fake);
    fake_file(&fake, "/run/systemd/system", "not a folder");
    ck_assert_int_lt(vp_scope_write(fake.root, 7, "web", &web, &err), 0);
    ck_assert_msg(strstr(err->message, "'web'") != NULL, "%s", err->message);
}
END_TEST

START_TEST(swept)
{
    static const char *const kept[] = {DROPIN7, UNITS "machine-qemu\\x2d9\\x2dodd.scope.d/10-admin.conf",
                                       UNITS "machine-qemu.slice.d/50-virt-profile.conf",
                                       UNITS "ssh.service.d/50-virt-profile.conf"};
    FAKE fake;
    struct vp_entry entry = {.name = (char *)"web", .id = 7};
    struct vp_entry *items[] = {&entry};
    const struct vp_entries entries = {.items = items, .n = 1};
    fake_open(&fake);
    ck_assert_int_eq(vp_scope_sweep(fake.root, &entries, NULL), 0);
    for (size_t i = 0; i < VP_ARRAY_SIZE(kept); i++)
        fake_file(&fake, kept[i], "x");
    ck_assert_int_eq(vp_scope_write(fake.root, 8, "web", &web, NULL), 0);
    ck_assert_int_eq(vp_scope_write(fake.root, 7, "db", &web, NULL), 0);
    ck_assert_int_eq(vp_scope_sweep(fake.root, &entries, NULL), 0);
    for (size_t i = 0; i < VP_ARRAY_SIZE(kept); i++) {
        vp_autofree char *text = slurp(&fake, kept[i]);
        ck_assert_msg(text != NULL, "'%s' is gone", kept[i]);
    }
    VP_CLEANUP(vp_names_free_ptr) char **left = NULL;
    ck_assert_int_eq(vp_root_list(fake.root, "/run/systemd/system", &left, NULL), 0);
    size_t n = 0;
    while (left[n] != NULL)
        n++;
    ck_assert_uint_eq(n, VP_ARRAY_SIZE(kept));
}
END_TEST

static const struct {
    const char *files[2];
    bool scopes;
} hosts[] = {
    {{NULL}, false},
    {{"/run/systemd/system/x.conf"}, false},
    {{"/usr/share/dbus-1/system-services/org.freedesktop.machine1.service"}, false},
    {{"/run/systemd/system/x.conf", "/usr/share/dbus-1/system-services/org.freedesktop.machine1.service"},
     true},
    {{"/run/systemd/system/x.conf", "/run/systemd/machines/qemu-1-x"}, true},
};

START_TEST(who_has_scopes)
{
    FAKE fake;
    fake_open(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(hosts[_i].files) && hosts[_i].files[i] != NULL; i++)
        fake_file(&fake, hosts[_i].files[i], "");
    ck_assert_msg(vp_machine_has_scopes(fake.root) == hosts[_i].scopes, "row %d", _i);
}
END_TEST

VP_TEST_MAIN("scope", VP_TEST_ROWS(machine_names, names), VP_TEST_ROWS(agrees_with_systemd, names),
             VP_TEST(written_and_removed), VP_TEST(nothing_without_limits), VP_TEST(others_stay),
             VP_TEST(failure_leaves_nothing), VP_TEST(swept), VP_TEST_ROWS(who_has_scopes, hosts))
