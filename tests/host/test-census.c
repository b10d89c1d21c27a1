/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "census.h"

#include "qemu.h"

#include <errno.h>
#include <string.h>

#define QEMU 100

static const struct {
    const char *comm;
    enum vp_thread_kind kind;
    unsigned index;
} comms[] = {
    {"CPU 0/KVM", VP_THREAD_VCPU, 0},           {"CPU 12/TCG", VP_THREAD_VCPU, 12},
    {"CPU 511/KVM", VP_THREAD_VCPU, 511},       {"CPU 1023/KVM", VP_THREAD_VCPU, 1023},
    {"IO iothread1", VP_THREAD_IOTHREAD, 1},    {"IO iothread1234", VP_THREAD_IOTHREAD, 1234},
    {"vhost-100", VP_THREAD_VHOST, 0},          {"IO mon_iothread", VP_THREAD_EMULATOR, 0},
    {"IO iothread", VP_THREAD_EMULATOR, 0},     {"IO iothread1x", VP_THREAD_EMULATOR, 0},
    {"CPU x/KVM", VP_THREAD_EMULATOR, 0},       {"CPU 1x", VP_THREAD_EMULATOR, 0},
    {"CPU 99999999999", VP_THREAD_EMULATOR, 0}, {"CPU", VP_THREAD_EMULATOR, 0},
    {"qemu-system-x86", VP_THREAD_EMULATOR, 0}, {"worker", VP_THREAD_EMULATOR, 0},
    {"SPICE Worker", VP_THREAD_EMULATOR, 0},    {"vnc_worker", VP_THREAD_EMULATOR, 0},
    {"live_migration", VP_THREAD_EMULATOR, 0},  {"call_rcu", VP_THREAD_EMULATOR, 0},
    {"kvm-nx-lpage-re", VP_THREAD_EMULATOR, 0}, {"", VP_THREAD_EMULATOR, 0},
    {"vhost-net", VP_THREAD_EMULATOR, 0},
};

START_TEST(kinds)
{
    FAKE fake;
    VP_CLEANUP(vp_census_done) struct vp_census census = {0};
    fake_open(&fake);
    qemu_process(&fake, QEMU, 55);
    qemu_thread(&fake, QEMU, 101, comms[_i].comm);
    ck_assert_int_eq(vp_census_read(fake.root, &(struct vp_process){QEMU, 55}, &census, NULL), 0);
    ck_assert_uint_eq(census.n, 1);
    ck_assert_msg(census.items[0].kind == comms[_i].kind && census.items[0].index == comms[_i].index,
                  "'%s': %s %u", comms[_i].comm, vp_thread_kind_names[census.items[0].kind],
                  census.items[0].index);
    ck_assert_str_eq(census.items[0].comm, comms[_i].comm);
}
END_TEST

static void fill(const struct fake *fake)
{
    static const struct {
        pid_t pid, tid;
        const char *comm;
    } threads[] = {
        {QEMU, QEMU, "qemu-system-x86"}, {QEMU, 101, "call_rcu"},   {QEMU, 103, "CPU 10/KVM"},
        {QEMU, 104, "CPU 2/KVM"},        {QEMU, 102, "CPU 0/KVM"},  {QEMU, 105, "IO iothread2"},
        {QEMU, 106, "IO iothread1"},     {QEMU, 107, "vhost-100"},  {50, 50, "vhost-100"},
        {200, 200, "vhost-100"},         {201, 201, "vhost-1000"},  {202, 202, "kvm-pit/100"},
        {203, 203, "kvm-pit/10"},        {204, 204, "kworker/0:1"}, {300, 300, "vhost-100"},
    };
    qemu_process(fake, QEMU, 55);
    for (size_t i = 0; i < VP_ARRAY_SIZE(threads); i++)
        qemu_thread(fake, threads[i].pid, threads[i].tid, threads[i].comm);
}

/*
 * 300 only looks like a kernel thread; 205 ended before it was asked; 50 is from before QEMU, unless numbers
 * wrapped.
 */
static const struct {
    const char *children;
    pid_t newest;
    const char *census;
} kernels[] = {
    {"3 4 50 200 201 202 203 204 205 ", 400,
     "emulator 100, emulator 101, vcpu0 102, vcpu2 104, vcpu10 103, iothread1 106, iothread2 105, vhost 107, "
     "vhost 200*, kvm-pit 202*"},
    {"3 4 50 200 201 202 203 204 205 ", 60,
     "emulator 100, emulator 101, vcpu0 102, vcpu2 104, vcpu10 103, iothread1 106, iothread2 105, vhost 50*, "
     "vhost 107, vhost 200*, kvm-pit 202*"},
    {"", 400,
     "emulator 100, emulator 101, vcpu0 102, vcpu2 104, vcpu10 103, iothread1 106, iothread2 105, vhost 107"},
    {NULL, 0,
     "emulator 100, emulator 101, vcpu0 102, vcpu2 104, vcpu10 103, iothread1 106, iothread2 105, vhost 107"},
};

static char *text_of(const struct vp_census *census)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < census->n; i++) {
        const struct vp_thread *thread = &census->items[i];
        const bool numbered = thread->kind == VP_THREAD_VCPU || thread->kind == VP_THREAD_IOTHREAD;
        vp_autofree char *number = numbered ? vp_asprintf("%u", thread->index) : vp_strdup("");
        vp_autofree char *item = vp_asprintf("%s%s %ld%s", vp_thread_kind_names[thread->kind], number,
                                             (long)thread->tid, thread->kernel ? "*" : "");
        vp_strbuf_join(&buf, ", ", item);
    }
    return vp_strbuf_take(&buf);
}

START_TEST(kernel_threads)
{
    FAKE fake;
    VP_CLEANUP(vp_census_done) struct vp_census census = {0};
    fake_open(&fake);
    fill(&fake);
    if (kernels[_i].children != NULL)
        qemu_kernel(&fake, kernels[_i].children, kernels[_i].newest);
    ck_assert_int_eq(vp_census_read(fake.root, &(struct vp_process){QEMU, 55}, &census, NULL), 0);
    vp_autofree char *text = text_of(&census);
    ck_assert_msg(strcmp(text, kernels[_i].census) == 0, "row %d: %s", _i, text);
}
END_TEST

/* Its number is another's now, or nobody's. */
START_TEST(gone)
{
    FAKE fake;
    vp_autoerror err = NULL;
    struct vp_census census = {.n = 4711};
    fake_open(&fake);
    fill(&fake);
    ck_assert_int_eq(vp_census_read(fake.root, &(struct vp_process){QEMU, 54}, &census, &err), -ESRCH);
    ck_assert_uint_eq(census.n, 4711);
    ck_assert_msg(strstr(err->message, "100") != NULL, "%s", err->message);
    ck_assert_int_eq(vp_census_read(fake.root, &(struct vp_process){99, 55}, &census, NULL), -ESRCH);
}
END_TEST

VP_TEST_MAIN("census", VP_TEST_ROWS(kinds, comms), VP_TEST_ROWS(kernel_threads, kernels), VP_TEST(gone))
