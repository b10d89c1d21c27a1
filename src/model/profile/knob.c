/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "expr.h"
#include "knob.h"
#include "size.h"
#include "strbuf.h"
#include "suggest.h"

const char *const vp_effect_names[VP_EFFECT_N_] = {
    [VP_EFFECT_GUEST] = "guest",
    [VP_EFFECT_LAUNCH] = "launch",
    [VP_EFFECT_LIVE] = "live",
    [VP_EFFECT_HOST] = "host",
};

const char *const vp_type_names[VP_TYPE_N_] = {
    [VP_TYPE_BOOL] = "bool",   [VP_TYPE_CHOICE] = "choice", [VP_TYPE_LIST] = "list",
    [VP_TYPE_COUNT] = "count", [VP_TYPE_SIZE] = "size",     [VP_TYPE_TEXT] = "text",
};

const struct vp_knob *vp_registry_find(const struct vp_registry *registry, const char *name)
{
    for (size_t i = 0; i < registry->n; i++)
        if (strcmp(registry->knobs[i]->name, name) == 0)
            return registry->knobs[i];
    return NULL;
}

static const char *nth_name(const void *cookie, size_t index)
{
    const struct vp_registry *registry = cookie;
    return index < registry->n ? registry->knobs[index]->name : NULL;
}

char *vp_registry_hint(const struct vp_registry *registry, const char *name)
{
    const char *near = vp_suggest(name, nth_name, registry);
    return near != NULL ? vp_asprintf("; did you mean '%s'?", near) : vp_strdup("");
}

static int find_choice(const struct vp_knob *knob, const char *text)
{
    for (int i = 0; knob->choices != NULL && knob->choices[i] != NULL; i++)
        if (strcmp(knob->choices[i], text) == 0)
            return i;
    return -1;
}

static int bad_value(const struct vp_knob *knob, const char *text, int code, struct vp_error **err)
{
    vp_autofree char *accepts = vp_knob_accepts(knob);
    return vp_fail(err, code, "'%s' is not a value of %s, which takes %s", text, knob->name, accepts);
}

static int parse_bool(const struct vp_knob *knob, struct vp_value *value, struct vp_error **err)
{
    static const char *const words[] = {"no", "yes", "off", "on", "false", "true"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(words); i++)
        if (strcmp(words[i], value->text) == 0) {
            value->yes = i % 2 == 1;
            return 0;
        }
    return bad_value(knob, value->text, EINVAL, err);
}

static int parse_list(const struct vp_knob *knob, struct vp_value *value, struct vp_error **err)
{
    vp_autofree char *copy = vp_strdup(value->text);
    char *save = NULL;
    for (char *item = strtok_r(copy, ", \t", &save); item != NULL; item = strtok_r(NULL, ", \t", &save)) {
        const int choice = find_choice(knob, item);
        if (choice < 0 || value->list_n == VP_ARRAY_SIZE(value->list))
            return bad_value(knob, value->text, EINVAL, err);
        for (unsigned i = 0; i < value->list_n; i++)
            if (value->list[i] == choice)
                return vp_fail(err, EINVAL, "'%s' names '%s' twice", value->text, item);
        value->list[value->list_n++] = choice;
    }
    return value->list_n > 0 ? 0 : bad_value(knob, value->text, EINVAL, err);
}

static int parse_count(const struct vp_knob *knob, struct vp_value *value, struct vp_error **err)
{
    uint64_t number = 0;
    value->choice = find_choice(knob, value->text);
    if (value->choice >= 0)
        return 0;
    const int r = vp_u64_parse(value->text, knob->min, knob->max != 0 ? knob->max : UINT64_MAX, &number);
    if (r == -ERANGE)
        return bad_value(knob, value->text, ERANGE, err);
    if (r < 0 && vp_expr_check(value->text) < 0)
        return bad_value(knob, value->text, EINVAL, err);
    return 0;
}

static int parse_size(const struct vp_knob *knob, struct vp_value *value, struct vp_error **err)
{
    value->choice = find_choice(knob, value->text);
    if (value->choice >= 0)
        return 0;
    if (vp_size_parse(value->text, &value->bytes) < 0)
        return bad_value(knob, value->text, EINVAL, err);
    if (value->bytes < knob->min || (knob->max != 0 && value->bytes > knob->max))
        return bad_value(knob, value->text, ERANGE, err);
    return 0;
}

static int parse_text(const struct vp_knob *knob, struct vp_value *value, struct vp_error **err)
{
    const int r = knob->check != NULL ? knob->check(value->text, err) : 0;
    return r < 0 ? vp_prefix(err, "'%s' is not a value of %s", value->text, knob->name) : 0;
}

static int parse_choice(const struct vp_knob *knob, struct vp_value *value, struct vp_error **err)
{
    value->choice = find_choice(knob, value->text);
    return value->choice >= 0 ? 0 : bad_value(knob, value->text, EINVAL, err);
}

int vp_value_parse(const struct vp_knob *knob, const char *text, struct vp_value *ret_value,
                   struct vp_error **err)
{
    static int (*const parsers[VP_TYPE_N_])(const struct vp_knob *, struct vp_value *, struct vp_error **) = {
        [VP_TYPE_BOOL] = parse_bool,   [VP_TYPE_CHOICE] = parse_choice, [VP_TYPE_LIST] = parse_list,
        [VP_TYPE_COUNT] = parse_count, [VP_TYPE_SIZE] = parse_size,     [VP_TYPE_TEXT] = parse_text,
    };
    VP_CLEANUP(vp_value_done) struct vp_value value = {.text = vp_strdup(text), .choice = -1};
    const int r = parsers[knob->type](knob, &value, err);
    if (r < 0)
        return r;
    *ret_value = value;
    value.text = NULL;
    return 0;
}

void vp_value_done(struct vp_value *value)
{
    free(value->text);
    value->text = NULL;
}

static void add_choices(struct vp_strbuf *buf, const struct vp_knob *knob)
{
    for (int i = 0; knob->choices != NULL && knob->choices[i] != NULL; i++)
        vp_strbuf_join(buf, knob->type == VP_TYPE_LIST ? ", " : " | ", knob->choices[i]);
}

static void add_range(struct vp_strbuf *buf, const struct vp_knob *knob)
{
    const bool size = knob->type == VP_TYPE_SIZE;
    vp_autofree char *min = size ? vp_size_format(knob->min) : vp_asprintf("%" PRIu64, knob->min);
    vp_autofree char *max = size ? vp_size_format(knob->max) : vp_asprintf("%" PRIu64, knob->max);
    if (knob->max != 0)
        vp_strbuf_addf(buf, ", %s to %s", min, max);
    else if (knob->min != 0)
        vp_strbuf_addf(buf, ", at least %s", min);
    if (knob->unit != NULL)
        vp_strbuf_addf(buf, ", in %s", knob->unit);
}

char *vp_knob_accepts(const struct vp_knob *knob)
{
    struct vp_strbuf buf = {0};
    switch (knob->type) {
    case VP_TYPE_BOOL:
        vp_strbuf_add(&buf, "yes | no");
        break;
    case VP_TYPE_CHOICE:
        add_choices(&buf, knob);
        break;
    case VP_TYPE_LIST:
        vp_strbuf_add(&buf, "a list of: ");
        for (int i = 0; knob->choices[i] != NULL; i++)
            vp_strbuf_addf(&buf, "%s%s", i > 0 ? ", " : "", knob->choices[i]);
        break;
    case VP_TYPE_COUNT:
    case VP_TYPE_SIZE:
        add_choices(&buf, knob);
        vp_strbuf_join(&buf, " | ",
                       knob->type == VP_TYPE_COUNT ? "a number or an expression like min(vcpus, 8)"
                                                   : "an amount of bytes like 512M");
        add_range(&buf, knob);
        break;
    case VP_TYPE_TEXT:
        vp_strbuf_add(&buf, knob->unit != NULL ? knob->unit : "text");
        break;
    case VP_TYPE_N_:
        assert(false);
    }
    return vp_strbuf_take(&buf);
}
