/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#include "knobs.h"
#include "strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEMA "/usr/share/libvirt/schemas/domaincommon.rng"

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_folder(char **path)
{
    if (*path != NULL)
        ck_assert_int_eq(nftw(*path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(*path);
}

static void write_file(const char *folder, const char *path, const char *text)
{
    vp_autofree char *full = vp_asprintf("%s%s", folder, path);
    for (char *slash = full + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
        *slash = '\0';
        ck_assert_msg(mkdir(full, 0755) == 0 || errno == EEXIST, "mkdir '%s': %s", full, strerror(errno));
    }
    FILE *file = fopen(full, "we");
    ck_assert_msg(file != NULL, "write '%s': %s", full, strerror(errno));
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static char *make_root(const struct vp_trial *trial)
{
    const char *tmp = getenv("TMPDIR");
    char *folder = vp_asprintf("%s/vp-trial-XXXXXX", tmp != NULL ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    if (trial->libvirt != NULL)
        write_file(folder, SCHEMA, trial->libvirt);
    for (size_t i = 0; trial->files != NULL && trial->files[i] != NULL; i += 2)
        write_file(folder, trial->files[i], trial->files[i + 1]);
    return folder;
}

static struct vp_domain *parse(const char *text, int row)
{
    struct vp_domain *domain = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_domain_parse(text, strlen(text), "the row's definition", &domain, &err) == 0,
                  "row %d: %s", row, err != NULL ? err->message : "?");
    return domain;
}

static struct vp_domain *make_domain(const struct vp_trial *trial, int row)
{
    if (strncmp(trial->domain, "<domain", strlen("<domain")) == 0)
        return parse(trial->domain, row);
    vp_autofree char *text = vp_asprintf("<domain type='kvm'>%s</domain>", trial->domain);
    vp_autodomain own = parse(text, row);
    struct vp_domain *domain = parse("<domain type='kvm'>" VP_TRIAL_GUEST "</domain>", row);
    for (vp_node *n = vp_node_first(own->root); n != NULL; n = vp_node_next(n)) {
        vp_node *old = vp_node_child(domain->root, vp_node_name(n));
        vp_node *copy = vp_node_copy(domain->doc, n);
        /* Of elements that may come more than once only the first stands in for ours. */
        if (old != NULL && vp_node_child(own->root, vp_node_name(n)) == n)
            vp_node_replace(old, copy);
        else
            vp_node_append(domain->root, copy);
    }
    return domain;
}

static char *trim(char *text)
{
    text += strspn(text, " \n");
    for (size_t n = strlen(text); n > 0 && strchr(" \n", text[n - 1]) != NULL; n--)
        text[n - 1] = '\0';
    return text;
}

static struct vp_profile *make_profile(const char *set, int row)
{
    struct vp_profile *profile = vp_alloc(1, sizeof(*profile));
    profile->name = vp_strdup("trial");
    profile->summary = vp_strdup("");
    profile->file = vp_strdup("trial.profile");
    vp_autofree char *copy = vp_strdup(set);
    char *save = NULL;
    for (char *part = strtok_r(copy, ";", &save); part != NULL; part = strtok_r(NULL, ";", &save)) {
        vp_autoerror err = NULL;
        char *value = strchr(part, '=');
        ck_assert_msg(value != NULL, "row %d: '%s' is no KNOB=VALUE", row, part);
        *value++ = '\0';
        ck_assert_msg(
            vp_profile_set(profile, vp_registry_builtin(), trim(part), trim(value), "trial", &err) == 0,
            "row %d: %s", row, err != NULL ? err->message : "?");
    }
    return profile;
}

static char *format_plan(const struct vp_plan *plan)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < plan->n; i++) {
        const struct vp_action *action = &plan->actions[i];
        vp_strbuf_add(&buf, action->target);
        if (action->kind == VP_ACTION_READDRESS)
            vp_strbuf_add(&buf, " readdressed");
        else if (action->value == NULL)
            vp_strbuf_add(&buf, " -");
        else
            vp_strbuf_addf(&buf, " = %s", action->value);
        vp_strbuf_add(&buf, action->changes ? "\n" : " (already)\n");
    }
    if (plan->again > 0)
        vp_strbuf_addf(&buf, "again in %u s\n", (unsigned)plan->again);
    for (size_t i = 0; i < plan->n_notes; i++)
        vp_strbuf_addf(&buf, "%s %s: %s\n", plan->notes[i].kind == VP_NOTE_SKIPPED ? "skipped" : "warning",
                       plan->notes[i].knob, plan->notes[i].text);
    return vp_strbuf_take(&buf);
}

/* Every action has a reason in one clause, and every note ends without a full stop. */
static void check_reasons(const struct vp_plan *plan, int row)
{
    for (size_t i = 0; i < plan->n; i++)
        ck_assert_msg(plan->actions[i].reason[0] != '\0' && strchr(plan->actions[i].reason, '\n') == NULL,
                      "row %d: reason of '%s'", row, plan->actions[i].target);
    for (size_t i = 0; i < plan->n_notes; i++) {
        const char *text = plan->notes[i].text;
        const size_t n = strlen(text);
        ck_assert_msg(n > 0 && text[n - 1] != '.' && strchr(text, '\n') == NULL, "row %d: note '%s'", row,
                      text);
    }
}

static struct vp_plan *run(const struct vp_planning *given, int row)
{
    struct vp_plan *plan = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_planner_run(given, &plan, &err) == 0, "row %d: %s", row,
                  err != NULL ? err->message : "?");
    check_reasons(plan, row);
    return plan;
}

static void plan_twice(const struct vp_planning *given, const struct vp_trial *trial, int row,
                       char **ret_text, char **ret_second)
{
    vp_autodomain stored = trial->stored != NULL ? parse(trial->stored, row) : NULL;
    struct vp_conf conf = {.reserve_kib = UINT64_MAX};
    vp_autoplacer placer = trial->no_placer ? NULL : vp_placer_new(given->host, &conf);
    struct vp_planning planning = *given;
    planning.placer = placer;
    planning.stored = stored != NULL ? stored : given->domain;
    VP_CLEANUP(vp_plan_free_ptr) struct vp_plan *plan = run(&planning, row);
    VP_CLEANUP(vp_plan_free_ptr) struct vp_plan *again = run(&planning, row);
    *ret_text = format_plan(plan);
    *ret_second = format_plan(again);
}

char *vp_trial_plan(const struct vp_trial *trial, int row)
{
    VP_CLEANUP(remove_folder) char *folder = make_root(trial);
    VP_CLEANUP(vp_root_free_ptr) struct vp_root *root = NULL;
    VP_CLEANUP(vp_host_free_ptr) struct vp_host *host = NULL;
    VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *profile = make_profile(trial->set, row);
    vp_autodomain domain = make_domain(trial, row);
    vp_autofree char *before = vp_doc_format(domain->doc, &(size_t){0});
    vp_autofree char *second = NULL;
    vp_autoerror err = NULL;
    char *text = NULL;

    const char *where = trial->host != NULL ? trial->host : "synthetic:numa:1 core:4 pu:1";
    if (strcmp(where, "dump") == 0)
        where = folder;
    ck_assert_msg(vp_root_open(folder, &root, &err) == 0, "row %d: %s", row,
                  err != NULL ? err->message : "?");
    ck_assert_msg(vp_host_open(where, root, &host, &err) == 0, "row %d: %s", row,
                  err != NULL ? err->message : "?");

    plan_twice(&(struct vp_planning){.domain = domain,
                                     .profile = profile,
                                     .registry = vp_registry_builtin(),
                                     .host = host,
                                     .phase = trial->phase,
                                     .age = trial->age},
               trial, row, &text, &second);
    vp_autofree char *after = vp_doc_format(domain->doc, &(size_t){0});
    ck_assert_msg(strcmp(text, second) == 0, "row %d: planned twice:\n%s--\n%s", row, text, second);
    ck_assert_msg(strcmp(before, after) == 0, "row %d: planning changed the definition", row);
    return text;
}

/* Does the line match the pattern, '*' standing for any text? */
static bool matches(const char *pattern, const char *line)
{
    if (*pattern == '*')
        return matches(pattern + 1, line) || (*line != '\0' && matches(pattern, line + 1));
    if (*pattern != *line)
        return false;
    return *pattern == '\0' || matches(pattern + 1, line + 1);
}

static bool same_lines(const char *expect, const char *text)
{
    vp_autofree char *a = vp_strdup(expect);
    vp_autofree char *b = vp_strdup(text);
    char *save_a = NULL;
    char *save_b = NULL;
    char *want = strtok_r(a, "\n", &save_a);
    char *have = strtok_r(b, "\n", &save_b);
    while (want != NULL && have != NULL && matches(want, have)) {
        want = strtok_r(NULL, "\n", &save_a);
        have = strtok_r(NULL, "\n", &save_b);
    }
    return want == NULL && have == NULL;
}

void vp_trial_check(const struct vp_trial *trial, int row)
{
    vp_autofree char *text = vp_trial_plan(trial, row);
    ck_assert_msg(same_lines(trial->expect, text), "row %d '%s' gives:\n%s-- expected:\n%s", row, trial->set,
                  text, trial->expect);
}

char *vp_trial_refusal(const char *knob, const char *value)
{
    vp_autoerror err = NULL;
    VP_CLEANUP(vp_profile_free_ptr) struct vp_profile *profile = vp_alloc(1, sizeof(*profile));
    if (vp_profile_set(profile, vp_registry_builtin(), knob, value, "trial", &err) == 0)
        return NULL;
    return vp_strdup(err->message);
}
