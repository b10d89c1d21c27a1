#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shape: v1
# limit: 300
# A host without systemd and with cgroup v1: the hook and a profile do their work there as well.
. /lab/tests/lib.sh

is "init" "$(cat /proc/1/comm)" plain-init
is "hierarchy of the cpuset controller" "$(stat -fc %T /sys/fs/cgroup/cpuset)" cgroupfs
is "CPUs and nodes" "$(nproc) $(cat /sys/devices/system/node/online)" "8 0"
need_engine

guest_define tagged memory=96 "devices=$(guest_disk tagged 8)"
passes "assign sql-db" virt-profile assign tagged sql-db
passes "start it" virsh -q start tagged
guest_up tagged 90
converged tagged
like "cgroup of its cpuset" "$(guest_cgroup tagged)" '^.*/cpuset/machine/qemu-[0-9]+-tagged.libvirt-qemu$'
like "cgroup of vCPU 1" "$(task_cgroup "$(vcpu_thread tagged 1)" cpu)" '/vcpu1$'
is "cache mode of its disk" "$(live_xml tagged | xpath '//disk/driver/@cache')" none
virsh -q destroy tagged
is "its cgroups afterwards" "$(find /sys/fs/cgroup/*/machine -name '*tagged*' 2>/dev/null)" ""

guest_define refused profile=sql-db memory=64 "devices=$(guest_disk refused 1)"
passes "assign with enforce=refuse" virt-profile assign --enforce=refuse refused sql-db
stored_xml refused | sed "s/ io='native'//" >/tmp/refused.xml
passes "define it without its I/O mode" virsh -q define /tmp/refused.xml
fails "start of a definition that lost a setting" virsh -q start refused
