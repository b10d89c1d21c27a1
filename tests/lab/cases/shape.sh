#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shape: numa2
# limit: 60
# The virtual host is what its row promises.
. /lab/tests/lib.sh

is "NUMA nodes" "$(cat /sys/devices/system/node/online)" 0-1
is "CPUs of node 0" "$(node_cpus 0)" 0-3
is "CPUs of node 1" "$(node_cpus 1)" 4-7
is "distances of node 0" "$(cat /sys/devices/system/node/node0/distance)" "10 21"
is "siblings of CPU 0" "$(cat /sys/devices/system/cpu/cpu0/topology/thread_siblings_list)" 0-1
is "cgroup hierarchy" "$(stat -fc %T /sys/fs/cgroup)" cgroup2fs
is "init" "$(cat /proc/1/comm)" systemd
like "AppArmor label of libvirtd" "$(cat /proc/"$(pidof libvirtd)"/attr/current)" '^libvirtd \(enforce\)$'
is "node of the NVMe controller" "$(cat "/sys/bus/pci/devices/$(nvme_physical)/numa_node")" 1
passes "KVM, emulated as well" test -c /dev/kvm
