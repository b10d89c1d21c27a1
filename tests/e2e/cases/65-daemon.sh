#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-profiled on a real libvirt: definitions converge, whoever stores them, whatever ends in between, and nothing loops.
# VP_DAEMON_FULL=1 does all of it many times more.
. "$GUEST_LIB/case.sh"

ROUNDS=15 EVENTS=200 RESTARTS=4 KILLS=6 MANY=60 PAIRS=8
[ "${VP_DAEMON_FULL:-0}" = 0 ] || ROUNDS=100 EVENTS=1000 RESTARTS=50 KILLS=50 MANY=1000 PAIRS=40
CONF=/etc/virt-profile/virt-profile.conf
PROFILES=/etc/virt-profile/profiles
DAEMON=''
TAGGED="<metadata><vp:profile xmlns:vp='urn:virt-profile:domain:1' name='small'/></metadata>"

ok_if() { # what, command…
    local what=$1
    shift
    if "$@"; then ok "$what"; else not_ok "$what"; fi
}
less() { # what, seen, most
    if [ "${2%.*}" -le "$3" ]; then ok "$1: $2"; else not_ok "$1: $2, expected at most $3"; fi
}
client() { python3 "$GUEST_LIB/clients.py" "$@"; }
said() { syslog_seen | grep -q "virt-profiled.*$1"; }
# As the unit starts it.
daemon_start() {
    syslog_mark
    nice -n -5 virt-profiled >>"$SANDBOX/daemon.out" 2>&1 &
    DAEMON=$!
    wait_until 20 said 'looking after' || not_ok 'the daemon connects'
}
daemon_stop() { kill -TERM "$DAEMON" && wait "$DAEMON"; }
trap '[ -z "$DAEMON" ] || kill -KILL "$DAEMON" 2>/dev/null' EXIT
# counted WORD: a number of those that the daemon logs when it is asked.
counted() {
    local from
    from=$(($(wc -l <"$SYSLOG_FILE") + 1))
    kill -USR1 "$DAEMON"
    wait_until 5 eval "tail -n +$from '$SYSLOG_FILE' | grep -q 'virt-profiled.* events,'"
    tail -n "+$from" "$SYSLOG_FILE" | grep -oE "[0-9]+ $1" | tail -n 1 | cut -d ' ' -f 1
}
nothing_waits() { [ "$(counted waiting)" = 0 ]; }
is_idle() { # nothing waits, and nothing comes
    local before
    [ "$(counted waiting)" = 0 ] || return 1
    before=$(counted events)
    sleep 0.7
    [ "$(counted events) $(counted waiting)" = "$before 0" ]
}
rss() { awk '/^VmRSS:/ { print $2 }' "/proc/$DAEMON/status"; }
# What only a cold start can bring.
has_all() { vsh dumpxml "$@" | grep -q "<suspend-to-mem enabled='no'"; }
lacks_some() { ! has_all "$@"; }
stored_tuned() { has_all --inactive "$1"; }
is_live_tuned() { [ "$(vsh schedinfo "$1" | awk '/^cpu_shares/ { print $3 }')" = 2500 ]; }
pending() { virt-profile status --json "$1" | python3 -c 'import json, sys
print(len((lambda found: found[0] if isinstance(found, list) else found)(json.load(sys.stdin)).get("pending") or []))'; }
all_converged() { # every tagged domain is as its profile says
    virt-profile apply --all --json | python3 -c 'import json, sys
print(sum(1 for one in json.load(sys.stdin) if one.get("changed") or one.get("error")))'
}
forget() { # domains…
    local dom
    for dom; do
        vsh destroy "$dom" 2>/dev/null
        vsh undefine "$dom" 2>/dev/null
    done
}
start_paused() { vsh start "$1" --paused; }

mkdir -p "$PROFILES"
printf '[profile]\n[guest]\nsuspend-to-mem = no\n[cpu]\nshares = 2500\n' >"$PROFILES/small.profile"
printf '[profile]\nextends = small\n[guest]\nsuspend-to-mem = yes\n' >"$PROFILES/smaller.profile"
guest_xml vp-d "$TEMPLATES/tiny.xml" | sed 's|</name>|&<uuid>6f1c0a0e-0000-4000-8000-0000000000d0</uuid>|' >"$SANDBOX/plain.xml"
sed "s|<memory|$TAGGED&|" "$SANDBOX/plain.xml" >"$SANDBOX/tagged.xml"

note 'define and start'
daemon_start
tuned=0
for ((i = 0; i < ROUNDS; i++)); do
    virsh -q define "$SANDBOX/tagged.xml" >/dev/null
    virsh -q start vp-d --paused >/dev/null
    if has_all vp-d; then tuned=$((tuned + 1)); fi
    wait_until 5 is_live_tuned vp-d # ended at once, it would keep the daemon waiting for its end
    forget vp-d
done
note "defined and started by two commands, $tuned of $ROUNDS guests were tuned"
# All of them, unless the machine is busy with other things.
less 'that many were not, in percent' "$(((ROUNDS - tuned) * 100 / ROUNDS))" 20

client define-start "$SANDBOX/tagged.xml"
wait_until 10 is_live_tuned vp-d
live=$(has_all vp-d && echo tuned || echo "pending $(pending vp-d)")
has 'over one connection it may be too late, and then that is said' "$live" '^(tuned|pending [1-9])'
is 'it has what can be had live all the same' "$(vsh schedinfo vp-d | awk '/^cpu_shares/ { print $3 }')" 2500
wait_until 10 stored_tuned vp-d
ok_if 'its stored definition is up to date afterwards' stored_tuned vp-d
vsh destroy vp-d
start_paused vp-d
ok_if 'and so is its next start' has_all vp-d
forget vp-d

vsh create "$SANDBOX/tagged.xml" --paused >/dev/null
wait_until 10 is_live_tuned vp-d
is 'a transient guest gets what can be had live' "$(vsh schedinfo vp-d | awk '/^cpu_shares/ { print $3 }')" 2500
isnt 'and the rest is said to be pending' "$(pending vp-d)" 0
ok_if 'its definition is its own' lacks_some vp-d
forget vp-d

note 'edited definitions'
vsh define "$SANDBOX/plain.xml" >/dev/null
virt-profile assign vp-d small
stored vp-d t0.xml
sed -e '/suspend-to-mem/d' -e 's|<memory |<description>by hand</description>&|' -e 's|>2500<|>77<|' "$SANDBOX/t0.xml" >"$SANDBOX/edited.xml"
differs_file 'somebody edits it' "$SANDBOX/t0.xml" "$SANDBOX/edited.xml"
vsh define "$SANDBOX/edited.xml" >/dev/null
wait_until 10 stored_tuned vp-d
stored vp-d t1.xml
is 'what the profile says is mended' "$(xml "$SANDBOX/t1.xml" '/domain/cputune/shares')" 2500
is 'what it does not say is kept' "$(xml "$SANDBOX/t1.xml" '/domain/description')" 'by hand'
printf '[profile]\n[guest]\nsuspend-to-mem = no\n[cpu]\nshares = 3000\n' >"$PROFILES/small.profile"
kill -HUP "$DAEMON"
wait_until 10 eval "vsh dumpxml --inactive vp-d | grep -q '>3000<'"
virt-profile clear vp-d
wait_until 10 is_idle
stored vp-d t2.xml
vsh define "$SANDBOX/plain.xml" >/dev/null
vsh desc vp-d --config 'by hand' >/dev/null
stored vp-d t3.xml
same_file 'clear gives the original back, after edits and a new version of the profile' "$SANDBOX/t3.xml" "$SANDBOX/t2.xml"
printf '[profile]\n[guest]\nsuspend-to-mem = no\n[cpu]\nshares = 2500\n' >"$PROFILES/small.profile"
forget vp-d

note 'default profiles'
printf '[default-profile]\nvp-none-* = none\nvp-* = small\ntitle:*base = smaller\n' >"$CONF"
kill -HUP "$DAEMON"
wait_until 10 said 'configuration anew'
guest_define vp-none-1 "$TEMPLATES/tiny.xml"
guest_define other "$TEMPLATES/tiny.xml"
guest_define vp-1 "$TEMPLATES/tiny.xml"
wait_until 10 stored_tuned vp-1
ok_if 'a domain gets the profile of its name' stored_tuned vp-1
vsh desc other --config --title 'a base' >/dev/null
wait_until 10 eval "vsh dumpxml --inactive other | grep -q \"name='smaller'\|name=\\\"smaller\\\"\""
has 'one gets that of its title' "$(vsh dumpxml --inactive other)" "name=['\"]smaller['\"]"
wait_until 10 is_idle
hasnt 'one is left out' "$(vsh dumpxml --inactive vp-none-1)" 'urn:virt-profile'
has 'clear says that it comes back' "$(virt-profile clear vp-1)" "profile small again.*virt-profile.conf:3; 'virt-profile assign vp-1 none'"
wait_until 10 stored_tuned vp-1
ok_if 'which it does' stored_tuned vp-1
virt-profile assign vp-1 none
wait_until 10 is_idle
ok_if 'a domain that was told to have none has none' lacks_some --inactive vp-1
exits 'apply leaves it alone' 0 virt-profile apply --all
start_paused vp-1
ok_if 'and starts without' lacks_some vp-1
forget vp-none-1 other vp-1
rm "$CONF"

note 'a guest that runs'
printf '[daemon]\ndrift-interval = 5s\n' >"$CONF"
kill -HUP "$DAEMON"
printf '[profile]\nextends = sql-db\n[memory]\nhugepages = no\n[disk]\ntotal-iops = 700\n' >"$PROFILES/lenient.profile"
sed 's|<vcpu>2</vcpu>|<vcpu>1</vcpu>|' "$TEMPLATES/server.xml" >"$SANDBOX/one.xml"
guest_define vp-r "$SANDBOX/one.xml"
virt-profile assign vp-r lenient "${UNLOCKED[@]}"
start_paused vp-r
cpus=$(virt-profile status --json | python3 -c 'import json, sys
print([(one.get("placement") or {}).get("owned") for one in json.load(sys.stdin) if one["name"] == "vp-r"][0])')
affinity() { grep -lx 'CPU 0/.*' /proc/"$(guest_pid vp-r)"/task/*/comm | sed 's|comm$|status|' |
    xargs sed -n 's/^Cpus_allowed_list:[[:space:]]*//p'; }
iops() { vsh blkdeviotune vp-r "$1" | awk '/^total_iops_sec *:/ { print $3 }'; } # disk
limited() { [ "$(iops "$1")" = "$2" ]; }
back_in_place() { [ "$(affinity)" = "$cpus" ] && [ "$(vsh vcpupin vp-r | awk 'NF == 2 && $1 == 0 { print $2 }')" = "$cpus" ]; }
truncate -s 64M "$SANDBOX/second.raw"
vsh attach-disk vp-r "$SANDBOX/second.raw" vdb --targetbus virtio --driver qemu --subdriver raw --live >/dev/null
wait_until 10 limited vdb 700
is 'a disk that is plugged in is limited like the first' "$(iops vda) $(iops vdb)" '700 700'
if [ "$cpus" != None ] && [ "$(nproc --all)" -gt 1 ]; then
    vsh vcpupin vp-r 0 0 --live
    is 'somebody moves its vCPU' "$(affinity)" 0
    wait_until 20 back_in_place
    ok_if 'it is brought back, and libvirt told' back_in_place
else
    skip 'drift' 'the guest has no CPU of its own here'
fi
vsh blkdeviotune vp-r vda --total-iops-sec 33 --live
wait_until 20 limited vda 700
is 'a limit that somebody changed is set again' "$(iops vda)" 700
sed -i 's/^drift/drift = report\n&/' "$CONF"
kill -HUP "$DAEMON"
vsh blkdeviotune vp-r vda --total-iops-sec 33 --live
wait_until 20 said "vp-r.*total_iops_sec is '33', should be '700'"
ok_if 'or only reported' said "vp-r.*total_iops_sec is '33', should be '700'"
is 'and then left alone' "$(iops vda)" 33
forget vp-r
rm "$CONF"
kill -HUP "$DAEMON"

note 'a storm'
before=$(counted events) kept=$(rss)
wait_until 30 is_idle
printf '# %s\n' "$(client storm "$SANDBOX/tagged.xml" 20 "$EVENTS")"
wait_until 60 is_idle
printf '# %s events, %s definitions stored, %s KiB\n' "$(($(counted events) - before))" "$(counted 'definitions stored')" "$(rss)"
is 'all domains that are left are as their profiles say' "$(all_converged)" 0
is 'no event comes any more' "$(client count 2)" 0
less 'it has not grown' "$(($(rss) - kept))" 6144
for dom in $(vsh list --all --name); do vsh undefine "$dom"; done

note 'two at once'
vsh define "$SANDBOX/tagged.xml" >/dev/null
lost=0
for ((i = 1; i <= PAIRS; i++)); do
    virt-profile assign vp-d small --keep-sets --set "cpu.period=$((100000 + i))" >/dev/null &
    first=$!
    virt-profile assign vp-d small --keep-sets --set "cpu.quota=$((200000 + i))" >/dev/null &
    wait "$first" "$!"
    wait_until 10 stored_tuned vp-d
    stored vp-d both.xml
    [ "$(xml "$SANDBOX/both.xml" '/domain/cputune/period') $(xml "$SANDBOX/both.xml" '/domain/cputune/quota')" = \
        "$((100000 + i)) $((200000 + i))" ] || lost=$((lost + 1))
done
is 'two that store a definition at once both have their way' "$lost lost of $PAIRS" "0 lost of $PAIRS"
wait_until 20 is_idle
less 'nobody is asked to wait for long' "$(client latency "$SANDBOX/tagged.xml" 10)" 50
forget vp-d

note 'libvirtd comes and goes'
for ((i = 0; i < RESTARTS; i++)); do
    libvirtd_stop
    libvirtd_start
    vsh define "$SANDBOX/tagged.xml" >/dev/null
    wait_until 30 stored_tuned vp-d || break
    vsh undefine vp-d
done
is 'the daemon reconnects each time' "$i" "$RESTARTS"
is 'it is the same daemon' "$(counted connections)" "$((RESTARTS + 1))"

note 'kill -9'
for ((i = 0; i < KILLS; i++)); do
    client storm "$SANDBOX/tagged.xml" 4 12 >/dev/null &
    first=$!
    sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
    kill -KILL "$DAEMON"
    wait "$DAEMON" 2>/dev/null
    wait "$first"
    daemon_start
    wait_until 30 is_idle
    [ "$(all_converged)" = 0 ] || break
done
is 'the next start finishes what was begun' "$i" "$KILLS"
for dom in $(vsh list --all --name); do vsh undefine "$dom"; done
daemon_stop
is 'told to end, it ends well' "$?" 0

note 'while it is down'
vsh define "$SANDBOX/tagged.xml" >/dev/null
start_paused vp-d
isnt 'a guest that starts meanwhile says what is pending' "$(pending vp-d)" 0
daemon_start
wait_until 10 stored_tuned vp-d
ok_if 'the next start of the daemon brings its definition up to date' stored_tuned vp-d
ok_if 'and leaves the guest alone' lacks_some vp-d
forget vp-d
daemon_stop

note 'many domains'
client many "$SANDBOX/tagged.xml" "$MANY"
start=$(date +%s%N)
daemon_start
wait_until 120 nothing_waits
took=$((($(date +%s%N) - start) / 1000000))
is 'all are converged' "$(all_converged)" 0
less "$MANY domains take $took ms, per domain" "$((took * 1000 / MANY))" 100000
sleep 1.5
less 'its memory, in KiB' "$(rss)" 15360
cpu=$(cut -d ' ' -f 1 "/proc/$DAEMON/schedstat")
sleep 3
less 'with nothing to do it takes microseconds of CPU in 3 s' "$((($(cut -d ' ' -f 1 "/proc/$DAEMON/schedstat") - cpu) / 1000))" 15000
printf '# %s\n' "$(counted 'us' | sed 's/$/ us is what half of the passes took at most/')"
daemon_stop
for dom in $(vsh list --all --name); do vsh undefine "$dom"; done
DAEMON=''
done_testing
