/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "file.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static char sentinel;
static char *const untouched = &sentinel;

/* A byte that tells its position, 0 among them. */
static char byte_at(size_t i)
{
    return (char)(i % 251);
}

static char *pattern(size_t n)
{
    char *text = vp_alloc(n + 1, 1);

    for (size_t i = 0; i < n; i++)
        text[i] = byte_at(i);
    return text;
}

static int file_of(size_t n)
{
    vp_autofree char *text = pattern(n);
    int fd = memfd_create("test", MFD_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(vp_write_fd(fd, "test", text, n, NULL), 0);
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* A pipe into which a child writes n bytes; it exits 0 when it could write all, else with the errno. */
static int pipe_of(size_t n, pid_t *ret_writer)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    *ret_writer = fork();
    ck_assert_int_ge(*ret_writer, 0);
    if (*ret_writer == 0) {
        vp_autofree char *text = pattern(n);

        signal(SIGPIPE, SIG_IGN);
        close(ends[0]);
        _exit(-vp_write_fd(ends[1], "pipe", text, n, NULL));
    }
    close(ends[1]);
    return ends[0];
}

static int exit_of(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static const struct {
    size_t n, max;
    int rc;
} read_rows[] = {
    {0, 0, 0},
    {0, 10, 0},
    {1, 0, -EFBIG},
    {1, 1, 0},
    {2, 1, -EFBIG},
    {4094, 4094, 0},
    {4095, 4095, 0},
    {4096, 4096, 0},
    {4097, 4096, -EFBIG},
    {4095, 1 << 20, 0},
    {4096, 1 << 20, 0},
    {8191, 8192, 0},
    {8192, 8192, 0},
    {8193, 8192, -EFBIG},
    {300000, 300000, 0},
    {300000, 299999, -EFBIG},
    {300000, SIZE_MAX, 0},
    {1 << 20, 1000, -EFBIG}, /* far more than a pipe holds */
};

static void check_read(int row, int fd)
{
    size_t n = read_rows[row].n, len = 4711;
    vp_autoerror err = NULL;
    char *text = untouched;
    int r = vp_read_fd(fd, "standard input", read_rows[row].max, true, &text, &len, &err);

    ck_assert_msg(r == read_rows[row].rc, "row %d: returned %d", row, r);
    if (r < 0) {
        vp_autofree char *most = vp_asprintf("than the %zu bytes", read_rows[row].max);

        ck_assert_int_eq(err->code, -r);
        ck_assert_ptr_nonnull(strstr(err->message, "'standard input'"));
        ck_assert_ptr_nonnull(strstr(err->message, most));
        ck_assert_ptr_eq(text, untouched);
        ck_assert_uint_eq(len, 4711);
        return;
    }
    ck_assert_ptr_null(err);
    ck_assert_msg(len == n, "row %d: %zu bytes", row, len);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(text[i] == byte_at(i), "row %d: byte %zu differs", row, i);
    ck_assert(text[n] == '\0');
    free(text);
}

START_TEST(read_file)
{
    int fd = file_of(read_rows[_i].n);

    check_read(_i, fd);
    close(fd);
}
END_TEST

START_TEST(read_pipe)
{
    pid_t writer;
    int fd = pipe_of(read_rows[_i].n, &writer);

    check_read(_i, fd);
    close(fd);
    ck_assert_msg(exit_of(writer) == 0, "row %d: the writer could not write it all", _i);
}
END_TEST

/* What drain is there to prevent does happen without it. */
START_TEST(read_pipe_without_drain)
{
    size_t len = 0;
    char *text = untouched;
    pid_t writer;
    int fd = pipe_of(1 << 20, &writer);

    ck_assert_int_eq(vp_read_fd(fd, "pipe", 1000, false, &text, &len, NULL), -EFBIG);
    close(fd);
    ck_assert_int_eq(exit_of(writer), EPIPE);
}
END_TEST

/* fstat() promises more than there is left to read. */
START_TEST(read_from_the_middle)
{
    int fd = file_of(10000);
    vp_autofree char *text = NULL;
    size_t len = 0;

    ck_assert_int_eq(lseek(fd, 9000, SEEK_SET), 9000);
    ck_assert_int_eq(vp_read_fd(fd, "test", 1000, false, &text, &len, NULL), 0);
    ck_assert_uint_eq(len, 1000);
    ck_assert(text[0] == byte_at(9000));
    close(fd);
}
END_TEST

/* fstat() calls every file of /proc empty. */
START_TEST(read_proc)
{
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    vp_autofree char *text = NULL;
    size_t len = 0;

    ck_assert_int_eq(vp_read_fd(fd, "status", 1 << 20, false, &text, &len, NULL), 0);
    ck_assert_ptr_eq(strstr(text, "Name:"), text);
    ck_assert_uint_eq(strlen(text), len);
    close(fd);
}
END_TEST

START_TEST(read_error)
{
    vp_autoerror err = NULL;
    char *text = untouched;
    size_t len = 4711;
    int fd = open("/", O_RDONLY | O_CLOEXEC);

    ck_assert_int_eq(vp_read_fd(fd, "/", 1000, true, &text, &len, &err), -EISDIR);
    ck_assert_str_eq(err->message, "cannot read '/': Is a directory");
    ck_assert_ptr_eq(text, untouched);
    ck_assert_uint_eq(len, 4711);
    close(fd);
}
END_TEST

static void on_alarm(int signal_number)
{
    (void)signal_number;
}

/* System calls that wait fail with EINTR every half a millisecond, until stopped. */
static void interrupt_often(bool on)
{
    const struct itimerval often = {{0, on ? 500 : 0}, {0, on ? 500 : 0}};
    const struct sigaction action = {.sa_handler = on_alarm}; /* without SA_RESTART */

    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
}

START_TEST(read_through_signals)
{
    vp_autofree char *text = NULL;
    size_t len = 0;
    pid_t writer;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    writer = fork();
    if (writer == 0) {
        for (int i = 0; i < 20; i++) {
            usleep(3000);
            if (write(ends[1], "x", 1) != 1)
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    interrupt_often(true);
    ck_assert_int_eq(vp_read_fd(ends[0], "pipe", 100, false, &text, &len, NULL), 0);
    interrupt_often(false);
    ck_assert_uint_eq(len, 20);
    ck_assert_int_eq(exit_of(writer), 0);
    close(ends[0]);
}
END_TEST

/* A socket with a small buffer takes the text in pieces. */
START_TEST(write_in_pieces_and_through_signals)
{
    const size_t n = 3 << 20;
    vp_autofree char *text = pattern(n);
    int ends[2], small = 4096;
    pid_t reader;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    reader = fork();
    if (reader == 0) {
        vp_autofree char *got = NULL;
        size_t len = 0;

        close(ends[1]);
        usleep(20000);
        if (vp_read_fd(ends[0], "socket", n, false, &got, &len, NULL) < 0 || len != n ||
            memcmp(got, text, n) != 0)
            _exit(1);
        _exit(0);
    }
    close(ends[0]);
    interrupt_often(true);
    ck_assert_int_eq(vp_write_fd(ends[1], "socket", text, n, NULL), 0);
    interrupt_often(false);
    close(ends[1]);
    ck_assert_int_eq(exit_of(reader), 0);
}
END_TEST

START_TEST(write_error)
{
    vp_autoerror err = NULL;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    ck_assert_int_eq(vp_write_fd(fd, "/dev/full", "x", 1, &err), -ENOSPC);
    ck_assert_str_eq(err->message, "cannot write '/dev/full': No space left on device");
    ck_assert_int_eq(vp_write_fd(fd, "/dev/full", "", 0, NULL), 0);
    close(fd);
}
END_TEST

VP_TEST_MAIN("file", VP_TEST_ROWS(read_file, read_rows), VP_TEST_ROWS(read_pipe, read_rows),
             VP_TEST(read_pipe_without_drain), VP_TEST(read_from_the_middle), VP_TEST(read_proc),
             VP_TEST(read_error), VP_TEST(read_through_signals), VP_TEST(write_in_pieces_and_through_signals),
             VP_TEST(write_error))
