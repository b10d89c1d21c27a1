#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon's command line, what keeps it from starting, and that its manual page and unit know the same.
set -u
srcdir=${VP_TOP_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
program=${VP_TOP_BUILDDIR:-$srcdir}/virt-profiled
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
n=0 failed=0
is() { # what, seen, wanted (a pattern of case)
    n=$((n + 1))
    # shellcheck disable=SC2254 # it is a pattern
    case $2 in
    $3) echo "ok $n - $1" ;;
    *)
        echo "not ok $n - $1: saw '$2'"
        failed=1
        ;;
    esac
}
run() { # arguments: sets OUT and STATUS
    STATUS=0
    OUT=$(timeout 20 "$program" "$@" 2>&1 </dev/null) || STATUS=$?
}

run --help
is '--help' "$STATUS $OUT" '0 Usage: virt-profiled*'
help=$OUT
run --version
is '--version' "$STATUS $OUT" '0 virt-profiled [0-9]*.*'
run --nonsense
is 'an option that is not there' "$STATUS $OUT" "2 virt-profiled: there is no option --nonsense*Try 'virt-profiled --help'."
run --connect
is 'an option without its argument' "$STATUS $OUT" '2 *argument is missing*'
run now
is 'an operand' "$STATUS $OUT" '2 *one operand too many: now*'
run --root "$work/nowhere"
is 'a root that is not there' "$STATUS $OUT" '1 virt-profiled: *nowhere*'

conf=$(strings -a "$program" | grep -x '/.*/virt-profile\.conf' | head -n 1)
mkdir -p "$work/root$(dirname "$conf")"
printf '[daemon]\ndrift = mend\n' >"$work/root$conf"
run --root "$work/root"
is 'a wrong configuration' "$STATUS $OUT" "1 virt-profiled: *virt-profile.conf:2: 'mend' is nothing to do about drift*"

while IFS= read -r option; do
    is "the manual page has $option" "$(sed -n "s/^\.It Fl .*Fl -${option#--}.*/yes/p" "$srcdir/docs/virt-profiled.8")" yes
done < <(grep -oE -- '--[a-z]+' <<<"$help" | sort -u)
for signal in HUP TERM INT USR1; do
    is "and SIG$signal" "$(grep -cE "^\.It .*Dv .*SIG$signal" "$srcdir/docs/virt-profiled.8")" 1
done
is 'the unit waits for it to be ready' "$(grep -c '^Type=notify$' "$srcdir/packaging/systemd/virt-profiled.service.in")" 1
echo "1..$n"
exit "$failed"
