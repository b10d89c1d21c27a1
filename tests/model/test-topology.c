/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "topology.h"

#include "fake.h"

#include <errno.h>
#include <string.h>

static struct vp_topology *read_host(const struct fake *fake, const char *where)
{
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *host = NULL;
    struct vp_topology *topology = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_host_open(where, fake->root, &host, &err) == 0, "%s: %s", where,
                  err ? err->message : "");
    ck_assert_msg(vp_topology_read(host, &topology, &err) == 0, "%s: %s", where, err ? err->message : "");
    return topology;
}

/* Every index points back to where it came from. */
static void check_arrays(const struct vp_topology *topology, const char *where)
{
    unsigned cpus = 0, cores = 0, caches = 0;
    for (unsigned node = 0; node < topology->n_nodes; node++) {
        const struct vp_node *it = &topology->nodes[node];
        for (unsigned cache = it->first; cache < it->first + it->n; cache++, caches++) {
            ck_assert_msg(cache == caches && topology->caches[cache].node == node, "%s: cache %u", where,
                          cache);
            const struct vp_cache *shared = &topology->caches[cache];
            for (unsigned core = shared->first; core < shared->first + shared->n; core++, cores++) {
                ck_assert_msg(core == cores && topology->cores[core].cache == cache &&
                                  topology->cores[core].node == node,
                              "%s: core %u", where, core);
                const struct vp_core *threads = &topology->cores[core];
                for (unsigned cpu = threads->first; cpu < threads->first + threads->n; cpu++, cpus++) {
                    const struct vp_cpu *one = &topology->cpus[cpu];
                    ck_assert_msg(cpu == cpus && one->core == core && one->cache == cache &&
                                      one->node == node,
                                  "%s: CPU %u", where, cpu);
                    ck_assert_int_eq(vp_topology_cpu(topology, one->os), (int)cpu);
                    ck_assert_int_eq(hwloc_bitmap_isset(it->cpus, one->os), one->allowed);
                }
            }
        }
        ck_assert_uint_eq(vp_topology_distance(topology, node, node), 10);
        ck_assert(topology->nodes[it->home].memory_kib > 0 || topology->nodes[it->home].home == it->home);
    }
    ck_assert_uint_eq(cpus, topology->n_cpus);
    ck_assert_uint_eq(cores, topology->n_cores);
    ck_assert_uint_eq(caches, topology->n_caches);
}

static const struct {
    const char *name, *where;
    unsigned cpus, cores, caches, nodes, packages, threads;
    const char *housekeeping;
} shapes[] = {
    {"desktop", "synthetic:pack:1 l3:1 core:4 pu:2", 8, 4, 1, 1, 1, 2, "0-1"},
    {"2 sockets, SMT", "synthetic:pack:2 [numa(memory=64GiB)] l3:1 core:16 pu:2", 64, 32, 2, 2, 2, 2,
     "0-1,32-33"},
    {"2 sockets, numbered as Linux does",
     "synthetic:pack:2 [numa(memory=64GiB)] l3:1 core:4 pu:2(indexes=0,8,1,9,2,10,3,11,4,12,5,13,6,14,7,15)",
     16, 8, 2, 2, 2, 2, "0,4,8,12"},
    {"EPYC, NPS4", "synthetic:pack:2 group:4 [numa(memory=64GiB)] l3:2 core:8 pu:2", 256, 128, 16, 8, 2, 2,
     "0-1,32-33,64-65,96-97,128-129,160-161,192-193,224-225"},
    {"SNC2", "synthetic:pack:2 group:2 [numa(memory=64GiB)] l3:1 core:12 pu:2", 96, 48, 4, 4, 2, 2,
     "0-1,24-25,48-49,72-73"},
    {"POWER, SMT4", "synthetic:pack:2 [numa(memory=64GiB)] l3:5 core:2 pu:4", 80, 20, 10, 2, 2, 4,
     "0-3,40-43"},
    {"1024 CPUs", "synthetic:pack:8 [numa(memory=512GiB)] l3:8 core:8 pu:2", 1024, 512, 64, 8, 8, 2,
     "0-1,128-129,256-257,384-385,512-513,640-641,768-769,896-897"},
    {"private L2 only", "synthetic:pack:1 core:4 l2:1 pu:2", 8, 4, 1, 1, 1, 2, "0-1"},
    {"one CPU", "synthetic:pack:1 core:1 pu:1", 1, 1, 1, 1, 1, 1, "0"},
    {"HBM beside", "synthetic:pack:2 [numa(memory=64GiB)] [numa(memory=16GiB)] core:4 pu:1", 8, 8, 2, 4, 2, 1,
     "0,4"},
};

START_TEST(shape)
{
    FAKE fake;
    fake_open(&fake);
    vp_autotopology topology = read_host(&fake, shapes[_i].where);
    check_arrays(topology, shapes[_i].name);
    ck_assert_msg(topology->n_cpus == shapes[_i].cpus, "%s: %u CPUs", shapes[_i].name, topology->n_cpus);
    ck_assert_msg(topology->n_cores == shapes[_i].cores, "%s: %u cores", shapes[_i].name, topology->n_cores);
    ck_assert_msg(topology->n_caches == shapes[_i].caches, "%s: %u caches", shapes[_i].name,
                  topology->n_caches);
    ck_assert_msg(topology->n_nodes == shapes[_i].nodes, "%s: %u nodes", shapes[_i].name, topology->n_nodes);
    ck_assert_msg(topology->n_packages == shapes[_i].packages, "%s: %u packages", shapes[_i].name,
                  topology->n_packages);
    ck_assert_msg(topology->threads == shapes[_i].threads, "%s: %u threads", shapes[_i].name,
                  topology->threads);
    vp_autobitmap set = NULL;
    ck_assert_int_eq(vp_topology_housekeeping(topology, NULL, &set, NULL), 0);
    vp_autofree char *text = vp_bitmap_text(set);
    ck_assert_msg(strcmp(text, shapes[_i].housekeeping) == 0, "%s: housekeeping %s", shapes[_i].name, text);
    ck_assert_uint_eq(vp_topology_distance(topology, 0, topology->n_nodes - 1),
                      topology->n_nodes == 1 ? 10 : 20);
}
END_TEST

START_TEST(as_many_as_there_can_be)
{
    FAKE fake;
    fake_open(&fake);
    vp_autotopology topology = read_host(&fake, "synthetic:pack:16 [numa(memory=1TiB)] l3:16 core:16 pu:2");
    ck_assert_uint_eq(topology->n_cpus, 8192);
    ck_assert_int_eq(vp_topology_cpu(topology, 8191), 8191);
    ck_assert_int_eq(vp_topology_cpu(topology, 8192), -1);
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *host = NULL;
    ck_assert_int_eq(
        vp_host_open("synthetic:pack:16 [numa(memory=1TiB)] l3:16 core:17 pu:2", fake.root, &host, NULL), 0);
    struct vp_topology *none = NULL;
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_topology_read(host, &none, &err), -E2BIG);
    ck_assert_ptr_null(none);
    ck_assert_ptr_nonnull(strstr(err->message, "8704"));
}
END_TEST

static void put_cpu(const struct fake *fake, unsigned cpu, unsigned core, unsigned siblings, unsigned package,
                    unsigned others)
{
    const struct {
        const char *name;
        unsigned value;
        bool mask;
    } files[] = {{"physical_package_id", package, false}, {"core_id", core, false},
                 {"core_cpus", siblings, true},           {"thread_siblings", siblings, true},
                 {"package_cpus", others, true},          {"core_siblings", others, true}};
    for (size_t k = 0; k < VP_ARRAY_SIZE(files); k++) {
        vp_autofree char *path =
            vp_asprintf("/dump/sys/devices/system/cpu/cpu%u/topology/%s", cpu, files[k].name);
        vp_autofree char *text = vp_asprintf(files[k].mask ? "%08x\n" : "%u\n", files[k].value);
        fake_file(fake, path, text);
    }
}

static void put_node(const struct fake *fake, unsigned node, unsigned mask, unsigned kib,
                     const char *distance)
{
    vp_autofree char *folder = vp_asprintf("/dump/sys/devices/system/node/node%u", node);
    vp_autofree char *map_path = vp_asprintf("%s/cpumap", folder);
    vp_autofree char *map = vp_asprintf("%08x\n", mask);
    vp_autofree char *mem_path = vp_asprintf("%s/meminfo", folder);
    vp_autofree char *mem = vp_asprintf("Node %u MemTotal:       %u kB\n", node, kib);
    vp_autofree char *distance_path = vp_asprintf("%s/distance", folder);
    fake_file(fake, map_path, map);
    fake_file(fake, mem_path, mem);
    fake_file(fake, distance_path, distance);
}

static void put_pool(const struct fake *fake, unsigned node, unsigned kib, unsigned pages)
{
    vp_autofree char *path =
        vp_asprintf("/dump/sys/devices/system/node/node%u/hugepages/hugepages-%ukB/nr_hugepages", node, kib);
    vp_autofree char *all = vp_asprintf("/dump/sys/kernel/mm/hugepages/hugepages-%ukB/nr_hugepages", kib);
    vp_autofree char *text = vp_asprintf("%u\n", pages);
    fake_file(fake, path, text);
    fake_file(fake, all, text);
}

/*
 * CPUs 0-7 with siblings (0,4) (1,5) (2,6) (3,7); 0,1,4,5 on node 0; 2,3,6,7 on node 2, which has no
 * memory; CPU 5 is offline,
 * 2-3 and 6-7 but for 7 are isolated; node 5 is memory only, nearer to node 2.
 */
static void put_odd_machine(const struct fake *fake)
{
    for (unsigned i = 0; i < 8; i++)
        if (i != 5)
            put_cpu(fake, i, i % 4, i % 4 == 1 ? 1u << 1 : 0x11u << i % 4, i % 4 / 2,
                    i % 4 < 2 ? 0x13 : 0xcc);
    fake_file(fake, "/dump/sys/devices/system/cpu/online", "0-4,6-7\n");
    fake_file(fake, "/dump/sys/devices/system/cpu/possible", "0-7\n");
    fake_file(fake, "/dump/sys/devices/system/cpu/isolated", "2-3,5-6\n");
    fake_file(fake, "/dump/sys/devices/system/node/online", "0,2,5\n");
    put_node(fake, 0, 0x13, 4194304, "10 21 31\n");
    put_node(fake, 2, 0xcc, 0, "21 10 15\n");
    put_node(fake, 5, 0, 8388608, "31 15 10\n");
    put_pool(fake, 0, 2048, 512);
    put_pool(fake, 5, 2048, 0);
    put_pool(fake, 5, 1048576, 3);
    fake_file(fake, "/dump/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n");
    fake_file(fake, "/dump/proc/meminfo", "MemTotal:       12582912 kB\n");
    fake_file(fake, "/dump/proc/mounts", "");
}

START_TEST(odd_machine)
{
    FAKE fake;
    fake_open(&fake);
    put_odd_machine(&fake);
    vp_autofree char *path = vp_asprintf("%s/dump", fake.folder);
    vp_autotopology topology = read_host(&fake, path);
    check_arrays(topology, "odd");
    vp_autofree char *allowed = vp_bitmap_text(topology->allowed);
    vp_autofree char *isolated = vp_bitmap_text(topology->isolated);
    ck_assert_str_eq(allowed, "0-4,6-7");
    ck_assert_str_eq(isolated, "2-3,6");
    ck_assert_int_eq(vp_topology_cpu(topology, 5), -1);
    ck_assert_uint_eq(topology->n_nodes, 3);
    const struct vp_node *nodes = topology->nodes;
    ck_assert_uint_eq(nodes[1].os, 2);
    ck_assert_uint_eq(nodes[2].os, 5);
    ck_assert_uint_eq(nodes[2].n, 0);
    ck_assert_uint_eq(nodes[0].home, 0);
    ck_assert_uint_eq(nodes[1].home, 2);
    ck_assert_uint_eq(vp_topology_distance(topology, 1, 2), 15);
    ck_assert_uint_eq(vp_topology_distance(topology, 0, 2), 31);
    ck_assert_uint_eq(topology->n_sizes, 2);
    ck_assert_uint_eq(topology->sizes[0], 2048);
    ck_assert_uint_eq(nodes[0].pages[0], 512);
    ck_assert_uint_eq(nodes[0].ordinary_kib, 3145728);
    ck_assert_uint_eq(nodes[2].pages[1], 3);
    vp_autobitmap set = NULL;
    ck_assert_int_eq(vp_topology_housekeeping(topology, NULL, &set, NULL), 0);
    vp_autofree char *text = vp_bitmap_text(set);
    ck_assert_str_eq(text, "0,4,7"); /* of core (3,7) what is not isolated */
}
END_TEST

static const struct {
    const char *list;
    int r;
    const char *message;
} lists[] = {
    {"0", 0, ""},
    {"7,1", 0, ""},
    {"", 0, ""},
    {"2", -EINVAL, "CPU 2 is"},
    {"0,5", -EINVAL, "CPU 5 is"},
    {"0-9", -EINVAL, "CPU 2-3,5-6,8-9 is"},
    {"a", -EINVAL, "'a'"},
    {"0,", -EINVAL, "comma"},
    {"3-1", -EINVAL, "'3-1'"},
    {"0-8192", -ERANGE, "'0-8192'"},
};

START_TEST(housekeeping_list)
{
    FAKE fake;
    fake_open(&fake);
    put_odd_machine(&fake);
    vp_autofree char *path = vp_asprintf("%s/dump", fake.folder);
    vp_autotopology topology = read_host(&fake, path);
    static char sentinel;
    hwloc_bitmap_t set = (hwloc_bitmap_t)(void *)&sentinel;
    vp_autoerror err = NULL;
    const int r = vp_topology_housekeeping(topology, lists[_i].list, &set, &err);
    ck_assert_msg(r == lists[_i].r, "'%s': %d", lists[_i].list, r);
    if (r == 0) {
        hwloc_bitmap_free(set);
        return;
    }
    ck_assert_ptr_eq(set, (hwloc_bitmap_t)(void *)&sentinel);
    ck_assert_msg(strstr(err->message, lists[_i].message) != NULL, "'%s': %s", lists[_i].list, err->message);
}
END_TEST

static const struct {
    const char *text, *same;
    int r;
} sets[] = {
    {"", "", 0},
    {" 0-3,8\n", "0-3,8", 0},
    {"1,0", "0-1", 0},
    {"8191", "8191", 0},
    {"8192", NULL, -ERANGE},
    {",", NULL, -EINVAL},
    {"1,,2", NULL, -EINVAL},
    {"1-", NULL, -EINVAL},
    {"-1", NULL, -EINVAL},
    {"0x3", NULL, -EINVAL},
    {"1 2", NULL, -EINVAL},
    {"1-2-3", NULL, -EINVAL},
};

START_TEST(parse)
{
    hwloc_bitmap_t set = NULL;
    vp_autoerror err = NULL;
    const int r = vp_bitmap_parse(sets[_i].text, "what", &set, &err);
    ck_assert_msg(r == sets[_i].r, "'%s': %d", sets[_i].text, r);
    ck_assert_msg((err == NULL) == (r == 0) && (set == NULL) == (r != 0), "'%s'", sets[_i].text);
    if (r < 0)
        return;
    vp_autofree char *text = vp_bitmap_text(set);
    ck_assert_msg(strcmp(text, sets[_i].same) == 0, "'%s': '%s'", sets[_i].text, text);
    hwloc_bitmap_free(set);
}
END_TEST

VP_TEST_MAIN("topology", VP_TEST_ROWS(shape, shapes), VP_TEST(as_many_as_there_can_be), VP_TEST(odd_machine),
             VP_TEST_ROWS(housekeeping_list, lists), VP_TEST_ROWS(parse, sets))
