#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shape: numa2
# limit: 400
# Two guests that each need the CPUs of a whole node start at once, three times; then three that want two places. Nobody
# shares a CPU, the one that is left over hears why, and at the end the ledger is empty. Paused: what their kernels do is not
# the matter, and costs half a minute of CPU each time.
. /lab/tests/lib.sh
need_engine

mkdir -p /etc/virt-profile/profiles
printf '[profile]\nextends = sql-db\nenforce = refuse\n[memory]\nhugepages = no\n' >/etc/virt-profile/profiles/racer.profile
for name in one two three; do
    guest_define $name memory=64
    passes "assign racer to $name" virt-profile assign $name racer
done

start_all() # NAME…: at once; leaves NAME.said
{
    local name
    for name in "$@"; do
        virsh -q start --paused "$name" >"/tmp/$name.said" 2>&1 &
    done
    wait
}

owned() { virt-profile status --json | jq -r '[.[].placement.owned // empty] | sort | join(" ")'; }

for round in 1 2 3; do
    start_all one two
    is "round $round: two guests, two places" "$(owned)" "2-3 6-7"
    for name in one two; do virsh -q destroy $name; done
done

start_all one two three
is "three guests, two places" "$(owned)" "2-3 6-7"
refused=$(cat /tmp/{one,two,three}.said)
is "guests that run" "$(virsh list --name | grep -c .)" 2
like "what the third hears" "$refused" "is refused.*CPU"
for name in one two three; do virsh -q destroy $name 2>/dev/null; done
is "the ledger is empty" "$(find /run/virt-profile/guests -type f | wc -l)" 0
rm -r /etc/virt-profile/profiles
