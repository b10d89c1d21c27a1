#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shape: numa2
# limit: 400
# The daemon as systemd runs it, hardened as its unit says. It brings a definition up to date that is defined and tagged; the
# interrupts that a guest's driver asks for when nobody else looks any more come to the guest's CPUs; what others move, set
# or restart is found by `verify` and mended; a definition whose place was taken gets another. It is in nobody's way when it
# ends.
. /lab/tests/lib.sh
need_engine

daemon_log() {
    journalctl --sync
    journalctl -q -o cat -t virt-profiled
}
move_away() { # as a service that knows no guests would
    echo 5 >"$(task_cgroup "$thread")/cpuset.cpus" && taskset -pc 5 "$thread" >/dev/null && ! moved_back
}
moved_back() { [ "$(thread_affinity "$thread")" = "$place" ]; }
limited() { [ "$(virsh blkdeviotune db vda | awk '/^total_iops_sec *:/ { print $3 }')" = 300 ]; }
pinned() { [ "$(virsh vcpupin db | awk '$1 == 0 { print $2 }')" = "$place" ]; }
verified() { virt-profile verify db >/tmp/verified; }
steered() {
    local irq
    for irq in $irqs; do
        case $(irq_affinity "$irq") in 6 | 7 | 6-7) ;; *) return 1 ;; esac
    done
}
bans_own() { [[ ",$(irqbalance_banned)," == *,6,7,* ]]; }
placed() { stored_xml "$1" | xpath '//vcpupin[@vcpu="0"]/@cpuset'; }
has_place() { [ -n "$(placed "$1")" ]; }
core_of() { echo "$(<"/sys/devices/system/cpu/cpu$1/topology/thread_siblings_list")"; }
elsewhere() { [ "$(core_of "$(placed "$1")")" != "$taken" ]; }
places() { for name in db one two three; do echo "$name: $(core_of "$(placed $name)")"; done | paste -sd ,; }
up_to_date() { [ "$(stored_xml db | xpath '//disk/driver/@cache')" = none ]; }

mkdir -p /etc/virt-profile/profiles
cat >/etc/virt-profile/profiles/own.profile <<'PROFILE'
[profile]
extends = sql-db
[memory]
hugepages = no
[disk]
total-iops = 300
[irq]
devices = vcpus
others = off-dedicated
[network]
inbound-average = 1000
tx-queue-length = 5000
PROFILE
printf '[daemon]\ndrift-interval = 5\n' >>/etc/virt-profile/virt-profile.conf
passes "the configuration is right" virt-profile validate /etc/virt-profile/virt-profile.conf
functions=$(nvme_functions 2)
function=${functions%%$'\n'*}
passes "irqbalance runs" systemctl start irqbalance
passes "the daemon's confinement" apparmor_parser -r /lab/apparmor/usr.sbin.virt-profiled
passes "the daemon starts" systemctl start virt-profiled
is "its state" "$(systemctl is-active virt-profiled)" active
is "its label" "$(cat /proc/"$(pidof virt-profiled)"/attr/current)" "libvirt-profiled (enforce)"
exposure=$(systemd-analyze security --no-pager virt-profiled | sed -n 's/.*exposure level for virt-profiled.service: \([0-9.]*\).*/\1/p')
passes "its exposure is at most 4.0 ($exposure)" awk -v seen="$exposure" 'BEGIN { exit !(seen != "" && seen <= 4.0) }'

note "a definition"
guest_define db memory=96 profile=own "devices=$(guest_disk db 8)$(guest_nic)$(hostdev_xml "$function")"
passes "it is up to date" wait_for 20 up_to_date
converged db

note "interrupts of its own"
passes "start it paused" virsh -q start --paused db
# What the hook left behind to look for them is gone by the time they come.
for watcher in $(pgrep -f '^/etc/libvirt/hooks/'); do kill "$watcher"; done
is "watchers of the hook" "$(pgrep -fc '^/etc/libvirt/hooks/')" 0
virsh -q resume db
guest_up db 120
passes "it reads its device" wait_for 60 guest_said db 'read /dev/nvme'
irqs=$(irqs_named "vfio-msi.*$function")
more "its interrupts (${irqs//$'\n'/ })" "$(wc -w <<<"$irqs")" 1
passes "they come to its CPUs" wait_for 40 steered
passes "all of it holds" wait_for 20 verified
note "$(cat /tmp/verified)"
tap=$(virsh domiflist db | awk '$2 == "ethernet" { print $1 }')
is "packets that wait on $tap" "$(cat "/sys/class/net/$tap/tx_queue_len")" 5000
like "its bandwidth" "$(tc class show dev "$tap")" 'rate 8Mbit'

note "drift"
thread=$(vcpu_thread db 0)
place=$(thread_affinity "$thread")
within "vCPU 0" "$place" 6-7
passes "a thread is moved" move_away
passes "it comes back" wait_for 30 moved_back
passes "a pin is set" virsh -q vcpupin db 0 5 --live
passes "it is as it was" wait_for 30 pinned
passes "with its thread" wait_for 30 moved_back
virsh -q blkdeviotune db vda --total-iops-sec 77 --live
passes "a limit that was set comes back" wait_for 30 limited
systemctl restart irqbalance
passes "an irqbalance that was restarted is told again" wait_for 60 bans_own
passes "all of it holds" wait_for 20 verified
like "the log tells of it" "$(daemon_log)" "'db'.*back"

note "without the daemon"
passes "it ends" systemctl stop virt-profiled
is "the guest" "$(virsh domstate db | head -n 1)" running
passes "a thread is moved" move_away
fails "verify sees what is not as it should be" virt-profile verify db
like "and names it" "$(virt-profile verify db)" 'differs.*cpu.placement|cpu.placement.*differs'
is "state" "$(virt-profile status --json | jq -r '.[] | select(.name == "db") | .tuning')" drifted
passes "a daemon that starts mends it" systemctl start virt-profiled
passes "it is back" wait_for 30 moved_back
virsh -q destroy db

note "a place that is taken"
for name in one two three; do
    guest_define $name memory=64 profile=own "devices=$(guest_disk $name 8)"
    passes "'$name' has a place" wait_for 20 has_place $name
done
before=$(places)
virsh -q start --paused three
taken=$(core_of "$(thread_affinity "$(vcpu_thread three 0)")")
loser=$(for name in db one two; do [ "$(core_of "$(placed $name)")" != "$taken" ] || echo $name; done | xargs)
like "of $before, the place on core $taken is taken from" "$loser" '^(db|one|two)$'
passes "it prefers another one" wait_for 30 elsewhere "$loser"
after=$(places)
pause 12
is "and nobody moves again" "$(places)" "$after"
virsh -q destroy three
is "restarts of the daemon" "$(systemctl show -P NRestarts virt-profiled)" 0
systemctl stop virt-profiled irqbalance
is "entries left" "$(find /run/virt-profile/guests -type f | wc -l)" 0
is "denials of AppArmor" "$(journalctl -q -k -o cat -g 'apparmor="DENIED".*virt-profile')" ""
rm -r /etc/virt-profile/profiles
sed -i '/^\[daemon\]$/,$d' /etc/virt-profile/virt-profile.conf
