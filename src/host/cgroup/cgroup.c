/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <libcgroup.h>
#include <string.h>
#include <unistd.h>

#include "cgroupvalues.h"
#include "guestgroup.h"
#include "iothreadids.h"
#include "scope.h"
#include "strbuf.h"
#include "text.h"
#include "threadplace.h"
#include "wish.h"

#define MOUNT "/sys/fs/cgroup"
#define UNIFIED MOUNT "/cgroup.controllers"
#define MACHINE "/machine"
#define NESTED "/libvirt"
#define FILE_MAX_LEN (64u * 1024)

struct maker {
    const struct vp_root *root;
    const struct vp_entry *entry;
    const struct vp_limits *limits;
    bool unified;
    bool scopes;   /* systemd makes the group and sets what it can: cpusets of cgroup v1 are not of that */
    char *name;    /* owned; of the guest */
    char *threads; /* owned; what the groups of its threads are in */
    char *cpusets; /* owned; where the hierarchy with cpusets is mounted; NULL: there is none */
    struct vp_cgroupvalues values;
};

static void maker_done(struct maker *maker)
{
    free(maker->name);
    free(maker->threads);
    free(maker->cpusets);
    vp_cgroupvalues_done(&maker->values);
}

static void free_group(struct cgroup **group)
{
    if (*group != NULL)
        cgroup_free(group);
}

/* What libcgroup's answer is as an errno. */
static int number_of(int code)
{
    const int last = code == ECGOTHER ? cgroup_get_last_errno() : 0;
    return last > 0                     ? last
           : code == ECGROUPNOTALLOWED  ? EACCES
           : code == ECGROUPNOTEXIST    ? ENOENT
           : code == ECGROUPNOTMOUNTED  ? ENODEV
           : code == ECGROUPNOTCOMPILED ? ENODEV
                                        : EIO;
}

static int start(struct vp_error **err)
{
    static bool ready;
    const int code = ready ? 0 : cgroup_init();
    if (code != 0)
        return vp_fail(err, number_of(code), "cannot look for cgroups: %s", cgroup_strerror(code));
    ready = true;
    return 0;
}

/*
 * The folders of a partition; those that are not fixed ones of libvirt's get an ending where they have none.
 * 
 */
static void add_partition(struct vp_strbuf *buf, const char *partition)
{
    static const char *const fixed[] = {"machine", "system", "user"};
    vp_autofree char *copy = vp_strdup(partition);
    char *rest = copy;
    bool top = true;
    for (const char *token; (token = strsep(&rest, "/")) != NULL;) {
        bool as_is = token[0] == '\0' || strchr(token, '.') != NULL;
        if (token[0] == '\0')
            continue;
        for (size_t i = 0; top && i < VP_ARRAY_SIZE(fixed); i++)
            as_is = as_is || vp_same(token, fixed[i]);
        const bool escaped = token[0] == '_' || token[0] == '.' || vp_starts(token, "cgroup.");
        vp_strbuf_addf(buf, "%s%s%s/", escaped ? "_" : "", token, as_is ? "" : ".partition");
        top = false;
    }
}

static char *partition_of(const struct vp_domain *domain)
{
    char *text = domain != NULL ? vp_node_text(vp_node_walk(domain->root, "resource/partition")) : NULL;
    return text != NULL ? text : vp_strdup(MACHINE);
}

char *vp_cgroup_name(unsigned id, const char *name, const struct vp_domain *domain)
{
    vp_autofree char *partition = partition_of(domain);
    vp_autofree char *machine = vp_machine_name(id, name);
    struct vp_strbuf buf = {0};
    add_partition(&buf, partition);
    vp_strbuf_addf(&buf, "%s.libvirt-qemu", machine);
    return vp_strbuf_take(&buf);
}

/* Where systemd puts the scope; NULL for a partition that is not the default one. Owned. */
static char *scope_name(unsigned id, const char *name, const struct vp_domain *domain)
{
    vp_autofree char *partition = partition_of(domain);
    vp_autofree char *scope = vp_machine_scope(id, name);
    return vp_same(partition, MACHINE) ? vp_asprintf("machine.slice/%s", scope) : NULL;
}

/* The folder of a group in the hierarchy of a controller. Owned. */
static int folder_of(const char *name, const char *controller, char **ret_folder, struct vp_error **err)
{
    vp_autofree char *mount = NULL;
    const int r = start(err);
    if (r < 0)
        return r;
    if (cgroup_get_subsys_mount_point(controller, &mount) != 0)
        return vp_fail(err, ENODEV, "cannot limit cgroup '%s': no %s controller is mounted", name,
                       controller);
    *ret_folder = vp_asprintf("%s/%s", mount, name);
    return 0;
}

/* libcgroup does not tell which of several values the kernel did not take: it gets one at a time. */
static int set_value(const char *name, const char *folder, const struct vp_cgroupvalue *value,
                     struct vp_error **err)
{
    VP_CLEANUP(free_group) struct cgroup *group = cgroup_new_cgroup(name);
    struct cgroup_controller *controller =
        group != NULL ? cgroup_add_controller(group, value->controller) : NULL;
    if (controller == NULL)
        vp_oom();
    int code = cgroup_add_value_string(controller, value->file, value->value);
    errno = 0;
    if (code == 0)
        code = cgroup_modify_cgroup(group);
    if (code == 0)
        return 0;
    /* A file that cannot be opened leaves nothing but errno. */
    const int number = code == ECGROUPVALUENOTEXIST && errno != 0 ? errno : number_of(code);
    const bool known = code == ECGOTHER || code == ECGROUPVALUENOTEXIST;
    return vp_fail(err, number, "cannot write '%s' to '%s/%s': %s", value->value, folder, value->file,
                   known ? strerror(number) : cgroup_strerror(code));
}

/* Make a group with these values in the hierarchies of their controllers, where it is not there yet. */
static int make(const struct maker *maker, const struct vp_cgroupvalue *values, size_t n,
                struct vp_error **err)
{
    vp_autofree char *folder = NULL;
    for (size_t i = 0; i < n; i++) {
        int r = 0;
        if (i == 0 || strcmp(values[i].controller, values[i - 1].controller) != 0) {
            free(vp_take(&folder));
            r = folder_of(maker->name, values[i].controller, &folder, err);
            if (r == 0 && vp_root_mkdir(maker->root, folder, 0755, err) < 0)
                r = vp_prefix(err, "cannot make cgroup '%s'", maker->name);
        }
        if (r == 0 && values[i].several) {
            vp_autofree char *path = vp_asprintf("%s/%s", folder, values[i].file);
            r = vp_host_write(maker->root, path, values[i].value, err);
        } else if (r == 0) {
            r = set_value(maker->name, folder, &values[i], err);
        }
        if (r < 0)
            return r;
    }
    return 0;
}

static char *read_line(const struct vp_root *root, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    if (vp_root_read(root, path, FILE_MAX_LEN, &text, &len, NULL) < 0)
        return NULL;
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static int write_cpuset(const struct maker *maker, const char *name, const char *file, const char *value,
                        struct vp_error **err)
{
    const char *slash = strrchr(name, '/');
    const int above = slash != NULL ? (int)(slash - name) : 0;
    vp_autofree char *own = vp_asprintf("%s/%s/%s", maker->cpusets, name, file);
    vp_autofree char *parent = vp_asprintf("%s/%.*s/%s", maker->cpusets, above, name, file);
    vp_autofree char *all = value == NULL ? read_line(maker->root, parent) : NULL;
    if (value == NULL && all == NULL)
        return vp_fail(err, ENOENT, "there is no '%s'", parent);
    return vp_host_write(maker->root, own, value != NULL ? value : all, err);
}

/*
 * A group of cgroup v1 with these CPUs and nodes; what is NULL is that of the group above. Not by
 * libcgroup, which reads the table of mounts anew for each file, and each thread of a guest has a group.
 */
static int make_cpuset(const struct maker *maker, const char *name, const char *cpus, const char *nodes,
                       struct vp_error **err)
{
    vp_autofree char *folder = vp_asprintf("%s/%s", maker->cpusets, name);
    int r = vp_root_mkdir(maker->root, folder, 0755, err);
    if (r == 0)
        r = write_cpuset(maker, name, "cpuset.cpus", cpus, err);
    if (r == 0)
        r = write_cpuset(maker, name, "cpuset.mems", nodes, err);
    return r < 0 ? vp_prefix(err, "cannot make cgroup '%s'", name) : 0;
}

static int make_thread(const struct maker *maker, const struct vp_thread *thread, unsigned order,
                       const char *group, const char *nodes, struct vp_error **err)
{
    const struct vp_placement *placement = maker->entry->placement;
    vp_autofree char *name = vp_asprintf("%s/%s", maker->threads, group);
    vp_autobitmap cpus = NULL;
    if (placement->scopes == NULL)
        cpus = vp_threadplace_cpus(placement, thread, order);
    vp_autofree char *text =
        cpus != NULL ? vp_bitmap_text(cpus) : vp_strdup(vp_limits_find(maker->limits, VP_LIMIT_CPUS));
    return make_cpuset(maker, name, text, nodes, err);
}

static int make_threads(const struct maker *maker, const struct vp_domain *domain, struct vp_error **err)
{
    const char *nodes = vp_limits_find(maker->limits, VP_LIMIT_NODES);
    const struct vp_thread emulator = {.kind = VP_THREAD_EMULATOR};
    const struct vp_iothreads iothreads = vp_iothreads_read(domain);
    const unsigned n = vp_domain_max_vcpus(domain);
    int r = maker->scopes ? make_cpuset(maker, maker->threads, NULL, NULL, err) : 0;
    if (r == 0)
        r = make_thread(maker, &emulator, 0, "emulator", nodes, err);
    for (unsigned i = 0; r == 0 && i < n; i++) {
        const struct vp_thread thread = {.kind = VP_THREAD_VCPU, .index = i};
        vp_autofree char *group = vp_asprintf("vcpu%u", i);
        r = make_thread(maker, &thread, 0, group, nodes, err);
    }
    for (unsigned i = 0; r == 0 && i < iothreads.n; i++) {
        const struct vp_thread thread = {.kind = VP_THREAD_IOTHREAD, .index = iothreads.ids[i]};
        vp_autofree char *group = vp_asprintf("iothread%u", iothreads.ids[i]);
        unsigned order = 0;
        for (unsigned k = 0; k < iothreads.n; k++)
            order += iothreads.ids[k] < iothreads.ids[i];
        r = make_thread(maker, &thread, order, group, nodes, err);
    }
    return r;
}

static bool is_there(const struct vp_root *root, const char *path)
{
    const int fd = vp_root_openat(root, path, O_PATH);
    if (fd < 0)
        return false;
    (void)close(fd); /* nothing was written */
    return true;
}

/* Let the groups in a folder of cgroup v2 have a controller. */
static int enable(const struct vp_root *root, const char *folder, const char *controller,
                  struct vp_error **err)
{
    vp_autofree char *path = vp_asprintf("%s/cgroup.subtree_control", folder);
    vp_autofree char *value = vp_asprintf("+%s", controller);
    vp_autofree char *line = read_line(root, path);
    char *rest = line;
    for (const char *word; (word = strsep(&rest, " ")) != NULL;)
        if (strcmp(word, controller) == 0)
            return 0;
    return vp_host_write(root, path, value, err);
}

/* Those that the limits need. */
static int enable_all(const struct maker *maker, const char *folder, struct vp_error **err)
{
    int r = 0;
    if (vp_limits_find(maker->limits, VP_LIMIT_CPUS) != NULL ||
        vp_limits_find(maker->limits, VP_LIMIT_NODES) != NULL)
        r = enable(maker->root, folder, "cpuset", err);
    for (size_t i = 0; r == 0 && i < maker->values.n; i++)
        r = enable(maker->root, folder, maker->values.items[i].controller, err);
    return r;
}

/* From the top down, or the kernel has them nowhere. The default partition is made where it is missing. */
static int enable_down(const struct maker *maker, const char *partition, struct vp_error **err)
{
    vp_autofree char *folder = vp_strdup(MOUNT);
    vp_autofree char *copy = vp_strdup(partition);
    char *rest = copy;
    int r = enable_all(maker, folder, err);
    for (const char *token; r == 0 && (token = strsep(&rest, "/")) != NULL;) {
        char *below = vp_asprintf("%s/%s", folder, token);
        free(folder);
        folder = below;
        if (vp_same(partition, &MACHINE[1]))
            r = vp_root_mkdir(maker->root, folder, 0755, err);
        if (r == 0)
            r = enable_all(maker, folder, err);
    }
    return r;
}

/* libvirt makes its default partition itself; any other has to be there, or libvirt refuses the start. */
static int need_partition(const struct maker *maker, struct vp_error **err)
{
    const char *slash = strrchr(maker->name, '/');
    const char *mount = maker->unified ? MOUNT : maker->cpusets;
    vp_autofree char *partition = vp_strndup(maker->name, slash != NULL ? (size_t)(slash - maker->name) : 0);
    vp_autofree char *path = vp_asprintf("%s/%s", mount != NULL ? mount : "", partition);
    const bool there = mount == NULL || is_there(maker->root, path);
    if (!there && !vp_same(partition, &MACHINE[1]) && !maker->scopes)
        return vp_fail(err, ENOENT, "cannot make cgroup '%s': its partition is not there", maker->name);
    if (maker->unified)
        return enable_down(maker, partition, err);
    return there ? 0 : make_cpuset(maker, partition, NULL, NULL, err);
}

/* CPUs and nodes of the group as a whole. */
static int limit_place(const struct maker *maker, struct vp_error **err)
{
    const char *cpus = vp_limits_find(maker->limits, VP_LIMIT_CPUS);
    const char *nodes = vp_limits_find(maker->limits, VP_LIMIT_NODES);
    const bool floats = maker->entry->placement != NULL && maker->entry->placement->scopes != NULL;
    if ((cpus == NULL && nodes == NULL) || maker->cpusets == NULL)
        return 0;
    if (!maker->unified)
        return make_cpuset(maker, maker->name, floats ? NULL : cpus, NULL, err);
    struct vp_cgroupvalue values[2];
    size_t n = 0;
    if (cpus != NULL)
        values[n++] = (struct vp_cgroupvalue){"cpuset", "cpuset.cpus", (char *)cpus, false};
    if (nodes != NULL)
        values[n++] = (struct vp_cgroupvalue){"cpuset", "cpuset.mems", (char *)nodes, false};
    return make(maker, values, n, err);
}

static bool limits_threads(const struct maker *maker)
{
    return !maker->unified && maker->cpusets != NULL && maker->entry->placement != NULL &&
           vp_limits_find(maker->limits, VP_LIMIT_CPUS) != NULL;
}

/* By a look at the mounts, where that tells: libcgroup clears a megabyte before it starts. */
static int find_cpusets(struct maker *maker, struct vp_error **err)
{
    VP_CLEANUP(vp_cpusets_done) struct vp_cpusets cpusets = {0};
    if (!maker->unified && vp_cpusets_read(maker->root, &cpusets, NULL) == 0 && cpusets.separate != NULL) {
        maker->cpusets = vp_take(&cpusets.separate);
        return 0;
    }
    const int r = start(err);
    if (r == 0)
        (void)cgroup_get_subsys_mount_point("cpuset", &maker->cpusets); /* NULL is an answer */
    return r;
}

static int create(struct maker *maker, const struct vp_domain *domain, struct vp_error **err)
{
    int r = find_cpusets(maker, err);
    if (r < 0)
        return r;
    if (maker->scopes && !limits_threads(maker))
        return 0;
    r = need_partition(maker, err);
    if (r < 0)
        return r;
    r = limit_place(maker, err);
    if (r == 0 && !maker->scopes)
        r = make(maker, maker->values.items, maker->values.n, err);
    if (r == 0 && limits_threads(maker))
        r = make_threads(maker, domain, err);
    return r;
}

int vp_cgroup_create(const struct vp_root *root, const struct vp_entry *entry, const struct vp_limits *limits,
                     const struct vp_domain *domain, bool scopes, struct vp_error **err)
{
    VP_CLEANUP(maker_done)
    struct maker maker = {.root = root, .entry = entry, .limits = limits, .scopes = scopes};
    maker.unified = is_there(root, UNIFIED);
    if (!root->live || limits->n == 0 || (scopes && maker.unified))
        return 0;
    maker.name =
        scopes ? scope_name(entry->id, entry->name, domain) : vp_cgroup_name(entry->id, entry->name, domain);
    if (maker.name == NULL)
        return 0;
    maker.threads = vp_asprintf("%s%s", maker.name, scopes ? NESTED : "");
    int r = vp_cgroupvalues_read(root, limits, maker.unified, &maker.values, err);
    if (r < 0)
        return r;
    r = create(&maker, domain, err);
    if (r < 0) /* the first failure is the one to tell */
        (void)vp_cgroup_remove(root, entry->id, entry->name, domain, scopes, NULL);
    return r;
}

/*
 * Remove a group and those in it, `depth` levels down, from one hierarchy, by rmdir(2), which takes none with
 * processes in it: libcgroup 2.0 moves them away first.
 */
static int remove_below(const struct vp_root *root, const char *folder, unsigned depth, struct vp_error **err)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    int r = 0;
    if (vp_root_list(root, folder, &names, NULL) < 0)
        return 0;
    for (size_t i = 0; depth > 0 && r == 0 && names[i] != NULL; i++) {
        vp_autofree char *below = vp_asprintf("%s/%s", folder, names[i]);
        vp_autofree char *procs = vp_asprintf("%s/cgroup.procs", below);
        if (is_there(root, procs))
            r = remove_below(root, below, depth - 1, err);
    }
    return r < 0 ? r : vp_root_rmdir(root, folder, err);
}

int vp_cgroup_remove(const struct vp_root *root, unsigned id, const char *name,
                     const struct vp_domain *domain, bool scopes, struct vp_error **err)
{
    static const char *const controllers[] = {"cpuset", "cpu", "memory", "blkio", "io"};
    if (!root->live || (scopes && is_there(root, UNIFIED)))
        return 0;
    vp_autofree char *group = scopes ? scope_name(id, name, domain) : vp_cgroup_name(id, name, domain);
    if (group == NULL)
        return 0;
    vp_autoerror own = NULL;
    int r = start(&own);
    if (r < 0) /* where there are no cgroups, none is ours */
        return vp_means_absent(r) ? 0 : vp_fail(err, -r, "%s", own->message);
    for (size_t i = 0; r == 0 && i < (scopes ? 1 : VP_ARRAY_SIZE(controllers)); i++) {
        vp_autofree char *mount = NULL;
        if (cgroup_get_subsys_mount_point(controllers[i], &mount) != 0)
            continue;
        vp_autofree char *folder = vp_asprintf("%s/%s", mount, group);
        r = remove_below(root, folder, scopes ? 2 : 1, err);
    }
    return r;
}
