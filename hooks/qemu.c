/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "../src/hook/hook.h"

static const char usage[] =
    "Usage: qemu DOMAIN OPERATION SUBOPERATION EXTRA < DEFINITION\n"
    "The QEMU hook of virt-profile. libvirt runs it from /etc/libvirt/hooks; see virt-profile-hook(8).\n"
    "\n"
    "  --help     show this\n"
    "  --version  show the version\n";

/*
 * libvirt passes four arguments, and a domain may be called anything: options count only where there are
 * fewer, and --root DIR where there are six.
 */
int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("virt-profile %s\n", VP_VERSION) < 0;
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return fputs(usage, stdout) < 0;
    if (argc == 7 && strcmp(argv[1], "--root") == 0)
        return vp_hook_main(argv[3], argv[4], argv[2], vp_hook_load);
    if (argc >= 3)
        return vp_hook_main(argv[1], argv[2], "/", vp_hook_load);
    (void)fputs(usage, stderr);
    return 2;
}
