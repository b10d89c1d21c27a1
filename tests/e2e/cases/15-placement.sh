#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A host of two CPUs: the first is the host's, the second can be given to one guest. The ledger says whose it is, through
# starts, refusals, crashes of QEMU and of libvirtd, and a guest that was there before.
. "$GUEST_LIB/case.sh"

GUESTS=/run/virt-profile/guests
PROFILES=/etc/virt-profile/profiles
online=$(cat /sys/devices/system/cpu/online)
if [ "$(nproc --all)" -lt 2 ]; then
    skip "two CPUs" "this machine has CPU $online only"
    done_testing
fi

mkdir -p "$PROFILES"
printf '[profile]\nextends = sql-db\n[memory]\nhugepages = no\n' >"$PROFILES/lenient.profile"
printf '[profile]\nextends = lenient\nenforce = refuse\n' >"$PROFILES/strict.profile"

threads() { # domain, pattern of names: thread ids
    local task
    for task in /proc/"$(guest_pid "$1")"/task/*; do
        grep -qE "$2" "$task/comm" 2>/dev/null && printf '%s\n' "${task##*/}"
    done
}
affinity() { awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$1/status"; }
affinities() { # domain, pattern: every CPU list once
    local tid
    for tid in $(threads "$1" "$2"); do affinity "$tid"; done | sort -u | xargs
}
entries() { find "$GUESTS" -type f 2>/dev/null | wc -l; }
one_entry() { [ "$(entries)" = 1 ]; }
owner() { virt-profile status --json | python3 -c '
import json, sys
for guest in json.load(sys.stdin):
    place = guest.get("placement") or {}
    if place.get("owned"): print(guest["name"], place["owned"])'; }

sed 's|<vcpu>2</vcpu>|<vcpu>1</vcpu>|' "$TEMPLATES/server.xml" >"$SANDBOX/one.xml"
for dom in vp-place-a vp-place-b; do
    guest_define "$dom" "$SANDBOX/one.xml"
    exits "$dom gets a profile" 0 virt-profile assign "$dom" strict
done

note 'the one that can have it'
syslog_mark
exits 'the first guest starts' 0 vsh start vp-place-a
is 'it owns the CPU' "$(owner)" 'vp-place-a 1'
is 'its vCPU runs there' "$(affinities vp-place-a '^CPU ')" 1
is 'all other threads do not' "$(affinities vp-place-a '^[^C]')" 0
is 'libvirt knows the pin' "$(vsh vcpupin vp-place-a | awk '{ print $2 }')" 1
is 'the hook has nothing to complain of' "$(syslog_seen | grep -c vp-place)" 0

note 'the one that cannot'
exits 'the second is refused' 1 vsh start vp-place-b
has 'with the reason' "$ERR" "'vp-place-b' is refused.*CPU"
is 'and leaves no entry' "$(entries)" 1
virt-profile assign vp-place-b lenient
syslog_mark
exits 'as a lenient one it starts' 0 vsh start vp-place-b
has 'and the log says what it lacks' "$(syslog_seen)" "'vp-place-b' starts without all"
is 'it keeps off the CPU of the first' "$(affinities vp-place-b .)" 0
is 'the first owns it as before' "$(owner)" 'vp-place-a 1'

note 'libvirtd comes back'
libvirtd_stop
libvirtd_start
wait_until 10 is_running vp-place-a
is 'the ledger is as it was' "$(owner) $(entries)" 'vp-place-a 1 2'

note 'QEMU dies'
kill -KILL "$(guest_pid vp-place-a)"
wait_until 10 one_entry || true
is 'its entry goes' "$(owner) $(entries)" ' 1'
vsh destroy vp-place-b
virt-profile assign vp-place-b strict
exits 'the second can have the CPU now' 0 vsh start vp-place-b
is 'and owns it' "$(owner)" 'vp-place-b 1'
is 'its vCPU runs there' "$(affinities vp-place-b '^CPU ')" 1

note 'libvirtd and QEMU die together'
pid=$(guest_pid vp-place-b)
kill -KILL "$(cat /run/libvirtd.pid)" "$pid"
libvirtd_start
exits 'the first starts again' 0 vsh start vp-place-a
is 'with the CPU' "$(owner)" 'vp-place-a 1'
vsh destroy vp-place-a

note 'an untagged guest that is pinned'
make_guest vp-place-c server -
vsh vcpupin vp-place-c 0 1 --config
vsh vcpupin vp-place-c 1 1 --config
vsh start vp-place-c
exits 'its CPU is not given away' 1 vsh start vp-place-a
has 'with the reason' "$ERR" "'vp-place-a' is refused.*CPU"
vsh destroy vp-place-c
exits 'but is afterwards' 0 vsh start vp-place-a
vsh destroy vp-place-a
is 'the ledger is empty' "$(entries)" 0
rm -r "$PROFILES"
done_testing
