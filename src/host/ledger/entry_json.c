/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "entry_json.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <json_tokener.h>

#include "text.h"

#define FORMAT_VERSION 1
#define ENTRY_MAX (4u * 1024 * 1024)

json_object *vp_entry_json_made(json_object *object)
{
    if (object == NULL)
        vp_oom();
    return object;
}

void vp_entry_json_add(json_object *object, const char *key, json_object *value)
{
    const unsigned flags = JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT;
    const int r = key != NULL ? json_object_object_add_ex(object, key, value, flags)
                              : json_object_array_add(object, value);
    if (r != 0)
        vp_oom();
}

void vp_entry_json_add_number(json_object *object, const char *key, uint64_t value)
{
    const int64_t number = value < INT64_MAX ? (int64_t)value : INT64_MAX - 1;
    vp_entry_json_add(object, key, vp_entry_json_made(json_object_new_int64(number)));
}

void vp_entry_json_add_text(json_object *object, const char *key, const char *text)
{
    if (text != NULL)
        vp_entry_json_add(object, key, vp_entry_json_made(json_object_new_string(text)));
}

void vp_entry_json_add_set(json_object *object, const char *key, hwloc_const_bitmap_t set)
{
    if (set == NULL)
        return;
    vp_autofree char *text = vp_bitmap_text(set);
    vp_entry_json_add_text(object, key, text);
}

static json_object *of_type(json_object *value, json_type type)
{
    return json_object_is_type(value, type) ? value : NULL;
}

json_object *vp_entry_json_get(json_object *object, const char *key, json_type type)
{
    json_object *value = NULL;
    return json_object_object_get_ex(object, key, &value) ? of_type(value, type) : NULL;
}

json_object *vp_entry_json_at(json_object *array, size_t at, json_type type)
{
    return of_type(json_object_array_get_idx(array, at), type);
}

const char *vp_entry_json_text(json_object *value)
{
    return value != NULL ? json_object_get_string(value) : NULL;
}

bool vp_entry_json_number(json_object *value, uint64_t max, uint64_t *ret_value)
{
    if (!json_object_is_type(value, json_type_int))
        return false;
    const int64_t number = json_object_get_int64(value);
    if (number < 0 || number == INT64_MAX || (uint64_t)number > max)
        return false;
    *ret_value = (uint64_t)number;
    return true;
}

bool vp_entry_json_set(json_object *value, hwloc_bitmap_t *ret_set)
{
    return json_object_is_type(value, json_type_string) &&
           vp_bitmap_parse(json_object_get_string(value), "", ret_set, NULL) == 0;
}

bool vp_entry_json_choice(json_object *value, const char *const *names, unsigned n, unsigned *ret_choice)
{
    const char *text = vp_entry_json_text(of_type(value, json_type_string));
    for (unsigned i = 0; i < n; i++)
        if (vp_same(text, names[i])) {
            *ret_choice = i;
            return true;
        }
    return false;
}

static json_object *format_process(const struct vp_process *process)
{
    json_object *array = vp_entry_json_made(json_object_new_array_ext(2));
    vp_entry_json_add_number(array, NULL, process->pid > 0 ? (uint64_t)process->pid : 0);
    vp_entry_json_add_number(array, NULL, process->start);
    return array;
}

static void format_own(const struct vp_entry *entry, json_object *object)
{
    vp_entry_json_add_set(object, "pinned", entry->pinned);
    json_object *pins = vp_entry_json_made(json_object_new_array());
    for (size_t i = 0; i < entry->n_pins; i++) {
        json_object *pin = vp_entry_json_made(json_object_new_array_ext(2));
        vp_entry_json_add_set(pin, NULL, entry->pins[i].cpus);
        vp_entry_json_add_number(pin, NULL, entry->pins[i].threads);
        vp_entry_json_add(pins, NULL, pin);
    }
    json_object *memory = vp_entry_json_made(json_object_new_array());
    for (size_t i = 0; i < entry->n_memory; i++) {
        json_object *part = vp_entry_json_made(json_object_new_array_ext(3));
        vp_entry_json_add(part, NULL, vp_entry_json_made(json_object_new_int(entry->memory[i].node)));
        vp_entry_json_add_number(part, NULL, entry->memory[i].page_kib);
        vp_entry_json_add_number(part, NULL, entry->memory[i].kib);
        vp_entry_json_add(memory, NULL, part);
    }
    vp_entry_json_add(object, "pins", pins);
    vp_entry_json_add(object, "memory", memory);
}

/* An absent text is null, so that the others keep their place. */
static void add_text_or_null(json_object *array, const char *text)
{
    if (text != NULL)
        vp_entry_json_add_text(array, NULL, text);
    else
        vp_entry_json_add(array, NULL, NULL);
}

static json_object *format_wants(const struct vp_entry *entry)
{
    json_object *wants = vp_entry_json_made(json_object_new_array());
    for (size_t i = 0; i < entry->n_wants; i++) {
        const struct vp_want *want = &entry->wants[i];
        json_object *array = vp_entry_json_made(json_object_new_array_ext(4));
        vp_entry_json_add_text(array, NULL, want->name);
        add_text_or_null(array, want->value);
        add_text_or_null(array, want->knob);
        add_text_or_null(array, want->reason);
        vp_entry_json_add(wants, NULL, array);
    }
    return wants;
}

static json_object *format_pending(const struct vp_entry *entry)
{
    json_object *pending = vp_entry_json_made(json_object_new_array());
    for (size_t i = 0; entry->pending[i] != NULL; i++)
        vp_entry_json_add_text(pending, NULL, entry->pending[i]);
    return pending;
}

static void put_object(json_object **object)
{
    json_object_put(*object);
}
#define autojson VP_CLEANUP(put_object) json_object *

char *vp_entry_format(const struct vp_entry *entry, const char *boot, const struct vp_topology *topology)
{
    autojson object = vp_entry_json_made(json_object_new_object());
    vp_entry_json_add_number(object, "version", FORMAT_VERSION);
    vp_entry_json_add_text(object, "uuid", entry->uuid);
    vp_entry_json_add_text(object, "name", entry->name);
    vp_entry_json_add_text(object, "profile", entry->profile);
    vp_entry_json_add_number(object, "id", entry->id);
    vp_entry_json_add_text(object, "state", vp_entry_state_names[entry->state]);
    vp_entry_json_add(object, "maker", format_process(&entry->maker));
    vp_entry_json_add(object, "qemu", format_process(&entry->qemu));
    vp_entry_json_add_number(object, "since", entry->since);
    vp_entry_json_add_number(object, "ticks", entry->ticks);
    vp_entry_json_add_text(object, "boot", entry->boot != NULL ? entry->boot : boot);
    if (entry->placement != NULL)
        vp_entry_json_add(object, "placement", vp_entry_placement_format(entry->placement, topology));
    else
        format_own(entry, object);
    vp_entry_json_add(object, "wants", format_wants(entry));
    if (entry->pending != NULL)
        vp_entry_json_add(object, "pending", format_pending(entry));
    const char *text =
        json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (text == NULL)
        vp_oom();
    return vp_strdup(text);
}

static bool parse_process(json_object *array, struct vp_process *process)
{
    uint64_t pid = 0;
    if (array == NULL || !vp_entry_json_number(json_object_array_get_idx(array, 0), INT_MAX, &pid) ||
        !vp_entry_json_number(json_object_array_get_idx(array, 1), INT64_MAX, &process->start))
        return false;
    process->pid = (pid_t)pid;
    return true;
}

static bool parse_pins(json_object *pins, struct vp_entry *entry)
{
    for (size_t i = 0; pins != NULL && i < json_object_array_length(pins); i++) {
        json_object *pin = vp_entry_json_at(pins, i, json_type_array);
        vp_autobitmap cpus = NULL;
        uint64_t threads = 0;
        if (pin == NULL || !vp_entry_json_set(json_object_array_get_idx(pin, 0), &cpus) ||
            !vp_entry_json_number(json_object_array_get_idx(pin, 1), UINT_MAX, &threads))
            return false;
        vp_entry_add_pin(entry, cpus, (unsigned)threads);
    }
    return true;
}

static bool parse_memory(json_object *memory, struct vp_entry *entry)
{
    for (size_t i = 0; memory != NULL && i < json_object_array_length(memory); i++) {
        json_object *part = vp_entry_json_at(memory, i, json_type_array);
        json_object *where = part != NULL ? vp_entry_json_at(part, 0, json_type_int) : NULL;
        const int64_t node = where != NULL ? json_object_get_int64(where) : INT64_MIN;
        uint64_t page_kib = 0;
        uint64_t kib = 0;
        if (node < -1 || node > INT_MAX ||
            !vp_entry_json_number(json_object_array_get_idx(part, 1), VP_ENTRY_KIB_MAX, &page_kib) ||
            !vp_entry_json_number(json_object_array_get_idx(part, 2), VP_ENTRY_KIB_MAX, &kib))
            return false;
        vp_entry_add_memory(entry, (int)node, page_kib, kib);
    }
    return true;
}

static const char *text_at(json_object *array, size_t at)
{
    return vp_entry_json_text(vp_entry_json_at(array, at, json_type_string));
}

static bool parse_wants(json_object *wants, struct vp_entry *entry)
{
    for (size_t i = 0; wants != NULL && i < json_object_array_length(wants); i++) {
        json_object *want = vp_entry_json_at(wants, i, json_type_array);
        if (want == NULL || text_at(want, 0) == NULL)
            return false;
        vp_entry_add_want(entry, text_at(want, 0), text_at(want, 1), text_at(want, 2), text_at(want, 3));
    }
    return true;
}

static void parse_pending(json_object *pending, struct vp_entry *entry)
{
    if (pending == NULL)
        return;
    const size_t n = json_object_array_length(pending);
    size_t k = 0;
    entry->pending = vp_alloc(n + 1, sizeof(entry->pending[0]));
    for (size_t i = 0; i < n; i++)
        if (text_at(pending, i) != NULL)
            entry->pending[k++] = vp_strdup(text_at(pending, i));
}

static const char *text_of(json_object *object, const char *key)
{
    return vp_entry_json_text(vp_entry_json_get(object, key, json_type_string));
}

static bool number_of(json_object *object, const char *key, uint64_t max, uint64_t *ret_value)
{
    return vp_entry_json_number(vp_entry_json_get(object, key, json_type_int), max, ret_value);
}

/* Whose it is and since when; the entry has its name already. */
static bool parse_head(json_object *object, struct vp_entry *entry)
{
    uint64_t id = 0;
    unsigned state = 0;
    if (!number_of(object, "id", UINT_MAX, &id) || !number_of(object, "since", INT64_MAX, &entry->since) ||
        !number_of(object, "ticks", INT64_MAX, &entry->ticks) ||
        !vp_entry_json_choice(vp_entry_json_get(object, "state", json_type_string), vp_entry_state_names,
                              VP_ENTRY_STATE_N_, &state) ||
        !parse_process(vp_entry_json_get(object, "maker", json_type_array), &entry->maker) ||
        !parse_process(vp_entry_json_get(object, "qemu", json_type_array), &entry->qemu))
        return false;
    entry->id = (unsigned)id;
    entry->state = (enum vp_entry_state)state;
    entry->profile = vp_strdup(text_of(object, "profile"));
    entry->boot = vp_strdup(text_of(object, "boot"));
    return true;
}

static bool parse_own(json_object *object, const struct vp_topology *topology, struct vp_entry *entry)
{
    json_object *placement = vp_entry_json_get(object, "placement", json_type_object);
    json_object *pinned = vp_entry_json_get(object, "pinned", json_type_string);
    if (pinned != NULL && !vp_entry_json_set(pinned, &entry->pinned))
        return false;
    return parse_pins(vp_entry_json_get(object, "pins", json_type_array), entry) &&
           parse_memory(vp_entry_json_get(object, "memory", json_type_array), entry) &&
           parse_wants(vp_entry_json_get(object, "wants", json_type_array), entry) &&
           (placement == NULL || vp_entry_placement_parse(placement, topology, entry));
}

static void free_tokener(json_tokener **tokener)
{
    if (*tokener != NULL)
        json_tokener_free(*tokener);
}

/* Owned; NULL for what is no JSON, or is some and then something else. */
static json_object *parse_text(const char *text, size_t len)
{
    VP_CLEANUP(free_tokener) json_tokener *tokener = json_tokener_new_ex(8);
    if (tokener == NULL)
        vp_oom();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    return len <= ENTRY_MAX ? json_tokener_parse_ex(tokener, text, (int)len) : NULL;
}

int vp_entry_parse(const char *text, size_t len, const char *what, const struct vp_topology *topology,
                   struct vp_entry **ret_entry, struct vp_error **err)
{
    autojson object = parse_text(text, len);
    uint64_t version = 0;
    if (object == NULL || !json_object_is_type(object, json_type_object))
        return vp_fail(err, EBADMSG, "'%s' is no entry of the ledger: it is not a JSON object", what);
    if (!number_of(object, "version", INT64_MAX, &version) || version != FORMAT_VERSION)
        return vp_fail(err, EBADMSG, "'%s' is no entry of the ledger of this version (%d)", what,
                       FORMAT_VERSION);
    const char *uuid = text_of(object, "uuid");
    const char *name = text_of(object, "name");
    if (uuid == NULL || name == NULL)
        return vp_fail(err, EBADMSG, "'%s' is no entry of the ledger: it names no guest", what);
    VP_CLEANUP(vp_entry_free_ptr) struct vp_entry *entry = vp_entry_new(uuid, name);
    if (!parse_head(object, entry) || !parse_own(object, topology, entry))
        return vp_fail(err, EBADMSG, "'%s' is no entry of the ledger: a part of it is missing or wrong",
                       what);
    parse_pending(vp_entry_json_get(object, "pending", json_type_array), entry);
    *ret_entry = vp_take(&entry);
    return 0;
}
