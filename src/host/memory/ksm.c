/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ksm.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "text.h"

#define KSM "/sys/kernel/mm/ksm/"

/* Writing 2 gives all pages back before it returns; somebody else may merge some meanwhile. */
#define TRIES 10
#define WAIT_NS 5000000L

#define COMM_MAX 64

static int merged(const struct vp_root *root, uint64_t *ret_pages, struct vp_error **err)
{
    return vp_root_read_u64(root, KSM "pages_shared", ret_pages, err);
}

/* vp_reconcile() puts `run` back. */
static int unmerge(const struct vp_root *root, struct vp_error **err)
{
    const struct timespec wait = {.tv_nsec = WAIT_NS};
    uint64_t pages = 0;
    int r = vp_host_write(root, KSM "run", "2", err);
    for (int i = 0; r == 0; i++) {
        r = merged(root, &pages, err);
        if (r < 0 || pages == 0)
            return r;
        if (i == TRIES)
            return vp_fail(err, EBUSY,
                           "%" PRIu64 " pages are merged still, after '2' was written to '" KSM "run'",
                           pages);
        (void)nanosleep(&wait, NULL); /* a shorter wait does no harm */
    }
    return r;
}

static int write_nodes(const struct vp_root *root, const char *target, const char *value,
                       struct vp_error **err)
{
    uint64_t pages = 0;
    int r = merged(root, &pages, err);
    if (r == 0 && pages != 0)
        r = unmerge(root, err);
    if (r < 0)
        return vp_prefix(err, "cannot write '%s' to '%s'", value, target);
    return vp_host_write(root, target, value, err);
}

static int read_nodes(const struct vp_root *root, const char *target, char **ret_value, struct vp_error **err)
{
    return vp_means_file.read(root, target, ret_value, err);
}

const struct vp_means vp_means_ksm_nodes = {
    .name = "ksm-nodes", .read = read_nodes, .write = write_nodes, .passes = KSM "run", .passing = "2"};

char *vp_ksm_rival(const struct vp_root *root)
{
    static const char *const pid_files[] = {"/run/ksmtune.pid", "/run/ksmtuned.pid"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(pid_files); i++) {
        vp_autofree char *comm = NULL;
        uint64_t pid = 0;
        size_t len = 0;
        if (vp_root_read_u64(root, pid_files[i], &pid, NULL) < 0)
            continue;
        vp_autofree char *path = vp_asprintf("/proc/%" PRIu64 "/comm", pid);
        if (vp_root_read(root, path, COMM_MAX, &comm, &len, NULL) == 0 && vp_starts(comm, "ksmtuned"))
            return vp_asprintf("ksmtuned runs (process %" PRIu64
                               ") and sets KSM by free memory; what it sets is left "
                               "alone; stop the service ksmtuned where profiles are to decide",
                               pid);
    }
    return NULL;
}
