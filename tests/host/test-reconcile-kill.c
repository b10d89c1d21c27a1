/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../model/fake.h"
#include "journal.h"
#include "reconcile.h"
#include "text.h"

/*
 * A process brings a made-up host from one random state to the next and is killed at a random moment, again
 * and again, while an administrator changes this and that. When nobody wishes for anything any more each file
 * is as it was, or as the administrator left it.
 */
#define FILES 10
#define PARTS 2
#define KILLS 200

static int read_part(const struct vp_root *root, const char *target, char **ret_value, struct vp_error **err)
{
    return vp_means_file.read(root, target, ret_value, err);
}

static const struct vp_means parts = {
    .name = "part", .read = read_part, .write = vp_host_write, .shared = true};
static const struct vp_means *const all[] = {&vp_means_file, &vp_means_cpulist, &parts, NULL};

static unsigned next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*seed >> 33);
}

static char *path_of(int i)
{
    return i < FILES ? vp_asprintf("/sys/f%d", i) : vp_asprintf("/sys/p%d", i - FILES);
}

/*
 * Each wish list has about half of the files; of the values that they get none is one that they have first.
 */
static void wish(struct vp_wishes *wishes, uint64_t *seed)
{
    for (int i = 0; i < FILES + PARTS; i++) {
        vp_autofree char *path = path_of(i);
        vp_autofree char *value =
            vp_asprintf("%u", i < FILES ? 10 + next_random(seed) % 90 : next_random(seed) % 20);
        if (next_random(seed) % 2 != 0)
            vp_wishes_add(wishes,
                          i >= FILES   ? &parts
                          : i % 3 == 0 ? &vp_means_cpulist
                                       : &vp_means_file,
                          path, value, "guest", "because");
    }
}

static int reconcile(const struct fake *fake, const struct vp_wishes *wishes, char **ret_message)
{
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
    VP_CLEANUP(vp_root_unlock) int lock = -1;
    vp_autoerror err = NULL;
    int r = vp_host_lock(fake->root, &lock, &err);
    if (r == 0)
        r = vp_reconcile_by(fake->root, all, wishes, &happenings, &err);
    for (size_t i = 0; r == 0 && i < happenings.n; i++)
        if (happenings.items[i].outcome == VP_OUTCOME_FAILED) {
            *ret_message = vp_asprintf("%s: %s", happenings.items[i].what, happenings.items[i].why);
            return -EIO;
        }
    if (r < 0)
        *ret_message = vp_strdup(err->message);
    return r;
}

static void reconcile_random(const struct fake *fake, uint64_t *seed)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    vp_autofree char *message = NULL;
    wish(&wishes, seed);
    ck_assert_msg(reconcile(fake, &wishes, &message) == 0, "%s", message);
}

_Noreturn static void go_on(const struct fake *fake, uint64_t seed)
{
    for (;;)
        reconcile_random(fake, &seed);
}

static void run_and_kill(const struct fake *fake, uint64_t *seed)
{
    const struct timespec wait = {.tv_nsec = 200000 + next_random(seed) % 6000000};
    int status = 0;
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        go_on(fake, *seed);
    (void)nanosleep(&wait, NULL);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFSIGNALED(status), "it ended by itself, with %d", status);
}

static char *text_of(const struct fake *fake, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    ck_assert_int_eq(vp_root_read(fake->root, path, 4096, &text, &len, NULL), 0);
    return text;
}

struct world {
    char *values[FILES + PARTS]; /* what each file is to hold in the end */
    unsigned parts[PARTS];       /* what others have in it */
};

static void world_done(struct world *world)
{
    for (int i = 0; i < FILES + PARTS; i++)
        free(world->values[i]);
}

static void make_world(const struct fake *fake, struct world *world)
{
    for (int i = 0; i < FILES + PARTS; i++) {
        vp_autofree char *path = path_of(i);
        world->values[i] = i < FILES ? vp_asprintf("%d\n", i) : vp_strdup("50\n");
        fake_file(fake, path, world->values[i]);
    }
    for (int i = 0; i < PARTS; i++)
        world->parts[i] = 50;
}

/* Values of an administrator are longer than all others, and each comes once. */
static void change_one(const struct fake *fake, struct world *world, int number, uint64_t *seed)
{
    const unsigned i = next_random(seed) % FILES;
    vp_autofree char *path = path_of((int)i);
    free(world->values[i]);
    world->values[i] = vp_asprintf("%d\n", 1000 + number);
    fake_file(fake, path, world->values[i]);
}

/*
 * Others take more of a whole, while nothing is under way: in the middle of a write nobody could tell whose
 * it is.
 */
static void change_part(const struct fake *fake, struct world *world, uint64_t *seed)
{
    const unsigned i = next_random(seed) % PARTS;
    vp_autofree char *path = path_of((int)(FILES + i));
    const unsigned more = 1 + next_random(seed) % 5;
    reconcile_random(fake, seed);
    uint64_t have = 0;
    ck_assert_int_eq(vp_root_read_u64(fake->root, path, &have, NULL), 0);
    vp_autofree char *line = vp_asprintf("%" PRIu64 "\n", have + more);
    fake_file(fake, path, line);
    world->parts[i] += more;
    free(world->values[FILES + i]);
    world->values[FILES + i] = vp_asprintf("%u\n", world->parts[i]);
}

START_TEST(killed_at_any_moment)
{
    const struct vp_wishes none = {0};
    VP_CLEANUP(world_done) struct world world = {0};
    vp_autofree char *message = NULL;
    uint64_t seed = 20 + (uint64_t)_i;
    int noted = 0;
    FAKE fake;
    fake_open(&fake);
    make_world(&fake, &world);
    for (int i = 0; i < KILLS / 4; i++) {
        run_and_kill(&fake, &seed);
        const int fd = vp_root_openat(fake.root, vp_journal_path, O_RDONLY);
        noted += fd >= 0;
        if (fd >= 0)
            (void)close(fd);
        if (next_random(&seed) % 4 == 0)
            change_one(&fake, &world, i, &seed);
        if (next_random(&seed) % 4 == 0)
            change_part(&fake, &world, &seed);
    }
    ck_assert_msg(reconcile(&fake, &none, &message) == 0, "%s", message);
    for (int i = 0; i < FILES + PARTS; i++) {
        vp_autofree char *path = path_of(i);
        vp_autofree char *text = text_of(&fake, path);
        ck_assert_msg(strcmp(text, world.values[i]) == 0, "round %d: %s is '%s', not '%s'", _i, path, text,
                      world.values[i]);
    }
    ck_assert_int_gt(noted, KILLS / 8); /* most were killed with something to put back */
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    ck_assert_int_eq(vp_root_list(fake.root, "/run/virt-profile", &names, NULL), 0);
    ck_assert_msg(vp_same(names[0], "host.lock") && names[1] == NULL, "'%s' is left", names[0]);
}
END_TEST

VP_TEST_MAIN("reconcile-kill", (struct vp_test){killed_at_any_moment, 4, 0})
