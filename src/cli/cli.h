/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "knobs.h"
#include "engine.h"

/* Exit status of every command; virt-profile(1), EXIT STATUS. */
enum vp_exit {
    VP_EXIT_OK = 0,
    VP_EXIT_FAILED = 1,    /* reading, writing, libvirt */
    VP_EXIT_USAGE = 2,     /* the command line */
    VP_EXIT_INVALID = 3,   /* what was read: XML, a profile, a knob's value */
    VP_EXIT_NOT_FOUND = 4, /* a profile, domain, knob or file of that name */
};

enum vp_color { VP_COLOR_AUTO, VP_COLOR_ALWAYS, VP_COLOR_NEVER, VP_COLOR_N_ };

enum vp_format { VP_FORMAT_TEXT, VP_FORMAT_MAN, VP_FORMAT_N_ };

struct vp_command;
struct vp_conn;
struct vp_neighbours;

/* One run of the program: what its command line asks for, and what the command opened to do it. */
struct vp_cli {
    const struct vp_command *command; /* borrowed; NULL until it is known */

    bool help, version, dump_options;
    bool all, force, json, keep_sets, keep_tag, live, svg, verbose;
    int color;   /* enum vp_color */
    int enforce; /* enum vp_enforce, -1: not said */
    int format;  /* enum vp_format */
    int phase;   /* enum vp_phase */
    /* borrowed; NULL: not said */
    const char *connect, *host_where, *housekeeping, *profile, *profiles, *reserve, *root_path;
    const char **sets; /* owned array of borrowed "KNOB=VALUE", NULL-terminated; NULL: none */
    size_t n_sets, cap_sets;

    const char *const *args; /* borrowed; operands behind the options */
    size_t n_args;

    struct vp_root *root; /* owned; see vp_cli_dirs() */
    struct vp_host *host; /* owned; see vp_cli_engine() */
    struct vp_conf conf;  /* see vp_cli_conf() */
    bool conf_read;
    struct vp_placer *placer; /* owned; see vp_cli_place() */
    char *placed;             /* owned; UUID of the guest that it is for */
    char *profiles_path;      /* owned; `profiles` as an absolute path */
    const char *dirs[8];      /* profile folders, NULL-terminated */
};
void vp_cli_done(struct vp_cli *cli);

/* A subcommand. One row each in commands.c. */
struct vp_command {
    const char *name;
    const char *operands; /* for the usage line: "DOMAIN PROFILE" */
    const char *summary;  /* one line for the list of commands */
    const char *about;    /* for its own --help, wrapped by hand */
    uint32_t options;     /* VP_OPTION_BIT() of each it takes besides the program's own */
    size_t min_args, max_args;
    /**
     * Do it.
     * Returns 0, a negative errno with *err set, or a positive exit status after having said what is wrong.
     */
    int (*run)(struct vp_cli *cli, struct vp_error **err);
};

extern const struct vp_command vp_commands[]; /* last row has no name */
const struct vp_command *vp_command_find(const char *name);

int vp_cmd_apply(struct vp_cli *cli, struct vp_error **err);
int vp_cmd_assign(struct vp_cli *cli, struct vp_error **err);
int vp_cmd_clear(struct vp_cli *cli, struct vp_error **err);
int vp_cmd_knobs(struct vp_cli *cli, struct vp_error **err);
int vp_cmd_list(struct vp_cli *cli, struct vp_error **err);
int vp_cmd_map(struct vp_cli *cli, struct vp_error **err);
int vp_cmd_plan(struct vp_cli *cli, struct vp_error **err);
int vp_cmd_restore_host(struct vp_cli *cli, struct vp_error **err);
int vp_cmd_revert(struct vp_cli *cli, struct vp_error **err);
int vp_cmd_rewrite(struct vp_cli *cli, struct vp_error **err);
int vp_cmd_show(struct vp_cli *cli, struct vp_error **err);
int vp_cmd_simulate(struct vp_cli *cli, struct vp_error **err);
int vp_cmd_start(struct vp_cli *cli, struct vp_error **err);
int vp_cmd_status(struct vp_cli *cli, struct vp_error **err);
int vp_cmd_validate(struct vp_cli *cli, struct vp_error **err);
int vp_cmd_verify(struct vp_cli *cli, struct vp_error **err);

/* The exit status for a negative errno (or 0, or a positive status, which stays). */
enum vp_exit vp_cli_exit(int r);

/* Print "virt-profile: MESSAGE" to standard error, control characters escaped. Returns the exit status. */
enum vp_exit vp_cli_report(const struct vp_error *error);
/* The same for a mistake on the command line, with a pointer to --help. */
enum vp_exit vp_cli_usage(const struct vp_cli *cli, const char *fmt, ...) VP_PRINTF(2, 3);

/* Where profiles are; opens the root on first use. */
int vp_cli_dirs(struct vp_cli *cli, struct vp_profile_dirs *ret_dirs, struct vp_error **err);
/* Everything that planning needs; opens root and host on first use. */
int vp_cli_engine(struct vp_cli *cli, struct vp_engine *ret_engine, struct vp_error **err);
/**
 * What is configured for the host that is planned for: virt-profile.conf(5) of the live host, nothing for any
 * other, and above it the options of the command line. Opens the root on first use.
 * @ret_conf: borrowed
 * Errors: those of vp_conf_read(); -EINVAL, -ERANGE for what the options say
 */
int vp_cli_conf(struct vp_cli *cli, const struct vp_conf **ret_conf, struct vp_error **err);
/* Is it this machine that is planned for, or what --root names instead of it? */
bool vp_cli_is_live(const struct vp_cli *cli);
/**
 * Give the engine a placer for the guest that is planned next: on this host one that knows what runs, if that
 * may be read. The engine's earlier one is gone then.
 * @uuid: of the guest, which is not in its own way; NULL: it has none
 * @neighbours: borrowed as long as the placer is used; NULL: none
 * Errors: those of vp_cli_conf()
 */
int vp_cli_place(struct vp_cli *cli, struct vp_engine *engine, const char *uuid,
                 struct vp_neighbours *neighbours, struct vp_error **err);
/**
 * The other domains, for vp_cli_place().
 * @conn: borrowed; NULL: vp_neighbours_update() tells of them
 * Errors: those of vp_cli_conf()
 */
int vp_cli_neighbours(struct vp_cli *cli, struct vp_conn *conn, struct vp_neighbours **ret_neighbours,
                      struct vp_error **err);
/* What the options ask of one definition. Borrows from the command line. */
struct vp_request vp_cli_request(const struct vp_cli *cli);

/* Read a whole file of this machine. -EFBIG, -ENOENT, … with a message. */
int vp_cli_read(const char *path, size_t max, char **ret_text, size_t *ret_len, struct vp_error **err);
/**
 * Read the definition that the first operand names: a file, or standard input for "-" or no operand.
 * @ret_what: borrowed; its name for messages
 */
int vp_cli_input(const struct vp_cli *cli, char **ret_text, size_t *ret_len, const char **ret_what,
                 struct vp_error **err);
/* Write to standard output and say so when that fails. Not to be mixed with stdio. */
int vp_cli_output(const char *text, size_t len, struct vp_error **err);

/* Is the output for eyes: a terminal, or --color=always? Otherwise it is plain lines for other programs. */
bool vp_cli_pretty(const struct vp_cli *cli);
/* With colours? Only where it is pretty; NO_COLOR in the environment counts as --color=never. */
bool vp_cli_colors(const struct vp_cli *cli);
