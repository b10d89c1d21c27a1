# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of the command line share: assertions that print TAP, and a made-up host in $root.

set -u
srcdir=${VP_TOP_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
builddir=${VP_TOP_BUILDDIR:-$srcdir}
program=$builddir/virt-profile
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
root=$work/root
tap_n=0 tap_failed=0

ok() { tap_n=$((tap_n + 1)) && echo "ok $tap_n - $1"; }
not_ok() {
    tap_n=$((tap_n + 1)) tap_failed=$((tap_failed + 1))
    echo "not ok $tap_n - $1"
    [ -z "${2-}" ] || printf '%s\n' "$2" | head -n 20 | sed 's/^/#   /'
}
is() { # what, seen, wanted
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "saw '$2', wanted '$3'"; fi
}
has() { # what, text, extended regular expression
    if grep -Eq -- "$3" <<<"$2"; then ok "$1"; else not_ok "$1" "nothing matches '$3' in: $2"; fi
}
hasnt() {
    if grep -Eq -- "$3" <<<"$2"; then not_ok "$1" "'$3' matches: $2"; else ok "$1"; fi
}
done_testing() {
    echo "1..$tap_n"
    [ "$tap_failed" = 0 ] && [ "$tap_n" -gt 0 ]
}
skip_all() {
    echo "1..0 # SKIP $1"
    exit 77
}

# Sets OUT, ERR and STATUS.
run() {
    STATUS=0
    OUT=$("$program" "$@" 2>"$work/stderr") || STATUS=$?
    ERR=$(cat "$work/stderr")
}
# The same on a host that has the shipped profiles and a small synthetic machine.
run_here() { # command, …
    local command=$1
    shift
    run --root "$root" --profiles /profiles "$command" "$@"
}
# exits STATUS PATTERN COMMAND…: a failure prints one line that matches on standard error and nothing on standard output.
exits() {
    local status=$1 pattern=$2
    shift 2
    run_here "$@"
    is "$* ends with $status" "$STATUS" "$status"
    [ "$status" = 0 ] && return
    has "$* says why" "$ERR" "$pattern"
    is "$* prints nothing to standard output" "$OUT" ''
}

# The /sys and /proc of a machine with four CPUs on node 0 and memory alone on node 1, 4 GiB each.
fake_machine() { # folder, isolated CPUs
    local folder file node i
    for ((i = 0; i < 4; i++)); do
        folder=$1/sys/devices/system/cpu/cpu$i/topology
        mkdir -p "$folder"
        printf '%s\n' "$i" >"$folder/core_id"
        printf '0\n' >"$folder/physical_package_id"
        for file in thread_siblings core_cpus; do printf '%08x\n' $((1 << i)) >"$folder/$file"; done
        for file in core_siblings package_cpus; do printf '0000000f\n' >"$folder/$file"; done
    done
    for file in online possible present; do printf '0-3\n' >"$1/sys/devices/system/cpu/$file"; done
    printf '%s\n' "$2" >"$1/sys/devices/system/cpu/isolated"
    for node in 0 1; do
        folder=$1/sys/devices/system/node/node$node
        mkdir -p "$folder"
        printf 'Node %s MemTotal:       4194304 kB\n' "$node" >"$folder/meminfo"
        if [ "$node" = 0 ]; then echo 0000000f; else echo 00000000; fi >"$folder/cpumap"
        printf '10 20\n' >"$folder/distance"
    done
    printf '20 10\n' >"$1/sys/devices/system/node/node1/distance"
    printf '0-1\n' >"$1/sys/devices/system/node/online"
    mkdir -p "$1/proc"
    printf 'processor\t: 0\nvendor_id\t: GenuineIntel\n' >"$1/proc/cpuinfo"
    printf 'MemTotal:       8388608 kB\n' >"$1/proc/meminfo"
    : >"$1/proc/mounts"
}
# Files of the ledger. What is not given is left out.
entry() { # name, number of the UUID, members
    mkdir -p "$root/run/virt-profile/guests"
    printf '{"version":1,"uuid":"6f1c0a0e-0000-4000-8000-%012d","name":"%s",%s}' "$2" "$1" "$3" \
        >"$root/run/virt-profile/guests/6f1c0a0e-0000-4000-8000-$(printf %012d "$2").json"
}
process() { # PID, start in ticks: what /proc says of it
    mkdir -p "$root/proc/$1"
    printf '%s (qemu-system-x86) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 4 0 %s 0 0\n' "$1" "$2" >"$root/proc/$1/stat"
}

[ -x "$program" ] || { echo "Bail out! there is no $program" && exit 99; }
mkdir -p "$root/profiles"
cp "$srcdir"/profiles/*.profile "$root/profiles/"
# shellcheck disable=SC2034 # for the tests
conf_file=$(strings -a "$program" | grep -x '/.*/virt-profile\.conf' | head -n 1)
# shellcheck disable=SC2034
host='synthetic:pack:1 [numa(memory=16GiB)] core:4 pu:1'
cat >"$work/plain.xml" <<'XML'
<domain type='kvm'>
  <name>plain</name>
  <uuid>6f1c0a0e-0000-4000-8000-0000000000aa</uuid>
  <memory>1048576</memory>
  <vcpu>2</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
  </os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
      <source file='/srv/plain.raw'/>
      <target dev='vda' bus='virtio'/>
    </disk>
  </devices>
</domain>
XML
export LC_ALL=C.UTF-8
unset NO_COLOR
