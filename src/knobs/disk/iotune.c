/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"

#include "disks.h"
#include "size.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* QEMU's limit of a limit, and of burst rate times length (util/throttle.c, THROTTLE_VALUE_MAX). */
#define LIMIT_MAX 1000000000000000ull
#define LENGTH_MAX 1000000
/* The highest values a person may ask for: below QEMU's limit, and round. */
#define BYTES_MAX (900ull << 40)
#define IOPS_MAX 1000000000
/* An hour: no guest boots longer. */
#define BOOT_MAX 3600

/*
 * A field of <iotune>: part, what and kind, then the size that counts as one request. The table has rows in
 * this order.
 */
enum { RATE, BURST, LENGTH, PARTS };
enum { BYTES, IOPS, WHATS };
enum { TOTAL, READ, WRITE, KINDS };
#define FIELD(part, what, kind) (((part)*WHATS + (what)) * KINDS + (kind))
enum { SIZE_IOPS = FIELD(PARTS, 0, 0), FIELDS, GROUP = FIELDS, BOOT_TIME, BOOT, END = BOOT + WHATS };

static const char *const elements[FIELDS] = {
    "total_bytes_sec",
    "read_bytes_sec",
    "write_bytes_sec",
    "total_iops_sec",
    "read_iops_sec",
    "write_iops_sec",
    "total_bytes_sec_max",
    "read_bytes_sec_max",
    "write_bytes_sec_max",
    "total_iops_sec_max",
    "read_iops_sec_max",
    "write_iops_sec_max",
    "total_bytes_sec_max_length",
    "read_bytes_sec_max_length",
    "write_bytes_sec_max_length",
    "total_iops_sec_max_length",
    "read_iops_sec_max_length",
    "write_iops_sec_max_length",
    "size_iops_sec",
};

/* Limits of a disk, 0 where there is none. */
struct limits {
    uint64_t value[FIELDS];
};

/* What the profile says. */
struct wishes {
    struct limits limits;
    bool set[FIELDS];
    const char *group; /* borrowed; NULL: not said */
    int first;         /* the first field it says: its row notes what concerns the disk as a whole */
};

/* What a disk will have, and why a wish was not granted. */
struct outcome {
    struct limits limits;
    const char *why[FIELDS]; /* NULL: as wished, or as it was */
};

static bool any(const struct limits *limits)
{
    for (int f = 0; f < FIELDS; f++)
        if (limits->value[f] != 0)
            return true;
    return false;
}

static uint64_t number_of(const struct vp_planning *planning, const struct vp_setting *setting)
{
    return setting->knob->type == VP_TYPE_SIZE ? setting->value.bytes : vp_plan_count(planning, setting);
}

/* Seconds for which a guest that runs is still booting; 0: it is not, or nobody says how long that takes. */
static uint64_t boot_left(const struct vp_planning *planning)
{
    const struct vp_setting *time = vp_plan_setting(planning, vp_knobs_iotune[BOOT_TIME].name);
    const uint64_t seconds =
        time != NULL && planning->phase == VP_PHASE_LIVE ? vp_plan_count(planning, time) : 0;
    return planning->age < seconds ? seconds - planning->age : 0;
}

/* What is allowed while the guest boots, which must be more than later; NULL: nothing else. */
static const struct vp_setting *boot_allowance(const struct vp_planning *planning, int what)
{
    const struct vp_setting *steady =
        vp_plan_setting(planning, vp_knobs_iotune[FIELD(RATE, what, TOTAL)].name);
    const struct vp_setting *boot = vp_plan_setting(planning, vp_knobs_iotune[BOOT + what].name);
    if (steady == NULL || boot == NULL)
        return NULL;
    const uint64_t limit = number_of(planning, steady);
    const uint64_t more = number_of(planning, boot);
    return limit != 0 && (more == 0 || more > limit) ? boot : NULL;
}

/* A burst is about the limit that it may exceed for a moment: it goes when that is higher. */
static void allow_boot(const struct vp_planning *planning, int what, struct wishes *wishes)
{
    const struct vp_setting *boot = boot_allowance(planning, what);
    if (boot == NULL)
        return;
    struct limits *limits = &wishes->limits;
    const uint64_t rate = number_of(planning, boot);
    limits->value[FIELD(RATE, what, TOTAL)] = rate;
    if (rate == 0 || limits->value[FIELD(BURST, what, TOTAL)] <= rate)
        limits->value[FIELD(BURST, what, TOTAL)] = limits->value[FIELD(LENGTH, what, TOTAL)] = 0;
}

static struct wishes read_wishes(const struct vp_planning *planning)
{
    struct wishes wishes = {.first = GROUP};
    const struct vp_setting *group = vp_plan_setting(planning, vp_knobs_iotune[GROUP].name);
    wishes.group = group != NULL ? group->value.text : NULL;
    for (int f = FIELDS - 1; f >= 0; f--) {
        const struct vp_setting *setting = vp_plan_setting(planning, vp_knobs_iotune[f].name);
        if (setting == NULL)
            continue;
        wishes.set[f] = true;
        wishes.first = f;
        wishes.limits.value[f] = number_of(planning, setting);
    }
    for (int what = 0; what < WHATS && boot_left(planning) > 0; what++)
        allow_boot(planning, what, &wishes);
    return wishes;
}

static struct limits read_own(const vp_node *disk)
{
    struct limits limits = {0};
    const vp_node *iotune = vp_node_child(disk, "iotune");
    for (int f = 0; f < FIELDS; f++) {
        vp_autofree char *text = vp_node_text(vp_node_child(iotune, elements[f]));
        if (text == NULL || vp_u64_parse(text, 0, UINT64_MAX, &limits.value[f]) < 0)
            limits.value[f] = 0;
    }
    return limits;
}

static char *group_of(const vp_node *disk)
{
    return vp_node_text(vp_node_walk(disk, "iotune/group_name"));
}

/* A disk that names a group and no limits has those of the group (virDomainDiskExpandGroupIoTune()). */
static struct limits read_effective(const struct vp_domain *domain, const vp_node *disk)
{
    const struct limits own = read_own(disk);
    vp_autofree char *group = group_of(disk);
    if (group == NULL || any(&own))
        return own;
    for (const vp_node *n = vp_node_child(vp_domain_devices(domain), "disk"); n != NULL;
         n = vp_node_same(n)) {
        vp_autofree char *other = group_of(n);
        const struct limits limits = read_own(n);
        if (other != NULL && strcmp(other, group) == 0 && any(&limits))
            return limits;
    }
    return own;
}

static bool says(const struct wishes *wishes, int what, int kind)
{
    for (int part = 0; part < PARTS; part++)
        if (wishes->set[FIELD(part, what, kind)])
            return true;
    return false;
}

static void drop_kind(struct outcome *out, int what, int kind, const char *why)
{
    for (int part = 0; part < PARTS; part++) {
        out->limits.value[FIELD(part, what, kind)] = 0;
        out->why[FIELD(part, what, kind)] = why;
    }
}

/*
 * libvirt limits either the total or reads and writes. The profile decides; the finer one when it says both.
 */
static void choose_kind(struct outcome *out, const struct wishes *wishes, int what)
{
    if (says(wishes, what, READ) || says(wishes, what, WRITE))
        drop_kind(out, what, TOTAL,
                  "reads and writes are limited one by one, which excludes a limit of their total");
    else if (says(wishes, what, TOTAL))
        for (int kind = READ; kind <= WRITE; kind++)
            drop_kind(out, what, kind, "the total is limited, which excludes limits of reads and writes");
}

static void drop(struct outcome *out, int field, const char *why)
{
    out->limits.value[field] = 0;
    out->why[field] = why;
}

/* The rules QEMU starts a guest by (util/throttle.c, throttle_is_valid()), for one pair of rate and burst. */
static void settle_bucket(struct outcome *out, int what, int kind)
{
    const uint64_t *v = out->limits.value;
    const int rate = FIELD(RATE, what, kind);
    const int burst = FIELD(BURST, what, kind);
    const int length = FIELD(LENGTH, what, kind);
    if (v[burst] != 0 && v[rate] == 0)
        drop(out, burst, "a burst needs the limit that it may exceed");
    else if (v[burst] != 0 && v[burst] < v[rate])
        drop(out, burst, "the burst would be below the limit itself");
    if (v[length] != 0 && v[burst] == 0)
        drop(out, length, "a length needs a burst");
    else if (v[burst] != 0 && v[length] > LIMIT_MAX / v[burst])
        drop(out, length, "QEMU does not take a burst of that rate and length");
}

static bool touched(const struct wishes *wishes, int what, int kind)
{
    return wishes->set[FIELD(RATE, what, kind)] || wishes->set[FIELD(BURST, what, kind)] ||
           wishes->set[FIELD(LENGTH, what, kind)];
}

static void settle_size(struct outcome *out)
{
    const uint64_t *v = out->limits.value;
    if (v[SIZE_IOPS] != 0 && v[FIELD(RATE, IOPS, TOTAL)] == 0 && v[FIELD(RATE, IOPS, READ)] == 0 &&
        v[FIELD(RATE, IOPS, WRITE)] == 0)
        drop(out, SIZE_IOPS, "a request size needs a limit of requests");
}

/* @effective: what the disk has in the definition */
static struct outcome settle(const struct wishes *wishes, const struct limits *effective)
{
    struct outcome out = {.limits = *effective};
    /* All disks of a group must say the same (qemuValidateDomainDeviceDefDiskBlkdeviotune()). */
    for (int f = 0; f < FIELDS && wishes->group != NULL && wishes->first != GROUP; f++)
        drop(&out, f, wishes->set[f] ? NULL : "disks of one throttle group share one set of limits");
    for (int what = 0; what < WHATS; what++)
        choose_kind(&out, wishes, what);
    for (int f = 0; f < FIELDS; f++)
        if (wishes->set[f] && out.why[f] == NULL)
            out.limits.value[f] = wishes->limits.value[f];
    for (int what = 0; what < WHATS; what++)
        for (int kind = 0; kind < KINDS; kind++)
            if (touched(wishes, what, kind))
                settle_bucket(&out, what, kind);
    settle_size(&out);
    return out;
}

/* A disk that stays as it is and is, or would be, in the same group: libvirt would refuse the pair. */
static const vp_node *fixed_member(const struct vp_domain *domain, const char *group)
{
    for (const vp_node *n = vp_node_child(vp_domain_devices(domain), "disk"); n != NULL;
         n = vp_node_same(n)) {
        if (vp_disk_is_hard(n) && (vp_disk_traits(n) & (VP_DISK_VHOST_USER | VP_DISK_SCSI_LUN)) == 0)
            continue;
        vp_autofree char *own = group_of(n);
        if (own != NULL && strcmp(own, group) == 0)
            return n;
    }
    return NULL;
}

/* May the limits of the disk be changed? Notes why not, when asked by the first row that concerns it. */
static bool may_change(struct vp_planning *planning, const struct vp_setting *setting,
                       const struct wishes *wishes, const vp_node *disk)
{
    const unsigned never = VP_DISK_VHOST_USER | VP_DISK_SCSI_LUN;
    const bool speak = setting->knob == &vp_knobs_iotune[wishes->first];
    if ((vp_disk_traits(disk) & never) != 0) {
        if (speak)
            (void)vp_disk_refuses(planning, setting, disk, never);
        return false;
    }
    vp_autofree char *own = group_of(disk);
    const char *group = wishes->group != NULL ? wishes->group : own;
    const vp_node *member = group != NULL ? fixed_member(planning->domain, group) : NULL;
    if (member != NULL && speak)
        vp_plan_skip(planning, setting,
                     "%s: %s is in throttle group '%s' too and keeps its limits; name another group",
                     vp_disk_name(disk), vp_disk_name(member), group);
    return member == NULL;
}

static void plan_field(struct vp_planning *planning, const struct vp_setting *setting, vp_node *disk,
                       int field, uint64_t value, const char *reason)
{
    vp_autofree char *path = vp_asprintf("iotune/%s", elements[field]);
    vp_autofree char *text = value != 0 ? vp_asprintf("%" PRIu64, value) : NULL;
    vp_plan_text(planning, setting, disk, path, text, "%s", reason);
}

/* What the wishes of the profile bring with them for other fields of the disk. */
static void plan_others(struct vp_planning *planning, const struct vp_setting *setting,
                        const struct wishes *wishes, vp_node *disk, const struct outcome *out)
{
    const struct limits own = read_own(disk);
    for (int f = 0; f < FIELDS; f++)
        if (!wishes->set[f] && out->limits.value[f] != own.value[f])
            plan_field(planning, setting, disk, f, out->limits.value[f],
                       out->why[f] != NULL ? out->why[f] : "as the other disks of its throttle group");
    if (!any(&out->limits) && vp_node_walk(disk, "iotune/group_name") != NULL)
        vp_plan_text(planning, setting, disk, "iotune/group_name", NULL, "a throttle group needs limits");
}

static void plan_limit_of(struct vp_planning *planning, const struct vp_setting *setting,
                          const struct wishes *wishes, vp_node *disk, int field)
{
    const struct limits effective = read_effective(planning->domain, disk);
    const struct outcome out = settle(wishes, &effective);
    if (field == wishes->first)
        plan_others(planning, setting, wishes, disk, &out);
    const uint64_t value = out.limits.value[field];
    const bool granted = value == wishes->limits.value[field];
    if (!granted)
        vp_plan_skip(planning, setting, "%s: %s", vp_disk_name(disk), out.why[field]);
    if (value == 0 && read_own(disk).value[field] == 0)
        return;
    plan_field(planning, setting, disk, field, value,
               !granted     ? out.why[field]
               : value == 0 ? "the profile takes the limit away"
                            : "keeps one guest from taking the storage from others");
}

static int plan_limit(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const int field = (int)(setting->knob - vp_knobs_iotune);
    assert(field >= 0 && field < FIELDS);
    const struct wishes wishes = read_wishes(planning);
    for (vp_node *disk = vp_disk_first(planning->domain); disk != NULL; disk = vp_disk_next(disk))
        if (may_change(planning, setting, &wishes, disk))
            plan_limit_of(planning, setting, &wishes, disk, field);
    return 0;
}

static int plan_group(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const struct wishes wishes = read_wishes(planning);
    if (wishes.first == GROUP || !any(&wishes.limits)) {
        vp_plan_skip(planning, setting, "a throttle group needs limits; set one like disk.total-iops");
        return 0;
    }
    for (vp_node *disk = vp_disk_first(planning->domain); disk != NULL; disk = vp_disk_next(disk)) {
        if (!may_change(planning, setting, &wishes, disk))
            continue;
        const struct outcome out = settle(&wishes, &(struct limits){0});
        if (any(&out.limits))
            vp_plan_text(planning, setting, disk, "iotune/group_name", setting->value.text,
                         "the disks of the guest share one set of limits");
    }
    return 0;
}

static int plan_boot_time(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    (void)err;
    bool some = false;
    for (int what = 0; what < WHATS; what++)
        some = some || boot_allowance(planning, what) != NULL;
    if (some)
        planning->plan->again = boot_left(planning);
    else
        vp_plan_skip(planning, setting,
                     "no disk may do more while the guest boots; set disk.boot-total-iops");
    return 0;
}

/* The limits themselves plan it. */
static int plan_boot(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const int what = (int)(setting->knob - vp_knobs_iotune) - BOOT;
    const char *limit = vp_knobs_iotune[FIELD(RATE, what, TOTAL)].name;
    if (vp_plan_setting(planning, vp_knobs_iotune[BOOT_TIME].name) == NULL)
        vp_plan_skip(planning, setting, "nobody says how long a boot takes; set disk.boot-time");
    else if (boot_allowance(planning, what) == NULL)
        vp_plan_skip(planning, setting, "it is for a guest whose %s is less", limit);
    return 0;
}

static int check_group(const char *text, struct vp_error **err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const size_t n = strlen(text);
    if (n == 0 || n > 64 || strspn(text, allowed) != n)
        return vp_fail(err, EINVAL,
                       "'%s' cannot name a throttle group: use 1 to 64 letters, digits, '.', '_' and '-'",
                       text);
    return 0;
}

#define ROW_OF(field, key, kind_of_value, most, unit_text, text, planner)                                    \
    [field] = {.name = "disk." key,                                                                          \
               .type = (kind_of_value),                                                                      \
               .effect = VP_EFFECT_LIVE,                                                                     \
               .max = (most),                                                                                \
               .unit = unit_text,                                                                            \
               .doc = text,                                                                                  \
               .plan = (planner),                                                                            \
               .verify = vp_verify_definition}
#define ROW(field, key, kind_of_value, most, unit_text, text)                                                \
    ROW_OF(field, key, kind_of_value, most, unit_text, text, plan_limit)
#define BOOT_ROW(field, key, kind_of_value, most, unit_text, text)                                           \
    ROW_OF(field, key, kind_of_value, most, unit_text, text, plan_boot)
#define RATE_DOC                                                                                             \
    " of each hard disk in a second; 0 takes a limit away. Limits of the total and of reads and writes "     \
    "exclude each other: what the definition has of the other kind goes, and in a profile with both the "    \
    "total is left out. Not on vhost-user and SCSI lun disks."
#define BURST_DOC(key)                                                                                       \
    " of each hard disk in a burst above disk." key ", which must be set and no higher; 0 takes a burst away."
#define BOOT_DOC(key)                                                                                        \
    " of each hard disk in a second for disk.boot-time, rather than disk.total-" key                         \
    ", which must be set and less; 0 for no limit. A burst above that goes for as long, unless it is higher."
#define LENGTH_DOC(key)                                                                                      \
    "How long a burst of disk." key "-max may last, which must be set; one second without it."
#define ROWS(what, kind, key, kind_of_value, most, unit_text, words)                                         \
    ROW(FIELD(RATE, what, kind), key, kind_of_value, most, unit_text, "Most " words RATE_DOC),               \
        ROW(FIELD(BURST, what, kind), key "-max", kind_of_value, most, unit_text,                            \
            "Most " words BURST_DOC(key)),                                                                   \
        ROW(FIELD(LENGTH, what, kind), key "-max-length", VP_TYPE_COUNT, LENGTH_MAX, "s", LENGTH_DOC(key))

/* In the order of FIELD(): a row's number is the field it plans. */
const struct vp_knob vp_knobs_iotune[] = {
    ROWS(BYTES, TOTAL, "total-bytes", VP_TYPE_SIZE, BYTES_MAX, "bytes/s", "bytes read and written"),
    ROWS(BYTES, READ, "read-bytes", VP_TYPE_SIZE, BYTES_MAX, "bytes/s", "bytes read"),
    ROWS(BYTES, WRITE, "write-bytes", VP_TYPE_SIZE, BYTES_MAX, "bytes/s", "bytes written"),
    ROWS(IOPS, TOTAL, "total-iops", VP_TYPE_COUNT, IOPS_MAX, "requests/s", "read and write requests"),
    ROWS(IOPS, READ, "read-iops", VP_TYPE_COUNT, IOPS_MAX, "requests/s", "read requests"),
    ROWS(IOPS, WRITE, "write-iops", VP_TYPE_COUNT, IOPS_MAX, "requests/s", "write requests"),
    ROW(SIZE_IOPS, "size-iops", VP_TYPE_SIZE, BYTES_MAX, "bytes",
        "A request larger than this counts as several where requests are limited; needs such a limit."),
    [GROUP] =
        {
            .name = "disk.throttle-group",
            .type = VP_TYPE_TEXT,
            .effect = VP_EFFECT_LIVE,
            .unit = "a name of letters, digits, '.', '_' and '-'",
            .doc = "Let all hard disks of the guest share one set of limits under this name instead of "
                   "having one each. Needs limits in the profile; other limits in the definition are taken "
                   "out, as libvirt wants the disks of a group to say the same.",
            .check = check_group,
            .plan = plan_group,
            .verify = vp_verify_definition,
        },
    [BOOT_TIME] = {.name = "disk.boot-time",
                   .type = VP_TYPE_COUNT,
                   .effect = VP_EFFECT_LIVE,
                   .max = BOOT_MAX,
                   .unit = "s",
                   .doc =
                       "How long after its start a guest may do what disk.boot-total-iops and "
                       "disk.boot-total-bytes allow. Its definition has the limit that holds later: "
                       "virt-profiled and virt-profile start raise it and virt-profiled lowers it again, so "
                       "that without them the guest boots under that limit.",
                   .plan = plan_boot_time,
                   .verify = vp_verify_definition},
    BOOT_ROW(BOOT + BYTES, "boot-total-bytes", VP_TYPE_SIZE, BYTES_MAX, "bytes/s",
             "Most bytes" BOOT_DOC("bytes")),
    BOOT_ROW(BOOT + IOPS, "boot-total-iops", VP_TYPE_COUNT, IOPS_MAX, "requests/s",
             "Most requests" BOOT_DOC("iops")),
    [END] = {.name = NULL},
};
