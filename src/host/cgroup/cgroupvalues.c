/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroupvalues.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "size.h"
#include "text.h"

#define PERIOD_US 100000u

struct reading {
    const struct vp_root *root;
    bool unified;
    struct vp_cgroupvalues values;
};

static void VP_PRINTF(4, 5)
    add(struct reading *reading, const char *controller, const char *file, const char *fmt, ...)
{
    struct vp_cgroupvalues *values = &reading->values;
    va_list ap;
    va_start(ap, fmt);
    vp_grow(&values->items, values->n, &values->cap, sizeof(values->items[0]));
    values->items[values->n++] =
        (struct vp_cgroupvalue){.controller = controller, .file = file, .value = vp_vasprintf(fmt, ap)};
    va_end(ap);
}

static int bad(const struct vp_limit *limit, struct vp_error **err)
{
    return vp_fail(err, EINVAL, "'%s' is no value for %s", limit->value, limit->property);
}

static int read_cpu_weight(struct reading *reading, const struct vp_limit *limit, struct vp_error **err)
{
    uint64_t weight = 0;
    if (vp_u64_parse(limit->value, 1, 10000, &weight) < 0)
        return bad(limit, err);
    if (reading->unified) {
        add(reading, "cpu", "cpu.weight", "%" PRIu64, weight);
        return 0;
    }
    const uint64_t shares = weight * 1024 / 100;
    add(reading, "cpu", "cpu.shares", "%" PRIu64, shares < 2 ? 2 : shares);
    return 0;
}

static int read_cpu_quota(struct reading *reading, const struct vp_limit *limit, struct vp_error **err)
{
    const size_t len = strlen(limit->value);
    vp_autofree char *number = vp_strndup(limit->value, len > 0 ? len - 1 : 0);
    uint64_t percent = 0;
    if (len == 0 || limit->value[len - 1] != '%' || vp_u64_parse(number, 1, 1000000, &percent) < 0)
        return bad(limit, err);
    const uint64_t quota = percent * PERIOD_US / 100;
    if (reading->unified) {
        add(reading, "cpu", "cpu.max", "%" PRIu64 " %u", quota, PERIOD_US);
    } else {
        add(reading, "cpu", "cpu.cfs_period_us", "%u", PERIOD_US);
        add(reading, "cpu", "cpu.cfs_quota_us", "%" PRIu64, quota);
    }
    return 0;
}

static int read_memory(struct reading *reading, const struct vp_limit *limit, struct vp_error **err)
{
    static const struct {
        const char *property, *unified, *separate;
    } files[] = {
        {"MemoryMax", "memory.max", "memory.limit_in_bytes"},
        {"MemoryHigh", "memory.high", NULL},
        {"MemoryLow", "memory.low", NULL},
        {"MemorySwapMax", "memory.swap.max", NULL},
    };
    const bool infinite = vp_same(limit->value, "infinity");
    uint64_t bytes = 0;
    size_t i = 0;
    if (!infinite && vp_size_parse(limit->value, &bytes) < 0)
        return bad(limit, err);
    while (i + 1 < VP_ARRAY_SIZE(files) && !vp_same(files[i].property, limit->property))
        i++;
    const char *file = reading->unified ? files[i].unified : files[i].separate;
    if (file == NULL)
        return 0;
    if (infinite)
        add(reading, "memory", file, "%s", reading->unified ? "max" : "-1");
    else
        add(reading, "memory", file, "%" PRIu64, bytes);
    return 0;
}

static int read_io_weight(struct reading *reading, const struct vp_limit *limit, struct vp_error **err)
{
    uint64_t weight = 0;
    if (vp_u64_parse(limit->value, 1, 10000, &weight) < 0)
        return bad(limit, err);
    if (reading->unified) {
        add(reading, "io", "io.weight", "default %" PRIu64, weight);
        return 0;
    }
    const uint64_t scaled = weight * 500 / 100;
    add(reading, "blkio", "blkio.bfq.weight", "%" PRIu64, scaled < 10 ? 10 : scaled > 1000 ? 1000 : scaled);
    return 0;
}

/* "MAJOR:MINOR" of a block device; owned. */
static int device_number(const struct vp_root *root, const char *path, char **ret_number,
                         struct vp_error **err)
{
    struct stat st;
    const int fd = vp_root_openat(root, path, O_PATH);
    if (fd < 0)
        return vp_fail(err, -fd, "cannot limit disk '%s': %m", path);
    const int code = fstat(fd, &st) < 0 ? errno : 0;
    (void)close(fd); /* nothing was written */
    if (code != 0)
        return vp_fail(err, code, "cannot limit disk '%s': %m", path);
    if (!S_ISBLK(st.st_mode))
        return vp_fail(err, ENOTBLK, "cannot limit disk '%s': it is not a block device", path);
    *ret_number = vp_asprintf("%u:%u", major(st.st_rdev), minor(st.st_rdev));
    return 0;
}

/* "/dev/block/8:0", which needs no looking up. */
static bool is_number(const char *path, char **ret_number)
{
    static const char prefix[] = "/dev/block/";
    uint64_t number = 0;
    if (!vp_starts(path, prefix))
        return false;
    vp_autofree char *first = vp_strdup(path + strlen(prefix));
    char *second = strchr(first, ':');
    if (second == NULL)
        return false;
    *second++ = '\0';
    if (vp_u64_parse(first, 0, UINT32_MAX, &number) < 0 || vp_u64_parse(second, 0, UINT32_MAX, &number) < 0)
        return false;
    *ret_number = vp_strdup(path + strlen(prefix));
    return true;
}

/* One line, "DEVICE AMOUNT". */
static int read_io_line(struct reading *reading, const struct vp_limit *limit, const char *line,
                        struct vp_error **err)
{
    static const struct {
        const char *property, *key, *file;
    } kinds[] = {
        {"IOReadBandwidthMax", "rbps", "blkio.throttle.read_bps_device"},
        {"IOWriteBandwidthMax", "wbps", "blkio.throttle.write_bps_device"},
        {"IOReadIOPSMax", "riops", "blkio.throttle.read_iops_device"},
        {"IOWriteIOPSMax", "wiops", "blkio.throttle.write_iops_device"},
    };
    const char *space = strrchr(line, ' ');
    vp_autofree char *path = space != NULL ? vp_strndup(line, (size_t)(space - line)) : vp_strdup(line);
    vp_autofree char *number = NULL;
    uint64_t amount = 0;
    size_t i = 0;
    if (space == NULL || path[0] != '/' || vp_size_parse(space + 1, &amount) < 0 || amount == 0)
        return bad(limit, err);
    const int r = is_number(path, &number) ? 0 : device_number(reading->root, path, &number, err);
    if (r < 0)
        return r;
    while (i + 1 < VP_ARRAY_SIZE(kinds) && !vp_same(kinds[i].property, limit->property))
        i++;
    if (reading->unified)
        add(reading, "io", "io.max", "%s %s=%" PRIu64, number, kinds[i].key, amount);
    else
        add(reading, "blkio", kinds[i].file, "%s %" PRIu64, number, amount);
    reading->values.items[reading->values.n - 1].several = true;
    return 0;
}

static int read_io_max(struct reading *reading, const struct vp_limit *limit, struct vp_error **err)
{
    vp_autofree char *copy = vp_strdup(limit->value);
    char *rest = copy;
    int r = 0;
    for (const char *line; r == 0 && (line = strsep(&rest, "\n")) != NULL;)
        if (*line != '\0')
            r = read_io_line(reading, limit, line, err);
    return r;
}

static int read_limit(struct reading *reading, const struct vp_limit *limit, struct vp_error **err)
{
    if (vp_same(limit->property, VP_LIMIT_CPUS) || vp_same(limit->property, VP_LIMIT_NODES))
        return 0;
    if (vp_same(limit->property, "CPUWeight"))
        return read_cpu_weight(reading, limit, err);
    if (vp_same(limit->property, "CPUQuota"))
        return read_cpu_quota(reading, limit, err);
    if (vp_starts(limit->property, "Memory"))
        return read_memory(reading, limit, err);
    if (vp_same(limit->property, "IOWeight"))
        return read_io_weight(reading, limit, err);
    return read_io_max(reading, limit, err);
}

static int by_controller(const void *a, const void *b)
{
    const struct vp_cgroupvalue *x = a;
    const struct vp_cgroupvalue *y = b;
    const int order = strcmp(x->controller, y->controller);
    /* cfs_period_us is set before cfs_quota_us, as its name sorts before. */
    return order != 0 ? order : strcmp(x->file, y->file);
}

int vp_cgroupvalues_read(const struct vp_root *root, const struct vp_limits *limits, bool unified,
                         struct vp_cgroupvalues *ret_values, struct vp_error **err)
{
    struct reading reading = {.root = root, .unified = unified};
    int r = 0;
    for (size_t i = 0; r == 0 && i < limits->n; i++)
        r = read_limit(&reading, &limits->items[i], err);
    if (r < 0) {
        vp_cgroupvalues_done(&reading.values);
        return r;
    }
    if (reading.values.n > 0)
        qsort(reading.values.items, reading.values.n, sizeof(reading.values.items[0]), by_controller);
    *ret_values = reading.values;
    return 0;
}

void vp_cgroupvalues_done(struct vp_cgroupvalues *values)
{
    for (size_t i = 0; i < values->n; i++)
        free(values->items[i].value);
    free(values->items);
    *values = (struct vp_cgroupvalues){0};
}
