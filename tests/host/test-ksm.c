/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "../model/fake.h"
#include "ksm.h"
#include "reconcile.h"
#include "text.h"

#define KSM "/sys/kernel/mm/ksm/"
#define NODES KSM "merge_across_nodes"

static void host(struct fake *fake, const char *run, const char *shared)
{
    fake_open(fake);
    fake_file(fake, KSM "run", run);
    fake_file(fake, KSM "pages_shared", shared);
    fake_file(fake, NODES, "1\n");
}

static void check(const struct fake *fake, const char *path, const char *value)
{
    vp_autofree char *have = NULL;
    ck_assert_int_eq(vp_means_file.read(fake->root, path, &have, NULL), 0);
    ck_assert_msg(vp_same(have, value), "%s is '%s', not '%s'", path, have, value);
}

START_TEST(nothing_merged)
{
    FAKE fake;
    host(&fake, "1\n", "0\n");
    ck_assert_int_eq(vp_means_ksm_nodes.write(fake.root, NODES, "0", NULL), 0);
    check(&fake, NODES, "0");
    check(&fake, KSM "run", "1"); /* there was no need */
}
END_TEST

/* A kernel that never gives its pages back. */
START_TEST(stays_merged)
{
    FAKE fake;
    host(&fake, "1\n", "77\n");
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_means_ksm_nodes.write(fake.root, NODES, "0", &err), -EBUSY);
    ck_assert_ptr_nonnull(strstr(err->message, "'0'"));
    ck_assert_ptr_nonnull(strstr(err->message, NODES));
    ck_assert_ptr_nonnull(strstr(err->message, "77 pages"));
    check(&fake, NODES, "1");
    check(&fake, KSM "run", "2");
}
END_TEST

/* The whole way: whatever happens, `run` is as before. */
START_TEST(run_is_put_back)
{
    static const char *const shared[] = {"0\n", "77\n"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(shared); i++) {
        VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
        VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
        VP_CLEANUP(vp_root_unlock) int lock = -1;
        FAKE fake;
        host(&fake, "1\n", shared[i]);
        vp_wishes_add(&wishes, &vp_means_ksm_nodes, NODES, "0", "db", "own nodes");
        ck_assert_int_eq(vp_host_lock(fake.root, &lock, NULL), 0);
        ck_assert_int_eq(vp_reconcile(fake.root, &wishes, &happenings, NULL), 0);
        ck_assert_uint_eq(happenings.n, 1);
        ck_assert_int_eq(happenings.items[0].outcome, i == 0 ? VP_OUTCOME_SET : VP_OUTCOME_FAILED);
        check(&fake, NODES, i == 0 ? "0" : "1");
        check(&fake, KSM "run", "1");
    }
}
END_TEST

START_TEST(no_ksm)
{
    FAKE fake;
    fake_open(&fake);
    char *value = (char *)&fake;
    ck_assert_int_eq(vp_means_ksm_nodes.read(fake.root, NODES, &value, NULL), -ENOENT);
    ck_assert_ptr_eq(value, &fake);
}
END_TEST

static const struct {
    const char *file, *text, *comm;
    bool rival;
} rivals[] = {
    {"/run/ksmtune.pid", "77\n", "ksmtuned\n", true},  {"/run/ksmtuned.pid", "77\n", "ksmtuned\n", true},
    {"/run/ksmtune.pid", "78\n", "ksmtuned\n", false}, /* it is gone */
    {"/run/ksmtune.pid", "77\n", "bash\n", false},     /* somebody else has its number */
    {"/run/ksmtune.pid", "\n", "ksmtuned\n", false},   {"/run/other.pid", "77\n", "ksmtuned\n", false},
};

START_TEST(rival)
{
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, rivals[_i].file, rivals[_i].text);
    fake_file(&fake, "/proc/77/comm", rivals[_i].comm);
    vp_autofree char *sentence = vp_ksm_rival(fake.root);
    ck_assert_msg((sentence != NULL) == rivals[_i].rival, "row %d: %s", _i,
                  sentence != NULL ? sentence : "none");
    ck_assert(sentence == NULL || strstr(sentence, "ksmtuned runs (process 77)") == sentence);
}
END_TEST

VP_TEST_MAIN("ksm", VP_TEST(nothing_merged), VP_TEST(stays_merged), VP_TEST(run_is_put_back), VP_TEST(no_ksm),
             VP_TEST_ROWS(rival, rivals))
