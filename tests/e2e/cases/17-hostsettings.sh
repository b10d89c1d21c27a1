#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The host's kernel while guests run, and after: settings that guests vote on, huge pages, an administrator in between,
# QEMU killed. What the host was like comes from the program itself.
. "$GUEST_LIB/case.sh"
. "$GUEST_LIB/snapshot.sh"

PROFILES=/etc/virt-profile/profiles
JOURNAL=/run/virt-profile/host.json
KSM=/sys/kernel/mm/ksm
SWAPPINESS=/proc/sys/vm/swappiness
POOL=/sys/devices/system/node/node0/hugepages/hugepages-2048kB
mkdir -p "$PROFILES"

swappiness=$(cat "$SWAPPINESS")
if ! [ -w "$KSM/run" ] || ! echo "$swappiness" >"$SWAPPINESS"; then
    skip "settings of the kernel cannot be written here"
    done_testing
    exit
fi

profile() { # name; the rest from stdin
    { printf '[profile]\nsummary = %s\n' "$1" && cat; } >"$PROFILES/$1.profile"
}
chosen() { sed -n 's/.*\[\(.*\)\].*/\1/p' "$1"; }
values() { printf '%s %s %s' "$(cat "$KSM/run")" "$(cat "$KSM/pages_to_scan")" "$(cat "$SWAPPINESS")"; }
same_host() { # what, file with the snapshot of before
    snapshot "$SANDBOX/now"
    is "$1" "$(snapshot_differs "$2" "$SANDBOX/now")" ''
}

# libvirt comes to know of it by itself, and calls the hook.
kill_qemu() {
    local i
    kill -9 "$(guest_pid vp-db)"
    for ((i = 0; i < 100; i++)); do
        [ -e "$JOURNAL" ] || break
        sleep 0.1
    done
}

profile desktop <<'END'
[ksm]
run = run
pages-to-scan = 1250
[kernel]
swappiness = 30
END
profile database <<'END'
[memory]
ksm = no
[ksm]
run = stop
merge-across-nodes = no
[kernel]
swappiness = 10
[thp]
defrag = defer+madvise
END

echo 0 >"$KSM/run"
guest_define vp-vdi "$TEMPLATES/server.xml"
guest_define vp-db "$TEMPLATES/server.xml"
virt-profile assign vp-vdi desktop
virt-profile assign vp-db database
snapshot "$SANDBOX/before" || not_ok 'a snapshot'
note "$(wc -l <"$SANDBOX/before") files"

note 'guests that want different things'
syslog_mark
exits 'the desktop starts' 0 vsh start vp-vdi
is 'KSM runs as it wants' "$(values)" '1 1250 30'
exits 'the database starts' 0 vsh start vp-db
is 'KSM goes on, and the smaller swappiness wins' "$(values)" '1 1250 10'
is 'pages stay on their node' "$(cat "$KSM/merge_across_nodes")" 0
is 'THP is defragmented as it wants' "$(chosen /sys/kernel/mm/transparent_hugepage/defrag)" 'defer+madvise'
vsh destroy vp-vdi
is 'without the desktop the database has its way' "$(values)" "0 $(awk -F '\t' '/pages_to_scan/ { print $2 }' "$SANDBOX/before") 10"
vsh destroy vp-db
same_host 'all is as before' "$SANDBOX/before"
is 'and nothing is noted any more' "$([ -e "$JOURNAL" ] && cat "$JOURNAL")" ''
hasnt 'nobody complained' "$(syslog_seen)" 'cannot|fail'

note 'an administrator in between'
vsh start vp-db
echo 33 >"$SWAPPINESS"
syslog_mark
vsh start vp-vdi
is 'his value stays while guests run' "$(cat "$SWAPPINESS")" 33
has 'and is told' "$(syslog_seen)" 'swappiness.*somebody changed it'
vsh destroy vp-vdi
vsh destroy vp-db
is 'and when they have ended' "$(cat "$SWAPPINESS")" 33
echo "$swappiness" >"$SWAPPINESS"
same_host 'the rest is as before' "$SANDBOX/before"

note 'QEMU is killed'
vsh start vp-db
is 'it has its way' "$(cat "$SWAPPINESS")" 10
kill_qemu
same_host 'all is as before' "$SANDBOX/before"

note 'huge pages'
if ! [ -w "$POOL/nr_hugepages" ] || ! [ -d /dev/hugepages ]; then
    skip "no pool of huge pages to write"
    done_testing
    exit
fi
pool=$(cat "$POOL/nr_hugepages")
echo 10 >"$POOL/nr_hugepages"
profile pages <<'END'
[cpu]
placement = shared
[memory]
hugepages = 2M
hugepages-grow = yes
END
virt-profile assign vp-db pages
snapshot "$SANDBOX/before"
exits 'a guest of 128 pages starts where there are 10' 0 vsh start vp-db
is 'the missing ones were made' "$(cat "$POOL/nr_hugepages")" 128
is 'and QEMU has them' "$(cat "$POOL/free_hugepages")" 0
echo 131 >"$POOL/nr_hugepages"
vsh destroy vp-db
is 'what others added stays' "$(cat "$POOL/nr_hugepages")" 13
echo 10 >"$POOL/nr_hugepages"
same_host 'all is as before' "$SANDBOX/before"
vsh start vp-db
kill_qemu
same_host 'all is as before when QEMU was killed' "$SANDBOX/before"

echo "$pool" >"$POOL/nr_hugepages"
done_testing
