/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "journal.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <json-c/json.h>

#include "size.h"
#include "text.h"

#define JOURNAL_MAX (64u * 1024 * 1024)
#define BOOT_MAX 64
#define FORMAT_VERSION 1

const char vp_journal_path[] = "/run/virt-profile/host.json";
static const char broken_path[] = "/run/virt-profile/host.json.broken";

/* The members of an item, all of them text. */
static const struct {
    const char *name;
    size_t offset;
    bool needed;
} members[] = {
    {"means", offsetof(struct vp_journal_item, means), true},
    {"target", offsetof(struct vp_journal_item, target), true},
    {"before", offsetof(struct vp_journal_item, before), false},
    {"ours", offsetof(struct vp_journal_item, ours), true},
    {"next", offsetof(struct vp_journal_item, next), false},
    {"seen", offsetof(struct vp_journal_item, seen), false},
    {"told", offsetof(struct vp_journal_item, told), false},
    {"owner", offsetof(struct vp_journal_item, owner), true},
    {"reason", offsetof(struct vp_journal_item, reason), true},
};

static char **member(struct vp_journal_item *item, size_t i)
{
    return (char **)(void *)((char *)item + members[i].offset);
}

static void item_free(struct vp_journal_item *item)
{
    if (item == NULL)
        return;
    for (size_t i = 0; i < VP_ARRAY_SIZE(members); i++)
        free(*member(item, i));
    free(item);
}

static void item_free_ptr(struct vp_journal_item **item)
{
    item_free(*item);
}

static void put_object(json_object **object)
{
    json_object_put(*object);
}

static void free_tokener(json_tokener **tokener)
{
    if (*tokener != NULL)
        json_tokener_free(*tokener);
}

void vp_journal_done(struct vp_journal *journal)
{
    if (journal->index != NULL)
        lh_table_free(journal->index);
    for (size_t i = 0; i < journal->n; i++)
        item_free(journal->items[i]);
    free(journal->items);
    free(journal->passes);
    free(journal->passing);
    free(journal->passed);
    free(journal->text);
    free(journal->boot);
    *journal = (struct vp_journal){0};
}

static void free_key(struct lh_entry *entry)
{
    free(lh_entry_k(entry));
}

struct vp_journal_item *vp_journal_find(const struct vp_journal *journal, const char *means,
                                        const char *target)
{
    vp_autofree char *key = vp_asprintf("%s %s", means, target);
    void *item = NULL;
    if (journal->index == NULL || !lh_table_lookup_ex(journal->index, key, &item))
        return NULL;
    struct vp_journal_item *found = item;
    return found->gone ? NULL : found;
}

static void append(struct vp_journal *journal, struct vp_journal_item *item)
{
    if (journal->index == NULL)
        journal->index = lh_kchar_table_new(64, free_key);
    vp_grow(&journal->items, journal->n, &journal->cap, sizeof(*journal->items));
    journal->items[journal->n++] = item;
    if (journal->index == NULL ||
        lh_table_insert(journal->index, vp_asprintf("%s %s", item->means, item->target), item) < 0)
        vp_oom();
}

struct vp_journal_item *vp_journal_add(struct vp_journal *journal, const char *means, const char *target)
{
    assert(vp_journal_find(journal, means, target) == NULL);
    struct vp_journal_item *item = vp_alloc(1, sizeof(*item));
    item->means = vp_strdup(means);
    item->target = vp_strdup(target);
    append(journal, item);
    return item;
}

/* A text member; NULL where it is missing or something else. Borrowed. */
static const char *text_of(json_object *object, const char *name)
{
    json_object *value = NULL;
    if (!json_object_object_get_ex(object, name, &value) || !json_object_is_type(value, json_type_string))
        return NULL;
    return json_object_get_string(value);
}

static bool take_item(json_object *object, struct vp_journal *journal)
{
    VP_CLEANUP(item_free_ptr) struct vp_journal_item *item = vp_alloc(1, sizeof(*item));
    for (size_t i = 0; i < VP_ARRAY_SIZE(members); i++) {
        *member(item, i) = vp_strdup(text_of(object, members[i].name));
        if (members[i].needed && *member(item, i) == NULL)
            return false;
    }
    if (vp_journal_find(journal, item->means, item->target) != NULL)
        return false;
    append(journal, vp_take(&item));
    return true;
}

static json_object *parse_text(const char *text, size_t len)
{
    VP_CLEANUP(free_tokener) json_tokener *tokener = json_tokener_new();
    if (tokener == NULL)
        vp_oom();
    if (len > JOURNAL_MAX)
        return NULL;
    return json_tokener_parse_ex(tokener, text, (int)len);
}

/* false: it is no journal */
static bool take_text(struct vp_journal *journal, const char *text, size_t len)
{
    VP_CLEANUP(put_object) json_object *top = parse_text(text, len);
    json_object *version = NULL;
    json_object *items = NULL;
    const char *boot = text_of(top, "boot");
    if (boot == NULL || !json_object_object_get_ex(top, "version", &version) ||
        json_object_get_int64(version) != FORMAT_VERSION ||
        !json_object_object_get_ex(top, "items", &items) || !json_object_is_type(items, json_type_array))
        return false;
    if (!vp_same(boot, journal->boot))
        return true;
    for (size_t i = 0; i < json_object_array_length(items); i++)
        if (!take_item(json_object_array_get_idx(items, i), journal))
            return false;
    json_object *passing = NULL;
    if (json_object_object_get_ex(top, "passing", &passing)) {
        journal->passes = vp_strdup(text_of(passing, "file"));
        journal->passing = vp_strdup(text_of(passing, "value"));
        journal->passed = vp_strdup(text_of(passing, "before"));
        return journal->passes != NULL && journal->passing != NULL && journal->passed != NULL;
    }
    return true;
}

/* A host that does not say (a made-up one) has one boot only. */
static char *read_boot(const struct vp_root *root)
{
    char *text = NULL;
    size_t len = 0;
    if (vp_root_read(root, "/proc/sys/kernel/random/boot_id", BOOT_MAX, &text, &len, NULL) < 0)
        return vp_strdup("");
    text[strcspn(text, "\n")] = '\0';
    return text;
}

int vp_journal_read(const struct vp_root *root, struct vp_journal *ret_journal, char **ret_said,
                    struct vp_error **err)
{
    VP_CLEANUP(vp_journal_done) struct vp_journal journal = {.boot = read_boot(root)};
    vp_autofree char *text = NULL;
    vp_autoerror own = NULL;
    size_t len = 0;
    const int r = vp_root_read(root, vp_journal_path, JOURNAL_MAX, &text, &len, &own);
    if (r < 0 && r != -ENOENT)
        return vp_fail(err, -r, "%s", own->message);
    const bool broken = r == 0 && !take_text(&journal, text, len);
    if (broken) {
        vp_autofree char *boot = vp_take(&journal.boot);
        vp_journal_done(&journal);
        journal.boot = vp_take(&boot);
    }
    journal.text = vp_take(&text);
    *ret_journal = journal;
    journal = (struct vp_journal){0};
    *ret_said = broken
                    ? vp_asprintf("it cannot be read, so what it noted is not put back; it is kept as '%s'",
                                  broken_path)
                    : NULL;
    return 0;
}

int vp_journal_set_aside(const struct vp_root *root, struct vp_error **err)
{
    return vp_root_rename(root, vp_journal_path, broken_path, err);
}

static json_object *made(json_object *object)
{
    if (object == NULL)
        vp_oom();
    return object;
}

static void add(json_object *object, const char *name, json_object *value)
{
    if (json_object_object_add(object, name, value) != 0)
        vp_oom();
}

static void add_text(json_object *object, const char *name, const char *text)
{
    if (text != NULL)
        add(object, name, made(json_object_new_string(text)));
}

static json_object *item_object(struct vp_journal_item *item)
{
    json_object *object = made(json_object_new_object());
    for (size_t i = 0; i < VP_ARRAY_SIZE(members); i++)
        add_text(object, members[i].name, *member(item, i));
    return object;
}

/* Owned; NULL for an empty one. */
static char *format(const struct vp_journal *journal)
{
    VP_CLEANUP(put_object) json_object *top = made(json_object_new_object());
    json_object *items = made(json_object_new_array());
    add(top, "version", made(json_object_new_int(FORMAT_VERSION)));
    add_text(top, "boot", journal->boot);
    add(top, "items", items);
    for (size_t i = 0; i < journal->n; i++)
        if (!journal->items[i]->gone && json_object_array_add(items, item_object(journal->items[i])) != 0)
            vp_oom();
    if (journal->passes != NULL) {
        json_object *passing = made(json_object_new_object());
        add(top, "passing", passing);
        add_text(passing, "file", journal->passes);
        add_text(passing, "value", journal->passing);
        add_text(passing, "before", journal->passed);
    } else if (json_object_array_length(items) == 0) {
        return NULL;
    }
    const char *text =
        json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (text == NULL)
        vp_oom();
    return vp_asprintf("%s\n", text);
}

int vp_journal_write(const struct vp_root *root, struct vp_journal *journal, struct vp_error **err)
{
    vp_autofree char *text = format(journal);
    if (text == NULL ? journal->text == NULL : vp_same(text, journal->text))
        return 0;
    const int r = text == NULL ? vp_root_unlink(root, vp_journal_path, err)
                               : vp_root_replace(root, vp_journal_path, text, strlen(text), 0644, err);
    if (r < 0)
        return r;
    free(journal->text);
    journal->text = vp_take(&text);
    return 0;
}

uint64_t vp_journal_number(const char *text)
{
    uint64_t n = 0;
    return text != NULL && vp_u64_parse(text, 0, UINT64_MAX, &n) == 0 ? n : 0;
}

uint64_t vp_journal_part(const struct vp_journal_item *item, const char *whole)
{
    const uint64_t now = vp_journal_number(whole);
    const uint64_t seen = vp_journal_number(item->seen);
    const uint64_t next = vp_journal_number(item->next);
    uint64_t part = vp_journal_number(item->ours);
    if (item->next != NULL && next >= part) {
        const uint64_t more = now > seen ? now - seen : 0;
        part = more < next - part ? part + more : next;
    } else if (item->next != NULL) {
        const uint64_t less = now < seen ? seen - now : 0;
        part = less < part - next ? part - less : next;
    }
    return part < now ? part : now;
}
