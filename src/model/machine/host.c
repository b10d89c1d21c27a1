/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>

#include <hwloc.h>

#include "host.h"
#include "schema.h"

enum source { SOURCE_LIVE, SOURCE_XML, SOURCE_DUMP, SOURCE_SYNTHETIC };

struct vp_host {
    enum source source;
    char *label;                /* what vp_host_source() gives */
    char *where;                /* file, folder or description */
    const struct vp_root *root; /* where /proc and /sys are: the caller's, or `dump` */
    struct vp_root *dump;       /* owned; a dump's own root */
    struct vp_schema *schema;
    hwloc_topology_t topology; /* NULL until asked for */
};

#define SYNTHETIC "synthetic:"
#define ISOLATED_MAX 65536 /* bytes of a list of CPUs; the kernel gives a page */

static void set_source(struct vp_host *host, enum source source, const char *prefix, const char *where)
{
    host->source = source;
    host->where = vp_strdup(where);
    host->label = vp_asprintf("%s%s", prefix, where);
}

static int set_path(struct vp_host *host, const char *where, struct vp_error **err)
{
    struct stat st;
    if (stat(where, &st) < 0)
        return vp_fail(err, errno,
                       "no host '%s': %s; it is 'live', an hwloc XML file, a folder with a dump of /sys, "
                       "or 'synthetic:DESCRIPTION'",
                       where, strerror(errno));
    if (!S_ISDIR(st.st_mode)) {
        set_source(host, SOURCE_XML, "xml:", where);
        return 0;
    }
    const int r = vp_root_open(where, &host->dump, err);
    if (r < 0)
        return r;
    host->root = host->dump;
    set_source(host, SOURCE_DUMP, "dump:", where);
    return 0;
}

int vp_host_open(const char *where, const struct vp_root *root, struct vp_host **ret_host,
                 struct vp_error **err)
{
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *host = vp_alloc(1, sizeof(*host));
    host->root = root;
    host->schema = vp_schema_new(root);
    if (strcmp(where, "live") == 0) {
        /* A fake root is a dump of a host, whatever the caller calls it. */
        if (root->live)
            set_source(host, SOURCE_LIVE, "", where);
        else
            set_source(host, SOURCE_DUMP, "dump:", root->path);
    } else if (strncmp(where, SYNTHETIC, strlen(SYNTHETIC)) == 0) {
        set_source(host, SOURCE_SYNTHETIC, SYNTHETIC, where + strlen(SYNTHETIC));
    } else {
        const int r = set_path(host, where, err);
        if (r < 0)
            return r;
    }
    *ret_host = vp_take(&host);
    return 0;
}

void vp_host_free(struct vp_host *host)
{
    if (host == NULL)
        return;
    if (host->topology != NULL)
        hwloc_topology_destroy(host->topology);
    vp_schema_free(host->schema);
    vp_root_free(host->dump);
    free(host->label);
    free(host->where);
    free(host);
}

const char *vp_host_source(const struct vp_host *host)
{
    return host->label;
}

/*
 * hwloc takes the root of a dump only from the environment, and reads the CPU of this machine beside it
 * unless told not to.
 */
static int load_dump(hwloc_topology_t topology, const char *folder)
{
    if (setenv("HWLOC_FSROOT", folder, 1) < 0 || setenv("HWLOC_COMPONENTS", "linux,stop", 1) < 0)
        vp_oom();
    const int r = hwloc_topology_load(topology);
    (void)unsetenv("HWLOC_FSROOT"); /* the name is valid */
    (void)unsetenv("HWLOC_COMPONENTS");
    return r;
}

static int set_and_load(const struct vp_host *host, hwloc_topology_t topology)
{
    switch (host->source) {
    case SOURCE_XML:
        return hwloc_topology_set_xml(topology, host->where) < 0 ? -1 : hwloc_topology_load(topology);
    case SOURCE_SYNTHETIC:
        return hwloc_topology_set_synthetic(topology, host->where) < 0 ? -1 : hwloc_topology_load(topology);
    case SOURCE_DUMP:
        return load_dump(topology, host->where);
    case SOURCE_LIVE:
        return hwloc_topology_load(topology);
    }
    return -1;
}

int vp_host_topology(struct vp_host *host, struct hwloc_topology **ret_topology, struct vp_error **err)
{
    if (host->topology == NULL) {
        hwloc_topology_t topology = NULL;
        if (hwloc_topology_init(&topology) < 0)
            vp_oom();
        /* Without it hwloc prints about odd dumps, from the hook into libvirt's error. */
        if (setenv("HWLOC_HIDE_ERRORS", "2", 0) < 0)
            vp_oom();
        (void)hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
        errno = EINVAL;
        const bool loaded = set_and_load(host, topology) == 0;
        const int code = errno != 0 ? errno : EINVAL;
        /* A dump that is none must not turn into the machine this runs on. */
        const bool right = host->source == SOURCE_LIVE || hwloc_topology_is_thissystem(topology) == 0;
        if (!loaded || !right) {
            hwloc_topology_destroy(topology);
            return vp_fail(err, loaded ? EINVAL : code, "hwloc cannot read the topology of host '%s'",
                           host->label);
        }
        host->topology = topology;
    }
    *ret_topology = host->topology;
    return 0;
}

static char *format_list(hwloc_const_bitmap_t set)
{
    char *text = NULL;
    if (set == NULL)
        return vp_strdup("");
    if (hwloc_bitmap_list_asprintf(&text, set) < 0)
        vp_oom();
    return text;
}

int vp_host_lists(struct vp_host *host, char **ret_cpus, char **ret_nodes, struct vp_error **err)
{
    hwloc_topology_t topology = NULL;
    const int r = vp_host_topology(host, &topology, err);
    if (r < 0)
        return r;
    *ret_cpus = format_list(hwloc_topology_get_topology_cpuset(topology));
    *ret_nodes = format_list(hwloc_topology_get_topology_nodeset(topology));
    return 0;
}

static bool reads_files(const struct vp_host *host)
{
    return host->source == SOURCE_LIVE || host->source == SOURCE_DUMP;
}

const struct vp_root *vp_host_root(const struct vp_host *host)
{
    return reads_files(host) ? host->root : NULL;
}

int vp_host_isolated(struct vp_host *host, char **ret_list, struct vp_error **err)
{
    vp_autoerror own = NULL;
    size_t len = 0;
    int r = -ENOENT;
    if (reads_files(host))
        r = vp_root_read(host->root, "/sys/devices/system/cpu/isolated", ISOLATED_MAX, ret_list, &len, &own);
    if (r == -ENOENT || r == -ENOTDIR) {
        *ret_list = vp_strdup("");
        return 0;
    }
    return r < 0 ? vp_fail(err, -r, "%s", own->message) : 0;
}

static uint64_t count_page_type(hwloc_topology_t topology, uint64_t kib, bool *ret_known)
{
    uint64_t pages = 0;
    *ret_known = false;
    for (hwloc_obj_t node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, NULL); node != NULL;
         node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node))
        for (unsigned i = 0; i < node->attr->numanode.page_types_len; i++)
            if (node->attr->numanode.page_types[i].size == kib * 1024) {
                pages += node->attr->numanode.page_types[i].count;
                *ret_known = true;
            }
    return pages;
}

int vp_host_hugepages(struct vp_host *host, uint64_t kib, uint64_t *ret_pages, struct vp_error **err)
{
    if (!reads_files(host)) {
        hwloc_topology_t topology = NULL;
        bool known = false;
        const int r = vp_host_topology(host, &topology, err);
        if (r == 0)
            *ret_pages = count_page_type(topology, kib, &known);
        return r;
    }
    vp_autofree char *path =
        vp_asprintf("/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages", kib);
    vp_autoerror own = NULL;
    uint64_t pages = 0;
    const int r = vp_root_read_u64(host->root, path, &pages, &own);
    if (r < 0 && r != -ENOENT && r != -ENOTDIR)
        return vp_fail(err, -r, "%s", own->message);
    *ret_pages = pages;
    return 0;
}

bool vp_host_has_hugepage_size(struct vp_host *host, uint64_t kib)
{
    if (!reads_files(host)) {
        hwloc_topology_t topology = NULL;
        bool known = false;
        if (vp_host_topology(host, &topology, NULL) == 0)
            (void)count_page_type(topology, kib, &known);
        return known;
    }
    vp_autofree char *path = vp_asprintf("/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB", kib);
    const int fd = vp_root_openat(host->root, path, O_PATH | O_DIRECTORY);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static enum vp_cpu_vendor vendor_of(const char *name)
{
    if (name == NULL)
        return VP_CPU_UNKNOWN;
    if (strstr(name, "GenuineIntel") != NULL)
        return VP_CPU_INTEL;
    if (strstr(name, "AuthenticAMD") != NULL || strstr(name, "HygonGenuine") != NULL)
        return VP_CPU_AMD;
    return VP_CPU_OTHER;
}

/* The first lines of /proc/cpuinfo are enough; all of it is megabytes on a large host. */
static enum vp_cpu_vendor vendor_from_proc(const struct vp_root *root)
{
    char text[512];
    const int fd = vp_root_openat(root, "/proc/cpuinfo", O_RDONLY);
    if (fd < 0)
        return VP_CPU_UNKNOWN;
    const ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0)
        return VP_CPU_UNKNOWN;
    text[n] = '\0';
    char *line = strstr(text, "vendor_id");
    if (line != NULL)
        line[strcspn(line, "\n")] = '\0';
    return line != NULL ? vendor_of(line) : VP_CPU_OTHER;
}

enum vp_cpu_vendor vp_host_cpu_vendor(struct vp_host *host)
{
    if (reads_files(host))
        return vendor_from_proc(host->root);
    hwloc_topology_t topology = NULL;
    if (vp_host_topology(host, &topology, NULL) < 0)
        return VP_CPU_UNKNOWN;
    hwloc_obj_t package = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PACKAGE, 0);
    const char *name = package != NULL ? hwloc_obj_get_info_by_name(package, "CPUVendor") : NULL;
    return vendor_of(name != NULL ? name
                                  : hwloc_obj_get_info_by_name(hwloc_get_root_obj(topology), "CPUVendor"));
}

bool vp_host_libvirt_knows_element(struct vp_host *host, const char *name)
{
    return vp_schema_knows(host->schema, VP_SCHEMA_ELEMENT, name);
}

bool vp_host_libvirt_knows_attribute(struct vp_host *host, const char *name)
{
    return vp_schema_knows(host->schema, VP_SCHEMA_ATTRIBUTE, name);
}

bool vp_host_libvirt_knows_value(struct vp_host *host, const char *value)
{
    return vp_schema_knows(host->schema, VP_SCHEMA_VALUE, value);
}
