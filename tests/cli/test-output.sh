#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a person and a program get to see: plain lines in a pipe, tables and colours where asked, JSON that is JSON.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

esc=$'\e'
mkdir -p "$root/usual"
cat >"$root/profiles/parent.profile" <<'INI'
[profile]
summary = The parent
[disk]
cache = none
queues = 2
INI
cat >"$root/profiles/child.profile" <<'INI'
[profile]
summary = The child
extends = parent
[disk]
cache = writeback
[xml]
devices/disk[*]/driver/@rerror_policy = report
INI

# plain lines
run_here list
has 'list: name, settings, summary, file, shadowed' "$OUT" '^child	3	The child	/profiles/child.profile	-$'
run_here show child
has 'show: the value and its line' "$OUT" '^setting	disk.cache	writeback	[a-z]+	/profiles/child.profile:5$'
has 'show: what is inherited, with its line' "$OUT" '^setting	disk.queues	2	guest	/profiles/parent.profile:5$'
has 'show: the chain' "$OUT" '^extends	parent$'
has 'show: [xml]' "$OUT" '^setting	xml:devices/disk\[\*\]/driver/@rerror_policy	report	'
run_here show "$root/profiles/child.profile"
has 'show of a file finds what lies beside it' "$OUT" '^setting	disk.queues	2	'
run_here knobs
is 'knobs: five cells in each line' "$(awk -F '\t' 'NF != 5' <<<"$OUT" | wc -l)" 0
run_here knobs disk
is 'knobs of a section: only those' "$(grep -vc '^disk\.' <<<"$OUT")" 0
run_here knobs disk.cache
has 'one knob in full' "$OUT" '^  accepts  none \| writeback'
hasnt 'no escape sequences in a pipe' "$(run_here list; echo "$OUT")" "$esc"

# shadowing
mkdir -p "$work/first"
cp "$root/profiles/parent.profile" "$work/first/"
defaults=$(strings -a "$program" 2>/dev/null | grep '/virt-profile/profiles$' | head -n 1)
if [ -n "$defaults" ]; then
    mkdir -p "$root$defaults"
    cp "$root/profiles/parent.profile" "$root$defaults/"
    run_here list
    has 'list marks what is shadowed' "$OUT" "^parent	2	The parent	/profiles/parent.profile	$defaults/parent.profile$"
fi

mkdir -p "$work/empty"
run --root "$work/empty" list
is 'a host without profiles: nothing to list, and where was looked' "$STATUS:$OUT" 0:
has 'is told' "$ERR" '^virt-profile: there are no profiles in /.*, /'

# tables
COLUMNS=100 run_here list --color=always
has 'a table has a heading' "$OUT" '^NAME +SETTINGS'
has 'and colours' "$OUT" "$esc"
for columns in 80 100 160; do
    for words in knobs 'show sql-db' list; do
        # shellcheck disable=SC2086 # words
        COLUMNS=$columns run_here $words --color=always
        is "$words: no line is wider than a terminal of $columns columns" \
            "$(printf "%s\n" "$OUT" | sed "s/$esc\[[0-9;]*m//g" | awk -v max="$columns" 'length > max' | wc -l)" 0
    done
done
if command -v script >/dev/null; then
    script -qec "stty cols 120; '$program' --root '$root' --profiles /profiles plan -p sql-db --host '$host' '$work/plain.xml'" \
        /dev/null </dev/null >"$work/tty" 2>&1
    has 'on a terminal plan is a table' "$(cat "$work/tty")" 'KNOB +EFFECT +PLACE'
    has 'with colours' "$(cat "$work/tty")" "$esc\["
    has 'and a sum' "$(cat "$work/tty")" '^[0-9]+ settings change: [0-9]+ guest'
    script -qec "NO_COLOR=1 '$program' --root '$root' --profiles /profiles list" /dev/null </dev/null >"$work/tty" 2>&1
    hasnt 'NO_COLOR is honoured' "$(cat "$work/tty")" "$esc\["
    script -qec "'$program' --color=never --root '$root' --profiles /profiles list" /dev/null </dev/null >"$work/tty" 2>&1
    hasnt '--color=never is honoured' "$(cat "$work/tty")" "$esc\["
fi

# plan
run_here plan -p sql-db --host "$host" "$work/plain.xml"
has 'plan: old, new, effect, reason' "$OUT" '^change	disk.queues	guest	devices/disk\[vda\]/driver/@queues	-	2	.+'
has 'plan: the host' "$OUT" '^host	synthetic:.*	0-3	0$'
run_here plan -p sql-db --phase=restore --host "$host" "$work/plain.xml"
hasnt 'plan of a restore has no guest effects' "$OUT" '^change	[^	]*	guest'
run_here plan -p sql-db --all --set disk.cache=keep --host "$host" "$work/plain.xml"
has 'plan --all has what is already so' "$OUT" '^same	'

# JSON
command -v python3 >/dev/null || { done_testing && exit 0 || exit 1; }
json() { # what, python expression over d
    if python3 -c "import json,sys
d = json.load(sys.stdin)
sys.exit(0 if ($2) else 1)" <<<"$OUT" 2>"$work/stderr"; then ok "$1"; else not_ok "$1" "$(cat "$work/stderr") $OUT"; fi
}
run_here plan --json -p sql-db --host "$host" "$work/plain.xml"
json 'plan --json: the members, in order' "list(d) == ['domain', 'profile', 'phase', 'host', 'placement', 'unplaced', 'actions', 'warnings']"
json 'plan --json: domain and host' "list(d['domain']) == ['name', 'uuid'] and d['domain']['name'] == 'plain' and d['host']['cpus'] == '0-3' and d['host']['nodes'] == '0' and list(d['host']) == ['source', 'cpus', 'nodes'] and d['placement']['vcpus'] == ['1', '2']"
json 'plan --json: actions' "len(d['actions']) > 3 and all(list(a) == ['knob', 'effect', 'kind', 'target', 'value', 'previous', 'reason'] for a in d['actions'])"
json 'plan --json: absent is null' "[a['previous'] for a in d['actions'] if a['target'] == 'devices/disk[vda]/driver/@cache'] == [None]"
json 'plan --json: warnings are text' "all(isinstance(w, str) and ': ' in w for w in d['warnings'])"
lines=$("$program" --root "$root" --profiles /profiles plan -p sql-db --host "$host" "$work/plain.xml" | grep -c '^change')
json 'plan --json: as many actions as lines' "len(d['actions']) == $lines"
run_here plan --json --host "$host" "$work/plain.xml"
json 'plan --json of an untagged definition' "d['profile'] is None and d['actions'] == [] and d['warnings'] == []"
run_here list --json
json 'list --json' "[p['name'] for p in d] == sorted(p['name'] for p in d) and all(p['error'] is None for p in d)"
run_here show child --json
json 'show --json' "d['extends'] == ['parent'] and {s['knob']: s['value'] for s in d['settings']}['disk.cache'] == 'writeback'"
run_here knobs --json
json 'knobs --json' "all(k['name'] and k['doc'] and k['accepts'] and k['effect'] in ('guest', 'launch', 'live', 'host') for k in d)"
run_here knobs disk.cache --json
json 'knobs --json of one' "len(d) == 1 and 'none' in d[0]['choices']"
run_here validate --json "$root/profiles/child.profile" "$work/plain.xml"
json 'validate --json' "[f['valid'] for f in d] == [True, False] and d[1]['error']"
is 'validate --json has the exit status too' "$STATUS" 3
printf '[profile]\nsummary = caf\xe9 \x01\n' >"$root/profiles/latin.profile"
run_here list --json
json 'bytes that are not UTF-8 do not spoil it' "[p['name'] for p in d if p['name'] == 'latin'] == ['latin']"
done_testing
