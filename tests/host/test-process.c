/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "process.h"

#include "model/fake.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BEFORE " 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 "

static const struct {
    const char *stat;
    int rc;
    uint64_t start;
} rows[] = {
    {"77 (qemu-system-x86) S" BEFORE "4242 1000 10 18446744073709551615 0\n", 0, 4242},
    {"77 (a) b) R 9 9) R" BEFORE "7 1000\n", 0, 7},
    {"77 ((sd-pam)) t" BEFORE "7\n", 0, 7},
    {"77 (new\nline) D" BEFORE "18446744073709551615 1\n", 0, UINT64_MAX},
    {"77 (zombie) Z" BEFORE "7 1000\n", -ESRCH, 0},
    {"77 (dead) X" BEFORE "7 1000\n", -ESRCH, 0},
    {"77 (short) S 1 1 1\n", -EBADMSG, 0},
    {"77 (short) S" BEFORE "\n", -EBADMSG, 0},
    {"77 (odd) S" BEFORE "x 1\n", -EBADMSG, 0},
    {"77 no name S" BEFORE "7 1\n", -EBADMSG, 0},
    {"", -EBADMSG, 0},
};

START_TEST(start_times)
{
    FAKE fake;
    vp_autoerror err = NULL;
    struct vp_process process = {-3, 4711};
    fake_open(&fake);
    fake_file(&fake, "/proc/77/stat", rows[_i].stat);
    const int r = vp_process_read(fake.root, 77, &process, &err);
    ck_assert_msg(r == rows[_i].rc, "'%s': returned %d", rows[_i].stat, r);
    ck_assert_msg(process.start == (r < 0 ? 4711 : rows[_i].start), "'%s': %" PRIu64, rows[_i].stat,
                  process.start);
    ck_assert_int_eq(process.pid, r < 0 ? -3 : 77);
    ck_assert_msg((err != NULL) == (r < 0), "'%s': error", rows[_i].stat);
}
END_TEST

START_TEST(alive)
{
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, "/proc/77/stat", rows[0].stat);
    ck_assert(vp_process_alive(fake.root, &(struct vp_process){77, 4242}));
    ck_assert(!vp_process_alive(fake.root, &(struct vp_process){77, 4241}));
    ck_assert(!vp_process_alive(fake.root, &(struct vp_process){78, 4242}));
    ck_assert(!vp_process_alive(fake.root, &(struct vp_process){0, 0}));
    ck_assert_int_eq(vp_process_read(fake.root, -1, &(struct vp_process){0}, NULL), -ESRCH);
}
END_TEST

static const struct {
    const char *domain, *pid_file;
    int rc;
} qemu_rows[] = {
    {"guest", "77\n", 0},
    {"guest", "77", 0},
    {"guest", "78\n", -ESRCH},
    {"guest", "0\n", -ESRCH},
    {"guest", "", -EBADMSG},
    {"guest", "x", -EBADMSG},
    {"other", "77", -ENOENT},
    {"../qemu/guest", "77", -ENOENT},
    {"guest", "99999999999", -ESRCH},
};

START_TEST(qemu)
{
    FAKE fake;
    vp_autoerror err = NULL;
    struct vp_process process = {0, 0};
    fake_open(&fake);
    fake_file(&fake, "/proc/77/stat", rows[0].stat);
    fake_file(&fake, "/run/libvirt/qemu/guest.pid", qemu_rows[_i].pid_file);
    const int r = vp_process_qemu(fake.root, qemu_rows[_i].domain, &process, &err);
    ck_assert_msg(r == qemu_rows[_i].rc, "row %d: returned %d", _i, r);
    ck_assert_int_eq(process.pid, r < 0 ? 0 : 77);
    ck_assert_msg((err != NULL) == (r < 0), "row %d: error", _i);
}
END_TEST

/* libvirt wrote its number, and has yet to run QEMU in it: PF_FORKNOEXEC among the flags. */
START_TEST(not_yet_qemu)
{
    FAKE fake;
    vp_autoerror err = NULL;
    struct vp_process process = {0, 0};
    fake_open(&fake);
    fake_file(&fake, "/proc/77/stat",
              "77 (rpc-libvirtd) S 1 1 1 0 -1 4194624 1 2 3 4 5 6 7 8 20 0 1 0 4242 0\n");
    fake_file(&fake, "/run/libvirt/qemu/guest.pid", "77\n");
    ck_assert_int_eq(vp_process_qemu(fake.root, "guest", &process, &err), -ESRCH);
    ck_assert_int_eq(process.pid, 0);
    ck_assert_msg(strstr(err->message, "no QEMU yet") != NULL, "%s", err->message);
    ck_assert_int_eq(vp_process_read(fake.root, 77, &process, NULL), 0);
    ck_assert_int_eq((int)process.start, 4242);
}
END_TEST

/* The kernel's own file: a child lives, is a zombie, is gone. */
START_TEST(of_this_machine)
{
    VP_CLEANUP(vp_root_free_ptr) struct vp_root *root = NULL;
    struct vp_process self = {0};
    struct vp_process process = {0};
    int ends[2];
    ck_assert_int_eq(vp_root_open("/", &root, NULL), 0);
    ck_assert_int_eq(vp_process_read(root, getpid(), &self, NULL), 0);
    ck_assert(vp_process_alive(root, &self));
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        char byte;
        close(ends[1]);
        _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
    }
    ck_assert_int_eq(vp_process_read(root, child, &process, NULL), 0);
    ck_assert_uint_ge(process.start, self.start);
    ck_assert(vp_process_alive(root, &process));
    close(ends[0]);
    close(ends[1]);
    siginfo_t info;
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    ck_assert(!vp_process_alive(root, &process));
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert(!vp_process_alive(root, &process));
}
END_TEST

VP_TEST_MAIN("process", VP_TEST_ROWS(start_times, rows), VP_TEST(alive), VP_TEST_ROWS(qemu, qemu_rows),
             VP_TEST(not_yet_qemu), VP_TEST(of_this_machine))
