#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shape: numa2
# limit: 300
# libvirtd goes and comes back, in order and by kill -9, while a tagged guest runs: the guest must not notice,
# not even when its profile is broken meanwhile.
. /lab/tests/lib.sh
need_engine

still_there() # WHAT
{
    wait_for 60 virsh -q connect qemu:///system
    wait_for 30 virsh -q domid kept
    is "state after $1" "$(virsh domstate --reason kept | head -n 1)" "running (booted)"
    is "QEMU after $1" "$(guest_pid kept)" "$pid"
    is "cache mode after $1" "$(live_xml kept | xpath '//disk/driver/@cache')" none
    guest_beats kept
}

guest_define kept memory=96 "devices=$(guest_disk kept 8)"
passes "assign sql-db" virt-profile assign kept sql-db
passes "start it" virsh -q start kept
guest_up kept 90
pid=$(guest_pid kept)

systemctl restart libvirtd
still_there "a restart"

mkdir -p /etc/virt-profile/profiles
echo '[disk' >/etc/virt-profile/profiles/sql-db.profile
kill -KILL "$(pidof libvirtd)"
wait_for 30 systemctl is-active libvirtd
still_there "kill -9 and a broken profile"
rm /etc/virt-profile/profiles/sql-db.profile

passes "stop it" virsh -q destroy kept
wait_for 20 no_scopes
is "scopes left" "$(scopes)" 0
