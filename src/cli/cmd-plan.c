/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <assert.h>
#include <stdio.h>

#include "escape.h"
#include "json.h"
#include "placed.h"
#include "table.h"

/* Characters of a value that a table shows; elements are longer. */
#define VALUE_COLUMNS 48
/* What a terminal needs for a column of reasons. */
#define WIDE_COLUMNS 120

struct view {
    struct vp_cli *cli;
    struct vp_host *host;
    const struct vp_result *result;
    const struct vp_topology *topology; /* borrowed; where the guest is placed */
    char *name, *uuid, *cpus, *nodes;   /* owned */
};

static void view_done(struct view *view)
{
    free(view->name);
    free(view->uuid);
    free(view->cpus);
    free(view->nodes);
}

static bool shown(const struct view *view, const struct vp_action *action)
{
    return view->cli->all || action->changes;
}

/* Why the guest fits nowhere; NULL where it does, or where nobody asked. */
static const char *unplaced(const struct view *view)
{
    const struct vp_plan *plan = view->result->plan;

    return plan != NULL && plan->unplaced != NULL ? plan->unplaced->message : NULL;
}

static json_object *action_json(const struct vp_action *action)
{
    json_object *object = vp_json_object();

    vp_json_add_text(object, "knob", action->knob);
    vp_json_add_text(object, "effect", vp_effect_names[action->effect]);
    vp_json_add_text(object, "kind", vp_action_kind_names[action->kind]);
    vp_json_add_text(object, "target", action->target);
    vp_json_add_text(object, "value", action->value);
    vp_json_add_text(object, "previous", action->previous);
    vp_json_add_text(object, "reason", action->reason);
    return object;
}

static void print_json(const struct view *view)
{
    const struct vp_result *result = view->result;
    const struct vp_placement *placement = result->plan != NULL ? result->plan->placement : NULL;
    vp_autojson top = vp_json_object();
    json_object *domain = vp_json_object();
    json_object *host = vp_json_object();
    json_object *actions = vp_json_array();
    json_object *warnings = vp_json_array();

    vp_json_add_text(domain, "name", view->name);
    vp_json_add_text(domain, "uuid", view->uuid);
    vp_json_add_text(host, "source", vp_host_source(view->host));
    vp_json_add_text(host, "cpus", view->cpus);
    vp_json_add_text(host, "nodes", view->nodes);
    for (size_t i = 0; result->plan != NULL && i < result->plan->n; i++) {
        if (shown(view, &result->plan->actions[i]))
            vp_json_append(actions, action_json(&result->plan->actions[i]));
    }
    for (size_t i = 0; result->plan != NULL && i < result->plan->n_notes; i++) {
        const struct vp_note *note = &result->plan->notes[i];
        vp_autofree char *text = vp_asprintf("%s: %s", note->knob, note->text);
        vp_json_append_text(warnings, text);
    }
    vp_json_add(top, "domain", domain);
    vp_json_add_text(top, "profile", result->profile != NULL ? result->profile->name : NULL);
    vp_json_add_text(top, "phase", vp_phase_names[view->cli->phase]);
    vp_json_add(top, "host", host);
    vp_json_add(top, "placement", placement != NULL ? vp_placed_json(view->topology, placement) : NULL);
    vp_json_add_text(top, "unplaced", unplaced(view));
    vp_json_add(top, "actions", actions);
    vp_json_add(top, "warnings", warnings);
    vp_json_print(top);
}

static const char *effect_color(enum vp_effect effect)
{
    static const char *const colors[] = {
        [VP_EFFECT_GUEST] = "yellow",
        [VP_EFFECT_LAUNCH] = "cyan",
        [VP_EFFECT_LIVE] = "green",
        [VP_EFFECT_HOST] = "magenta",
    };
    static_assert(VP_ARRAY_SIZE(colors) == VP_EFFECT_N_, "every effect has a colour");

    return colors[effect];
}

/* An empty value is a value, and differs from an absent one. */
static void value_cell(struct vp_table *table, bool pretty, const char *value)
{
    vp_autofree char *text = pretty ? vp_shorten(value, VALUE_COLUMNS) : vp_strdup(value);

    vp_table_cell(table, NULL, text != NULL && text[0] == '\0' ? "''" : text);
}

static void add_action(struct vp_table *table, const struct view *view, const struct vp_action *action,
                       bool below)
{
    const char *color = action->changes ? NULL : "darkgray";
    bool pretty = vp_cli_pretty(view->cli);

    vp_table_row(table);
    vp_table_cell(table, NULL, action->changes ? "change" : "same");
    vp_table_cell(table, color, action->knob);
    vp_table_cell(table, color != NULL ? color : effect_color(action->effect),
                  vp_effect_names[action->effect]);
    if (!below)
        vp_table_cell(table, color, action->target);
    value_cell(table, pretty, action->previous);
    value_cell(table, pretty, action->value);
    vp_table_cell(table, color, below ? action->target : action->reason);
    if (below)
        vp_table_below(table, action->reason);
}

static void print_actions(const struct view *view)
{
    static const struct vp_column wide[] = {
        {NULL, VP_COLUMN_WHOLE, false},     {"KNOB", VP_COLUMN_WHOLE, false},
        {"EFFECT", VP_COLUMN_WHOLE, false}, {"PLACE", VP_COLUMN_WRAP, false},
        {"OLD", VP_COLUMN_WRAP, false},     {"NEW", VP_COLUMN_WRAP, false},
        {"REASON", VP_COLUMN_WRAP, false},
    };
    /* Place and reason below one another. */
    static const struct vp_column narrow[] = {
        {NULL, VP_COLUMN_WHOLE, false},     {"KNOB", VP_COLUMN_WHOLE, false},
        {"EFFECT", VP_COLUMN_WHOLE, false}, {"OLD", VP_COLUMN_WRAP, false},
        {"NEW", VP_COLUMN_WRAP, false},     {"PLACE, REASON", VP_COLUMN_WRAP, false},
    };
    const struct vp_plan *plan = view->result->plan;
    bool below = vp_cli_pretty(view->cli) && vp_table_width() < WIDE_COLUMNS;
    vp_autotable table =
        vp_table_new(view->cli, below ? narrow : wide, below ? VP_ARRAY_SIZE(narrow) : VP_ARRAY_SIZE(wide));

    for (size_t i = 0; i < plan->n; i++) {
        if (shown(view, &plan->actions[i]))
            add_action(table, view, &plan->actions[i], below);
    }
    vp_table_print(table);
}

static void add_placement(struct vp_table *table, const char *color, const char *key, const char *text)
{
    if (text[0] == '\0')
        return;
    vp_table_row(table);
    vp_table_cell(table, NULL, "placement");
    vp_table_cell(table, color, key);
    vp_table_cell(table, color, text);
}

static void add_place(struct vp_table *table, const struct view *view)
{
    const struct vp_placement *placement = view->result->plan->placement;
    vp_autofree char *vcpus = vp_placed_sets(placement->vcpus, placement->n_vcpus);
    vp_autofree char *emulator = vp_bitmap_text(placement->emulator);
    vp_autofree char *iothreads = vp_placed_sets(placement->iothreads, placement->n_iothreads);
    vp_autofree char *nodes = vp_placed_nodes(view->topology, placement);
    vp_autofree char *caches = vp_placed_caches(view->topology, placement);
    vp_autofree char *memory = vp_placed_memory(view->topology, placement);
    vp_autofree char *pages = vp_placed_pages(placement);

    add_placement(table, NULL, "policy", vp_policy_names[placement->policy]);
    add_placement(table, "bold", "vcpus", vcpus);
    add_placement(table, NULL, "emulator", emulator);
    add_placement(table, NULL, "iothreads", iothreads);
    add_placement(table, NULL, "nodes", nodes);
    add_placement(table, NULL, "caches", caches);
    add_placement(table, NULL, "memory", memory);
    add_placement(table, NULL, "pages", pages);
    for (size_t i = 0; i < placement->n_reasons; i++)
        add_placement(table, "darkgray", "because", placement->reasons[i]);
}

/* Where the guest goes, and why there; or why it fits nowhere. */
static void print_placement(const struct view *view)
{
    static const struct vp_column columns[] = {
        {NULL, VP_COLUMN_WHOLE, false},
        {"PLACEMENT", VP_COLUMN_WHOLE, false},
        {"WHERE, AND WHY", VP_COLUMN_WRAP, false},
    };
    vp_autotable table = vp_table_new(view->cli, columns, VP_ARRAY_SIZE(columns));
    const char *why_not = unplaced(view);

    if (view->topology == NULL && why_not == NULL)
        return;
    if (view->topology != NULL)
        add_place(table, view);
    else
        add_placement(table, "red", "nowhere", why_not);
    vp_table_print(table);
    if (vp_cli_pretty(view->cli))
        puts("");
}

static void print_notes(const struct view *view)
{
    static const struct vp_column columns[] = {
        {"NOTE", VP_COLUMN_WHOLE, false},
        {"KNOB", VP_COLUMN_WHOLE, false},
        {"WHY", VP_COLUMN_WRAP, false},
    };
    const struct vp_plan *plan = view->result->plan;
    vp_autotable table = vp_table_new(view->cli, columns, VP_ARRAY_SIZE(columns));

    for (size_t i = 0; i < plan->n_notes; i++) {
        const struct vp_note *note = &plan->notes[i];
        bool warning = note->kind == VP_NOTE_WARNING;
        vp_table_row(table);
        vp_table_cell(table, warning ? "brown" : "darkgray", warning ? "warning" : "skipped");
        vp_table_cell(table, NULL, note->knob);
        vp_table_cell(table, NULL, note->text);
    }
    vp_table_print(table);
}

/* "23 settings change: 12 guest, 9 launch, 2 live" */
static void print_sum(const struct view *view)
{
    const struct vp_plan *plan = view->result->plan;
    size_t counts[VP_EFFECT_N_] = {0};
    size_t sum = 0;
    const char *sep = ": ";

    for (size_t i = 0; i < plan->n; i++) {
        if (!plan->actions[i].changes)
            continue;
        counts[plan->actions[i].effect]++;
        sum++;
    }
    printf("\n%zu setting%s", sum, sum == 1 ? " changes" : "s change");
    for (size_t effect = 0; effect < VP_EFFECT_N_; effect++) {
        if (counts[effect] == 0)
            continue;
        printf("%s%zu %s", sep, counts[effect], vp_effect_names[effect]);
        sep = ", ";
    }
    puts("");
    if (plan->n_notes > 0)
        puts("");
}

static void print_text(const struct view *view)
{
    const struct vp_profile *profile = view->result->profile;
    vp_autofree char *name = vp_escape(view->name);
    vp_autofree char *source = vp_escape(vp_host_source(view->host));
    bool pretty = vp_cli_pretty(view->cli);

    if (profile == NULL) {
        printf(pretty ? "The domain '%s' has no profile.\n" : "untagged\t%s\n", name);
        return;
    }
    if (pretty)
        printf("Domain '%s', profile %s, phase %s, host %s with CPUs %s and NUMA nodes %s\n\n", name,
               profile->name, vp_phase_names[view->cli->phase], source, view->cpus, view->nodes);
    else
        printf("domain\t%s\t%s\nprofile\t%s\nphase\t%s\nhost\t%s\t%s\t%s\n", name, view->uuid, profile->name,
               vp_phase_names[view->cli->phase], source, view->cpus, view->nodes);
    print_placement(view);
    print_actions(view);
    if (pretty)
        print_sum(view);
    print_notes(view);
}

int vp_cmd_plan(struct vp_cli *cli, struct vp_error **err)
{
    VP_CLEANUP(vp_result_done) struct vp_result result = {0};
    VP_CLEANUP(view_done) struct view view = {.cli = cli, .result = &result};
    struct vp_request request = vp_cli_request(cli);
    struct vp_engine engine;
    vp_autodomain domain = NULL;
    vp_autofree char *text = NULL;
    const char *what = NULL;
    size_t len = 0;
    int r;

    r = vp_cli_input(cli, &text, &len, &what, err);
    if (r < 0)
        return r;
    r = vp_domain_parse(text, len, what, &domain, err);
    if (r < 0)
        return r;
    r = vp_cli_engine(cli, &engine, err);
    if (r < 0)
        return r;
    view.uuid = vp_domain_uuid(domain);
    r = vp_cli_place(cli, &engine, view.uuid, NULL, err);
    if (r < 0)
        return r;
    r = vp_engine_plan(&engine, &request, domain, &result, err);
    if (r < 0)
        return r;
    r = vp_host_lists(engine.host, &view.cpus, &view.nodes, err);
    if (r < 0)
        return r;
    if (result.plan != NULL && result.plan->placement != NULL) {
        r = engine.placer->topology(engine.placer, &view.topology, err);
        if (r < 0)
            return r;
    }
    view.host = engine.host;
    view.name = vp_domain_name(domain);
    if (cli->json)
        print_json(&view);
    else
        print_text(&view);
    return 0;
}
