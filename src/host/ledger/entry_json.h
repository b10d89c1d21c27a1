/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json_object.h>
#include <stdbool.h>
#include <stdint.h>

#include "entry.h"

/*
 * JSON of an entry, member by member. Writers give away nothing but what they return; readers say false
 * for what is missing or of another kind.
 */

json_object *
vp_entry_json_made(json_object *object) VP_MUST_USE; /* never NULL: out of memory ends the program */
/* Add a member, or with a NULL key an element; `value` is given away. The key is not copied. */
void vp_entry_json_add(json_object *object, const char *key, json_object *value);
void vp_entry_json_add_number(json_object *object, const char *key, uint64_t value);
void vp_entry_json_add_text(json_object *object, const char *key, const char *text); /* nothing for NULL */
void vp_entry_json_add_set(json_object *object, const char *key,
                           hwloc_const_bitmap_t set); /* nothing for NULL */

/* NULL where there is none of that type. Borrowed. */
json_object *vp_entry_json_get(json_object *object, const char *key, json_type type);
json_object *vp_entry_json_at(json_object *array, size_t at, json_type type);
const char *vp_entry_json_text(json_object *value); /* NULL gives NULL */
bool vp_entry_json_number(json_object *value, uint64_t max, uint64_t *ret_value);
bool vp_entry_json_set(json_object *value, hwloc_bitmap_t *ret_set);
/* One of the names, as its number. */
bool vp_entry_json_choice(json_object *value, const char *const *names, unsigned n, unsigned *ret_choice);

/* src/host/ledger/entry_placement.c */
json_object *vp_entry_placement_format(const struct vp_placement *placement,
                                       const struct vp_topology *topology) VP_MUST_USE;

/**
 * Read a placement into the entry, or what is left of it when this machine does not have all of it.
 * @topology: NULL reads nothing
 */
bool vp_entry_placement_parse(json_object *object, const struct vp_topology *topology,
                              struct vp_entry *entry);
