# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by run: the confinement that packages bring. The SELinux module is linked into Debian's policy, to which fedora.te adds
# what the module is for, and the policy that comes out is asked.
# shellcheck disable=SC2154 # the caller's variables

passes "AppArmor's parser takes the profile of the daemon" \
    apparmor_parser --skip-kernel-load --skip-cache "$top/packaging/apparmor/usr.sbin.virt-profiled"

unit=packaging/systemd/virt-profiled.service
passes "the unit of the daemon" make -C "$build" "$unit"
passes "its exposure, as systemd counts it, is at most 4.0" \
    systemd-analyze security --offline=yes --no-pager --threshold=40 "$build/$unit"

se=$scratch/selinux
mkdir "$se"
cp "$top"/packaging/selinux/virt-profile.* "$here/fedora.te" "$se/"
passes "the SELinux module compiles" make -C "$se" -f /usr/share/selinux/devel/Makefile virt-profile.pp fedora.pp

# The package is not installed: its policy would become this machine's.
base_policy() {
    local cache=$WORK/selinux-policy name
    if [ ! -e "$cache/usr/share/selinux/default/base.pp.bz2" ]; then
        (cd "$scratch" && apt-get -q -o APT::Sandbox::User=root download selinux-policy-default) || return
        dpkg-deb -x "$scratch"/selinux-policy-default_*.deb "$cache" || return
    fi
    for name in base unconfined; do
        bzip2 -dc "$cache/usr/share/selinux/default/$name.pp.bz2" >"$se/$name.pp" || return
    done
}
# A user of a module that is left out.
link_policy() { # modules besides
    local name
    rm -f "$se"/*.cil
    for name in base unconfined virt-profile "$@"; do
        /usr/libexec/selinux/hll/pp "$se/$name.pp" | grep -v '^(selinuxuser sddm ' >"$se/$name.cil" || return
    done
    secilc -c 33 -o "$se/policy" -f "$se/contexts" "$se"/*.cil
}
asked() { sesearch "$@" "$se/policy"; }

passes "Debian's policy" base_policy
passes "the module goes into it" link_policy fedora
is "where virtqemud goes when it runs the hook" "$(asked -T -s virtqemud_t -c process)" \
    'type_transition virtqemud_t virt_profile_hook_exec_t:process virt_profile_hook_t;'
has "which it may" "$(asked -A -s virtqemud_t -t virt_profile_hook_t -c process)" '^allow virtqemud_t .*transition'
has "and find the link to it" "$(asked -A -s virtqemud_t -t virt_hook_t -c lnk_file)" 'read'
for type in sysfs_t cgroup_t sysctl_irq_t; do
    has "the hook may write" "$(asked -A -s virt_profile_hook_t -t "$type" -c file -p write)" '^allow .*write'
done
is "others that may enter its domain" \
    "$(asked -A -t virt_profile_hook_t -c process -p transition | grep -vE '^allow (virtqemud_t|virt_profile_hook_t) ' | xargs)" ''
has "its label" "$(cat "$se/contexts")" '^/usr/s[?]bin/virt-profile-hook.*:virt_profile_hook_exec_t:'
passes "it goes into a policy that does not know virtqemud" link_policy
