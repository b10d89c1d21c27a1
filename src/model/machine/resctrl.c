/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resctrl.h"

#include <errno.h>
#include <string.h>

#include "size.h"
#include "text.h"

#define RESCTRL "/sys/fs/resctrl"
#define CPUS "/sys/devices/system/cpu"
#define FILE_MAX (64u * 1024)
#define INDEXES 8
#define LEVEL 3
#define BANDWIDTH "MB"
#define PERCENT_MAX 100

/* How the kernel names parts of a cache in the schemata and in the info folder. */
static const struct {
    const char *kernel, *type;
} lines[] = {{"L3", "both"}, {"L3CODE", "code"}, {"L3DATA", "data"}};

static char *read_line(const struct vp_root *root, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    if (vp_root_read(root, path, FILE_MAX, &text, &len, NULL) < 0)
        return NULL;
    text[strcspn(text, "\n")] = '\0';
    return text;
}

/* A mask of hexadecimal digits; empty where it is none. Owned. */
static hwloc_bitmap_t parse_mask(const char *text)
{
    hwloc_bitmap_t mask = vp_bitmap_new();
    if (text == NULL || *text == '\0' || text[strspn(text, "0123456789abcdefABCDEF")] != '\0' ||
        hwloc_bitmap_taskset_sscanf(mask, text) < 0)
        hwloc_bitmap_zero(mask);
    return mask;
}

static uint64_t read_info(const struct vp_root *root, const char *resource, const char *name)
{
    uint64_t value = 0;
    vp_autofree char *path = vp_asprintf(RESCTRL "/info/%s/%s", resource, name);
    return vp_root_read_u64(root, path, &value, NULL) == 0 && value < UINT32_MAX ? value : 0;
}

static void read_part(const struct vp_root *root, size_t line, struct vp_resctrl *resctrl)
{
    vp_autofree char *path = vp_asprintf(RESCTRL "/info/%s/cbm_mask", lines[line].kernel);
    vp_autofree char *text = read_line(root, path);
    vp_autobitmap mask = parse_mask(text);
    const int ways = hwloc_bitmap_weight(mask);
    if (ways > 0 && resctrl->n_parts < VP_ARRAY_SIZE(resctrl->parts))
        resctrl->parts[resctrl->n_parts++] =
            (struct vp_resctrl_part){.type = lines[line].type,
                                     .ways = (unsigned)ways,
                                     .least = (unsigned)read_info(root, lines[line].kernel, "min_cbm_bits")};
}

int vp_resctrl_read(const struct vp_root *root, struct vp_resctrl *ret_resctrl, struct vp_error **err)
{
    struct vp_resctrl resctrl = {0};
    vp_autoerror own = NULL;
    size_t len = 0;
    const int r = vp_root_read(root, RESCTRL "/schemata", FILE_MAX, &resctrl.schemata, &len, &own);
    if (r == -ENOENT || r == -ENOTDIR) {
        *ret_resctrl = resctrl;
        return 0;
    }
    if (r < 0)
        return vp_fail(err, -r, "%s", own->message);
    for (size_t i = 0; i < VP_ARRAY_SIZE(lines); i++)
        read_part(root, i, &resctrl);
    resctrl.bandwidth_step = (unsigned)read_info(root, BANDWIDTH, "bandwidth_gran");
    resctrl.bandwidth_least = (unsigned)read_info(root, BANDWIDTH, "min_bandwidth");
    *ret_resctrl = resctrl;
    return 0;
}

void vp_resctrl_done(struct vp_resctrl *resctrl)
{
    free(resctrl->schemata);
    *resctrl = (struct vp_resctrl){0};
}

/* "32768K", as sysfs has it. */
static bool read_cache(const struct vp_root *root, const char *folder, struct vp_llc *ret_cache,
                       hwloc_bitmap_t *ret_cpus)
{
    vp_autofree char *id_path = vp_asprintf("%s/id", folder);
    vp_autofree char *size_path = vp_asprintf("%s/size", folder);
    vp_autofree char *cpus_path = vp_asprintf("%s/shared_cpu_list", folder);
    vp_autofree char *size = read_line(root, size_path);
    vp_autofree char *cpus = read_line(root, cpus_path);
    uint64_t id = 0;
    uint64_t bytes = 0;
    if (size == NULL || cpus == NULL || vp_root_read_u64(root, id_path, &id, NULL) < 0 || id > INT32_MAX ||
        vp_size_parse(size, &bytes) < 0 || bytes == 0 || vp_bitmap_parse(cpus, cpus_path, ret_cpus, NULL) < 0)
        return false;
    *ret_cache = (struct vp_llc){.id = (unsigned)id, .bytes = bytes};
    return true;
}

static bool find_cache(const struct vp_root *root, unsigned cpu, struct vp_llc *ret_cache,
                       hwloc_bitmap_t *ret_cpus)
{
    for (unsigned i = 0; i < INDEXES; i++) {
        uint64_t level = 0;
        vp_autofree char *folder = vp_asprintf(CPUS "/cpu%u/cache/index%u", cpu, i);
        vp_autofree char *path = vp_asprintf("%s/level", folder);
        if (vp_root_read_u64(root, path, &level, NULL) < 0)
            return false;
        if (level == LEVEL)
            return read_cache(root, folder, ret_cache, ret_cpus);
    }
    return false;
}

int vp_resctrl_caches(const struct vp_root *root, hwloc_const_bitmap_t cpus, struct vp_llc *ret_caches,
                      struct vp_error **err)
{
    vp_autobitmap left = vp_bitmap_copy(cpus);
    int n = 0;
    for (int cpu = hwloc_bitmap_first(left); cpu >= 0; cpu = hwloc_bitmap_first(left)) {
        vp_autobitmap sharing = NULL;
        struct vp_llc cache = {0};
        if (n == VP_LLCS_MAX)
            return vp_fail(err, E2BIG, "more than %d last-level caches", VP_LLCS_MAX);
        if (!find_cache(root, (unsigned)cpu, &cache, &sharing))
            return vp_fail(err, ENOENT, "the host does not say which level-3 cache CPU %d has", cpu);
        ret_caches[n++] = cache;
        (void)hwloc_bitmap_andnot(left, left, sharing);
        (void)hwloc_bitmap_clr(left, (unsigned)cpu); /* whatever the list says */
    }
    return n;
}

/* What a line of the schemata says of one cache: "L3:0=fff;1=ff0" has "ff0" for cache 1. Owned; NULL: nothing. */
static char *schema_of(const char *schemata, const char *resource, unsigned cache)
{
    const size_t len = strlen(resource);
    const char *line = schemata + strspn(schemata, " \n");
    vp_autofree char *label = vp_asprintf("%u=", cache);
    while (*line != '\0' && (strncmp(line, resource, len) != 0 || line[len] != ':')) {
        line += strcspn(line, "\n");
        line += strspn(line, " \n");
    }
    if (*line == '\0')
        return NULL;
    for (const char *at = line + len + 1; *at != '\0' && *at != '\n'; at += strspn(at, ";")) {
        at += strspn(at, " ");
        const size_t n = strcspn(at, ";\n");
        if (vp_starts(at, label)) {
            const size_t skip =
                strlen(label) + strspn(at + strlen(label), " "); /* numbers stand in columns */
            return vp_strndup(at + skip, n > skip ? n - skip : 0);
        }
        at += n;
    }
    return NULL;
}

static const char *kernel_name(const struct vp_resctrl_part *part)
{
    size_t i = 0;
    while (i + 1 < VP_ARRAY_SIZE(lines) && strcmp(lines[i].type, part->type) != 0)
        i++;
    return lines[i].kernel;
}

unsigned vp_resctrl_room(const struct vp_resctrl *resctrl, const struct vp_resctrl_part *part, unsigned cache)
{
    vp_autofree char *text = schema_of(resctrl->schemata, kernel_name(part), cache);
    vp_autobitmap used = parse_mask(text);
    unsigned most = 0;
    unsigned run = 0;
    for (unsigned way = 0; way < part->ways && !hwloc_bitmap_iszero(used); way++) {
        run = hwloc_bitmap_isset(used, way) ? 0 : run + 1;
        most = run > most ? run : most;
    }
    return most;
}

bool vp_resctrl_is_percent(const struct vp_resctrl *resctrl)
{
    for (unsigned cache = 0; cache < VP_LLCS_MAX; cache++) {
        uint64_t value = 0;
        vp_autofree char *text = schema_of(resctrl->schemata, BANDWIDTH, cache);
        if (text != NULL && (vp_u64_parse(text, 0, UINT64_MAX, &value) < 0 || value > PERCENT_MAX))
            return false;
    }
    return true;
}
