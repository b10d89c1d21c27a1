/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../src/hook/hook.h"

#include "model/fake.h"
#include "reconcile.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What libvirt waits for, and what not. */

#define DEFINITION                                                                                           \
    "<domain><metadata><vp:profile xmlns:vp='urn:virt-profile:domain:1' name='p'/></metadata></domain>"
#define LOCK "/run/virt-profile/host.lock"

/* Shared with the processes of the hook. */
static struct seen {
    volatile bool go;    /* the handler may end */
    volatile bool began; /* it runs */
    volatile bool ended;
    volatile bool locked; /* its call has the lock */
} * seen;

static void pause_a_bit(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static enum vp_hook_outcome slow(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    (void)op;
    seen->locked = call->lock >= 0;
    seen->began = true;
    while (!seen->go)
        pause_a_bit();
    seen->ended = true;
    return VP_HOOK_FAILED;
}

static enum vp_hook_outcome crash(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    (void)call;
    (void)op;
    (void)signal(SIGABRT, SIG_DFL);
    (void)raise(SIGABRT);
    return VP_HOOK_DONE;
}

static void scene_open(struct fake *fake)
{
    seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(seen, MAP_FAILED);
    fake_open(fake);
}

/* The hook's process, started; its output goes to a pipe that libvirt would read to the end. */
static pid_t begin(const struct fake *fake, const char *operation, vp_hook_handler *run, int *ret_output)
{
    const int in = memfd_create("definition", MFD_CLOEXEC);
    int output[2];
    ck_assert_int_eq(pipe2(output, O_CLOEXEC), 0);
    ck_assert(write(in, DEFINITION, strlen(DEFINITION)) == (ssize_t)strlen(DEFINITION));
    ck_assert_int_eq(lseek(in, 0, SEEK_SET), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)dup2(in, STDIN_FILENO);
        (void)dup2(output[1], STDOUT_FILENO);
        (void)dup2(output[1], STDERR_FILENO);
        (void)close(output[1]);
        _exit(vp_hook_main("g", operation, fake->folder, run));
    }
    (void)close(in);
    (void)close(output[1]);
    *ret_output = output[0];
    return child;
}

/* Its exit status, when libvirt is done with it: it has ended, and nobody holds its output. */
static int end(pid_t child, int output)
{
    char text[256];
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(read(output, text, sizeof(text)), 0);
    (void)close(output);
    return WEXITSTATUS(status);
}

static bool is_locked(const struct fake *fake)
{
    int lock = -1;
    const int r = vp_root_lock(fake->root, LOCK, false, &lock, NULL);
    vp_root_unlock(&lock);
    return r < 0;
}

/* libvirt waits for it as long as its handler, without the lock, works. */
static void check_waited_for(pid_t child, int output)
{
    while (!seen->began)
        pause_a_bit();
    ck_assert_int_eq(waitpid(child, NULL, WNOHANG), 0);
    ck_assert(!seen->locked);
    seen->go = true;
    ck_assert_int_eq(end(child, output), 0);
}

static const char *const behind[] = {"started", "reconnect"};

/* The guest runs: libvirt goes on at once, and whoever comes next waits. */
START_TEST(libvirt_goes_on)
{
    FAKE fake;
    int output = -1;
    scene_open(&fake);
    const pid_t child = begin(&fake, behind[_i], slow, &output);
    ck_assert_int_eq(end(child, output), 0);
    ck_assert(!seen->ended);
    ck_assert(is_locked(&fake));
    seen->go = true;
    vp_host_wait(fake.root, 10000);
    ck_assert(seen->ended && seen->locked);
    ck_assert(!is_locked(&fake));
}
END_TEST

/* Somebody else changes the host: there is an order to keep, and a limit to how long that takes. */
START_TEST(libvirt_waits_where_others_work)
{
    FAKE fake;
    int lock = -1;
    int output = -1;
    scene_open(&fake);
    ck_assert_int_eq(vp_host_lock(fake.root, &lock, NULL), 0);
    const pid_t child = begin(&fake, behind[_i], slow, &output);
    check_waited_for(child, output);
    ck_assert(seen->ended);
    vp_root_unlock(&lock);
}
END_TEST

/* What changes a start, or has to be over before the next one. */
START_TEST(libvirt_waits)
{
    static const char *const before[] = {"prepare", "release"};
    FAKE fake;
    int output = -1;
    scene_open(&fake);
    /* A guest that is known, so that something is to be done. */
    fake_file(&fake, "/run/virt-profile/guests/6f1c0a0e-0000-4000-8000-000000000001.json", "{}");
    const pid_t child = begin(&fake, before[_i], slow, &output);
    check_waited_for(child, output);
}
END_TEST

/* One that crashes leaves neither a lock nor a process. */
START_TEST(crashes)
{
    FAKE fake;
    int output = -1;
    scene_open(&fake);
    const pid_t child = begin(&fake, behind[_i], crash, &output);
    ck_assert_int_eq(end(child, output), 0);
    vp_host_wait(fake.root, 10000);
    ck_assert(!is_locked(&fake));
}
END_TEST

VP_TEST_MAIN("behind", VP_TEST_ROWS(libvirt_goes_on, behind),
             VP_TEST_ROWS(libvirt_waits_where_others_work, behind), VP_TEST_ROWS(libvirt_waits, behind),
             VP_TEST_ROWS(crashes, behind))
