/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "topology.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "size.h"

enum { DISTANCE_LOCAL = 10, DISTANCE_PACKAGE = 12, DISTANCE_FAR = 20 };

hwloc_bitmap_t vp_bitmap_copy(hwloc_const_bitmap_t set)
{
    hwloc_bitmap_t copy = hwloc_bitmap_dup(set);
    if (copy == NULL)
        vp_oom();
    return copy;
}

hwloc_bitmap_t vp_bitmap_new(void)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    if (set == NULL)
        vp_oom();
    return set;
}

char *vp_bitmap_text(hwloc_const_bitmap_t set)
{
    char *text = NULL;
    if (hwloc_bitmap_list_asprintf(&text, set) < 0)
        vp_oom();
    return text;
}

/* One "3" or "0-3". */
static int parse_range(const char *word, hwloc_bitmap_t set)
{
    const char *dash = strchr(word, '-');
    vp_autofree char *begin = vp_strndup(word, dash != NULL ? (size_t)(dash - word) : strlen(word));
    uint64_t first = 0;
    int r = vp_u64_parse(begin, 0, VP_TOPOLOGY_CPUS_MAX - 1, &first);
    if (r < 0)
        return r;
    uint64_t last = first;
    if (dash != NULL) {
        r = vp_u64_parse(dash + 1, 0, VP_TOPOLOGY_CPUS_MAX - 1, &last);
        if (r < 0)
            return r;
    }
    if (last < first)
        return -EINVAL;
    (void)hwloc_bitmap_set_range(set, (unsigned)first, (int)last);
    return 0;
}

int vp_bitmap_parse(const char *text, const char *what, hwloc_bitmap_t *ret_set, struct vp_error **err)
{
    vp_autobitmap set = vp_bitmap_new();
    size_t len;

    while (isspace((unsigned char)*text))
        text++;
    for (len = strlen(text); len > 0 && isspace((unsigned char)text[len - 1]);)
        len--;
    for (size_t at = 0; at < len;) {
        const size_t n = strcspn(text + at, ",") < len - at ? strcspn(text + at, ",") : len - at;
        vp_autofree char *word = vp_strndup(text + at, n);
        const int r = parse_range(word, set);
        if (r < 0)
            return vp_fail(err, -r, "%s: '%s' is no list of CPUs like '0-3,8' with numbers below %d", what,
                           word, VP_TOPOLOGY_CPUS_MAX);
        at += n;
        if (at < len && ++at == len)
            return vp_fail(err, EINVAL, "%s: the list of CPUs ends with a comma", what);
    }
    *ret_set = vp_take(&set);
    return 0;
}

/* Where a CPU stands: `cache` and `core` are the lowest CPU there, which orders and tells apart. */
struct seat {
    unsigned node, cache, core, os, package;
};

static int compare_unsigned(unsigned a, unsigned b)
{
    return (a > b) - (a < b);
}

static int compare_seats(const void *left, const void *right)
{
    const struct seat *a = left;
    const struct seat *b = right;
    int r = compare_unsigned(a->node, b->node);
    if (r == 0)
        r = compare_unsigned(a->cache, b->cache);
    if (r == 0)
        r = compare_unsigned(a->core, b->core);
    return r != 0 ? r : compare_unsigned(a->os, b->os);
}

static int compare_nodes(const void *left, const void *right)
{
    const struct hwloc_obj *a = *(struct hwloc_obj *const *)left;
    const struct hwloc_obj *b = *(struct hwloc_obj *const *)right;
    return compare_unsigned(a->os_index, b->os_index);
}

/* The outermost cache that cores share: two CPUs with an L2 of their own say nothing about each other. */
static unsigned last_level(hwloc_topology_t from, hwloc_obj_t pu)
{
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(from, HWLOC_OBJ_CORE, pu);
    hwloc_const_bitmap_t inner = core != NULL ? core->cpuset : pu->cpuset;
    hwloc_obj_t found = NULL;
    for (hwloc_obj_t obj = pu->parent; obj != NULL; obj = obj->parent)
        if (hwloc_obj_type_is_dcache(obj->type) && !hwloc_bitmap_isincluded(obj->cpuset, inner))
            found = obj;
    return found != NULL ? (unsigned)hwloc_bitmap_first(found->cpuset) : UINT_MAX;
}

static void read_seats(hwloc_topology_t from, hwloc_obj_t *nodes, unsigned n_nodes, struct seat *seats)
{
    unsigned n = 0;
    for (hwloc_obj_t pu = hwloc_get_next_obj_by_type(from, HWLOC_OBJ_PU, NULL); pu != NULL;
         pu = hwloc_get_next_obj_by_type(from, HWLOC_OBJ_PU, pu)) {
        hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(from, HWLOC_OBJ_CORE, pu);
        hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(from, HWLOC_OBJ_PACKAGE, pu);
        seats[n++] = (struct seat){
            .cache = last_level(from, pu),
            .core = core != NULL ? (unsigned)hwloc_bitmap_first(core->cpuset) : pu->os_index,
            .os = pu->os_index,
            .package = package != NULL ? package->logical_index : 0,
        };
    }
    /* Of nodes with the same CPUs the first has them: Linux numbers nodes that are memory only behind
     * the others. */
    for (unsigned i = 0; i < n; i++) {
        int best = INT_MAX;
        for (unsigned k = 0; k < n_nodes; k++) {
            if (!hwloc_bitmap_isset(nodes[k]->cpuset, seats[i].os))
                continue;
            const int weight = hwloc_bitmap_weight(nodes[k]->cpuset);
            if (weight < best) {
                best = weight;
                seats[i].node = k;
            }
        }
    }
    qsort(seats, n, sizeof(seats[0]), compare_seats);
}

static void read_kinds(hwloc_topology_t from, struct vp_topology *topology)
{
    vp_autobitmap set = vp_bitmap_new();
    const int n = hwloc_cpukinds_get_nr(from, 0);
    topology->n_kinds = n > 1 ? (unsigned)n : 1;
    for (unsigned kind = 0; n > 1 && kind < topology->n_kinds; kind++) {
        if (hwloc_cpukinds_get_info(from, kind, set, NULL, NULL, NULL, 0) < 0)
            continue;
        for (unsigned i = 0; i < topology->n_cpus; i++)
            if (hwloc_bitmap_isset(set, topology->cpus[i].os))
                topology->cpus[i].kind = kind;
    }
}

/* CPUs in their order, then the stretches of cores, caches and nodes. */
static void build(struct vp_topology *topology, const struct seat *seats, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const struct seat *seat = &seats[i];
        const bool new_node = i == 0 || seat->node != seats[i - 1].node;
        const bool new_cache = new_node || seat->cache != seats[i - 1].cache;
        const bool new_core = new_cache || seat->core != seats[i - 1].core;
        struct vp_node *node = &topology->nodes[seat->node];
        if (new_node)
            node->first = topology->n_caches;
        if (new_cache) {
            topology->caches[topology->n_caches++] = (struct vp_cache){topology->n_cores, 0, seat->node};
            node->n++;
        }
        if (new_core) {
            topology->cores[topology->n_cores++] =
                (struct vp_core){.first = i, .cache = topology->n_caches - 1, .node = seat->node};
            topology->caches[topology->n_caches - 1].n++;
        }
        topology->cores[topology->n_cores - 1].n++;
        topology->cpus[i].os = seat->os;
        topology->cpus[i].core = topology->n_cores - 1;
        topology->cpus[i].cache = topology->n_caches - 1;
        topology->cpus[i].node = seat->node;
        topology->cpus[i].package = seat->package;
        topology->by_os[seat->os] = (int)i;
        if (seat->package >= topology->n_packages)
            topology->n_packages = seat->package + 1;
    }
}

static void mark_allowed(hwloc_topology_t from, hwloc_const_bitmap_t isolated, struct vp_topology *topology)
{
    hwloc_const_bitmap_t allowed = hwloc_topology_get_allowed_cpuset(from);
    for (unsigned i = 0; i < topology->n_cpus; i++) {
        struct vp_cpu *cpu = &topology->cpus[i];
        struct vp_core *core = &topology->cores[cpu->core];
        core->kind = cpu->kind;
        cpu->allowed = hwloc_bitmap_isset(allowed, cpu->os);
        cpu->isolated = hwloc_bitmap_isset(isolated, cpu->os);
        if (!cpu->allowed)
            continue;
        (void)hwloc_bitmap_set(topology->allowed, cpu->os);
        (void)hwloc_bitmap_set(topology->nodes[cpu->node].cpus, cpu->os);
        if (cpu->isolated)
            (void)hwloc_bitmap_set(topology->isolated, cpu->os);
        if (++core->n_allowed > topology->threads)
            topology->threads = core->n_allowed;
    }
}

static unsigned size_index(struct vp_topology *topology, uint64_t kib)
{
    unsigned at = 0;
    while (at < topology->n_sizes && topology->sizes[at] < kib)
        at++;
    if (at < topology->n_sizes && topology->sizes[at] == kib)
        return at;
    if (topology->n_sizes == VP_TOPOLOGY_SIZES_MAX)
        return VP_TOPOLOGY_SIZES_MAX;
    memmove(&topology->sizes[at + 1], &topology->sizes[at],
            (topology->n_sizes - at) * sizeof(topology->sizes[0]));
    topology->sizes[at] = kib;
    topology->n_sizes++;
    return at;
}

/* The first page type is that of ordinary memory. Sizes first, so that their indexes stay. */
static void read_memory(hwloc_obj_t *from, struct vp_topology *topology)
{
    for (unsigned i = 0; i < topology->n_nodes; i++)
        for (unsigned k = 1; k < from[i]->attr->numanode.page_types_len; k++)
            (void)size_index(topology, from[i]->attr->numanode.page_types[k].size / 1024);
    for (unsigned i = 0; i < topology->n_nodes; i++) {
        struct vp_node *node = &topology->nodes[i];
        const struct hwloc_numanode_attr_s *attr = &from[i]->attr->numanode;
        node->os = from[i]->os_index;
        node->memory_kib = attr->local_memory / 1024;
        node->ordinary_kib = node->memory_kib;
        for (unsigned k = 1; k < attr->page_types_len; k++) {
            const unsigned at = size_index(topology, attr->page_types[k].size / 1024);
            if (at == VP_TOPOLOGY_SIZES_MAX)
                continue;
            const uint64_t pool = attr->page_types[k].count * topology->sizes[at];
            node->pages[at] = attr->page_types[k].count;
            node->ordinary_kib -= pool < node->ordinary_kib ? pool : node->ordinary_kib;
        }
    }
}

static unsigned package_of(const struct vp_topology *topology, unsigned node)
{
    const struct vp_node *it = &topology->nodes[node];
    return it->n == 0 ? UINT_MAX
                      : topology->cpus[topology->cores[topology->caches[it->first].first].first].package;
}

static void guess_distances(struct vp_topology *topology)
{
    for (unsigned a = 0; a < topology->n_nodes; a++)
        for (unsigned b = 0; b < topology->n_nodes; b++) {
            const unsigned package = package_of(topology, a);
            const bool near = package != UINT_MAX && package == package_of(topology, b);
            topology->distances[a * topology->n_nodes + b] = a == b ? DISTANCE_LOCAL
                                                             : near ? DISTANCE_PACKAGE
                                                                    : DISTANCE_FAR;
        }
}

static int node_index(const struct vp_topology *topology, hwloc_obj_t obj)
{
    for (unsigned i = 0; obj != NULL && i < topology->n_nodes; i++)
        if (topology->nodes[i].os == obj->os_index)
            return (int)i;
    return -1;
}

static void read_distances(hwloc_topology_t from, struct vp_topology *topology)
{
    struct hwloc_distances_s *matrix = NULL;
    unsigned n = 1;

    guess_distances(topology);
    if (hwloc_distances_get_by_type(from, HWLOC_OBJ_NUMANODE, &n, &matrix, HWLOC_DISTANCES_KIND_MEANS_LATENCY,
                                    0) < 0 ||
        n == 0)
        return;
    for (unsigned a = 0; a < matrix->nbobjs; a++)
        for (unsigned b = 0; b < matrix->nbobjs; b++) {
            const int row = node_index(topology, matrix->objs[a]);
            const int column = node_index(topology, matrix->objs[b]);
            const hwloc_uint64_t value = matrix->values[a * matrix->nbobjs + b];
            if (row >= 0 && column >= 0 && value > 0 && value < 65536)
                topology->distances[(unsigned)row * topology->n_nodes + (unsigned)column] = (unsigned)value;
        }
    hwloc_distances_release(from, matrix);
}

static void find_homes(struct vp_topology *topology)
{
    for (unsigned i = 0; i < topology->n_nodes; i++) {
        unsigned best = UINT_MAX;
        topology->nodes[i].home = i;
        for (unsigned k = 0; topology->nodes[i].memory_kib == 0 && k < topology->n_nodes; k++)
            if (topology->nodes[k].memory_kib > 0 && vp_topology_distance(topology, i, k) < best) {
                best = vp_topology_distance(topology, i, k);
                topology->nodes[i].home = k;
            }
    }
}

static void allocate(struct vp_topology *topology, unsigned n_cpus, unsigned n_nodes, unsigned n_by_os)
{
    topology->n_cpus = n_cpus;
    topology->n_nodes = n_nodes;
    topology->n_by_os = n_by_os;
    topology->cpus = vp_alloc(n_cpus, sizeof(topology->cpus[0]));
    topology->cores = vp_alloc(n_cpus, sizeof(topology->cores[0]));
    topology->caches = vp_alloc(n_cpus, sizeof(topology->caches[0]));
    topology->nodes = vp_alloc(n_nodes, sizeof(topology->nodes[0]));
    topology->distances = vp_alloc((size_t)n_nodes * n_nodes, sizeof(topology->distances[0]));
    topology->by_os = vp_alloc(n_by_os, sizeof(topology->by_os[0]));
    for (unsigned i = 0; i < n_by_os; i++)
        topology->by_os[i] = -1;
    for (unsigned i = 0; i < n_nodes; i++)
        topology->nodes[i].cpus = vp_bitmap_new();
    topology->allowed = vp_bitmap_new();
    topology->isolated = vp_bitmap_new();
}

int vp_topology_read(struct vp_host *host, struct vp_topology **ret_topology, struct vp_error **err)
{
    hwloc_topology_t from = NULL;
    int r = vp_host_topology(host, &from, err);
    if (r < 0)
        return r;
    vp_autofree char *list = NULL;
    r = vp_host_isolated(host, &list, err);
    if (r < 0)
        return r;
    vp_autobitmap isolated = NULL;
    r = vp_bitmap_parse(list, "/sys/devices/system/cpu/isolated", &isolated, err);
    if (r < 0)
        return r;
    const int n_cpus = hwloc_get_nbobjs_by_type(from, HWLOC_OBJ_PU);
    const int n_nodes = hwloc_get_nbobjs_by_type(from, HWLOC_OBJ_NUMANODE);
    const int last = hwloc_bitmap_last(hwloc_topology_get_topology_cpuset(from));
    if (n_cpus > VP_TOPOLOGY_CPUS_MAX || last >= VP_TOPOLOGY_CPUS_MAX)
        return vp_fail(err, E2BIG, "host '%s' has %d CPUs up to number %d; at most %d can be planned for",
                       vp_host_source(host), n_cpus, last, VP_TOPOLOGY_CPUS_MAX);
    if (n_cpus < 1 || n_nodes < 1)
        return vp_fail(err, ENODEV, "host '%s' has no CPU or no NUMA node", vp_host_source(host));
    vp_autotopology topology = vp_alloc(1, sizeof(*topology));
    allocate(topology, (unsigned)n_cpus, (unsigned)n_nodes, (unsigned)last + 1);
    vp_autofree hwloc_obj_t *nodes = vp_alloc((size_t)n_nodes, sizeof(hwloc_obj_t));
    for (int i = 0; i < n_nodes; i++)
        nodes[i] = hwloc_get_obj_by_type(from, HWLOC_OBJ_NUMANODE, (unsigned)i);
    qsort(nodes, (size_t)n_nodes, sizeof(hwloc_obj_t), compare_nodes);
    vp_autofree struct seat *seats = vp_alloc((size_t)n_cpus, sizeof(seats[0]));
    read_seats(from, nodes, (unsigned)n_nodes, seats);
    build(topology, seats, (unsigned)n_cpus);
    read_kinds(from, topology);
    mark_allowed(from, isolated, topology);
    read_memory(nodes, topology);
    read_distances(from, topology);
    find_homes(topology);
    if (hwloc_bitmap_iszero(topology->allowed))
        return vp_fail(err, ENODEV, "host '%s' has no CPU that may be used", vp_host_source(host));
    *ret_topology = vp_take(&topology);
    return 0;
}

void vp_topology_free(struct vp_topology *topology)
{
    if (topology == NULL)
        return;
    for (unsigned i = 0; i < topology->n_nodes; i++)
        hwloc_bitmap_free(topology->nodes[i].cpus);
    hwloc_bitmap_free(topology->allowed);
    hwloc_bitmap_free(topology->isolated);
    free(topology->cpus);
    free(topology->cores);
    free(topology->caches);
    free(topology->nodes);
    free(topology->distances);
    free(topology->by_os);
    free(topology);
}

int vp_topology_cpu(const struct vp_topology *topology, unsigned os)
{
    return os < topology->n_by_os ? topology->by_os[os] : -1;
}

unsigned vp_topology_distance(const struct vp_topology *topology, unsigned a, unsigned b)
{
    assert(a < topology->n_nodes && b < topology->n_nodes);
    return topology->distances[a * topology->n_nodes + b];
}

void vp_topology_add_core(const struct vp_topology *topology, unsigned core, hwloc_bitmap_t set)
{
    const struct vp_core *it = &topology->cores[core];
    for (unsigned i = it->first; i < it->first + it->n; i++)
        if (topology->cpus[i].allowed)
            (void)hwloc_bitmap_set(set, topology->cpus[i].os);
}

static bool core_has_plain(const struct vp_topology *topology, const struct vp_core *core)
{
    for (unsigned i = core->first; i < core->first + core->n; i++)
        if (topology->cpus[i].allowed && !topology->cpus[i].isolated)
            return true;
    return false;
}

int vp_topology_housekeeping(const struct vp_topology *topology, const char *list, hwloc_bitmap_t *ret_set,
                             struct vp_error **err)
{
    vp_autobitmap set = NULL;
    vp_autobitmap plain = vp_bitmap_new();

    (void)hwloc_bitmap_andnot(plain, topology->allowed, topology->isolated);
    if (list != NULL) {
        const int r = vp_bitmap_parse(list, "housekeeping CPUs", &set, err);
        if (r < 0)
            return r;
        if (!hwloc_bitmap_isincluded(set, plain)) {
            vp_autobitmap rest = vp_bitmap_new();
            (void)hwloc_bitmap_andnot(rest, set, plain);
            vp_autofree char *text = vp_bitmap_text(rest);
            return vp_fail(err, EINVAL,
                           "housekeeping CPUs: CPU %s is offline, isolated or not allowed; name others",
                           text);
        }
        *ret_set = vp_take(&set);
        return 0;
    }
    set = vp_bitmap_new();
    for (unsigned node = 0, core = 0; node < topology->n_nodes; node++) {
        while (core < topology->n_cores && topology->cores[core].node < node)
            core++;
        while (core < topology->n_cores && topology->cores[core].node == node &&
               !core_has_plain(topology, &topology->cores[core]))
            core++;
        if (core < topology->n_cores && topology->cores[core].node == node)
            vp_topology_add_core(topology, core, set);
    }
    (void)hwloc_bitmap_and(set, set, plain);
    *ret_set = vp_take(&set);
    return 0;
}
