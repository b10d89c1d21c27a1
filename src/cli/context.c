/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "escape.h"
#include "file.h"
#include "neighbours.h"
#include "running.h"

void vp_cli_done(struct vp_cli *cli)
{
    vp_placer_free(cli->placer);
    free(cli->placed);
    vp_conf_done(&cli->conf);
    vp_host_free(cli->host);
    vp_root_free(cli->root);
    free(cli->profiles_path);
    free(cli->sets);
}

enum vp_exit vp_cli_exit(int r)
{
    if (r >= 0)
        return (enum vp_exit)r;
    switch (-r) {
    case ENOENT:
        return VP_EXIT_NOT_FOUND;
    case EBADMSG:
    case EFBIG:
    case EINVAL:
    case ELOOP:
    case ERANGE:
        return VP_EXIT_INVALID;
    default:
        return VP_EXIT_FAILED;
    }
}

enum vp_exit vp_cli_report(const struct vp_error *error)
{
    vp_autofree char *text = vp_escape(error->message);

    (void)fflush(stdout);
    fprintf(stderr, "virt-profile: %s\n", text);
    return vp_cli_exit(-error->code);
}

enum vp_exit vp_cli_usage(const struct vp_cli *cli, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vp_autofree char *message = vp_vasprintf(fmt, ap);
    va_end(ap);
    vp_autofree char *text = vp_escape(message);
    fprintf(stderr, "virt-profile: %s\nTry 'virt-profile%s%s --help'.\n", text, cli->command ? " " : "",
            cli->command ? cli->command->name : "");
    return VP_EXIT_USAGE;
}

static int open_root(struct vp_cli *cli, struct vp_error **err)
{
    size_t n = 0;
    int r;

    r = vp_root_open(cli->root_path != NULL ? cli->root_path : "/", &cli->root, err);
    if (r < 0)
        return r;
    if (cli->profiles != NULL && cli->profiles[0] == '/') {
        cli->profiles_path = vp_strdup(cli->profiles);
    } else if (cli->profiles != NULL) {
        vp_autofree char *here = getcwd(NULL, 0);
        if (here == NULL)
            return vp_fail(err, errno, "cannot tell the current folder: %m");
        cli->profiles_path = vp_asprintf("%s/%s", here, cli->profiles);
    }
    if (cli->profiles_path != NULL)
        cli->dirs[n++] = cli->profiles_path;
    for (size_t i = 0; vp_profile_default_dirs[i] != NULL && n + 1 < VP_ARRAY_SIZE(cli->dirs); i++)
        cli->dirs[n++] = vp_profile_default_dirs[i];
    cli->dirs[n] = NULL;
    return 0;
}

int vp_cli_dirs(struct vp_cli *cli, struct vp_profile_dirs *ret_dirs, struct vp_error **err)
{
    if (cli->root == NULL) {
        int r = open_root(cli, err);
        if (r < 0)
            return r;
    }
    *ret_dirs = (struct vp_profile_dirs){.root = cli->root, .dirs = cli->dirs};
    return 0;
}

int vp_cli_engine(struct vp_cli *cli, struct vp_engine *ret_engine, struct vp_error **err)
{
    struct vp_engine engine = {.registry = vp_registry_builtin()};
    int r;

    r = vp_cli_dirs(cli, &engine.profiles, err);
    if (r < 0)
        return r;
    if (cli->host == NULL) {
        r = vp_host_open(cli->host_where != NULL ? cli->host_where : "live", cli->root, &cli->host, err);
        if (r < 0)
            return r;
    }
    engine.host = cli->host;
    *ret_engine = engine;
    return 0;
}

bool vp_cli_is_live(const struct vp_cli *cli)
{
    return cli->host_where == NULL || strcmp(cli->host_where, "live") == 0;
}

static int take_options(const struct vp_cli *cli, struct vp_conf *conf, struct vp_error **err)
{
    static const char origin[] = "command line";
    int r = 0;

    if (cli->housekeeping != NULL)
        r = vp_conf_set(conf, "host", "housekeeping", cli->housekeeping, origin, err);
    if (r == 0 && cli->reserve != NULL)
        r = vp_conf_set(conf, "host", "memory-reserve", cli->reserve, origin, err);
    return r;
}

int vp_cli_conf(struct vp_cli *cli, const struct vp_conf **ret_conf, struct vp_error **err)
{
    if (!cli->conf_read) {
        VP_CLEANUP(vp_conf_done) struct vp_conf conf = {.reserve_kib = UINT64_MAX};
        struct vp_profile_dirs unused;
        int r = vp_cli_dirs(cli, &unused, err);
        if (r == 0 && vp_cli_is_live(cli))
            r = vp_conf_read(cli->root, &conf, err);
        if (r == 0)
            r = take_options(cli, &conf, err);
        if (r < 0)
            return r;
        cli->conf = conf;
        cli->conf_read = true;
        conf = (struct vp_conf){0};
    }
    *ret_conf = &cli->conf;
    return 0;
}

int vp_cli_place(struct vp_cli *cli, struct vp_engine *engine, const char *uuid,
                 struct vp_neighbours *neighbours, struct vp_error **err)
{
    const struct vp_conf *conf = NULL;
    int r = vp_cli_conf(cli, &conf, err);

    if (r < 0)
        return r;
    vp_placer_free(cli->placer);
    free(cli->placed);
    cli->placed = vp_strdup(uuid);
    if (vp_cli_is_live(cli) && vp_running_there(cli, NULL) > 0)
        cli->placer =
            vp_ledger_placer(cli->root, engine->host, conf, cli->placed, NULL, vp_running_say, NULL);
    else
        cli->placer = vp_placer_new(engine->host, conf);
    if (cli->phase == VP_PHASE_COLD)
        cli->placer = vp_placer_someday(cli->placer, conf);
    if (neighbours != NULL)
        cli->placer = vp_neighbours_placer(neighbours, cli->placer, uuid);
    engine->placer = cli->placer;
    return 0;
}

int vp_cli_neighbours(struct vp_cli *cli, struct vp_conn *conn, struct vp_neighbours **ret_neighbours,
                      struct vp_error **err)
{
    const struct vp_conf *conf = NULL;
    const int r = vp_cli_conf(cli, &conf, err);

    if (r < 0)
        return r;
    const bool runs = vp_cli_is_live(cli) && vp_running_there(cli, NULL) > 0;
    *ret_neighbours = vp_neighbours_new(runs ? cli->root : NULL, conf, conn);
    return 0;
}

struct vp_request vp_cli_request(const struct vp_cli *cli)
{
    return (struct vp_request){
        .phase = (enum vp_phase)cli->phase,
        .profile = cli->profile,
        .sets = cli->sets,
        .enforce = cli->enforce >= 0 ? vp_enforce_names[cli->enforce] : NULL,
    };
}

int vp_cli_read(const char *path, size_t max, char **ret_text, size_t *ret_len, struct vp_error **err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    int r;

    if (fd < 0)
        return vp_fail(err, errno, "cannot open '%s': %m", path);
    r = vp_read_fd(fd, path, max, false, ret_text, ret_len, err);
    (void)close(fd);
    return r;
}

int vp_cli_input(const struct vp_cli *cli, char **ret_text, size_t *ret_len, const char **ret_what,
                 struct vp_error **err)
{
    const char *path = cli->n_args > 0 ? cli->args[0] : "-";
    int r;

    if (strcmp(path, "-") == 0) {
        *ret_what = "standard input";
        return vp_read_fd(STDIN_FILENO, *ret_what, VP_XML_MAX, true, ret_text, ret_len, err);
    }
    r = vp_cli_read(path, VP_XML_MAX, ret_text, ret_len, err);
    if (r == 0)
        *ret_what = path;
    return r;
}

int vp_cli_output(const char *text, size_t len, struct vp_error **err)
{
    return vp_write_fd(STDOUT_FILENO, "standard output", text, len, err);
}

bool vp_cli_pretty(const struct vp_cli *cli)
{
    return cli->color == VP_COLOR_ALWAYS || isatty(STDOUT_FILENO) != 0;
}

bool vp_cli_colors(const struct vp_cli *cli)
{
    const char *no_color = getenv("NO_COLOR");

    if (cli->color != VP_COLOR_AUTO)
        return cli->color == VP_COLOR_ALWAYS;
    return isatty(STDOUT_FILENO) != 0 && (no_color == NULL || no_color[0] == '\0');
}
