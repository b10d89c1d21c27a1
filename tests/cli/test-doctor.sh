#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Checks of a host: one where all is well, one where much is wrong, a bare container; rows, JSON, exit status.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

esc=$'\e'
hooks=$(strings -a "$program" | grep -m 1 -x '/.*/hooks/') || hooks=/etc/libvirt/hooks/
hooks=${hooks%/}
put() { # path, text
    mkdir -p "$root$(dirname "$1")"
    printf '%s\n' "$2" >"$root$1"
}
row() { awk -F '\t' -v check="$1" '$2 == check { print $1 "\t" $3 }' <<<"$OUT"; }
verdicts() { cut -f 1 <<<"$OUT" | sort | uniq -c | awk '{ printf "%s%s %s", sep, $1, $2; sep = ", " }'; }

# a bare container
mkdir -p "$root/proc"
run_here doctor
is 'a bare container has problems' "$STATUS:$ERR" 1:
is 'each row has five cells' "$(awk -F '\t' 'NF != 5' <<<"$OUT" | wc -l)" 0
for check in kvm cgroups libvirt qemu hook; do
    has "of a bare container: $check" "$(row "$check")" '^problem'
done
has 'what it says of processors it cannot see' "$(row cpus)" '^unknown	hwloc cannot read'
is 'each problem has a remedy' "$(awk -F '\t' '$1 == "problem" && $5 == "-"' <<<"$OUT")" ''
all=$(cut -f 2 <<<"$OUT")

# all is well
fake_machine "$root" ''
put /dev/kvm ''
put /sys/module/kvm_intel/parameters/ept Y
put /sys/module/kvm_intel/parameters/nested N
put /sys/kernel/iommu_groups/0/type DMA
put /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages 512
put /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages 512
put /sys/kernel/mm/ksm/run 0
put /sys/kernel/mm/transparent_hugepage/enabled 'always [madvise] never'
put /proc/sys/kernel/numa_balancing 0
put /proc/sys/kernel/sched_rt_runtime_us 950000
put /proc/sys/vm/overcommit_memory 0
put /proc/meminfo $'MemTotal: 33554432 kB\nSwapTotal: 8388608 kB'
put /sys/module/vhost_net/refcnt 0
put /sys/devices/system/clocksource/clocksource0/current_clocksource tsc
put /sys/fs/cgroup/cgroup.controllers 'cpuset cpu io memory hugetlb pids'
put /proc/9/comm chronyd
put /proc/40/comm irqbalance
put /proc/41/comm libvirtd
put /run/irqbalance/irqbalance40.sock ''
process 40 100
process 41 100
put /proc/stat 'btime 4000000000'
put /usr/lib/x86_64-linux-gnu/libvirt.so.0.9000.0 ''
put /usr/bin/qemu-system-x86_64 ''
put "$hooks/qemu" $'\x7fELF urn:virt-profile:domain:1'
chmod 755 "$root$hooks/qemu"
run_here doctor
is 'a good host has no problem' "$STATUS:$ERR" 0:
is 'and no warning' "$(grep -E '^(warning|unknown)' <<<"$OUT")" ''
is 'the same checks' "$(cut -f 2 <<<"$OUT")" "$all"
has 'the CPUs' "$(row cpus)" '^ok	3 of 4 CPUs are for guests, the host keeps 0$'
has 'the hook' "$(row hook)" "^ok	'qemu'$"
has 'that libvirt knows of it' "$(row hook-loaded)" '^ok	libvirtd \(process 41\) was started after'
is 'nothing is written' "$(find "$root/run" -newer "$root$hooks/qemu" -type f)" ''

# much is wrong
put /sys/module/kvm_intel/parameters/ept N
put /sys/kernel/mm/transparent_hugepage/enabled 'always madvise [never]'
put /sys/devices/system/clocksource/clocksource0/current_clocksource hpet
put /sys/fs/cgroup/cgroup.controllers 'cpu io pids'
put /proc/42/comm ksmtuned
put /etc/tuned/active_profile cpu-partitioning
put /usr/lib/tuned/cpu-partitioning/tuned.conf $'[scheduler]\nisolated_cores=2-3\nps_blacklist=.*qemu-kvm.*'
put /proc/stat 'btime 1000'
rm -r "$root/run/irqbalance" "$root/sys/module/vhost_net"
put "$conf_file" $'[host]\nhousekeeping = 0-3'
run_here doctor
is 'a bad host has problems' "$STATUS:$ERR" 1:
for check in nested-paging cgroups; do has "of a bad host: $check" "$(row "$check")" '^problem'; done
for check in cpus transparent-hugepages clocksource ksm-services tuned irqbalance vhost-net hook-loaded; do
    has "of a bad host: $check" "$(row "$check")" '^warning'
done
has 'the host keeps all CPUs' "$(row cpus)" 'keeps all CPUs \(0-3\)'
chmod 644 "$root$hooks/qemu"
run_here doctor
has 'a hook that cannot be run' "$(row hook)" '^problem	.*not executable'
put "$conf_file" $'[host]\nhousekeping = 0'
run_here doctor
has 'a configuration that is wrong' "$(row cpus)" "^problem	$conf_file:2: .*housekeping"
has 'and the rest is still checked' "$(verdicts)" '[0-9]+ ok, '

# for eyes and for programs
COLUMNS=100 run_here doctor --color=always
has 'a table' "$OUT" '^VERDICT +CHECK +FOUND, WHERE +REMEDY'
has 'with colours' "$OUT" $'\e\\[31mproblem'
is 'no line is wider than the terminal' \
    "$(printf '%s\n' "$OUT" | sed "s/$esc\[[0-9;]*m//g" | awk 'length > 100' | wc -l)" 0
COLUMNS=200 run_here doctor --color=always
has 'a wide one' "$OUT" '^VERDICT +CHECK +FOUND +WHERE +REMEDY'
exits 2 'one operand too many' doctor x
command -v python3 >/dev/null || { done_testing && exit 0 || exit 1; }
run_here doctor --json
is '--json has the exit status too' "$STATUS" 1
if python3 -c "import json,sys
d = json.load(sys.stdin)
assert all(list(c) == ['check', 'about', 'verdict', 'found', 'where', 'remedy'] for c in d)
assert [c['check'] for c in d] == sys.argv[1].split()
assert all(c['verdict'] in ('ok', 'note', 'warning', 'problem', 'unknown') for c in d)" "$all" <<<"$OUT"; then
    ok '--json: an object for each check'
else
    not_ok '--json: an object for each check' "$OUT"
fi
done_testing
