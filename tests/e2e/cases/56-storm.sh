#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests with different profiles and without start, fail to start, stop and die in any order, several at a time. After each
# step the ledger and the threads agree; in the end the host is as before. VP_SEED repeats a run.
. "$GUEST_LIB/case.sh"
. "$GUEST_LIB/snapshot.sh"

STEPS=${VP_STORM_STEPS:-200}
# A bound for a machine that is busy with other things; two CPUs that are not need half a minute.
SECONDS_MAX=${VP_STORM_SECONDS:-450}
SEED=${VP_SEED:-$(date +%s)}
PROFILES=/etc/virt-profile/profiles
TAGGED=(vp-storm-own vp-storm-strict vp-storm-also vp-storm-float vp-storm-near vp-storm-pages vp-storm-broken)
ALL=("${TAGGED[@]}" vp-storm-plain vp-storm-bare)
STATUS=$SANDBOX/storm
RANDOM=$((SEED % 32768))
mkdir -p "$PROFILES" "$STATUS"
if [ "$(nproc)" -lt 2 ]; then
    skip 'a storm' 'this machine has one CPU'
    done_testing
    exit
fi

profile() { cat >"$PROFILES/$1.profile"; }
profile own <<'END'
[cpu]
placement = dedicated
cgroup-weight = 300
[irq]
others = off-dedicated
[kernel]
swappiness = 10
[ksm]
run = stop
[thp]
defrag = defer+madvise
END
profile strict <<'END'
[profile]
extends = own
enforce = refuse
[kernel]
swappiness = 5
END
profile float <<'END'
[cpu]
placement = shared
cgroup-quota = 80
[ksm]
run = run
pages-to-scan = 1250
[kernel]
swappiness = 30
END
profile near <<'END'
[cpu]
placement = node
[thp]
khugepaged-defrag = no
[disk]
read-ahead = 256K
[memory]
cgroup-max = 1G
END
profile pages <<'END'
[cpu]
placement = shared
[memory]
hugepages = 2M
hugepages-grow = yes
END
DISK="<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='@DIR@/disk.raw'/><target dev='vda' bus='virtio'/></disk>"
sed "s|<controller|$DISK&|" "$TEMPLATES/tiny.xml" >"$SANDBOX/tiny-disk.xml"
for dom in "${ALL[@]}"; do
    guest_define "$dom" "$SANDBOX/tiny-disk.xml" || not_ok "$dom is defined"
done
rm "$(guest_dir vp-storm-broken)/disk.raw"
for dom in "${TAGGED[@]}"; do
    name=${dom#vp-storm-}
    case $name in
    also | broken) name=own ;;
    esac
    virt-profile assign "$dom" "$name" >/dev/null || not_ok "$dom gets profile $name"
done
[ ! -w "$HUGEPAGES" ] || echo 10 >"$HUGEPAGES"
left_before vp-storm
snapshot "$SANDBOX/before" || not_ok 'a snapshot'
note "seed $SEED, $(wc -l <"$SANDBOX/before") files"

# start DOMAIN [OPTION]: what must happen is said in a line of a file, or nothing.
start() {
    local dom=$1 rc=0 file=$STATUS/$1
    vsh start "$@" >/dev/null 2>"$file.err" || rc=$?
    case $dom,$rc in
    vp-storm-broken,0) echo "$dom started without its disk" ;;
    vp-storm-broken,*) grep -q 'disk.raw' "$file.err" || echo "$dom: $(xargs -d "\n" <"$file.err")" ;;
    *,0) ;;
    vp-storm-strict,*) grep -q "'vp-storm-strict' is refused.*CPU" "$file.err" || echo "$dom: $(xargs -d "\n" <"$file.err")" ;;
    # Where the shared pool is empty it gets no place, and pools grow for places only.
    vp-storm-pages,*) grep -q 'unable to map backing store' "$file.err" || echo "$dom: $(xargs -d "\n" <"$file.err")" ;;
    *) echo "$dom did not start: $(xargs -d "\n" <"$file.err")" ;;
    esac >"$file"
}

stop() {
    vsh destroy "$1" >/dev/null 2>"$STATUS/$1.err" || echo "$1: $(head -n 1 "$STATUS/$1.err")" >"$STATUS/$1"
}

die_hard() {
    kill -KILL "$(guest_pid "$1")"
    wait_until 20 is_off "$1" || echo "$1 was killed and libvirt still says that it runs" >"$STATUS/$1"
}

is_off() { [ "$(state "$1")" = 'shut off' ]; }

# One operation on a guest, chosen by what it does now and by a number.
act() { # domain, number
    local pid
    pid=$(guest_pid "$1" 2>/dev/null)
    if [ -z "$pid" ]; then
        if [ $(($2 % 2)) = 0 ]; then start "$1" --paused; else start "$1"; fi
    elif [ $(($2 % 5)) = 0 ]; then
        die_hard "$1"
    else
        stop "$1"
    fi
}

restart_libvirtd() {
    libvirtd_stop
    libvirtd_start
}

# Hooks that libvirt calls by itself, for a guest that died, have two seconds to end.
breaches() {
    local i found=''
    for ((i = 0; i < 20; i++)); do
        found=$(virt-profile status --json | python3 "$GUEST_LIB/invariants.py" "${TAGGED[@]}" 2>&1) && return 0
        sleep 0.1
    done
    printf '%s\n' "$found"
}

steps=0 rounds=0 bad=0 restarts=0
from=$SECONDS
while [ "$steps" -lt "$STEPS" ] && [ $((SECONDS - from)) -lt "$SECONDS_MAX" ]; do
    rm -f "$STATUS"/*
    chosen=' ' pids=()
    for ((i = RANDOM % 4; i >= 0; i--)); do
        dom=${ALL[RANDOM % ${#ALL[@]}]}
        number=$RANDOM
        [[ $chosen != *" $dom "* ]] || continue
        chosen+="$dom "
        act "$dom" "$number" &
        pids+=($!)
        steps=$((steps + 1))
    done
    wait "${pids[@]}"
    rounds=$((rounds + 1))
    if [ $((RANDOM % 40)) = 0 ]; then
        restart_libvirtd
        restarts=$((restarts + 1))
    fi
    wrong=$(cat "$STATUS"/*.err /dev/null 2>/dev/null | grep -i 'timed out\|cannot connect'; find "$STATUS" -type f ! -name '*.err' -exec cat {} +; breaches)
    if [ -n "$wrong" ]; then
        not_ok "step $steps,$chosen: $(head -n 5 <<<"$wrong" | xargs -d '\n')"
        bad=$((bad + 1))
        [ "$bad" -lt 5 ] || break
    fi
done
is "what was wrong in $steps steps, up to four at a time, and $restarts restarts of libvirtd, in $((SECONDS - from)) s" "$bad" 0
if [ "$steps" -ge "$STEPS" ]; then ok "$steps steps"; else not_ok "only $steps of $STEPS steps in $((SECONDS - from)) s"; fi

for dom in $(vsh list --name); do vsh destroy "$dom" || not_ok "$dom ends"; done
nothing_left 'nothing is left' vp-storm
snapshot_same 'the host is as before' "$SANDBOX/before"
rm -r "$PROFILES"
done_testing
