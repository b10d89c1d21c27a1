#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The commands that talk to libvirt, with the test driver that is part of its library: no daemon, no guests, and what is
# stored is gone with the connection. Real guests are in tests/e2e.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

run_here assign nobody sql-db --connect test:///default --host "$host"
[ "$STATUS" = 4 ] || skip_all "libvirt's test driver does not work here: $ERR"
has 'a domain that is not there' "$ERR" "there is no domain 'nobody'"

# A node with four domains: untagged, tagged, tagged with a profile that is gone, tagged and off.
domain() { # name, tag, state
    sed -e "s|<domain type='kvm'>|<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>|" \
        -e "s|<name>plain|<name>$1|" -e "s|aa</uuid>|$4</uuid>|" -e "s|<memory>|$2&|" \
        -e "s|</domain>|<test:runstate>$3</test:runstate></domain>|" "$work/plain.xml"
}
tag() { echo "<metadata><vp:profile xmlns:vp='urn:virt-profile:domain:1' name='$1'/></metadata>"; }
{
    echo "<node>"
    domain bare '' 1 01
    domain tagged "$(tag sql-db)" 1 02
    domain gone "$(tag vanished)" 5 03
    domain off "$(tag nfv)" 5 04
    echo '<cpu><mhz>2000</mhz><model>x86_64</model><active>4</active><nodes>1</nodes><sockets>1</sockets><cores>4</cores><threads>1</threads></cpu><memory>8388608</memory></node>'
} >"$work/node.xml"
uri=test://$work/node.xml

run_here assign bare sql-db -c "$uri" --host "$host"
is 'assign to a running guest ends with 0' "$STATUS" 0
has 'and says how much waits for a cold start' "$OUT" "^[0-9]+ settings take effect at the next cold start of 'bare'$"
has 'and how much also for a restore' "$OUT" "^[0-9]+ settings take effect at the next cold start of 'bare', or when it is restored or migrated$"
run_here assign off sql-db -c "$uri" --host "$host"
is 'assign to a guest that is off is quiet' "$STATUS:$OUT$ERR" 0:
run_here assign off sql-db -v -c "$uri" --host "$host"
is 'unless --verbose' "$OUT" "'off' has profile sql-db; its definition was changed"
for who in 1 bare 6f1c0a0e-0000-4000-8000-000000000001; do
    run_here assign "$who" sql-db --json -c "$uri" --host "$host"
    has "a domain is found by '$who'" "$OUT" '"name": "bare"'
done
has 'assign --json: what was done' "$OUT" '"changed": true'
has 'assign --json: state' "$OUT" '"state": "running"'

exits 4 "no profile 'nosuch'" assign bare nosuch -c "$uri" --host "$host"
exits 3 "quark" assign bare sql-db --set disk.cache=quark -c "$uri" --host "$host"
exits 4 "no knob 'disk.cach'" assign bare sql-db --set disk.cach=none -c "$uri" --host "$host"
exits 4 "no profile 'nosuch'" assign bare nosuch -c no://such/uri --host "$host"
exits 1 "cannot connect to libvirt at 'no://such/uri'" assign bare sql-db -c no://such/uri --host "$host"
exits 4 "has no profile; give it one with 'virt-profile assign'" apply bare -c "$uri" --host "$host"
exits 4 "no profile 'vanished'" apply gone -c "$uri" --host "$host"

run_here clear gone -v -c "$uri"
is 'a profile that is gone can be cleared' "$STATUS:$OUT" "0:'gone' has no profile; its original definition is back"
run_here clear bare -c "$uri"
is 'clear of a domain without a profile is quiet' "$STATUS:$OUT$ERR" 0:

run_here apply --all -v -c "$uri" --host "$host"
is 'apply --all ends with 1 when one fails' "$STATUS" 1
has 'the one that fails is named' "$ERR" "domain 'gone'.*no profile 'vanished'"
has 'the others are done' "$OUT" "^'off' has profile nfv; its definition was changed$"
has 'each of them' "$OUT" "^'tagged' has profile sql-db; its definition was changed$"
hasnt 'those without a profile are left alone' "$OUT" "'bare'"
run_here apply --all --json -c "$uri" --host "$host"
is 'apply --all --json: each in the array' "$(grep -c '"domain": {' <<<"$OUT")" 3
has 'apply --all --json: the failed one too' "$OUT" '"error": ".*vanished'

# Without libvirt on the machine: its library is made unreadable for the loader by another of the same name.
: >"$work/libvirt.so.0"
STATUS=0
ERR=$(LD_LIBRARY_PATH=$work "$program" --root "$root" --profiles /profiles assign a sql-db --host "$host" 2>&1) || STATUS=$?
is 'a machine without libvirt' "$STATUS" 1
has 'is told what is missing' "$ERR" 'cannot load libvirt, which this command needs'
STATUS=0
LD_LIBRARY_PATH=$work "$program" --root "$root" --profiles /profiles plan -p sql-db --host "$host" "$work/plain.xml" >/dev/null || STATUS=$?
is 'the filters work without it' "$STATUS" 0
hasnt 'the program is not linked to it' "$(ldd "$program" 2>/dev/null)" 'libvirt\.so'
done_testing
