/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake.h"

#include "place.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* One command of a script, taken apart. */
struct command {
    char *op, *path, *value; /* in `text`; "" when absent */
    char *text;
};

static void command_done(struct command *command)
{
    free(command->text);
}

/* Read the command at `at`; returns the next one, NULL at the end. */
static const char *read_command(const char *at, struct command *ret_command)
{
    const size_t n = strcspn(at, "|");
    struct command command = {.text = vp_strndup(at, n)};
    command.op = command.text;
    command.path = command.op + strcspn(command.op, " ");
    if (*command.path != '\0')
        *command.path++ = '\0';
    command.value = command.path + strcspn(command.path, " ");
    if (*command.value != '\0')
        *command.value++ = '\0';
    *ret_command = command;
    return at[n] == '|' ? at + n + 1 : NULL;
}

static void plan_at(struct vp_planning *planning, const struct vp_setting *setting,
                    const struct command *command, vp_node *at, const char *path)
{
    const char *value = strcmp(command->value, "-") == 0 ? NULL : command->value;
    if (strcmp(command->op, "attr") == 0)
        vp_plan_attr(planning, setting, at, path, value, "as the script says");
    else if (strcmp(command->op, "text") == 0)
        vp_plan_text(planning, setting, at, path, value, "as the script says");
    else if (strcmp(command->op, "element") == 0)
        vp_plan_element(planning, setting, at, path, value, "as the script says");
    else if (strcmp(command->op, "host") == 0)
        vp_plan_host(planning, setting, path, value, "as the script says");
    else
        ck_abort_msg("no command '%s'", command->op);
}

static vp_node *walk(struct vp_planning *planning, const char *path)
{
    struct vp_place place;
    vp_node *root = planning->domain->root;
    return vp_place_resolve(root, path, &place) == 0 && *place.rest == '\0' ? place.node : NULL;
}

static void plan_command(struct vp_planning *planning, const struct vp_setting *setting,
                         const struct command *command)
{
    const char *star = strstr(command->path, "[*]");
    if (strcmp(command->op, "readdress") == 0) {
        vp_node *device = walk(planning, command->path);
        if (device != NULL)
            vp_plan_readdress(planning, setting, device, "as the script says");
        return;
    }
    if (star == NULL) {
        plan_at(planning, setting, command, planning->domain->root, command->path);
        return;
    }
    vp_autofree char *first = vp_strndup(command->path, (size_t)(star - command->path));
    const char *rest = star + strlen("[*]");
    for (vp_node *n = vp_node_walk(planning->domain->root, first); n != NULL; n = vp_node_same(n))
        plan_at(planning, setting, command, n, rest + (*rest == '/'));
}

static int plan_script(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    for (const char *at = setting->value.text; at != NULL;) {
        VP_CLEANUP(command_done) struct command command = {0};
        const char *start = at;
        at = read_command(at, &command);
        const int rest = (int)strcspn(start, "|") - 5;
        if (strcmp(command.op, "skip") == 0)
            vp_plan_skip(planning, setting, "%.*s", rest, start + 5);
        else if (strcmp(command.op, "warn") == 0)
            vp_plan_warn(planning, setting, "%.*s", rest, start + 5);
        else if (strcmp(command.op, "fail") == 0)
            return vp_fail(err, EIO, "%.*s", rest, start + 5);
        else
            plan_command(planning, setting, &command);
    }
    return 0;
}

static int check_script(const char *text, struct vp_error **err)
{
    return *text != '\0' ? 0 : vp_fail(err, EINVAL, "the script is empty");
}

static int plan_value(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    const struct vp_knob *knob = setting->knob;
    vp_autofree char *path = vp_asprintf("cputune/%s", vp_type_names[knob->type]);
    vp_autofree char *text = vp_strdup(setting->value.text);
    (void)err;
    if (knob->type == VP_TYPE_COUNT && setting->value.choice < 0) {
        free(text);
        text = vp_asprintf("%" PRIu64, vp_plan_count(planning, setting));
    }
    vp_plan_text(planning, setting, planning->domain->root, path, text, "the value as written");
    return 0;
}

static int check_letter(const char *text, struct vp_error **err)
{
    return strlen(text) == 1 ? 0 : vp_fail(err, EINVAL, "one letter is wanted");
}

#define SCRIPT(knob_name, knob_effect)                                                                       \
    {                                                                                                        \
        .name = (knob_name), .type = VP_TYPE_TEXT, .effect = (knob_effect), .doc = "A script.",              \
        .check = check_script, .plan = plan_script, .verify = vp_verify_definition                           \
    }
#define VALUE(knob_name, knob_type, ...)                                                                     \
    {                                                                                                        \
        .name = (knob_name), .type = (knob_type), .effect = VP_EFFECT_LIVE, .doc = "A value.",               \
        .plan = plan_value, .verify = vp_verify_definition, __VA_ARGS__                                      \
    }

static const char *const colours[] = {"red", "green", "blue", NULL};

static const struct vp_knob rows[] = {
    SCRIPT("guest.do", VP_EFFECT_GUEST),
    SCRIPT("guest.more", VP_EFFECT_GUEST),
    SCRIPT("launch.do", VP_EFFECT_LAUNCH),
    SCRIPT("launch.more", VP_EFFECT_LAUNCH),
    SCRIPT("live.do", VP_EFFECT_LIVE),
    SCRIPT("live.more", VP_EFFECT_LIVE),
    SCRIPT("host.do", VP_EFFECT_HOST),
    VALUE("v.bool", VP_TYPE_BOOL, .choices = NULL),
    VALUE("v.choice", VP_TYPE_CHOICE, .choices = colours),
    VALUE("v.list", VP_TYPE_LIST, .choices = colours),
    VALUE("v.count", VP_TYPE_COUNT, .choices = colours, .min = 1, .max = 64, .unit = "things"),
    VALUE("v.size", VP_TYPE_SIZE, .choices = colours, .min = 4096, .max = 1u << 30),
    VALUE("v.text", VP_TYPE_TEXT, .check = check_letter),
};

static const struct vp_knob *const pointers[] = {
    &rows[0], &rows[1], &rows[2], &rows[3],  &rows[4],  &rows[5],  &rows[6],
    &rows[7], &rows[8], &rows[9], &rows[10], &rows[11], &rows[12],
};

const struct vp_registry fake_registry = {.knobs = pointers, .n = VP_ARRAY_SIZE(pointers)};
