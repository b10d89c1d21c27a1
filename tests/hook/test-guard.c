/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../src/hook/hook.h"

#include "file.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The handlers below do what none of ours should. */

static void put(const struct vp_hook_call *call, const char *text)
{
    (void)vp_write_fd(call->out, "out", text, strlen(text), NULL);
}

static enum vp_hook_outcome writes(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    (void)op;
    put(call, "<domain>new</domain>\n");
    return VP_HOOK_DONE;
}

static enum vp_hook_outcome writes_nothing(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    (void)call;
    (void)op;
    return VP_HOOK_DONE;
}

static enum vp_hook_outcome writes_a_lot(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    (void)op;
    vp_autofree char *text = vp_alloc(1024 * 1024, 1);
    memset(text, 'x', 1024 * 1024 - 1);
    for (int i = 0; i < 8; i++)
        put(call, text);
    return VP_HOOK_DONE;
}

static enum vp_hook_outcome fails(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    (void)op;
    put(call, "<domain>half");
    return VP_HOOK_FAILED;
}

static enum vp_hook_outcome refuses(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    (void)op;
    if (call->out >= 0)
        put(call, "<domain>half");
    return VP_HOOK_REFUSED;
}

static _Noreturn void die(const struct vp_hook_call *call, int sig)
{
    if (call->out >= 0)
        put(call, "<domain>half");
    (void)signal(sig, SIG_DFL);
    (void)raise(sig);
    _exit(77);
}

static enum vp_hook_outcome crashes(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    (void)op;
    die(call, SIGSEGV);
}

static enum vp_hook_outcome aborts(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    (void)op;
    die(call, SIGABRT);
}

static enum vp_hook_outcome is_killed(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    (void)op;
    die(call, SIGKILL);
}

static enum vp_hook_outcome exits(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    (void)op;
    put(call, "<domain>half");
    _exit(77);
}

static _Noreturn void hang(void)
{
    for (;;)
        (void)pause();
}

static enum vp_hook_outcome hangs(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    (void)op;
    if (call->out >= 0)
        put(call, "<domain>half");
    hang();
}

static enum vp_hook_outcome refuses_and_crashes(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    *call->refuse = true;
    return crashes(call, op);
}

static enum vp_hook_outcome refuses_and_hangs(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    *call->refuse = true;
    return hangs(call, op);
}

static enum vp_hook_outcome refuses_and_fails(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    (void)op;
    *call->refuse = true;
    return VP_HOOK_FAILED;
}

static enum vp_hook_outcome would_refuse_but_is_done(const struct vp_hook_call *call,
                                                     const struct vp_hook_op *op)
{
    (void)op;
    *call->refuse = true;
    return VP_HOOK_DONE;
}

static const struct {
    const char *name;
    bool filters;
    vp_hook_handler *run;
    enum vp_hook_outcome outcome;
    size_t out; /* bytes that reach libvirt */
} rows[] = {
    {"writes", true, writes, VP_HOOK_DONE, 21},
    {"writes nothing", true, writes_nothing, VP_HOOK_DONE, 0},
    {"writes a lot", true, writes_a_lot, VP_HOOK_DONE, 8 * (1024 * 1024 - 1)},
    {"fails", true, fails, VP_HOOK_FAILED, 0},
    {"refuses", true, refuses, VP_HOOK_REFUSED, 0},
    {"crashes", true, crashes, VP_HOOK_FAILED, 0},
    {"aborts", true, aborts, VP_HOOK_FAILED, 0},
    {"is killed", true, is_killed, VP_HOOK_FAILED, 0},
    {"exits", true, exits, VP_HOOK_FAILED, 0},
    {"hangs", true, hangs, VP_HOOK_FAILED, 0},
    {"done, no filter", false, writes_nothing, VP_HOOK_DONE, 0},
    {"crashes, no filter", false, crashes, VP_HOOK_FAILED, 0},
    {"hangs, no filter", false, hangs, VP_HOOK_FAILED, 0},
    {"refuses, no filter", false, refuses, VP_HOOK_REFUSED, 0},
    {"refuse flag and crash", false, refuses_and_crashes, VP_HOOK_REFUSED, 0},
    {"refuse flag and hang", false, refuses_and_hangs, VP_HOOK_REFUSED, 0},
    {"refuse flag and failure", false, refuses_and_fails, VP_HOOK_REFUSED, 0},
    {"refuse flag, but done", false, would_refuse_but_is_done, VP_HOOK_DONE, 0},
};

static time_t now(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec;
}

/* stderr of the guard, read back. Owned. */
static char *run(size_t row, int out, enum vp_hook_outcome *ret_outcome)
{
    const struct vp_hook_op op = {.name = "test", .filters_xml = rows[row].filters};
    const struct vp_hook_call call = {.domain = "guest", .text = "<domain/>", .len = 9, .out = -1};
    const int saved = dup(STDERR_FILENO);
    const int heard = memfd_create("stderr", MFD_CLOEXEC);
    ck_assert_int_ge(dup2(heard, STDERR_FILENO), 0);
    *ret_outcome = vp_hook_guard(&op, &call, rows[row].run, 1, out);
    ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
    close(saved);
    char *text = NULL;
    size_t len = 0;
    ck_assert_int_eq(lseek(heard, 0, SEEK_SET), 0);
    ck_assert_int_eq(vp_read_fd(heard, "stderr", 65536, false, &text, &len, NULL), 0);
    close(heard);
    return text;
}

static void check_row(size_t row)
{
    const int out = memfd_create("out", MFD_CLOEXEC);
    const time_t start = now();
    enum vp_hook_outcome outcome = VP_HOOK_DONE;
    vp_autofree char *heard = run(row, out, &outcome);
    ck_assert_msg(now() - start < 10, "%s took %ld s", rows[row].name, (long)(now() - start));
    ck_assert_msg(outcome == rows[row].outcome, "%s: %d", rows[row].name, (int)outcome);
    ck_assert_msg(lseek(out, 0, SEEK_END) == (off_t)rows[row].out, "%s: %ld bytes reach libvirt",
                  rows[row].name, (long)lseek(out, 0, SEEK_END));
    close(out);
    /*
     * libvirt shows stderr of a refusal to the operator: one line that says who speaks. A handler that
     * refuses speaks for itself.
     */
    const bool flagged = outcome == VP_HOOK_REFUSED && rows[row].run != refuses;
    ck_assert_msg((strncmp(heard, "virt-profile: ", 14) == 0) == flagged, "%s: '%s'", rows[row].name, heard);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

START_TEST(nothing_reaches_out)
{
    (void)signal(SIGALRM, SIG_DFL);
    check_row((size_t)_i);
}
END_TEST

/*
 * Signals that our caller ignores or blocks stay so in a process it starts; the time limit has to hold all
 * the same.
 */
START_TEST(limit_holds_whatever_the_caller_does)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    if (_i % 2 == 0)
        (void)signal(SIGALRM, SIG_IGN);
    else {
        (void)signal(SIGALRM, SIG_DFL);
        ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    }
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++)
        if (strcmp(rows[i].name, "hangs") == 0)
            check_row(i);
}
END_TEST

/* A caller that ignores SIGCHLD has its children reaped for it. */
START_TEST(ignored_sigchld)
{
    (void)signal(SIGALRM, SIG_DFL);
    (void)signal(SIGCHLD, SIG_IGN);
    check_row(0);
}
END_TEST

/* libvirt has closed its end, or the disk is full: our failure, not the guest's. */
START_TEST(output_cannot_be_written)
{
    (void)signal(SIGALRM, SIG_DFL);
    (void)signal(SIGPIPE, SIG_IGN);
    int pipes[2];
    ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
    close(pipes[0]);
    const int outs[] = {pipes[1], open("/dev/full", O_WRONLY | O_CLOEXEC), -1};
    for (size_t i = 0; i < VP_ARRAY_SIZE(outs); i++) {
        enum vp_hook_outcome outcome = VP_HOOK_DONE;
        vp_autofree char *heard = run(0, outs[i], &outcome);
        ck_assert_msg(outcome == VP_HOOK_FAILED, "output %zu: %d", i, (int)outcome);
        ck_assert_str_eq(heard, "");
    }
}
END_TEST

VP_TEST_MAIN("guard", VP_TEST_ROWS(nothing_reaches_out, rows),
             VP_TEST_ROWS(limit_holds_whatever_the_caller_does, ((int[2]){0})), VP_TEST(ignored_sigchld),
             VP_TEST(output_cannot_be_written))
