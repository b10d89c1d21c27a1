/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "hook.h"
#include "log.h"

static _Noreturn void run_child(const struct vp_hook_op *op, const struct vp_hook_call *call,
                                vp_hook_handler *run, unsigned seconds, pid_t hook)
{
    /* What the caller ignores or blocks is inherited, and the limit must hold all the same. */
    sigset_t none;
    (void)sigemptyset(&none);
    (void)signal(SIGALRM, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)alarm(seconds); /* ends the process */
    /* libvirt takes a hook that was killed for ended, and goes on: nothing of this one may come later. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != hook)
        _exit((int)VP_HOOK_FAILED);
    _exit((int)run(call, op));
}

static enum vp_hook_outcome copy_out(int from, int out)
{
    vp_autoerror err = NULL;
    vp_autofree char *text = NULL;
    size_t len = 0;
    if (lseek(from, 0, SEEK_SET) < 0)
        return VP_HOOK_FAILED;
    int r = vp_read_fd(from, "the new definition", 4 * VP_XML_MAX, false, &text, &len, &err);
    if (r == 0)
        r = vp_write_fd(out, "standard output", text, len, &err);
    if (r < 0) {
        vp_log(VP_LOG_ERROR, "%s", err->message);
        return VP_HOOK_FAILED;
    }
    return VP_HOOK_DONE;
}

static enum vp_hook_outcome wait_for(pid_t child, const struct vp_hook_op *op,
                                     const struct vp_hook_call *call)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return VP_HOOK_FAILED;
    if (WIFEXITED(status) && WEXITSTATUS(status) <= VP_HOOK_FAILED)
        return (enum vp_hook_outcome)WEXITSTATUS(status);
    const bool slow = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    vp_log(VP_LOG_ERROR, "domain '%s': %s ended abnormally (%s %d); nothing was changed by it", call->domain,
           op->name,
           slow                  ? "too slow, signal"
           : WIFSIGNALED(status) ? "signal"
                                 : "status",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return VP_HOOK_FAILED;
}

enum vp_hook_outcome vp_hook_guard(const struct vp_hook_op *op, const struct vp_hook_call *call,
                                   vp_hook_handler *run, unsigned seconds, int out)
{
    bool *refuse = mmap(NULL, sizeof(*refuse), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const int result = op->filters_xml ? memfd_create("virt-profile", MFD_CLOEXEC) : -1;
    if (refuse == MAP_FAILED || (op->filters_xml && result < 0)) {
        vp_log(VP_LOG_ERROR, "domain '%s': cannot set up %s: %s", call->domain, op->name, strerror(errno));
        return VP_HOOK_FAILED;
    }
    struct vp_hook_call inner = *call;
    inner.out = result;
    inner.refuse = refuse;
    *refuse = op->on_fail == VP_FAIL_ABORTS_START && vp_tag_may_refuse(call->text, call->len);
    (void)signal(SIGCHLD, SIG_DFL); /* ignored, it would take the child's status away */
    const pid_t hook = getpid();
    const pid_t child = fork();
    if (child == 0)
        run_child(op, &inner, run, seconds, hook);

    enum vp_hook_outcome outcome = VP_HOOK_FAILED;
    if (child > 0)
        outcome = wait_for(child, op, call);
    else
        vp_log(VP_LOG_ERROR, "domain '%s': cannot fork for %s: %s", call->domain, op->name, strerror(errno));
    if (outcome == VP_HOOK_DONE && op->filters_xml)
        outcome = copy_out(result, out);
    if (outcome == VP_HOOK_FAILED && *refuse) {
        static const char sentence[] =
            "virt-profile: the profile could not be checked, and the domain asks for "
            "enforce=refuse; see the system log\n";
        (void)!write(STDERR_FILENO, sentence, strlen(sentence));
        outcome = VP_HOOK_REFUSED;
    }
    if (result >= 0)
        close(result);
    (void)munmap(refuse, sizeof(*refuse));
    return outcome;
}
