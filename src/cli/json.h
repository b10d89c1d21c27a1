/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json_object.h>
#include <stdbool.h>
#include <stddef.h>

#include "mem.h"

/* json-c as this project needs it: out of memory ends the program, text is made valid UTF-8. */

static inline void vp_json_put_ptr(json_object **object)
{
    json_object_put(*object);
}
#define vp_autojson VP_CLEANUP(vp_json_put_ptr) json_object *

json_object *vp_json_object(void) VP_MUST_USE;
json_object *vp_json_array(void) VP_MUST_USE;
/* Add a member; `value` is given away. NULL adds null. */
void vp_json_add(json_object *object, const char *key, json_object *value);
void vp_json_add_text(json_object *object, const char *key, const char *text); /* NULL adds null */
void vp_json_add_bool(json_object *object, const char *key, bool yes);
void vp_json_add_count(json_object *object, const char *key, size_t n);
/* Add an element to an array; `value` is given away. */
void vp_json_append(json_object *array, json_object *value);
void vp_json_append_text(json_object *array, const char *text);
/* To standard output, indented, with a newline behind. */
void vp_json_print(json_object *object);
