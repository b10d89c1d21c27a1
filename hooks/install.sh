#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Put the hook where libvirt runs it, beside a hook of somebody else, or take it away again.
#   install.sh install PROGRAM DIR        DIR/qemu where that is free or ours, else DIR/qemu.d/50-virt-profile
#   install.sh link PROGRAM DIR [LINK]    for packages: DIR/qemu.d/50-virt-profile is a link to PROGRAM, or to LINK where
#                                         PROGRAM will be known by another name
#   install.sh uninstall DIR              only what is ours
# AppArmor's profile of libvirtd runs a real file in DIR, and a link to /usr/sbin; it denies links to most other places.
# A package never takes the name DIR/qemu: who writes a hook of his own there would write through the link.
set -eu

usage() {
    echo "usage: $0 install PROGRAM DIR | link PROGRAM DIR [LINK] | uninstall DIR" >&2
    exit 2
}

# Our program is an ELF file that knows the namespace of the tag. A link of ours may have lost it.
is_ours() {
    case $(readlink "$1") in */virt-profile-hook) return 0 ;; esac
    [ -f "$1" ] && [ "$(head -c 4 "$1" | tail -c 3)" = ELF ] && grep -q urn:virt-profile:domain:1 "$1"
}

# A rename, so that a start that happens meanwhile runs either the old or the new program.
put() {
    mkdir -p "$(dirname "$2")"
    new="$(dirname "$2")/.virt-profile.$$"
    trap 'rm -f "$new"' EXIT
    install -m 0755 "$1" "$new"
    mv -f "$new" "$2"
    trap - EXIT
    echo "hook installed as $2"
}

# The same for a link: as there is no moment without one, no start misses it.
put_link() {
    mkdir -p "$(dirname "$2")"
    new="$(dirname "$2")/.virt-profile.$$"
    ln -s "$1" "$new"
    mv -f "$new" "$2"
}

take_away() {
    if is_ours "$1"; then
        rm -f "$1"
        echo "hook removed from $1"
    fi
}

case ${1-} in
install)
    [ $# -eq 3 ] || usage
    if is_ours "$3/qemu" || ! { [ -e "$3/qemu" ] || [ -L "$3/qemu" ]; }; then
        put "$2" "$3/qemu"
        # Left by an install beside a hook that has gone since: it must not run twice.
        take_away "$3/qemu.d/50-virt-profile"
    else
        put "$2" "$3/qemu.d/50-virt-profile"
    fi
    ;;
link)
    [ $# -eq 3 ] || [ $# -eq 4 ] || usage
    put_link "${4-$2}" "$3/qemu.d/50-virt-profile"
    # Left by `install`: it must not run twice.
    take_away "$3/qemu"
    ;;
uninstall)
    [ $# -eq 2 ] || usage
    take_away "$2/qemu"
    take_away "$2/qemu.d/50-virt-profile"
    rmdir "$2/qemu.d" 2>/dev/null || :
    ;;
*)
    usage
    ;;
esac
