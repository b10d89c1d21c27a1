/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>

#include "blockqueue.h"
#include "journal.h"
#include "size.h"
#include "strbuf.h"
#include "text.h"
#include "wish_block.h"

#define PREFIX "block/"

enum part { SCHEDULER, REQUESTS, AHEAD, PARTS };
static const char *const files[PARTS] = {"scheduler", "nr_requests", "read_ahead_kb"};

/* The strongest first; see the header. */
static const char *const order[] = {"bfq", "mq-deadline", "kyber", "none"};

/* What the guests so far want of a part. */
struct vote {
    char *value;  /* owned, as all of it; NULL: nobody wants anything */
    char *owners; /* those who want just that */
    char *reason;
};

struct disk {
    char *name; /* owned */
    struct vote votes[PARTS];
};

struct disks {
    struct disk *items;
    size_t n, cap;
};

static void vote_done(struct vote *vote)
{
    free(vote->value);
    free(vote->owners);
    free(vote->reason);
    *vote = (struct vote){0};
}

static void disks_done(struct disks *disks)
{
    for (size_t i = 0; i < disks->n; i++) {
        for (enum part part = 0; part < PARTS; part++)
            vote_done(&disks->items[i].votes[part]);
        free(disks->items[i].name);
    }
    free(disks->items);
}

/* How strong a value is; 0 for what is none. */
static uint64_t strength(enum part part, const char *value)
{
    uint64_t number = 0;
    if (part != SCHEDULER)
        return vp_u64_parse(value, 0, UINT32_MAX, &number) == 0 ? number + 1 : 0;
    for (size_t i = 0; i < VP_ARRAY_SIZE(order); i++)
        if (vp_same(value, order[i]))
            return VP_ARRAY_SIZE(order) - i;
    return 0;
}

/* "block/sda/scheduler" */
static bool parse_name(const char *name, char **ret_disk, enum part *ret_part)
{
    if (!vp_starts(name, PREFIX))
        return false;
    const char *disk = name + strlen(PREFIX);
    const size_t len = strcspn(disk, "/");
    if (len == 0 || disk[0] == '.' || disk[len] == '\0')
        return false;
    for (enum part part = 0; part < PARTS; part++)
        if (strcmp(disk + len + 1, files[part]) == 0) {
            *ret_disk = vp_strndup(disk, len);
            *ret_part = part;
            return true;
        }
    return false;
}

/* Takes the name over. */
static struct disk *disk_of(struct disks *disks, char *name)
{
    for (size_t i = 0; i < disks->n; i++)
        if (strcmp(disks->items[i].name, name) == 0) {
            free(name);
            return &disks->items[i];
        }
    vp_grow(&disks->items, disks->n, &disks->cap, sizeof(*disks->items));
    disks->items[disks->n] = (struct disk){.name = name};
    return &disks->items[disks->n++];
}

static void count(struct vote *vote, enum part part, const char *owner, const struct vp_want *want)
{
    const uint64_t new = strength(part, want->value);
    const uint64_t old = vote->value != NULL ? strength(part, vote->value) : 0;
    if (new == 0 || new < old)
        return;
    if (new == old) {
        char *owners = vp_asprintf("%s, %s", vote->owners, owner);
        free(vote->owners);
        vote->owners = owners;
        return;
    }
    vote_done(vote);
    *vote = (struct vote){vp_strdup(want->value), vp_strdup(owner), vp_strdup(want->reason)};
}

static void collect(const struct vp_entries *entries, struct disks *disks)
{
    for (size_t i = 0; i < entries->n; i++) {
        const struct vp_entry *entry = entries->items[i];
        for (size_t k = 0; k < entry->n_wants; k++) {
            const struct vp_want *want = &entry->wants[k];
            enum part part = PARTS;
            char *name = NULL;
            if (parse_name(want->name, &name, &part))
                count(&disk_of(disks, name)->votes[part], part, entry->name, want);
        }
    }
}

static bool lists(const char *list, const char *item, const char *between)
{
    const size_t len = strlen(item);
    for (const char *at = list; at != NULL;) {
        const char *end = strstr(at, between);
        if (strncmp(at, item, len) == 0 && (end != NULL ? end == at + len : at[len] == '\0'))
            return true;
        at = end != NULL ? end + strlen(between) : NULL;
    }
    return false;
}

/* Two lists as one, what is in both once; NULL for none of them. Owned. */
static char *both(const char *a, const char *b, const char *between)
{
    const size_t gap = strlen(between);
    struct vp_strbuf buf = {0};
    vp_strbuf_add(&buf, a != NULL ? a : "");
    for (const char *at = b; at != NULL;) {
        const char *end = strstr(at, between);
        vp_autofree char *item = end != NULL ? vp_strndup(at, (size_t)(end - at)) : vp_strdup(at);
        if (!lists(a, item, between))
            vp_strbuf_join(&buf, between, item);
        at = end != NULL ? end + gap : NULL;
    }
    return vp_strbuf_take(&buf);
}

/* What a disk has without guests, in words of vp_means_queue. Owned. */
static void read_own(const struct vp_root *root, const struct vp_journal *journal, const char *target,
                     char **ret_scheduler, char **ret_requests)
{
    const struct vp_journal_item *item = vp_journal_find(journal, vp_means_queue.name, target);
    vp_autofree char *now = NULL;
    const char *value = item != NULL ? item->before : NULL;
    if (value == NULL && vp_means_queue.read(root, target, &now, NULL) == 0)
        value = now;
    if (value == NULL)
        value = "- -";
    const size_t first = strcspn(value, " ");
    const char *second = value + first + strspn(value + first, " ");
    *ret_scheduler = vp_strndup(value, first);
    *ret_requests = vp_strndup(second, strcspn(second, " "));
}

static void wish_queue(const struct vp_root *root, const struct vp_journal *journal, const struct disk *disk,
                       struct vp_wishes *wishes)
{
    const struct vote *scheduler = &disk->votes[SCHEDULER];
    const struct vote *requests = &disk->votes[REQUESTS];
    if (scheduler->value == NULL && requests->value == NULL)
        return;
    vp_autofree char *target = vp_asprintf("/sys/block/%s/queue", disk->name);
    vp_autofree char *own = NULL;
    vp_autofree char *own_requests = NULL;
    read_own(root, journal, target, &own, &own_requests);
    const char *name = scheduler->value != NULL ? scheduler->value : own;
    /* How long a queue is with another scheduler, the kernel knows. */
    const char *length = requests->value != NULL  ? requests->value
                         : strcmp(name, own) == 0 ? own_requests
                                                  : "-";
    vp_autofree char *value = vp_asprintf("%s %s", name, length);
    vp_autofree char *owners = both(scheduler->owners, requests->owners, ", ");
    vp_autofree char *reason = both(scheduler->reason, requests->reason, "; ");
    vp_wishes_add(wishes, &vp_means_queue, target, value, owners, reason);
}

static void wish_ahead(const struct disk *disk, struct vp_wishes *wishes)
{
    const struct vote *ahead = &disk->votes[AHEAD];
    if (ahead->value == NULL)
        return;
    vp_autofree char *target = vp_asprintf("/sys/block/%s/queue/read_ahead_kb", disk->name);
    vp_wishes_add(wishes, &vp_means_file, target, ahead->value, ahead->owners, ahead->reason);
}

int vp_wish_block(const struct vp_root *root, const struct vp_topology *topology,
                  const struct vp_entries *entries, struct vp_wishes *wishes, struct vp_error **err)
{
    (void)topology;
    VP_CLEANUP(disks_done) struct disks disks = {0};
    VP_CLEANUP(vp_journal_done) struct vp_journal journal = {0};
    vp_autofree char *said = NULL; /* of a broken one, which is set aside and said by who reconciles */
    collect(entries, &disks);
    const int r = disks.n > 0 ? vp_journal_read(root, &journal, &said, err) : 0;
    if (r < 0)
        return r;
    for (size_t i = 0; i < disks.n; i++) {
        wish_queue(root, &journal, &disks.items[i], wishes);
        wish_ahead(&disks.items[i], wishes);
    }
    return 0;
}
