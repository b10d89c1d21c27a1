/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/balanced.h"
#include "balancesock.h"
#include "host/irqhost.h"
#include "irqbalance.h"
#include "strbuf.h"

static const char cpus_note[] = "/run/virt-profile/irqbalance-cpus";

struct scene {
    struct fake fake;
    struct balanced balanced;
};

static void scene_close(struct scene *scene)
{
    balanced_stop(&scene->balanced, &scene->fake);
    fake_close(&scene->fake);
}
#define SCENE VP_CLEANUP(scene_close) struct scene

static void scene_open(struct scene *scene, const char *cpus, const char *irqs)
{
    *scene = (struct scene){0};
    fake_open(&scene->fake);
    ck_assert_int_eq(vp_root_mkdir(scene->fake.root, "/run/virt-profile", 0755, NULL), 0);
    balanced_start(&scene->balanced, &scene->fake, cpus, irqs);
}

static char *target_of(const struct scene *scene, const char *what)
{
    vp_autofree char *name = balanced_name(&scene->balanced);
    return vp_asprintf("%s/%s", name, what);
}

static void check_read(const struct scene *scene, const char *what, const char *expect)
{
    vp_autofree char *target = target_of(scene, what);
    vp_autofree char *value = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_means_irqbalance.read(scene->fake.root, target, &value, &err) == 0, "%s",
                  err != NULL ? err->message : "");
    ck_assert_str_eq(value, expect);
}

static int tell(const struct scene *scene, const char *what, const char *value, struct vp_error **err)
{
    vp_autofree char *target = target_of(scene, what);
    const int r = vp_means_irqbalance.write(scene->fake.root, target, value, err);
    /* It hears one after the other: when it answers it has heard the order. */
    for (int i = 0; i < 100 && !scene->balanced.shared->busy; i++) {
        VP_CLEANUP(vp_irqbalance_done) struct vp_irqbalance balance = {0};
        if (vp_irqbalance_ask(scene->fake.root, &balance, NULL) == 0)
            break;
    }
    return r;
}

START_TEST(none)
{
    FAKE fake;
    struct vp_process process = {.pid = 7};
    vp_autoerror err = NULL;
    char *value = (char *)&fake;
    fake_open(&fake);
    ck_assert_int_eq(vp_irqbalance_find(fake.root, &process, &err), -ENOENT);
    ck_assert_str_eq(err->message, "no irqbalance listens here");
    /* What is left of one that was killed; what has its number now; what is no socket of it. */
    fake_file(&fake, "/run/irqbalance/irqbalance77.sock", "");
    fake_file(&fake, "/run/irqbalance/irqbalance78.sock", "");
    fake_file(&fake, "/run/irqbalance/irqbalance.sock", "");
    fake_file(&fake, "/run/irqbalance/irqbalance79.sock.old", "");
    fake_file(&fake, "/run/irqbalance/other80.sock", "");
    fake_file(&fake, "/proc/78/comm", "sleep\n");
    fake_file(&fake, "/proc/78/stat", "78 (sleep) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n");
    ck_assert_int_eq(vp_irqbalance_find(fake.root, &process, NULL), -ENOENT);
    ck_assert_int_eq(process.pid, 7);
    ck_assert_int_eq(vp_irqbalance_ask(fake.root, &(struct vp_irqbalance){0}, NULL), -ENOENT);
    ck_assert_int_eq(vp_means_irqbalance.read(fake.root, "78:5/cpus", &value, NULL), -ENOENT);
    ck_assert_int_eq(vp_means_irqbalance.write(fake.root, "78:5/cpus", "1", NULL), -ENOENT);
    ck_assert_ptr_eq(value, (char *)&fake);
}
END_TEST

static const char *const bad_targets[] = {"",         "cpus",     "1/cpus", "x:1/cpus",
                                          "1:x/cpus", "0:1/cpus", "1:2",    "1:2/sleep"};

START_TEST(no_target)
{
    FAKE fake;
    char *value = NULL;
    fake_open(&fake);
    ck_assert_int_eq(vp_means_irqbalance.read(fake.root, bad_targets[_i], &value, NULL), -EINVAL);
}
END_TEST

static const struct {
    const char *answer, *cpus, *irqs; /* cpus NULL: refused */
} answers[] = {
    {"SLEEP 10 BANNED 00000000", "", ""},
    {"SLEEP 10 BANNED 0000000c\n", "2-3", ""},
    {"SLEEP 1 IRQ 30 LOAD 12 DIFF 3 CLASS 5 IRQ 4096 LOAD 0 DIFF 0 CLASS 0 BANNED 80000000,00000000,00000001",
     "0,95", "30 4096"},
    {"SLEEP 4294967295 BANNED 1", "0", ""},
    {"SLEEP 10", NULL, NULL},
    {"SLEEP 10 BANNED", NULL, NULL},
    {"SLEEP 10 BANNED x", NULL, NULL},
    {"SLEEP", NULL, NULL},
    {"hello", NULL, NULL},
};

START_TEST(understands)
{
    SCENE scene;
    VP_CLEANUP(vp_irqbalance_done) struct vp_irqbalance balance = {0};
    vp_autoerror err = NULL;
    scene_open(&scene, "0", "");
    memcpy(scene.balanced.shared->answer, answers[_i].answer, strlen(answers[_i].answer) + 1);
    const int r = vp_irqbalance_ask(scene.fake.root, &balance, &err);
    if (answers[_i].cpus == NULL) {
        ck_assert_msg(r == -EBADMSG || r == -EINVAL, "row %d: %d", _i, r);
        ck_assert_ptr_null(balance.cpus);
        return;
    }
    ck_assert_msg(r == 0, "row %d: %s", _i, err != NULL ? err->message : "");
    vp_autofree char *cpus = vp_bitmap_text(balance.cpus);
    vp_autofree char *irqs = vp_irqbalance_irqs_text(balance.irqs);
    ck_assert_str_eq(cpus, answers[_i].cpus);
    ck_assert_str_eq(irqs, answers[_i].irqs);
    ck_assert_int_eq(balance.process.pid, scene.balanced.pid);
}
END_TEST

/* What it was told counts at once, although it says so only after its cycle. */
START_TEST(tells)
{
    SCENE scene;
    scene_open(&scene, "40", "30");
    check_read(&scene, "cpus", "6");
    check_read(&scene, "irqs", "30");
    ck_assert_int_eq(tell(&scene, "cpus", "2-3,6", NULL), 0);
    ck_assert_str_eq(scene.balanced.shared->said, "settings cpus 2-3,6");
    ck_assert_str_eq(scene.balanced.shared->cpus, "40");
    check_read(&scene, "cpus", "2-3,6");
    ck_assert_int_eq(tell(&scene, "irqs", "30 41 42", NULL), 0);
    ck_assert_str_eq(scene.balanced.shared->said, "settings ban irqs 30 41 42");
    check_read(&scene, "irqs", "30 41 42");
    balanced_cycle(&scene.balanced);
    check_read(&scene, "cpus", "2-3,6");
    /* Later it is asked again, and says what somebody else told it. */
    vp_autofree char *name = balanced_name(&scene.balanced);
    vp_autofree char *late = vp_asprintf("%s 10 0 2-3,6\n", name);
    fake_file(&scene.fake, cpus_note, late);
    check_read(&scene, "cpus", "2-3,6");
    memcpy(scene.balanced.shared->cpus, "1", 2);
    check_read(&scene, "cpus", "0");
}
END_TEST

/* An empty list would crash it. */
START_TEST(empties)
{
    SCENE scene;
    scene_open(&scene, "0", "");
    check_read(&scene, "cpus", "");
    check_read(&scene, "irqs", "");
    ck_assert_int_eq(tell(&scene, "cpus", "", NULL), 0);
    ck_assert_str_eq(scene.balanced.shared->said, "settings cpus NULL");
    ck_assert_int_eq(tell(&scene, "irqs", "", NULL), 0);
    ck_assert_str_eq(scene.balanced.shared->said, "settings ban irqs NONE");
    check_read(&scene, "cpus", "");
    check_read(&scene, "irqs", "");
}
END_TEST

/* Versions up to 1.9.4 take the first 500 bytes for the whole. */
START_TEST(too_long)
{
    SCENE scene;
    vp_autoerror err = NULL;
    struct vp_strbuf buf = {0};
    scene_open(&scene, "0", "");
    for (int i = 1000; buf.len <= 499 - strlen("settings ban irqs ") - 5; i++)
        vp_strbuf_addf(&buf, "%s%d", buf.len > 0 ? " " : "", i);
    ck_assert_int_eq(tell(&scene, "irqs", buf.text, NULL), 0);
    check_read(&scene, "irqs", buf.text);
    vp_strbuf_add(&buf, " 9999");
    ck_assert_int_eq(tell(&scene, "irqs", buf.text, &err), -E2BIG);
    ck_assert_ptr_null(strstr(scene.balanced.shared->said, "9999"));
    ck_assert_ptr_nonnull(strstr(err->message, "at most 499 bytes"));
    vp_strbuf_done(&buf);
}
END_TEST

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* One that is busy is not waited for; what it was told is known, and orders wait for it. */
START_TEST(busy)
{
    SCENE scene = {0};
    VP_CLEANUP(vp_irqbalance_done) struct vp_irqbalance balance = {0};
    vp_autoerror err = NULL;
    vp_autofree char *value = NULL;
    if (geteuid() != 0)
        return; /* only root may claim other credentials, and so leave without an answer */
    scene_open(&scene, "40", "");
    vp_autofree char *target = target_of(&scene, "cpus");
    scene.balanced.shared->busy = true;
    vp_balancesock_patience = 50;
    const double begin = seconds();
    ck_assert_int_eq(vp_irqbalance_ask(scene.fake.root, &balance, &err), -EAGAIN);
    ck_assert(seconds() - begin < 5);
    ck_assert_int_eq(vp_means_irqbalance.read(scene.fake.root, target, &value, NULL), -EAGAIN);
    scene.balanced.shared->busy = false;
    vp_balancesock_patience = 20000;
    check_read(&scene, "cpus", "6");
    /* Both have left: it answered to nobody, and lives. */
    ck_assert(balanced_lives(&scene.balanced));
    ck_assert_int_eq(tell(&scene, "cpus", "3,6", NULL), 0);
    scene.balanced.shared->busy = true;
    vp_balancesock_patience = 50;
    check_read(&scene, "cpus", "3,6");
    ck_assert_int_eq(tell(&scene, "irqs", "30", NULL), 0);
    vp_autofree char *name = balanced_name(&scene.balanced);
    vp_autofree char *late = vp_asprintf("%s 10 0 3,6\n", name);
    fake_file(&scene.fake, cpus_note, late);
    check_read(&scene, "cpus", "3,6");
    scene.balanced.shared->busy = false;
    for (int i = 0; i < 5000 && scene.balanced.shared->irqs[0] == '\0'; i++)
        (void)usleep(1000);
    ck_assert_str_eq(scene.balanced.shared->irqs, "30");
    ck_assert(balanced_lives(&scene.balanced));
}
END_TEST

/* Whoever asks is killed while it waits: that must not kill irqbalance. */
START_TEST(killed)
{
    SCENE scene = {0};
    if (geteuid() != 0)
        return;
    scene_open(&scene, "40", "");
    scene.balanced.shared->busy = true;
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)vp_irqbalance_ask(scene.fake.root, &(struct vp_irqbalance){0}, NULL);
        _exit(0);
    }
    (void)usleep(20000);
    (void)kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    scene.balanced.shared->busy = false;
    check_read(&scene, "cpus", "6");
    ck_assert(balanced_lives(&scene.balanced));
}
END_TEST

/* A new one knows nothing of what the old one was told. */
START_TEST(restarted)
{
    SCENE scene;
    vp_autofree char *value = NULL;
    scene_open(&scene, "40", "30");
    ck_assert_int_eq(tell(&scene, "cpus", "2,6", NULL), 0);
    vp_autofree char *old = target_of(&scene, "cpus");
    balanced_stop(&scene.balanced, &scene.fake);
    ck_assert_int_eq(vp_means_irqbalance.read(scene.fake.root, old, &value, NULL), -ENOENT);
    balanced_start(&scene.balanced, &scene.fake, "40", "30");
    ck_assert_int_eq(vp_means_irqbalance.read(scene.fake.root, old, &value, NULL), -ENOENT);
    check_read(&scene, "cpus", "6");
}
END_TEST

static const struct {
    const char *a, *b;
    bool same;
} pairs[] = {{"2-3", "2,3", true},   {"", "", true},   {"2", "3", false},        {"30 31", "30 31", true},
             {"30 31", "30", false}, {"", "0", false}, {"30 31", "30-31", false}};

START_TEST(same)
{
    ck_assert_msg(vp_means_irqbalance.same(pairs[_i].a, pairs[_i].b) == pairs[_i].same, "'%s' '%s'",
                  pairs[_i].a, pairs[_i].b);
}
END_TEST

VP_TEST_MAIN("irqbalance", VP_TEST(none), VP_TEST_ROWS(no_target, bad_targets),
             VP_TEST_ROWS(understands, answers), VP_TEST(tells), VP_TEST(empties), VP_TEST(too_long),
             VP_TEST(busy), VP_TEST(killed), VP_TEST(restarted), VP_TEST_ROWS(same, pairs))
