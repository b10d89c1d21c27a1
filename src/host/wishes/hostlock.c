/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "reconcile.h"

#define FOLDER "/run/virt-profile"
#define LOCK FOLDER "/host.lock"
/* Between two looks. Milliseconds. */
#define PAUSE 5

static int take_lock(const struct vp_root *root, bool wait, int *ret_fd, struct vp_error **err)
{
    const int r = vp_root_mkdir(root, FOLDER, 0755, err);
    return r < 0 ? r : vp_root_lock(root, LOCK, wait, ret_fd, err);
}

int vp_host_lock(const struct vp_root *root, int *ret_fd, struct vp_error **err)
{
    return take_lock(root, true, ret_fd, err);
}

int vp_host_try_lock(const struct vp_root *root, int *ret_fd, struct vp_error **err)
{
    return take_lock(root, false, ret_fd, err);
}

void vp_host_wait(const struct vp_root *root, unsigned milliseconds)
{
    VP_CLEANUP(vp_close_fd) const int fd = vp_root_openat(root, LOCK, O_RDONLY);
    for (unsigned waited = 0; fd >= 0 && waited < milliseconds; waited += PAUSE) {
        if (flock(fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK)
            return;
        (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE * 1000000L}, NULL);
    }
}
