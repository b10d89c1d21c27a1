#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Put the hook where libvirt runs it, beside a hook of somebody else, or take it away again.
#   install.sh install PROGRAM DIR      DIR/qemu where that is free or ours, else DIR/qemu.d/50-virt-profile
#   install.sh uninstall DIR            only what is ours
# A real file each time: AppArmor's profile of libvirtd denies a link to a program elsewhere.
set -eu

usage() {
    echo "usage: $0 install PROGRAM DIR | uninstall DIR" >&2
    exit 2
}

# Our program is an ELF file that knows the namespace of the tag.
is_ours() {
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
