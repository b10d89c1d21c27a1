/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon.h"
#include "log.h"

static const char usage[] =
    "Usage: virt-profiled [OPTIONS]\n"
    "Keep the domains of a libvirt as their profiles say: their stored definitions, and the guests that\n"
    "run. Stays in the foreground; see virt-profiled(8).\n"
    "\n"
    "  -c, --connect URI  the libvirt to talk to [qemu:///system]\n"
    "  -h, --help         print this and exit\n"
    "  -V, --version      print the version and exit\n";

static int refuse(const char *what, const char *argument)
{
    (void)fprintf(stderr, "virt-profiled: %s%s\nTry 'virt-profiled --help'.\n", what, argument);
    return 2;
}

static int run(const char *uri, const char *root)
{
    struct vp_daemon daemon = {.uri = uri};
    vp_autoerror err = NULL;
    int r = vp_root_open(root, &daemon.root, &err);

    if (r == 0)
        r = vp_daemon_run(&daemon, &err);
    if (r < 0) {
        vp_log(VP_LOG_ERROR, "%s", err->message);
        if (isatty(STDERR_FILENO) == 0)
            (void)fprintf(stderr, "virt-profiled: %s\n", err->message);
    }
    vp_daemon_done(&daemon);
    return r < 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"connect", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {"root", required_argument, NULL, 'r'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    const char *uri = "qemu:///system";
    const char *root = "/";
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":c:hV", options, NULL)) >= 0) {
        switch (option) {
        case 'c':
            uri = optarg;
            break;
        case 'r':
            root = optarg;
            break;
        case 'h':
            return fputs(usage, stdout) < 0;
        case 'V':
            return printf("virt-profiled %s\n", VP_VERSION) < 0;
        case ':':
            return refuse("an argument is missing behind ", argv[optind - 1]);
        default:
            return refuse("there is no option ", argv[optind - 1]);
        }
    }
    if (optind < argc)
        return refuse("one operand too many: ", argv[optind]);
    if (isatty(STDERR_FILENO) != 0)
        vp_log_open_loud("virt-profiled");
    else
        vp_log_open("virt-profiled");
    return run(uri, root);
}
