#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shape: numa2
# limit: 300
# AppArmor's profile of libvirtd runs a hook that is a file in the hooks folder, or a link to /usr/sbin; it
# denies a link to other places, and then no guest starts. What we install must never be such a link.
. /lab/tests/lib.sh
need_engine

hook=/etc/libvirt/hooks/qemu
[ -e $hook ] || hook=/etc/libvirt/hooks/qemu.d/50-virt-profile

# A definition that lacks its profile makes the hook speak when it has run.
start_speaks() # WHAT
{
    hook_log_start
    passes "start with $1" virsh -q start --paused stale
    like "the hook, run as $1, said" "$(hook_log | head -n 1)" 'stale'
    virsh -q destroy stale
}

like "AppArmor label of libvirtd" "$(cat /proc/"$(pidof libvirtd)"/attr/current)" '^libvirtd \(enforce\)$'
is "links to elsewhere in the hooks folder" "$(find /etc/libvirt/hooks -type l ! -lname '/usr/sbin/*')" ""
is "what is installed" "$(stat -Lc %F $hook)" "regular file"
[ ! -L $hook ] || cp --remove-destination "$(readlink -f $hook)" $hook
guest_define stale profile=sql-db memory=64 "devices=$(guest_disk stale 1)"
start_speaks "a file in the hooks folder"

mv $hook /usr/sbin/virt-profile-test-hook
ln -s /usr/sbin/virt-profile-test-hook $hook
start_speaks "a link to /usr/sbin"

mkdir -p /usr/lib/virt-profile
mv /usr/sbin/virt-profile-test-hook /usr/lib/virt-profile/test-hook
ln -sf /usr/lib/virt-profile/test-hook $hook
fails "start with a link to /usr/lib/virt-profile" virsh -q start --paused stale
denied=$(journalctl -q -k -n 50 -o cat | grep -a 'apparmor="DENIED"' | tail -n 1)
like "the kernel's record" "$denied" 'exec.*/usr/lib/virt-profile/test-hook'

mv -f /usr/lib/virt-profile/test-hook $hook
rmdir /usr/lib/virt-profile 2>/dev/null
start_speaks "a file again"
