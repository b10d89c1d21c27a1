/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "root.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A folder that stands for a host, and beside it one that must never be reached from inside. */
struct dump {
    char *base; /* holds "host" and "outside" */
    struct vp_root *root;
};

static char *full_path(const struct dump *dump, const char *path)
{
    return vp_asprintf("%s/host%s", dump->base, path);
}

static void dump_open(struct dump *dump)
{
    *dump = (struct dump){.base = vp_strdup("/tmp/vp-test-root-write.XXXXXX")};
    ck_assert_ptr_nonnull(mkdtemp(dump->base));
    vp_autofree char *host = full_path(dump, "");
    vp_autofree char *outside = vp_asprintf("%s/outside", dump->base);
    ck_assert_int_eq(mkdir(host, 0755), 0);
    ck_assert_int_eq(mkdir(outside, 0755), 0);
    ck_assert_int_eq(vp_root_open(host, &dump->root, NULL), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void dump_close(struct dump *dump)
{
    ck_assert_int_eq(nftw(dump->base, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    vp_root_free(dump->root);
    free(dump->base);
}
#define DUMP VP_CLEANUP(dump_close) struct dump

/* Permission bits; -1 where there is nothing. */
static int mode_of(const struct dump *dump, const char *path)
{
    vp_autofree char *full = full_path(dump, path);
    struct stat st;
    return lstat(full, &st) == 0 ? (int)(st.st_mode & 07777) : -1;
}

static void put(const struct dump *dump, const char *path, const char *text)
{
    vp_autoerror err = NULL;
    ck_assert_msg(vp_root_replace(dump->root, path, text, strlen(text), 0644, &err) == 0, "%s",
                  err != NULL ? err->message : "");
}

/* Owned. */
static char *get(const struct dump *dump, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    return vp_root_read(dump->root, path, 1u << 20, &text, &len, NULL) == 0 ? text : NULL;
}

static unsigned count(const struct dump *dump, const char *path)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    unsigned n = 0;
    ck_assert_int_eq(vp_root_list(dump->root, path, &names, NULL), 0);
    while (names[n] != NULL)
        n++;
    return n;
}

static const struct {
    const char *path;
    mode_t mode;
    int rc;
} folder_rows[] = {
    {"/run", 0755, 0},         {"/run/a/b/c", 0700, 0},     {"/there", 0700, 0},
    {"/file", 0700, -ENOTDIR}, {"/file/x", 0700, -ENOTDIR}, {"/", 0755, -EINVAL},
    {"run", 0755, -EINVAL},    {"/run/..", 0755, -EINVAL},  {"/run/", 0755, -EINVAL},
};

START_TEST(folders)
{
    DUMP dump;
    vp_autoerror err = NULL;
    dump_open(&dump);
    put(&dump, "/file", "");
    ck_assert_int_eq(vp_root_mkdir(dump.root, "/there", 0711, NULL), 0);
    const mode_t mask = umask(0077);
    const int r = vp_root_mkdir(dump.root, folder_rows[_i].path, folder_rows[_i].mode, &err);
    umask(mask);
    ck_assert_msg(r == folder_rows[_i].rc, "'%s': returned %d", folder_rows[_i].path, r);
    ck_assert_msg((r < 0) == (err != NULL), "'%s': error", folder_rows[_i].path);
    ck_assert_int_eq(mode_of(&dump, "/there"), 0711);
    if (r == 0 && strcmp(folder_rows[_i].path, "/there") != 0)
        ck_assert_msg(mode_of(&dump, folder_rows[_i].path) == (int)folder_rows[_i].mode, "'%s': mode %o",
                      folder_rows[_i].path, (unsigned)mode_of(&dump, folder_rows[_i].path));
}
END_TEST

START_TEST(replaced_whole)
{
    DUMP dump;
    dump_open(&dump);
    put(&dump, "/file", "first");
    const mode_t mask = umask(0077);
    ck_assert_int_eq(vp_root_replace(dump.root, "/file", "a\0b", 3, 0640, NULL), 0);
    umask(mask);
    char *text = NULL;
    size_t len = 0;
    ck_assert_int_eq(vp_root_read(dump.root, "/file", 64, &text, &len, NULL), 0);
    ck_assert_uint_eq(len, 3);
    ck_assert_mem_eq(text, "a\0b", 3);
    free(text);
    ck_assert_int_eq(mode_of(&dump, "/file"), 0640);
    ck_assert_uint_eq(count(&dump, "/"), 1);
}
END_TEST

/* A reader has the old file; a symlink is replaced, and what it points at is left alone. */
START_TEST(replaced_not_written_through)
{
    DUMP dump;
    dump_open(&dump);
    put(&dump, "/file", "old");
    vp_autofree char *link = full_path(&dump, "/link");
    ck_assert_int_eq(symlink("file", link), 0);
    const int fd = vp_root_openat(dump.root, "/file", O_RDONLY);
    put(&dump, "/file", "new");
    char seen[8] = "";
    ck_assert_int_eq(read(fd, seen, sizeof(seen)), 3);
    ck_assert_str_eq(seen, "old");
    close(fd);
    put(&dump, "/link", "newer");
    vp_autofree char *text = get(&dump, "/file");
    ck_assert_str_eq(text, "new");
}
END_TEST

/* Whatever a folder of the dump points at, nothing is made outside. */
START_TEST(inside)
{
    DUMP dump;
    dump_open(&dump);
    vp_autofree char *link = full_path(&dump, "/escape");
    vp_autofree char *outside = vp_asprintf("%s/outside", dump.base);
    ck_assert_int_eq(symlink(outside, link), 0);
    ck_assert_int_eq(vp_root_replace(dump.root, "/escape/file", "x", 1, 0644, NULL), -ENOENT);
    ck_assert_int_eq(vp_root_mkdir(dump.root, "/escape/folder", 0755, NULL), -EEXIST);
    put(&dump, "/../../file", "x");
    vp_autofree char *text = get(&dump, "/file");
    ck_assert_str_eq(text, "x");
    VP_CLEANUP(vp_root_free_ptr) struct vp_root *root = NULL;
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    ck_assert_int_eq(vp_root_open(outside, &root, NULL), 0);
    ck_assert_int_eq(vp_root_list(root, "/", &names, NULL), 0);
    ck_assert_ptr_null(names[0]);
}
END_TEST

START_TEST(failed_replace_leaves_the_file)
{
    DUMP dump;
    vp_autoerror err = NULL;
    dump_open(&dump);
    ck_assert_int_eq(vp_root_mkdir(dump.root, "/folder/inner", 0755, NULL), 0);
    ck_assert_int_eq(vp_root_replace(dump.root, "/folder/inner", "x", 1, 0644, &err), -EISDIR);
    ck_assert_msg(strstr(err->message, "/folder/inner' in its place: Is a directory") != NULL, "%s",
                  err->message);
    ck_assert_uint_eq(count(&dump, "/folder"), 1);
    vp_autoerror missing = NULL;
    ck_assert_int_eq(vp_root_replace(dump.root, "/none/file", "x", 1, 0644, &missing), -ENOENT);
    ck_assert_msg(strstr(missing->message, "/none/file'") != NULL, "%s", missing->message);
}
END_TEST

static const struct {
    const char *name;
    bool unfinished;
} name_rows[] = {
    {".file.12.vp-new", true}, {"file.12.vp-new", false}, {".vp-new", false}, {".file", false}, {"", false},
};

START_TEST(names_of_unfinished_files)
{
    ck_assert_msg(vp_root_is_unfinished(name_rows[_i].name) == name_rows[_i].unfinished, "'%s'",
                  name_rows[_i].name);
}
END_TEST

START_TEST(removed)
{
    DUMP dump;
    vp_autoerror err = NULL;
    dump_open(&dump);
    ck_assert_int_eq(vp_root_unlink(dump.root, "/absent", NULL), 0);
    ck_assert_int_eq(vp_root_unlink(dump.root, "/absent/file", NULL), 0);
    ck_assert_int_eq(vp_root_rmdir(dump.root, "/absent", NULL), 0);
    ck_assert_int_eq(vp_root_mkdir(dump.root, "/folder", 0755, NULL), 0);
    put(&dump, "/folder/file", "x");
    put(&dump, "/folder/.file.1.vp-new", "x");
    ck_assert_int_eq(vp_root_rmdir(dump.root, "/folder", &err), -ENOTEMPTY);
    ck_assert_ptr_nonnull(strstr(err->message, "/folder'"));
    ck_assert_int_eq(vp_root_unlink(dump.root, "/folder", NULL), -EISDIR);
    ck_assert_int_eq(vp_root_unlink(dump.root, "/folder/file", NULL), 0);
    put(&dump, "/folder/.file.2.vp-new", "x");
    ck_assert_int_eq(vp_root_rmdir(dump.root, "/folder", NULL), 0);
    ck_assert_int_eq(mode_of(&dump, "/folder"), -1);
}
END_TEST

START_TEST(renamed)
{
    DUMP dump;
    vp_autoerror err = NULL;
    dump_open(&dump);
    put(&dump, "/a", "x");
    ck_assert_int_eq(vp_root_mkdir(dump.root, "/folder", 0755, NULL), 0);
    put(&dump, "/folder/b", "y");
    ck_assert_int_eq(vp_root_rename(dump.root, "/a", "/folder/b", NULL), 0);
    vp_autofree char *text = get(&dump, "/folder/b");
    ck_assert_str_eq(text, "x");
    ck_assert_int_eq(vp_root_rename(dump.root, "/a", "/c", &err), -ENOENT);
    ck_assert_msg(strstr(err->message, "/a' to '") != NULL && strstr(err->message, "/c': No such") != NULL,
                  "%s", err->message);
}
END_TEST

START_TEST(locked)
{
    DUMP dump;
    int first = -1;
    int second = -1;
    dump_open(&dump);
    const mode_t mask = umask(0);
    ck_assert_int_eq(vp_root_lock(dump.root, "/lock", true, &first, NULL), 0);
    umask(mask);
    ck_assert_int_eq(mode_of(&dump, "/lock"), 0600);
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_root_lock(dump.root, "/lock", false, &second, &err), -EWOULDBLOCK);
    ck_assert_int_eq(second, -1);
    ck_assert_ptr_nonnull(strstr(err->message, "/lock'"));
    vp_root_unlock(&first);
    ck_assert_int_eq(first, -1);
    vp_root_unlock(&first);
    ck_assert_int_eq(vp_root_lock(dump.root, "/lock", false, &second, NULL), 0);
    vp_root_unlock(&second);
    ck_assert_int_eq(vp_root_lock(dump.root, "/none/lock", true, &second, NULL), -ENOENT);
}
END_TEST

/* Every reader sees one whole text or the other, while two processes write and are killed. */
START_TEST(always_whole)
{
    static char texts[2][20000];
    DUMP dump;
    dump_open(&dump);
    for (int i = 0; i < 2; i++)
        memset(texts[i], 'a' + i, sizeof(texts[i]));
    pid_t writers[2];
    for (int i = 0; i < 2; i++) {
        writers[i] = fork();
        ck_assert_int_ge(writers[i], 0);
        while (writers[i] == 0)
            if (vp_root_replace(dump.root, "/file", texts[i], sizeof(texts[i]), 0644, NULL) < 0)
                _exit(1);
    }
    for (unsigned seen = 0, n = 0; seen != 3 && n < 1000000; n++) {
        vp_autofree char *text = NULL;
        size_t len = 0;
        if (vp_root_read(dump.root, "/file", 1u << 20, &text, &len, NULL) < 0)
            continue;
        ck_assert_uint_eq(len, sizeof(texts[0]));
        ck_assert_uint_eq(strspn(text, text[0] == 'a' ? "a" : "b"), len);
        seen |= text[0] == 'a' ? 1 : 2;
    }
    for (int i = 0; i < 2; i++) {
        int status = 0;
        ck_assert_int_eq(kill(writers[i], SIGKILL), 0);
        ck_assert_int_eq(waitpid(writers[i], &status, 0), writers[i]);
        ck_assert_msg(WIFSIGNALED(status), "writer %d failed", i);
    }
}
END_TEST

VP_TEST_MAIN("root-write", VP_TEST_ROWS(folders, folder_rows), VP_TEST(replaced_whole),
             VP_TEST(replaced_not_written_through), VP_TEST(inside), VP_TEST(failed_replace_leaves_the_file),
             VP_TEST_ROWS(names_of_unfinished_files, name_rows), VP_TEST(removed), VP_TEST(renamed),
             VP_TEST(locked), VP_TEST(always_whole))
