#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The lives of guests on a made-up host, told by the hook's operations: places given, kept, refused and given back.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../cli/lib.sh"

hook=$builddir/hooks/qemu
guests=$root/run/virt-profile/guests
sysconfdir=''
# shellcheck disable=SC2034 # used by what is evaluated
prefix=$(sed -n 's/^prefix = //p' "$builddir/Makefile")
eval "sysconfdir=$(sed -n 's/^sysconfdir = //p' "$builddir/Makefile")"
profiles=$root$sysconfdir/virt-profile/profiles
mkdir -p "$profiles" "$root/run/libvirt/qemu" "$root/proc/sys/kernel/random"
fake_machine "$root" ''
echo 1f0c0a0e-1111-4000-8000-000000000000 >"$root/proc/sys/kernel/random/boot_id"
printf '[cpu]\nplacement = dedicated\n[memory]\nnuma = strict\n' >"$profiles/own.profile"
printf '[profile]\nenforce = refuse\nextends = own\n' >"$profiles/strict.profile"
printf '[cpu]\nplacement = shared\n' >"$profiles/floats.profile"
printf '[host]\nhousekeeping = 0\n' >"$root$sysconfdir/virt-profile/virt-profile.conf"

uuid() { printf '6f1c0a0e-0000-4000-8000-%012d' "$(cksum <<<"$1" | cut -d' ' -f1)"; }

# definition NAME PROFILE VCPUS [INNER]: as libvirt gives it to the hook.
definition() {
    printf "<domain type='kvm' id='7'>\n  <name>%s</name>\n  <uuid>%s</uuid>\n" "$1" "$(uuid "$1")"
    [ "$2" = - ] || printf "  <metadata>\n    <vp:profile xmlns:vp='urn:virt-profile:domain:1' name='%s'/>\n  </metadata>\n" "$2"
    printf "  <memory unit='KiB'>524288</memory>\n  <vcpu placement='static'>%s</vcpu>\n%s" "$3" "${4-}"
    printf "  <os>\n    <type arch='x86_64' machine='q35'>hvm</type>\n  </os>\n  <devices>\n  </devices>\n</domain>\n"
}
# settled NAME PROFILE VCPUS: the same, with the profile's settings in it.
settled() { definition "$@" | "$program" rewrite --root "$root" --profiles "$sysconfdir/virt-profile/profiles"; }

call() { # NAME OPERATION <definition
    STATUS=0
    OUT=$("$hook" --root "$root" "$1" "$2" begin - 2>"$work/stderr") || STATUS=$?
    ERR=$(cat "$work/stderr")
    # It may go on behind.
    [ ! -e "$root/run/virt-profile/host.lock" ] || flock "$root/run/virt-profile/host.lock" true
}
quiet() { is "$1" "$STATUS,$OUT,$ERR" '0,,'; }
entries() { find "$guests" -type f 2>/dev/null | wc -l; }
field() { # NAME MEMBER: of its entry
    python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))
for step in sys.argv[2].split("."): value = value.get(step) if isinstance(value, dict) else None
print("" if value is None else value)' "$guests/$(uuid "$1").json" "$2" 2>/dev/null
}
owned() { field "$1" placement.owned; }

# --- one guest after another: CPU 0 is the host's, three are to be had -----------------------------------------
for name in a b; do
    call $name prepare < <(definition $name own 1)
    quiet "prepare of $name"
    is "$name is coming" "$(field $name state)" coming
done
is 'a has the first free CPU' "$(owned a)" 1
is 'b has the next' "$(owned b)" 2
call a prepare < <(definition a own 1)
is 'a again keeps its own' "$(owned a) $(owned b)" '1 2'
call wide prepare < <(definition wide own 2)
quiet 'who does not fit starts all the same'
is 'and owns nothing' "$(owned wide)" ''
call wide prepare < <(definition wide strict 2)
is 'unless it must not' "$STATUS" 1
has 'with the reason, and what to do' "$ERR" "^virt-profile: .*'wide' is refused.* CPU.*virt-profile assign"
is 'a refusal leaves no entry' "$(entries)" 2
call b release < <(definition b own 1)
quiet 'release of b'
is 'b has gone' "$(entries)" 1
settled wide strict 2 >"$work/wide.xml"
call wide prepare <"$work/wide.xml"
quiet 'now the wide one fits'
is 'where b was, and beside' "$(owned wide)" 2-3
for name in a wide b never-there; do
    call $name release < <(definition $name own 1)
    quiet "release of $name"
done
is 'nobody is left' "$(entries)" 0

# --- a place in the definition ---------------------------------------------------------------------------------
settled c strict 1 >"$work/c.xml"
has 'the definition names its place' "$(cat "$work/c.xml")" "<vcpupin vcpu='0' cpuset='1'/>"
call other prepare < <(definition other own 1)
is 'somebody else is there first' "$(owned other)" 1
call c prepare <"$work/c.xml"
quiet 'a strict guest whose place is taken starts elsewhere'
is 'beside it' "$(owned c)" 2
is 'with nothing pending, as its threads are moved' "$(field c pending)" '[]'
call c release <"$work/c.xml"
call other release < <(definition other own 1)
call c prepare <"$work/c.xml"
is 'free again, it is taken again' "$(owned c)" 1
call c release <"$work/c.xml"
call d prepare < <(definition d strict 1)
is 'what is not in the definition is still refused' "$STATUS" 1

definition e strict 1 "  <numatune>
    <memory mode='strict' nodeset='1'/>
  </numatune>
" >"$work/e.xml"
call e prepare <"$work/e.xml"
is 'memory that is bound where no CPU is' "$STATUS" 1
has 'is told' "$ERR" "'e' is refused.* memory to node 1, where not enough CPUs are free"
sed -i "s/name='strict'/name='own'/" "$work/e.xml"
call e prepare <"$work/e.xml"
quiet 'a lenient one starts with its memory far away'
is 'on a CPU of its own' "$(owned e)" 1
call e release <"$work/e.xml"

# --- guests without a profile ------------------------------------------------------------------------------------
call plain prepare < <(definition plain - 1)
quiet 'a guest without a profile'
is 'is not noted' "$(entries)" 0
definition pinned - 1 "  <cputune>
    <vcpupin vcpu='0' cpuset='1'/>
  </cputune>
" >"$work/pinned.xml"
call pinned prepare <"$work/pinned.xml"
is 'one that is pinned is' "$(entries)" 1
call a prepare < <(definition a own 1)
is 'and nobody gets its CPU' "$(owned a)" 2
call pinned release <"$work/pinned.xml"
call a release < <(definition a own 1)
is 'both are gone' "$(entries)" 0

# --- a guest that runs -------------------------------------------------------------------------------------------
call r prepare < <(definition r own 1)
process 4321 99999999
mkdir -p "$root/proc/4321/task/4321"
echo qemu-system-x86 >"$root/proc/4321/task/4321/comm"
echo 4321 >"$root/run/libvirt/qemu/r.pid"
call r started < <(definition r own 1)
quiet 'started'
is 'it runs' "$(field r state)" running
is 'as this process' "$(field r qemu)" '[4321, 99999999]'
call r reconnect < <(definition r own 1)
quiet 'reconnect'
is 'nothing changes' "$(field r state) $(owned r)" 'running 1'
rm "$guests/$(uuid r).json"
call r reconnect < <(definition r own 1)
quiet 'reconnect of one that nobody knows'
is 'it is known again' "$(field r state) $(owned r)" 'running 1'
rm -r "$root/proc/4321" "$root/run/libvirt/qemu/r.pid"
call s prepare < <(definition s own 1)
is 'its QEMU ended without a word: the next start has its CPU' "$(owned s)" 1
call s release < <(definition s own 1)
is 'and it is forgotten' "$(entries)" 0

# --- restore and migrate -----------------------------------------------------------------------------------------
settled m own 1 >"$work/m.xml"
call other prepare < <(definition other own 1)
for op in restore migrate; do
    call m $op <"$work/m.xml"
    has "$op names a place that is free" "$OUT" "<vcpupin vcpu='0' cpuset='2'/>"
    is "$op reserves nothing" "$(entries)" 1
done
call other release < <(definition other own 1)

# --- what must never matter ----------------------------------------------------------------------------------------
rm -rf "$root/run/virt-profile"
: >"$root/run/virt-profile"
for op in prepare started reconnect release restore; do
    call x $op < <(definition x own 1)
    is "$op with a file where the ledger should be" "$STATUS" 0
done
rm "$root/run/virt-profile"
mkdir -p "$guests"
echo '{' >"$guests/$(uuid broken).json"
call x prepare < <(definition x own 1)
quiet 'prepare beside a broken entry'
is 'it has its place' "$(owned x)" 1
call x release < <(definition x own 1)
printf '[host]\nhousekeeping = 77\n' >"$root$sysconfdir/virt-profile/virt-profile.conf"
call x prepare < <(definition x own 1)
quiet 'prepare with a configuration that makes no sense here'
call x release < <(definition x own 1)
rm "$root$sysconfdir/virt-profile/virt-profile.conf"

# --- killed at any moment ------------------------------------------------------------------------------------------
for ((i = 0; i < 60; i++)); do
    definition k own 1 >"$work/k.xml"
    operation=$([ $((i % 3)) = 2 ] && echo release || echo prepare)
    "$hook" --root "$root" k "$operation" begin - <"$work/k.xml" >/dev/null 2>&1 &
    read -r -t "0.00$((RANDOM % 10))$((RANDOM % 10))" <> <(:) || :
    kill -KILL $! 2>/dev/null
    wait $! 2>/dev/null
done
sleep 0.5 # whoever was in a system call when its parent was killed
call k prepare <"$work/k.xml"
quiet 'prepare after many that were killed'
is 'has the first CPU' "$(owned k)" 1
call k release <"$work/k.xml"
is 'and all is given back' "$(entries) $(cat "$root/run/virt-profile/host.json" 2>/dev/null)" '0 '
done_testing
