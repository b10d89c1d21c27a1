/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "suggest.h"

enum vp_option_kind { VP_OPTION_FLAG, VP_OPTION_TEXT, VP_OPTION_CHOICE, VP_OPTION_SETTING };

struct vp_option {
    const char *name;
    char letter; /* 0: none */
    enum vp_option_kind kind;
    size_t at; /* offset in struct vp_cli of the bool, text or int; not for SETTING */
    const char *argument;
    const char *const *choices; /* CHOICE: NULL-terminated */
    const char *help;           /* NULL: hidden */
};

static const char *const colors[VP_COLOR_N_ + 1] = {"auto", "always", "never"};
static const char *const enforcements[VP_ENFORCE_N_ + 1] = {"start", "refuse"};
static const char *const formats[VP_FORMAT_N_ + 1] = {"text", "man"};
static const char *const phases[VP_PHASE_N_ + 1] = {"cold", "migrate", "restore", "live"};

#define AT(member) offsetof(struct vp_cli, member)
static const struct vp_option table[] = {
    [VP_OPTION_ALL_ACTIONS] = {"all", 'a', VP_OPTION_FLAG, AT(all), NULL, NULL,
                               "also what is already as it should be"},
    [VP_OPTION_ALL_DOMAINS] = {"all", 'a', VP_OPTION_FLAG, AT(all), NULL, NULL,
                               "every persistent domain that has a profile"},
    [VP_OPTION_ALL_OFF] = {"all", 'a', VP_OPTION_FLAG, AT(all), NULL, NULL,
                           "also domains with a profile that are off"},
    [VP_OPTION_COLOR] = {"color", 0, VP_OPTION_CHOICE, AT(color), "WHEN", colors,
                         "tables and colours: auto (on a terminal), always, never"},
    [VP_OPTION_CONNECT] = {"connect", 'c', VP_OPTION_TEXT, AT(connect), "URI", NULL,
                           "the libvirt to talk to [libvirt's own default]"},
    [VP_OPTION_DUMP_OPTIONS] = {"dump-options", 0, VP_OPTION_FLAG, AT(dump_options), NULL, NULL, NULL},
    [VP_OPTION_ENFORCE] = {"enforce", 0, VP_OPTION_CHOICE, AT(enforce), "HOW", enforcements,
                           "a start with a stale definition: start anyway, or refuse"},
    [VP_OPTION_FORCE] = {"force", 0, VP_OPTION_FLAG, AT(force), NULL, NULL,
                         "also while guests with a profile run"},
    [VP_OPTION_FORMAT] = {"format", 0, VP_OPTION_CHOICE, AT(format), "FORMAT", formats, NULL},
    [VP_OPTION_HELP] = {"help", 'h', VP_OPTION_FLAG, AT(help), NULL, NULL, "print this and exit"},
    [VP_OPTION_HOST] = {"host", 0, VP_OPTION_TEXT, AT(host_where), "WHERE", NULL,
                        "the machine to plan for: live, an hwloc XML file, a folder\n"
                        "with a dump of /sys and /proc, or synthetic:DESCRIPTION [live]"},
    [VP_OPTION_HOUSEKEEPING] = {"housekeeping", 0, VP_OPTION_TEXT, AT(housekeeping), "LIST", NULL,
                                "CPUs that no guest owns [as configured, or the first core of each node]"},
    [VP_OPTION_JSON] = {"json", 0, VP_OPTION_FLAG, AT(json), NULL, NULL, "print JSON"},
    [VP_OPTION_KEEP_SETS] = {"keep-sets", 0, VP_OPTION_FLAG, AT(keep_sets), NULL, NULL,
                             "keep the overrides that the domain has"},
    [VP_OPTION_KEEP_TAG] = {"keep-tag", 0, VP_OPTION_FLAG, AT(keep_tag), NULL, NULL,
                            "leave the profile's name and the overrides in the metadata"},
    [VP_OPTION_LIVE] = {"live", 0, VP_OPTION_FLAG, AT(live), NULL, NULL,
                        "also what can change in a guest that runs"},
    [VP_OPTION_PHASE] = {"phase", 0, VP_OPTION_CHOICE, AT(phase), "PHASE", phases,
                         "what the definition is for: cold, migrate, restore [cold]"},
    [VP_OPTION_PROFILE] = {"profile", 'p', VP_OPTION_TEXT, AT(profile), "PROFILE", NULL,
                           "use this profile instead of the one in the metadata"},
    [VP_OPTION_PROFILES] = {"profiles", 0, VP_OPTION_TEXT, AT(profiles), "DIR", NULL,
                            "look for profiles in DIR before the usual folders"},
    [VP_OPTION_RESERVE] = {"reserve", 0, VP_OPTION_TEXT, AT(reserve), "SIZE", NULL,
                           "memory of each node for the host [as configured, or 1/16, at most 4G]"},
    [VP_OPTION_ROOT] = {"root", 0, VP_OPTION_TEXT, AT(root_path), "DIR", NULL, NULL},
    [VP_OPTION_SET] = {"set", 's', VP_OPTION_SETTING, 0, "KNOB=VALUE", NULL,
                       "override one setting of the profile; may be repeated"},
    [VP_OPTION_SVG] = {"svg", 0, VP_OPTION_FLAG, AT(svg), NULL, NULL, "print an SVG drawing"},
    [VP_OPTION_VERBOSE] = {"verbose", 'v', VP_OPTION_FLAG, AT(verbose), NULL, NULL, "say more"},
    [VP_OPTION_VERSION] = {"version", 'V', VP_OPTION_FLAG, AT(version), NULL, NULL,
                           "print the version and exit"},
};
static_assert(VP_ARRAY_SIZE(table) == VP_OPTION_N_, "every option has a row");
static_assert(VP_OPTION_N_ <= 32, "options fit a mask");

#define FIRST_VALUE 256 /* getopt's val of the first row: above every letter */

static bool allowed(uint32_t options, size_t id)
{
    return (options >> id & 1) != 0;
}

static int read_choice(struct vp_cli *cli, const struct vp_option *option, const char *text)
{
    for (int i = 0; option->choices[i] != NULL; i++) {
        if (strcmp(option->choices[i], text) == 0) {
            *(int *)(void *)((char *)cli + option->at) = i;
            return 0;
        }
    }
    vp_autofree char *names = vp_strdup(option->choices[0]);
    for (size_t i = 1; option->choices[i] != NULL; i++) {
        char *more = vp_asprintf("%s, %s", names, option->choices[i]);
        free(names);
        names = more;
    }
    (void)vp_cli_usage(cli, "--%s must be one of %s, not '%s'", option->name, names, text);
    return -EINVAL;
}

static int read_setting(struct vp_cli *cli, const char *text)
{
    const char *equals = strchr(text, '=');

    if (equals == NULL || equals == text) {
        (void)vp_cli_usage(cli, "--set wants KNOB=VALUE, not '%s'", text);
        return -EINVAL;
    }
    vp_grow(&cli->sets, cli->n_sets + 1, &cli->cap_sets, sizeof(cli->sets[0]));
    cli->sets[cli->n_sets++] = text;
    cli->sets[cli->n_sets] = NULL;
    return 0;
}

static int take(struct vp_cli *cli, const struct vp_option *option, const char *text)
{
    char *member = (char *)cli + option->at;

    switch (option->kind) {
    case VP_OPTION_FLAG:
        *(bool *)(void *)member = true;
        return 0;
    case VP_OPTION_TEXT:
        *(const char **)(void *)member = text;
        return 0;
    case VP_OPTION_CHOICE:
        return read_choice(cli, option, text);
    case VP_OPTION_SETTING:
        return read_setting(cli, text);
    }
    return -EINVAL;
}

static const struct vp_option *by_letter(uint32_t options, int letter)
{
    for (size_t i = 0; i < VP_OPTION_N_; i++) {
        if (allowed(options, i) && table[i].letter != 0 && table[i].letter == letter)
            return &table[i];
    }
    return NULL;
}

static const char *next_name(const void *cookie, size_t index)
{
    const uint32_t *options = cookie;

    for (size_t i = 0; i < VP_OPTION_N_; i++) {
        if (allowed(*options, i) && table[i].help != NULL && index-- == 0)
            return table[i].name;
    }
    return NULL;
}

static int complain(const struct vp_cli *cli, uint32_t options, int result, const char *word)
{
    if (result == ':' || strncmp(word, "--", 2) != 0) {
        const struct vp_option *option =
            optopt >= FIRST_VALUE ? &table[optopt - FIRST_VALUE] : by_letter(options, optopt);
        if (option != NULL && result == ':')
            (void)vp_cli_usage(cli, "--%s wants %s", option->name, option->argument);
        else
            (void)vp_cli_usage(cli, "there is no option '-%c'", optopt);
        return -EINVAL;
    }
    vp_autofree char *name = vp_strndup(word + 2, strcspn(word + 2, "="));
    if (optopt >= FIRST_VALUE) {
        (void)vp_cli_usage(cli, "--%s takes no value", table[optopt - FIRST_VALUE].name);
        return -EINVAL;
    }
    const char *near = vp_suggest(name, next_name, &options);
    (void)vp_cli_usage(cli, "there is no option '--%s'%s%s%s", name, near ? "; did you mean '--" : "",
                       near ? near : "", near ? "'?" : "");
    return -EINVAL;
}

/* The word that getopt read an option from. */
static const char *option_word(char **argv)
{
    return argv[optind - (optarg != NULL && argv[optind - 1] == optarg ? 2 : 1)];
}

/* getopt also takes the first letters of a name: --profile would mean --profiles where only that is known. */
static int refuse_abbreviation(const struct vp_cli *cli, const struct vp_option *option, const char *word)
{
    size_t n = strcspn(word, "=");

    if (n == strlen(option->name) + 2)
        return 0;
    (void)vp_cli_usage(cli, "there is no option '%.*s'; did you mean '--%s'?", (int)n, word, option->name);
    return -EINVAL;
}

int vp_options_parse(struct vp_cli *cli, uint32_t options, bool stop, int argc, char **argv, int *ret_next)
{
    struct option longs[VP_OPTION_N_ + 1] = {{0}};
    char shorts[2 * VP_OPTION_N_ + 3] = "";
    size_t n = 0, s = 0;
    int result;

    if (stop)
        shorts[s++] = '+';
    shorts[s++] = ':';
    for (size_t i = 0; i < VP_OPTION_N_; i++) {
        if (!allowed(options, i))
            continue;
        int takes = table[i].argument != NULL ? required_argument : no_argument;
        longs[n++] = (struct option){table[i].name, takes, NULL, FIRST_VALUE + (int)i};
        if (table[i].letter == 0)
            continue;
        shorts[s++] = table[i].letter;
        if (takes == required_argument)
            shorts[s++] = ':';
    }
    opterr = 0;
    optind = 0; /* glibc: start over */
    while ((result = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (result == '?' || result == ':')
            return complain(cli, options, result, argv[optind - 1]);
        const struct vp_option *option =
            result >= FIRST_VALUE ? &table[result - FIRST_VALUE] : by_letter(options, result);
        if (option == NULL)
            return -EINVAL;
        if (result >= FIRST_VALUE && refuse_abbreviation(cli, option, option_word(argv)) < 0)
            return -EINVAL;
        if (take(cli, option, optarg) < 0)
            return -EINVAL;
    }
    *ret_next = optind;
    return 0;
}

/* "  -p, --profile=PROFILE   help", further lines of the help below its first. */
static void help_option(FILE *out, const struct vp_option *option)
{
    vp_autofree char *name = vp_asprintf("--%s%s%s", option->name, option->argument ? "=" : "",
                                         option->argument ? option->argument : "");
    const char *line = option->help;

    if (option->letter != 0)
        fprintf(out, "  -%c, %-20s ", option->letter, name);
    else
        fprintf(out, "      %-20s ", name);
    for (;;) {
        size_t n = strcspn(line, "\n");
        fprintf(out, "%.*s\n", (int)n, line);
        if (line[n] == '\0')
            return;
        line += n + 1;
        fprintf(out, "%27s", "");
    }
}

static void help_options(FILE *out, uint32_t options)
{
    fputs("\nOptions:\n", out);
    for (size_t i = 0; i < VP_OPTION_N_; i++) {
        if (allowed(options, i) && table[i].help != NULL)
            help_option(out, &table[i]);
    }
}

void vp_help_program(FILE *out)
{
    fputs("Usage: virt-profile [OPTION...] COMMAND [OPTION...] [OPERAND...]\n"
          "\n"
          "Named performance profiles for KVM guests on libvirt.\n"
          "\n"
          "Commands:\n",
          out);
    for (const struct vp_command *command = vp_commands; command->name != NULL; command++)
        fprintf(out, "  %-12s %s\n", command->name, command->summary);
    help_options(out, VP_OPTIONS_PROGRAM);
    fputs("\n"
          "'virt-profile COMMAND --help' tells more about a command.\n"
          "\n"
          "Exit status: 0 done, 1 failed, 2 wrong usage, 3 invalid input, 4 not found.\n",
          out);
}

void vp_help_command(FILE *out, const struct vp_command *command)
{
    fprintf(out, "Usage: virt-profile %s [OPTION...]%s%s\n\n%s\n", command->name,
            command->operands[0] != '\0' ? " " : "", command->operands, command->about);
    help_options(out, command->options | VP_OPTIONS_GLOBAL);
}

static void dump(FILE *out, const char *command, uint32_t options)
{
    for (size_t i = 0; i < VP_OPTION_N_; i++) {
        const struct vp_option *option = &table[i];
        if (!allowed(options, i) || option->help == NULL)
            continue;
        fprintf(out, "%s\t--%s\t", command, option->name);
        if (option->letter != 0)
            fprintf(out, "-%c", option->letter);
        else
            fputc('-', out);
        fprintf(out, "\t%s\n", option->argument != NULL ? option->argument : "-");
    }
}

void vp_options_dump(FILE *out)
{
    dump(out, "-", VP_OPTIONS_PROGRAM);
    for (const struct vp_command *command = vp_commands; command->name != NULL; command++)
        dump(out, command->name, command->options | VP_OPTIONS_GLOBAL);
}
