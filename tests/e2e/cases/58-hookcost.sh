#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the hook adds to a start, and to a stop: the same guest with the hook and without it in turns. The median of the
# differences between neighbours counts, which what else the machine does moves least.
. "$GUEST_LIB/case.sh"

STARTS=${VP_COST_STARTS:-15}
# 12.7 to 14.3 ms were seen on a machine of two CPUs that had nothing else to do, of which libvirt takes 5 to 9 to run a hook
# that does nothing three times.
AIM_MS=15
LIMIT_MS=20
PROFILES=/etc/virt-profile/profiles
away=$SANDBOX/hooks-away
mkdir -p "$PROFILES" "$away"
printf '[profile]\nextends = sql-db\n[memory]\nhugepages = no\n' >"$PROFILES/sql-db-small.profile"
DISK="<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='@DIR@/disk.raw'/><target dev='vda' bus='virtio'/></disk>"
sed "s|<controller|$DISK&|" "$TEMPLATES/tiny.xml" >"$SANDBOX/tiny-disk.xml"
for dom in vp-cost-tagged vp-cost-beside; do guest_define "$dom" "$SANDBOX/tiny-disk.xml" || not_ok "$dom is defined"; done
[ "$LOCKS" = 1 ] || note 'memory is not locked here'
virt-profile assign "${UNLOCKED[@]}" vp-cost-tagged sql-db-small >/dev/null || not_ok 'a profile'
installed=$(readlink -f "$HOOK")

# Milliseconds that libvirt takes for a command, by virsh.
took() { vsh -t "$@" | sed -n 's/^(Time: \([0-9.]*\) ms)$/\1/p'; }
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { printf "%.1f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
turn() { # name of the measurement
    took start --paused vp-cost-tagged >>"$SANDBOX/start.$1"
    took destroy vp-cost-tagged >>"$SANDBOX/stop.$1"
}
added() { # start or stop
    paste "$SANDBOX/$1.with" "$SANDBOX/$1.without" | awk '{ print $1 - $2 }' >"$SANDBOX/$1.added"
    median "$SANDBOX/$1.added"
}
within() { awk -v ms="$(added start)" -v most="$1" 'BEGIN { exit !(ms <= most) }'; } # milliseconds
compare() { # what
    local text i
    rm -f "$SANDBOX"/start.* "$SANDBOX"/stop.*
    turn warm
    for ((i = 0; i < STARTS; i++)); do
        turn with
        mv "$installed" "$away/qemu"
        turn without
        mv "$away/qemu" "$installed"
    done
    is "$1: all were measured" "$(awk 'END { print NR }' "$SANDBOX"/start.with) $(awk 'END { print NR }' "$SANDBOX"/start.without)" "$STARTS $STARTS"
    note "$1: start $(median "$SANDBOX/start.without") ms without the hook, $(median "$SANDBOX/start.with") ms with it; stop $(median "$SANDBOX/stop.without") ms and $(median "$SANDBOX/stop.with") ms, which adds $(added stop) ms"
    text="$1: the hook adds $(added start) ms to a start, at the median of $STARTS"
    note "$text"
}

# libvirtd, hooks and QEMU before all else that runs here.
renice -n -20 "$(cat /run/libvirtd.pid)" >/dev/null || note 'with the priority of everybody else'
renice -n -20 $$ >/dev/null
compare 'alone'
# What else the machine does makes it more, never less.
for ((again = 0; again < 3; again++)); do
    within $AIM_MS && break
    compare 'alone, again'
done
text="the hook adds $(added start) ms to a start (the aim is $AIM_MS, the limit $LIMIT_MS)"
if within $LIMIT_MS; then ok "$text"; else not_ok "$text"; fi
vsh start --paused vp-cost-beside
# Its threads make room, and get it back: more for the hook to do.
compare 'beside a guest without a profile'
vsh destroy vp-cost-beside
renice -n 0 "$(cat /run/libvirtd.pid)" >/dev/null
rm -r "$PROFILES"
done_testing
