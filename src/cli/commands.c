/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <string.h>

#include "options.h"

#define BIT VP_OPTION_BIT
#define ROOM (BIT(HOST) | BIT(HOUSEKEEPING) | BIT(RESERVE))
#define PLANNING (BIT(ENFORCE) | BIT(HOST) | BIT(PHASE) | BIT(PROFILE) | BIT(SET))

const struct vp_command vp_commands[] = {
    {"list", "", "the profiles there are",
     "List the profiles, one in a line: name, number of settings, summary, file, what it shadows.\n"
     "A profile in /etc shadows the one of the same name below /usr.",
     BIT(JSON), 0, 0, vp_cmd_list},
    {"show", "PROFILE", "what a profile sets, and where it says so",
     "Print all settings of a profile, inherited ones too, each with the file and line it is from.\n"
     "PROFILE is a name, or the path of a file when it has a slash.",
     BIT(JSON), 1, 1, vp_cmd_show},
    {"knobs", "[KNOB]", "the settings a profile can make",
     "List the knobs with what they accept and when a change takes effect.\n"
     "KNOB is a name (disk.cache), or a section (disk) for all of its knobs.",
     BIT(FORMAT) | BIT(JSON), 0, 1, vp_cmd_knobs},
    {"validate", "FILE...", "check profile files",
     "Check every file, and name file and line of what is wrong. A file whose name ends with .conf is a\n"
     "configuration, any other a profile. Exit status 3 when anything is wrong.",
     BIT(JSON), 1, SIZE_MAX, vp_cmd_validate},
    {"rewrite", "[FILE|-]", "bring a profile into a domain definition",
     "Read a domain definition from FILE or standard input and print it with its profile's settings.\n"
     "One without a profile, or one that holds its settings already, is printed as it came.\n"
     "Needs no libvirt and no privileges.",
     PLANNING, 0, 1, vp_cmd_rewrite},
    {"revert", "[FILE|-]", "take virt-profile out of a domain definition",
     "Read a domain definition from FILE or standard input and print it as it was before a profile\n"
     "came into it. Needs no libvirt and no privileges.",
     BIT(KEEP_TAG), 0, 1, vp_cmd_revert},
    {"plan", "[FILE|-]", "what a profile changes, and why",
     "Read a domain definition from FILE or standard input and print each change that its profile makes:\n"
     "value without virt-profile, new value, effect, reason; then what was left out, and warnings.",
     PLANNING | BIT(ALL_ACTIONS) | BIT(JSON), 0, 1, vp_cmd_plan},
    {"simulate", "[LIST|-]", "where guests would go on a host",
     "Place the guests of a list one after another on an empty host, and print where each goes, or why it\n"
     "does not fit; then what is left. The list is a file or standard input, with a guest in each line:\n"
     "NAME POLICY VCPUS MEMORY [KEY=VALUE...]\n"
     "POLICY is dedicated, node or shared; the keys are in virt-profile(1). Nothing is started or changed.\n"
     "Exit status 1 when a guest does not fit.",
     ROOM | BIT(JSON), 0, 1, vp_cmd_simulate},
    {"map", "[LIST|-]", "draw a host, and guests on it",
     "Draw sockets, NUMA nodes, last-level caches, cores and threads of a host; with a LIST also its\n"
     "guests, on the CPUs where simulate would place them. Without, those that run on this host.",
     ROOM | BIT(JSON) | BIT(SVG), 0, 1, vp_cmd_map},
    {"status", "[DOMAIN]", "which guests run here, what they own, and whether their settings hold",
     "List the guests that run on this host: profile, state, where they are placed, CPUs, nodes, memory,\n"
     "since when, and how many settings wait for a cold start. The state of a guest with a profile is\n"
     "drifted (something is not as it should be), stale (its stored definition is not what the profile\n"
     "makes of it), pending (settings wait for a cold start) or tuned; running, where libvirt does not\n"
     "answer or it has no profile. Guests without a profile take CPUs and memory, and are there too.\n"
     "With --all also domains that have a profile and are off. With DOMAIN, a name or UUID, everything\n"
     "that is known of one. Needs root.",
     BIT(ALL_OFF) | BIT(CONNECT) | BIT(JSON), 0, 1, vp_cmd_status},
    {"assign", "DOMAIN PROFILE", "give a domain a profile",
     "Tag the domain with the profile and bring the settings into its stored definition.\n"
     "A running guest is left alone; what it gets at its next start is said.\n"
     "DOMAIN is a name, UUID or id.",
     BIT(CONNECT) | BIT(ENFORCE) | BIT(HOST) | BIT(JSON) | BIT(KEEP_SETS) | BIT(SET) | BIT(VERBOSE), 2, 2,
     vp_cmd_assign},
    {"clear", "DOMAIN", "take a domain's profile away",
     "Give the domain back the definition that it had before it got a profile.\n"
     "A running guest is left alone. DOMAIN is a name, UUID or id.",
     BIT(CONNECT) | BIT(JSON) | BIT(VERBOSE), 1, 1, vp_cmd_clear},
    {"apply", "[DOMAIN]", "bring changed profiles into the definitions",
     "Bring the stored definition of a domain, or with --all of every domain that has a profile, up to\n"
     "date with the profile as it is now. DOMAIN is a name, UUID or id.\n"
     "With --live a guest that runs gets what can change without a start (effect live), too.",
     BIT(ALL_DOMAINS) | BIT(CONNECT) | BIT(HOST) | BIT(JSON) | BIT(LIVE) | BIT(VERBOSE), 0, 1, vp_cmd_apply},
    {"start", "DOMAIN", "start a domain with all settings in force",
     "Bring the stored definition up to date, start the domain paused, set what only a running guest can\n"
     "get, look whether all of it holds, and let it run. Where something is missing, it is listed; the\n"
     "guest runs nevertheless and the exit status is 1, or with enforce = refuse it is ended before it\n"
     "ran. DOMAIN is a name, UUID or id.",
     BIT(CONNECT) | BIT(JSON) | BIT(VERBOSE), 1, 1, vp_cmd_start},
    {"verify", "[DOMAIN]", "whether the settings of running guests hold",
     "Print for each setting of a running guest's profile what is wanted, what is in force, and where\n"
     "that was read: ok, differs, pending (it waits for a start), or absent (this host does not have it).\n"
     "Without DOMAIN of all running guests that have a profile. DOMAIN is a name, UUID or id.\n"
     "Exit status 1 when anything differs.",
     BIT(CONNECT) | BIT(JSON), 0, 1, vp_cmd_verify},
    {"restore-host", "", "put the host back as it was",
     "Undo every change that was made to this host for guests, where nobody else changed it since:\n"
     "settings of the kernel, interrupts, affinities, limits of guests to come. The hook does the same\n"
     "when the last guest has ended; this is for what was left behind. Print what was restored, kept or\n"
     "failed. Exit status 1 when anything failed, or while guests with a profile run, unless --force.",
     BIT(FORCE) | BIT(JSON), 0, 0, vp_cmd_restore_host},
    {.name = NULL},
};

const struct vp_command *vp_command_find(const char *name)
{
    for (const struct vp_command *command = vp_commands; command->name != NULL; command++) {
        if (strcmp(command->name, name) == 0)
            return command;
    }
    return NULL;
}
