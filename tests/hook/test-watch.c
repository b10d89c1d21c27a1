/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../src/hook/guest.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "balancesock.h"
#include "host/balanced.h"
#include "host/guests.h"
#include "irqbalance.h"
#include "journal.h"

/* Longer than the pauses between the first looks of the process that comes back. Seconds. */
#define SECONDS 20

struct scene {
    struct guests guests;
    struct balanced balanced;
    struct vp_host *host;
    struct vp_engine engine;
    struct vp_hook_call call;
};

static void scene_close(struct scene *scene)
{
    balanced_stop(&scene->balanced, &scene->guests.fake);
    vp_host_free(scene->host);
    guests_close(&scene->guests);
}
#define SCENE VP_CLEANUP(scene_close) struct scene

static void scene_open(struct scene *scene)
{
    *scene = (struct scene){0};
    guests_open(&scene->guests, GUESTS_MACHINE);
    const struct vp_root *root = scene->guests.fake.root;
    ck_assert_int_eq(vp_host_open(GUESTS_MACHINE, root, &scene->host, NULL), 0);
    ck_assert_int_eq(vp_root_mkdir(root, "/run/virt-profile/guests", 0700, NULL), 0);
    scene->engine.host = scene->host;
    scene->call = (struct vp_hook_call){
        .domain = "g", .root = root, .engine = &scene->engine, .conf = &scene->guests.conf, .lock = -1};
    balanced_start(&scene->balanced, &scene->guests.fake, "0", "");
}

static bool is_noted(const struct scene *scene)
{
    const int fd = vp_root_openat(scene->call.root, vp_journal_path, 0);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

/* It was told something for a guest that is gone by now. */
static void tell(const struct scene *scene)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
    vp_autofree char *name = balanced_name(&scene->balanced);
    vp_autofree char *target = vp_asprintf("%s/cpus", name);
    vp_wishes_add(&wishes, &vp_means_irqbalance, target, "6-7", "g", "because");
    ck_assert_int_eq(vp_reconcile(scene->call.root, &wishes, &happenings, NULL), 0);
    ck_assert(is_noted(scene));
}

/* It does not listen, and has no room for one more that waits. */
static void be_busy(const struct scene *scene)
{
    scene->balanced.shared->busy = true;
    vp_balancesock_patience = 50;
    for (int i = 0; i < 4; i++)
        (void)vp_irqbalance_ask(scene->call.root, &(struct vp_irqbalance){0}, NULL);
}

static bool within(unsigned seconds, const struct scene *scene)
{
    for (unsigned i = 0; i < 20 * seconds && is_noted(scene); i++)
        (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    return !is_noted(scene);
}

START_TEST(comes_back_until_it_is_not_busy)
{
    SCENE scene = {0};
    VP_CLEANUP(vp_hook_left_done) struct vp_hook_left left = {0};
    if (geteuid() != 0)
        return;
    scene_open(&scene);
    tell(&scene);
    be_busy(&scene);
    ck_assert_int_eq(vp_hook_converge(&scene.call, &left, NULL), 0);
    ck_assert(left.again);
    ck_assert(is_noted(&scene));
    vp_hook_watch(&scene.call, NULL, left.again);
    ck_assert(!within(2, &scene));
    scene.balanced.shared->busy = false;
    ck_assert(within(SECONDS, &scene));
    ck_assert_str_eq(scene.balanced.shared->said, "settings cpus NULL");
}
END_TEST

START_TEST(stays_away_where_nothing_is_left)
{
    SCENE scene = {0};
    if (geteuid() != 0)
        return;
    scene_open(&scene);
    tell(&scene);
    vp_hook_watch(&scene.call, NULL, false);
    ck_assert(!within(2, &scene));
}
END_TEST

VP_TEST_MAIN("watch", VP_TEST(comes_back_until_it_is_not_busy), VP_TEST(stays_away_where_nothing_is_left))
