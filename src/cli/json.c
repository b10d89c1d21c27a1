/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "json.h"

#include "escape.h"

static json_object *made(json_object *object)
{
    if (object == NULL)
        vp_oom();
    return object;
}

json_object *vp_json_object(void)
{
    return made(json_object_new_object());
}

json_object *vp_json_array(void)
{
    return made(json_object_new_array());
}

static json_object *text_object(const char *text)
{
    vp_autofree char *clean = vp_to_utf8(text);

    return clean != NULL ? made(json_object_new_string(clean)) : NULL;
}

void vp_json_add(json_object *object, const char *key, json_object *value)
{
    if (json_object_object_add(object, key, value) != 0)
        vp_oom();
}

void vp_json_add_text(json_object *object, const char *key, const char *text)
{
    vp_json_add(object, key, text_object(text));
}

void vp_json_add_bool(json_object *object, const char *key, bool yes)
{
    vp_json_add(object, key, made(json_object_new_boolean(yes)));
}

void vp_json_add_count(json_object *object, const char *key, size_t n)
{
    vp_json_add(object, key, made(json_object_new_int64((int64_t)n)));
}

void vp_json_append(json_object *array, json_object *value)
{
    if (json_object_array_add(array, value) != 0)
        vp_oom();
}

void vp_json_append_text(json_object *array, const char *text)
{
    vp_json_append(array, text_object(text));
}

void vp_json_print(json_object *object)
{
    const char *text = json_object_to_json_string_ext(
        object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);

    if (text == NULL)
        vp_oom();
    puts(text);
}
