#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shape: numa2
# limit: 200
# Memory has nodes here: huge pages by node, the kernel's knobs are real, and a guest without a profile, bound
# to a node, is in a scope of systemd, under AppArmor, and where its definition says.
. /lab/tests/lib.sh

for node in 0 1; do
    echo 8 >"/sys/devices/system/node/node$node/hugepages/hugepages-2048kB/nr_hugepages"
    is "huge pages of node $node" "$(hugepages $node 2048)" 8
    echo 0 >"/sys/devices/system/node/node$node/hugepages/hugepages-2048kB/nr_hugepages"
done

guest_define bound memory=128
virsh -q numatune bound --mode strict --nodeset 1 --config
virsh -q vcpupin bound 0 4 --config
virsh -q vcpupin bound 1 6-7 --config
passes "start a guest bound to node 1" virsh -q start bound
guest_up bound 90
guest_beats bound
pid=$(guest_pid bound)
like "its cgroup" "$(guest_cgroup bound)" '/machine\.slice/machine-qemu\\x2d[0-9]+\\x2dbound\.scope$'
like "its AppArmor label" "$(cat "/proc/$pid/attr/current")" '^libvirt-[0-9a-f-]+ \(enforce\)$'
is "threads of its vCPUs" "$(guest_threads bound '^CPU' | wc -l)" 2
more "its pages on node 1" "$(numa_pages "$pid" 1 '^bind')" 4000
is "its bound pages on node 0" "$(numa_pages "$pid" 0 '^bind')" 0
is "memory nodes of its cgroup" "$(cat "$(task_cgroup "$pid")/cpuset.mems.effective")" 1
is "affinity of vCPU 0" "$(thread_affinity "$(vcpu_thread bound 0)")" 4
is "cpuset of vCPU 1" "$(thread_cpuset "$(vcpu_thread bound 1)")" 6-7
within "vCPU 1" "$(thread_affinity "$(vcpu_thread bound 1)")" "$(node_cpus 1)"

for knob in /sys/kernel/mm/ksm/run=1 /sys/kernel/mm/ksm/merge_across_nodes=0 /proc/sys/kernel/numa_balancing=0 \
    /sys/kernel/mm/transparent_hugepage/enabled=never; do
    file=${knob%=*}
    before=$(sed 's/.*\[\(.*\)\].*/\1/' "$file")
    echo "${knob#*=}" >"$file"
    is "$file, $before before" "$(sed 's/.*\[\(.*\)\].*/\1/' "$file")" "${knob#*=}"
    echo "$before" >"$file"
done
