# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What build-deb and build-rpm share.
# shellcheck disable=SC2034 # which read what arguments() sets

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# A tarball of this tree, from a copy, so that nothing is written here.
make_dist() {
    mkdir -p "$work/tree" "$work/dist"
    (cd "$top" && { git ls-files -co --exclude-standard 2>/dev/null || find . -type f; } |
        tar -c -T - --ignore-failed-read) | tar -x -C "$work/tree"
    (cd "$work/tree" && ./autogen.sh)
    (cd "$work/dist" && "$work/tree/configure" && make dist)
    tarball=$(echo "$work"/dist/virt-profile-*.tar.xz)
}

# Sets output, tarball, version, options, and work, a folder that goes at the end.
arguments() {
    tarball=''
    if [ "${1-}" = --tarball ] && [ $# -ge 2 ]; then
        tarball=$(realpath -e "$2")
        shift 2
    fi
    if [ $# -lt 1 ] || [[ $1 == -* ]]; then
        echo "usage: $(basename "$0") [--tarball FILE] OUTPUT [OPTION…]" >&2
        exit 2
    fi
    mkdir -p "$1"
    output=$(realpath -e "$1")
    options=("${@:2}")
    work=$(mktemp -d "${TMPDIR:-/tmp}/virt-profile-package.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    [ -n "$tarball" ] || make_dist
    [[ $(basename "$tarball") =~ ^virt-profile-([0-9.]+)\.tar\.xz$ ]] ||
        die "'$tarball' is not called virt-profile-VERSION.tar.xz"
    version=${BASH_REMATCH[1]}
}
