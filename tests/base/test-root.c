/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "root.h"

#include "file.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder that stands for a host, and beside it a file that must never be reached from inside. */
struct dump {
    char *base; /* holds "host" and "secret" */
    char *host;
    struct vp_root *root;
};

static void put(const struct dump *dump, const char *path, const char *text, size_t len)
{
    vp_autofree char *full = vp_asprintf("%s/%s", dump->base, path);
    int fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    ck_assert_msg(fd >= 0, "make %s", full);
    ck_assert_int_eq(vp_write_fd(fd, full, text, len, NULL), 0);
    close(fd);
}

static void put_dir(const struct dump *dump, const char *path)
{
    vp_autofree char *full = vp_asprintf("%s/%s", dump->base, path);

    ck_assert_int_eq(mkdir(full, 0755), 0);
}

static void put_link(const struct dump *dump, const char *path, const char *target)
{
    vp_autofree char *full = vp_asprintf("%s/%s", dump->base, path);

    ck_assert_int_eq(symlink(target, full), 0);
}

static void dump_open(struct dump *dump)
{
    vp_autoerror err = NULL;
    int r;

    dump->base = vp_strdup("/tmp/vp-test-root.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dump->base));
    dump->host = vp_asprintf("%s/host", dump->base);
    put(dump, "secret", "outside", 7);
    put_dir(dump, "host");
    r = vp_root_open(dump->host, &dump->root, &err);
    ck_assert_msg(r == 0, "%s", err ? err->message : "");
}

/* Leaves first, as the tests make no more than two levels. */
static void remove_tree(const char *path)
{
    VP_CLEANUP(vp_root_free_ptr) struct vp_root *root = NULL;
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;

    if (unlink(path) == 0 || rmdir(path) == 0)
        return;
    ck_assert_int_eq(vp_root_open(path, &root, NULL), 0);
    ck_assert_int_eq(vp_root_list(root, "/", &names, NULL), 0);
    for (size_t i = 0; names[i]; i++) {
        vp_autofree char *full = vp_asprintf("%s/%s", path, names[i]);

        remove_tree(full);
    }
    ck_assert_int_eq(rmdir(path), 0);
}

static void dump_close(struct dump *dump)
{
    remove_tree(dump->base);
    vp_root_free(dump->root);
    free(dump->host);
    free(dump->base);
}

static const char *const live_rows[] = {"/", "//"};

START_TEST(live)
{
    VP_CLEANUP(vp_root_free_ptr) struct vp_root *root = NULL;
    vp_autofree char *text = NULL;
    size_t len = 0;

    ck_assert_int_eq(vp_root_open(live_rows[_i], &root, NULL), 0);
    ck_assert(root->live);
    ck_assert_str_eq(root->path, "/");
    /* A magic link: only the live host has it. */
    ck_assert_int_eq(vp_root_read(root, "/proc/self/comm", 100, &text, &len, NULL), 0);
    ck_assert_uint_gt(len, 0);
}
END_TEST

static const struct {
    const char *path;
    int rc;
} bad_roots[] = {
    {"/proc/self/no-such-folder", -ENOENT},
    {"/proc/self/status", -ENOTDIR},
    {"", -ENOENT},
};

START_TEST(bad_root)
{
    struct vp_root sentinel, *root = &sentinel;
    vp_autoerror err = NULL;
    int r = vp_root_open(bad_roots[_i].path, &root, &err);

    ck_assert_msg(r == bad_roots[_i].rc, "row %d: returned %d", _i, r);
    ck_assert_ptr_eq(root, &sentinel);
    ck_assert_ptr_nonnull(strstr(err->message, bad_roots[_i].path));
}
END_TEST

/* Ways into and out of a dump. `text` is what is read, NULL where `rc` says why not. */
static const struct {
    const char *path;
    int rc;
    const char *text;
} way_rows[] = {
    {"/file", 0, "inside"},
    {"//file", 0, "inside"},
    {"/dir/../file", 0, "inside"},
    {"/absolute", 0, "inside"},
    {"/dir/absolute", 0, "inside"},
    {"/dir/relative", 0, "inside"},
    {"/through/file", 0, "inside"},
    {"/up", 0, "inside secret"},
    {"/../secret", 0, "inside secret"},
    {"/../../../../secret", 0, "inside secret"},
    {"/out", -ENOENT, NULL},
    {"/magic", -ENOENT, NULL},
    {"/loop", -ELOOP, NULL},
    {"/missing", -ENOENT, NULL},
    {"/file/below", -ENOTDIR, NULL},
    {"/etc/passwd", -ENOENT, NULL},
    {"file", -EINVAL, NULL},
    {"", -EINVAL, NULL},
};

START_TEST(ways_in_a_dump)
{
    vp_autofree char *text = NULL, *outside = NULL;
    vp_autoerror err = NULL;
    size_t len = 4711;
    struct dump dump;
    int r;

    dump_open(&dump);
    ck_assert(!dump.root->live);
    put(&dump, "host/file", "inside", 6);
    put(&dump, "host/secret", "inside secret", 13);
    put_dir(&dump, "host/dir");
    put_link(&dump, "host/absolute", "/file");
    put_link(&dump, "host/dir/absolute", "/file");
    put_link(&dump, "host/dir/relative", "../file");
    put_link(&dump, "host/through", "/");
    put_link(&dump, "host/up", "../../../secret");
    outside = vp_asprintf("%s/secret", dump.base);
    put_link(&dump, "host/out", outside);
    put_link(&dump, "host/magic", "/proc/self/root/etc/passwd");
    put_link(&dump, "host/loop", "loop");

    r = vp_root_read(dump.root, way_rows[_i].path, 100, &text, &len, &err);
    ck_assert_msg(r == way_rows[_i].rc, "row %d '%s': returned %d", _i, way_rows[_i].path, r);
    if (r < 0) {
        ck_assert_ptr_null(text);
        ck_assert_uint_eq(len, 4711);
        ck_assert_msg(strstr(err->message, dump.host) && strstr(err->message, way_rows[_i].path),
                      "row %d: %s", _i, err->message);
    } else {
        ck_assert_msg(!strcmp(text, way_rows[_i].text), "row %d '%s': '%s'", _i, way_rows[_i].path, text);
    }
    dump_close(&dump);
}
END_TEST

START_TEST(flags)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    struct dump dump;
    struct stat st;
    int fd;

    dump_open(&dump);
    umask(022);
    fd = vp_root_openat(dump.root, "/new", O_WRONLY | O_CREAT | O_EXCL);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0644);
    close(fd);
    ck_assert_int_eq(vp_root_openat(dump.root, "/new", O_WRONLY | O_CREAT | O_EXCL), -EEXIST);
    ck_assert_int_eq(vp_root_list(dump.root, "/", &names, NULL), 0);
    ck_assert_str_eq(names[0], "new");
    ck_assert_ptr_null(names[1]);
    dump_close(&dump);
}
END_TEST

START_TEST(read_is_limited)
{
    vp_autoerror err = NULL;
    vp_autofree char *text = NULL;
    struct dump dump;
    size_t len = 4711;

    dump_open(&dump);
    put(&dump, "host/file", "123456", 6);
    ck_assert_int_eq(vp_root_read(dump.root, "/file", 5, &text, &len, &err), -EFBIG);
    ck_assert_ptr_null(text);
    ck_assert_uint_eq(len, 4711);
    ck_assert_int_eq(vp_root_read(dump.root, "/file", 6, &text, &len, NULL), 0);
    ck_assert_str_eq(text, "123456");
    dump_close(&dump);
}
END_TEST

/* Nobody writes to it: it is empty, and opening it does not wait. */
START_TEST(fifo_does_not_hang)
{
    vp_autofree char *path = NULL;
    vp_autofree char *text = NULL;
    struct dump dump;
    size_t len = 4711;

    dump_open(&dump);
    path = vp_asprintf("%s/fifo", dump.host);
    ck_assert_int_eq(mkfifo(path, 0644), 0);
    ck_assert_int_eq(vp_root_read(dump.root, "/fifo", 100, &text, &len, NULL), 0);
    ck_assert_uint_eq(len, 0);
    dump_close(&dump);
}
END_TEST

#define TEXT(s) (s), sizeof(s) - 1
static const struct {
    const char *text;
    size_t len;
    int rc;
    uint64_t value;
} u64_rows[] = {
    {TEXT("0"), 0, 0},
    {TEXT("2048\n"), 0, 2048},
    {TEXT(" \t17 \n"), 0, 17},
    {TEXT("18446744073709551615\n"), 0, UINT64_MAX},
    {TEXT("18446744073709551616\n"), -EBADMSG, 0},
    {TEXT(""), -EBADMSG, 0},
    {TEXT("\n"), -EBADMSG, 0},
    {TEXT("-1\n"), -EBADMSG, 0},
    {TEXT("max\n"), -EBADMSG, 0},
    {TEXT("12 kB\n"), -EBADMSG, 0},
    {TEXT("1\n2\n"), -EBADMSG, 0},
    {TEXT("0x10\n"), -EBADMSG, 0},
    {TEXT("12\0"), -EBADMSG, 0},
    {TEXT("12\0\n"), -EBADMSG, 0},
    {TEXT("                                                                      12"), -EBADMSG, 0},
};

START_TEST(read_u64)
{
    vp_autoerror err = NULL;
    uint64_t value = 4711;
    struct dump dump;
    int r;

    dump_open(&dump);
    put(&dump, "host/number", u64_rows[_i].text, u64_rows[_i].len);
    r = vp_root_read_u64(dump.root, "/number", &value, &err);
    ck_assert_msg(r == u64_rows[_i].rc, "row %d '%s': returned %d", _i, u64_rows[_i].text, r);
    ck_assert_msg(value == (r < 0 ? 4711 : u64_rows[_i].value), "row %d '%s': value %" PRIu64, _i,
                  u64_rows[_i].text, value);
    ck_assert_msg((r < 0) == (err != NULL), "row %d '%s': error", _i, u64_rows[_i].text);
    dump_close(&dump);
}
END_TEST

START_TEST(read_u64_of_a_missing_file)
{
    vp_autoerror err = NULL;
    uint64_t value = 4711;
    struct dump dump;

    dump_open(&dump);
    ck_assert_int_eq(vp_root_read_u64(dump.root, "/number", &value, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err->message, "/number': No such file or directory"));
    ck_assert_uint_eq(value, 4711);
    dump_close(&dump);
}
END_TEST

START_TEST(list_is_sorted_bytewise)
{
    static const char *const sorted[] = {".hidden", "B", "a", "cpu1", "cpu10", "cpu2", "z"};
    static const size_t made[] = {5, 1, 4, 6, 0, 3, 2};
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    struct dump dump;
    size_t i;

    dump_open(&dump);
    put_dir(&dump, "host/dir");
    for (i = 0; i < VP_ARRAY_SIZE(made); i++) {
        vp_autofree char *path = vp_asprintf("host/dir/%s", sorted[made[i]]);

        put(&dump, path, "", 0);
    }
    ck_assert_int_eq(vp_root_list(dump.root, "/dir", &names, NULL), 0);
    for (i = 0; i < VP_ARRAY_SIZE(sorted); i++)
        ck_assert_str_eq(names[i], sorted[i]);
    ck_assert_ptr_null(names[i]);
    dump_close(&dump);
}
END_TEST

/* More names than one read of the directory gives. */
START_TEST(list_of_many)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    struct dump dump;
    int i;

    dump_open(&dump);
    for (i = 0; i < 2000; i++) {
        vp_autofree char *path = vp_asprintf("host/%08d", 1999 - i);

        put(&dump, path, "", 0);
    }
    ck_assert_int_eq(vp_root_list(dump.root, "/", &names, NULL), 0);
    for (i = 0; i < 2000; i++) {
        vp_autofree char *name = vp_asprintf("%08d", i);

        ck_assert_str_eq(names[i], name);
    }
    ck_assert_ptr_null(names[2000]);
    dump_close(&dump);
}
END_TEST

START_TEST(list_of_what_is_none)
{
    char *sentinel, **names = &sentinel;
    vp_autoerror missing = NULL;
    vp_autoerror file = NULL;
    struct dump dump;

    dump_open(&dump);
    put(&dump, "host/file", "", 0);
    ck_assert_int_eq(vp_root_list(dump.root, "/missing", &names, &missing), -ENOENT);
    ck_assert_ptr_nonnull(strstr(missing->message, "/missing"));
    ck_assert_int_eq(vp_root_list(dump.root, "/file", &names, &file), -ENOTDIR);
    ck_assert_ptr_eq(names, &sentinel);
    dump_close(&dump);
}
END_TEST

START_TEST(free_of_nothing)
{
    vp_root_free(NULL);
    vp_names_free(NULL);
}
END_TEST

VP_TEST_MAIN("root", VP_TEST_ROWS(live, live_rows), VP_TEST_ROWS(bad_root, bad_roots),
             VP_TEST_ROWS(ways_in_a_dump, way_rows), VP_TEST(flags), VP_TEST(read_is_limited),
             VP_TEST(fifo_does_not_hang), VP_TEST_ROWS(read_u64, u64_rows),
             VP_TEST(read_u64_of_a_missing_file), VP_TEST(list_is_sorted_bytewise), VP_TEST(list_of_many),
             VP_TEST(list_of_what_is_none), VP_TEST(free_of_nothing))
