# SPDX-License-Identifier: LGPL-2.1-or-later
# shape: numa2
# limit: 240
# Guests with each of the profiles start through the hook under systemd, cgroup v2 and an enforcing AppArmor.
. /lab/tests/lib.sh
need_engine

echo 64 >/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages
like "AppArmor label of libvirtd" "$(cat /proc/"$(pidof libvirtd)"/attr/current)" '^libvirtd \(enforce\)$'

for profile in sql-db desktop-vdi nfv; do
    note "$profile"
    guest_define "$profile" vcpus=2 memory=96 "devices=$(guest_disk "$profile" 8)$(guest_nic)"
    passes "assign $profile" virt-profile assign "$profile" "$profile"
    hook_log_start
    passes "start $profile" virsh -q start "$profile"
    guest_up "$profile" 90
    is "what the hook missed" "$(hook_log)" ""
    is "changes left to make" "$(stored_xml "$profile" | virt-profile plan - | grep -c '^change')" 0
    like "cgroup" "$(guest_cgroup "$profile")" "/machine\.slice/machine-qemu\\\\x2d[0-9]+\\\\x2d.*\.scope$"
    like "AppArmor label" "$(cat /proc/"$(guest_pid "$profile")"/attr/current)" '^libvirt-[0-9a-f-]+ \(enforce\)$'
    io=$(guest_threads "$profile" '^IO iothread1$')
    like "cgroup of its I/O thread $io" "$(task_cgroup "$io")" '/libvirt/iothread1$'
    is "cache mode of its disk" "$(live_xml "$profile" | xpath '//disk/driver/@cache')" none
    like "its disk in QEMU" "$(tr '\0' ' ' <"/proc/$(guest_pid "$profile")/cmdline")" '"cache":\{"direct":true'
done

is "random numbers for sql-db" "$(live_xml sql-db | xpath '//rng/@model')" virtio
is "limit of desktop-vdi in QEMU" "$(virsh blkdeviotune desktop-vdi vda | awk '/^total_iops_sec *:/ { print $3 }')" 100
pid=$(guest_pid nfv)
is "huge pages of nfv in its XML" "$(live_xml nfv | xpath '//memoryBacking/hugepages/page/@size')" 2048
more "nfv's pages in huge pages on node 0, 4 KiB each" "$(numa_pages "$pid" 0 . | tail -n 1)" 24000
more "nfv's locked memory, KiB" "$(awk '/^VmLck/ { print $2 }' "/proc/$pid/status")" 98304

for profile in sql-db desktop-vdi nfv; do
    virsh -q destroy "$profile"
done
is "scopes left" "$(systemctl list-units --no-legend 'machine-qemu*' | wc -l)" 0
is "huge pages free again" "$(hugepages 0 2048 free)" 64
echo 0 >/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages
