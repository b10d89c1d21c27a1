#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A database with noisy neighbours on a host of two CPUs: eight desktops that never rest. What is left of its throughput and
# of its p99, with the profiles and without, against what it does alone.
. "$GUEST_LIB/case.sh"

DESKTOPS=8
PROFILES=/etc/virt-profile/profiles
if [ "$(nproc)" -lt 2 ]; then
    skip "neighbours" "this machine has one CPU"
    done_testing
fi
mkdir -p "$PROFILES"
printf '[profile]\nextends = sql-db\n[memory]\nhugepages = no\n' >"$PROFILES/sql-db-small.profile"

small() { # guest's task
    sed -e 's|<vcpu>2</vcpu>|<vcpu>1</vcpu>|' -e "s|<memory unit='MiB'>[0-9]*|<memory unit='MiB'>128|" -e "s|vp\.io|$1|" \
        "$TEMPLATES/server.xml"
}
small vp.work >"$SANDBOX/work.xml"
small vp.spin >"$SANDBOX/spin.xml"

measured() { [ "$(grep -c 'VP work-p99-us' "$(guest_serial vp-db)")" -gt "$1" ]; }

# The second of two measurements that lie wholly behind this moment. Sets RATE and P99.
measure() {
    local n
    n=$(grep -c 'VP work-p99-us' "$(guest_serial vp-db)")
    wait_until 120 measured $((n + 1)) || not_ok "the database measures itself"
    RATE=$(guest_fact vp-db work-per-second)
    P99=$(guest_fact vp-db work-p99-us)
}
share() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.0f", (b > 0 ? 100 * a / b : 0) }'; }
at_least() { if [ "$2" -ge "$3" ]; then ok "$1: $2 % (at least $3)"; else not_ok "$1: $2 % of at least $3"; fi; }
below() { if [ "$2" -lt "$3" ]; then ok "$1: $2 % (below $3)"; else not_ok "$1: $2 %, not below $3"; fi; }

guest_define vp-db "$SANDBOX/work.xml"
for ((i = 1; i <= DESKTOPS; i++)); do guest_define "vp-desk-$i" "$SANDBOX/spin.xml"; done

start_desktops() { for ((i = 1; i <= DESKTOPS; i++)); do vsh start "vp-desk-$i" || not_ok "desktop $i starts"; done; }
wait_desktops() { for ((i = 1; i <= DESKTOPS; i++)); do guest_wait "vp-desk-$i" 240 VP-READY || not_ok "desktop $i is ready"; done; }
stop_desktops() { for ((i = 1; i <= DESKTOPS; i++)); do vsh destroy "vp-desk-$i"; done; }

note 'without a profile'
boot_guest vp-db || not_ok 'the database boots'
measure
alone=$RATE alone_p99=$P99
start_desktops
wait_desktops
measure
note "alone $alone/s, p99 $alone_p99 us; beside $DESKTOPS desktops $RATE/s, p99 $P99 us"
untuned_p99=$P99
below 'untuned, the neighbours take more than half of its throughput' "$(share "$RATE" "$alone")" 50
stop_desktops
vsh destroy vp-db

note 'with profiles'
virt-profile assign vp-db sql-db-small >/dev/null
for ((i = 1; i <= DESKTOPS; i++)); do virt-profile assign "vp-desk-$i" desktop-vdi >/dev/null; done
: >"$(guest_serial vp-db)"
start_desktops
boot_guest vp-db || not_ok 'the database boots beside the desktops'
wait_desktops
measure
note "beside $DESKTOPS desktops $RATE/s, p99 $P99 us"
# The aim is 90, and 90 was seen, on a host of two CPUs, where its emulator shares the other one with all the desktops.
at_least 'tuned, it keeps its throughput' "$(share "$RATE" "$alone")" 85
tuned_p99=$P99
at_least 'its p99 is a tenth of the untuned one, or less' "$(share "$untuned_p99" "$((tuned_p99 * 10))")" 100
stop_desktops
vsh destroy vp-db
rm -r "$PROFILES"
done_testing
