#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shape: numa2
# limit: 700
# Two nodes of two cores of two threads; the first core of each node is the host's, so each node has one core to give. Two
# databases get them, with their memory beside them and their emulators elsewhere. A third finds nothing: it starts
# untuned or is refused, as it asks. Whoever has no CPUs of its own is kept off those of others, and gets them back.
. /lab/tests/lib.sh
need_engine

declare -A profile_of=([strict]='enforce = refuse' [lenient]='enforce = start')
mkdir -p /etc/virt-profile/profiles
for name in strict lenient; do
    printf '[profile]\n%s\nextends = sql-db\n[memory]\nhugepages = no\n' "${profile_of[$name]}" \
        >"/etc/virt-profile/profiles/$name.profile"
done

spare() { printf '%s\n' 2-3 6-7 | sed -n "$(($1 + 1))p"; } # NODE: the CPUs it can give

# Threads that the kernel works for a guest with: of its network card, of its timer.
kernel_threads() # PID of its QEMU
{
    grep -lsxE "(vhost-|kvm-pit/)$1" /proc/[0-9]*/comm | sed -n 's|^/proc/\([0-9]*\)/comm$|\1|p'
}

# Every promise about a dedicated guest of two vCPUs.
dedicated() # NAME: prints its node
{
    local pid first second node tid

    pid=$(guest_pid "$1")
    first=$(thread_affinity "$(vcpu_thread "$1" 0)")
    second=$(thread_affinity "$(vcpu_thread "$1" 1)")
    node=$([ "$first" -ge 4 ] && echo 1 || echo 0)
    like "$1: CPU of its first vCPU" "$first" '^[0-9]+$'
    is "$1: its vCPUs are threads of one core" "$(cpus "$(cat "/sys/devices/system/cpu/cpu$first/topology/thread_siblings_list")" | xargs)" \
        "$(printf '%s\n' "$first" "$second" | sort -n | xargs)"
    within "$1: vCPUs" "$first,$second" "$(spare "$node")"
    is "$1: cpuset of vCPU 0" "$(thread_cpuset "$(vcpu_thread "$1" 0)")" "$first"
    is "$1: libvirt says so, too" "$(virsh vcpupin "$1" | awk '$1 == 0 { print $2 }')" "$first"
    threads_within "$1:" "$1" thread_affinity 0-1,4-5 ^CPU
    for tid in $(kernel_threads "$pid"); do
        # The timer works for the first vCPU, the others for QEMU.
        case $(cat "/proc/$tid/comm") in
        kvm-pit/*) is "$1: kvm-pit of the kernel" "$(thread_affinity "$tid")" "$first" ;;
        *)
            within "$1: $(cat "/proc/$tid/comm") of the kernel" "$(thread_affinity "$tid")" "0-1,4-5"
            is "$1: its nice value" "$(awk '{ sub(/.*\) /, ""); print $17 }' "/proc/$tid/stat")" -10
            ;;
        esac
    done
    more "$1: its pages on node $node" "$(numa_pages "$pid" "$node" '^bind')" 1000
    is "$1: its bound pages on the other node" "$(numa_pages "$pid" $((1 - node)) '^bind')" 0
    is "$1: status" "$(virt-profile status --json | jq -r ".[] | select(.name == \"$1\") | .placement.owned")" "$(spare "$node")"
}

sed -i '$a[network]\nvhost-priority = high' /etc/virt-profile/profiles/strict.profile
guest_define plain memory=96
passes "start a guest without a profile" virsh -q start plain
guest_up plain 90
before=$(for tid in $(guest_threads plain .); do thread_cpuset "$tid"; done | sort -u | xargs)
note "the guest without a profile may use $before"

for name in first second; do
    guest_define $name memory=96 "devices=$(guest_disk $name 8)$(guest_nic)"
    passes "assign strict to $name" virt-profile assign $name strict
    passes "start $name" virsh -q start $name
    guest_up $name 90
    dedicated $name
    like "$name: threads of the kernel for it" "$(for tid in $(kernel_threads "$(guest_pid $name)"); do cat "/proc/$tid/comm"; done | sort | xargs)" \
        '^(kvm-pit/[0-9]+ )?vhost-[0-9]+'
done
is "both have CPUs of their own" "$(virt-profile status --json | jq -r '[.[].placement.owned // empty] | sort | join(" ")')" "2-3 6-7"
threads_within "the other guest's" plain thread_cpuset 0-1,4-5

note "no room for a third"
guest_define third memory=96 "devices=$(guest_disk third 8)"
passes "assign lenient" virt-profile assign third lenient
hook_log_start
passes "it starts all the same" virsh -q start third
like "and the log says why not as promised" "$(hook_log)" "'third' starts without all .*CPU"
threads_within "the third's" third thread_cpuset 0-1,4-5
virsh -q destroy third
passes "assign strict" virt-profile assign third strict
refusal=$(virsh start third 2>&1)
like "it is refused" "$refusal" "'third' is refused.*CPU"
is "and leaves nothing" "$(virt-profile status --json | jq -r '[.[].name] | sort | join(" ")')" "first plain second"

note "room again"
virsh -q destroy first
passes "the third starts where the first was" virsh -q start third
guest_up third 90
dedicated third

for name in second third; do virsh -q destroy $name; done
is "the guest without a profile has its CPUs back" \
    "$(for tid in $(guest_threads plain .); do thread_cpuset "$tid"; done | sort -u | xargs)" "$before"
virsh -q destroy plain
is "the ledger is empty" "$(find /run/virt-profile/guests -type f | wc -l)" 0
rm -r /etc/virt-profile/profiles
