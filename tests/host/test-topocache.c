/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "topocache.h"

#include "../../src/host/ledger/topocache_pack.h"
#include "guests.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHE "/run/virt-profile/topology"

/* Fails unless both are the same machine; memory too, where `memory` is set. */
static void check_same(const struct vp_topology *a, const struct vp_topology *b, bool memory, const char *why)
{
    ck_assert_msg(a->n_cpus == b->n_cpus && a->n_cores == b->n_cores && a->n_caches == b->n_caches &&
                      a->n_nodes == b->n_nodes && a->n_packages == b->n_packages &&
                      a->n_kinds == b->n_kinds && a->threads == b->threads && a->n_by_os == b->n_by_os &&
                      a->n_sizes == b->n_sizes,
                  "%s: sizes", why);
    for (unsigned i = 0; i < a->n_cpus; i++) {
        const struct vp_cpu *x = &a->cpus[i];
        const struct vp_cpu *y = &b->cpus[i];
        ck_assert_msg(x->os == y->os && x->core == y->core && x->cache == y->cache && x->node == y->node &&
                          x->package == y->package && x->kind == y->kind && x->allowed == y->allowed &&
                          x->isolated == y->isolated,
                      "%s: CPU %u", why, i);
    }
    for (unsigned i = 0; i < a->n_cores; i++) {
        const struct vp_core *x = &a->cores[i];
        const struct vp_core *y = &b->cores[i];
        ck_assert_msg(x->first == y->first && x->n == y->n && x->n_allowed == y->n_allowed &&
                          x->cache == y->cache && x->node == y->node && x->kind == y->kind,
                      "%s: core %u", why, i);
    }
    for (unsigned i = 0; i < a->n_caches; i++)
        ck_assert_msg(a->caches[i].first == b->caches[i].first && a->caches[i].n == b->caches[i].n &&
                          a->caches[i].node == b->caches[i].node,
                      "%s: cache %u", why, i);
    for (unsigned i = 0; i < a->n_nodes; i++) {
        const struct vp_node *x = &a->nodes[i];
        const struct vp_node *y = &b->nodes[i];
        ck_assert_msg(x->os == y->os && x->n == y->n && (x->n == 0 || x->first == y->first) &&
                          x->home == y->home && hwloc_bitmap_isequal(x->cpus, y->cpus),
                      "%s: node %u", why, i);
        ck_assert_msg(!memory || (x->memory_kib == y->memory_kib && x->ordinary_kib == y->ordinary_kib &&
                                  memcmp(x->pages, y->pages, sizeof(x->pages)) == 0),
                      "%s: memory of node %u", why, i);
    }
    ck_assert_msg(memcmp(a->distances, b->distances, sizeof(unsigned) * a->n_nodes * a->n_nodes) == 0 &&
                      memcmp(a->sizes, b->sizes, sizeof(a->sizes[0]) * a->n_sizes) == 0 &&
                      memcmp(a->by_os, b->by_os, sizeof(a->by_os[0]) * a->n_by_os) == 0,
                  "%s: distances, sizes or numbers", why);
    ck_assert_msg(hwloc_bitmap_isequal(a->allowed, b->allowed) &&
                      hwloc_bitmap_isequal(a->isolated, b->isolated),
                  "%s: sets", why);
}

static const char *const machines[] = {
    GUESTS_MACHINE,
    "synthetic:numa:1 core:1 pu:1",
    "synthetic:pack:2 numa:4 l3:2 core:4 pu:2(indexes=64*2:1*64)",
    "synthetic:pack:4 numa:2 l3:8 core:8 pu:2",
    "synthetic:pack:2 [numa] l3:2 [numa] core:2 pu:1",
};

/* With some CPUs that may not be used, isolated ones, and pools. */
static void make_odd(struct vp_topology *topology)
{
    struct vp_cpu *last = &topology->cpus[topology->n_cpus - 1];
    if (topology->n_cpus < 4)
        return;
    last->allowed = false;
    topology->cores[last->core].n_allowed--;
    hwloc_bitmap_clr(topology->allowed, last->os);
    hwloc_bitmap_clr(topology->nodes[last->node].cpus, last->os);
    topology->cpus[1].isolated = true;
    hwloc_bitmap_set(topology->isolated, topology->cpus[1].os);
    topology->n_sizes = 2;
    topology->sizes[0] = 2048;
    topology->sizes[1] = UINT64_C(1) << 34;
}

START_TEST(there_and_back)
{
    GUESTS guests;
    guests_open(&guests, machines[_i]);
    make_odd(guests.topology);
    vp_autofree char *bytes = NULL;
    size_t len = 0;
    vp_topocache_pack(guests.topology, "key\nof two lines", &bytes, &len);
    vp_autotopology again = vp_topocache_unpack(bytes, len, "key\nof two lines");
    ck_assert_msg(again != NULL, "%s", machines[_i]);
    check_same(guests.topology, again, false, machines[_i]);
    ck_assert_ptr_null(vp_topocache_unpack(bytes, len, "key"));
    ck_assert_ptr_null(vp_topocache_unpack(bytes, len, ""));
    for (size_t cut = 0; cut < len && cut < 4000; cut++) {
        vp_autofree char *part = vp_alloc(len + 1, 1);
        memcpy(part, bytes, cut);
        part[cut] = '\0';
        ck_assert_msg(vp_topocache_unpack(part, cut, "key\nof two lines") == NULL, "cut at %zu", cut);
    }
}
END_TEST

/* Any byte that is another makes it none, so nothing odd ever comes out. */
START_TEST(damaged)
{
    GUESTS guests;
    guests_open(&guests, machines[2]);
    vp_autofree char *bytes = NULL;
    size_t len = 0;
    vp_topocache_pack(guests.topology, "key", &bytes, &len);
    for (size_t i = 0; i < len; i++) {
        const char before = bytes[i];
        bytes[i] = (char)(before ^ (1 << i % 8));
        ck_assert_msg(vp_topocache_unpack(bytes, len, "key") == NULL, "byte %zu", i);
        bytes[i] = before;
    }
}
END_TEST

/* As damaged, but with the right checksum: numbers that fit no machine are refused or harmless. */
START_TEST(forged)
{
    GUESTS guests;
    guests_open(&guests, machines[2]);
    vp_autofree char *bytes = NULL;
    size_t len = 0;
    unsigned accepted = 0;
    unsigned bad = 0;
    static const uint32_t values[] = {0, 1, 2, 63, 64, 8191, 8192, UINT32_MAX};
    vp_topocache_pack(guests.topology, "key", &bytes, &len);
    const size_t head = strlen(bytes) + 1;
    const size_t n = (len - head) / sizeof(uint32_t);
    for (size_t i = 2; i < n; i++)
        for (size_t k = 0; k < VP_ARRAY_SIZE(values); k++) {
            vp_autofree char *copy = vp_alloc(len, 1);
            memcpy(copy, bytes, len);
            memcpy(copy + head + i * sizeof(uint32_t), &values[k], sizeof(uint32_t));
            uint64_t sum = UINT64_C(0xcbf29ce484222325);
            for (size_t at = 2; at < n; at++) {
                uint32_t number = 0;
                memcpy(&number, copy + head + at * sizeof(number), sizeof(number));
                sum = (sum ^ number) * UINT64_C(0x100000001b3);
            }
            const uint32_t halves[] = {(uint32_t)(sum >> 32), (uint32_t)sum};
            memcpy(copy + head, halves, sizeof(halves));
            vp_autotopology topology = vp_topocache_unpack(copy, len, "key");
            accepted += topology != NULL;
            for (unsigned cpu = 0; topology != NULL && cpu < topology->n_cpus; cpu++)
                bad += topology->cpus[cpu].node >= topology->n_nodes ||
                       topology->cpus[cpu].cache >= topology->n_caches ||
                       topology->cpus[cpu].core >= topology->n_cores ||
                       topology->cpus[cpu].os >= topology->n_by_os;
        }
    ck_assert_uint_eq(bad, 0);
    ck_assert_uint_gt(accepted, 0); /* the checksum is the right one */
}
END_TEST

static void open_live(struct guests *guests)
{
    vp_host_free(guests->fake.host);
    ck_assert_int_eq(vp_host_open("live", guests->fake.root, &guests->fake.host, NULL), 0);
}

static void pool(const struct guests *guests, const char *pages)
{
    fake_file(&guests->fake, "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages", pages);
}

/* A host whose files could not be read by hwloc: all that is known of it is in the cache. */
START_TEST(taken_from_the_cache)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    guests_pools(&guests, 2048, 16);
    vp_autotopology first = NULL;
    ck_assert_int_eq(vp_topocache_read(guests.fake.root, guests.fake.host, &first, NULL), 0);
    check_same(guests.topology, first, false, "first");
    ck_assert_uint_eq(first->nodes[1].pages[0], 16);
    ck_assert_uint_eq(first->nodes[1].memory_kib, guests.topology->nodes[1].memory_kib);
    ck_assert_uint_eq(first->nodes[1].ordinary_kib, first->nodes[1].memory_kib - 16 * 2048);
    pool(&guests, "1024\n");
    vp_autotopology second = NULL;
    ck_assert_int_eq(vp_topocache_read(guests.fake.root, guests.fake.host, &second, NULL), 0);
    ck_assert_uint_eq(second->nodes[1].pages[0], 1024);
    ck_assert_uint_eq(second->nodes[0].pages[0], 16);
}
END_TEST

/* What makes the machine another, or one that is not known. */
static const struct {
    const char *path, *text;
} other_rows[] = {
    {"/proc/sys/kernel/random/boot_id", "another\n"},
    {"/sys/devices/system/cpu/online", "0-14\n"},
    {"/sys/devices/system/node/online", "0\n"},
    {"/sys/devices/system/node/has_memory", "0\n"},
    {"/sys/devices/system/cpu/isolated", "4-5\n"},
    {"/proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-7\nMems_allowed_list:\t0-1\nthreads: 1\n"},
    {"/proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-99\nMems_allowed_list:\t0\nthreads: 1\n"},
    {CACHE, ""},
    {CACHE, "virt-profile topology 0\n"},
};

START_TEST(read_anew)
{
    GUESTS guests;
    struct vp_topology *topology = NULL;
    guests_open(&guests, GUESTS_MACHINE);
    guests_pools(&guests, 2048, 16);
    fake_file(&guests.fake, other_rows[_i].path, other_rows[_i].text);
    /* hwloc is asked, which makes nothing of so few files. */
    const int r = vp_topocache_read(guests.fake.root, guests.fake.host, &topology, NULL);
    ck_assert_msg(r < 0, "%s '%s': %d", other_rows[_i].path, other_rows[_i].text, r);
    ck_assert_ptr_null(topology);
}
END_TEST

/* Hosts of other kinds do not look there, nor leave anything. */
START_TEST(other_hosts)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    guests_cache(&guests, "0-15\n");
    vp_host_free(guests.fake.host);
    ck_assert_int_eq(vp_host_open("synthetic:numa:1 core:3 pu:1", guests.fake.root, &guests.fake.host, NULL),
                     0);
    vp_autotopology topology = NULL;
    ck_assert_int_eq(vp_topocache_read(guests.fake.root, guests.fake.host, &topology, NULL), 0);
    ck_assert_uint_eq(topology->n_cpus, 3);
    vp_autofree char *path = vp_asprintf("%s" CACHE, guests.fake.folder);
    ck_assert_int_eq(unlink(path), 0);
    vp_autotopology again = NULL;
    ck_assert_int_eq(vp_topocache_read(guests.fake.root, guests.fake.host, &again, NULL), 0);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

/* A file of this machine, if it has it. */
static void take_file(const struct guests *guests, const char *path)
{
    VP_CLEANUP(vp_root_free_ptr) struct vp_root *live = NULL;
    vp_autofree char *text = NULL;
    size_t len = 0;
    ck_assert_int_eq(vp_root_open("/", &live, NULL), 0);
    if (vp_root_read(live, path, 1u << 20, &text, &len, NULL) == 0)
        fake_bytes(&guests->fake, path, text, len);
}

static void take_folder(const struct guests *guests, const char *path, int depth)
{
    VP_CLEANUP(vp_root_free_ptr) struct vp_root *live = NULL;
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    ck_assert_int_eq(vp_root_open("/", &live, NULL), 0);
    if (vp_root_list(live, path, &names, NULL) < 0) {
        take_file(guests, path);
        return;
    }
    for (size_t i = 0; names[i] != NULL && depth > 0; i++) {
        vp_autofree char *inner = vp_asprintf("%s/%s", path, names[i]);
        if (strcmp(names[i], "power") != 0 && strcmp(names[i], "subsystem") != 0)
            take_folder(guests, inner, depth - 1);
    }
}

/* This machine: read by hwloc and kept, and the same when it comes from there. */
START_TEST(of_this_machine)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    if (access("/sys/devices/system/node/online", R_OK) != 0)
        return;
    take_folder(&guests, "/sys/devices/system/cpu", 4);
    take_folder(&guests, "/sys/devices/system/node", 3);
    take_file(&guests, "/proc/self/status");
    take_file(&guests, "/proc/cpuinfo");
    take_file(&guests, "/proc/meminfo");
    open_live(&guests);
    vp_autofree char *path = vp_asprintf("%s" CACHE, guests.fake.folder);
    vp_autofree char *left = vp_asprintf("%s/run/virt-profile/.topology.1.vp-new", guests.fake.folder);
    fake_file(&guests.fake, "/run/virt-profile/.topology.1.vp-new", "half");
    vp_autotopology first = NULL;
    vp_autotopology second = NULL;
    struct stat made;
    struct stat now;
    ck_assert_int_eq(vp_topocache_read(guests.fake.root, guests.fake.host, &first, NULL), 0);
    ck_assert_int_eq(stat(path, &made), 0);
    ck_assert_uint_eq(made.st_mode & 0777, 0600);
    ck_assert_int_ne(access(left, F_OK), 0);
    open_live(&guests);
    ck_assert_int_eq(vp_topocache_read(guests.fake.root, guests.fake.host, &second, NULL), 0);
    check_same(first, second, true, "this machine");
    ck_assert_int_eq(stat(path, &now), 0);
    ck_assert_uint_eq(now.st_ino, made.st_ino);
}
END_TEST

VP_TEST_MAIN("topocache", VP_TEST_ROWS(there_and_back, machines), VP_TEST(damaged), VP_TEST(forged),
             VP_TEST(taken_from_the_cache), VP_TEST_ROWS(read_anew, other_rows), VP_TEST(other_hosts),
             VP_TEST(of_this_machine))
