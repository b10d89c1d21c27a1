#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Drawings of synthetic hosts and of a dump: what is where, how wide, in which colours; SVG and JSON.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
export COLUMNS=80

esc=$'\e'
pair='synthetic:pack:2 [numa(memory=64GiB)] l3:2 core:4 pu:2'
list=$work/guests
cat >"$list" <<'LIST'
db1   dedicated 4 16G guest-threads=2 emulator=own
db2   dedicated 7 20G
web   node 4 4G
batch shared 6 8G
late  dedicated 12 16G
big   dedicated 40 4G
LIST

COLUMNS=60 run_here map --host "$pair" "$list"
is 'a guest that does not fit ends with 1' "$STATUS" 1
is 'all that is drawn' "$OUT" 'synthetic:pack:2 [numa(memory=64GiB)] l3:2 core:4 pu:2
32 CPUs, 16 cores, 4 last-level caches, 2 nodes, 2 sockets
┌─ socket 0 ───────────────────────────────────────────────┐
│ ┌─ node 0: 64G, 24G free ──────────────────────────────┐ │
│ │ cache 0 │##│AA│AA│AA│ 0-7                            │ │
│ │ cache 1 │BB│BB│BB│BB│ 8-15                           │ │
│ └──────────────────────────────────────────────────────┘ │
└──────────────────────────────────────────────────────────┘
┌─ socket 1 ───────────────────────────────────────────────┐
│ ┌─ node 1: 64G, 32G free ──────────────────────────────┐ │
│ │ cache 2 │##│EE│EE│~~│ 16-23                          │ │
│ │ cache 3 │EE│EE│EE│EE│ 24-31                          │ │
│ └──────────────────────────────────────────────────────┘ │
└──────────────────────────────────────────────────────────┘
# housekeeping
~ floating
A db1: dedicated, 4 vCPUs, 16G, node 0, CPUs 2-5
B db2: dedicated, 7 vCPUs, 20G, node 0, CPUs 8-14
~ web: node, 4 vCPUs, 4G, node 1, CPUs 22-23×4
~ batch: shared, 6 vCPUs, 8G, node 1, CPUs 22-23×6
E late: dedicated, 12 vCPUs, 16G, node 1, CPUs 24-31 18-21
! '\''big'\'' needs 40 CPUs on free cores and 40 are missing:
  there are 0 on node 0, 0 on node 1'

# without a list, standard input is left alone
run_here map --host "$pair" <<<'nonsense'
is 'a host without guests ends with 0' "$STATUS" 0
has 'its CPUs are free' "$OUT" 'cache 0 │##│··│··│··│ 0-7 '
hasnt 'there is no key to what is not there' "$OUT" '^[~○×]'
run_here map --host "$pair" - <<<'g dedicated 2 1G'
has '- is standard input' "$OUT" '^A g: dedicated, 2 vCPUs, 1G, node 0, CPUs 2-3$'
run map
is 'the default host is this one' "$STATUS:$(head -n 1 <<<"$OUT")" 0:live

# shapes: a line of each
shape() { # host, pattern
    run_here map --host "$1"
    is "$1 ends with 0" "$STATUS" 0
    has "$1" "$OUT" "$2"
}
shape 'synthetic:pack:2 core:3 pu:1' '^┌─ sockets 0-1 ─'
shape 'synthetic:pack:1 [numa(memory=512MiB)] core:3 pu:1' 'node 0: 512M, 480M free'
shape 'synthetic:pack:1 [numa] core:3 pu:1' 'node 0: no memory ─'
shape 'synthetic:pack:1 [numa(memory=1536MiB)] core:3 pu:1' 'node 0: 1\.5G, 1\.4G free'
shape 'synthetic:pack:1 [numa] l3:1 core:4 pu:8' '│########│········│········│········│ 0-31 '
shape 'synthetic:pack:1 [numa] l3:1 core:64 pu:2' '^│ │         │(··│){16} 32-63 '

# as wide as the terminal, never wider
widths() { LC_ALL=C tr -d '\200-\277' | LC_ALL=C awk '{ print length }'; } # of UTF-8, also where awk counts bytes
large='synthetic:pack:2 group:4 [numa(memory=64GiB)] l3:8 core:8 pu:2'
for columns in 32 40 80 133 200; do
    for where in "$pair" "$large" 'synthetic:pack:1 [numa] l3:1 core:64 pu:8'; do
        COLUMNS=$columns run_here map --host "$where" "$list"
        is "$columns columns, $where: frames are as wide" \
            "$(printf '%s\n' "$OUT" | grep '^[│┌└]' | widths | sort -u)" "$columns"
        is "$columns columns, $where: no line is wider" \
            "$(printf '%s\n' "$OUT" | widths | awk -v max="$columns" '$1 > max' | wc -l)" 0
    done
done
run_here map --host "$large"
is '1024 CPUs: a line for each of 64 caches' "$(grep -c '│ │ cache' <<<"$OUT")" 64
is '1024 CPUs: not much more than that' "$(wc -l <<<"$OUT")" 88

# a dump with isolated CPUs, and a node that is memory only
dump=$root/dump
fake_machine "$dump" 2-3
run_here map --host "$dump"
has 'isolated CPUs' "$OUT" '│#│·│○│○│ 0-3 '
has 'and their key' "$OUT" '^○ isolated$'
has 'a node that is memory only' "$OUT" '^┌─ memory only ─'
has 'with its memory' "$OUT" '^│ ┌─ node 1: 4G, 3\.7G free ─'
run_here map --host "$dump" - <<<'rt dedicated 1 1G'
has 'isolated CPUs go first' "$OUT" '│#│·│A│○│ 0-3 '

# colours
hasnt 'no colours in a pipe' "$(run_here map --host "$pair" "$list"; echo "$OUT")" "$esc"
run_here map --color=always --host "$pair" "$list"
has 'colours where they are asked for' "$OUT" "$esc\[33m#$esc\[0m"
plain=$(printf '%s\n' "$OUT" | sed "s/$esc\[[0-9;]*m//g")
run_here map --host "$pair" "$list"
is 'colours change nothing else' "$plain" "$OUT"

# names
printf 'a\xc2\x9b<&"\xef\xbf\xbf\x1b[mb dedicated 2 1G\n' >"$work/names"
run_here map --host "$pair" "$work/names"
has 'a name is escaped' "$OUT" '^A a\\xc2\\x9b<&".*\\x1b\[mb: dedicated'

# what is wrong
exits 2 '--json and --svg exclude each other' map --json --svg --host "$pair"
echo 'g shared 1' >"$work/wrong"
exits 3 "^virt-profile: $work/wrong:1: 'g' is not all of a guest" map --host "$pair" "$work/wrong"
exits 3 "wrong:1: 'g' is not all of a guest" map --svg --host "$pair" "$work/wrong"
exits 4 "cannot open '/nonexistent/list'" map --host "$pair" /nonexistent/list

# SVG
for words in "$list" "$work/names"; do
    run_here map --svg --host "$pair" "$words"
    has "SVG of ${words##*/}" "$OUT" '^<svg xmlns="http://www.w3.org/2000/svg" width="[0-9]+" height="[0-9]+"'
    is 'a square for each CPU' "$(grep -c '<title>CPU [0-9]*: ' <<<"$OUT")" 32
    is 'nothing is loaded from elsewhere' "$(grep -Ec 'href|url|<script|<image|@import' <<<"$OUT")" 0
    if command -v xmllint >/dev/null; then
        is "SVG of ${words##*/} is XML" "$(xmllint --noout - <<<"$OUT" 2>&1)" ''
    fi
done
has 'SVG: a name is escaped' "$OUT" '<title>CPU 2: a\\xc2\\x9b&lt;&amp;".*\\x1b\[mb</title>'
run_here map --svg --host "$large"
is 'SVG of 1024 CPUs' "$(grep -c '<title>CPU [0-9]*: ' <<<"$OUT")" 1024

# JSON
command -v python3 >/dev/null || { done_testing && exit 0 || exit 1; }
run_here map --json --host "$pair" "$list"
is '--json has the exit status too' "$STATUS" 1
if python3 -c '
import json, sys
d = json.load(sys.stdin)
assert list(d) == ["host", "guests", "summary", "cpus"]
cpus = {c["cpu"]: c for c in d["cpus"]}
assert sorted(cpus) == list(range(32))
assert cpus[0] == {"cpu": 0, "core": 0, "cache": 0, "node": 0, "socket": 0, "use": "housekeeping", "guest": None}
assert cpus[6] == {"cpu": 6, "core": 3, "cache": 0, "node": 0, "socket": 0, "use": "guest", "guest": "db1"}
assert cpus[15]["guest"] == "db2" and cpus[18]["guest"] == "late" and cpus[31]["socket"] == 1
assert cpus[22]["use"] == "floating" and cpus[22]["guest"] is None
' <<<"$OUT" 2>"$work/stderr"; then ok '--json has it all'; else not_ok '--json has it all' "$(cat "$work/stderr") $OUT"; fi
done_testing
