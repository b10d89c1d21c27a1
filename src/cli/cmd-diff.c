/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "json.h"
#include "linediff.h"
#include "neighbours.h"

#define CONTEXT 3

/* A definition as it is, and who it is of. All owned. */
struct subject {
    struct vp_conn *conn; /* NULL for a file */
    struct vp_guest *guest;
    struct vp_neighbours *neighbours;
    char *text;
    size_t len;
    const char *what; /* borrowed; its name for messages */
    char *name, *uuid, *profile;
};

static void subject_done(struct subject *subject)
{
    vp_neighbours_free(subject->neighbours);
    vp_guest_free(subject->guest);
    vp_conn_close(subject->conn);
    free(subject->text);
    free(subject->name);
    free(subject->uuid);
    free(subject->profile);
}

/* No name of a domain has a slash. */
static bool is_file(const char *operand)
{
    return strcmp(operand, "-") == 0 || strchr(operand, '/') != NULL;
}

static int read_stored(struct vp_cli *cli, struct subject *subject, struct vp_error **err)
{
    int r = vp_conn_open(cli->connect, &subject->conn, err);

    if (r == 0)
        r = vp_guest_find(subject->conn, cli->args[0], &subject->guest, err);
    if (r == 0)
        r = vp_guest_peek(subject->guest, &subject->text, err);
    if (r == 0)
        r = vp_cli_neighbours(cli, subject->conn, &subject->neighbours, err);
    if (r < 0)
        return r;
    subject->len = strlen(subject->text);
    subject->what = vp_guest_name(subject->guest);
    return 0;
}

/* Who it is, and which profile it has or is to get. */
static int look_at(const struct vp_cli *cli, struct subject *subject, struct vp_error **err)
{
    vp_autodomain domain = NULL;
    struct vp_tag tag;
    const int r = vp_domain_parse(subject->text, subject->len, subject->what, &domain, err);

    if (r < 0)
        return r;
    subject->name = vp_domain_name(domain);
    subject->uuid = vp_domain_uuid(domain);
    if (cli->profile != NULL)
        subject->profile = vp_strdup(cli->profile);
    else if (vp_tag_read(domain, &tag))
        subject->profile = vp_strdup(tag.profile);
    else
        return vp_fail(err, ENOENT, "domain '%s' has no profile; name one with --profile", subject->name);
    return 0;
}

/* Lines as they are for a program; for eyes with what a terminal would act on shown, and coloured. */
static void print_lines(const struct vp_cli *cli, const char *diff)
{
    const bool colors = vp_cli_colors(cli);
    bool heading = true;

    if (!vp_cli_pretty(cli)) {
        fputs(diff, stdout);
        return;
    }
    for (const char *at = diff; *at != '\0';) {
        const size_t n = strcspn(at, "\n");
        vp_autofree char *line = vp_strndup(at, n);
        vp_autofree char *text = vp_escape(line);
        heading = heading && *at != '@';
        const char *color = heading ? "1" : *at == '@' ? "36" : *at == '-' ? "31" : *at == '+' ? "32" : NULL;
        if (colors && color != NULL)
            printf("\033[%sm%s\033[0m\n", color, text);
        else
            puts(text);
        at += n + 1;
    }
}

static void print_json(const struct subject *subject, const char *diff)
{
    vp_autojson top = vp_json_object();
    json_object *domain = vp_json_object();

    vp_json_add_text(domain, "name", subject->name);
    vp_json_add_text(domain, "uuid", subject->uuid);
    vp_json_add(top, "domain", domain);
    vp_json_add_text(top, "profile", subject->profile);
    vp_json_add_bool(top, "differs", diff != NULL);
    vp_json_add_text(top, "diff", diff);
    vp_json_print(top);
}

/* Returns 0, 1 when it differs, or a negative errno. */
static int compare(struct vp_cli *cli, struct subject *subject, struct vp_error **err)
{
    const struct vp_request request = vp_cli_request(cli);
    struct vp_engine engine;
    vp_autofree char *new_text = NULL;
    size_t new_len = 0;
    int r;

    if (is_file(cli->args[0]))
        r = vp_cli_input(cli, &subject->text, &subject->len, &subject->what, err);
    else
        r = read_stored(cli, subject, err);
    if (r == 0)
        r = look_at(cli, subject, err);
    if (r == 0)
        r = vp_cli_engine(cli, &engine, err);
    if (r == 0)
        r = vp_cli_place(cli, &engine, subject->uuid, subject->neighbours, err);
    if (r == 0)
        r = vp_engine_rewrite(&engine, &request, subject->text, subject->len, subject->what, &new_text,
                              &new_len, err);
    if (r < 0)
        return r;
    vp_autofree char *name = vp_escape(subject->name);
    vp_autofree char *profile = vp_escape(subject->profile);
    vp_autofree char *from = vp_asprintf("%s, as it is", name);
    vp_autofree char *to = vp_asprintf("%s, with profile %s", name, profile);
    vp_autofree char *diff =
        new_text != NULL ? vp_linediff(subject->text, subject->len, new_text, new_len, from, to, CONTEXT)
                         : NULL;
    if (cli->json)
        print_json(subject, diff);
    else if (diff != NULL)
        print_lines(cli, diff);
    return diff != NULL;
}

int vp_cmd_diff(struct vp_cli *cli, struct vp_error **err)
{
    VP_CLEANUP(subject_done) struct subject subject = {0};
    const int r = compare(cli, &subject, err);

    /* As diff(1) has it, 1 says that they differ, and nothing else. */
    if (r < 0 && vp_cli_exit(r) == VP_EXIT_FAILED) {
        (void)vp_cli_report(*err);
        vp_error_free(*err);
        *err = NULL;
        return VP_EXIT_TROUBLE;
    }
    return r;
}
