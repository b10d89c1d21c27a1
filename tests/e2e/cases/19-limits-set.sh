#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Shares of CPU time, memory limits, rings, bandwidth and priorities of a guest, as libvirt, QEMU and the kernel have them
# once it runs.
. "$GUEST_LIB/case.sh"

PROFILES=/etc/virt-profile/profiles
mkdir -p "$PROFILES"
cat >"$PROFILES/limits-set.profile" <<'END'
[cpu]
placement = shared
shares = 500
period = 20000
quota = 15000
global-period = 40000
global-quota = 90000
emulator-period = 50000
emulator-quota = 45000
iothread-quota = 80000
[memory]
hard-limit = 1G
soft-limit = 512M
[disk]
iothreads = 1
[network]
model = virtio
backend = vhost
rx-queue-size = 1024
tx-queue-length = 5000
vhost-priority = high
END
# With a limit libvirt lets QEMU lock as much memory, which takes a process that may raise its limits.
hard_kib=1048576
if [ "$LOCKS" = 0 ]; then
    hard_kib=unlimited
    sed -i '/^hard-limit/d' "$PROFILES/limits-set.profile"
fi
bandwidth=0
# libvirt limits by two kinds of queues.
htb_works() {
    local kind
    for kind in sfq htb; do
        tc qdisc add dev lo root "$kind" 2>/dev/null && tc qdisc del dev lo root || return 1
    done
}
if command -v tc >/dev/null && htb_works; then
    bandwidth=1
    printf '%s\n' 'inbound-average = 1000' 'inbound-peak = 3000' 'inbound-burst = 2048' 'outbound-average = 500' >>"$PROFILES/limits-set.profile"
fi
make_guest vp-limits server limits-set || not_ok 'a guest'
syslog_mark
exits 'it starts' 0 vsh start --paused vp-limits
hasnt 'the hook has nothing to complain of' "$(syslog_seen)" 'cannot|fail|pending'

set_to() { vsh "$1" vp-limits ${3:+"$3"} | awk -v name="$2" '$1 == name { print $3 } $1 == name ":" { print $2 }'; } # command, name, device
while read -r name want; do
    is "libvirt: $name" "$(set_to schedinfo "$name")" "$want"
done <<'END'
cpu_shares 500
vcpu_period 20000
vcpu_quota 15000
global_period 40000
global_quota 90000
emulator_period 50000
emulator_quota 45000
iothread_period 100000
iothread_quota 80000
END
cpu=$(compgen -G '/sys/fs/cgroup/cpu/machine/qemu-*-vp-limits.libvirt-qemu')
if [ -n "$cpu" ]; then
    kernel() { cat "$cpu/$1" 2>/dev/null; }
    is 'kernel: shares' "$(kernel cpu.shares)" 500
    is 'kernel: all of it' "$(kernel cpu.cfs_period_us) $(kernel cpu.cfs_quota_us)" '40000 90000'
    is 'kernel: a vCPU' "$(kernel vcpu0/cpu.cfs_period_us) $(kernel vcpu0/cpu.cfs_quota_us)" '20000 15000'
    is 'kernel: the emulator' "$(kernel emulator/cpu.cfs_period_us) $(kernel emulator/cpu.cfs_quota_us)" '50000 45000'
    is 'kernel: the I/O thread' "$(kernel iothread1/cpu.cfs_quota_us)" 80000
    is 'kernel: memory' "$(cat /sys/fs/cgroup/memory/machine/qemu-*-vp-limits.libvirt-qemu/memory.soft_limit_in_bytes)" 536870912
    [ "$LOCKS" = 0 ] || is 'kernel: all memory' "$(cat /sys/fs/cgroup/memory/machine/qemu-*-vp-limits.libvirt-qemu/memory.limit_in_bytes)" 1073741824
else
    cannot 'what the kernel has' 'its cgroups are not those of cgroup v1'
fi
is 'libvirt: memory' "$(set_to memtune hard_limit) $(set_to memtune soft_limit)" "$hard_kib 524288"

tap=$(vsh domiflist vp-limits | awk '$2 == "ethernet" { print $1 }')
has 'QEMU: receive ring' "$(qemu_object vp-limits virtio-net-pci)" '"rx_queue_size":1024'
if [ -e "/sys/class/net/$tap" ]; then
    is "kernel: packets that wait on $tap" "$(cat "/sys/class/net/$tap/tx_queue_len")" 5000
else
    cannot 'packets that wait on a tap device' 'it is in another network namespace than /sys shows'
fi
if [ "$bandwidth" = 1 ]; then
    is 'libvirt: bandwidth' "$(for name in inbound.average inbound.peak inbound.burst outbound.average; do set_to domiftune "$name" "$tap"; done | xargs)" \
        '1000 3000 2048 500'
    has 'kernel: bandwidth' "$(tc class show dev "$tap")" 'rate 8Mbit ceil 24Mbit'
else
    cannot 'bandwidth' 'this kernel has no htb'
fi
workers() { grep -lsx "vhost-$(guest_pid vp-limits)" /proc/[0-9]*/comm /proc/"$(guest_pid vp-limits)"/task/*/comm; }
if has_workers=$(workers) && [ -n "$has_workers" ]; then
    nices=$(for file in $has_workers; do awk '{ sub(/.*\) /, ""); print $17 }' "${file%comm}stat"; done | sort -u | xargs)
    is 'kernel: nice value of its vhost workers' "$nices" -10
else
    cannot 'priority of vhost workers' 'this kernel has no vhost-net'
fi
vsh destroy vp-limits
rm -r "$PROFILES"
done_testing
