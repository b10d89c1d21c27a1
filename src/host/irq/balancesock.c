/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "balancesock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "file.h"
#include "size.h"
#include "strbuf.h"
#include "text.h"

/* The longest it does not listen: a cycle by default, and more. */
#define LONG_PATIENCE 15000
#define ANSWER_MAX (256u * 1024)

unsigned vp_balancesock_patience = 50;

static const char folder[] = "/run/irqbalance";

/* Is the process irqbalance, and not one that has the number of an ended one? */
static bool is_irqbalance(const struct vp_root *root, pid_t pid, struct vp_process *ret_process)
{
    vp_autofree char *path = vp_asprintf("/proc/%jd/comm", (intmax_t)pid);
    vp_autofree char *comm = NULL;
    size_t len = 0;
    return vp_root_read(root, path, 64, &comm, &len, NULL) == 0 && strcmp(comm, "irqbalance\n") == 0 &&
           vp_process_read(root, pid, ret_process, NULL) == 0;
}

/* The process that a socket is named after. */
static bool owner_of(const struct vp_root *root, const char *name, struct vp_process *ret_process)
{
    static const char prefix[] = "irqbalance";
    static const char suffix[] = ".sock";
    const size_t n = strlen(name);
    uint64_t pid = 0;
    if (!vp_starts(name, prefix) || n <= strlen(prefix) + strlen(suffix) ||
        strcmp(name + n - strlen(suffix), suffix) != 0)
        return false;
    vp_autofree char *digits = vp_strndup(name + strlen(prefix), n - strlen(prefix) - strlen(suffix));
    return vp_u64_parse(digits, 1, INT32_MAX, &pid) == 0 && is_irqbalance(root, (pid_t)pid, ret_process);
}

static int set_patience(int fd, unsigned milliseconds)
{
    const struct timeval time = {.tv_sec = milliseconds / 1000,
                                 .tv_usec = (suseconds_t)(milliseconds % 1000) * 1000};
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)) < 0)
        return -errno;
    return 0;
}

/* A socket connected to an address; negative errno. */
static int connect_to(const struct sockaddr_un *address)
{
    VP_CLEANUP(vp_close_fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int r = set_patience(fd, vp_balancesock_patience);
    if (r == 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
        r = -errno;
    if (r < 0)
        return r;
    const int connected = fd;
    fd = -1;
    return connected;
}

/* By a descriptor of the folder, as the path of a made-up host may be longer than an address. */
static int connect_file(const struct vp_root *root, const char *name)
{
    VP_CLEANUP(vp_close_fd) const int dir = vp_root_openat(root, folder, O_PATH | O_DIRECTORY);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (dir < 0)
        return dir;
    const int n =
        root->live ? snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", folder, name)
                   : snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir, name);
    return n > 0 && (size_t)n < sizeof(address.sun_path) ? connect_to(&address) : -ENAMETOOLONG;
}

/* A made-up host must never reach the irqbalance of this one. */
static int connect_abstract(const struct vp_root *root, struct vp_process *ret_process)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);
    if (!root->live)
        return -ENOENT;
    VP_CLEANUP(vp_close_fd) int fd = connect_to(&address);
    if (fd < 0)
        return fd;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        return -errno;
    if (!is_irqbalance(root, peer.pid, ret_process))
        return -ENOENT;
    const int connected = fd;
    fd = -1;
    return connected;
}

/* The name of its socket; NULL where there is none in the folder. Owned. */
static char *find_file(const struct vp_root *root, struct vp_process *ret_process)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    if (vp_root_list(root, folder, &names, NULL) < 0)
        return NULL;
    for (size_t i = 0; names[i] != NULL; i++)
        if (owner_of(root, names[i], ret_process))
            return vp_strdup(names[i]);
    return NULL;
}

static int failed(int r, struct vp_error **err)
{
    if (r == -ECONNREFUSED || r == -ENOENT || r == -ENOTDIR)
        return vp_fail(err, ENOENT, "no irqbalance listens here");
    if (r == -EAGAIN || r == -EINPROGRESS)
        return vp_fail(err, EAGAIN,
                       "irqbalance does not answer: it is busy, which takes it up to its cycle of 10 s");
    return vp_fail(err, -r, "cannot talk to irqbalance: %m");
}

static int open_connection(const struct vp_root *root, struct vp_process *ret_process)
{
    vp_autofree char *name = find_file(root, ret_process);
    const int fd = name != NULL ? connect_file(root, name) : -ENOENT;
    return fd == -ENOENT || fd == -ECONNREFUSED ? connect_abstract(root, ret_process) : fd;
}

/*
 * Send text with our credentials, and a descriptor where `pass` is not negative.
 * @other: with those of another group, so that the receiver does not read it together with what was sent
 *         before
 */
static int send_text(int fd, const char *text, size_t len, bool other, int pass)
{
    union {
        char room[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    const struct ucred self = {.pid = getpid(), .uid = geteuid(), .gid = other ? getegid() + 1 : getegid()};
    struct iovec part = {.iov_base = (void *)(uintptr_t)text, .iov_len = len};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof(control.room)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(self)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS};
    memcpy(CMSG_DATA(head), &self, sizeof(self));
    if (pass >= 0) {
        head = CMSG_NXTHDR(&message, head);
        *head = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(pass)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(head), &pass, sizeof(pass));
    } else {
        message.msg_controllen = CMSG_SPACE(sizeof(self));
    }
    const ssize_t put = sendmsg(fd, &message, MSG_NOSIGNAL);
    if (put < 0)
        return -errno;
    return (size_t)put == len ? 0 : -EIO;
}

/* To the end of the stream, or of the patience. */
static int read_answer(int fd, char **ret_answer)
{
    VP_CLEANUP(vp_strbuf_done) struct vp_strbuf buf = {0};
    char some[4096];
    for (;;) {
        const ssize_t got = recv(fd, some, sizeof(some), 0);
        if (got < 0 && errno == EINTR)
            continue;
        /* Closing with our second message unread is a reset. */
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            break;
        if (got < 0)
            return -errno;
        vp_strbuf_addn(&buf, some, (size_t)got);
        if (buf.len > ANSWER_MAX)
            return -EFBIG;
    }
    if (buf.len == 0)
        return -EPERM;
    *ret_answer = vp_strbuf_take(&buf);
    return 0;
}

/*
 * irqbalance answers without looking whether anybody is there, and a lost reader is a SIGPIPE, which ends
 * it. So our end of the connection must stay until it has answered, whatever becomes of us: it lies,
 * unread, in its own queue.
 */
static int ask(int fd, const char *question, char **ret_answer)
{
    int r = send_text(fd, question, strlen(question), false, -1);
    if (r < 0)
        return r;
    if (send_text(fd, "", 1, true, fd) < 0) /* not root, or not fully: wait for what must not be lost */
        r = set_patience(fd, LONG_PATIENCE);
    return r < 0 ? r : read_answer(fd, ret_answer);
}

int vp_balancesock_find(const struct vp_root *root, struct vp_process *ret_process, struct vp_error **err)
{
    struct vp_process process = {0};
    vp_autofree char *name = find_file(root, &process);
    if (name == NULL) {
        VP_CLEANUP(vp_close_fd) const int fd = connect_abstract(root, &process);
        if (fd < 0)
            return failed(fd == -EAGAIN ? fd : -ENOENT, err);
    }
    *ret_process = process;
    return 0;
}

int vp_balancesock_ask(const struct vp_root *root, const char *question, struct vp_process *ret_process,
                       char **ret_answer, struct vp_error **err)
{
    struct vp_process process = {0};
    VP_CLEANUP(vp_close_fd) const int fd = open_connection(root, &process);
    const int r = fd < 0 ? fd : ask(fd, question, ret_answer);
    if (r == -EPERM)
        return vp_fail(err, EPERM, "irqbalance does not answer: it listens to root only");
    if (r < 0)
        return failed(r, err);
    *ret_process = process;
    return 0;
}

int vp_balancesock_tell(const struct vp_root *root, const char *order, struct vp_error **err)
{
    VP_CLEANUP(vp_close_fd) const int fd = open_connection(root, &(struct vp_process){0});
    const int r = fd < 0 ? fd : send_text(fd, order, strlen(order), false, -1);
    return r < 0 ? failed(r, err) : 0;
}
