# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Debian packages, installed only where one is missing. Lists are arrays: one concern, one line.

PKG_BUILD=(gcc make libc6-dev autoconf automake pkgconf libxml2-dev libvirt-dev libhwloc-dev
    libinih-dev libjson-c-dev libsmartcols-dev libcgroup-dev libsystemd-dev check)
PKG_SANDBOX=(libvirt-daemon libvirt-clients qemu-system-x86 qemu-utils busybox-static cpio gzip kmod iproute2
    util-linux mount)
PKG_TEST=(clang libclang-rt-dev python3 python3-lxml python3-libvirt libxml2-utils xz-utils diffutils patch mandoc
    fish zsh)
PKG_LINT=(git shellcheck clang-format clang-tidy cppcheck)

PKG_PACKAGES=(build-essential debhelper dh-apparmor lintian rpm rpmlint selinux-policy-dev policycoreutils secilc setools
    apparmor binutils bzip2 systemd)

package_missing() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" != installed ]; }

packages_install() {
    export DEBIAN_FRONTEND=noninteractive
    # Lists that are old or absent show as a package that cannot be found: only then are they fetched.
    apt-get -qy --no-install-recommends install "$@" || {
        apt-get -q update && apt-get -qy --no-install-recommends install "$@"
    }
}

packages_need() { # log, packages…
    local log=$1 missing=() name
    shift
    for name in "$@"; do
        package_missing "$name" && missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    ui_step "install ${#missing[@]} Debian packages" "$log" packages_install "${missing[@]}"
}
