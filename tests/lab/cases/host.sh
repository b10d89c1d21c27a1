#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shape: numa2
# limit: 700
# What the host does for a guest, read back from the kernel: the limits of its scope, huge pages of its node got when it
# came, interrupts of its passed-through device on its CPUs after its driver asked for them and all others off them,
# irqbalance told; kernel settings that two guests want otherwise. And all of it as before when both are gone.
. /lab/tests/lib.sh
need_engine

touched=$(virt-profile knobs --json | jq -r '.[].name' | wc -l)
more "knobs" "$touched" 100
mkdir -p /etc/virt-profile/profiles
cat >/etc/virt-profile/profiles/own.profile <<'PROFILE'
[cpu]
placement = dedicated
threads = siblings
emulator = housekeeping
cgroup-weight = 300
[memory]
numa = strict
hugepages = 2M
hugepages-grow = yes
cgroup-max = 2G
ksm = no
[irq]
devices = vcpus
others = off-dedicated
[kernel]
swappiness = 10
[ksm]
run = stop
PROFILE
cat >/etc/virt-profile/profiles/merges.profile <<'PROFILE'
[cpu]
placement = shared
[memory]
ksm = yes
[kernel]
swappiness = 40
[ksm]
run = run
PROFILE
passes "the profiles are right" virt-profile validate /etc/virt-profile/profiles/*.profile

state() { # files that may be written, with their values
    local file
    for file in /sys/kernel/mm/ksm/run /proc/sys/vm/swappiness /proc/irq/default_smp_affinity \
        /sys/devices/system/node/node*/hugepages/hugepages-2048kB/nr_hugepages; do
        echo "$file $(cat "$file" 2>/dev/null)"
    done
}
# Interrupts of devices that can move, with the CPUs that they may come to. An irqbalance that runs moves them at will.
moving() {
    awk '$1 ~ /^[0-9]+:$/ && !/timer|vfio|nvme0q/ { sub(":", "", $1); print $1 }' /proc/interrupts |
        while read -r irq; do echo "$irq $(irq_affinity "$irq")"; done
}
on_own() { # interrupts that may come to the CPUs of the guest
    moving | while read -r irq list; do
        [ -z "$(comm -12 <(cpus "$list" | sort) <(cpus 6-7 | sort))" ] || echo "$irq"
    done
}

functions=$(nvme_functions 2)
function=${functions%%$'\n'*}
is "node of the device" "$(cat "/sys/bus/pci/devices/$function/numa_node")" 1
passes "irqbalance runs" systemctl start irqbalance
wait_for 10 compgen -G '/run/irqbalance/irqbalance*.sock'
before=$(state)
echo "$before" >/tmp/before

guest_define db memory=96 "devices=$(hostdev_xml "$function")"
passes "assign own" virt-profile assign db own
like "its preferred place is the device's node" "$(stored_xml db | xpath '//vcpupin[@vcpu="0"]/@cpuset')" '^[67]$'
hook_log_start
passes "start it" virsh -q start db
scope=$(guest_cgroup db)
is "weight of its scope" "$(cat "$scope/cpu.weight")" 300
is "its memory limit" "$(cat "$scope/memory.max")" 2147483648
is "memory nodes of its scope" "$(cat "$scope/cpuset.mems.effective")" 1
within "CPUs of its scope" "$(cat "$scope/cpuset.cpus.effective")" "0-1,4-7"
is "huge pages of node 1" "$(hugepages 1 2048)" 48
is "of node 0" "$(hugepages 0 2048)" 0
is "swappiness" "$(cat /proc/sys/vm/swappiness)" 10
is "merging of pages" "$(cat /sys/kernel/mm/ksm/run)" 0
guest_up db 120
for cpu in 0 1; do
    like "vCPU $cpu" "$(thread_affinity "$(vcpu_thread db $cpu)")" '^[67]$'
done
passes "it reads its device" wait_for 60 guest_said db 'read /dev/nvme'
irqs=$(irqs_named "vfio-msi.*$function")
more "its interrupts (${irqs//$'\n'/ })" "$(wc -w <<<"$irqs")" 1
steered() {
    local irq
    for irq in $irqs; do
        case $(irq_affinity "$irq") in 6 | 7 | 6-7) ;; *) return 1 ;; esac
    done
}
passes "they come to its CPUs" wait_for 40 steered
for irq in $irqs; do within "interrupt $irq" "$(irq_affinity "$irq")" 6-7; done
within "CPUs that irqbalance leaves alone" "6-7" "$(irqbalance_banned)"

note "a desktop that wants otherwise"
guest_define desk memory=64
passes "assign merges" virt-profile assign desk merges
passes "start it" virsh -q start desk
is "merging of pages, as the desktop wants" "$(cat /sys/kernel/mm/ksm/run)" 1
like "swappiness, as the database wants" "$(cat /proc/sys/vm/swappiness)" '^10$'
virsh -q destroy desk
is "merging of pages, as before it" "$(cat /sys/kernel/mm/ksm/run)" 0

note "an administrator's change in the middle stays"
echo 33 >/proc/sys/vm/swappiness
virsh -q destroy db
is "swappiness" "$(cat /proc/sys/vm/swappiness)" 33
sed -n 's|^/proc/sys/vm/swappiness ||p' /tmp/before >/proc/sys/vm/swappiness
wait_for 20 no_scopes
state >/tmp/after
is "all is as it was" "$(diff /tmp/before /tmp/after)" ""
not_banned() { [ -z "$(comm -12 <(cpus "$(irqbalance_banned)" | sort) <(cpus 6-7 | sort))" ]; }
passes "irqbalance, which tells after its cycle, has the CPUs back" wait_for 40 not_banned
is "drop-ins left" "$(compgen -G '/run/systemd/system/machine-qemu*' | wc -l)" 0
is "entries left" "$(find /run/virt-profile/guests -type f | wc -l)" 0
is "journal left" "$(cat /run/virt-profile/host.json 2>/dev/null)" ""
systemctl stop irqbalance

note "interrupts of others, without irqbalance"
moving >/tmp/before
virsh -q start --paused db
more "interrupts that can move" "$(wc -l </tmp/before)" 3
fixed=$(comm -12 <(on_own | sort) <(grep -o '^[0-9]*' /run/virt-profile/irq-fixed 2>/dev/null | sort) | xargs)
is "those that may come to the guest's CPUs, but for what the kernel manages (${fixed:-none})" \
    "$(comm -23 <(on_own | sort) <(tr ' ' '\n' <<<"$fixed" | sort) | xargs)" ""
virsh -q destroy db
moving >/tmp/after
is "all where they were" "$(diff /tmp/before /tmp/after)" ""
rm -r /etc/virt-profile/profiles
