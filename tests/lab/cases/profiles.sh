#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shape: numa2
# limit: 400
# Guests with each of the profiles start through the hook under systemd, cgroup v2 and an enforcing AppArmor.
. /lab/tests/lib.sh
need_engine

for node in 0 1; do echo 64 >/sys/devices/system/node/node$node/hugepages/hugepages-2048kB/nr_hugepages; done

start_tagged() # PROFILE: a guest of that name
{
    local io

    note "$1"
    guest_define "$1" vcpus=2 memory=96 "devices=$(guest_disk "$1" 8)$(guest_nic)"
    passes "assign $1" virt-profile assign "$1" "$1"
    hook_log_start
    passes "start $1" virsh -q start "$1"
    guest_up "$1" 90
    is "complaints of the hook" "$(hook_log)" ""
    converged "$1"
    like "cgroup" "$(guest_cgroup "$1")" "/machine\.slice/machine-qemu\\\\x2d[0-9]+\\\\x2d.*\.scope$"
    like "AppArmor label" "$(cat /proc/"$(guest_pid "$1")"/attr/current)" '^libvirt-[0-9a-f-]+ \(enforce\)$'
    io=$(guest_threads "$1" '^IO iothread1$')
    like "cgroup of its I/O thread $io" "$(task_cgroup "$io")" '/libvirt/iothread1$'
}

uncached() # PROFILE
{
    is "cache mode of its disk" "$(live_xml "$1" | xpath '//disk/driver/@cache')" none
    like "its disk in QEMU" "$(guest_command "$1")" '"cache":\{"direct":true[^}]*\}'
}

like "AppArmor label of libvirtd" "$(cat /proc/"$(pidof libvirtd)"/attr/current)" '^libvirtd \(enforce\)$'

start_tagged sql-db
uncached sql-db
like "its huge pages in QEMU" "$(guest_command sql-db)" '"mem-path":"/dev/hugepages[^"]*"'
like "no merging of its pages" "$(guest_command sql-db)" 'mem-merge=off'
is "random numbers" "$(live_xml sql-db | xpath '//rng/@model')" virtio
virsh -q destroy sql-db

start_tagged desktop-vdi
uncached desktop-vdi
is "its limit in QEMU" "$(virsh blkdeviotune desktop-vdi vda | awk '/^total_iops_sec *:/ { print $3 }')" 100
virsh -q destroy desktop-vdi

start_tagged nfv
pid=$(guest_pid nfv)
is "size of its huge pages, KiB" "$(live_xml nfv | xpath '//memoryBacking/hugepages/page/@size')" 2048
more "its memory in huge pages, KiB" "$(awk '/^HugetlbPages/ { print $2 }' "/proc/$pid/status")" 98303
more "its locked memory, KiB" "$(awk '/^VmLck/ { print $2 }' "/proc/$pid/status")" 20000
virsh -q destroy nfv

wait_for 20 no_scopes
is "scopes left" "$(scopes)" 0
for node in 0 1; do
    is "huge pages free again" "$(hugepages $node 2048 free)" 64
    echo 0 >/sys/devices/system/node/node$node/hugepages/hugepages-2048kB/nr_hugepages
done
