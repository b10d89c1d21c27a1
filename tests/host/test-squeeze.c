/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "squeeze.h"

#include "model/machine.h"
#include "qemu.h"
#include "reconcile.h"

#include <string.h>

#define DB 100    /* dedicated */
#define OTHER 110 /* everybody else: one guest */
#define V2 "/machine.slice/machine-qemu\\x2d2\\x2do.scope/libvirt/emulator"
#define V1 "/machine/qemu-2-o.libvirt-qemu/emulator"
#define SCOPE "/sys/fs/cgroup/machine.slice/machine-qemu\\x2d2\\x2do.scope/"
#define GROUP "/sys/fs/cgroup/cpuset/machine/qemu-2-o.libvirt-qemu/"
#define BESIDE "vcpu0 vcpu1 vcpu10 iothread1"

/* How the other guest is held. */
enum held { BY_V2, BY_V1, BY_NOTHING };

/* Two nodes of four cores, CPU 0 and 4 for the host; 'db' has CPU 1 and 2, so that the pool is 3,5-7. */
static const struct {
    enum held held;
    bool db;
    const char *status; /* of the definition of the other guest: its pins; NULL: none */
    int policy;         /* of its placement; -1: it has none */
    const char *wishes;
} rows[] = {
    /* nobody is in anybody's way */
    {BY_V2, false, NULL, -1, ""},
    {BY_V1, false, NULL, -1, ""},
    {BY_NOTHING, false, NULL, -1, ""},
    {BY_V2, false, "<cputune><vcpupin vcpu='0' cpuset='1-2'/></cputune>", -1, ""},
    /* a guest that says nothing */
    {BY_V2, true, NULL, -1, SCOPE "cpuset.cpus=3,5-7"},
    {BY_V1, true, NULL, -1,
     GROUP "emulator/cpuset.cpus=3,5-7 " GROUP "vcpu0/cpuset.cpus=3,5-7 " GROUP
           "vcpu1/cpuset.cpus=3,5-7 " GROUP "vcpu10/cpuset.cpus=3,5-7 " GROUP "iothread1/cpuset.cpus=3,5-7"},
    {BY_NOTHING, true, NULL, -1,
     "110:9/110=3,5-7 110:9/111=3,5-7 110:9/112=3,5-7 110:9/113=3,5-7 200:77/200=3,5-7"},
    /* pins are respected: those elsewhere are left alone, those that overlap lose what is owned */
    {BY_V2, true, "<cputune><vcpupin vcpu='0' cpuset='6'/><vcpupin vcpu='10' cpuset='2-4'/></cputune>", -1,
     SCOPE "libvirt/emulator/cpuset.cpus=3,5-7 " SCOPE "libvirt/vcpu1/cpuset.cpus=3,5-7 " SCOPE
           "libvirt/vcpu10/cpuset.cpus=3-4 " SCOPE "libvirt/iothread1/cpuset.cpus=3,5-7"},
    {BY_V1, true,
     "<cputune><emulatorpin cpuset='0'/><iothreadpin iothread='1' cpuset='1-3'/>"
     "<vcpupin vcpu='1' cpuset='1-2'/></cputune>",
     -1, GROUP "vcpu0/cpuset.cpus=3,5-7 " GROUP "vcpu10/cpuset.cpus=3,5-7 " GROUP "iothread1/cpuset.cpus=3"},
    {BY_V1, true, "<vcpu cpuset='0-3'>2</vcpu>", -1,
     GROUP "emulator/cpuset.cpus=0,3 " GROUP "vcpu0/cpuset.cpus=0,3 " GROUP "vcpu1/cpuset.cpus=0,3 " GROUP
           "vcpu10/cpuset.cpus=0,3 " GROUP "iothread1/cpuset.cpus=0,3"},
    {BY_NOTHING, true, "<cputune><emulatorpin cpuset='0'/><vcpupin vcpu='0' cpuset='2-3'/></cputune>", -1,
     "110:9/111=3 110:9/112=3,5-7 110:9/113=3,5-7"},
    /* nothing but the union of its pins is known */
    {BY_V1, true, "garbage", -1,
     GROUP "emulator/cpuset.cpus=0,3,5-7 " GROUP "vcpu0/cpuset.cpus=0,3,5-7 " GROUP
           "vcpu1/cpuset.cpus=0,3,5-7 " GROUP "vcpu10/cpuset.cpus=0,3,5-7 " GROUP
           "iothread1/cpuset.cpus=0,3,5-7"},
    /* placed ones keep to their place, also without a dedicated guest */
    {BY_V2, true, NULL, VP_POLICY_SHARED, SCOPE "cpuset.cpus=3,5-7"},
    {BY_V2, false, NULL, VP_POLICY_SHARED, SCOPE "cpuset.cpus=1-3,5-7"},
    {BY_V2, true, NULL, VP_POLICY_NODE, SCOPE "cpuset.cpus=4-7"},
    {BY_V2, false, NULL, VP_POLICY_NODE, SCOPE "cpuset.cpus=0-3"},
    {BY_V1, false, NULL, VP_POLICY_NODE,
     GROUP "emulator/cpuset.cpus=0 " GROUP "vcpu0/cpuset.cpus=1-3 " GROUP "vcpu1/cpuset.cpus=1-3 " GROUP
           "vcpu10/cpuset.cpus=1-3 " GROUP "iothread1/cpuset.cpus=0"},
    {BY_NOTHING, true, NULL, VP_POLICY_SHARED,
     "110:9/110=3,5-7 110:9/111=3,5-7 110:9/112=3,5-7 110:9/113=3,5-7 200:77/200=3,5-7"},
    /* another dedicated guest is where it should be */
    {BY_V2, true, NULL, VP_POLICY_DEDICATED, ""},
};

struct scene {
    struct machine machine;
    struct vp_placement *db_place, *other_place;
    struct vp_entry db, other;
    struct vp_entry *items[2];
    struct vp_entries entries;
    struct vp_entry_pin pin;
};

static void scene_close(struct scene *scene)
{
    vp_placement_free(scene->db_place);
    vp_placement_free(scene->other_place);
    hwloc_bitmap_free(scene->pin.cpus);
    machine_close(&scene->machine);
}
#define SCENE VP_CLEANUP(scene_close) struct scene

static struct vp_placement *place(struct scene *scene, enum vp_policy policy)
{
    const struct vp_demand demand = {
        .name = "guest", .policy = policy, .vcpus = 2, .iothreads = 1, .memory_kib = 1024};
    struct vp_placement *placement = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_placement_plan(scene->machine.occupied, &demand, &placement, &err) == 0, "%s",
                  err ? err->message : "");
    vp_occupied_add(scene->machine.occupied, placement);
    return placement;
}

static void hold(const struct fake *fake, enum held held)
{
    static const char *const comms[] = {"qemu-system-x86", "CPU 0/KVM", "CPU 10/KVM", "IO iothread1"};
    qemu_process(fake, OTHER, 9);
    for (size_t i = 0; i < VP_ARRAY_SIZE(comms); i++)
        qemu_thread(fake, OTHER, OTHER + (pid_t)i, comms[i]);
    qemu_process(fake, 200, 77);
    qemu_thread(fake, 200, 200, "vhost-110");
    qemu_kernel(fake, "3 200 ", 300);
    qemu_mounts(fake, held == BY_V2);
    if (held != BY_NOTHING)
        qemu_group(fake, held == BY_V2, OTHER, held == BY_V2 ? V2 : V1, BESIDE, held == BY_V2 ? "" : "0-7");
    if (held == BY_V2)
        fake_file(fake, SCOPE "cpuset.cpus", "\n");
}

static void scene_open(struct scene *scene, bool db, enum held held, int policy, const char *status)
{
    *scene = (struct scene){
        .db = {.name = (char *)"db", .state = VP_ENTRY_RUNNING, .qemu = {DB, 5}},
        .other = {.name = (char *)"o", .state = VP_ENTRY_RUNNING, .qemu = {OTHER, 9}},
        .items = {&scene->other, &scene->db},
        .entries = {.items = scene->items, .n = db ? 2 : 1},
    };
    machine_open(&scene->machine, "synthetic:numa:2 core:4 pu:1", NULL);
    const struct fake *fake = &scene->machine.fake;
    hold(fake, held);
    if (db)
        scene->db.placement = scene->db_place = place(scene, VP_POLICY_DEDICATED);
    if (policy >= 0)
        scene->other.placement = scene->other_place = place(scene, (enum vp_policy)policy);
    if (status != NULL) {
        vp_autofree char *text = vp_asprintf(
            "<domstatus state='running'><domain type='kvm'><name>o</name>%s</domain></domstatus>", status);
        fake_file(fake, "/run/libvirt/qemu/o.xml", strcmp(status, "garbage") == 0 ? status : text);
        scene->pin = (struct vp_entry_pin){.cpus = vp_bitmap_new(), .threads = 1};
        ck_assert_int_eq(hwloc_bitmap_set_range(scene->pin.cpus, 0, 3), 0);
        scene->other.pins = &scene->pin;
        scene->other.n_pins = 1;
    }
}

static void squeeze(const struct scene *scene, struct vp_wishes *ret_wishes)
{
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_wish_pool(scene->machine.fake.root, scene->machine.topology, scene->machine.occupied,
                                  &scene->entries, ret_wishes, &err),
                     0);
}

START_TEST(wished)
{
    SCENE scene;
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    struct vp_strbuf buf = {0};
    scene_open(&scene, rows[_i].db, rows[_i].held, rows[_i].policy, rows[_i].status);
    squeeze(&scene, &wishes);
    for (size_t i = 0; i < wishes.n; i++) {
        const struct vp_wish *it = &wishes.items[i];
        vp_autofree char *item = vp_asprintf("%s=%s", it->target, it->value);
        vp_strbuf_join(&buf, " ", item);
        ck_assert(it->essential == rows[_i].db);
        ck_assert_str_eq(it->owner, rows[_i].db ? "db" : "o");
        ck_assert_str_eq(it->means->name, rows[_i].held == BY_NOTHING ? "affinity" : "cpulist");
    }
    vp_autofree char *have = vp_strbuf_take(&buf);
    ck_assert_msg(strcmp(have, rows[_i].wishes) == 0, "row %d:\n%s\nwanted:\n%s", _i, have, rows[_i].wishes);
}
END_TEST

static char *converged(const struct scene *scene, const char *path)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
    vp_autoerror err = NULL;
    int lock = -1;
    squeeze(scene, &wishes);
    ck_assert_int_eq(vp_host_lock(scene->machine.fake.root, &lock, NULL), 0);
    ck_assert_int_eq(vp_reconcile(scene->machine.fake.root, &wishes, &happenings, &err), 0);
    vp_root_unlock(&lock);
    for (size_t i = 0; i < happenings.n; i++)
        ck_assert_msg(happenings.items[i].outcome == VP_OUTCOME_SET ||
                          happenings.items[i].outcome == VP_OUTCOME_RESTORED,
                      "%s: %s", happenings.items[i].what, happenings.items[i].why);
    return qemu_read(&scene->machine.fake, path);
}

static const struct {
    enum held held;
    int policy;
    const char *file, *before, *with, *after;
} lives[] = {
    {BY_V2, -1, SCOPE "cpuset.cpus", "", "3,5-7", ""},
    {BY_V1, -1, GROUP "vcpu1/cpuset.cpus", "0-7", "3,5-7", "0-7"},
    /* it started while there was less room, and gets all of it once there is */
    {BY_V2, VP_POLICY_SHARED, SCOPE "cpuset.cpus", "", "3,5-7", "1-3,5-7"},
};

/* A dedicated guest comes, its neighbour converges twice, and it goes. */
START_TEST(given_back)
{
    SCENE scene;
    scene_open(&scene, true, lives[_i].held, lives[_i].policy, NULL);
    vp_autofree char *before = qemu_read(&scene.machine.fake, lives[_i].file);
    ck_assert_str_eq(before, lives[_i].before);
    vp_autofree char *first = converged(&scene, lives[_i].file);
    ck_assert_msg(strcmp(first, lives[_i].with) == 0, "row %d: %s", _i, first);
    vp_autofree char *again = converged(&scene, lives[_i].file);
    ck_assert_str_eq(again, lives[_i].with);
    vp_occupied_remove(scene.machine.occupied, scene.db_place);
    scene.entries.n = 1;
    vp_autofree char *after = converged(&scene, lives[_i].file);
    ck_assert_msg(strcmp(after, lives[_i].after) == 0, "row %d: %s", _i, after);
}
END_TEST

/* One that comes has no threads yet, and one that ended has none any more. */
START_TEST(not_running)
{
    SCENE scene;
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    scene_open(&scene, true, BY_V2, -1, NULL);
    scene.other.state = VP_ENTRY_COMING;
    squeeze(&scene, &wishes);
    ck_assert_uint_eq(wishes.n, 0);
    scene.other.state = VP_ENTRY_RUNNING;
    scene.other.qemu.pid = 4711;
    squeeze(&scene, &wishes);
    ck_assert_uint_eq(wishes.n, 0);
}
END_TEST

VP_TEST_MAIN("squeeze", VP_TEST_ROWS(wished, rows), VP_TEST_ROWS(given_back, lives), VP_TEST(not_running))
