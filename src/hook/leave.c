/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <unistd.h>

#include "hook.h"

/* Whoever still holds one of libvirt's pipes makes the start wait. */
static void leave_pipes(void)
{
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; nothing >= 0 && fd <= STDERR_FILENO; fd++)
        (void)dup2(nothing, fd);
}

pid_t vp_hook_leave(void)
{
    const pid_t child = fork();
    if (child == 0) {
        (void)setsid();
        leave_pipes();
    }
    return child;
}
