#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Numbers for a monitoring system: their format, checked by its grammar, and that they count what is there.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

valid() { # what, text
    local said
    if said=$(awk -f "$srcdir/tests/cli/openmetrics.awk" <<<"$2"); then ok "$1"; else not_ok "$1" "$said"; fi
}
invalid() {
    if awk -f "$srcdir/tests/cli/openmetrics.awk" <<<"$2" >/dev/null; then not_ok "$1"; else ok "$1"; fi
}
head='# TYPE a gauge
# HELP a Help.'
valid 'the checker takes what is right' "$head
a{x=\"1\",y=\"a\\\"b\\\\c\\n\"} 1
a 2
# EOF"
invalid 'not what has no end' "$head
a 1"
invalid 'no sample of another family' "$head
b 1
# EOF"
invalid 'no sample twice' "$head
a{x=\"1\"} 1
a{x=\"1\"} 2
# EOF"
invalid 'no label twice' "$head
a{x=\"1\",x=\"2\"} 1
# EOF"
invalid 'no other escape' "$head
a{x=\"\\t\"} 1
# EOF"
invalid 'no unit that the name lacks' "# TYPE a gauge
# UNIT a seconds
a 1
# EOF"

fake_machine "$root" ''
run_here metrics
is 'a host without guests' "$STATUS:$ERR" 0:
valid 'has valid metrics' "$OUT"
hasnt 'and no guest in them' "$OUT" '^virt_profile_guest'
has 'the version' "$OUT" '^virt_profile_build_info\{version="[0-9.]+"\} 1$'
has 'free CPUs' "$OUT" '^virt_profile_cpus\{node="0",use="free"\} 3$'
has 'housekeeping' "$OUT" '^virt_profile_cpus\{node="0",use="housekeeping"\} 1$'
has 'memory of a node without CPUs' "$OUT" '^virt_profile_node_memory_bytes\{node="1"\} 4294967296$'

process 77 1234
process 79 1235
cat >"$work/place" <<'JSON'
"placement":{"policy":"dedicated","threads":"siblings","vcpus":["2","3"],"iothreads":["0"],"emulator":"0","owned":"2-3","cells":[[0,0,1048576,0,"0-1"]],"overhead_kib":0,"reasons":[]}
JSON
entry 'db\" \\ \n1' 1 '"profile":"sql-db","id":3,"state":"running","maker":[1,1],"qemu":[77,1234],"since":1700000000,"ticks":0,'"$(cat "$work/place")"',"wants":[["ksm.run","0","memory.ksm","reason"],["fact/tap/vnet3",null,null,null]],"pending":["disk.queues: one","disk.iothreads: two"]'
entry web 3 '"id":4,"state":"running","maker":[1,1],"qemu":[79,1235],"since":1700000000,"ticks":0,"pinned":"1","memory":[[0,0,262144]],"wants":[]'
entry ghost 4 '"profile":"sql-db","id":5,"state":"running","maker":[1,1],"qemu":[78,98],"since":1700000000,"ticks":0,"pins":[],"memory":[],"wants":[]'
mkdir -p "$root/run/virt-profile/broken" "$root/proc/sys/kernel/random"
echo b00t >"$root/proc/sys/kernel/random/boot_id"
: >"$root/run/virt-profile/broken/x.json"
run_here metrics
is 'a host with guests' "$STATUS:$ERR" 0:
valid 'has valid metrics, whatever a guest is called' "$OUT"
has 'guests that run' "$OUT" '^virt_profile_guests\{profile="sql-db",state="running"\} 1$'
has 'one that is gone' "$OUT" '^virt_profile_guests\{profile="sql-db",state="gone"\} 1$'
has 'guests without a profile' "$OUT" '^virt_profile_guests\{profile="",state="running"\} 1$'
is 'each profile is there once' "$(grep -c '^virt_profile_guests{profile="sql-db"' <<<"$OUT")" 3
has 'pending settings, and a name in quotes' "$OUT" \
    '^virt_profile_guest_pending_settings\{domain="db\\" \\\\ \\n1",uuid="6f1c0a0e-[0-9a-f-]+1",profile="sql-db"\} 2$'
has 'what it wants of the host' "$OUT" '^virt_profile_guest_host_wishes\{.*uuid="6f1c0a0e-[0-9a-f-]+1".*\} 1$'
has 'its memory' "$OUT" '^virt_profile_guest_memory_bytes\{domain="web".*\} 268435456$'
has 'CPUs that it owns' "$OUT" '^virt_profile_cpus\{node="0",use="dedicated"\} 2$'
has 'CPUs that are pinned' "$OUT" '^virt_profile_cpus\{node="0",use="pinned"\} 1$'
is 'the CPUs of a node add up' \
    "$(grep '^virt_profile_cpus{node="0"' <<<"$OUT" | awk '{ n += $2 } END { print n }')" 4
has 'broken files' "$OUT" '^virt_profile_state_broken_files 1$'
has 'nothing is changed on the host' "$OUT" '^virt_profile_host_settings_changed\{means="file"\} 0$'
item() { printf '{"means":"file","target":"/sys/kernel/mm/%s","before":"1","ours":"0","owner":"db","reason":"x"%s}' "$@"; } # name, further members
printf '{"version":1,"boot":"b00t","items":[%s,%s,%s]}' "$(item a '')" "$(item b ',"next":"2"')" "$(item c ',"told":"3"')" \
    >"$root/run/virt-profile/host.json"
run_here metrics
valid 'with a journal they are valid' "$OUT"
has 'what is changed on the host' "$OUT" '^virt_profile_host_settings_changed\{means="file"\} 3$'
has 'what was not finished' "$OUT" '^virt_profile_host_settings_unfinished 1$'
has 'what somebody else changed' "$OUT" '^virt_profile_host_settings_foreign 1$'
echo '{' >"$root/run/virt-profile/host.json"
run_here metrics
has 'a broken journal counts' "$STATUS$OUT" '^virt_profile_state_broken_files 2$'

# into a file
run_here metrics --output "$work/vp.prom"
is 'into a file it is quiet' "$STATUS:$OUT$ERR" 0:
valid 'the file is valid' "$(cat "$work/vp.prom")"
is 'others may read it' "$(stat -c %a "$work/vp.prom")" 644
inode=$(stat -c %i "$work/vp.prom")
exec 3<"$work/vp.prom"
run_here metrics -o "$work/vp.prom"
is 'a new file takes its place' "$([ "$(stat -c %i "$work/vp.prom")" != "$inode" ] && tail -n 1 <&3)" '# EOF'
exec 3<&-
is 'and nothing is left beside it' "$(find "$work" -maxdepth 1 -name '*vp*' | wc -l)" 1
cd "$work" || exit 99
run_here metrics -o here.prom
is 'a name without a folder' "$STATUS:$(tail -n 1 here.prom)" '0:# EOF'
exits 4 "cannot write the metrics to '/nowhere/x.prom'" metrics -o /nowhere/x.prom
exits 2 'one operand too many' metrics x
done_testing
