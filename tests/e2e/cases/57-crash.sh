#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The hook is killed at any moment, and QEMU, and libvirtd. Starts may fail then, or be untuned; one clean start and stop
# afterwards, or `virt-profile restore-host`, and the host is as before.
. "$GUEST_LIB/case.sh"
. "$GUEST_LIB/snapshot.sh"

KILLS=${VP_CRASH_KILLS:-200}
# A bound for a machine that is busy with other things; two CPUs that are not need half a minute.
SECONDS_MAX=${VP_CRASH_SECONDS:-420}
SEED=${VP_SEED:-$(date +%s)}
PROFILES=/etc/virt-profile/profiles
GUESTS=(vp-crash-own vp-crash-float vp-crash-plain)
RANDOM=$((SEED % 32768))
mkdir -p "$PROFILES"
: >/run/mortal

cat >"$PROFILES/own.profile" <<'END'
[cpu]
placement = dedicated
cgroup-weight = 300
[irq]
others = off-dedicated
[kernel]
swappiness = 10
[ksm]
run = stop
[disk]
scheduler = bfq
nr-requests = 64
read-ahead = 256K
END
cat >"$PROFILES/float.profile" <<'END'
[cpu]
placement = shared
[memory]
hugepages = 2M
hugepages-grow = yes
cgroup-max = 1G
[ksm]
run = run
pages-to-scan = 1250
merge-across-nodes = no
[thp]
defrag = defer+madvise
END
DISK="<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='@DIR@/disk.raw'/><target dev='vda' bus='virtio'/></disk>"
sed "s|<controller|$DISK&|" "$TEMPLATES/tiny.xml" >"$SANDBOX/tiny-disk.xml"
for dom in "${GUESTS[@]}"; do
    guest_define "$dom" "$SANDBOX/tiny-disk.xml" || not_ok "$dom is defined"
done
virt-profile assign vp-crash-own own >/dev/null || not_ok 'a profile'
virt-profile assign vp-crash-float float >/dev/null || not_ok 'a profile'
[ ! -w "$HUGEPAGES" ] || echo 10 >"$HUGEPAGES"
left_before vp-crash
snapshot "$SANDBOX/before" || not_ok 'a snapshot'
note "seed $SEED, $(wc -l <"$SANDBOX/before") files"

installed=$(readlink -f "$HOOK")

mortal_on() {
    mkdir -p /usr/lib/virt-profile-tests
    cp "$SANDBOX/real-hook" /usr/lib/virt-profile-tests/virt-profile-real
    install -m 755 "$GUEST_LIB/mortal.sh" /usr/lib/virt-profile-tests/mortal.sh
    rm -f "$installed"
    printf '#!/bin/sh\nexec /usr/lib/virt-profile-tests/mortal.sh "$@"\n' >"$installed"
    chmod 755 "$installed"
}
mortal_off() {
    rm -f "$installed"
    cp "$SANDBOX/real-hook" "$installed"
}
cp "$installed" "$SANDBOX/real-hook"

kills() { grep -c . /run/mortal; }

life() { # domain, number
    vsh start --paused "$1" 2>/dev/null && [ $(($2 % 8)) = 0 ] && kill -KILL "$(guest_pid "$1")" 2>/dev/null
    vsh destroy "$1" >/dev/null 2>&1
}

# Guests start and stop, one after another and beside each other, until so many hooks have died.
storm_of_kills() { # number of kills, number of guests at a time
    local until=$(($(kills) + $1)) dom
    while [ "$(kills)" -lt "$until" ] && [ $((SECONDS - from)) -lt "$SECONDS_MAX" ]; do
        for dom in "${GUESTS[@]:0:$2}"; do
            tries=$((tries + 1))
            life "$dom" $RANDOM &
        done
        wait
    done
}

all_off() { [ -z "$(vsh list --name)" ]; }

everything_ends() {
    local dom
    for dom in $(vsh list --name); do vsh destroy "$dom" || not_ok "$dom ends"; done
}

note 'one guest'
from=$SECONDS tries=0
mortal_on
storm_of_kills $((KILLS / 4)) 1
mortal_off
everything_ends
exits 'a start after it' 0 vsh start vp-crash-own
is 'it has its CPU' "$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/"$(guest_pid vp-crash-own)"/status)" 0
vsh destroy vp-crash-own
nothing_left 'one clean start and stop, and nothing is left' vp-crash
snapshot_same 'and the host is as before' "$SANDBOX/before"

note 'three at a time'
mortal_on
storm_of_kills $((KILLS - $(kills))) 3
mortal_off
everything_ends
exits 'libvirtd answers' 0 vsh version
exits 'the host is given back' 0 virt-profile restore-host
nothing_left 'nothing is left' vp-crash
snapshot_same 'the host is as before' "$SANDBOX/before"
n=$(kills)
note "$n hooks were killed in $tries starts and stops: $(awk '{ n[$1]++ } END { for (op in n) printf "%s %d, ", op, n[op] }' /run/mortal)in $((SECONDS - from)) s"
if [ "$n" -ge "$KILLS" ]; then ok "$n kills"; else not_ok "only $n of $KILLS kills in $((SECONDS - from)) s"; fi

# All that libvirt started, also what it had not yet finished starting.
qemus() { awk 1 /run/libvirt/qemu/vp-crash-*.pid 2>/dev/null; }
none_left() {
    local pid
    for pid in $(qemus); do pid_gone "$pid" || return 1; done
}

note 'QEMU and libvirtd die'
for round in 1 2 3 4; do
    for dom in vp-crash-float vp-crash-own; do vsh start "$dom" || not_ok "$dom starts"; done
    vsh start vp-crash-plain >/dev/null 2>&1 &
    starting=$!
    # The last time in the middle of a start, which libvirt looks into for half a minute when it is back.
    [ "$round" = 4 ] || wait "$starting"
    read -r -t "0.1$((RANDOM % 10))" <> <(:)
    # shellcheck disable=SC2046 # a list of numbers
    kill -KILL "$(cat /run/libvirtd.pid)" $(qemus)
    wait "$starting" 2>/dev/null
    # shellcheck disable=SC2046
    none_left || kill -KILL $(qemus) 2>/dev/null || true
    wait_until 10 none_left || not_ok 'QEMU dies'
    if [ $((round % 2)) = 1 ]; then
        exits 'restore-host without libvirtd' 0 virt-profile restore-host
        is 'no guest is known any more' "$(virt-profile status)" ''
        snapshot_same 'the host is as before' "$SANDBOX/before"
    fi
    libvirtd_start
    wait_until 60 all_off || not_ok 'libvirtd knows that all have ended'
done
exits 'a start after it' 0 vsh start vp-crash-own
vsh destroy vp-crash-own
# Cgroups that were made without limits are libvirt's, and libvirt forgets them when it is killed.
nothing_left 'nothing is left of the one' vp-crash-own
nothing_left 'nor of the other' vp-crash-float
snapshot_same 'the host is as before' "$SANDBOX/before"
rm -r "$PROFILES"
done_testing
