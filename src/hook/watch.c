/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
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

/* A package that goes takes the ledger with it, while guests run. */
static bool is_gone(const struct vp_hook_call *call)
{
    VP_CLEANUP(vp_close_fd) const int ledger = vp_root_openat(call->root, "/run/virt-profile/guests", O_PATH);
    return ledger < 0;
}

/* With an end to it: it holds the host lock, which everybody waits for. Returns whether to come again. */
static bool converge(const struct vp_hook_call *call)
{
    VP_CLEANUP(vp_hook_left_done) struct vp_hook_left left = {0};
    vp_autoerror err = NULL;
    (void)alarm(VP_HOOK_SECONDS);
    if (vp_hook_converge(call, &left, &err) < 0)
        vp_log(VP_LOG_ERROR, "domain '%s': %s", call->domain, err->message);
    (void)alarm(0);
    return left.again;
}

static void watch(const struct vp_hook_call *call, const struct vp_entry *entry, bool again)
{
    for (size_t i = 0; i < VP_ARRAY_SIZE(pauses); i++) {
        const struct timespec pause = {.tv_sec = pauses[i]};
        const bool lives = entry != NULL && vp_process_alive(call->root, &entry->qemu);
        if (!again && !lives)
            return;
        (void)nanosleep(&pause, NULL);
        if (is_gone(call))
            return;
        again = converge(call);
    }
}

/* The guest whose driver may ask for interrupts later; NULL: not this one. */
static const struct vp_entry *followed(const struct vp_entry *entry)
{
    return entry != NULL && has_devices(entry) ? entry : NULL;
}

void vp_hook_watch(const struct vp_hook_call *call, const struct vp_entry *entry, bool again)
{
    struct vp_hook_call own = *call;
    if (followed(entry) == NULL && !again)
        return;
    const pid_t child = vp_hook_leave();
    if (child < 0)
        vp_log(VP_LOG_WARNING, "domain '%s': cannot fork to come back to what is left to do", call->domain);
    if (child != 0)
        return;
    vp_root_unlock(&own.lock); /* this one's part in it */
    watch(&own, followed(entry), again);
    _exit(0);
}
