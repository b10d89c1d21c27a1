/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledger_own.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * The file of the lock starts with a number: twice the count of changes that are over, and 1 more while
 * one is under way or when whoever made it was killed. Behind it are the UUIDs of the latest ones, in a
 * ring. A change is noted before it is made, so that one that was begun and never finished is read again
 * as well.
 */
enum { RING = 256, UUID_LEN = 36, SLOT = 40 };

static off_t slot_of(uint64_t change)
{
    return (off_t)sizeof(uint64_t) + (off_t)(change % RING) * SLOT;
}

static uint64_t read_age(int fd)
{
    uint64_t age = 0;
    return fd >= 0 && pread(fd, &age, sizeof(age), 0) == sizeof(age) ? age : 0;
}

static int write_at(const struct vp_ledger *ledger, const void *bytes, size_t len, off_t at,
                    struct vp_error **err)
{
    const ssize_t n = pwrite(ledger->lock, bytes, len, at);
    if (n == (ssize_t)len)
        return 0;
    return vp_fail(err, n < 0 ? errno : EIO, "cannot write '%s': %m", VP_LEDGER_LOCK);
}

static uint64_t nanoseconds(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now); /* Linux has it */
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int vp_ledger_log(struct vp_ledger *ledger, const char *uuid, struct vp_error **err)
{
    char slot[SLOT] = "";
    assert(ledger->lock >= 0 && strlen(uuid) == UUID_LEN);
    uint64_t change = (read_age(ledger->lock) + 1) / 2;
    /* A file that is new or was emptied starts where no one who looked at an earlier one can have been. */
    if (change == 0)
        change = nanoseconds();
    const uint64_t age = 2 * change + 1;
    memcpy(slot, uuid, UUID_LEN);
    int r = write_at(ledger, slot, sizeof(slot), slot_of(change), err);
    if (r == 0)
        r = write_at(ledger, &age, sizeof(age), 0, err);
    ledger->dirty = ledger->dirty || r == 0;
    return r;
}

void vp_ledger_log_end(struct vp_ledger *ledger)
{
    const uint64_t age = ledger->dirty ? read_age(ledger->lock) + 1 : 0;
    /* If it stays odd, the last change is taken for one that was never finished, which is harmless. */
    if (ledger->dirty)
        (void)write_at(ledger, &age, sizeof(age), 0, NULL);
    ledger->dirty = false;
}

uint64_t vp_ledger_log_peek(const struct vp_ledger *ledger)
{
    const int fd = vp_root_openat(ledger->root, VP_LEDGER_LOCK, O_RDONLY);
    const uint64_t age = read_age(fd);
    if (fd >= 0)
        (void)close(fd);
    return age / 2;
}

bool vp_ledger_log_since(const struct vp_ledger *ledger, uint64_t seen, char ***ret_uuids)
{
    const uint64_t changes = (read_age(ledger->lock) + 1) / 2;
    /* Nothing was noted then, or too long ago. */
    if (seen == 0 || changes < seen || changes - seen > RING)
        return false;
    VP_CLEANUP(vp_names_free_ptr) char **uuids = vp_alloc(changes - seen + 1, sizeof(uuids[0]));
    for (uint64_t i = seen; i < changes; i++) {
        char slot[SLOT];
        if (pread(ledger->lock, slot, sizeof(slot), slot_of(i)) != sizeof(slot) ||
            memchr(slot, '\0', sizeof(slot)) != slot + UUID_LEN)
            return false;
        uuids[i - seen] = vp_strdup(slot);
    }
    *ret_uuids = vp_take(&uuids);
    return true;
}
