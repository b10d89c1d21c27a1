/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "options.h"
#include "suggest.h"
#include "text.h"
#include "virtguest.h"

static const char *next_command(const void *cookie, size_t index)
{
    (void)cookie;
    return vp_commands[index].name;
}

static enum vp_exit run_command(struct vp_cli *cli, int argc, char **argv)
{
    const struct vp_command *command = cli->command;
    vp_autoerror error = NULL;
    int next, r;

    if (vp_options_parse(cli, command->options | VP_OPTIONS_GLOBAL, false, argc, argv, &next) < 0)
        return VP_EXIT_USAGE;
    if (cli->help) {
        vp_help_command(stdout, command);
        return VP_EXIT_OK;
    }
    cli->args = (const char *const *)(argv + next);
    cli->n_args = (size_t)(argc - next);
    if (cli->n_args < command->min_args)
        return vp_cli_usage(cli, "%s wants %s", command->name, command->operands);
    if (cli->n_args > command->max_args)
        return vp_cli_usage(cli, "'%s' is one operand too many", cli->args[command->max_args]);
    r = command->run(cli, &error);
    if (error != NULL)
        (void)vp_cli_report(error);
    return vp_cli_exit(r);
}

/* For completion: names of all domains, one a line; what goes wrong is of no interest there. @uri: "": default */
static enum vp_exit dump_domains(const char *uri)
{
    vp_autoconn conn = NULL;
    VP_CLEANUP(vp_guests_free_ptr) struct vp_guest **guests = NULL;

    if (vp_conn_open(uri[0] != '\0' ? uri : NULL, &conn, NULL) < 0 || vp_guest_list(conn, &guests, NULL) < 0)
        return VP_EXIT_FAILED;
    for (size_t i = 0; guests[i] != NULL; i++) {
        vp_autofree char *name = vp_escape(vp_guest_name(guests[i]));
        puts(name);
    }
    return VP_EXIT_OK;
}

static enum vp_exit run(struct vp_cli *cli, int argc, char **argv)
{
    int next;

    if (vp_options_parse(cli, VP_OPTIONS_PROGRAM, true, argc, argv, &next) < 0)
        return VP_EXIT_USAGE;
    if (cli->version) {
        puts("virt-profile " VP_VERSION);
        return VP_EXIT_OK;
    }
    if (cli->dump_options) {
        vp_options_dump(stdout);
        return VP_EXIT_OK;
    }
    if (cli->dump_domains != NULL)
        return dump_domains(cli->dump_domains);
    if (next == argc && cli->help) {
        vp_help_program(stdout);
        return VP_EXIT_OK;
    }
    if (next == argc)
        return vp_cli_usage(cli, "a command is missing");
    cli->command = vp_command_find(argv[next]);
    if (cli->command == NULL) {
        const char *near = vp_suggest(argv[next], next_command, NULL);
        return vp_cli_usage(cli, "there is no command '%s'%s%s%s", argv[next], near ? "; did you mean '" : "",
                            near ? near : "", near ? "'?" : "");
    }
    return run_command(cli, argc - next, argv + next);
}

/* KubeVirt's sidecar-shim runs a program of this name. */
static bool is_kubevirt(const char *program)
{
    const char *slash = program != NULL ? strrchr(program, '/') : NULL;

    return vp_same(slash != NULL ? slash + 1 : program, "onDefineDomain");
}

/* The same with the command's name in front. */
static enum vp_exit run_kubevirt(struct vp_cli *cli, int argc, char **argv)
{
    static char command[] = "kubevirt";
    vp_autofree char **longer = vp_alloc((size_t)argc + 2, sizeof(*longer));

    longer[0] = argv[0];
    longer[1] = command;
    for (int i = 1; i < argc; i++)
        longer[i + 1] = argv[i];
    return run(cli, argc + 1, longer);
}

int main(int argc, char **argv)
{
    struct vp_cli cli = {.enforce = -1};
    enum vp_exit status;

    (void)setlocale(LC_ALL, "");
    status = is_kubevirt(argv[0]) ? run_kubevirt(&cli, argc, argv) : run(&cli, argc, argv);
    vp_cli_done(&cli);
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        fprintf(stderr, "virt-profile: cannot write to standard output: %m\n");
        status = VP_EXIT_FAILED;
    }
    return (int)status;
}
