/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/balanced.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "balancesock.h"
#include "cpumask.h"
#include "host/irqhost.h"
#include "strbuf.h"
#include "text.h"

#define START 4711

static void copy_text(char *to, size_t size, const char *text)
{
    ck_assert_uint_lt(strlen(text), size);
    memcpy(to, text, strlen(text) + 1);
}

static void answer_setup(int fd, const struct balanced_shared *shared)
{
    struct vp_strbuf buf = {0};
    vp_autofree char *irqs = vp_strdup(shared->irqs);
    char *save = NULL;
    vp_strbuf_add(&buf, "SLEEP 10 ");
    for (char *word = strtok_r(irqs, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save))
        vp_strbuf_addf(&buf, "IRQ %s LOAD 0 DIFF 0 CLASS 0 ", word);
    vp_strbuf_addf(&buf, "BANNED %s", shared->cpus);
    vp_autofree char *own = vp_strbuf_take(&buf);
    const char *text = shared->answer[0] != '\0' ? shared->answer : own;
    (void)!send(fd, text, strlen(text), 0); /* no MSG_NOSIGNAL: as irqbalance does */
}

static void obey(int fd, struct balanced_shared *shared, const char *command)
{
    static const char cpus[] = "settings cpus ";
    static const char irqs[] = "settings ban irqs ";
    if (vp_starts(command, "settings "))
        copy_text(shared->said, sizeof(shared->said), command);
    if (strncmp(command, "setup", strlen("setup")) == 0)
        answer_setup(fd, shared);
    else if (vp_starts(command, cpus))
        copy_text(shared->next, sizeof(shared->next), command + strlen(cpus));
    else if (vp_starts(command, irqs))
        copy_text(shared->irqs, sizeof(shared->irqs),
                  strcmp(command + strlen(irqs), "NONE") == 0 ? "" : command + strlen(irqs));
}

static void serve_one(int fd, struct balanced_shared *shared)
{
    char text[501] = "";
    char control[CMSG_SPACE(sizeof(struct ucred))];
    struct iovec part = {.iov_base = text, .iov_len = 500};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    const ssize_t got = recvmsg(fd, &message, 0);
    const struct cmsghdr *head = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    struct ucred who = {.uid = (uid_t)-1};
    if (head != NULL && head->cmsg_type == SCM_CREDENTIALS)
        memcpy(&who, CMSG_DATA(head), sizeof(who));
    if (got > 0 && who.uid == geteuid())
        obey(fd, shared, text);
}

_Noreturn static void serve(int listener, struct balanced_shared *shared)
{
    (void)signal(SIGPIPE, SIG_DFL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        while (shared->busy)
            (void)usleep(1000);
        const int fd = accept(listener, NULL, NULL);
        /* It may have become busy while nobody came. */
        while (shared->busy)
            (void)usleep(1000);
        serve_one(fd, shared);
        (void)close(fd);
    }
}

/* The child's socket has its number in the name, so it is made by the parent, from another name. */
static int listen_at(const struct fake *fake)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    fake_file(fake, "/run/irqbalance/.made", "");
    const int dir = vp_root_openat(fake->root, "/run/irqbalance", O_PATH | O_DIRECTORY);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(dir, 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/new", dir);
    ck_assert_msg(bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0, "bind: %s",
                  strerror(errno));
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    (void)close(dir);
    return fd;
}

static void proc_file(const struct fake *fake, pid_t pid, const char *name, const char *text)
{
    vp_autofree char *path = vp_asprintf("/proc/%jd/%s", (intmax_t)pid, name);
    fake_file(fake, path, text);
}

void balanced_start(struct balanced *balanced, const struct fake *fake, const char *cpus, const char *irqs)
{
    void *room =
        mmap(NULL, sizeof(struct balanced_shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(room, MAP_FAILED);
    balanced->shared = room;
    copy_text(balanced->shared->cpus, sizeof(balanced->shared->cpus), cpus);
    copy_text(balanced->shared->first, sizeof(balanced->shared->first), cpus);
    copy_text(balanced->shared->irqs, sizeof(balanced->shared->irqs), irqs);
    vp_balancesock_patience = 20000;
    const int listener = listen_at(fake);
    balanced->pid = fork();
    ck_assert_int_ge(balanced->pid, 0);
    if (balanced->pid == 0)
        serve(listener, balanced->shared);
    (void)close(listener);
    vp_autofree char *made = vp_asprintf("%s/run/irqbalance/new", fake->folder);
    vp_autofree char *name =
        vp_asprintf("%s/run/irqbalance/irqbalance%jd.sock", fake->folder, (intmax_t)balanced->pid);
    ck_assert_int_eq(rename(made, name), 0);
    vp_autofree char *stat = vp_asprintf("%jd (irqbalance) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0\n",
                                         (intmax_t)balanced->pid, START);
    proc_file(fake, balanced->pid, "stat", stat);
    proc_file(fake, balanced->pid, "comm", "irqbalance\n");
}

void balanced_cycle(struct balanced *balanced)
{
    struct balanced_shared *shared = balanced->shared;
    vp_autobitmap set = NULL;
    if (shared->next[0] == '\0')
        return;
    if (strcmp(shared->next, "NULL") == 0) {
        copy_text(shared->cpus, sizeof(shared->cpus), shared->first);
        return;
    }
    ck_assert_int_eq(vp_bitmap_parse(shared->next, "what irqbalance was told", &set, NULL), 0);
    vp_autofree char *mask = vp_cpumask_text(set);
    copy_text(shared->cpus, sizeof(shared->cpus), mask);
}

bool balanced_lives(struct balanced *balanced)
{
    return waitpid(balanced->pid, NULL, WNOHANG) == 0;
}

void balanced_stop(struct balanced *balanced, const struct fake *fake)
{
    vp_autofree char *proc = vp_asprintf("/proc/%jd", (intmax_t)balanced->pid);
    if (balanced->pid == 0)
        return;
    if (kill(balanced->pid, SIGKILL) == 0)
        (void)waitpid(balanced->pid, NULL, 0);
    irqhost_remove(fake, proc);
    (void)munmap(balanced->shared, sizeof(*balanced->shared));
    *balanced = (struct balanced){0};
}

char *balanced_name(const struct balanced *balanced)
{
    return vp_asprintf("%jd:%d", (intmax_t)balanced->pid, START);
}
