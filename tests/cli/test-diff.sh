#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A definition now and with its profile: patch(1) makes the one of the other; exit status as of diff(1).
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

fake=$builddir/tests/cli/libvirt.so.0
[ -r "$fake" ] || skip_all "there is no $fake"
mkdir -p "$work/lib" "$work/domains"
cp "$fake" "$work/lib/"
export FAKE_LIBVIRT=$work/domains LD_LIBRARY_PATH=$work/lib
cp "$work/plain.xml" "$FAKE_LIBVIRT/"
stored=$FAKE_LIBVIRT/plain.xml

# of a domain
exits 4 "domain 'plain' has no profile; name one with --profile" diff plain --host "$host"
run_here diff plain -p sql-db --host "$host"
is 'a profile that is not in it yet' "$STATUS:$ERR" 1:
has 'the heading says what is compared' "$(head -n 2 <<<"$OUT" | paste -sd ' ')" '^--- plain, as it is \+\+\+ plain, with profile sql-db$'
has 'what comes' "$OUT" "^\+.*cache='none'"
hasnt 'no colours in a pipe' "$OUT" $'\e'
printf '%s\n' "$OUT" >"$work/diff"
is 'nothing is stored' "$(diff "$stored" "$work/plain.xml" && grep -c define "$FAKE_LIBVIRT/log")" 0
run_here rewrite -p sql-db --host "$host" "$work/plain.xml"
printf '%s\n' "$OUT" >"$work/rewritten.xml"
if command -v patch >/dev/null; then
    cp "$work/plain.xml" "$work/patched.xml"
    patch -s "$work/patched.xml" "$work/diff"
    is 'patch makes of it what rewrite prints' "$(diff "$work/patched.xml" "$work/rewritten.xml")" ''
fi
run_here diff plain -p sql-db --set disk.cache=writeback --host "$host"
has 'with an override' "$OUT" "^\+.*cache='writeback'"
run_here assign plain sql-db --host "$host"
run_here diff plain --host "$host"
is 'one that has its profile is the same' "$STATUS:$OUT$ERR" 0:
sed -i "s/cache='none'/cache='writethrough'/" "$stored"
run_here diff plain --host "$host"
is 'one that was edited is not' "$STATUS" 1
is 'and only that' "$(grep -c '^[+-][^+-]' <<<"$OUT")" 2
has 'as it is' "$OUT" "^-.*cache='writethrough'"
has 'as it should be' "$OUT" "^\+.*cache='none'"
run_here diff plain -p nfv --host "$host"
is 'another profile' "$STATUS" 1
exits 4 "there is no domain 'nobody'" diff nobody
exits 4 "no profile 'nosuch'" diff plain -p nosuch --host "$host"
exits 3 'quark' diff plain --set disk.cache=quark --host "$host"
exits 2 'diff wants' diff
: >"$work/lib/libvirt.so.0"
exits 2 'cannot load libvirt' diff plain
unset LD_LIBRARY_PATH

# of a file
run_here diff -p sql-db --host "$host" "$work/plain.xml"
is 'a file gives the same as a domain' "$STATUS:$(diff <(printf '%s\n' "$OUT") "$work/diff")" 1:
run_here diff -p sql-db --host "$host" - <"$work/plain.xml"
is 'and so does standard input' "$STATUS:$(diff <(printf '%s\n' "$OUT") "$work/diff")" 1:
run_here diff --host "$host" "$work/rewritten.xml"
is 'a file that has its profile' "$STATUS:$OUT" 0:
exits 4 "cannot open '/nowhere/a.xml'" diff -p sql-db /nowhere/a.xml
printf '<broken' >"$work/broken.xml"
exits 3 'broken.xml' diff -p sql-db "$work/broken.xml"

# for eyes and for programs
run_here diff -p sql-db --host "$host" --color=always "$work/plain.xml"
has 'colours' "$OUT" $'^\e\\[32m\\+.*cache=\'none\'.*\e\\[0m$'
NO_COLOR=1 run_here diff -p sql-db --host "$host" --color=never "$work/plain.xml"
hasnt 'no colours' "$OUT" $'\e'
printf "<domain type='kvm'><name>x</name><title>a\u202eb</title><memory>1048576</memory>\n</domain>\n" >"$work/odd.xml"
run_here diff -p sql-db --host "$host" --color=always "$work/odd.xml"
hasnt 'what a terminal would act on is shown' "$OUT" $'\u202e'
command -v python3 >/dev/null || { done_testing && exit 0 || exit 1; }
json() {
    if python3 -c "import json,sys
d = json.load(sys.stdin)
sys.exit(0 if ($2) else 1)" <<<"$OUT"; then ok "$1"; else not_ok "$1" "$OUT"; fi
}
run_here diff -p sql-db --host "$host" --json "$work/plain.xml"
is '--json has the exit status too' "$STATUS" 1
json '--json: the members, in order' "list(d) == ['domain', 'profile', 'differs', 'diff']"
json '--json: who' "d['domain']['name'] == 'plain' and d['profile'] == 'sql-db' and d['differs'] is True"
json '--json: the diff' "d['diff'].startswith('--- plain, as it is\n+++ ')"
run_here diff --host "$host" --json "$work/rewritten.xml"
json '--json: the same' "d['differs'] is False and d['diff'] is None and d['profile'] == 'sql-db'"
done_testing
