#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A host that guests have left behind is put back: what is ours, what others changed since, what cannot be written.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
export COLUMNS=160

run_here restore-host
is 'a host that nobody changed' "$STATUS:$OUT$ERR" 0:
is 'and nothing is made there' "$(find "$root" -path "$root/profiles" -prune -o -type f -print)" ''
run_here restore-host --json
is 'in JSON' "$STATUS:$(tr -d ' \n' <<<"$OUT")" '0:[]'
run_here restore-host --color=always
is 'on a terminal' "$OUT" 'There was nothing to restore.'
exits 2 'one operand too many' restore-host db1

# a changed host: one value of ours, one that an administrator changed since, one that is gone
fake_machine "$root" ''
mkdir -p "$root/run/virt-profile" "$root/sys/kernel/mm/ksm" "$root/sys/kernel/mm/transparent_hugepage" "$root/proc/sys/vm"
ksm=$root/sys/kernel/mm/ksm/run swappiness=$root/proc/sys/vm/swappiness
item() { printf '{"means":"file","target":"%s","before":"%s","ours":"%s","owner":"db1","reason":"memory of db1"}' "$@"; } # path, before, ours
changed() {
    echo 0 >"$ksm"
    echo 30 >"$swappiness"
    printf '{"version":1,"boot":"","items":[%s,%s,%s]}' "$(item /sys/kernel/mm/ksm/run 1 0)" "$(item /proc/sys/vm/swappiness 60 10)" \
        "$(item /sys/kernel/mm/ksm/gone 1 0)" >"$root/run/virt-profile/host.json"
}
changed
run_here restore-host
is 'ends with 0' "$STATUS:$ERR" 0:
is 'what is ours is put back' "$(cat "$ksm")" 1
is 'what somebody else changed stays' "$(cat "$swappiness")" 30
has 'restored is told' "$OUT" '^restored	.*/sys/kernel/mm/ksm/run'
has 'kept is told' "$OUT" '^kept	.*/proc/sys/vm/swappiness'
run_here restore-host
is 'the second time there is nothing left' "$STATUS:$OUT" 0:
changed
run_here restore-host --json
has '--json: outcome' "$OUT" '"outcome": "restored"'
changed
run_here restore-host --color=always
has 'a table' "$OUT" '^OUTCOME +WHAT'

# guests run
process 77 1234
changed
entry db1 1 '"profile":"sql-db","id":3,"state":"running","maker":[1,1],"qemu":[77,1234],"since":1700000000,"ticks":0,"wants":[]'
exits 1 '^virt-profile: 1 guest with a profile runs here \(db1\) and would lose what the host does for it; stop it, or say --force$' restore-host
is 'nothing is touched then' "$(cat "$ksm")" 0
run_here restore-host --force
is '--force does it' "$STATUS:$(cat "$ksm")" 0:1
has 'the guest stays in the ledger' "$(run_here status; echo "$OUT")" '^db1	sql-db	running'
for n in 2 3 4 5 6 7; do
    entry "web$n" "$n" '"profile":"nfv","id":3,"state":"running","maker":[1,1],"qemu":[77,1234],"since":1700000000,"ticks":0,"wants":[]'
done
exits 1 '^virt-profile: 7 guests with a profile run here \(db1, web2, web3, web4, web5, …\) and would lose' restore-host
rm "$root"/run/virt-profile/guests/*
process 77 9999
changed
entry db1 1 '"profile":"sql-db","id":3,"state":"running","maker":[1,1],"qemu":[77,1234],"since":1700000000,"ticks":0,"wants":[]'
run_here restore-host
is 'a guest that died does not count' "$STATUS:$(cat "$ksm")" 0:1
changed
entry web 2 '"id":3,"state":"running","maker":[1,1],"qemu":[77,9999],"since":1700000000,"ticks":0,"wants":[]'
run_here restore-host
is 'nor does one without a profile' "$STATUS:$(cat "$ksm")" 0:1

# a write that fails
changed
rm "$ksm"
mkdir "$ksm"
run_here restore-host
is 'what cannot be restored ends with 1' "$STATUS" 1
has 'and is told, with the reason' "$OUT" '^failed	.*ksm/run.*	.+'
rmdir "$ksm"
echo 0 >"$ksm"
run_here restore-host
is 'the next run does it' "$STATUS:$(cat "$ksm")" 0:1
done_testing
