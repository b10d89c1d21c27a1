/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "cli.h"

/* Every option of every command. Rows may share a name that means something else to another command. */
enum vp_option_id {
    VP_OPTION_ALL_ACTIONS,
    VP_OPTION_ALL_DOMAINS,
    VP_OPTION_ALL_OFF,
    VP_OPTION_COLOR,
    VP_OPTION_CONNECT,
    VP_OPTION_DUMP_OPTIONS,
    VP_OPTION_ENFORCE,
    VP_OPTION_FORCE,
    VP_OPTION_FORMAT,
    VP_OPTION_HELP,
    VP_OPTION_HOST,
    VP_OPTION_HOUSEKEEPING,
    VP_OPTION_JSON,
    VP_OPTION_KEEP_SETS,
    VP_OPTION_KEEP_TAG,
    VP_OPTION_LIVE,
    VP_OPTION_PHASE,
    VP_OPTION_PROFILE,
    VP_OPTION_PROFILES,
    VP_OPTION_RESERVE,
    VP_OPTION_ROOT,
    VP_OPTION_SET,
    VP_OPTION_SVG,
    VP_OPTION_VERBOSE,
    VP_OPTION_VERSION,
    VP_OPTION_N_
};
#define VP_OPTION_BIT(name) (UINT32_C(1) << VP_OPTION_##name)

/* What the program takes before a command's name, and every command too. */
#define VP_OPTIONS_GLOBAL                                                                                    \
    (VP_OPTION_BIT(COLOR) | VP_OPTION_BIT(HELP) | VP_OPTION_BIT(PROFILES) | VP_OPTION_BIT(ROOT))
#define VP_OPTIONS_PROGRAM (VP_OPTIONS_GLOBAL | VP_OPTION_BIT(DUMP_OPTIONS) | VP_OPTION_BIT(VERSION))

/**
 * Read options into `cli`.
 * @options: those that are allowed
 * @stop: at the first operand (before a command's name) rather than taking options from behind operands
 * @argv: argv[0] is skipped; may be reordered
 * @ret_next: index of the first operand
 * Returns 0, or -EINVAL after having printed the mistake.
 */
int vp_options_parse(struct vp_cli *cli, uint32_t options, bool stop, int argc, char **argv, int *ret_next);

/* --help of the program, of one command. */
void vp_help_program(FILE *out);
void vp_help_command(FILE *out, const struct vp_command *command);
/* A line "COMMAND<TAB>--NAME<TAB>-LETTER<TAB>ARGUMENT" for each option, "-" where there is none. */
void vp_options_dump(FILE *out);
