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
 * start for
 * most, minutes for a guest that waits for its operator.
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
static bool is_over(const struct vp_hook_call *call, const struct vp_entry *entry)
{
    VP_CLEANUP(vp_close_fd) const int ledger = vp_root_openat(call->root, "/run/virt-profile/guests", O_PATH);
    return ledger < 0 || !vp_process_alive(call->root, &entry->qemu);
}

static void watch(const struct vp_hook_call *call, const struct vp_entry *entry)
{
    for (size_t i = 0; i < VP_ARRAY_SIZE(pauses); i++) {
        const struct timespec pause = {.tv_sec = pauses[i]};
        vp_autoerror err = NULL;
        (void)nanosleep(&pause, NULL);
        if (is_over(call, entry))
            return;
        if (vp_hook_converge(call, NULL, &err) < 0)
            vp_log(VP_LOG_ERROR, "domain '%s': %s", call->domain, err->message);
    }
}

void vp_hook_watch(const struct vp_hook_call *call, const struct vp_entry *entry)
{
    if (!has_devices(entry))
        return;
    const pid_t child = fork();
    if (child == 0) {
        (void)setsid();
        leave_pipes();
        if (fork() == 0)
            watch(call, entry);
        _exit(0);
    }
    if (child < 0)
        vp_log(VP_LOG_WARNING, "domain '%s': cannot fork to follow its interrupts", call->domain);
    else
        (void)waitpid(child, NULL, 0);
}
