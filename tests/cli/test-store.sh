#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is read from libvirt and stored there, call by call, with a libvirt of files (fake-libvirt.c): races, refusals, guests
# that run or are saved.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

fake=$builddir/tests/cli/libvirt.so.0
[ -r "$fake" ] || skip_all "there is no $fake"
mkdir -p "$work/lib"
cp "$fake" "$work/lib/"
export FAKE_LIBVIRT=$work/domains LD_LIBRARY_PATH=$work/lib
# VIR_DOMAIN_XML_SECURE 1, VIR_DOMAIN_XML_INACTIVE 2, VIR_DOMAIN_DEFINE_VALIDATE 1
secure_inactive=3 validate=1

fresh() { # a domain, alone
    rm -rf "$FAKE_LIBVIRT"
    mkdir "$FAKE_LIBVIRT"
    cp "$work/plain.xml" "$FAKE_LIBVIRT/plain.xml"
}
log() { cat "$FAKE_LIBVIRT/log" 2>/dev/null; }
stored() { cat "$FAKE_LIBVIRT/plain.xml"; }
assign() { run_here assign plain sql-db --host "$host" "$@"; }

fresh
assign
is 'assign to a guest that is off is quiet' "$STATUS:$OUT$ERR" 0:
is 'it is read with secrets, read again, stored with validation' "$(log | paste -sd ,)" \
    "read plain $secure_inactive,read plain $secure_inactive,define plain $validate"
has 'it is tagged' "$(stored)" "name='sql-db'"
has 'the UUID is kept' "$(stored)" '<uuid>6f1c0a0e-0000-4000-8000-0000000000aa'
: >"$FAKE_LIBVIRT/log"
assign
is 'the same once more stores nothing' "$(log | grep -c define)" 0
cp "$FAKE_LIBVIRT/plain.xml" "$work/assigned.xml"
run_here apply plain --host "$host"
is 'apply stores nothing either' "$STATUS:$(log | grep -c define)" 0:0
run_here clear plain
if diff <(stored) "$work/plain.xml" >/dev/null; then ok 'clear gives the file back byte for byte'; else not_ok 'clear leaves something'; fi

assign --set disk.cache=writeback --enforce refuse
has 'an override is stored' "$(stored)" "<vp:set knob='disk.cache'>writeback</vp:set>"
has 'enforce is stored' "$(stored)" "enforce='refuse'"
assign --keep-sets --set disk.io=threads
has '--keep-sets keeps the earlier override' "$(stored)" "<vp:set knob='disk.cache'>"
has 'beside the new one' "$(stored)" "<vp:set knob='disk.io'>"
assign
hasnt 'without it they are forgotten' "$(stored)" 'vp:set'

# a domain that is to have no profile
assign
run_here assign plain none
is 'the profile none is assigned' "$STATUS:$ERR" 0:
has 'it is in the tag' "$(stored)" "name='none'"
hasnt 'and nothing else of ours is left' "$(stored)" 'vp:was|queues='
: >"$FAKE_LIBVIRT/log"
run_here apply --all --host "$host"
is 'apply --all leaves it alone' "$STATUS:$OUT$ERR:$(log | grep -c define)" 0::0
exits 4 'has no profile' apply plain --host "$host"
exits 3 'nothing to set anything over' assign plain none --set disk.cache=none
run_here clear plain
if diff <(stored) "$work/plain.xml" >/dev/null; then ok 'clear takes the mark away'; else not_ok 'clear leaves something of it'; fi

# a default
mkdir -p "$root$(dirname "$conf_file")"
printf '[default-profile]\nplain-* = nfv\npl?in = sql-db\n' >"$root$conf_file"
assign
run_here clear plain
is 'clear says which profile comes back' "$STATUS:$OUT" \
    "0:virt-profiled gives 'plain' the profile sql-db again, which is its default by $conf_file:3; 'virt-profile assign plain none' keeps it without one"
run_here clear plain --json
has 'in JSON, too' "$OUT" '"default_profile": "sql-db"'
printf '[default-profile]\nplain = none\npl?in = sql-db\n' >"$root$conf_file"
run_here clear plain
is 'no default, nothing to say' "$STATUS:$OUT" 0:
printf '[default-profile]\nplain = gone\n' >"$work/defaults.conf"
run_here validate "$work/defaults.conf"
is 'validate looks whether the profiles are there' "$STATUS" 3
has 'and says where' "$ERR" "defaults.conf:2: there is no profile 'gone'"
printf '[default-profile]\nplain = none\nx = nfv\n' >"$work/defaults.conf"
exits 0 '' validate "$work/defaults.conf"
printf '[profile]\nsummary = x\n' >"$work/none.profile"
run_here validate "$work/none.profile"
is 'the name none is taken' "$STATUS" 3
has 'which is said' "$ERR" "no profile can be called 'none'"
rm "$root$conf_file"

# somebody else changes the definition meanwhile
fresh
sed 's|<vcpu>2|<vcpu>6|' "$work/plain.xml" >"$FAKE_LIBVIRT/plain.next"
assign
is 'a change by somebody else meanwhile: assign starts over' "$STATUS" 0
has 'and keeps it' "$(stored)" '<vcpu>6'
has 'and plans for it' "$(stored)" "queues='6'"
is 'it is stored once' "$(log | grep -c define)" 1
fresh
for n in '' 2 3 4 5 6 7 8 9 10 11 12; do
    sed "s|<memory>1048576|<memory>1048576${n:-1}|" "$work/plain.xml" >"$FAKE_LIBVIRT/plain.next$n"
done
assign
is 'a definition that never rests' "$STATUS" 1
has 'is given up on' "$ERR" 'changed by somebody else'
is 'and nothing is stored' "$(log | grep -c define)" 0

# libvirt refuses
fresh
printf 'XML document failed to validate\nExtra element disk\n' >"$FAKE_LIBVIRT/plain.refuse"
assign
is 'a refusal by libvirt' "$STATUS" 1
is 'is one line with its words' "$ERR" \
    "virt-profile: cannot store the definition of domain 'plain': libvirt says: XML document failed to validate; Extra element disk"
if cmp -s "$FAKE_LIBVIRT/plain.xml" "$work/plain.xml"; then ok 'nothing is changed'; else not_ok 'something is changed'; fi
: >"$FAKE_LIBVIRT/hangup"
run_here apply --all --host "$host"
is 'apply --all without a list of domains' "$STATUS" 1
has 'says why' "$ERR" 'cannot list the domains: libvirt says: the daemon; hung up'

# transient
fresh
mv "$FAKE_LIBVIRT/plain.xml" "$FAKE_LIBVIRT/plain.live"
assign
is 'a transient domain' "$STATUS" 1
has 'is refused with what to do' "$ERR" 'transient: it has no stored definition'
is 'and not defined' "$(log | grep -c define)" 0

# running and saved
fresh
cp "$work/plain.xml" "$FAKE_LIBVIRT/plain.live"
assign -v
is 'a running guest' "$STATUS" 0
has 'is told what waits' "$OUT" "^[0-9]+ settings take effect at the next cold start of 'plain'$"
has 'each with --verbose' "$OUT" '^  disk.queues: '
cold=$("$program" --root "$root" --profiles /profiles plan -p sql-db --host "$host" "$work/plain.xml" | grep -c '^change	[^	]*	guest')
has 'as many as the plan has guest effects' "$OUT" "^$cold settings take effect at the next cold start of 'plain'$"
if cmp -s "$FAKE_LIBVIRT/plain.live" "$work/plain.xml"; then ok 'its live state is left alone'; else not_ok 'its live state is changed'; fi
cp "$FAKE_LIBVIRT/plain.xml" "$FAKE_LIBVIRT/plain.live"
assign
is 'one that runs with the profile already: nothing to say' "$STATUS:$OUT" 0:
run_here clear plain
has 'clear says how much the guest keeps until its next cold start' "$OUT" \
    "^[0-9]+ settings are undone at the next cold start of 'plain'$"
run_here clear plain --json
has 'and in JSON' "$OUT" '"pending_cold_start": [1-9]'
rm "$FAKE_LIBVIRT/plain.live"
cp "$work/plain.xml" "$FAKE_LIBVIRT/plain.saved"
assign
has 'a saved state is pointed out' "$OUT" "'plain' has a saved state: its next start is a restore, not a cold start"
is 'its definition is read without secrets' "$(log | grep read-saved)" 'read-saved plain 0'
done_testing
