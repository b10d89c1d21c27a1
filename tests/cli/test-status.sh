#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Who runs here and owns what, from a ledger of files: rows, one guest in full, JSON, the map, and that places which are
# owned are not planned with.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
export COLUMNS=200 TZ=UTC

# an empty host
run_here status
is 'a host without a ledger' "$STATUS:$OUT$ERR" 0:
run_here status --json
is 'has no guests in JSON' "$STATUS:$(tr -d ' \n' <<<"$OUT")" '0:[]'
run_here status --color=always
is 'and says so on a terminal' "$STATUS:$OUT" '0:No guest runs here, as far as the hook was told.'
exits 4 "domain 'db1' does not run here" status db1
exits 2 'one operand too many' status a b
mkdir -p "$root/run/virt-profile/guests"
fake_machine "$root" ''
run_here status
is 'an empty ledger' "$STATUS:$OUT$ERR" 0:

# four guests: one that owns CPUs, one that floats, one without a profile, one whose QEMU is gone
process 77 1234
process 78 99
process 79 1235
cat >"$work/place" <<'JSON'
"placement":{"policy":"dedicated","threads":"siblings","vcpus":["2","3"],"iothreads":["0"],"emulator":"0","owned":"2-3","cells":[[0,0,1048576,0,"0-1"]],"overhead_kib":0,"reasons":["node 0 has room for all of it","\u001b[31m is no colour"]}
JSON
entry db1 1 '"profile":"sql-db","id":3,"state":"running","maker":[1,1],"qemu":[77,1234],"since":1700000000,"ticks":0,'"$(cat "$work/place")"',"wants":[["ksm.run","0","memory.ksm","its memory is not to be merged"],["fact/tap/vnet3",null,null,null]],"pending":["disk.queues: one","disk.iothreads: two"]'
entry vdi 2 '"profile":"desktop-vdi","id":0,"state":"coming","maker":[79,1235],"qemu":[0,0],"since":1700000060,"ticks":0,"placement":{"policy":"shared","threads":"siblings","vcpus":["1-3",null],"iothreads":[],"emulator":"1-3","owned":"","scopes":["1-3"],"cells":[[0,0,524288,0,"0-1"]],"overhead_kib":0,"reasons":[]},"wants":[]'
entry web 3 '"id":4,"state":"running","maker":[1,1],"qemu":[79,1235],"since":1700000000,"ticks":0,"pinned":"1","pins":[["0-1",2]],"memory":[[0,0,262144],[-1,2048,262144]],"wants":[]'
entry ghost 4 '"profile":"nfv","id":5,"state":"running","maker":[1,1],"qemu":[78,98],"since":1700000000,"ticks":0,"pins":[],"memory":[],"wants":[]'
run_here status
is 'rows' "$STATUS:$OUT" '0:db1	sql-db	running	dedicated	2-3	0	0	1G	ordinary	2023-11-14T22:13:20Z	2
ghost	nfv	gone	-	-	-	-	-	-	2023-11-14T22:13:20Z	0
vdi	desktop-vdi	coming	shared	1-3×2	1-3	0	512M	ordinary	2023-11-14T22:14:20Z	0
web	-	running	-	1 0-1×2	-	0	512M	ordinary, 2M	2023-11-14T22:13:20Z	0'
run_here status --color=always
has 'a table has a heading' "$OUT" '^NAME +PROFILE +STATE +POLICY +CPUS'
has 'and local time' "$OUT" '2023-11-14 22:13 '
has 'who has no profile is grey' "$OUT" $'\e\[[0-9;]*30mweb'

run_here status db1
is 'one guest in full' "$OUT" 'guest	name	db1
guest	uuid	6f1c0a0e-0000-4000-8000-000000000001
guest	profile	sql-db
guest	state	running
guest	pid	77
guest	since	2023-11-14T22:13:20Z
guest	policy	dedicated
guest	vcpus	2-3
guest	emulator	0
guest	iothreads	0
guest	owned	2-3
guest	caches	0
guest	memory	1G on node 0
guest	nodes	0
guest	pages	ordinary
guest	because	node 0 has room for all of it
guest	because	\x1b[31m is no colour
want	ksm.run	0	memory.ksm	its memory is not to be merged
pending	disk.queues: one
pending	disk.iothreads: two'
run_here status 6f1c0a0e-0000-4000-8000-000000000003
has 'by UUID: what it is pinned to' "$OUT" '^guest	pinned	1 0-1×2$'
has 'its memory' "$OUT" '^guest	memory	512M$'
run_here status vdi
has 'memory that is bound nowhere' "$OUT" '^guest	memory	512M on any node$'
exits 4 "domain 'nobody' does not run here" status nobody
exits 4 "domain 'nobody' does not run here" status nobody --json

# broken entries are told, the others listed
printf 'nonsense' >"$root/run/virt-profile/guests/6f1c0a0e-0000-4000-8000-000000000009.json"
run_here status
is 'a broken entry does not hide the others' "$STATUS:$(wc -l <<<"$OUT")" 0:4
has 'it is told' "$ERR" '^virt-profile: .*000000000009'
is 'and stays: to look changes nothing' "$(cat "$root/run/virt-profile/guests/6f1c0a0e-0000-4000-8000-000000000009.json")" nonsense
rm "$root/run/virt-profile/guests/6f1c0a0e-0000-4000-8000-000000000009.json"

# the map
COLUMNS=60 run_here map
is 'map ends with 0' "$STATUS:$ERR" 0:
has 'map: CPUs' "$OUT" '│#│\+│A│A│ 0-3 '
has 'map: memory that is left' "$OUT" 'node 0: 4G, '
has 'map: an owner' "$OUT" '^A db1: dedicated, 2 vCPUs, 1G, node 0, CPUs 2-3$'
has 'map: one that floats' "$OUT" '^~ vdi: shared, 2 vCPUs, 512M, node 0, CPUs 1×2$'
has 'map: one of which nothing is known' "$OUT" '^\+ ghost: not placed$'
has 'map: one without a place' "$OUT" '^\+ web: not placed, 512M, CPUs 1$'
run_here map --svg
has 'map: SVG' "$OUT" '<title>CPU 2: db1</title>'
run_here map /dev/null
hasnt 'map of a list is of an empty host' "$OUT" 'db1'
run_here map --host "$host"
hasnt 'map of another host is empty too' "$OUT" 'db1'

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$work" "$root"
    chmod 700 "$root/run/virt-profile/guests"
    as_nobody() {
        STATUS=0
        OUT=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$program" --root "$root" --profiles /profiles "$@" 2>"$work/stderr") || STATUS=$?
        ERR=$(cat "$work/stderr")
    }
    if as_nobody --version && [ "$STATUS" = 0 ]; then
        as_nobody status
        is 'who may not look is told in one sentence' "$STATUS:$OUT:$ERR" \
            '1::virt-profile: only root may see which guests run here (/run/virt-profile/guests); try with sudo'
        as_nobody map
        has 'map draws the host nevertheless' "$STATUS:$OUT" '│#│·│·│·│ 0-3 '
        has 'and says what is missing' "$ERR" 'only root may see which guests run here'
    fi
fi

command -v python3 >/dev/null || { done_testing && exit 0 || exit 1; }
json() { # what, python expression over d
    if python3 -c "import json,sys
d = json.load(sys.stdin)
sys.exit(0 if ($2) else 1)" <<<"$OUT" 2>"$work/stderr"; then ok "$1"; else not_ok "$1" "$(cat "$work/stderr") $OUT"; fi
}
run_here status --json
json 'status --json: members' "all(list(g) == ['name', 'uuid', 'profile', 'state', 'tuning', 'pid', 'since', 'placement', 'pinned', 'pins', 'memory', 'wants', 'pending'] for g in d)"
json 'status --json: one with a place' "d[0]['placement']['vcpus'] == ['2', '3'] and d[0]['placement']['owned'] == '2-3' and d[0]['pid'] == 77 and d[0]['pending'] == ['disk.queues: one', 'disk.iothreads: two'] and d[0]['wants'] == [{'name': 'ksm.run', 'value': '0', 'knob': 'memory.ksm', 'reason': 'its memory is not to be merged'}]"
json 'status --json: one that comes' "d[2]['state'] == 'coming' and d[2]['pid'] is None and d[2]['since'] == 1700000060"
json 'status --json: one without' "d[3]['placement'] is None and d[3]['profile'] is None and d[3]['pinned'] == '1' and d[3]['pins'] == [{'cpus': '0-1', 'threads': 2}] and d[3]['memory'] == [{'node': 0, 'page_kib': 0, 'memory_kib': 262144}, {'node': None, 'page_kib': 2048, 'memory_kib': 262144}]"
run_here status --json db1
json 'status --json of one is an object' "d['name'] == 'db1'"
run_here map --json
json 'map --json' "[c['use'] for c in d['cpus']] == ['housekeeping', 'pinned', 'guest', 'guest'] and d['cpus'][2]['guest'] == 'db1' and [g['name'] for g in d['guests']] == ['db1', 'ghost', 'vdi', 'web'] and d['guests'][3]['pinned'] == '1' and d['guests'][3]['policy'] is None and d['guests'][0]['error'] is None"
done_testing
