/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledger_own.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

#define BROKEN "/run/virt-profile/broken"
#define ENTRY_MAX (4u * 1024 * 1024)
#define BOOT_MAX 256

void vp_entries_done(struct vp_entries *entries)
{
    for (size_t i = 0; i < entries->n; i++)
        vp_entry_free(entries->items[i]);
    free(entries->items);
    *entries = (struct vp_entries){0};
}

void vp_entries_add(struct vp_entries *entries, struct vp_entry *entry)
{
    vp_grow(&entries->items, entries->n, &entries->cap, sizeof(entries->items[0]));
    entries->items[entries->n++] = entry;
}

static int by_name(const void *left, const void *right)
{
    const struct vp_entry *a = *(struct vp_entry *const *)left;
    const struct vp_entry *b = *(struct vp_entry *const *)right;
    const int r = strcmp(a->name, b->name);
    return r != 0 ? r : strcmp(a->uuid, b->uuid);
}

void vp_entries_sort(struct vp_entries *entries)
{
    if (entries->n > 1)
        qsort(entries->items, entries->n, sizeof(entries->items[0]), by_name);
}

struct vp_entry *vp_entries_find(const struct vp_entries *entries, const char *name)
{
    size_t low = 0;
    size_t high = entries->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int r = strcmp(entries->items[middle]->name, name);
        if (r == 0)
            return entries->items[middle];
        if (r < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

void vp_ledger_tell(const struct vp_ledger *ledger, const char *fmt, ...)
{
    va_list ap;
    if (ledger->say == NULL)
        return;
    va_start(ap, fmt);
    vp_autofree char *sentence = vp_vasprintf(fmt, ap);
    va_end(ap);
    ledger->say(ledger->cookie, sentence);
}

static char *read_boot(const struct vp_root *root)
{
    char *text = NULL;
    size_t len = 0;
    if (vp_root_read(root, "/proc/sys/kernel/random/boot_id", BOOT_MAX, &text, &len, NULL) < 0)
        return vp_strdup("");
    text[strcspn(text, "\n")] = '\0';
    return text;
}

int vp_ledger_open(const struct vp_root *root, const struct vp_topology *topology, bool write,
                   vp_ledger_say *say, void *cookie, struct vp_ledger **ret_ledger, struct vp_error **err)
{
    const int r = write ? vp_root_mkdir(root, VP_LEDGER_GUESTS, 0700, err) : 0;
    if (r < 0)
        return r;
    struct vp_ledger *ledger = vp_alloc(1, sizeof(*ledger));
    *ledger = (struct vp_ledger){.root = root,
                                 .topology = topology,
                                 .write = write,
                                 .lock = -1,
                                 .say = say,
                                 .cookie = cookie,
                                 .boot = read_boot(root),
                                 .now = vp_process_now()};
    *ret_ledger = ledger;
    return 0;
}

void vp_ledger_free(struct vp_ledger *ledger)
{
    if (ledger == NULL)
        return;
    vp_ledger_unlock(ledger);
    vp_entries_done(&ledger->strangers);
    vp_entries_done(&ledger->before);
    free(ledger->boot);
    free(ledger);
}

int vp_ledger_lock(struct vp_ledger *ledger, struct vp_error **err)
{
    assert(ledger->write && ledger->lock < 0);
    return vp_root_lock(ledger->root, VP_LEDGER_LOCK, true, &ledger->lock, err);
}

void vp_ledger_unlock(struct vp_ledger *ledger)
{
    vp_ledger_log_end(ledger);
    vp_root_unlock(&ledger->lock);
}

static void put_aside(struct vp_ledger *ledger, const char *name, const char *why)
{
    vp_autofree char *from = vp_asprintf(VP_LEDGER_GUESTS "/%s", name);
    vp_autofree char *to = vp_asprintf(BROKEN "/%s", name);
    vp_autoerror err = NULL;
    if (ledger->peeking) {
        ledger->spoiled = true;
        return;
    }
    if (ledger->lock < 0) {
        vp_ledger_tell(ledger, "left out an entry of the ledger: %s", why);
        return;
    }
    if (vp_root_mkdir(ledger->root, BROKEN, 0700, &err) < 0 ||
        vp_root_rename(ledger->root, from, to, &err) < 0)
        vp_ledger_tell(ledger, "left out an entry of the ledger that cannot be moved aside: %s; %s", why,
                       err->message);
    else
        vp_ledger_tell(ledger, "moved a broken entry of the ledger to '%s': %s", to, why);
}

/* A file that holds the entry of another guest is as good as broken: it would be stored beside itself. */
static bool is_named_by(const struct vp_entry *entry, const char *name)
{
    const size_t len = strlen(entry->uuid);
    return strncmp(name, entry->uuid, len) == 0 && strcmp(name + len, VP_LEDGER_SUFFIX) == 0;
}

static int read_one(const struct vp_ledger *ledger, const char *name, struct vp_entry **ret_entry,
                    struct vp_error **err)
{
    vp_autofree char *path = vp_asprintf(VP_LEDGER_GUESTS "/%s", name);
    vp_autofree char *text = NULL;
    vp_autoentry entry = NULL;
    size_t len = 0;
    int r = vp_root_read(ledger->root, path, ENTRY_MAX, &text, &len, err);
    if (r == 0)
        r = vp_entry_parse(text, len, path, ledger->topology, &entry, err);
    if (r < 0)
        return r;
    assert(entry != NULL);
    if (!is_named_by(entry, name))
        return vp_fail(err, EBADMSG, "'%s' is no entry of the ledger: it is one of another UUID", path);
    *ret_entry = vp_take(&entry);
    return 0;
}

static void read_into(struct vp_ledger *ledger, const char *name, struct vp_entries *entries)
{
    vp_autoerror err = NULL;
    struct vp_entry *entry = NULL;
    const int r = read_one(ledger, name, &entry, &err);
    if (r == 0)
        vp_entries_add(entries, entry);
    else if (r != -ENOENT) /* it went while we looked without the lock */
        put_aside(ledger, name, err->message);
}

void vp_ledger_peek(struct vp_ledger *ledger)
{
    vp_entries_done(&ledger->before);
    ledger->peeked = false;
    ledger->seen = vp_ledger_log_peek(ledger);
    ledger->peeking = true;
    ledger->spoiled = false;
    const int r = vp_ledger_read(ledger, &ledger->before, NULL); /* if it fails, so it will with the lock */
    ledger->peeking = false;
    vp_ledger_check(ledger, &ledger->before);
    vp_ledger_look(ledger, &ledger->before);
    ledger->peeked = r == 0 && !ledger->spoiled;
}

/* An entry that was changed meanwhile: out with the old one, in with the new. */
static void renew(struct vp_ledger *ledger, const char *uuid)
{
    struct vp_entries *entries = &ledger->before;
    vp_autofree char *name = vp_asprintf("%s" VP_LEDGER_SUFFIX, uuid);
    for (size_t i = 0; i < entries->n; i++)
        if (vp_same(entries->items[i]->uuid, uuid)) {
            vp_entry_free(entries->items[i]);
            entries->items[i] = entries->items[--entries->n];
            break;
        }
    read_into(ledger, name, entries);
}

bool vp_ledger_catch_up(struct vp_ledger *ledger)
{
    VP_CLEANUP(vp_names_free_ptr) char **uuids = NULL;
    ledger->peeked = false;
    if (!vp_ledger_log_since(ledger, ledger->seen, &uuids))
        return false;
    for (size_t i = 0; uuids[i] != NULL; i++)
        renew(ledger, uuids[i]);
    vp_entries_sort(&ledger->before);
    return true;
}

int vp_ledger_read(struct vp_ledger *ledger, struct vp_entries *ret_entries, struct vp_error **err)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    struct vp_entries entries = {0};
    vp_autoerror own = NULL;
    if (ledger->lock >= 0 && ledger->peeked && vp_ledger_catch_up(ledger)) {
        *ret_entries = ledger->before;
        ledger->before = (struct vp_entries){0};
        return 0;
    }
    const int r = vp_root_list(ledger->root, VP_LEDGER_GUESTS, &names, &own);
    if (r < 0 && r != -ENOENT)
        return vp_fail(err, -r, "%s", own->message);
    for (size_t i = 0; r == 0 && names[i] != NULL; i++) {
        vp_autofree char *path = vp_asprintf(VP_LEDGER_GUESTS "/%s", names[i]);
        if (vp_ledger_is_entry(names[i]))
            read_into(ledger, names[i], &entries);
        else if (ledger->lock >= 0 && vp_root_is_unfinished(names[i]))
            (void)vp_root_unlink(ledger->root, path, NULL); /* harmless if it stays */
    }
    vp_entries_sort(&entries);
    *ret_entries = entries;
    return 0;
}

int vp_ledger_entries(const struct vp_root *root, const struct vp_topology *topology, vp_ledger_say *say,
                      void *cookie, struct vp_entries *ret_entries, struct vp_error **err)
{
    vp_autoledger ledger = NULL;
    const int r = vp_ledger_open(root, topology, false, say, cookie, &ledger, err);
    return r < 0 ? r : vp_ledger_read(ledger, ret_entries, err);
}

/* A UUID as libvirt prints it is safe in a path. */
static char *path_of(const char *uuid)
{
    const bool good = strlen(uuid) == 36 && strspn(uuid, "0123456789abcdefABCDEF-") == 36;
    return good ? vp_asprintf(VP_LEDGER_GUESTS "/%s" VP_LEDGER_SUFFIX, uuid) : NULL;
}

int vp_ledger_find(struct vp_ledger *ledger, const char *uuid, struct vp_entry **ret_entry,
                   struct vp_error **err)
{
    vp_autofree char *path = path_of(uuid);
    vp_autofree char *name = vp_asprintf("%s" VP_LEDGER_SUFFIX, uuid);
    if (path == NULL)
        return vp_fail(err, ENOENT, "'%s' is no UUID of a guest", uuid);
    return read_one(ledger, name, ret_entry, err);
}

bool vp_ledger_has(const struct vp_ledger *ledger, const char *uuid)
{
    vp_autofree char *path = path_of(uuid);
    int fd = path != NULL ? vp_root_openat(ledger->root, path, O_PATH) : -1;
    if (fd < 0)
        return false;
    (void)close(fd);
    return true;
}

int vp_ledger_store(struct vp_ledger *ledger, const struct vp_entry *entry, struct vp_error **err)
{
    vp_autofree char *path = path_of(entry->uuid);
    assert(ledger->lock >= 0);
    if (path == NULL)
        return vp_fail(err, EINVAL, "domain '%s' cannot be noted in the ledger: '%s' is no UUID", entry->name,
                       entry->uuid);
    if (entry->partial || (entry->placement != NULL && ledger->topology == NULL))
        return vp_fail(
            err, EINVAL,
            "domain '%s' cannot be noted in the ledger: its place was not read for lack of a topology",
            entry->name);
    vp_autofree char *text = vp_entry_format(entry, ledger->boot, ledger->topology);
    int r = vp_ledger_log(ledger, entry->uuid, err);
    if (r == 0)
        r = vp_root_replace(ledger->root, path, text, strlen(text), 0600, err);
    return r < 0 ? vp_prefix(err, "domain '%s' cannot be noted in the ledger", entry->name) : 0;
}

int vp_ledger_remove(struct vp_ledger *ledger, const char *uuid, struct vp_error **err)
{
    vp_autofree char *path = path_of(uuid);
    assert(ledger->lock >= 0);
    if (path == NULL || !vp_ledger_has(ledger, uuid))
        return 0;
    const int r = vp_ledger_log(ledger, uuid, err);
    return r < 0 ? r : vp_root_unlink(ledger->root, path, err);
}
