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
