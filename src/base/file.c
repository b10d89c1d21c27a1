/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "file.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

/* read() that goes on after a signal; negative errno. */
static ssize_t read_some(int fd, char *into, size_t n)
{
    ssize_t got;

    do {
        got = read(fd, into, n);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

static void drop_rest(int fd)
{
    char rest[8192];

    while (read_some(fd, rest, sizeof(rest)) > 0)
        ;
}

/* The first guess of what will come: the size of a file, a page for what does not know its size. */
static size_t first_cap(int fd, size_t max)
{
    size_t cap = 4096;
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= (off_t)cap)
        cap = (size_t)st.st_size + 2;
    return cap - 2 < max ? cap : max + 2;
}

int vp_read_fd(int fd, const char *what, size_t max, bool drain, char **ret_text, size_t *ret_len,
               struct vp_error **err)
{
    vp_autofree char *text = NULL;
    size_t cap, len = 0;

    if (max > SIZE_MAX / 4)
        max = SIZE_MAX / 4;
    cap = first_cap(fd, max);
    text = vp_alloc(cap, 1);

    for (;;) {
        ssize_t got = read_some(fd, text + len, cap - 1 - len);

        if (got < 0)
            return vp_fail(err, (int)-got, "cannot read '%s': %m", what);
        if (got == 0)
            break;
        len += (size_t)got;
        if (len > max) {
            if (drain)
                drop_rest(fd);
            return vp_fail(err, EFBIG, "cannot read '%s': it is longer than the %zu bytes that are accepted",
                           what, max);
        }
        if (len == cap - 1) {
            size_t more = cap < max / 2 ? cap * 2 : max + 2;
            char *moved = realloc(text, more);

            if (!moved)
                vp_oom();
            text = moved;
            cap = more;
        }
    }

    text[len] = '\0';
    *ret_text = vp_take(&text);
    *ret_len = len;
    return 0;
}

int vp_write_fd(int fd, const char *what, const char *text, size_t len, struct vp_error **err)
{
    while (len > 0) {
        ssize_t put = write(fd, text, len);

        if (put < 0) {
            if (errno == EINTR)
                continue;
            return vp_fail(err, errno, "cannot write '%s': %m", what);
        }
        text += put;
        len -= (size_t)put;
    }
    return 0;
}

void vp_close_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}
