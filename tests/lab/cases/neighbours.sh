#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shape: numa2
# limit: 450
# A database with noisy neighbours: eight desktops that never rest. What is left of its throughput and of its p99, with
# profiles and without, against what it does alone.
#
# The CPUs of this host may be emulated by fewer real ones: whoever runs while others are idle is faster for that alone. So
# the same work at idle priority keeps each of them busy in all three measurements, and yields to everybody else: each CPU
# always gets the same part of the real ones. And throughput is counted by the time that the real ones gave to all of the
# host, which the lab's runner tells, so what else the machine does at that moment is no matter. p99 has no such measure.
#
# A desktop is a guest whose CPU goes round and round in its boot sector: it takes what it gets, as any busy one does, and
# eight kernels need not boot. They have no AppArmor profile, which would take a quarter of the time of a start. The database
# has four CPUs, all that this host can give away.
. /lab/tests/lib.sh
need_engine

desktops=8
windows=3

granted() # hundredths of seconds that this host got of real CPUs
{
    local ticks='' file

    file=/lab/jobs/$(</proc/sys/kernel/hostname)/cpu
    until [ -n "$ticks" ]; do read -r ticks <"$file" || return; done
    echo $((10#$ticks))
}

# --- guests ---

desktop_xml() # NAME
{
    guest_xml "$1" vcpus=1 memory=32 "devices=$(guest_disk "$1" 1)" |
        sed -e '/<kernel>/d' -e '/<initrd>/d' -e "s|<cmdline>.*|<boot dev='hd'/>|" \
            -e "s|</domain>|<seclabel type='none'/></domain>|"
    # cli; jmp .
    { printf '\xfa\xeb\xfe'; head -c 507 /dev/zero; printf '\x55\xaa'; } |
        dd of="/var/lib/libvirt/images/$1.img" conv=notrunc status=none
}

every_desktop() # COMMAND of virsh, @ for the name: in one program, as each costs half a second to start
{
    local number commands=''

    for ((number = 1; number <= desktops; number++)); do commands+="${1//@/desk$number};"; done
    virsh -q "$commands"
}

start_desktops() # paused, all at once
{
    local number pids=()

    for ((number = 1; number <= desktops; number++)); do
        virsh -q start --paused "desk$number" &
        pids+=($!)
    done
    for number in "${pids[@]}"; do wait "$number" || not_ok "a desktop does not start"; done
}

# --- work ---

# The guests' own, in a group of processes, each on one CPU, stopped. Priorities count among the tasks of a cgroup: it goes
# to the one that all guests are below.
make_load()
{
    (cd /tmp && busybox cpio -id work </var/lib/lab/guest.cpio 2>/dev/null)
    set -m
    (echo $BASHPID >/sys/fs/cgroup/cgroup.procs && exec chrt --idle 0 /tmp/work) &
    load=$!
    set +m
    disown "$load"
    trap 'end_load; finish_case' EXIT
    pause 1
    load STOP
}
load() { kill "-$1" -- "-$load"; }
end_load()
{
    local status=$?

    load KILL
    return $status
}

desktop_time() # milliseconds of the host's CPUs that all desktops together have taken
{
    local all db

    read -r _ all </sys/fs/cgroup/machine.slice/cpu.stat
    read -r _ db <"$(guest_cgroup db)/cpu.stat"
    echo $(((all - db) / 1000))
}

results() # WHAT: all that the database said of it
{
    local line

    while read -r line; do
        [[ $line == *"VP work-$1="* ]] && line=${line##*=} && echo "${line%%[!0-9.]*}"
    done <"/var/log/libvirt/qemu/db.serial"
}
has_results() { [ "$(results p99-us | wc -l)" -ge "$1" ]; }

# What the database does for some time that lies behind this moment. Sets `rate`, pieces of work by second of real CPU time,
# and `p99`, in microseconds.
measure() # WHAT
{
    local first ticks start share seen

    load CONT
    first=$(($(results p99-us | wc -l) + 1))
    wait_for 60 has_results "$first" || not_ok "$1: the database measures itself"
    ticks=$(granted) start=${EPOCHREALTIME/./}
    wait_for 60 has_results $((first + windows)) || not_ok "$1: the database measures itself"
    share=$((($(granted) - ticks) * 1000000 / (${EPOCHREALTIME/./} - start)))
    load STOP
    seen=$(results per-second | tail -n +$((first + 1)) | xargs)
    rate=$(awk -v share="$share" '{ for (i = 1; i <= NF; i++) sum += $i; printf "%d", sum / NF / share * 100 }' <<<"$seen")
    p99=$(results p99-us | tail -n +$((first + 1)) | sort -n | sed -n "$(((windows + 1) / 2))p")
    note "$1: $rate pieces by second of real CPU time, p99 $p99 us ($seen a second of the clock, with $share % of a CPU)"
}
percent() { echo $((100 * $1 / ($2 > 0 ? $2 : 1))); }

start_database()
{
    : >/var/log/libvirt/qemu/db.serial
    virsh -q start db
}

mkdir -p /etc/virt-profile/profiles
printf '[profile]\nextends = sql-db\n[memory]\nhugepages = no\n' >/etc/virt-profile/profiles/db.profile
guest_define db vcpus=4 memory=128 cmdline=lab.work "devices=$(guest_disk db 8)$(guest_nic)"
for ((number = 1; number <= desktops; number++)); do
    guests+=("desk$number")
    desktop_xml "desk$number" >"/tmp/desk$number.xml"
done
every_desktop 'define /tmp/@.xml'

note "without profiles"
start_database &
starting=$!
start_desktops
if wait $starting; then ok "the database starts"; else not_ok "the database does not start"; fi
guest_up db 150
make_load
every_desktop 'resume @'
# Their firmware looks for a disk first.
pause 8
measure "beside $desktops desktops"
untuned=$rate untuned_p99=$p99
every_desktop 'suspend @'
virsh -q destroy db

note "with profiles"
passes "assign db" virt-profile assign db db
for ((number = 1; number <= desktops; number++)); do
    virt-profile assign "desk$number" desktop-vdi >/dev/null || not_ok "assign desktop-vdi to desk$number"
done
passes "the desktops get theirs while they run" virt-profile apply --live --all
is "the last has it" "$(live_xml "desk$desktops" | xpath '//*[local-name()="profile"]/@name')" desktop-vdi
passes "the database starts" start_database
guest_up db 150
measure "alone"
alone=$rate alone_p99=$p99
every_desktop 'resume @'
before=$(desktop_time)
measure "beside $desktops desktops"
more "CPU time that the desktops took meanwhile, ms" $(($(desktop_time) - before)) 5000
every_desktop 'suspend @'

more "% of its throughput that the database keeps with profiles" "$(percent "$rate" "$alone")" 89
more "% of it that it loses without" $((100 - $(percent "$untuned" "$alone"))) 50
note "of its p99 it keeps $(percent "$alone_p99" "$p99") %, without $(percent "$alone_p99" "$untuned_p99") %"
more "its p99 without them against that with them, us" "$untuned_p99" "$p99"

every_desktop 'destroy @; undefine @'
guests=(db)
rm -r /etc/virt-profile/profiles
