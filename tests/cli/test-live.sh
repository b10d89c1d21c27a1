#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is asked of libvirt for a guest that runs, call by call, with a libvirt of files (fake-libvirt.c): apply --live,
# start, verify, and status where libvirt is asked.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

fake=$builddir/tests/cli/libvirt.so.0
[ -r "$fake" ] || skip_all "there is no $fake"
mkdir -p "$work/lib"
cp "$fake" "$work/lib/"
export FAKE_LIBVIRT=$work/domains LD_LIBRARY_PATH=$work/lib
fake_machine "$root" ''
mkdir -p "$root/proc/sys/vm"
printf '60\n' >"$root/proc/sys/vm/swappiness"
printf '[profile]\nsummary = small\n[disk]\ntotal-iops = 100\n[cpu]\nshares = 200\n' >"$root/profiles/small.profile"
printf '[profile]\nextends = small\nenforce = refuse\n[kernel]\nswappiness = 10\n' >"$root/profiles/strict.profile"
sed 's|</disk>|</disk><interface type="network"><mac address="52:54:00:00:00:01"/><source network="n"/></interface>|' \
    "$work/plain.xml" >"$work/nic.xml"

fresh() { # profile: a domain that has it, off
    rm -rf "$FAKE_LIBVIRT"
    mkdir "$FAKE_LIBVIRT"
    cp "$work/nic.xml" "$FAKE_LIBVIRT/plain.xml"
    run_here assign plain "$1"
    : >"$FAKE_LIBVIRT/log"
}
goes_on() { cp "$FAKE_LIBVIRT/plain.xml" "$FAKE_LIBVIRT/plain.live"; } # as it was started
calls() { grep -v '^read\|^define' "$FAKE_LIBVIRT/log"; }
live() { # --set …: calls for a guest that runs and gets them
    run_here assign plain small "$@" >/dev/null
    : >"$FAKE_LIBVIRT/log"
    run_here apply plain --live
}

fresh small
goes_on
live
is 'nothing is asked for where all of it is there' "$STATUS:$OUT$ERR:$(calls)" 0::
live --set disk.total-iops=300
is 'a limit: the record first, then all fields of the disk' "$STATUS:$(calls | paste -sd ,)" \
    '0:metadata plain vp,iotune plain vda total_iops_sec=300'
has 'the record says what was there' "$(cat "$FAKE_LIBVIRT/plain.metadata")" \
    '<was knob="disk.total-iops" at="devices/disk\[vda\]/iotune/total_iops_sec"/>'
hasnt 'and names no name space, which libvirt gives it' "$(cat "$FAKE_LIBVIRT/plain.metadata")" 'xmlns|vp:'
live --set disk.total-iops=0
is 'a limit that goes' "$(calls | tail -n 1)" 'iotune plain vda'
live --set disk.total-iops=300 --set disk.total-iops-max=400 --set disk.throttle-group=all
is 'a burst and a group' "$(calls | tail -n 1)" 'iotune plain vda total_iops_sec=300 total_iops_sec_max=400 group_name=all'
live --set cpu.shares=keep
is 'shares that go are the default of the kernel' "$(calls | tail -n 1)" 'scheduler plain - cpu_shares=1024'
live --set cpu.quota=50000
is 'a quota and its period' "$(calls | tail -n 2 | paste -sd ,)" \
    'scheduler plain - vcpu_period=100000,scheduler plain - vcpu_quota=50000'
live --set memory.hard-limit=4G
is 'a limit of memory in KiB' "$(calls | tail -n 1)" 'memory plain - hard_limit=4194304'
live --set network.inbound-average=100 --set network.inbound-peak=200 --set network.outbound-average=50
is 'bandwidth, a direction as a whole' "$(calls | tail -n 1)" \
    'bandwidth plain 52:54:00:00:00:01 inbound.average=100 inbound.peak=200 outbound.average=50'
sed -i 's|<source network="n"/>|&<bandwidth><inbound average="7"/></bandwidth>|' "$FAKE_LIBVIRT/plain.live"
live --set network.outbound-average=50
is 'the other direction is left alone' "$(calls | tail -n 1)" 'bandwidth plain 52:54:00:00:00:01 outbound.average=50'

run_here assign plain small --set disk.iothreads=1
goes_on
live --set disk.iothreads=1 --set disk.iothread-poll-max=50000
is 'how an I/O thread polls' "$(calls | tail -n 1)" 'polling plain 1 poll_max_ns=50000'
echo 50000 >"$FAKE_LIBVIRT/plain.poll"
live --set disk.iothreads=1 --set disk.iothread-poll-max=50000
hasnt 'which QEMU is asked for first' "$(calls)" 'polling'

# what libvirt refuses
fresh small
goes_on
touch "$FAKE_LIBVIRT/plain.stubborn"
live --set disk.total-iops=300 --set cpu.shares=300
is 'what cannot be set leaves the rest' "$STATUS:$(calls | tail -n 1)" '1:scheduler plain - cpu_shares=300'
has 'and is told' "$ERR" "cannot set disk vda: limits of domain 'plain': libvirt says: no way"
touch "$FAKE_LIBVIRT/plain.busy"
live --set disk.total-iops=300
is 'a guest that libvirt is busy with is left alone' "$STATUS:$(calls)" 1:
has 'which is told' "$ERR" 'cannot acquire state change lock'

# a record as libvirt gives it back, its elements in the name space of the tag
fresh desktop-vdi
goes_on
sed -i -E '/<vp:was [^>]*[^/]>/,/<\/vp:was>/s|<(/?)([a-z])|<\1vp:\2|g; s|vp:vp:|vp:|g' "$FAKE_LIBVIRT/plain.live"
has 'a record with elements' "$(cat "$FAKE_LIBVIRT/plain.live")" '<vp:rng '
run_here apply plain --live
is 'it is read as any other' "$STATUS:$(calls | grep -v ^metadata)" 0:
run_here revert "$FAKE_LIBVIRT/plain.live"
is 'and undone' "$STATUS:$(grep -c 'rng\|vp:' <<<"$OUT")" 0:0

# start
fresh small
run_here start plain
is 'start is quiet, pauses, and lets it run' "$STATUS:$OUT$ERR:$(calls | paste -sd ,)" '0::start plain 1,resume plain 0'
run_here start plain
is 'one that runs is refused' "$STATUS" 1
has 'with the remedy' "$ERR" "'plain' runs already; 'virt-profile apply --live plain'"
fresh small
touch "$FAKE_LIBVIRT/plain.saved"
exits 1 "'plain' has a saved state, which a start restores" start plain
is 'and is not started' "$(calls)" ''
fresh small
echo 'no room' >"$FAKE_LIBVIRT/plain.nostart"
exits 1 "cannot start domain 'plain': libvirt says: no room" start plain
fresh small
cp "$work/nic.xml" "$FAKE_LIBVIRT/plain.xml"
exits 4 "'plain' has no profile" start plain
exits 4 "there is no domain 'nobody'" start nobody
fresh small
sed -i 's|<total_iops_sec>100|<total_iops_sec>77|' "$FAKE_LIBVIRT/plain.xml"
run_here start plain
is 'a stale definition is brought up to date first' "$STATUS:$(grep -c '<total_iops_sec>100' "$FAKE_LIBVIRT/plain.live")" 0:1
fresh strict
run_here start plain
is 'enforce = refuse: one that lacks something is ended' "$STATUS:$(calls | paste -sd ,)" '1:start plain 1,destroy plain 0'
has 'it is said what' "$ERR" "domain 'plain': kernel.swappiness: kernel.swappiness is absent, should be 10"
has 'and why' "$ERR" "'plain' was ended before it ran"
run_here assign plain strict --enforce start
: >"$FAKE_LIBVIRT/log"
run_here start plain
is 'enforce = start: it runs' "$STATUS:$(calls | paste -sd ,)" '1:start plain 1,resume plain 0'
has 'and it is said what it lacks' "$ERR" 'kernel.swappiness is absent, should be 10'

# verify and status
fresh small
exits 1 "'plain' does not run" verify plain
run_here verify
is 'verify of no guests' "$STATUS:$OUT$ERR" 0:
run_here status --all
is 'status --all: one that is off' "$STATUS:$(cut -f 1-3 <<<"$OUT")" "0:plain	small	off"
sed -i 's|<total_iops_sec>100|<total_iops_sec>77|' "$FAKE_LIBVIRT/plain.xml"
run_here status --all
is 'whose definition was changed' "$(cut -f 3 <<<"$OUT")" 'off, stale'
fresh small
goes_on
run_here verify plain
is 'verify: all of it holds' "$STATUS:$OUT" "0:plain	ok	disk.total-iops	devices/disk[vda]/iotune/total_iops_sec	100	100	live definition
plain	ok	cpu.shares	cputune/shares	200	200	live definition"
sed -i 's|<total_iops_sec>100|<total_iops_sec>77|' "$FAKE_LIBVIRT/plain.live"
run_here verify
is 'what differs makes it end with 1' "$STATUS:$(grep -v '	ok	' <<<"$OUT")" \
    '1:plain	differs	disk.total-iops	devices/disk[vda]/iotune/total_iops_sec	100	77	live definition'
run_here assign plain small --set disk.cache=none >/dev/null
goes_on
sed -i "s| cache='none'||" "$FAKE_LIBVIRT/plain.live"
run_here verify
is 'what waits does not' "$STATUS:$(grep -v '	ok	' <<<"$OUT" | cut -f 2-6)" \
    '0:pending	disk.cache	devices/disk[vda]/driver/@cache	none	-'
run_here clear plain >/dev/null
exits 4 "'plain' has no profile" verify plain
touch "$FAKE_LIBVIRT/hangup"
run_here status --all
is 'status --all without libvirt' "$STATUS:$OUT" 1:
done_testing
