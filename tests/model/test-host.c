/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host.h"

#include "fake.h"

#include <errno.h>
#include <hwloc.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define HOST VP_CLEANUP(vp_host_free_ptr) struct vp_host

static struct vp_host *open_host(const struct fake *fake, const char *where)
{
    struct vp_host *host = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_host_open(where, fake->root, &host, &err) == 0, "%s: %s", where,
                  err != NULL ? err->message : "");
    return host;
}

START_TEST(synthetic)
{
    static const struct {
        const char *where, *cpus, *nodes;
    } rows[] = {
        {"synthetic:numa:2 core:4 pu:2", "0-15", "0-1"},
        {"synthetic:pack:1 core:1 pu:1", "0", "0"},
        {"synthetic:numa:8 core:64 pu:2", "0-1023", "0-7"},
    };
    FAKE fake;
    fake_open(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        HOST *host = open_host(&fake, rows[i].where);
        vp_autofree char *cpus = NULL;
        vp_autofree char *nodes = NULL;
        ck_assert_int_eq(vp_host_lists(host, &cpus, &nodes, NULL), 0);
        ck_assert_str_eq(cpus, rows[i].cpus);
        ck_assert_str_eq(nodes, rows[i].nodes);
        ck_assert_str_eq(vp_host_source(host), rows[i].where);
        ck_assert_int_eq(vp_host_cpu_vendor(host), VP_CPU_UNKNOWN);
        struct hwloc_topology *first = NULL;
        struct hwloc_topology *second = NULL;
        ck_assert_int_eq(vp_host_topology(host, &first, NULL), 0);
        ck_assert_int_eq(vp_host_topology(host, &second, NULL), 0);
        ck_assert_ptr_eq(first, second);
    }
}
END_TEST

START_TEST(refuses)
{
    static const char *const rows[] = {"synthetic:", "synthetic:nonsense", "synthetic:core:0",
                                       "synthetic:pu:-1"};
    FAKE fake;
    fake_open(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        HOST *host = open_host(&fake, rows[i]);
        static char sentinel;
        struct hwloc_topology *topology = (struct hwloc_topology *)(void *)&sentinel;
        char *cpus = &sentinel;
        char *nodes = &sentinel;
        vp_autoerror err = NULL;
        ck_assert_msg(vp_host_topology(host, &topology, &err) < 0, "%s", rows[i]);
        ck_assert_ptr_nonnull(strstr(err->message, rows[i]));
        ck_assert_msg(vp_host_lists(host, &cpus, &nodes, NULL) < 0, "%s", rows[i]);
        ck_assert_ptr_eq(topology, (struct hwloc_topology *)(void *)&sentinel);
        ck_assert_ptr_eq(cpus, &sentinel);
        ck_assert_ptr_eq(nodes, &sentinel);
    }
    struct vp_host *host = NULL;
    vp_autoerror err = NULL;
    ck_assert_int_eq(vp_host_open("/no/such/host", fake.root, &host, &err), -ENOENT);
    ck_assert_ptr_null(host);
    ck_assert_ptr_nonnull(strstr(err->message, "/no/such/host"));
    vp_host_free(NULL);
}
END_TEST

/* Write a description as hwloc XML below the fake's folder; the path is owned. */
static char *export(const struct fake *fake, const char *description)
{
    hwloc_topology_t topology = NULL;
    char *path = vp_asprintf("%s/host.xml", fake->folder);
    ck_assert_int_eq(hwloc_topology_init(&topology), 0);
    ck_assert_int_eq(hwloc_topology_set_synthetic(topology, description), 0);
    ck_assert_int_eq(hwloc_topology_load(topology), 0);
    hwloc_obj_add_info(hwloc_get_obj_by_type(topology, HWLOC_OBJ_PACKAGE, 0), "CPUVendor", "AuthenticAMD");
    ck_assert_int_eq(hwloc_topology_export_xml(topology, path, 0), 0);
    hwloc_topology_destroy(topology);
    return path;
}

START_TEST(xml)
{
    FAKE fake;
    fake_open(&fake);
    vp_autofree char *path = export(&fake, "pack:1 numa:3 core:5 pu:1");
    HOST *host = open_host(&fake, path);
    vp_autofree char *cpus = NULL;
    vp_autofree char *nodes = NULL;
    ck_assert_int_eq(vp_host_lists(host, &cpus, &nodes, NULL), 0);
    ck_assert_str_eq(cpus, "0-14");
    ck_assert_str_eq(nodes, "0-2");
    ck_assert_int_eq(strncmp(vp_host_source(host), "xml:", 4), 0);
    ck_assert_int_eq(vp_host_cpu_vendor(host), VP_CPU_AMD);
}
END_TEST

START_TEST(bogus_xml)
{
    static const char *const rows[] = {
        "",
        "hello",
        "<topology/>",
        "<domain/>",
        "<topology version='2.0'><object type='",
        "<!DOCTYPE topology [<!ENTITY a 'b'>]><topology version='2.0'>&a;</topology>"};
    FAKE fake;
    fake_open(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        fake_file(&fake, "/bogus.xml", rows[i]);
        vp_autofree char *path = vp_asprintf("%s/bogus.xml", fake.folder);
        HOST *host = open_host(&fake, path);
        struct hwloc_topology *topology = NULL;
        vp_autoerror err = NULL;
        ck_assert_msg(vp_host_topology(host, &topology, &err) < 0, "'%s'", rows[i]);
        ck_assert_ptr_null(topology);
        ck_assert_ptr_nonnull(strstr(err->message, "bogus.xml"));
    }
}
END_TEST

/* A machine of `cpus` CPUs in `nodes` nodes, 7 cores a node so that it is like no other. */
static void make_dump(const struct fake *fake, unsigned cpus, unsigned nodes, const char *cpuinfo)
{
    for (unsigned i = 0; i < cpus; i++) {
        static const char *const files[] = {"physical_package_id", "core_id",      "core_cpus",
                                            "thread_siblings",     "package_cpus", "core_siblings"};
        for (size_t k = 0; k < VP_ARRAY_SIZE(files); k++) {
            vp_autofree char *path =
                vp_asprintf("/dump/sys/devices/system/cpu/cpu%u/topology/%s", i, files[k]);
            vp_autofree char *text = k == 0   ? vp_strdup("0\n")
                                     : k == 1 ? vp_asprintf("%u\n", i)
                                     : k < 4  ? vp_asprintf("%08x\n", 1u << i)
                                              : vp_asprintf("%08x\n", (1u << cpus) - 1);
            fake_file(fake, path, text);
        }
    }
    vp_autofree char *range = vp_asprintf("0-%u\n", cpus - 1);
    vp_autofree char *online = vp_asprintf("0-%u\n", nodes - 1);
    fake_file(fake, "/dump/sys/devices/system/cpu/online", range);
    fake_file(fake, "/dump/sys/devices/system/cpu/possible", range);
    fake_file(fake, "/dump/sys/devices/system/node/online", online);
    for (unsigned i = 0; i < nodes; i++) {
        const unsigned each = cpus / nodes;
        vp_autofree char *map_path = vp_asprintf("/dump/sys/devices/system/node/node%u/cpumap", i);
        vp_autofree char *map = vp_asprintf("%08x\n", ((1u << each) - 1) << (i * each));
        vp_autofree char *mem_path = vp_asprintf("/dump/sys/devices/system/node/node%u/meminfo", i);
        vp_autofree char *mem = vp_asprintf("Node %u MemTotal:       4194304 kB\n", i);
        fake_file(fake, map_path, map);
        fake_file(fake, mem_path, mem);
    }
    fake_file(fake, "/dump/proc/cpuinfo", cpuinfo);
    fake_file(fake, "/dump/proc/meminfo", "MemTotal:       8388608 kB\n");
    fake_file(fake, "/dump/proc/mounts", "");
}

#define INTEL "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\n\n"

static struct vp_host *open_dump(const struct fake *fake)
{
    vp_autofree char *path = vp_asprintf("%s/dump", fake->folder);
    return open_host(fake, path);
}

START_TEST(dump)
{
    FAKE fake;
    fake_open(&fake);
    make_dump(&fake, 14, 2, INTEL);
    HOST *host = open_dump(&fake);
    vp_autofree char *cpus = NULL;
    vp_autofree char *nodes = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_host_lists(host, &cpus, &nodes, &err) == 0, "%s", err != NULL ? err->message : "");
    ck_assert_str_eq(cpus, "0-13");
    ck_assert_str_eq(nodes, "0-1");
    struct hwloc_topology *topology = NULL;
    ck_assert_int_eq(vp_host_topology(host, &topology, NULL), 0);
    ck_assert_int_eq(hwloc_topology_is_thissystem(topology), 0);
    ck_assert_int_eq(hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE), 14);
    ck_assert_int_eq(vp_host_cpu_vendor(host), VP_CPU_INTEL);
    ck_assert_int_eq(strncmp(vp_host_source(host), "dump:", 5), 0);
    /* hwloc is told in the environment; it must not stay there. */
    ck_assert_ptr_null(getenv("HWLOC_FSROOT"));
    ck_assert_ptr_null(getenv("HWLOC_COMPONENTS"));
}
END_TEST

/* A folder with no machine in it must not turn into the one the test runs on. */
START_TEST(bogus_dump)
{
    FAKE fake;
    fake_open(&fake);
    static const char *const files[] = {"/dump/readme", "/dump/proc/cpuinfo",
                                        "/dump/sys/devices/system/cpu/online"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(files); i++) {
        fake_file(&fake, files[i], "0-63\n");
        HOST *host = open_dump(&fake);
        struct hwloc_topology *topology = NULL;
        vp_autoerror err = NULL;
        ck_assert_msg(vp_host_topology(host, &topology, &err) < 0, "after %s: %d CPUs", files[i],
                      hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU));
        ck_assert_ptr_null(topology);
        ck_assert_ptr_nonnull(err);
    }
}
END_TEST

/* "live" below a root that is not "/" is the host in that folder. */
START_TEST(live_below_a_root)
{
    FAKE fake;
    fake_open(&fake);
    make_dump(&fake, 14, 2, INTEL);
    VP_CLEANUP(vp_root_free_ptr) struct vp_root *root = NULL;
    vp_autofree char *path = vp_asprintf("%s/dump", fake.folder);
    ck_assert_int_eq(vp_root_open(path, &root, NULL), 0);
    HOST *host = NULL;
    ck_assert_int_eq(vp_host_open("live", root, &host, NULL), 0);
    vp_autofree char *cpus = NULL;
    vp_autofree char *nodes = NULL;
    ck_assert_int_eq(vp_host_lists(host, &cpus, &nodes, NULL), 0);
    ck_assert_str_eq(cpus, "0-13");
}
END_TEST

START_TEST(live)
{
    VP_CLEANUP(vp_root_free_ptr) struct vp_root *root = NULL;
    ck_assert_int_eq(vp_root_open("/", &root, NULL), 0);
    HOST *host = NULL;
    ck_assert_int_eq(vp_host_open("live", root, &host, NULL), 0);
    ck_assert_str_eq(vp_host_source(host), "live");
    struct hwloc_topology *topology = NULL;
    ck_assert_int_eq(vp_host_topology(host, &topology, NULL), 0);
    ck_assert_int_ge(hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU), (int)sysconf(_SC_NPROCESSORS_ONLN));
}
END_TEST

START_TEST(hugepages)
{
    FAKE fake;
    fake_open(&fake);
    make_dump(&fake, 14, 2, INTEL);
    fake_file(&fake, "/dump/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "512\n");
    fake_file(&fake, "/dump/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "0\n");
    fake_file(&fake, "/dump/sys/kernel/mm/hugepages/hugepages-64kB/nr_hugepages", "many\n");
    fake_file(&fake, "/dump/sys/kernel/mm/hugepages/hugepages-16384kB/other", "");
    static const struct {
        uint64_t kib;
        int r;
        uint64_t pages;
        bool has;
    } rows[] = {
        {2048, 0, 512, true}, {1048576, 0, 0, true}, {4, 0, 0, false},          {64, -EBADMSG, 77, true},
        {16384, 0, 0, true},  {0, 0, 0, false},      {UINT64_MAX, 0, 0, false},
    };
    HOST *host = open_dump(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        uint64_t pages = 77;
        const int r = vp_host_hugepages(host, rows[i].kib, &pages, NULL);
        ck_assert_msg(r == rows[i].r, "%" PRIu64 ": %d", rows[i].kib, r);
        ck_assert_msg(pages == rows[i].pages, "%" PRIu64 ": %" PRIu64 " pages", rows[i].kib, pages);
        ck_assert_msg(vp_host_has_hugepage_size(host, rows[i].kib) == rows[i].has, "%" PRIu64, rows[i].kib);
    }
    HOST *synthetic_host = open_host(&fake, "synthetic:numa:1 core:1 pu:1");
    uint64_t pages = 77;
    ck_assert_int_eq(vp_host_hugepages(synthetic_host, 2048, &pages, NULL), 0);
    ck_assert_uint_eq(pages, 0);
    ck_assert(!vp_host_has_hugepage_size(synthetic_host, 2048));
}
END_TEST

START_TEST(vendors)
{
    static const struct {
        const char *cpuinfo;
        enum vp_cpu_vendor vendor;
    } rows[] = {
        {INTEL, VP_CPU_INTEL},
        {"processor : 0\nvendor_id : AuthenticAMD\n", VP_CPU_AMD},
        {"processor : 0\nvendor_id : HygonGenuine\n", VP_CPU_AMD},
        {"processor : 0\nvendor_id : CentaurHauls\n", VP_CPU_OTHER},
        {"vendor_id       : IBM/S390\n", VP_CPU_OTHER},
        {"processor : 0\nBogoMIPS : 50.00\n", VP_CPU_OTHER},
        {"processor : 0\nvendor_id : Odd\nmodel name : GenuineIntel look-alike\n", VP_CPU_OTHER},
        {"", VP_CPU_UNKNOWN},
    };
    FAKE fake;
    fake_open(&fake);
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        fake_file(&fake, "/dump/proc/cpuinfo", rows[i].cpuinfo);
        HOST *host = open_dump(&fake);
        ck_assert_msg(vp_host_cpu_vendor(host) == rows[i].vendor, "row %zu: %d", i, vp_host_cpu_vendor(host));
    }
}
END_TEST

START_TEST(roots)
{
    FAKE fake;
    fake_open(&fake);
    make_dump(&fake, 14, 2, INTEL);
    vp_autofree char *xml_path = export(&fake, "pack:1 numa:1 core:1 pu:1");
    vp_autofree char *folder = vp_asprintf("%s/dump", fake.folder);
    const struct {
        const char *where, *root;
    } rows[] = {
        {"synthetic:pack:1 core:1 pu:1", NULL}, {xml_path, NULL}, {folder, folder}, {"live", fake.folder}};
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        HOST *host = open_host(&fake, rows[i].where);
        const struct vp_root *root = vp_host_root(host);
        ck_assert_msg((root == NULL) == (rows[i].root == NULL), "%s", rows[i].where);
        if (root != NULL)
            ck_assert_str_eq(root->path, rows[i].root);
    }
}
END_TEST

VP_TEST_MAIN("host", VP_TEST(synthetic), VP_TEST(refuses), VP_TEST(xml), VP_TEST(bogus_xml), VP_TEST(dump),
             VP_TEST(bogus_dump), VP_TEST(live_below_a_root), VP_TEST(live), VP_TEST(hugepages),
             VP_TEST(vendors), VP_TEST(roots))
