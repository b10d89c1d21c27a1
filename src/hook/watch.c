/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "guest.h"
#include "irqwants.h"
#include "log.h"
#include "text.h"

/*
 * Seconds between two looks. A guest's driver asks for its interrupts when it is loaded: seconds after the
 * start for most, minutes for a guest that waits for its operator. irqbalance listens again after its cycle.
 */
static const unsigned pauses[] = {1, 1, 2, 3, 5, 5, 10, 10, 20, 30, 60, 60, 120};

static bool has_devices(const struct vp_entry *entry)
{
    for (size_t i = 0; i < entry->n_wants; i++)
        if (vp_starts(entry->wants[i].name, VP_FACT_PCI))
            return vp_want_find(entry, "irq/devices") != NULL;
    return false;
}

/* Whoever still holds one of libvirt's pipes makes the start wait. */
static void leave_pipes(void)
{
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; nothing >= 0 && fd <= STDERR_FILENO; fd++)
        (void)dup2(nothing, fd);
}

/* A package that goes takes the ledger with it, while guests run. */
static bool is_gone(const struct vp_hook_call *call)
{
    VP_CLEANUP(vp_close_fd) const int ledger = vp_root_openat(call->root, "/run/virt-profile/guests", O_PATH);
    return ledger < 0;
}

static void watch(const struct vp_hook_call *call, const struct vp_entry *entry, bool again)
{
    for (size_t i = 0; i < VP_ARRAY_SIZE(pauses); i++) {
        const struct timespec pause = {.tv_sec = pauses[i]};
        const bool lives = entry != NULL && vp_process_alive(call->root, &entry->qemu);
        vp_autoerror err = NULL;
        struct vp_hook_left left = {0};
        if (!again && !lives)
            return;
        (void)nanosleep(&pause, NULL);
        if (is_gone(call))
            return;
        if (vp_hook_converge(call, &left, &err) < 0)
            vp_log(VP_LOG_ERROR, "domain '%s': %s", call->domain, err->message);
        again = left.again;
        vp_hook_left_done(&left);
    }
}

void vp_hook_watch(const struct vp_hook_call *call, const struct vp_entry *entry, bool again)
{
    const struct vp_entry *followed = entry != NULL && has_devices(entry) ? entry : NULL;
    if (followed == NULL && !again)
        return;
    const pid_t child = fork();
    if (child == 0) {
        (void)setsid();
        leave_pipes();
        if (fork() == 0)
            watch(call, followed, again);
        _exit(0);
    }
    if (child < 0)
        vp_log(VP_LOG_WARNING, "domain '%s': cannot fork to come back to what is left to do", call->domain);
    else
        (void)waitpid(child, NULL, 0);
}
