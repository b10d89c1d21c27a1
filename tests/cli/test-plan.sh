#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Where plan and rewrite put a guest, and why; what is left to this host, who runs on it, and what is wrong with its
# configuration.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
export COLUMNS=140

pair='synthetic:pack:2 [numa(memory=16GiB)] core:4 pu:2'
plan() { run_here plan -p sql-db "$@" "$work/plain.xml"; }
placed() { # what, line that is wanted, option…
    local what=$1 line=$2
    shift 2
    plan "$@"
    is "$what: status" "$STATUS:$ERR" 0:
    has "$what" "$OUT" "^placement	$line$"
}
placed 'policy' 'policy	dedicated' --host "$pair"
placed 'vCPUs' 'vcpus	2-3' --host "$pair"
placed 'emulator' 'emulator	0-1' --host "$pair"
placed 'iothreads' 'iothreads	0-1' --host "$pair"
placed 'nodes' 'nodes	0' --host "$pair"
placed 'memory' 'memory	1G on node 0' --host "$pair"
placed 'pages' 'pages	ordinary' --host "$pair"
placed 'a reason' 'because	node 0 has room for all of it' --host "$pair"
placed 'threads=isolate' 'vcpus	2 4' --host "$pair" --set cpu.threads=isolate
placed 'a guest that floats' 'policy	shared' --host "$pair" --set cpu.placement=shared
has 'its CPUs' "$OUT" '^placement	vcpus	2-7,10-15×2$'
placed 'no room' "nowhere	'plain' needs 2 CPUs on free cores and 1 are missing: there are 1 on node 0" --host 'synthetic:core:2 pu:1'
plan --host "$pair" --set cpu.placement=keep
hasnt 'nothing of placement where nobody asks' "$OUT" '^placement'
plan --host "$pair" --color=always
has 'a section on a terminal' "$OUT" '^PLACEMENT WHERE, AND WHY$'
plan --color=always --host 'synthetic:core:2 pu:1'
has 'also when there is no room' "$OUT" 'nowhere'
run_here plan --host "$pair" "$work/plain.xml"
is 'nothing for a definition without a profile' "$OUT" 'untagged	plain'

# a definition that has its place goes there again
run_here rewrite -p sql-db --host "$pair" "$work/plain.xml"
sed 's/cpuset=.2./cpuset="4"/; s/cpuset=.3./cpuset="5"/' <<<"$OUT" >"$work/elsewhere.xml"
run_here rewrite --host "$pair" "$work/elsewhere.xml"
has 'a place that is free is confirmed' "$OUT" "vcpupin vcpu=.0. cpuset=.4."

# this host: its configuration
mkdir -p "$root$(dirname "$conf_file")"
fake_machine "$root" ''
placed 'this host' 'vcpus	1-2'
printf '[host]\nhousekeeping = 1-2\n' >"$root$conf_file"
placed 'housekeeping as configured' 'vcpus	0 3'
placed 'the configuration is for this host alone' 'vcpus	2-3' --host "$pair"
printf '[host]\nmemory-reserve = 3584M\n' >"$root$conf_file"
placed 'memory as configured' "nowhere	'plain' needs 1G in ordinary pages and .* are missing: there are [0-9]+M on node 0.*"
for text in '[hots]' 'housekeping = 1' 'housekeeping = 9' 'housekeeping = x' 'memory-reserve = some'; do
    printf '[host]\n\n%s\nx = 1\n' "$text" >"$root$conf_file"
    [ "$text" = '[hots]' ] && line=4 || line=3
    [ "$text" = 'housekeeping = 9' ] && printf '[host]\n\n%s\n' "$text" >"$root$conf_file"
    for command in plan rewrite; do
        run_here "$command" -p sql-db "$work/plain.xml"
        is "$command with '$text': status, nothing printed" "$STATUS:$OUT" 3:
        has "$command with '$text': file and line" "$ERR" "virt-profile\.conf:$line: "
    done
done
run_here rewrite "$work/plain.xml"
is 'a definition without a profile needs no configuration' "$STATUS:$(cmp "$work/plain.xml" - <<<"$OUT" && echo same)" 0:same
for words in 'list' 'show sql-db' 'revert /dev/null'; do
    # shellcheck disable=SC2086 # words
    run_here $words
    hasnt "$words needs none" "$ERR" 'virt-profile\.conf'
done
# the installed example is one, also without its comment signs
cp "$srcdir/packaging/virt-profile.conf" "$root$conf_file"
placed 'the example that is installed says the default' 'vcpus	1-2'
sed -e 's/^;//' -e 's/0-1,32-33/3/' "$srcdir/packaging/virt-profile.conf" >"$root$conf_file"
has 'what it comments out' "$(cat "$root$conf_file")" '^housekeeping = 3$'
placed 'is right' 'nowhere	.*'
rm "$root$conf_file"

# validate
printf '[host]\nhousekeeping = 0\nmemory-reserve = 1G\n' >"$work/good.conf"
printf '[host]\nhousekeping = 0\n' >"$work/bad.conf"
run_here validate "$work/good.conf" "$root/profiles/nfv.profile"
is 'validate of a configuration and a profile' "$STATUS:$ERR" 0:
has 'the settings are counted' "$OUT" "good.conf	valid	2$"
run_here validate "$work/bad.conf" "$work/good.conf"
is 'validate of a bad one' "$STATUS" 3
is 'names file and line' "$ERR" "virt-profile: $work/bad.conf:2: there is no key 'housekeping'; did you mean 'housekeeping'?"
has 'and checks the others' "$OUT" 'good.conf	valid'
run_here validate "$work/nosuch.conf"
is 'validate of one that is not there' "$STATUS" 4
run_here validate --json "$work/good.conf"
has 'validate --json' "$OUT" '"settings": 2'
run_here validate "$srcdir/packaging/virt-profile.conf"
is 'the example is valid' "$STATUS" 0

# this host: who runs here
process 77 1234
entry other 1 '"profile":"sql-db","id":3,"state":"running","maker":[1,1],"qemu":[77,1234],"since":1700000000,"ticks":0,"placement":{"policy":"dedicated","threads":"siblings","vcpus":["1"],"iothreads":[],"emulator":"0","owned":"1","cells":[[0,0,262144,0,"0"]],"overhead_kib":0,"reasons":[]},"wants":[]'
placed 'CPUs that a running guest owns are not taken' 'vcpus	2-3'
run_here rewrite -p sql-db "$work/plain.xml"
has 'rewrite neither' "$OUT" "vcpupin vcpu=.0. cpuset=.2."
sed -i 's/0000000000aa/000000000001/' "$work/plain.xml"
placed 'a guest is not in its own way' 'vcpus	1-2'

command -v python3 >/dev/null || { done_testing && exit 0 || exit 1; }
json() { # what, python expression over d
    if python3 -c "import json,sys
d = json.load(sys.stdin)
sys.exit(0 if ($2) else 1)" <<<"$OUT" 2>"$work/stderr"; then ok "$1"; else not_ok "$1" "$(cat "$work/stderr") $OUT"; fi
}
plan --json --host "$pair"
json 'plan --json: placement' "d['placement']['vcpus'] == ['2', '3'] and d['placement']['policy'] == 'dedicated' and d['placement']['threads'] == 'siblings' and d['placement']['confirmed'] is False and d['placement']['cells'] == [{'node': 0, 'memory_node': 0, 'vcpus': 2, 'memory_kib': 1048576, 'page_kib': 0}] and d['placement']['reasons'] and d['unplaced'] is None"
run_here plan --json --host "$pair" "$work/elsewhere.xml"
json 'plan --json: confirmed' "d['placement']['vcpus'] == ['4', '5'] and d['placement']['confirmed'] is True"
plan --json --host "$pair" --set cpu.placement=shared
json 'plan --json: floating' "d['placement']['policy'] == 'shared' and d['placement']['threads'] is None"
plan --json --host 'synthetic:core:2 pu:1'
json 'plan --json: no room' "d['placement'] is None and '1 are missing' in d['unplaced']"
plan --json --host "$pair" --set cpu.placement=keep
json 'plan --json: nobody asks' "d['placement'] is None and d['unplaced'] is None"
done_testing
