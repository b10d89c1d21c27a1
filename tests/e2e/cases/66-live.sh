#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest that runs: started with all of its settings, changed without a start, with a disk and an interface plugged in;
# settings that are broken on purpose, one by one, each of which is found and nothing else; the states it can be in.
. "$GUEST_LIB/case.sh"

PROFILES=/etc/virt-profile/profiles
if [ "$(nproc --all)" -lt 2 ]; then
    skip 'a CPU for the guest' 'this machine has one'
    done_testing
    exit
fi
mkdir -p "$PROFILES"
cat >"$PROFILES/lively.profile" <<'PROFILE'
[profile]
extends = sql-db
[memory]
hugepages = no
soft-limit = 1G
[disk]
total-iops = 100
iothread-poll-max = 50000
[cpu]
shares = 300
quota = 90000
emulator-quota = 80000
PROFILE
printf '[profile]\nextends = lively\nenforce = refuse\n' >"$PROFILES/strict.profile"
# With room for what is plugged in.
port="<controller type='pci' model='pcie-root-port'/>"
sed -e 's|<vcpu>2</vcpu>|<vcpu>1</vcpu>|' -e 's| vp.io| vp.read|' \
    -e "s|<devices>|&<controller type='pci' index='0' model='pcie-root'/>$port$port$port$port$port$port$port$port|" "$TEMPLATES/server.xml" >"$SANDBOX/one.xml"

verdicts() { virt-profile verify "$1" | awk -F '\t' -v v="$2" '$2 == v { print $4 }' | sort | paste -sd ';'; }
tuning() { virt-profile status --json "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["tuning"])'; }
iops() { vsh blkdeviotune "$1" "$2" | awk '$1 == "total_iops_sec" { print $3 }'; }
reads() { vsh domblkstat vp-l vda | awk '$2 == "rd_req" { print $3 }'; }
rate() {
    local before after
    before=$(reads)
    sleep 2
    after=$(reads)
    echo $(((after - before) / 2))
}
between() { # what, number, least, most
    if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then ok "$1: $2"; else not_ok "$1: $2, expected $3 to $4"; fi
}

note 'a start'
guest_define vp-l "$SANDBOX/one.xml"
exits 'the profile is given' 0 virt-profile assign vp-l lively
vsh dumpxml --inactive vp-l | sed 's|<total_iops_sec>100|<total_iops_sec>77|' >"$SANDBOX/stale.xml"
vsh define "$SANDBOX/stale.xml"
has 'a definition that was changed' "$(virt-profile status --all)" '^vp-l	lively	off, stale'
exits 'start' 0 virt-profile start vp-l
is 'says nothing' "$OUT$ERR" ''
if [ "$(state vp-l)" != running ]; then
    not_ok 'the guest runs'
    done_testing
    exit
fi
is 'the guest runs' "$(state vp-l)" running
is 'with the limit of its profile' "$(iops vp-l vda)" 100
exits 'verify finds nothing' 0 virt-profile verify vp-l
is 'nothing differs' "$(grep -c '	differs	' <<<"$OUT")" 0
between 'and it looked at much' "$(grep -c '	ok	' <<<"$OUT")" 30 200
is 'status: tuned' "$(tuning vp-l)" tuned
has 'in plain lines too' "$(virt-profile status)" '^vp-l	lively	tuned	dedicated'
exits 'a start of one that runs is refused' 1 virt-profile start vp-l

note 'broken settings, one by one'
pid=$(guest_pid vp-l)
unified=''
[ ! -e /sys/fs/cgroup/cgroup.controllers ] || unified=1
# The folder of the guest's control group; those of its threads are below.
group() { # controller, pid
    local path mount=/sys/fs/cgroup/$1
    if [ -n "$unified" ]; then
        path=$(sed -n 's/^0:://p' "/proc/$2/cgroup") mount=/sys/fs/cgroup
    else
        path=$(awk -F : -v c="$1" '{ n = split($2, all, ","); for (i = 1; i <= n; i++) if (all[i] == c) print $3 }' \
            "/proc/$2/cgroup")
    fi
    echo "$mount${path%/emulator}"
}
FOUND=0
broken() { # what, what verify names (one or the other), command to mend it, command to break it…
    local what=$1 want=$2 mend=$3 seen
    shift 3
    "$@" >/dev/null 2>"$SANDBOX/stderr" || {
        not_ok "$what: cannot be broken: $(head -n 1 "$SANDBOX/stderr")"
        return
    }
    seen=$(verdicts vp-l differs)
    case " or $want or " in
    *" or $seen or "*) ok "$what: '$seen'" && FOUND=$((FOUND + 1)) ;;
    *) not_ok "$what: saw '$seen', expected '$want'" ;;
    esac
    $mend >/dev/null
}
put() { printf '%s\n' "$2" >"$1"; }
in_file() { # what, what verify names, file, value
    local before
    [ -e "$3" ] || { skip "$1" "there is no $3" && return; }
    before=$(head -n 1 "$3")
    broken "$1" "$2" "put $3 ${before// /\\ }" put "$3" "$4"
    put "$3" "$before"
}
again='virt-profile apply --live vp-l'
limit='devices/disk[vda]/iotune/total_iops_sec'
qmp() { vsh qemu-monitor-command vp-l "{\"execute\":\"block_set_io_throttle\",\"arguments\":{\"id\":\"$1\",\"iops\":$2,
    \"iops_rd\":0,\"iops_wr\":0,\"bps\":0,\"bps_rd\":0,\"bps_wr\":0}}"; }
device=/machine/peripheral/virtio-disk0/virtio-backend
broken 'the limit of a disk' "$limit" "$again" vsh blkdeviotune vp-l vda --total-iops-sec 444 --live
broken 'the same behind the back of libvirt' "$limit" "qmp $device 100" qmp "$device" 300
broken 'shares' cputune/shares "$again" vsh schedinfo vp-l --live --set cpu_shares=777
broken 'a quota' cputune/quota "$again" vsh schedinfo vp-l --live --set vcpu_quota=70000
broken 'the quota of the emulator' cputune/emulator_quota "$again" vsh schedinfo vp-l --live --set emulator_quota=70000
broken 'a limit of memory' memtune/soft_limit "$again" vsh memtune vp-l --live --soft-limit 3145728
broken 'a pin of a vCPU' 'cputune/vcpupin[0]/@cpuset;vCPU 0: CPUs' "$again" vsh vcpupin vp-l 0 0 --live
broken 'the pin of the emulator' 'cputune/emulatorpin/@cpuset;emulator: CPUs' "$again" vsh emulatorpin vp-l 1 --live
# What an iothread makes for requests goes where it is.
moved='iothread 1: CPUs or emulator: CPUs;iothread 1: CPUs'
broken 'a pin of an iothread' "cputune/iothreadpin[1]/@cpuset;${moved/ or / or cputune\/iothreadpin[1]\/@cpuset;}" "$again" vsh iothreadpin vp-l 1 1 --live
broken 'how an iothread polls' 'iothreadids/iothread[1]/poll/@max' "$again" vsh iothreadset vp-l 1 --poll-max-ns 77 --live
cpu=$(group cpu "$pid") cpuset=$(group cpuset "$pid") memory=$(group memory "$pid")
if [ -n "$unified" ]; then
    in_file 'shares in the control group' cputune/shares "${cpu%/libvirt}/cpu.weight" 77
    in_file 'a quota there' cputune/quota "$cpu/vcpu0/cpu.max" '70000 100000'
    in_file 'that of the emulator' cputune/emulator_quota "$cpu/emulator/cpu.max" '70000 100000'
    in_file 'the limit of memory' memtune/soft_limit "${memory%/libvirt}/memory.high" 3221225472
else
    in_file 'shares in the control group' cputune/shares "$cpu/cpu.shares" 777
    in_file 'a quota there' cputune/quota "$cpu/vcpu0/cpu.cfs_quota_us" 70000
    in_file 'that of the emulator' cputune/emulator_quota "$cpu/emulator/cpu.cfs_quota_us" 70000
    in_file 'the limit of memory' memtune/soft_limit "$memory/memory.soft_limit_in_bytes" 3221225472
fi
in_file 'CPUs of a vCPU' 'vCPU 0: CPUs' "$cpuset/vcpu0/cpuset.cpus" 0
in_file 'CPUs of the emulator' 'emulator: CPUs' "$cpuset/emulator/cpuset.cpus" 1
in_file 'CPUs of an iothread' "$moved" "$cpuset/iothread1/cpuset.cpus" 1
in_file 'a setting of the host' /proc/sys/vm/swappiness /proc/sys/vm/swappiness 33
in_file 'another' /proc/sys/kernel/numa_balancing /proc/sys/kernel/numa_balancing 1
latency=/sys/devices/system/cpu/cpu1/power/pm_qos_resume_latency_us
in_file 'one of its CPUs' "$latency" "$latency" 77
make_guest vp-o server -
exits 'another guest' 0 vsh start vp-o
other=$(group cpuset "$(guest_pid vp-o)")
file=$other/vcpu0/cpuset.cpus
[ -z "$unified" ] || file=${other%/libvirt}/cpuset.cpus
in_file 'a neighbour that is let onto its CPU' "$file" "$file" 0-1
vsh destroy vp-o
between 'found, each alone' "$FOUND" 17 21
exits 'all of it is mended' 0 virt-profile verify vp-l
is 'status: tuned again' "$(tuning vp-l)" tuned
put /proc/sys/vm/swappiness 34
is 'status: drifted' "$(tuning vp-l)" drifted
exits 'verify of all guests tells by its exit status' 1 virt-profile verify
has 'one guest in full: what differs' "$(virt-profile status vp-l)" '^differs	kernel.swappiness	/proc/sys/vm/swappiness	10	34	'
put /proc/sys/vm/swappiness 10

note 'changed while it runs'
guest_wait vp-l 90 VP-READY
between 'requests a second under the limit' "$(rate)" 50 130
exits 'an override' 0 virt-profile assign vp-l lively --set disk.total-iops=200
has 'waits for a start' "$OUT" '1 setting takes effect'
is 'which is drift, as it need not' "$(verdicts vp-l differs)" "$limit"
exits 'unless it is brought over' 0 virt-profile apply --live vp-l
is 'it is said to nobody' "$OUT$ERR" ''
is 'libvirt has it' "$(iops vp-l vda)" 200
has 'QEMU has it' "$(vsh qemu-monitor-command vp-l '{"execute":"query-block"}')" '"iops":200[,}]'
between 'requests a second' "$(rate)" 140 260
exits 'verify' 0 virt-profile verify vp-l
live vp-l >"$SANDBOX/live.xml"
exits 'once more' 0 virt-profile apply --live vp-l
live vp-l >"$SANDBOX/again.xml"
same_file 'nothing is called' "$SANDBOX/live.xml" "$SANDBOX/again.xml"
virt-profile assign vp-l lively --set disk.boot-time=900 --set disk.boot-total-iops=700 >/dev/null
exits 'what a disk may do while its guest boots' 0 virt-profile apply --live --json vp-l
is 'it may' "$(iops vp-l vda)" 700
has 'and it is said for how long' "$OUT" '"again": [0-9]{3}'
exits 'verify knows' 0 virt-profile verify vp-l
virt-profile assign vp-l lively --set disk.boot-time=1 --set disk.boot-total-iops=700 >/dev/null
virt-profile apply --live vp-l >/dev/null
is 'and not for longer' "$(iops vp-l vda)" 100

note 'plugged in while it runs'
truncate -s 64M "$(guest_dir vp-l)/more.raw"
exits 'a disk' 0 vsh attach-disk vp-l "$(guest_dir vp-l)/more.raw" vdb --live --targetbus virtio --subdriver raw
is 'is not limited' "$(iops vp-l vdb)" 0
exits 'until it is' 0 virt-profile apply --live vp-l
is 'as any other' "$(iops vp-l vdb)" 100
cat >"$SANDBOX/nic.xml" <<'NIC'
<interface type='ethernet'><mac address='52:54:00:66:66:66'/><model type='virtio'/></interface>
NIC
exits 'an interface' 0 vsh attach-device vp-l "$SANDBOX/nic.xml" --live
tap=$(vsh domiflist vp-l | awk '/52:54:00:66:66:66/ { print $1 }')
if vsh domiftune vp-l "$tap" --inbound 5000 --live >/dev/null 2>&1; then
    vsh domiftune vp-l "$tap" --inbound 0 --live
    virt-profile assign vp-l lively --set network.inbound-average=4000 >/dev/null
    exits 'is limited' 0 virt-profile apply --live vp-l
    is 'as any other' "$(vsh domiftune vp-l "$tap" | awk '/^inbound.average/ { print $NF }')" 4000
    virt-profile assign vp-l lively >/dev/null
    virt-profile apply --live vp-l >/dev/null
    is 'and not any more' "$(vsh domiftune vp-l "$tap" | awk '/^inbound.average/ { print $NF }')" 0
else
    cannot 'its bandwidth' 'this kernel cannot limit it'
    virt-profile assign vp-l lively >/dev/null
    virt-profile apply --live vp-l >/dev/null
fi

note 'its states'
virt-profile assign vp-l lively --set disk.discard=ignore >/dev/null
is 'what only a start gives: pending' "$(tuning vp-l)" pending
has 'it is said what' "$(virt-profile status vp-l)" '^pending	disk.discard: .*driver/@discard is unmap, should be ignore'
virt-profile assign vp-l lively >/dev/null
vsh dumpxml --inactive vp-l | sed 's|<total_iops_sec>100|<total_iops_sec>77|' >"$SANDBOX/stale.xml"
vsh define "$SANDBOX/stale.xml"
is 'a definition behind the back of the profile: stale' "$(tuning vp-l)" stale
virt-profile apply vp-l >/dev/null
exits 'all holds in the end' 0 virt-profile verify vp-l
vsh destroy vp-l

note 'a start that cannot keep its promise'
virt-profile assign vp-l strict >/dev/null
mv "$HOOK" "$SANDBOX/hook"
exits 'without the hook it is ended' 1 virt-profile start vp-l
has 'as it lacks what the host does for it' "$ERR" "vp-l.*kernel.swappiness"
is 'and is off' "$(state vp-l)" 'shut off'
virt-profile assign vp-l strict --enforce start >/dev/null
exits 'unless it may' 1 virt-profile start vp-l
is 'then it runs' "$(state vp-l)" running
mv "$SANDBOX/hook" "$HOOK"
vsh destroy vp-l
rm -r "$PROFILES"
done_testing
