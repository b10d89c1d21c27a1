# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by run: the confinement that packages bring.
# shellcheck disable=SC2154 # the caller's variables

mkdir "$scratch/selinux"
cp "$top"/packaging/selinux/virt-profile.* "$scratch/selinux/"
passes "the SELinux module compiles" make -C "$scratch/selinux" -f /usr/share/selinux/devel/Makefile virt-profile.pp
semodule_unpackage "$scratch/selinux/virt-profile.pp" "$scratch/selinux/module" "$scratch/selinux/contexts"
for type in virt_profile_hook_t virt_profile_hook_exec_t virtqemud_t virtd_t virt_hook_t; do
    has "types of the module" "$(strings -a "$scratch/selinux/module")" "^$type\$"
done
has "labels" "$(cat "$scratch/selinux/contexts")" '^/usr/s\?bin/virt-profile-hook.*virt_profile_hook_exec_t'
