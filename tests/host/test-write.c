/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../model/fake.h"
#include "wish.h"

static char *file_text(const struct fake *fake, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    ck_assert_int_eq(vp_root_read(fake->root, path, 4096, &text, &len, NULL), 0);
    return text;
}

static const struct {
    const char *was, *value, *is;
} good[] = {
    {"0\n", "1", "1\n"},           {"200000\n", "0", "0\n"},
    {"0\n", "200000", "200000\n"}, {"always [madvise] never\n", "never", "never\n"},
    {"0-3\n", "", "\n"},
};

START_TEST(write_good)
{
    FAKE fake;
    fake_open(&fake);
    vp_autoerror err = NULL;
    fake_file(&fake, "/sys/x", good[_i].was);
    ck_assert_msg(vp_host_write(fake.root, "/sys/x", good[_i].value, &err) == 0, "row %d: %s", _i,
                  err != NULL ? err->message : "?");
    vp_autofree char *text = file_text(&fake, "/sys/x");
    ck_assert_msg(strcmp(text, good[_i].is) == 0, "row %d: '%s'", _i, text);
}
END_TEST

static const struct {
    const char *path;
    int code;
    const char *why;
} bad[] = {
    {"/sys/none", ENOENT, "No such file or directory"},
    {"/sys/none/x", ENOENT, "No such file or directory"},
    {"/sys/x/y", ENOTDIR, "Not a directory"},
    {"/sys", EISDIR, "Is a directory"},
    {"/dev/full", ENOSPC, "No space left on device"},
    {"/sys/full", ENOSPC, "No space left on device"}, /* a symlink to it */
};

START_TEST(write_bad)
{
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, "/sys/x", "0\n");
    fake_file(&fake, "/dev/null", "");
    vp_autofree char *full = vp_asprintf("%s/dev/full", fake.folder);
    vp_autofree char *link = vp_asprintf("%s/sys/full", fake.folder);
    ck_assert_int_eq(symlink("/dev/full", link), 0);
    if (bad[_i].code == ENOSPC && mknod(full, S_IFCHR | 0666, makedev(1, 7)) < 0)
        return; /* only root makes devices */
    vp_autoerror err = NULL;
    const int r = vp_host_write(fake.root, bad[_i].path, "42", &err);
    ck_assert_msg(r == -bad[_i].code, "row %d: %d", _i, r);
    vp_autofree char *want =
        vp_asprintf("cannot write '42' to '%s%s': %s", fake.folder, bad[_i].path, bad[_i].why);
    ck_assert_msg(strcmp(err->message, want) == 0, "row %d: %s", _i, err->message);
    vp_autofree char *other = file_text(&fake, "/sys/x");
    ck_assert_str_eq(other, "0\n");
}
END_TEST

static const struct {
    const char *text, *value;
} reads[] = {
    {"1\n", "1"},
    {"1", "1"},
    {"", ""},
    {"\n", ""},
    {"always [madvise] never\n", "madvise"},
    {"[none] mq-deadline kyber\n", "none"},
    {"none mq-deadline [bfq]", "bfq"},
    {"performance \n", "performance"},
    {"n/a\n", "n/a"},
    {"1\n[2]\n", "1"},
    {"]a[\n", "]a["},
};

START_TEST(read_file)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *value = NULL;
    fake_file(&fake, "/sys/x", reads[_i].text);
    ck_assert_int_eq(vp_means_file.read(fake.root, "/sys/x", &value, NULL), 0);
    ck_assert_msg(strcmp(value, reads[_i].value) == 0, "row %d: '%s'", _i, value);
}
END_TEST

START_TEST(read_absent)
{
    static const char *const paths[] = {"/sys/none", "/sys/x/y", "/none/at/all"};
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, "/sys/x", "0\n");
    for (size_t i = 0; i < VP_ARRAY_SIZE(paths); i++) {
        char *value = (char *)&fake;
        vp_autoerror err = NULL;
        ck_assert_int_eq(vp_means_file.read(fake.root, paths[i], &value, &err), -ENOENT);
        ck_assert_ptr_eq(value, &fake);
        ck_assert_ptr_nonnull(strstr(err->message, paths[i]));
    }
    char *value = (char *)&fake;
    ck_assert_int_eq(vp_means_file.read(fake.root, "/sys", &value, NULL), -EISDIR);
    ck_assert_ptr_eq(value, &fake);
}
END_TEST

static const struct {
    const char *a, *b;
    bool same;
} lists[] = {
    {"0-3", "0,1-3", true}, {"0-3", "0-3\n", true}, {"", "\n", true},         {"0-3", "0-2", false},
    {"", "0", false},       {"0-", "0-", true},     {"x", "0", false},        {"8191", "8191", true},
    {"9999", "0", false},   {"0-3", "3-0", false},  {"0,2,4", "4,2,0", true},
};

START_TEST(same_cpus)
{
    ck_assert_msg(vp_means_cpulist.same(lists[_i].a, lists[_i].b) == lists[_i].same, "row %d: '%s' '%s'", _i,
                  lists[_i].a, lists[_i].b);
    ck_assert_msg(vp_means_cpulist.same(lists[_i].b, lists[_i].a) == lists[_i].same, "row %d swapped", _i);
}
END_TEST

static const struct {
    const char *cpus, *effective; /* NULL: no such file */
    const char *value;
} groups[] = {
    {"2-3\n", "2-3\n", "2-3"}, {"\n", "0-7\n", "0-7"},    {"", "0-7\n", "0-7"},
    {"\n", NULL, ""},          {"0-7\n", "0-1\n", "0-7"},
};

/* What a group of cgroup v2 has from the one above it is put back as what it was. */
START_TEST(read_group)
{
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, "/sys/g/cpuset.cpus", groups[_i].cpus);
    if (groups[_i].effective != NULL)
        fake_file(&fake, "/sys/g/cpuset.cpus.effective", groups[_i].effective);
    vp_autofree char *value = NULL;
    ck_assert_int_eq(vp_means_cpulist.read(fake.root, "/sys/g/cpuset.cpus", &value, NULL), 0);
    ck_assert_msg(strcmp(value, groups[_i].value) == 0, "row %d: '%s'", _i, value);
}
END_TEST

VP_TEST_MAIN("write", VP_TEST_ROWS(read_group, groups), VP_TEST_ROWS(write_good, good),
             VP_TEST_ROWS(write_bad, bad), VP_TEST_ROWS(read_file, reads), VP_TEST(read_absent),
             VP_TEST_ROWS(same_cpus, lists))
