#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shape: numa2 numa4
# limit: 400
# A tagged guest moves while it runs to another virtual host with its disk, and the migrate filter of that
# host brings in what the profile says there: what needs a new QEMU process changes, what the guest can see
# stays.
. /lab/tests/lib.sh
need_engine

# shellcheck disable=SC2016 # the other host expands it
is "the other host and its nodes" "$(on_peer 'echo $(hostname) $(cat /sys/devices/system/node/online)')" "numa4 0-3"
on_peer 'mkdir -p /etc/virt-profile/profiles
    cd /usr/share/virt-profile/profiles && sed -e "s/^io = native/io = threads/" -e "s/^rng = yes/rng = no/" \
        sql-db.profile >/etc/virt-profile/profiles/sql-db.profile
    printf "[host]\nhousekeeping = 0-3\n" >/etc/virt-profile/virt-profile.conf
    truncate -s 8M /var/lib/libvirt/images/moved.img'

guest_define moved vcpus=1 memory=96 "devices=$(guest_disk moved 8)"
passes "assign sql-db" virt-profile assign moved sql-db
passes "start it" virsh -q start moved
guest_up moved 90
is "its CPU here" "$(thread_affinity "$(vcpu_thread moved 0)")" 2
is "I/O mode here" "$(live_xml moved | xpath '//disk/driver/@io')" native
passes "migrate it with its disk" timeout 200 virsh migrate --live --copy-storage-all moved "$(peer_uri)"
is "state here" "$(virsh domstate moved)" "shut off"
is "state there" "$(virsh -c "$(peer_uri)" domstate moved)" running

beats=$(on_peer 'guest_beats moved >/dev/null; guest_serial moved | grep -c "guest: up"; guest_beat moved' |
    tr '\n' ' ')
like "boots and beat on its console there" "$beats" '^0 [0-9]+ $'
there=$(virsh -c "$(peer_uri)" dumpxml moved)
is "I/O mode there, as the profile says there" "$(xpath '//disk/driver/@io' <<<"$there")" threads
like "its disk in QEMU there" "$(on_peer 'guest_command moved')" '"aio":"threads"'
is "random numbers there, as it was started" "$(xpath '//rng/@model' <<<"$there")" virtio
like "its CPU there, where other CPUs are to be had" "$(xpath '//vcpupin/@cpuset' <<<"$there")" '^[4-7]$'
# shellcheck disable=SC2016 # the other host expands it
is "where its vCPU runs" "$(on_peer 'thread_affinity "$(vcpu_thread moved 0)"')" "$(xpath '//vcpupin/@cpuset' <<<"$there")"
is "whose CPUs they are there" "$(on_peer 'virt-profile status --json | jq -r ".[].name + \" \" + .[].state"')" "moved running"
is "and here" "$(virt-profile status --json | jq length)" 0
is "profile in its metadata there" "$(xpath '//*[local-name()="profile"]/@name' <<<"$there")" sql-db
virsh -q -c "$(peer_uri)" destroy moved
